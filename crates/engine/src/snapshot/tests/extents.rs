//! How far the data reaches, and whether keys hold.

use super::*;
use crate::snapshot::extent::Moment;
use chrono::{NaiveDate, NaiveDateTime};

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, day).unwrap()
}

fn noon(d: u32) -> NaiveDateTime {
    day(d).and_hms_opt(12, 0, 0).unwrap()
}

#[tokio::test]
async fn extents() {
    let root = Root::new();
    let columns = |days: &[Option<u32>]| {
        vec![
            ("day".to_string(), Column::Date(days.iter().map(|d| d.map(day)).collect())),
            ("at".to_string(), Column::Timestamp(days.iter().map(|d| d.map(noon)).collect())),
            ("seen".to_string(), Column::Instant(days.iter().map(|d| d.map(|d| noon(d).and_utc())).collect())),
            ("nothing".to_string(), Column::Date(vec![None; days.len()])),
        ]
    };
    let (first, second) = (columns(&[Some(5), None, None, None, Some(9)]), columns(&[Some(3), Some(4)]));
    for (name, part) in [("1", &first), ("2", &second)] {
        write_parquet(&root.path().join(format!("p/{name}.parquet")), part, 2).unwrap();
        write_csv(&root.path().join(format!("c/{name}.csv")), part).unwrap();
    }
    for name in ["p", "c"] {
        let types = [
            ("day", DataType::Date),
            ("at", DataType::Timestamp(Clock::Local)),
            ("seen", DataType::Timestamp(Clock::Instant)),
            ("nothing", DataType::Date),
        ];
        let snapshot = root.snapshot(&[with(table(name), &types)]).await;
        for _ in 0..2 {
            let extent = |column| snapshot.extent("orders", column);
            let found = extent("day").await.unwrap().unwrap();
            assert_eq!((found.min, found.max), (Moment::Date(day(3)), Moment::Date(day(9))));
            let found = extent("at").await.unwrap().unwrap();
            assert_eq!((found.min, found.max), (Moment::Local(noon(3)), Moment::Local(noon(9))));
            let found = extent("seen").await.unwrap().unwrap();
            assert_eq!(
                (found.min, found.max),
                (Moment::Instant(noon(3).and_utc()), Moment::Instant(noon(9).and_utc()))
            );
            assert_eq!(extent("nothing").await.unwrap(), None);
        }
    }
}

/// The extent of a partition key, and of a column whose file keeps no statistics.
#[tokio::test]
async fn extents_without_statistics() {
    use datafusion::arrow::array::{ArrayRef, Date32Array, RecordBatch};
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
    let root = Root::new();
    let days: ArrayRef = std::sync::Arc::new(Date32Array::from(vec![Some(20_458), None, Some(20_460)]));
    let batch = RecordBatch::try_from_iter([("day", days)]).unwrap();
    for month in ["2026-01-01", "2026-02-01"] {
        root.write(&format!("o/month={month}/x.parquet"), "");
        let file = fs::File::create(root.path().join(format!("o/month={month}/x.parquet"))).unwrap();
        let properties = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
    let snapshot = root.snapshot(&[parquet("o")]).await;
    let found = snapshot.extent("orders", "day").await.unwrap().unwrap();
    assert_eq!((found.min, found.max), (Moment::Date(day(5)), Moment::Date(day(7))));
    let found = snapshot.extent("orders", "month").await.unwrap().unwrap();
    let february = NaiveDate::from_ymd_opt(2026, 2, 1).unwrap();
    assert_eq!((found.min, found.max), (Moment::Date(day(1)), Moment::Date(february)));
}

#[tokio::test]
async fn keys() {
    let root = Root::new();
    let columns = [
        ("id".to_string(), Column::Integer(vec![Some(1), Some(2), Some(2), None, None, Some(1), Some(2)])),
        ("line".to_string(), Column::Text(["a", "a", "b", "c", "c", "b", "c"].map(|t| Some(t.to_string())).to_vec())),
    ];
    write_parquet(&root.path().join("p.parquet"), &columns, 2).unwrap();
    write_csv(&root.path().join("c.csv"), &columns).unwrap();
    for name in ["p", "c"] {
        let snapshot = root.snapshot(&[with(table(name), &[("id", DataType::Integer)])]).await;
        let verify = async |columns: &[&str]| {
            let columns: Vec<String> = columns.iter().map(|column| column.to_string()).collect();
            snapshot.verify_key("orders", &columns).await
        };
        assert_eq!(verify(&["id", "line"]).await, Ok(()));
        for _ in 0..2 {
            assert_eq!(
                shown(&verify(&["id"]).await.unwrap_err()),
                "duplicate-key: key `id` of dataset `orders` is not unique: 2 values stand in more than one row\n\
                 help: remove the duplicate rows, or declare the columns that do identify a row"
            );
        }
        assert_eq!(verify(&["nothing"]).await.unwrap_err().code.as_str(), "unknown-column");
    }
    fs::remove_file(root.path().join("c.csv")).unwrap();
    root.write("c.csv", "id\n1\n2\n");
    let snapshot = root.snapshot(&[with(table("c"), &[("id", DataType::Integer)])]).await;
    assert_eq!(snapshot.verify_key("orders", &["id".to_string()]).await, Ok(()));
}
