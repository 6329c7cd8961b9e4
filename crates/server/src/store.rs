//! The state that outlives a process: one SQLite file, opened when first needed.
//!
//! Query data is never in it, nor any secret: of those it has the hashes. Feedback and the audit log are
//! only ever added to: their tables themselves refuse to change or to lose a row.

pub mod accounts;
pub mod audit;
pub mod backup;
mod keys;
pub mod organizations;
pub mod partners;
pub(crate) mod feedback;
pub mod tokens;
pub mod users;
pub mod sessions;
pub mod oauth;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

/// What a version of the file adds to the one before; its number is the file's `user_version`.
const MIGRATIONS: &[&str] = &[
    include_str!("store/migrations/1_feedback.sql"),
    include_str!("store/migrations/2_identity.sql"),
    include_str!("store/migrations/3_external_sign_in.sql"),
    include_str!("store/migrations/4_upkeep.sql"),
    include_str!("store/migrations/5_makers.sql"),
];

/// How a file of SQLite begins.
const HEADER: &[u8] = b"SQLite format 3\0";

/// How long a write waits for another process.
const PATIENCE: Duration = Duration::from_secs(5);

/// The file, or memory in its place.
#[derive(Debug)]
pub struct Store {
    place: Option<PathBuf>,
    writer: Mutex<Option<Connection>>,
    /// Of a file, a connection that only reads: a look-up waits for no write. What is in memory has one connection.
    reader: Mutex<Option<Connection>>,
}

impl Store {
    /// The state in this file; it and its directory are made on first use.
    pub fn at(path: PathBuf) -> Store {
        Store { place: Some(path), writer: Mutex::new(None), reader: Mutex::new(None) }
    }

    /// State that ends with the process.
    pub fn in_memory() -> Store {
        Store { place: None, writer: Mutex::new(None), reader: Mutex::new(None) }
    }

    /// The same file by connections of its own, so that nothing here waits for what is done there.
    pub(crate) fn apart(self: &Arc<Store>) -> Arc<Store> {
        match &self.place {
            Some(place) => Arc::new(Store::at(place.clone())),
            None => Arc::clone(self),
        }
    }

    /// Reads from the open file; one at a time.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        let Some(path) = &self.place else { return self.to_write(work) };
        let current = || match open_to_read(path)? {
            Some(reader) => Ok(Some(reader)),
            // The one that writes makes the file, or moves it to this version.
            None => self.to_write(|_| Ok(())).map(|()| None),
        };
        let reader = || match current()? {
            Some(reader) => Ok(reader),
            None => open_to_read(path)?.ok_or_else(|| unavailable(&StoreError::Newer(MIGRATIONS.len() + 1))),
        };
        on(&self.reader, reader, work)
    }

    fn to_write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failure> {
        on(&self.writer, || open(self.place.as_deref()).map_err(|fault| unavailable(&fault)), work)
    }

    /// Runs `work` in one transaction that holds the file's write lock from its beginning: all of it is on the disk
    /// when this returns, or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Failure> {
        self.settle(|transaction| work(transaction).map(Ok))
    }

    /// As [`Store::write`], for what is read and checked before it is written: nobody writes in between. A refusal
    /// leaves the file as it was.
    pub(crate) fn settle<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.to_write(|connection| {
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            match &done {
                Ok(_) => transaction.commit()?,
                Err(_) => transaction.rollback()?,
            }
            Ok(done)
        })?
    }
}

/// What a change of settings came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    /// As it is now.
    pub kept: T,
    /// False where it was so already.
    pub is_new: bool,
}

/// Why the file cannot be used; the log has it, the answer does not.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("the file is no SQLite database")]
    Foreign,
    #[error("the file is of version {0}, later than this program knows")]
    Newer(usize),
}

/// Runs `work` on the connection of this place, which is opened when there is none.
fn on<T>(
    place: &Mutex<Option<Connection>>,
    open: impl FnOnce() -> Result<Connection, Failure>,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, Failure> {
    let mut held = place.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = match held.take() {
        Some(open) => open,
        None => open()?,
    };
    let done = work(&connection);
    *held = Some(connection);
    done.map_err(|fault| unavailable(&fault.into()))
}

/// A connection that cannot write; none of a file that is not there yet, or not of this version.
fn open_to_read(path: &Path) -> Result<Option<Connection>, Failure> {
    let opened = || -> Result<Option<Connection>, StoreError> {
        if !path.exists() {
            return Ok(None);
        }
        prepare(path)?;
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        if version(&connection)? != MIGRATIONS.len() {
            return Ok(None);
        }
        connection.pragma_update(None, "query_only", true)?;
        Ok(Some(connection))
    };
    opened().map_err(|fault| unavailable(&fault))
}

fn open(place: Option<&Path>) -> Result<Connection, StoreError> {
    let mut connection = match place {
        Some(path) => {
            prepare(path)?;
            Connection::open(path)?
        }
        None => Connection::open_in_memory()?,
    };
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Makes the directory and the file so that only their owner reads them; SQLite gives its side files the same mode.
/// A file that others may read is closed to them before it is used; one that is something else is not touched.
fn prepare(path: &Path) -> Result<(), StoreError> {
    if path.is_file() {
        let mut header = Vec::new();
        std::fs::File::open(path)?.take(HEADER.len() as u64).read_to_end(&mut header)?;
        if !header.is_empty() && header != HEADER {
            return Err(StoreError::Foreign);
        }
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?;
    let files = [path.to_path_buf(), beside(path, "-wal"), beside(path, "-shm")];
    Ok(files.iter().try_for_each(|file| keep_private(file))?)
}

/// Takes from everyone but its owner what may be done with a file; of a file that is not there, nothing.
fn keep_private(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = match std::fs::metadata(file) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(fault) => return Err(fault),
        };
        if mode & 0o077 != 0 {
            tracing::warn!(mode = format!("{mode:o}"), "others could read a file of the state; it is its owner's now");
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// The file of this name and ending, in the same directory.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    path.with_file_name(name)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    // A file of this version is opened without waiting for whoever writes.
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = version(&transaction)?;
    if version > MIGRATIONS.len() {
        return Err(StoreError::Newer(version));
    }
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    Ok(transaction.commit()?)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

fn unavailable(fault: &StoreError) -> Failure {
    tracing::error!(%fault, "the state file cannot be used");
    let message = match fault {
        StoreError::Foreign => "the state file is something else: it is no SQLite database",
        StoreError::File(_) | StoreError::Database(_) | StoreError::Newer(_) => {
            "the state file cannot be opened or written"
        }
    };
    let fault = Diagnostic::new(Code::StoreUnavailable, message);
    fault.help("the operator finds the cause in the log; --state names another file").into()
}

#[cfg(test)]
mod tests {
    use super::feedback::Feedback;
    use super::*;
    use chrono::DateTime;

    fn feedback(id: &str) -> Feedback {
        Feedback {
            id: id.into(),
            organization: "default".into(),
            at: DateTime::UNIX_EPOCH,
            category: "bug",
            comment: "a comment".into(),
            tool_name: None,
            answer_id: None,
            severity: Some("low"),
            tags: vec!["a".into()],
        }
    }

    fn count(store: &Store) -> i64 {
        store.with(|c| c.query_row("SELECT count(*) FROM feedback", [], |row| row.get(0))).unwrap()
    }

    #[test]
    fn feedback_outlives_the_process_and_cannot_be_changed() {
        let folder = std::env::temp_dir().join(format!("sextant-store-{}", std::process::id()));
        let path = folder.join("state/sextant.db");
        let store = Store::at(path.clone());
        assert!(!path.exists());
        store.keep_feedback(&feedback("fb_1")).unwrap();
        drop(store);
        let store = Store::at(path.clone());
        store.keep_feedback(&feedback("fb_2")).unwrap();
        assert_eq!(count(&store), 2);
        for change in ["UPDATE feedback SET comment = ''", "DELETE FROM feedback"] {
            assert!(store.write(|transaction| transaction.execute(change, [])).is_err(), "{change}");
            assert!(store.with(|connection| connection.execute("DELETE FROM tokens", [])).is_err(), "it only reads");
        }
        assert_eq!(count(&store), 2);
        #[cfg(unix)]
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let mode = std::os::unix::fs::MetadataExt::mode(&file.unwrap().metadata().unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        drop(store);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_closed_to_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("sextant-wide-{}", std::process::id()));
        let path = folder.join("sextant.db");
        let first = Store::at(path.clone());
        first.keep_feedback(&feedback("fb_1")).unwrap();
        let files = [path.clone(), beside(&path, "-wal"), beside(&path, "-shm")];
        for file in &files {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o664)).unwrap();
        }
        let second = Store::at(path);
        second.keep_feedback(&feedback("fb_2")).unwrap();
        for file in &files {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
        }
        drop((first, second));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_look_up_waits_for_no_write() {
        let folder = std::env::temp_dir().join(format!("sextant-waiting-{}", std::process::id()));
        let path = folder.join("sextant.db");
        let store = Store::at(path.clone());
        store.keep_feedback(&feedback("fb_1")).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| store.keep_feedback(&feedback("fb_2")));
            std::thread::sleep(Duration::from_millis(200));
            let began = std::time::Instant::now();
            assert_eq!(count(&store), 1);
            assert_eq!(count(&Store::at(path.clone())), 1, "nor does one that has just begun");
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            other.execute_batch("COMMIT").unwrap();
            writing.join().unwrap().unwrap();
        });
        assert_eq!(count(&store), 2);
        drop((store, other));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_full_organization_is_refused_and_no_other() {
        let store = Store::in_memory();
        let fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) \
                    INSERT INTO feedback SELECT i, '', '', '', NULL, NULL, NULL, '[]', 'default' FROM n";
        store.write(|transaction| transaction.execute(fill, [])).unwrap();
        assert_eq!(store.keep_feedback(&feedback("fb_1")).unwrap_err().0.0[0].code, Code::StoreFull);
        store.keep_feedback(&Feedback { organization: "acme".into(), ..feedback("fb_1") }).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_something_else_is_left_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = std::env::temp_dir().join(format!("sextant-readme-{}.md", std::process::id()));
        std::fs::write(&path, "# A page that somebody wrote").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let Failure(faults) = Store::at(path.clone()).keep_feedback(&feedback("fb_1")).unwrap_err();
        assert_eq!(faults.0[0].code, Code::StoreUnavailable);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# A page that somebody wrote");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_of_a_later_version_or_out_of_reach_is_refused_without_its_path() {
        let store = Store::at(PathBuf::from("/dev/null/state.db"));
        let Failure(faults) = store.keep_feedback(&feedback("fb_1")).unwrap_err();
        assert_eq!(faults.0[0].code, Code::StoreUnavailable);
        assert!(!faults.0[0].message.contains("/dev"));
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(migrate(&mut connection), Err(StoreError::Newer(99))));
    }
}
