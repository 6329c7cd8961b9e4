//! The draft as a model: names are looked up, and every object finds its place.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::draft::{Draft, Spine};
use super::fields::Report;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::metric::{Metric, MetricKind, Offset};
use crate::model::{CustomGranularity, Dataset, EntityKind, Location, Model, Naming, Relationship, TimeSpine};
use crate::source::Spanned;

mod metrics;

/// A model without its sources.
pub(super) fn model(report: &Report, draft: Draft) -> Model {
    let Draft { name, semantic_models, metrics, saved_queries, time_spines, rebound } = draft;
    let semantic_models = distinct(report, "semantic model", semantic_models, |m| &m.dataset.name);
    let saved_queries = distinct(report, "saved query", saved_queries, |q| &q.name);
    let mut datasets = Vec::new();
    let mut measures = Vec::new();
    for semantic_model in semantic_models {
        measures.extend(semantic_model.measures.into_iter().map(|measure| (datasets.len(), measure)));
        datasets.push(semantic_model.dataset);
    }
    let across = metrics::lower(report, &mut datasets, measures, metrics);
    let relationships = relationships(&datasets);
    let time_spines = spines(report, &mut datasets, time_spines);
    rebind(report, &mut datasets, rebound);
    let place = datasets.first().map(|d| d.name.span).or(across.first().map(|m| m.name.span));
    let mut model = Model {
        name: name.or(place.map(|span| Spanned::new("imported".to_string(), span))),
        naming: Naming::EntityPaths,
        time_spines,
        datasets,
        relationships,
        metrics: across,
        saved_queries,
        ..Model::default()
    };
    singular_offsets(&mut model);
    model
}

/// The items without those whose name an earlier one has; each of these is a finding.
fn distinct<T>(report: &Report, noun: &str, items: Vec<T>, name: impl Fn(&T) -> &Spanned<String>) -> Vec<T> {
    let mut seen = HashSet::new();
    let is_first = |item: &T| {
        let name = name(item);
        let first = seen.insert(name.value.clone());
        if !first {
            twice(report, noun, name);
        }
        first
    };
    let mut kept = items;
    kept.retain(is_first);
    kept
}

fn twice(report: &Report, noun: &str, name: &Spanned<String>) {
    let message = format!("a second {noun} `{}`", name.value);
    report.fault(Diagnostic::new(Code::DuplicateName, message).at(name.span).help("rename or remove one"));
}

/// One relationship for every two datasets that hold an entity in common, the second of them once
/// for each: as its primary or unique entity, or as a natural one at any one time.
fn relationships(datasets: &[Dataset]) -> Vec<Relationship> {
    let mut found: Vec<Relationship> = Vec::new();
    let mut names: HashSet<String> = HashSet::new();
    for (from, from_entity) in datasets.iter().flat_map(|d| d.entities.iter().map(move |e| (d, e))) {
        for (to, to_entity) in datasets.iter().flat_map(|d| d.entities.iter().map(move |e| (d, e))) {
            let is_one = match to_entity.kind.as_ref().map(|kind| kind.value) {
                Some(EntityKind::Primary | EntityKind::Unique) => true,
                Some(EntityKind::Natural) => to.validity.is_some() && !is_natural(from_entity.kind.as_ref()),
                Some(EntityKind::Foreign) | None => false,
            };
            let same = from_entity.name.value == to_entity.name.value && from.name.value != to.name.value;
            if !is_one || !same || from_entity.columns.is_empty() || to_entity.columns.is_empty() {
                continue;
            }
            let stem = format!("{}_to_{}_by_{}", from.name.value, to.name.value, from_entity.name.value);
            let name = unused(&stem, |name| names.contains(name));
            names.insert(name.clone());
            let span = from_entity.name.span;
            found.push(Relationship {
                name: Spanned::new(name, span),
                description: None,
                entity: Some(from_entity.name.clone()),
                from: from.name.clone(),
                from_columns: from_entity.columns.clone(),
                to: to.name.clone(),
                to_columns: to_entity.columns.clone(),
                cardinality: None,
                through: None,
                span,
            });
        }
    }
    found
}

fn is_natural(kind: Option<&Spanned<EntityKind>>) -> bool {
    kind.is_some_and(|kind| kind.value == EntityKind::Natural)
}

/// The stem itself, or with the first number from 2 on that is free.
fn unused(stem: &str, is_used: impl Fn(&str) -> bool) -> String {
    let numbered = (2u32..).map(|n| format!("{stem}_{n}"));
    let mut names = std::iter::once(stem.to_string()).chain(numbered);
    names.find(|name| !is_used(name)).expect("numbers do not end")
}

/// Every table of a spine becomes a dataset; what is said twice of one column is said once.
fn spines(report: &Report, datasets: &mut Vec<Dataset>, spines: Vec<Spine>) -> Vec<TimeSpine> {
    let mut merged: BTreeMap<(String, String), Spine> = BTreeMap::new();
    let mut order = Vec::new();
    for spine in spines {
        let key = (spine.table.value.clone(), spine.column.value.clone());
        match merged.get_mut(&key) {
            Some(first) => merge(report, first, spine),
            None => {
                merged.insert(key.clone(), spine);
                order.push(key);
            }
        }
    }
    let mut names: HashMap<String, Spanned<String>> = HashMap::new();
    let mut found = Vec::new();
    for spine in order.into_iter().filter_map(|key| merged.remove(&key)) {
        let name = names.entry(spine.table.value.clone()).or_insert_with(|| {
            let is_used = |name: &str| datasets.iter().any(|d| d.name.value == name);
            let name = Spanned::new(unused(&spine.table.value, is_used), spine.table.span);
            datasets.push(spine_dataset(name.clone(), &spine));
            name
        });
        found.push(TimeSpine {
            dataset: name.clone(),
            column: spine.column,
            granularity: spine.granularity,
            custom_granularities: spine.custom_granularities,
            span: spine.span,
        });
    }
    found
}

/// Gives tables the names that they have in the data root.
fn rebind(report: &Report, datasets: &mut [Dataset], rebound: Vec<(Spanned<String>, Spanned<String>)>) {
    let written: Vec<String> = datasets.iter().filter_map(|d| Some(table(&d.source)?.value.clone())).collect();
    for (from, to) in rebound {
        if !written.contains(&from.value) {
            unknown(report, "table", &from, written.iter().map(String::as_str));
        }
        for (dataset, written) in datasets.iter_mut().zip(&written) {
            if let Location::Table { name } = &mut dataset.source
                && *written == from.value
            {
                *name = to.clone();
            }
        }
    }
}

/// The name of a table of the data root.
fn table(location: &Location) -> Option<&Spanned<String>> {
    match location {
        Location::Table { name } => Some(name),
        Location::Parquet { .. } | Location::Csv { .. } | Location::JsonLines { .. } | Location::Sql { .. } => None,
    }
}

/// Adds what a second description of a spine says.
fn merge(report: &Report, first: &mut Spine, second: Spine) {
    if first.granularity.value != second.granularity.value {
        let message = format!("two granularities of time spine `{}`", first.table.value);
        let fault = Diagnostic::new(Code::InvalidModel, message).at(second.granularity.span);
        report.fault(fault.help(format!("the first is `{}`; keep one of the two", first.granularity.value)));
    }
    for custom in second.custom_granularities {
        let known = first.custom_granularities.iter().find(|known| known.name.value == custom.name.value);
        match known.map(|known| known.column.as_ref().map(|c| &c.value) == custom.column.as_ref().map(|c| &c.value)) {
            Some(true) => {}
            Some(false) => twice(report, "custom granularity", &custom.name),
            None => first.custom_granularities.push(custom),
        }
    }
}

fn spine_dataset(name: Spanned<String>, spine: &Spine) -> Dataset {
    Dataset {
        name,
        label: None,
        description: None,
        source: Location::Table { name: spine.table.clone() },
        columns: Vec::new(),
        primary_key: vec![spine.column.clone()],
        unique_keys: Vec::new(),
        time: None,
        watermark: None,
        settles_after: None,
        attribution_window: None,
        dimensions: Vec::new(),
        entities: Vec::new(),
        validity: None,
        metrics: Vec::new(),
        currency: None,
        normalize: None,
        span: spine.span,
    }
}

/// `2 seasons` where the granularity is called `season`.
fn singular_offsets(model: &mut Model) {
    let customs: HashSet<String> = model
        .time_spines
        .iter()
        .flat_map(|spine| spine.custom_granularities.iter().map(|custom: &CustomGranularity| custom.name.value.clone()))
        .collect();
    let inside = model.datasets.iter_mut().flat_map(|d| d.metrics.iter_mut());
    for metric in inside.chain(model.metrics.iter_mut()) {
        for input in inputs(metric) {
            let Some(Offset::Custom { granularity, .. }) = input.offset_window.as_mut().map(|o| &mut o.value) else {
                continue;
            };
            let singular = granularity.strip_suffix('s').filter(|_| !customs.contains(granularity.as_str()));
            if let Some(singular) = singular.filter(|name| customs.contains(*name)).map(str::to_string) {
                *granularity = singular;
            }
        }
    }
}

fn inputs(metric: &mut Metric) -> Vec<&mut crate::model::Input> {
    match &mut metric.kind {
        MetricKind::Simple(_) => vec![],
        MetricKind::Ratio(m) => vec![&mut m.numerator, &mut m.denominator],
        MetricKind::Derived(m) => m.inputs.iter_mut().collect(),
        MetricKind::Cumulative(m) => vec![&mut m.input],
        MetricKind::Conversion(m) => vec![&mut m.base, &mut m.conversion],
        MetricKind::Cohort(m) => vec![&mut m.input, &mut m.cohort],
    }
}

/// A reference to something that no file defines, unless a finding says already why it is not read.
fn unknown<'a>(report: &Report, noun: &str, name: &Spanned<String>, known: impl IntoIterator<Item = &'a str>) {
    if !report.is_unread(&name.value) {
        let message = format!("unknown {noun} `{}`", name.value);
        report.fault(Diagnostic::new(Code::UnknownReference, message).at(name.span).suggest(&name.value, known));
    }
}
