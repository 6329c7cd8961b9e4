//! The arguments of a tool as a request.

use serde_json::{Map, Value};

use super::read::{Object, Reader};
use super::{
    AuditRequest, ChartFormat, Decoded, DescribeMetricRequest, Dialect, DimensionValuesRequest, ExecuteRequest,
    ExplainRequest, FeedbackCategory, FeedbackRequest, FeedbackSeverity, FetchRequest, Level, ListDimensionsRequest,
    ListMetricsRequest, MetricsRequest, NumberFormat, OutputArguments, Request, ResponseFormat, SearchKind,
    SearchRequest, Stage, TimeArguments, administration, items, table, time_range, tools,
};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::spelling;

/// Reads the arguments of a tool; every fault is reported, not only the first.
pub fn decode(tool: &str, arguments: &Map<String, Value>) -> Result<Decoded, Diagnostics> {
    let mut reader = Reader::default();
    let request = read(&mut reader, tool, arguments, String::new());
    finish(reader, request)
}

/// Reads a saved query or a test of a model file: the arguments of get_metrics, with `metrics`
/// for `metric_names`.
pub fn decode_saved(query: &Value) -> Result<MetricsRequest, Diagnostics> {
    let mut reader = Reader::default();
    let Value::Object(map) = query else {
        return Err(Diagnostic::new(Code::WrongType, "a saved query is not a map of arguments").into());
    };
    let object = reader.object("a saved query", String::new(), map, table::flat(table::SAVED));
    let request = MetricsRequest {
        metrics: items::metrics(&mut reader, &object, "metrics"),
        query: reader.text(&object, "query"),
        ..question(&mut reader, &object)
    };
    reader.faults.or(request)
}

fn finish(reader: Reader, request: Option<Request>) -> Result<Decoded, Diagnostics> {
    let Reader { faults, notes, sources } = reader;
    match request {
        Some(request) if faults.is_empty() => Ok(Decoded { request, notes, sources }),
        Some(_) | None => Err(faults),
    }
}

/// None when a fault says why.
fn read(reader: &mut Reader, tool: &str, arguments: &Map<String, Value>, prefix: String) -> Option<Request> {
    let Some(table) = table::arguments(tool) else {
        let names: Vec<&str> = tools().collect();
        let shown = crate::expr::parse::excerpt(tool);
        let fault = Diagnostic::new(Code::UnknownTool, format!("unknown tool `{shown}`")).suggest(tool, tools());
        reader.fault(fault.field("tool").help(format!("one of {}", names.join(", "))));
        return None;
    };
    let object = reader.object(&format!("`{tool}`"), prefix, arguments, table);
    match tool {
        "get_metrics" => Some(Request::GetMetrics(MetricsRequest {
            metrics: items::metrics(reader, &object, "metric_names"),
            saved_query: reader.text(&object, "saved_query"),
            query: reader.text(&object, "query"),
            chart: reader.word(&object, "chart").and_then(ChartFormat::parse),
            ..question(reader, &object)
        })),
        "run_saved_query" => Some(Request::GetMetrics(MetricsRequest {
            saved_query: Some(reader.text(&object, "name")?),
            ..question(reader, &object)
        })),
        "sql" => Some(Request::GetMetrics(MetricsRequest {
            query: Some(reader.text(&object, "query")?),
            time: time(reader, &object),
            cursor: reader.text(&object, "cursor"),
            include_empty: reader.flag(&object, "include_empty").unwrap_or_default(),
            output: output(reader, &object),
            ..MetricsRequest::default()
        })),
        "audit_performance" => Some(Request::AuditPerformance(audit(reader, &object))),
        "search" => Some(Request::Search(SearchRequest {
            query: reader.text(&object, "query").unwrap_or_default(),
            kind: reader.word(&object, "kind").and_then(SearchKind::parse),
            limit: reader.count(&object, "limit"),
            cursor: reader.text(&object, "cursor"),
        })),
        "list_metrics" => Some(Request::ListMetrics(ListMetricsRequest {
            search: reader.text(&object, "search"),
            limit: reader.count(&object, "limit"),
            cursor: reader.text(&object, "cursor"),
        })),
        "describe_metric" => {
            Some(Request::DescribeMetric(DescribeMetricRequest { name: reader.text(&object, "name")? }))
        }
        "list_dimensions" => Some(Request::ListDimensions(ListDimensionsRequest {
            metrics: items::metrics(reader, &object, "metric_names"),
        })),
        "get_dimension_values" => {
            let (search, limit) = (reader.text(&object, "search"), reader.count(&object, "limit"));
            let dimension = reader.text(&object, "dimension")?;
            Some(Request::GetDimensionValues(DimensionValuesRequest { dimension, search, limit }))
        }
        "get_freshness" => Some(Request::GetFreshness),
        "list_saved_queries" => Some(Request::ListSavedQueries),
        "explain" => explain(reader, &object),
        "resolve_time_range" => resolve_time_range(reader, &object),
        "execute" => execute(reader, &object),
        "fetch" => Some(Request::Fetch(FetchRequest { id: reader.text(&object, "id")? })),
        "submit_mcp_feedback" => feedback(reader, &object),
        other => {
            let asked = administration::read(reader, other, &object);
            // None with a fault, or an operation that the table has and nobody reads.
            debug_assert!(asked.is_some() || !reader.faults.is_empty(), "`{other}` is in the table and not read");
            asked.map(Request::Administer)
        }
    }
}

/// What get_metrics, run_saved_query and saved queries have in common.
fn question(reader: &mut Reader, object: &Object) -> MetricsRequest {
    let time = time(reader, object);
    let groups = items::groups(reader, object, "group_by");
    MetricsRequest {
        metrics: Vec::new(),
        saved_query: None,
        query: None,
        time,
        no_groups: groups.as_ref().is_some_and(Vec::is_empty),
        group_by: groups.unwrap_or_default(),
        where_: items::conditions_on_rows(reader, object),
        having: items::conditions_on_results(reader, object),
        order_by: items::orders(reader, object),
        limit: reader.count(object, "limit"),
        cursor: reader.text(object, "cursor"),
        include_empty: reader.flag(object, "include_empty").unwrap_or_default(),
        totals: reader.flag(object, "totals"),
        output: output(reader, object),
        chart: None,
    }
}

fn audit(reader: &mut Reader, object: &Object) -> AuditRequest {
    AuditRequest {
        metrics: items::metrics(reader, object, "metric_names"),
        query: reader.text(object, "query"),
        time: time(reader, object),
        dimensions: items::groups(reader, object, "dimensions"),
        where_: items::conditions_on_rows(reader, object),
        min_level: reader.word(object, "min_level").and_then(Level::parse),
        max_highlights: reader.count(object, "max_highlights"),
        output: output(reader, object),
        chart: reader.word(object, "chart").and_then(ChartFormat::parse),
    }
}

fn time(reader: &mut Reader, object: &Object) -> TimeArguments {
    TimeArguments {
        time_range: worded(reader, object, "time_range"),
        start_date: reader.scalar(object, "start_date"),
        end_date: reader.scalar(object, "end_date"),
        granularity: reader.text(object, "granularity").map(|g| g.trim().to_ascii_lowercase().replace(['-', ' '], "_")),
        comparison: worded(reader, object, "comparison"),
        timezone: reader.text(object, "timezone"),
        as_of: reader.scalar(object, "as_of"),
        include_today: reader.flag(object, "include_today").unwrap_or_default(),
        complete_days_only: reader.flag(object, "complete_days_only").unwrap_or_default(),
        align_to_granularity: reader.flag(object, "align_to_granularity").unwrap_or_default(),
    }
}

/// A range or a comparison; words are read in any spelling, and a note says so.
fn worded(reader: &mut Reader, object: &Object, name: &str) -> Option<String> {
    let text = reader.scalar(object, name)?;
    let plain = spelling::plain(&text);
    let is_word = plain.starts_with(|c: char| c.is_ascii_alphabetic())
        && plain.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word && plain != text {
        reader.note(format!("`{}` was given as `{text}` and read as `{plain}`", object.field(name)));
    }
    Some(text)
}

fn output(reader: &mut Reader, object: &Object) -> OutputArguments {
    OutputArguments {
        currency: reader.text(object, "currency"),
        response_format: reader.word(object, "response_format").and_then(ResponseFormat::parse),
        number_format: reader.word(object, "number_format").and_then(NumberFormat::parse),
        max_bytes: reader.count(object, "max_bytes"),
        explain: reader.flag(object, "explain").unwrap_or_default(),
    }
}

fn explain(reader: &mut Reader, object: &Object) -> Option<Request> {
    let stage = match reader.word(object, "stage") {
        Some(word) => Stage::parse(word)?,
        None => Stage::Semantic,
    };
    let dialect = reader.word(object, "dialect").and_then(Dialect::parse).unwrap_or_default();
    let tool = reader.word(object, "tool").unwrap_or("get_metrics");
    let arguments = reader.map(object, "arguments")?;
    let request = read(reader, tool, &arguments, object.field("arguments."))?;
    Some(Request::Explain(ExplainRequest { stage, dialect, request: Box::new(request) }))
}

fn execute(reader: &mut Reader, object: &Object) -> Option<Request> {
    let arguments = if object.has("arguments") { reader.map(object, "arguments")?.into_owned() } else { Map::new() };
    let query = reader.text(object, "query");
    if query.is_some() && arguments.contains_key("query") {
        let fault = Diagnostic::new(Code::InvalidArgument, "`query` is given beside `arguments.query`");
        reader.fault(fault.field(object.field("query")).help("give it once"));
    }
    Some(Request::Execute(ExecuteRequest { operation: reader.text(object, "operation")?, arguments, query }))
}

fn feedback(reader: &mut Reader, object: &Object) -> Option<Request> {
    let tags: Vec<_> = reader.list(object, "tags").unwrap_or_default();
    let tags = tags.iter().filter_map(|item| reader.prose_item(object, "tags", item)).collect();
    let category = reader.word(object, "category").and_then(FeedbackCategory::parse);
    let comment = reader.prose(object, "comment");
    let tool_name = reader.prose(object, "tool_name");
    let answer_id = reader.prose(object, "answer_id");
    let severity = reader.word(object, "severity").and_then(FeedbackSeverity::parse);
    let (category, comment) = (category?, comment?);
    Some(Request::SubmitFeedback(FeedbackRequest { category, comment, tool_name, answer_id, severity, tags }))
}

/// The reader of time ranges has its own faults; arguments that the table does not know are refused already.
fn resolve_time_range(reader: &mut Reader, object: &Object) -> Option<Request> {
    match time_range::decode(&object.known()) {
        Ok(request) => Some(Request::ResolveTimeRange(request)),
        Err(fault) => {
            reader.fault(fault);
            None
        }
    }
}
