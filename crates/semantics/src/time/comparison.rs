//! Comparisons: the windows a range is held against.

use chrono::{DateTime, Utc};

use crate::diagnostic::Warning;
use crate::time::range::Window;

/// How the windows of a comparison are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    PreviousPeriod,
    PreviousPeriodMatchWeekday,
    PreviousWeek,
    PreviousMonth,
    PreviousQuarter,
    PreviousYear,
    PreviousYearMatchWeekday,
    PreviousFourAverage,
    /// Another range.
    Custom,
    /// The model's targets; no window.
    Target,
    /// No window.
    None,
}

impl Mode {
    pub const ALL: [Mode; 11] = [
        Mode::PreviousPeriod,
        Mode::PreviousPeriodMatchWeekday,
        Mode::PreviousWeek,
        Mode::PreviousMonth,
        Mode::PreviousQuarter,
        Mode::PreviousYear,
        Mode::PreviousYearMatchWeekday,
        Mode::PreviousFourAverage,
        Mode::Custom,
        Mode::Target,
        Mode::None,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Mode::PreviousPeriod => "previous_period",
            Mode::PreviousPeriodMatchWeekday => "previous_period_match_weekday",
            Mode::PreviousWeek => "previous_week",
            Mode::PreviousMonth => "previous_month",
            Mode::PreviousQuarter => "previous_quarter",
            Mode::PreviousYear => "previous_year",
            Mode::PreviousYearMatchWeekday => "previous_year_match_weekday",
            Mode::PreviousFourAverage => "previous_4_average",
            Mode::Custom => "custom",
            Mode::Target => "target",
            Mode::None => "none",
        }
    }
}

/// A window that the range is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonWindow {
    pub window: Window,
    /// Same length and same first weekday as the range; absent where either is not of whole days.
    pub weekday_aligned: Option<bool>,
}

/// A comparison, its windows, and the part of them that both sides have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedComparison {
    pub mode: Mode,
    /// None for `target` and `none`, four for `previous_4_average` (newest first), else one.
    pub windows: Vec<ComparisonWindow>,
    pub warnings: Vec<Warning>,
    pub compared: Compared,
}

/// How much of the range and of its windows can be held against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compared {
    /// All of them.
    Whole,
    /// Up to an instant of the range, and the instants of the windows that answer to it.
    UpTo { end: DateTime<Utc>, window_ends: Vec<DateTime<Utc>> },
    /// Nothing of the range is complete.
    Nothing,
}
