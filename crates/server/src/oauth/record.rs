//! Records in the audit log of what applications are given and give back.

use sextant_engine::workspace::Failure;

use super::Authority;
use crate::store::audit::Record;
use crate::store::oauth::Grant;

/// What an application did for the user of its grant: to a token, or to the grant itself.
pub(super) fn by_application(
    authority: &Authority,
    grant: &Grant,
    operation: &str,
    target: &str,
) -> Result<(), Failure> {
    authority.store.append_audit(&[Record {
        at: authority.now(),
        caller: grant.user.clone(),
        organization: grant.organization.clone(),
        environment: "production".into(),
        door: "oauth".into(),
        operation: operation.into(),
        outcome: "answered".into(),
        target: target.into(),
    }])
}
