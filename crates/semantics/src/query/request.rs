//! The request vocabulary: what every door accepts, once.
//!
//! A request is what was asked, not yet held against a model: names are as written, time words
//! are texts, conditions are trees over [`Name`]. `decode` reads the arguments of a tool and
//! reports every fault at once; `schema` writes the JSON Schema of a tool from the same table.
//! Every part carries the path of the argument that it came from, for diagnostics.

mod administration;
mod decode;
mod items;
pub(super) mod read;
mod schema;
mod table;
pub mod time_range;
mod words;

pub use administration::{Administration, OrganizationRequest, PartnerRequest, TokenRequest, UserRequest};
pub use decode::{decode, decode_saved};
pub use schema::{schema, tools};

use time_range::TimeRangeRequest;

use serde_json::{Map, Value};

use crate::expr::{DatePart, Expr, Name};
use crate::model::metric::Offset;
use crate::source::Sources;

/// The names of the arguments of a saved query or of a test.
pub fn saved_arguments() -> impl Iterator<Item = &'static str> {
    table::flat(table::SAVED).into_iter().map(|argument| argument.name)
}

/// A decoded request with what its diagnostics and its answer need to know about its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    pub request: Request,
    /// Slips that were read as what they mean, one sentence each.
    pub notes: Vec<String>,
    /// The texts that the spans of the request's expressions point into, named by their path.
    pub sources: Sources,
}

/// What is asked of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `get_metrics`; also `run_saved_query`, whose `name` is `saved_query` here.
    GetMetrics(MetricsRequest),
    AuditPerformance(AuditRequest),
    Search(SearchRequest),
    ListMetrics(ListMetricsRequest),
    DescribeMetric(DescribeMetricRequest),
    ListDimensions(ListDimensionsRequest),
    GetDimensionValues(DimensionValuesRequest),
    GetFreshness,
    ListSavedQueries,
    Explain(ExplainRequest),
    ResolveTimeRange(TimeRangeRequest),
    Execute(ExecuteRequest),
    Fetch(FetchRequest),
    SubmitFeedback(FeedbackRequest),
    Administer(Administration),
}

impl Request {
    /// The SQL text that says what is asked, of a tool that takes one.
    pub fn query(&self) -> Option<&str> {
        match self {
            Request::GetMetrics(asked) => asked.query.as_deref(),
            Request::AuditPerformance(asked) => asked.query.as_deref(),
            Request::Search(_)
            | Request::ListMetrics(_)
            | Request::DescribeMetric(_)
            | Request::ListDimensions(_)
            | Request::GetDimensionValues(_)
            | Request::GetFreshness
            | Request::ListSavedQueries
            | Request::Explain(_)
            | Request::ResolveTimeRange(_)
            | Request::Execute(_)
            | Request::Fetch(_)
            | Request::SubmitFeedback(_)
            | Request::Administer(_) => None,
        }
    }

    /// The picture that is asked for beside the answer.
    pub fn chart(&self) -> Option<ChartFormat> {
        match self {
            Request::GetMetrics(asked) => asked.chart,
            Request::AuditPerformance(asked) => asked.chart,
            Request::Search(_)
            | Request::ListMetrics(_)
            | Request::DescribeMetric(_)
            | Request::ListDimensions(_)
            | Request::GetDimensionValues(_)
            | Request::GetFreshness
            | Request::ListSavedQueries
            | Request::Explain(_)
            | Request::ResolveTimeRange(_)
            | Request::Execute(_)
            | Request::Fetch(_)
            | Request::SubmitFeedback(_)
            | Request::Administer(_) => None,
        }
    }
}

/// Metrics over a period, in total and by group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricsRequest {
    pub metrics: Vec<MetricItem>,
    pub saved_query: Option<String>,
    /// SQL text of the semantic surface.
    pub query: Option<String>,
    pub time: TimeArguments,
    pub group_by: Vec<GroupItem>,
    /// An empty list of groups was given: it takes the place of a saved query's.
    pub no_groups: bool,
    /// ANDed conditions on rows.
    pub where_: Vec<FilterItem>,
    /// ANDed conditions on results.
    pub having: Vec<FilterItem>,
    /// None: the default order, or a saved query's; an empty list overrides a saved query's.
    pub order_by: Option<Vec<OrderItem>>,
    /// Part of the question: rows kept after the order.
    pub limit: Option<u64>,
    pub cursor: Option<String>,
    pub include_empty: bool,
    /// None: the door's default.
    pub totals: Option<bool>,
    pub output: OutputArguments,
    /// Beside the answer, which stays as it is.
    pub chart: Option<ChartFormat>,
}

/// Metrics against their previous period, with significance and drivers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditRequest {
    /// Empty: the model's audit set.
    pub metrics: Vec<MetricItem>,
    pub query: Option<String>,
    pub time: TimeArguments,
    /// None: the model's driver dimensions; an empty list: no drivers.
    pub dimensions: Option<Vec<GroupItem>>,
    pub where_: Vec<FilterItem>,
    pub min_level: Option<Level>,
    pub max_highlights: Option<u64>,
    pub output: OutputArguments,
    /// Beside the answer, which stays as it is.
    pub chart: Option<ChartFormat>,
}

/// The time part of a request, as texts: they are read with the model's calendar and names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeArguments {
    pub time_range: Option<String>,
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    /// `none`, a standard granularity or one of the model's own, in lower case.
    pub granularity: Option<String>,
    pub comparison: Option<String>,
    pub timezone: Option<String>,
    pub as_of: Option<String>,
    pub include_today: bool,
    pub complete_days_only: bool,
    pub align_to_granularity: bool,
}

/// How the answer is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputArguments {
    pub currency: Option<String>,
    pub response_format: Option<ResponseFormat>,
    pub number_format: Option<NumberFormat>,
    pub max_bytes: Option<u64>,
    pub explain: bool,
}

/// A metric by name, alias or deprecated name, and the output's name when it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricItem {
    pub name: String,
    pub alias: Option<String>,
    /// How much earlier it is read than each period of the question.
    pub offset: Option<Offset>,
    pub field: String,
}

impl MetricItem {
    /// The metric as it is, asked for by the argument `field`.
    pub fn named(name: &str, field: &str) -> MetricItem {
        MetricItem { name: name.to_string(), alias: None, offset: None, field: field.to_string() }
    }
}

/// A group: `channel`, `customers.region`, `metric_time__week` or its parts apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupItem {
    /// As written; it may hold a path before the last point and a granularity after `__`.
    pub name: String,
    pub grain: Option<String>,
    pub date_part: Option<DatePart>,
    pub alias: Option<String>,
    pub field: String,
}

/// One condition of `where` or `having`.
#[derive(Clone, Debug, PartialEq)]
pub struct FilterItem {
    /// The only metric that it filters; None: every metric of the request.
    pub metric: Option<String>,
    pub condition: Expr<Name>,
    pub field: String,
}

/// A column of the answer and its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderItem {
    pub column: String,
    pub descending: bool,
    pub field: String,
}

/// How much an answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    Concise,
    Detailed,
}

/// Whether numbers are JSON numbers or strings with every digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberFormat {
    Number,
    String,
}

/// What a picture of the answer is made as, at the doors that can send one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartFormat {
    Svg,
    Png,
}

/// The lowest level that an audit lists, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    None,
    Notable,
    Major,
}

/// Looking for metrics, dimensions, values, saved queries, operations and pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// Empty: a list of everything.
    pub query: String,
    pub kind: Option<SearchKind>,
    pub limit: Option<u64>,
    pub cursor: Option<String>,
}

/// What a search may be narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SearchKind {
    Metric,
    Dimension,
    DimensionValue,
    SavedQuery,
    Operation,
    Documentation,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMetricsRequest {
    /// Part of a name, label, synonym or description.
    pub search: Option<String>,
    pub limit: Option<u64>,
    pub cursor: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeMetricRequest {
    pub name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListDimensionsRequest {
    /// Empty: all dimensions; otherwise those that every one of the metrics can see.
    pub metrics: Vec<MetricItem>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionValuesRequest {
    pub dimension: String,
    /// Part of a value.
    pub search: Option<String>,
    pub limit: Option<u64>,
}

/// One stage of how a request is answered, without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainRequest {
    pub stage: Stage,
    /// Of stage [`Stage::Sql`].
    pub dialect: Dialect,
    /// [`Request::GetMetrics`] or [`Request::AuditPerformance`].
    pub request: Box<Request>,
}

/// A stage of the pipeline, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Resolved,
    Semantic,
    Logical,
    Physical,
    /// The SQL that a warehouse would run.
    Sql,
}

/// A warehouse's SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    #[default]
    Duckdb,
    Postgres,
    Snowflake,
    Bigquery,
}

/// Another operation by its identifier.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecuteRequest {
    pub operation: String,
    pub arguments: Map<String, Value>,
    /// Stands for the operation's own `query`.
    pub query: Option<String>,
}

impl ExecuteRequest {
    /// The arguments of the operation itself, the `query` beside them included.
    pub fn of_the_operation(&self) -> Map<String, Value> {
        let mut arguments = self.arguments.clone();
        if let Some(query) = &self.query {
            arguments.insert("query".into(), query.as_str().into());
        }
        arguments
    }
}

/// One result of a search in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRequest {
    pub id: String,
}

/// What a caller says about the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackRequest {
    pub category: FeedbackCategory,
    pub comment: String,
    pub tool_name: Option<String>,
    pub answer_id: Option<String>,
    pub severity: Option<FeedbackSeverity>,
    pub tags: Vec<String>,
}

/// What feedback is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedbackCategory {
    Bug,
    MissingCapability,
    WorkflowFriction,
    WrongResult,
    Docs,
}

/// How much it hinders, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedbackSeverity {
    Low,
    Medium,
    High,
}

#[cfg(test)]
mod tests;
