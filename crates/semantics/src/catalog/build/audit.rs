//! The audit's default set, and the metrics that targets and volumes name.

use super::Builder;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Spanned;

/// Resolves the audit's metrics and dimensions, and the metrics of targets and of volumes.
pub(super) fn build(builder: &mut Builder) {
    let model = builder.model;
    for name in &model.audit.metrics {
        if let Some(found) = require(builder, name) {
            builder.catalog.audit_metrics.push(found);
        }
    }
    for name in &model.audit.dimensions {
        dimension(builder, name);
        builder.catalog.audit_dimensions.push(name.value.clone());
    }
    for sample in model.all_metrics().filter_map(|(_, metric)| metric.sample.as_ref()) {
        require(builder, sample);
    }
    for target in &model.targets {
        require(builder, &target.metric);
        target.dimensions.iter().for_each(|name| dimension(builder, name));
    }
}

fn dimension(builder: &mut Builder, name: &Spanned<String>) {
    let last = name.value.rsplit('.').next().unwrap_or_default();
    let known = builder.catalog.dimension_names().contains(&last) || builder.model.unread.contains(last);
    if !known {
        let unknown = builder.catalog.unknown_dimension(&name.value);
        builder.found.push(Diagnostic { code: Code::UnknownReference, ..unknown }.at(name.span));
    }
}

fn require(builder: &mut Builder, name: &Spanned<String>) -> Option<super::MetricId> {
    match builder.catalog.metric_named(&name.value) {
        Some(found) => Some(found.id),
        None => {
            if !builder.model.unread.contains(&name.value) {
                let unread = builder.model.unread.iter().map(String::as_str);
                let known = builder.catalog.metric_names().map(|(known, _)| known).chain(unread);
                let unknown = Diagnostic::new(Code::UnknownReference, format!("unknown metric `{}`", name.value))
                    .at(name.span)
                    .suggest(&name.value, known);
                builder.found.push(unknown);
            }
            None
        }
    }
}
