//! Time: granularities, ranges, comparisons, calendars. Everything takes its `now` as an argument.

pub mod calendar;
pub mod comparison;
pub mod granularity;
pub mod range;
pub mod stored;
