//! `sextant audit`: what changed against the period before.

use super::{arguments, query};
use crate::cli::{Audit, Place};
use crate::fault::Fault;

pub(crate) fn run(place: &Place, audit: &Audit) -> Result<(), Fault> {
    query::ask(place, "audit_performance", arguments::audit_performance(audit), &audit.show)
}
