//! Constants: exact numbers, dates, local timestamps and intervals from their texts.

use chrono::{NaiveDate, NaiveDateTime};

use crate::expr::{Literal, TimeUnit};

/// Digits of an exact number.
pub(crate) const MAX_DIGITS: usize = 38;

/// A number as written, without a sign: exact unless it has an exponent.
pub(crate) fn number(text: &str) -> Result<Literal, String> {
    if text.contains(['e', 'E']) {
        return match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Literal::Float(value)),
            _ => Err(format!("`{text}` is not a number that a double can hold")),
        };
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() + fraction.len() == 0 || !(whole.bytes().chain(fraction.bytes())).all(|b| b.is_ascii_digit()) {
        return Err(format!("`{text}` is not a number"));
    }
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').len();
    if significant > MAX_DIGITS || fraction.len() > MAX_DIGITS {
        return Err(format!("a number of more than {MAX_DIGITS} digits"));
    }
    let unscaled: i128 = digits.parse().map_err(|_| format!("a number of more than {MAX_DIGITS} digits"))?;
    Ok(match fraction.len() {
        0 => Literal::Integer(unscaled),
        scale => Literal::Decimal { unscaled, scale: scale as u8 },
    })
}

/// `2026-03-01`
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    NaiveDate::from_ymd_opt(digits(year, 4)? as i32, digits(month, 2)?, digits(day, 2)?)
}

/// `2026-03-01 10:30`, with seconds and up to six digits of their fraction if wanted; `T` as well
/// as a space. No offset: it is local time.
pub(crate) fn timestamp(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    let (day, time) = text.split_once(['T', ' '])?;
    let day = date(day)?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let has_fraction = clock.len() < time.len();
    let (hour, minute, second) = match clock.split(':').collect::<Vec<_>>().as_slice() {
        [hour, minute] if !has_fraction => (digits(hour, 2)?, digits(minute, 2)?, 0),
        [hour, minute, second] => (digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?),
        _ => return None,
    };
    let microsecond = digits(&format!("{fraction:0<6}"), 6)?;
    day.and_hms_micro_opt(hour, minute, second, microsecond)
}

/// A number of exactly `count` digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let plain = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// `'3' month`, or pairs in the text itself: `'1 month -2 days'`.
pub(crate) fn interval(text: &str, unit: Option<&str>) -> Result<Literal, String> {
    let mut total = Interval::default();
    match unit {
        Some(unit) => total.add(text.trim(), unit)?,
        None => {
            let words: Vec<&str> = text.split_whitespace().collect();
            if words.is_empty() || !words.len().is_multiple_of(2) {
                return Err(format!(
                    "`{text}` is not an interval: write INTERVAL '7' day or INTERVAL '1 month 2 days'"
                ));
            }
            for pair in words.chunks(2) {
                total.add(pair[0], pair[1])?;
            }
        }
    }
    Ok(Literal::Interval { months: total.months, days: total.days, microseconds: total.microseconds })
}

#[derive(Default)]
struct Interval {
    months: i32,
    days: i32,
    microseconds: i64,
}

impl Interval {
    fn add(&mut self, count: &str, unit: &str) -> Result<(), String> {
        let Ok(count) = count.parse::<i32>() else {
            return Err(format!("`{count}` is not a whole number of an interval's unit"));
        };
        let too_long = || format!("an interval of {count} {unit} is too long");
        let (months, days, microseconds) = match unit_of(unit)? {
            Unit::Time(TimeUnit::Year) => (12, 0, 0),
            Unit::Time(TimeUnit::Quarter) => (3, 0, 0),
            Unit::Time(TimeUnit::Month) => (1, 0, 0),
            Unit::Time(TimeUnit::Week) => (0, 7, 0),
            Unit::Time(TimeUnit::Day) => (0, 1, 0),
            Unit::Time(TimeUnit::Hour) => (0, 0, 3_600_000_000),
            Unit::Time(TimeUnit::Minute) => (0, 0, 60_000_000),
            Unit::Time(TimeUnit::Second) => (0, 0, 1_000_000),
            Unit::Millisecond => (0, 0, 1_000),
            Unit::Microsecond => (0, 0, 1),
        };
        let longer = |total: i32, each: i32| total.checked_add(count.checked_mul(each)?);
        self.months = longer(self.months, months).ok_or_else(too_long)?;
        self.days = longer(self.days, days).ok_or_else(too_long)?;
        let microseconds = i64::from(count).checked_mul(microseconds);
        self.microseconds = microseconds.and_then(|n| self.microseconds.checked_add(n)).ok_or_else(too_long)?;
        Ok(())
    }
}

enum Unit {
    Time(TimeUnit),
    Millisecond,
    Microsecond,
}

fn unit_of(text: &str) -> Result<Unit, String> {
    if let Some(unit) = TimeUnit::parse(text) {
        return Ok(Unit::Time(unit));
    }
    match text.to_ascii_lowercase().as_str() {
        "millisecond" | "milliseconds" => Ok(Unit::Millisecond),
        "microsecond" | "microseconds" => Ok(Unit::Microsecond),
        _ => Err(format!(
            "`{text}` is not a unit of an interval: year, quarter, month, week, day, hour, minute, second, millisecond, microsecond"
        )),
    }
}
