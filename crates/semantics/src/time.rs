//! Time: granularities, calendars, zones, ranges, comparisons. Everything takes its `now` as an argument.

pub mod granularity;
pub mod calendar;
pub mod fiscal;
pub mod unit;
pub mod zone;
pub mod stored;
pub mod bucket;
pub mod as_of;
pub mod range;
pub mod comparison;
