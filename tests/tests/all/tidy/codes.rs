//! Codes stand once in the program and once in the documentation.

use std::fmt::Write;

use sextant_semantics::code::{Class, Code};

use super::Rule;
use super::repository::Repository;

/// Where every code is explained.
pub(super) const PAGE: &str = "docs/errors.md";

/// The rule whose page `UPDATE=1` writes.
pub(super) const DOCUMENTED: &str = "every_code_is_documented";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: DOCUMENTED,
        faults: undocumented,
        plants: &[(PAGE, "| `no-such-code` | 400 | no | A row too many. |\n")],
    },
    Rule {
        name: "codes_stand_once",
        faults: codes_elsewhere,
        plants: &[("crates/server/src/wire.rs", "\nconst C: &str = \"unknown-metric\";\n")],
    },
];

fn undocumented(repository: &Repository) -> Vec<String> {
    let wanted = page();
    let found = repository.texts.get(PAGE).map_or("", String::as_str);
    if found == wanted {
        return Vec::new();
    }
    let missing = wanted.lines().filter(|line| line.starts_with("| `") && !found.lines().any(|other| other == *line));
    let extra = found.lines().filter(|line| !wanted.lines().any(|other| other == *line));
    let mut faults: Vec<String> = missing.map(|line| format!("{PAGE}: misses {line}")).collect();
    faults.extend(extra.map(|line| format!("{PAGE}: should not say {line}")));
    faults.push(format!("{PAGE}: UPDATE=1 writes it anew from code.rs"));
    faults
}

/// The page as `code.rs` has it.
pub(super) fn page() -> String {
    let mut page = String::from(
        "# Errors and warnings\n\nEvery refusal and every warning carries one of these words as its `code`. A code keeps its meaning; the message beside it\n\
         names what was wrong this time, and the help says what to do next. This page is written from `crates/semantics/src/code.rs`.\n",
    );
    for class in [Class::Model, Class::Request, Class::Data, Class::Limit, Class::Warning] {
        let (title, introduction) = about(class);
        write!(page, "\n## {title}\n\n{introduction}\n\n").expect("text takes every write");
        let codes = Code::ALL.iter().filter(|code| code.class() == class);
        page.push_str(match class {
            Class::Warning => "| code | meaning |\n|---|---|\n",
            Class::Model | Class::Request | Class::Data | Class::Limit => {
                "| code | HTTP status | same request may succeed later | meaning |\n|---|---|---|---|\n"
            }
        });
        for code in codes {
            let meaning = code.meaning().replace('|', "\\|");
            let later = if code.retryable() { "yes" } else { "no" };
            let row = match class {
                Class::Warning => format!("| `{code}` | {meaning} |\n"),
                Class::Model | Class::Request | Class::Data | Class::Limit => {
                    format!("| `{code}` | {} | {later} | {meaning} |\n", code.status())
                }
            };
            page.push_str(&row);
        }
    }
    page
}

fn about(class: Class) -> (&'static str, &'static str) {
    match class {
        Class::Model => (
            "Model files",
            "Reported when a model is loaded, all at once, each with its file, line and column. The rest of the model keeps answering\n\
             where it can; a request that needs what is broken is refused with the same code.",
        ),
        Class::Request => ("Requests", "The request has to change. The fault names the argument in `field`."),
        Class::Data => ("Data", "The files cannot give what the model says they hold. The fault names the dataset."),
        Class::Limit => ("Limits and the service", "The question was cut off, or the fault is ours."),
        Class::Warning => ("Warnings", "Notes beside an answer, which is given with status 200."),
    }
}

/// A code of several words as a string of its own, outside of `code.rs`.
fn codes_elsewhere(repository: &Repository) -> Vec<String> {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).filter(|code| code.contains('-')).collect();
    let mut faults = Vec::new();
    for (path, rust) in repository.product("crates/").filter(|(path, _)| *path != "crates/semantics/src/code.rs") {
        let written = rust.strings.iter().filter(|literal| codes.contains(&literal.text.as_str()));
        faults.extend(written.map(|literal| format!("{path}:{}: writes `{}` itself", literal.line, literal.text)));
    }
    faults
}
