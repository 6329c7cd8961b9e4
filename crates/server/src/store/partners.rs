//! Partners as they are kept: who acts for a list of organizations, and for which one when nobody says.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::organizations::{self, check_id, check_name, taken, unknown};
use super::tokens::{instant, text, unreadable};
use super::{Changed, Store};

/// A partner as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Partner {
    pub id: String,
    pub name: String,
    /// One of the list.
    pub default_organization: String,
    /// By identifier.
    pub organizations: Vec<String>,
    pub created: DateTime<Utc>,
    /// Since when its tokens are refused.
    pub disabled: Option<DateTime<Utc>>,
}

/// What of a partner is to change; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct PartnerSettings {
    pub name: Option<String>,
    pub organizations: Option<Vec<String>>,
    pub default_organization: Option<String>,
}

const COLUMNS: &str = "id, name, default_organization, created, disabled";

impl Store {
    /// Keeps a new partner for these organizations, of which `default` is one.
    pub fn create_partner(
        &self,
        id: &str,
        name: &str,
        organizations: &[String],
        default: &str,
        now: DateTime<Utc>,
    ) -> Result<Partner, Failure> {
        check_id(id)?;
        let kept = Partner {
            id: id.into(),
            name: name.into(),
            default_organization: default.into(),
            organizations: ordered(organizations),
            created: now,
            disabled: None,
        };
        self.settle(|transaction| {
            if let Err(refusal) = check(transaction, &kept)? {
                return Ok(Err(refusal));
            }
            let added = transaction.execute(
                "INSERT INTO partners (id, name, default_organization, created) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (id) DO NOTHING",
                params![kept.id, kept.name, kept.default_organization, text(now)],
            )?;
            if added == 0 {
                return Ok(Err(taken("partner", id)));
            }
            put_list(transaction, &kept)?;
            Ok(Ok(kept))
        })
    }

    pub fn partner(&self, id: &str) -> Result<Option<Partner>, Failure> {
        self.with(|connection| find(connection, id))
    }

    /// The partner, or a refusal that names those alike.
    pub fn known_partner(&self, id: &str) -> Result<Partner, Failure> {
        self.with(|connection| known(connection, id))?
    }

    /// All of them, by identifier.
    pub fn partners(&self) -> Result<Vec<Partner>, Failure> {
        self.with(all)
    }

    /// Changes settings, and gives the partner as it is then.
    pub fn update_partner(&self, id: &str, settings: &PartnerSettings) -> Result<Changed<Partner>, Failure> {
        let settings = settings.clone();
        self.settle(|transaction| {
            let before = match known(transaction, id)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let mut kept = before.clone();
            kept.name = settings.name.unwrap_or(kept.name);
            kept.default_organization = settings.default_organization.unwrap_or(kept.default_organization);
            kept.organizations = settings.organizations.map_or(kept.organizations, |list| ordered(&list));
            if let Err(refusal) = check(transaction, &kept)? {
                return Ok(Err(refusal));
            }
            transaction.execute(
                "UPDATE partners SET name = ?2, default_organization = ?3 WHERE id = ?1",
                params![id, kept.name, kept.default_organization],
            )?;
            put_list(transaction, &kept)?;
            Ok(Ok(Changed { is_new: kept != before, kept }))
        })
    }

    /// From now on its tokens are refused. One that is disabled already stays so since then.
    pub fn disable_partner(&self, id: &str, now: DateTime<Utc>) -> Result<Changed<Partner>, Failure> {
        self.switch_partner(id, Some(now))
    }

    /// Its tokens are accepted again.
    pub fn enable_partner(&self, id: &str) -> Result<Changed<Partner>, Failure> {
        self.switch_partner(id, None)
    }

    fn switch_partner(&self, id: &str, disabled: Option<DateTime<Utc>>) -> Result<Changed<Partner>, Failure> {
        self.settle(|transaction| {
            let before = match known(transaction, id)? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let is_new = before.disabled.is_some() != disabled.is_some();
            let disabled = if is_new { disabled } else { before.disabled };
            let update = "UPDATE partners SET disabled = ?2 WHERE id = ?1";
            transaction.execute(update, params![id, disabled.map(text)])?;
            Ok(Ok(Changed { kept: Partner { disabled, ..before }, is_new }))
        })
    }
}

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Partner>> {
    let query = format!("SELECT {COLUMNS} FROM partners WHERE id = ?1");
    let found = connection.prepare_cached(&query)?.query_row([id], read).optional()?;
    found.map(|partner| with_list(connection, partner)).transpose()
}

pub(super) fn known(connection: &Connection, id: &str) -> rusqlite::Result<Result<Partner, Failure>> {
    if let Some(found) = find(connection, id)? {
        return Ok(Ok(found));
    }
    let all = all(connection)?;
    Ok(Err(unknown("partner", id, all.iter().map(|one| one.id.as_str()))))
}

fn all(connection: &Connection) -> rusqlite::Result<Vec<Partner>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM partners ORDER BY id"))?;
    let found: Vec<Partner> = query.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
    found.into_iter().map(|partner| with_list(connection, partner)).collect()
}

/// Whether the organizations exist, and the default one is among them.
fn check(connection: &Connection, partner: &Partner) -> rusqlite::Result<Result<(), Failure>> {
    if let Err(refusal) = check_name(&partner.name) {
        return Ok(Err(refusal));
    }
    let default = &partner.default_organization;
    for organization in partner.organizations.iter().chain([default]) {
        if let Err(refusal) = organizations::known(connection, organization)? {
            return Ok(Err(refusal));
        }
    }
    if partner.organizations.contains(default) {
        return Ok(Ok(()));
    }
    let message = format!("the default organization `{default}` is not among the partner's");
    let list = partner.organizations.join(", ");
    let fault = Diagnostic::new(Code::InvalidArgument, message).field("default_organization");
    let help = match list.as_str() {
        "" => "name the organizations that the partner acts for".to_string(),
        list => format!("one of {list}; or add it to the list"),
    };
    Ok(Err(fault.help(help).into()))
}

fn ordered(organizations: &[String]) -> Vec<String> {
    let mut list = organizations.to_vec();
    list.sort();
    list.dedup();
    list
}

/// Makes the list in the file what it is in the partner.
fn put_list(connection: &Connection, partner: &Partner) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM partner_organizations WHERE partner = ?1", [&partner.id])?;
    let mut insert = connection.prepare("INSERT INTO partner_organizations (partner, organization) VALUES (?1, ?2)")?;
    partner.organizations.iter().try_for_each(|organization| insert.execute([&partner.id, organization]).map(|_| ()))
}

fn with_list(connection: &Connection, mut partner: Partner) -> rusqlite::Result<Partner> {
    let query = "SELECT organization FROM partner_organizations WHERE partner = ?1 ORDER BY organization";
    let mut query = connection.prepare_cached(query)?;
    partner.organizations = query.query_map([&partner.id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(partner)
}

/// All but the list.
fn read(row: &Row<'_>) -> rusqlite::Result<Partner> {
    Ok(Partner {
        id: row.get("id")?,
        name: row.get("name")?,
        default_organization: row.get("default_organization")?,
        organizations: Vec::new(),
        created: instant(row, "created")?.ok_or_else(|| unreadable("created", std::fmt::Error))?,
        disabled: instant(row, "disabled")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::organizations::NewOrganization;

    fn now() -> DateTime<Utc> {
        "2026-11-22T10:00:00.123Z".parse().unwrap()
    }

    fn store() -> Store {
        let store = Store::in_memory();
        for id in ["acme", "zeta"] {
            let place = std::env::temp_dir();
            let new = NewOrganization {
                id: id.into(),
                name: id.into(),
                models: place.clone(),
                data: place,
                sandbox_data: None,
                timezone: None,
                currency: None,
            };
            store.create_organization(&new, now()).unwrap();
        }
        store
    }

    fn list(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_partner_is_kept_changed_and_disabled() {
        let store = store();
        let kept =
            store.create_partner("agency", "An agency", &list(&["zeta", "acme", "zeta"]), "acme", now()).unwrap();
        assert_eq!(kept.organizations, ["acme", "zeta"]);
        assert_eq!(store.partner("agency").unwrap(), Some(kept.clone()));
        let settings = PartnerSettings {
            organizations: Some(list(&["zeta"])),
            default_organization: Some("zeta".into()),
            name: None,
        };
        let Changed { kept: changed, is_new } = store.update_partner("agency", &settings).unwrap();
        assert!(is_new && !store.update_partner("agency", &settings).unwrap().is_new);
        assert_eq!(store.partners().unwrap(), std::slice::from_ref(&changed));
        assert_eq!(changed.organizations, ["zeta"]);
        assert_eq!(store.disable_partner("agency", now()).unwrap().kept.disabled, Some(now()));
        assert_eq!(store.enable_partner("agency").unwrap().kept, changed);
    }

    #[test]
    fn a_partner_acts_for_organizations_that_exist() {
        let store = store();
        let refused = |organizations: &[&str], default: &str| {
            let Failure(faults) = store.create_partner("p", "P", &list(organizations), default, now()).unwrap_err();
            faults.0[0].message.clone()
        };
        assert_eq!(refused(&["acme", "zata"], "acme"), "no organization is called `zata`");
        assert_eq!(refused(&["acme"], "zeta"), "the default organization `zeta` is not among the partner's");
        assert_eq!(refused(&[], "acme"), "the default organization `acme` is not among the partner's");
        assert_eq!(store.partners().unwrap(), []);
        store.create_partner("p", "P", &list(&["acme"]), "acme", now()).unwrap();
        assert_eq!(refused(&["acme"], "acme"), "the partner `p` exists already");
        let Failure(faults) = store.known_partner("q").unwrap_err();
        assert_eq!(faults.0[0].did_you_mean, ["p"]);
    }

    #[test]
    fn what_two_change_at_once_is_both_kept() {
        let folder = std::env::temp_dir().join(format!("sextant-partners-{}", std::process::id()));
        let stores = [(); 2].map(|()| Store::at(folder.join("sextant.db")));
        stores[0].create_partner("p", "P", &list(&["default"]), "default", now()).unwrap();
        let acme = NewOrganization {
            id: "acme".into(),
            name: "Acme".into(),
            models: std::env::temp_dir(),
            data: std::env::temp_dir(),
            sandbox_data: None,
            timezone: None,
            currency: None,
        };
        stores[0].create_organization(&acme, now()).unwrap();
        for round in 0..100 {
            let name = format!("P{round}");
            let lists = [list(&["default"]), list(&["acme", "default"])];
            let organizations = &lists[round % 2];
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let renamed = PartnerSettings { name: Some(name.clone()), ..PartnerSettings::default() };
                    stores[0].update_partner("p", &renamed).unwrap();
                });
                let moved = PartnerSettings { organizations: Some(organizations.clone()), ..Default::default() };
                stores[1].update_partner("p", &moved).unwrap();
            });
            let kept = stores[0].partner("p").unwrap().unwrap();
            assert_eq!((&kept.name, &kept.organizations), (&name, organizations), "round {round}");
        }
        drop(stores);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
