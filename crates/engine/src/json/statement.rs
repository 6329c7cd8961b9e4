//! The envelope of a statement that is more than one question for metrics: columns and rows as it lists them, and
//! what its questions were taken to mean.

use chrono_tz::Tz;
use serde_json::{Map, Value as Json, json};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Warning;
use sextant_semantics::query::request::{NumberFormat, OutputArguments, ResponseFormat};
use sextant_semantics::query::resolved::ResolvedQuery;

use super::freshness::{self, Freshness};
use super::page::Page;
use super::{applied, number};
use crate::answer::value::Value;

/// A column of the statement's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
}

/// What the answer of a statement says.
pub struct Statement<'a> {
    pub catalog: &'a Catalog,
    /// Its only question for metrics, where there is exactly one.
    pub query: Option<&'a ResolvedQuery>,
    pub columns: &'a [Column],
    pub rows: &'a [Vec<Value>],
    pub page: &'a Page,
    pub freshness: &'a [Freshness],
    pub warnings: &'a [Warning],
    pub output: &'a OutputArguments,
    pub zone: Tz,
    pub as_of: String,
    pub model_version: &'a str,
    pub snapshot: &'a str,
    pub answer_id: &'a str,
}

/// The bare envelope, with the keys of every other answer.
pub fn envelope(of: &Statement) -> Json {
    let concise = of.output.response_format == Some(ResponseFormat::Concise);
    let format = of.output.number_format.unwrap_or(NumberFormat::Number);
    let mut out = Map::new();
    out.insert("metrics".into(), metrics(of, concise));
    let columns =
        of.columns.iter().map(|column| json!({"name": column.name, "type": number::type_word(column.data_type)}));
    out.insert("columns".into(), Json::Array(columns.collect()));
    let rows = of.rows[of.page.from..of.page.to]
        .iter()
        .map(|row| Json::Array(row.iter().map(|value| number::write_in(value, format, of.zone)).collect()));
    out.insert("rows".into(), Json::Array(rows.collect()));
    out.insert("row_count".into(), json!(of.page.len()));
    if !concise {
        out.insert("total_rows".into(), json!(of.rows.len()));
    }
    out.insert("truncated".into(), json!(of.page.truncated));
    out.insert("next_cursor".into(), of.page.next.clone().map_or(Json::Null, Json::String));
    out.insert("highlights".into(), json!([]));
    let meant = match of.query {
        Some(query) => applied::applied(query, query.currency.as_deref(), concise),
        None => json!({"as_of": of.as_of}),
    };
    out.insert("applied".into(), meant);
    if !concise {
        out.insert("freshness".into(), freshness::write(of.freshness));
    }
    let warnings = of.warnings.iter().map(|warning| json!({"code": warning.code.as_str(), "message": warning.message}));
    out.insert("warnings".into(), Json::Array(warnings.collect()));
    if !concise {
        out.insert("environment".into(), json!("production"));
        out.insert("model_version".into(), json!(of.model_version));
        out.insert("snapshot".into(), json!(of.snapshot));
        out.insert("answer_id".into(), json!(of.answer_id));
    }
    Json::Object(out)
}

/// The metrics that the statement's only question asks for, without values of their own.
fn metrics(of: &Statement, concise: bool) -> Json {
    let shown = of.query.into_iter().flat_map(|query| query.outputs.iter().filter(|output| output.shown));
    let metrics = shown.map(|output| {
        let metric = of.catalog.metric(output.metric);
        let mut out = Map::new();
        out.insert("name".into(), json!(output.name));
        if !concise {
            if let Some(label) = output.label(metric) {
                out.insert("label".into(), json!(label));
            }
            out.insert("format".into(), json!(number::format_word(metric.format)));
            if let Some(unit) = &output.unit {
                out.insert("unit".into(), json!(unit));
            }
            out.insert("direction".into(), json!(number::direction_word(metric.direction)));
            out.insert("definition".into(), json!(output.definition(metric)));
        }
        Json::Object(out)
    });
    Json::Array(metrics.collect())
}
