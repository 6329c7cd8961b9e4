//! The columns of the answer: groups, values, what they are held against and the change, then conditions on results,
//! the order and the limit.

use std::collections::HashMap;

use super::clock;
use super::compare::{self, Sides};
use super::dialect::{Dialect, refused};
use super::expression::expression;
use super::layout::Layout;
use super::metrics;
use super::piece::{Sql, Typed};
use super::select::{Names, Select, Writer};
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::plan::{Grouping, SemanticPlan};
use crate::query::resolved::{Additivity, OutputColumn, Part, ResolvedQuery};
use crate::time::granularity::Granularity;

/// What the answer's columns are called, and of what type they are.
pub(super) struct Columns {
    groups: Vec<String>,
    labels: Vec<Option<String>>,
    pub(super) previous_bucket: Option<String>,
    outputs: Vec<Vec<(Part, String, DataType)>>,
    /// What of each output is compared, where that is not the value.
    compared: Vec<String>,
    kind: Option<String>,
}

/// Writes the answer's rows over `measures`, the rows of all facts; gives the last SELECT.
pub(super) fn write(
    writer: &mut Writer,
    query: &ResolvedQuery,
    plan: &SemanticPlan,
    layout: &Layout,
    measures: &str,
) -> Result<Select, Diagnostic> {
    let dialect = writer.dialect;
    let columns = Columns::of(query);
    let series = query.groups.iter().position(|group| group.is_series).filter(|_| !query.time.changes.is_empty());
    let parts = match series.filter(|_| plan.grouping != Grouping::Total) {
        None => vec![select(dialect, query, plan, layout, &columns, measures)?],
        Some(series) => compare::series(writer, query, plan, layout, &columns, measures, series)?,
    };
    if query.time.changes.is_empty() {
        let answer = writer.named("answer", parts)?;
        return last(dialect, query, layout, &columns, &answer);
    }
    let mut answer = parts.last().map(|part| columns.changes(dialect, query, plan, layout, part)).unwrap_or_default();
    answer.from = vec![writer.named("compared", parts)?];
    let answer = writer.named("answer", vec![answer])?;
    last(dialect, query, layout, &columns, &answer)
}

/// The answer's columns over rows that hold every side.
fn select(
    dialect: Dialect,
    query: &ResolvedQuery,
    plan: &SemanticPlan,
    layout: &Layout,
    columns: &Columns,
    measures: &str,
) -> Result<Select, Diagnostic> {
    let mut select = Select::from(measures);
    if let Some(total) = &layout.total {
        select.column(dialect.name(total), total);
    }
    columns.put_groups(dialect, query, layout, &mut select, None)?;
    for output in 0..query.outputs.len() {
        let sides = Sides::of_row(dialect, query, plan, layout, output)?;
        columns.put_output(output, sides, &mut select);
    }
    if let Some(name) = &columns.kind {
        select.column(compare::kind(dialect, query, layout)?, name);
    }
    Ok(select)
}

impl Columns {
    fn of(query: &ResolvedQuery) -> Columns {
        let mut names = Names::default();
        names.fresh("__total");
        let is_compared = !query.time.changes.is_empty();
        let groups: Vec<String> = query.groups.iter().map(|group| names.fresh(&group.key.name)).collect();
        let has_label =
            |granularity: Granularity| matches!(granularity, Granularity::FiscalQuarter | Granularity::FiscalYear);
        let labels = query.groups.iter().zip(&groups);
        let labels = labels.map(|(group, name)| {
            group.granularity.is_some_and(has_label).then(|| names.fresh(&format!("{name}__label")))
        });
        let labels = labels.collect();
        let series = query.groups.iter().position(|group| group.is_series && is_compared);
        let previous_bucket = series.map(|series| names.fresh(&format!("{}__previous", groups[series])));
        let mut outputs = Vec::with_capacity(query.outputs.len());
        for output in &query.outputs {
            let data_type = query.output_type(output);
            let parts = Part::ALL.into_iter().filter(|part| part.exists(&query.time, output.percent));
            let named = parts.map(|part| {
                let data_type = match part {
                    Part::Value | Part::Previous | Part::Change => data_type,
                    Part::PercentChange | Part::Points | Part::FullTarget => DataType::Float,
                };
                (part, names.fresh(&format!("{}{}", output.name, part.suffix())), data_type)
            });
            outputs.push(named.collect());
        }
        let compared = query.outputs.iter().map(|output| names.fresh(&format!("{}__compared", output.name))).collect();
        let has_members = query.groups.iter().any(|group| !group.is_series);
        let kind = (is_compared && has_members).then(|| names.fresh("change_kind"));
        Columns { groups, labels, previous_bucket, outputs, compared, kind }
    }

    /// The keys with their labels; of a compared series, what stands for its bucket.
    pub(super) fn put_groups(
        &self,
        dialect: Dialect,
        query: &ResolvedQuery,
        layout: &Layout,
        select: &mut Select,
        series: Option<(usize, &Sql, &Sql)>,
    ) -> Result<(), Diagnostic> {
        for (position, group) in query.groups.iter().enumerate() {
            let own = series.filter(|(series, _, _)| *series == position);
            let key = own.map_or_else(|| dialect.name(&layout.keys[position].name), |(_, bucket, _)| bucket.clone());
            select.column(key.clone(), &self.groups[position]);
            if let (Some(name), Some(granularity)) = (&self.labels[position], group.granularity) {
                let of = Typed::new(key, DataType::Date);
                select.column(clock::label(dialect, of, granularity, &query.time.calendar)?, name);
            }
            if let (Some((_, _, previous)), Some(name)) = (own, &self.previous_bucket) {
                select.column(previous.clone(), name);
            }
        }
        Ok(())
    }

    /// An output's value, what of it is compared, and what it is held against.
    pub(super) fn put_output(&self, output: usize, sides: Sides, select: &mut Select) {
        let Some(value) = self.part(output, Part::Value) else { return };
        let own = sides.value.clone();
        select.column(sides.value, value);
        let Some((now, previous)) = sides.compared else { return };
        if now != own {
            select.column(now, &self.compared[output]);
        }
        if let Some(name) = self.part(output, Part::Previous) {
            select.column(previous, name);
        }
    }

    /// The changes between the sides of `compared`.
    fn changes(
        &self,
        dialect: Dialect,
        query: &ResolvedQuery,
        plan: &SemanticPlan,
        layout: &Layout,
        compared: &Select,
    ) -> Select {
        let mut select = Select::default();
        let has = |name: &str| compared.columns.iter().any(|(_, of)| of == name);
        let groups =
            query.groups.iter().zip(self.groups.iter().zip(&self.labels)).flat_map(|(group, (name, label))| {
                let previous = self.previous_bucket.iter().filter(|_| group.is_series);
                std::iter::once(name).chain(label).chain(previous)
            });
        for name in layout.total.iter().chain(groups) {
            select.column(dialect.name(name), name);
        }
        for (output, of) in query.outputs.iter().enumerate() {
            let Some(value) = self.part(output, Part::Value) else { continue };
            let now = if has(&self.compared[output]) { &self.compared[output] } else { value };
            let previous = self.part(output, Part::Previous).filter(|name| has(name));
            let absent_is_zero = match (of.additivity == Additivity::Additive, &layout.total, plan.grouping) {
                (false, _, _) | (true, None, Grouping::Total) => Sql::atom("FALSE"),
                (true, Some(total), _) => dialect.name(total).not(),
                (true, None, _) => Sql::atom("TRUE"),
            };
            let mut figures = match previous {
                Some(previous) if plan.root.computations[of.computation.0].data_type.is_number() => {
                    compare::changes(dialect, &dialect.name(now), &dialect.name(previous), &absent_is_zero)
                }
                _ => HashMap::new(),
            };
            figures.insert(Part::Value, dialect.name(value));
            if let Some(previous) = previous {
                figures.insert(Part::Previous, dialect.name(previous));
            }
            for (part, name, data_type) in &self.outputs[output] {
                select.column(figures.remove(part).unwrap_or_else(|| dialect.null(*data_type)), name);
            }
        }
        if let Some(kind) = &self.kind {
            select.column(dialect.name(kind), kind);
        }
        select
    }

    fn part(&self, output: usize, part: Part) -> Option<&str> {
        self.outputs[output].iter().find(|(of, _, _)| *of == part).map(|(_, name, _)| name.as_str())
    }

    pub(super) fn kind_name(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// A column by the query's own way to speak of it.
    fn find(&self, query: &ResolvedQuery, column: OutputColumn) -> Option<(&str, DataType)> {
        match column {
            OutputColumn::Group(group) => Some((&self.groups[group], query.groups[group].key.data_type)),
            OutputColumn::Metric(output, part) => {
                let found = self.outputs[output].iter().find(|(of, _, _)| *of == part);
                found.map(|(_, name, data_type)| (name.as_str(), *data_type))
            }
        }
    }
}

/// Conditions, order and limit over the answer's rows; the total comes first and is neither kept out nor counted.
fn last(
    dialect: Dialect,
    query: &ResolvedQuery,
    layout: &Layout,
    columns: &Columns,
    answer: &str,
) -> Result<Select, Diagnostic> {
    let mut last = Select::from(answer);
    let mut put = |name: &str| last.column(dialect.name(name), name);
    if let Some(total) = &layout.total {
        put(total);
    }
    for position in 0..query.groups.len() {
        put(&columns.groups[position]);
        if let Some(label) = &columns.labels[position] {
            put(label);
        }
        if let Some(previous) = columns.previous_bucket.as_ref().filter(|_| query.groups[position].is_series) {
            put(previous);
        }
    }
    for (_, parts) in query.outputs.iter().zip(&columns.outputs).filter(|(output, _)| output.shown) {
        for (_, name, _) in parts {
            put(name);
        }
    }
    if let Some(kind) = &columns.kind {
        put(kind);
    }
    let typed = |column: OutputColumn| {
        let found = columns.find(query, column);
        found.map(|(name, data_type)| Typed::new(dialect.name(name), data_type))
    };
    let missing = || refused("a condition or an order by a column that is not there", dialect);
    let conditions = query.having.iter().map(|of| {
        let condition = expression(dialect, of, &mut |column: &OutputColumn| typed(*column).ok_or_else(missing))?;
        Ok(condition.sql)
    });
    let conditions = conditions.collect::<Result<Vec<_>, Diagnostic>>()?;
    last.filter = match (&layout.total, Sql::all(conditions.clone())) {
        (Some(total), Some(all)) => vec![dialect.name(total).or(&all)],
        _ => conditions,
    };
    if let Some(total) = &layout.total {
        last.order.push(format!("{} DESC", dialect.identifier(total)));
    }
    for order in &query.order {
        let by = dialect.by_bytes(&typed(order.column).ok_or_else(missing)?);
        let direction = if order.descending { "DESC" } else { "ASC" };
        last.order.push(format!("{} {direction} NULLS LAST", by.text()));
    }
    last.limit = query.limit.map(|limit| limit + u64::from(layout.total.is_some()));
    Ok(last)
}

/// A computation in a period as a column that is made here.
pub(super) fn cell(
    dialect: Dialect,
    query: &ResolvedQuery,
    plan: &SemanticPlan,
    layout: &Layout,
    (output, period): (usize, usize),
) -> Result<Typed, Diagnostic> {
    metrics::value(dialect, plan, layout, query.outputs[output].computation, period)
}
