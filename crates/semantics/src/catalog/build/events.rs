//! Conversions: the two simple metrics, and what of their rows must be the same.

use super::metrics::{identified, input};
use super::{Builder, DatasetId};
use crate::catalog::entity::Identified;
use crate::catalog::{Conversion, MetricKind};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::metric::Calculation;
use crate::model::{self, Input};
use crate::source::Spanned;

/// A conversion metric; `None` where something of it is wrong, which is reported.
pub(super) fn conversion(builder: &mut Builder, written: &model::metric::Conversion) -> Option<MetricKind> {
    let (base, conversion) = (input(builder, &written.base), input(builder, &written.conversion));
    let base_dataset = dataset_of(builder, &written.base);
    let dataset = dataset_of(builder, &written.conversion);
    let (base_dataset, dataset) = (base_dataset?, dataset?);
    let mut same = vec![pair(builder, (base_dataset, &written.entity), (dataset, &written.entity))];
    for property in &written.constant_properties {
        let of_base = (base_dataset, &property.base_property);
        same.push(pair(builder, of_base, (dataset, &property.conversion_property)));
    }
    Some(MetricKind::Conversion(Box::new(Conversion {
        base: base?,
        conversion: conversion?,
        same: same.into_iter().collect::<Option<_>>()?,
        window: written.window.as_ref().map(|w| w.value),
        is_rate: written.calculation.as_ref().is_none_or(|c| c.value == Calculation::ConversionRate),
    })))
}

/// The dataset of a simple metric; another kind has no rows of its own and is reported.
pub(super) fn dataset_of(builder: &mut Builder, written: &Input) -> Option<DatasetId> {
    let found = builder.catalog.metric_named(&written.name.value)?;
    let (dataset, metric) = builder.model.all_metrics().nth(found.id.index())?;
    let simple = matches!(metric.kind, model::MetricKind::Simple(_));
    match dataset.filter(|_| simple) {
        Some(dataset) => builder.catalog.dataset_names.get(&dataset.name.value).copied(),
        None => {
            let wrong = Diagnostic::new(Code::InvalidModel, format!("`{}` is no simple metric", written.name.value))
                .at(written.name.span)
                .help("events are the rows of a simple metric");
            builder.found.push(wrong);
            None
        }
    }
}

fn pair(
    builder: &mut Builder,
    base: (DatasetId, &Spanned<String>),
    conversion: (DatasetId, &Spanned<String>),
) -> Option<(Identified, Identified)> {
    let found = (identified(builder, base.0, base.1), identified(builder, conversion.0, conversion.1));
    let (near, far) = (found.0?, found.1?);
    if let Some(wrong) = of_other_width(&base.1.value, &near, &far) {
        builder.found.push(wrong.at(base.1.span));
        return None;
    }
    Some((near, far))
}

/// The finding about an entity that two datasets hold in keys of different columns.
pub(super) fn of_other_width(entity: &str, near: &Identified, far: &Identified) -> Option<Diagnostic> {
    let width = |of: &Identified| match of {
        Identified::Columns(columns) | Identified::Along(_, columns) => columns.len(),
        Identified::Dimension(_) => 1,
    };
    let (near, far) = (width(near), width(far));
    let message = format!("`{entity}` has {near} columns on one side and {far} on the other");
    let wrong = Diagnostic::new(Code::InvalidModel, message);
    (near != far).then(|| wrong.help("declare the same key of the entity on both datasets"))
}
