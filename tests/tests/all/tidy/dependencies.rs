//! Which crate may depend on what.

use super::Rule;
use super::manifest::{self, Locked};
use super::repository::Repository;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "semantics_depends_on_no_data_and_no_runtime",
        faults: semantics_is_alone,
        plants: &[
            ("crates/semantics/Cargo.toml", "\n[target.'cfg(unix)'.dependencies]\ntokio.workspace = true\n"),
            (
                "Cargo.lock",
                "\n[[package]]\nname = \"chrono\"\nversion = \"0\"\ndependencies = [\n \"arrow-array\",\n]\n",
            ),
        ],
    },
    Rule {
        name: "only_engine_depends_on_data",
        faults: only_engine_has_data,
        plants: &[
            ("crates/server/Cargo.toml", "\n[dependencies.arrow]\nversion = \"59\"\n"),
            ("tests/Cargo.toml", "\n[target.'cfg(unix)'.dependencies]\ndatafusion = \"55\"\n"),
        ],
    },
    Rule {
        name: "crates_stand_in_a_line",
        faults: crates_in_a_line,
        plants: &[("crates/engine/Cargo.toml", "\n[dependencies.sextant-server]\nworkspace = true\n")],
    },
    Rule {
        name: "one_version_of_what_types_are_shared_of",
        faults: one_version,
        plants: &[("Cargo.lock", "\n[[package]]\nname = \"arrow\"\nversion = \"1.0.0\"\n")],
    },
    Rule {
        name: "every_package_takes_the_lints",
        faults: lints,
        plants: &[("crates/other/Cargo.toml", "[package]\nname = \"sextant-other\"\n")],
    },
];

/// Crates of the workspace, each after those it may name.
const LINE: [&str; 4] = ["semantics", "engine", "server", "sextant"];

/// One version each, since values of their types cross between crates.
const SINGLE: [&str; 10] =
    ["datafusion", "arrow", "sqlparser", "object_store", "parquet", "schemars", "chrono", "axum", "rmcp", "tokio"];

/// What the lock lists beneath openidconnect for optional dependencies of serde_with, and nothing turns on.
const UNUSED: [(&str, &str); 1] = [("schemars", "0.9.")];

fn is_data(name: &str) -> bool {
    let family = |family: &str| name == family || name.strip_prefix(family).is_some_and(|rest| rest.starts_with('-'));
    family("datafusion") || family("arrow") || family("parquet") || name == "object_store"
}

fn is_runtime(name: &str) -> bool {
    name == "tokio" || name.starts_with("tokio-")
}

fn semantics_is_alone(repository: &Repository) -> Vec<String> {
    let path = "crates/semantics/Cargo.toml";
    let named = manifest::dependencies(&repository.texts[path]);
    let reached = manifest::reached(named.clone(), &manifest::locked(repository));
    let wrong = reached.iter().filter(|(name, _)| is_data(name) || is_runtime(name));
    let place = |name: &String| if named.contains(name) { path } else { "Cargo.lock" };
    wrong.map(|(name, by)| format!("{}: semantics gets `{name}` from {by}", place(name))).collect()
}

fn only_engine_has_data(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, text) in manifests(repository).filter(|(path, _)| *path != "crates/engine/Cargo.toml") {
        let named = manifest::dependencies(text);
        faults.extend(named.iter().filter(|name| is_data(name)).map(|name| format!("{path}: depends on `{name}`")));
    }
    faults
}

fn crates_in_a_line(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, room) in LINE.iter().enumerate() {
        let path = format!("crates/{room}/Cargo.toml");
        for name in manifest::dependencies(&repository.texts[&path]) {
            let other = LINE.iter().position(|room| name == format!("sextant-{room}") || name == *room);
            if other.is_some_and(|other| other >= place) {
                faults.push(format!("{path}: `{name}` stands after it"));
            }
        }
    }
    faults
}

fn one_version(repository: &Repository) -> Vec<String> {
    let locked = manifest::locked(repository);
    let versions = |name: &str| -> Vec<&str> {
        let packages = locked.iter().filter(|package| package.name == name);
        let versions = packages.map(|package: &Locked| package.version.as_str());
        versions
            .filter(|version| !UNUSED.iter().any(|(other, old)| name == *other && version.starts_with(old)))
            .collect()
    };
    let counted = SINGLE.iter().map(|name| (name, versions(name))).filter(|(_, versions)| versions.len() != 1);
    counted.map(|(name, versions)| format!("Cargo.lock: `{name}` in the versions {versions:?}")).collect()
}

fn lints(repository: &Repository) -> Vec<String> {
    let bare = manifests(repository).filter(|(_, text)| !text.contains("[lints]\nworkspace = true"));
    let mut faults: Vec<String> = bare.map(|(path, _)| format!("{path}: without the workspace's lints")).collect();
    for lint in ["unsafe_code = \"forbid\"", "unwrap_used = \"warn\""] {
        if !repository.texts["Cargo.toml"].lines().any(|line| line == lint) {
            faults.push(format!("Cargo.toml: without `{lint}`"));
        }
    }
    faults
}

/// The manifests of the workspace's packages.
fn manifests(repository: &Repository) -> impl Iterator<Item = (&str, &str)> {
    let texts = repository.texts.iter().filter(|(path, _)| path.ends_with("/Cargo.toml"));
    texts.map(|(path, text)| (path.as_str(), text.as_str()))
}
