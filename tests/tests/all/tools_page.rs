//! The examples of `docs/tools.md`: every operation that reads has one, and below each request stands what the
//! built binary answers to it, with long lists and texts cut. `UPDATE=1` writes the answers anew.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::operations;
use sextant_tests::ask::{self, Place};
use sextant_tests::doors::{self, Request, Said};

const PAGE: &str = "docs/tools.md";
/// Items of a list, and characters of a text, that an example shows.
const ITEMS: usize = 2;
const CHARACTERS: usize = 160;
/// Characters of a line until an example is broken into several.
const WIDTH: usize = 120;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("pages::tools_page_shows_real_answers", examples)]
}

fn examples() -> Result<(), Failed> {
    let path = ask::repository().join(PAGE);
    let text = std::fs::read_to_string(&path)?;
    let requests = requests(&text)?;
    let local = Caller::local(Door::CommandLine);
    for operation in operations::ALL.iter().filter(|operation| local.sees(operation)) {
        if !requests.iter().any(|request| request.tool == operation.name) {
            return Err(format!("{PAGE} has no example of `{}`", operation.name).into());
        }
    }
    let answers = doors::batch(&Place::of_world("commerce"), &requests)?;
    let mut written = String::new();
    let mut answers = requests.iter().zip(answers);
    let mut is_answer = false;
    let mut asked = false;
    for line in text.lines() {
        is_answer |= line == ANSWER;
        if !is_answer {
            written += &format!("{line}\n");
        }
        if line == "```" && std::mem::take(&mut asked) {
            let (request, said) = answers.next().ok_or("more requests than answers")?;
            let Said::Answer(answer) = said else { return Err(format!("{}: {said:?}", request.tool).into()) };
            let answer: Value = serde_json::from_str(&answer)?;
            let shown = lines(&cut(stable(answer)), 0);
            written += &format!("\n{ANSWER}\n{shown}\n```\n");
        }
        asked |= line.starts_with(REQUEST);
        if is_answer && line == "```" {
            is_answer = false;
        }
    }
    // The blank line before an answer is written with it, and was there before.
    let written = format!("{}\n", written.replace("\n\n\n", "\n\n").trim_end());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written)?;
    } else if written != text {
        return Err(format!("{PAGE} shows answers that are not given any more; UPDATE=1 writes them").into());
    }
    Ok(())
}

const REQUEST: &str = "```json request ";
const ANSWER: &str = "```json answer";

fn requests(page: &str) -> Result<Vec<Request>, Failed> {
    let mut requests = Vec::new();
    for block in page.split(REQUEST).skip(1) {
        let (tool, rest) = block.split_once('\n').ok_or("a request without a body")?;
        let body = rest.split_once("\n```").ok_or("a request without an end")?.0;
        let arguments: Value = serde_json::from_str(body).map_err(|fault| format!("{tool}: {fault}"))?;
        let arguments = arguments.as_object().cloned().ok_or("arguments are an object")?;
        requests.push(Request { tool: tool.to_string(), arguments });
    }
    Ok(requests)
}

/// Without what differs from one machine or version of the model to the next.
fn stable(mut answer: Value) -> Value {
    for key in ["model_version", "snapshot", "answer_id", "feedback_id", "next_cursor"] {
        if let Some(value) = answer.get_mut(key).filter(|value| value.is_string()) {
            *value = json!("…");
        }
    }
    // The data of the repository grows old by the clock.
    for dataset in answer.get_mut("datasets").and_then(Value::as_object_mut).into_iter().flatten() {
        dataset.1["possibly_late"] = json!(false);
    }
    answer
}

fn cut(value: Value) -> Value {
    match value {
        Value::Array(items) => {
            let rest = items.len().saturating_sub(ITEMS);
            let shown = items.into_iter().take(ITEMS).map(cut);
            let more = (rest > 0).then(|| json!(format!("… {rest} more")));
            Value::Array(shown.chain(more).collect())
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, cut(value))).collect()),
        Value::String(text) if text.chars().count() > CHARACTERS => {
            Value::String(text.chars().take(CHARACTERS).chain(['…']).collect())
        }
        other => other,
    }
}

/// JSON in lines of at most the width, as people write it.
fn lines(value: &Value, indent: usize) -> String {
    let flat = flat(value);
    if flat.chars().count() + indent <= WIDTH {
        return flat;
    }
    let space = " ".repeat(indent + 2);
    let (open, inner, close) = match value {
        Value::Object(map) => {
            let one = |(key, value): (&String, &Value)| format!("{space}\"{key}\": {}", lines(value, indent + 2));
            ('{', map.iter().map(one).collect::<Vec<_>>(), '}')
        }
        Value::Array(items) => {
            ('[', items.iter().map(|item| format!("{space}{}", lines(item, indent + 2))).collect(), ']')
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return flat,
    };
    format!("{open}\n{}\n{}{close}", inner.join(",\n"), " ".repeat(indent))
}

fn flat(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let inner: Vec<String> = map.iter().map(|(key, value)| format!("\"{key}\": {}", flat(value))).collect();
            format!("{{{}}}", inner.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flat).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
