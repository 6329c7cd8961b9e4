//! Datasets: where rows come from, what identifies them, when they happened, how they are named.

use chrono_tz::Tz;

use crate::data_type::DataType;
use crate::model::{Length, Metric, NotYet};
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;

/// One kind of row.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    pub name: Spanned<String>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub source: Location,
    /// Columns that the model relies on, with their types; others keep the file's.
    pub columns: Vec<Column>,
    /// Columns that together identify a row; empty when not declared.
    pub primary_key: Vec<Spanned<String>>,
    /// Further sets of columns that identify a row.
    pub unique_keys: Vec<Vec<Spanned<String>>>,
    /// The default time dimension: a dimension of this dataset or `dataset.dimension`, reached
    /// along a many-to-one path.
    pub time: Option<Spanned<String>>,
    pub watermark: Option<Watermark>,
    /// How long after a day its values may still change, as refunds change sales.
    pub settles_after: Option<Spanned<Length>>,
    /// How long after a day conversions are still attributed to it.
    pub attribution_window: Option<Spanned<Length>>,
    pub dimensions: Vec<Dimension>,
    pub entities: Vec<Entity>,
    /// From when until when a row holds, of a dataset that keeps the versions of its things.
    pub validity: Option<Validity>,
    pub metrics: Vec<Metric>,
    pub currency: Option<Currency>,
    /// What is done to the values of every categorical dimension that does not say otherwise.
    pub normalize: Option<Vec<Spanned<Normalization>>>,
    pub span: Span,
}

/// `source:`, one of its forms. Paths are as written: relative to the data root, not yet checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Location {
    Parquet {
        path: Spanned<String>,
    },
    Csv {
        path: Spanned<String>,
        options: CsvOptions,
    },
    JsonLines {
        path: Spanned<String>,
    },
    /// A table of the data root, whatever its format.
    Table {
        name: Spanned<String>,
    },
    /// A read-only SELECT over other datasets.
    Sql {
        query: Spanned<String>,
    },
}

/// How a CSV file is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CsvOptions {
    /// One ASCII character; a comma when absent.
    pub delimiter: Option<Spanned<u8>>,
    /// Whether the first line names the columns; true when absent.
    pub header: Option<Spanned<bool>>,
    /// The text that stands for null; the empty field when absent.
    pub null: Option<Spanned<String>>,
}

/// A declared column of the source.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: Spanned<String>,
    pub data_type: Spanned<DataType>,
    /// Whether files may lack it.
    pub optional: bool,
    pub description: Option<Spanned<String>>,
    pub span: Span,
}

/// `watermark: {column, lag}`: rows up to the latest value of `column`, less `lag`, are complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Watermark {
    pub column: Spanned<String>,
    pub lag: Option<Spanned<Length>>,
    pub span: Span,
}

/// A name that rows are grouped and filtered by.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    pub name: Spanned<String>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub synonyms: Vec<Spanned<String>>,
    /// Categorical, at the span of the name, when absent.
    pub kind: Spanned<DimensionKind>,
    /// Over columns; the column of the dimension's name when absent.
    pub expr: Option<Spanned<String>>,
    /// The finest granularity of the values; of a time dimension only.
    pub granularity: Option<Spanned<Granularity>>,
    /// What timestamps without a zone mean; of a time dimension only.
    pub stored_as: Option<Spanned<StoredAs>>,
    /// `None` leaves it to the dataset.
    pub normalize: Option<Vec<Spanned<Normalization>>>,
    /// Whether datasets that both have it join on it as well as on their keys.
    pub partition: bool,
    pub hidden: bool,
    pub span: Span,
}

/// What the values of a dimension are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DimensionKind {
    Categorical,
    Time,
    Boolean,
    Number,
}

/// Whose digits a timestamp without a zone holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredAs {
    Utc,
    Zone(Tz),
}

/// What is done to a text value before it is grouped or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Normalization {
    Trim,
    Lower,
    Upper,
}

/// A thing that rows belong to, such as a customer: named columns that hold its key.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    pub name: Spanned<String>,
    /// Inferred from the dataset's keys when absent.
    pub kind: Option<Spanned<EntityKind>>,
    pub columns: Vec<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub span: Span,
}

/// How the rows of a dataset belong to an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntityKind {
    /// One row each; what the dataset is about.
    Primary,
    /// One row each.
    Unique,
    /// Many rows each.
    Foreign,
    /// One row each at any one time.
    Natural,
}

/// `validity: {from, to}`: a row holds from the one time, included, to the other, excluded; a null
/// bound is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Validity {
    /// Columns.
    pub from: Spanned<String>,
    pub to: Spanned<String>,
    pub span: Span,
}

/// `currency: {column, rates, …}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Currency {
    /// The column that names the currency of the row's amounts.
    pub column: Spanned<String>,
    /// The dataset of rates by day.
    pub rates: Option<Spanned<String>>,
    /// Its column of days; that of its `time`, else `day`, when absent.
    pub rates_day: Option<Spanned<String>>,
    /// Its column of currencies; `currency` when absent.
    pub rates_currency: Option<Spanned<String>>,
    /// Its column of what one unit is worth in the base; `rate` when absent.
    pub rates_value: Option<Spanned<String>>,
    /// The currency that the rates lead to; the model's when absent.
    pub rates_base: Option<Spanned<String>>,
    pub span: Span,
}

impl Dataset {
    /// What of this dataset cannot be executed yet; using the dataset is refused by these names.
    pub fn not_yet(&self) -> Vec<NotYet> {
        let mut found = Vec::new();
        if let Location::Sql { query } = &self.source {
            found.push(NotYet { what: "source: sql", span: query.span });
        }
        found
    }
}
