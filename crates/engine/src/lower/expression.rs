//! The expression language as expressions of the engine, by a closed match.
//!
//! Names are resolved by the caller. Operators mean what the language says, whatever the engine
//! would make of the same operands: numbers that are exact stay exact, `/` is real division and
//! null for a zero divisor, logic has three values, and text compares by bytes.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::expr::{InList, Like};
use datafusion::logical_expr::{Expr, Operator, and, binary_expr, is_not_null, is_null, lit, not, or, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::expr::{self as language, BinaryOp, Kind};

use super::cast::{Misfit, cast_to, to_text};
use super::typed::{Typed, arrow_type, is_time, last_before, unify, unify_all};
use super::{LowerError, MAX_DEPTH, date, function, literal, number};

/// What the caller knows about a name.
pub(crate) type Resolve<'a, R> = dyn FnMut(&R) -> Result<Typed, LowerError> + 'a;

/// An expression of the language over what `resolve` gives for its names.
pub(crate) fn expression<R>(of: &language::Expr<R>, resolve: &mut Resolve<'_, R>) -> Result<Typed, LowerError> {
    if is_deeper_than(MAX_DEPTH, of) {
        return Err(LowerError::TooDeep);
    }
    lower(of, resolve)
}

/// A condition: an expression that is true, false or null.
pub(crate) fn condition<R>(of: &language::Expr<R>, resolve: &mut Resolve<'_, R>) -> Result<Expr, LowerError> {
    if is_deeper_than(MAX_DEPTH, of) {
        return Err(LowerError::TooDeep);
    }
    truth(of, resolve)
}

fn is_deeper_than<R>(limit: usize, of: &language::Expr<R>) -> bool {
    let mut level = vec![of];
    for _ in 0..limit {
        level = level.into_iter().flat_map(language::Expr::children).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

fn lower<R>(of: &language::Expr<R>, resolve: &mut Resolve<'_, R>) -> Result<Typed, LowerError> {
    match of.kind.as_ref() {
        Kind::Literal(value) => literal::literal(value),
        Kind::Ref(name) => resolve(name),
        Kind::Negate(of) => number::negate(lower(of, resolve)?),
        Kind::Not(of) => Ok(boolean(not(truth(of, resolve)?))),
        Kind::Binary { op, left, right } => binary(*op, left, right, resolve),
        Kind::IsNull { of, negated } => {
            let of = lower(of, resolve)?.expr;
            Ok(boolean(if *negated { is_not_null(of) } else { is_null(of) }))
        }
        Kind::IsTruth { of, truth: wanted, negated } => {
            let of = truth(of, resolve)?;
            Ok(boolean(match (wanted, negated) {
                (true, false) => is_surely(of),
                (true, true) => not(is_surely(of)),
                (false, false) => is_surely(not(of)),
                (false, true) => not(is_surely(not(of))),
            }))
        }
        Kind::InList { of, list, negated } => in_list(of, list, *negated, resolve),
        Kind::Between { of, low, high, negated } => {
            let of = lower(of, resolve)?;
            let from = compare(of.clone(), Operator::GtEq, lower(low, resolve)?)?;
            let to = compare(of, Operator::LtEq, lower(high, resolve)?)?;
            let between = and(from.expr, to.expr);
            Ok(boolean(if *negated { not(between) } else { between }))
        }
        Kind::Like { of, pattern, ignore_case, negated } => {
            let of = to_text(lower(of, resolve)?).expr;
            let like = Like::new(*negated, Box::new(of), Box::new(lit(pattern.as_str())), None, *ignore_case);
            Ok(boolean(Expr::Like(like)))
        }
        Kind::Case { branches, otherwise } => case_of(branches, otherwise.as_ref(), resolve),
        Kind::Cast { of, to, or_null } => {
            let misfit = if *or_null { Misfit::Null } else { Misfit::Fails };
            Ok(cast_to(lower(of, resolve)?, arrow_type(*to), misfit))
        }
        Kind::Call { function, arguments } => {
            let arguments = arguments.iter().map(|of| lower(of, resolve)).collect::<Result<_, _>>()?;
            function::call(*function, arguments)
        }
    }
}

fn truth<R>(of: &language::Expr<R>, resolve: &mut Resolve<'_, R>) -> Result<Expr, LowerError> {
    let of = lower(of, resolve)?;
    match of.data_type {
        DataType::Boolean => Ok(of.expr),
        DataType::Null => Ok(lit(ScalarValue::Boolean(None))),
        other => Err(LowerError::mismatch("a condition", &other)),
    }
}

/// True where a condition is, false where it is false or not known. The engine's own IS TRUE is
/// planned as never null and run as maybe null, which fails where it stands twice in a plan.
fn is_surely(of: Expr) -> Expr {
    and(is_not_null(of.clone()), of)
}

fn boolean(expr: Expr) -> Typed {
    Typed::new(expr, DataType::Boolean)
}

fn binary<R>(
    op: BinaryOp,
    left: &language::Expr<R>,
    right: &language::Expr<R>,
    resolve: &mut Resolve<'_, R>,
) -> Result<Typed, LowerError> {
    match op {
        BinaryOp::And => return Ok(boolean(and(truth(left, resolve)?, truth(right, resolve)?))),
        BinaryOp::Or => return Ok(boolean(or(truth(left, resolve)?, truth(right, resolve)?))),
        _ => {}
    }
    let (left, right) = (lower(left, resolve)?, lower(right, resolve)?);
    match op {
        BinaryOp::And | BinaryOp::Or => Err(LowerError::Unbound("a condition")),
        BinaryOp::Add => add(left, Operator::Plus, right),
        BinaryOp::Subtract => add(left, Operator::Minus, right),
        BinaryOp::Multiply => number::arithmetic(left, Operator::Multiply, right),
        BinaryOp::Divide => number::divide(left, right),
        BinaryOp::Modulo => number::modulo(left, right),
        BinaryOp::Equal => compare(left, Operator::Eq, right),
        BinaryOp::NotEqual => compare(left, Operator::NotEq, right),
        BinaryOp::Less => compare(left, Operator::Lt, right),
        BinaryOp::LessOrEqual => compare(left, Operator::LtEq, right),
        BinaryOp::Greater => compare(left, Operator::Gt, right),
        BinaryOp::GreaterOrEqual => compare(left, Operator::GtEq, right),
        BinaryOp::IsDistinctFrom => compare(left, Operator::IsDistinctFrom, right),
        BinaryOp::IsNotDistinctFrom => compare(left, Operator::IsNotDistinctFrom, right),
        BinaryOp::Concat => {
            let (left, right, data_type) = unify(to_text(left), to_text(right))?;
            Ok(Typed::new(binary_expr(left.expr, Operator::StringConcat, right.expr), data_type))
        }
    }
}

/// `+` and `-` of numbers, of a time and an interval, and of two dates, which differ by days.
fn add(left: Typed, op: Operator, right: Typed) -> Result<Typed, LowerError> {
    let interval = |of: &Typed| matches!(of.data_type, DataType::Interval(_));
    if interval(&right) {
        return date::shift(left, op, right);
    }
    if interval(&left) && op == Operator::Plus {
        return date::shift(right, op, left);
    }
    if is_time(&left.data_type) && is_time(&right.data_type) && op == Operator::Minus {
        return date::difference(language::TimeUnit::Day, right, left);
    }
    number::arithmetic(left, op, right)
}

fn compare(left: Typed, op: Operator, right: Typed) -> Result<Typed, LowerError> {
    if let Some(before) = last_before(&left, &right) {
        return compare_between(left, op, before);
    }
    if let (Some(before), Some(op)) = (last_before(&right, &left), op.swap()) {
        return compare_between(right, op, before);
    }
    let (left, right, _) = unify(left, right)?;
    Ok(boolean(binary_expr(left.expr, op, right.expr)))
}

/// `column op x` for an x that is later than `before` and earlier than the column's next value.
fn compare_between(column: Typed, op: Operator, before: Typed) -> Result<Typed, LowerError> {
    let column = column.expr;
    let expr = match op {
        Operator::Lt | Operator::LtEq => column.lt_eq(before.expr),
        Operator::Gt | Operator::GtEq => column.gt(before.expr),
        // Equal to none, but null stays null.
        Operator::Eq => column.clone().not_eq(column),
        Operator::NotEq => column.clone().eq(column),
        Operator::IsDistinctFrom => lit(true),
        Operator::IsNotDistinctFrom => lit(false),
        _ => return Err(LowerError::Unbound("a comparison")),
    };
    Ok(boolean(expr))
}

fn in_list<R>(
    of: &language::Expr<R>,
    list: &[language::Expr<R>],
    negated: bool,
    resolve: &mut Resolve<'_, R>,
) -> Result<Typed, LowerError> {
    let of = lower(of, resolve)?;
    let mut all = vec![of.clone()];
    for member in list {
        let member = lower(member, resolve)?;
        // A literal between two values of the column's unit equals none of them.
        if last_before(&of, &member).is_none() {
            all.push(member);
        }
    }
    let (mut all, data_type) = unify_all(all)?;
    if data_type == DataType::Null {
        return Ok(boolean(lit(ScalarValue::Boolean(None))));
    }
    let of = all.remove(0);
    Ok(boolean(Expr::InList(InList::new(Box::new(of), all, negated))))
}

fn case_of<R>(
    branches: &[(language::Expr<R>, language::Expr<R>)],
    otherwise: Option<&language::Expr<R>>,
    resolve: &mut Resolve<'_, R>,
) -> Result<Typed, LowerError> {
    let mut conditions = Vec::with_capacity(branches.len());
    let mut values = Vec::with_capacity(branches.len() + 1);
    for (condition, value) in branches {
        conditions.push(truth(condition, resolve)?);
        values.push(lower(value, resolve)?);
    }
    values.push(otherwise.map_or(Ok(Typed::scalar(ScalarValue::Null)), |of| lower(of, resolve))?);
    let (mut values, data_type) = unify_all(values)?;
    let otherwise = values.pop().expect("a value for what no branch takes was pushed");
    let mut pairs = conditions.into_iter().zip(values);
    let Some((condition, value)) = pairs.next() else {
        return Ok(Typed::new(otherwise, data_type));
    };
    let mut builder = when(condition, value);
    for (condition, value) in pairs {
        builder = builder.when(condition, value);
    }
    Ok(Typed::new(builder.otherwise(otherwise)?, data_type))
}

#[cfg(test)]
mod tests;
