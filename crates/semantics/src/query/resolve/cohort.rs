//! Cohorts: which of a fact's rows are entries, and what of the members is measured.

use chrono::{Days, Duration, NaiveDate};

use super::super::cohort::{After, Age, Cohort, Counts, First, Within};
use super::super::row::{Measure, RowExpr, RowRef, Table};
use super::balance::identity;
use super::beneath::beneath;
use super::conditions::is_of_units;
use super::events::{measure, named, paired, time};
use super::leaf::{Beside, Filter, Leaf, Measured};
use super::metrics::Flattener;
use super::rows::{FactBuilder, column_ref};
use super::spines::Spines;
use super::time::all_data;
use super::windows::later;
use super::windows::through::back;
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::MetricId;
use crate::catalog::{self, Metric, MetricKind};
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Kind, Literal};
use crate::source::Span;
use crate::time::as_of::end_of_day;
use crate::time::granularity::Granularity;
use crate::time::zone;

/// What makes the rows of `fact` the members of the cohort metric `id`, and its measures in the order of its leaves.
pub(super) fn resolve(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    flat: &Flattener,
    id: MetricId,
    spines: &Spines<'_>,
) -> Result<(Cohort, Vec<Measure>), Diagnostic> {
    let metric = bound.catalog.metric(id);
    let MetricKind::Cohort(of) = &metric.kind else {
        unreachable!("only cohort metrics are treated so");
    };
    let leaves: Vec<&Leaf> = fact.leaves.iter().map(|leaf| &flat.leaves[*leaf]).collect();
    for filter in &leaves.first().expect("a fact is made for its leaves").filters {
        let condition = fact.condition(bound, filter).map_err(|d| named(d, filter, metric))?;
        let on = if is_of_units(&condition, &fact.tables) { &mut fact.on_units } else { &mut fact.conditions };
        on.push(condition);
    }
    let first = first(bound, fact, of, metric, spines)?;
    let Some(Beside::Age { dataset, axis, .. }) = fact.treatment.beside.clone() else {
        let immature = is_immature(bound, fact, of, metric.span, spines)?;
        let measures = leaves.iter().map(|leaf| match &leaf.measured {
            Measured::Immature => count("immature members", vec![immature.clone()]),
            Measured::Members | Measured::Metric | Measured::Returned | Measured::InAge(..) => {
                count("members", Vec::new())
            }
        });
        return Ok((Cohort { first, age: None }, measures.collect()));
    };
    let rows = fact.beside(dataset, axis);
    let (age, measures) = age(bound, fact, rows, of, metric, &leaves, &first, spines)?;
    Ok((Cohort { first, age: Some(age) }, measures))
}

/// The first row of each member, found by its own time whatever the question's units are.
fn first(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    of: &catalog::Cohort,
    metric: &Metric,
    spines: &Spines<'_>,
) -> Result<First, Diagnostic> {
    let entry = bound.catalog.metric(of.entry.metric);
    let steps = std::mem::take(&mut fact.treatment.steps);
    let filters = entry.filter.iter().chain(&of.entry.filter).map(|expr| Filter { expr: expr.clone(), field: None });
    let conditions: Result<Vec<RowExpr>, Diagnostic> =
        filters.map(|filter| fact.condition(bound, &filter).map_err(|d| named(d, &filter, metric))).collect();
    fact.treatment.steps = steps;
    let entity = bound.catalog.identified_along(fact.dataset, &of.entity)?;
    Ok(First {
        by: identity(bound, fact, &entity, metric.span)?,
        ties: key(bound, fact, metric.span)?,
        conditions: conditions?,
        reads: all_data(spines.time.as_of, spines.time.calendar.zone),
    })
}

/// The primary key of a fact's own rows.
fn key(bound: &BoundCatalog, fact: &FactBuilder, span: Span) -> Result<Vec<RowExpr>, Diagnostic> {
    let key = &bound.catalog.dataset(fact.dataset).primary_key;
    key.iter()
        .map(|name| {
            let column = column_ref(Table::FACT, &bound.column(fact.dataset, name)?);
            Ok(Expr::new(Kind::Ref(RowRef::Column(column)), span))
        })
        .collect()
}

/// The rows within the members' age, and the measures over them.
#[allow(clippy::too_many_arguments, reason = "both sides of one join, each once")]
fn age(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    mut rows: FactBuilder,
    of: &catalog::Cohort,
    metric: &Metric,
    leaves: &[&Leaf],
    first: &First,
    spines: &Spines<'_>,
) -> Result<(Age, Vec<Measure>), Diagnostic> {
    let input = bound.catalog.metric(of.input.metric);
    let filters = |leaf: &Leaf| -> Vec<Filter> {
        match &leaf.measured {
            Measured::InAge(_, filters) => filters.clone(),
            Measured::Metric | Measured::Members | Measured::Immature | Measured::Returned => {
                let own = input.filter.iter().chain(&of.input.filter);
                own.map(|expr| Filter { expr: expr.clone(), field: None }).collect()
            }
        }
    };
    // What all measures ask of a row is asked before it is joined.
    let is_common = |filter: &Filter| {
        let text = filter.expr.to_string();
        leaves.iter().all(|leaf| filters(leaf).iter().any(|other| other.expr.to_string() == text))
    };
    let common: Vec<Filter> = leaves.first().map(|leaf| filters(leaf)).unwrap_or_default();
    for filter in common.into_iter().filter(|filter| is_common(filter)) {
        let condition = rows.condition(bound, &filter).map_err(|d| named(d, &filter, metric))?;
        rows.conditions.push(condition);
    }
    let mut values: Vec<RowExpr> = Vec::new();
    let mut measures = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let Measured::InAge(measured, _) = &leaf.measured else {
            measures.push(count("members who came back", Vec::new()));
            continue;
        };
        let mut of_rows = measure(bound, bound.catalog.metric(*measured), &mut values)?;
        for filter in filters(leaf).iter().filter(|filter| !is_common(filter)) {
            let condition = rows.condition(bound, filter).map_err(|d| named(d, filter, metric))?;
            let span = condition.span;
            values.push(condition);
            let reference = RowRef::Event { position: values.len() - 1, data_type: DataType::Boolean };
            of_rows.filter.push(Expr::new(Kind::Ref(reference), span));
        }
        measures.push(of_rows);
    }
    let entity = bound.catalog.identified_along(rows.dataset, &of.entity)?;
    let far = identity(bound, &mut rows, &entity, metric.span)?;
    let same = paired(first.by.clone(), far, metric)?;
    let counts_members = leaves.iter().any(|leaf| matches!(leaf.measured, Measured::Returned));
    let counts = match (counts_members, rows.dataset == fact.dataset) {
        (false, _) => Counts::Rows,
        (true, false) => Counts::Members(After::Later),
        (true, true) => {
            let own = key(bound, &rows, metric.span)?;
            Counts::Members(After::OtherThan(paired(first.ties.clone(), own, metric)?))
        }
    };
    let (entry_time, row_time) = (time(bound, fact)?, time(bound, &mut rows)?);
    let within = Within { values, same, entry_time, row_time, age: of.age, counts };
    let reads = all_data(spines.time.as_of, spines.time.calendar.zone);
    Ok((Age { fact: rows.without_measures(bound, "cohort")?, reads, within }, measures))
}

fn count(name: &str, filter: Vec<RowExpr>) -> Measure {
    Measure {
        name: name.to_string(),
        aggregation: Aggregation::Count,
        argument: None,
        filter,
        money_scale: None,
        amount: None,
        order: Vec::new(),
        balance: None,
        over: None,
        data_type: DataType::Integer,
    }
}

/// Whether an entry's age is not over where the clock or the data of the input ends.
fn is_immature(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    of: &catalog::Cohort,
    span: Span,
    spines: &Spines<'_>,
) -> Result<RowExpr, Diagnostic> {
    let literal = |of: Literal| Expr::new(Kind::Literal(of), span);
    let Some(last) = last_mature(bound, of, spines) else {
        return Ok(literal(Literal::Boolean(true)));
    };
    let day = RowRef::Bucket { time: Box::new(fact.axis_column(bound)?), granularity: Granularity::Day };
    let (left, right) = (Expr::new(Kind::Ref(day), span), literal(Literal::Date(last)));
    Ok(Expr::new(Kind::Binary { op: BinaryOp::Greater, left, right }, span))
}

/// The last day whose entries have an age that is over: all its days are over at the clock, an `as_of` to the last
/// second of a day standing after the day, and at the declared watermarks of the input's datasets.
fn last_mature(bound: &BoundCatalog, of: &catalog::Cohort, spines: &Spines<'_>) -> Option<NaiveDate> {
    let zone = spines.time.calendar.zone;
    let metrics = beneath(&bound.catalog, of.input.metric);
    let datasets = metrics.iter().filter_map(|metric| bound.catalog.metric(*metric).dataset);
    let watermarks = datasets.filter_map(|dataset| spines.context.extents[dataset.index()]?.watermark);
    let end = watermarks.fold(spines.time.as_of + Duration::seconds(1), |end, watermark| end.min(watermark));
    let today = zone::local_date(end, zone);
    // The first day that is not over.
    let open = if end_of_day(today, zone) <= end { today.succ_opt()? } else { today };
    let mut last = back(open, of.age)?;
    while later(last, of.age) > open {
        last = last.pred_opt()?;
    }
    while later(last + Days::new(1), of.age) <= open {
        last = last.succ_opt()?;
    }
    Some(last)
}
