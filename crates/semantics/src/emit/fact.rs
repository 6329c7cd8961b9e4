//! One fact: its rows with keys and what is aggregated as columns, then every measure over every period and key.

use super::aggregate;
use super::dialect::{Dialect, refused};
use super::grouped::{Part, aggregated, picked};
use super::layout::Layout;
use super::marks::{self, Mark};
use super::piece::{Sql, Typed};
use super::rows::{self, Scope};
use super::select::{Names, Select, Writer};
use super::spine;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::plan::{Aggregate, Grouping, KeySource, Measure, SemanticPlan};

/// The rows' columns that measures are made of.
pub(super) struct Columns {
    /// Every column of the rows.
    pub(super) all: Vec<String>,
    /// Positions of the keys that the fact is aggregated by.
    pub(super) kept: Vec<usize>,
    /// Whether a row counts in each period; none where all rows do.
    pub(super) periods: Vec<Option<Sql>>,
    pub(super) measures: Vec<Column>,
    /// The number of the fact's row, where rows are repeated.
    pub(super) row: Option<Sql>,
    /// Of rows beside units of a spine.
    pub(super) is_total: Option<Sql>,
    pub(super) unit: Option<Sql>,
    pub(super) period: Option<Sql>,
}

/// What a measure is made of.
pub(super) struct Column {
    pub(super) argument: Option<Typed>,
    pub(super) filter: Option<Sql>,
    pub(super) order: Vec<Sql>,
    /// Of a balance: the time that its rows are told by, and the things that each have their own.
    pub(super) told: Option<(Sql, Vec<Sql>)>,
    /// By period, whether a row of a balance is one that counts.
    pub(super) extremes: Vec<Option<Mark>>,
    /// Whether a repetition of a row is the one that counts.
    pub(super) once: Option<Mark>,
}

impl Columns {
    /// What tells a row beside one unit from the same row beside another.
    pub(super) fn of_unit(&self) -> impl Iterator<Item = Sql> {
        self.is_total.clone().into_iter().chain(self.unit.clone())
    }
}

/// Writes the fact at this position; gives the name of its rows, one a group and one for the total.
pub(super) fn write(
    writer: &mut Writer,
    plan: &SemanticPlan,
    catalog: &Catalog,
    layout: &Layout,
    position: usize,
) -> Result<String, Diagnostic> {
    let dialect = writer.dialect;
    let of = &plan.root.input.inputs[position];
    refuse(dialect, plan, of)?;
    let scope = Scope::new(dialect, plan, catalog, of);
    let dataset = &catalog.dataset(of.dataset()).name;
    let mut select = Select::default();
    let units = match of.spine() {
        Some(spine) => {
            let named = writer.named(&format!("{dataset}_units"), spine::units(dialect, spine)?)?;
            Some(format!("{named} AS {}", dialect.identifier(spine::ALIAS)))
        }
        None => None,
    };
    rows::write(&scope, &of.input, units.as_deref(), &mut select)?;
    let mut columns = Put { scope: &scope, layout, select: &mut select, names: Names::default() }.columns(of)?;
    let mut rows = writer.named(&format!("{dataset}_rows"), vec![select])?;
    let is_marked = marks::are_needed(of);
    if is_marked {
        rows = marks::write(writer, layout, of, &mut columns, &rows)?;
    }
    let one = |part: Part| aggregated(dialect, layout, (position, of), &columns, &rows, part);
    let grouping = if columns.kept.is_empty() && of.level.is_some() { Grouping::Total } else { plan.grouping };
    let parts = match grouping {
        // A row stands beside a unit for its group, and beside one for the total.
        Grouping::GroupsAndTotal if is_marked || columns.is_total.is_some() => {
            let total = one(Part::Total)?;
            vec![total, picked(writer, layout, (position, of), &columns, one(Part::Groups)?)?]
        }
        Grouping::GroupsAndTotal => vec![one(Part::Both)?],
        Grouping::Groups | Grouping::Sets => {
            vec![picked(writer, layout, (position, of), &columns, one(Part::Groups)?)?]
        }
        Grouping::Total => vec![one(Part::Only)?],
    };
    writer.named(&format!("{dataset}_measures"), parts)
}

fn refuse(dialect: Dialect, plan: &SemanticPlan, of: &Aggregate) -> Result<(), Diagnostic> {
    let what = if plan.grouping == Grouping::Sets {
        "an audit, several groupings at once,"
    } else if of.padding.is_some() {
        "a measure that lists units without rows"
    } else {
        return Ok(());
    };
    Err(refused(what, dialect))
}

/// The SELECT of rows as it gets its columns.
struct Put<'a> {
    scope: &'a Scope<'a>,
    layout: &'a Layout,
    select: &'a mut Select,
    names: Names,
}

impl Put<'_> {
    fn named(&mut self, wanted: &str, sql: Sql) -> Sql {
        self.select.reuse(self.scope.dialect, self.layout.keys.len(), &mut self.names, wanted, sql)
    }

    /// Puts keys, arguments, filters and periods.
    fn columns(mut self, of: &Aggregate) -> Result<Columns, Diagnostic> {
        let dialect = self.scope.dialect;
        let kept: Vec<usize> = of.level.clone().unwrap_or_else(|| (0..of.keys.len()).collect());
        for (position, source) in of.keys.iter().enumerate() {
            let key = &self.layout.keys[position];
            let value = match source {
                _ if !kept.contains(&position) => dialect.null(key.data_type),
                KeySource::Bucket { time, granularity } => self.scope.time(time)?.key(*granularity)?.sql,
                KeySource::DatePart { time, part } => self.scope.time(time)?.part(*part)?.sql,
                KeySource::Value(of) => self.scope.value(of)?.sql,
                KeySource::Absent => dialect.null(key.data_type),
            };
            let name = self.names.fresh(&key.name);
            self.select.column(value, name);
        }
        let filters = self.filters(of)?;
        let flags: Vec<Option<Sql>> = match (self.layout.periods.len(), of.spine()) {
            (1, _) => vec![None],
            (count, Some(_)) => (0..count).map(|period| Some(spine::in_period(dialect, period))).collect(),
            (_, None) => self.scope.periods()?.into_iter().map(Some).collect(),
        };
        let mut periods = Vec::with_capacity(flags.len());
        for (flag, name) in flags.into_iter().zip(&self.layout.periods) {
            periods.push(flag.map(|flag| self.named(&format!("in_{name}"), flag)));
        }
        let mut measures = Vec::with_capacity(of.measures.len());
        for (measure, filter) in of.measures.iter().zip(filters) {
            measures.push(self.column(measure, filter)?);
        }
        let row = self.scope.row_number().map(|row| self.named(rows::ROW, row));
        let mut of_spine =
            |name: &str, is_wanted: bool| is_wanted.then(|| self.named(name, spine::column(dialect, name)));
        let (has_spine, is_marked) = (of.spine().is_some(), marks::are_needed(of));
        let is_total = of_spine(spine::IS_TOTAL, has_spine);
        let unit = of_spine(spine::UNIT, has_spine && (of.pick.is_some() || is_marked));
        let period = of_spine(spine::PERIOD, has_spine && is_marked);
        if self.select.columns.is_empty() {
            self.select.column(Sql::atom("1"), "row");
        }
        let all = self.select.columns.iter().map(|(_, name)| name.clone()).collect();
        Ok(Columns { all, kept, periods, measures, row, is_total, unit, period })
    }

    /// What each measure has yet to filter; a row is kept where it passes one of them, so that a group exists only
    /// where a measure has rows.
    fn filters(&mut self, of: &Aggregate) -> Result<Vec<Option<Sql>>, Diagnostic> {
        let filters = of.measures.iter().map(|of| self.scope.all(&of.filter)).collect::<Result<Vec<_>, _>>()?;
        let all: Option<Vec<Sql>> = filters.iter().cloned().collect();
        let Some(mut any) = all else { return Ok(filters) };
        any.dedup();
        let alike = any.len() == 1;
        self.select.filter.extend(Sql::any(any));
        Ok(if alike { vec![None; filters.len()] } else { filters })
    }

    fn column(&mut self, measure: &Measure, filter: Option<Sql>) -> Result<Column, Diagnostic> {
        let (dialect, name) = (self.scope.dialect, &measure.name);
        let argument = match &measure.argument {
            Some(of) => {
                let value = aggregate::argument(dialect, measure, self.scope.value(of)?);
                Some(Typed::new(self.named(name, value.sql), value.data_type))
            }
            None => None,
        };
        let filter = filter.map(|filter| self.named(&format!("{name}_counts"), filter));
        let mut order = Vec::with_capacity(measure.order.len());
        for (position, by) in measure.order.iter().enumerate() {
            let by = self.scope.value(by)?;
            let named = self.named(&format!("{name}_order_{}", position + 1), by.sql);
            order.push(dialect.by_bytes(&Typed::new(named, by.data_type)));
        }
        let told = match &measure.balance {
            None => None,
            Some(balance) => {
                let time = self.scope.time(&balance.time)?.key(balance.granularity)?.sql;
                let time = self.named(&format!("{name}_time"), time);
                let mut by = Vec::with_capacity(balance.by.len());
                for (position, of) in balance.by.iter().enumerate() {
                    let of = self.scope.value(of)?.sql;
                    by.push(self.named(&format!("{name}_of_{}", position + 1), of));
                }
                Some((time, by))
            }
        };
        Ok(Column { argument, filter, order, told, extremes: Vec::new(), once: None })
    }
}
