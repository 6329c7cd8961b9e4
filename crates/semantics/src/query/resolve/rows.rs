//! Rows: which tables a fact is joined with, and names as columns of the joined row.

use std::rc::Rc;

use super::super::field::{Field, FieldOf, Grain};
use super::super::request::{FilterItem, MetricsRequest};
use super::super::resolved::{Attached, AttachedMetric, Fact, OneCurrency};
use super::super::row::{ColumnRef, KeySource, Measure, On, RowExpr, RowRef, Table, TimeColumn};
use super::super::spine::unit_column;
use super::balance;
use super::by_day::by_day;
use super::metric_filter::MetricByKeys;
use super::metrics::{Filter, Flattener, Treatment};
use super::spines::Spines;
use super::{events, time};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::{DatasetId, DimensionId, MetricId};
use crate::catalog::join_graph::{ManyToOneHop, ManyToOnePath};
use crate::catalog::locate::{Identity, Located};
use crate::catalog::{Axis, MetricKind};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Kind, Name, metric_and_keys, typing};
use crate::model::Naming;
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
    pub walked: Vec<(Vec<ManyToOneHop>, Table)>,
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
            // Units are listed, and events find their rows, by the conditions of a leaf: others stand apart.
            let listed_alike = |f: &FactBuilder| {
                (!leaf.treatment.is_padded && leaf.treatment.events.is_none())
                    || f.leaves.iter().all(|other| flat.leaves[*other].filters == leaf.filters)
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
        path: &ManyToOnePath,
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

    /// The fact of rows that are not aggregated by themselves.
    pub(super) fn without_measures(mut self, bound: &BoundCatalog) -> Result<Fact, Diagnostic> {
        let axis_column = self.axis_column(bound)?;
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
    path: &ManyToOnePath,
    table: Table,
    expr: Expr<ColumnRef>,
) -> Result<Expr<ColumnRef>, Diagnostic> {
    let last = path.hops().last();
    let (Some(hop), Some((_, key))) = (last, last.and_then(|hop| hop.columns().first())) else { return Ok(expr) };
    if matches!(expr.kind.as_ref(), Kind::Ref(_)) {
        return Ok(expr);
    }
    let span = expr.span;
    let key = Expr::new(Kind::Ref(column_ref(table, &bound.column(hop.to(), key)?)), span);
    let is_there = Expr::new(Kind::IsNull { of: key, negated: true }, span);
    Ok(Expr::new(Kind::Case { branches: vec![(is_there, expr)], otherwise: None }, span))
}

/// Puts the request's conditions on every fact; each must see every dimension in them, and all
/// facts the same one.
pub(super) fn conditions(
    bound: &BoundCatalog,
    facts: &mut [FactBuilder],
    request: &MetricsRequest,
    found: &mut Diagnostics,
) {
    for item in request.where_.iter().filter(|w| w.metric.is_none()) {
        let before = found.0.len();
        if let Some(refused) = aggregate_in_where(bound, item) {
            found.push(refused);
            continue;
        }
        let condition = match agreed_names(bound, facts, &item.condition) {
            Ok(condition) => condition,
            Err(refused) => {
                found.push(of_request(refused, &item.field));
                continue;
            }
        };
        let filter = Filter { expr: condition, field: Some(item.field.clone()) };
        for fact in facts.iter_mut() {
            match fact.condition(bound, &filter) {
                Ok(condition) if is_of_units(&condition, &fact.tables) => fact.on_units.push(condition),
                Ok(condition) => fact.conditions.push(condition),
                Err(refused) => {
                    found.push(of_request(refused, &item.field));
                    break;
                }
            }
        }
        if found.0.len() == before {
            for name in filter.expr.refs() {
                if let Err(refused) = conformed(bound, facts, name.value) {
                    found.push(of_request(refused, &item.field));
                }
            }
        }
    }
}

/// Whether a condition speaks of the units of a time spine, or of what is found by them.
pub(super) fn is_of_units(condition: &RowExpr, tables: &[Attached]) -> bool {
    let by_unit = |table: Table| {
        let found = tables.iter().filter(|attached| attached.table == table).flat_map(|attached| &attached.on);
        table == Table::SPINE || found.flat_map(On::columns).any(|column| column.table == Table::SPINE)
    };
    let of_units = |time: &TimeColumn| time.expr.refs().iter().any(|column| by_unit(column.value.table));
    condition.refs().iter().any(|reference| match reference.value {
        RowRef::Column(column) => by_unit(column.table),
        RowRef::LocalTime(time) | RowRef::Bucket { time, .. } => of_units(time),
        RowRef::Metric { .. } | RowRef::Event { .. } => false,
    })
}

fn conformed(bound: &BoundCatalog, facts: &mut [FactBuilder], name: &Name) -> Result<(), Diagnostic> {
    let field = Field::parse(&bound.catalog, &name.dotted())?;
    if matches!(field.of, FieldOf::Metric(_)) {
        return Ok(());
    }
    let identities: Vec<(DatasetId, Option<Identity>)> = facts
        .iter_mut()
        .map(|fact| Ok((fact.dataset, fact.field(bound, &field)?.2)))
        .collect::<Result<_, Diagnostic>>()?;
    require_one(bound, &field, &identities)
}

fn agreed_names(bound: &BoundCatalog, facts: &[FactBuilder], expr: &Expr<Name>) -> Result<Expr<Name>, Diagnostic> {
    if bound.catalog.naming == Naming::Dotted {
        return Ok(expr.clone());
    }
    expr.try_substitute(&mut |name: &Name, span| {
        let field = Field::parse(&bound.catalog, &name.dotted()).map_err(|d| d.at(span))?;
        let agreed = agreed(bound, facts, &field).map_err(|d| d.at(span))?;
        let parts = vec![agreed.column(&bound.catalog)];
        Ok(Expr::new(Kind::Ref(Name { parts }), span))
    })
}

/// The field under the full path that all facts know it by: of several, the shortest.
pub(super) fn agreed(bound: &BoundCatalog, facts: &[FactBuilder], field: &Field) -> Result<Field, Diagnostic> {
    let FieldOf::Dimension { path, name } = &field.of else {
        return Ok(field.clone());
    };
    let (catalog, Some(first)) = (&bound.catalog, facts.first()) else {
        return Ok(field.clone());
    };
    if catalog.naming == Naming::Dotted {
        return Ok(field.clone());
    }
    let mut common = catalog.entity_paths(first.dataset, path, name);
    for fact in facts {
        let here = catalog.entity_paths(fact.dataset, path, name);
        if here.is_empty() {
            catalog.locate(fact.dataset, path, name)?;
        }
        common.retain(|words| here.contains(words));
    }
    let shortest = common.iter().map(Vec::len).min();
    let mut ways: Vec<Vec<String>> = common.into_iter().filter(|words| Some(words.len()) == shortest).collect();
    match (ways.pop(), ways.is_empty()) {
        (Some(mut words), true) => {
            let name = words.pop().unwrap_or_default();
            Ok(Field { of: FieldOf::Dimension { path: words, name }, grain: field.grain })
        }
        (Some(last), false) => {
            let ways: Vec<String> = ways.into_iter().chain([last]).map(|words| words.join("__")).collect();
            Err(catalog.several_entity_paths(&field.base(catalog), &ways))
        }
        (None, _) => {
            let asked = field.base(catalog);
            Err(Diagnostic::new(
                Code::DimensionNotConformed,
                format!("no path of entities to `{asked}` is the same for all of the metrics"),
            )
            .help("ask the metrics apart, or write the whole path"))
        }
    }
}

/// Refuses a field that means different dimensions to different facts.
pub(super) fn require_one(
    bound: &BoundCatalog,
    field: &Field,
    identities: &[(DatasetId, Option<Identity>)],
) -> Result<(), Diagnostic> {
    let Some((first, identity)) = identities.first() else {
        return Ok(());
    };
    let Some((other, _)) = identities.iter().find(|(_, i)| i != identity) else {
        return Ok(());
    };
    let name = |id: &DatasetId| bound.catalog.dataset(*id).name.clone();
    let (a, b, dimension) = (name(first), name(other), field.base(&bound.catalog));
    let bare = dimension.rsplit('.').next().unwrap_or(&dimension).to_string();
    Err(Diagnostic::new(
        Code::DimensionNotConformed,
        format!("`{dimension}` of `{a}` and of `{b}` are different dimensions"),
    )
    .help(format!("declare them to be one in the model: dimensions: [{{name: {bare}, of: [{a}.{bare}, {b}.{bare}]}}]")))
}

/// Places every leaf's measure in its fact; the second list gives each leaf's fact and measure.
pub(super) fn measures(
    bound: &BoundCatalog,
    facts: Vec<FactBuilder>,
    flat: &Flattener,
    spines: &Spines<'_>,
    found: &mut Diagnostics,
) -> (Vec<Fact>, Vec<(usize, usize)>) {
    let mut places = vec![(0, 0); flat.leaves.len()];
    let mut built = Vec::with_capacity(facts.len());
    for (f, mut fact) in facts.into_iter().enumerate() {
        let mut measures = Vec::new();
        let mut metrics: Vec<MetricId> = Vec::new();
        let mut events_of_fact = None;
        for leaf in fact.leaves.clone() {
            places[leaf] = (f, measures.len());
            let measured = match fact.treatment.events {
                None => measure(bound, &mut fact, flat, leaf),
                Some(metric) => {
                    let reads = time::all_data(spines.time.as_of, spines.time.calendar.zone);
                    let resolved = events::resolve(bound, &mut fact, &flat.leaves[leaf], metric, reads);
                    resolved.map(|(of, measure)| {
                        events_of_fact = Some(Box::new(of));
                        measure
                    })
                }
            };
            match measured {
                Ok(measure) => {
                    measures.push(measure);
                    metrics.push(flat.leaves[leaf].metric);
                }
                Err(refused) => found.push(refused),
            }
        }
        let axis_column = match fact.axis_column(bound) {
            Ok(axis_column) => axis_column,
            Err(refused) => {
                found.push(refused);
                continue;
            }
        };
        let mut one = Fact {
            dataset: fact.dataset,
            axis: fact.axis.expect("a fact of measures has an axis"),
            axis_column,
            tables: fact.tables,
            attached_metrics: fact.attached_metrics,
            conditions: fact.conditions,
            keys: fact.keys,
            measures,
            metrics,
            one_currency: fact.one_currency,
            windows: None,
            events: events_of_fact,
            level: fact.level,
            padding: None,
        };
        match spines.of(&one, &fact.treatment, fact.on_units) {
            Ok((windows, padding)) => {
                (one.windows, one.padding) = (windows, padding);
                built.push(one);
            }
            Err(refused) => found.push(refused),
        }
    }
    (built, places)
}

fn measure(bound: &BoundCatalog, fact: &mut FactBuilder, flat: &Flattener, leaf: usize) -> Result<Measure, Diagnostic> {
    let leaf = &flat.leaves[leaf];
    let metric = bound.catalog.metric(leaf.metric);
    let measure = bound.measure(leaf.metric)?;
    let mut filter = Vec::new();
    for condition in &leaf.filters {
        let refused = |d: Diagnostic| match &condition.field {
            Some(field) => of_request(d, field),
            None => Diagnostic { message: format!("{} (filter of `{}`)", d.message, metric.name), ..d },
        };
        filter.push(fact.condition(bound, condition).map_err(refused)?);
    }
    let row = |c: &PhysicalColumn| RowRef::Column(column_ref(Table::FACT, c));
    let order = match measure.aggregation {
        Aggregation::First | Aggregation::Last => order_of_rows(bound, fact, metric.id)?,
        _ => Vec::new(),
    };
    let balance = match &metric.kind {
        MetricKind::Simple(of) => of.balance.as_ref(),
        _ => None,
    };
    let balance = balance.map(|of| balance::resolve(bound, fact, of, metric.span)).transpose()?;
    let argument = measure.argument.as_ref().map(|expr| expr.map_refs(&mut |c| row(c)));
    let (argument, amount) = fact.in_currency(bound, metric, argument, flat.currency.as_deref())?;
    Ok(Measure {
        name: metric.name.clone(),
        aggregation: measure.aggregation,
        argument,
        amount,
        filter,
        money_scale: measure.money_scale,
        order,
        balance,
        data_type: leaf.treatment.data_type(measure.data_type),
    })
}

/// The time axis, then the primary key; without a key the order is not defined and refused.
fn order_of_rows(bound: &BoundCatalog, fact: &mut FactBuilder, metric: MetricId) -> Result<Vec<RowExpr>, Diagnostic> {
    let dataset = bound.catalog.dataset(fact.dataset);
    let metric = bound.catalog.metric(metric);
    if dataset.primary_key.is_empty() {
        return Err(Diagnostic::new(
            Code::InvalidModel,
            format!("metric `{}` takes the first or last row of `{}`, which has no key", metric.name, dataset.name),
        )
        .at(metric.span)
        .help("declare the dataset's `primary_key`, so that rows of one instant have an order"));
    }
    let axis = fact.axis_column(bound)?;
    let mut order = vec![axis.expr.map_refs(&mut |c| RowRef::Column(c.clone()))];
    for key in &dataset.primary_key {
        let column = bound.column(fact.dataset, key)?;
        order.push(Expr::new(Kind::Ref(RowRef::Column(column_ref(Table::FACT, &column))), metric.span));
    }
    Ok(order)
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

fn aggregate_in_where(bound: &BoundCatalog, item: &FilterItem) -> Option<Diagnostic> {
    let names = bound.catalog.dimension_names();
    let is_entity = |name: &str| bound.catalog.dimensions().iter().any(|d| d.is_entity && d.name == name);
    let metric = item.condition.refs().into_iter().find(|name| {
        let dotted = name.value.dotted();
        !names.contains(&dotted.as_str()) && !is_entity(&dotted) && bound.catalog.metric_named(&dotted).is_some()
    })?;
    let name = metric.value.dotted();
    Some(
        Diagnostic::new(Code::AggregateInWhere, format!("`{name}` is a metric; `where` holds conditions on rows"))
            .field(item.field.clone())
            .received(item.condition.to_string())
            .help(format!("put it in `having`: `{}`", item.condition)),
    )
}

/// A finding in the text of an argument: named by the argument, not by a place in the model.
pub(super) fn of_request(diagnostic: Diagnostic, field: &str) -> Diagnostic {
    Diagnostic { span: None, ..diagnostic }.field(field)
}

/// A condition in canonical form.
pub(super) fn canonical(item: &FilterItem) -> String {
    let text = item.condition.to_string();
    match &item.metric {
        Some(metric) => format!("{metric}: {text}"),
        None => text,
    }
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
