//! Comparisons: the windows a range is held against.

mod windows;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Warning, nearest};
use crate::time::range::reading::{self, Reading, Shape};
use crate::time::range::{TimeContext, Window, about_dates, cut, normalize};
use crate::time::unit::Unit;
use crate::time::zone::{self, midnight};
use crate::time::{self, calendar::earliest};

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

    /// The mode of this name, spelled as time ranges may be; another range has no name.
    pub fn parse(text: &str) -> Option<Mode> {
        let normal = normalize(text);
        Mode::ALL.into_iter().filter(|mode| *mode != Mode::Custom).find(|mode| mode.as_str() == normal)
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

/// Resolves a comparison for a range: a mode, or else another range.
pub(crate) fn resolve(
    text: &str,
    range: &Reading,
    window: &Window,
    context: &TimeContext,
    today: NaiveDate,
) -> Result<ResolvedComparison, Diagnostic> {
    let TimeContext { calendar, .. } = *context;
    let (mode, readings, mut warnings) = match Mode::parse(text) {
        Some(mode) => {
            let windowless = matches!(mode, Mode::Target | Mode::None);
            if range.shape == Shape::All && !windowless {
                return Err(refusal(format!("`{text}` needs a range; all data has no period before it"), text)
                    .help("a range beside it, or another range as the comparison"));
            }
            (mode, windows::windows(mode, range, calendar, today), Vec::new())
        }
        None => {
            let (reading, warnings) = custom(text, context, today)?;
            (Mode::Custom, vec![reading], warnings)
        }
    };
    let found: Vec<Window> = readings.iter().map(|reading| reading.window(calendar.zone)).collect();
    if let Some(early) = found.iter().find(|window| window.first < earliest()) {
        return Err(refusal(format!("its window starts on {}, before {}", early.first, earliest()), text)
            .help("a window from 1900-01-01 on"));
    }
    for (reading, window) in readings.iter().zip(&found) {
        for warning in about_dates(reading, window, context) {
            if !warnings.iter().any(|known| known.code == warning.code) {
                warnings.push(warning);
            }
        }
    }
    if found.iter().any(|other| other.overlaps(window)) {
        warnings.push(Warning::new(Code::OverlappingWindows, "the range and what it is compared with share days"));
    }
    if readings.iter().any(|reading| reading.length() != range.length()) {
        let message = "the range and what it is compared with have different lengths; changes per day say more";
        warnings.push(Warning::new(Code::UnequalLengths, message));
    }
    let compared = match compared(window, &found, cut(context), calendar.zone) {
        Compared::Whole => same_weeks(range, &readings, context, today),
        part @ (Compared::UpTo { .. } | Compared::Nothing) => part,
    };
    let aligned = |reading: &Reading| {
        let whole_days = range.of_whole_days() && reading.of_whole_days();
        let weekday = reading.first.weekday() == range.first.weekday();
        whole_days.then(|| weekday && reading.days() == range.days())
    };
    let windows = readings.iter().zip(found);
    let windows = windows.map(|(reading, window)| ComparisonWindow { window, weekday_aligned: aligned(reading) });
    Ok(ResolvedComparison { mode, windows: windows.collect(), warnings, compared })
}

/// The part of a range that lies before `cut`, and the same part of each window: up to the same
/// wall-clock time on its day with the same number, at most its own end. Whole where there are no
/// windows.
pub fn compared(range: &Window, windows: &[Window], cut: DateTime<Utc>, zone: Tz) -> Compared {
    if range.end <= cut || windows.is_empty() {
        return Compared::Whole;
    }
    if cut <= range.start {
        return Compared::Nothing;
    }
    let day = zone::local_date(cut, zone);
    let passed = zone::wall_clock(cut, zone).max(midnight(day)) - wall_start(range, zone);
    let window_ends = windows.iter().map(|window| {
        let end = match (range.hours, window.hours) {
            (Some(_), Some(_)) => window.start + (cut - range.start),
            (Some(_), None) | (None, Some(_)) | (None, None) => {
                zone::instant_of_local(wall_start(window, zone) + passed, zone)
            }
        };
        end.clamp(window.start, window.end)
    });
    Compared::UpTo { end: cut, window_ends: window_ends.collect() }
}

/// Where the wall clock of a window starts: at midnight of a whole day, also where that does not
/// exist.
fn wall_start(window: &Window, zone: Tz) -> NaiveDateTime {
    if window.start == zone::day_start(window.first, zone) {
        midnight(window.first)
    } else {
        zone::wall_clock(window.start, zone)
    }
}

/// Fiscal quarters and years of whole weeks: 53 weeks against 52 compare the first 52 of both.
fn same_weeks(range: &Reading, windows: &[Reading], context: &TimeContext, today: NaiveDate) -> Compared {
    let of_weeks = match range.shape {
        Shape::Units { unit: Unit::FiscalMonth | Unit::FiscalQuarter | Unit::FiscalYear, .. } => {
            context.calendar.fiscal.is_some() && range.is_whole(context.calendar, today)
        }
        Shape::Units { unit: Unit::Week | Unit::Month | Unit::Quarter | Unit::Year, .. }
        | Shape::Days
        | Shape::Hours { .. }
        | Shape::Clock { .. }
        | Shape::All => false,
    };
    let days = windows.iter().map(Reading::days).chain([range.days()]);
    let shortest = days.clone().min().unwrap_or_default();
    let longest = days.max().unwrap_or_default();
    if !of_weeks || longest - shortest != 7 {
        return Compared::Whole;
    }
    let after = |reading: &Reading| zone::day_start(reading.first + Duration::days(shortest), context.calendar.zone);
    Compared::UpTo { end: after(range), window_ends: windows.iter().map(after).collect() }
}

/// Another range: without the request's flags, anywhere, cut at today.
fn custom(text: &str, context: &TimeContext, today: NaiveDate) -> Result<(Reading, Vec<Warning>), Diagnostic> {
    let reading = reading::read(text, context, today).map_err(|fault| {
        let text = time::shortened(text);
        let mut near = nearest(&normalize(text), Mode::ALL.iter().map(|mode| mode.as_str()));
        near.retain(|mode| mode != Mode::Custom.as_str());
        near.extend(fault.did_you_mean);
        near.truncate(3);
        let message = fault.message.replace("time range", "comparison");
        let modes = Mode::ALL.into_iter().filter(|mode| *mode != Mode::Custom).map(Mode::as_str);
        let modes = modes.collect::<Vec<_>>().join(", ");
        let mut refused = refusal(message, text).help(format!("{modes}, or a time range")).example("previous_period");
        refused.did_you_mean = near;
        refused
    })?;
    if reading.first > today {
        return Err(refusal(format!("`{text}` starts on {}, after today, {today}", reading.first), text)
            .help("a range that has begun; `as_of` moves today"));
    }
    if reading.last <= today {
        return Ok((reading, Vec::new()));
    }
    let warning = Warning::new(Code::FutureClamped, format!("the comparison was cut at today, {today}"));
    Ok((reading.ending(today), vec![warning]))
}

fn refusal(message: String, text: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidComparison, message).field("comparison").received(time::shortened(text))
}
