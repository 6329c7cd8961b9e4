//! The engine's own hazards, each against a session without the cure.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Date32Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::datasource::MemTable;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{ParquetReadOptions, SessionContext};

use super::{Resources, Sessions};

const SMALL: Resources =
    Resources { memory_bytes: 64 << 20, temporary_bytes: 64 << 20, target_partitions: 2, threads: 2 };

fn keys(values: &[&str]) -> Arc<MemTable> {
    let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Utf8, true)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(StringArray::from(values.to_vec()))]).unwrap();
    Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap())
}

async fn integer(context: &SessionContext, sql: &str) -> i64 {
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    batches[0].column(0).as_primitive::<Int64Type>().value(0)
}

/// A sum of a literal over a join is answered from statistics that the join did not scale.
#[tokio::test]
async fn a_sum_of_ones_over_a_join_counts_the_joined_rows() {
    let sessions = Sessions::new(&SMALL).unwrap();
    let ours = sessions.open(1 << 20).context;
    let plain = SessionContext::new();
    for context in [&ours, &plain] {
        context.register_table("f", keys(&["a", "a", "b", "c"])).unwrap();
        context.register_table("g", keys(&["a", "b"])).unwrap();
    }
    let sql = "SELECT SUM(one) FROM (SELECT k, 1 AS one FROM f) a JOIN g ON a.k = g.k";
    assert_eq!(integer(&ours, sql).await, 3);
    assert_eq!(integer(&plain, sql).await, 4, "the engine no longer needs the cure");
}

/// Listings are not remembered: a file that arrives is read by the next question.
#[tokio::test]
async fn a_new_file_is_seen_by_the_next_question() {
    let sessions = Sessions::new(&SMALL).unwrap();
    let ours = sessions.open(1 << 20).context;
    let plain = SessionContext::new();
    for (context, after) in [(&ours, 5), (&plain, 3)] {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, values: Vec<i64>| {
            let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from(values))]).unwrap();
            let file = std::fs::File::create(directory.path().join(name)).unwrap();
            let mut writer = ArrowWriter::try_new(file, schema, None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        };
        write("1.parquet", vec![1, 2, 3]);
        let path = format!("{}/", directory.path().display());
        context.register_parquet("n", &path, ParquetReadOptions::default()).await.unwrap();
        assert_eq!(integer(context, "SELECT COUNT(*) FROM n").await, 3);
        write("2.parquet", vec![4, 5]);
        assert_eq!(integer(context, "SELECT COUNT(*) FROM n").await, after);
    }
}

/// What a session keeps, the next one does not see.
#[tokio::test]
async fn sessions_share_no_tables() {
    let sessions = Sessions::new(&SMALL).unwrap();
    let first = sessions.open(1 << 20).context;
    first.register_table("f", keys(&["a"])).unwrap();
    let second = sessions.open(1 << 20).context;
    assert!(second.table("f").await.is_err());
    assert_eq!(integer(&first, "SELECT COUNT(*) FROM f").await, 1);
}

/// Functions that allocate what their argument says, the catalog's tables and paths as tables
/// are not there.
#[tokio::test]
async fn dangerous_doors_are_shut() {
    let sessions = Sessions::new(&SMALL).unwrap();
    let context = sessions.open(1 << 20).context;
    for sql in [
        "SELECT repeat('x', 1000000000)",
        "SELECT lpad('x', 1000000000)",
        "SELECT array_repeat(1, 1000000000)",
        "SELECT * FROM generate_series(1, 1000000000)",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM '/etc/passwd'",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT * FROM t",
    ] {
        assert!(context.sql(sql).await.is_err(), "{sql}");
    }
}

/// A query's operators stay under its own limit, though the process has more.
#[tokio::test]
async fn a_query_has_its_own_memory_limit() {
    let sessions = Sessions::new(&SMALL).unwrap();
    let rows = 200_000;
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(Int64Array::from_iter_values(0..rows))]).unwrap();
    let table = Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap());
    for (limit, enough) in [(100 << 10, false), (32 << 20, true)] {
        let context = sessions.open(limit).context;
        context.register_table("t", Arc::clone(&table) as _).unwrap();
        let answer = context.sql("SELECT COUNT(DISTINCT n) FROM t").await.unwrap().collect().await;
        assert_eq!(answer.is_ok(), enough, "{limit} bytes: {answer:?}");
    }
    assert_eq!(sessions.shared.memory_pool.reserved(), 0, "what ended gave back what it held");
}

/// `date_trunc('week')` knows Mondays only and `DESC` puts nulls first: what the lowering must not rely on.
#[tokio::test]
async fn the_engine_truncates_weeks_to_monday_and_puts_nulls_first() {
    let context = Sessions::new(&SMALL).unwrap().open(1 << 20).context;
    let batches = context
        .sql("SELECT CAST(date_trunc('week', DATE '2026-03-01') AS DATE)")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let monday = batches[0].column(0).as_any().downcast_ref::<Date32Array>().unwrap().value_as_date(0).unwrap();
    assert_eq!(monday.to_string(), "2026-02-23");
    let batches = context
        .sql("SELECT column1 FROM (VALUES (1), (NULL), (3)) ORDER BY 1 DESC LIMIT 1")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    assert_eq!(batches[0].column(0).null_count(), 1);
}
