//! Lists of what a model offers: metrics, dimensions, saved queries, and what a search finds.

use serde_json::{Map, Value as Json, json};
use sextant_semantics::catalog::locate::Located;
use sextant_semantics::catalog::search::{self, Found, What};
use sextant_semantics::catalog::{Catalog, Metric, MetricKind};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::model::{LeftOut, LeftOutKind};
use sextant_semantics::query::request::{ListDimensionsRequest, ListMetricsRequest, SearchKind, SearchRequest};

use super::number::{direction_word, format_word};

/// Metrics by name, hidden ones left out.
pub fn metrics(catalog: &Catalog, request: &ListMetricsRequest) -> Result<Json, Diagnostic> {
    let mut metrics: Vec<&Metric> = catalog.metrics().iter().filter(|m| !m.hidden).collect();
    if let Some(wanted) = &request.search {
        let found = search::search(catalog, wanted);
        metrics.retain(|m| found.iter().any(|f| f.what == What::Metric(m.id)));
    }
    let is_wanted = |of: &&LeftOut| {
        of.kind == LeftOutKind::Metric && request.search.as_ref().is_none_or(|wanted| of.name.contains(wanted.as_str()))
    };
    let mut all: Vec<(&str, Json)> = metrics.iter().map(|m| (m.name.as_str(), brief(catalog, m))).collect();
    all.extend(catalog.left_out.iter().filter(is_wanted).map(|of| (of.name.as_str(), left_out(catalog, of, &of.name))));
    all.sort_by(|a, b| a.0.cmp(b.0));
    let total = all.len();
    let page = Slice::of(total, request.cursor.as_deref(), request.limit, usize::MAX)?;
    let shown: Vec<Json> = all.drain(page.from..page.to).map(|(_, one)| one).collect();
    Ok(json!({"metrics": shown, "total": total, "truncated": page.next.is_some(), "next_cursor": page.next}))
}

/// A part of a list: the cursor is where the next one starts.
struct Slice {
    from: usize,
    to: usize,
    next: Option<String>,
}

impl Slice {
    fn of(total: usize, cursor: Option<&str>, limit: Option<u64>, default: usize) -> Result<Slice, Diagnostic> {
        let from: usize = match cursor {
            None => 0,
            Some(text) => text.parse().map_err(|_| {
                Diagnostic::new(Code::CursorExpired, "the cursor is not one of this list")
                    .field("cursor")
                    .received(text)
                    .help("give `next_cursor` of the page before, or leave it out")
            })?,
        };
        let limit = limit.map_or(default, |l| usize::try_from(l).unwrap_or(usize::MAX));
        let (from, to) = (from.min(total), from.saturating_add(limit).min(total));
        Ok(Slice { from, to, next: (to < total).then(|| to.to_string()) })
    }
}

/// One metric in full.
pub fn metric(catalog: &Catalog, name: &str) -> Result<Json, Diagnostic> {
    let found = catalog.require_metric(name).map_err(|d| d.field("name").received(name))?;
    let metric = catalog.metric(found.id);
    let Json::Object(mut out) = brief(catalog, metric) else {
        return Ok(Json::Null);
    };
    out.insert("aliases".into(), json!(metric.aliases));
    out.insert("deprecated_names".into(), json!(metric.deprecated_names));
    out.insert("synonyms".into(), json!(metric.synonyms));
    if let Some(owner) = &metric.owner {
        out.insert("owner".into(), json!(owner));
    }
    out.insert("dimensions".into(), json!(shared_by(catalog, &[metric])));
    Ok(Json::Object(out))
}

/// Something that another tool's files define and that cannot be asked.
fn left_out(catalog: &Catalog, of: &LeftOut, name: &str) -> Json {
    json!({"name": name, "description": format!("cannot be asked: {}", catalog.why_left_out(of)), "askable": false})
}

fn brief(catalog: &Catalog, metric: &Metric) -> Json {
    let mut out = Map::new();
    out.insert("name".into(), json!(metric.name));
    if let Some(label) = &metric.label {
        out.insert("label".into(), json!(label));
    }
    if let Some(description) = &metric.description {
        out.insert("description".into(), json!(description));
    }
    out.insert("type".into(), json!(kind_word(&metric.kind)));
    out.insert("format".into(), json!(format_word(metric.format)));
    if let Some(unit) = &metric.unit {
        out.insert("unit".into(), json!(unit));
    }
    out.insert("direction".into(), json!(direction_word(metric.direction)));
    out.insert("definition".into(), json!(metric.definition));
    out.insert("askable".into(), json!(is_askable(catalog, metric)));
    Json::Object(out)
}

fn kind_word(kind: &MetricKind) -> &'static str {
    match kind {
        MetricKind::Simple(_) => "simple",
        MetricKind::Ratio { .. } => "ratio",
        MetricKind::Derived { .. } => "derived",
        MetricKind::Cumulative { .. } => "cumulative",
        MetricKind::Conversion(_) => "conversion",
        MetricKind::Cohort(_) => "cohort",
        MetricKind::Later(word) => word,
    }
}

/// Whether this version can answer it: it and all that it is made of.
fn is_askable(catalog: &Catalog, metric: &Metric) -> bool {
    metric.not_yet.is_empty()
        && match &metric.kind {
            MetricKind::Simple(_) => true,
            MetricKind::Ratio { numerator, denominator } => {
                [numerator, denominator].iter().all(|i| is_askable(catalog, catalog.metric(i.metric)))
            }
            MetricKind::Derived { inputs, .. } => inputs.iter().all(|i| is_askable(catalog, catalog.metric(i.metric))),
            MetricKind::Cumulative { input, .. } => is_askable(catalog, catalog.metric(input.metric)),
            MetricKind::Conversion(of) => {
                [&of.base, &of.conversion].iter().all(|i| is_askable(catalog, catalog.metric(i.metric)))
            }
            MetricKind::Cohort(of) => {
                [&of.entry, &of.input].iter().all(|i| is_askable(catalog, catalog.metric(i.metric)))
            }
            MetricKind::Later(_) => false,
        }
}

/// The dimensions that all of the named metrics see; every dimension without a name.
pub fn dimensions(catalog: &Catalog, request: &ListDimensionsRequest) -> Result<Json, Diagnostic> {
    if request.metrics.is_empty() {
        return Ok(json!({"dimensions": all_dimensions(catalog)}));
    }
    let mut metrics = Vec::new();
    for item in &request.metrics {
        let refused = |d: Diagnostic| d.field(item.field.clone()).received(item.name.clone());
        metrics.push(catalog.metric(catalog.require_metric(&item.name).map_err(refused)?.id));
    }
    let names: Vec<&str> = metrics.iter().map(|m| m.name.as_str()).collect();
    Ok(json!({"metrics": names, "dimensions": shared_by(catalog, &metrics)}))
}

fn all_dimensions(catalog: &Catalog) -> Vec<Json> {
    let shared = catalog.shared_dimensions().iter().filter(|d| !d.hidden).map(|d| {
        let of: Vec<String> = d.members.iter().map(|m| path(catalog, *m)).collect();
        described(&d.name, &d.label, &d.description, json!(of))
    });
    let own = catalog
        .dimensions()
        .iter()
        .filter(|d| !d.hidden && d.shared.is_none())
        .map(|d| described(&path(catalog, d.id), &d.label, &d.description, json!([path(catalog, d.id)])));
    let entities = catalog.entity_names().into_iter().map(|name| {
        let of = catalog.dimensions().iter().filter(|d| d.is_entity && d.hidden && d.name == name);
        let of: Vec<String> = of.map(|d| path(catalog, d.id)).collect();
        json!({"name": name, "type": ENTITY, "of": of})
    });
    let lost = catalog.left_out.iter().filter_map(|of| match &of.kind {
        LeftOutKind::Dimension { dataset } => Some(left_out(catalog, of, &format!("{dataset}.{}", of.name))),
        LeftOutKind::Metric => None,
    });
    shared.chain(own).chain(entities).chain(lost).collect()
}

/// The `type` of a thing that rows belong to and are grouped by.
const ENTITY: &str = "entity";

fn path(catalog: &Catalog, id: sextant_semantics::catalog::id::DimensionId) -> String {
    let dimension = catalog.dimension(id);
    format!("{}.{}", catalog.dataset(dimension.dataset).name, dimension.name)
}

fn described(name: &str, label: &Option<String>, description: &Option<String>, of: Json) -> Json {
    let mut out = Map::new();
    out.insert("name".into(), json!(name));
    if let Some(label) = label {
        out.insert("label".into(), json!(label));
    }
    if let Some(description) = description {
        out.insert("description".into(), json!(description));
    }
    out.insert("of".into(), of);
    Json::Object(out)
}

/// The dimensions that every one of the metrics sees as the same one, and `metric_time`.
fn shared_by(catalog: &Catalog, metrics: &[&Metric]) -> Vec<Json> {
    let mut common: Option<Vec<(String, Located)>> = None;
    for dataset in metrics.iter().flat_map(|m| datasets(catalog, m)) {
        let hidden = |(_, located): &(String, Located)| catalog.dimension(located.dimension).hidden;
        let mut here: Vec<(String, Located)> = catalog.available(dataset).into_iter().filter(|d| !hidden(d)).collect();
        here.extend(catalog.available_entities(dataset));
        common = Some(match common {
            None => here,
            Some(known) => known
                .into_iter()
                .filter(|(name, located)| {
                    here.iter().any(|(other, there)| other == name && there.identity == located.identity)
                })
                .collect(),
        });
    }
    let mut out = vec![json!({"name": "metric_time", "type": "time"})];
    out.extend(common.unwrap_or_default().into_iter().map(|(name, located)| {
        let dimension = catalog.dimension(located.dimension);
        let is_entity = dimension.is_entity && dimension.hidden;
        let kind = if is_entity { ENTITY.to_string() } else { format!("{:?}", dimension.kind).to_lowercase() };
        let via = catalog.via(&located.path);
        let mut one = Map::new();
        one.insert("name".into(), json!(name));
        one.insert("type".into(), json!(kind));
        if let Some(granularity) = dimension.granularity {
            one.insert("granularity".into(), json!(granularity.as_str()));
        }
        if !via.is_empty() {
            one.insert("via".into(), json!(via));
        }
        if let Some(bridge) = located.path.bridge() {
            one.insert("bridge".into(), json!(catalog.relationship(bridge.relationship()).name));
        }
        Json::Object(one)
    }));
    out
}

fn datasets(catalog: &Catalog, metric: &Metric) -> Vec<sextant_semantics::catalog::id::DatasetId> {
    match &metric.kind {
        MetricKind::Simple(_) => metric.dataset.into_iter().collect(),
        MetricKind::Ratio { numerator, denominator } => {
            [numerator, denominator].iter().flat_map(|i| datasets(catalog, catalog.metric(i.metric))).collect()
        }
        MetricKind::Derived { inputs, .. } => {
            inputs.iter().flat_map(|i| datasets(catalog, catalog.metric(i.metric))).collect()
        }
        MetricKind::Cumulative { input, .. } => datasets(catalog, catalog.metric(input.metric)),
        MetricKind::Conversion(of) => datasets(catalog, catalog.metric(of.base.metric)),
        MetricKind::Cohort(of) => datasets(catalog, catalog.metric(of.entry.metric)),
        MetricKind::Later(_) => Vec::new(),
    }
}

/// Saved queries with what they ask.
pub fn saved_queries(catalog: &Catalog) -> Json {
    let queries = catalog.saved_queries.iter().map(|q| {
        let mut out = Map::new();
        out.insert("name".into(), json!(q.name.value));
        if let Some(label) = &q.label {
            out.insert("label".into(), json!(label.value));
        }
        if let Some(description) = &q.description {
            out.insert("description".into(), json!(description.value));
        }
        out.insert("query".into(), q.query.to_json());
        Json::Object(out)
    });
    json!({"saved_queries": queries.collect::<Vec<_>>()})
}

/// What matches a search, best first, each with what runs it.
pub fn search(catalog: &Catalog, request: &SearchRequest) -> Result<Json, Diagnostic> {
    let wanted = |found: &Found| match (request.kind, &found.what) {
        (None, _) => true,
        (Some(SearchKind::Metric), What::Metric(_)) => true,
        (Some(SearchKind::Dimension), What::Dimension(_)) => true,
        (Some(SearchKind::SavedQuery), What::SavedQuery(_)) => true,
        (Some(_), _) => false,
    };
    let found: Vec<Found> = search::search(catalog, &request.query).into_iter().filter(wanted).collect();
    let total = found.len();
    let page = Slice::of(total, request.cursor.as_deref(), request.limit, 20)?;
    let results: Vec<Json> = found[page.from..page.to].iter().map(|f| result(catalog, f)).collect();
    Ok(json!({"results": results, "total": total, "truncated": page.next.is_some(), "next_cursor": page.next}))
}

fn result(catalog: &Catalog, found: &Found) -> Json {
    match &found.what {
        What::Metric(id) => {
            let metric = catalog.metric(*id);
            json!({
                "kind": "metric",
                "id": format!("metric:{}", metric.name),
                "name": metric.name,
                "title": metric.label.clone().unwrap_or_else(|| metric.name.clone()),
                "description": metric.description,
                "definition": metric.definition,
                "call": {"tool": "get_metrics", "arguments": {"metric_names": [metric.name], "time_range": "last_7_days"}},
            })
        }
        What::Dimension(name) => json!({
            "kind": "dimension",
            "id": format!("dimension:{name}"),
            "name": name,
            "title": name,
            "call": {"tool": "get_dimension_values", "arguments": {"dimension": name}},
        }),
        What::SavedQuery(i) => {
            let query = &catalog.saved_queries[*i];
            json!({
                "kind": "saved_query",
                "id": format!("saved_query:{}", query.name.value),
                "name": query.name.value,
                "title": query.label.as_ref().map_or(&query.name.value, |l| &l.value),
                "description": query.description.as_ref().map(|d| &d.value),
                "call": {"tool": "run_saved_query", "arguments": {"name": query.name.value}},
            })
        }
    }
}
