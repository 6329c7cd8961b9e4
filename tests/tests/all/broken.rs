//! Broken extracts and requests: each has its code, and a message that names the dataset or the argument
//! and the next step, without a path of the machine or a value of a cell. The rest of the model answers.
//!
//! `tests/data/broken_inputs.txt` holds every message and help; `UPDATE=1` writes it anew.

use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value, json};
use sextant_tests::ask::{self, Place};
use sextant_tests::doors;

mod extracts;
mod requests;

/// Characters that a refusal may have: some clients show no more.
const LONGEST: usize = 1_000;

/// Stands in every cell that is broken, and in no message.
const CELL: &str = "S3CRET";

/// An orders dataset, its rows and a join to customers; refunds, which are always well.
const MODEL: &str = r#"version: 1
name: broken
calendar: {timezone: America/New_York, week_start: monday}
datasets:
  - name: orders
    source: SOURCE
    primary_key: [order_id]
    time: ordered_on
    columns: COLUMNS
    dimensions:
      - {name: ordered_on, type: time, granularity: day}
      - {name: channel}
    metrics:
      - {name: revenue, type: simple, agg: sum, expr: "AMOUNT", unit: USD, format: currency, direction: up}
  - name: customers
    source: {csv: customers.csv}
    primary_key: [customer_id]
    columns:
      - {name: customer_id, type: integer}
      - {name: segment, type: text}
    dimensions:
      - {name: segment}
  - name: refunds
    source: {csv: refunds.csv}
    time: refunded_on
    columns:
      - {name: amount, type: "decimal(12, 2)"}
      - {name: refunded_on, type: date}
    dimensions:
      - {name: refunded_on, type: time, granularity: day}
    metrics:
      - {name: returns, type: simple, agg: sum, expr: amount, unit: USD, format: currency, direction: down}
relationships:
  - {name: order_customer, from: orders, from_columns: [customer_id], to: customers, to_columns: [customer_id]}
"#;

/// What a model may say of the columns of orders.
const DECLARED: &str = r#"[{name: order_id, type: integer}, {name: customer_id, type: integer}, {name: channel, type: text}, {name: amount, type: "decimal(12, 2)"}, {name: ordered_on, type: date}]"#;

const HEADER: &str = "order_id,customer_id,channel,amount,ordered_on\n";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("broken::inputs", broken_inputs)]
}

fn broken_inputs() -> Result<(), Failed> {
    let mut found = Report::default();
    extracts::run(&mut found)?;
    requests::run(&mut found)?;
    let path = ask::repository().join("tests/data/broken_inputs.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &found.text)?;
    } else {
        let have = std::fs::read_to_string(&path).unwrap_or_default();
        let (mut have, mut want) = (sections(&have), sections(&found.text));
        let same: Vec<String> = have.iter().filter(|s| want.contains(s)).cloned().collect();
        have.retain(|s| !same.contains(s));
        want.retain(|s| !same.contains(s));
        for (what, list) in [("no longer comes out", have), ("is new (UPDATE=1 writes it)", want)] {
            found.problems.extend(list.into_iter().map(|section| format!("this {what}:\n{section}")));
        }
    }
    assert!(found.rows >= 30, "{} rows", found.rows);
    if found.problems.is_empty() { Ok(()) } else { Err(found.problems.join("\n\n").into()) }
}

fn sections(text: &str) -> Vec<String> {
    text.split("## ").skip(1).map(|section| section.trim_end().to_string()).collect()
}

/// What came out: the golden text, and what is wrong with it.
#[derive(Default)]
struct Report {
    text: String,
    problems: Vec<String>,
    rows: usize,
}

impl Report {
    /// Takes in the refusal of one row. `asked` is for the reader; `named` must stand in the refusal.
    fn row(&mut self, name: &str, asked: &str, code: &str, named: &str, error: &Value, folder: &Path) {
        self.rows += 1;
        let part = |key: &str| error[key].as_str().unwrap_or_default().to_string();
        let (message, help) = (part("message"), part("help"));
        let mut text = format!("## {name}\n{asked}\n{}: {message}\n", part("code"));
        for key in ["field", "received", "help", "did_you_mean", "example"] {
            match &error[key] {
                Value::Null => {}
                Value::Array(list) if list.is_empty() => {}
                Value::String(value) => text += &format!("  {key}: {value}\n"),
                other => text += &format!("  {key}: {other}\n"),
            }
        }
        if let Some(others) = error["others"].as_array() {
            text += &format!("  others: {}\n", others.len());
        }
        let mut problem = |what: &str| self.problems.push(format!("{name}: {what}: {error}"));
        if error["code"] != code {
            problem(&format!("the code should be {code}"));
        }
        if message.is_empty() || help.is_empty() {
            problem("a message or its help is missing");
        }
        if !format!("{message} {}", part("field")).contains(named) {
            problem(&format!("`{named}` is not named"));
        }
        let mut first = error.clone();
        first.as_object_mut().map(|object| object.remove("others"));
        if first.to_string().chars().count() > LONGEST {
            problem("longer than it may be");
        }
        let all = error.to_string();
        let paths = [folder.to_path_buf(), ask::repository(), std::env::temp_dir(), PathBuf::from("/etc")];
        if paths.iter().any(|path| all.contains(&*path.to_string_lossy())) {
            problem("shows a path of the machine");
        }
        if all.contains(CELL) {
            problem("shows a value of a cell");
        }
        self.text += &text;
        self.text += "\n";
    }
}

/// The model with this source and these columns of orders and this amount of an order, over well
/// customers and refunds.
fn place(folder: &Path, source: &str, columns: &str, amount: &str) -> Result<Place, Failed> {
    let (models, data) = (folder.join("models"), folder.join("data"));
    std::fs::create_dir_all(&models)?;
    std::fs::create_dir_all(&data)?;
    let model = MODEL.replace("SOURCE", source).replace("COLUMNS", columns).replace("AMOUNT", amount);
    std::fs::write(models.join("model.yml"), model)?;
    std::fs::write(data.join("customers.csv"), "customer_id,segment\n1,new\n2,loyal\n")?;
    std::fs::write(data.join("refunds.csv"), "amount,refunded_on\n3.50,2026-03-03\n3.50,2026-03-09\n")?;
    Ok(Place::new(models, data))
}

/// A question of the part of the model that is well, and its answer.
fn well() -> (Map<String, Value>, Value) {
    let arguments = json!({"metric_names": ["returns"], "time_range": "2026-03", "as_of": "2026-04-02"});
    (arguments.as_object().cloned().unwrap_or_default(), json!(7))
}
