//! Time: granularities, calendars, zones, ranges, comparisons. Everything takes its `now` as an argument.

pub mod granularity;
pub mod calendar;
pub mod fiscal;
pub mod unit;
pub mod zone;
pub mod stretches;
pub mod stored;
pub mod bucket;
pub mod as_of;
pub mod range;
pub mod comparison;

/// The start of a text, for messages: no fault repeats more than 80 characters of a request.
pub(crate) fn shortened(text: &str) -> &str {
    text.char_indices().nth(80).map_or(text, |(end, _)| &text[..end])
}
