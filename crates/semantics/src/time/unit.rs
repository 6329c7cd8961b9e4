//! Calendar units: weeks, months, quarters and years, of the plain and of the fiscal calendar.

use chrono::{Datelike, Days, NaiveDate};

use crate::time::calendar::Calendar;
use crate::time::fiscal;
use crate::time::granularity::Granularity;

/// A unit of the calendar that is longer than a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    Week,
    Month,
    Quarter,
    Year,
    FiscalMonth,
    FiscalQuarter,
    FiscalYear,
}

impl Unit {
    /// The unit of a granularity; none for a day and shorter.
    pub fn of(granularity: Granularity) -> Option<Unit> {
        match granularity {
            Granularity::Second | Granularity::Minute | Granularity::Hour | Granularity::Day => None,
            Granularity::Week => Some(Unit::Week),
            Granularity::Month => Some(Unit::Month),
            Granularity::Quarter => Some(Unit::Quarter),
            Granularity::Year => Some(Unit::Year),
            Granularity::FiscalQuarter => Some(Unit::FiscalQuarter),
            Granularity::FiscalYear => Some(Unit::FiscalYear),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
            Unit::FiscalMonth => "fiscal_month",
            Unit::FiscalQuarter => "fiscal_quarter",
            Unit::FiscalYear => "fiscal_year",
        }
    }

    /// First date of the unit that holds `date`.
    pub fn first(self, date: NaiveDate, calendar: &Calendar) -> NaiveDate {
        self.moved(date, 0, calendar)
    }

    /// Last date of the unit that holds `date`.
    pub fn last(self, date: NaiveDate, calendar: &Calendar) -> NaiveDate {
        self.moved(date, 1, calendar) - Days::new(1)
    }

    /// First date of the unit `count` after the one that holds `date`.
    pub fn moved(self, date: NaiveDate, count: i32, calendar: &Calendar) -> NaiveDate {
        let of_months = |length: i32| {
            let index = (date.year() * 12 + date.month0() as i32).div_euclid(length) * length + count * length;
            NaiveDate::from_ymd_opt(index.div_euclid(12), index.rem_euclid(12) as u32 + 1, 1)
                .expect("the first of a month, in chrono's years")
        };
        let of_fiscal_months = |length: i32| {
            let index = fiscal::month_index(date, calendar).div_euclid(length) * length + count * length;
            fiscal::month_first(index, calendar)
        };
        match self {
            Unit::Week => {
                let first = date - Days::new(u64::from(date.weekday().days_since(calendar.week_start)));
                first + chrono::Duration::days(7 * i64::from(count))
            }
            Unit::Month => of_months(1),
            Unit::Quarter => of_months(3),
            Unit::Year => of_months(12),
            Unit::FiscalMonth => of_fiscal_months(1),
            Unit::FiscalQuarter => of_fiscal_months(3),
            Unit::FiscalYear => of_fiscal_months(12),
        }
    }

    /// Whether units of it are counted in fiscal months.
    pub fn is_fiscal(self) -> bool {
        match self {
            Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => false,
            Unit::FiscalMonth | Unit::FiscalQuarter | Unit::FiscalYear => true,
        }
    }
}
