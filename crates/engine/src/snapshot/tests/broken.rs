//! Broken extracts: each has its code and a message with the dataset, the file and the next step.

use super::*;

#[tokio::test]
async fn broken_extracts() {
    let root = Root::new();
    root.parquet("good.parquet", &[("id", integers(&[1, 2, 3])), ("name", texts(&["a", "b", "c"]))]);
    let good = fs::read(root.path().join("good.parquet")).unwrap();
    root.write("cut.parquet", &good[..good.len() / 2]).write("text.parquet", "id,name\n").write("zero.parquet", "");
    let mut footer = good.clone();
    let place = footer.len() - 40;
    footer[place..place + 20].fill(0xff);
    root.write("footer.parquet", footer);
    root.parquet("drift/1.parquet", &[("id", integers(&[1]))]).parquet("drift/2.parquet", &[("id", texts(&["1"]))]);
    root.write("width.csv", "id,name\n1,a\n2,b,c\n")
        .write("cell.csv", "id,at,name\n1,2026-01-01,\"a\nb\"\n\nx y,2,c\n");
    root.write("open.csv", "id,name\n1,\"a\n2,b\n").write("after.csv", "id,name\n1,\"a\"b\n").write("none.csv", "");
    root.write("twice.csv", "id,id\n1,2\n").write("bytes.csv", b"id,name\n1,a\n2,\xff\n");
    root.write("bad.jsonl", "{\"id\":1}\n{\"id\":2\n").write("list.jsonl", "{\"id\":1}\n\n[1]\n");
    root.write("again.jsonl", "{\"id\":1,\"id\":2}\n").write("cell.jsonl", "{\"id\":1}\n{\"id\":\"secret\"}\n");
    root.gzip("cut.csv.gz", &"id,name\n1,a\n".repeat(5_000));
    let cut = fs::read(root.path().join("cut.csv.gz")).unwrap();
    root.write("cut.csv.gz", &cut[..cut.len() / 2])
        .write("drift.jsonl/1.jsonl", "{\"id\":1}")
        .write("drift.jsonl/2.jsonl", "{\"id\":true}");
    root.write("hive/day=monday/x.csv", "id\n1\n");
    let integer = |source| with(source, &[("id", DataType::Integer)]);
    for (source, expected) in [
        (
            parquet("cut.parquet"),
            "invalid-file: file `cut.parquet` of dataset `orders` is not a Parquet file, or is damaged\nhelp: write the file again, or remove it",
        ),
        (
            parquet("text.parquet"),
            "invalid-file: file `text.parquet` of dataset `orders` is not a Parquet file, or is damaged\nhelp: write the file again, or remove it",
        ),
        (
            parquet("zero.parquet"),
            "invalid-file: file `zero.parquet` of dataset `orders` is not a Parquet file, or is damaged\nhelp: write the file again, or remove it",
        ),
        (
            parquet("footer.parquet"),
            "invalid-file: file `footer.parquet` of dataset `orders` is not a Parquet file, or is damaged\nhelp: write the file again, or remove it",
        ),
        (
            parquet("drift"),
            "schema-drift: column `id` of dataset `orders` is integer in `drift/1.parquet` and text in `drift/2.parquet`\nhelp: write both files with one type of `id`",
        ),
        (
            json_lines("drift.jsonl"),
            "schema-drift: column `id` of dataset `orders` is integer in `drift.jsonl/1.jsonl` and boolean in `drift.jsonl/2.jsonl`\nhelp: write both files with one type of `id`",
        ),
        (
            with(parquet("good.parquet"), &[("name", DataType::Integer)]),
            "schema-drift: column `name` of dataset `orders` is declared integer and is text in `good.parquet`\nhelp: declare `name` as the file stores it, or write the file as declared",
        ),
        (
            with(parquet("good.parquet"), &[("nam", DataType::Text)]),
            "missing-column: file `good.parquet` of dataset `orders` has no column `nam`\nhelp: add `nam` to the file, or declare it with `optional: true`\ndid you mean: name",
        ),
        (
            with(csv("width.csv"), &[("price", MONEY)]),
            "missing-column: file `width.csv` of dataset `orders` has no column `price`\nhelp: add `price` to the file, or declare it with `optional: true`",
        ),
        (
            csv("width.csv"),
            "bad-cell: line 3 of `width.csv` (dataset `orders`) has 3 fields where 2 fields are expected\nhelp: correct the line",
        ),
        (
            integer(csv("cell.csv")),
            "bad-cell: line 5 of `cell.csv` (dataset `orders`) holds a value of column `id` that is not integer\nhelp: correct the line, or declare `id` with a type that fits",
        ),
        (
            with(csv("cell.csv"), &[("name", MONEY)]),
            "bad-cell: line 2 of `cell.csv` (dataset `orders`) holds a value of column `name` that is not decimal(12, 2)\nhelp: correct the line, or declare `name` with a type that fits",
        ),
        (
            csv("open.csv"),
            "invalid-file: file `open.csv` of dataset `orders` opens a quote at line 2 that is never closed\nhelp: write the file again, or remove it",
        ),
        (
            csv("after.csv"),
            "bad-cell: line 2 of `after.csv` (dataset `orders`) has text after the closing quote of field 2\nhelp: correct the line",
        ),
        (
            csv("none.csv"),
            "invalid-file: file `none.csv` of dataset `orders` has no header row\nhelp: write the file again, or remove it",
        ),
        (
            csv("twice.csv"),
            "invalid-file: file `twice.csv` of dataset `orders` names column `id` twice in its header\nhelp: write the file again, or remove it",
        ),
        (
            csv("bytes.csv"),
            "invalid-file: file `bytes.csv` of dataset `orders` is not UTF-8 at line 3\nhelp: write the file again, or remove it",
        ),
        (
            csv("good.parquet"),
            "invalid-file: file `good.parquet` of dataset `orders` has a header row with control characters\nhelp: write the file again, or remove it",
        ),
        (
            csv("cut.csv.gz"),
            "invalid-file: file `cut.csv.gz` of dataset `orders` is a damaged gzip file, or is cut short\nhelp: write the file again, or remove it",
        ),
        (
            json_lines("bad.jsonl"),
            "invalid-file: file `bad.jsonl` of dataset `orders` holds something other than one JSON object at line 2\nhelp: write the file again, or remove it",
        ),
        (
            json_lines("list.jsonl"),
            "invalid-file: file `list.jsonl` of dataset `orders` holds something other than one JSON object at line 3\nhelp: write the file again, or remove it",
        ),
        (
            json_lines("again.jsonl"),
            "invalid-file: file `again.jsonl` of dataset `orders` repeats key `id` at line 1\nhelp: write the file again, or remove it",
        ),
        (
            integer(json_lines("cell.jsonl")),
            "bad-cell: line 2 of `cell.jsonl` (dataset `orders`) holds a value of column `id` that is not integer\nhelp: correct the line, or declare `id` with a type that fits",
        ),
        (
            with(csv("hive"), &[("day", DataType::Date)]),
            "bad-cell: partition key `day` of a file of dataset `orders` is not date\nhelp: rename the directory, or declare `day` as text",
        ),
    ] {
        let mut healthy = parquet("good.parquet");
        healthy.dataset = "healthy".to_string();
        let snapshot = root.snapshot(&[source, healthy]).await;
        let fault = match snapshot.provider("orders").await {
            Err(fault) => fault,
            Ok(_) => panic!("no fault where this is expected: {expected}"),
        };
        assert_eq!(shown(&fault), expected);
        assert_eq!(snapshot.dataset("healthy").unwrap().rows(), Some(3));
    }
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
}
