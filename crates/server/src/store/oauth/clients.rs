//! Applications that registered themselves (RFC 7591). One that nobody lets in is forgotten after a day.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;

use super::super::Store;
use super::super::tokens::text;
use crate::identity::secret::identifier;

/// Registrations that are kept at most.
pub(crate) const MOST_CLIENTS: i64 = 1_000;
const UNUSED_HOURS: i64 = 24;
const USED_DAYS: i64 = 180;

/// An application that registered itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registered {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) redirect_uris: Vec<String>,
}

impl Store {
    /// Keeps a registration; the oldest that was never used makes room. None when all are in use.
    pub(crate) fn register_client(
        &self,
        name: &str,
        redirect_uris: &[String],
        now: DateTime<Utc>,
    ) -> Result<Option<Registered>, Failure> {
        let client =
            Registered { id: identifier("cli")?, name: name.to_string(), redirect_uris: redirect_uris.to_vec() };
        let metadata = json!({ "client_name": client.name, "redirect_uris": client.redirect_uris }).to_string();
        let kept = self.write(|transaction| {
            transaction.execute("DELETE FROM oauth_clients WHERE expires <= ?1", [text(now)])?;
            if !make_room(transaction)? {
                return Ok(false);
            }
            transaction.execute(
                "INSERT INTO oauth_clients (id, kind, metadata, created, expires) VALUES (?1, 'registered', ?2, ?3, ?4)",
                params![client.id, metadata, text(now), text(now + TimeDelta::hours(UNUSED_HOURS))],
            )?;
            Ok(true)
        })?;
        Ok(kept.then_some(client))
    }

    /// A registration that has not expired.
    pub(crate) fn registered_client(&self, id: &str, now: DateTime<Utc>) -> Result<Option<Registered>, Failure> {
        self.with(|connection| {
            let mut query =
                connection.prepare_cached("SELECT id, metadata FROM oauth_clients WHERE id = ?1 AND expires > ?2")?;
            query.query_row(params![id, text(now)], read).optional()
        })
    }

    /// Somebody let the application in, or it refreshed its tokens: it stays.
    pub(crate) fn client_was_used(&self, id: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        let sql = "UPDATE oauth_clients SET last_used = ?2, expires = ?3 WHERE id = ?1";
        let expires = text(now + TimeDelta::days(USED_DAYS));
        self.write(|transaction| transaction.execute(sql, params![id, text(now), expires])).map(drop)
    }
}

fn make_room(connection: &Connection) -> rusqlite::Result<bool> {
    let kept: i64 = connection.query_row("SELECT count(*) FROM oauth_clients", [], |row| row.get(0))?;
    if kept < MOST_CLIENTS {
        return Ok(true);
    }
    let sql = "DELETE FROM oauth_clients WHERE id = \
               (SELECT id FROM oauth_clients WHERE last_used IS NULL ORDER BY created, id LIMIT 1)";
    Ok(connection.execute(sql, [])? == 1)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Registered> {
    let metadata: String = row.get("metadata")?;
    let metadata: Value = serde_json::from_str(&metadata).unwrap_or_default();
    let uris = metadata["redirect_uris"].as_array().into_iter().flatten();
    Ok(Registered {
        id: row.get("id")?,
        name: metadata["client_name"].as_str().unwrap_or_default().to_string(),
        redirect_uris: uris.filter_map(|uri| uri.as_str().map(str::to_string)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_registration_that_nobody_lets_in_is_forgotten() {
        let store = Store::in_memory();
        let uris = ["https://app.test/callback".to_string()];
        let client = store.register_client("App", &uris, now()).unwrap().unwrap();
        let later = now() + TimeDelta::hours(24);
        assert_eq!(store.registered_client(&client.id, now()).unwrap(), Some(client.clone()));
        assert_eq!(store.registered_client(&client.id, later).unwrap(), None);
        store.client_was_used(&client.id, now()).unwrap();
        assert_eq!(store.registered_client(&client.id, later).unwrap(), Some(client));
    }

    #[test]
    fn the_oldest_unused_registration_makes_room() {
        let store = Store::in_memory();
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
                    INSERT INTO oauth_clients SELECT i, 'registered', '{}', printf('2026-11-22T09:%04d', i), NULL, \
                    '2027-01-01' FROM n";
        store.with(|connection| connection.execute(fill, [])).unwrap();
        let uris = ["https://app.test/callback".to_string()];
        assert!(store.register_client("App", &uris, now()).unwrap().is_some());
        assert_eq!(store.registered_client("1", now()).unwrap(), None);
        assert!(store.registered_client("2", now()).unwrap().is_some());
        store.with(|connection| connection.execute("UPDATE oauth_clients SET last_used = created", [])).unwrap();
        assert!(store.register_client("App", &uris, now()).unwrap().is_none());
    }
}
