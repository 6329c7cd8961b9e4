//! From a presented token to a caller. Nothing is kept between two calls: a token that was revoked or has
//! expired is refused from the next call on.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::caller::{Access, Caller, Door, Environment, OfUser, Partner};
use super::headers::{AUTH_MODE_HEADER, AuthMode, PARTNER_ORGANIZATION_HEADER, Wishes};
use super::scope::Scope;
use super::uses::Uses;
use crate::store::Store;
use crate::store::audit::{AuditLog, Record};
use crate::store::tokens::{Owner, Token};

/// The one who checks tokens, for all doors of a process.
#[derive(Debug)]
pub struct Authenticator {
    store: Arc<Store>,
    uses: Uses,
    /// Where what is refused to a known token is recorded.
    audit: Option<Arc<AuditLog>>,
}

impl Authenticator {
    pub fn new(store: Arc<Store>) -> Authenticator {
        Authenticator { uses: Uses::of(&store), store, audit: None }
    }

    /// Records what is refused to tokens that are known. What is refused to others costs no write.
    pub fn with_audit_log(self, audit: Option<Arc<AuditLog>>) -> Authenticator {
        Authenticator { audit, ..self }
    }

    /// The caller who presents a token and these wishes. A token that is not accepted costs no write.
    pub fn caller(&self, token: &str, wishes: &Wishes, door: Door, now: DateTime<Utc>) -> Result<Caller, Failure> {
        let token = self.store.find_token(token)?.filter(|token| token.is_live(now)).ok_or_else(not_accepted)?;
        if !self.store.token_owner_is_live(&token)? {
            return Err(not_accepted());
        }
        let caller = self.settle(&token, wishes, door).inspect_err(|failure| {
            let organization = token.owner.organization().unwrap_or_default().to_string();
            let unsettled = Caller { name: token.id.clone(), organization, ..Caller::local(door) };
            self.record(&unsettled, "unknown", failure, now);
        })?;
        self.uses.note(&token.id, now);
        Ok(caller)
    }

    fn settle(&self, token: &Token, wishes: &Wishes, door: Door) -> Result<Caller, Failure> {
        let caller = |organization: &str, environment, partner| Caller {
            name: token.id.clone(),
            organization: organization.to_string(),
            environment,
            scopes: token.scopes,
            access: wishes.access,
            attributes: token.attributes.clone(),
            partner,
            user: match &token.owner {
                Owner::User { user, grant, .. } => Some(OfUser { id: user.clone(), grant: grant.clone() }),
                Owner::Organization(_) | Owner::Sandbox(_) | Owner::Partner(_) => None,
            },
            door,
        };
        let settled = match &token.owner {
            Owner::Partner(id) => {
                if wishes.auth == Some(AuthMode::User) {
                    return Err(wrong_mode("a partner's token acts in auth mode `partner`"));
                }
                let kept =
                    self.store.partner(id)?.filter(|partner| partner.disabled.is_none()).ok_or_else(not_accepted)?;
                let partner = Partner { id: id.clone(), organizations: self.enabled(kept.organizations)? };
                let organization = wishes.partner_organization.as_deref().unwrap_or(&kept.default_organization);
                let organization = choose(&partner, organization, PARTNER_ORGANIZATION_HEADER)?.to_string();
                caller(&organization, Environment::Production, Some(partner))
            }
            own @ (Owner::Organization(_) | Owner::Sandbox(_) | Owner::User { .. }) => {
                in_user_mode(own, wishes)?;
                let environment = match own {
                    Owner::Sandbox(_) => Environment::Sandbox,
                    Owner::Organization(_) | Owner::User { .. } | Owner::Partner(_) => Environment::Production,
                };
                caller(own.organization().unwrap_or_default(), environment, None)
            }
        };
        // A header widens no token: who asks for changes must hold a scope that changes something.
        if wishes.access == Access::FullAccess && !settled.scopes.allows(Scope::TokensManage) {
            settled.needs(&[Scope::TokensManage])?;
        }
        Ok(settled)
    }

    /// Those that are not disabled: the others are no more than unknown ones to a partner.
    fn enabled(&self, organizations: Vec<String>) -> Result<Vec<String>, Failure> {
        let mut enabled = Vec::new();
        for id in organizations {
            if self.store.organization(&id)?.is_some_and(|kept| kept.disabled.is_none()) {
                enabled.push(id);
            }
        }
        Ok(enabled)
    }

    /// A call that ended before the application saw it.
    pub(crate) fn record(&self, caller: &Caller, operation: &str, failure: &Failure, at: DateTime<Utc>) {
        if let Some(audit) = &self.audit {
            audit.record(Record::of(caller, operation, Some(failure), at));
        }
    }
}

/// The organization of this name, when the partner acts for it. An unknown one is refused in the same words.
pub(crate) fn choose<'a>(partner: &'a Partner, wanted: &str, field: &str) -> Result<&'a str, Failure> {
    let found = partner.organizations.iter().find(|organization| *organization == wanted);
    found.map(String::as_str).ok_or_else(|| {
        let fault =
            Diagnostic::new(Code::OrganizationNotAvailable, "the organization is not one that the partner acts for");
        fault.field(field).help("`list_organizations` names those that are").into()
    })
}

fn in_user_mode(owner: &Owner, wishes: &Wishes) -> Result<(), Failure> {
    let is_oauth = matches!(owner, Owner::User { grant: Some(_), .. });
    match wishes.auth {
        Some(AuthMode::Partner) if is_oauth => {
            let fault =
                Diagnostic::new(Code::InvalidHeader, "auth mode `partner` is not for tokens that came by OAuth");
            Err(fault.field(AUTH_MODE_HEADER).help("call with a partner's token").into())
        }
        Some(AuthMode::Partner) => Err(wrong_mode("auth mode `partner` needs a partner's token")),
        None | Some(AuthMode::User) if wishes.partner_organization.is_some() => {
            let message = format!("`{PARTNER_ORGANIZATION_HEADER}` is for auth mode `partner`");
            let fault = Diagnostic::new(Code::InvalidHeader, message).field(PARTNER_ORGANIZATION_HEADER);
            Err(fault.help("leave the header out, or call with a partner's token").into())
        }
        None | Some(AuthMode::User) => Ok(()),
    }
}

fn wrong_mode(message: &str) -> Failure {
    let fault = Diagnostic::new(Code::AuthModeNotAllowed, message).field(AUTH_MODE_HEADER);
    fault.help("send the auth mode that the token is for, or leave the header out").into()
}

/// A token that was never issued, was revoked, has expired, or whose owner was disabled: one refusal for all.
pub(crate) fn not_accepted() -> Failure {
    let fault = Diagnostic::new(Code::Unauthenticated, "the token is not accepted");
    fault.help("it may have been mistyped, revoked or expired; create one with `sextant token create NAME`").into()
}

/// No token where one is needed.
pub fn absent() -> Failure {
    let fault = Diagnostic::new(Code::Unauthenticated, "a token is needed");
    fault.help("send Authorization: Bearer and a token of `sextant token create NAME`").into()
}
