//! One result of a search: what it is, and a call of an operation that runs as it stands.

use serde_json::{Map, Value, json};
use sextant_engine::json::listing;
use sextant_engine::workspace::values::Values;
use sextant_semantics::catalog::Catalog;
use sextant_semantics::catalog::search::{Entry, What};

use super::kind_of;
use crate::docs;
use crate::operations::{Operation, find};

/// What results are written from.
pub(crate) struct Results<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) values: Option<&'a Values>,
}

/// An operation and its arguments.
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) arguments: Value,
}

fn call(operation: &str, arguments: Value) -> Call {
    Call { operation: find(operation).expect("results call operations of the list"), arguments }
}

/// `kind:name`, of a value `dimension_value:dimension=value`.
pub(crate) fn id(entry: &Entry) -> String {
    let kind = kind_of(&entry.what).as_str();
    match &entry.what {
        What::Value { dimension, value } => format!("{kind}:{dimension}={value}"),
        What::Metric(_) | What::Dimension(_) | What::SavedQuery(_) | What::Operation(_) | What::Page(_) => {
            format!("{kind}:{}", entry.name)
        }
    }
}

/// Where it is cited: a resource of the model, or a page of this server.
pub(crate) fn url(entry: &Entry) -> String {
    match &entry.what {
        What::Metric(_) => format!("metric://{}", entry.name),
        What::Dimension(name) => format!("catalog://dimension/{}", escaped(name)),
        What::Value { dimension, value } => format!("catalog://dimension/{}/{}", escaped(dimension), escaped(value)),
        What::SavedQuery(_) => format!("catalog://saved_query/{}", entry.name),
        What::Operation(name) => format!("catalog://operation/{name}"),
        What::Page(slug) => docs::page(slug).map_or_else(|| format!("/docs/{slug}"), |page| page.url()),
    }
}

/// A text as one segment of a path.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

impl Results<'_> {
    pub(crate) fn result(&self, entry: &Entry) -> Value {
        let mut out = Map::new();
        out.insert("kind".into(), kind_of(&entry.what).as_str().into());
        out.insert("id".into(), id(entry).into());
        out.insert("name".into(), entry.name.clone().into());
        out.insert("title".into(), self.title(entry).into());
        out.insert("description".into(), self.description(entry).map_or(Value::Null, Value::from));
        match &entry.what {
            What::Metric(id) => {
                out.insert("definition".into(), listing::summary(self.catalog, *id).definition.into());
            }
            What::Value { dimension, .. } => {
                out.insert("dimension".into(), dimension.clone().into());
            }
            What::Dimension(_) | What::SavedQuery(_) | What::Operation(_) | What::Page(_) => {}
        }
        out.insert("url".into(), url(entry).into());
        let Call { operation, arguments } = self.call(entry);
        out.insert("call".into(), json!({ "operation": operation.name, "arguments": arguments }));
        out.insert("method".into(), Operation::METHOD.into());
        out.insert("path".into(), operation.path().into());
        if matches!(entry.what, What::Operation(_)) {
            out.insert("argument_schema".into(), compact(&operation.arguments()));
        }
        out.insert("pagination".into(), operation.paging_json());
        out.insert("authorization".into(), operation.authorization_json());
        Value::Object(out)
    }

    pub(crate) fn title(&self, entry: &Entry) -> String {
        match &entry.what {
            What::Metric(id) => listing::summary(self.catalog, *id).title.to_string(),
            What::Dimension(name) => {
                let shared = self.catalog.shared_dimensions().iter().find(|d| d.name == *name);
                let own = || self.own_dimension(name).and_then(|dimension| dimension.label.clone());
                shared.and_then(|d| d.label.clone()).or_else(own).unwrap_or_else(|| name.clone())
            }
            What::Value { dimension, value } => format!("{value} ({dimension})"),
            What::SavedQuery(i) => {
                let query = &self.catalog.saved_queries[*i];
                query.label.as_ref().unwrap_or(&query.name).value.clone()
            }
            What::Operation(name) => find(name).map_or_else(|| name.clone(), |operation| operation.title.to_string()),
            What::Page(slug) => docs::page(slug).map_or_else(|| slug.clone(), |page| page.title.clone()),
        }
    }

    pub(crate) fn description(&self, entry: &Entry) -> Option<String> {
        match &entry.what {
            What::Metric(id) => listing::summary(self.catalog, *id).description.map(str::to_string),
            What::Dimension(name) => {
                let shared = self.catalog.shared_dimensions().iter().find(|d| d.name == *name);
                let own = || self.own_dimension(name).and_then(|dimension| dimension.description.clone());
                shared.and_then(|d| d.description.clone()).or_else(own)
            }
            What::Value { .. } => None,
            What::SavedQuery(i) => self.catalog.saved_queries[*i].description.as_ref().map(|d| d.value.clone()),
            What::Operation(name) => find(name).map(|operation| operation.description.to_string()),
            What::Page(slug) => docs::page(slug).map(|page| page.description.clone()),
        }
    }

    fn own_dimension(&self, name: &str) -> Option<&sextant_semantics::catalog::Dimension> {
        let (dataset, last) = name.rsplit_once('.')?;
        let catalog = self.catalog;
        catalog.dimensions().iter().find(|d| d.name == last && catalog.dataset(d.dataset).name == dataset)
    }

    /// The call that uses a result.
    pub(crate) fn call(&self, entry: &Entry) -> Call {
        match &entry.what {
            What::Metric(id) if listing::summary(self.catalog, *id).is_askable => {
                call("get_metrics", json!({ "metric_names": [entry.name], "time_range": "last_7_days" }))
            }
            What::Metric(_) => call("describe_metric", json!({ "name": entry.name })),
            What::Dimension(name) => call("get_dimension_values", json!({ "dimension": name })),
            What::Value { dimension, value } => {
                let asked_by = self.values.and_then(|values| values.dimension(dimension)?.asked_by.as_ref());
                match asked_by {
                    Some((metric, there)) => {
                        let condition = json!({ "dimension": there, "op": "=", "value": value });
                        let arguments =
                            json!({ "metric_names": [metric], "time_range": "last_7_days", "where": [condition] });
                        call("get_metrics", arguments)
                    }
                    None => call("get_dimension_values", json!({ "dimension": dimension, "search": value })),
                }
            }
            What::SavedQuery(_) => call("run_saved_query", json!({ "name": entry.name })),
            What::Operation(name) => {
                let operation = find(name).expect("entries of operations are from the list");
                Call { operation, arguments: example(operation, self.catalog).unwrap_or_else(|| json!({})) }
            }
            What::Page(_) => call("fetch", json!({ "id": id(entry) })),
        }
    }
}

/// Arguments with which an operation runs over this model; none where nothing of the model would do.
pub(crate) fn example(operation: &Operation, catalog: &Catalog) -> Option<Value> {
    let main = catalog.audit_metrics.iter().copied();
    let mut metrics = main.chain(catalog.metrics().iter().filter(|m| !m.hidden).map(|m| m.id));
    let metric =
        metrics.find(|id| listing::summary(catalog, *id).is_askable).map(|id| catalog.metric(id).name.as_str());
    let asked = || Some(json!({ "metric_names": [metric?], "time_range": "last_7_days" }));
    match operation.name {
        "get_metrics" => asked(),
        "audit_performance" => metric.map(|_| json!({ "time_range": "last_7_days" })),
        "search" => Some(json!({ "query": metric.unwrap_or_default() })),
        "fetch" => Some(json!({ "id": "documentation:index" })),
        "describe_metric" => Some(json!({ "name": metric? })),
        "list_dimensions" => Some(json!({ "metric_names": [metric?] })),
        "get_dimension_values" => {
            let shared = catalog.shared_dimensions().iter().find(|d| !d.hidden).map(|d| d.name.clone());
            let own = || {
                let own = catalog.dimensions().iter().find(|d| !d.hidden && d.shared.is_none())?;
                Some(format!("{}.{}", catalog.dataset(own.dataset).name, own.name))
            };
            Some(json!({ "dimension": shared.or_else(own)? }))
        }
        "run_saved_query" => Some(json!({ "name": catalog.saved_queries.first()?.name.value })),
        "sql" => {
            let query = format!("SELECT MEASURE({}) FROM metrics WHERE TIME_RANGE('last_7_days')", metric?);
            Some(json!({ "query": query }))
        }
        "explain" => Some(json!({ "arguments": asked()? })),
        "resolve_time_range" => Some(json!({ "time_range": "last_7_days", "comparison": "previous_period" })),
        _ => Some(json!({})),
    }
}

/// A schema without its texts and without what items of lists look like: enough to see what can be given.
fn compact(schema: &Value) -> Value {
    let properties = schema["properties"].as_object().into_iter().flatten().map(|(name, property)| {
        let mut short = Map::new();
        for key in ["type", "enum"] {
            if let Some(value) = property.get(key) {
                short.insert(key.into(), value.clone());
            }
        }
        (name.clone(), Value::Object(short))
    });
    let mut out = Map::new();
    out.insert("type".into(), "object".into());
    out.insert("properties".into(), Value::Object(properties.collect()));
    if let Some(required) = schema.get("required") {
        out.insert("required".into(), required.clone());
    }
    Value::Object(out)
}
