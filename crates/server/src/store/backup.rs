//! The state file as a whole: copied while it is in use, and put back.
//!
//! A backup is one file that SQLite's online backup wrote in one snapshot; a writer meanwhile is neither stopped nor
//! half copied. What is put back is held against what this program would have made, and takes the place of the old
//! file by renaming.

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, Utc};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::audit::Chain;
use super::{MIGRATIONS, PATIENCE, Store, StoreError, beside, keep_private};

/// What a state file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    pub organizations: i64,
    pub tokens: i64,
    pub audit_records: i64,
}

/// A state that was put back.
#[derive(Clone, Debug)]
pub struct Restored {
    pub contents: Contents,
    /// Where the file that was replaced is now.
    pub kept: Option<PathBuf>,
    /// Tokens that the replaced file had revoked and this one accepts: identifier and name.
    pub revived: Vec<(String, String)>,
    pub audit: Chain,
}

/// Copies the state to a new file that its owner alone may read. A file that is there is left alone.
pub fn backup(state: &Path, file: &Path) -> Result<Contents, Failure> {
    if !state.is_file() {
        let message = format!("there is no state file at `{}`", state.display());
        return Err(refused(message, "name the file with --state; a server makes it when it first needs it"));
    }
    let source = Connection::open_with_flags(state, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .map_err(|fault| unusable(state, &fault.into()))?;
    let copied = copy(&source, file);
    copied.and_then(|copy| check(&copy).and_then(|()| contents(&copy))).map_err(|reason| match reason {
        Reason::Exists => refused(
            format!("`{}` exists already", file.display()),
            "a backup does not overwrite: name another file, or remove that one first",
        ),
        Reason::Fault(fault) => unusable(file, &fault),
        Reason::Unfit(reason) => refused(
            format!("the state file `{}` is damaged: {reason}", state.display()),
            "the copy was made all the same; put an older backup in place with `sextant restore`",
        ),
    })
}

/// Puts a backup in the place of the state. The file that was there is kept beside it.
pub fn restore(state: &Path, file: &Path, now: DateTime<Utc>) -> Result<Restored, Failure> {
    let state = state.canonicalize().unwrap_or_else(|_| state.to_path_buf());
    if !file.is_file() || file.canonicalize().is_ok_and(|file| file == state) {
        let message = format!("`{}` is no backup", file.display());
        return Err(refused(message, "name a file that `sextant backup FILE` wrote"));
    }
    // Copied first: what is checked is what is put in place.
    let new = beside(&state, &format!(".restoring-{}", std::process::id()));
    let restored = checked_copy(file, &new).and_then(|copy| put(&state, &new, copy, now));
    if restored.is_err() {
        // Only our own unfinished file is removed.
        let _ = std::fs::remove_file(&new);
    }
    restored
}

/// Why a file was not copied, or is not what it should be.
enum Reason {
    Exists,
    Fault(StoreError),
    /// In words, after "it is damaged:" or "it is no backup:".
    Unfit(String),
}

impl<T: Into<StoreError>> From<T> for Reason {
    fn from(fault: T) -> Reason {
        Reason::Fault(fault.into())
    }
}

fn checked_copy(file: &Path, new: &Path) -> Result<Connection, Failure> {
    let made = new.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(Ok(()), std::fs::create_dir_all);
    made.map_err(|fault| unusable(new, &fault.into()))?;
    let source = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|fault| unusable(file, &fault.into()))?;
    let checked = copy(&source, new).and_then(|copy| check(&copy).map(|()| copy));
    checked.map_err(|reason| match reason {
        Reason::Exists => refused(
            format!("`{}` exists already", new.display()),
            "another restore is running, or was interrupted: then remove that file",
        ),
        Reason::Fault(StoreError::Database(fault)) if is_no_database(&fault) => unfit(file, "it is no SQLite database"),
        Reason::Fault(fault) => unusable(file, &fault),
        Reason::Unfit(reason) => unfit(file, &reason),
    })
}

/// Copies in one snapshot into a new file, which holds all of itself: no side files belong to it.
fn copy(source: &Connection, file: &Path) -> Result<Connection, Reason> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => {}
        Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => return Err(Reason::Exists),
        Err(fault) => return Err(fault.into()),
    }
    let copied = copy_into(source, file);
    if copied.is_err() {
        // Only our own unfinished file is removed.
        let _ = std::fs::remove_file(file);
    }
    copied
}

fn copy_into(source: &Connection, file: &Path) -> Result<Connection, Reason> {
    let mut target = Connection::open(file)?;
    target.pragma_update(None, "synchronous", "FULL")?;
    let copying = Backup::new(source, &mut target)?;
    let began = Instant::now();
    loop {
        // A negative count is all pages, under one lock for reading: one snapshot.
        match copying.step(-1)? {
            StepResult::Done => break,
            _ if began.elapsed() > PATIENCE => {
                return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "another process holds the file").into());
            }
            _ => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    }
    drop(copying);
    target.pragma_update(None, "journal_mode", "DELETE")?;
    std::fs::File::open(file)?.sync_all()?;
    Ok(target)
}

/// Whether the file is whole, of a version that this program knows, and of that version's schema.
fn check(connection: &Connection) -> Result<(), Reason> {
    let whole: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if whole != "ok" {
        return Err(Reason::Unfit(format!("SQLite finds in it: {whole}")));
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = usize::try_from(version).ok().filter(|version| (1..=MIGRATIONS.len()).contains(version));
    let Some(known) = known else {
        return Err(Reason::Unfit(format!("it is of version {version}, which this program does not know")));
    };
    let model = Connection::open_in_memory()?;
    MIGRATIONS[..known].iter().try_for_each(|migration| model.execute_batch(migration))?;
    if schema(connection)? != schema(&model)? {
        return Err(Reason::Unfit(format!("its tables are not those of version {version}")));
    }
    let orphans = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if orphans {
        return Err(Reason::Unfit("rows of it refer to rows that are not there".into()));
    }
    Ok(())
}

/// Every table, index and trigger as it was declared.
fn schema(connection: &Connection) -> rusqlite::Result<Vec<(String, String, Option<String>)>> {
    let query = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name";
    connection.prepare(query)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
}

fn contents(connection: &Connection) -> Result<Contents, Reason> {
    let count = |table: &str| -> rusqlite::Result<i64> {
        if !connection.table_exists(None, table)? {
            return Ok(0);
        }
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    };
    Ok(Contents {
        organizations: count("organizations")?,
        tokens: count("tokens")?,
        audit_records: count("audit_log")?,
    })
}

/// Puts the checked copy at `new` in the place of the state.
fn put(state: &Path, new: &Path, copy: Connection, now: DateTime<Utc>) -> Result<Restored, Failure> {
    let held = hold(state)?;
    let found = || -> Result<_, Reason> {
        let revived = held.as_ref().map_or(Ok(Vec::new()), |old| revived(old, &copy))?;
        Ok((contents(&copy)?, revived))
    };
    let (contents, revived) = found().map_err(|reason| match reason {
        Reason::Fault(fault) => unusable(new, &fault),
        Reason::Exists => unfit(new, "it exists already"),
        Reason::Unfit(reason) => unfit(new, &reason),
    })?;
    drop(copy);
    let kept = swap(state, new, now).map_err(|fault| unusable(state, &fault.into()))?;
    drop(held);
    let audit = Store::at(state.to_path_buf()).verify_audit(None)?;
    Ok(Restored { contents, kept, revived, audit })
}

/// The old state, locked so that no other process uses it; none when there is none, or it is no database any more.
fn hold(state: &Path) -> Result<Option<Connection>, Failure> {
    if !state.exists() {
        return Ok(None);
    }
    let lock = || -> rusqlite::Result<Connection> {
        let old = Connection::open_with_flags(state, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Leaving the write-ahead log needs that nobody else has the file open, and empties the side files.
        old.pragma_update(None, "journal_mode", "DELETE")?;
        old.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(old)
    };
    match lock() {
        Ok(old) => Ok(Some(old)),
        Err(fault) if is_no_database(&fault) => Ok(None),
        Err(fault)
            if matches!(fault.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) =>
        {
            let message = format!("the state file `{}` is in use by another process", state.display());
            let fault = Diagnostic::new(Code::StoreUnavailable, message).field("--state");
            Err(fault.help("stop the servers that use it, restore, and start them again").into())
        }
        Err(fault) => Err(unusable(state, &fault.into())),
    }
}

/// The tokens that the old file had ended and the new one has not. A file without tokens has none.
fn revived(old: &Connection, new: &Connection) -> Result<Vec<(String, String)>, Reason> {
    if !old.table_exists(None, "tokens")? || !new.table_exists(None, "tokens")? {
        return Ok(Vec::new());
    }
    let mut ended = old.prepare("SELECT id FROM tokens WHERE revoked IS NOT NULL")?;
    let ended: Vec<String> = ended.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut live = new.prepare("SELECT id, name FROM tokens WHERE id = ?1 AND revoked IS NULL")?;
    let mut found = Vec::new();
    for id in ended {
        let of_id = live.query_map([&id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.extend(of_id.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(found)
}

/// Renames the new file over the old one, of which a second name is made before.
fn swap(state: &Path, new: &Path, now: DateTime<Utc>) -> std::io::Result<Option<PathBuf>> {
    let mut kept = None;
    if state.exists() {
        let free = free_name(state, now)?;
        // The side files of a file that cannot be opened must not be taken for those of the new one.
        for ending in ["-wal", "-shm", "-journal"] {
            match std::fs::rename(beside(state, ending), beside(&free, ending)) {
                Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => return Err(fault),
                Ok(()) | Err(_) => {}
            }
        }
        // Where a file cannot have two names there is a moment without any.
        std::fs::hard_link(state, &free).or_else(|_| std::fs::rename(state, &free))?;
        keep_private(&free)?;
        kept = Some(free);
    }
    std::fs::rename(new, state)?;
    if let Some(folder) = state.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // Some systems cannot sync a directory; the rename stands all the same.
        let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(kept)
}

/// `sextant.db.replaced-20261122T101500Z`, or the first number after it that is free.
fn free_name(state: &Path, now: DateTime<Utc>) -> std::io::Result<PathBuf> {
    let ending = format!(".replaced-{}", now.format("%Y%m%dT%H%M%SZ"));
    let endings = std::iter::once(ending.clone()).chain((2..1_000).map(|number| format!("{ending}-{number}")));
    let free = endings.map(|ending| beside(state, &ending)).find(|name| !name.exists());
    free.ok_or_else(|| std::io::Error::other("no free name for the file that is replaced"))
}

fn is_no_database(fault: &rusqlite::Error) -> bool {
    matches!(fault.sqlite_error_code(), Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

fn unfit(file: &Path, reason: &str) -> Failure {
    refused(format!("`{}` is no backup: {reason}", file.display()), "name a file that `sextant backup FILE` wrote")
}

/// An operator's own command may name the file and the cause; an answer to a caller does not.
fn unusable(file: &Path, fault: &StoreError) -> Failure {
    let message = format!("`{}` cannot be read or written: {fault}", file.display());
    Diagnostic::new(Code::StoreUnavailable, message).help("mend what is said there, and try again").into()
}

fn refused(message: String, help: &str) -> Failure {
    Diagnostic::new(Code::InvalidArgument, message).help(help).into()
}

#[cfg(test)]
mod tests;
