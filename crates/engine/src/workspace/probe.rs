//! Small questions of our own about the rows of one fact: how far its time reaches, on which days it has
//! rows, how many rows lie in a period, which values a dimension has. They are semantic plans like any
//! other, so that a time axis means the same here as in an answer.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use datafusion::arrow::record_batch::RecordBatch;
use sextant_semantics::catalog::aggregation::Aggregation;
use sextant_semantics::catalog::bind::{BoundCatalog, BoundDimension, PhysicalColumn};
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::data_type::DataType;
use sextant_semantics::expr::{Expr, Kind};
use sextant_semantics::plan::{
    Aggregate, ColumnRef, CombineAggregates, ComputeMetrics, Grouping, Key, KeySource, Measure, On, RowExpr, RowRef,
    Rows, SemanticPlan, Table, TimeColumn,
};
use sextant_semantics::query::computation::{Computation, Formula};
use sextant_semantics::query::period::{Dates, Interval, Period};
use sextant_semantics::source::{SourceId, Span};
use sextant_semantics::time::as_of::end_of_day;
use sextant_semantics::time::calendar::Calendar;
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::stored::StoredAs;
use sextant_semantics::time::zone;
use tokio_util::sync::CancellationToken;

use super::{Failure, Workspace};
use crate::answer::decode;
use crate::answer::value::Value;
use crate::execute::{ExecuteError, execute};
use crate::snapshot::Snapshot;

/// What a probe reads: the catalog bound to one snapshot, for one caller.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub bound: &'a BoundCatalog,
    pub snapshot: &'a Snapshot,
    pub cancel: &'a CancellationToken,
}

impl Workspace {
    /// The rows of a probe over these datasets.
    pub(super) async fn probe(
        &self,
        data: Data<'_>,
        plan: &SemanticPlan,
        reads: &[DatasetId],
    ) -> Result<Vec<RecordBatch>, Failure> {
        let session = self.sessions.open(self.memory_bytes);
        let logical = self.lowered(data.snapshot, plan, reads).await?;
        match execute(&session, logical, &self.limits, data.cancel).await {
            Ok(batches) => Ok(batches),
            Err(error) => Err(self.fault(data.snapshot, reads, &error).await.into()),
        }
    }
}

/// The least and the greatest value of a time dimension, as measures 0 and 1.
pub(super) fn ends(dataset: DatasetId, dimension: &BoundDimension, calendar: Calendar) -> SemanticPlan {
    let of = over_fact(&dimension.expr).map_refs(&mut |column| RowRef::Column(column.clone()));
    let end = |name: &str, aggregation| Measure {
        argument: Some(of.clone()),
        data_type: dimension.data_type,
        ..measure(name, aggregation)
    };
    let measures = vec![end("first", Aggregation::Min), end("last", Aggregation::Max)];
    plan(read(dataset, &dimension.expr), Vec::new(), measures, Period { intervals: Vec::new() }, calendar)
}

/// The local dates of a period on which a dataset has rows, as key 0.
pub(super) fn days(dataset: DatasetId, axis: &BoundDimension, period: Period, calendar: Calendar) -> SemanticPlan {
    let time = TimeColumn { expr: over_fact(&axis.expr), stored: axis.stored.unwrap_or(StoredAs::Date) };
    let rows = Rows::ConstrainTime { input: Box::new(read(dataset, &axis.expr)), axis: time.clone() };
    let key = Key { name: "day".to_string(), data_type: DataType::Date };
    let source = KeySource::Bucket { time, granularity: Granularity::Day };
    plan(rows, vec![(key, source)], vec![measure("rows", Aggregation::Count)], period, calendar)
}

/// How many rows of a constrained fact lie in a period, as measure 0.
pub(super) fn rows_in(rows: Rows, period: Period, calendar: Calendar) -> SemanticPlan {
    plan(rows, Vec::new(), vec![measure("rows", Aggregation::Count)], period, calendar)
}

/// How many rows of a period pass each of several conditions, as measures 0 and on.
pub(super) fn rows_where(
    rows: Rows,
    conditions: Vec<Vec<RowExpr>>,
    period: Period,
    calendar: Calendar,
) -> SemanticPlan {
    let count = |filter| Measure { filter, ..measure("rows", Aggregation::Count) };
    plan(rows, Vec::new(), conditions.into_iter().map(count).collect(), period, calendar)
}

/// The values of a column as key 0, with their rows as measure 0.
pub(super) fn values_of(dataset: DatasetId, column: &PhysicalColumn, span: Span, calendar: Calendar) -> SemanticPlan {
    let expr = Expr::new(Kind::Ref(column.clone()), span);
    let dimension = BoundDimension { expr, data_type: column.data_type, stored: None };
    values(dataset, &column.name, &dimension, calendar)
}

/// The values of a dimension as key 0, with their rows as measure 0.
pub(super) fn values(dataset: DatasetId, name: &str, dimension: &BoundDimension, calendar: Calendar) -> SemanticPlan {
    let value = over_fact(&dimension.expr).map_refs(&mut |column| RowRef::Column(column.clone()));
    let key = Key { name: name.to_string(), data_type: dimension.data_type };
    let measures = vec![measure("rows", Aggregation::Count)];
    let keys = vec![(key, KeySource::Value(value))];
    plan(read(dataset, &dimension.expr), keys, measures, Period { intervals: Vec::new() }, calendar)
}

/// The days of a time spine as key 0, with what another of its columns says of each as key 1.
pub(super) fn periods(
    dataset: DatasetId,
    day: &PhysicalColumn,
    stored: StoredAs,
    of: &PhysicalColumn,
    calendar: Calendar,
) -> SemanticPlan {
    let column = |of: &PhysicalColumn| Expr::new(Kind::Ref(of.clone()), Span::new(SourceId(0), 0, 0));
    let time = TimeColumn { expr: over_fact(&column(day)), stored };
    let value = over_fact(&column(of)).map_refs(&mut |column| RowRef::Column(column.clone()));
    let keys = vec![
        (
            Key { name: "day".to_string(), data_type: DataType::Date },
            KeySource::Bucket { time, granularity: Granularity::Day },
        ),
        (Key { name: of.name.clone(), data_type: of.data_type }, KeySource::Value(value)),
    ];
    let mut columns = vec![day.name.clone(), of.name.clone()];
    columns.sort();
    columns.dedup();
    let measures = vec![measure("rows", Aggregation::Count)];
    plan(Rows::Read { dataset, columns }, keys, measures, Period { intervals: Vec::new() }, calendar)
}

/// The rows of a fact with nothing attached that its time axis does not need, and without the question's
/// own conditions.
pub(super) fn on_axis_alone(rows: &Rows) -> Rows {
    fn keep(rows: &Rows, needed: &mut Vec<Table>) -> Rows {
        match rows {
            Rows::Read { .. } => rows.clone(),
            Rows::Where { input, .. }
            | Rows::AttachMetric { input, .. }
            | Rows::AttachEvents { input, .. }
            | Rows::AddUpByTime { input, .. }
            | Rows::KeepFirst { input, .. }
            | Rows::AttachWithinAge { input, .. } => keep(input, needed),
            // What a window reads is asked of rows in their own periods.
            Rows::ConstrainTime { input, axis } | Rows::JoinOverTimeRange { input, axis, .. } => {
                needed.extend(axis.expr.refs().iter().map(|column| column.value.table));
                Rows::ConstrainTime { input: Box::new(keep(input, needed)), axis: axis.clone() }
            }
            Rows::Attach { input, hop, on, table, columns } if needed.contains(table) => {
                needed.extend(on.iter().flat_map(On::columns).map(|column| column.table));
                let (input, hop, on) = (Box::new(keep(input, needed)), hop.clone(), on.clone());
                Rows::Attach { input, hop, on, table: *table, columns: columns.clone() }
            }
            Rows::Attach { input, .. } => keep(input, needed),
        }
    }
    keep(rows, &mut Vec::new())
}

/// The datasets that rows are read of.
pub(super) fn reads(rows: &Rows) -> Vec<DatasetId> {
    match rows {
        Rows::Read { dataset, .. } => vec![*dataset],
        Rows::Where { input, .. }
        | Rows::AttachMetric { input, .. }
        | Rows::AttachEvents { input, .. }
        | Rows::KeepFirst { input, .. }
        | Rows::AttachWithinAge { input, .. }
        | Rows::ConstrainTime { input, .. }
        | Rows::JoinOverTimeRange { input, .. }
        | Rows::AddUpByTime { input, .. } => reads(input),
        Rows::Attach { input, hop, .. } => {
            let mut found = reads(input);
            if !found.contains(&hop.to()) {
                found.push(hop.to());
            }
            found
        }
    }
}

/// All that is later than an instant; on a date axis, than its local date.
pub(super) fn after(instant: DateTime<Utc>, calendar: &Calendar) -> Period {
    let last = NaiveDate::from_ymd_opt(100_000, 1, 1).expect("a date of the calendar");
    let date = zone::local_date(instant, calendar.zone);
    let dates = date.succ_opt().map(|first| Dates { first: Some(first), last });
    let start = Some(instant + Duration::microseconds(1));
    Period { intervals: vec![Interval { start, end: last.and_time(NaiveTime::MIN).and_utc(), dates }] }
}

/// From the first to the last of two local dates, both included.
pub(super) fn between(first: NaiveDate, last: NaiveDate, calendar: &Calendar) -> Period {
    let (start, end) = (zone::day_start(first, calendar.zone), end_of_day(last, calendar.zone));
    Period { intervals: vec![Interval { start: Some(start), end, dates: Some(Dates { first: Some(first), last }) }] }
}

/// The values of a column of a probe's output.
pub(super) fn column(batches: &[RecordBatch], name: &str) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for batch in batches {
        let array = batch.column_by_name(name).ok_or_else(|| ExecuteError::Internal(format!("no column `{name}`")));
        found.extend(array.and_then(decode::values).map_err(|error| error.diagnostic())?);
    }
    Ok(found)
}

/// The columns of a probe's output, as `sextant_semantics::plan::ComputeMetrics` names them.
pub(super) const KEY: &str = "__k0";
pub(super) const SECOND_KEY: &str = "__k1";
pub(super) const MEASURES: [&str; 2] = ["__c0_p0", "__c1_p0"];

fn plan(
    input: Rows,
    keys: Vec<(Key, KeySource)>,
    measures: Vec<Measure>,
    period: Period,
    calendar: Calendar,
) -> SemanticPlan {
    let computations = measures.iter().enumerate().map(|(position, measure)| Computation {
        name: measure.name.clone(),
        formula: Formula::Measure { fact: 0, measure: position },
        fill: None,
        data_type: measure.data_type,
    });
    let computations = computations.collect();
    let grouping = if keys.is_empty() { Grouping::Total } else { Grouping::Groups };
    let (keys, sources) = keys.into_iter().unzip();
    let input = CombineAggregates {
        of_groups: Vec::new(),
        inputs: vec![Aggregate { input, keys: sources, measures, pick: None, level: None, padding: None }],
        members: None,
    };
    SemanticPlan {
        root: ComputeMetrics { input, computations },
        periods: vec![period],
        keys,
        grouping,
        sets: Vec::new(),
        calendar,
    }
}

fn measure(name: &str, aggregation: Aggregation) -> Measure {
    Measure {
        name: name.to_string(),
        aggregation,
        argument: None,
        filter: Vec::new(),
        money_scale: None,
        amount: None,
        order: Vec::new(),
        balance: None,
        over: None,
        data_type: DataType::Integer,
    }
}

fn read(dataset: DatasetId, expr: &Expr<PhysicalColumn>) -> Rows {
    let mut columns: Vec<String> = expr.refs().iter().map(|column| column.value.name.clone()).collect();
    columns.sort();
    columns.dedup();
    Rows::Read { dataset, columns }
}

fn over_fact(expr: &Expr<PhysicalColumn>) -> Expr<ColumnRef> {
    expr.map_refs(&mut |c| ColumnRef { table: Table::FACT, column: c.name.clone(), data_type: c.data_type })
}
