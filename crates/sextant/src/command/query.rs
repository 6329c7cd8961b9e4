//! `sextant query`: metrics over a period.

use serde_json::{Map, Value, json};

use super::arguments;
use crate::cli::{Place, Query, Show};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

pub(crate) fn run(place: &Place, query: &Query) -> Result<(), Fault> {
    match ask(place, "get_metrics", arguments::get_metrics(&query.question), &query.show)? {
        Some(answer) => output::show(&answer, query.show.format),
        None => Ok(()),
    }
}

/// The answer; none when only the request was to be shown, which this has done then.
pub(crate) fn ask(
    place: &Place,
    tool: &str,
    mut request: Map<String, Value>,
    show: &Show,
) -> Result<Option<Value>, Fault> {
    let session = Session::open(place)?;
    arguments::settle_now(&mut request, &session)?;
    if show.print_request {
        output::emit(&format!("{}\n", json!({ "tool": tool, "arguments": request })))?;
        return Ok(None);
    }
    session.call(tool, request, show.max_rows).map(Some)
}
