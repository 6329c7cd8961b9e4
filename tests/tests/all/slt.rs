//! Records of statements: `tests/slt/<world>/*.slt`, in the manner of sqllogictest.
//!
//! A record is a head, the statement, and what it gives: under `query`, after a line `----`, its rows; under
//! `query sorted` its rows in the order of their texts; under `error CODE` words of the message, if any. Cells stand
//! between ` | `. A line `as_of …` sets the clock of what follows. `UPDATE=1` writes the rows down.
//! Rows under `query duckdb` were given by DuckDB, over the same files (`tests/slt_rows.py`), and are never
//! updated here.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json};
use sextant_engine::workspace::Workspace;
use sextant_tests::ask::{self, Place, repository};

/// The fewest records that there are.
const LEAST: usize = 150;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = files()
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(repository().join("tests/slt")).unwrap().display().to_string();
            Trial::test(format!("slt::{name}"), move || run(&path))
        })
        .collect();
    trials.push(Trial::test("slt::there_are_enough", || {
        let count: usize = files().iter().map(|path| records(&std::fs::read_to_string(path).unwrap()).len()).sum();
        if count < LEAST { Err(format!("{count} records, not {LEAST}").into()) } else { Ok(()) }
    }));
    trials
}

fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for world in std::fs::read_dir(repository().join("tests/slt")).unwrap() {
        for file in std::fs::read_dir(world.unwrap().path()).unwrap() {
            found.push(file.unwrap().path());
        }
    }
    found.sort();
    found
}

/// One record of a file.
struct Record {
    /// What stands before it: comments and empty lines.
    before: String,
    head: String,
    statement: String,
    expected: Vec<String>,
}

fn records(text: &str) -> Vec<Record> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    let mut before = String::new();
    while let Some(line) = lines.next() {
        if !(line.starts_with("query") || line.starts_with("error ")) {
            before += line;
            before.push('\n');
            continue;
        }
        let mut part = |end: &str| {
            let mut part: Vec<String> = Vec::new();
            while let Some(next) = lines.peek() {
                if *next == end || next.is_empty() {
                    break;
                }
                part.push(lines.next().unwrap().to_string());
            }
            part
        };
        let statement = part("----").join("\n");
        let expected = part("").into_iter().skip(1).collect();
        found.push(Record { before: std::mem::take(&mut before), head: line.to_string(), statement, expected });
    }
    found
}

fn run(path: &Path) -> Result<(), Failed> {
    let world = path.parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
    let workspace = ask::open(&Place::of_world(&world)).map_err(|error| error.to_string())?;
    let text = std::fs::read_to_string(path)?;
    let updates = std::env::var_os("UPDATE").is_some();
    let (mut as_of, mut written, mut wrong) = (String::new(), String::new(), Vec::new());
    for record in records(&text) {
        if let Some(clock) = record.before.lines().rev().find_map(|line| line.strip_prefix("as_of ")) {
            as_of = clock.trim().to_string();
        }
        let given = given(&workspace, &record, &as_of);
        let is_error = record.head.starts_with("error ");
        let is_right = match is_error {
            true => {
                given.first() == record.head.strip_prefix("error ").map(str::to_string).as_ref()
                    && record.expected.iter().all(|words| given[1..].iter().any(|line| line.contains(words)))
            }
            false => given == record.expected,
        };
        let keeps = is_error || record.head.contains("duckdb") || is_right;
        if !is_right && (keeps || !updates) {
            wrong.push(format!(
                "{}\n{}\n-- expected\n{}\n-- given\n{}",
                record.head,
                record.statement,
                record.expected.join("\n"),
                given.join("\n")
            ));
        }
        let rows = if keeps { &record.expected } else { &given };
        write!(written, "{}{}\n{}\n", record.before, record.head, record.statement)?;
        if !rows.is_empty() || !is_error {
            writeln!(written, "----")?;
        }
        rows.iter().for_each(|row| written += &format!("{row}\n"));
    }
    if updates && written != text {
        std::fs::write(path, written)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n").into()) }
}

/// The rows as lines, or the code of the refusal and what is said.
fn given(workspace: &Workspace, record: &Record, as_of: &str) -> Vec<String> {
    let mut arguments = Map::new();
    arguments.insert("query".into(), record.statement.as_str().into());
    arguments.insert("as_of".into(), as_of.into());
    match ask::call(workspace, "sql", &arguments) {
        Err(error) => vec![
            error["code"].as_str().unwrap_or_default().to_string(),
            error["message"].as_str().unwrap_or_default().to_string(),
            error["help"].as_str().unwrap_or_default().to_string(),
            error["did_you_mean"].to_string(),
        ],
        Ok(answer) => {
            let rows = answer["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut lines: Vec<String> = rows.iter().map(line).collect();
            if record.head.contains("sorted") || record.head.contains("duckdb") && !record.head.contains("ordered") {
                lines.sort();
            }
            lines
        }
    }
}

fn line(row: &Json) -> String {
    let cell = |cell: &Json| match cell {
        Json::Null => "NULL".to_string(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    row.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(cell).collect::<Vec<_>>().join(" | ")
}
