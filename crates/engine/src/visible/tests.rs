//! The visible rows of a table, against a view of the engine's own with the same condition.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;
use sextant_semantics::catalog::bind::PhysicalColumn;
use sextant_semantics::data_type::DataType;
use sextant_semantics::expr::{BinaryOp, Expr, Kind, Literal};
use sextant_semantics::source::{SourceId, Span};

use super::table::VisibleTable;
use super::*;

fn column(name: &str, data_type: DataType) -> SchemaColumn {
    SchemaColumn { name: name.to_string(), data_type, partition: false }
}

fn schema() -> DatasetSchema {
    let columns = vec![column("tenant", DataType::Text), column("raw", DataType::Text), column("n", DataType::Integer)];
    DatasetSchema { columns, unreadable: Vec::new() }
}

/// Two visible rows among hidden ones, in two partitions.
fn rows() -> Arc<MemTable> {
    let batch = |tenants: [&str; 3], raws: [&str; 3], numbers: [i64; 3]| {
        let columns: Vec<Arc<dyn Array>> = vec![
            Arc::new(StringViewArray::from(tenants.to_vec())),
            Arc::new(StringViewArray::from(raws.to_vec())),
            Arc::new(Int64Array::from(numbers.to_vec())),
        ];
        RecordBatch::try_new(schema().arrow(), columns).unwrap()
    };
    let first = batch(["a", "b", "b"], ["1", "canary-1", "1"], [1, 0, 7]);
    let second = batch(["b", "a", "b"], ["canary-2", "2", ""], [5, 2, 9]);
    Arc::new(MemTable::try_new(schema().arrow(), vec![vec![first], vec![second]]).unwrap())
}

fn own(name: &str, data_type: DataType) -> SeenRef {
    SeenRef::Column(ColumnOf { table: 0, column: PhysicalColumn { name: name.to_string(), data_type } })
}

/// The restriction of a filter over the table alone.
fn restriction(context: &SessionContext, sight: Sight) -> Arc<Restriction> {
    let whole = |_: DatasetId| Err(Diagnostic::new(Code::Internal, "no other dataset"));
    let calendar = Calendar::in_zone(chrono_tz::UTC);
    let maker = Maker { state: &context.state(), calendar: &calendar, whole: &whole, most_bytes: 0 };
    Arc::new(Restriction::new(&maker, "f", sight, &schema()).unwrap())
}

fn sight() -> Sight {
    let span = Span::new(SourceId(0), 0, 0);
    let left = Expr::new(Kind::Ref(own("tenant", DataType::Text)), span);
    let right = Expr::new(Kind::Literal(Literal::Text("a".to_string())), span);
    let rows = Visible::Where(Expr::new(Kind::Binary { op: BinaryOp::Equal, left, right }, span));
    Sight {
        rows,
        steps: Vec::new(),
        conditions: Vec::new(),
        text: "tenant = :caller.tenant".to_string(),
        lacks: Vec::new(),
    }
}

/// A session in which `v` is the visible part of the rows.
fn guarded() -> SessionContext {
    let context = SessionContext::new();
    let table = VisibleTable::new(rows(), Some(restriction(&context, sight())), |_| false).unwrap();
    context.register_table("v", Arc::new(table)).unwrap();
    context
}

async fn bare() -> SessionContext {
    let context = SessionContext::new();
    context.register_table("f", rows()).unwrap();
    context.sql("CREATE VIEW v AS SELECT * FROM f WHERE tenant = 'a'").await.unwrap().collect().await.unwrap();
    context
}

/// One number, or the text of the fault.
async fn number(context: &SessionContext, sql: &str) -> Result<i64, String> {
    let rows = match context.sql(sql).await {
        Ok(planned) => planned.collect().await,
        Err(error) => Err(error),
    };
    let batches = rows.map_err(|error| error.to_string())?;
    let batch = batches.iter().find(|batch| batch.num_rows() > 0).unwrap();
    Ok(batch.column(0).as_primitive::<Int64Type>().value(0))
}

#[tokio::test]
async fn a_view_tells_of_hidden_rows_and_a_visible_table_does_not() {
    let (guarded, bare) = (guarded(), bare().await);
    let asked = [
        ("SELECT count(*) FROM v", 2),
        ("SELECT count(*) FROM v WHERE CAST(raw AS BIGINT) > 0", 2),
        ("SELECT sum(n) FROM v WHERE 10 / n > 0", 3),
        ("SELECT n FROM v WHERE CAST(raw AS BIGINT) > 0 ORDER BY n DESC LIMIT 1", 2),
        ("SELECT count(*) FROM v JOIN (SELECT 1 AS k) AS one ON CAST(v.raw AS BIGINT) = one.k", 1),
        ("SELECT count(*) FROM (SELECT * FROM v LIMIT 2)", 2),
    ];
    let mut told = 0;
    for (sql, expected) in asked {
        assert_eq!(number(&guarded, sql).await, Ok(expected), "{sql}");
        told +=
            usize::from(number(&bare, sql).await.is_err_and(|text| text.contains("canary") || text.contains("zero")));
    }
    assert!(told > 0, "the engine's own views no longer tell of hidden rows");
}

#[tokio::test]
async fn nothing_moves_below_the_visible_rows() {
    let context = guarded();
    for sql in [
        "SELECT n FROM v WHERE CAST(raw AS BIGINT) > 0 LIMIT 1",
        "SELECT n + 1 AS m FROM v WHERE n > 1 ORDER BY m LIMIT 1",
        "SELECT count(*) FROM v WHERE n = 1",
        "SELECT v.n FROM v JOIN (VALUES (1), (2)) AS k(n) ON k.n = v.n",
    ] {
        let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
        let text = displayable(plan.as_ref()).indent(false).to_string();
        let line = text.lines().find(|line| line.contains("VisibleRowsExec")).unwrap();
        assert!(line.trim_start().starts_with("VisibleRowsExec: f ["), "{text}");
        assert!(line.ends_with("policy=tenant = :caller.tenant"), "{text}");
        // A leaf: what stands after it is less deep, or nothing.
        let depth = |line: &str| line.len() - line.trim_start().len();
        let after = text.lines().skip_while(|other| *other != line).nth(1);
        assert!(after.is_none_or(|after| depth(after) <= depth(line)), "{text}");
        assert!(!sql.contains("WHERE") || text.contains("FilterExec"), "{text}");
    }
}

#[tokio::test]
async fn a_row_on_which_the_filter_fails_is_hidden() {
    let span = Span::new(SourceId(0), 0, 0);
    let raw = Expr::new(Kind::Ref(own("raw", DataType::Text)), span);
    let cast = Expr::new(Kind::Cast { of: raw, to: DataType::Integer, or_null: false }, span);
    let zero = Expr::new(Kind::Literal(Literal::Integer(0)), span);
    let filter = Expr::new(Kind::Binary { op: BinaryOp::Greater, left: cast, right: zero }, span);
    let context = SessionContext::new();
    let sight = Sight { rows: Visible::Where(filter), ..sight() };
    let table = VisibleTable::new(rows(), Some(restriction(&context, sight)), |_| false).unwrap();
    context.register_table("v", Arc::new(table)).unwrap();
    assert_eq!(number(&context, "SELECT count(*) FROM v").await, Ok(3));
}

#[test]
fn a_fault_of_the_files_says_neither_where_nor_what() {
    let fault = Diagnostic::new(Code::BadCell, "line 7 of `country=DE/orders.csv`").help("mend line 7");
    let told = redacted("orders", fault);
    assert_eq!(told.message, "the data of dataset `orders` cannot be read");
    assert_eq!(
        (told.code, told.help.as_deref()),
        (Code::BadCell, Some("`sextant validate --data` says where and why"))
    );
}
