//! Statements as they are typed, over the checked-in extract.

use serde_json::Value;

use crate::process::{NOW, answer, commerce, run};

const STATEMENT: &str =
    "SELECT channel, MEASURE(net_sales) FROM metrics WHERE TIME_RANGE('last_7_days') GROUP BY channel";

#[test]
fn a_statement_answers_as_its_request_does() {
    let asked = answer(commerce().args(["sql", STATEMENT, "--now", NOW, "--format", "json"]), &[]);
    let query = ["query", "net_sales", "--by", "channel", "--time", "last_7_days", "--no-totals", "--now", NOW];
    let twin = answer(commerce().args(query), &["--format", "json"]);
    let rows = |text: &str| serde_json::from_str::<Value>(text).expect("JSON")["rows"].clone();
    assert_eq!(asked.status, 0, "{asked:?}");
    assert_eq!(rows(&asked.out), rows(&twin.out));
    assert!(rows(&asked.out).as_array().is_some_and(|rows| rows.len() > 3), "{asked:?}");
}

#[test]
fn what_print_request_prints_batch_answers_with_the_same_bytes() {
    let sql = ["sql", STATEMENT, "--now", NOW];
    let request = answer(commerce().args(sql), &["--print-request"]).out;
    let batch = run(commerce().arg("batch"), request.as_bytes());
    let answered: Value = serde_json::from_slice(&batch.stdout).expect("JSON");
    let asked = answer(commerce().args(sql), &["--format", "json"]);
    assert_eq!(asked.out, format!("{}\n", answered["result"]));
}

#[test]
fn a_mistake_is_shown_in_the_statement() {
    let asked = answer(commerce().args(["sql", "SELECT MEASURE(net_sale) FROM metrics"]), &[]);
    assert_eq!(asked.status, 2, "{asked:?}");
    assert!(asked.out.is_empty(), "{asked:?}");
    for part in ["unknown metric `net_sale`", "statement:1:16", "^^^^^^^^", "did you mean `net_sales`"] {
        assert!(asked.err.contains(part), "{part}: {asked:?}");
    }
}

#[test]
fn a_statement_is_read_from_standard_input_and_explained() {
    let text = format!("EXPLAIN {STATEMENT};\n");
    let output = run(commerce().args(["sql", "-", "--now", NOW]), text.as_bytes());
    let shown = String::from_utf8(output.stdout).expect("a text");
    assert!(output.status.success() && shown.contains("aggregate"), "{shown}");
    let query = ["explain", "net_sales", "--by", "channel", "--time", "last_7_days", "--no-totals", "--now", NOW];
    assert_eq!(shown, answer(commerce().args(query), &[]).out);
}
