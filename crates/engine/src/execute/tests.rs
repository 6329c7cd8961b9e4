use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use sextant_semantics::code::Code;
use tokio_util::sync::CancellationToken;

use super::{ExecuteError, Limits, execute};
use crate::session::{Resources, Session, Sessions};

fn sessions() -> Sessions {
    sessions_with_spill(256 << 20)
}

fn sessions_with_spill(temporary_bytes: u64) -> Sessions {
    Sessions::new(&Resources { memory_bytes: 64 << 20, temporary_bytes, target_partitions: 2, threads: 2 }).unwrap()
}

/// A session with `n`, the integers below `rows`, and `t`, one text cell that is no number.
fn session(sessions: &Sessions, memory: usize, rows: i64) -> Session {
    let session = sessions.open(memory);
    let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
    let numbers = Arc::new(Int64Array::from_iter_values(0..rows));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![numbers]).unwrap();
    let half = batch.num_rows() / 2;
    let parts = vec![vec![batch.slice(0, half)], vec![batch.slice(half, batch.num_rows() - half)]];
    session.context.register_table("n", Arc::new(MemTable::try_new(schema, parts).unwrap())).unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new("secret", DataType::Utf8, false)]));
    let cells = Arc::new(StringArray::from(vec!["hunter2"]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![cells]).unwrap();
    session.context.register_table("t", Arc::new(MemTable::try_new(schema, vec![vec![batch]]).unwrap())).unwrap();
    session
}

async fn plan(session: &Session, sql: &str) -> LogicalPlan {
    session.context.sql(sql).await.unwrap().into_unoptimized_plan()
}

async fn run(session: &Session, sql: &str, limits: &Limits) -> Result<Vec<RecordBatch>, ExecuteError> {
    let plan = plan(session, sql).await;
    execute(session, plan, limits, &CancellationToken::new()).await
}

/// Ten thousand million pairs: far more than any limit of these tests allows.
const ENDLESS: &str = "SELECT COUNT(*) FROM n a JOIN n b ON a.n % 7 < b.n % 11 JOIN n c ON a.n + b.n > c.n % 5";

#[tokio::test]
async fn a_query_ends_at_its_time_limit() {
    let sessions = sessions();
    let session = session(&sessions, 32 << 20, 100_000);
    let limits = Limits { time: Duration::from_millis(200), ..Limits::STANDARD };
    let start = Instant::now();
    let error = run(&session, ENDLESS, &limits).await.unwrap_err();
    assert_eq!(error.diagnostic().code, Code::Timeout, "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_query_ends_when_it_is_cancelled() {
    let sessions = sessions();
    let session = session(&sessions, 32 << 20, 100_000);
    let cancel = CancellationToken::new();
    let trigger = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        trigger.cancel();
    });
    let start = Instant::now();
    let plan = plan(&session, ENDLESS).await;
    let error = execute(&session, plan, &Limits::STANDARD, &cancel).await.unwrap_err();
    assert_eq!(error.diagnostic().code, Code::Cancelled);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_a_query_held_is_given_back_after_its_time_limit() {
    let sessions = sessions();
    let session = session(&sessions, 32 << 20, 100_000);
    let limits = Limits { time: Duration::from_millis(100), ..Limits::STANDARD };
    run(&session, ENDLESS, &limits).await.unwrap_err();
    let pool = Arc::clone(&session.context.runtime_env().memory_pool);
    let start = Instant::now();
    while pool.reserved() > 0 && start.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(pool.reserved(), 0, "the work went on after its caller");
}

#[tokio::test]
async fn rows_bytes_and_memory_are_capped() {
    let sessions = sessions();
    let rows = Limits { rows: 9, ..Limits::STANDARD };
    let bytes = Limits { bytes: 1000, ..Limits::STANDARD };
    let small = session(&sessions, 32 << 20, 10);
    let large = session(&sessions, 100 << 10, 200_000);
    let all = "SELECT n FROM n";
    let code = |answer: Result<Vec<RecordBatch>, ExecuteError>| answer.unwrap_err().diagnostic().code;
    assert_eq!(run(&small, all, &Limits::STANDARD).await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 10);
    assert_eq!(code(run(&small, all, &rows).await), Code::RowLimit);
    assert_eq!(code(run(&large, all, &bytes).await), Code::ResourcesExhausted);
    let distinct = "SELECT COUNT(DISTINCT n) FROM n";
    assert_eq!(code(run(&large, distinct, &Limits::STANDARD).await), Code::ResourcesExhausted);
}

#[tokio::test]
async fn slices_of_one_buffer_count_once() {
    let sessions = sessions();
    let session = session(&sessions, 32 << 20, 200_000);
    // 1.6 MB of integers, in slices of 8,192 rows.
    let limits = Limits { bytes: 2 << 20, ..Limits::STANDARD };
    let batches = run(&session, "SELECT n FROM n", &limits).await.unwrap();
    assert!(batches.len() > 10, "{}", batches.len());
}

#[tokio::test]
async fn a_full_temporary_directory_is_a_limit() {
    let sessions = sessions_with_spill(1000);
    let session = session(&sessions, 600 << 10, 200_000);
    let error = run(&session, "SELECT n FROM n ORDER BY n % 1000, n", &Limits::STANDARD).await.unwrap_err();
    assert_eq!(error.diagnostic().code, Code::ResourcesExhausted, "{error:?}");
}

#[tokio::test]
async fn faults_of_the_data_have_codes_and_show_no_cell() {
    let sessions = sessions();
    let session = session(&sessions, 32 << 20, 3);
    for (sql, code) in [
        ("SELECT CAST(secret AS INT) FROM t", Code::BadCell),
        ("SELECT CAST(secret AS DATE) FROM t", Code::BadCell),
        ("SELECT CAST(secret AS TIMESTAMP) FROM t", Code::BadCell),
        ("SELECT CAST(secret AS DECIMAL(10, 2)) FROM t", Code::BadCell),
        ("SELECT CAST(n + 10000 AS DECIMAL(4, 2)) FROM n", Code::NumericOverflow),
        ("SELECT CAST((n + 0.5) * 1e30 AS DECIMAL(10, 2)) FROM n", Code::NumericOverflow),
        ("SELECT CAST(1e37 * n AS DECIMAL(38, 0)) * CAST(100 AS DECIMAL(38, 0)) FROM n", Code::NumericOverflow),
        ("SELECT 1 / (n - n) FROM n", Code::Internal),
    ] {
        let error = run(&session, sql, &Limits::STANDARD).await.unwrap_err();
        let diagnostic = error.diagnostic();
        assert_eq!(diagnostic.code, code, "{sql}: {error}");
        let said = format!("{} {:?}", diagnostic.message, diagnostic.help);
        assert!(!said.contains("hunter2") && !said.contains("Arrow") && !said.contains("DataFusion"), "{said}");
    }
}

/// Panics when it is run.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Panics(Signature);

impl ScalarUDFImpl for Panics {
    fn name(&self) -> &str {
        "panics"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        panic!("a fault of the engine")
    }
}

#[tokio::test]
async fn a_panic_fails_its_own_question_only() {
    let sessions = sessions();
    let session = session(&sessions, 32 << 20, 10);
    let panics = Panics(Signature::any(1, Volatility::Volatile));
    session.context.register_udf(ScalarUDF::from(panics));
    for sql in ["SELECT panics(n) FROM n", "SELECT n % 3, SUM(panics(n)) FROM n GROUP BY 1"] {
        let error = run(&session, sql, &Limits::STANDARD).await.unwrap_err();
        assert_eq!(error.diagnostic().code, Code::Internal, "{error}");
    }
    assert!(run(&session, "SELECT n FROM n", &Limits::STANDARD).await.is_ok());
}
