//! Metrics that a question asks for at an offset: each period reads what lies so much earlier, as an input of a
//! derived metric with an `offset_window` does.

use super::super::request::MetricItem;
use crate::catalog::id::CustomGranularityId;
use crate::catalog::{Catalog, Offset};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::metric::{OFFSET_HELP, Offset as Written};
use crate::time::granularity::Granularity;

/// What is read instead of each period; none where the metric is asked for as it is.
pub(super) fn offset(catalog: &Catalog, item: &MetricItem) -> Result<Option<Offset>, Diagnostic> {
    match &item.offset {
        None => Ok(None),
        Some(Written::Length(length)) => Ok(Some(Offset::Window(*length))),
        Some(Written::Custom { count, granularity: name }) => match catalog.custom_granularity_named(name) {
            Some(custom) => Ok(Some(Offset::Custom { count: *count, granularity: custom.id })),
            None => {
                let known = catalog.custom_granularities().iter().map(|custom| custom.name.as_str());
                let known = known.chain(Granularity::ALL.map(Granularity::as_str));
                Err(Diagnostic::new(Code::InvalidArgument, format!("`{count} {name}` is no length of time"))
                    .field(item.field.clone())
                    .received(format!("{count} {name}"))
                    .suggest(name, known)
                    .help(OFFSET_HELP))
            }
        },
    }
}

/// The granularity of the model's own that a metric is offset by.
pub(super) fn custom(catalog: &Catalog, item: &MetricItem) -> Option<CustomGranularityId> {
    match &item.offset {
        Some(Written::Custom { granularity, .. }) => catalog.custom_granularity_named(granularity).map(|of| of.id),
        Some(Written::Length(_)) | None => None,
    }
}
