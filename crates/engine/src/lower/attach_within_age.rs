//! Attach within age: the rows of each member from its entry until its age is over, beside the entry.
//!
//! A member has one entry, so a row of any dataset is beside at most one: no row is repeated.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, ident, lit};
use sextant_semantics::plan::AgeRows;
use sextant_semantics::query::cohort::{After, Counts};
use sextant_semantics::query::events::EventTime;
use sextant_semantics::query::row::RowExpr;

use super::attach_events::{interval, value_column};
use super::rows::{self, Scope};
use super::time::in_period;
use super::typed::{Typed, unify};
use super::{LowerError, Tables};

/// The times that are compared: those of the entry and of the row, and the days that they lie on.
const ENTRY_TIME: &str = "__entry_time";
const ROW_TIME: &str = "__row_time";
const ROW_DAY: &str = "__row_day";
/// The day that the age is over.
const END_DAY: &str = "__end_day";

/// The entries of `input`, once for each row within their age, with the row's values; or those of them that
/// a later row follows, once.
pub(super) fn attach(
    scope: &Scope<'_>,
    input: LogicalPlan,
    of: &AgeRows,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let within = &of.within;
    let instants = [&within.entry_time, &within.row_time].iter().all(|time| time.granularity.is_sub_day());
    let itself: &[(RowExpr, RowExpr)] = match &within.counts {
        Counts::Members(After::OtherThan(keys)) => keys,
        Counts::Members(After::Later) | Counts::Rows => &[],
    };
    let shown: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    let mut columns = shown.clone();
    for (position, (near, _)) in within.same.iter().chain(itself).enumerate() {
        columns.push(scope.plain(near, input.schema())?.alias(near_key(position)));
    }
    columns.push(compared(scope, &within.entry_time, &input, instants)?.alias(ENTRY_TIME));
    let first_day = day(scope, &within.entry_time, &input)?;
    columns.push(binary_expr(first_day, Operator::Plus, lit(interval(within.age))).alias(END_DAY));
    let entries = LogicalPlanBuilder::from(input).project(columns)?.build()?;
    let rows = rows_of_members(scope, of, itself, instants, tables)?;

    let equal = |position: usize| -> Result<Expr, LowerError> {
        let (near, far, _) = unify(typed(&entries, &near_key(position))?, typed(&rows, &far_key(position))?)?;
        Ok(binary_expr(near.expr, Operator::Eq, far.expr))
    };
    let mut on = (0..within.same.len()).map(equal).collect::<Result<Vec<_>, _>>()?;
    on.push(match &within.counts {
        Counts::Members(After::Later) => ident(ENTRY_TIME).lt(ident(ROW_TIME)),
        Counts::Rows | Counts::Members(After::OtherThan(_)) => ident(ENTRY_TIME).lt_eq(ident(ROW_TIME)),
    });
    on.push(ident(ROW_DAY).lt(ident(END_DAY)));
    let is_itself = (within.same.len()..within.same.len() + itself.len()).map(equal);
    let is_itself = is_itself.collect::<Result<Vec<_>, _>>()?.into_iter().reduce(Expr::and);
    on.extend(is_itself.map(|is_itself| !is_itself));
    let (join, kept): (JoinType, Vec<Expr>) = match within.counts {
        Counts::Rows => {
            let values = (0..within.values.len()).map(|position| ident(value_column(position)));
            (JoinType::Inner, shown.into_iter().chain(values).collect())
        }
        Counts::Members(_) => (JoinType::LeftSemi, shown),
    };
    Ok(LogicalPlanBuilder::from(entries).join_on(rows, join, on)?.project(kept)?.build()?)
}

/// The rows of members with their keys, their time and their values.
fn rows_of_members(
    scope: &Scope<'_>,
    of: &AgeRows,
    itself: &[(RowExpr, RowExpr)],
    instants: bool,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let scope = scope.beside(&of.axis, &of.reads);
    let rows = rows::lower(&scope, &of.rows, tables)?;
    let time = scope.raw(&of.axis.expr, rows.schema())?;
    let rows = LogicalPlanBuilder::from(rows).filter(in_period(&time, of.axis.stored, &of.reads)?)?.build()?;
    let row_time = &of.within.row_time;
    let mut columns = vec![
        compared(&scope, row_time, &rows, instants)?.alias(ROW_TIME),
        day(&scope, row_time, &rows)?.alias(ROW_DAY),
    ];
    for (position, (_, far)) in of.within.same.iter().chain(itself).enumerate() {
        columns.push(scope.plain(far, rows.schema())?.alias(far_key(position)));
    }
    for (position, value) in of.within.values.iter().enumerate() {
        columns.push(scope.plain(value, rows.schema())?.alias(value_column(position)));
    }
    Ok(LogicalPlanBuilder::from(rows).project(columns)?.build()?)
}

/// A time to compare with another: its instant where both times have some of day, else its day.
fn compared(scope: &Scope<'_>, of: &EventTime, rows: &LogicalPlan, instants: bool) -> Result<Expr, LowerError> {
    if !instants {
        return day(scope, of, rows);
    }
    Ok(scope.time(&of.time, rows.schema())?.utc()?.cast(DataType::Timestamp(TimeUnit::Microsecond, None)).expr)
}

/// The local day of a time, as its midnight.
fn day(scope: &Scope<'_>, of: &EventTime, rows: &LogicalPlan) -> Result<Expr, LowerError> {
    let date = scope.time(&of.time, rows.schema())?.local_date()?;
    Ok(date.cast(DataType::Timestamp(TimeUnit::Microsecond, None)).expr)
}

fn typed(of: &LogicalPlan, name: &str) -> Result<Typed, LowerError> {
    let data_type = of.schema().field_with_unqualified_name(name)?.data_type().clone();
    Ok(Typed::new(ident(name), data_type))
}

fn near_key(position: usize) -> String {
    format!("__near{position}")
}

fn far_key(position: usize) -> String {
    format!("__far{position}")
}
