//! Writing a tree as text: YAML for people, JSON for where YAML cannot stand. What is read back is
//! the same tree but for its places.

use std::fmt::Write;

use super::{Entry, Node, Scalar, ScalarKind, Value};

/// A YAML document in block style; lists of scalars stand in one line.
pub fn yaml(node: &Node) -> String {
    let mut text = String::new();
    match &node.value {
        Value::Scalar(scalar) => text.push_str(&scalar_text(scalar)),
        Value::List(items) => block_list(&mut text, items, 0),
        Value::Map(entries) => block_map(&mut text, entries, 0),
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// JSON in one line. A number that JSON does not have is a string.
pub fn json(node: &Node) -> String {
    let mut text = String::new();
    write_json(&mut text, node, None);
    text
}

/// JSON with a line for each key and item.
pub fn json_lines(node: &Node) -> String {
    let mut text = String::new();
    write_json(&mut text, node, Some(0));
    text.push('\n');
    text
}

fn block_map(text: &mut String, entries: &[Entry], indent: usize) {
    if entries.is_empty() {
        text.push_str("{}\n");
    }
    for (i, entry) in entries.iter().enumerate() {
        if i > 0 {
            pad(text, indent);
        }
        text.push_str(&quoted(&entry.key.value));
        text.push(':');
        after_key(text, &entry.value, indent);
    }
}

fn block_list(text: &mut String, items: &[Node], indent: usize) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            pad(text, indent);
        }
        text.push_str("- ");
        match &item.value {
            Value::Map(entries) => block_map(text, entries, indent + 2),
            Value::List(inner) if !is_line(inner) => block_list(text, inner, indent + 2),
            Value::List(_) | Value::Scalar(_) => {
                line(text, item);
                text.push('\n');
            }
        }
    }
}

fn after_key(text: &mut String, node: &Node, indent: usize) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            text.push('\n');
            pad(text, indent + 2);
            block_map(text, entries, indent + 2);
        }
        Value::List(items) if !is_line(items) => {
            text.push('\n');
            pad(text, indent + 2);
            block_list(text, items, indent + 2);
        }
        Value::Map(_) | Value::List(_) | Value::Scalar(_) => {
            text.push(' ');
            line(text, node);
            text.push('\n');
        }
    }
}

/// Whether a list is short enough to stand in one line: scalars, or lists of them.
fn is_line(items: &[Node]) -> bool {
    items.iter().all(|item| match &item.value {
        Value::Scalar(_) => true,
        Value::List(inner) => is_line(inner),
        Value::Map(_) => false,
    })
}

fn line(text: &mut String, node: &Node) {
    match &node.value {
        Value::Scalar(scalar) => text.push_str(&scalar_text(scalar)),
        Value::Map(entries) => {
            text.push('{');
            for (i, entry) in entries.iter().enumerate() {
                text.push_str(if i > 0 { ", " } else { "" });
                text.push_str(&quoted(&entry.key.value));
                text.push_str(": ");
                line(text, &entry.value);
            }
            text.push('}');
        }
        Value::List(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                text.push_str(if i > 0 { ", " } else { "" });
                line(text, item);
            }
            text.push(']');
        }
    }
}

fn pad(text: &mut String, indent: usize) {
    text.extend(std::iter::repeat_n(' ', indent));
}

fn scalar_text(scalar: &Scalar) -> String {
    match scalar.kind {
        ScalarKind::Null => "null".to_string(),
        ScalarKind::Boolean | ScalarKind::Integer | ScalarKind::Float => scalar.text.clone(),
        ScalarKind::Text => quoted(&scalar.text),
    }
}

/// A text, in quotes where it would read as anything else, also in a flow list and to other
/// readers of YAML.
fn quoted(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || " _.()/+*<>=-".contains(c);
    if starts && text.chars().all(plain) && !text.ends_with(' ') && !WORDS.contains(&text.to_lowercase().as_str()) {
        return text.to_string();
    }
    if text.contains('"') && !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// `indent` is absent where everything stands in one line.
fn write_json(text: &mut String, node: &Node, indent: Option<usize>) {
    let inner = indent.map(|i| i + 2);
    match &node.value {
        Value::Scalar(scalar) => text.push_str(&json_scalar(scalar)),
        Value::List(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                separate(text, i, inner);
                write_json(text, item, inner);
            }
            close(text, ']', items.is_empty(), indent);
        }
        Value::Map(entries) => {
            text.push('{');
            for (i, entry) in entries.iter().enumerate() {
                separate(text, i, inner);
                text.push_str(&json_string(&entry.key.value));
                text.push_str(": ");
                write_json(text, &entry.value, inner);
            }
            close(text, '}', entries.is_empty(), indent);
        }
    }
}

fn separate(text: &mut String, index: usize, indent: Option<usize>) {
    text.push_str(if index > 0 { "," } else { "" });
    match indent {
        Some(indent) => {
            text.push('\n');
            pad(text, indent);
        }
        None => text.push_str(if index > 0 { " " } else { "" }),
    }
}

fn close(text: &mut String, bracket: char, empty: bool, indent: Option<usize>) {
    if let Some(indent) = indent.filter(|_| !empty) {
        text.push('\n');
        pad(text, indent);
    }
    text.push(bracket);
}

fn json_scalar(scalar: &Scalar) -> String {
    match scalar.kind {
        ScalarKind::Null => "null".to_string(),
        ScalarKind::Boolean => scalar.text.to_lowercase(),
        ScalarKind::Integer | ScalarKind::Float if serde_json::from_str::<serde_json::Number>(&scalar.text).is_ok() => {
            scalar.text.clone()
        }
        ScalarKind::Integer | ScalarKind::Float | ScalarKind::Text => json_string(&scalar.text),
    }
}

fn json_string(text: &str) -> String {
    serde_json::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::source::Sources;

    fn read(text: &str) -> Node {
        let mut findings = Diagnostics::default();
        let mut nodes = crate::yaml::read(Sources::default().add("a.yml", text), text, &mut findings).nodes;
        assert!(findings.is_empty(), "{text}\n{findings:?}");
        nodes.remove(0)
    }

    const TREE: &str = r##"
a: [x, "1", 1, 1.50, true, "true", null, "", " y ", "it's", 'say "no"', "tab\tline\nend", "é — x", "a: b", "- a", "#"]
"key: odd": {b: {}, c: [], d: [[1, 2], [a]], e: [{f: 1, g: [{h: i}]}, {}]}
dates: [2026-03-01, "10:30", "0x1F", no, "~"]
"##;

    #[test]
    fn what_is_written_reads_back_the_same() {
        let tree = read(TREE);
        let span = tree.span;
        for text in [yaml(&tree), json(&tree), json_lines(&tree)] {
            assert_eq!(read(&text).moved_to(span), tree.moved_to(span), "{text}");
        }
    }

    #[test]
    fn yaml_is_for_people() {
        let tree =
            read("{name: orders, source: {parquet: 'o/*.parquet'}, key: [a, b], metrics: [{name: net, expr: a - b}]}");
        insta::assert_snapshot!(yaml(&tree), @r"
        name: orders
        source:
          parquet: o/*.parquet
        key: [a, b]
        metrics:
          - name: net
            expr: a - b
        ");
    }
}
