//! `sextant audit`: what changed against the period before.

use serde_json::Map;

use super::{arguments, query};
use crate::cli::{Audit, Place};
use crate::fault::Fault;

pub(crate) fn run(place: &Place, audit: &Audit) -> Result<(), Fault> {
    let mut request = Map::new();
    arguments::list(&mut request, "metric_names", &audit.metrics);
    arguments::when(&mut request, &audit.when);
    arguments::list(&mut request, "where", &audit.filters);
    query::ask(place, "audit_performance", request, &audit.show)
}
