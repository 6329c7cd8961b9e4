//! Completions: names of metrics and dimensions, and the words for periods, while an argument is typed.

use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompletionInfo, Reference};
use sextant_semantics::time::comparison::Mode;

use super::catalog::{self, Catalog};
use super::{prompts, resources};

/// Periods that are asked for most; ranges of dates have no end of spellings.
const RANGES: [&str; 16] = [
    "last_7_days",
    "last_14_days",
    "last_28_days",
    "last_30_days",
    "last_90_days",
    "last_week",
    "last_month",
    "last_quarter",
    "last_year",
    "this_week",
    "this_month",
    "today",
    "yesterday",
    "mtd",
    "qtd",
    "ytd",
];

/// What completes an argument of a prompt or of a resource's template.
enum Wanted {
    Metric,
    Dimension,
    Range,
    Comparison,
}

pub(super) async fn complete(
    catalog: &Catalog<'_>,
    request: &CompleteRequestParams,
) -> Result<CompletionInfo, ErrorData> {
    let chosen = request.context.as_ref().and_then(|context| context.arguments.as_ref()?.get("metric"));
    let names = match wanted(request)? {
        Wanted::Metric => named(catalog.metrics().await.unwrap_or_default()),
        Wanted::Dimension => named(dimensions(catalog, chosen.map(String::as_str)).await),
        Wanted::Range => RANGES.map(str::to_string).into(),
        Wanted::Comparison => comparisons(),
    };
    ranked(names, &request.argument.value).map_err(|fault| ErrorData::internal_error(fault, None))
}

/// The argument is one of the prompt's or the template's own.
fn wanted(request: &CompleteRequestParams) -> Result<Wanted, ErrorData> {
    let argument = request.argument.name.as_str();
    let refuse = |what: &str| Err(ErrorData::invalid_params(format!("nothing completes `{what}`"), None));
    match &request.r#ref {
        Reference::Prompt(prompt) => match (prompt.name.as_str(), argument) {
            (prompts::EXPLAIN, "metric") => Ok(Wanted::Metric),
            (prompts::EXPLAIN, "dimension") => Ok(Wanted::Dimension),
            (prompts::EXPLAIN | prompts::REVIEW, "time_range") => Ok(Wanted::Range),
            (prompts::EXPLAIN | prompts::REVIEW, "comparison") => Ok(Wanted::Comparison),
            (name, _) => refuse(&format!("{name}.{argument}").chars().take(160).collect::<String>()),
        },
        Reference::Resource(resource) => match (resource.uri.as_str(), argument) {
            (resources::METRIC_TEMPLATE, "name") => Ok(Wanted::Metric),
            (uri, _) => refuse(&uri.chars().take(160).collect::<String>()),
        },
        _ => refuse("a reference of this kind"),
    }
}

/// The modes that have a word; a range is its own.
fn comparisons() -> Vec<String> {
    Mode::ALL.iter().filter(|mode| **mode != Mode::Custom).map(|mode| mode.as_str().to_string()).collect()
}

/// Those that the chosen metric sees; all of them while none is, or none that the model knows.
async fn dimensions(catalog: &Catalog<'_>, metric: Option<&str>) -> Vec<serde_json::Value> {
    if let Some(metric) = metric
        && let Ok(dimensions) = catalog.dimensions(Some(metric)).await
    {
        return dimensions;
    }
    catalog.dimensions(None).await.unwrap_or_default()
}

fn named(items: Vec<serde_json::Value>) -> Vec<String> {
    items.iter().filter_map(|item| catalog::name(item).map(str::to_string)).collect()
}

/// Names that begin with what is typed, then names that hold it, each in their own order.
fn ranked(names: Vec<String>, typed: &str) -> Result<CompletionInfo, String> {
    let typed = typed.trim().to_lowercase();
    let place = |name: &String| name.to_lowercase().find(&typed);
    let (first, rest): (Vec<String>, Vec<String>) =
        names.into_iter().filter(|name| place(name).is_some()).partition(|name| place(name) == Some(0));
    let mut all: Vec<String> = first.into_iter().chain(rest).collect();
    let total = all.len();
    all.truncate(CompletionInfo::MAX_VALUES);
    let has_more = all.len() < total;
    CompletionInfo::with_pagination(all, u32::try_from(total).ok(), has_more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_begin_with_the_text_come_first() {
        let names = ["gross_sales", "sales", "net_sales", "orders", "Sales_tax"].map(str::to_string).to_vec();
        let found = ranked(names, " SAL").expect("few names");
        assert_eq!(found.values, ["sales", "Sales_tax", "gross_sales", "net_sales"]);
        assert_eq!((found.total, found.has_more), (Some(4), Some(false)));
    }

    #[test]
    fn a_hundred_values_and_the_count_of_all() {
        let found = ranked((0..250).map(|i| format!("m{i}")).collect(), "").expect("cut");
        assert_eq!((found.values.len(), found.total, found.has_more), (100, Some(250), Some(true)));
    }
}
