//! Dates and wall clocks in a dialect: cut off, taken apart, moved. Weeks are ISO weeks, from Monday, whatever a
//! session's settings say.

use super::dialect::{Dialect, refused};
use super::piece::{Binds, Sql, Typed};
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{DatePart, TimeUnit};

/// Start of the unit that holds `of`; a date stays a date.
pub(super) fn truncated(dialect: Dialect, unit: TimeUnit, of: Typed) -> Result<Typed, Diagnostic> {
    let data_type = of.data_type;
    match data_type {
        DataType::Date if unit <= TimeUnit::Day => return Ok(of),
        DataType::Date | DataType::Timestamp(Clock::Local) | DataType::Null => {}
        other => return Err(refused(format!("`date_trunc` of {other}"), dialect)),
    }
    if unit == TimeUnit::Week && dialect == Dialect::Snowflake {
        // Its own weeks start where a setting of the session says.
        let day = dialect.cast(of, DataType::Date);
        let back = part(dialect, DatePart::DayOfWeek, day.clone())?.sql.minus(&Sql::atom("1"));
        let start = Sql::call("DATEADD", &[&Sql::atom("day"), &back.negated(), &day.sql]);
        return Ok(dialect.cast(Typed::new(start, DataType::Date), data_type));
    }
    let sql = match (dialect, data_type) {
        (Dialect::Bigquery, DataType::Timestamp(_)) => {
            Sql::call("DATETIME_TRUNC", &[&of.sql, &Sql::atom(bigquery_unit(unit))])
        }
        (Dialect::Bigquery, _) => Sql::call("DATE_TRUNC", &[&of.sql, &Sql::atom(bigquery_unit(unit))]),
        (Dialect::Postgres, DataType::Date) => {
            // A date alone would be taken for a midnight of the session's zone.
            let midnight = dialect.cast(of, DataType::Timestamp(Clock::Local)).sql;
            Sql::call("DATE_TRUNC", &[&unit_text(unit), &midnight])
        }
        (Dialect::Duckdb | Dialect::Postgres | Dialect::Snowflake, _) => {
            Sql::call("DATE_TRUNC", &[&unit_text(unit), &of.sql])
        }
    };
    if data_type == DataType::Date && dialect != Dialect::Bigquery {
        return Ok(Typed::new(Sql::atom(format!("CAST({} AS DATE)", sql.text())), DataType::Date));
    }
    Ok(Typed::new(sql, data_type))
}

fn unit_text(unit: TimeUnit) -> Sql {
    Sql::atom(format!("'{}'", unit.as_str()))
}

fn bigquery_unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "SECOND",
        TimeUnit::Minute => "MINUTE",
        TimeUnit::Hour => "HOUR",
        TimeUnit::Day => "DAY",
        TimeUnit::Week => "ISOWEEK",
        TimeUnit::Month => "MONTH",
        TimeUnit::Quarter => "QUARTER",
        TimeUnit::Year => "YEAR",
    }
}

/// A part of a date or of a wall clock, as an integer.
pub(super) fn part(dialect: Dialect, part: DatePart, of: Typed) -> Result<Typed, Diagnostic> {
    match of.data_type {
        DataType::Date | DataType::Timestamp(Clock::Local) => {}
        other => return Err(refused(format!("`date_part` of {other}"), dialect)),
    }
    let extract = |name: &str| Sql::atom(format!("EXTRACT({name} FROM {})", of.sql.text()));
    let call = |name: &str| Sql::call(name, &[&of.sql]);
    let sql = match (part, dialect) {
        (DatePart::Year, _) => extract("YEAR"),
        (DatePart::Quarter, _) => extract("QUARTER"),
        (DatePart::Month, _) => extract("MONTH"),
        (DatePart::Day, _) => extract("DAY"),
        (DatePart::Hour, _) => extract("HOUR"),
        (DatePart::Minute, _) => extract("MINUTE"),
        // With its fraction in some: the second that has begun.
        (DatePart::Second, _) => Sql::call("FLOOR", &[&extract("SECOND")]),
        (DatePart::Week, Dialect::Duckdb | Dialect::Postgres) => extract("WEEK"),
        (DatePart::Week, Dialect::Snowflake) => call("WEEKISO"),
        (DatePart::Week, Dialect::Bigquery) => extract("ISOWEEK"),
        (DatePart::DayOfWeek, Dialect::Duckdb | Dialect::Postgres) => extract("ISODOW"),
        (DatePart::DayOfWeek, Dialect::Snowflake) => call("DAYOFWEEKISO"),
        (DatePart::DayOfWeek, Dialect::Bigquery) => {
            // From Sunday 1 to Saturday 7 there.
            let from_monday = Sql::call("MOD", &[&extract("DAYOFWEEK").add(&Sql::atom("5")), &Sql::atom("7")]);
            from_monday.add(&Sql::atom("1"))
        }
        (DatePart::DayOfYear, Dialect::Duckdb | Dialect::Postgres) => extract("DOY"),
        (DatePart::DayOfYear, Dialect::Snowflake) => call("DAYOFYEAR"),
        (DatePart::DayOfYear, Dialect::Bigquery) => extract("DAYOFYEAR"),
    };
    let is_integer = match dialect {
        Dialect::Postgres => false,
        Dialect::Duckdb | Dialect::Snowflake | Dialect::Bigquery => part != DatePart::Second,
    };
    if is_integer {
        return Ok(Typed::new(sql, DataType::Integer));
    }
    Ok(Typed::new(
        Sql::atom(format!("CAST({} AS {})", sql.text(), dialect.type_name(DataType::Integer))),
        DataType::Integer,
    ))
}

/// `of` moved by months, then days, then microseconds; a date moved by a part of a day becomes a wall clock.
pub(super) fn shifted(
    dialect: Dialect,
    of: Typed,
    (months, days, microseconds): (i32, i32, i64),
) -> Result<Typed, Diagnostic> {
    let local = DataType::Timestamp(Clock::Local);
    let mut of = match of.data_type {
        DataType::Date if microseconds != 0 => dialect.cast(of, local),
        DataType::Date | DataType::Timestamp(Clock::Local) => of,
        other => return Err(refused(format!("{other} moved by an interval"), dialect)),
    };
    let data_type = of.data_type;
    let (amount, unit) = match microseconds {
        whole if whole % 3_600_000_000 == 0 => (whole / 3_600_000_000, "HOUR"),
        whole if whole % 60_000_000 == 0 => (whole / 60_000_000, "MINUTE"),
        whole if whole % 1_000_000 == 0 => (whole / 1_000_000, "SECOND"),
        _ => return Err(refused("an interval of less than a second", dialect)),
    };
    for (amount, unit) in [(i64::from(months), "MONTH"), (i64::from(days), "DAY"), (amount, unit)] {
        if amount != 0 {
            of = Typed::new(moved(dialect, &of, amount, unit), data_type);
        }
    }
    Ok(of)
}

fn moved(dialect: Dialect, of: &Typed, amount: i64, unit: &str) -> Sql {
    match dialect {
        Dialect::Duckdb | Dialect::Postgres => {
            if of.data_type == DataType::Date && unit == "DAY" {
                let by = Sql::atom(amount.abs().to_string());
                return if amount < 0 { of.sql.minus(&by) } else { of.sql.add(&by) };
            }
            let by = Sql::atom(format!("INTERVAL '{}' {unit}", amount.abs()));
            let moved = if amount < 0 { of.sql.minus(&by) } else { of.sql.add(&by) };
            match of.data_type {
                DataType::Date => Sql::atom(format!("CAST({} AS DATE)", moved.text())),
                _ => moved,
            }
        }
        Dialect::Snowflake => {
            let amount = Sql::of(amount.to_string(), Binds::Unary);
            Sql::call("DATEADD", &[&Sql::atom(unit.to_lowercase()), &amount, &of.sql])
        }
        Dialect::Bigquery => {
            let name = if of.data_type == DataType::Date { "DATE_ADD" } else { "DATETIME_ADD" };
            Sql::atom(format!("{name}({}, INTERVAL {amount} {unit})", of.sql.text()))
        }
    }
}

/// Boundaries of the unit that are crossed from `from` to `to`; negative when `to` is earlier.
pub(super) fn difference(dialect: Dialect, unit: TimeUnit, from: Typed, to: Typed) -> Result<Typed, Diagnostic> {
    let counted = |of: &Typed, by: DatePart, times: i64| -> Result<Sql, Diagnostic> {
        let year = part(dialect, DatePart::Year, of.clone())?.sql;
        let scaled = Sql::infix("*", Binds::Multiply, &year, &Sql::atom(times.to_string()));
        Ok(scaled.add(&part(dialect, by, of.clone())?.sql))
    };
    let sql = match unit {
        TimeUnit::Second | TimeUnit::Minute | TimeUnit::Hour => {
            return Err(refused(format!("`date_diff` by {unit}"), dialect));
        }
        TimeUnit::Day => days(dialect, from, to)?,
        TimeUnit::Week => {
            let start = |of: Typed| truncated(dialect, unit, dialect.cast(of, DataType::Date));
            let days = days(dialect, start(from)?, start(to)?)?;
            let weeks = Sql::infix("/", Binds::Multiply, &days, &Sql::atom("7"));
            // Whole weeks lie between: nothing is cut off.
            return Ok(dialect.cast(Typed::new(weeks, DataType::Float), DataType::Integer));
        }
        TimeUnit::Month => counted(&to, DatePart::Month, 12)?.minus(&counted(&from, DatePart::Month, 12)?),
        TimeUnit::Quarter => counted(&to, DatePart::Quarter, 4)?.minus(&counted(&from, DatePart::Quarter, 4)?),
        TimeUnit::Year => {
            let year = |of: Typed| Ok::<Sql, Diagnostic>(part(dialect, DatePart::Year, of)?.sql);
            year(to)?.minus(&year(from)?)
        }
    };
    Ok(Typed::new(sql, DataType::Integer))
}

/// Days between two dates.
fn days(dialect: Dialect, from: Typed, to: Typed) -> Result<Sql, Diagnostic> {
    let instant = DataType::Timestamp(Clock::Instant);
    if from.data_type == instant || to.data_type == instant {
        return Err(refused("`date_diff` of instants", dialect));
    }
    let (from, to) = (dialect.cast(from, DataType::Date).sql, dialect.cast(to, DataType::Date).sql);
    Ok(match dialect {
        Dialect::Duckdb => Sql::call("DATE_DIFF", &[&Sql::atom("'day'"), &from, &to]),
        Dialect::Postgres => to.minus(&from),
        Dialect::Snowflake => Sql::call("DATEDIFF", &[&Sql::atom("day"), &from, &to]),
        Dialect::Bigquery => Sql::call("DATE_DIFF", &[&to, &from, &Sql::atom("DAY")]),
    })
}
