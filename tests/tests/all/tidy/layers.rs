//! What code of a room may name.

use super::Rule;
use super::repository::Repository;
use super::rust::taken_from;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "semantics_touches_nothing",
        faults: semantics_touches_nothing,
        plants: &[
            ("crates/semantics/src/render.rs", "\nfn f() { std::fs::read(\"x\"); }\n"),
            ("crates/semantics/src/time/zone.rs", "\nuse std::{collections::{BTreeMap, HashMap}, env};\n"),
            ("crates/semantics/src/plan.rs", "\nfn f() -> DateTime<Utc> { Utc::now() }\n"),
            ("crates/semantics/src/query.rs", "\nfn f(at: &SystemTime) {}\n"),
            ("crates/semantics/src/code.rs", "\nfn f() { Instant::now(); }\n"),
        ],
    },
    Rule {
        name: "stages_import_only_leftwards",
        faults: leftwards,
        plants: &[
            ("crates/semantics/src/model.rs", "\nuse crate::catalog::Catalog;\n"),
            ("crates/semantics/src/source.rs", "\nuse crate::{code::Code, diagnostic::{Diagnostic, Span}};\n"),
            ("crates/semantics/src/catalog/bind.rs", "\nfn f() { super::super::plan::plan() }\n"),
            ("crates/semantics/src/fresh.rs", "\nfn f() {}\n"),
        ],
    },
    Rule {
        name: "plans_and_batches_stay_in_engine",
        faults: plans_stay,
        plants: &[
            ("crates/server/src/wire.rs", "\nfn f(plan: &LogicalPlan) {}\n"),
            ("crates/sextant/src/main.rs", "\nfn f(rows: Vec<RecordBatch>) {}\n"),
        ],
    },
    Rule {
        name: "engine_builds_no_sql",
        faults: no_sql,
        plants: &[
            ("crates/engine/src/lower.rs", "\nfn f(c: &SessionContext) { c.sql(TEXT) }\n"),
            ("crates/engine/src/execute.rs", "\nfn f(t: &str) -> String { format!(\"SELECT * FROM {t}\") }\n"),
            ("crates/engine/src/answer.rs", "\nconst Q: &str = r#\"\n  select 1\"#;\n"),
        ],
    },
    Rule {
        name: "naive_oracle_shares_no_code_with_the_engine",
        faults: oracle_is_naive,
        plants: &[
            ("tests/src/oracle/answer.rs", "\nuse sextant_engine::workspace::Workspace;\n"),
            ("tests/src/oracle/clock.rs", "\nuse sextant_semantics::time::Granularity;\n"),
            ("tests/src/exact.rs", "\nuse sextant_semantics::expr::Expr;\n"),
            ("tests/src/oracle/world.rs", "\nuse crate::ask;\n"),
        ],
    },
];

/// The stages of `semantics`; each names only itself and those before it.
const STAGES: [&str; 19] = [
    "code",
    "spelling",
    "source",
    "diagnostic",
    "render",
    "data_type",
    "expr",
    "time",
    "yaml",
    "model",
    "import",
    "export",
    "catalog",
    "query",
    "plan",
    "emit",
    "significance",
    "decompose",
    "highlight",
];

fn semantics_touches_nothing(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, rust) in repository.product("crates/semantics/") {
        let outside = ["fs", "env", "net", "process", "os"];
        let taken = taken_from("std", &rust.code).into_iter().filter(|(_, name)| outside.contains(&name.as_str()));
        faults.extend(taken.map(|(line, name)| format!("{path}:{line}: names `std::{name}`")));
        let world =
            rust.naming(&["SystemTime", "Instant::now", "Utc::now", "Local::now", "thread::spawn", "thread::sleep"]);
        faults.extend(world.map(|(line, name)| format!("{path}:{line}: names `{name}`")));
    }
    faults
}

fn leftwards(repository: &Repository) -> Vec<String> {
    let root = "crates/semantics/src/";
    let mut faults = Vec::new();
    for (path, rust) in repository.product(root) {
        let module = path.trim_start_matches(root).trim_end_matches(".rs");
        let stage = module.split('/').next().unwrap_or(module);
        if stage == "lib" {
            continue;
        }
        let Some(place) = STAGES.iter().position(|name| *name == stage) else {
            faults.push(format!("{path}: `{stage}` has no place among the stages"));
            continue;
        };
        // `super` once for each module of the path is the crate.
        let supers = vec!["super"; module.split('/').count()].join("::");
        let taken = [taken_from("crate", &rust.code), taken_from(&supers, &rust.code)].concat();
        let later = taken.into_iter().filter(|(_, name)| STAGES[place + 1..].contains(&name.as_str()));
        faults.extend(later.map(|(line, name)| format!("{path}:{line}: `{stage}` names the later `{name}`")));
    }
    faults
}

fn plans_stay(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for room in ["crates/semantics/", "crates/server/", "crates/sextant/"] {
        for (path, rust) in repository.product(room) {
            let named = rust.naming(&["LogicalPlan", "RecordBatch"]);
            faults.extend(named.map(|(line, name)| format!("{path}:{line}: names `{name}`")));
        }
    }
    faults
}

fn no_sql(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, rust) in repository.product("crates/engine/") {
        faults.extend(rust.naming(&[".sql("]).map(|(line, _)| format!("{path}:{line}: runs SQL text")));
        let statement = |text: &str| {
            let mut words = text.split_whitespace().map(str::to_ascii_lowercase);
            let (first, second) = (words.next(), words.next());
            let pair = (first.as_deref().unwrap_or_default(), second.as_deref().unwrap_or_default());
            matches!(pair, ("select", _) | ("insert", "into") | ("create", "table" | "view" | "external"))
        };
        let written = rust.strings.iter().filter(|literal| statement(&literal.text));
        faults.extend(written.map(|literal| format!("{path}:{}: writes SQL text", literal.line)));
    }
    faults
}

fn oracle_is_naive(repository: &Repository) -> Vec<String> {
    let ours = |path: &str| path.starts_with("tests/src/oracle") || path == "tests/src/exact.rs";
    let mut faults = Vec::new();
    for (path, rust) in repository.rust.iter().filter(|(path, _)| ours(path)) {
        let shared = rust.naming(&["sextant_engine", "sextant_semantics", "sextant_server", "datafusion"]);
        faults.extend(shared.map(|(line, name)| format!("{path}:{line}: names `{name}`")));
        let taken = taken_from("crate", &rust.code).into_iter();
        let taken = taken.filter(|(_, name)| !["oracle", "exact"].contains(&name.as_str()));
        faults.extend(taken.map(|(line, name)| format!("{path}:{line}: names `crate::{name}`")));
    }
    faults
}
