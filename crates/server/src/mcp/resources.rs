//! Resources: the catalog, each metric, and the page that draws an answer.

use rmcp::ErrorData;
use rmcp::model::{MetaObject, Resource, ResourceContents, ResourceTemplate};
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;

use super::catalog::{self, Catalog};
use crate::{chart, wire};

pub(super) const CATALOG: &str = "catalog://";
pub(super) const METRIC: &str = "metric://";
pub(super) const METRIC_TEMPLATE: &str = "metric://{name}";
/// The page that shows an answer of `get_metrics` or `audit_performance`.
pub(super) const CHART: &str = "ui://sextant/chart";
/// What MCP Apps are told apart by.
const APP_TYPE: &str = "text/html;profile=mcp-app";
const JSON_TYPE: &str = "application/json";

/// Resources of a page of the list.
const PAGE: usize = 200;

/// A page of resources and where the next one starts. A server without a model has the chart alone.
pub(super) async fn list(
    catalog: &Catalog<'_>,
    cursor: Option<&str>,
) -> Result<(Vec<Resource>, Option<String>), ErrorData> {
    let from: usize = match cursor {
        None => 0,
        Some(text) => {
            text.parse().map_err(|_| ErrorData::invalid_params("the cursor is not one of this list", None))?
        }
    };
    let mut all = vec![chart_page()];
    if let Ok(metrics) = catalog.metrics().await {
        all.insert(0, whole_catalog());
        all.extend(metrics.iter().filter_map(metric));
    }
    let to = from.saturating_add(PAGE);
    let next = (all.len() > to).then(|| to.to_string());
    Ok((all.into_iter().skip(from).take(PAGE).collect(), next))
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(METRIC_TEMPLATE, "metric")
            .with_title("A metric")
            .with_description("What a metric means, its formula, and the dimensions it can be broken down by")
            .with_mime_type(JSON_TYPE),
    ]
}

fn whole_catalog() -> Resource {
    Resource::new(CATALOG, "catalog")
        .with_title("The catalog")
        .with_description("Every metric, dimension and saved query of the model")
        .with_mime_type(JSON_TYPE)
}

fn chart_page() -> Resource {
    Resource::new(CHART, "chart")
        .with_title("Chart of an answer")
        .with_description("Draws the answer of get_metrics or audit_performance")
        .with_mime_type(APP_TYPE)
        .with_meta(app_meta())
}

fn metric(metric: &Value) -> Option<Resource> {
    let name = catalog::name(metric)?;
    let title = metric["label"].as_str().unwrap_or(name);
    let about = metric["description"].as_str().or(metric["definition"].as_str()).unwrap_or("A metric of the model");
    Some(
        Resource::new(format!("{METRIC}{name}"), name)
            .with_title(title)
            .with_description(about)
            .with_mime_type(JSON_TYPE),
    )
}

/// No origin but its own, and a frame of the host's.
fn app_meta() -> MetaObject {
    let mut meta = MetaObject::new();
    meta.insert("ui".into(), json!({ "csp": {}, "prefersBorder": true }));
    meta
}

/// The content behind `uri`.
pub(super) async fn read(catalog: &Catalog<'_>, uri: &str) -> Result<ResourceContents, ErrorData> {
    let told = |content: Result<Value, Failure>| match content {
        Ok(content) => Ok(ResourceContents::text(content.to_string(), uri).with_mime_type(JSON_TYPE)),
        Err(failure) => Err(refused(uri, &failure)),
    };
    match uri {
        CHART => Ok(ResourceContents::text(chart::APP, uri).with_mime_type(APP_TYPE).with_meta(app_meta())),
        CATALOG => told(everything(catalog).await),
        _ => match uri.strip_prefix(METRIC).filter(|name| !name.is_empty()) {
            Some(name) => told(catalog.metric(name).await),
            None => Err(not_found(uri, "catalog://, metric:// and a name, and ui://sextant/chart are resources")),
        },
    }
}

async fn everything(catalog: &Catalog<'_>) -> Result<Value, Failure> {
    let (metrics, dimensions) = (catalog.metrics().await?, catalog.dimensions(None).await?);
    Ok(json!({ "metrics": metrics, "dimensions": dimensions, "saved_queries": catalog.saved_queries().await? }))
}

fn refused(uri: &str, failure: &Failure) -> ErrorData {
    let text = wire::error_text(failure);
    if failure.0.iter().any(|fault| fault.code == Code::UnknownMetric) {
        return not_found(uri, &text);
    }
    ErrorData::internal_error(text, Some(json!({ "uri": uri, "error": wire::error_object(failure) })))
}

fn not_found(uri: &str, text: &str) -> ErrorData {
    ErrorData::resource_not_found(format!("resource not found: {text}"), Some(json!({ "uri": uri })))
}
