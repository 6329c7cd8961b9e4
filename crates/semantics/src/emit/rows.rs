//! The rows of one fact: its table, the tables joined to it, and the conditions on them.

use std::collections::BTreeMap;

use super::clock::{Clock, Span, in_period};
use super::dialect::{Dialect, refused};
use super::expression::{compared, expression};
use super::piece::{Sql, Typed};
use super::select::{Names, Select};
use super::spine;
use crate::catalog::Catalog;
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::Hop;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::Expr;
use crate::model::Location;
use crate::plan::{Aggregate, ColumnRef, On, RowExpr, RowRef, Rows, SemanticPlan, Table, TimeColumn};
use crate::query::period::Period;
use crate::time::stored::StoredAs;

/// The number of a fact's row, before anything is joined to it.
pub(super) const ROW: &str = "row_number";

/// What the expressions of one fact are written against.
pub(super) struct Scope<'a> {
    pub(super) dialect: Dialect,
    pub(super) plan: &'a SemanticPlan,
    catalog: &'a Catalog,
    axis: Option<&'a TimeColumn>,
    /// The instants that the fact's rows lie in, by its axis.
    span: Span,
    /// Whether the fact's rows are numbered, for a join that repeats them.
    numbers: bool,
    /// What each joined table is called.
    aliases: BTreeMap<Table, String>,
}

/// The name by which a warehouse knows a dataset: its declared table, else its own name.
pub(super) fn table_name(catalog: &Catalog, dataset: DatasetId) -> &str {
    let dataset = catalog.dataset(dataset);
    match &dataset.source {
        Location::Table { name } => &name.value,
        Location::Parquet { .. } | Location::Csv { .. } | Location::JsonLines { .. } | Location::Sql { .. } => {
            &dataset.name
        }
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(dialect: Dialect, plan: &'a SemanticPlan, catalog: &'a Catalog, of: &'a Aggregate) -> Scope<'a> {
        let span = match of.reads() {
            None => span_of(plan.periods.iter()),
            Some(reads) => span_of([reads].into_iter()),
        };
        let mut datasets: BTreeMap<Table, DatasetId> = BTreeMap::new();
        for node in of.input.nodes() {
            match node {
                Rows::Read { dataset, .. } => {
                    datasets.insert(Table::FACT, *dataset);
                }
                Rows::Attach { hop, table, .. } => {
                    datasets.insert(*table, hop.to());
                }
                Rows::AttachMetric { .. }
                | Rows::AttachEvents { .. }
                | Rows::KeepFirst { .. }
                | Rows::AttachWithinAge { .. }
                | Rows::ConstrainTime { .. }
                | Rows::JoinOverTimeRange { .. }
                | Rows::AddUpByTime { .. }
                | Rows::Where { .. } => {}
            }
        }
        let mut names = Names::default();
        names.fresh(spine::ALIAS);
        let name = |(table, dataset): (&Table, &DatasetId)| (*table, names.fresh(&catalog.dataset(*dataset).name));
        let mut aliases: BTreeMap<Table, String> = datasets.iter().map(name).collect();
        aliases.insert(Table::SPINE, spine::ALIAS.to_string());
        Scope { dialect, plan, catalog, axis: of.axis(), span, numbers: of.repeats_rows(), aliases }
    }

    /// The table of a dataset with its name here.
    fn table(&self, dataset: DatasetId, table: Table) -> String {
        let name = table_name(self.catalog, dataset);
        let parts: Vec<String> = name.split('.').map(|part| self.dialect.identifier(part)).collect();
        format!("{} AS {}", parts.join("."), self.dialect.identifier(&self.aliases[&table]))
    }

    /// The fact's own table, its rows numbered where they are repeated.
    fn fact(&self, dataset: DatasetId) -> String {
        let table = self.table(dataset, Table::FACT);
        if !self.numbers {
            return table;
        }
        let alias = self.dialect.identifier(&self.aliases[&Table::FACT]);
        let order = if self.dialect == Dialect::Snowflake { "ORDER BY NULL" } else { "" };
        let number = format!("ROW_NUMBER() OVER ({order}) AS {}", self.dialect.identifier(ROW));
        format!("(SELECT {alias}.*, {number} FROM {table}) AS {alias}")
    }

    /// The number of the fact's row.
    pub(super) fn row_number(&self) -> Option<Sql> {
        let alias = self.dialect.identifier(&self.aliases[&Table::FACT]);
        self.numbers.then(|| Sql::atom(format!("{alias}.{}", self.dialect.identifier(ROW))))
    }

    pub(super) fn column(&self, of: &ColumnRef) -> Typed {
        let name = format!(
            "{}.{}",
            self.dialect.identifier(&self.aliases[&of.table]),
            self.dialect.identifier(if of.table == Table::SPINE { spine::UNIT } else { &of.column })
        );
        Typed::new(Sql::atom(name), of.data_type)
    }

    /// An expression over the joined row.
    pub(super) fn value(&self, of: &RowExpr) -> Result<Typed, Diagnostic> {
        expression(self.dialect, of, &mut |name| self.reference(name))
    }

    /// All of the conditions; `None` without any.
    pub(super) fn all(&self, of: &[RowExpr]) -> Result<Option<Sql>, Diagnostic> {
        let conditions = of.iter().map(|of| Ok(self.value(of)?.sql)).collect::<Result<Vec<_>, Diagnostic>>()?;
        Ok(Sql::all(conditions))
    }

    pub(super) fn raw(&self, of: &Expr<ColumnRef>) -> Result<Typed, Diagnostic> {
        expression(self.dialect, of, &mut |name| Ok(self.column(name)))
    }

    /// A time column with the clock and the span that it is read by.
    pub(super) fn time(&self, of: &TimeColumn) -> Result<Clock<'a>, Diagnostic> {
        // Rows are known to lie in the periods by the axis alone.
        let span = if self.axis == Some(of) { self.span } else { None };
        let (dialect, stored) = (self.dialect, of.stored);
        Ok(Clock { dialect, of: self.raw(&of.expr)?, stored, calendar: &self.plan.calendar, span })
    }

    fn reference(&self, name: &RowRef) -> Result<Typed, Diagnostic> {
        match name {
            RowRef::Column(name) => Ok(self.column(name)),
            RowRef::LocalTime(time) => self.time(time)?.wall_clock(),
            RowRef::Bucket { time, granularity } => self.time(time)?.local_bucket(*granularity),
            RowRef::Metric { .. } => Err(refused("a condition on a metric of a row's keys", self.dialect)),
            RowRef::Event { .. } => Err(refused("a value of the event beside a row", self.dialect)),
        }
    }

    /// Whether a row lies in each of the plan's periods.
    pub(super) fn periods(&self) -> Result<Vec<Sql>, Diagnostic> {
        let Some(axis) = self.axis else { return Err(refused("rows without a time", self.dialect)) };
        let of = self.raw(&axis.expr)?;
        Ok(self.plan.periods.iter().map(|period| in_period(self.dialect, &of, axis.stored, period)).collect())
    }

    /// What a joined row has in common with the row that it is joined to.
    fn on(&self, on: &On) -> Result<Sql, Diagnostic> {
        let equal = |near, far| compared(self.dialect, "=", near, far).sql;
        Ok(match on {
            On::Equal { near, far } => equal(self.column(near), self.column(far)),
            On::Is { far, text } => equal(self.column(far), Typed::new(self.dialect.text(text)?, DataType::Text)),
            On::SameBucket { near, far, granularity } => {
                equal(self.time(near)?.local_bucket(*granularity)?, self.time(far)?.local_bucket(*granularity)?)
            }
            On::ValidAt { at, from, to } => self.valid_at(at, from, to)?,
        })
    }

    fn valid_at(&self, at: &TimeColumn, from: &TimeColumn, to: &TimeColumn) -> Result<Sql, Diagnostic> {
        let by_day = [at, from, to].iter().any(|time| time.stored == StoredAs::Date);
        let clock = |of| {
            let time = self.time(of)?;
            if by_day { time.local_date() } else { time.wall_clock() }
        };
        let (at, from, to) = (clock(at)?, clock(from)?, clock(to)?);
        let is_open = to.sql.followed_by("IS NULL");
        let since = compared(self.dialect, "<=", from, at.clone()).sql;
        let until = compared(self.dialect, "<", at, to).sql;
        Ok(since.and(&until.or(&is_open)))
    }
}

/// Writes tables and conditions of a fact's rows into a SELECT; the spine that they stand beside is given as `units`.
pub(super) fn write(scope: &Scope<'_>, rows: &Rows, units: Option<&str>, into: &mut Select) -> Result<(), Diagnostic> {
    let refuse = |what: &str| Err(refused(what, scope.dialect));
    if let Some(input) = rows.input() {
        write(scope, input, units, into)?;
    }
    match rows {
        Rows::Read { dataset, .. } => {
            into.from.push(scope.fact(*dataset));
        }
        Rows::Attach { hop, on, table, .. } => {
            match hop {
                Hop::ManyToOne(_) | Hop::Spine(_) | Hop::Bridge(_) => {}
                Hop::Rates(_) => return refuse("a conversion of currencies by rates of days"),
            }
            let on = on.iter().map(|on| scope.on(on)).collect::<Result<Vec<_>, _>>()?;
            let on = Sql::all(on).unwrap_or_else(|| Sql::atom("TRUE"));
            into.from.push(format!("LEFT JOIN {} ON {}", scope.table(hop.to(), *table), on.text()));
        }
        Rows::ConstrainTime { .. } => {
            let mut periods = scope.periods()?;
            periods.dedup();
            into.filter.extend(Sql::any(periods));
        }
        Rows::JoinOverTimeRange { axis, spine, reads, .. } => {
            let of = scope.raw(&axis.expr)?;
            into.filter.push(in_period(scope.dialect, &of, axis.stored, reads));
            let on = spine::inside(scope, axis, spine)?;
            into.from.push(format!("JOIN {} ON {}", units.unwrap_or_default(), on.text()));
        }
        // Its parts are told from the rows themselves.
        Rows::AddUpByTime { .. } => {}
        Rows::Where { conditions, .. } => {
            for condition in conditions {
                into.filter.push(scope.value(condition)?.sql);
            }
        }
        Rows::AttachMetric { .. } => return refuse("a condition on a metric of a row's keys"),
        Rows::AttachEvents { .. } => return refuse("a conversion, events beside rows,"),
        Rows::KeepFirst { .. } | Rows::AttachWithinAge { .. } => return refuse("a cohort"),
    }
    Ok(())
}

/// From the first start to the last end of the periods.
fn span_of<'p>(periods: impl Iterator<Item = &'p Period> + Clone) -> Span {
    let intervals = || periods.clone().flat_map(|period| &period.intervals);
    let starts: Option<Vec<_>> = intervals().map(|interval| interval.start).collect();
    let first = starts.and_then(|starts| starts.into_iter().min())?;
    let last = intervals().map(|interval| interval.end).max()?;
    (first < last).then_some((first, last))
}
