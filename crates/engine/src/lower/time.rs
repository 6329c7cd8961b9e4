//! Time columns: local dates and clocks, buckets, and the rows of a period.
//!
//! A column holds dates, instants or the wall clock of some zone; the question has its own zone.
//! Local days follow the zone's clock by [`zone`]'s tables, never arithmetic of 24 hours.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::functions::datetime::expr_fn::date_trunc;
use datafusion::logical_expr::lit;
use sextant_semantics::expr::DatePart;
use sextant_semantics::time::calendar::Calendar;
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::stored::StoredAs;

use super::LowerError;
use super::date;
use super::typed::Typed;

mod zone;
mod bucket;
mod period;
mod table;

pub(super) use period::in_period;
pub(super) use zone::Span;

/// The wall clock of a time in the calendar's zone.
pub(crate) fn wall_clock(of: Typed, stored: StoredAs, calendar: &Calendar) -> Result<Typed, LowerError> {
    Time { of, stored, calendar, span: &Span::Any }.wall_clock()
}

/// A time column of a row, and how the question counts time.
#[derive(Clone, Debug)]
pub(super) struct Time<'a> {
    pub(super) of: Typed,
    pub(super) stored: StoredAs,
    pub(super) calendar: &'a Calendar,
    /// The instants that the rows in question lie in.
    pub(super) span: &'a Span,
}

impl Time<'_> {
    /// The bucket as a group key: its first local date or, shorter than a day, the instant it
    /// starts at.
    pub(super) fn bucket(self, granularity: Granularity) -> Result<Typed, LowerError> {
        if !granularity.is_sub_day() {
            return self.local_bucket(granularity);
        }
        let (zone, span) = (self.calendar.zone, self.span);
        Ok(in_utc(zone::truncated(self.instant()?, granularity, zone, span)?))
    }

    /// The instant, in microseconds of UTC.
    pub(super) fn utc(self) -> Result<Typed, LowerError> {
        Ok(in_utc(self.instant()?))
    }

    /// The bucket as conditions have it: its first local date or, shorter than a day, the local
    /// time it starts at.
    pub(super) fn local_bucket(self, granularity: Granularity) -> Result<Typed, LowerError> {
        if granularity.is_sub_day() {
            let clock = self.wall_clock()?;
            return Ok(Typed::new(date_trunc(lit(granularity.as_str()), clock.expr), clock.data_type));
        }
        let (calendar, span) = (self.calendar, self.span);
        bucket::of_date(self.local_date()?, granularity, calendar, span)
    }

    /// The wall clock in the question's zone; a date for a date.
    pub(super) fn wall_clock(self) -> Result<Typed, LowerError> {
        self.digits(zone::Rule::Clock)
    }

    /// The local date whose day the time belongs to.
    pub(super) fn local_date(self) -> Result<Typed, LowerError> {
        Ok(self.digits(zone::Rule::Day)?.cast(DataType::Date32))
    }

    /// A part of the local date or of the wall clock.
    pub(super) fn part(self, part: DatePart) -> Result<Typed, LowerError> {
        let local = if part.is_sub_day() { self.wall_clock()? } else { self.local_date()? };
        date::part(part, local)
    }

    fn digits(self, rule: zone::Rule) -> Result<Typed, LowerError> {
        let (zone, span) = (self.calendar.zone, self.span);
        match self.stored {
            StoredAs::Date => Ok(self.of.cast(DataType::Date32)),
            StoredAs::WallClock(stored) if stored == zone => zone::without_gaps(self.of, zone, span, rule),
            StoredAs::WallClock(_) | StoredAs::Instant => zone::local(self.instant()?, zone, span, rule),
        }
    }

    /// The instant, as digits of UTC without a zone.
    fn instant(self) -> Result<Typed, LowerError> {
        match (self.stored, &self.of.data_type) {
            (StoredAs::Instant, DataType::Timestamp(unit, _)) => {
                let digits = DataType::Timestamp(*unit, None);
                Ok(self.of.cast(digits))
            }
            (StoredAs::WallClock(stored), _) => zone::instant_of_local(self.of, stored, self.span),
            (StoredAs::Date | StoredAs::Instant, other) => Err(LowerError::mismatch("an instant", other)),
        }
    }
}

/// Digits of UTC as instants in microseconds.
fn in_utc(digits: Typed) -> Typed {
    let microseconds = DataType::Timestamp(TimeUnit::Microsecond, None);
    digits.cast(microseconds).cast(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
}

#[cfg(test)]
mod tests;
