//! The rows of one fact: its scan, the tables joined to it, and the conditions on them.

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, ident, lit};
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::catalog::join_graph::Hop;
use sextant_semantics::expr as language;
use sextant_semantics::plan::{
    Aggregate, ColumnRef, Members, On, RowExpr, RowRef, Rows, SemanticPlan, Table, TimeColumn,
};
use sextant_semantics::query::period::Period;
use sextant_semantics::query::spine::TimeSpine;
use sextant_semantics::time::stored::StoredAs;
use std::sync::Arc;

use super::expression::{condition, expression};
use super::rates_by_day::{self, Days};
use super::time::{Span, Time, in_period};
use super::typed::{Typed, decoded, unify};
use super::{
    LowerError, Tables, add_up_by_time, attach_events, attach_metric, attach_within_age, bridge, join_over_time_range,
    keep_first, members,
};

/// The name of a time spine among joined tables.
pub(super) const SPINE: &str = "spine";

/// What the expressions of one fact are lowered against.
pub(super) struct Scope<'a> {
    pub(super) plan: &'a SemanticPlan,
    pub(super) axis: Option<&'a TimeColumn>,
    /// The instants that the fact's rows lie in, by its axis.
    span: Span,
    /// What becomes of rows without a partner.
    join: JoinType,
    /// The days that they lie on.
    days: Days,
    /// Whether the fact's rows are numbered, for a join that repeats them.
    numbers: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn new(plan: &'a SemanticPlan, aggregate: &'a Aggregate) -> Scope<'a> {
        let span = match aggregate.reads() {
            None => span_of(plan.periods.iter()),
            Some(reads) => span_of([reads].into_iter()),
        };
        let days = match aggregate.reads() {
            None => Days::of(plan.periods.iter()),
            Some(reads) => Days::of([reads].into_iter()),
        };
        Scope { plan, axis: aggregate.axis(), span, days, join: JoinType::Left, numbers: aggregate.repeats_rows() }
    }

    /// Of rows that are listed, not aggregated.
    pub(super) fn of_members(plan: &'a SemanticPlan, of: &'a Members) -> Scope<'a> {
        let axis = match &of.rows {
            Some(Rows::ConstrainTime { axis, .. }) => Some(axis),
            _ => None,
        };
        Scope { plan, axis, span: Span::Any, days: Days::of(plan.periods.iter()), join: members::JOIN, numbers: false }
    }

    /// That of other rows of the same question, which lie in `reads` by their own axis.
    pub(super) fn beside<'b>(&'b self, axis: &'b TimeColumn, reads: &Period) -> Scope<'b> {
        let days = Days::of([reads].into_iter());
        Scope {
            plan: self.plan,
            axis: Some(axis),
            span: span_of([reads].into_iter()),
            days,
            join: JoinType::Left,
            numbers: self.numbers,
        }
    }

    /// An expression over the joined row.
    pub(super) fn value(&self, of: &RowExpr, rows: &DFSchema) -> Result<Typed, LowerError> {
        expression(of, &mut |name| self.reference(name, rows))
    }

    /// As [`Scope::value`], as it is where the column codes it.
    pub(super) fn plain(&self, of: &RowExpr, rows: &DFSchema) -> Result<Expr, LowerError> {
        let value = self.value(of, rows)?;
        let data_type = decoded(&value.data_type);
        Ok(value.cast(data_type).expr)
    }

    /// All of the conditions; `None` without any.
    pub(super) fn all(&self, of: &[RowExpr], rows: &DFSchema) -> Result<Option<Expr>, LowerError> {
        let mut found: Option<Expr> = None;
        for of in of {
            let next = condition(of, &mut |name| self.reference(name, rows))?;
            found = Some(match found {
                None => next,
                Some(so_far) => so_far.and(next),
            });
        }
        Ok(found)
    }

    /// A time column with the clock and the span that it is read by.
    pub(super) fn time<'t>(&'t self, of: &TimeColumn, rows: &DFSchema) -> Result<Time<'t>, LowerError> {
        // Rows are known to lie in the periods by the axis alone.
        let span = if self.axis == Some(of) { &self.span } else { &Span::Any };
        Ok(Time { of: self.raw(&of.expr, rows)?, stored: of.stored, calendar: &self.plan.calendar, span })
    }

    /// Whether a row of an aggregate's input belongs to each of the plan's periods.
    pub(super) fn periods(&self, of: &Aggregate, rows: &DFSchema) -> Result<Vec<Expr>, LowerError> {
        if of.is_of_events() {
            return Ok((0..self.plan.periods.len()).map(attach_events::is_counted).collect());
        }
        if of.spine().is_some() {
            return Ok((0..self.plan.periods.len()).map(join_over_time_range::in_period).collect());
        }
        self.axis_periods(rows)
    }

    /// Whether a row lies in each of the plan's periods; true where nothing constrains time.
    fn axis_periods(&self, rows: &DFSchema) -> Result<Vec<Expr>, LowerError> {
        let Some(axis) = self.axis else { return Ok(vec![lit(true); self.plan.periods.len()]) };
        let of = self.raw(&axis.expr, rows)?;
        self.plan.periods.iter().map(|period| in_period(&of, axis.stored, period)).collect()
    }

    /// What a joined row has in common with the row that it is joined to.
    fn on(&self, on: &On, rows: &DFSchema) -> Result<Expr, LowerError> {
        let equal = |near: Typed, far: Typed| {
            let (near, far, _) = unify(near, far)?;
            Ok(binary_expr(near.expr, Operator::Eq, far.expr))
        };
        match on {
            On::Equal { near, far } => {
                equal(column(rows, near.table, &near.column)?, column(rows, far.table, &far.column)?)
            }
            On::Is { far, text } => {
                equal(column(rows, far.table, &far.column)?, Typed::new(lit(text.as_str()), DataType::Utf8))
            }
            On::SameBucket { near, far, granularity } => {
                let bucket = |of| self.time(of, rows)?.local_bucket(*granularity);
                equal(bucket(near)?, bucket(far)?)
            }
            On::ValidAt { at, from, to } => self.valid_at(at, from, to, rows),
        }
    }

    fn valid_at(
        &self,
        at: &TimeColumn,
        from: &TimeColumn,
        to: &TimeColumn,
        rows: &DFSchema,
    ) -> Result<Expr, LowerError> {
        let by_day = [at, from, to].iter().any(|time| time.stored == StoredAs::Date);
        let clock = |of| {
            let time = self.time(of, rows)?;
            if by_day { time.local_date() } else { time.wall_clock() }
        };
        let (at, from, to) = (clock(at)?, clock(from)?, clock(to)?);
        let (start, since, _) = unify(from, at.clone())?;
        let (until, end, _) = unify(at, to)?;
        let is_open = end.expr.clone().is_null();
        Ok(start.expr.lt_eq(since.expr).and(until.expr.lt(end.expr).or(is_open)))
    }

    pub(super) fn raw(&self, of: &language::Expr<ColumnRef>, rows: &DFSchema) -> Result<Typed, LowerError> {
        expression(of, &mut |name: &ColumnRef| column(rows, name.table, &name.column))
    }

    fn reference(&self, name: &RowRef, rows: &DFSchema) -> Result<Typed, LowerError> {
        match name {
            RowRef::Column(name) => column(rows, name.table, &name.column),
            RowRef::LocalTime(time) => self.time(time, rows)?.wall_clock(),
            RowRef::Bucket { time, granularity } => self.time(time, rows)?.local_bucket(*granularity),
            RowRef::Metric { position, .. } => made(rows, attach_metric::value_column(*position)),
            RowRef::Event { position, .. } => made(rows, attach_events::value_column(*position)),
        }
    }
}

/// A column that the plan made.
fn made(rows: &DFSchema, name: String) -> Result<Typed, LowerError> {
    let data_type = rows.field_with_unqualified_name(&name)?.data_type().clone();
    Ok(Typed::new(ident(name), data_type))
}

/// The spine that rows were joined to.
fn spine_of(rows: &Rows) -> Option<&TimeSpine> {
    match rows {
        Rows::JoinOverTimeRange { spine, .. } => Some(spine),
        Rows::Where { input, .. } | Rows::Attach { input, .. } => spine_of(input),
        Rows::Read { .. }
        | Rows::AttachMetric { .. }
        | Rows::AttachEvents { .. }
        | Rows::AddUpByTime { .. }
        | Rows::KeepFirst { .. }
        | Rows::AttachWithinAge { .. }
        | Rows::ConstrainTime { .. } => None,
    }
}

/// The plan of a fact's rows.
pub(super) fn lower(scope: &Scope<'_>, rows: &Rows, tables: &Tables) -> Result<LogicalPlan, LowerError> {
    match rows {
        Rows::Read { dataset, columns } => {
            let rows = scan(*dataset, Table::FACT, columns, tables)?.build()?;
            if scope.numbers { bridge::numbered(rows) } else { Ok(rows) }
        }
        Rows::Attach { input, hop, on, table, columns } => {
            attach(scope, lower(scope, input, tables)?, hop, on, *table, columns, tables)
        }
        Rows::AttachEvents { input, events } => {
            let spine = spine_of(input);
            let input = lower(scope, input, tables)?;
            let periods = match spine {
                Some(_) => (0..scope.plan.periods.len()).map(join_over_time_range::in_period).collect(),
                None => scope.axis_periods(input.schema())?,
            };
            attach_events::attach(scope, input, periods, spine, events, tables)
        }
        Rows::KeepFirst { input, axis, first } => {
            let of_all_time = scope.beside(axis, &first.reads);
            keep_first::keep(&of_all_time, lower(&of_all_time, input, tables)?, axis, first)
        }
        Rows::AttachWithinAge { input, age } => {
            attach_within_age::attach(scope, lower(scope, input, tables)?, age, tables)
        }
        Rows::AttachMetric { input, position, name: _, keys, of } => {
            attach_metric::attach(scope, lower(scope, input, tables)?, *position, keys, of, tables)
        }
        Rows::ConstrainTime { input, .. } => {
            let input = lower(scope, input, tables)?;
            let mut any: Option<Expr> = None;
            for period in scope.axis_periods(input.schema())? {
                any = Some(match any {
                    None => period,
                    Some(so_far) if so_far == period => so_far,
                    Some(so_far) => so_far.or(period),
                });
            }
            Ok(LogicalPlanBuilder::from(input).filter(any.unwrap_or_else(|| lit(false)))?.build()?)
        }
        Rows::AddUpByTime { input, axis, reads, keys, measures } => {
            let kept = within(scope, lower(scope, input, tables)?, axis, reads)?;
            add_up_by_time::parts(scope, kept, axis, keys, measures)
        }
        Rows::JoinOverTimeRange { input, axis, spine, reads } => {
            let rows = lower(scope, input, tables)?;
            match input.as_ref() {
                Rows::AddUpByTime { keys, measures, .. } => add_up_by_time::join(rows, keys, measures, spine),
                _ => join_over_time_range::join(scope, within(scope, rows, axis, reads)?, axis, spine),
            }
        }
        Rows::Where { input, conditions } => {
            let input = lower(scope, input, tables)?;
            match scope.all(conditions, input.schema())? {
                None => Ok(input),
                Some(all) => Ok(LogicalPlanBuilder::from(input).filter(all)?.build()?),
            }
        }
    }
}

/// The rows of a period, by an axis.
fn within(scope: &Scope<'_>, rows: LogicalPlan, axis: &TimeColumn, period: &Period) -> Result<LogicalPlan, LowerError> {
    let of = scope.raw(&axis.expr, rows.schema())?;
    Ok(LogicalPlanBuilder::from(rows).filter(in_period(&of, axis.stored, period)?)?.build()?)
}

/// Rows with the row that a hop leads to, with each of them beyond a bridge.
pub(super) fn attach(
    scope: &Scope<'_>,
    left: LogicalPlan,
    hop: &Hop,
    on: &[On],
    table: Table,
    columns: &[String],
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let right = scan(hop.to(), table, columns, tables)?.build()?;
    let right = match hop {
        Hop::Rates(rates) => rates_by_day::every_day(right, rates, &qualifier(table), &scope.days)?,
        Hop::ManyToOne(_) | Hop::Spine(_) | Hop::Bridge(_) => right,
    };
    let both = left.schema().join(right.schema())?;
    let conditions = on.iter().map(|on| scope.on(on, &both)).collect::<Result<Vec<_>, _>>()?;
    Ok(LogicalPlanBuilder::from(left).join_on(right, scope.join, conditions)?.build()?)
}

pub(super) fn scan(
    dataset: DatasetId,
    table: Table,
    columns: &[String],
    tables: &Tables,
) -> Result<LogicalPlanBuilder, LowerError> {
    let provider: &Arc<dyn TableProvider> = tables.get(&dataset).ok_or(LowerError::Unbound("a dataset"))?;
    let schema = provider.schema();
    let positions = columns.iter().map(|name| schema.index_of(name).map_err(|_| LowerError::Unbound("a column")));
    let positions = positions.collect::<Result<Vec<_>, _>>()?;
    Ok(LogicalPlanBuilder::scan(qualifier(table), provider_as_source(Arc::clone(provider)), Some(positions))?)
}

/// A column of a joined table, with the type that it is stored as.
fn column(rows: &DFSchema, table: Table, name: &str) -> Result<Typed, LowerError> {
    let qualifier = qualifier(table);
    let field = rows.field_with_qualified_name(&qualifier, name)?;
    let data_type = field.data_type().clone();
    Ok(Typed::new(Expr::Column(Column::new(Some(qualifier), name)), data_type))
}

pub(super) fn qualifier(table: Table) -> TableReference {
    if table == Table::SPINE { TableReference::bare(SPINE) } else { TableReference::bare(format!("t{}", table.0)) }
}

/// From the first start to the last end of the periods.
fn span_of<'p>(periods: impl Iterator<Item = &'p Period> + Clone) -> Span {
    let intervals = || periods.clone().flat_map(|period| &period.intervals);
    let starts: Option<Vec<_>> = intervals().map(|interval| interval.start).collect();
    let first = starts.and_then(|starts| starts.into_iter().min());
    let last = intervals().map(|interval| interval.end).max();
    match (first, last) {
        (Some(first), Some(last)) if first < last => Span::Between(first, last),
        _ => Span::Any,
    }
}
