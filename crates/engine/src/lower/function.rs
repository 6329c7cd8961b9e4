//! Calls of the expression language's functions.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::{coalesce, greatest, least, nullif};
use datafusion::functions::string::expr_fn::{btrim, contains, lower, replace, split_part, starts_with, upper};
use datafusion::functions::unicode::expr_fn::{character_length, substr, substring};
use datafusion::logical_expr::{Expr, Operator, cast as as_type, lit, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::expr::{DatePart, Function, TimeUnit};

use super::typed::{Typed, unify, unify_all};
use super::{LowerError, cast, date, number};

/// `function(arguments)`; their number and types were checked when the expression was read.
pub(super) fn call(function: Function, arguments: Vec<Typed>) -> Result<Typed, LowerError> {
    let mut arguments = Arguments(arguments.into_iter());
    match function {
        Function::Abs => number::absolute(arguments.next()?),
        Function::Round => {
            let of = arguments.next()?;
            match arguments.0.next() {
                None => number::round_to(of, 0),
                Some(digits) => match integer_literal(&digits).and_then(|digits| i8::try_from(digits).ok()) {
                    Some(digits) => number::round_to(of, digits),
                    None => Ok(number::round_to_each(of, digits)),
                },
            }
        }
        Function::Floor => number::floor_of(arguments.next()?),
        Function::Ceil => number::ceil_of(arguments.next()?),
        Function::Coalesce => any(coalesce, arguments),
        Function::Greatest => any(greatest, arguments),
        Function::Least => any(least, arguments),
        Function::Nullif => null_if(arguments.next()?, arguments.next()?),
        Function::Lower => Ok(text(lower(arguments.text()?))),
        Function::Upper => Ok(text(upper(arguments.text()?))),
        Function::Trim => Ok(text(btrim(vec![arguments.text()?]))),
        Function::Length => {
            Ok(Typed::new(as_type(character_length(arguments.text()?), DataType::Int64), DataType::Int64))
        }
        Function::Substr => substring_of(arguments),
        Function::Replace => {
            let (of, from, to) = (arguments.text()?, arguments.text()?, arguments.text()?);
            // An empty text stands nowhere; the engine would find it between all characters.
            let nothing = from.clone().eq(lit(""));
            Ok(text(when(nothing, text(of.clone()).expr).otherwise(text(replace(of, from, to)).expr)?))
        }
        Function::SplitPart => {
            let (of, separator, position) = (arguments.text()?, arguments.text()?, arguments.integer()?);
            Ok(text(split_part(of, separator, nullif(position, lit(0_i64)))))
        }
        Function::StartsWith => Ok(Typed::new(starts_with(arguments.text()?, arguments.text()?), DataType::Boolean)),
        Function::Contains => Ok(Typed::new(contains(arguments.text()?, arguments.text()?), DataType::Boolean)),
        Function::DateTrunc => date::truncate(arguments.unit()?, arguments.next()?),
        Function::DatePart => {
            let name = arguments.next()?;
            let part = text_literal(&name).and_then(DatePart::parse).ok_or(LowerError::Unbound("a part of a date"))?;
            date::part(part, arguments.next()?)
        }
        Function::DateAdd => date::shift(arguments.next()?, Operator::Plus, arguments.next()?),
        Function::DateDiff => date::difference(arguments.unit()?, arguments.next()?, arguments.next()?),
        Function::ToDate => Ok(arguments.next()?.cast(DataType::Date32)),
    }
}

/// The arguments that are left.
struct Arguments(std::vec::IntoIter<Typed>);

impl Arguments {
    fn next(&mut self) -> Result<Typed, LowerError> {
        self.0.next().ok_or(LowerError::Unbound("an argument"))
    }

    fn text(&mut self) -> Result<Expr, LowerError> {
        Ok(cast::to_text(self.next()?).expr)
    }

    fn integer(&mut self) -> Result<Expr, LowerError> {
        Ok(self.next()?.cast(DataType::Int64).expr)
    }

    fn unit(&mut self) -> Result<TimeUnit, LowerError> {
        let name = self.next()?;
        text_literal(&name).and_then(TimeUnit::parse).ok_or(LowerError::Unbound("a unit of time"))
    }
}

/// A function of values that meet in one type, which is its own.
fn any(function: impl Fn(Vec<Expr>) -> Expr, arguments: Arguments) -> Result<Typed, LowerError> {
    let (values, data_type) = unify_all(arguments.0.collect())?;
    if data_type == DataType::Null {
        return Ok(Typed::scalar(ScalarValue::Null));
    }
    Ok(Typed::new(function(values), data_type))
}

/// `of`, or null where both are equal.
fn null_if(of: Typed, other: Typed) -> Result<Typed, LowerError> {
    if of.is_untyped_null() {
        return Ok(of);
    }
    let (left, right, _) = unify(of.clone(), other)?;
    let null = lit(ScalarValue::try_from(&of.data_type)?);
    Ok(Typed::new(when(left.expr.eq(right.expr), null).otherwise(of.expr)?, of.data_type))
}

/// Characters from `start`, counted from 1; a negative length is none.
fn substring_of(mut arguments: Arguments) -> Result<Typed, LowerError> {
    let (of, start) = (arguments.text()?, arguments.integer()?);
    let Some(length) = arguments.0.next() else {
        return Ok(text(substr(of, start)));
    };
    let length = length.cast(DataType::Int64).expr;
    let length = when(length.clone().lt(lit(0_i64)), lit(0_i64)).otherwise(length)?;
    Ok(text(substring(of, start, length)))
}

/// A text whose representation the engine chose, as we have texts.
fn text(of: Expr) -> Typed {
    Typed::new(as_type(of, DataType::Utf8View), DataType::Utf8View)
}

fn text_literal(of: &Typed) -> Option<&str> {
    match &of.expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => Some(text),
        _ => None,
    }
}

fn integer_literal(of: &Typed) -> Option<i64> {
    match &of.expr {
        Expr::Literal(ScalarValue::Int64(Some(value)), _) => Some(*value),
        _ => None,
    }
}
