//! Namespaces: dataset names, relationship names, metric names with their aliases, dimensions.

use std::collections::HashMap;

use super::Builder;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::Naming;
use crate::source::Spanned;

/// Reports every name that its namespace has twice.
pub(super) fn check(builder: &mut Builder) {
    let model = builder.model;
    unique(builder, "dataset", model.datasets.iter().map(|d| &d.name));
    unique(builder, "relationship", model.relationships.iter().map(|r| &r.name));
    unique(builder, "saved query", model.saved_queries.iter().map(|q| &q.name));
    unique(builder, "time range", model.time_ranges.iter().map(|r| &r.name));
    let metric_names: Vec<&Spanned<String>> = model
        .all_metrics()
        .flat_map(|(_, m)| std::iter::once(&m.name).chain(&m.aliases).chain(&m.deprecated_names))
        .collect();
    unique(builder, "metric", metric_names.iter().copied());
    let shared = model.dimensions.iter().map(|d| &d.name);
    unique(builder, "shared dimension", shared.clone());
    for dataset in &model.datasets {
        unique(builder, "dimension", dataset.dimensions.iter().map(|d| &d.name));
        unique(builder, "column", dataset.columns.iter().map(|c| &c.name));
    }
    if model.naming == Naming::EntityPaths {
        // Dimensions stand behind their entities, so that a metric may have the name of one.
        return;
    }
    let dimensions: HashMap<&str, &Spanned<String>> = shared
        .chain(model.datasets.iter().flat_map(|d| d.dimensions.iter().map(|d| &d.name)))
        .map(|name| (name.value.as_str(), name))
        .collect();
    for name in metric_names {
        if let Some(dimension) = dimensions.get(name.value.as_str()) {
            let at = builder.model.sources.position(dimension.span);
            let file = &builder.model.sources.get(dimension.span.source).name;
            builder.found.push(
                Diagnostic::new(Code::DuplicateName, format!("metric `{}` has the name of a dimension", name.value))
                    .at(name.span)
                    .help(format!("the dimension stands in {file}:{}; rename one of them", at.line)),
            );
        }
    }
}

fn unique<'a>(builder: &mut Builder, what: &str, names: impl Iterator<Item = &'a Spanned<String>>) {
    let mut seen: HashMap<&str, &Spanned<String>> = HashMap::new();
    for name in names {
        let Some(first) = seen.insert(&name.value, name) else {
            continue;
        };
        let at = builder.model.sources.position(first.span);
        let file = &builder.model.sources.get(first.span.source).name;
        builder.found.push(
            Diagnostic::new(Code::DuplicateName, format!("{what} `{}` is defined twice", name.value))
                .at(name.span)
                .help(format!("it is first defined in {file}:{}", at.line)),
        );
    }
}
