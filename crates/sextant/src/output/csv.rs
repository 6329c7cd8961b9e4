//! Rows as CSV (quoted as in RFC 4180): the column names, then the values as the answer has them; null is empty.

use serde_json::Value;

use super::answer::Answer;

pub(crate) fn write(answer: &Answer<'_>) -> String {
    let mut text = String::new();
    line(&mut text, answer.columns().iter().map(|column| column.name.to_string()));
    for row in answer.rows() {
        line(&mut text, row.iter().map(cell));
    }
    text
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    let quoted: Vec<String> = cells
        .map(|cell| {
            let special = cell.contains([',', '"', '\n', '\r']) || cell.starts_with(' ') || cell.ends_with(' ');
            if special { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        })
        .collect();
    text.push_str(&quoted.join(","));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let answer = json!({
            "columns": [{"name": "channel", "type": "text"}, {"name": "sales", "type": "decimal"}],
            "rows": [["a,\"b\"", 12.5], [null, 3]]
        });
        assert_eq!(write(&Answer::of(&answer)), "channel,sales\n\"a,\"\"b\"\"\",12.5\n,3\n");
    }
}
