//! The rows of a period: comparisons of the raw column with literals of its own type, so that
//! files and row groups outside it are not read.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, lit};
use sextant_semantics::query::period::{Dates, Interval, Period};
use sextant_semantics::time::stored::StoredAs;
use sextant_semantics::time::stretches::{Stretch, digits_before, digits_from};

use super::table::{Moment, moment};
use crate::lower::LowerError;
use crate::lower::literal::date;
use crate::lower::typed::Typed;

/// Whether a row's time lies in one of the period's intervals. A row without a time lies only in
/// one without a start, which is all data.
pub(in crate::lower) fn in_period(of: &Typed, stored: StoredAs, period: &Period) -> Result<Expr, LowerError> {
    any(period.intervals.iter().map(|interval| {
        let inside = in_interval(of, stored, interval)?;
        Ok(if interval.start.is_none() { inside.or(of.expr.clone().is_null()) } else { inside })
    }))
}

fn in_interval(of: &Typed, stored: StoredAs, interval: &Interval) -> Result<Expr, LowerError> {
    let (start, end) = match stored {
        StoredAs::Date => return Ok(interval.dates.map_or_else(|| lit(false), |dates| in_dates(of, dates))),
        StoredAs::Instant => {
            let start = interval.start.map(|start| from(of, start.into())).transpose()?;
            (start, before(of, interval.end.into())?)
        }
        StoredAs::WallClock(zone) => {
            let start = interval.start.map(|start| in_stretches(of, digits_from(zone, start))).transpose()?;
            (start, in_stretches(of, digits_before(zone, interval.end))?)
        }
    };
    Ok(match start {
        Some(start) => start.and(end),
        None => end,
    })
}

fn in_dates(of: &Typed, dates: Dates) -> Expr {
    let of = of.clone().cast(DataType::Date32).expr;
    let last = of.clone().lt_eq(lit(date(dates.last)));
    match dates.first {
        Some(first) => of.gt_eq(lit(date(first))).and(last),
        None => last,
    }
}

fn in_stretches(of: &Typed, stretches: Vec<Stretch>) -> Result<Expr, LowerError> {
    any(stretches.into_iter().map(|(start, end)| match (start, end) {
        (Some(start), Some(end)) => Ok(from(of, start.into())?.and(before(of, end.into())?)),
        (Some(start), None) => from(of, start.into()),
        (None, Some(end)) => before(of, end.into()),
        (None, None) => Ok(lit(true)),
    }))
}

/// `of >= at`; a moment beyond the column's 64 bits is later or earlier than all of them.
fn from(of: &Typed, at: Moment) -> Result<Expr, LowerError> {
    Ok(match moment(at, &of.data_type)? {
        Some(at) => of.expr.clone().gt_eq(lit(at)),
        None if at.is_past() => lit(true),
        None => lit(false),
    })
}

/// `of < at`.
fn before(of: &Typed, at: Moment) -> Result<Expr, LowerError> {
    Ok(match moment(at, &of.data_type)? {
        Some(at) => of.expr.clone().lt(lit(at)),
        None if at.is_past() => lit(false),
        None => of.expr.clone().is_not_null(),
    })
}

fn any(conditions: impl Iterator<Item = Result<Expr, LowerError>>) -> Result<Expr, LowerError> {
    let mut found: Option<Expr> = None;
    for condition in conditions {
        let condition = condition?;
        found = Some(match found {
            None => condition,
            Some(so_far) => so_far.or(condition),
        });
    }
    Ok(found.unwrap_or_else(|| lit(false)))
}
