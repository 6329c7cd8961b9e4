//! Broken extracts: each has its code and a message with the dataset, the file and the next step.

use super::*;

const WRITE_AGAIN: &str = "write the file again, or remove it";

/// Holds each source's fault against `code: message` and its help, and sees that the dataset
/// beside it is well.
async fn refused(root: &Root, cases: &[(DatasetSource, &str, &str)]) {
    root.parquet("well.parquet", &[("id", integers(&[1, 2, 3]))]);
    for (source, expected, help) in cases {
        let mut well = parquet("well.parquet");
        well.dataset = "well".to_string();
        let snapshot = root.snapshot(&[source.clone(), well]).await;
        let fault = match snapshot.provider("orders").await {
            Err(fault) => fault,
            Ok(_) => panic!("no fault where this is expected: {expected}"),
        };
        assert_eq!(shown(&fault), format!("{expected}\nhelp: {help}"));
        assert_eq!(rows(&session(), &snapshot, "SELECT 1").await.unwrap_err(), fault);
        assert_eq!(snapshot.dataset("well").unwrap().rows(), Some(3));
    }
}

#[tokio::test]
async fn parquet_files() {
    let root = Root::new();
    root.parquet("good.parquet", &[("id", integers(&[1, 2, 3])), ("name", texts(&["a", "b", "c"]))]);
    let good = fs::read(root.path().join("good.parquet")).unwrap();
    let mut footer = good.clone();
    let place = footer.len() - 40;
    footer[place..place + 20].fill(0xff);
    root.write("cut.parquet", &good[..good.len() / 2]).write("footer.parquet", footer);
    root.write("text.parquet", "id,name\n").write("zero.parquet", "");
    let damaged = ["cut.parquet", "footer.parquet", "text.parquet", "zero.parquet"].map(|name| {
        let expected = format!("invalid-file: file `{name}` of dataset `orders` is not a Parquet file, or is damaged");
        (name, expected)
    });
    let cases: Vec<_> =
        damaged.iter().map(|(name, expected)| (parquet(name), expected.as_str(), WRITE_AGAIN)).collect();
    refused(&root, &cases).await;
}

#[tokio::test]
async fn columns_that_differ() {
    let root = Root::new();
    root.parquet("good.parquet", &[("id", integers(&[1, 2, 3])), ("name", texts(&["a", "b", "c"]))]);
    root.parquet("drift/1.parquet", &[("id", integers(&[1]))]).parquet("drift/2.parquet", &[("id", texts(&["1"]))]);
    root.write("lines/1.jsonl", "{\"id\":1}").write("lines/2.jsonl", "{\"id\":true}");
    root.write("orders.csv", "id,name\n1,a\n").write("hive/day=monday/x.csv", "id\n1\n");
    let cases = [
        (
            parquet("drift"),
            "schema-drift: column `id` of dataset `orders` is integer in `drift/1.parquet` and text in `drift/2.parquet`",
            "write both files with one type of `id`",
        ),
        (
            json_lines("lines"),
            "schema-drift: column `id` of dataset `orders` is integer in `lines/1.jsonl` and boolean in `lines/2.jsonl`",
            "write both files with one type of `id`",
        ),
        (
            with(parquet("good.parquet"), &[("name", DataType::Integer)]),
            "schema-drift: column `name` of dataset `orders` is declared integer and is text in `good.parquet`",
            "declare `name` as the file stores it, or write the file as declared",
        ),
        (
            with(parquet("good.parquet"), &[("nam", DataType::Text)]),
            "missing-column: file `good.parquet` of dataset `orders` has no column `nam`",
            "add `nam` to the file, or declare it with `optional: true`\ndid you mean: name",
        ),
        (
            with(csv("orders.csv"), &[("price", MONEY)]),
            "missing-column: file `orders.csv` of dataset `orders` has no column `price`",
            "add `price` to the file, or declare it with `optional: true`",
        ),
        (
            with(csv("hive"), &[("day", DataType::Date)]),
            "bad-cell: partition key `day` of a file of dataset `orders` is not date",
            "rename the directory, or declare `day` as text",
        ),
    ];
    refused(&root, &cases).await;
}

#[tokio::test]
async fn csv_files() {
    let root = Root::new();
    root.write("open.csv", "id,name\n1,\"a\n2,b\n").write("none.csv", "").write("twice.csv", "id,id\n1,2\n");
    root.write("bytes.csv", b"id,name\n1,a\n2,\xff\n").gzip("cut.csv.gz", &"id,name\n1,a\n".repeat(5_000));
    let cut = fs::read(root.path().join("cut.csv.gz")).unwrap();
    root.write("cut.csv.gz", &cut[..cut.len() / 2]).parquet("other.csv", &[("id", integers(&[1]))]);
    let cases = [
        (
            csv("open.csv"),
            "invalid-file: file `open.csv` of dataset `orders` opens a quote at line 2 that is never closed",
            WRITE_AGAIN,
        ),
        (csv("none.csv"), "invalid-file: file `none.csv` of dataset `orders` has no header row", WRITE_AGAIN),
        (
            csv("twice.csv"),
            "invalid-file: file `twice.csv` of dataset `orders` names column `id` twice in its header",
            WRITE_AGAIN,
        ),
        (csv("bytes.csv"), "invalid-file: file `bytes.csv` of dataset `orders` is not UTF-8 at line 3", WRITE_AGAIN),
        (
            csv("other.csv"),
            "invalid-file: file `other.csv` of dataset `orders` has a header row with control characters",
            WRITE_AGAIN,
        ),
        (
            csv("cut.csv.gz"),
            "invalid-file: file `cut.csv.gz` of dataset `orders` is a damaged gzip file, or is cut short",
            WRITE_AGAIN,
        ),
    ];
    refused(&root, &cases).await;
}

#[tokio::test]
async fn csv_rows() {
    let root = Root::new();
    root.write("width.csv", "id,name\n1,a\n2,b,c\n").write("after.csv", "id,name\n1,\"a\"b\n");
    root.write("cell.csv", "id,at,name\n1,2026-01-01,\"a\nb\"\n\nx y,2,c\n");
    let cases = [
        (
            csv("width.csv"),
            "bad-cell: line 3 of `width.csv` (dataset `orders`) has 3 fields where 2 fields are expected",
            "correct the line",
        ),
        (
            csv("after.csv"),
            "bad-cell: line 2 of `after.csv` (dataset `orders`) has text after the closing quote of field 2",
            "correct the line",
        ),
        (
            with(csv("cell.csv"), &[("id", DataType::Integer)]),
            "bad-cell: line 5 of `cell.csv` (dataset `orders`) holds a value of column `id` that is not integer",
            "correct the line, or declare `id` with a type that fits",
        ),
        (
            with(csv("cell.csv"), &[("name", MONEY)]),
            "bad-cell: line 2 of `cell.csv` (dataset `orders`) holds a value of column `name` that is not decimal(12, 2)",
            "correct the line, or declare `name` with a type that fits",
        ),
    ];
    refused(&root, &cases).await;
}

#[tokio::test]
async fn lines_that_are_not_json() {
    let root = Root::new();
    root.write("bad.jsonl", "{\"id\":1}\n{\"id\":2\n").write("list.jsonl", "{\"id\":1}\n\n[1]\n");
    root.write("again.jsonl", "{\"id\":1,\"id\":2}\n").write("cell.jsonl", "{\"id\":1}\n{\"id\":\"secret\"}\n");
    let not_an_object = |name: &str, line: u32| {
        format!(
            "invalid-file: file `{name}` of dataset `orders` holds something other than one JSON object at line {line}"
        )
    };
    let (bad, list) = (not_an_object("bad.jsonl", 2), not_an_object("list.jsonl", 3));
    let cases = [
        (json_lines("bad.jsonl"), bad.as_str(), WRITE_AGAIN),
        (json_lines("list.jsonl"), list.as_str(), WRITE_AGAIN),
        (
            json_lines("again.jsonl"),
            "invalid-file: file `again.jsonl` of dataset `orders` repeats key `id` at line 1",
            WRITE_AGAIN,
        ),
        (
            with(json_lines("cell.jsonl"), &[("id", DataType::Integer)]),
            "bad-cell: line 2 of `cell.jsonl` (dataset `orders`) holds a value of column `id` that is not integer",
            "correct the line, or declare `id` with a type that fits",
        ),
    ];
    refused(&root, &cases).await;
}

/// A page that is damaged where the footer is whole is a fault of the file, found by the scan.
#[tokio::test]
async fn damaged_pages() {
    let root = Root::new();
    let names: Vec<String> = (0..1000).map(|index| format!("name {index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    root.parquet("o.parquet", &[("name", texts(&names))]);
    let mut bytes = fs::read(root.path().join("o.parquet")).unwrap();
    bytes[4..40].fill(0xff);
    root.write("o.parquet", &bytes);
    let snapshot = root.snapshot(&[parquet("o.parquet")]).await;
    let fault = snapshot.verify_key("orders", &["name".to_string()]).await.unwrap_err();
    assert_eq!(fault.message, "file `o.parquet` of dataset `orders` is not a Parquet file, or is damaged");
    let fault = rows(&session(), &snapshot, "SELECT max(name) FROM orders").await.unwrap_err();
    assert_eq!(fault.code.as_str(), "invalid-file");
}
