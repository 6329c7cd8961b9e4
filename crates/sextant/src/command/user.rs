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
use crate::cli::{Membership, Place, TextFormat, User, UserAction};
use crate::config::Config;
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};

pub(crate) fn run(place: &Place, user: &User) -> Result<(), Fault> {
    let store = Store::at(Config::of(place)?.state);
    let now = Utc::now();
    let note = |operation: &str, organization: &str| -> Result<(), Fault> {
        Ok(audit_log::note(&store, operation, organization, "production", now)?)
    };
    match &user.action {
        UserAction::Create { email, name, membership } => {
            let membership = read(membership)?;
            let name = name.as_deref().unwrap_or(email);
            let created = store.create_user(email, name, std::slice::from_ref(&membership), now)?;
            note("create_user", &membership.organization)?;
            output::emit(&format!("{}\n", created.id))?;
            output::note("next: `sextant user password` or `sextant user link` with the address lets the user in")
        }
        UserAction::Add { email, membership } => {
            let membership = read(membership)?;
            store.add_member(&store.user_named(email)?.id, &membership, now)?;
            note("update_user", &membership.organization)
        }
        UserAction::Remove { email, org } => match store.remove_member(&store.user_named(email)?.id, org, now)? {
            true => note("update_user", org),
            false => Err(refusal(format!("`{email}` is not in the organization `{}`", clean(org)), "--org").into()),
        },
        UserAction::List { format } => list(&store, *format),
        UserAction::Password { email } => {
            let user = store.user_named(email)?;
            let hash = password::hash(&typed_password()?)?;
            store.set_password(&user.id, &hash)?;
            note("set_password", "")
        }
        UserAction::Link { email, url } => {
            link(&store, email, url, now)?;
            note("create_sign_in_link", "")
        }
        UserAction::Connect { email, issuer, subject } => {
            store.connect_account(&store.user_named(email)?.id, issuer, subject, now)?;
            note("connect_account", "")
        }
        UserAction::Disconnect { email } => {
            if store.disconnect_accounts(&store.user_named(email)?.id)? == 0 {
                return Err(refusal(format!("`{}` signs in by no account elsewhere", clean(email)), "email").into());
            }
            note("disconnect_accounts", "")
        }
        UserAction::Disable { email } => {
            store.disable_user(&store.user_named(email)?.id, now)?;
            note("update_user", "")
        }
        UserAction::Enable { email } => {
            store.enable_user(&store.user_named(email)?.id)?;
            note("update_user", "")
        }
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
        let members = store.memberships(&user.id)?;
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
        let places: Vec<String> = members.iter().map(|m| format!("{} ({})", m.organization, m.scopes)).collect();
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

fn read(typed: &Membership) -> Result<users::Membership, Failure> {
    let scopes = Scopes::parse(&typed.scopes.join(" ")).map_err(|word| {
        let known: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
        refusal(format!("there is no scope `{}`; there are {}", clean(&word), known.join(", ")), "--scopes")
    })?;
    if scopes.is_empty() {
        return Err(refusal("`--scopes` names none".into(), "--scopes"));
    }
    let mut attributes: Map<String, Value> = Map::new();
    for typed in &typed.attributes {
        let Some((key, value)) = typed.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(refusal(format!("`{}` is not KEY=VALUE", clean(typed)), "--attribute"));
        };
        match attributes.get_mut(key) {
            None => drop(attributes.insert(key.to_string(), value.into())),
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = json!([first.clone(), value]),
        }
    }
    Ok(users::Membership { organization: typed.org.clone(), scopes, attributes })
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
