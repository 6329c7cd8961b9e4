//! Exchange rates for every day: a day without a rate has that of the last day before it that has one.

use chrono::{Days as Count, NaiveDate};
use datafusion::arrow::datatypes::{DataType, Date32Type, IntervalMonthDayNano};
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::functions::core::expr_fn::{coalesce, greatest, least};
use datafusion::functions_nested::expr_fn::range;
use datafusion::functions_window::expr_fn::lead;
use datafusion::logical_expr::{Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};
use sextant_semantics::catalog::join_graph::RatesHop;
use sextant_semantics::query::period::Period;

use super::LowerError;

/// The days that rows may lie on, in whatever zone.
pub(super) struct Days {
    /// None where the rows reach back without end.
    first: Option<NaiveDate>,
    /// One day after the last.
    end: NaiveDate,
}

impl Days {
    pub(super) fn of<'p>(periods: impl Iterator<Item = &'p Period> + Clone) -> Days {
        let intervals = || periods.clone().flat_map(|period| &period.intervals);
        // No zone is further than a day from UTC; a date axis may say more.
        let first = intervals().map(|interval| {
            let start = interval.start.and_then(|start| start.date_naive().checked_sub_days(Count::new(1)));
            let date = interval.dates.as_ref().map_or(start, |dates| dates.first);
            start.zip(date).map(|(start, date)| start.min(date))
        });
        let first: Option<Vec<NaiveDate>> = first.collect();
        let last = intervals().map(|interval| {
            let end = interval.end.date_naive();
            interval.dates.as_ref().map_or(end, |dates| dates.last.max(end))
        });
        let end = last.max().unwrap_or_default().checked_add_days(Count::new(2));
        Days { first: first.and_then(|first| first.into_iter().min()), end: end.unwrap_or(NaiveDate::MAX) }
    }
}

/// The days from a rate's own up to the next one's.
const DAYS: &str = "__days";
const UNTIL: &str = "__until";

/// `rates`, scanned as `name`, with a row for every currency and day on which a rate of it is known.
pub(super) fn every_day(
    rates: LogicalPlan,
    hop: &RatesHop,
    name: &TableReference,
    days: &Days,
) -> Result<LogicalPlan, LowerError> {
    let of = |column: &str| Expr::Column(Column::new(Some(name.clone()), column));
    let (currency, rate) = (of(hop.currency()), of(hop.rate()));
    let day = cast(of(hop.day()), DataType::Date32);
    let known = rate.clone().is_not_null().and(of(hop.day()).is_not_null()).and(currency.clone().is_not_null());
    let next = lead(day.clone(), Some(1), None)
        .partition_by(vec![currency.clone()])
        .order_by(vec![day.clone().sort(true, true)])
        .build()?
        .alias(UNTIL);
    let known = LogicalPlanBuilder::from(rates).filter(known)?.window(vec![next])?;
    let from = match days.first {
        Some(first) => greatest(vec![day, date(first)]),
        None => day,
    };
    let until = least(vec![coalesce(vec![ident(UNTIL), date(days.end)]), date(days.end)]);
    let one_day = lit(ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(0, 1, 0))));
    let held = known
        .project(vec![currency.clone(), rate.clone(), range(from, until, one_day).alias(DAYS)])?
        .unnest_column(Column::from_name(DAYS))?
        .project(vec![currency, rate, ident(DAYS).alias(hop.day())])?;
    Ok(held.alias(name.clone())?.build()?)
}

fn date(date: NaiveDate) -> Expr {
    lit(ScalarValue::Date32(Some(Date32Type::from_naive_date(date))))
}
