//! The functions that a statement may call. What makes texts without a bound, reads the clock, files or the
//! engine's own state, or draws lots is not among them.

/// Of one row.
pub(super) const SCALAR: &[&str] = &[
    "abs",
    "acos",
    "asin",
    "atan",
    "atan2",
    "btrim",
    "cbrt",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "contains",
    "cos",
    "date_part",
    "date_trunc",
    "degrees",
    "ends_with",
    "exp",
    "floor",
    "greatest",
    "initcap",
    "instr",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "ltrim",
    "md5",
    "mod",
    "nullif",
    "pi",
    "position",
    "pow",
    "power",
    "radians",
    "replace",
    "reverse",
    "right",
    "round",
    "rtrim",
    "sign",
    "signum",
    "sin",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substr",
    "substring",
    "tan",
    "to_char",
    "to_date",
    "to_timestamp",
    "trim",
    "trunc",
    "upper",
];

/// Of the rows of a group.
pub(super) const AGGREGATE: &[&str] = &[
    "sum",
    "count",
    "avg",
    "mean",
    "min",
    "max",
    "median",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var",
    "var_pop",
    "var_samp",
    "covar",
    "covar_pop",
    "covar_samp",
    "corr",
    "bool_and",
    "bool_or",
    "first_value",
    "last_value",
    "approx_distinct",
    "approx_median",
    "approx_percentile_cont",
    "percentile_cont",
    "grouping",
];

/// Of a window, and of nothing else.
pub(super) const WINDOW: &[&str] =
    &["row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "nth_value"];

/// Of metrics: they are lifted and never run. `metric(m, key)` is a metric by keys, in conditions on rows.
pub(super) const SEMANTIC: &[&str] =
    &["measure", "agg", "aggregate", "prior", "delta", "pct_change", "time_range", "compare", "metric"];

/// Of those, the ones with the named argument `offset`.
pub(super) const TAKES_OFFSET: &[&str] = &["measure", "agg", "aggregate"];

/// What reads the clock: a question's clock is `as_of`.
pub(super) const CLOCKS: &[&str] = &[
    "now",
    "today",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "getdate",
    "sysdate",
];

pub(super) fn all() -> impl Iterator<Item = &'static str> {
    [SCALAR, AGGREGATE, WINDOW, SEMANTIC].into_iter().flatten().copied()
}
