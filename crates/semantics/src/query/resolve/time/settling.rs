//! Days whose values may still change: refunds that are yet to come, conversions that are yet to be attributed.

use chrono::{DateTime, NaiveDate, Utc};

use super::super::beneath::beneath;
use super::super::windows::later;
use crate::catalog::Catalog;
use crate::catalog::id::MetricId;
use crate::code::Code;
use crate::diagnostic::Warning;
use crate::model::Length;
use crate::time::calendar::Calendar;
use crate::time::range::{DataExtent, Window};
use crate::time::zone;

/// A warning for each metric beneath the question's that says how long it takes to be final, where the range is
/// younger than that.
pub(super) fn warnings(
    catalog: &Catalog,
    asked: &[MetricId],
    range: Option<&Window>,
    data: Option<DataExtent>,
    now: DateTime<Utc>,
    calendar: &Calendar,
) -> Vec<Warning> {
    let today = zone::local_date(now, calendar.zone);
    let days = range.map(|range| (range.first, range.last)).or(data.map(|data| (data.first, data.last)));
    let Some((first, last)) = days.map(|(first, last)| (first, last.min(today))) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut seen: Vec<MetricId> = Vec::new();
    for id in asked.iter().flat_map(|id| beneath(catalog, *id)) {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let metric = catalog.metric(id);
        let on_it = asked.iter().filter(|of| **of != id && beneath(catalog, **of).contains(&id));
        let mut on_it: Vec<String> = on_it.map(|of| format!("`{}`", catalog.metric(*of).name)).collect();
        on_it.dedup();
        let so =
            |verb: &str| if on_it.is_empty() { String::new() } else { format!("; so {verb} {}", on_it.join(", ")) };
        let open = |length: Option<Length>| {
            let length = length?;
            Some((first_open(first, last, length, today)?, length))
        };
        if let Some((from, length)) = open(metric.settling.settles_after) {
            let message =
                format!("`{}` of {from} to {last} may still change: it settles {} later", metric.name, words(length));
            found.push(Warning::new(Code::NotSettled, message + &so("may")));
        }
        if let Some((from, length)) = open(metric.settling.attribution_window) {
            let message = format!(
                "`{}` of {from} to {last} is still open: conversions are attributed for {}",
                metric.name,
                words(length)
            );
            found.push(Warning::new(Code::OpenAttribution, message + &so("is")));
        }
    }
    found
}

/// The first day of the stretch whose values are not final today.
fn first_open(first: NaiveDate, last: NaiveDate, length: Length, today: NaiveDate) -> Option<NaiveDate> {
    let is_open = |day: &NaiveDate| later(*day, length) > today;
    // Days become final in their order, and the newest are the fewest.
    let open = last.iter_days().rev().take_while(|day| *day >= first).take_while(is_open);
    open.last()
}

fn words(length: Length) -> String {
    let plural = if length.count == 1 { "" } else { "s" };
    format!("{} {}{plural}", length.count, length.unit.as_str().replace('_', " "))
}
