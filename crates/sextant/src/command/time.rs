//! `sextant time`: what a range and a comparison mean now.

use serde_json::{Map, Value};

use super::arguments;
use crate::cli::{Place, Time, TimeFormat};
use crate::fault::Fault;
use crate::output::paint::Paint;
use crate::output::{self, table};
use crate::session::Session;

pub(crate) fn run(place: &Place, time: &Time) -> Result<(), Fault> {
    let session = Session::open_if_any(place)?;
    let mut request = Map::new();
    let mut when = time.when.clone();
    when.range = time.asked.clone().or(when.range);
    arguments::when(&mut request, &when);
    arguments::settle_now(&mut request, &session)?;
    let answer = session.call("resolve_time_range", request, None)?;
    match time.format {
        TimeFormat::Json => output::emit(&output::json::whole(&answer)),
        TimeFormat::Table => output::emit(&shown(&answer, when.range.as_deref(), when.compare.as_deref())),
    }
}

/// One line a window: its name, its dates, its days, its instants.
fn shown(answer: &Value, range: Option<&str>, comparison: Option<&str>) -> String {
    let mut lines = table::new_table(&Paint::stdout());
    lines.set_header(["", "from", "to", "days", "instants (UTC, end excluded)"]);
    lines.add_row(line(range.unwrap_or("range"), answer));
    let windows = answer["comparison"]["windows"].as_array().map_or(&[][..], Vec::as_slice);
    for window in windows {
        lines.add_row(line(comparison.unwrap_or("comparison"), window));
    }
    let mut text = table::finish(&lines);
    let warnings = [&answer["warnings"], &answer["comparison"]["warnings"]];
    for warning in warnings.into_iter().filter_map(Value::as_array).flatten() {
        let code = warning["code"].as_str().or(warning.as_str()).unwrap_or_default();
        let message = warning["message"].as_str().unwrap_or_default();
        text.push_str(format!("warning {code}: {message}").trim_end_matches([':', ' ']));
        text.push('\n');
    }
    text
}

fn line(name: &str, window: &Value) -> [String; 5] {
    let text = |key: &str| window[key].as_str().unwrap_or("–").to_string();
    let days = window["days"].as_i64().map_or_else(String::new, |days| days.to_string());
    [name.into(), text("start"), text("end"), days, format!("{} .. {}", text("start_instant"), text("end_instant"))]
}
