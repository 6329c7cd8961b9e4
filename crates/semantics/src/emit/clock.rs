//! Time columns in a dialect: local dates and clocks, buckets, and the rows of a period.
//!
//! An instant becomes a wall clock by the warehouse's own time zones. The other way is written out where clocks are
//! changed, since dialects do not agree on times that the clock shows twice or never.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use super::date;
use super::dialect::{Dialect, refused};
use super::piece::{Sql, Typed};
use crate::data_type::{Clock as Digits, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{DatePart, TimeUnit};
use crate::query::period::{Interval, Period};
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;
use crate::time::stretches::{Stretch, digits_before, digits_from};
use crate::time::zone::{Shift, local_segments, offsets, segments};

/// The instants that rows lie in; any without one.
pub(super) type Span = Option<(DateTime<Utc>, DateTime<Utc>)>;

/// A time column of a row, and how the question counts time.
#[derive(Clone, Debug)]
pub(super) struct Clock<'a> {
    pub(super) dialect: Dialect,
    pub(super) of: Typed,
    pub(super) stored: StoredAs,
    pub(super) calendar: &'a Calendar,
    pub(super) span: Span,
}

/// Changes of an offset that are written out; more would not be read.
const MOST_CHANGES: usize = 12;

const LOCAL: DataType = DataType::Timestamp(Digits::Local);
const INSTANT: DataType = DataType::Timestamp(Digits::Instant);

impl Clock<'_> {
    /// The bucket as a group key: its first local date or, shorter than a day, the instant it starts at.
    pub(super) fn key(self, granularity: Granularity) -> Result<Typed, Diagnostic> {
        match sub_day(granularity) {
            None => self.local_bucket(granularity),
            Some((unit, seconds)) => self.instant_bucket(granularity, unit, seconds),
        }
    }

    /// The bucket as conditions have it: its first local date or, shorter than a day, the local time it starts at.
    pub(super) fn local_bucket(self, granularity: Granularity) -> Result<Typed, Diagnostic> {
        let (dialect, calendar) = (self.dialect, self.calendar);
        if let Some((unit, _)) = sub_day(granularity) {
            return date::truncated(dialect, unit, self.wall_clock()?);
        }
        of_date(dialect, self.local_date()?, granularity, calendar)
    }

    /// The wall clock in the question's zone; a date for a date.
    pub(super) fn wall_clock(self) -> Result<Typed, Diagnostic> {
        self.digits(false)
    }

    /// The local date whose day the time belongs to.
    pub(super) fn local_date(self) -> Result<Typed, Diagnostic> {
        let dialect = self.dialect;
        Ok(dialect.cast(self.digits(true)?, DataType::Date))
    }

    /// A part of the local date or of the wall clock.
    pub(super) fn part(self, part: DatePart) -> Result<Typed, Diagnostic> {
        let dialect = self.dialect;
        let local = if part.is_sub_day() { self.wall_clock()? } else { self.local_date()? };
        date::part(dialect, part, local)
    }

    /// The instant as digits of UTC, to hold against others.
    pub(super) fn instant(self) -> Result<Typed, Diagnostic> {
        let dialect = self.dialect;
        match self.stored {
            StoredAs::Instant => Ok(self.of),
            StoredAs::Date | StoredAs::WallClock(_) => to_instant(dialect, self.utc()?),
        }
    }

    /// The local digits; `by_day` when only their date counts.
    fn digits(self, by_day: bool) -> Result<Typed, Diagnostic> {
        let (dialect, zone) = (self.dialect, self.calendar.zone);
        match self.stored {
            StoredAs::Date => Ok(dialect.cast(self.of, DataType::Date)),
            StoredAs::WallClock(stored) if stored == zone => {
                let is_gap = |(before, after, at): (i32, i32, DateTime<Utc>)| {
                    let date = |offset: i32| (at.naive_utc() + Duration::seconds(offset.into())).date();
                    after > before && (!by_day || date(before) != date(after))
                };
                if !changes(zone, self.span).into_iter().any(is_gap) {
                    return Ok(self.of);
                }
                // Digits that the clock skips move on by the gap, as these two do when read and shown again.
                match dialect {
                    Dialect::Duckdb | Dialect::Postgres => {
                        Ok(in_zone(dialect, in_zone(dialect, self.of, zone)?, zone)?)
                    }
                    Dialect::Snowflake | Dialect::Bigquery => {
                        Err(refused(format!("a wall clock of {zone}, which skips times,"), dialect))
                    }
                }
            }
            StoredAs::WallClock(_) | StoredAs::Instant => {
                let (from, to) = bounds(self.span);
                let is_fixed = |shift: Shift| matches!(shift, Shift::Fixed(_));
                if by_day && segments(zone, from, to).into_iter().any(|segment| is_fixed(segment.shift)) {
                    return Err(refused(format!("the days of {zone}, which shows a date twice,"), dialect));
                }
                match self.stored {
                    StoredAs::Instant => in_zone(dialect, self.of, zone),
                    StoredAs::Date | StoredAs::WallClock(_) => {
                        let utc = self.utc()?;
                        if zone == Tz::UTC {
                            return Ok(utc);
                        }
                        match dialect {
                            Dialect::Snowflake => {
                                let zone = dialect.text(zone.name())?;
                                let sql = Sql::call("CONVERT_TIMEZONE", &[&Sql::atom("'UTC'"), &zone, &utc.sql]);
                                Ok(Typed::new(sql, LOCAL))
                            }
                            Dialect::Duckdb | Dialect::Postgres | Dialect::Bigquery => {
                                in_zone(dialect, to_instant(dialect, utc)?, zone)
                            }
                        }
                    }
                }
            }
        }
    }

    /// The instant, as digits of UTC without a zone.
    fn utc(self) -> Result<Typed, Diagnostic> {
        let dialect = self.dialect;
        let zone = match self.stored {
            StoredAs::Instant => return in_zone(dialect, self.of, Tz::UTC),
            StoredAs::Date => return Err(refused("a date as an instant", dialect)),
            StoredAs::WallClock(zone) => zone,
        };
        let (from, to) = bounds(self.span);
        let reach = Duration::days(2);
        let table = local_segments(zone, from.naive_utc() - reach, to.naive_utc() + reach);
        if table.len() > MOST_CHANGES {
            return Err(refused(format!("a wall clock of {zone} over all time, in another zone,"), dialect));
        }
        let of = dialect.cast(self.of, LOCAL);
        let moved = |offset: i32| Ok(date::shifted(dialect, of.clone(), (0, 0, i64::from(-offset) * 1_000_000))?.sql);
        let mut branches = Vec::with_capacity(table.len());
        for pair in table.windows(2) {
            let before = Sql::compare("<", &of.sql, &dialect.timestamp(pair[1].from));
            branches.push((before, moved(pair[0].offset)?));
        }
        let last = moved(table.last().map_or(0, |segment| segment.offset))?;
        let sql = if branches.is_empty() { last } else { Sql::case(&branches, Some(&last)) };
        Ok(Typed::new(sql, LOCAL))
    }

    /// Start of the local hour, minute or second, as an instant.
    fn instant_bucket(self, granularity: Granularity, unit: TimeUnit, seconds: i64) -> Result<Typed, Diagnostic> {
        let (dialect, zone) = (self.dialect, self.calendar.zone);
        let (from, to) = bounds(self.span);
        let table = offsets(zone, from, to);
        let ahead = table.first().map_or(0, |(_, offset)| i64::from(*offset)).rem_euclid(seconds);
        let is_even = table.iter().enumerate().all(|(position, (at, offset))| {
            let offset = i64::from(*offset);
            offset.rem_euclid(seconds) == ahead && (position == 0 || (at.timestamp() + offset) % seconds == 0)
        });
        if !is_even {
            return Err(refused(format!("each {granularity} of {zone}, whose clock changes within one,"), dialect));
        }
        let utc = self.utc()?;
        let local = date::shifted(dialect, utc, (0, 0, ahead * 1_000_000))?;
        let start = date::shifted(dialect, date::truncated(dialect, unit, local)?, (0, 0, -ahead * 1_000_000))?;
        to_instant(dialect, start)
    }
}

fn sub_day(granularity: Granularity) -> Option<(TimeUnit, i64)> {
    match granularity {
        Granularity::Second => Some((TimeUnit::Second, 1)),
        Granularity::Minute => Some((TimeUnit::Minute, 60)),
        Granularity::Hour => Some((TimeUnit::Hour, 3_600)),
        Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => None,
    }
}

/// First date of the bucket that holds a local date.
fn of_date(dialect: Dialect, of: Typed, granularity: Granularity, calendar: &Calendar) -> Result<Typed, Diagnostic> {
    let unit = match granularity {
        Granularity::Second | Granularity::Minute | Granularity::Hour | Granularity::Day => return Ok(of),
        Granularity::Week => {
            let ahead = chrono::Weekday::Mon.days_since(calendar.week_start) as i32;
            let moved = date::shifted(dialect, of, (0, ahead, 0))?;
            return date::shifted(dialect, date::truncated(dialect, TimeUnit::Week, moved)?, (0, -ahead, 0));
        }
        Granularity::Month => return date::truncated(dialect, TimeUnit::Month, of),
        Granularity::Quarter => return date::truncated(dialect, TimeUnit::Quarter, of),
        Granularity::Year => return date::truncated(dialect, TimeUnit::Year, of),
        Granularity::FiscalQuarter => TimeUnit::Quarter,
        Granularity::FiscalYear => TimeUnit::Year,
    };
    let (months, days) = fiscal_start(dialect, calendar)?;
    let cut = date::truncated(dialect, unit, as_calendar_year(dialect, of, (months, days))?)?;
    date::shifted(dialect, cut, (months, days, 0))
}

/// Months and days of a calendar year before a fiscal one starts.
fn fiscal_start(dialect: Dialect, calendar: &Calendar) -> Result<(i32, i32), Diagnostic> {
    if calendar.fiscal.is_some() {
        return Err(refused("a fiscal calendar of weeks", dialect));
    }
    let start = calendar.fiscal_year_start;
    Ok((start.month as i32 - 1, start.day as i32 - 1))
}

/// The first of a month of the calendar year that stands for the fiscal one.
fn as_calendar_year(dialect: Dialect, of: Typed, (months, days): (i32, i32)) -> Result<Typed, Diagnostic> {
    let in_month = date::shifted(dialect, of, (0, -days, 0))?;
    date::shifted(dialect, date::truncated(dialect, TimeUnit::Month, in_month)?, (-months, 0, 0))
}

/// A fiscal bucket's name, from its first date: `FY2026-Q3`.
pub(super) fn label(
    dialect: Dialect,
    of: Typed,
    granularity: Granularity,
    calendar: &Calendar,
) -> Result<Sql, Diagnostic> {
    let start = fiscal_start(dialect, calendar)?;
    let moved = as_calendar_year(dialect, of, start)?;
    let text = |of: Typed| dialect.cast(of, DataType::Text).sql;
    let mut year = date::part(dialect, DatePart::Year, moved.clone())?;
    if start != (0, 0) {
        year = Typed::new(year.sql.add(&Sql::atom("1")), DataType::Integer);
    }
    let other = super::piece::Binds::Other;
    let label = Sql::of(format!("'FY' || {}", text(year).text()), other);
    if granularity == Granularity::FiscalYear {
        return Ok(label);
    }
    let quarter = text(date::part(dialect, DatePart::Quarter, moved)?);
    Ok(Sql::of(format!("{} || '-Q' || {}", label.text(), quarter.text()), other))
}

/// An instant, or the clock of a zone, as the other of the two.
fn in_zone(dialect: Dialect, of: Typed, zone: Tz) -> Result<Typed, Diagnostic> {
    let name = dialect.text(zone.name())?;
    let to = if of.data_type == INSTANT { LOCAL } else { INSTANT };
    let sql = match dialect {
        Dialect::Duckdb | Dialect::Postgres => {
            let unary = super::piece::Binds::Unary;
            Sql::of(format!("{} AT TIME ZONE {}", of.sql.within(unary), name.text()), unary)
        }
        Dialect::Snowflake if to == LOCAL => {
            let shown = Sql::call("CONVERT_TIMEZONE", &[&name, &of.sql]);
            dialect.cast(Typed::new(shown, INSTANT), LOCAL).sql
        }
        Dialect::Snowflake => {
            return Err(refused("an instant from digits", dialect));
        }
        Dialect::Bigquery if to == LOCAL => Sql::call("DATETIME", &[&of.sql, &name]),
        Dialect::Bigquery => Sql::call("TIMESTAMP", &[&of.sql, &name]),
    };
    Ok(Typed::new(sql, to))
}

fn to_instant(dialect: Dialect, utc: Typed) -> Result<Typed, Diagnostic> {
    in_zone(dialect, utc, Tz::UTC)
}

fn bounds(span: Span) -> (DateTime<Utc>, DateTime<Utc>) {
    let january = |year| {
        let date = NaiveDate::from_ymd_opt(year, 1, 1).expect("a date of the calendar");
        crate::time::zone::midnight(date).and_utc()
    };
    span.unwrap_or_else(|| (january(1900), january(2100)))
}

/// Every change of a zone's clock: the offsets before and after it, and when.
fn changes(zone: Tz, span: Span) -> Vec<(i32, i32, DateTime<Utc>)> {
    let (from, to) = bounds(span);
    let table = offsets(zone, from - Duration::days(2), to + Duration::days(2));
    table.windows(2).map(|pair| (pair[0].1, pair[1].1, pair[1].0)).collect()
}

/// Whether a row's time lies in one of the period's intervals. A row without a time lies only in one without a start,
/// which is all data.
pub(super) fn in_period(dialect: Dialect, of: &Typed, stored: StoredAs, period: &Period) -> Sql {
    let inside = period.intervals.iter().map(|interval| {
        let inside = in_interval(dialect, of, stored, interval);
        if interval.start.is_none() { inside.or(&of.sql.followed_by("IS NULL")) } else { inside }
    });
    Sql::any(inside).unwrap_or_else(|| Sql::atom("FALSE"))
}

fn in_interval(dialect: Dialect, of: &Typed, stored: StoredAs, interval: &Interval) -> Sql {
    match stored {
        StoredAs::Date => {
            let Some(dates) = interval.dates else { return Sql::atom("FALSE") };
            let of = dialect.cast(of.clone(), DataType::Date).sql;
            let last = Sql::compare("<=", &of, &dialect.date(dates.last));
            dates.first.map_or(last.clone(), |first| Sql::compare(">=", &of, &dialect.date(first)).and(&last))
        }
        StoredAs::Instant => {
            let end = Sql::compare("<", &of.sql, &dialect.instant(interval.end));
            interval.start.map_or(end.clone(), |start| Sql::compare(">=", &of.sql, &dialect.instant(start)).and(&end))
        }
        StoredAs::WallClock(zone) => {
            let end = in_stretches(dialect, of, digits_before(zone, interval.end));
            match interval.start {
                Some(start) => in_stretches(dialect, of, digits_from(zone, start)).and(&end),
                None => end,
            }
        }
    }
}

fn in_stretches(dialect: Dialect, of: &Typed, stretches: Vec<Stretch>) -> Sql {
    let bound = |operator: &str, at| Sql::compare(operator, &of.sql, &dialect.timestamp(at));
    let inside = stretches.into_iter().map(|(start, end)| match (start, end) {
        (Some(start), Some(end)) => bound(">=", start).and(&bound("<", end)),
        (Some(start), None) => bound(">=", start),
        (None, Some(end)) => bound("<", end),
        (None, None) => Sql::atom("TRUE"),
    });
    Sql::any(inside).unwrap_or_else(|| Sql::atom("FALSE"))
}
