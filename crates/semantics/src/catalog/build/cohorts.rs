//! Cohorts: the entries that make members, and what their rows are measured by.

use super::events::{dataset_of, of_other_width};
use super::metrics::input;
use super::{Builder, MetricId};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::id::DatasetId;
use crate::catalog::{Cohort, MetricKind};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model;
use crate::model::metric::Calculation;
use crate::source::Span;

/// A cohort metric; `None` where something of it is wrong, which is reported.
pub(super) fn cohort(builder: &mut Builder, written: &model::metric::Cohort) -> Option<MetricKind> {
    let of = input(builder, &written.input);
    let mut entry = written.cohort.clone();
    if let Some(name) = in_words(builder, &entry.name.value) {
        entry.name.value = name;
    }
    let known = entry.clone();
    let entry = input(builder, &entry);
    let is_simple = entry.is_none() || dataset_of(builder, &known).is_some();
    if entry.as_ref().is_some_and(|entry| entry.offset.is_some() || entry.level.is_some() || entry.finer.is_some()) {
        let wrong = Diagnostic::new(Code::InvalidModel, "entries are rows, at no offset and of no other grain");
        builder.found.push(wrong.at(written.cohort.span).help("`cohort` takes a `name` and a `filter`"));
        return None;
    }
    let age = written.age.value;
    if age.unit.is_sub_day() {
        let wrong = Diagnostic::new(Code::InvalidModel, "an age shorter than a day").at(written.age.span);
        builder.found.push(wrong.help("members are followed by local days: write `1 day` or longer"));
        return None;
    }
    Some(MetricKind::Cohort(Box::new(Cohort {
        input: of?,
        entry: entry.filter(|_| is_simple)?,
        entity: written.entity.value.clone(),
        age,
        calculation: written.calculation.as_ref().map_or(Calculation::Average, |c| c.value),
    })))
}

/// The metric that words such as `first order` mean: that of this name, or else that of the words without `first`,
/// each also in the plural.
fn in_words(builder: &Builder, words: &str) -> Option<String> {
    let name = words.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase();
    let event = name.strip_prefix("first_").map(str::to_string);
    let names = [Some(name), event].into_iter().flatten().flat_map(|name| [name.clone(), format!("{name}s")]);
    names.into_iter().find(|name| builder.catalog.metric_named(name).is_some())
}

/// Reports cohorts whose members cannot be told apart, or whose input has no rows of members.
pub(super) fn check(builder: &mut Builder) {
    let mut found = Vec::new();
    for metric in &builder.catalog.metrics {
        if let MetricKind::Cohort(of) = &metric.kind {
            found.extend(wrong_with(builder, of, metric.span));
        }
    }
    builder.found.0.extend(found);
}

fn wrong_with(builder: &Builder, of: &Cohort, span: Span) -> Vec<Diagnostic> {
    let catalog = &builder.catalog;
    let mut found = Vec::new();
    let entry = catalog.metric(of.entry.metric);
    let (mut open, mut seen): (Vec<MetricId>, Vec<MetricId>) = (vec![of.input.metric], Vec::new());
    let moved = of.input.offset.is_some() || of.input.level.is_some() || of.input.finer.is_some();
    if moved {
        found.push(no_rows(&catalog.metric(of.input.metric).name, span));
    }
    let mut datasets: Vec<_> = entry.dataset.into_iter().collect();
    while let Some(id) = open.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let metric = catalog.metric(id);
        match &metric.kind {
            MetricKind::Simple(measure) => {
                let in_order = matches!(measure.aggregation, Aggregation::First | Aggregation::Last);
                if in_order || measure.balance.is_some() {
                    let message = format!("`{}` depends on the order of its rows and is of no member", metric.name);
                    found.push(Diagnostic::new(Code::InvalidModel, message).at(span).help("count or sum rows"));
                }
                datasets.extend(metric.dataset);
            }
            MetricKind::Ratio { .. } | MetricKind::Derived { .. } => {
                let inputs = metric.kind.inputs();
                if inputs.iter().any(|input| input.offset.is_some() || input.level.is_some() || input.finer.is_some()) {
                    found.push(no_rows(&metric.name, span));
                }
                open.extend(inputs.iter().map(|input| input.metric));
            }
            MetricKind::Cumulative { .. } | MetricKind::Conversion(_) | MetricKind::Cohort(_) => {
                found.push(no_rows(&metric.name, span));
            }
            MetricKind::Later(_) => {}
        }
    }
    let counts_members = matches!(of.calculation, Calculation::Retention | Calculation::Retained);
    let input = catalog.metric(of.input.metric);
    if counts_members && !matches!(input.kind, MetricKind::Simple(_) | MetricKind::Later(_)) {
        let message = format!("`{}` is no simple metric, so that no row of it says who came back", input.name);
        found.push(Diagnostic::new(Code::InvalidModel, message).at(span).help("take a simple metric, such as orders"));
    }
    if let Some(dataset) = entry.dataset.map(|id| catalog.dataset(id)).filter(|d| d.primary_key.is_empty()) {
        let message = format!("of entries in `{}` at one time none is the first: it has no key", dataset.name);
        let wrong = Diagnostic::new(Code::InvalidModel, message).at(span);
        found.push(wrong.help("declare the dataset's `primary_key`"));
    }
    found.extend(
        datasets.iter().filter_map(|dataset| untold(builder, of, entry.dataset?, *dataset)).map(|d| d.at(span)),
    );
    found.dedup();
    found
}

/// What is wrong where the rows of a dataset do not tell their member as the entries do.
fn untold(builder: &Builder, of: &Cohort, entries: DatasetId, dataset: DatasetId) -> Option<Diagnostic> {
    let catalog = &builder.catalog;
    let refused = match catalog.identified_along(dataset, &of.entity) {
        Ok(far) => {
            let near = catalog.identified_along(entries, &of.entity).ok()?;
            return of_other_width(&of.entity, &near, &far);
        }
        Err(refused) if refused.code == Code::AmbiguousPath => return Some(refused),
        Err(refused) => refused,
    };
    let name = &catalog.dataset(dataset).name;
    let code = if refused.code == Code::UnknownDimension { Code::UnknownReference } else { refused.code };
    let message = format!("rows of `{name}` do not tell their `{}`", of.entity);
    let help = format!("give `{name}` an `entities: [{{name: {}, columns: […]}}]`", of.entity);
    Some(Diagnostic { code, message, ..refused }.help(help))
}

fn no_rows(metric: &str, span: Span) -> Diagnostic {
    let message = format!("`{metric}` is no measure of rows within an age");
    Diagnostic::new(Code::InvalidModel, message)
        .at(span)
        .help("an input of a cohort is simple, or a ratio or formula of such, without offsets and grains")
}
