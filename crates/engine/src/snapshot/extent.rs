//! How far the data reaches: the least and the greatest value of a time column.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{cast, max, min};
use datafusion::arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use datafusion::parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use sextant_semantics::data_type::{Clock, DataType};
use sextant_semantics::diagnostic::Diagnostic;

use super::{DatasetSnapshot, scan};
use crate::source::cache::SourceCache;
use crate::source::parquet::Footer;
use crate::source::schema::SchemaColumn;
use crate::source::types::arrow_type;

/// A value of a time column as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Date(NaiveDate),
    /// Digits without a zone.
    Local(NaiveDateTime),
    Instant(DateTime<Utc>),
}

/// Both ends stand in the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub min: Moment,
    pub max: Moment,
}

/// Reads the extent of a date or timestamp column.
pub(super) fn extent(
    dataset: &DatasetSnapshot,
    column: &SchemaColumn,
    cache: &SourceCache,
) -> Result<Option<Extent>, Diagnostic> {
    let mut found = Ends::default();
    let footers = &dataset.described.footers;
    // Footers know the ends of hidden rows too.
    let known = !dataset.is_restricted()
        && !column.partition
        && !footers.is_empty()
        && footers.iter().all(|footer| found.footer(footer, column));
    if !known {
        found = Ends::default();
        scan::scan(dataset, std::slice::from_ref(column), cache, |batch| {
            found.array(batch.column(0));
            Ok(())
        })?;
    }
    let moment = |value| moment(value, column.data_type);
    Ok(found.0.and_then(|(least, greatest)| Some(Extent { min: moment(least)?, max: moment(greatest)? })))
}

/// The least and the greatest value so far, in days or microseconds since 1970.
#[derive(Default)]
struct Ends(Option<(i64, i64)>);

impl Ends {
    fn value(&mut self, value: i64) {
        self.0 = Some(self.0.map_or((value, value), |(least, greatest)| (least.min(value), greatest.max(value))));
    }

    /// Takes in the values of an array of a scan's type.
    fn array(&mut self, array: &ArrayRef) {
        let ends = if let Some(days) = array.as_primitive_opt::<Date32Type>() {
            [min(days), max(days)].map(|day| day.map(i64::from))
        } else if let Some(micros) = array.as_primitive_opt::<TimestampMicrosecondType>() {
            [min(micros), max(micros)]
        } else {
            [None, None]
        };
        ends.into_iter().flatten().for_each(|value| self.value(value));
    }

    /// Takes in what a footer knows; false when it does not know it of every row group.
    fn footer(&mut self, footer: &Footer, column: &SchemaColumn) -> bool {
        let schema = footer.metadata.file_metadata().schema_descr();
        let Ok((_, field)) = footer.arrow.fields().find(&column.name).ok_or(()) else {
            // Null in every row.
            return true;
        };
        // Other types are stored in ways whose statistics are not those of the moments.
        let arrow = arrow_type(column.data_type);
        let comparable = field.data_type() == &arrow
            || matches!(
                (field.data_type(), &arrow),
                (
                    datafusion::arrow::datatypes::DataType::Timestamp(_, stored),
                    datafusion::arrow::datatypes::DataType::Timestamp(_, read)
                ) if stored.is_some() == read.is_some()
            );
        let converter = StatisticsConverter::try_new(&column.name, &footer.arrow, schema);
        let (true, Ok(converter)) = (comparable, converter) else {
            return false;
        };
        let groups = || footer.metadata.row_groups().iter();
        let (Ok(least), Ok(greatest), Ok(nulls)) = (
            converter.row_group_mins(groups()),
            converter.row_group_maxes(groups()),
            converter.row_group_null_counts(groups()),
        ) else {
            return false;
        };
        for (index, group) in groups().enumerate() {
            let empty = group.num_rows() == 0;
            let all_null = nulls.is_valid(index) && nulls.value(index) == group.num_rows() as u64;
            if (least.is_null(index) || greatest.is_null(index)) && !all_null && !empty {
                return false;
            }
        }
        let (Ok(least), Ok(greatest)) = (cast(&least, &arrow), cast(&greatest, &arrow)) else {
            return false;
        };
        self.array(&least);
        self.array(&greatest);
        true
    }
}

fn moment(value: i64, data_type: DataType) -> Option<Moment> {
    match data_type {
        DataType::Date => {
            let days = i32::try_from(value).ok()?;
            let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
            epoch.checked_add_signed(chrono::TimeDelta::try_days(i64::from(days))?).map(Moment::Date)
        }
        DataType::Timestamp(Clock::Local) => {
            DateTime::from_timestamp_micros(value).map(|at| Moment::Local(at.naive_utc()))
        }
        DataType::Timestamp(Clock::Instant) => DateTime::from_timestamp_micros(value).map(Moment::Instant),
        DataType::Boolean
        | DataType::Integer
        | DataType::Decimal { .. }
        | DataType::Float
        | DataType::Text
        | DataType::Interval
        | DataType::Null => None,
    }
}
