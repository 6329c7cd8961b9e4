//! Calls of the expression language's functions, and CAST.

use super::date;
use super::dialect::{Dialect, refused};
use super::expression::together;
use super::piece::{Sql, Typed};
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{DatePart, Function, Literal, TimeUnit};

/// `function(arguments)`; their number and types were checked when the expression was read. `literals` are those of
/// them that are constants.
pub(super) fn call(
    dialect: Dialect,
    function: Function,
    arguments: Vec<Typed>,
    literals: &[Option<Literal>],
) -> Result<Typed, Diagnostic> {
    let refuse = |what: &str| Err(refused(format!("`{function}` {what}"), dialect));
    let sql = |position: usize| arguments[position].sql.clone();
    let integer = |position: usize| match literals.get(position).and_then(Option::as_ref) {
        Some(Literal::Integer(value)) => Some(*value),
        _ => None,
    };
    let word = |position: usize| match literals.get(position).and_then(Option::as_ref) {
        Some(Literal::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let all = |name: &str| Sql::call(name, &arguments.iter().map(|of| &of.sql).collect::<Vec<_>>());
    let text = |sql: Sql| Ok(Typed::new(sql, DataType::Text));
    let boolean = |sql: Sql| Ok(Typed::new(sql, DataType::Boolean));
    match function {
        Function::Abs => Ok(Typed::new(all("ABS"), arguments[0].data_type)),
        Function::Floor => Ok(Typed::new(all("FLOOR"), whole(arguments[0].data_type))),
        Function::Ceil => Ok(Typed::new(all("CEIL"), whole(arguments[0].data_type))),
        Function::Round => match (arguments.len(), integer(1)) {
            (1, _) => Ok(rounded(dialect, arguments[0].clone(), 0)),
            (_, Some(places)) => Ok(rounded(dialect, arguments[0].clone(), places)),
            (_, None) => refuse("to places that are not a constant"),
        },
        Function::Coalesce => chosen(dialect, "COALESCE", arguments),
        Function::Greatest | Function::Least => {
            let name = if function == Function::Greatest { "GREATEST" } else { "LEAST" };
            match dialect {
                Dialect::Duckdb | Dialect::Postgres => chosen(dialect, name, arguments),
                Dialect::Snowflake => chosen(dialect, &format!("{name}_IGNORE_NULLS"), arguments),
                Dialect::Bigquery => refuse("beside nulls"),
            }
        }
        Function::Nullif => Ok(Typed::new(all("NULLIF"), arguments[0].data_type)),
        Function::Lower => text(all("LOWER")),
        Function::Upper => text(all("UPPER")),
        Function::Trim => text(Sql::call("TRIM", &[&sql(0), &Sql::atom("' '")])),
        Function::Length => Ok(Typed::new(
            match dialect {
                Dialect::Bigquery => all("CHAR_LENGTH"),
                Dialect::Duckdb | Dialect::Postgres | Dialect::Snowflake => all("LENGTH"),
            },
            DataType::Integer,
        )),
        Function::Substr => match (integer(1), arguments.len(), integer(2)) {
            (Some(1..), 2, _) | (Some(1..), 3, Some(0..)) => text(all("SUBSTR")),
            _ => refuse("at places that are not positive constants"),
        },
        Function::Replace => match word(1) {
            Some(from) if !from.is_empty() => text(all("REPLACE")),
            _ => refuse("of a text that is not a constant"),
        },
        Function::SplitPart => match (dialect, word(1), integer(2)) {
            (Dialect::Bigquery, _, _) => refuse(""),
            (_, Some(separator), Some(1..)) if !separator.is_empty() => text(all("SPLIT_PART")),
            _ => refuse("by what is not a constant"),
        },
        Function::StartsWith => boolean(match dialect {
            Dialect::Snowflake => all("STARTSWITH"),
            Dialect::Duckdb | Dialect::Postgres | Dialect::Bigquery => all("STARTS_WITH"),
        }),
        Function::Contains => boolean(match dialect {
            Dialect::Duckdb | Dialect::Snowflake => all("CONTAINS"),
            Dialect::Postgres | Dialect::Bigquery => Sql::compare(">", &all("STRPOS"), &Sql::atom("0")),
        }),
        Function::DateTrunc | Function::DatePart | Function::DateAdd | Function::DateDiff | Function::ToDate => {
            of_time(dialect, function, &arguments, literals)
        }
    }
}

/// A function of a date or a time.
fn of_time(
    dialect: Dialect,
    function: Function,
    arguments: &[Typed],
    literals: &[Option<Literal>],
) -> Result<Typed, Diagnostic> {
    let refused = || refused(format!("`{function}` by what is not a constant"), dialect);
    let word = match literals.first().and_then(Option::as_ref) {
        Some(Literal::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let unit = || word.and_then(TimeUnit::parse).ok_or_else(refused);
    match function {
        Function::DateTrunc => date::truncated(dialect, unit()?, arguments[1].clone()),
        Function::DatePart => {
            let part = word.and_then(DatePart::parse).ok_or_else(refused)?;
            date::part(dialect, part, arguments[1].clone())
        }
        Function::DateAdd => match literals.get(1).and_then(Option::as_ref) {
            Some(Literal::Interval { months, days, microseconds }) => {
                date::shifted(dialect, arguments[0].clone(), (*months, *days, *microseconds))
            }
            _ => Err(refused()),
        },
        Function::DateDiff => date::difference(dialect, unit()?, arguments[1].clone(), arguments[2].clone()),
        _ => cast(dialect, arguments[0].clone(), DataType::Date, false),
    }
}

/// A function of values of one type.
fn chosen(dialect: Dialect, name: &str, values: Vec<Typed>) -> Result<Typed, Diagnostic> {
    let data_type = together(values.iter().map(|of| of.data_type));
    if name != "COALESCE" && data_type == DataType::Text && dialect == Dialect::Postgres {
        return Err(refused(format!("`{}` of texts", name.to_lowercase()), dialect));
    }
    let values: Vec<Sql> = values.into_iter().map(|of| of.sql).collect();
    Ok(Typed::new(Sql::call(name, &values.iter().collect::<Vec<_>>()), data_type))
}

/// The type of a whole number: exact where it was.
fn whole(of: DataType) -> DataType {
    match of {
        DataType::Decimal { precision, .. } => DataType::Decimal { precision, scale: 0 },
        other => other,
    }
}

/// Rounds halves away from zero.
fn rounded(dialect: Dialect, of: Typed, places: i128) -> Typed {
    let data_type = match of.data_type {
        DataType::Decimal { precision, scale } => {
            DataType::Decimal { precision, scale: i8::try_from(places.clamp(0, i128::from(scale))).unwrap_or(scale) }
        }
        other => other,
    };
    let places = Sql::atom(places.to_string());
    match (dialect, of.data_type) {
        // Doubles are rounded to even there.
        (Dialect::Postgres, DataType::Float) => {
            let exact = Sql::atom(format!("CAST({} AS NUMERIC)", of.sql.text()));
            let rounded = Sql::call("ROUND", &[&exact, &places]);
            Typed::new(
                Sql::atom(format!("CAST({} AS {})", rounded.text(), dialect.type_name(DataType::Float))),
                DataType::Float,
            )
        }
        _ => Typed::new(Sql::call("ROUND", &[&of.sql, &places]), data_type),
    }
}

/// `CAST(of AS to)`, or null where it does not fit.
pub(super) fn cast(dialect: Dialect, of: Typed, to: DataType, or_null: bool) -> Result<Typed, Diagnostic> {
    let from = of.data_type;
    let what = || format!("a cast of {from} to {to}");
    if from == to {
        return Ok(of);
    }
    if or_null {
        let name = match dialect {
            Dialect::Duckdb | Dialect::Snowflake if from == DataType::Text => "TRY_CAST",
            Dialect::Bigquery if from == DataType::Text => "SAFE_CAST",
            _ => return Err(refused(format!("{}, null where it fails,", what()), dialect)),
        };
        if !to.is_number() && to != DataType::Date || to == DataType::Integer {
            return Err(refused(what(), dialect));
        }
        return Ok(Typed::new(Sql::atom(format!("{name}({} AS {})", of.sql.text(), dialect.type_name(to))), to));
    }
    match (from, to) {
        (DataType::Null, _)
        | (DataType::Timestamp(_), DataType::Date)
        | (DataType::Date, DataType::Timestamp(_))
        | (DataType::Text, DataType::Decimal { .. } | DataType::Float | DataType::Date)
        | (
            DataType::Integer | DataType::Decimal { .. } | DataType::Float,
            DataType::Float | DataType::Decimal { .. },
        )
        | (DataType::Integer | DataType::Date, DataType::Text) => Ok(dialect.cast(of, to)),
        (DataType::Float | DataType::Decimal { .. }, DataType::Integer) => {
            Ok(dialect.cast(rounded(dialect, of, 0), to))
        }
        (DataType::Boolean, DataType::Integer) => {
            let (one, zero) = (Sql::atom("1"), Sql::atom("0"));
            let sql = Sql::case(&[(of.sql.clone(), one), (of.sql.not(), zero)], None);
            Ok(Typed::new(sql, to))
        }
        _ => Err(refused(what(), dialect)),
    }
}
