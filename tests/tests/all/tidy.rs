//! The invariants of ARCHITECTURE.md that a program can see. Each rule is one test, which first finds
//! the faults planted for it, so that no rule holds by seeing nothing.
//!
//! `UPDATE=1` writes `docs/errors.md` anew.

mod codes;
mod dependencies;
mod layers;
mod manifest;
mod readable;
mod repository;
mod rust;
mod traps;

use std::sync::LazyLock;

use libtest_mimic::{Failed, Trial};
use sextant_tests::ask;

use self::repository::Repository;

static REPOSITORY: LazyLock<Repository> = LazyLock::new(|| Repository::read(&ask::repository()));

/// What must not be found, and proof that it would be.
struct Rule {
    name: &'static str,
    /// The faults of a repository, each as `path:line: what`.
    faults: fn(&Repository) -> Vec<String>,
    /// Texts that break the rule at the end of the file of that path.
    plants: &'static [(&'static str, &'static str)],
}

pub(crate) fn trials() -> Vec<Trial> {
    let rules = [dependencies::RULES, layers::RULES, readable::RULES, codes::RULES, traps::RULES];
    let rules = rules.into_iter().flatten();
    rules.map(|rule| Trial::test(format!("tidy::{}", rule.name), move || check(rule))).collect()
}

fn check(rule: &Rule) -> Result<(), Failed> {
    if rule.name == codes::DOCUMENTED && std::env::var_os("UPDATE").is_some() {
        std::fs::write(ask::repository().join(codes::PAGE), codes::page())?;
        return Ok(());
    }
    let faults = (rule.faults)(&REPOSITORY);
    for (path, text) in rule.plants {
        let planted = (rule.faults)(&REPOSITORY.with(path, text));
        if !planted.iter().any(|fault| fault.starts_with(path) && !faults.contains(fault)) {
            return Err(format!("the rule does not see a fault planted in {path}:\n{text}").into());
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n").into()) }
}
