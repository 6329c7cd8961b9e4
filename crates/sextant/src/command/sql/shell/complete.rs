//! What Tab offers: metrics where a metric stands, tables after FROM and JOIN, and elsewhere every name and keyword.

use reedline::{Completer, CompletionResult, Span, Suggestion};
use serde_json::{Map, Value};

use super::COMMANDS;
use crate::cli::Format;
use crate::fault::Fault;
use crate::session::Session;

const KEYWORDS: [&str; 48] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "GROUP BY ALL",
    "HAVING",
    "QUALIFY",
    "ORDER BY",
    "LIMIT",
    "OFFSET",
    "WITH",
    "AS",
    "DISTINCT",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "IS NULL",
    "IS NOT NULL",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "DATE",
    "INTERVAL",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "UNION ALL",
    "DESC",
    "OVER",
    "PARTITION BY",
    "FILTER",
    "EXPLAIN",
    "DESCRIBE",
    "SHOW METRICS",
    "SHOW DIMENSIONS",
    "SHOW DIMENSIONS FOR METRIC",
    "SHOW DATASETS",
    "SEMANTIC_VIEW",
    "EXTRACT",
    "DATE_TRUNC",
    "TIME_RANGE(",
    "COMPARE(",
];
/// Calls whose argument is a metric.
const OF_METRICS: [&str; 6] = ["MEASURE(", "AGG(", "AGGREGATE(", "PRIOR(", "DELTA(", "PCT_CHANGE("];
const SERIES: [&str; 5] =
    ["metric_time__day", "metric_time__week", "metric_time__month", "metric_time__quarter", "metric_time__year"];

/// The names of the model that statements are made of.
#[derive(Debug, Default)]
pub(super) struct Names {
    metrics: Vec<String>,
    dimensions: Vec<String>,
    tables: Vec<String>,
}

impl Names {
    /// Asked as a statement asks them.
    pub(super) fn of(session: &Session) -> Result<Names, Fault> {
        let names = |statement: &str| -> Result<Vec<String>, Fault> {
            let arguments = Map::from_iter([("query".to_string(), Value::from(statement))]);
            let answer = session.call("sql", arguments, None)?;
            let rows = answer["rows"].as_array().into_iter().flatten();
            Ok(rows.filter_map(|row| row[0].as_str().map(str::to_string)).collect())
        };
        let tables =
            ["metrics".to_string(), "system.metrics".into(), "system.dimensions".into(), "system.datasets".into()];
        Ok(Names {
            metrics: names("SHOW METRICS")?,
            dimensions: names("SHOW DIMENSIONS")?,
            tables: tables.into_iter().chain(names("SHOW DATASETS")?).collect(),
        })
    }

    /// The texts that may stand instead of the word that ends at the end of `before`, and where it starts.
    fn offers(&self, before: &str) -> (usize, Vec<String>) {
        let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let start =
            before.rfind(|c| !is_of_word(c)).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let (head, word) = before.split_at(start);
        let strings = |of: &[&str]| of.iter().map(|text| text.to_string()).collect::<Vec<_>>();
        let known = match head.split_whitespace().next_back() {
            None if word.starts_with('.') => COMMANDS.iter().map(|(name, _)| name.to_string()).collect(),
            Some(".mode") => <Format as clap::ValueEnum>::value_variants().iter().copied().map(super::word).collect(),
            Some(last) if last.eq_ignore_ascii_case("from") || last.eq_ignore_ascii_case("join") => self.tables.clone(),
            Some(last) if OF_METRICS.iter().any(|call| ends_with(last, call)) => self.metrics.clone(),
            // Every name and keyword would hide what is typed.
            _ if word.is_empty() => Vec::new(),
            _ => {
                let names = self.metrics.iter().chain(&self.dimensions).chain(&self.tables).cloned();
                let own = strings(&SERIES).into_iter().chain(strings(&OF_METRICS)).chain(strings(&KEYWORDS));
                names.chain(own).collect()
            }
        };
        let mut offered: Vec<String> = Vec::new();
        for name in known {
            let fits = name.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
            if fits && !offered.contains(&name) {
                offered.push(name);
            }
        }
        (start, offered)
    }
}

fn ends_with(text: &str, end: &str) -> bool {
    text.len().checked_sub(end.len()).and_then(|at| text.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

impl Completer for Names {
    fn complete(&mut self, line: &str, at: usize) -> CompletionResult {
        let (start, offers) = self.offers(line.get(..at).unwrap_or(line));
        let suggestion = |value: String| Suggestion { span: Span::new(start, at), value, ..Suggestion::default() };
        CompletionResult::fresh(offers.into_iter().map(suggestion).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(before: &str) -> (usize, Vec<String>) {
        let texts = |of: &[&str]| of.iter().map(|text| text.to_string()).collect();
        let names = Names {
            metrics: texts(&["net_sales", "orders"]),
            dimensions: texts(&["channel", "orders.status"]),
            tables: texts(&["metrics", "orders"]),
        };
        names.offers(before)
    }

    #[test]
    fn names_are_offered_where_they_may_stand() {
        assert_eq!(offers("SELECT measure("), (15, vec!["net_sales".to_string(), "orders".into()]));
        assert_eq!(offers("SELECT MEASURE(NET"), (15, vec!["net_sales".to_string()]));
        assert_eq!(offers("SELECT 1 FROM "), (14, vec!["metrics".to_string(), "orders".into()]));
        assert_eq!(offers("SELECT cha"), (7, vec!["channel".to_string()]));
        assert_eq!(offers("SELECT orders.s"), (7, vec!["orders.status".to_string()]));
        assert_eq!(offers("SELECT order"), (7, vec!["orders".to_string(), "orders.status".into(), "ORDER BY".into()]));
        assert_eq!(offers("sel"), (0, vec!["SELECT".to_string()]));
        assert_eq!(offers(".m"), (0, vec![".mode".to_string()]));
        assert_eq!(offers(".mode c"), (6, vec!["csv".to_string()]));
        assert_eq!(offers("SELECT 'é"), (8, vec![]));
    }
}
