//! Literals and the types of casts.

use sqlparser::ast::{
    DataType as SqlType, ExactNumberInfo, Expr as Sql, Interval, Spanned, TimezoneInfo, TypedString, Value,
    ValueWithSpan,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::super::{excerpt, literal};
use super::{Converted, Converter, with_help};
use crate::data_type::{Clock, DataType};
use crate::expr::{Kind, Literal};

impl Converter<'_> {
    pub(super) fn value(&self, value: &ValueWithSpan) -> Converted {
        let at = self.tokens.at_location(value.span.start);
        let literal = match &value.value {
            Value::Number(text, false) => literal::number(text).map_err(|fact| self.invalid(fact, at, at))?,
            Value::SingleQuotedString(text) => Literal::Text(text.clone()),
            Value::Boolean(value) => Literal::Boolean(*value),
            Value::Null => Literal::Null,
            _ => {
                let fact = format!("literal `{}`", excerpt(self.tokens.text_of(at)));
                return Err(self.unsupported(fact, at, at));
            }
        };
        Ok(self.part(Kind::Literal(literal), at, at))
    }

    pub(super) fn typed_string(&self, typed: &TypedString) -> Converted {
        let last = self.tokens.at_location(typed.value.span.start);
        let mut first = last.saturating_sub(1);
        while first > 0
            && matches!(self.tokens.token(first), Some(Token::Word(w)) if w.keyword != Keyword::DATE && w.keyword != Keyword::TIMESTAMP)
        {
            first -= 1;
        }
        let Value::SingleQuotedString(text) = &typed.value.value else {
            return Err(self.unsupported("a typed literal that is not a text".into(), first, last));
        };
        let shown = excerpt(text);
        let literal = match &typed.data_type {
            SqlType::Date => literal::date(text).map(Literal::Date).ok_or_else(|| {
                let fault = self.invalid(format!("`{shown}` is not a date"), first, last);
                with_help(fault, "a date is written DATE '2026-03-31'")
            })?,
            SqlType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
                let midnight = || literal::date(text).and_then(|day| day.and_hms_opt(0, 0, 0));
                literal::timestamp(text).or_else(midnight).map(Literal::Timestamp).ok_or_else(|| {
                    let fault = self.invalid(format!("`{shown}` is not a local timestamp"), first, last);
                    with_help(
                        fault,
                        "a timestamp is written TIMESTAMP '2026-03-31 15:00:00', in local time, without an offset",
                    )
                })?
            }
            _ => {
                let fact = format!("literal of type `{}`", self.tokens.text_of(first));
                return Err(self.unsupported(fact, first, last));
            }
        };
        Ok(self.part(Kind::Literal(literal), first, last))
    }

    pub(super) fn interval(&self, interval: &Interval) -> Converted {
        let value = interval.value.as_ref();
        let at = self.tokens.at_location(value.span().start);
        let first = at.saturating_sub(1);
        let last = if interval.leading_field.is_some() { at + 1 } else { at };
        let Interval {
            value: _,
            leading_field,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        } = interval
        else {
            return Err(self.unsupported("INTERVAL with two units or a precision".into(), first, last));
        };
        let text = match value {
            Sql::Value(ValueWithSpan {
                value: Value::SingleQuotedString(text) | Value::Number(text, false), ..
            }) => text,
            _ => {
                return Err(self.unsupported("INTERVAL of anything but a literal".into(), first, last));
            }
        };
        let unit = leading_field.as_ref().map(|_| self.tokens.text_of(last));
        let literal = literal::interval(text, unit).map_err(|fact| self.invalid(fact, first, last))?;
        Ok(self.part(Kind::Literal(literal), first, last))
    }
}

pub(super) fn data_type(sql: &SqlType) -> Result<DataType, String> {
    let decimal = |info: &ExactNumberInfo| match *info {
        ExactNumberInfo::PrecisionAndScale(precision @ 1..=38, scale) if (0..=precision as i64).contains(&scale) => {
            Ok(DataType::Decimal { precision: precision as u8, scale: scale as i8 })
        }
        ExactNumberInfo::Precision(precision @ 1..=38) => {
            Ok(DataType::Decimal { precision: precision as u8, scale: 0 })
        }
        ExactNumberInfo::None => Err("`decimal` without its precision and scale".to_string()),
        ExactNumberInfo::Precision(_) | ExactNumberInfo::PrecisionAndScale(..) => {
            Err("a decimal has 1 to 38 digits, and no more after the point than in all".to_string())
        }
    };
    match sql {
        SqlType::Boolean | SqlType::Bool => Ok(DataType::Boolean),
        SqlType::Int(None) | SqlType::Integer(None) | SqlType::BigInt(None) | SqlType::Int8(None) => {
            Ok(DataType::Integer)
        }
        SqlType::Decimal(info) | SqlType::Numeric(info) | SqlType::Dec(info) => decimal(info),
        SqlType::Float(ExactNumberInfo::None)
        | SqlType::Double(ExactNumberInfo::None)
        | SqlType::DoublePrecision
        | SqlType::Float8 => Ok(DataType::Float),
        SqlType::Text | SqlType::Varchar(None) | SqlType::String(None) => Ok(DataType::Text),
        SqlType::Date => Ok(DataType::Date),
        SqlType::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            Ok(DataType::Timestamp(Clock::Local))
        }
        SqlType::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => {
            Ok(DataType::Timestamp(Clock::Instant))
        }
        _ => Err(format!("type `{}`", excerpt(&sql.to_string().to_lowercase()))),
    }
}
