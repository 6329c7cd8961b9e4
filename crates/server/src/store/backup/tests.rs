use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::identity::scope::Scopes;
use crate::identity::secret::Secret;
use crate::store::audit::Record;
use crate::store::tokens::{NewToken, Owner, Token};

fn now() -> DateTime<Utc> {
    "2026-11-22T10:15:00Z".parse().unwrap()
}

/// A directory of its own, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("sextant-backup-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn create(store: &Store, name: &str) -> (Token, Secret) {
    let owner = Owner::Organization("default".into());
    let new =
        NewToken { name: name.into(), owner, scopes: Scopes::MINIMAL, attributes: Default::default(), expires: None };
    store.create_token(&new, now()).unwrap()
}

fn record() -> Record {
    Record {
        at: now(),
        caller: "local".into(),
        organization: "default".into(),
        environment: "production".into(),
        door: "stdio".into(),
        operation: "search".into(),
        outcome: "answered".into(),
        target: String::new(),
    }
}

fn message<T>(refused: Result<T, Failure>) -> String {
    let Err(Failure(faults)) = refused else { panic!("a refusal") };
    faults.0[0].message.clone()
}

#[test]
fn a_backup_is_put_back_and_what_was_replaced_is_kept() {
    let folder = Folder::new("whole");
    let (state, file) = (folder.path("sextant.db"), folder.path("a.backup"));
    let store = Store::at(state.clone());
    let (leaked, leaked_text) = create(&store, "leaked");
    store.append_audit(&[record(), record()]).unwrap();
    let contents = backup(&state, &file).unwrap();
    assert_eq!(contents, Contents { organizations: 1, tokens: 1, audit_records: 2 });
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap()) & 0o777, 0o600);
    assert!(message(backup(&state, &file)).ends_with("a.backup` exists already"));

    let (_, later) = create(&store, "later");
    store.revoke_token(&leaked.id, now()).unwrap();
    assert!(message(restore(&state, &file, now())).ends_with("is in use by another process"));
    assert!(store.find_token(later.expose()).unwrap().is_some(), "a refused restore changes nothing");
    drop(store);
    let restored = restore(&state, &file, now()).unwrap();
    assert_eq!(restored.contents, contents);
    assert_eq!(restored.revived, [(leaked.id, "leaked".to_string())]);
    assert!(matches!(restored.audit, Chain::Whole(Some(_))));
    let kept = restored.kept.unwrap();
    assert!(kept.ends_with("sextant.db.replaced-20261122T101500Z"), "{}", kept.display());

    let store = Store::at(state.clone());
    assert!(store.find_token(later.expose()).unwrap().is_none());
    assert!(store.find_token(leaked_text.expose()).unwrap().unwrap().is_live(now()));
    drop(store);
    assert!(Store::at(kept).find_token(later.expose()).unwrap().is_some());
    assert!(restore(&state, &file, now()).unwrap().kept.unwrap().ends_with("sextant.db.replaced-20261122T101500Z-2"));
    assert!(!folder.names().iter().any(|name| name.contains("restoring")), "{:?}", folder.names());
}

#[test]
fn a_backup_is_one_snapshot_of_a_file_that_is_written_meanwhile() {
    let folder = Folder::new("busy");
    let state = folder.path("sextant.db");
    let store = Store::at(state.clone());
    store.append_audit(&[record()]).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Each transaction adds a token and a piece of feedback: a snapshot has as many of the one as of the other.
            let writer = Store::at(state.clone());
            while !is_over.load(Ordering::Relaxed) {
                let add_token = "INSERT INTO tokens (id, kind, hash, last_four, name, organization, scopes, created) \
                                 VALUES (?1, 'organization', CAST(?1 AS BLOB), '', '', 'default', '', '')";
                let add_feedback =
                    "INSERT INTO feedback (id, at, category, comment, tags) VALUES (?1, '', '', '', '[]')";
                let id = crate::identity::secret::identifier("t").unwrap();
                let both = [add_token, add_feedback];
                let added = writer.write(|file| both.iter().try_for_each(|add| file.execute(add, [&id]).map(|_| ())));
                added.unwrap();
            }
        });
        for i in 0..20 {
            let file = folder.path(&format!("{i}.backup"));
            backup(&state, &file).unwrap();
            let copy = Connection::open(&file).unwrap();
            let count = |table: &str| -> i64 {
                copy.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
            };
            assert_eq!(count("tokens"), count("feedback"));
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let last = Connection::open(folder.path("19.backup")).unwrap();
    assert!(last.query_row("SELECT count(*) > 0 FROM tokens", [], |row| row.get::<_, bool>(0)).unwrap());
}

#[test]
fn what_is_no_backup_is_not_put_in_place() {
    let folder = Folder::new("unfit");
    let state = folder.path("sextant.db");
    let (_, text) = create(&Store::at(state.clone()), "kept");
    let file = folder.path("good.backup");
    backup(&state, &file).unwrap();
    let spoil = |name: &str, statements: &str| {
        let path = folder.path(name);
        std::fs::copy(&file, &path).unwrap();
        Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        path
    };
    let torn = folder.path("torn");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&torn, bytes).unwrap();
    std::fs::write(folder.path("text"), "not a database, but long enough to be taken for one".repeat(100)).unwrap();
    for (path, wanted) in [
        (folder.path("nowhere"), "is no backup"),
        (state.clone(), "is no backup"),
        (folder.path("text"), "it is no SQLite database"),
        (torn, ""),
        (spoil("newer", "PRAGMA user_version = 99"), "it is of version 99"),
        (spoil("empty", "PRAGMA user_version = 0"), "it is of version 0"),
        (spoil("open", "DROP TRIGGER audit_log_is_not_changed"), "its tables are not those of version"),
        (spoil("more", "CREATE TABLE more (x)"), "its tables are not those of version"),
        (
            spoil("orphan", "PRAGMA foreign_keys = 0; UPDATE tokens SET organization = 'nobody'"),
            "rows of it refer to rows that are not there",
        ),
    ] {
        let found = message(restore(&state, &path, now()));
        assert!(found.contains(wanted), "{}: {found}", path.display());
    }
    assert!(Store::at(state).find_token(text.expose()).unwrap().is_some());
    let is_left = |name: &String| name.contains(".restoring") || name.contains(".replaced");
    assert!(!folder.names().iter().any(is_left), "{:?}", folder.names());
}

#[test]
fn a_state_that_is_gone_or_broken_is_replaced() {
    let folder = Folder::new("broken");
    let (state, file) = (folder.path("sextant.db"), folder.path("a.backup"));
    let (_, text) = create(&Store::at(state.clone()), "kept");
    backup(&state, &file).unwrap();
    std::fs::remove_file(&state).unwrap();
    assert_eq!(restore(&state, &file, now()).unwrap().kept, None);
    assert!(Store::at(state.clone()).find_token(text.expose()).unwrap().is_some());
    std::fs::write(&state, "overwritten by something else".repeat(1_000)).unwrap();
    std::fs::write(beside(&state, "-wal"), "a side file").unwrap();
    assert!(restore(&state, &file, now()).unwrap().kept.unwrap().exists());
    assert!(Store::at(state).find_token(text.expose()).unwrap().is_some());
}
