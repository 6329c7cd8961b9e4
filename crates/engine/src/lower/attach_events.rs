//! Events beside the rows that they follow: each beside the latest such row, in each period.
//!
//! A row lies in a period by its own time, so that an event may follow one row in the range and
//! another in the range it is compared with.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, SortExpr, WindowFunctionDefinition,
    binary_expr, ident, lit,
};
use datafusion::scalar::ScalarValue;
use sextant_semantics::model::Length;
use sextant_semantics::plan::EventRows;
use sextant_semantics::query::events::EventTime;
use sextant_semantics::query::spine::{TimeSpine, UNIT_COLUMN};
use sextant_semantics::time::granularity::Granularity;

use super::join_over_time_range::IS_TOTAL;
use super::rows::{self, Scope};
use super::time::in_period;
use super::typed::{Typed, unify};
use super::{LowerError, Tables};

/// The number of an event.
const EVENT: &str = "__event";
/// The times that are compared.
const ROW_TIME: &str = "__row_time";
const EVENT_TIME: &str = "__event_time";

/// The rows of `input` that an event follows, once for each event, with the event's values;
/// [`is_counted`] says in which periods a row is the latest.
pub(super) fn attach(
    scope: &Scope<'_>,
    input: LogicalPlan,
    periods: Vec<Expr>,
    spine: Option<&TimeSpine>,
    of: &EventRows,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let instants = [&of.follow.row_time, &of.follow.event_time].iter().all(|time| time.granularity.is_sub_day());
    let input = with_times(scope, input, periods, of, instants)?;
    let events = events(scope, of, instants, tables)?;
    let mut on = Vec::with_capacity(of.follow.same.len() + 2);
    for position in 0..of.follow.same.len() {
        let (near, far, _) = unify(typed(&input, &row_key(position))?, typed(&events, &event_key(position))?)?;
        on.push(binary_expr(near.expr, Operator::Eq, far.expr));
    }
    on.push(ident(ROW_TIME).lt_eq(ident(EVENT_TIME)));
    if let Some(window) = of.follow.window {
        on.push(ident(ROW_TIME).gt(binary_expr(ident(EVENT_TIME), Operator::Minus, lit(interval(window)))));
    }
    let beside = LogicalPlanBuilder::from(input).join_on(events, JoinType::Inner, on)?.build()?;
    latest(scope, beside, spine, of)
}

/// Whether a row counts its event in a period.
pub(super) fn is_counted(period: usize) -> Expr {
    ident(format!("__latest_p{period}"))
}

/// The column of a value of an event.
pub(super) fn value_column(position: usize) -> String {
    format!("__e{position}")
}

/// The rows with their keys, their time and whether they lie in each period.
fn with_times(
    scope: &Scope<'_>,
    input: LogicalPlan,
    periods: Vec<Expr>,
    of: &EventRows,
    instants: bool,
) -> Result<LogicalPlan, LowerError> {
    let mut columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    for (position, (near, _)) in of.follow.same.iter().enumerate() {
        columns.push(scope.plain(near, input.schema())?.alias(row_key(position)));
    }
    columns.push(compared(scope, &of.follow.row_time, &input, instants)?.alias(ROW_TIME));
    columns.extend(periods.into_iter().enumerate().map(|(period, is_in)| is_in.alias(in_column(period))));
    Ok(LogicalPlanBuilder::from(input).project(columns)?.build()?)
}

/// The events with their number, their keys, their time and their values.
fn events(scope: &Scope<'_>, of: &EventRows, instants: bool, tables: &Tables) -> Result<LogicalPlan, LowerError> {
    let scope = scope.beside(&of.axis, &of.reads);
    let events = rows::lower(&scope, &of.rows, tables)?;
    let time = scope.raw(&of.axis.expr, events.schema())?;
    let events = LogicalPlanBuilder::from(events).filter(in_period(&time, of.axis.stored, &of.reads)?)?.build()?;
    let mut columns = vec![compared(&scope, &of.follow.event_time, &events, instants)?.alias(EVENT_TIME)];
    for (position, (_, far)) in of.follow.same.iter().enumerate() {
        columns.push(scope.plain(far, events.schema())?.alias(event_key(position)));
    }
    for (position, value) in of.follow.values.iter().enumerate() {
        columns.push(scope.plain(value, events.schema())?.alias(value_column(position)));
    }
    let numbered = number(Vec::new(), Vec::new())?.alias(EVENT);
    Ok(LogicalPlanBuilder::from(events).project(columns)?.window(vec![numbered])?.build()?)
}

/// Rows that are the latest of their event in some period.
fn latest(
    scope: &Scope<'_>,
    beside: LogicalPlan,
    spine: Option<&TimeSpine>,
    of: &EventRows,
) -> Result<LogicalPlan, LowerError> {
    let mut order = vec![ident(ROW_TIME).sort(false, false)];
    for tie in &of.follow.ties {
        order.push(scope.value(tie, beside.schema())?.expr.sort(false, false));
    }
    let periods = 0..scope.plan.periods.len();
    let mut plan = LogicalPlanBuilder::from(beside.clone());
    for period in periods.clone() {
        let unit = spine.map(|_| [ident(IS_TOTAL), ident(UNIT_COLUMN)]);
        let within = [ident(EVENT), ident(in_column(period))].into_iter().chain(unit.into_iter().flatten());
        let place = number(within.collect(), order.clone())?.alias(place_column(period));
        plan = plan.window(vec![place])?;
    }
    let mut columns: Vec<Expr> = beside.schema().columns().into_iter().map(Expr::Column).collect();
    let counted = |period: usize| ident(in_column(period)).and(ident(place_column(period)).eq(lit(1_u64)));
    columns.extend(periods.clone().map(|period| counted(period).alias(format!("__latest_p{period}"))));
    let any = periods.map(is_counted).reduce(Expr::or).unwrap_or_else(|| lit(false));
    Ok(plan.project(columns)?.filter(any)?.build()?)
}

fn number(within: Vec<Expr>, order: Vec<SortExpr>) -> Result<Expr, LowerError> {
    let function = WindowFunctionDefinition::WindowUDF(row_number_udwf());
    let number = Expr::from(WindowFunction::new(function, Vec::new()));
    // An empty order is not the same to the engine as none.
    let number =
        if order.is_empty() { number.partition_by(within) } else { number.partition_by(within).order_by(order) };
    Ok(number.build()?)
}

/// A time by its granularity: instants where both times have some of day, else local times.
fn compared(scope: &Scope<'_>, of: &EventTime, rows: &LogicalPlan, instants: bool) -> Result<Expr, LowerError> {
    let time = scope.time(&of.time, rows.schema())?;
    let bucket = if instants { time.bucket(of.granularity)? } else { time.local_bucket(of.granularity)? };
    Ok(bucket.cast(DataType::Timestamp(TimeUnit::Microsecond, None)).expr)
}

/// A length as the engine adds it to times.
pub(super) fn interval(window: Length) -> ScalarValue {
    let count = i32::try_from(window.count).unwrap_or(i32::MAX);
    let (months, days, seconds) = match window.unit {
        Granularity::Second => (0, 0, 1),
        Granularity::Minute => (0, 0, 60),
        Granularity::Hour => (0, 0, 3_600),
        Granularity::Day => (0, 1, 0),
        Granularity::Week => (0, 7, 0),
        Granularity::Month => (1, 0, 0),
        Granularity::Quarter | Granularity::FiscalQuarter => (3, 0, 0),
        Granularity::Year | Granularity::FiscalYear => (12, 0, 0),
    };
    let nanoseconds = i64::from(count) * seconds * 1_000_000_000;
    ScalarValue::new_interval_mdn(count.saturating_mul(months), count.saturating_mul(days), nanoseconds)
}

fn typed(of: &LogicalPlan, name: &str) -> Result<Typed, LowerError> {
    let data_type = of.schema().field_with_unqualified_name(name)?.data_type().clone();
    Ok(Typed::new(ident(name), data_type))
}

fn row_key(position: usize) -> String {
    format!("__near{position}")
}

fn event_key(position: usize) -> String {
    format!("__far{position}")
}

fn in_column(period: usize) -> String {
    format!("__in_p{period}")
}

fn place_column(period: usize) -> String {
    format!("__place_p{period}")
}
