//! The dialects: how each writes names, constants, types and what they do not agree on.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::piece::{Binds, Sql, Typed};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::Literal;
pub(super) use crate::query::request::Dialect;

/// What cannot be written in a dialect, by name.
pub(super) fn refused(what: impl std::fmt::Display, dialect: Dialect) -> Diagnostic {
    let fact = format!("{what} is not written as SQL of {dialect} yet", dialect = dialect.title());
    Diagnostic::new(Code::NotSupportedYet, fact)
        .field("stage")
        .help("stages semantic and logical show how it is answered")
}

impl Dialect {
    pub(super) fn title(self) -> &'static str {
        match self {
            Dialect::Duckdb => "DuckDB",
            Dialect::Postgres => "Postgres",
            Dialect::Snowflake => "Snowflake",
            Dialect::Bigquery => "BigQuery",
        }
    }

    /// A name, quoted.
    pub(super) fn identifier(self, name: &str) -> String {
        match self {
            Dialect::Duckdb | Dialect::Postgres | Dialect::Snowflake => format!("\"{}\"", name.replace('"', "\"\"")),
            Dialect::Bigquery => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
        }
    }

    pub(super) fn name(self, name: &str) -> Sql {
        Sql::atom(self.identifier(name))
    }

    /// A text constant.
    pub(super) fn text(self, text: &str) -> Result<Sql, Diagnostic> {
        if text.contains('\0') {
            return Err(refused("a text with a null character", self));
        }
        Ok(Sql::atom(match self {
            Dialect::Duckdb | Dialect::Postgres => format!("'{}'", text.replace('\'', "''")),
            Dialect::Snowflake => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
            Dialect::Bigquery => {
                let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
                format!("'{}'", escaped.replace('\n', "\\n").replace('\r', "\\r"))
            }
        }))
    }

    /// A constant of the expression language.
    pub(super) fn literal(self, value: &Literal) -> Result<Typed, Diagnostic> {
        let data_type = crate::expr::typing::literal_type(value);
        let sql = match value {
            Literal::Null => Sql::atom("NULL"),
            Literal::Boolean(true) => Sql::atom("TRUE"),
            Literal::Boolean(false) => Sql::atom("FALSE"),
            Literal::Integer(value) => number(value.to_string()),
            Literal::Decimal { unscaled, scale } => {
                let text = decimal_text(*unscaled, *scale);
                match self {
                    // A bare 0.10 is a double there.
                    Dialect::Bigquery => Sql::atom(format!("BIGNUMERIC '{text}'")),
                    Dialect::Duckdb | Dialect::Postgres | Dialect::Snowflake => number(text),
                }
            }
            Literal::Float(value) if value.is_finite() => {
                Sql::atom(format!("CAST({value:e} AS {})", self.type_name(DataType::Float)))
            }
            Literal::Float(_) => return Err(refused("a number that is not finite", self)),
            Literal::Text(text) => self.text(text)?,
            Literal::Date(date) => self.date(*date),
            Literal::Timestamp(at) => self.timestamp(*at),
            Literal::Interval { .. } => return Err(refused("an interval by itself", self)),
        };
        Ok(Typed::new(sql, data_type))
    }

    pub(super) fn date(self, date: NaiveDate) -> Sql {
        Sql::atom(format!("DATE '{date}'"))
    }

    /// Wall-clock digits.
    pub(super) fn timestamp(self, at: NaiveDateTime) -> Sql {
        let digits = at.format("%Y-%m-%d %H:%M:%S%.f");
        Sql::atom(match self {
            Dialect::Duckdb | Dialect::Postgres => format!("TIMESTAMP '{digits}'"),
            Dialect::Snowflake => format!("CAST('{digits}' AS TIMESTAMP_NTZ)"),
            Dialect::Bigquery => format!("DATETIME '{digits}'"),
        })
    }

    pub(super) fn instant(self, at: DateTime<Utc>) -> Sql {
        let digits = at.format("%Y-%m-%d %H:%M:%S%.f+00:00");
        Sql::atom(match self {
            Dialect::Duckdb | Dialect::Postgres => format!("TIMESTAMPTZ '{digits}'"),
            Dialect::Snowflake => format!("CAST('{digits}' AS TIMESTAMP_TZ)"),
            Dialect::Bigquery => format!("TIMESTAMP '{digits}'"),
        })
    }

    pub(super) fn type_name(self, data_type: DataType) -> String {
        let decimal = |name: &str, precision: u8, scale: i8| format!("{name}({precision}, {scale})");
        let name = match (self, data_type) {
            (_, DataType::Date) => "DATE",
            (Dialect::Bigquery, DataType::Boolean) => "BOOL",
            (_, DataType::Boolean) => "BOOLEAN",
            (Dialect::Bigquery, DataType::Integer) => "INT64",
            (_, DataType::Integer) => "BIGINT",
            (Dialect::Duckdb, DataType::Decimal { precision, scale }) => return decimal("DECIMAL", precision, scale),
            (Dialect::Postgres, DataType::Decimal { precision, scale }) => return decimal("NUMERIC", precision, scale),
            (Dialect::Snowflake, DataType::Decimal { precision, scale }) => return decimal("NUMBER", precision, scale),
            (Dialect::Bigquery, DataType::Decimal { .. }) => "BIGNUMERIC",
            (Dialect::Postgres, DataType::Float) => "DOUBLE PRECISION",
            (Dialect::Bigquery, DataType::Float) => "FLOAT64",
            (Dialect::Duckdb | Dialect::Snowflake, DataType::Float) => "DOUBLE",
            (Dialect::Postgres, DataType::Text) => "TEXT",
            (Dialect::Bigquery, DataType::Text) => "STRING",
            (Dialect::Duckdb | Dialect::Snowflake, DataType::Text) => "VARCHAR",
            (Dialect::Duckdb | Dialect::Postgres, DataType::Timestamp(Clock::Local)) => "TIMESTAMP",
            (Dialect::Snowflake, DataType::Timestamp(Clock::Local)) => "TIMESTAMP_NTZ",
            (Dialect::Bigquery, DataType::Timestamp(Clock::Local)) => "DATETIME",
            (Dialect::Duckdb | Dialect::Postgres, DataType::Timestamp(Clock::Instant)) => "TIMESTAMPTZ",
            (Dialect::Snowflake, DataType::Timestamp(Clock::Instant)) => "TIMESTAMP_TZ",
            (Dialect::Bigquery, DataType::Timestamp(Clock::Instant)) => "TIMESTAMP",
            (_, DataType::Interval) => "INTERVAL",
            // A bare NULL: any type does.
            (_, DataType::Null) => return self.type_name(DataType::Integer),
        };
        name.to_string()
    }

    /// A value as another type; itself where it has the type.
    pub(super) fn cast(self, of: Typed, to: DataType) -> Typed {
        if of.data_type == to {
            return of;
        }
        Typed::new(Sql::atom(format!("CAST({} AS {})", of.sql.text(), self.type_name(to))), to)
    }

    /// A null of a type.
    pub(super) fn null(self, data_type: DataType) -> Sql {
        Sql::atom(format!("CAST(NULL AS {})", self.type_name(data_type)))
    }

    /// A text whose order is that of its bytes.
    pub(super) fn by_bytes(self, of: &Typed) -> Sql {
        match (self, of.data_type) {
            (Dialect::Postgres, DataType::Text) => {
                Sql::of(format!("{} COLLATE \"C\"", of.sql.within(Binds::Atom)), Binds::Unary)
            }
            _ => of.sql.clone(),
        }
    }

    /// Whether aggregate functions take `FILTER (WHERE …)`.
    pub(super) fn has_filter(self) -> bool {
        match self {
            Dialect::Duckdb | Dialect::Postgres => true,
            Dialect::Snowflake | Dialect::Bigquery => false,
        }
    }
}

/// Real division in doubles, null where the divisor is zero.
pub(super) fn divide(dialect: Dialect, left: Typed, right: Typed) -> Typed {
    let float = |of| dialect.cast(of, DataType::Float).sql;
    let divisor = Sql::call("NULLIF", &[&float(right), &Sql::atom("0")]);
    Typed::new(Sql::infix("/", Binds::Multiply, &float(left), &divisor), DataType::Float)
}

fn number(text: String) -> Sql {
    let binds = if text.starts_with('-') { Binds::Unary } else { Binds::Atom };
    Sql::of(text, binds)
}

fn decimal_text(unscaled: i128, scale: u8) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}
