//! `sextant user`: who may sign in to a server, and what each may do there.

use std::io::{BufRead, IsTerminal};
use std::process::{Command, Stdio};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::identity::password;
use sextant_server::identity::scope::{Scope, Scopes};
use sextant_server::identity::secret::Secret;
use sextant_server::page;
use sextant_server::store::Store;
use sextant_server::store::accounts::Account;
use sextant_server::store::sessions::LINK_MINUTES;
use sextant_server::store::users;

use super::audit_log;
use super::token::arguments;
use crate::cli::{Membership, Place, TextFormat, User, UserAction};
use crate::config::Config;
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};

pub(crate) fn run(place: &Place, user: &User) -> Result<(), Fault> {
    let store = Store::at(Config::of(place)?.state);
    let now = Utc::now();
    let note = |operation: &str, organization: &str, user: &users::User| -> Result<(), Fault> {
        Ok(audit_log::note(&store, operation, organization, "production", &user.id, now)?)
    };
    match &user.action {
        UserAction::Create { email, name, membership } => {
            let Said { scopes, attributes } = read(membership)?;
            let (scopes, attributes) = (scopes.unwrap_or(Scopes::MINIMAL), attributes.unwrap_or_default());
            let place = users::Membership { organization: membership.org.clone(), scopes, attributes };
            let name = name.as_deref().unwrap_or(email);
            let created = store.create_user(email, name, std::slice::from_ref(&place), now)?;
            note("create_user", &place.organization, &created)?;
            output::emit(&format!("{}\n", created.id))?;
            output::note("next: `sextant user password` or `sextant user link` with the address lets the user in")
        }
        UserAction::Add { email, membership } => add(&store, email, membership, now),
        UserAction::Remove { email, org } => {
            let user = store.user_named(email)?;
            let Some(ended) = store.remove_member(&user.id, org, now)? else {
                let message = format!("`{}` is not in the organization `{}`", user.email, clean(org));
                return Err(refusal(message, "--org").into());
            };
            note("update_user", org, &user)?;
            output::emit(&format!("`{}` is out of `{org}`\n", user.email))?;
            tell_ended(&ended)
        }
        UserAction::List { format } => list(&store, *format),
        UserAction::Password { email } => {
            let user = store.user_named(email)?;
            let hash = password::hash(&typed_password()?)?;
            store.set_password(&user.id, &hash)?;
            note("set_password", "", &user)?;
            output::emit(&format!("`{}` has a new password; no browser is signed in any more\n", user.email))
        }
        UserAction::Link { email, url } => {
            link(&store, email, url, now)?;
            note("create_sign_in_link", "", &store.user_named(email)?)
        }
        UserAction::Connect { email, issuer, subject } => {
            let user = store.user_named(email)?;
            store.connect_account(&user.id, issuer, subject, now)?;
            note("connect_account", "", &user)
        }
        UserAction::Disconnect { email } => {
            let user = store.user_named(email)?;
            if store.disconnect_accounts(&user.id)? == 0 {
                return Err(refusal(format!("`{}` signs in by no account elsewhere", clean(email)), "email").into());
            }
            note("disconnect_accounts", "", &user)
        }
        UserAction::Disable { email, org } => {
            let user = store.user_named(email)?;
            known_place(&store, &user, org.as_deref())?;
            let ended = match org {
                Some(org) => store.disable_member(&user.id, org, now)?,
                None => store.disable_user(&user.id, now)?,
            };
            note("update_user", org.as_deref().unwrap_or_default(), &user)?;
            output::emit(&format!("`{}` is disabled{}\n", user.email, of(org.as_deref())))?;
            tell_ended(&ended)
        }
        UserAction::Enable { email, org } => {
            let user = store.user_named(email)?;
            known_place(&store, &user, org.as_deref())?;
            match org {
                Some(org) => drop(store.enable_member(&user.id, org)?),
                None => store.enable_user(&user.id)?,
            }
            note("update_user", org.as_deref().unwrap_or_default(), &user)?;
            output::emit(&format!("`{}` is enabled{}; what ended stays ended\n", user.email, of(org.as_deref())))
        }
    }
}

/// What is not said of a user stays as it is.
fn add(store: &Store, email: &str, membership: &Membership, now: DateTime<Utc>) -> Result<(), Fault> {
    let Said { scopes, attributes } = read(membership)?;
    let user = store.user_named(email)?;
    let changed = store.change_member(&user.id, &membership.org, scopes, attributes, now)?;
    if changed.is_new {
        audit_log::note(store, "update_user", &membership.org, "production", &user.id, now)?;
    }
    let already = if changed.is_new { "" } else { ", as before: nothing is changed" };
    output::emit(&format!("`{}` in `{}`: {}{already}\n", user.email, membership.org, rights(&changed.kept)))
}

/// ` in the organization`, where one is named.
fn of(org: Option<&str>) -> String {
    org.map_or_else(String::new, |org| format!(" in `{org}`"))
}

/// Refuses an organization that the user is not in.
fn known_place(store: &Store, user: &users::User, org: Option<&str>) -> Result<(), Failure> {
    let Some(org) = org else { return Ok(()) };
    if store.places(&user.id, false)?.iter().any(|place| place.organization == org) {
        return Ok(());
    }
    Err(refusal(format!("`{}` is not in the organization `{}`", user.email, clean(org)), "--org"))
}

/// Names the tokens that ended with the user who made them.
fn tell_ended(ended: &[String]) -> Result<(), Fault> {
    if ended.is_empty() {
        return Ok(());
    }
    output::note(&format!("the tokens that the user made are revoked: {}", ended.join(", ")))
}

/// What a user may do in an organization, and what policies know of the user there.
fn rights(member: &users::Member) -> String {
    let attributes = member.attributes.iter().map(|(key, value)| match value {
        Value::String(text) => format!("{key}={}", clean(text)),
        other => format!("{key}={other}"),
    });
    let attributes: Vec<String> = attributes.collect();
    let disabled = if member.disabled.is_some() { ", disabled there" } else { "" };
    match attributes.as_slice() {
        [] => format!("{}{disabled}", member.scopes),
        [..] => format!("{}; {}{disabled}", member.scopes, attributes.join(" ")),
    }
}

/// Prints the address, which is a secret until it was used.
fn link(store: &Store, email: &str, url: &str, now: DateTime<Utc>) -> Result<(), Fault> {
    let user = store.user_named(email)?;
    if user.disabled.is_some() {
        return Err(refusal(format!("`{}` is disabled", user.email), "email").into());
    }
    let is_address = url.starts_with("https://") || url.starts_with("http://");
    if !is_address {
        return Err(refusal(format!("`{}` is not the address of a server", clean(url)), "--url").into());
    }
    let secret = store.create_link(&user.id, now)?;
    output::emit(&format!("{}\n", page::link_address(url, &secret)))?;
    output::note(&format!("it signs `{}` in once, within {LINK_MINUTES} minutes", user.email))
}

fn list(store: &Store, format: TextFormat) -> Result<(), Fault> {
    let (mut listed, accounts) = (Vec::new(), store.accounts()?);
    for user in store.users()? {
        let members = store.places(&user.id, false)?;
        let accounts: Vec<Account> = accounts.iter().filter(|account| account.user == user.id).cloned().collect();
        listed.push((user, members, accounts));
    }
    if format == TextFormat::Json {
        let users: Vec<Value> =
            listed.iter().map(|(user, members, accounts)| as_json(user, members, accounts)).collect();
        return output::emit(&output::json::whole(&json!({ "users": users })));
    }
    let mut lines = table::new_table(&Paint::stdout());
    lines.set_header(["email", "name", "organizations", "signs in by", "state"]);
    for (user, members, accounts) in &listed {
        let places: Vec<String> = members.iter().map(|m| format!("{} ({})", m.organization, rights(m))).collect();
        let password = user.has_password.then(|| "password".to_string());
        let providers = accounts.iter().map(|account| clean(&account.issuer));
        let doors: Vec<String> = password.into_iter().chain(["link".to_string()]).chain(providers).collect();
        let state = if user.disabled.is_some() { "disabled" } else { "active" };
        lines.add_row([user.email.clone(), clean(&user.name), places.join("\n"), doors.join(", "), state.into()]);
    }
    output::emit(&table::finish(&lines))
}

fn as_json(user: &users::User, members: &[users::Member], accounts: &[Account]) -> Value {
    let accounts = accounts.iter().map(|account| json!({ "issuer": account.issuer, "subject": account.subject }));
    let places = members.iter().map(|member| {
        json!({
            "organization": member.organization,
            "scopes": member.scopes.iter().map(Scope::as_str).collect::<Vec<&str>>(),
            "attributes": member.attributes,
            "disabled": member.disabled,
        })
    });
    json!({
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "has_password": user.has_password,
        "accounts": accounts.collect::<Vec<Value>>(),
        "created": user.created,
        "disabled": user.disabled,
        "organizations": places.collect::<Vec<Value>>(),
    })
}

/// What is said of a membership; nothing where nothing is.
struct Said {
    scopes: Option<Scopes>,
    attributes: Option<Map<String, Value>>,
}

fn read(typed: &Membership) -> Result<Said, Failure> {
    let scopes = typed.scopes.as_ref().map(|words| arguments::scopes(&words.join(" "))).transpose()?;
    let attributes = arguments::attributes(&typed.attributes)?;
    let is_said = typed.no_attributes || !typed.attributes.is_empty();
    Ok(Said { scopes, attributes: is_said.then_some(attributes) })
}

/// One line of standard input; at a terminal it is asked for twice and not shown.
fn typed_password() -> Result<Secret, Fault> {
    if !std::io::stdin().is_terminal() {
        return line();
    }
    let hidden = Hidden::begin()?;
    output::note("password:")?;
    let first = line();
    output::note("again:")?;
    let second = line();
    drop(hidden);
    let (first, second) = (first?, second?);
    if first == second { Ok(first) } else { Err(refusal("the two are not the same".into(), "password").into()) }
}

fn line() -> Result<Secret, Fault> {
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text)?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(Secret::new(text))
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden;

impl Hidden {
    fn begin() -> Result<Hidden, Fault> {
        if echo("-echo") {
            return Ok(Hidden);
        }
        Err(refusal("this terminal cannot hide what is typed".into(), "password").into())
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        echo("echo");
    }
}

fn echo(how: &str) -> bool {
    Command::new("stty").arg(how).stdin(Stdio::inherit()).stdout(Stdio::null()).status().is_ok_and(|s| s.success())
}

fn refusal(message: String, field: &str) -> Failure {
    let help = "`sextant user --help` shows what can be typed; a password can also come from standard input";
    Diagnostic::new(Code::InvalidArgument, message).field(field).help(help).into()
}
