//! Lists of what a model offers: metrics, dimensions, saved queries, and what a search finds.

use serde_json::{Map, Value as Json, json};
use sextant_semantics::catalog::id::{DimensionId, MetricId};
use sextant_semantics::catalog::locate::Located;
use sextant_semantics::catalog::search;
use sextant_semantics::catalog::{Catalog, Metric, MetricKind};
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::model::{LeftOut, LeftOutKind};
use sextant_semantics::query::request::{ListDimensionsRequest, ListMetricsRequest};

use super::cursor::{Cursors, Slice};
use super::number::{direction_word, format_word};

/// Metrics by name, hidden ones left out.
pub fn metrics(
    catalog: &Catalog,
    cursors: &Cursors,
    request: &ListMetricsRequest,
    max_bytes: Option<usize>,
) -> Result<Json, Diagnostic> {
    let mut metrics: Vec<&Metric> = catalog.metrics().iter().filter(|m| !m.hidden).collect();
    if let Some(wanted) = &request.search {
        let found = search::metrics(catalog, wanted);
        metrics.retain(|m| found.contains(&m.id));
    }
    let is_wanted = |of: &&LeftOut| {
        of.kind == LeftOutKind::Metric && request.search.as_ref().is_none_or(|wanted| of.name.contains(wanted.as_str()))
    };
    let mut all: Vec<(&str, Json)> = metrics.iter().map(|m| (m.name.as_str(), brief(catalog, m))).collect();
    all.extend(catalog.left_out.iter().filter(is_wanted).map(|of| (of.name.as_str(), left_out(catalog, of, &of.name))));
    all.sort_by(|a, b| a.0.cmp(b.0));
    let total = all.len();
    let limit = request.limit.map_or(usize::MAX, |l| usize::try_from(l).unwrap_or(usize::MAX));
    let bound_to = ["list_metrics", request.search.as_deref().unwrap_or_default()];
    let page = Slice::of(cursors, &bound_to, total, request.cursor.as_deref(), limit)?;
    let shown: Vec<Json> = all.drain(page.from..page.to).map(|(_, one)| one).collect();
    let shown = within(shown, max_bytes);
    let to = page.from + shown.len();
    let page = page.shortened(cursors, &bound_to, total, to);
    Ok(json!({"metrics": shown, "total": total, "truncated": page.next.is_some(), "next_cursor": page.next}))
}

/// What an answer says beside its list.
const ENVELOPE: usize = 1_000;

/// The first items, as many as the bytes allow, at least one.
pub fn within(mut items: Vec<Json>, max_bytes: Option<usize>) -> Vec<Json> {
    if let Some(most) = max_bytes {
        let mut bytes = ENVELOPE;
        let fits = items.iter().take_while(|item| {
            bytes += item.to_string().len() + 1;
            bytes <= most
        });
        let fits = fits.count().max(1);
        items.truncate(fits);
    }
    items
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
        let of: Vec<String> = catalog.members_seen(d).map(|m| path(catalog, m)).collect();
        described(&d.name, &d.label, &d.description, json!(of))
    });
    let own = catalog
        .dimensions()
        .iter()
        .filter(|d| !d.hidden && d.shared.is_none())
        .map(|d| described(&path(catalog, d.id), &d.label, &d.description, json!([path(catalog, d.id)])));
    let entities = catalog.entity_names().into_iter().map(|name| {
        let of = catalog.dimensions().iter().filter(|d| d.is_entity && d.hidden && !d.concealed && d.name == name);
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

fn path(catalog: &Catalog, id: DimensionId) -> String {
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

/// One metric for a list of what was found: its name, label, description, formula, and whether it can be asked.
pub fn summary(catalog: &Catalog, id: MetricId) -> Summary<'_> {
    let metric = catalog.metric(id);
    Summary {
        name: &metric.name,
        title: metric.label.as_deref().unwrap_or(&metric.name),
        description: metric.description.as_deref(),
        definition: &metric.definition,
        is_askable: is_askable(catalog, metric),
    }
}

/// What a search says of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub description: Option<&'a str>,
    pub definition: &'a str,
    pub is_askable: bool,
}

/// A metric by which a dimension can be read, and the dimension's name there: the model's main metrics first.
pub fn metric_that_sees(catalog: &Catalog, dimension: DimensionId) -> Option<(&str, String)> {
    let main = catalog.audit_metrics.iter().map(|id| catalog.metric(*id));
    let metrics = main.chain(catalog.metrics()).filter(|m| !m.hidden && matches!(m.kind, MetricKind::Simple(_)));
    metrics.filter(|metric| is_askable(catalog, metric)).find_map(|metric| {
        let seen = catalog.available(metric.dataset?).into_iter();
        let (name, _) =
            seen.into_iter().find(|(_, located)| located.dimension == dimension && located.path.bridge().is_none())?;
        Some((metric.name.as_str(), name))
    })
}
