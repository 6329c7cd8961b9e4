//! Types of expressions, by closed rules.
//!
//! - `+ - * %` of integers are an integer; with a decimal they are exact: the scale of a sum is
//!   the larger one, of a product the sum of both; precision is at most 38. With a float all is
//!   float. `/` is always float.
//! - A text literal beside a date, a timestamp or a boolean is read as that type, and an error
//!   when it cannot be. No other text becomes a number or a time, and no number a text: that is
//!   what CAST is for.
//! - A date beside a timestamp is held against its local day: `ordered_at <= DATE '2026-03-07'`
//!   takes in all of that day. An instant has no day without a zone, so that is refused.
//! - Where values are chosen between (CASE, coalesce, IN), all have one type: numbers widen, a
//!   date becomes the midnight it starts with.
//! - NULL goes with every type.

use super::{BinaryOp, Expr, Function, Kind, Literal};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

mod call;
mod meet;

use meet::{comparable, unify};

/// The expression with every literal of the type that it is read as, and its own type.
///
/// `types` gives the type of a reference.
pub fn coerce<R>(expr: Expr<R>, types: &mut impl FnMut(&R) -> DataType) -> Result<(Expr<R>, DataType), Diagnostic> {
    match typed(expr, types) {
        Ok(typed) => Ok((typed.expr, typed.data_type)),
        Err(diagnostic) => Err(*diagnostic),
    }
}

/// The type of an expression.
pub fn type_of<R: Clone>(expr: &Expr<R>, types: &mut impl FnMut(&R) -> DataType) -> Result<DataType, Diagnostic> {
    coerce(expr.clone(), types).map(|(_, data_type)| data_type)
}

/// As [`coerce`], of an expression that is true, false or null.
pub fn coerce_condition<R>(expr: Expr<R>, types: &mut impl FnMut(&R) -> DataType) -> Result<Expr<R>, Diagnostic> {
    let (expr, data_type) = coerce(expr, types)?;
    if is_boolean(data_type) {
        return Ok(expr);
    }
    Err(Diagnostic::new(Code::TypeMismatch, format!("a condition of type {data_type}, not boolean"))
        .at(expr.span)
        .help("a condition is a comparison, such as country = 'US'"))
}

/// Whether a value of the type can be a condition.
pub fn is_boolean(data_type: DataType) -> bool {
    matches!(data_type, DataType::Boolean | DataType::Null)
}

/// The type of a literal.
pub fn literal_type(literal: &Literal) -> DataType {
    match literal {
        Literal::Null => DataType::Null,
        Literal::Boolean(_) => DataType::Boolean,
        Literal::Integer(value) => match i64::try_from(*value) {
            Ok(_) => DataType::Integer,
            Err(_) => DataType::Decimal { precision: digits(*value), scale: 0 },
        },
        Literal::Decimal { unscaled, scale } => {
            DataType::Decimal { precision: digits(*unscaled).max(*scale), scale: *scale as i8 }
        }
        Literal::Float(_) => DataType::Float,
        Literal::Text(_) => DataType::Text,
        Literal::Date(_) => DataType::Date,
        Literal::Timestamp(_) => DataType::Timestamp(Clock::Local),
        Literal::Interval { .. } => DataType::Interval,
    }
}

fn digits(value: i128) -> u8 {
    value.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1)
}

/// An expression whose operands are coerced, and its type.
struct Typed<R> {
    expr: Expr<R>,
    data_type: DataType,
}

/// Boxed, so that the frames of a recursion stay small.
type Typing<R> = Result<Typed<R>, Box<Diagnostic>>;

fn typed<R>(expr: Expr<R>, types: &mut impl FnMut(&R) -> DataType) -> Typing<R> {
    let span = expr.span;
    match *expr.kind {
        Kind::Literal(literal) => {
            let data_type = literal_type(&literal);
            Ok(done(Kind::Literal(literal), span, data_type))
        }
        Kind::Ref(r) => {
            let data_type = types(&r);
            Ok(done(Kind::Ref(r), span, data_type))
        }
        Kind::Negate(of) => negate(typed(of, types)?, span),
        Kind::Not(of) => Ok(done(Kind::Not(boolean(typed(of, types)?, "NOT")?), span, DataType::Boolean)),
        Kind::Binary { op, left, right } => chain(op, left, right, span, types),
        Kind::IsNull { of, negated } => {
            let of = typed(of, types)?.expr;
            Ok(done(Kind::IsNull { of, negated }, span, DataType::Boolean))
        }
        Kind::IsTruth { of, truth, negated } => {
            let of = boolean(typed(of, types)?, if truth { "IS TRUE" } else { "IS FALSE" })?;
            Ok(done(Kind::IsTruth { of, truth, negated }, span, DataType::Boolean))
        }
        Kind::InList { of, list, negated } => in_list(of, list, negated, span, types),
        Kind::Between { of, low, high, negated } => {
            let operands = vec![typed(of, types)?, typed(low, types)?, typed(high, types)?];
            let mut operands = comparable("BETWEEN", operands)?.into_iter();
            let (Some(of), Some(low), Some(high)) = (operands.next(), operands.next(), operands.next()) else {
                unreachable!("as many operands come out as went in");
            };
            Ok(done(Kind::Between { of, low, high, negated }, span, DataType::Boolean))
        }
        Kind::Like { of, pattern, ignore_case, negated } => {
            let of = text(typed(of, types)?, "LIKE")?;
            Ok(done(Kind::Like { of, pattern, ignore_case, negated }, span, DataType::Boolean))
        }
        Kind::Case { branches, otherwise } => case(branches, otherwise, span, types),
        Kind::Cast { of, to, or_null } => cast(typed(of, types)?, to, or_null, span),
        Kind::Call { function, arguments } => {
            let mut operands = Vec::with_capacity(arguments.len());
            for argument in arguments {
                operands.push(typed(argument, types)?);
            }
            call::call(function, operands, span)
        }
    }
}

fn done<R>(kind: Kind<R>, span: Span, data_type: DataType) -> Typed<R> {
    Typed { expr: Expr::new(kind, span), data_type }
}

/// A chain of operators leans to the left: it is walked down in a loop.
fn chain<R>(
    op: BinaryOp,
    left: Expr<R>,
    right: Expr<R>,
    span: Span,
    types: &mut impl FnMut(&R) -> DataType,
) -> Typing<R> {
    let mut operations = vec![(op, right, span)];
    let mut leftmost = left;
    let mut so_far = loop {
        let span = leftmost.span;
        match *leftmost.kind {
            Kind::Binary { op, left, right } => {
                operations.push((op, right, span));
                leftmost = left;
            }
            kind => break typed(Expr::new(kind, span), types)?,
        }
    };
    for (op, right, span) in operations.into_iter().rev() {
        so_far = binary(op, so_far, typed(right, types)?, span)?;
    }
    Ok(so_far)
}

fn binary<R>(op: BinaryOp, left: Typed<R>, right: Typed<R>, span: Span) -> Typing<R> {
    let (left, right, data_type) = match op {
        BinaryOp::And | BinaryOp::Or => (boolean(left, op.as_str())?, boolean(right, op.as_str())?, DataType::Boolean),
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::IsDistinctFrom
        | BinaryOp::IsNotDistinctFrom => {
            let mut operands = comparable(op.as_str(), vec![left, right])?.into_iter();
            let (Some(left), Some(right)) = (operands.next(), operands.next()) else {
                unreachable!("as many operands come out as went in");
            };
            (left, right, DataType::Boolean)
        }
        BinaryOp::Concat => (text(left, "||")?, text(right, "||")?, DataType::Text),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            let data_type = arithmetic(op, &left, &right)?;
            (left.expr, right.expr, data_type)
        }
    };
    Ok(done(Kind::Binary { op, left, right }, span, data_type))
}

fn negate<R>(of: Typed<R>, span: Span) -> Typing<R> {
    if !of.data_type.is_number() && of.data_type != DataType::Null {
        return Err(mismatch(of.expr.span, format!("`-` takes a number, not {}", of.data_type)));
    }
    Ok(done(Kind::Negate(of.expr), span, of.data_type))
}

fn in_list<R>(
    of: Expr<R>,
    list: Vec<Expr<R>>,
    negated: bool,
    span: Span,
    types: &mut impl FnMut(&R) -> DataType,
) -> Typing<R> {
    let mut operands = vec![typed(of, types)?];
    for item in list {
        operands.push(typed(item, types)?);
    }
    let mut list = comparable("IN", operands)?;
    let of = list.remove(0);
    Ok(done(Kind::InList { of, list, negated }, span, DataType::Boolean))
}

fn case<R>(
    branches: Vec<(Expr<R>, Expr<R>)>,
    otherwise: Option<Expr<R>>,
    span: Span,
    types: &mut impl FnMut(&R) -> DataType,
) -> Typing<R> {
    let mut conditions = Vec::with_capacity(branches.len());
    let mut values = Vec::with_capacity(branches.len() + 1);
    for (when, then) in branches {
        conditions.push(boolean(typed(when, types)?, "WHEN")?);
        values.push(typed(then, types)?);
    }
    let has_otherwise = otherwise.is_some();
    if let Some(otherwise) = otherwise {
        values.push(typed(otherwise, types)?);
    }
    let (mut values, data_type) = unify("CASE", values)?;
    let otherwise = if has_otherwise { values.pop() } else { None };
    let branches = conditions.into_iter().zip(values).collect();
    Ok(done(Kind::Case { branches, otherwise }, span, data_type))
}

/// Any value to text and back; numbers, and dates and timestamps, to each other; booleans to
/// integers and back.
fn cast<R>(of: Typed<R>, to: DataType, or_null: bool, span: Span) -> Typing<R> {
    let from = of.data_type;
    let integral = |t: DataType| matches!(t, DataType::Integer | DataType::Boolean);
    let possible = match (from, to) {
        (DataType::Interval, _) | (_, DataType::Interval | DataType::Null) => false,
        (DataType::Null, _) | (DataType::Text, _) | (_, DataType::Text) => true,
        (from, to) => {
            from.is_number() && to.is_number() || from.is_time() && to.is_time() || integral(from) && integral(to)
        }
    };
    if !possible {
        return Err(mismatch(of.expr.span, format!("CAST does not make {to} of {from}")));
    }
    Ok(done(Kind::Cast { of: of.expr, to, or_null }, span, to))
}

fn boolean<R>(of: Typed<R>, what: &str) -> Result<Expr<R>, Box<Diagnostic>> {
    if is_boolean(of.data_type) {
        return Ok(of.expr);
    }
    let mut fault = mismatch(of.expr.span, format!("{what} takes a condition, not {}", of.data_type));
    fault.help = Some("a condition is a comparison, such as country = 'US'".into());
    Err(fault)
}

fn text<R>(of: Typed<R>, what: &str) -> Result<Expr<R>, Box<Diagnostic>> {
    if matches!(of.data_type, DataType::Text | DataType::Null) {
        return Ok(of.expr);
    }
    let mut fault = mismatch(of.expr.span, format!("{what} takes text, not {}", of.data_type));
    fault.help = Some("write CAST(value AS text)".into());
    Err(fault)
}

/// The type of `left op right`.
fn arithmetic<R>(op: BinaryOp, left: &Typed<R>, right: &Typed<R>) -> Result<DataType, Box<Diagnostic>> {
    let (l, r) = (left.data_type, right.data_type);
    let number = |t: DataType| t.is_number() || t == DataType::Null;
    if number(l) && number(r) {
        return Ok(number_type(op, l, r));
    }
    match (op, l, r) {
        (BinaryOp::Add | BinaryOp::Subtract, time, DataType::Interval) if time.is_time() => {
            return Ok(shifted(time, &right.expr));
        }
        (BinaryOp::Add, DataType::Interval, time) if time.is_time() => return Ok(shifted(time, &left.expr)),
        (BinaryOp::Subtract, DataType::Date, DataType::Date) => return Ok(DataType::Integer),
        _ => {}
    }
    let at = if number(l) { right.expr.span } else { left.expr.span };
    let mut fault = mismatch(at, format!("`{}` does not take {l} and {r}", op.as_str()));
    fault.help = Some(match (l.is_time(), r.is_time()) {
        (true, true) => "write date_diff('day', from, to)".into(),
        (true, false) | (false, true) => "a time is moved by an interval: ordered_at + INTERVAL '7' day".into(),
        (false, false) => "arithmetic takes numbers; a text that holds one is CAST(value AS decimal(18, 2))".into(),
    });
    Err(fault)
}

/// A date that is moved by a part of a day becomes a timestamp.
fn shifted<R>(time: DataType, by: &Expr<R>) -> DataType {
    match by.kind.as_ref() {
        Kind::Literal(Literal::Interval { microseconds, .. }) if *microseconds != 0 && time == DataType::Date => {
            DataType::Timestamp(Clock::Local)
        }
        _ => time,
    }
}

fn number_type(op: BinaryOp, left: DataType, right: DataType) -> DataType {
    if op == BinaryOp::Divide || left == DataType::Float || right == DataType::Float {
        return DataType::Float;
    }
    if left == DataType::Null || right == DataType::Null {
        return if left == DataType::Null { right } else { left };
    }
    if left == DataType::Integer && right == DataType::Integer {
        return DataType::Integer;
    }
    let ((p1, s1), (p2, s2)) = (meet::as_decimal(left), meet::as_decimal(right));
    let (precision, scale) = match op {
        BinaryOp::Multiply => (p1 + p2 + 1, s1 + s2),
        BinaryOp::Modulo => ((p1 - s1).min(p2 - s2) + s1.max(s2), s1.max(s2)),
        _ => ((p1 - s1).max(p2 - s2) + s1.max(s2) + 1, s1.max(s2)),
    };
    meet::decimal(precision, scale)
}

fn mismatch(at: Span, fact: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::TypeMismatch, fact).at(at))
}

/// An argument of a function that must be one of its words.
fn word_of<R>(function: Function, argument: &Typed<R>) -> Result<&str, Box<Diagnostic>> {
    match argument.expr.kind.as_ref() {
        Kind::Literal(Literal::Text(word)) => Ok(word),
        _ => {
            let mut fault = mismatch(
                argument.expr.span,
                format!("the first argument of `{function}` is {}, not a word in quotes", argument.data_type),
            );
            fault.help = Some(format!("it is written {}", function.usage()));
            Err(fault)
        }
    }
}

#[cfg(test)]
mod tests;
