//! Members: combinations of dimensions that are there whether or not anything was measured of them.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, lit};
use sextant_semantics::plan::{KeySource, MemberTimes, Members, SemanticPlan};

use super::fact::{key_column, rows_column};
use super::join_over_time_range;
use super::rows::{self, Scope, qualifier};
use super::time::in_period;
use super::typed::decoded;
use super::{LowerError, Tables};

/// A row a group: `__total` (false), `__k{i}` and `__rows_p{p}`, which is `rows` in each period.
pub(super) fn lower(plan: &SemanticPlan, of: &Members, rows: i64, tables: &Tables) -> Result<LogicalPlan, LowerError> {
    let scope = Scope::of_members(plan, of);
    let mut joined = match &of.rows {
        Some(rows) => {
            let all = rows::lower(&scope, rows, tables)?;
            let shown = of.columns.iter().map(|(table, name)| Expr::Column(Column::new(Some(qualifier(*table)), name)));
            Some(LogicalPlanBuilder::from(all).project(shown)?.distinct()?.build()?)
        }
        None => None,
    };
    if let Some(times) = &of.times {
        let times = periods(&scope, of, times, tables)?;
        joined = Some(match joined {
            Some(rows) => LogicalPlanBuilder::from(rows).cross_join(times)?.build()?,
            None => times,
        });
    }
    let mut joined = joined.ok_or(LowerError::Unbound("what members are of"))?;
    if let Some(all) = scope.all(&of.conditions, joined.schema())? {
        joined = LogicalPlanBuilder::from(joined).filter(all)?.build()?;
    }
    let mut columns = vec![lit(false).alias("__total")];
    for (position, key) in of.keys.iter().enumerate() {
        let value = match key {
            KeySource::Bucket { time, granularity } => scope.time(time, joined.schema())?.bucket(*granularity)?,
            KeySource::DatePart { time, part } => scope.time(time, joined.schema())?.part(*part)?,
            KeySource::Value(of) => scope.value(of, joined.schema())?,
            KeySource::Absent => return Err(LowerError::Unbound("a member's key")),
        };
        let data_type: DataType = decoded(&value.data_type);
        columns.push(value.cast(data_type).expr.alias(key_column(position)));
    }
    columns.extend((0..plan.periods.len()).map(|period| lit(rows).alias(rows_column(period))));
    Ok(LogicalPlanBuilder::from(joined).project(columns)?.distinct()?.build()?)
}

fn periods(scope: &Scope<'_>, of: &Members, times: &MemberTimes, tables: &Tables) -> Result<LogicalPlan, LowerError> {
    match times {
        MemberTimes::Calendar(spine) => join_over_time_range::table(spine),
        MemberTimes::Spine { dataset, table, column, within } => {
            let spine = rows::scan(*dataset, *table, &of.spine_columns, tables)?.build()?;
            let Some(within) = within else { return Ok(spine) };
            let time = scope.raw(&column.expr, spine.schema())?;
            let inside = in_period(&time, column.stored, within)?;
            Ok(LogicalPlanBuilder::from(spine).filter(inside)?.build()?)
        }
    }
}

/// How members are joined: what has no partner is there too.
pub(super) const JOIN: JoinType = JoinType::Full;
