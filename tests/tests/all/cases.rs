//! Case pages: what the engine answers, held against hand-written SQL, laws and expected refusals.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::query::caller::Caller;
use sextant_tests::ask::{self, Place};
use sextant_tests::doors::{self, Piped, Request, Said, Server};
use sextant_tests::page::{Case, Page, fingerprint};
use sextant_tests::{golden, rows};

/// Given to every request, so that every door answers with the same bytes.
const MAX_BYTES: u64 = 1_000_000;

pub(crate) fn trials() -> Vec<Trial> {
    let root = ask::repository().join("tests/cases");
    let mut pages = Vec::new();
    markdown_files(&root, &mut pages);
    pages.sort();
    assert!(!pages.is_empty(), "no case pages under {}", root.display());
    let mut trials = Vec::new();
    for path in pages {
        let name = path.strip_prefix(&root).unwrap().with_extension("").to_string_lossy().into_owned();
        let same = path.clone();
        trials.push(Trial::test(format!("cases::{name}"), move || run(&path)));
        trials.push(Trial::test(format!("doors::{name}"), move || same_bytes(&same)));
    }
    trials
}

pub(crate) fn markdown_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            markdown_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "md") {
            found.push(path);
        }
    }
}

/// Runs one page: every case, every check of it.
fn run(path: &Path) -> Result<(), Failed> {
    let update = std::env::var_os("UPDATE").is_some();
    let mut page = Page::read(path)?;
    let folder = tempfile::tempdir()?;
    let place = place_of(&page, folder.path())?;
    let data = data_text(&page)?;
    let cases = page.cases();
    if cases.is_empty() {
        return Err("the page has no request".into());
    }
    let workspace = ask::open(&place).map_err(|error| format!("the model is refused: {error}"))?;
    let mut problems = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let mut report = Report { found: Vec::new(), filled: HashMap::new() };
        check_case(&workspace, case, &data, update, &mut report)?;
        problems.extend(report.found.into_iter().map(|p| format!("case {}: {p}", i + 1)));
        for (name, body) in report.filled {
            page.fill(i, name, &body);
        }
    }
    if update {
        page.write()?;
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// Cases of a page with their places on it.
type Numbered = Vec<(usize, Request)>;

/// Asks every case of a page through every door of the built binary and wants the engine's bytes.
fn same_bytes(path: &Path) -> Result<(), Failed> {
    let page = Page::read(path)?;
    let folder = tempfile::tempdir()?;
    let place = place_of(&page, folder.path())?;
    let workspace = ask::open(&place).map_err(|error| format!("the model is refused: {error}"))?;
    let mut by_caller: Vec<(Vec<String>, Numbered)> = Vec::new();
    for (i, case) in page.cases().iter().enumerate() {
        let asked = read_request(&case.request)?;
        let one = (i, Request { tool: asked.tool, arguments: asked.arguments });
        match by_caller.iter_mut().find(|(pairs, _)| *pairs == asked.caller) {
            Some((_, requests)) => requests.push(one),
            None => by_caller.push((asked.caller, vec![one])),
        }
    }
    let mut problems = Vec::new();
    for (caller, requests) in by_caller {
        problems.extend(said_differently(&workspace, &Place { caller, ..place.clone() }, &requests)?);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// What the doors say otherwise than the engine, to one caller.
fn said_differently(
    workspace: &Workspace,
    place: &Place,
    requests: &[(usize, Request)],
) -> Result<Vec<String>, Failed> {
    let caller = caller_of(&place.caller)?;
    let server = Server::start(place)?;
    let mut piped = Piped::start(place)?;
    let all: Vec<Request> = requests.iter().map(|(_, request)| request.clone()).collect();
    let batch = doors::batch(place, &all)?;
    let mut problems = Vec::new();
    for (at, (i, request)) in requests.iter().enumerate() {
        let want = match ask::call_as(workspace, &caller, &request.tool, &request.arguments) {
            Ok(answer) => Said::Answer(answer.to_string()),
            Err(error) => Said::Error(error.to_string()),
        };
        let said = [
            ("batch", Ok(batch[at].clone())),
            ("call", doors::call(place, request)),
            ("open API", server.tool(request)),
            ("call_tool", server.call_tool(request)),
            ("MCP over HTTP", server.mcp(request)),
            ("MCP over standard input", piped.mcp(request)),
        ];
        for (door, said) in said {
            let same = match (&want, &said) {
                // MCP gives a refusal as one line of text that starts with its code.
                (Said::Error(error), Ok(Said::ErrorText(text))) => {
                    let error: Value = serde_json::from_str(error)?;
                    error["code"].as_str().is_some_and(|code| text.starts_with(&format!("{code}: ")))
                }
                (want, Ok(said)) => want == said,
                (_, Err(_)) => false,
            };
            if !same {
                problems.push(format!("case {}, {door}: {said:?}\nwhere the engine says {want:?}", i + 1));
            }
        }
    }
    Ok(problems)
}

/// What is wrong with a case, and blocks to fill.
struct Report {
    found: Vec<String>,
    filled: HashMap<&'static str, String>,
}

fn check_case(workspace: &Workspace, case: &Case, data: &str, update: bool, report: &mut Report) -> Result<(), Failed> {
    let Asked { tool, arguments, caller } = read_request(&case.request)?;
    let caller = caller_of(&caller)?;
    let outcome = ask::call_as(workspace, &caller, &tool, &arguments);
    let text = match (&outcome, &case.error) {
        (Ok(answer), None) => {
            check_answer(workspace, case, answer, data, report)?;
            golden::text(answer)
        }
        (Err(error), Some(expected)) => {
            let expected: Value = serde_json::from_str(expected)?;
            for (key, want) in expected.as_object().into_iter().flatten() {
                if error[key] != *want {
                    report.found.push(format!("{key} is {} where {want} is expected", error[key]));
                }
            }
            golden::text(&json!({ "error": error }))
        }
        (Ok(answer), Some(expected)) => {
            report.found.push(format!("answered where {expected} is expected: {}", answer["rows"]));
            return Ok(());
        }
        (Err(error), None) => {
            report.found.push(format!("refused: {error}"));
            return Ok(());
        }
    };
    if report.found.is_empty() {
        hold("json answer", case.answer.as_deref(), text, update, report);
        if outcome.is_ok()
            && let Some(plan) = semantic_plan(workspace, &caller, &tool, &arguments)?
        {
            hold("text semantic plan", case.plan.as_deref(), plan, update, report);
        }
    }
    Ok(())
}

/// Holds an answer against every second source of the case; at least one is needed.
fn check_answer(
    workspace: &Workspace,
    case: &Case,
    answer: &Value,
    data: &str,
    report: &mut Report,
) -> Result<(), Failed> {
    if case.check.is_none() && case.totals.is_none() && case.same_rows.is_none() {
        report.found.push("no check, no law and no expected refusal".to_string());
    }
    if let Some(sql) = &case.check {
        match checked_rows(sql, case.check_rows.as_deref(), data) {
            Ok(rows) => report.found.extend(rows::compare(answer, &rows)),
            Err(problem) => report.found.push(problem),
        }
    }
    if let Some(sql) = &case.totals {
        match checked_rows(sql, case.totals_rows.as_deref(), data) {
            Ok(rows) => report.found.extend(rows::compare_totals(answer, &rows)),
            Err(problem) => report.found.push(problem),
        }
    }
    if let Some(other) = &case.same_rows {
        let Asked { tool, arguments, caller } = read_request(other)?;
        let other = ask::call_as(workspace, &caller_of(&caller)?, &tool, &arguments)
            .map_err(|e| format!("the law's request is refused: {e}"))?;
        for key in ["columns", "rows", "metrics"] {
            if answer[key] != other[key] {
                report.found.push(format!("{key} differ: {} and {}", answer[key], other[key]));
            }
        }
    }
    Ok(())
}

/// The check rows of a page, when they were made from this SQL and this data.
fn checked_rows(sql: &str, block: Option<&str>, data: &str) -> Result<rows::Rows, String> {
    let hint = "run tests/check_rows.py --write";
    let block = block.ok_or(format!("no check rows: {hint}"))?;
    let rows = rows::parse(block)?;
    if rows.fingerprint != fingerprint(&format!("{}\n{data}", sql.trim())) {
        return Err(format!("the check rows are older than their SQL or data: {hint}"));
    }
    Ok(rows)
}

/// Compares a filled block with what it should hold, or fills it.
fn hold(name: &'static str, have: Option<&str>, want: String, update: bool, report: &mut Report) {
    if have.map(str::trim_end) == Some(want.trim_end()) {
        return;
    }
    if update {
        report.filled.insert(name, want);
    } else {
        report.found.push(format!("`{name}` is not what comes out (UPDATE=1 fills it):\n{want}"));
    }
}

/// The plan of a question for metrics; rows of a statement have none.
fn semantic_plan(
    workspace: &Workspace,
    caller: &Caller,
    tool: &str,
    arguments: &Map<String, Value>,
) -> Result<Option<String>, Failed> {
    let mut explained = arguments.clone();
    explained.insert("explain".into(), true.into());
    let answer = ask::call_as(workspace, caller, tool, &explained).map_err(|e| format!("explain is refused: {e}"))?;
    match &answer["explain"]["semantic"] {
        Value::String(text) => Ok(Some(text.clone())),
        Value::Null if arguments.contains_key("query") => Ok(None),
        other => Err(format!("`explain.semantic` is no text: {other}").into()),
    }
}

/// A request of a page.
pub(crate) struct Asked {
    pub(crate) tool: String,
    pub(crate) arguments: Map<String, Value>,
    /// `key=value`, as on the command line.
    pub(crate) caller: Vec<String>,
}

pub(crate) fn read_request(text: &str) -> Result<Asked, Failed> {
    let request: Value = serde_json::from_str(text)?;
    let tool = request["tool"].as_str().ok_or("a request names its `tool`")?.to_string();
    let mut arguments = request["arguments"].as_object().cloned().ok_or("a request has `arguments`")?;
    arguments.entry("max_bytes").or_insert(MAX_BYTES.into());
    let mut caller = Vec::new();
    for (name, value) in request["caller"].as_object().into_iter().flatten() {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
        caller.extend(values.iter().map(|value| format!("{name}={}", text(value))));
    }
    Ok(Asked { tool, arguments, caller })
}

fn caller_of(pairs: &[String]) -> Result<Caller, Failed> {
    Caller::from_pairs(pairs.iter().map(String::as_str)).map_err(|fault| fault.message.into())
}

/// Where the page's model and data lie: its world, or files written from its blocks.
pub(crate) fn place_of(page: &Page, folder: &Path) -> Result<Place, Failed> {
    match (page.uses(), page.model()) {
        (Some(world), None) => Ok(Place::of_world(world)),
        (None, Some(model)) => {
            std::fs::write(folder.join("model.yml"), model)?;
            for (name, text) in page.data() {
                std::fs::write(folder.join(name), text)?;
            }
            Ok(Place::new(folder.to_path_buf(), folder.to_path_buf()))
        }
        _ => Err("a page has either `uses:` or a `yaml model`".into()),
    }
}

/// The raw rows that check rows depend on, as `check_rows.py` joins them.
fn data_text(page: &Page) -> Result<String, Failed> {
    match page.uses() {
        None => Ok(page.data().into_iter().map(|(_, text)| text).collect()),
        Some("commerce") => Ok(String::new()),
        Some(world) => {
            let mut files: Vec<PathBuf> =
                std::fs::read_dir(Place::of_world(world).data)?.map(|e| e.unwrap().path()).collect();
            files.sort();
            let rows = files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "csv" || e == "jsonl"));
            Ok(rows.map(|f| std::fs::read_to_string(f).unwrap()).collect())
        }
    }
}
