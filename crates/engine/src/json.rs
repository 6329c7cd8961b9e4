//! The answer's envelope as JSON, and its schema: the one writer for every door.

use serde_json::{Map, Value as Json, json};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::diagnostic::Warning;
use sextant_semantics::query::audit::Audit;
use sextant_semantics::query::request::{Level, NumberFormat, ResponseFormat};
use sextant_semantics::query::resolved::{Output, ResolvedQuery};
use sextant_semantics::significance;

pub mod applied;
pub mod audit;
pub mod cursor;
pub mod freshness;
pub mod listing;
pub mod number;
pub mod page;
pub mod schema;
pub mod statement;
pub mod time_range;

use crate::answer::change::Figures;
use crate::answer::{Answer, ColumnOf};
use crate::audit::{Audited, AuditedMetric};
use freshness::Freshness;
use page::Page;

/// What an answer says besides its numbers.
pub struct Envelope<'a> {
    pub catalog: &'a Catalog,
    pub query: &'a ResolvedQuery,
    pub answer: &'a Answer,
    /// Of an audit: how it is judged, and what came of it.
    pub audit: Option<(&'a Audit, &'a Audited)>,
    pub freshness: &'a [Freshness],
    pub warnings: &'a [Warning],
    pub page: &'a Page,
    pub model_version: &'a str,
    pub snapshot: &'a str,
    pub answer_id: &'a str,
    /// Texts of the stages, where they were asked for.
    pub explain: Option<(String, String)>,
}

/// The bare envelope: what every door answers, byte for byte.
pub fn envelope(of: &Envelope) -> Json {
    let concise = of.query.output.response_format == Some(ResponseFormat::Concise);
    let format = of.query.output.number_format.unwrap_or(NumberFormat::Number);
    let mut out = Map::new();
    out.insert("metrics".into(), metrics(of, concise, format));
    out.insert("columns".into(), columns(of));
    out.insert("rows".into(), rows(of, format));
    out.insert("row_count".into(), json!(of.page.len()));
    if !concise {
        out.insert("total_rows".into(), json!(of.answer.rows.len()));
    }
    out.insert("truncated".into(), json!(of.page.truncated));
    out.insert("next_cursor".into(), of.page.next.clone().map_or(Json::Null, Json::String));
    let highlights = of.audit.map(|(audit, audited)| audit::highlights(of.catalog, of.query, audit, audited));
    out.insert("highlights".into(), highlights.unwrap_or_else(|| json!([])));
    out.insert("applied".into(), applied::applied(of.query, of.query.currency.as_deref(), concise));
    if !concise {
        out.insert("freshness".into(), freshness::write(of.freshness));
    }
    let warnings = of.warnings.iter().map(|w| json!({"code": w.code.as_str(), "message": w.message}));
    out.insert("warnings".into(), Json::Array(warnings.collect()));
    if concise {
        return Json::Object(out);
    }
    out.insert("environment".into(), json!("production"));
    out.insert("model_version".into(), json!(of.model_version));
    out.insert("snapshot".into(), json!(of.snapshot));
    out.insert("answer_id".into(), json!(of.answer_id));
    if let Some((resolved, semantic)) = &of.explain {
        out.insert("explain".into(), json!({"resolved": resolved, "semantic": semantic}));
    }
    Json::Object(out)
}

/// An answer with the slips that were read as what they mean: envelopes say them in `applied`, other answers
/// beside what they hold.
pub fn with_notes(mut answer: Json, notes: &[String]) -> Json {
    if notes.is_empty() {
        return answer;
    }
    let whole = answer.as_object_mut().expect("an answer is an object");
    let place = match whole.get_mut("applied").and_then(Json::as_object_mut) {
        Some(applied) => applied,
        None => whole,
    };
    let said = place.entry("read_as").or_insert_with(|| json!([]));
    if let Json::Array(said) = said {
        for note in notes {
            if !said.iter().any(|known| known == note) {
                said.push(json!(note));
            }
        }
    }
    answer
}

fn metrics(of: &Envelope, concise: bool, format: NumberFormat) -> Json {
    let shown = of.query.outputs.iter().enumerate().filter(|(_, o)| o.shown);
    let listed = shown.filter(|(i, _)| audited_of(of, *i).is_none_or(|(audit, audited)| is_listed(audit, audited)));
    let metrics = listed.map(|(i, output)| {
        let figures = of.answer.totals.as_ref().map(|totals| &totals[i]);
        let reason = of.answer.null_reasons.get(i).copied().flatten();
        let audited = audited_of(of, i).map(|(_, audited)| audited);
        metric(of, output, figures, reason, audited, concise, format)
    });
    Json::Array(metrics.collect())
}

/// What an audit says of an output.
fn audited_of<'a>(of: &'a Envelope<'_>, output: usize) -> Option<(&'a Audit, &'a AuditedMetric)> {
    let (audit, audited) = of.audit?;
    Some((audit, audited.metrics.iter().find(|metric| metric.output == output)?))
}

/// Whether a metric reaches the level from which on metrics are listed.
fn is_listed(audit: &Audit, audited: &AuditedMetric) -> bool {
    match audit.min_level {
        None | Some(Level::None) => true,
        Some(Level::Notable) => audited.verdict.level.is_highlight(),
        Some(Level::Major) => audited.verdict.level == significance::Level::Major,
    }
}

fn metric(
    of: &Envelope,
    output: &Output,
    figures: Option<&Figures>,
    reason: Option<&str>,
    audited: Option<&AuditedMetric>,
    concise: bool,
    format: NumberFormat,
) -> Json {
    let metric = of.catalog.metric(output.metric);
    let compared = output.change.is_some();
    let mut out = Map::new();
    out.insert("name".into(), json!(output.name));
    if output.asked != output.name && !concise {
        out.insert("asked".into(), json!(output.asked));
    }
    if let (Some(label), false) = (output.label(metric), concise) {
        out.insert("label".into(), json!(label));
    }
    if let Some(figures) = figures {
        out.insert("value".into(), number::write(&figures.value, format));
        if let Some(reason) = reason {
            out.insert("null_reason".into(), json!(reason));
        }
    }
    if !concise {
        out.insert("format".into(), json!(number::format_word(metric.format)));
        if let Some(unit) = &output.unit {
            out.insert("unit".into(), json!(unit));
        }
        out.insert("direction".into(), json!(number::direction_word(metric.direction)));
    }
    if let (Some(figures), true) = (figures, compared) {
        if let Some(value) = &figures.compared_value {
            out.insert("compared_value".into(), number::write(value, format));
        }
        out.insert("previous".into(), number::write(&figures.previous, format));
        if of.query.time.is_against_targets() {
            out.insert("full_target".into(), number::write(&figures.full_target, format));
        }
        out.insert("change".into(), change(figures, metric.direction, output.percent, format));
    }
    if let Some(audited) = audited {
        out.insert("significance".into(), audit::significance(audited, concise));
        if let (Some(parts), false) = (&audited.parts, concise) {
            out.insert("parts".into(), audit::parts(parts));
        }
        if !concise {
            out.insert("drivers".into(), audit::drivers(audited));
            out.insert("driver_dimensions".into(), audit::driver_dimensions(audited));
            out.extend(audit::drivers_unavailable(audited).map(|of| ("drivers_unavailable".to_string(), of)));
        }
    }
    if !concise {
        out.insert("definition".into(), json!(output.definition(metric)));
    }
    Json::Object(out)
}

fn change(
    figures: &Figures,
    direction: sextant_semantics::model::metric::Direction,
    percent: bool,
    format: NumberFormat,
) -> Json {
    let mut out = Map::new();
    out.insert("absolute".into(), number::write(&figures.change, format));
    out.insert("percent".into(), number::write(&figures.percent, format));
    if percent {
        out.insert("points".into(), number::write(&figures.points, format));
    }
    if let Some(reason) = figures.reason {
        out.insert("null_reason".into(), json!(reason.as_str()));
    }
    out.insert("impact".into(), json!(number::impact(&figures.change, direction)));
    if let Some(per_day) = &figures.per_day {
        let sides = [
            ("current", &per_day.current),
            ("previous", &per_day.previous),
            ("absolute", &per_day.absolute),
            ("percent", &per_day.percent),
        ];
        let sides = sides.map(|(name, value)| (name.to_string(), number::write(value, format)));
        out.insert("per_day".into(), Json::Object(Map::from_iter(sides)));
    }
    Json::Object(out)
}

fn columns(of: &Envelope) -> Json {
    let columns = of.answer.columns.iter().map(|column| {
        let mut out = Map::new();
        out.insert("name".into(), json!(column.name));
        out.insert("type".into(), json!(number::type_word(column.data_type)));
        if let ColumnOf::Metric(i, part) = column.of {
            let output = &of.query.outputs[i];
            use sextant_semantics::query::resolved::Part;
            let keeps_unit = matches!(part, Part::Value | Part::Previous | Part::Change | Part::FullTarget);
            if let (Some(unit), true) = (&output.unit, keeps_unit) {
                out.insert("unit".into(), json!(unit));
            }
        }
        Json::Object(out)
    });
    Json::Array(columns.collect())
}

fn rows(of: &Envelope, format: NumberFormat) -> Json {
    let zone = of.query.time.calendar.zone;
    let rows = of.answer.rows[of.page.from..of.page.to].iter();
    let written = rows.map(|row| Json::Array(row.iter().map(|v| number::write_in(v, format, zone)).collect()));
    Json::Array(written.collect())
}
