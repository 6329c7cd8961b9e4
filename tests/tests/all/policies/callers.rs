//! Columns that are hidden from some callers: who lacks the attribute is answered as if nobody saw them, who has it as if
//! nothing were hidden.
//!
//! The questions are those of the case pages, and everything that lists, searches, describes and completes; each is asked
//! of three models of the same files: without the policy, with a policy that hides from everybody, and with one that hides
//! from some.

use std::collections::BTreeSet;
use std::path::Path;

use libtest_mimic::Failed;
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::catalog::Catalog;
use sextant_semantics::model::DimensionKind;
use sextant_semantics::query::caller::Caller;
use sextant_server::app::{App, DEFAULT_ROWS};
use sextant_server::wire::error_object;
use sextant_tests::ask::{self, Place};
use sextant_tests::page::Page;

use super::all_hold;
use crate::cases::{markdown_files, place_of, read_request};

/// Conditions, with the attributes of one of whom it is true and of others of whom it is not.
const CONDITIONS: [(&str, &str, &[&str]); 2] = [
    (":caller.role IN ('support', 'admin')", "role=admin", &["", "role=guest"]),
    ("'admin' IN (:caller.roles)", "roles=ops roles=admin", &["roles=ops roles=support", "role=admin"]),
];

/// One page in so many is asked.
const EVERY: usize = 6;

/// Questions whose answer to one who sees all is another than to one who does not.
const LEAST_DIFFERENT: usize = 400;

/// Datasets of a model, and columns of each, whose names are given to every argument that takes one.
const LISTED: usize = 2;

/// One model in three states.
struct Three {
    open: App,
    hidden: App,
    by_caller: App,
}

pub(super) fn hidden_by_caller() -> Result<(), Failed> {
    let mut pages = Vec::new();
    markdown_files(&ask::repository().join("tests/cases"), &mut pages);
    pages.sort();
    let (mut asked, mut different, mut left_out, mut problems) = (0, 0, 0, Vec::new());
    let mut listed: BTreeSet<String> = BTreeSet::new();
    for (number, path) in pages.iter().step_by(EVERY).enumerate() {
        let page = Page::read(path)?;
        let folder = tempfile::tempdir()?;
        let place = place_of(&page, folder.path())?;
        let requests: Vec<_> = page.cases().iter().map(|case| read_request(&case.request)).collect::<Result<_, _>>()?;
        let text: String = requests.iter().map(|asked| Value::Object(asked.arguments.clone()).to_string()).collect();
        let whole = ask::open(&place).map_err(|error| format!("{}: {error}", path.display()))?;
        let names = hidden_names(whole.catalog(), &text);
        let (condition, insider, outsiders) = CONDITIONS[number % CONDITIONS.len()];
        if names.is_empty() {
            left_out += 1;
            continue;
        }
        let three = three(&place, whole, &names, condition)?;
        let mut questions: Vec<(String, Map<String, Value>, Vec<String>)> =
            requests.into_iter().map(|asked| (asked.tool, asked.arguments, asked.caller)).collect();
        if listed.insert(page.uses().map_or_else(|| path.display().to_string(), str::to_string)) {
            questions.extend(lists(&names).into_iter().map(|(tool, arguments)| (tool, arguments, Vec::new())));
        }
        for (tool, arguments, known) in &questions {
            let caller = |more: &str| {
                let pairs = known.iter().map(String::as_str).chain(more.split_whitespace());
                Caller::from_pairs(pairs).map_err(|fault| fault.message)
            };
            let ask = |app: &App, caller: &Caller| said(app, caller, tool, arguments);
            let (have, want) = (ask(&three.by_caller, &caller(insider)?), ask(&three.open, &caller(insider)?));
            asked += 1;
            if have != want {
                problems.push(told(path, tool, arguments, insider, &have, &want));
            }
            let seen = have;
            let outsider = outsiders[different % outsiders.len()];
            let caller = caller(outsider)?;
            let (have, want) = (ask(&three.by_caller, &caller), ask(&three.hidden, &caller));
            asked += 1;
            different += usize::from(have != seen);
            if have != want {
                problems.push(told(path, tool, arguments, outsider, &have, &want));
            }
        }
    }
    eprintln!(
        "{asked} questions under columns that some see, {different} of them answered otherwise to others, {left_out} \
         pages left out, {} differ from their law",
        problems.len()
    );
    if different < LEAST_DIFFERENT {
        problems.push(format!("only {different} questions tell who sees a column from who does not"));
    }
    problems.truncate(4);
    all_hold(problems)
}

fn told(path: &Path, tool: &str, arguments: &Map<String, Value>, caller: &str, have: &str, want: &str) -> String {
    let page = path.file_stem().unwrap_or_default().to_string_lossy();
    format!(
        "{page}: {tool} {} for `{caller}`:\n  {have}\nwhere the law wants\n  {want}",
        Value::Object(arguments.clone())
    )
}

/// Of each dataset: the dimensions that the questions name, else its first. Times stay: without one a metric has no axis.
fn hidden_names(catalog: &Catalog, questions: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for dataset in catalog.datasets() {
        let own = dataset.dimensions.iter().map(|id| catalog.dimension(*id));
        let own: Vec<&str> = own
            .filter(|d| d.kind != DimensionKind::Time && !d.is_entity && !d.concealed)
            .map(|d| d.name.as_str())
            .collect();
        let named: Vec<&str> = own.iter().copied().filter(|name| questions.contains(name)).collect();
        let hidden = if named.is_empty() { own.into_iter().take(1).collect() } else { named };
        if !hidden.is_empty() {
            found.push((dataset.name.clone(), hidden.into_iter().map(str::to_string).collect()));
        }
    }
    found
}

fn three(place: &Place, open: Workspace, names: &[(String, Vec<String>)], unless: &str) -> Result<Three, Failed> {
    let with = |unless: Option<&str>| {
        let policy = |(dataset, hide): &(String, Vec<String>)| match unless {
            Some(unless) => json!({"dataset": dataset, "hide": hide, "unless": unless}),
            None => json!({"dataset": dataset, "hide": hide}),
        };
        let policies: Vec<Value> = names.iter().map(policy).collect();
        let mut texts = ask::model_texts(&place.models);
        texts.push(("zz_policies.yml".to_string(), json!({"policies": policies}).to_string()));
        Workspace::open(texts, place.data.clone()).map_err(|failure| error_object(&failure).to_string())
    };
    Ok(Three { open: ask::app(open), hidden: ask::app(with(None)?), by_caller: ask::app(with(Some(unless))?) })
}

/// What lists, searches, describes and completes, and the names themselves as every argument that takes one.
fn lists(names: &[(String, Vec<String>)]) -> Vec<(String, Map<String, Value>)> {
    let mut all = vec![
        ("list_metrics", json!({})),
        ("list_dimensions", json!({})),
        ("list_saved_queries", json!({})),
        ("get_freshness", json!({})),
        ("search", json!({})),
        ("sql", json!({"query": "SHOW DIMENSIONS"})),
        ("sql", json!({"query": "SHOW DATASETS"})),
        ("sql", json!({"query": "SELECT * FROM system.dimensions"})),
        ("sql", json!({"query": "SELECT * FROM system.metrics"})),
    ];
    for (dataset, hidden) in names.iter().take(LISTED) {
        all.push(("sql", json!({"query": format!("SELECT * FROM {dataset} LIMIT 3")})));
        for name in hidden.iter().take(LISTED) {
            let qualified = format!("{dataset}.{name}");
            let misspelt = format!("{name}x");
            all.extend([
                ("search", json!({"query": name})),
                ("search", json!({"query": misspelt})),
                ("fetch", json!({"id": format!("dimension:{qualified}")})),
                ("fetch", json!({"id": format!("dimension:{name}")})),
                ("get_dimension_values", json!({"dimension": name})),
                ("get_dimension_values", json!({"dimension": qualified})),
                ("get_dimension_values", json!({"dimension": misspelt})),
                ("get_metrics", json!({"group_by": [name]})),
                ("get_metrics", json!({"group_by": [misspelt]})),
                ("sql", json!({"query": format!("SELECT {name} FROM {dataset} LIMIT 3")})),
                ("sql", json!({"query": format!("SELECT count(*) FROM {dataset} WHERE {name} IS NULL")})),
                ("sql", json!({"query": format!("DESCRIBE {name}")})),
                ("explain", json!({"stage": "semantic", "tool": "get_metrics", "arguments": {"group_by": [name]}})),
                ("execute", json!({"operation": "get_dimension_values", "arguments": {"dimension": name}})),
            ]);
        }
    }
    let map = |value: Value| value.as_object().cloned().unwrap_or_default();
    all.into_iter().map(|(tool, arguments)| (tool.to_string(), map(arguments))).collect()
}

/// An answer or an error, without what names the model, the files and the answer itself.
fn said(app: &App, caller: &Caller, tool: &str, arguments: &Map<String, Value>) -> String {
    match ask::operation_as(app, caller, DEFAULT_ROWS, tool, arguments) {
        Ok(answer) => plain(answer).to_string(),
        Err(failure) => format!("refused: {}", error_object(&failure)),
    }
}

fn plain(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let of = |(key, value): (String, Value)| match key.as_str() {
                "model_version" | "snapshot" | "answer_id" => None,
                // A cursor names the answer that it goes on with.
                "next_cursor" => Some((key, Value::Bool(!value.is_null()))),
                _ => Some((key, plain(value))),
            };
            Value::Object(map.into_iter().filter_map(of).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => other,
    }
}

/// A cursor of one who sees a column is of no use to one who does not, and the other way round.
pub(super) fn cursors() -> Result<(), Failed> {
    let place = Place::of_world("guarded");
    let mut texts = ask::model_texts(&place.models);
    let policy =
        json!({"policies": [{"dataset": "customers", "hide": ["region"], "unless": ":caller.role = 'admin'"}]});
    texts.push(("zz_policies.yml".to_string(), policy.to_string()));
    let app = ask::app(Workspace::open(texts, place.data).map_err(|failure| error_object(&failure).to_string())?);
    let caller = |role: &str| Caller::from_pairs(["region=all", &format!("role={role}")]).unwrap();
    let (admin, guest) = (caller("admin"), caller("guest"));
    let asked = json!({"query": "SELECT * FROM customers ORDER BY customer_id", "as_of": "2026-03-31"});
    let page = |caller: &Caller, cursor: Option<&Value>| {
        let mut arguments = asked.as_object().cloned().unwrap_or_default();
        arguments.extend(cursor.map(|cursor| ("cursor".to_string(), cursor.clone())));
        ask::operation_as(&app, caller, 2, "sql", &arguments).map_err(|failure| error_object(&failure))
    };
    let mut problems = Vec::new();
    for (one, other, columns) in [(&admin, &guest, 2), (&guest, &admin, 1)] {
        let first = page(one, None).map_err(|error| error.to_string())?;
        let cursor = &first["next_cursor"];
        let width = first["columns"].as_array().map_or(0, Vec::len);
        if width != columns || !cursor.is_string() {
            problems.push(format!("the first page has {width} columns and the cursor {cursor}"));
        }
        if let Err(error) = page(one, Some(cursor)) {
            problems.push(format!("the second page: {error}"));
        }
        match page(other, Some(cursor)) {
            Err(error) if error["code"] == "cursor-expired" => {}
            said => problems.push(format!("the cursor of another's answer: {said:?}")),
        }
    }
    all_hold(problems)
}
