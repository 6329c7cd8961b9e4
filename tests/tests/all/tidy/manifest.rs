//! What the manifests and the lock file say about dependencies.

use std::collections::{BTreeMap, BTreeSet};

use super::repository::Repository;

/// The names in the `dependencies` tables of a manifest, for every target; none of those for tests.
pub(super) fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut table = "";
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']');
            if let Some((before, name)) = table.rsplit_once("dependencies.")
                && (before.is_empty() || before.ends_with("'."))
            {
                names.insert(name.to_string());
            }
        } else if (table == "dependencies" || table.ends_with(".dependencies") && table.starts_with("target."))
            && let Some((name, _)) = line.split_once(['.', '=', ' '])
            && !name.starts_with('#')
        {
            names.insert(name.to_string());
        }
    }
    names
}

/// A package of the lock file.
pub(super) struct Locked {
    pub(super) name: String,
    pub(super) version: String,
    needs: Vec<String>,
}

pub(super) fn locked(repository: &Repository) -> Vec<Locked> {
    let blocks = repository.texts["Cargo.lock"].split("[[package]]").skip(1);
    let field = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim_matches('"').to_string()
    };
    let package = |block: &str| Locked {
        name: field(block, "name = "),
        version: field(block, "version = "),
        needs: block.lines().filter_map(|line| line.strip_prefix(" \"")).map(first_word).collect(),
    };
    blocks.map(package).collect()
}

/// A dependency is `name`, or `name version` when the lock file has several.
fn first_word(line: &str) -> String {
    line.split([' ', '"']).next().unwrap().to_string()
}

/// Every package that `roots` need, themselves included, each with the one that asked for it.
pub(super) fn reached(roots: BTreeSet<String>, locked: &[Locked]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = roots.iter().map(|root| (root.clone(), "the manifest".into())).collect();
    let mut open: Vec<String> = roots.into_iter().collect();
    while let Some(name) = open.pop() {
        for package in locked.iter().filter(|package| package.name == name) {
            for need in &package.needs {
                if !found.contains_key(need) {
                    found.insert(need.clone(), name.clone());
                    open.push(need.clone());
                }
            }
        }
    }
    found
}
