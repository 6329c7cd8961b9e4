//! Measures: every leaf's aggregation over the rows of its fact.

use super::super::cohort::Cohort;
use super::super::events::Events;
use super::super::resolved::Fact;
use super::super::row::{Measure, RowExpr, RowRef, Table};
use super::conditions::of_request;
use super::leaf::Beside;
use super::metrics::Flattener;
use super::rows::{FactBuilder, column_ref};
use super::spines::Spines;
use super::{balance, cohort, events, time};
use crate::catalog::MetricKind;
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::MetricId;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Kind};

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
        fact.leaves.iter().enumerate().for_each(|(position, leaf)| places[*leaf] = (f, position));
        let Some(measured) = measured(bound, &mut fact, flat, spines, found) else { continue };
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
            measures: measured.measures,
            metrics: measured.metrics,
            one_currency: fact.one_currency,
            windows: None,
            events: measured.events,
            cohort: measured.cohort,
            level: fact.level,
            padding: None,
        };
        match spines.of(&mut one, &fact.treatment, fact.on_units) {
            Ok((windows, padding)) => {
                (one.windows, one.padding) = (windows, padding);
                built.push(one);
            }
            Err(refused) => found.push(refused),
        }
    }
    (built, places)
}

/// What a fact's leaves measure, and what stands beside its rows.
#[derive(Default)]
struct Measured {
    measures: Vec<Measure>,
    metrics: Vec<MetricId>,
    events: Option<Box<Events>>,
    cohort: Option<Box<Cohort>>,
}

/// The measures of a fact in the order of its leaves; none where a cohort is refused as a whole.
fn measured(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    flat: &Flattener,
    spines: &Spines<'_>,
    found: &mut Diagnostics,
) -> Option<Measured> {
    let mut all = Measured::default();
    let beside = fact.treatment.beside.clone();
    if let Some(Beside::Members(id) | Beside::Age { cohort: id, .. }) = beside {
        let (of, measures) =
            cohort::resolve(bound, fact, flat, id, spines).map_err(|refused| found.push(refused)).ok()?;
        let metrics = fact.leaves.iter().map(|leaf| flat.leaves[*leaf].measures()).collect();
        return Some(Measured { measures, metrics, cohort: Some(Box::new(of)), ..all });
    }
    for leaf in fact.leaves.clone() {
        let measured = match beside {
            Some(Beside::Events(metric)) => {
                let reads = time::all_data(spines.time.as_of, spines.time.calendar.zone);
                let resolved = events::resolve(bound, fact, &flat.leaves[leaf], metric, reads);
                resolved.map(|(of, measure)| {
                    all.events = Some(Box::new(of));
                    measure
                })
            }
            None | Some(Beside::Members(_) | Beside::Age { .. }) => measure(bound, fact, flat, leaf),
        };
        match measured {
            Ok(measure) => {
                all.measures.push(measure);
                all.metrics.push(flat.leaves[leaf].metric);
            }
            Err(refused) => found.push(refused),
        }
    }
    Some(all)
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
        over: None,
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
