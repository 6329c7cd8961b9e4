//! Organizations as they are kept: whose models, whose data, which settings.
//!
//! `default` is the organization of the server's own configuration: it always exists and has no places of its own.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::time::zone;

use super::tokens::{instant, text, unreadable};
use super::{Changed, Store};
use crate::identity::token;

/// The organization of the server's own configuration.
pub const DEFAULT: &str = "default";

/// Characters of a name at most.
const LONGEST_NAME: usize = 100;
/// Characters of an identifier at most.
const LONGEST_ID: usize = 63;

/// An organization as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
    /// None of `default`, whose models and data are those of the server's configuration.
    pub models: Option<PathBuf>,
    pub data: Option<PathBuf>,
    /// None: the sandbox is the shipped model over generated data.
    pub sandbox_data: Option<PathBuf>,
    /// None: the model's.
    pub timezone: Option<String>,
    /// None: the model's.
    pub currency: Option<String>,
    pub created: DateTime<Utc>,
    /// Since when its tokens are refused.
    pub disabled: Option<DateTime<Utc>>,
}

/// What a new organization is to be.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    pub id: String,
    pub name: String,
    pub models: PathBuf,
    pub data: PathBuf,
    pub sandbox_data: Option<PathBuf>,
    pub timezone: Option<String>,
    pub currency: Option<String>,
}

/// What of an organization is to change: `None` leaves a setting as it is, `Some(None)` takes it away.
#[derive(Clone, Debug, Default)]
pub struct OrganizationSettings {
    pub name: Option<String>,
    pub models: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub sandbox_data: Option<Option<PathBuf>>,
    pub timezone: Option<Option<String>>,
    pub currency: Option<Option<String>>,
}

const COLUMNS: &str = "id, name, models, data, sandbox_data, timezone, currency, created, disabled";

impl Store {
    /// Keeps a new organization. Its directories must exist.
    pub fn create_organization(&self, new: &NewOrganization, now: DateTime<Utc>) -> Result<Organization, Failure> {
        check_id(&new.id)?;
        let kept = Organization {
            id: new.id.clone(),
            name: new.name.clone(),
            models: Some(new.models.clone()),
            data: Some(new.data.clone()),
            sandbox_data: new.sandbox_data.clone(),
            timezone: new.timezone.clone(),
            currency: new.currency.clone(),
            created: now,
            disabled: None,
        };
        check(&kept)?;
        let added = self.write(|transaction| {
            transaction.execute(
                &format!(
                    "INSERT INTO organizations ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL) \
                     ON CONFLICT (id) DO NOTHING"
                ),
                params![
                    kept.id,
                    kept.name,
                    written(&kept.models),
                    written(&kept.data),
                    written(&kept.sandbox_data),
                    kept.timezone,
                    kept.currency,
                    text(now)
                ],
            )
        })?;
        if added == 0 { Err(taken("organization", &kept.id)) } else { Ok(kept) }
    }

    pub fn organization(&self, id: &str) -> Result<Option<Organization>, Failure> {
        self.with(|connection| find(connection, id))
    }

    /// The organization, or a refusal that names those alike.
    pub fn known_organization(&self, id: &str) -> Result<Organization, Failure> {
        self.with(|connection| known(connection, id))?
    }

    /// All of them, `default` first, then by identifier.
    pub fn organizations(&self) -> Result<Vec<Organization>, Failure> {
        self.with(all)
    }

    /// Changes settings, and gives the organization as it is then.
    pub fn update_organization(
        &self,
        id: &str,
        settings: &OrganizationSettings,
    ) -> Result<Changed<Organization>, Failure> {
        if id == DEFAULT && (settings.models.is_some() || settings.data.is_some()) {
            let fault = Diagnostic::new(Code::InvalidArgument, "the organization `default` has no places of its own");
            let help = "its models and data are those of the server's configuration: --models, --data, sextant.toml";
            return Err(fault.help(help).into());
        }
        // Looking at directories may take its time, so it is done before the file is locked.
        let settings = settings.clone();
        let wanted = [
            ("models", settings.models.as_deref()),
            ("data", settings.data.as_deref()),
            ("sandbox_data", settings.sandbox_data.as_ref().and_then(Option::as_deref)),
        ];
        for (field, place) in wanted {
            place.map_or(Ok(()), |path| check_place(field, path))?;
        }
        self.settle(move |transaction| {
            let before = match known(transaction, id)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut kept = before.clone();
            kept.name = settings.name.unwrap_or(kept.name);
            kept.models = settings.models.or(kept.models);
            kept.data = settings.data.or(kept.data);
            kept.sandbox_data = settings.sandbox_data.unwrap_or(kept.sandbox_data);
            kept.timezone = settings.timezone.unwrap_or(kept.timezone);
            kept.currency = settings.currency.unwrap_or(kept.currency);
            if let Err(refusal) = check_words(&kept) {
                return Ok(Err(refusal));
            }
            put(transaction, &kept)?;
            Ok(Ok(Changed { is_new: kept != before, kept }))
        })
    }

    /// From now on its tokens are refused. One that is disabled already stays so since then.
    pub fn disable_organization(&self, id: &str, now: DateTime<Utc>) -> Result<Changed<Organization>, Failure> {
        self.switch_organization(id, Some(now))
    }

    /// Its tokens are accepted again.
    pub fn enable_organization(&self, id: &str) -> Result<Changed<Organization>, Failure> {
        self.switch_organization(id, None)
    }

    fn switch_organization(&self, id: &str, disabled: Option<DateTime<Utc>>) -> Result<Changed<Organization>, Failure> {
        self.settle(|transaction| {
            let before = match known(transaction, id)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let is_new = before.disabled.is_some() != disabled.is_some();
            let disabled = if is_new { disabled } else { before.disabled };
            let update = "UPDATE organizations SET disabled = ?2 WHERE id = ?1";
            transaction.execute(update, params![id, disabled.map(text)])?;
            Ok(Ok(Changed { kept: Organization { disabled, ..before }, is_new }))
        })
    }
}

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Organization>> {
    let query = format!("SELECT {COLUMNS} FROM organizations WHERE id = ?1");
    connection.prepare_cached(&query)?.query_row([id], read).optional()
}

/// The organization, or a refusal that names those alike.
pub(super) fn known(connection: &Connection, id: &str) -> rusqlite::Result<Result<Organization, Failure>> {
    if let Some(found) = find(connection, id)? {
        return Ok(Ok(found));
    }
    let all = all(connection)?;
    Ok(Err(unknown("organization", id, all.iter().map(|one| one.id.as_str()))))
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<Organization>> {
    let query = format!("SELECT {COLUMNS} FROM organizations ORDER BY id <> 'default', id");
    connection.prepare_cached(&query)?.query_map([], read)?.collect()
}

/// Makes the settings in the file what they are in the organization.
fn put(connection: &Connection, kept: &Organization) -> rusqlite::Result<()> {
    let update = "UPDATE organizations SET name = ?2, models = ?3, data = ?4, sandbox_data = ?5, timezone = ?6, \
                  currency = ?7 WHERE id = ?1";
    let (models, data) = (written(&kept.models), written(&kept.data));
    let values = params![kept.id, kept.name, models, data, written(&kept.sandbox_data), kept.timezone, kept.currency];
    connection.execute(update, values).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Organization> {
    let path = |column: &str| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.map(PathBuf::from));
    Ok(Organization {
        id: row.get("id")?,
        name: row.get("name")?,
        models: path("models")?,
        data: path("data")?,
        sandbox_data: path("sandbox_data")?,
        timezone: row.get("timezone")?,
        currency: row.get("currency")?,
        created: instant(row, "created")?.ok_or_else(|| unreadable("created", std::fmt::Error))?,
        disabled: instant(row, "disabled")?,
    })
}

/// A path as the file has it; `check` has refused what is not UTF-8.
fn written(path: &Option<PathBuf>) -> Option<&str> {
    path.as_deref().and_then(Path::to_str)
}

fn check(organization: &Organization) -> Result<(), Failure> {
    let places =
        [("models", &organization.models), ("data", &organization.data), ("sandbox_data", &organization.sandbox_data)];
    for (field, place) in places {
        place.as_deref().map_or(Ok(()), |path| check_place(field, path))?;
    }
    check_words(organization)
}

/// What can be told without looking at the disk.
fn check_words(organization: &Organization) -> Result<(), Failure> {
    check_name(&organization.name)?;
    if let Some(name) = &organization.timezone {
        zone::parse(name).map_err(Failure::from)?;
    }
    match &organization.currency {
        Some(code) if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) => {
            let fault = Diagnostic::new(Code::InvalidArgument, format!("`{}` is no code of a currency", quoted(code)));
            Err(fault.field("currency").help("three capital letters, as ISO 4217 has them").example("EUR").into())
        }
        Some(_) | None => Ok(()),
    }
}

fn check_place(field: &str, path: &Path) -> Result<(), Failure> {
    let shown = quoted(&path.to_string_lossy());
    let (message, help) = if path.to_str().is_none() {
        (format!("`{shown}` is not UTF-8"), "the state file keeps paths as text; rename the directory")
    } else if !path.is_absolute() {
        (format!("`{shown}` is not an absolute path"), "a server may start in another directory")
    } else if !path.is_dir() {
        (format!("`{shown}` is not a directory"), "make it first, or mend the path")
    } else {
        return Ok(());
    };
    Err(Diagnostic::new(Code::InvalidArgument, message).field(field).help(help).into())
}

/// Refuses an identifier that does not match `^[a-z][a-z0-9-]{0,62}$`.
pub(super) fn check_id(id: &str) -> Result<(), Failure> {
    let is_inside = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = id.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if begins && id.len() <= LONGEST_ID && id.bytes().all(is_inside) {
        return Ok(());
    }
    let fault = Diagnostic::new(Code::InvalidArgument, format!("`{}` is no identifier", quoted(id)));
    let help = "a letter, then letters, digits and hyphens, all of them small, 63 characters at most";
    Err(fault.field("id").help(help).example("acme-eu").into())
}

/// Refuses a name that is empty, long, holds control characters, or a token.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    let (message, help) = if token::occurs_in(name) {
        ("the name holds a token".to_string(), "revoke that token, since it was written down; a name is a few words")
    } else if name.trim().is_empty() {
        ("the name is empty".to_string(), "a few words by which people know it")
    } else if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        (format!("the name is no line of {LONGEST_NAME} characters at most"), "a few words by which people know it")
    } else {
        return Ok(());
    };
    Err(Diagnostic::new(Code::InvalidArgument, message).field("name").help(help).into())
}

pub(super) fn taken(what: &str, id: &str) -> Failure {
    let fault = Diagnostic::new(Code::InvalidArgument, format!("the {what} `{id}` exists already"));
    fault.field("id").help("choose another identifier, or change the settings of that one").into()
}

pub(super) fn unknown<'a>(what: &str, id: &str, known: impl IntoIterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.into_iter().collect();
    let fault = Diagnostic::new(Code::InvalidArgument, format!("no {what} is called `{}`", quoted(id)));
    let help = match known.as_slice() {
        [] => format!("there is no {what} yet"),
        [..] if known.len() <= 10 => format!("there are: {}", known.join(", ")),
        [..] => format!("there are {} of them", known.len()),
    };
    fault.field(what).help(help).suggest(id, known).into()
}

/// The beginning of what was given, without anything that should not be repeated.
fn quoted(given: &str) -> String {
    if token::occurs_in(given) { "…".into() } else { given.chars().filter(|c| !c.is_control()).take(200).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T10:00:00.123Z".parse().unwrap()
    }

    fn new(id: &str) -> NewOrganization {
        let place = std::env::temp_dir();
        NewOrganization {
            id: id.into(),
            name: "Acme".into(),
            models: place.clone(),
            data: place,
            sandbox_data: None,
            timezone: Some("Europe/Berlin".into()),
            currency: Some("EUR".into()),
        }
    }

    fn message(refused: Result<Organization, Failure>) -> String {
        let fault = refused.unwrap_err().0.0.remove(0);
        format!("{}: {} ({:?})", fault.code, fault.message, fault.did_you_mean)
    }

    #[test]
    fn the_default_organization_exists_and_has_no_places() {
        let store = Store::in_memory();
        let default = store.organization(DEFAULT).unwrap().unwrap();
        assert_eq!((default.models, default.data, default.disabled), (None, None, None));
        let places = OrganizationSettings { models: Some(std::env::temp_dir()), ..Default::default() };
        assert!(
            message(store.update_organization(DEFAULT, &places).map(|changed| changed.kept))
                .contains("has no places of its own")
        );
        let sandbox = OrganizationSettings { sandbox_data: Some(Some(std::env::temp_dir())), ..Default::default() };
        assert_eq!(store.update_organization(DEFAULT, &sandbox).unwrap().kept.sandbox_data, Some(std::env::temp_dir()));
    }

    #[test]
    fn an_organization_is_kept_changed_and_disabled() {
        let store = Store::in_memory();
        let kept = store.create_organization(&new("acme"), now()).unwrap();
        assert_eq!(store.organization("acme").unwrap(), Some(kept.clone()));
        assert_eq!(
            store.organizations().unwrap().iter().map(|o| o.id.as_str()).collect::<Vec<_>>(),
            ["default", "acme"]
        );
        let settings =
            OrganizationSettings { name: Some("Acme Inc".into()), timezone: Some(None), ..Default::default() };
        let Changed { kept: changed, is_new } = store.update_organization("acme", &settings).unwrap();
        assert!(is_new && !store.update_organization("acme", &settings).unwrap().is_new);
        assert_eq!(changed, Organization { name: "Acme Inc".into(), timezone: None, ..kept });
        assert_eq!(store.organization("acme").unwrap(), Some(changed));
        assert_eq!(store.disable_organization("acme", now()).unwrap().kept.disabled, Some(now()));
        let later = now() + chrono::TimeDelta::days(1);
        assert_eq!(store.disable_organization("acme", later).unwrap().kept.disabled, Some(now()));
        assert_eq!(store.enable_organization("acme").unwrap().kept.disabled, None);
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let store = Store::in_memory();
        store.create_organization(&new("acme"), now()).unwrap();
        let with = |change: fn(&mut NewOrganization)| {
            let mut wrong = new("other");
            change(&mut wrong);
            message(store.create_organization(&wrong, now()))
        };
        for (found, wanted) in [
            (with(|new| new.id = "acme".into()), "the organization `acme` exists already"),
            (with(|new| new.id = "default".into()), "`default` exists already"),
            (with(|new| new.id = "Acme".into()), "`Acme` is no identifier"),
            (with(|new| new.id = "9a".into()), "`9a` is no identifier"),
            (with(|new| new.id = "a".repeat(64)), "is no identifier"),
            (with(|new| new.name = " ".into()), "the name is empty"),
            (with(|new| new.name = "a\nb".into()), "is no line"),
            (with(|new| new.name = "sextant_oat_abcdefgh".into()), "the name holds a token"),
            (with(|new| new.models = "models".into()), "`models` is not an absolute path"),
            (with(|new| new.data = "/nowhere/at/all".into()), "`/nowhere/at/all` is not a directory"),
            (with(|new| new.currency = Some("euro".into())), "`euro` is no code of a currency"),
            (with(|new| new.timezone = Some("Berlin".into())), "Europe/Berlin"),
            (message(store.known_organization("acne")), "no organization is called `acne` ([\"acme\"])"),
        ] {
            assert!(found.contains(wanted), "{wanted}: {found}");
        }
        assert_eq!(store.organizations().unwrap().len(), 2);
    }

    #[test]
    fn what_two_change_at_once_is_both_kept() {
        let folder = std::env::temp_dir().join(format!("sextant-organizations-{}", std::process::id()));
        let stores = [(); 2].map(|()| Store::at(folder.join("sextant.db")));
        stores[0].create_organization(&new("acme"), now()).unwrap();
        for round in 0..100 {
            let (name, currency) = (format!("A{round}"), ["EUR", "USD"][round % 2]);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let renamed = OrganizationSettings { name: Some(name.clone()), ..Default::default() };
                    stores[0].update_organization("acme", &renamed).unwrap();
                });
                let paid = OrganizationSettings { currency: Some(Some(currency.into())), ..Default::default() };
                stores[1].update_organization("acme", &paid).unwrap();
            });
            let kept = stores[0].organization("acme").unwrap().unwrap();
            assert_eq!((kept.name.as_str(), kept.currency.as_deref()), (name.as_str(), Some(currency)), "{round}");
        }
        drop(stores);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
