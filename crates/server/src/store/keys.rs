//! Keys that the server makes for itself and shows nobody.

use rusqlite::{OptionalExtension, params};
use sextant_engine::workspace::Failure;

use super::Store;
use crate::identity::secret::Secret;

impl Store {
    /// The key of this name, 43 characters; made when it is first asked for, and the same ever after.
    pub(crate) fn server_key(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let find = "SELECT key FROM server_keys WHERE name = ?1";
        let known = self.with(|connection| connection.query_row(find, [name], |row| row.get(0)).optional())?;
        if let Some(known) = known {
            return Ok(known);
        }
        let new = Secret::random()?;
        self.write(|transaction| {
            // Another process may have made it meanwhile: the first one stays.
            let insert = "INSERT INTO server_keys (name, key) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
            transaction.execute(insert, params![name, new.expose().as_bytes()])?;
            transaction.query_row(find, [name], |row| row.get(0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once() {
        let store = Store::in_memory();
        let key = store.server_key("cursors").unwrap();
        assert_eq!(key.len(), 43);
        assert_eq!(store.server_key("cursors").unwrap(), key);
        assert_ne!(store.server_key("other").unwrap(), key);
    }
}
