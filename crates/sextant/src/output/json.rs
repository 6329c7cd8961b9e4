//! Answers as JSON: the whole envelope in the bytes of every other door, or one row a line.

use serde_json::{Map, Value};

use super::answer::Answer;

/// The envelope on one line.
pub(crate) fn whole(answer: &Value) -> String {
    format!("{answer}\n")
}

/// One object a row, its keys the columns.
pub(crate) fn lines(answer: &Answer<'_>) -> String {
    let mut text = String::new();
    for row in answer.rows() {
        let pairs = answer.columns().iter().zip(row).map(|(column, value)| (column.name.to_string(), value.clone()));
        text.push_str(&Value::Object(pairs.collect::<Map<String, Value>>()).to_string());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_an_object_of_its_columns_in_order() {
        let answer = json!({"columns": [{"name": "b"}, {"name": "a"}], "rows": [[1, null], ["x", 0.3]]});
        assert_eq!(lines(&Answer::of(&answer)), "{\"b\":1,\"a\":null}\n{\"b\":\"x\",\"a\":0.3}\n");
    }
}
