//! The arguments of every tool: the one table that the decoder reads by and the schemas are
//! written from.

mod administration;
mod calls;
mod catalog;

use administration::{
    CREATE_ORGANIZATION, CREATE_PARTNER, CREATE_TOKEN, CREATE_USER, LIST_FEEDBACK, REVOKE_TOKEN, UPDATE_ORGANIZATION,
    UPDATE_PARTNER, UPDATE_USER,
};
use calls::{EXECUTE, FEEDBACK, FETCH};
use catalog::{CALENDAR, DESCRIBE_METRIC, DIMENSION_VALUES, EXPLAIN, LIST_METRICS, SEARCH};

/// A named value that a tool, or an item of one of its lists, takes.
#[derive(Debug)]
pub(super) struct Argument {
    pub name: &'static str,
    pub shape: Shape,
    pub description: &'static str,
    /// A right value, as JSON text.
    pub example: &'static str,
    pub required: bool,
    /// What callers write instead; only for suggestions.
    pub misnomers: &'static [&'static str],
}

/// What a value looks like.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    /// A text; a number is read from its text.
    Scalar,
    /// Words for a person to read, of so many characters at most.
    Prose {
        most: usize,
    },
    Flag,
    /// A whole number.
    Count {
        least: u64,
        most: u64,
    },
    /// One of a closed list.
    Word(&'static [&'static str]),
    /// A text, a number or a boolean.
    Value,
    /// One value or more; a single one may stand without its list.
    List {
        of: &'static Shape,
        most: usize,
        /// What one item of it is, in the message of a list that is too long.
        item: &'static str,
    },
    Object(&'static [Argument]),
    /// An item in its short form, or spelled out.
    TextOr(&'static [Argument]),
    /// The arguments of another tool.
    Arguments,
}

impl Argument {
    /// What it is for, as a help.
    pub(super) fn says(&self) -> String {
        let mut rest = self.description.chars();
        match (rest.next(), rest.clone().next()) {
            (Some(first), Some(second)) if second.is_lowercase() => {
                format!("`{}`: {}{}", self.name, first.to_lowercase(), rest.as_str())
            }
            _ => format!("`{}`: {}", self.name, self.description),
        }
    }

    const fn new(name: &'static str, shape: Shape, description: &'static str, example: &'static str) -> Argument {
        Argument { name, shape, description, example, required: false, misnomers: &[] }
    }

    const fn required(self) -> Argument {
        Argument { required: true, ..self }
    }

    const fn not(self, misnomers: &'static [&'static str]) -> Argument {
        Argument { misnomers, ..self }
    }
}

pub(super) const MAX_METRICS: usize = 100;
pub(super) const MAX_GROUPS: usize = 20;
pub(super) const MAX_FILTERS: usize = 50;

/// Every tool and operation that takes its arguments here, with the lists they are made of.
pub(super) const TOOLS: [(&str, &[&[Argument]]); 30] = [
    ("get_metrics", &[&METRICS, &SAVED_QUERY, &QUERY, &TIME, &COMPARISON, &QUESTION, &CLOCK, &OUTPUT, &CHART]),
    ("audit_performance", &[&AUDIT_METRICS, &QUERY, &AUDIT_TIME, &COMPARISON, &AUDIT, &CLOCK, &OUTPUT, &CHART]),
    ("search", &[&SEARCH]),
    ("execute", &[&EXECUTE]),
    ("fetch", &[&FETCH]),
    ("submit_mcp_feedback", &[&FEEDBACK]),
    ("list_metrics", &[&LIST_METRICS]),
    ("describe_metric", &[&DESCRIBE_METRIC]),
    ("list_dimensions", &[&LIST_DIMENSIONS]),
    ("get_dimension_values", &[&DIMENSION_VALUES]),
    ("get_freshness", &[]),
    ("list_saved_queries", &[]),
    ("run_saved_query", &[&SAVED_NAME, &TIME, &COMPARISON, &QUESTION, &CLOCK, &OUTPUT]),
    ("sql", &[&SQL, &TIME, &COMPARISON, &CLOCK, &OUTPUT, &PAGE]),
    ("explain", &[&EXPLAIN]),
    ("resolve_time_range", &[&TIME, &COMPARISON, &CLOCK, &CALENDAR]),
    ("list_organizations", &[]),
    ("create_organization", &[&CREATE_ORGANIZATION]),
    ("update_organization", &[&UPDATE_ORGANIZATION]),
    ("list_partners", &[]),
    ("create_partner", &[&CREATE_PARTNER]),
    ("update_partner", &[&UPDATE_PARTNER]),
    ("list_users", &[]),
    ("create_user", &[&CREATE_USER]),
    ("update_user", &[&UPDATE_USER]),
    ("list_tokens", &[]),
    ("create_token", &[&CREATE_TOKEN]),
    ("revoke_token", &[&REVOKE_TOKEN]),
    ("list_feedback", &[&LIST_FEEDBACK]),
    ("reload_models", &[]),
];

/// The arguments of a saved query or of a test in a model file.
pub(super) const SAVED: &[&[Argument]] = &[&SAVED_METRICS, &QUERY, &TIME, &COMPARISON, &QUESTION, &CLOCK, &OUTPUT];

/// The arguments of a tool, in the order of the documentation.
pub(super) fn arguments(tool: &str) -> Option<Vec<&'static Argument>> {
    TOOLS.iter().find(|(name, _)| *name == tool).map(|(_, lists)| flat(lists))
}

pub(super) fn flat(lists: &'static [&'static [Argument]]) -> Vec<&'static Argument> {
    lists.iter().flat_map(|list| list.iter()).collect()
}

/// Of questions, whose metrics may be read earlier.
const QUESTION_LIST: Shape = Shape::List { of: &Shape::TextOr(&QUESTION_ITEM), most: MAX_METRICS, item: "metrics" };

const METRIC_LIST: Shape = Shape::List { of: &Shape::TextOr(&METRIC_ITEM), most: MAX_METRICS, item: "metrics" };

const METRIC_NAME: Argument = Argument::new("name", Shape::Text, "Metric name", r#""net_sales""#).required();
const METRIC_ALIAS: Argument =
    Argument::new("alias", Shape::Text, "Column name in the answer", r#""sales""#).not(&["as"]);

static METRIC_ITEM: [Argument; 2] = [METRIC_NAME, METRIC_ALIAS];

static QUESTION_ITEM: [Argument; 3] = [
    METRIC_NAME,
    METRIC_ALIAS,
    Argument::new("offset_window", Shape::Text, "How much earlier it is read", r#""1 month""#)
        .not(&["offset", "shift", "lag"]),
];

static METRICS: [Argument; 1] = [Argument::new(
    "metric_names",
    QUESTION_LIST,
    "Metrics, by the names that search gives",
    r#"["net_sales", "orders"]"#,
)
.not(&["metrics", "metric", "metric_name", "names", "name", "measures"])];

static LIST_DIMENSIONS: [Argument; 1] = [Argument::new(
    "metric_names",
    METRIC_LIST,
    "Metrics, by the names that search gives",
    r#"["net_sales", "orders"]"#,
)
.not(&["metrics", "metric", "metric_name", "names", "name", "measures"])];

static AUDIT_METRICS: [Argument; 1] = [Argument::new(
    "metric_names",
    METRIC_LIST,
    "Metrics to audit; without it, the model's main metrics",
    r#"["net_sales", "orders"]"#,
)
.not(&["metrics", "metric", "metric_name", "names", "name", "measures"])];

static SAVED_METRICS: [Argument; 1] =
    [Argument::new("metrics", QUESTION_LIST, "Metrics of the query", r#"["net_sales", "orders"]"#).not(&[
        "metric_names",
        "metric",
        "measures",
    ])];

static SAVED_QUERY: [Argument; 1] = [Argument::new(
    "saved_query",
    Shape::Text,
    "A saved query to start from; other arguments change it",
    r#""weekly_review""#,
)];

static SAVED_NAME: [Argument; 1] =
    [Argument::new("name", Shape::Text, "Name of the saved query", r#""weekly_review""#).required().not(&[
        "saved_query",
        "query",
        "id",
    ])];

static QUERY: [Argument; 1] = [Argument::new(
    "query",
    Shape::Text,
    "A SQL-like question, instead of the other arguments",
    r#""SELECT channel, MEASURE(net_sales) FROM metrics GROUP BY channel""#,
)
.not(&["sql"])];

static SQL: [Argument; 1] = [Argument::new(
    "query",
    Shape::Text,
    "One statement that reads: SELECT over metrics or datasets, WITH, EXPLAIN, SHOW, DESCRIBE",
    r#""SELECT channel, MEASURE(net_sales) FROM metrics WHERE TIME_RANGE('last_7_days') GROUP BY channel""#,
)
.required()
.not(&["sql", "statement", "text"])];

static PAGE: [Argument; 2] = [
    Argument::new("cursor", Shape::Text, "next_cursor of the previous page", r#""eyJ...""#)
        .not(&["next_cursor", "page"]),
    Argument::new("include_empty", Shape::Flag, "Keep periods and members without data", "true"),
];

const TIME_RANGE_MISNOMERS: &[&str] = &["period", "date_range", "range", "time", "dates", "timeframe", "time_period"];

static TIME: [Argument; 4] = [
    Argument::new(
        "time_range",
        Shape::Scalar,
        "Period, such as last_7_days, yesterday, mtd, last_month, 2026-Q3, 2026-03-01..2026-03-31, all_time",
        r#""last_7_days""#,
    )
    .not(TIME_RANGE_MISNOMERS),
    Argument::new("start_date", Shape::Scalar, "First day, with end_date, instead of time_range", r#""2026-03-01""#)
        .not(&["start", "from", "date_from", "since"]),
    Argument::new("end_date", Shape::Scalar, "Last day, included", r#""2026-03-31""#)
        .not(&["end", "to", "date_to", "until"]),
    Argument::new(
        "granularity",
        Shape::Text,
        "Time series by none, hour, day, week, month, quarter, year or a granularity of the model",
        r#""day""#,
    )
    .not(&["grain", "time_granularity", "time_grain", "interval", "bucket"]),
];

static AUDIT_TIME: [Argument; 4] = [
    Argument::new(
        "time_range",
        Shape::Scalar,
        "Period, such as last_7_days (the default), mtd, last_month, 2026-03-01..2026-03-31",
        r#""last_7_days""#,
    )
    .not(TIME_RANGE_MISNOMERS),
    Argument::new("start_date", Shape::Scalar, "First day, with end_date, instead of time_range", r#""2026-03-01""#)
        .not(&["start", "from", "date_from", "since"]),
    Argument::new("end_date", Shape::Scalar, "Last day, included", r#""2026-03-31""#)
        .not(&["end", "to", "date_to", "until"]),
    Argument::new("granularity", Shape::Text, "Adds a time series: day, week, month", r#""day""#).not(&[
        "grain",
        "time_granularity",
        "time_grain",
    ]),
];

static COMPARISON: [Argument; 1] = [Argument::new(
    "comparison",
    Shape::Scalar,
    "Other period: previous_period, previous_year, previous_period_match_weekday, previous_4_average, target, none or a range",
    r#""previous_period""#,
)
.not(&["compare", "compare_to", "comparison_period", "versus", "vs"])];

const WHERE_LIST: Shape = Shape::List { of: &Shape::TextOr(&WHERE_ITEM), most: MAX_FILTERS, item: "conditions" };
const HAVING_LIST: Shape = Shape::List { of: &Shape::TextOr(&HAVING_ITEM), most: MAX_FILTERS, item: "conditions" };

/// Operators of a condition that is spelled out.
pub(super) const OPERATORS: &[&str] =
    &["=", "!=", "<", "<=", ">", ">=", "in", "not_in", "contains", "starts_with", "between", "is_null", "is_not_null"];

const VALUES: Shape = Shape::List { of: &Shape::Value, most: 2_000, item: "values" };

static WHERE_ITEM: [Argument; 6] = [
    Argument::new("dimension", Shape::Text, "Dimension to filter by", r#""country""#).not(&["field", "name", "column"]),
    Argument::new("op", Shape::Word(OPERATORS), "Operator", r#""in""#).not(&["operator"]),
    Argument::new("value", Shape::Value, "Value, for operators of one", r#""US""#),
    Argument::new("values", VALUES, "Values, for in, not_in, between", r#"["US", "CA"]"#),
    Argument::new("metric", Shape::Text, "With where: filters this metric alone", r#""net_sales""#),
    Argument::new(
        "where",
        Shape::List { of: &Shape::Text, most: MAX_FILTERS, item: "conditions" },
        "Conditions for that metric",
        r#"["channel = 'email'"]"#,
    ),
];

static HAVING_ITEM: [Argument; 4] = [
    Argument::new("metric", Shape::Text, "Metric to filter by", r#""net_sales""#).required().not(&[
        "field",
        "name",
        "column",
        "dimension",
    ]),
    Argument::new("op", Shape::Word(OPERATORS), "Operator", r#"">""#).not(&["operator"]),
    Argument::new("value", Shape::Value, "Value, for operators of one", "1000"),
    Argument::new("values", VALUES, "Values, for in, not_in, between", "[100, 200]"),
];

const WHERE: Argument = Argument::new(
    "where",
    WHERE_LIST,
    "Conditions on rows, all of which hold, such as country = 'US' or channel IN ('email', 'social')",
    r#"["country = 'US'"]"#,
)
.not(&["filter", "filters", "conditions"]);

static GROUP_ITEM: [Argument; 4] = [
    Argument::new("name", Shape::Text, "Dimension name", r#""metric_time""#).required().not(&[
        "dimension",
        "field",
        "column",
    ]),
    Argument::new("grain", Shape::Text, "Granularity of a time dimension", r#""month""#).not(&["granularity"]),
    Argument::new(
        "date_part",
        Shape::Word(&["year", "quarter", "month", "week", "day", "dow", "doy", "hour", "minute", "second"]),
        "Part of a time dimension, instead of grain",
        r#""dow""#,
    ),
    Argument::new("alias", Shape::Text, "Column name in the answer", r#""month""#).not(&["as"]),
];

static ORDER_ITEM: [Argument; 2] = [
    Argument::new("column", Shape::Text, "Column of the answer", r#""net_sales""#).required().not(&[
        "name",
        "field",
        "by",
        "metric",
        "dimension",
    ]),
    Argument::new("direction", Shape::Word(&["asc", "desc"]), "asc (the default) or desc", r#""desc""#)
        .not(&["order", "sort", "dir"]),
];

static QUESTION: [Argument; 8] = [
    Argument::new(
        "group_by",
        Shape::List { of: &Shape::TextOr(&GROUP_ITEM), most: MAX_GROUPS, item: "groups" },
        "Dimensions to break down by; a time dimension takes __month and so on",
        r#"["channel", "customers.country"]"#,
    )
    .not(&["dimensions", "dimension", "by", "breakdown", "groups", "group"]),
    WHERE,
    Argument::new(
        "having",
        HAVING_LIST,
        "Conditions on results, by metric names, such as orders BETWEEN 10 AND 50",
        r#"["net_sales > 1000"]"#,
    ),
    Argument::new(
        "order_by",
        Shape::List { of: &Shape::TextOr(&ORDER_ITEM), most: MAX_GROUPS, item: "columns" },
        "Columns to sort by; a minus sign sorts descending, as in -net_sales",
        r#"["-net_sales"]"#,
    )
    .not(&["sort", "order", "sort_by", "orderby"]),
    Argument::new(
        "limit",
        Shape::Count { least: 1, most: u32::MAX as u64 },
        "Rows to keep; all of them when left out",
        "20",
    )
    .not(&["top", "n", "max_rows", "rows", "page_size"]),
    Argument::new("cursor", Shape::Text, "next_cursor of the previous page", r#""eyJ...""#).not(&[
        "next_cursor",
        "page",
        "offset",
        "page_token",
    ]),
    Argument::new("include_empty", Shape::Flag, "Keep periods and members without data", "true"),
    Argument::new("totals", Shape::Flag, "Each metric over the whole range (default true)", "true"),
];

static AUDIT: [Argument; 4] = [
    Argument::new(
        "dimensions",
        Shape::List { of: &Shape::TextOr(&GROUP_ITEM), most: MAX_GROUPS, item: "dimensions" },
        "Dimensions to look for drivers in; without it, the model's",
        r#"["channel", "country"]"#,
    )
    .not(&["group_by", "by", "drivers", "breakdown"]),
    WHERE,
    Argument::new("min_level", Shape::Word(&["none", "notable", "major"]), "Lowest level to list", r#""notable""#)
        .not(&["level", "severity"]),
    Argument::new("max_highlights", Shape::Count { least: 0, most: 100 }, "Highlights at most (default 6)", "6")
        .not(&["limit", "highlights"]),
];

static CLOCK: [Argument; 5] = [
    Argument::new("timezone", Shape::Text, "IANA time zone (default: the model's)", r#""America/New_York""#).not(&[
        "tz",
        "time_zone",
        "zone",
    ]),
    Argument::new(
        "as_of",
        Shape::Scalar,
        "The now of the answer: a timestamp with offset, a date, or data",
        r#""2026-11-20""#,
    )
    .not(&["now", "asof", "at"]),
    Argument::new("include_today", Shape::Flag, "Ranges of last N days end today", "true"),
    Argument::new("complete_days_only", Shape::Flag, "Ranges end yesterday at the latest", "true"),
    Argument::new("align_to_granularity", Shape::Flag, "Widen the range to whole periods of the granularity", "true"),
];

static OUTPUT: [Argument; 5] = [
    Argument::new("currency", Shape::Text, "Currency of amounts (default: the model's)", r#""USD""#),
    Argument::new(
        "response_format",
        Shape::Word(&["concise", "detailed"]),
        "How much to tell (default detailed)",
        r#""concise""#,
    )
    .not(&["format", "verbosity"]),
    Argument::new(
        "number_format",
        Shape::Word(&["number", "string"]),
        "Numbers as JSON numbers or exact strings",
        r#""string""#,
    ),
    Argument::new(
        "max_bytes",
        Shape::Count { least: 1_000, most: u32::MAX as u64 },
        "Size of the answer at most",
        "30000",
    ),
    Argument::new("explain", Shape::Flag, "Add how the question was understood", "true"),
];

static CHART: [Argument; 1] = [Argument::new(
    "chart",
    Shape::Word(&["svg", "png"]),
    "Over MCP, add a picture of the answer as an image of this kind",
    r#""png""#,
)
.not(&["image", "picture", "plot", "graph"])];
