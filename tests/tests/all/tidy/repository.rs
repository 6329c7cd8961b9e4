//! The text files of the repository, and Rust files as the rules see them.

use std::collections::BTreeMap;
use std::path::Path;

use super::rust::Rust;

/// Folders that hold nothing of ours; `.gitignore` leaves them out too.
const LEFT_OUT: &[&str] = &[".git", "target", "node_modules", "__pycache__", ".venv"];

/// Every text file by its path from the root, with `/` between folders.
#[derive(Clone)]
pub(super) struct Repository {
    pub(super) texts: BTreeMap<String, String>,
    pub(super) rust: BTreeMap<String, Rust>,
}

impl Repository {
    /// Reads what lies under `root`; files that are not UTF-8 are data, not text.
    pub(super) fn read(root: &Path) -> Repository {
        let mut texts = BTreeMap::new();
        read_folder(root, root, &mut texts);
        let rust = texts.iter().filter(|(path, _)| path.ends_with(".rs"));
        let rust = rust.map(|(path, text)| (path.clone(), Rust::scan(text))).collect();
        Repository { texts, rust }
    }

    /// This repository with `text` at the end of a file, which is made when it is absent.
    pub(super) fn with(&self, path: &str, text: &str) -> Repository {
        let mut changed = self.clone();
        let whole = changed.texts.entry(path.to_string()).or_default();
        whole.push_str(text);
        if path.ends_with(".rs") {
            changed.rust.insert(path.to_string(), Rust::scan(whole));
        }
        changed
    }

    /// The Rust files under a folder that the product is built from: no tests.
    pub(super) fn product<'a>(&'a self, under: &'a str) -> impl Iterator<Item = (&'a str, &'a Rust)> {
        let files = self.rust.iter().filter(move |(path, _)| path.starts_with(under) && !self.is_test(path));
        files.map(|(path, rust)| (path.as_str(), rust))
    }

    /// Whether a file is compiled for tests only: it lies in a folder of tests, or a module over it
    /// is declared under `#[cfg(test)]`.
    fn is_test(&self, path: &str) -> bool {
        if path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") {
            return true;
        }
        let mut module = path.trim_end_matches(".rs");
        while let Some((folder, name)) = module.rsplit_once('/') {
            let parents = [format!("{folder}.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs")];
            let mut parents = parents.iter().filter_map(|parent| self.rust.get(parent));
            if parents.any(|parent| parent.test_modules.iter().any(|module| module == name)) {
                return true;
            }
            module = folder;
        }
        false
    }
}

fn read_folder(root: &Path, folder: &Path, texts: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().unwrap();
        // `/data` is where `sextant demo` writes.
        let generated = folder == root && name == "data";
        if LEFT_OUT.contains(&name.as_str()) || generated {
            continue;
        }
        if kind.is_dir() {
            read_folder(root, &path, texts);
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(std::fs::read(&path).unwrap())
        {
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            texts.insert(path, text);
        }
    }
}
