//! What the files say, before names are looked up: measures apart from metrics, and both
//! vocabularies in one shape.

use crate::expr::Literal;
use crate::model::metric::{
    Calculation, ConstantProperty, Input, NonAdditiveDimension, PercentileType, PeriodAggregation,
};
use crate::model::{Aggregation, CustomGranularity, Dataset, Length, SavedQuery};
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;

/// Everything of all files.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The project's name, where a file gives it.
    pub(super) name: Option<Spanned<String>>,
    pub(super) semantic_models: Vec<SemanticModel>,
    pub(super) metrics: Vec<Metric>,
    pub(super) saved_queries: Vec<SavedQuery>,
    pub(super) time_spines: Vec<Spine>,
    /// Tables of the files, and the tables of the data root that they are.
    pub(super) rebound: Vec<(Spanned<String>, Spanned<String>)>,
}

/// A semantic model: a dataset without metrics, and its measures.
#[derive(Debug)]
pub(super) struct SemanticModel {
    pub(super) dataset: Dataset,
    pub(super) measures: Vec<Measure>,
}

/// An aggregation with a name, which metrics are made of.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) name: Spanned<String>,
    pub(super) label: Option<Spanned<String>>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) aggregated: Aggregated,
    /// `create_metric: true`: a metric of this name exists as well.
    pub(super) creates_metric: bool,
    pub(super) span: Span,
}

/// How rows become a value; of a measure, or of a simple metric of the latest vocabulary.
#[derive(Clone, Debug)]
pub(super) struct Aggregated {
    pub(super) agg: Spanned<Aggregation>,
    pub(super) expr: Spanned<String>,
    pub(super) percentile: Option<Spanned<f64>>,
    pub(super) percentile_type: Option<Spanned<PercentileType>>,
    pub(super) non_additive_dimension: Option<NonAdditiveDimension>,
    pub(super) time: Option<Spanned<String>>,
}

/// A metric of either vocabulary.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: Spanned<String>,
    pub(super) label: Option<Spanned<String>>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) synonyms: Vec<Spanned<String>>,
    pub(super) owner: Option<Spanned<String>>,
    pub(super) filter: Vec<Spanned<String>>,
    pub(super) granularity: Option<Spanned<Granularity>>,
    pub(super) hidden: bool,
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// What a metric is made of.
#[derive(Debug)]
pub(super) enum Kind {
    /// A measure's value.
    OfMeasure(MeasureInput),
    /// An aggregation of the rows of this semantic model.
    OfRows {
        semantic_model: Spanned<String>,
        aggregated: Box<Aggregated>,
        join_to_timespine: Option<Spanned<bool>>,
        fill_nulls_with: Option<Spanned<Literal>>,
    },
    Ratio {
        numerator: Input,
        denominator: Input,
    },
    Derived {
        expr: Spanned<String>,
        inputs: Vec<Input>,
    },
    Cumulative {
        input: Base,
        window: Option<Spanned<Length>>,
        grain_to_date: Option<Spanned<Granularity>>,
        period_agg: Spanned<PeriodAggregation>,
    },
    Conversion {
        base: Base,
        conversion: Base,
        entity: Spanned<String>,
        window: Option<Spanned<Length>>,
        calculation: Option<Spanned<Calculation>>,
        constant_properties: Vec<ConstantProperty>,
    },
}

/// What a cumulative or conversion metric counts.
#[derive(Debug)]
pub(super) enum Base {
    Measure(MeasureInput),
    Metric(Input),
}

/// A measure with what is done to it.
#[derive(Clone, Debug)]
pub(super) struct MeasureInput {
    pub(super) name: Spanned<String>,
    pub(super) filter: Vec<Spanned<String>>,
    pub(super) join_to_timespine: Option<Spanned<bool>>,
    pub(super) fill_nulls_with: Option<Spanned<Literal>>,
    pub(super) span: Span,
}

/// A time spine: a table with a column of periods.
#[derive(Debug)]
pub(super) struct Spine {
    pub(super) table: Spanned<String>,
    pub(super) column: Spanned<String>,
    pub(super) granularity: Spanned<Granularity>,
    pub(super) custom_granularities: Vec<CustomGranularity>,
    pub(super) span: Span,
}
