//! Arrow's types and ours. Every table that the engine scans has one Arrow type for each of our types.
//!
//! | in a file | our type | in a scan |
//! |---|---|---|
//! | Boolean | boolean | Boolean |
//! | Int8…Int64, UInt8…UInt32 | integer | Int64 |
//! | UInt64 | decimal(20, 0) | Decimal128 |
//! | Decimal of at most 38 digits | decimal(p, s) | Decimal128 |
//! | Float16…Float64 | float | Float64 |
//! | Utf8, LargeUtf8, Utf8View | text | Utf8View |
//! | Date32, Date64 | date | Date32 |
//! | Timestamp of any unit without a zone | timestamp | Timestamp(µs) |
//! | Timestamp of any unit with a zone | timestamp with zone | Timestamp(µs, UTC) |
//! | Dictionary, run-end encoded | that of its values | that of its values |
//! | Null | fits any type; text where no file says more | |
//! | anything else | not readable; an error where it is used | |

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType as ArrowType, TimeUnit};
use sextant_semantics::data_type::{Clock, DataType};

/// The Arrow type that a scan gives for a type of ours.
pub fn arrow_type(data_type: DataType) -> ArrowType {
    match data_type {
        DataType::Boolean => ArrowType::Boolean,
        DataType::Integer => ArrowType::Int64,
        DataType::Decimal { precision, scale } => ArrowType::Decimal128(precision, scale),
        DataType::Float => ArrowType::Float64,
        DataType::Text => ArrowType::Utf8View,
        DataType::Date => ArrowType::Date32,
        DataType::Timestamp(Clock::Local) => ArrowType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(Clock::Instant) => ArrowType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        DataType::Interval => ArrowType::Interval(datafusion::arrow::datatypes::IntervalUnit::MonthDayNano),
        DataType::Null => ArrowType::Null,
    }
}

/// What a column of a file is to us.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    Known(DataType),
    /// Only nulls: fits every type.
    Null,
    /// Kept out of the schema; the word says what it is.
    Unreadable(String),
}

/// The type of ours for an Arrow type of a file.
pub fn column_type(arrow: &ArrowType) -> ColumnType {
    use ColumnType::{Known, Unreadable};
    match arrow {
        ArrowType::Null => ColumnType::Null,
        ArrowType::Boolean => Known(DataType::Boolean),
        ArrowType::Int8 | ArrowType::Int16 | ArrowType::Int32 | ArrowType::Int64 => Known(DataType::Integer),
        ArrowType::UInt8 | ArrowType::UInt16 | ArrowType::UInt32 => Known(DataType::Integer),
        ArrowType::UInt64 => Known(DataType::Decimal { precision: 20, scale: 0 }),
        ArrowType::Float16 | ArrowType::Float32 | ArrowType::Float64 => Known(DataType::Float),
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale) => Known(DataType::Decimal { precision: *precision, scale: *scale }),
        ArrowType::Decimal256(precision, scale) if *precision <= 38 => {
            Known(DataType::Decimal { precision: *precision, scale: *scale })
        }
        ArrowType::Decimal256(precision, _) => Unreadable(format!("decimal of {precision} digits")),
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => Known(DataType::Text),
        ArrowType::Date32 | ArrowType::Date64 => Known(DataType::Date),
        ArrowType::Timestamp(_, None) => Known(DataType::Timestamp(Clock::Local)),
        ArrowType::Timestamp(_, Some(_)) => Known(DataType::Timestamp(Clock::Instant)),
        ArrowType::Dictionary(_, values) => column_type(values),
        ArrowType::RunEndEncoded(_, values) => column_type(values.data_type()),
        ArrowType::Time32(_) | ArrowType::Time64(_) => Unreadable("time of day".to_string()),
        ArrowType::Duration(_) | ArrowType::Interval(_) => Unreadable("length of time".to_string()),
        ArrowType::Binary | ArrowType::LargeBinary | ArrowType::BinaryView | ArrowType::FixedSizeBinary(_) => {
            Unreadable("binary".to_string())
        }
        ArrowType::List(_)
        | ArrowType::LargeList(_)
        | ArrowType::ListView(_)
        | ArrowType::LargeListView(_)
        | ArrowType::FixedSizeList(_, _) => Unreadable("list".to_string()),
        ArrowType::Struct(_) => Unreadable("struct".to_string()),
        ArrowType::Map(_, _) => Unreadable("map".to_string()),
        ArrowType::Union(_, _) => Unreadable("union".to_string()),
    }
}

/// Whether a stored value of `from` may be read as the declared `to` without losing anything:
/// numbers widen, and a float may be declared an exact decimal (money stored as floats).
pub fn reads_as(from: DataType, to: DataType) -> bool {
    use DataType::{Decimal, Float, Integer};
    match (from, to) {
        (Integer, Decimal { .. } | Float) | (Float, Decimal { .. }) => true,
        (Decimal { precision: p, scale: s }, Decimal { precision: q, scale: t }) => {
            let whole = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            t >= s && whole(q, t) >= whole(p, s)
        }
        (from, to) => from == to,
    }
}
