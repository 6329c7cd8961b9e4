//! A caller: who asks, for which organization, and what may be asked.

use serde_json::{Map, Value};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::scope::{Scope, Scopes};
use crate::operations::{Audience, Operation};

/// The organization of the server's own configuration.
pub const DEFAULT_ORGANIZATION: &str = "default";

/// Which data an organization is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Environment {
    Production,
    Sandbox,
}

impl Environment {
    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Sandbox => "sandbox",
        }
    }
}

/// Whether operations that change something may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    ReadOnly,
    FullAccess,
}

/// The door of a call, as the audit log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    CommandLine,
    Stdio,
    Mcp,
    Api,
}

impl Door {
    pub fn as_str(self) -> &'static str {
        match self {
            Door::CommandLine => "command-line",
            Door::Stdio => "stdio",
            Door::Mcp => "mcp",
            Door::Api => "api",
        }
    }
}

/// A partner that calls, and for whom it may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    pub id: String,
    pub organizations: Vec<String>,
}

/// A user for whom an application calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfUser {
    pub id: String,
    /// What the user agreed to; it outlives the access tokens of an hour.
    pub grant: Option<String>,
}

/// Who calls, settled before any question is read.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What the audit log knows the caller by: the identifier of a token, or `local`.
    pub name: String,
    pub organization: String,
    pub environment: Environment,
    pub scopes: Scopes,
    pub access: Access,
    /// What policies may know of the caller.
    pub attributes: Map<String, Value>,
    pub partner: Option<Partner>,
    pub user: Option<OfUser>,
    pub door: Door,
}

impl Caller {
    /// Who started the process. It reads everything of the configuration's organization and changes nothing.
    pub fn local(door: Door) -> Caller {
        Caller {
            name: "local".into(),
            organization: DEFAULT_ORGANIZATION.into(),
            environment: Environment::Production,
            scopes: Scopes::of([Scope::MetricsRead, Scope::QuerySql, Scope::FeedbackWrite]),
            access: Access::ReadOnly,
            attributes: Map::new(),
            partner: None,
            user: None,
            door,
        }
    }

    /// What the calls are counted by: an application's by what the user agreed to, whatever the token of the hour.
    pub fn counted_as(&self) -> &str {
        self.user.as_ref().and_then(|user| user.grant.as_deref()).unwrap_or(&self.name)
    }

    /// Who has made what the caller makes: the user, where there is one.
    pub fn maker(&self) -> &str {
        self.user.as_ref().map_or(&self.name, |user| &user.id)
    }

    pub fn with_attributes(mut self, attributes: Map<String, Value>) -> Caller {
        self.attributes = attributes;
        self
    }

    /// Whether the operation exists for the caller; else lists and search do not show it.
    pub fn sees(&self, operation: &Operation) -> bool {
        self.may(operation).is_ok()
    }

    /// Why the operation is not for the caller. A caller learns what is missing, not what others have.
    pub fn may(&self, operation: &Operation) -> Result<(), Failure> {
        self.needs(&[operation.scope])?;
        if !self.is_audience(operation.audience) {
            let fact = format!("`{}` is not for this caller", operation.name);
            let help = match operation.audience {
                Audience::Everyone | Audience::Members => "call with a token of the organization itself",
                Audience::Administrators => "call with a token of the organization's production",
                Audience::Partners => "a token is of one organization; a partner's acts for several",
                Audience::Operator => "it is for the operator of the server: admin of the organization `default`",
            };
            return Err(Diagnostic::new(Code::OperationNotAvailable, fact).help(help).into());
        }
        if operation.changes && self.access == Access::ReadOnly {
            let fault = Diagnostic::new(Code::ReadOnlyMode, format!("`{}` changes something", operation.name));
            return Err(fault.help("send X-Sextant-Access-Mode: full-access to allow changes").into());
        }
        Ok(())
    }

    /// Refuses unless every one of the scopes is allowed; the refusal names them all.
    pub fn needs(&self, scopes: &[Scope]) -> Result<(), Failure> {
        match scopes.iter().all(|scope| self.scopes.allows(*scope)) {
            true => Ok(()),
            false => Err(insufficient(scopes)),
        }
    }

    fn is_audience(&self, audience: Audience) -> bool {
        let is_operator = || {
            self.partner.is_none()
                && self.organization == DEFAULT_ORGANIZATION
                && self.environment == Environment::Production
                && self.scopes.allows(Scope::Admin)
        };
        match audience {
            Audience::Everyone => true,
            Audience::Members => self.partner.is_none(),
            Audience::Administrators => self.partner.is_none() && self.environment == Environment::Production,
            Audience::Partners => self.partner.is_some() || is_operator(),
            Audience::Operator => is_operator(),
        }
    }
}

/// `insufficient-scope`, with all that the call needs.
fn insufficient(scopes: &[Scope]) -> Failure {
    let needed = Scopes::of(scopes.iter().copied()).to_string();
    let fault = Diagnostic::new(Code::InsufficientScope, format!("the token does not allow this: it needs `{needed}`"));
    fault.help("ask for a token with that scope").into()
}

/// The scopes that an `insufficient-scope` names, as a challenge writes them.
pub(crate) fn needed_by(failure: &Failure) -> Option<&str> {
    let fault = failure.0.0.iter().find(|fault| fault.code == Code::InsufficientScope)?;
    fault.message.split('`').nth(1)
}
