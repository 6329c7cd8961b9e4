//! `sextant token`: who may ask over the network.

pub(super) mod arguments;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::identity::scope::Scope;
use sextant_server::identity::token::Kind;
use sextant_server::store::Store;
use sextant_server::store::organizations::DEFAULT;
use sextant_server::store::tokens::{self, NewToken, Owner};

use super::audit_log;
use crate::cli::{Place, TextFormat, Token, TokenAction, TokenCreate};
use crate::config::Config;
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};

pub(crate) fn run(place: &Place, token: &Token) -> Result<(), Fault> {
    let store = Store::at(Config::of(place)?.state);
    let now = Utc::now();
    match &token.action {
        TokenAction::Create(create) => make(&store, create, token.format, now),
        TokenAction::List { org, all } => list(&store, org.as_deref(), *all, token.format, now),
        TokenAction::Revoke { which } => revoke(&store, which, token.format, now),
    }
}

/// The token goes to standard output, alone and once; what is said about it to standard error.
fn make(store: &Store, create: &TokenCreate, format: TextFormat, now: DateTime<Utc>) -> Result<(), Fault> {
    let new = NewToken {
        name: create.name.clone(),
        owner: arguments::owner(create)?,
        scopes: arguments::scopes(&create.scopes)?,
        attributes: arguments::attributes(&create.attributes)?,
        expires: create.expires.as_deref().map(|text| arguments::expiry(text, now)).transpose()?,
    };
    arguments::refuse_rights_of_members(&new.owner, new.scopes)?;
    let (kept, secret) = store.create_token(&new, now)?;
    let shown = note(store, "create_token", &kept, now).and_then(|()| match format {
        TextFormat::Text => output::emit(&format!("{}\n", secret.expose())),
        TextFormat::Json => {
            let mut fields = Map::from_iter([("token".to_string(), Value::from(secret.expose()))]);
            fields.extend(as_json(&kept, "live"));
            output::emit(&output::json::whole(&Value::Object(fields)))
        }
    });
    if let Err(fault) = shown {
        // Nobody has seen it.
        store.revoke_token(&kept.id, now)?;
        return Err(fault);
    }
    let until =
        kept.expires.map_or_else(|| "it ends when it is revoked".into(), |at| format!("it ends at {}", instant(at)));
    output::note(&format!(
        "`{}` ({}) for {}: {}; {until}; it is not shown again",
        clean(&kept.name),
        kept.id,
        owner(&kept.owner),
        kept.scopes
    ))
}

fn list(store: &Store, org: Option<&str>, all: bool, format: TextFormat, now: DateTime<Utc>) -> Result<(), Fault> {
    if let Some(org) = org {
        store.known_organization(org)?;
    }
    let mut listed = Vec::new();
    for token in store.tokens(org)? {
        let state = state(store, &token, now)?;
        // Applications leave a token behind every hour.
        if all || state == "live" || token.owner.kind() != Kind::User {
            listed.push((token, state));
        }
    }
    if format == TextFormat::Json {
        let tokens: Vec<Value> = listed.iter().map(|(token, state)| Value::Object(as_json(token, state))).collect();
        return output::emit(&output::json::whole(&json!({ "tokens": tokens })));
    }
    let mut lines = table::new_table(&Paint::stdout());
    lines.set_header(["id", "token", "name", "for", "scopes", "created", "by", "last used", "ends", "state"]);
    for (token, state) in &listed {
        lines.add_row([
            token.id.clone(),
            masked(token),
            clean(&token.name),
            owner(&token.owner),
            token.scopes.to_string(),
            instant(token.created),
            maker(store, token)?,
            token.last_used.map_or_else(|| "never".into(), instant),
            token.expires.map_or_else(|| "when revoked".into(), instant),
            (*state).to_string(),
        ]);
    }
    output::emit(&table::finish(&lines))
}

fn revoke(store: &Store, which: &str, format: TextFormat, now: DateTime<Utc>) -> Result<(), Fault> {
    let tokens = store.tokens(None)?;
    let mut found = chosen(&tokens, which, now)?.clone();
    let is_new = store.revoke_token(&found.id, now)?;
    if is_new {
        found.revoked = Some(now);
        note(store, "revoke_token", &found, now)?;
    }
    if format == TextFormat::Json {
        return output::emit(&output::json::whole(&Value::Object(as_json(&found, "revoked"))));
    }
    let already = if is_new { "is revoked: it is refused from now on" } else { "was revoked already" };
    output::emit(&format!("`{}` ({}, {}) {already}\n", clean(&found.name), found.id, masked(&found)))
}

/// Records the change in the audit log.
fn note(store: &Store, operation: &str, token: &tokens::Token, now: DateTime<Utc>) -> Result<(), Fault> {
    let environment = if token.owner.kind() == Kind::Sandbox { "sandbox" } else { "production" };
    let organization = token.owner.organization().unwrap_or(DEFAULT);
    Ok(audit_log::note(store, operation, organization, environment, &token.id, now)?)
}

/// The one token that is meant: by its identifier; among those not revoked by the last four characters or the
/// name; else among the revoked.
fn chosen<'a>(tokens: &'a [tokens::Token], which: &str, now: DateTime<Utc>) -> Result<&'a tokens::Token, Failure> {
    if let Some(found) = tokens.iter().find(|token| token.id == which) {
        return Ok(found);
    }
    let is_meant = |token: &&tokens::Token| token.last_four == which || token.name == which;
    let (ended, going): (Vec<_>, Vec<_>) = tokens.iter().filter(is_meant).partition(|token| token.revoked.is_some());
    let candidates = if going.is_empty() { ended } else { going };
    match candidates.as_slice() {
        [one] => Ok(one),
        [] => {
            let names = tokens.iter().filter(|token| token.is_live(now)).map(|token| token.name.as_str());
            let message =
                format!("no token has this identifier, these last four characters or this name: `{}`", clean(which));
            let fault = Diagnostic::new(Code::InvalidArgument, message).field("TOKEN");
            Err(fault.help("type `sextant token list`").suggest(which, names).into())
        }
        [..] => {
            let choices: Vec<String> = candidates
                .iter()
                .map(|token| format!("{} ({}, {})", token.id, clean(&token.name), masked(token)))
                .collect();
            let message = format!("`{}` means {} tokens", clean(which), candidates.len());
            let fault = Diagnostic::new(Code::InvalidArgument, message).field("TOKEN");
            Err(fault.help(format!("name one by its identifier: {}", choices.join("; "))).into())
        }
    }
}

fn state(store: &Store, token: &tokens::Token, now: DateTime<Utc>) -> Result<&'static str, Failure> {
    Ok(if token.revoked.is_some() {
        "revoked"
    } else if !token.is_live(now) {
        "expired"
    } else if !store.token_owner_is_live(token)? {
        "disabled"
    } else {
        "live"
    })
}

/// What may be shown of a token.
fn masked(token: &tokens::Token) -> String {
    format!("{}…{}", token.owner.kind().prefix(), token.last_four)
}

fn owner(owner: &Owner) -> String {
    match owner {
        Owner::Organization(id) => format!("organization {id}"),
        Owner::Sandbox(id) => format!("sandbox of {id}"),
        Owner::Partner(id) => format!("partner {id}"),
        Owner::User { user, organization, .. } => format!("user {user} of {organization}"),
    }
}

/// Who made a token, a user by the address; nothing of those made before that was kept.
fn maker(store: &Store, token: &tokens::Token) -> Result<String, Failure> {
    let by = token.created_by.clone().unwrap_or_default();
    Ok(store.user(&by)?.map_or(by, |user| user.email))
}

fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn as_json(token: &tokens::Token, state: &str) -> Map<String, Value> {
    let (partner, user) = match &token.owner {
        Owner::Organization(_) | Owner::Sandbox(_) => (None, None),
        Owner::Partner(partner) => (Some(partner), None),
        Owner::User { user, .. } => (None, Some(user)),
    };
    let fields = [
        ("id", json!(token.id)),
        ("kind", json!(token.owner.kind().as_str())),
        ("prefix", json!(token.owner.kind().prefix())),
        ("last_four", json!(token.last_four)),
        ("name", json!(token.name)),
        ("organization", json!(token.owner.organization())),
        ("partner", json!(partner)),
        ("user", json!(user)),
        ("scopes", json!(token.scopes.iter().map(Scope::as_str).collect::<Vec<_>>())),
        ("attributes", Value::Object(token.attributes.clone())),
        ("created", json!(token.created)),
        ("created_by", json!(token.created_by)),
        ("last_used", json!(token.last_used)),
        ("expires", json!(token.expires)),
        ("revoked", json!(token.revoked)),
        ("state", json!(state)),
    ];
    fields.into_iter().map(|(key, value)| (key.to_string(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sextant_server::identity::scope::Scopes;

    fn token(id: &str, name: &str, last_four: &str, revoked: Option<DateTime<Utc>>) -> tokens::Token {
        tokens::Token {
            id: id.into(),
            owner: Owner::Organization("default".into()),
            last_four: last_four.into(),
            name: name.into(),
            scopes: Scopes::MINIMAL,
            attributes: Map::new(),
            created: DateTime::UNIX_EPOCH,
            created_by: None,
            expires: None,
            last_used: None,
            revoked,
        }
    }

    #[test]
    fn a_token_is_chosen_by_identifier_last_four_or_name_when_that_means_one() {
        let now = DateTime::UNIX_EPOCH;
        let tokens = [
            token("tok_1", "ci", "aaaa", None),
            token("tok_2", "ci", "bbbb", None),
            token("tok_3", "old", "cccc", Some(now)),
            token("tok_4", "old", "dddd", None),
            token("tok_5", "gone", "aaaa", Some(now)),
            token("tok_6", "tok_1", "eeee", None),
        ];
        let id = |which: &str| chosen(&tokens, which, now).map(|token| token.id.clone());
        for (which, wanted) in [
            ("tok_1", "tok_1"),
            ("bbbb", "tok_2"),
            ("old", "tok_4"),
            ("gone", "tok_5"),
            ("aaaa", "tok_1"),
            ("eeee", "tok_6"),
        ] {
            assert_eq!(id(which).expect(which), wanted, "{which}");
        }
        let Failure(several) = id("ci").expect_err("two of them");
        assert_eq!(several.0[0].message, "`ci` means 2 tokens");
        assert!(several.0[0].help.as_deref().expect("help").contains("tok_1 (ci, sextant_oat_…aaaa); tok_2"));
        let Failure(none) = id("cli").expect_err("none");
        assert_eq!(none.0[0].did_you_mean[0], "ci");
    }
}
