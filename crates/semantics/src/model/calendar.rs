//! The calendar of a model: zone, week start, fiscal year, named ranges.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use crate::source::{Span, Spanned};
use crate::time::calendar::{FiscalEnd, FiscalPattern, FiscalYearStart};
use crate::time::granularity::Granularity;

/// `calendar: {timezone, week_start, fiscal_year_start, fiscal, as_of}`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calendar {
    /// UTC when absent.
    pub timezone: Option<Spanned<Tz>>,
    /// Monday (also when absent) or Sunday.
    pub week_start: Option<Spanned<Weekday>>,
    /// `MM-DD` with a day of 1..=28; 01-01 when absent.
    pub fiscal_year_start: Option<Spanned<FiscalYearStart>>,
    /// A calendar of 4-4-5 weeks and its like.
    pub fiscal: Option<FiscalWeeks>,
    /// `as_of: data`: the clock of a question stands at the end of the data.
    pub as_of_data: Option<Span>,
}

/// `fiscal: {pattern, ends, weekday, month, week_53}`: fiscal months of whole weeks.
#[derive(Clone, Debug, PartialEq)]
pub struct FiscalWeeks {
    pub pattern: Spanned<FiscalPattern>,
    /// Which `weekday` near the end of `month` ends the year.
    pub ends: Spanned<FiscalEnd>,
    pub weekday: Spanned<Weekday>,
    /// 1..=12.
    pub month: Spanned<u32>,
    pub week_53: Option<Spanned<FiscalWeek53>>,
    pub span: Span,
}

/// Where the 53rd week goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiscalWeek53 {
    LastMonth,
}

/// A range of dates with a name; both ends belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedRange {
    pub name: Spanned<String>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub start: Spanned<NaiveDate>,
    /// Not before `start`.
    pub end: Spanned<NaiveDate>,
    pub span: Span,
}

/// A dataset of periods, one a row: `{dataset, column, granularity, custom_granularities}`.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSpine {
    pub dataset: Spanned<String>,
    /// The column of its periods' first dates or times.
    pub column: Spanned<String>,
    pub granularity: Spanned<Granularity>,
    pub custom_granularities: Vec<CustomGranularity>,
    pub span: Span,
}

/// A granularity that a column of a time spine gives.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomGranularity {
    pub name: Spanned<String>,
    /// The column of the name when absent.
    pub column: Option<Spanned<String>>,
    pub span: Span,
}

/// How names of dimensions are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// `country`, `customers.region`.
    #[default]
    Dotted,
    /// `listing__user__country`: entities from the metric to the dimension; what several datasets
    /// call alike is alike.
    EntityPaths,
}
