//! When tokens were last used: noted at most once a minute each, by a thread of its own, so that no call waits for a
//! write.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::Store;

/// How far apart two notes of a token's use are.
const NOTE_EVERY: TimeDelta = TimeDelta::minutes(1);
/// Tokens that are remembered at least before those of earlier minutes are forgotten.
const REMEMBERED: usize = 1_024;
/// Notes that wait for the disk at most; the next ones are dropped.
const QUEUE: usize = 4_096;
/// How long a note waits for others to share its transaction.
const GATHERING: Duration = Duration::from_millis(100);

type Use = (String, DateTime<Utc>);

/// The notes of one process. Dropping it writes what is queued.
#[derive(Debug)]
pub(super) struct Uses {
    store: Arc<Store>,
    noted: Mutex<HashMap<String, DateTime<Utc>>>,
    /// The thread is begun by the first note.
    writer: Mutex<Option<(SyncSender<Use>, JoinHandle<()>)>>,
}

impl Uses {
    /// The notes are written by connections of their own.
    pub(super) fn of(store: &Arc<Store>) -> Uses {
        Uses { store: store.apart(), noted: Mutex::default(), writer: Mutex::default() }
    }

    /// Notes a use, unless the token's last note is of the same minute.
    pub(super) fn note(&self, id: &str, now: DateTime<Utc>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(id).is_some_and(|last| now - *last < NOTE_EVERY) {
            return;
        }
        if noted.len() >= REMEMBERED.max(noted.capacity() / 2) {
            noted.retain(|_, last| now - *last < NOTE_EVERY);
        }
        noted.insert(id.to_string(), now);
        drop(noted);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.is_none() {
            *writer = begin(self.store.clone());
        }
        let is_queued = writer.as_ref().is_some_and(|(queue, _)| queue.try_send((id.to_string(), now)).is_ok());
        if !is_queued {
            tracing::warn!(id, "the use of a token could not be noted");
        }
    }
}

impl Drop for Uses {
    fn drop(&mut self) {
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((queue, thread)) = writer {
            drop(queue);
            if thread.join().is_err() {
                tracing::error!("the writer of the tokens' uses has failed");
            }
        }
    }
}

fn begin(store: Arc<Store>) -> Option<(SyncSender<Use>, JoinHandle<()>)> {
    let (queue, queued) = sync_channel(QUEUE);
    let thread = std::thread::Builder::new().name("token-uses".into()).spawn(move || write(&store, &queued));
    let thread = thread.inspect_err(|fault| tracing::error!(%fault, "no thread for noting the use of tokens")).ok()?;
    Some((queue, thread))
}

/// Until the sender is gone and the queue is empty.
fn write(store: &Store, queued: &Receiver<Use>) {
    while let Ok(first) = queued.recv() {
        let until = Instant::now() + GATHERING;
        let mut group = vec![first];
        while let Ok(next) = queued.recv_timeout(until.saturating_duration_since(Instant::now())) {
            group.push(next);
        }
        if store.tokens_were_used(&group).is_err() {
            tracing::warn!(tokens = group.len(), "the use of tokens could not be noted");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::scope::Scopes;
    use crate::store::tokens::{NewToken, Owner};

    #[test]
    fn a_use_is_noted_while_nobody_waits_for_the_file() {
        let folder = std::env::temp_dir().join(format!("sextant-uses-{}", std::process::id()));
        let path = folder.join("sextant.db");
        let store = Arc::new(Store::at(path.clone()));
        let now: DateTime<Utc> = "2026-11-22T10:00:00Z".parse().unwrap();
        let new = NewToken {
            name: "a key".into(),
            owner: Owner::Organization("default".into()),
            scopes: Scopes::MINIMAL,
            attributes: Default::default(),
            expires: None,
        };
        let (token, _) = store.create_token(&new, now).unwrap();
        let uses = Uses::of(&store);
        let other = rusqlite::Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        for second in 0..59 {
            uses.note(&token.id, now + TimeDelta::seconds(second));
        }
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        other.execute_batch("COMMIT").unwrap();
        drop(uses);
        assert_eq!(store.tokens(None).unwrap()[0].last_used, Some(now), "once a minute");
        drop((store, other));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn tokens_of_earlier_minutes_are_forgotten() {
        let uses = Uses::of(&Arc::new(Store::in_memory()));
        let now = DateTime::UNIX_EPOCH;
        for minute in 0..20 {
            for token in 0..REMEMBERED {
                uses.note(&format!("tok_{minute}_{token}"), now + TimeDelta::minutes(minute));
            }
        }
        let noted = uses.noted.lock().unwrap();
        assert!(noted.len() <= 4 * REMEMBERED, "{}", noted.len());
    }
}
