//! The types that models and expressions know. Files map to them; Arrow's types stay in the engine.

use std::fmt;

/// The type of a column, a dimension or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataType {
    Boolean,
    /// Any integer up to 64 bits.
    Integer,
    /// An exact decimal: `precision` digits in all, at most 38, `scale` of them after the point.
    Decimal {
        precision: u8,
        scale: i8,
    },
    /// A double.
    Float,
    Text,
    /// A local calendar date.
    Date,
    Timestamp(Clock),
    /// A length of time; only literals have it.
    Interval,
    /// The type of a bare NULL.
    Null,
}

/// What a timestamp's digits mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// Wall-clock digits without a zone; the model or `stored_as` says whose.
    Local,
    /// An instant.
    Instant,
}

impl DataType {
    pub fn is_number(self) -> bool {
        matches!(self, DataType::Integer | DataType::Decimal { .. } | DataType::Float)
    }

    /// Whether arithmetic on it is exact.
    pub fn is_exact(self) -> bool {
        matches!(self, DataType::Integer | DataType::Decimal { .. })
    }

    pub fn is_time(self) -> bool {
        matches!(self, DataType::Date | DataType::Timestamp(_))
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DataType::Boolean => f.write_str("boolean"),
            DataType::Integer => f.write_str("integer"),
            DataType::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            DataType::Float => f.write_str("float"),
            DataType::Text => f.write_str("text"),
            DataType::Date => f.write_str("date"),
            DataType::Timestamp(Clock::Local) => f.write_str("timestamp"),
            DataType::Timestamp(Clock::Instant) => f.write_str("timestamp with zone"),
            DataType::Interval => f.write_str("interval"),
            DataType::Null => f.write_str("null"),
        }
    }
}
