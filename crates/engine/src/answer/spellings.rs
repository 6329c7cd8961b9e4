//! Groups whose names differ only by case or spaces: they stand apart, and the answer says so.

use std::collections::BTreeMap;

use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Warning;

use super::value::Value;
use super::{Answer, ColumnOf};

/// Spellings that a warning names.
const NAMED: usize = 3;

/// A warning for each column of groups that has several spellings of one value.
pub fn warnings(answer: &Answer) -> Vec<Warning> {
    let columns = answer.columns.iter().enumerate();
    let groups = columns.filter(|(_, column)| matches!(column.of, ColumnOf::Group(_)));
    groups.filter_map(|(position, column)| warning(answer, position, &column.name)).collect()
}

fn warning(answer: &Answer, position: usize, name: &str) -> Option<Warning> {
    let mut spellings: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for row in &answer.rows {
        let Value::Text(text) = &row[position] else { continue };
        let known = spellings.entry(text.trim().to_lowercase()).or_default();
        if !known.contains(&text.as_str()) {
            known.push(text);
        }
    }
    let first = spellings.values().find(|spellings| spellings.len() > 1)?;
    let shown: Vec<String> = first.iter().take(NAMED).map(|text| format!("`{text}`")).collect();
    let message = format!(
        "values of `{name}` differ only by case or spaces and stand apart: {}; `normalize: [trim, lower]` on the dimension makes them one",
        shown.join(", ")
    );
    Some(Warning::new(Code::UnnormalizedValues, message))
}
