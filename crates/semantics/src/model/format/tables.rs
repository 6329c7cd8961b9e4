//! The keys of a file, of datasets and of everything else but metrics.

use super::metric::METRIC;
use super::{Key, Shape, Table, key, required};
use crate::model::calendar::{FiscalWeek53, Naming};
use crate::model::dataset::{DimensionKind, EntityKind, Normalization};
use crate::model::relationship::Cardinality;
use crate::model::words::Word;
use crate::time::calendar::{FiscalEnd, FiscalPattern};
use crate::time::granularity::Granularity;

use chrono::Weekday;

pub(in crate::model) const NAME: Key = required("name", Shape::Name, "Lower-case letters, digits and single `_`.");
pub(in crate::model) const LABEL: Key = key("label", Shape::Text, "What people read.");
pub(in crate::model) const DESCRIPTION: Key = key("description", Shape::Text, "What it means, in a sentence.");
pub(in crate::model) const SYNONYMS: Key =
    key("synonyms", Shape::List(&Shape::Text), "Words that people say for it; they lead a search here.");
pub(in crate::model) const SETTLES_AFTER: Key =
    key("settles_after", Shape::Length, "How long after a day its values may still change, as by refunds.");
pub(in crate::model) const ATTRIBUTION_WINDOW: Key =
    key("attribution_window", Shape::Length, "How long after a day conversions are still attributed to it.");
const TEXTS: Shape = Shape::List(&Shape::Text);

pub(in crate::model) const FILE: Table = Table::new(
    "model file",
    "A part of a semantic model; all files of a directory are one model.",
    &[
        key("version", Shape::Count(1, 1), "The version of the format."),
        key("name", Shape::Name, "The model's name; one file has it."),
        DESCRIPTION,
        key("calendar", Shape::Object(&CALENDAR), "How days, weeks and fiscal periods are counted."),
        key("naming", Shape::Word(Naming::NAMES), "How names of dimensions are written; dotted when absent."),
        key("time_spines", Shape::List(&Shape::Object(&TIME_SPINE)), "Datasets of periods, one a row."),
        key("currency", Shape::Text, "The currency that amounts are converted to."),
        key("datasets", Shape::List(&Shape::Object(&DATASET)), "Kinds of rows."),
        key("dimensions", Shape::List(&Shape::Object(&SHARED_DIMENSION)), "Dimensions that datasets share."),
        key("relationships", Shape::List(&Shape::Object(&RELATIONSHIP)), "Which rows point at which."),
        key("metrics", Shape::List(&Shape::Object(&METRIC)), "Metrics across datasets."),
        key("audit", Shape::Object(&AUDIT), "What an audit looks at unless told."),
        key("time_ranges", Shape::List(&Shape::Object(&TIME_RANGE)), "Ranges of dates by name."),
        key("targets", Shape::List(&Shape::Object(&TARGET)), "Planned values of metrics."),
        key("policies", Shape::List(&Shape::Object(&POLICY)), "Which rows and columns a caller may see."),
        key("saved_queries", Shape::List(&Shape::Object(&SAVED_QUERY)), "Questions by name."),
        key("tests", Shape::List(&Shape::Object(&TEST)), "Questions with the rows that answer them."),
    ],
);

pub(in crate::model) const CALENDAR: Table = Table::new(
    "calendar",
    "How days, weeks and fiscal periods are counted.",
    &[
        key("timezone", Shape::Zone, "Whose days; UTC when absent."),
        key("week_start", Shape::Word(&["monday", "sunday"]), "The first day of a week; monday when absent."),
        key("fiscal_year_start", Shape::MonthDay, "The first day of a fiscal year; 01-01 when absent."),
        key("fiscal", Shape::Object(&FISCAL), "Fiscal months of whole weeks."),
        key("as_of", Shape::Word(&["data"]), "The clock of a question: the end of the data."),
    ],
);

pub(in crate::model) const FISCAL: Table = Table::new(
    "fiscal calendar",
    "Fiscal months of whole weeks.",
    &[
        required("pattern", Shape::Word(FiscalPattern::NAMES), "Weeks of the three months of a quarter."),
        required(
            "ends",
            Shape::Word(FiscalEnd::NAMES),
            "The last such weekday of the month, or the nearest to its end.",
        ),
        required("weekday", Shape::Word(Weekday::NAMES), "The weekday that ends the year."),
        required("month", Shape::Count(1, 12), "The month at whose end the year ends."),
        key("week_53", Shape::Word(FiscalWeek53::NAMES), "Where the 53rd week goes."),
    ],
);

pub(in crate::model) const DATASET: Table = Table::new(
    "dataset",
    "One kind of row.",
    &[
        NAME,
        LABEL,
        DESCRIPTION,
        required("source", Shape::Object(&SOURCE), "Where the rows come from."),
        key("columns", Shape::List(&Shape::Object(&COLUMN)), "Columns that the model relies on."),
        key("primary_key", TEXTS, "Columns that together identify a row."),
        key("unique_keys", Shape::List(&TEXTS), "Further sets of columns that identify a row."),
        key("time", Shape::Text, "The default time dimension: a name, or `dataset.dimension`."),
        key("watermark", Shape::Object(&WATERMARK), "How far the rows are complete."),
        SETTLES_AFTER,
        ATTRIBUTION_WINDOW,
        key("dimensions", Shape::List(&Shape::Object(&DIMENSION)), "What rows are grouped and filtered by."),
        key("entities", Shape::List(&Shape::Object(&ENTITY)), "Things that rows belong to."),
        key("validity", Shape::Object(&VALIDITY), "From when until when a row holds."),
        key("metrics", Shape::List(&Shape::Object(&METRIC)), "Metrics over these rows."),
        key("currency", Shape::Object(&CURRENCY), "The currency of the amounts."),
        key("normalize", NORMALIZE, "What is done to the values of every categorical dimension."),
    ],
);

const NORMALIZE: Shape = Shape::OneOrMany(&Shape::Word(Normalization::NAMES));

pub(in crate::model) const SOURCE_FORMS: &[&str] = &["parquet", "csv", "jsonl", "table", "sql"];

pub(in crate::model) const SOURCE: Table = Table::new(
    "source",
    "Where rows come from; paths are relative to the data root.",
    &[
        key("parquet", Shape::Text, "A file, a pattern or a directory."),
        key("csv", Shape::Text, "A file, a pattern or a directory; `.csv.gz` too."),
        key("jsonl", Shape::Text, "A file, a pattern or a directory."),
        key("table", Shape::Text, "A file or directory of this name, whatever its format."),
        key("sql", Shape::Text, "A read-only SELECT over other datasets."),
        key("delimiter", Shape::Character, "Between the fields of a CSV file; a comma when absent."),
        key("header", Shape::Flag, "Whether the first line of a CSV file names the columns; true when absent."),
        key("null", Shape::Text, "The text that is null in a CSV file; the empty field when absent."),
    ],
)
.with_one_of(SOURCE_FORMS);

pub(in crate::model) const COLUMN: Table = Table::new(
    "column",
    "A column that the model relies on.",
    &[
        required("name", Shape::Text, "As in the file."),
        required("type", Shape::ColumnType, "The type of its cells."),
        key("optional", Shape::Flag, "Whether files may lack it."),
        DESCRIPTION,
    ],
);

pub(in crate::model) const TIME_SPINE: Table = Table::new(
    "time spine",
    "A dataset of periods, one a row.",
    &[
        required("dataset", Shape::Text, "Where the periods stand."),
        required("column", Shape::Text, "The column of their first dates or times."),
        required("granularity", Shape::Word(Granularity::NAMES), "The length of a period."),
        key(
            "custom_granularities",
            Shape::List(&Shape::Object(&CUSTOM_GRANULARITY)),
            "Granularities that other columns give.",
        ),
    ],
);

pub(in crate::model) const CUSTOM_GRANULARITY: Table = Table::new(
    "custom granularity",
    "A granularity that a column of a time spine gives.",
    &[NAME, key("column", Shape::Text, "The column of its values; that of its name when absent.")],
);

pub(in crate::model) const VALIDITY: Table = Table::new(
    "validity",
    "From when until when a row holds.",
    &[
        required("from", Shape::Text, "The column of the first time, included."),
        required("to", Shape::Text, "The column of the last time, excluded; null is open."),
    ],
);

pub(in crate::model) const WATERMARK: Table = Table::new(
    "watermark",
    "How far the rows are complete.",
    &[
        required("column", Shape::Text, "Its latest value is the time of the newest row."),
        key("lag", Shape::Length, "How long rows may come late."),
    ],
);

pub(in crate::model) const DIMENSION: Table = Table::new(
    "dimension",
    "What rows are grouped and filtered by.",
    &[
        NAME,
        LABEL,
        DESCRIPTION,
        SYNONYMS,
        key("type", Shape::Word(DimensionKind::NAMES), "What the values are; categorical when absent."),
        key("expr", Shape::Expression, "Over columns; the column of this name when absent."),
        key(
            "granularity",
            Shape::Word(&["second", "minute", "hour", "day", "week", "month", "quarter", "year"]),
            "The finest granularity of a time dimension.",
        ),
        key("stored_as", Shape::StoredAs, "Whose wall clock timestamps without a zone show."),
        key("normalize", NORMALIZE, "What is done to the values."),
        key("partition", Shape::Flag, "Whether datasets that both have it join on it too."),
        key("hidden", Shape::Flag, "Whether it is left out of lists."),
    ],
);

pub(in crate::model) const ENTITY: Table = Table::new(
    "entity",
    "A thing that rows belong to.",
    &[
        NAME,
        key("kind", Shape::Word(EntityKind::NAMES), "How rows belong to it; read from the keys when absent."),
        key("columns", TEXTS, "The columns of its key; with a `kind` they may be absent, and nothing is joined by it."),
        DESCRIPTION,
    ],
);

pub(in crate::model) const CURRENCY: Table = Table::new(
    "currency",
    "The currency of a dataset's amounts.",
    &[
        required("column", Shape::Text, "The column that names the currency of a row."),
        key("rates", Shape::Text, "The dataset of rates by day; without it, all rows have one currency."),
        key("rates_day", Shape::Text, "Its column of days; that of its `time`, else `day`, when absent."),
        key("rates_currency", Shape::Text, "Its column of currencies; `currency` when absent."),
        key("rates_value", Shape::Text, "Its column of what one unit is worth in the base; `rate` when absent."),
        key("rates_base", Shape::Text, "The currency that the rates lead to; the model's when absent."),
    ],
);

pub(in crate::model) const SHARED_DIMENSION: Table = Table::new(
    "shared dimension",
    "A dimension that datasets share.",
    &[
        NAME,
        LABEL,
        DESCRIPTION,
        SYNONYMS,
        required("of", TEXTS, "The dimensions that are one: `dataset.dimension` paths."),
        key("hidden", Shape::Flag, "Whether it is left out of lists."),
    ],
);

pub(in crate::model) const RELATIONSHIP: Table = Table::new(
    "relationship",
    "Rows of one dataset point at rows of another.",
    &[
        NAME,
        DESCRIPTION,
        key("entity", Shape::Text, "The entity that both ends hold; paths may name it."),
        required("from", Shape::Text, "The dataset that points."),
        required("from_columns", TEXTS, "Its columns."),
        required("to", Shape::Text, "The dataset that is pointed at."),
        required("to_columns", TEXTS, "Its columns, in the same order."),
        key("cardinality", Shape::Word(Cardinality::NAMES), "How the two ends count; read from the keys when absent."),
        key("through", Shape::Text, "The dataset of pairs, of a many-to-many relationship that has one."),
        key("through_from_columns", TEXTS, "Its columns that equal `from_columns`; of the same names when absent."),
        key("through_to_columns", TEXTS, "Its columns that equal `to_columns`; of the same names when absent."),
    ],
);

pub(in crate::model) const AUDIT: Table = Table::new(
    "audit",
    "What an audit looks at unless told.",
    &[
        key("metrics", TEXTS, "The metrics."),
        key("dimensions", TEXTS, "The dimensions that drivers are looked for in."),
    ],
);

pub(in crate::model) const TIME_RANGE: Table = Table::new(
    "time range",
    "A range of dates by name.",
    &[
        NAME,
        LABEL,
        DESCRIPTION,
        required("start", Shape::Date, "The first day."),
        required("end", Shape::Date, "The last day; it belongs to the range."),
    ],
);

pub(in crate::model) const TARGET: Table = Table::new(
    "target",
    "Planned values of a metric by period.",
    &[
        required("metric", Shape::Text, "The metric."),
        required("granularity", Shape::Word(Granularity::NAMES), "The period of one value; a day at least."),
        required("source", Shape::Object(&SOURCE), "Where the values come from."),
        key("period", Shape::Text, "The column of a day of each period; that of the granularity's name when absent."),
        key("value", Shape::Text, "The column of the values; that of the metric's name when absent."),
        key("dimensions", TEXTS, "Dimensions that the target is split by, each a column of its name."),
    ],
);

pub(in crate::model) const POLICY: Table = Table::new(
    "policy",
    "Which rows and columns of a dataset a caller may see.",
    &[
        key("name", Shape::Text, "For people who read the model."),
        DESCRIPTION,
        required("dataset", Shape::Text, "The dataset."),
        key(
            "filter",
            Shape::Expression,
            "The rows that are seen, over dimensions of these and of what they belong to; `:caller.key` is of who asks.",
        ),
        key("hide", TEXTS, "Dimensions and columns that nobody sees, or nobody but those of `unless`."),
        key("unless", Shape::Expression, "The callers who see what is hidden, over `:caller.key` alone."),
    ],
);

/// The arguments of a request that a saved query or a test may have; the request's own decoder
/// reads their values.
const ARGUMENTS: [Key; 25] = [
    argument("metrics"),
    argument("query"),
    argument("time_range"),
    argument("start_date"),
    argument("end_date"),
    argument("granularity"),
    argument("comparison"),
    argument("group_by"),
    argument("where"),
    argument("having"),
    argument("order_by"),
    argument("limit"),
    argument("cursor"),
    argument("include_empty"),
    argument("totals"),
    argument("timezone"),
    argument("as_of"),
    argument("include_today"),
    argument("complete_days_only"),
    argument("align_to_granularity"),
    argument("currency"),
    argument("response_format"),
    argument("number_format"),
    argument("max_bytes"),
    argument("explain"),
];

const SAVED_QUERY_KEYS: [Key; 4 + ARGUMENTS.len()] = {
    let mut keys = [NAME; 4 + ARGUMENTS.len()];
    keys[1] = LABEL;
    keys[2] = DESCRIPTION;
    keys[3] = SYNONYMS;
    let mut i = 0;
    while i < ARGUMENTS.len() {
        keys[4 + i] = ARGUMENTS[i];
        i += 1;
    }
    keys
};

pub(in crate::model) const SAVED_QUERY: Table =
    Table::new("saved query", "A question by name: the arguments of a request.", &SAVED_QUERY_KEYS);

/// The names of the arguments of a request that model files know.
#[cfg(test)]
pub(crate) fn arguments() -> impl Iterator<Item = &'static str> {
    ARGUMENTS.iter().map(|key| key.name)
}

pub(in crate::model) const TEST: Table = Table::new(
    "test",
    "A question with the rows that answer it.",
    &[
        key("name", Shape::Text, "What is tested."),
        DESCRIPTION,
        required("query", Shape::Object(&TEST_QUERY), "The arguments of a request."),
        required("expect", Shape::Rows, "The rows of the answer."),
    ],
);

pub(in crate::model) const TEST_QUERY: Table = Table::new("query", "The arguments of a request.", &ARGUMENTS);

/// A key that the request's own decoder reads.
const fn argument(name: &'static str) -> Key {
    key(name, Shape::Argument, "As in a request.")
}
