//! What an audit says of each metric, as JSON: significance, parts and drivers; and its highlights.

use serde_json::{Map, Value as Json, json};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::code::Code;
use sextant_semantics::decompose::Flag;
use sextant_semantics::query::audit::Audit;
use sextant_semantics::query::request::NumberFormat;
use sextant_semantics::query::resolved::ResolvedQuery;
use sextant_semantics::significance::{Baseline, Daily, UsualChange};

use super::number;
use crate::answer::value::Value;
use crate::audit::drivers::{Breakdown, Segment};
use crate::audit::parts::Parts;
use crate::audit::{Audited, AuditedMetric, sentences};

/// How a metric's change was judged. Every number that decided is there, unless `concise`.
pub fn significance(audited: &AuditedMetric, concise: bool) -> Json {
    let (evidence, verdict) = (&audited.evidence, &audited.verdict);
    let mut out = Map::new();
    out.insert("level".into(), json!(verdict.level.as_str()));
    out.insert("method".into(), evidence.method.map_or(Json::Null, |method| json!(method.as_str())));
    for (name, value) in [("t", evidence.t), ("df", evidence.df), ("p", verdict.p), ("q", verdict.q)] {
        out.insert(name.into(), float(value));
    }
    if let Some(reason) = evidence.reason {
        out.insert("reason".into(), json!(reason.as_str()));
    }
    if verdict.previous_unusual {
        out.insert("note".into(), json!("previous_unusual"));
    }
    if concise {
        return Json::Object(out);
    }
    if evidence.capped {
        out.insert("capped".into(), json!(true));
    }
    if let Some(size) = &audited.size {
        out.insert("materiality".into(), json!(size.material.as_str()));
    }
    if let Some(of) = &evidence.baseline {
        out.insert("baseline".into(), baseline(of));
    }
    if let Some(of) = &evidence.usual_change {
        out.insert("usual_change".into(), usual_change(of));
    }
    if let Some(of) = &evidence.daily {
        out.insert("daily".into(), daily(of));
    }
    Json::Object(out)
}

fn baseline(of: &Baseline) -> Json {
    let mut out = Map::new();
    for (name, count) in [
        ("history_days", of.history_days),
        ("window_days", of.window_days),
        ("days_used", of.days_used),
        ("open_weekdays", of.open_weekdays),
    ] {
        out.insert(name.into(), json!(count));
    }
    for (name, value) in [
        ("value", of.value),
        ("predicted", of.predicted),
        ("se", of.se),
        ("slope", of.slope),
        ("rho", of.rho),
        ("inflation", of.inflation),
        ("sigma2", of.sigma2),
        ("t", of.t),
        ("wander", of.wander),
        ("t_checked", of.t_checked),
    ] {
        out.insert(name.into(), float(value));
    }
    out.insert("backtest".into(), floats(&of.backtest));
    out.insert("scale".into(), of.scale.map_or(Json::Null, |scale| json!(scale.as_str())));
    if let Some(reason) = of.reason {
        out.insert("reason".into(), json!(reason.as_str()));
    }
    Json::Object(out)
}

fn usual_change(of: &UsualChange) -> Json {
    let mut out = Map::new();
    out.insert("earlier_changes".into(), json!(of.earlier_changes));
    out.insert("log".into(), json!(of.log));
    out.insert("changes".into(), floats(&of.changes));
    for (name, value) in [
        ("mean", of.mean),
        ("sd", of.sd),
        ("t", of.t),
        ("df", of.df),
        ("p", of.p),
        ("median", of.median),
        ("mad", of.mad),
        ("robust_z", of.robust_z),
    ] {
        out.insert(name.into(), float(value));
    }
    if let Some(reason) = of.reason {
        out.insert("reason".into(), json!(reason.as_str()));
    }
    Json::Object(out)
}

fn daily(of: &Daily) -> Json {
    let mut out = Map::new();
    let mut all = |values: &[(&str, Option<f64>)]| {
        for (name, value) in values {
            out.insert((*name).into(), float(*value));
        }
    };
    match of {
        Daily::Pairs(of) => {
            all(&[
                ("days", Some(of.n as f64)),
                ("mean", of.mean),
                ("sd", of.sd),
                ("t", of.t),
                ("df", of.df),
                ("p", of.p),
            ]);
        }
        Daily::RatioResidual(of) => {
            all(&[("previous", of.r0), ("current", of.r1), ("se_previous", of.se0), ("se_current", of.se1)]);
            all(&[("t", of.t), ("df", of.df), ("p", of.p)]);
        }
    }
    Json::Object(out)
}

/// What the metric's own formula splits its change into.
pub fn parts(of: &Parts) -> Json {
    let items = of.items.iter().map(|part| {
        let mut out = Map::new();
        out.insert("metric".into(), json!(part.name));
        if let Some(role) = part.role {
            out.insert("role".into(), json!(role));
        }
        out.insert("previous".into(), float(Some(part.previous)));
        out.insert("current".into(), float(Some(part.current)));
        out.insert("contribution".into(), float(part.contribution));
        out.insert("share".into(), float(part.share));
        Json::Object(out)
    });
    json!({"method": of.method.as_str(), "items": items.collect::<Vec<_>>()})
}

/// The segments of every breakdown, those that tell most first.
pub fn drivers(audited: &AuditedMetric) -> Json {
    let of = audited.drivers.breakdowns.iter().flat_map(|of| of.segments.iter().map(move |one| segment(of, one)));
    Json::Array(of.collect())
}

fn segment(of: &Breakdown, segment: &Segment) -> Json {
    let mut out = Map::new();
    out.insert("dimension".into(), json!(of.dimension));
    out.insert("value".into(), number::write(&segment.value, NumberFormat::Number));
    if let Some((dimension, value)) = &of.within {
        out.insert("within".into(), within(dimension, value));
    }
    out.insert("contribution".into(), float(Some(segment.contribution)));
    out.insert("share".into(), float(segment.share));
    if let Some((rate, mix)) = segment.rate_mix {
        out.insert("rate".into(), float(Some(rate)));
        out.insert("mix".into(), float(Some(mix)));
    }
    out.insert("previous".into(), float(segment.previous));
    out.insert("current".into(), float(segment.current));
    match segment.flag {
        Some(Flag::New) => out.insert("change_kind".into(), json!("new")),
        Some(Flag::Lost) => out.insert("change_kind".into(), json!("lost")),
        None => None,
    };
    Json::Object(out)
}

fn within(dimension: &str, value: &Value) -> Json {
    json!({"dimension": dimension, "value": number::write(value, NumberFormat::Number)})
}

/// What each dimension tells, in the order of the segments.
pub fn driver_dimensions(audited: &AuditedMetric) -> Json {
    let of = audited.drivers.breakdowns.iter().map(|of| {
        let mut out = Map::new();
        out.insert("dimension".into(), json!(of.dimension));
        if let Some((dimension, value)) = &of.within {
            out.insert("within".into(), within(dimension, value));
        }
        out.insert("method".into(), json!(of.method.as_str()));
        out.insert("status".into(), json!(of.status.as_str()));
        out.insert("members".into(), json!(of.members));
        if let Some(other) = &of.other {
            let (contribution, share) = (float(Some(other.contribution)), float(other.share));
            out.insert("other".into(), json!({"members": other.members, "contribution": contribution, "share": share}));
        }
        if of.offsetting {
            out.insert("offsetting".into(), json!(true));
        }
        if of.capped {
            out.insert("capped".into(), json!(true));
        }
        if let Some(unallocated) = of.unallocated.filter(|of| *of != 0.0) {
            out.insert("unallocated".into(), float(Some(unallocated)));
        }
        if let Some(surprise) = of.surprise {
            out.insert("surprise".into(), float(Some(surprise)));
        }
        if let Some(explained) = of.explained {
            out.insert("explained".into(), float(Some(explained)));
        }
        Json::Object(out)
    });
    Json::Array(of.collect())
}

/// Dimensions that the metric cannot be broken down by; none where there are none.
pub fn drivers_unavailable(audited: &AuditedMetric) -> Option<Json> {
    let of = audited.drivers.unavailable.iter();
    let of: Vec<Json> = of.map(|(dimension, reason)| json!({"dimension": dimension, "reason": reason})).collect();
    (!of.is_empty()).then_some(Json::Array(of))
}

/// What stands out: days whose data may be wrong, then metrics, the most severe first.
pub fn highlights(catalog: &Catalog, query: &ResolvedQuery, audit: &Audit, audited: &Audited) -> Json {
    let issues = audited.issues.iter().map(|issue| {
        json!({
            "kind": "possible_data_issue",
            "dataset": catalog.dataset(issue.dataset).name,
            "date": issue.date.to_string(),
            "factor": float(Some(issue.of.factor)),
            "text": sentences::of_issue(catalog, issue),
        })
    });
    let metrics = audited.highlights.iter().map(|position| {
        let metric = &audited.metrics[*position];
        let output = &query.outputs[metric.output];
        json!({
            "kind": "change",
            "metric": output.name,
            "level": metric.verdict.level.as_str(),
            "impact": metric.impact.as_str(),
            "text": sentences::of_metric(catalog, query, &audit.metrics[*position], metric),
        })
    });
    Json::Array(issues.chain(metrics).collect())
}

fn float(value: Option<f64>) -> Json {
    number::write(&value.map_or(Value::Null, Value::float), NumberFormat::Number)
}

fn floats(values: &[f64]) -> Json {
    Json::Array(values.iter().map(|value| float(Some(*value))).collect())
}

/// Leaves out what an audit says of metrics that do not stand out, and then the numbers of the tests, until the answer
/// has at most so many bytes; a warning says so. The figures, levels and highlights stay.
pub fn shorten(envelope: &mut Json, most: usize) {
    let is_short = |envelope: &Json| envelope.to_string().len() <= most;
    if is_short(envelope) {
        return;
    }
    let message = "details of the audit are left out for `max_bytes`; name fewer metrics, or ask for more bytes";
    let warning = json!({"code": Code::DetailsLeftOut.as_str(), "message": message});
    if let Some(warnings) = envelope.get_mut("warnings").and_then(Json::as_array_mut) {
        warnings.push(warning);
    }
    let quiet = |metric: &Map<String, Json>| {
        let level = metric.get("significance").and_then(|of| of.get("level")).and_then(Json::as_str);
        !matches!(level, Some("notable" | "major"))
    };
    let steps: [(bool, &[&str]); 4] = [
        (true, &["drivers", "driver_dimensions", "drivers_unavailable"]),
        (true, &["parts"]),
        (false, &["driver_dimensions", "drivers_unavailable"]),
        (false, &["drivers", "parts"]),
    ];
    for (of_quiet, keys) in steps {
        for metric in metrics_of(envelope).filter(|metric| !of_quiet || quiet(metric)) {
            keys.iter().for_each(|key| {
                metric.remove(*key);
            });
        }
        if is_short(envelope) {
            return;
        }
        for test in ["baseline", "usual_change", "daily"] {
            for significance in metrics_of(envelope).filter_map(|metric| metric.get_mut("significance")) {
                significance.as_object_mut().map(|of| of.remove(test));
            }
        }
        if is_short(envelope) {
            return;
        }
    }
}

fn metrics_of(envelope: &mut Json) -> impl Iterator<Item = &mut Map<String, Json>> {
    let metrics = envelope.get_mut("metrics").and_then(Json::as_array_mut);
    metrics.into_iter().flatten().filter_map(Json::as_object_mut)
}
