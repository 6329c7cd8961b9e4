//! Rows: which tables a fact is joined with, and names as columns of the joined row.

use std::rc::Rc;

use super::super::field::{Field, FieldOf, Grain};
use super::super::resolved::{Attached, AttachedMetric, Fact, OneCurrency};
use super::super::row::{ColumnRef, KeySource, RowExpr, RowRef, Table, TimeColumn};
use super::super::spine::unit_column;
use super::attach::events_beyond_a_bridge;
use super::by_day::by_day;
use super::leaf::{Filter, Leaf, Treatment};
use super::metric_filter::MetricByKeys;
use super::metrics::Flattener;
use crate::catalog::Axis;
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::{DatasetId, DimensionId};
use crate::catalog::join_graph::{Path, Step};
use crate::catalog::locate::{Identity, Located};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, Name, metric_and_keys, typing};
use crate::source::Span;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

/// One fact under construction: a dataset on one time axis.
pub(super) struct FactBuilder {
    pub dataset: DatasetId,
    /// None where only values of dimensions are asked.
    pub axis: Option<Axis>,
    /// Positions of its leaves in the flattener.
    pub leaves: Vec<usize>,
    pub tables: Vec<Attached>,
    /// Where paths lead.
    pub walked: Vec<(Vec<Step>, Table)>,
    pub conditions: Vec<RowExpr>,
    pub keys: Vec<KeySource>,
    pub treatment: Treatment,
    /// Positions of the groups that it is aggregated by; all where it is none.
    pub level: Option<Vec<usize>>,
    /// Conditions on units of the time spine that it is read through.
    pub on_units: Vec<RowExpr>,
    /// Whether those units are shorter than a day.
    pub is_sub_day: bool,
    /// What `metric_time` is, where it is no axis.
    pub units: Option<TimeColumn>,
    /// The time spine that those are of.
    pub units_of: Option<DatasetId>,
    /// The number of the first table that is attached.
    pub first_table: u32,
    /// What conditions may attach, and what they have attached.
    pub by_keys: Rc<[MetricByKeys]>,
    pub attached_metrics: Vec<AttachedMetric>,
    /// Amounts that nothing converts.
    pub one_currency: Option<OneCurrency>,
}

/// The values of a dimension over the joined row.
pub(super) enum Values {
    Plain { expr: Expr<ColumnRef>, data_type: DataType },
    Time(TimeColumn),
}

impl FactBuilder {
    /// A fact for each dataset, axis and treatment among the leaves, in the order first used.
    pub(super) fn for_leaves(bound: &BoundCatalog, flat: &Flattener, is_sub_day: bool) -> Vec<FactBuilder> {
        let mut facts: Vec<FactBuilder> = Vec::new();
        for (i, leaf) in flat.leaves.iter().enumerate() {
            let metric = bound.catalog.metric(leaf.metric);
            let dataset = metric.dataset.expect("a leaf is a simple metric, which stands in a dataset");
            let axis = metric.axis.clone().expect("the catalog refuses a simple metric without an axis");
            // Units are listed and shown, and events find their rows, by the conditions of a leaf: others stand apart.
            let is_listed = leaf.treatment.is_padded || leaf.treatment.beside.is_some();
            let is_windowed = !leaf.treatment.steps.is_empty();
            let on_time =
                |leaf: &Leaf| is_windowed && leaf.filters.iter().any(|of| speaks_of(bound, dataset, &axis, of));
            let listed_alike = |f: &FactBuilder| {
                let by_filters =
                    is_listed || on_time(leaf) || f.leaves.iter().any(|other| on_time(&flat.leaves[*other]));
                !by_filters || f.leaves.iter().all(|other| flat.leaves[*other].filters == leaf.filters)
            };
            let is_same = |f: &FactBuilder| {
                f.dataset == dataset
                    && f.axis.as_ref() == Some(&axis)
                    && f.treatment == leaf.treatment
                    && listed_alike(f)
            };
            match facts.iter_mut().find(|f| is_same(f)) {
                Some(fact) => fact.leaves.push(i),
                None => facts.push(FactBuilder {
                    dataset,
                    axis: Some(axis),
                    leaves: vec![i],
                    tables: Vec::new(),
                    walked: Vec::new(),
                    conditions: Vec::new(),
                    keys: Vec::new(),
                    treatment: leaf.treatment.clone(),
                    level: None,
                    on_units: Vec::new(),
                    is_sub_day,
                    units: None,
                    units_of: None,
                    first_table: 1,
                    by_keys: Rc::clone(&flat.by_keys),
                    attached_metrics: Vec::new(),
                    one_currency: None,
                }),
            }
        }
        facts
    }

    /// The time column of the fact's axis.
    pub(super) fn axis_column(&mut self, bound: &BoundCatalog) -> Result<TimeColumn, Diagnostic> {
        let Some(axis) = self.axis.clone() else {
            return Err(no_axis(bound, self.dataset));
        };
        match self.values(bound, &axis.path, axis.dimension)? {
            Values::Time(column) => Ok(column),
            Values::Plain { .. } => Err(not_time(&bound.catalog.dimension(axis.dimension).name)),
        }
    }

    /// The axis as groups and conditions see it: the units of the spine where it is read through one.
    fn time_of_units(&mut self, bound: &BoundCatalog) -> Result<TimeColumn, Diagnostic> {
        if let Some(units) = &self.units {
            return Ok(units.clone());
        }
        if self.treatment.steps.is_empty() { self.axis_column(bound) } else { Ok(unit_column(self.is_sub_day)) }
    }

    /// Where a field's values stand, and what it must agree on with other facts (none for
    /// `metric_time`, which is each fact's own).
    pub(super) fn field(
        &mut self,
        bound: &BoundCatalog,
        field: &Field,
    ) -> Result<(Values, Option<DimensionId>, Option<Identity>), Diagnostic> {
        match &field.of {
            FieldOf::MetricTime => {
                let column = self.time_of_units(bound)?;
                let axis = self.axis.as_ref().filter(|_| self.units.is_none());
                Ok((Values::Time(column), axis.map(|axis| axis.dimension), None))
            }
            FieldOf::Metric(written) => Err(Diagnostic::new(Code::InvalidArgument, format!("`{written}` is no group"))
                .help("a metric by keys stands in conditions on rows; group by a dimension")),
            FieldOf::Dimension { path, name } => {
                let Located { path, dimension, identity } = bound.catalog.locate(self.dataset, path, name)?;
                let values = if self.axis.as_ref().is_some_and(|axis| axis.path == path && axis.dimension == dimension)
                {
                    Values::Time(self.time_of_units(bound)?)
                } else {
                    self.values(bound, &path, dimension)?
                };
                Ok((values, Some(dimension), Some(identity)))
            }
        }
    }

    pub(super) fn values(
        &mut self,
        bound: &BoundCatalog,
        path: &Path,
        dimension: DimensionId,
    ) -> Result<Values, Diagnostic> {
        refuse_not_yet(bound, self.dataset)?;
        let table = self.table(bound, path)?;
        let column = bound.dimension(dimension)?;
        let expr = column.expr.map_refs(&mut |c| column_ref(table, c));
        let expr = of_a_row(bound, path, table, expr)?;
        Ok(match column.stored {
            Some(stored) => Values::Time(TimeColumn { expr, stored }),
            None => Values::Plain { expr, data_type: column.data_type },
        })
    }

    /// A condition over names as one over the joined row, boolean and with every literal typed.
    pub(super) fn condition(&mut self, bound: &BoundCatalog, filter: &Filter) -> Result<RowExpr, Diagnostic> {
        let located = by_day(bound, &filter.expr)?;
        if filter.field.is_some() {
            for field in located.refs() {
                self.refuse_concealed(bound, field.value).map_err(|refused| refused.at(field.span))?;
            }
        }
        let over = located.try_substitute(&mut |field: &Field, span| self.reference(bound, field, span))?;
        let coerced = typing::coerce(over, &mut |r: &RowRef| r.data_type());
        let (typed, data_type) = match &filter.field {
            Some(_) => coerced.map_err(untyped)?,
            None => coerced?,
        };
        match data_type {
            DataType::Boolean | DataType::Null => Ok(typed),
            other => {
                Err(Diagnostic::new(Code::InvalidFilter, format!("`{}` is {other}, not a condition", filter.expr))
                    .at(filter.expr.span)
                    .help("write a comparison, such as `country = 'US'`"))
            }
        }
    }

    /// Refuses a field of a request that a policy hides; what a model says of its metrics may name it.
    pub(super) fn refuse_concealed(&self, bound: &BoundCatalog, field: &Field) -> Result<(), Diagnostic> {
        match &field.of {
            FieldOf::Dimension { path, name } => bound.catalog.refuse_concealed(self.dataset, path, name),
            FieldOf::MetricTime | FieldOf::Metric(_) => Ok(()),
        }
    }

    fn reference(&mut self, bound: &BoundCatalog, field: &Field, span: Span) -> Result<RowExpr, Diagnostic> {
        if let FieldOf::Metric(written) = &field.of {
            return self.metric(bound, written, span).map_err(|d| d.at(span));
        }
        let (values, dimension, _) = self.field(bound, field).map_err(|d| d.at(span))?;
        let reference = |r: RowRef| Expr::new(Kind::Ref(r), span);
        match (values, field.grain) {
            (Values::Plain { expr, .. }, Grain::Unsaid) => Ok(expr.map_refs(&mut |c| RowRef::Column(c.clone()))),
            (Values::Plain { .. }, _) => Err(not_time(&field.base(&bound.catalog)).at(span)),
            (Values::Time(time), Grain::Unsaid) => Ok(reference(RowRef::LocalTime(Box::new(time)))),
            (Values::Time(time), Grain::Bucket(granularity)) => {
                check_grain(bound, dimension, time.stored, granularity).map_err(|d| d.at(span))?;
                Ok(reference(RowRef::Bucket { time: Box::new(time), granularity }))
            }
            (Values::Time(time), Grain::Custom(granularity)) => {
                let column = self.custom(bound, time, granularity).map_err(|d| d.at(span))?;
                Ok(reference(RowRef::Column(column)))
            }
            (Values::Time(_), Grain::Part(_)) => Err(Diagnostic::new(
                Code::UnsupportedExpression,
                format!("`{}` is no name of a condition", field.column(&bound.catalog)),
            )
            .at(span)
            .help("write `extract(dow from metric_time)` in conditions")),
        }
    }
}

impl FactBuilder {
    /// Rows of a dataset that stand beside those of this fact.
    pub(super) fn beside(&self, dataset: DatasetId, axis: Axis) -> FactBuilder {
        FactBuilder {
            dataset,
            axis: Some(axis),
            leaves: Vec::new(),
            tables: Vec::new(),
            walked: Vec::new(),
            conditions: Vec::new(),
            keys: Vec::new(),
            treatment: Treatment::default(),
            level: None,
            on_units: Vec::new(),
            is_sub_day: false,
            units: None,
            units_of: None,
            first_table: 1,
            by_keys: Rc::clone(&self.by_keys),
            attached_metrics: Vec::new(),
            one_currency: None,
        }
    }

    /// The fact of rows that are not aggregated by themselves; `what` is the kind of metric that they stand beside others for.
    pub(super) fn without_measures(mut self, bound: &BoundCatalog, what: &str) -> Result<Fact, Diagnostic> {
        let axis_column = self.axis_column(bound)?;
        if let Some(bridge) = self.tables.iter().find_map(|table| table.hop.bridge()) {
            return Err(events_beyond_a_bridge(bound, bridge, what));
        }
        Ok(Fact {
            dataset: self.dataset,
            axis: self.axis.expect("events have the axis of their metric"),
            axis_column,
            tables: self.tables,
            attached_metrics: self.attached_metrics,
            conditions: self.conditions,
            keys: self.keys,
            measures: Vec::new(),
            metrics: Vec::new(),
            one_currency: None,
            windows: None,
            events: None,
            cohort: None,
            level: None,
            padding: None,
        })
    }

    /// The value of a metric by keys, attached on first use.
    fn metric(&mut self, bound: &BoundCatalog, written: &str, span: Span) -> Result<RowExpr, Diagnostic> {
        let by_keys = Rc::clone(&self.by_keys);
        let Some(of) = by_keys.iter().find(|of| of.name == written) else {
            return Err(Diagnostic::new(Code::InvalidFilter, format!("`{written}` cannot be asked here"))
                .help("a metric by keys stands in the conditions of `get_metrics` and of metrics"));
        };
        let position = match self.attached_metrics.iter().position(|known| known.name == written) {
            Some(known) => known,
            None => {
                let (_, names) = metric_and_keys(written).expect("it was read as such");
                let mut keys = Vec::with_capacity(names.len());
                for name in names {
                    keys.push(self.key(bound, name, span)?);
                }
                let query = Box::new(of.query.clone());
                self.attached_metrics.push(AttachedMetric { name: written.to_string(), keys, query });
                self.attached_metrics.len() - 1
            }
        };
        let data_type = of.query.output_type(&of.query.outputs[0]);
        Ok(Expr::new(Kind::Ref(RowRef::Metric { position, data_type }), span))
    }

    /// A key over the rows in question: what the name means for them, or else what its last part means,
    /// for a path may start at the metric's own dataset.
    fn key(&mut self, bound: &BoundCatalog, name: &str, span: Span) -> Result<RowExpr, Diagnostic> {
        let field = Field::parse(&bound.catalog, name)?;
        let values = self.field(bound, &field).or_else(|refused| {
            let last = name.rsplit(['.']).next().and_then(|last| last.rsplit("__").next());
            let last = last.filter(|last| *last != name).ok_or_else(|| refused.clone())?;
            let last = Field::parse(&bound.catalog, last).map_err(|_| refused.clone())?;
            self.field(bound, &last).map_err(|_| refused)
        })?;
        match values.0 {
            Values::Plain { expr, .. } => Ok(expr.map_refs(&mut |c| RowRef::Column(c.clone()))),
            Values::Time(_) => {
                Err(Diagnostic::new(Code::InvalidFilter, format!("`{name}` is a time, and no key of a metric"))
                    .at(span)
                    .help("its keys are entities and dimensions; it counts all data"))
            }
        }
    }
}

/// A formula over the table at the end of a path, null where the path leads to no row: one such
/// as `coalesce(kind, 'none')` would give orphans a value that no row has.
fn of_a_row(
    bound: &BoundCatalog,
    path: &Path,
    table: Table,
    expr: Expr<ColumnRef>,
) -> Result<Expr<ColumnRef>, Diagnostic> {
    let last = path.steps().last();
    let (Some(step), Some((_, key))) = (last, last.and_then(|step| step.columns().first())) else { return Ok(expr) };
    if matches!(expr.kind.as_ref(), Kind::Ref(_)) {
        return Ok(expr);
    }
    let span = expr.span;
    let key = Expr::new(Kind::Ref(column_ref(table, &bound.column(step.to(), key)?)), span);
    let is_there = Expr::new(Kind::IsNull { of: key, negated: true }, span);
    Ok(Expr::new(Kind::Case { branches: vec![(is_there, expr)], otherwise: None }, span))
}

/// Whether a filter speaks of the time of a fact.
fn speaks_of(bound: &BoundCatalog, dataset: DatasetId, axis: &Axis, filter: &Filter) -> bool {
    let is_axis = |name: &Name| match Field::parse(&bound.catalog, &name.dotted()).map(|field| field.of) {
        Ok(FieldOf::MetricTime) => true,
        Ok(FieldOf::Dimension { path, name }) => {
            let located = bound.catalog.locate(dataset, &path, &name);
            located.is_ok_and(|found| axis.path == found.path && axis.dimension == found.dimension)
        }
        Ok(FieldOf::Metric(_)) | Err(_) => false,
    };
    filter.expr.refs().iter().any(|name| is_axis(name.value))
}

/// A finer grain than the column has, or a time of day that a date lacks.
pub(super) fn check_grain(
    bound: &BoundCatalog,
    dimension: Option<DimensionId>,
    stored: StoredAs,
    granularity: Granularity,
) -> Result<(), Diagnostic> {
    // Periods are as fine as they are asked for.
    let Some(dimension) = dimension else {
        return Ok(());
    };
    let dimension = bound.catalog.dimension(dimension);
    let finest = dimension.granularity.unwrap_or(Granularity::Day);
    let finest = if stored == StoredAs::Date { finest.max(Granularity::Day) } else { finest };
    if granularity >= finest {
        return Ok(());
    }
    let of = format!("{}.{}", bound.catalog.dataset(dimension.dataset).name, dimension.name);
    Err(Diagnostic::new(
        Code::GranularityNotAvailable,
        format!("`{granularity}` is finer than `{of}`, which is by {finest}"),
    )
    .help(format!("ask for `{finest}` or coarser")))
}

pub(super) fn column_ref(table: Table, column: &PhysicalColumn) -> ColumnRef {
    ColumnRef { table, column: column.name.clone(), data_type: column.data_type }
}

pub(super) fn refuse_not_yet(bound: &BoundCatalog, dataset: DatasetId) -> Result<(), Diagnostic> {
    let dataset = bound.catalog.dataset(dataset);
    match dataset.not_yet.first() {
        Some(later) => Err(Diagnostic::new(
            Code::NotSupportedYet,
            format!("dataset `{}` is not supported yet: `{}`", dataset.name, later.what),
        )
        .at(later.span)),
        None => Ok(()),
    }
}

/// A condition of a request whose types do not fit is an invalid filter; one of a model is the model's.
pub(super) fn untyped(fault: Diagnostic) -> Diagnostic {
    let code = if fault.code == Code::TypeMismatch { Code::InvalidFilter } else { fault.code };
    Diagnostic { code, ..fault }
}

pub(super) fn not_time(name: &str) -> Diagnostic {
    Diagnostic::new(Code::GranularityNotAvailable, format!("`{name}` is not a time dimension"))
        .help("only time dimensions take a granularity")
}

fn no_axis(bound: &BoundCatalog, dataset: DatasetId) -> Diagnostic {
    let dataset = &bound.catalog.dataset(dataset).name;
    Diagnostic::new(Code::MissingTimeAxis, format!("`{dataset}` has no time axis"))
        .help("give the dataset a `time`, or ask for one of its dimensions")
}
