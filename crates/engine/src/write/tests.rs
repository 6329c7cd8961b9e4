//! What is written is what stands in the columns, in each format, and the same every time.

use std::fs;
use std::io::Read;

use chrono::{DateTime, NaiveDate};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Column, WriteError, write_csv, write_json_lines, write_parquet};

fn columns() -> Vec<(String, Column)> {
    let day = |d| NaiveDate::from_ymd_opt(2026, 3, d).unwrap();
    let at = |d, micro| day(d).and_hms_micro_opt(1, 2, 3, micro).unwrap();
    let instant = DateTime::from_timestamp_micros(1_700_000_000_000_001).unwrap();
    vec![
        ("id".into(), Column::Integer(vec![Some(-1), None])),
        ("price".into(), Column::Decimal { scale: 2, values: vec![Some(-5), Some(123_456)] }),
        ("rate".into(), Column::Float(vec![Some(0.3), None])),
        ("note".into(), Column::Text(vec![Some("a,\"b\"\n".into()), Some(String::new())])),
        ("paid".into(), Column::Boolean(vec![Some(true), None])),
        ("day".into(), Column::Date(vec![Some(day(8)), Some(NaiveDate::from_ymd_opt(1969, 12, 31).unwrap())])),
        ("at".into(), Column::Timestamp(vec![Some(at(8, 0)), Some(at(9, 500_000))])),
        ("seen".into(), Column::Instant(vec![Some(instant), None])),
    ]
}

#[test]
fn csv_and_json_lines() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/orders.csv");
    write_csv(&path, &columns()).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "id,price,rate,note,paid,day,at,seen\n\
         -1,-0.05,0.3,\"a,\"\"b\"\"\n\",true,2026-03-08,2026-03-08T01:02:03,2023-11-14T22:13:20.000001Z\n\
         ,1234.56,,\"\",,1969-12-31,2026-03-09T01:02:03.500,\n"
    );
    let path = directory.path().join("orders.jsonl");
    write_json_lines(&path, &columns()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let rows: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["note"], "a,\"b\"\n");
    assert_eq!(rows[1]["price"].to_string(), "1234.56");
    assert_eq!(rows[1]["id"], serde_json::Value::Null);
    let infinite = [("rate".to_string(), Column::Float(vec![Some(f64::INFINITY)]))];
    assert!(matches!(write_json_lines(&path, &infinite), Err(WriteError::Value(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "a failed write leaves the old file");
}

#[test]
fn compressed_csv() {
    let directory = tempfile::tempdir().unwrap();
    let (plain, packed) = (directory.path().join("orders.csv"), directory.path().join("orders.csv.gz"));
    write_csv(&plain, &columns()).unwrap();
    write_csv(&packed, &columns()).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(&packed).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(text, fs::read_to_string(&plain).unwrap());
}

#[test]
fn parquet() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.parquet");
    write_parquet(&path, &columns(), 1).unwrap();
    let first = fs::read(&path).unwrap();
    write_parquet(&path, &columns(), 1).unwrap();
    assert_eq!(first, fs::read(&path).unwrap());
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(reader.metadata().num_row_groups(), 2);
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let table = pretty_format_batches(&batches).unwrap().to_string();
    for shown in ["-0.05", "1234.56", "1969-12-31", "2026-03-09T01:02:03.500", "2023-11-14T22:13:20.000001Z"] {
        assert!(table.contains(shown), "{shown} not in\n{table}");
    }
    let short = [("a".to_string(), Column::Integer(vec![None])), ("b".to_string(), Column::Integer(vec![]))];
    assert!(matches!(write_parquet(&path, &short, 1), Err(WriteError::Lengths { .. })));
}
