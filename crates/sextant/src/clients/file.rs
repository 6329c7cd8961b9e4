//! A configuration on the disk: read, and replaced whole or not at all, with what stood there kept beside it.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of a file; none where there is no file.
pub(crate) fn read(path: &Path) -> std::io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Puts `text` in the place of a file by renaming, and gives the name of the copy of what stood there.
/// A link stays a link; the new file may be read by whom the old one could be.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<Option<PathBuf>> {
    let path = match path.canonicalize() {
        Ok(real) => real,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => path.to_path_buf(),
        Err(fault) => return Err(fault),
    };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let kept = if path.exists() { Some(keep(&path)?) } else { None };
    let new = beside(&path, &format!("{}.new", std::process::id()));
    let written = write(&new, text, &path).and_then(|()| std::fs::rename(&new, &path));
    if written.is_err() {
        // Only our own unfinished file is removed.
        let _ = std::fs::remove_file(&new);
    }
    written.map(|()| kept)
}

/// Copies the file to the first free name: `mcp.json.bak`, `mcp.json.bak2`, …
fn keep(path: &Path) -> std::io::Result<PathBuf> {
    let names = std::iter::once("bak".to_string()).chain((2..).map(|number| format!("bak{number}")));
    let free = names.map(|end| beside(path, &end)).find(|copy| !copy.exists());
    let copy = free.ok_or_else(|| std::io::Error::other("no free name for a copy"))?;
    std::fs::copy(path, &copy)?;
    Ok(copy)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{end}"));
    path.with_file_name(name)
}

fn write(new: &Path, text: &str, old: &Path) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(new)?;
    file.write_all(text.as_bytes())?;
    if let Ok(metadata) = std::fs::metadata(old) {
        file.set_permissions(metadata.permissions())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_kept_and_nothing_else_is_left() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("deep/er/mcp.json");
        assert_eq!(read(&path).expect("readable"), None);
        assert_eq!(replace(&path, "one").expect("writable"), None);
        let first = replace(&path, "two").expect("writable").expect("a copy");
        let second = replace(&path, "three").expect("writable").expect("a copy");
        let text = |path: &Path| read(path).expect("readable").expect("a file");
        assert_eq!((text(&path), text(&first), text(&second)), ("three".into(), "one".into(), "two".into()));
        let mut names: Vec<_> = std::fs::read_dir(path.parent().expect("a directory"))
            .expect("readable")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        assert_eq!(names, ["mcp.json", "mcp.json.bak", "mcp.json.bak2"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().expect("a directory");
        let (real, link) = (home.path().join("real.json"), home.path().join("link.json"));
        std::fs::write(&real, "old").expect("writable");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        std::os::unix::fs::symlink(&real, &link).expect("a link");
        replace(&link, "new").expect("writable");
        assert!(link.is_symlink());
        assert_eq!(read(&real).expect("readable").as_deref(), Some("new"));
        assert_eq!(std::fs::metadata(&real).expect("a file").permissions().mode() & 0o777, 0o600);
    }
}
