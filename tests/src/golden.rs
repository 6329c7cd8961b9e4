//! Writing an answer so that a reader and a diff can follow it.

use serde_json::Value;

/// Longest line that a list or map is written on.
const WIDTH: usize = 110;

/// Keys that depend on file times or on the build, not on the question.
const UNSTABLE: [&str; 4] = ["snapshot", "answer_id", "model_version", "environment"];

/// `answer` without what differs from run to run, one fact a line.
pub fn text(answer: &Value) -> String {
    let mut answer = answer.clone();
    if let Some(map) = answer.as_object_mut() {
        map.retain(|key, _| !UNSTABLE.contains(&key.as_str()));
        map.shift_remove("explain");
    }
    let mut out = String::new();
    write(&answer, 0, &mut out);
    out
}

fn write(value: &Value, indent: usize, out: &mut String) {
    let line = spaced(value);
    if indent + line.chars().count() <= WIDTH {
        out.push_str(&line);
        return;
    }
    let pad = " ".repeat(indent + 2);
    match value {
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "[\n" } else { ",\n" });
                out.push_str(&pad);
                write(item, indent + 2, out);
            }
            out.push_str(&format!("\n{}]", " ".repeat(indent)));
        }
        Value::Object(map) => {
            for (i, (key, item)) in map.iter().enumerate() {
                out.push_str(if i == 0 { "{\n" } else { ",\n" });
                out.push_str(&format!("{pad}\"{key}\": "));
                write(item, indent + 2, out);
            }
            out.push_str(&format!("\n{}}}", " ".repeat(indent)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&line),
    }
}

/// One line, with a space after colons and commas.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields: Vec<String> =
                map.iter().map(|(k, v)| format!("{}: {}", Value::from(k.as_str()), spaced(v))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}
