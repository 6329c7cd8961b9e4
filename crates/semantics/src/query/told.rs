//! Expressions worked out without data: which units of time pass a condition is known before any row is read, and so is
//! what a policy hides from a caller.

use std::cmp::Ordering;

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use crate::data_type::DataType;
use crate::expr::{BinaryOp, DatePart, Expr, Function, Kind, Literal, TimeUnit};

/// The value of an expression, given those of its references; none where it cannot be told here.
pub(super) fn value<R>(expr: &Expr<R>, of: &dyn Fn(&R) -> Option<Literal>) -> Option<Literal> {
    let worked_out = |expr: &Expr<R>| value(expr, of);
    let boolean = |truth: Option<bool>| truth.map_or(Literal::Null, Literal::Boolean);
    Some(match expr.kind.as_ref() {
        Kind::Literal(literal) => literal.clone(),
        Kind::Ref(reference) => of(reference)?,
        Kind::Negate(of) => match worked_out(of)? {
            Literal::Null => Literal::Null,
            Literal::Integer(value) => Literal::Integer(value.checked_neg()?),
            _ => return None,
        },
        Kind::Not(of) => boolean(truth(&worked_out(of)?)?.map(|truth| !truth)),
        Kind::Binary { op, left, right } => binary(*op, worked_out(left), worked_out(right))?,
        Kind::IsNull { of, negated } => Literal::Boolean((worked_out(of)? == Literal::Null) != *negated),
        Kind::IsTruth { of, truth: wanted, negated } => {
            Literal::Boolean((truth(&worked_out(of)?)? == Some(*wanted)) != *negated)
        }
        Kind::InList { of, list, negated } => {
            let of = worked_out(of)?;
            let mut found = Some(false);
            for item in list {
                let is_same = order(&of, &worked_out(item)?)?.map(Ordering::is_eq);
                found = either(found, is_same);
            }
            boolean(found.map(|found| found != *negated))
        }
        Kind::Between { of, low, high, negated } => {
            let of = worked_out(of)?;
            let from = order(&of, &worked_out(low)?)?.map(Ordering::is_ge);
            let to = order(&of, &worked_out(high)?)?.map(Ordering::is_le);
            boolean(both(from, to).map(|inside| inside != *negated))
        }
        Kind::Case { branches, otherwise } => {
            for (when, then) in branches {
                if truth(&worked_out(when)?)? == Some(true) {
                    return worked_out(then);
                }
            }
            otherwise.as_ref().map_or(Some(Literal::Null), worked_out)?
        }
        Kind::Cast { of, to, .. } => cast(worked_out(of)?, *to)?,
        Kind::Call { function, arguments } => {
            let arguments: Vec<Literal> = arguments.iter().map(worked_out).collect::<Option<_>>()?;
            call(*function, &arguments)?
        }
        // Patterns are matched where rows are read.
        Kind::Like { .. } => return None,
    })
}

/// True, false or null; none of what is no condition.
pub(super) fn truth(of: &Literal) -> Option<Option<bool>> {
    match of {
        Literal::Null => Some(None),
        Literal::Boolean(value) => Some(Some(*value)),
        _ => None,
    }
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        (None, _) | (_, None) => None,
    }
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    both(a.map(|a| !a), b.map(|b| !b)).map(|neither| !neither)
}

/// How two values of one type compare; null beside a null, none where it cannot be told here.
fn order(a: &Literal, b: &Literal) -> Option<Option<Ordering>> {
    match (a, b) {
        (Literal::Null, _) | (_, Literal::Null) => Some(None),
        (Literal::Boolean(a), Literal::Boolean(b)) => Some(Some(a.cmp(b))),
        (Literal::Integer(_) | Literal::Decimal { .. }, Literal::Integer(_) | Literal::Decimal { .. }) => {
            let ((a, a_scale), (b, b_scale)) = (exact(a)?, exact(b)?);
            let scale = a_scale.max(b_scale);
            let raised = |value: i128, by: u8| value.checked_mul(10_i128.checked_pow(u32::from(scale - by))?);
            Some(Some(raised(a, a_scale)?.cmp(&raised(b, b_scale)?)))
        }
        (Literal::Text(a), Literal::Text(b)) => Some(Some(a.as_bytes().cmp(b.as_bytes()))),
        (Literal::Date(a), Literal::Date(b)) => Some(Some(a.cmp(b))),
        (Literal::Timestamp(a), Literal::Timestamp(b)) => Some(Some(a.cmp(b))),
        _ => None,
    }
}

/// The digits of an exact number, and how many of them stand after the point.
fn exact(of: &Literal) -> Option<(i128, u8)> {
    match of {
        Literal::Integer(value) => Some((*value, 0)),
        Literal::Decimal { unscaled, scale } => Some((*unscaled, *scale)),
        _ => None,
    }
}

/// An operation, of which one side may be enough.
fn binary(op: BinaryOp, left: Option<Literal>, right: Option<Literal>) -> Option<Literal> {
    let boolean = |truth: Option<bool>| truth.map_or(Literal::Null, Literal::Boolean);
    if matches!(op, BinaryOp::And | BinaryOp::Or) {
        let decides = op == BinaryOp::Or;
        if [&left, &right].into_iter().flatten().any(|side| *side == Literal::Boolean(decides)) {
            return Some(Literal::Boolean(decides));
        }
        let (left, right) = (truth(&left?)?, truth(&right?)?);
        return Some(boolean(if decides { either(left, right) } else { both(left, right) }));
    }
    let (left, right) = (left?, right?);
    let compared = |is: fn(Ordering) -> bool| Some(boolean(order(&left, &right)?.map(is)));
    let is_same = || match (&left, &right) {
        (Literal::Null, Literal::Null) => Some(true),
        (Literal::Null, _) | (_, Literal::Null) => Some(false),
        _ => order(&left, &right)?.map(Ordering::is_eq),
    };
    match op {
        BinaryOp::And | BinaryOp::Or => None,
        BinaryOp::Equal => compared(Ordering::is_eq),
        BinaryOp::NotEqual => compared(Ordering::is_ne),
        BinaryOp::Less => compared(Ordering::is_lt),
        BinaryOp::LessOrEqual => compared(Ordering::is_le),
        BinaryOp::Greater => compared(Ordering::is_gt),
        BinaryOp::GreaterOrEqual => compared(Ordering::is_ge),
        BinaryOp::IsDistinctFrom => Some(Literal::Boolean(!is_same()?)),
        BinaryOp::IsNotDistinctFrom => Some(Literal::Boolean(is_same()?)),
        BinaryOp::Add => match (&left, &right) {
            (Literal::Interval { .. }, _) => shifted(&right, &left, false),
            (Literal::Integer(a), Literal::Integer(b)) => Some(Literal::Integer(a.checked_add(*b)?)),
            _ => shifted(&left, &right, false),
        },
        BinaryOp::Subtract => match (&left, &right) {
            (Literal::Integer(a), Literal::Integer(b)) => Some(Literal::Integer(a.checked_sub(*b)?)),
            (Literal::Date(a), Literal::Date(b)) => Some(Literal::Integer((*a - *b).num_days().into())),
            _ => shifted(&left, &right, true),
        },
        BinaryOp::Modulo => match (&left, &right) {
            (Literal::Integer(a), Literal::Integer(b)) => Some(Literal::Integer(a.checked_rem(*b)?)),
            _ => None,
        },
        // Exact products and real quotients are worked out where rows are read.
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Concat => None,
    }
}

/// A time moved by an interval; a day that the month lacks is its last.
fn shifted(time: &Literal, by: &Literal, back: bool) -> Option<Literal> {
    let Literal::Interval { months, days, microseconds } = by else { return None };
    let sign = if back { -1 } else { 1 };
    let by_months = |at: NaiveDateTime| {
        let count = Months::new(months.unsigned_abs());
        if months * sign < 0 { at.checked_sub_months(count) } else { at.checked_add_months(count) }
    };
    let span = TimeDelta::days(i64::from(*days)) + TimeDelta::microseconds(*microseconds);
    let moved = by_months(wall_clock(time)?)?.checked_add_signed(span * sign)?;
    Some(match time {
        Literal::Date(_) if *microseconds == 0 => Literal::Date(moved.date()),
        _ => Literal::Timestamp(moved),
    })
}

/// A date as the midnight that it starts with, or a timestamp.
fn wall_clock(of: &Literal) -> Option<NaiveDateTime> {
    match of {
        Literal::Date(date) => Some(date.and_time(NaiveTime::MIN)),
        Literal::Timestamp(at) => Some(*at),
        _ => None,
    }
}

fn cast(of: Literal, to: DataType) -> Option<Literal> {
    match (&of, to) {
        (Literal::Null, _) => Some(Literal::Null),
        (_, DataType::Date) => Some(Literal::Date(wall_clock(&of)?.date())),
        (_, DataType::Timestamp(_)) => Some(Literal::Timestamp(wall_clock(&of)?)),
        (Literal::Integer(_), DataType::Integer)
        | (Literal::Text(_), DataType::Text)
        | (Literal::Boolean(_), DataType::Boolean) => Some(of),
        _ => None,
    }
}

fn call(function: Function, arguments: &[Literal]) -> Option<Literal> {
    if function == Function::Coalesce {
        return Some(arguments.iter().find(|value| **value != Literal::Null).cloned().unwrap_or(Literal::Null));
    }
    if arguments.contains(&Literal::Null) {
        return Some(Literal::Null);
    }
    match (function, arguments) {
        (Function::DatePart, [Literal::Text(word), time]) => {
            Some(Literal::Integer(part(DatePart::parse(word)?, wall_clock(time)?).into()))
        }
        (Function::DateTrunc, [Literal::Text(word), time]) => {
            let start = truncated(wall_clock(time)?, TimeUnit::parse(word)?)?;
            Some(if matches!(time, Literal::Date(_)) { Literal::Date(start.date()) } else { Literal::Timestamp(start) })
        }
        (Function::DateAdd, [time, by]) => shifted(time, by, false),
        (Function::DateDiff, [Literal::Text(word), from, to]) if TimeUnit::parse(word) == Some(TimeUnit::Day) => {
            Some(Literal::Integer((wall_clock(to)?.date() - wall_clock(from)?.date()).num_days().into()))
        }
        (Function::ToDate, [time]) => Some(Literal::Date(wall_clock(time)?.date())),
        _ => None,
    }
}

/// A part of a local date and time.
pub(super) fn part(part: DatePart, of: NaiveDateTime) -> u32 {
    match part {
        DatePart::Year => of.year().unsigned_abs(),
        DatePart::Quarter => of.month0() / 3 + 1,
        DatePart::Month => of.month(),
        DatePart::Week => of.iso_week().week(),
        DatePart::Day => of.day(),
        DatePart::DayOfWeek => of.weekday().number_from_monday(),
        DatePart::DayOfYear => of.ordinal(),
        DatePart::Hour => of.hour(),
        DatePart::Minute => of.minute(),
        DatePart::Second => of.second(),
    }
}

/// Start of the unit that holds a time; weeks start on Monday.
fn truncated(of: NaiveDateTime, unit: TimeUnit) -> Option<NaiveDateTime> {
    let at = |hour: u32, minute: u32, second: u32| of.date().and_hms_opt(hour, minute, second);
    let first = |month: u32| Some(NaiveDate::from_ymd_opt(of.year(), month, 1)?.and_time(NaiveTime::MIN));
    match unit {
        TimeUnit::Second => at(of.hour(), of.minute(), of.second()),
        TimeUnit::Minute => at(of.hour(), of.minute(), 0),
        TimeUnit::Hour => at(of.hour(), 0, 0),
        TimeUnit::Day => at(0, 0, 0),
        TimeUnit::Week => {
            let since = Days::new(of.weekday().num_days_from_monday().into());
            Some(of.date().checked_sub_days(since)?.and_time(NaiveTime::MIN))
        }
        TimeUnit::Month => first(of.month()),
        TimeUnit::Quarter => first(of.month0() / 3 * 3 + 1),
        TimeUnit::Year => first(1),
    }
}

#[cfg(test)]
mod tests;
