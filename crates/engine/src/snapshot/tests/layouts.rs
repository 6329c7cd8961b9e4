//! The same rows from each format and each layout.

use super::*;
use chrono::{DateTime, NaiveDate};

fn every_type() -> Vec<(String, Column)> {
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let at = |d, micro| day(d).and_hms_micro_opt(1, 2, 3, micro).unwrap();
    let instant = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
    vec![
        ("id".into(), Column::Integer(vec![Some(1), Some(-2), None])),
        ("price".into(), Column::Decimal { scale: 2, values: vec![Some(-5), None, Some(123_456)] }),
        ("rate".into(), Column::Float(vec![Some(0.3), Some(1e21), None])),
        ("note".into(), Column::Text(vec![Some("a,\"b\"\nc".into()), Some(String::new()), None])),
        ("paid".into(), Column::Boolean(vec![Some(true), Some(false), None])),
        ("day".into(), Column::Date(vec![Some(day(8)), None, Some(day(9))])),
        ("at".into(), Column::Timestamp(vec![Some(at(8, 0)), Some(at(9, 500_000)), None])),
        ("seen".into(), Column::Instant(vec![None, Some(instant), None])),
    ]
}

fn declared(source: DatasetSource) -> DatasetSource {
    let types = [
        ("id", DataType::Integer),
        ("price", DataType::Decimal { precision: 18, scale: 2 }),
        ("rate", DataType::Float),
        ("note", DataType::Text),
        ("paid", DataType::Boolean),
        ("day", DataType::Date),
        ("at", DataType::Timestamp(Clock::Local)),
        ("seen", DataType::Timestamp(Clock::Instant)),
    ];
    with(source, &types)
}

/// What is written reads the same from every format, plain and compressed, declared or not.
#[tokio::test]
async fn every_type_in_every_format() {
    let root = Root::new();
    write_parquet(&root.path().join("p.parquet"), &every_type(), 2).unwrap();
    write_csv(&root.path().join("c.csv"), &every_type()).unwrap();
    write_json_lines(&root.path().join("j.jsonl"), &every_type()).unwrap();
    root.gzip("cz.csv.gz", &fs::read_to_string(root.path().join("c.csv")).unwrap());
    root.gzip("jz.jsonl.gz", &fs::read_to_string(root.path().join("j.jsonl")).unwrap());
    let expected = [
        "1|-0.05|0.3|a,\"b\"\nc|true|2026-03-08|2026-03-08T01:02:03|null",
        "-2|null|1e21||false|null|2026-03-09T01:02:03.500|2023-11-14T22:13:20.000001Z",
        "null|1234.56|null|null|null|2026-03-09|null|null",
    ];
    let select = "SELECT * FROM orders";
    for name in ["p", "c", "cz", "j", "jz"] {
        let source = declared(table(name));
        assert_eq!(query(&root, &source, select).await.unwrap(), expected, "{name}");
        let types = "id integer, price decimal(18, 2), rate float, note text, paid boolean, day date, \
                     at timestamp, seen timestamp with zone";
        assert_eq!(schema(&root, &source).await.unwrap(), types, "{name}");
    }
    assert_eq!(query(&root, &parquet("p.parquet"), select).await.unwrap(), expected);
    assert_eq!(
        schema(&root, &csv("c.csv")).await.unwrap(),
        "id text, price text, rate text, note text, paid text, day text, at text, seen text"
    );
    assert_eq!(
        schema(&root, &json_lines("j.jsonl")).await.unwrap(),
        "id integer, price float, rate float, note text, paid boolean, day text, at text, seen text"
    );
}

#[tokio::test]
async fn directories_and_partitions() {
    let root = Root::new();
    for (day, amounts) in [("2026-01-01", [1, 2]), ("2026-01-02", [3, 4])] {
        let text: String = amounts.iter().map(|amount| format!("{amount}\n")).collect();
        let lines: String = amounts.iter().map(|amount| format!("{{\"amount\": {amount}}}\n")).collect();
        root.parquet(&format!("p/day={day}/region=north west/x.parquet"), &[("amount", integers(&amounts))]);
        root.write(&format!("c/day={day}/region=north west/x.csv"), format!("amount\n{text}"));
        root.write(&format!("j/day={day}/region=north west/x.jsonl"), lines);
    }
    for source in [parquet("p"), parquet("p/**/*.parquet"), csv("c"), table("c"), json_lines("j/*/*/*.jsonl")] {
        let source = with(source, &[("amount", DataType::Integer)]);
        assert_eq!(schema(&root, &source).await.unwrap(), "amount integer, day date, region text");
        let sql = "SELECT day, region, sum(amount) FROM orders GROUP BY ALL ORDER BY day";
        let expected = ["2026-01-01|north west|3", "2026-01-02|north west|7"];
        assert_eq!(query(&root, &source, sql).await.unwrap(), expected);
        let sql = "SELECT region, amount FROM orders WHERE day = DATE '2026-01-02' AND amount > 3";
        assert_eq!(query(&root, &source, sql).await.unwrap(), ["north west|4"]);
    }
}

/// Integers widen, columns that a file lacks are null, and order does not matter.
#[tokio::test]
async fn files_unite_by_name() {
    let root = Root::new();
    root.write("c/1.csv", "id,name\n1,x\n").write("c/2.csv", "note,id\nn,2\n\n");
    let source = with(csv("c"), &[("id", DataType::Integer), ("name?", DataType::Text)]);
    let sql = "SELECT id, name, note FROM orders ORDER BY id";
    assert_eq!(query(&root, &source, sql).await.unwrap(), ["1|x|null", "2|null|n"]);
    root.write("j/1.jsonl", "{\"id\":1,\"v\":null,\"w\":1}\n\n").write("j/2.jsonl", "{\"v\":2.5,\"id\":2,\"w\":2}");
    let sql = "SELECT id, v, w FROM orders ORDER BY id";
    assert_eq!(query(&root, &json_lines("j"), sql).await.unwrap(), ["1|null|1", "2|2.5|2"]);
    write_small_integers(&root, "p/1.parquet");
    root.parquet("p/2.parquet", &[("extra", texts(&["e"])), ("id", integers(&[5_000_000_000]))]);
    assert_eq!(schema(&root, &parquet("p")).await.unwrap(), "id integer, tag text, extra text");
    let sql = "SELECT id, tag, extra FROM orders ORDER BY id";
    assert_eq!(query(&root, &parquet("p"), sql).await.unwrap(), ["7|t|null", "8|t|null", "5000000000|null|e"]);
    let sql = "SELECT id FROM orders WHERE id < 8";
    assert_eq!(query(&root, &parquet("p"), sql).await.unwrap(), ["7"]);
}

/// Types that other writers use: 16-bit integers, dictionaries, nanoseconds, 32-bit floats, lists.
fn write_small_integers(root: &Root, path: &str) {
    use datafusion::arrow::array::{ArrayRef, DictionaryArray, Int16Array, RecordBatch};
    use datafusion::arrow::datatypes::Int8Type;
    let tags: DictionaryArray<Int8Type> = ["t", "t"].into_iter().collect();
    let columns: [(&str, ArrayRef); 2] =
        [("id", std::sync::Arc::new(Int16Array::from(vec![7, 8]))), ("tag", std::sync::Arc::new(tags))];
    write_batch(root, path, &RecordBatch::try_from_iter(columns).unwrap());
}

fn write_batch(root: &Root, path: &str, batch: &datafusion::arrow::array::RecordBatch) {
    let path = root.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = datafusion::parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn types_of_other_writers() {
    use datafusion::arrow::array::{
        ArrayRef, BinaryArray, Float32Array, LargeStringArray, ListArray, RecordBatch, TimestampNanosecondArray,
        TimestampSecondArray, UInt64Array,
    };
    use datafusion::arrow::datatypes::Int32Type;
    use std::sync::Arc;
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1)])]);
    let columns: [(&str, ArrayRef); 7] = [
        ("nanos", Arc::new(TimestampNanosecondArray::from(vec![1_500_000_000]))),
        ("seconds", Arc::new(TimestampSecondArray::from(vec![1]).with_timezone("America/New_York"))),
        ("big", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("half", Arc::new(Float32Array::from(vec![0.5]))),
        ("long", Arc::new(LargeStringArray::from(vec!["text"]))),
        ("list", Arc::new(list)),
        ("bytes", Arc::new(BinaryArray::from(vec![&b"b"[..]]))),
    ];
    let root = Root::new();
    write_batch(&root, "o.parquet", &RecordBatch::try_from_iter(columns).unwrap());
    let source = parquet("o.parquet");
    assert_eq!(
        schema(&root, &source).await.unwrap(),
        "nanos timestamp, seconds timestamp with zone, big decimal(20, 0), half float, long text"
    );
    assert_eq!(
        query(&root, &source, "SELECT * FROM orders WHERE nanos > TIMESTAMP '1970-01-01T00:00:01'").await.unwrap(),
        ["1970-01-01T00:00:01.500|1970-01-01T00:00:01Z|18446744073709551615|0.5|text"]
    );
    let snapshot = root.snapshot(&[source]).await;
    let dataset = snapshot.dataset("orders").unwrap();
    assert_eq!(
        shown(&dataset.schema().require("orders", "list").unwrap_err()),
        "unknown-column: column `list` of dataset `orders` is a list, which is not read\n\
         help: store it as boolean, number, text, date or timestamp"
    );
    assert_eq!(
        shown(&dataset.schema().require("orders", "nano").unwrap_err()),
        "unknown-column: dataset `orders` has no column `nano`\nhelp: name a column of its files\ndid you mean: nanos"
    );
    let exact = with(parquet("o.parquet"), &[("half", MONEY)]);
    assert_eq!(query(&root, &exact, "SELECT half FROM orders").await.unwrap(), ["0.50"]);
}

#[tokio::test]
async fn ways_to_write_csv() {
    let root = Root::new();
    root.write(
        "o.csv",
        "\u{feff}id;name ; ;\"a;b\"\r\n1;;x;\"\"\r\n2;NULL;\"multi\r\nline\";\"q\"\"q\"\r\n\r\n \"3\";\"NULL\";;z",
    );
    let options = CsvOptions { delimiter: b';', ..CsvOptions::default() };
    let select = "SELECT id, name, \"a;b\" FROM orders";
    let source = files(Format::Csv(options.clone()), "o.csv");
    assert_eq!(schema(&root, &source).await.unwrap(), "id text, name text, a;b text");
    assert_eq!(query(&root, &source, select).await.unwrap(), ["1|null|", "2|NULL|q\"q", " \"3\"|NULL|z"]);
    let with_null = files(Format::Csv(CsvOptions { null: Some("NULL".into()), ..options }), "o.csv");
    assert_eq!(query(&root, &with_null, select).await.unwrap(), ["1||", "2|null|q\"q", " \"3\"|NULL|z"]);
    root.write("bare.csv", "1,a\n2,b\n");
    let bare = files(Format::Csv(CsvOptions { header: false, ..CsvOptions::default() }), "bare.csv");
    let bare = with(bare, &[("id", DataType::Integer), ("name", DataType::Text)]);
    assert_eq!(query(&root, &bare, "SELECT * FROM orders").await.unwrap(), ["1|a", "2|b"]);
    root.write("one.csv", "v\n\n1\n");
    let one = with(csv("one.csv"), &[("v", DataType::Integer)]);
    assert_eq!(query(&root, &one, "SELECT * FROM orders").await.unwrap(), ["null", "1"]);
    root.write("quoted.csv", "v,w\n\"\",\" 12 \"\n");
    let quoted = with(csv("quoted.csv"), &[("v", DataType::Date), ("w", MONEY)]);
    assert_eq!(query(&root, &quoted, "SELECT * FROM orders").await.unwrap(), ["null|12.00"]);
}

/// Declared types win over what JSON shows, exactly.
#[tokio::test]
async fn ways_to_write_json_lines() {
    let root = Root::new();
    let line = r#"{"price":1234567890123456.78,"code":42,"day":"2026-01-01","n":"12","mixed":1,"list":[1]}"#;
    root.write("o.jsonl", format!("{line}\n{{\"mixed\":\"x\",\"big\":12345678901234567890}}\n"));
    let source = with(
        json_lines("o.jsonl"),
        &[
            ("price", DataType::Decimal { precision: 38, scale: 2 }),
            ("code", DataType::Text),
            ("day", DataType::Date),
            ("n", DataType::Integer),
            ("nothing?", DataType::Boolean),
        ],
    );
    assert_eq!(
        schema(&root, &source).await.unwrap(),
        "price decimal(38, 2), code text, day date, n integer, big decimal(38, 0), nothing boolean"
    );
    assert_eq!(
        query(&root, &source, "SELECT * FROM orders").await.unwrap(),
        ["1234567890123456.78|42|2026-01-01|12|null|null", "null|null|null|null|12345678901234567890|null"]
    );
    let snapshot = root.snapshot(&[source]).await;
    let fault = snapshot.dataset("orders").unwrap().schema().require("orders", "mixed").unwrap_err();
    assert!(fault.message.contains("is a mixture of text and other values"), "{}", fault.message);
}

/// Names with the characters that globs and addresses use are read as they stand.
#[tokio::test]
async fn names_with_special_characters() {
    let root = Root::new();
    for name in ["a b", "100%25", "x[1]", "q?", "s*", "ü#&+~'", "{a,b}"] {
        root.parquet(&format!("{name}/{name}.parquet"), &[("id", integers(&[1, 2, 3]))]);
        let expected = ["6"];
        for source in [parquet(&format!("{name}/{name}.parquet")), parquet(name), table(&format!("{name}/{name}"))] {
            assert_eq!(query(&root, &source, "SELECT sum(id) FROM orders").await.unwrap(), expected, "{name}");
        }
    }
    assert_eq!(query(&root, &parquet("**"), "SELECT count(*) FROM orders").await.unwrap(), ["21"]);
}

/// Only the columns asked for are read, and row groups that cannot match are not.
#[tokio::test]
async fn pruning() {
    let root = Root::new();
    root.parquet("o.parquet", &[("id", integers(&[1, 2, 3, 4, 5, 6])), ("note", texts(&["x"; 6]))]);
    let snapshot = root.snapshot(&[parquet("o.parquet")]).await;
    let context = session();
    let plan = rows(&context, &snapshot, "EXPLAIN ANALYZE SELECT sum(id) FROM orders WHERE id > 4").await.unwrap();
    let plan = plan.join("\n");
    let scan = plan.lines().find(|line| line.contains("DataSourceExec")).unwrap();
    assert!(scan.contains("projection=[id]") && scan.contains("predicate=id"), "{scan}");
    assert!(scan.contains("row_groups_pruned_statistics=3 total → 1 matched"), "{scan}");
    assert!(!plan.contains(root.path().to_str().unwrap()), "{plan}");
}
