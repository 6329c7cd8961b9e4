//! SHOW and DESCRIBE, which are SELECTs over the `system` tables.

use sqlparser::tokenizer::Token;

use super::{Statement, lift, read};
use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::expr::parse::Tokens;
use crate::source::Span;

const USAGE: &str = "SHOW METRICS, SHOW DIMENSIONS, SHOW DIMENSIONS FOR METRIC net_sales, SHOW DATASETS and DESCRIBE net_sales list \
                     what there is";

/// The statement that SHOW or DESCRIBE stands for.
pub(super) fn statement(catalog: &Catalog, tokens: &Tokens, first: usize) -> Result<Statement, Diagnostics> {
    let words: Vec<String> = (first..tokens.len()).map(|index| word(tokens, index)).collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let words_of: Vec<&str> = lower.iter().map(String::as_str).collect();
    let text = match words_of.as_slice() {
        ["show", "metrics"] => "SELECT * FROM system.metrics ORDER BY name".to_string(),
        ["show", "dimensions"] => "SELECT * FROM system.dimensions ORDER BY name".to_string(),
        ["show", "datasets" | "tables"] => "SELECT * FROM system.datasets ORDER BY name".to_string(),
        ["show", "dimensions", "for", "metric", _] | ["show", "dimensions", "for", _] => {
            let last = words.len() - 1;
            let found = [&words[last], &lower[last]].into_iter().find_map(|name| catalog.require_metric(name).ok());
            let metric = match found {
                Some(found) => &catalog.metric(found.id).name,
                None => {
                    return Err(unknown(catalog.require_metric(&words[last]).err(), at(tokens, first + last)).into());
                }
            };
            format!(
                "SELECT dimension, type, granularity, via FROM system.metric_dimensions WHERE metric = '{metric}' ORDER BY dimension"
            )
        }
        ["describe" | "desc", _] | ["describe" | "desc", "metric" | "dimension" | "dataset", _] => {
            let last = words.len() - 1;
            describe(catalog, &[&words[last], &lower[last]])
                .ok_or_else(|| nothing(catalog, &words[last], at(tokens, first + last)))?
        }
        _ => {
            let shown = words.first().map_or_else(String::new, |word| word.to_uppercase());
            let fault = Diagnostic::new(Code::InvalidQuery, format!("`{shown}` of something that it does not list"));
            return Err(fault.at(at(tokens, (first + 1).min(tokens.len() - 1))).help(USAGE).into());
        }
    };
    let inner = read::tokens(&text, Span::new(super::STATEMENT, 0, text.len()))?;
    let query = read::query(&inner, 0)?;
    lift::statement(catalog, &inner, query)
}

fn describe(catalog: &Catalog, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| {
        if let Ok(found) = catalog.require_metric(name) {
            let metric = &catalog.metric(found.id).name;
            return Some(format!("SELECT * FROM system.metrics WHERE name = '{metric}'"));
        }
        if let Some(dataset) = catalog.dataset_named(name) {
            return Some(format!("SELECT * FROM system.datasets WHERE name = '{}'", dataset.name));
        }
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let known = super::system::dimension_names(catalog).contains(&name.to_string());
        let bare = catalog.dimension_names().contains(name);
        match (plain && known, plain && bare) {
            (true, _) => Some(format!("SELECT * FROM system.dimensions WHERE name = '{name}'")),
            (false, true) => Some(format!("SELECT * FROM system.dimensions WHERE name LIKE '%.{name}' ORDER BY name")),
            (false, false) => None,
        }
    })
}

fn nothing(catalog: &Catalog, name: &str, at: Span) -> Diagnostic {
    let metrics = catalog.metric_names().map(|(known, _)| known);
    let datasets = catalog.datasets().iter().map(|dataset| dataset.name.as_str());
    let known: Vec<&str> = metrics.chain(datasets).chain(catalog.dimension_names()).collect();
    let fault = Diagnostic::new(Code::InvalidQuery, format!("nothing is named `{name}`")).at(at);
    fault.candidates(nearest(name, known)).help(USAGE)
}

fn unknown(fault: Option<Diagnostic>, at: Span) -> Diagnostic {
    fault.unwrap_or_else(|| Diagnostic::new(Code::UnknownMetric, "unknown metric")).at(at)
}

fn at(tokens: &Tokens, index: usize) -> Span {
    tokens.span(index, index)
}

/// A word as it stands, without quotes; a name of several parts is as many words.
fn word(tokens: &Tokens, index: usize) -> String {
    match tokens.token(index) {
        Some(Token::Word(word)) => word.value.clone(),
        Some(_) | None => tokens.text_of(index).to_string(),
    }
}
