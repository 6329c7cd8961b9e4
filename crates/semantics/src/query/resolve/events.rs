//! Conversions: the events that follow a fact's rows, and the measure of them.

use super::super::events::{EventTime, Events, Follow};
use super::super::period::Period;
use super::super::row::{KeySource, Measure, RowExpr, RowRef, Table};
use super::attach::comparable;
use super::balance::identity;
use super::conditions::{is_of_units, of_request};
use super::leaf::{Filter, Leaf};
use super::rows::{FactBuilder, column_ref};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::MetricId;
use crate::catalog::{Conversion, Metric, MetricKind};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, typing};
use crate::time::granularity::Granularity;

/// The events that the conversion metric `id` puts beside the rows of `fact`, and the measure of them.
///
/// All conditions of the leaf are conditions on the rows: they hold before an event looks for its row.
pub(super) fn resolve(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    leaf: &Leaf,
    id: MetricId,
    reads: Period,
) -> Result<(Events, Measure), Diagnostic> {
    let metric = bound.catalog.metric(id);
    let MetricKind::Conversion(of) = &metric.kind else {
        unreachable!("only conversion metrics are treated so");
    };
    for filter in &leaf.filters {
        let condition = fact.condition(bound, filter).map_err(|d| named(d, filter, metric))?;
        let on = if is_of_units(&condition, &fact.tables) { &mut fact.on_units } else { &mut fact.conditions };
        on.push(condition);
    }
    let converted = bound.catalog.metric(of.conversion.metric);
    let dataset = converted.dataset.expect("the catalog refuses events that are no simple metric's");
    let axis = converted.axis.clone().expect("the catalog refuses a simple metric without an axis");
    let mut events = fact.beside(dataset, axis);
    for expr in converted.filter.iter().chain(&of.conversion.filter) {
        let filter = Filter { expr: expr.clone(), field: None };
        let condition = events.condition(bound, &filter).map_err(|d| named(d, &filter, metric))?;
        events.conditions.push(condition);
    }
    let mut values = Vec::new();
    let measure = measure(bound, converted, &mut values)?;
    let same = same(bound, fact, &mut events, of, metric)?;
    let row_time = time(bound, fact)?;
    let event_time = time(bound, &mut events)?;
    let ties = ties(bound, fact, metric)?;
    let follow = Follow { values, same, row_time, event_time, window: of.window, ties };
    Ok((Events { fact: events.without_measures(bound, "conversion")?, reads, follow }, measure))
}

pub(super) fn named(refused: Diagnostic, filter: &Filter, metric: &Metric) -> Diagnostic {
    match &filter.field {
        Some(field) => of_request(refused, field),
        None => Diagnostic { message: format!("{} (filter of `{}`)", refused.message, metric.name), ..refused },
    }
}

/// The measure of the events; what it aggregates of each is added to `values`.
pub(super) fn measure(
    bound: &BoundCatalog,
    converted: &Metric,
    values: &mut Vec<RowExpr>,
) -> Result<Measure, Diagnostic> {
    let measure = bound.measure(converted.id)?;
    let MetricKind::Simple(written) = &converted.kind else { unreachable!("the catalog checked that it is simple") };
    let in_order = matches!(measure.aggregation, Aggregation::First | Aggregation::Last);
    if in_order || written.balance.is_some() {
        return Err(Diagnostic::new(
            Code::InvalidModel,
            format!("`{}` depends on the order of its rows and counts no conversions", converted.name),
        )
        .at(converted.span)
        .help("count or sum the events"));
    }
    let has_currency = converted.dataset.is_some_and(|id| bound.catalog.dataset(id).currency.is_some());
    if has_currency && bound.catalog.is_money(converted) {
        let fact =
            format!("amounts of `{}` in several currencies are not supported yet beside other rows", converted.name);
        return Err(Diagnostic::new(Code::NotSupportedYet, fact).at(converted.span).help("count the events"));
    }
    let argument = match &measure.argument {
        None => None,
        Some(argument) => {
            let over = argument.map_refs(&mut |c: &PhysicalColumn| RowRef::Column(column_ref(Table::FACT, c)));
            let (over, data_type) = typing::coerce(over, &mut |r: &RowRef| r.data_type())?;
            let span = over.span;
            values.push(over);
            let position = values.len() - 1;
            Some(Expr::new(Kind::Ref(RowRef::Event { position, data_type }), span))
        }
    };
    Ok(Measure {
        name: converted.name.clone(),
        aggregation: measure.aggregation,
        argument,
        filter: Vec::new(),
        money_scale: measure.money_scale,
        amount: None,
        order: Vec::new(),
        balance: None,
        over: None,
        data_type: measure.data_type,
    })
}

/// The entity and the properties that a row and its events share.
fn same(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    events: &mut FactBuilder,
    of: &Conversion,
    metric: &Metric,
) -> Result<Vec<(RowExpr, RowExpr)>, Diagnostic> {
    let mut same = Vec::new();
    for (near, far) in &of.same {
        let near = identity(bound, fact, near, metric.span)?;
        let far = identity(bound, events, far, metric.span)?;
        same.extend(paired(near, far, metric)?);
    }
    Ok(same)
}

/// What must be equal of a row and of one beside it.
pub(super) fn paired(
    near: Vec<RowExpr>,
    far: Vec<RowExpr>,
    metric: &Metric,
) -> Result<Vec<(RowExpr, RowExpr)>, Diagnostic> {
    let mut same = Vec::with_capacity(near.len());
    for (near, far) in near.into_iter().zip(far) {
        let (near, a) = typing::coerce(near, &mut |r: &RowRef| r.data_type())?;
        let (far, b) = typing::coerce(far, &mut |r: &RowRef| r.data_type())?;
        if !comparable(a, b) {
            let message = format!("`{}` holds {a} against {b}", metric.name);
            let refused = Diagnostic::new(Code::TypeMismatch, message).at(metric.span);
            return Err(refused.help("declare both columns with one type under `columns`"));
        }
        same.push((near, far));
    }
    Ok(same)
}

pub(super) fn time(bound: &BoundCatalog, fact: &mut FactBuilder) -> Result<EventTime, Diagnostic> {
    let dimension = fact.axis.as_ref().map(|axis| bound.catalog.dimension(axis.dimension));
    let granularity = dimension.and_then(|d| d.granularity).unwrap_or(Granularity::Day);
    Ok(EventTime { time: fact.axis_column(bound)?, granularity })
}

/// What makes one of several rows at one time the latest: the primary key, or else the groups.
fn ties(bound: &BoundCatalog, fact: &FactBuilder, metric: &Metric) -> Result<Vec<RowExpr>, Diagnostic> {
    let key = &bound.catalog.dataset(fact.dataset).primary_key;
    let mut ties = Vec::new();
    for name in key {
        let column = column_ref(Table::FACT, &bound.column(fact.dataset, name)?);
        ties.push(Expr::new(Kind::Ref(RowRef::Column(column)), metric.span));
    }
    if ties.is_empty() {
        ties.extend(fact.keys.iter().filter_map(|key| match key {
            KeySource::Value(value) => Some(value.clone()),
            KeySource::Bucket { .. } | KeySource::DatePart { .. } | KeySource::Absent => None,
        }));
    }
    Ok(ties)
}
