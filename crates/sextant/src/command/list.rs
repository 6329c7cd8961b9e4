//! `sextant list`: the metrics of a model, or the dimensions they can be seen by.

use comfy_table::ContentArrangement;
use serde_json::{Map, Value};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::arguments;
use crate::cli::{Format, List, Listed, Place};
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};
use crate::session::Session;

pub(crate) fn run(place: &Place, list: &List) -> Result<(), Fault> {
    if list.kind == Listed::Metrics && !list.metrics.is_empty() {
        let fault = Diagnostic::new(Code::InvalidArgument, "`--metric` narrows dimensions, not metrics");
        return Err(Failure(fault.field("--metric").help("type `sextant list dimensions --metric NAME`").into()).into());
    }
    let session = Session::open(place)?;
    let (operation, key) = match list.kind {
        Listed::Metrics => ("list_metrics", "metrics"),
        Listed::Dimensions => ("list_dimensions", "dimensions"),
    };
    let mut request = Map::new();
    arguments::list(&mut request, "metric_names", &list.metrics);
    let answer = session.call(operation, request, None)?;
    let items = answer[key].as_array().cloned().unwrap_or_default();
    match list.format {
        Format::Json => output::emit(&output::json::whole(&answer)),
        Format::Jsonl => output::emit(&items.iter().map(|item| format!("{item}\n")).collect::<String>()),
        Format::Table => output::emit(&shown(&items)),
        Format::Csv | Format::Markdown => output::emit(&names(&items)),
    }
}

/// Columns of a terminal that a table is fitted to; less is left to the terminal.
const NARROWEST: u16 = 60;

/// Name, label, how it is made, what it means: the columns that any item fills.
fn shown(items: &[Value]) -> String {
    let columns = ["name", "label", "type", "description"];
    let filled: Vec<&str> = columns.into_iter().filter(|key| items.iter().any(|item| item[*key].is_string())).collect();
    let paint = Paint::stdout();
    let mut lines = table::new_table(&paint);
    // Descriptions are broken at the terminal's edge, where there is one worth the name.
    if paint.is_terminal() && lines.width().is_some_and(|width| width >= NARROWEST) {
        lines.set_content_arrangement(ContentArrangement::Dynamic);
    }
    lines.set_header(filled.clone());
    for item in items {
        lines.add_row(filled.iter().map(|key| clean(item[*key].as_str().unwrap_or_default())).collect::<Vec<_>>());
    }
    table::finish(&lines)
}

fn names(items: &[Value]) -> String {
    items.iter().filter_map(|item| item["name"].as_str()).map(|name| format!("{name}\n")).collect()
}
