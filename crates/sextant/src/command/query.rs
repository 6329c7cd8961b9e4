//! `sextant query`: metrics over a period.

use serde_json::{Map, Value, json};

use super::arguments;
use crate::cli::{Place, Query, Show};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

pub(crate) fn run(place: &Place, query: &Query) -> Result<(), Fault> {
    ask(place, "get_metrics", arguments::get_metrics(&query.question), &query.show)
}

/// Asks and shows, or shows the request.
pub(crate) fn ask(place: &Place, tool: &str, mut request: Map<String, Value>, show: &Show) -> Result<(), Fault> {
    let session = Session::open(place)?;
    arguments::settle_now(&mut request, &session)?;
    if show.print_request {
        return output::emit(&format!("{}\n", json!({ "tool": tool, "arguments": request })));
    }
    let answer = session.call(tool, request, show.max_rows)?;
    output::show(&answer, show.format)
}
