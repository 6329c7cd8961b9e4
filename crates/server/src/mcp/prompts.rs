//! Prompts: two questions that people ask every week, written out as the calls that answer them.

use rmcp::ErrorData;
use rmcp::model::{
    ContentBlock, GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, ResourceContents, Role,
};
use serde_json::{Map, Value, json};

use super::catalog::Catalog;
use super::resources::METRIC;
use crate::wire;

pub(super) const REVIEW: &str = "weekly_performance_review";
pub(super) const EXPLAIN: &str = "explain_metric_change";

/// Characters of an argument.
const LONGEST: usize = 200;

pub(super) fn all() -> Vec<Prompt> {
    let time_range = argument("time_range", "Period, such as last_7_days (the default), last_week, mtd", false);
    let comparison = argument("comparison", "What it is compared with, such as previous_period (the default)", false);
    vec![
        Prompt::new(
            EXPLAIN,
            Some("Why a metric changed: how much, whether it is unusual, and what moved it"),
            Some(vec![
                argument("metric", "The metric, by its name", true),
                time_range.clone(),
                comparison.clone(),
                argument("dimension", "A dimension to look into first", false),
            ]),
        )
        .with_title("Explain a metric's change"),
        Prompt::new(
            REVIEW,
            Some("What changed in a week that is worth telling, and why"),
            Some(vec![time_range, comparison]),
        )
        .with_title("Weekly performance review"),
    ]
}

fn argument(name: &str, description: &str, is_required: bool) -> PromptArgument {
    PromptArgument::new(name).with_description(description).with_required(is_required)
}

pub(super) async fn get(
    catalog: &Catalog<'_>,
    name: &str,
    arguments: Option<&JsonObject>,
) -> Result<GetPromptResult, ErrorData> {
    let Some(prompt) = all().into_iter().find(|prompt| prompt.name == name) else {
        let names: Vec<String> = all().into_iter().map(|prompt| prompt.name).collect();
        let name: String = name.chars().take(80).collect();
        let message = format!("unknown prompt `{name}`; the prompts are {}", names.join(", "));
        return Err(ErrorData::invalid_params(message, Some(json!({ "available": names }))));
    };
    let given = given(&prompt, arguments)?;
    let messages = match name {
        EXPLAIN => explain(catalog, &given).await?,
        _ => vec![PromptMessage::new_text(Role::User, review(&given))],
    };
    let result = GetPromptResult::new(messages);
    Ok(match prompt.description {
        Some(description) => result.with_description(description),
        None => result,
    })
}

/// The arguments of a prompt, each a short text that the prompt knows.
fn given(prompt: &Prompt, arguments: Option<&JsonObject>) -> Result<Map<String, Value>, ErrorData> {
    let refuse = |message: String| ErrorData::invalid_params(message, None);
    let known = prompt.arguments.as_deref().unwrap_or_default();
    let names = || known.iter().map(|argument| argument.name.as_str()).collect::<Vec<_>>().join(", ");
    let given = arguments.cloned().unwrap_or_default();
    for (name, value) in &given {
        if !known.iter().any(|argument| argument.name == *name) {
            let name: String = name.chars().take(80).collect();
            return Err(refuse(format!("unknown argument `{name}`; `{}` takes {}", prompt.name, names())));
        }
        let fits = value.as_str().is_some_and(|text| !text.trim().is_empty() && text.chars().count() <= LONGEST);
        if !fits {
            return Err(refuse(format!("argument `{name}` is not a text of 1 to {LONGEST} characters")));
        }
    }
    for argument in known.iter().filter(|argument| argument.required == Some(true)) {
        if !given.contains_key(&argument.name) {
            return Err(refuse(format!("argument `{}` is missing", argument.name)));
        }
    }
    Ok(given)
}

/// The period and what it is compared with, as the tools take them.
fn window(given: &Map<String, Value>) -> Map<String, Value> {
    let or = |name: &str, default: &str| given.get(name).cloned().unwrap_or_else(|| default.into());
    let mut window = Map::new();
    window.insert("time_range".into(), or("time_range", "last_7_days"));
    window.insert("comparison".into(), or("comparison", "previous_period"));
    window
}

fn review(given: &Map<String, Value>) -> String {
    let audit = Value::Object(window(given));
    format!(
        "Review the performance of the business.\n\n\
         1. Call audit_performance with {audit}.\n\
         2. For each of the first three highlights, call get_metrics with the metric, the same time_range and comparison, \
         and group_by of the dimension that its first driver names.\n\
         3. Write the review: one paragraph of what matters most; then each highlight with its value, previous value, \
         change and the drivers that explain it; then what did not change although one would expect it to.\n\n\
         Quote the exact dates of both periods from `applied`. Say which changes are significant and which are not: a \
         change that is not significant is not news. Pass on every warning that bears on a number. Take every number \
         from an answer; compute none."
    )
}

async fn explain(catalog: &Catalog<'_>, given: &Map<String, Value>) -> Result<Vec<PromptMessage>, ErrorData> {
    let asked = given["metric"].as_str().unwrap_or_default();
    let definition = catalog.metric(asked).await.map_err(|failure| {
        ErrorData::invalid_params(wire::error_text(&failure), Some(json!({ "error": wire::error_object(&failure) })))
    })?;
    let name = definition["name"].as_str().unwrap_or(asked).to_string();
    let mut audit = Map::from_iter([("metric_names".to_string(), json!([name]))]);
    audit.extend(window(given));
    let mut series = audit.clone();
    series.insert("granularity".into(), "day".into());
    if let Some(dimension) = given.get("dimension") {
        audit.insert("dimensions".into(), json!([dimension]));
    }
    let text = format!(
        "Explain the change of the metric `{name}`, whose definition stands above.\n\n\
         1. Call audit_performance with {}.\n\
         2. Call get_metrics with {} to see when it happened.\n\
         3. For the dimension that explains most, call get_metrics with the same period and comparison and group_by of it.\n\n\
         Say how much it changed and over which exact dates (from `applied`), whether that is unusual for this metric \
         (from `significance`), which drivers it consists of, and what the data cannot tell. Pass on every warning. Take \
         every number from an answer; compute none.",
        Value::Object(audit),
        Value::Object(series),
    );
    let resource = ResourceContents::text(definition.to_string(), format!("{METRIC}{name}"));
    let resource = ContentBlock::resource(resource.with_mime_type("application/json"));
    Ok(vec![PromptMessage::new(Role::User, resource), PromptMessage::new_text(Role::User, text)])
}
