//! The keys of metrics and of what stands in them.

use super::tables::{ATTRIBUTION_WINDOW, DESCRIPTION, LABEL, NAME, SETTLES_AFTER, SYNONYMS, TEST};
use super::{Key, Need, Shape, Table, key, required};
use crate::model::metric::{
    Aggregation, Calculation, Direction, Format, GroupAggregation, PercentileType, PeriodAggregation, WindowChoice,
};
use crate::model::words::Word;

/// The words of a metric's `type`.
pub(in crate::model) const TYPES: &[&str] = &["simple", "ratio", "derived", "cumulative", "conversion", "cohort"];

pub(in crate::model) const METRIC: Table = Table::new(
    "metric",
    "What people ask for, by a name.",
    &[
        NAME,
        required("type", Shape::Word(TYPES), "How the metric is computed."),
        LABEL,
        DESCRIPTION,
        SYNONYMS,
        key("aliases", Shape::List(&Shape::Name), "Other names that answer as this metric."),
        key("deprecated_names", Shape::List(&Shape::Name), "Former names; they answer with a warning."),
        key("owner", Shape::Text, "Who answers for the definition."),
        key("unit", Shape::Text, "A currency code, or a word such as `orders`."),
        key("format", Shape::Word(Format::NAMES), "How the number is written."),
        key("direction", Shape::Word(Direction::NAMES), "Which way is good."),
        key("filter", Shape::OneOrMany(&Shape::Expression), "Conditions over dimensions; all must hold."),
        key("granularity", Shape::Grain, "What a bare `metric_time` means for the metric."),
        key("join_to_timespine", Shape::Flag, "Whether periods without rows are listed."),
        key("fill_nulls_with", Shape::Decimal, "The value where there are no rows."),
        key("materiality", Shape::Object(&MATERIALITY), "How large a change must be to matter."),
        key("min_sample", Shape::Count(1, u32::MAX as u64), "The smallest volume for which a change is tested."),
        key("sample", Shape::Text, "The count metric that is this metric's volume."),
        SETTLES_AFTER,
        ATTRIBUTION_WINDOW,
        key("hidden", Shape::Flag, "Whether the metric is only for other metrics' formulas."),
        key("tests", Shape::List(&Shape::Object(&TEST)), "Questions with the rows that answer them."),
        only("agg", Shape::Word(Aggregation::NAMES), &["simple"], &[], "How rows become a value."),
        only("expr", Shape::Expression, &["derived"], &["simple"], "Over columns (simple) or metrics (derived)."),
        only("time", Shape::Text, &[], &["simple"], "The metric's own time dimension."),
        only("percentile", Shape::Fraction, &[], &["simple"], "The share of values below, for `agg: percentile`."),
        only(
            "percentile_type",
            Shape::Word(PercentileType::NAMES),
            &[],
            &["simple"],
            "How a percentile between two values is read.",
        ),
        only(
            "non_additive_dimension",
            Shape::Object(&NON_ADDITIVE),
            &[],
            &["simple"],
            "A dimension that values cannot be summed over.",
        ),
        only("scale", Shape::Count(0, 18), &[], &["simple"], "Digits after the point of amounts stored as floats."),
        only("numerator", INPUT_SHAPE, &["ratio"], &[], "The metric that is divided."),
        only("denominator", INPUT_SHAPE, &["ratio"], &[], "The metric that it is divided by."),
        only("input_metrics", Shape::List(&INPUT_SHAPE), &[], &["derived"], "The metrics of the formula."),
        only("input_metric", INPUT_SHAPE, &["cumulative", "cohort"], &[], "The metric that is accumulated."),
        only("window", Shape::Length, &[], &["cumulative", "conversion"], "How far back, or how long after."),
        only("grain_to_date", Shape::Grain, &[], &["cumulative"], "The period whose start the total runs from."),
        only(
            "period_agg",
            Shape::Word(PeriodAggregation::NAMES),
            &[],
            &["cumulative"],
            "How the values within a period become one.",
        ),
        only("base_metric", INPUT_SHAPE, &["conversion"], &[], "The events that may convert."),
        only("conversion_metric", INPUT_SHAPE, &["conversion"], &[], "The events that they convert to."),
        only("entity", Shape::Text, &["conversion", "cohort"], &[], "Whose events belong together."),
        only(
            "calculation",
            Shape::Word(Calculation::NAMES),
            &[],
            &["conversion", "cohort"],
            "A rate or a count; for each member of a cohort, in total, or the share or number that came back.",
        ),
        only(
            "constant_properties",
            Shape::List(&Shape::Object(&CONSTANT_PROPERTY)),
            &[],
            &["conversion"],
            "Properties that both events share.",
        ),
        only("cohort", INPUT_SHAPE, &["cohort"], &[], "The metric whose first row starts a member's age."),
        only("age", Shape::Length, &["cohort"], &[], "How long a member is followed."),
    ],
);

const INPUT_SHAPE: Shape = Shape::NameOr(&INPUT);

pub(in crate::model) const INPUT: Table = Table::new(
    "input metric",
    "A metric that another is made of.",
    &[
        required("name", Shape::Text, "The metric."),
        key("alias", Shape::Name, "Its name in the formula."),
        key("filter", Shape::OneOrMany(&Shape::Expression), "Conditions over dimensions; all must hold."),
        key("offset_window", Shape::Offset, "How far back it is read."),
        key("offset_to_grain", Shape::Grain, "The period to whose start it is moved back."),
        key("grain", Shape::Object(&GRAIN), "Another level of detail than the question's."),
    ],
);

pub(in crate::model) const GRAIN: Table = Table::new(
    "grain",
    "Another level of detail than the question's.",
    &[
        key("exclude", Shape::List(&Shape::Text), "The question's dimensions without these."),
        key("keep_only", Shape::List(&Shape::Text), "Of the question's dimensions only these."),
        key("include", Shape::List(&Shape::Text), "The question's dimensions and these."),
        key("agg", Shape::Word(GroupAggregation::NAMES), "How the values of the groups of `include` become one."),
    ],
)
.with_one_of(&["exclude", "keep_only", "include"]);

pub(in crate::model) const MATERIALITY: Table = Table::new(
    "materiality",
    "How large a change must be to matter.",
    &[
        key("percent", Shape::Amount, "As a fraction: 0.05 is 5 %."),
        key("absolute", Shape::Amount, "In the metric's unit."),
        key("points", Shape::Amount, "In percentage points."),
    ],
);

pub(in crate::model) const NON_ADDITIVE: Table = Table::new(
    "non-additive dimension",
    "A dimension that values cannot be summed over.",
    &[
        required("name", Shape::Text, "The dimension."),
        required(
            "window_agg",
            Shape::Word(WindowChoice::NAMES),
            "Which time along it counts; `min` and `max` mean first and last.",
        ),
        key("group_by", Shape::List(&Shape::Text), "Entities and dimensions whose own first or last time counts."),
    ],
);

pub(in crate::model) const CONSTANT_PROPERTY: Table = Table::new(
    "constant property",
    "A property that both events of a conversion share.",
    &[
        required("base_property", Shape::Text, "Its name on the base event."),
        required("conversion_property", Shape::Text, "Its name on the conversion event."),
    ],
);

/// A key that metrics of the types `must` have, those of `may` can have, and others cannot.
const fn only(
    name: &'static str,
    shape: Shape,
    must: &'static [&'static str],
    may: &'static [&'static str],
    about: &'static str,
) -> Key {
    Key { name, shape, need: Need::Types { must, may }, about }
}
