//! How operands of different types come to one.

use super::{Typed, literal_type, mismatch};
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::parse::{excerpt, literal};
use crate::expr::{Expr, Kind, Literal};

/// Operands that are held against each other: literals read as the type of the others, and
/// timestamps by their local day where they meet dates.
pub(super) fn comparable<R>(what: &str, operands: Vec<Typed<R>>) -> Result<Vec<Expr<R>>, Box<Diagnostic>> {
    let mut operands = read_texts(operands)?;
    let has = |operands: &[Typed<R>], wanted: DataType| operands.iter().any(|o| o.data_type == wanted);
    let local = DataType::Timestamp(Clock::Local);
    if has(&operands, DataType::Date) && has(&operands, local) {
        let (first, others) = operands.split_at(1);
        let others_agree = others.windows(2).all(|pair| pair[0].data_type == pair[1].data_type);
        if !others_agree && first[0].data_type == local {
            let odd = others.iter().find(|o| o.data_type == local).map_or(first[0].expr.span, |o| o.expr.span);
            let mut fault = mismatch(odd, format!("{what} of dates and timestamps together"));
            fault.help = Some("write all as dates, which take in their whole days, or all with a time of day".into());
            return Err(fault);
        }
        operands = operands.into_iter().map(by_day).collect();
    }
    let mut common = DataType::Null;
    let mut like = 0;
    for (index, operand) in operands.iter().enumerate() {
        let Some(next) = common_type(common, operand.data_type) else {
            return Err(unlike(what, &operands[like], operand));
        };
        if next != common {
            (common, like) = (next, index);
        }
    }
    if common == DataType::Interval {
        let fault =
            mismatch(operands[like].expr.span, format!("{what} of intervals, whose lengths depend on the calendar"));
        return Err(fault);
    }
    Ok(operands.into_iter().map(|o| o.expr).collect())
}

/// Operands of which one is the value: all of one type.
pub(super) fn unify<R>(what: &str, operands: Vec<Typed<R>>) -> Result<(Vec<Expr<R>>, DataType), Box<Diagnostic>> {
    let operands = read_texts(operands)?;
    let mut common = DataType::Null;
    let mut like = 0;
    for (index, operand) in operands.iter().enumerate() {
        let Some(next) = common_type(common, operand.data_type) else {
            return Err(unlike(what, &operands[like], operand));
        };
        if next != common {
            (common, like) = (next, index);
        }
    }
    let values = operands.into_iter().map(|o| if common.is_time() { at_midnight(o, common) } else { o.expr }).collect();
    Ok((values, common))
}

/// The type that values of both can have; none when there is no such type.
fn common_type(left: DataType, right: DataType) -> Option<DataType> {
    match (left, right) {
        (left, right) if left == right => Some(left),
        (DataType::Null, other) | (other, DataType::Null) => Some(other),
        (DataType::Float, other) | (other, DataType::Float) if other.is_number() => Some(DataType::Float),
        (left, right) if left.is_exact() && right.is_exact() => {
            let ((p1, s1), (p2, s2)) = (as_decimal(left), as_decimal(right));
            let scale = s1.max(s2);
            Some(decimal((p1 - s1).max(p2 - s2) + scale, scale))
        }
        (DataType::Date, DataType::Timestamp(Clock::Local)) | (DataType::Timestamp(Clock::Local), DataType::Date) => {
            Some(DataType::Timestamp(Clock::Local))
        }
        _ => None,
    }
}

/// Precision and scale of an exact number; an integer has up to 19 digits.
pub(super) fn as_decimal(data_type: DataType) -> (i32, i32) {
    match data_type {
        DataType::Decimal { precision, scale } => (i32::from(precision), i32::from(scale)),
        DataType::Boolean
        | DataType::Integer
        | DataType::Float
        | DataType::Text
        | DataType::Date
        | DataType::Timestamp(_)
        | DataType::Interval
        | DataType::Null => (19, 0),
    }
}

/// A decimal within 38 digits; the scale is kept, digits before the point give way.
pub(super) fn decimal(precision: i32, scale: i32) -> DataType {
    DataType::Decimal { precision: precision.clamp(1, 38) as u8, scale: scale.clamp(0, 38) as i8 }
}

/// Reads text literals as the date, timestamp or boolean that they stand beside.
fn read_texts<R>(operands: Vec<Typed<R>>) -> Result<Vec<Typed<R>>, Box<Diagnostic>> {
    let beside = operands.iter().map(|o| o.data_type).find(|t| t.is_time() || *t == DataType::Boolean);
    let Some(beside) = beside else { return Ok(operands) };
    operands.into_iter().map(|operand| read_text(operand, beside)).collect()
}

fn read_text<R>(operand: Typed<R>, beside: DataType) -> Result<Typed<R>, Box<Diagnostic>> {
    let Kind::Literal(Literal::Text(text)) = operand.expr.kind.as_ref() else { return Ok(operand) };
    let day = || literal::date(text).map(Literal::Date);
    let (read, example) = match beside {
        DataType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "true" => (Some(Literal::Boolean(true)), "TRUE or FALSE"),
            "false" => (Some(Literal::Boolean(false)), "TRUE or FALSE"),
            _ => (None, "TRUE or FALSE"),
        },
        DataType::Date | DataType::Timestamp(_) => (
            day().or_else(|| literal::timestamp(text).map(Literal::Timestamp)),
            "DATE '2026-03-31' or TIMESTAMP '2026-03-31 15:00:00', in local time, without an offset",
        ),
        DataType::Integer
        | DataType::Decimal { .. }
        | DataType::Float
        | DataType::Text
        | DataType::Interval
        | DataType::Null => return Ok(operand),
    };
    match read {
        Some(literal) => {
            let data_type = literal_type(&literal);
            Ok(Typed { expr: Expr::new(Kind::Literal(literal), operand.expr.span), data_type })
        }
        None => {
            let mut fault = mismatch(operand.expr.span, format!("`{}` is not a {beside}", excerpt(text)));
            fault.help = Some(format!("write {example}"));
            Err(fault)
        }
    }
}

/// The local day of a timestamp; everything else as it is.
fn by_day<R>(operand: Typed<R>) -> Typed<R> {
    if operand.data_type != DataType::Timestamp(Clock::Local) {
        return operand;
    }
    let span = operand.expr.span;
    let kind = match *operand.expr.kind {
        Kind::Literal(Literal::Timestamp(at)) => Kind::Literal(Literal::Date(at.date())),
        kind => Kind::Cast { of: Expr::new(kind, span), to: DataType::Date, or_null: false },
    };
    Typed { expr: Expr::new(kind, span), data_type: DataType::Date }
}

/// A date as the timestamp that it starts with, where timestamps are wanted.
fn at_midnight<R>(operand: Typed<R>, wanted: DataType) -> Expr<R> {
    if operand.data_type != DataType::Date || wanted == DataType::Date {
        return operand.expr;
    }
    let span = operand.expr.span;
    let kind = match *operand.expr.kind {
        Kind::Literal(Literal::Date(day)) => Kind::Literal(Literal::Timestamp(day.into())),
        kind => Kind::Cast { of: Expr::new(kind, span), to: wanted, or_null: false },
    };
    Expr::new(kind, span)
}

fn unlike<R>(what: &str, first: &Typed<R>, second: &Typed<R>) -> Box<Diagnostic> {
    let (l, r) = (first.data_type, second.data_type);
    let literal = |t: &Typed<R>| matches!(t.expr.kind.as_ref(), Kind::Literal(_));
    // The literal is what the writer can change.
    let at = if literal(first) && !literal(second) { first } else { second };
    let mut fault = mismatch(at.expr.span, format!("`{what}` does not take {l} and {r}"));
    let instant = DataType::Timestamp(Clock::Instant);
    fault.help = match (l, r) {
        (DataType::Text, other) | (other, DataType::Text) if other.is_number() => Some(if literal(at) && at.data_type == DataType::Text {
            "a number is written without quotes".into()
        } else {
            "a text is written in single quotes; a text that holds a number is CAST(value AS decimal(18, 2))".into()
        }),
        (DataType::Boolean, _) | (_, DataType::Boolean) => Some("a boolean is compared with TRUE or FALSE".into()),
        (a, b) if a == instant && b.is_time() || b == instant && a.is_time() => Some(
            "an instant has no local time here: declare a time dimension, whose conditions are read in the question's zone"
                .into(),
        ),
        _ => Some("one of them is written as CAST(value AS type)".into()),
    };
    fault
}
