//! What was typed about a new token, read.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::identity::scope::{Scope, Scopes};
use sextant_server::store::organizations::DEFAULT;
use sextant_server::store::tokens::Owner;

use crate::cli::{TokenCreate, TokenKind};
use crate::output::number::clean;

/// The latest that a token may end, in days from now.
const LONGEST: i64 = 3_660;

pub(super) fn owner(create: &TokenCreate) -> Result<Owner, Failure> {
    let organization = create.org.clone().unwrap_or_else(|| DEFAULT.to_string());
    match (create.kind, &create.partner) {
        (None | Some(TokenKind::Partner), Some(partner)) => Ok(Owner::Partner(partner.clone())),
        (None | Some(TokenKind::Organization), None) => Ok(Owner::Organization(organization)),
        (Some(TokenKind::Sandbox), None) => Ok(Owner::Sandbox(organization)),
        (Some(TokenKind::Partner), None) => {
            let help = "type `sextant partner list`, and name one with --partner ID";
            Err(refusal("a partner's token needs `--partner`".into(), "--partner", help))
        }
        (Some(TokenKind::Organization | TokenKind::Sandbox), Some(_)) => {
            let help = "leave --kind out, or leave --partner out";
            Err(refusal("`--partner` is for tokens of the kind `partner`".into(), "--kind", help))
        }
    }
}

pub(in crate::command) fn scopes(text: &str) -> Result<Scopes, Failure> {
    let known: Vec<&str> = Scope::ALL.into_iter().map(Scope::as_str).collect();
    let help = format!("words of {}, separated by blanks", known.join(", "));
    match Scopes::parse(&text.replace(',', " ")) {
        Ok(scopes) if scopes.is_empty() => Err(refusal("`--scopes` names none".into(), "--scopes", &help)),
        Ok(scopes) => Ok(scopes),
        Err(word) => {
            let message = format!("`{}` is no scope", clean(&word));
            let fault = Diagnostic::new(Code::InvalidArgument, message).field("--scopes").help(help);
            Err(fault.suggest(&word, known).into())
        }
    }
}

/// A partner asks for others and administers nothing.
pub(super) fn refuse_rights_of_members(owner: &Owner, scopes: Scopes) -> Result<(), Failure> {
    let administers = [Scope::TokensManage, Scope::Admin].into_iter().find(|scope| scopes.allows(*scope));
    match (owner, administers) {
        (Owner::Partner(_), Some(scope)) => {
            let fact = format!("`{}` is not for the token of a partner", scope.as_str());
            Err(refusal(fact, "--scopes", "partners ask; make a token of the organization to administer it"))
        }
        (Owner::Partner(_) | Owner::Organization(_) | Owner::Sandbox(_) | Owner::User { .. }, _) => Ok(()),
    }
}

/// `90d`, `12h` and `6w` from now; a date's end, in UTC; an instant.
pub(super) fn expiry(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    let help = "a time from now as 90d, 12h or 6w, a date as 2027-01-31, or an instant with its offset";
    let wrong = |message: String| refusal(message, "--expires", help);
    let at =
        read_expiry(text, now).ok_or_else(|| wrong(format!("`{}` is no time at which a token ends", clean(text))))?;
    if at <= now {
        return Err(wrong(format!("`{}` is over already", clean(text))));
    }
    if at > now + TimeDelta::days(LONGEST) {
        return Err(wrong(format!("`{}` is more than {LONGEST} days ahead", clean(text))));
    }
    Ok(at)
}

fn read_expiry(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Some(date.checked_add_days(Days::new(1))?.and_time(NaiveTime::MIN).and_utc());
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let unit = text.chars().last()?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    let count: u32 = digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
    now.checked_add_signed(TimeDelta::try_hours(i64::from(count) * hours)?)
}

/// `key=value` each; several values of one key are a list.
pub(in crate::command) fn attributes(typed: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut attributes = Map::new();
    for pair in typed {
        let (key, value) = pair.split_once('=').filter(|(key, _)| is_key(key)).ok_or_else(|| {
            let help = "the key is small letters, digits and `_`, as the model's policies name it";
            refusal(format!("`{}` is not of the form key=value", clean(pair)), "--attribute", help)
        })?;
        let value = Value::from(value);
        match attributes.get_mut(key) {
            None => {
                attributes.insert(key.to_string(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(attributes)
}

fn is_key(key: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase()) && key.bytes().all(is_inside)
}

fn refusal(message: String, field: &str, help: &str) -> Failure {
    Diagnostic::new(Code::InvalidArgument, message).field(field).help(help).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_ends_when_it_was_said() {
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().expect("an instant");
        for (text, at) in [
            ("90d", "2027-02-20T10:00:00Z"),
            ("12h", "2026-11-22T22:00:00Z"),
            ("2w", "2026-12-06T10:00:00Z"),
            ("2026-11-22", "2026-11-23T00:00:00Z"),
            ("2027-01-31", "2027-02-01T00:00:00Z"),
            ("2027-01-31T12:00:00+01:00", "2027-01-31T11:00:00Z"),
        ] {
            assert_eq!(expiry(text, now).expect(text).to_rfc3339().replace("+00:00", "Z"), at, "{text}");
        }
        for wrong in ["", "d", "90", "-1d", "+1d", "0d", "90m", "2026-11-21", "soon", "9999999999d", "4000d", "12é"] {
            assert!(expiry(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn several_values_of_one_attribute_are_a_list() {
        let typed = ["country=DE", "team=a=b", "country=AT", "country=CH", "empty="].map(String::from);
        let read = attributes(&typed).expect("attributes");
        assert_eq!(Value::Object(read), json!({"country": ["DE", "AT", "CH"], "team": "a=b", "empty": ""}));
        for wrong in ["country", "=DE", "Country=DE", "a b=c"] {
            assert!(attributes(&[wrong.to_string()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_scope_is_refused_with_the_nearest() {
        let Failure(faults) = scopes("metrics:reed").expect_err("no scope");
        assert_eq!(faults.0[0].did_you_mean, ["metrics:read"]);
        assert_eq!(scopes("metrics:read,query:sql").expect("scopes").to_string(), "metrics:read query:sql");
        assert!(scopes(" ").is_err());
    }
}
