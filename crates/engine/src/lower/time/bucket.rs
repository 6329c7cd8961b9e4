//! Buckets of local dates: the first date of the week, month or fiscal period that holds a date.

use chrono::{Days, Weekday};
use datafusion::arrow::datatypes::{DataType, IntervalMonthDayNano, TimeUnit as ArrowUnit};
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;
use sextant_semantics::expr::{DatePart, TimeUnit};
use sextant_semantics::time::bucket::{bucket_of, next_bucket};
use sextant_semantics::time::calendar::Calendar;
use sextant_semantics::time::granularity::Granularity;

use super::Span;
use super::table::{Row, Value, look_up};
use crate::lower::LowerError;
use crate::lower::date::{self, truncate};
use crate::lower::typed::Typed;

/// First date of the bucket that holds a local date; the date itself for a day and shorter.
pub(super) fn of_date(
    of: Typed,
    granularity: Granularity,
    calendar: &Calendar,
    span: &Span,
) -> Result<Typed, LowerError> {
    match granularity {
        Granularity::Second | Granularity::Minute | Granularity::Hour | Granularity::Day => Ok(of),
        Granularity::Week => Ok(week(of, calendar.week_start)),
        Granularity::Month => Ok(back_by(of.clone(), date::part(DatePart::Day, of)?)),
        Granularity::Quarter => truncate(TimeUnit::Quarter, of),
        Granularity::Year => Ok(back_by(of.clone(), date::part(DatePart::DayOfYear, of)?)),
        Granularity::FiscalQuarter | Granularity::FiscalYear if calendar.fiscal.is_some() => {
            by_table(of, granularity, calendar, span)
        }
        Granularity::FiscalQuarter => fiscal(of, TimeUnit::Quarter, calendar),
        Granularity::FiscalYear => fiscal(of, TimeUnit::Year, calendar),
    }
}

/// Days since 1970-01-01 of the week's first day: that was a Thursday.
fn week(of: Typed, start: Weekday) -> Typed {
    let ahead = Weekday::Thu.days_since(start) as i32;
    let days = cast(of.expr, DataType::Int32);
    // Ten thousand centuries of weeks keep the remainder positive before 1970.
    let into = (days.clone() + lit(ahead + 7 * 52 * 1_000_000)) % lit(7_i32);
    from_days(days - into)
}

/// The date `counted − 1` days earlier, of a part of it that counts days from 1.
fn back_by(of: Typed, counted: Typed) -> Typed {
    let days = cast(of.expr, DataType::Int32);
    from_days(days - (cast(counted.expr, DataType::Int32) - lit(1_i32)))
}

fn from_days(days: Expr) -> Typed {
    Typed::new(cast(days, DataType::Date32), DataType::Date32)
}

/// Fiscal years of twelve months from a day of a month. The date is moved so that fiscal months
/// are calendar months and the fiscal year is the calendar year, cut off, and moved back.
fn fiscal(of: Typed, unit: TimeUnit, calendar: &Calendar) -> Result<Typed, LowerError> {
    let start = calendar.fiscal_year_start;
    let (months, days) = (start.month as i32 - 1, start.day as i32 - 1);
    let moved = |of: Expr, months: i32, days: i32| {
        let interval = IntervalMonthDayNano { months, days, nanoseconds: 0 };
        of + lit(ScalarValue::IntervalMonthDayNano(Some(interval)))
    };
    let in_month = Typed::new(moved(of.expr, 0, -days), DataType::Date32);
    let first = back_by(in_month.clone(), date::part(DatePart::Day, in_month)?);
    let cut = truncate(unit, Typed::new(moved(first.expr, -months, 0), DataType::Date32))?;
    Ok(Typed::new(moved(cut.expr, months, days), DataType::Date32))
}

/// Fiscal periods of whole weeks, by a table over the span.
fn by_table(of: Typed, granularity: Granularity, calendar: &Calendar, span: &Span) -> Result<Typed, LowerError> {
    let (from, to) = span.bounds();
    let last = to.date_naive() + Days::new(1);
    let mut first = bucket_of(from.date_naive() - Days::new(1), granularity, calendar);
    let mut rows: Vec<Row> = Vec::new();
    while first <= last {
        rows.push(Row { from: first.into(), value: Value::Fixed(first.into()) });
        first = next_bucket(first, granularity, calendar);
    }
    let midnight = of.cast(DataType::Timestamp(ArrowUnit::Second, None));
    Ok(look_up(midnight, &rows)?.cast(DataType::Date32))
}
