//! Rows as a Markdown table, numbers formatted and to the right.

use super::answer::Answer;
use super::number::{Unit, show};

pub(crate) fn write(answer: &Answer<'_>) -> String {
    let columns = answer.columns();
    let names: Vec<String> = columns.iter().map(|column| escape(column.name)).collect();
    let rules: Vec<&str> =
        columns.iter().map(|column| if column.unit == Unit::Plain { "---" } else { "---:" }).collect();
    let mut text = format!("| {} |\n| {} |\n", names.join(" | "), rules.join(" | "));
    for row in answer.rows() {
        let cells: Vec<String> =
            columns.iter().zip(row).map(|(column, value)| escape(&show(value, &column.unit))).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_stand_to_the_right_and_bars_are_escaped() {
        let answer = json!({
            "metrics": [{"name": "net_sales", "format": "currency", "unit": "USD"}],
            "columns": [{"name": "channel", "type": "text"}, {"name": "net_sales", "type": "decimal", "unit": "USD"}],
            "rows": [["a|b", 1200]]
        });
        let text = write(&Answer::of(&answer));
        assert_eq!(text, "| channel | net_sales |\n| --- | ---: |\n| a\\|b | $1,200.00 |\n");
    }
}
