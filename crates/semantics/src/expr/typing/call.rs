//! What functions take and give.

use super::meet::{self, unify};
use super::{Typed, Typing, done, mismatch, shifted, word_of};
use crate::data_type::{Clock, DataType};
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::{DatePart, Expr, Function, Kind, Literal, TimeUnit};
use crate::source::Span;

pub(super) fn call<R>(function: Function, operands: Vec<Typed<R>>, span: Span) -> Typing<R> {
    let (arguments, data_type) = match function {
        Function::Abs | Function::Floor | Function::Ceil | Function::Round => {
            let data_type = of_number(function, &operands)?;
            (expressions(operands), data_type)
        }
        Function::Coalesce | Function::Greatest | Function::Least | Function::Nullif => {
            unify(function.as_str(), operands)?
        }
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Replace
        | Function::Substr
        | Function::SplitPart => (of_text(function, operands)?, DataType::Text),
        Function::Length => (of_text(function, operands)?, DataType::Integer),
        Function::StartsWith | Function::Contains => (of_text(function, operands)?, DataType::Boolean),
        Function::DateTrunc | Function::DatePart | Function::DateAdd | Function::DateDiff | Function::ToDate => {
            of_time(function, operands)?
        }
    };
    Ok(done(Kind::Call { function, arguments }, span, data_type))
}

fn expressions<R>(operands: Vec<Typed<R>>) -> Vec<Expr<R>> {
    operands.into_iter().map(|o| o.expr).collect()
}

fn wrong<R>(function: Function, operand: &Typed<R>, wanted: &str) -> Box<Diagnostic> {
    let mut fault = mismatch(operand.expr.span, format!("`{function}` takes {wanted}, not {}", operand.data_type));
    fault.help = Some(format!("it is written {}", function.usage()));
    fault
}

fn of_number<R>(function: Function, operands: &[Typed<R>]) -> Result<DataType, Box<Diagnostic>> {
    let number = &operands[0];
    if !number.data_type.is_number() && number.data_type != DataType::Null {
        return Err(wrong(function, number, "a number"));
    }
    let places = match operands.get(1) {
        None => 0,
        Some(argument) => match argument.expr.kind.as_ref() {
            Kind::Literal(Literal::Integer(places)) if (-38..=38).contains(places) => *places as i32,
            _ => return Err(wrong(function, argument, "a literal number of digits from -38 to 38")),
        },
    };
    Ok(match (function, number.data_type) {
        (Function::Round | Function::Floor | Function::Ceil, DataType::Decimal { precision, scale }) => {
            let kept = places.clamp(0, i32::from(scale));
            // Rounding up may need one more digit before the point.
            meet::decimal(i32::from(precision) - i32::from(scale) + 1 + kept, kept)
        }
        (_, other) => other,
    })
}

fn of_text<R>(function: Function, operands: Vec<Typed<R>>) -> Result<Vec<Expr<R>>, Box<Diagnostic>> {
    for (index, operand) in operands.iter().enumerate() {
        let counts = matches!((function, index), (Function::Substr, 1 | 2) | (Function::SplitPart, 2));
        let wanted = if counts { DataType::Integer } else { DataType::Text };
        if operand.data_type != wanted && operand.data_type != DataType::Null {
            return Err(wrong(function, operand, if counts { "an integer" } else { "text" }));
        }
    }
    Ok(expressions(operands))
}

fn of_time<R>(function: Function, operands: Vec<Typed<R>>) -> Result<(Vec<Expr<R>>, DataType), Box<Diagnostic>> {
    let time = |operand: &Typed<R>| {
        if operand.data_type.is_time() || operand.data_type == DataType::Null {
            Ok(operand.data_type)
        } else {
            Err(wrong(function, operand, "a date or a timestamp"))
        }
    };
    let data_type = match function {
        Function::DateTrunc => {
            let unit = unit_of(function, &operands[0])?;
            let data_type = time(&operands[1])?;
            if unit < TimeUnit::Day && data_type == DataType::Date {
                return Err(wrong(function, &operands[1], &format!("a timestamp for `{unit}`")));
            }
            data_type
        }
        Function::DatePart => {
            let part = part_of(function, &operands[0])?;
            if time(&operands[1])? == DataType::Date && part.is_sub_day() {
                return Err(wrong(function, &operands[1], &format!("a timestamp for `{part}`")));
            }
            DataType::Integer
        }
        Function::DateAdd => {
            let data_type = time(&operands[0])?;
            if operands[1].data_type != DataType::Interval {
                return Err(wrong(function, &operands[1], "an interval such as INTERVAL '7' day"));
            }
            shifted(data_type, &operands[1].expr)
        }
        Function::DateDiff => {
            unit_of(function, &operands[0])?;
            let (from, to) = (time(&operands[1])?, time(&operands[2])?);
            let instant = DataType::Timestamp(Clock::Instant);
            if from != DataType::Null && to != DataType::Null && (from == instant) != (to == instant) {
                return Err(wrong(function, &operands[2], &format!("two times of one kind, beside {from}")));
            }
            DataType::Integer
        }
        _ => {
            if operands[0].data_type != DataType::Text {
                time(&operands[0])?;
            }
            DataType::Date
        }
    };
    Ok((expressions(operands), data_type))
}

fn unit_of<R>(function: Function, argument: &Typed<R>) -> Result<TimeUnit, Box<Diagnostic>> {
    let word = word_of(function, argument)?;
    TimeUnit::parse(word).ok_or_else(|| unknown_word(function, argument, word, TimeUnit::ALL.map(TimeUnit::as_str)))
}

fn part_of<R>(function: Function, argument: &Typed<R>) -> Result<DatePart, Box<Diagnostic>> {
    let word = word_of(function, argument)?;
    DatePart::parse(word).ok_or_else(|| unknown_word(function, argument, word, DatePart::ALL.map(DatePart::as_str)))
}

fn unknown_word<R, const N: usize>(
    function: Function,
    argument: &Typed<R>,
    word: &str,
    words: [&str; N],
) -> Box<Diagnostic> {
    let shown = crate::expr::parse::excerpt(word);
    let mut fault = mismatch(argument.expr.span, format!("`{function}` has no unit `{shown}`"));
    fault.help = Some(format!("one of {}", words.join(", ")));
    fault.did_you_mean = nearest(word, words);
    fault
}
