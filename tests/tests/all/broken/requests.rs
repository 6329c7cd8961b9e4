//! Requests that cannot be answered, as lines of `sextant batch`: each line has its answer, in order, and
//! the line after it is answered as ever.

use std::collections::HashMap;

use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::{DECLARED, HEADER, Report, doors, place, well};

/// One line, and what its refusal must say.
struct Line {
    name: &'static str,
    /// For the reader; the line itself unless it is long.
    asked: String,
    bytes: Vec<u8>,
    code: &'static str,
    /// The argument, or the word of the line, that the refusal names.
    named: &'static str,
}

/// A question of `revenue` with other arguments beside it.
fn question(name: &'static str, code: &'static str, named: &'static str, arguments: Value) -> Line {
    let mut all = json!({"metric_names": ["revenue"], "as_of": "2026-04-02T12:00:00-04:00"});
    if let (Some(all), Some(arguments)) = (all.as_object_mut(), arguments.as_object()) {
        all.extend(arguments.clone());
    }
    call(name, code, named, "get_metrics", all)
}

fn call(name: &'static str, code: &'static str, named: &'static str, tool: &str, arguments: Value) -> Line {
    raw(name, code, named, json!({"id": name, "tool": tool, "arguments": arguments}).to_string().as_bytes())
}

fn raw(name: &'static str, code: &'static str, named: &'static str, bytes: &[u8]) -> Line {
    let text = String::from_utf8_lossy(bytes);
    let asked = match text.chars().count() {
        0..=300 => text.into_owned(),
        _ => format!("{}… ({} bytes)", text.chars().take(80).collect::<String>(), bytes.len()),
    };
    Line { name, asked, bytes: bytes.to_vec(), code, named }
}

pub(super) fn run(report: &mut Report) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let place = place(folder.path(), "{csv: orders.csv}", DECLARED, "amount")?;
    std::fs::write(place.data.join("orders.csv"), format!("{HEADER}1,1,ads,10.00,2026-03-01\n2,2,,2.50,2026-03-20\n"))?;
    let lines: Vec<Line> = bodies().into_iter().chain(names()).chain(times()).chain(shapes()).collect();
    let (question, want) = well();
    let after = json!({"id": "well", "tool": "get_metrics", "arguments": question}).to_string();
    let mut input = Vec::new();
    for line in &lines {
        input.extend_from_slice(&line.bytes);
        input.extend_from_slice(format!("\n{after}\n").as_bytes());
    }
    let answers = doors::batch_lines(&place, input)?;
    if answers.len() != 2 * lines.len() {
        return Err(format!("{} answers for {} lines", answers.len(), 2 * lines.len()).into());
    }
    let mut first: HashMap<&str, &str> = HashMap::new();
    for (line, pair) in lines.iter().zip(answers.chunks(2)) {
        if let Some(other) = first.insert(line.name, line.code) {
            report.problems.push(format!("{}: two rows of this name, {other} and {}", line.name, line.code));
        }
        let answer: Value = serde_json::from_str(&pair[0])?;
        match &answer["error"] {
            Value::Null => report.problems.push(format!("{}: answered: {}", line.name, answer["result"]["rows"])),
            error => report.row(line.name, &line.asked, line.code, line.named, error, folder.path()),
        }
        if line.bytes.starts_with(b"{\"id\":") && answer["id"] != line.name {
            report.problems.push(format!("{}: its id is {}", line.name, answer["id"]));
        }
        let rest: Value = serde_json::from_str(&pair[1])?;
        if rest["result"]["metrics"][0]["value"] != want {
            report.problems.push(format!("{}: the next line is not answered: {rest}", line.name));
        }
    }
    Ok(())
}

/// Lines that are no questions.
fn bodies() -> Vec<Line> {
    let mut long = br#"{"id":"a line of 5 MB","tool":"get_metrics","arguments":{"metric_names":[""#.to_vec();
    long.resize(5 << 20, b'x');
    vec![
        raw("an empty line", "invalid-request", "line", b""),
        raw("a line that is not JSON", "invalid-request", "line", br#"{"id":"a line that is not JSON","tool":"#),
        raw("a line that is a list", "invalid-request", "line", b"[1, 2]"),
        raw(
            "a line that is not UTF-8",
            "invalid-request",
            "line",
            b"{\"id\":\"a line that is not UTF-8\",\"tool\":\"\xff\"}",
        ),
        raw("a line of 5 MB", "request-too-large", "line", &long),
        raw("a line without a tool", "invalid-request", "tool", br#"{"id":"a line without a tool","arguments":{}}"#),
        call("an unknown tool", "unknown-tool", "get_metric", "get_metric", json!({})),
    ]
}

/// Names that the model does not have, or too many of them.
fn names() -> Vec<Line> {
    let many: Vec<String> = (0..10_000).map(|i| format!("metric_{i}")).collect();
    vec![
        question("no metric", "empty-query", "metric_names", json!({"metric_names": []})),
        question("10,000 metrics", "too-many-items", "metric_names", json!({"metric_names": many})),
        question("an unknown metric", "unknown-metric", "metric_names[0]", json!({"metric_names": ["revenues"]})),
        question("a metric that is a number", "invalid-argument", "metric_names[0]", json!({"metric_names": [7]})),
        question("an unknown argument", "unknown-argument", "timerange", json!({"timerange": "last_7_days"})),
        question("an unknown dimension", "unknown-dimension", "group_by[0]", json!({"group_by": ["chanel"]})),
        question(
            "a dimension that the metric cannot see",
            "dimension-not-available",
            "group_by[0]",
            json!({"metric_names": ["returns"], "group_by": ["segment"]}),
        ),
        question("an unknown saved query", "unknown-saved-query", "saved_query", json!({"saved_query": "weekly"})),
    ]
}

/// Times that do not exist or cannot be asked for.
fn times() -> Vec<Line> {
    vec![
        question("an unknown zone", "invalid-timezone", "timezone", json!({"timezone": "America/New_Yrok"})),
        question(
            "an end before its start",
            "invalid-time-range",
            "time_range",
            json!({"time_range": "2026-03-31..2026-03-01"}),
        ),
        question(
            "a start after its end",
            "invalid-time-range",
            "date",
            json!({"start_date": "2026-03-31", "end_date": "2026-03-01"}),
        ),
        question("a range in the future", "invalid-time-range", "time_range", json!({"time_range": "2027-01"})),
        question("a range that is misspelt", "invalid-time-range", "time_range", json!({"time_range": "last 7 dyas"})),
        question("a date that does not exist", "invalid-time-range", "time_range", json!({"time_range": "2026-02-30"})),
        question("an as_of of words", "invalid-as-of", "as_of", json!({"as_of": "next tuesday"})),
        question(
            "an unknown comparison",
            "invalid-comparison",
            "comparison",
            json!({"time_range": "2026-03", "comparison": "previous_perod"}),
        ),
        question(
            "hours of dates",
            "granularity-not-available",
            "granularity",
            json!({"time_range": "2026-03", "granularity": "hour"}),
        ),
    ]
}

/// Arguments of the wrong type, size or meaning.
fn shapes() -> Vec<Line> {
    vec![
        question("a limit of 0", "invalid-argument", "limit", json!({"limit": 0})),
        question("a negative limit", "invalid-argument", "limit", json!({"limit": -5})),
        question("a limit in words", "invalid-argument", "limit", json!({"limit": "ten"})),
        question("a range that is a list", "invalid-argument", "time_range", json!({"time_range": ["2026"]})),
        question("a condition that does not end", "invalid-filter", "where[0]", json!({"where": ["channel = 'ads"]})),
        question("a metric in where", "aggregate-in-where", "where[0]", json!({"where": ["revenue > 10"]})),
        question("a comparison of text and number", "invalid-filter", "where[0]", json!({"where": ["channel > 10"]})),
        question(
            "an order by no column",
            "invalid-order-by",
            "order_by[0]",
            json!({"group_by": ["channel"], "order_by": ["-revenu"]}),
        ),
        question("a cursor of another's", "cursor-expired", "cursor", json!({"cursor": "bm90IG91cnM"})),
        question(
            "a statement that writes",
            "query-not-allowed",
            "query",
            json!({"metric_names": [], "query": "DELETE FROM orders"}),
        ),
        question(
            "a statement beside metrics",
            "invalid-argument",
            "metric_names",
            json!({"query": "SELECT MEASURE(revenue) FROM metrics"}),
        ),
    ]
}
