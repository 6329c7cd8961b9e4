//! Bounds of `metric_time` that stand among ANDed conditions: together they are the time range.

use chrono::{Duration, NaiveDateTime, NaiveTime};
use sqlparser::ast::{BinaryOperator, Expr as Sql};

use super::names::{Names, spellings};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::{convert, literal};
use crate::expr::{Kind, Literal};
use crate::source::Span;

/// A half-open stretch of local time, an absent side being open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bounds {
    start: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
}

impl Bounds {
    /// The bounds that a condition is; none where it is anything else, or cannot be half-open.
    pub(super) fn of(names: &Names, condition: &Sql) -> Option<Bounds> {
        match condition {
            Sql::Nested(inner) => Bounds::of(names, inner),
            Sql::BinaryOp { left, op: BinaryOperator::And, right } => {
                Some(Bounds::of(names, left)?.and(Bounds::of(names, right)?))
            }
            Sql::BinaryOp { left, op, right } if is_metric_time(names, left) => one(names, op, right),
            Sql::BinaryOp { left, op, right } if is_metric_time(names, right) => one(names, &mirrored(op)?, left),
            Sql::Between { expr, negated: false, low, high } if is_metric_time(names, expr) => {
                let low = one(names, &BinaryOperator::GtEq, low)?;
                Some(low.and(one(names, &BinaryOperator::LtEq, high)?))
            }
            _ => None,
        }
    }

    /// What lies in both.
    pub(super) fn and(self, other: Bounds) -> Bounds {
        let later = |a: Option<NaiveDateTime>, b: Option<NaiveDateTime>| a.max(b);
        let earlier = |a: Option<NaiveDateTime>, b: Option<NaiveDateTime>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Bounds { start: later(self.start, other.start), end: earlier(self.end, other.end) }
    }

    /// As `time_range` is written, whose end is included.
    pub(super) fn time_range(self, at: Span) -> Result<String, Diagnostic> {
        if let (Some(start), Some(end)) = (self.start, self.end)
            && start >= end
        {
            let fact = format!("no time lies from {start} to before {end}");
            let help =
                "the first bound of metric_time is earlier than the second; a day is metric_time = DATE '2026-03-01'";
            return Err(Diagnostic::new(Code::InvalidTimeRange, fact).at(at).help(help));
        }
        let is_midnight = |time: NaiveDateTime| time.time() == NaiveTime::MIN;
        let first = self.start.map_or_else(String::new, |start| match is_midnight(start) {
            true => start.date().to_string(),
            false => start.format("%Y-%m-%dT%H:%M:%S").to_string(),
        });
        let last = self.end.map_or_else(String::new, |end| match is_midnight(end) {
            true => end.date().pred_opt().map_or_else(String::new, |day| day.to_string()),
            false => (end - Duration::seconds(1)).format("%Y-%m-%dT%H:%M:%S").to_string(),
        });
        Ok(format!("{first}..{last}"))
    }
}

fn is_metric_time(names: &Names, expr: &Sql) -> bool {
    let expr = match expr {
        Sql::Nested(inner) => inner,
        other => other,
    };
    names.written(expr).is_some_and(|written| spellings(&written).iter().any(|name| name == "metric_time"))
}

fn mirrored(op: &BinaryOperator) -> Option<BinaryOperator> {
    match op {
        BinaryOperator::Lt => Some(BinaryOperator::Gt),
        BinaryOperator::LtEq => Some(BinaryOperator::GtEq),
        BinaryOperator::Gt => Some(BinaryOperator::Lt),
        BinaryOperator::GtEq => Some(BinaryOperator::LtEq),
        BinaryOperator::Eq => Some(BinaryOperator::Eq),
        _ => None,
    }
}

/// The bounds of `metric_time op value`. A date is a whole day; a time of day bounds from below included and from
/// above excluded, which is all that a half-open range can say.
fn one(names: &Names, op: &BinaryOperator, value: &Sql) -> Option<Bounds> {
    let literal = convert(names.tokens, value).ok()?;
    let Kind::Literal(literal) = *literal.kind else { return None };
    let (start, is_date) = match literal {
        Literal::Date(day) => (day.and_time(NaiveTime::MIN), true),
        Literal::Timestamp(time) => (time, false),
        Literal::Text(text) => match (literal::date(&text), literal::timestamp(&text)) {
            (Some(day), _) => (day.and_time(NaiveTime::MIN), true),
            (None, Some(time)) => (time, false),
            (None, None) => return None,
        },
        _ => return None,
    };
    let is_whole_second = start.and_utc().timestamp_subsec_nanos() == 0;
    let after = if is_date { start.checked_add_signed(Duration::days(1))? } else { start };
    match (op, is_date) {
        _ if !is_whole_second => None,
        (BinaryOperator::GtEq, _) => Some(Bounds { start: Some(start), end: None }),
        (BinaryOperator::Lt, _) => Some(Bounds { start: None, end: Some(start) }),
        (BinaryOperator::Gt, true) => Some(Bounds { start: Some(after), end: None }),
        (BinaryOperator::LtEq, true) => Some(Bounds { start: None, end: Some(after) }),
        (BinaryOperator::Eq, true) => Some(Bounds { start: Some(start), end: Some(after) }),
        _ => None,
    }
}
