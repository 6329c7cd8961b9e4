//! Extracts that cannot be read as their model says.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;
use serde_json::json;
use sextant_engine::write::{Column, write_csv, write_parquet};

use super::{CELL, DECLARED, HEADER, Report, ask, place, well};

/// One broken extract of the dataset orders, or of the customers joined to it.
struct Extract {
    name: &'static str,
    /// The `source` of orders.
    source: &'static str,
    /// The `columns` of orders.
    columns: &'static str,
    /// The expression that `revenue` sums.
    amount: &'static str,
    code: &'static str,
    /// A dataset that the message names.
    named: &'static str,
    /// Writes the files under the data root.
    write: fn(&Path),
    /// What is asked beside `revenue`.
    group_by: &'static [&'static str],
}

const PLAIN: Extract = Extract {
    name: "",
    source: "{csv: orders.csv}",
    columns: DECLARED,
    amount: "amount",
    code: "",
    named: "`orders`",
    write: |_| {},
    group_by: &[],
};

pub(super) fn run(report: &mut Report) -> Result<(), Failed> {
    for extract in missing().into_iter().chain(damaged()).chain(cells()).chain(columns()) {
        let folder = tempfile::tempdir()?;
        let place = place(folder.path(), extract.source, extract.columns, extract.amount)?;
        (extract.write)(&place.data);
        let workspace =
            ask::open(&place).map_err(|error| format!("{}: the model is refused: {error}", extract.name))?;
        let arguments = json!({"metric_names": ["revenue"], "group_by": extract.group_by, "as_of": "2026-04-02"});
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        match ask::call(&workspace, "get_metrics", &arguments) {
            Ok(answer) => report.problems.push(format!("{}: answered: {}", extract.name, answer["rows"])),
            Err(error) => {
                let groups = if extract.group_by.is_empty() { "" } else { ", grouped by segment" };
                let asked = format!("revenue of orders: {}{groups}", extract.source);
                report.row(extract.name, &asked, extract.code, extract.named, &error, folder.path());
            }
        }
        let (question, want) = well();
        let rest = ask::call(&workspace, "get_metrics", &question);
        if rest.as_ref().map(|answer| &answer["metrics"][0]["value"]) != Ok(&want) {
            report.problems.push(format!("{}: the rest of the model does not answer: {rest:?}", extract.name));
        }
        let fresh = ask::call(&workspace, "get_freshness", &serde_json::Map::new());
        if fresh.as_ref().map(|answer| &answer["datasets"]["refunds"]["data_through"]) != Ok(&json!("2026-03-09")) {
            report.problems.push(format!("{}: get_freshness does not answer: {fresh:?}", extract.name));
        }
    }
    Ok(())
}

/// Sources that lead to no file, or to one that is not to be read.
fn missing() -> Vec<Extract> {
    vec![
        Extract { name: "missing file", code: "data-unavailable", ..PLAIN },
        Extract {
            name: "missing file beside one of nearly its name",
            code: "data-unavailable",
            write: |root| put(root, "order.csv", HEADER),
            ..PLAIN
        },
        Extract { name: "missing directory", source: "{parquet: extracts/orders/}", code: "data-unavailable", ..PLAIN },
        Extract {
            name: "pattern that matches nothing",
            source: "{csv: orders/*.csv}",
            code: "data-unavailable",
            write: |root| put(root, "orders/readme.txt", "later"),
            ..PLAIN
        },
        Extract {
            name: "directory without files",
            source: "{jsonl: orders}",
            code: "data-unavailable",
            write: |root| put(root, "orders/part-0.csv", HEADER),
            ..PLAIN
        },
        Extract {
            name: "directory with a file's name",
            code: "data-unavailable",
            write: |root| fs::create_dir(root.join("orders.csv")).unwrap(),
            ..PLAIN
        },
        Extract {
            name: "link that leads nowhere",
            code: "data-unavailable",
            write: |root| link("nowhere.csv", &root.join("orders.csv")),
            ..PLAIN
        },
        Extract {
            name: "link that leaves the data root",
            code: "outside-data-root",
            write: |root| {
                fs::write(root.parent().unwrap().join("secret.csv"), HEADER).unwrap();
                link("../secret.csv", &root.join("orders.csv"));
            },
            ..PLAIN
        },
        Extract { name: "absolute path", source: "{csv: /etc/passwd}", code: "outside-data-root", ..PLAIN },
        Extract { name: "path with dots", source: "{csv: ../models/model.yml}", code: "outside-data-root", ..PLAIN },
        Extract {
            name: "table name that two files match",
            source: "{table: orders}",
            code: "ambiguous-source",
            write: |root| {
                put(root, "orders.csv", HEADER);
                put(root, "orders.jsonl", "");
            },
            ..PLAIN
        },
    ]
}

/// Files that are not of their format.
fn damaged() -> Vec<Extract> {
    const PARQUET: Extract = Extract { source: "{parquet: orders.parquet}", code: "invalid-file", ..PLAIN };
    const JSON_LINES: Extract = Extract { source: "{jsonl: orders.jsonl}", code: "invalid-file", ..PLAIN };
    vec![
        Extract {
            name: "Parquet file that is cut short",
            write: |root| {
                let bytes = parquet(root, "orders.parquet", Column::Integer(vec![Some(100); 4]));
                fs::write(root.join("orders.parquet"), &bytes[..bytes.len() - 10]).unwrap();
            },
            ..PARQUET
        },
        Extract {
            name: "text in a Parquet file",
            write: |root| put(root, "orders.parquet", &format!("{HEADER}1,1,{CELL},1,2026-03-01\n")),
            ..PARQUET
        },
        Extract { name: "empty Parquet file", write: |root| put(root, "orders.parquet", ""), ..PARQUET },
        Extract {
            name: "Parquet file with damaged pages",
            columns: "[]",
            write: |root| {
                let mut bytes = parquet(root, "orders.parquet", Column::Integer((0..2_000).map(Some).collect()));
                let pages = 4..bytes.len() / 2;
                bytes[pages].fill(0xff);
                fs::write(root.join("orders.parquet"), &bytes).unwrap();
            },
            ..PARQUET
        },
        Extract {
            name: "gzip file that is cut short",
            source: "{csv: orders.csv.gz}",
            code: "invalid-file",
            write: |root| {
                let path = root.join("orders.csv.gz");
                write_csv(&path, &orders(Column::Integer((0..5_000).map(Some).collect()))).unwrap();
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            },
            ..PLAIN
        },
        Extract {
            name: "JSON lines with a broken line",
            write: |root| put(root, "orders.jsonl", &format!("{{\"order_id\": 1}}\n{{\"channel\": \"{CELL}\"\n")),
            ..JSON_LINES
        },
        Extract {
            name: "JSON lines that are one array",
            write: |root| put(root, "orders.jsonl", &format!("[{{\"order_id\": 1, \"channel\": \"{CELL}\"}}]\n")),
            ..JSON_LINES
        },
        Extract {
            name: "CSV that is not UTF-8",
            code: "invalid-file",
            write: |root| {
                let mut bytes = format!("{HEADER}1,1,{CELL}").into_bytes();
                bytes.extend_from_slice(b"\xff\xfe,1,2026-03-01\n");
                fs::write(root.join("orders.csv"), bytes).unwrap();
            },
            ..PLAIN
        },
        Extract { name: "empty CSV file", code: "invalid-file", write: |root| put(root, "orders.csv", ""), ..PLAIN },
        Extract {
            name: "CSV quote that is never closed",
            code: "invalid-file",
            write: |root| rows(root, &format!("1,1,\"{CELL},10.00,2026-03-01\n2,1,ads,10.00,2026-03-01\n")),
            ..PLAIN
        },
    ]
}

/// Columns of orders whose amount and channel are text, as CSV has them.
const UNDECLARED: &str =
    "[{name: order_id, type: integer}, {name: customer_id, type: integer}, {name: ordered_on, type: date}]";

/// Rows and cells that do not fit.
fn cells() -> Vec<Extract> {
    const BAD: Extract = Extract { code: "bad-cell", ..PLAIN };
    vec![
        Extract {
            name: "CSV row with too many fields",
            write: |root| rows(root, &format!("1,1,ads,10.00,2026-03-01\n2,1,ads,10.00,2026-03-02,{CELL}\n")),
            ..BAD
        },
        Extract { name: "CSV row with too few fields", write: |root| rows(root, &format!("1,1,{CELL}\n")), ..BAD },
        Extract {
            name: "cell that is not an integer",
            write: |root| rows(root, &format!("1{CELL},1,ads,10.00,2026-03-01\n")),
            ..BAD
        },
        Extract {
            name: "cell that is not a decimal",
            write: |root| rows(root, &format!("1,1,ads,10.{CELL},2026-03-01\n")),
            ..BAD
        },
        Extract {
            name: "cell with more digits than its decimal",
            write: |root| rows(root, "1,1,ads,10.001,2026-03-01\n"),
            ..BAD
        },
        Extract {
            name: "cell that is not a date",
            write: |root| rows(root, &format!("1,1,ads,10.00,2026-02-30{CELL}\n")),
            ..BAD
        },
        Extract {
            name: "cell that a cast of the model cannot read",
            columns: UNDECLARED,
            amount: "CAST(amount AS decimal(12, 2))",
            write: |root| rows(root, &format!("1,1,ads,{CELL},2026-03-01\n")),
            ..BAD
        },
        Extract {
            name: "text that is summed",
            columns: UNDECLARED,
            code: "type-mismatch",
            named: "`revenue`",
            write: |root| rows(root, "1,1,ads,10.00,2026-03-01\n"),
            ..PLAIN
        },
        Extract {
            name: "numbers of more than 38 digits",
            amount: "amount * amount * amount * amount",
            code: "numeric-overflow",
            write: |root| rows(root, "1,1,ads,9999999999.99,2026-03-01\n"),
            ..PLAIN
        },
        Extract {
            name: "key of the joined side that repeats",
            code: "duplicate-key",
            named: "`customers`",
            write: |root| {
                rows(root, "1,1,ads,10.00,2026-03-01\n");
                put(root, "customers.csv", &format!("customer_id,segment\n1,{CELL}\n1,{CELL}\n"));
            },
            group_by: &["segment"],
            ..PLAIN
        },
    ]
}

/// Columns that are gone or of another type.
fn columns() -> Vec<Extract> {
    vec![
        Extract {
            name: "declared column that is gone",
            code: "missing-column",
            write: |root| put(root, "orders.csv", "order_id,customer_id,channel,amounts,ordered_on\n"),
            ..PLAIN
        },
        Extract {
            name: "column of an expression that is gone",
            columns: "[{name: ordered_on, type: date}]",
            code: "unknown-column",
            write: |root| put(root, "orders.csv", "order_id,customer_id,channel,amounts,ordered_on\n"),
            ..PLAIN
        },
        Extract {
            name: "column of another type in a second file",
            source: "{parquet: orders}",
            columns: "[]",
            code: "schema-drift",
            write: |root| {
                parquet(root, "orders/2026-02.parquet", Column::Integer(vec![Some(100); 4]));
                parquet(root, "orders/2026-03.parquet", Column::Text(vec![Some(CELL.to_string()); 4]));
            },
            ..PLAIN
        },
        Extract {
            name: "column of another type than declared",
            source: "{parquet: orders.parquet}",
            columns: "[{name: amount, type: integer}]",
            code: "schema-drift",
            write: |root| {
                parquet(root, "orders.parquet", Column::Text(vec![Some(CELL.to_string()); 4]));
            },
            ..PLAIN
        },
        Extract {
            name: "column twice in a CSV header",
            code: "invalid-file",
            write: |root| put(root, "orders.csv", "order_id,customer_id,channel,amount,amount,ordered_on\n"),
            ..PLAIN
        },
    ]
}

fn put(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Rows of orders as CSV.
fn rows(root: &Path, rows: &str) {
    put(root, "orders.csv", &format!("{HEADER}{rows}"));
}

/// Orders with these amounts.
fn orders(amount: Column) -> Vec<(String, Column)> {
    let rows = amount.len();
    let day = chrono::NaiveDate::from_ymd_opt(2026, 3, 1);
    vec![
        ("order_id".to_string(), Column::Integer((0..rows as i64).map(Some).collect())),
        ("customer_id".to_string(), Column::Integer(vec![Some(1); rows])),
        ("channel".to_string(), Column::Text(vec![Some(CELL.to_string()); rows])),
        ("amount".to_string(), amount),
        ("ordered_on".to_string(), Column::Date(vec![day; rows])),
    ]
}

/// Orders as Parquet with these amounts; gives the file's bytes.
fn parquet(root: &Path, name: &str, amount: Column) -> Vec<u8> {
    write_parquet(&root.join(name), &orders(amount), 1_000).unwrap();
    fs::read(root.join(name)).unwrap()
}

fn link(to: &str, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}
