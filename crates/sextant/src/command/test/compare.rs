//! The rows that a test expects beside those of the answer, cell by cell.
//!
//! Exact numbers are equal when they are the same number, however many zeros are written; quotients
//! and other doubles when they are within a billionth of each other; all else when the texts are equal.

use serde_json::{Map, Value, json};
use sextant_semantics::yaml::{self, Node, Scalar, ScalarKind};

/// How far a double may be from what is expected of it, as a part of that.
const TOLERANCE: f64 = 1e-9;

/// One thing in which an answer is not the expected one. Rows count from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Difference {
    Cell {
        row: usize,
        column: String,
        expected: Value,
        got: Value,
    },
    /// The expected row has more or fewer cells than the answer has columns.
    Width {
        row: usize,
        expected: usize,
        columns: Vec<String>,
    },
    Missing {
        row: usize,
        expected: Value,
    },
    Unexpected {
        row: usize,
        got: Value,
    },
}

/// Every difference between the expected rows and those of an answer, from the top.
pub(super) fn rows(expected: &Node, answer: &Value) -> Vec<Difference> {
    let columns = Column::all(answer);
    let got = answer["rows"].as_array().map_or(&[][..], Vec::as_slice);
    let expected = items(expected);
    let mut found = Vec::new();
    for position in 0..expected.len().max(got.len()) {
        let row = position + 1;
        match (expected.get(position), got.get(position)) {
            (Some(expected), Some(got)) => cells(row, items(expected), got, &columns, &mut found),
            (Some(expected), None) => found.push(Difference::Missing { row, expected: expected.to_json() }),
            (None, Some(got)) => found.push(Difference::Unexpected { row, got: got.clone() }),
            (None, None) => {}
        }
    }
    found
}

fn cells(row: usize, expected: &[Node], got: &Value, columns: &[Column], found: &mut Vec<Difference>) {
    if expected.len() != columns.len() {
        let columns = columns.iter().map(|column| column.name.clone()).collect();
        found.push(Difference::Width { row, expected: expected.len(), columns });
        return;
    }
    for (position, (expected, column)) in expected.iter().zip(columns).enumerate() {
        let got = &got[position];
        if !column.is_equal(expected, got) {
            let (column, got) = (column.name.clone(), got.clone());
            found.push(Difference::Cell { row, column, expected: expected.to_json(), got });
        }
    }
}

/// A column of an answer.
struct Column {
    name: String,
    kind: Kind,
}

/// How the values of a column are compared.
#[derive(Clone, Copy)]
enum Kind {
    Exact,
    Double,
    Text,
}

impl Column {
    fn all(answer: &Value) -> Vec<Column> {
        let columns = answer["columns"].as_array().map_or(&[][..], Vec::as_slice);
        let column = |column: &Value| Column {
            name: column["name"].as_str().unwrap_or_default().to_string(),
            kind: match column["type"].as_str() {
                Some("integer" | "decimal") => Kind::Exact,
                Some("float") => Kind::Double,
                _ => Kind::Text,
            },
        };
        columns.iter().map(column).collect()
    }

    fn is_equal(&self, expected: &Node, got: &Value) -> bool {
        let Some(Scalar { text, kind }) = expected.scalar() else { return false };
        let got = match got {
            Value::Null => return *kind == ScalarKind::Null,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if *kind == ScalarKind::Null {
            return false;
        }
        match self.kind {
            Kind::Exact => digits(text).is_some_and(|number| digits(&got) == Some(number)),
            Kind::Double => match (text.parse::<f64>(), got.parse::<f64>()) {
                (Ok(expected), Ok(got)) => (expected - got).abs() <= TOLERANCE * expected.abs(),
                (Err(_), _) | (_, Err(_)) => false,
            },
            Kind::Text => *text == got,
        }
    }
}

/// A decimal number as its sign, its digits from the first to the last that is not 0, and the power of
/// ten of the last: one form for each number.
fn digits(text: &str) -> Option<(bool, String, i64)> {
    let text = text.trim().replace('_', "");
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let negative = mantissa.starts_with('-');
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some((false, String::new(), 0));
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    Some((negative, significant.to_string(), i64::from(exponent) - fraction.len() as i64 + zeros as i64))
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        yaml::Value::List(items) => items,
        yaml::Value::Scalar(_) | yaml::Value::Map(_) => &[],
    }
}

impl Difference {
    pub(super) fn text(&self) -> String {
        match self {
            Difference::Cell { row, column, expected, got } => {
                format!("row {row}, {column}: expected {}, got {}", shown(expected), shown(got))
            }
            Difference::Width { row, expected, columns } => {
                format!("row {row}: expected {expected} cells, got {}: {}", columns.len(), columns.join(", "))
            }
            Difference::Missing { row, expected } => format!("row {row}: expected {}, got no row", shown(expected)),
            Difference::Unexpected { row, got } => format!("row {row}: expected no row, got {}", shown(got)),
        }
    }

    pub(super) fn json(&self) -> Value {
        let mut out = Map::new();
        let (row, parts) = match self {
            Difference::Cell { row, column, expected, got } => {
                (row, vec![("column", json!(column)), ("expected", expected.clone()), ("got", got.clone())])
            }
            Difference::Width { row, expected, columns } => {
                (row, vec![("expected_cells", json!(expected)), ("columns", json!(columns))])
            }
            Difference::Missing { row, expected } => (row, vec![("expected", expected.clone())]),
            Difference::Unexpected { row, got } => (row, vec![("got", got.clone())]),
        };
        out.insert("row".into(), json!(row));
        out.extend(parts.into_iter().map(|(key, value)| (key.to_string(), value)));
        Value::Object(out)
    }
}

/// A value as a person reads it: text without quotes, a row in brackets.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(cells) => format!("[{}]", cells.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sextant_semantics::diagnostic::Diagnostics;
    use sextant_semantics::source::Sources;

    fn check(expected: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let source = sources.add("m.yml", expected);
        let mut findings = Diagnostics::default();
        let node = yaml::read(source, expected, &mut findings).nodes.remove(0);
        let answer = json!({
            "columns": [
                {"name": "day", "type": "date"}, {"name": "sales", "type": "decimal"},
                {"name": "share", "type": "float"}, {"name": "new", "type": "boolean"},
            ],
            "rows": [["2026-03-01", "1234.5", "0.333333333333333", true], ["2026-03-02", "-20", null, false]],
        });
        rows(&node, &answer).iter().map(Difference::text).collect()
    }

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        assert_eq!(check("[[2026-03-01, 1234.50, 0.3333333333, true], ['2026-03-02', -2.0e1, null, false]]"), [""; 0]);
        assert_eq!(
            check("[[2026-03-01, '1_234.5', 0.33333333333333331, true], [2026-03-02, -20.00, ~, false]]"),
            [""; 0]
        );
    }

    #[test]
    fn every_difference_is_said_with_its_place() {
        let found = check("[[2026-03-01, 1234.51, 0.3333, true], [2026-03-03, 20, 0, no], [a, null, 1, 2]]");
        assert_eq!(
            found,
            [
                "row 1, sales: expected 1234.51, got 1234.5",
                "row 1, share: expected 0.3333, got 0.333333333333333",
                "row 2, day: expected 2026-03-03, got 2026-03-02",
                "row 2, sales: expected 20, got -20",
                "row 2, share: expected 0, got null",
                "row 2, new: expected no, got false",
                "row 3: expected [a, null, 1, 2], got no row",
            ]
        );
        assert_eq!(
            check("[[1]]"),
            [
                "row 1: expected 1 cells, got 4: day, sales, share, new",
                "row 2: expected no row, got [2026-03-02, -20, null, false]"
            ]
        );
    }

    #[test]
    fn a_number_has_one_form() {
        for text in ["100", "1e2", "100.00", "0100", "1.0E+2", "+100"] {
            assert_eq!(digits(text), Some((false, "1".to_string(), 2)), "{text}");
        }
        assert_eq!(digits("-0.0"), digits("0"));
        assert_ne!(digits("0.1"), digits("0.01"));
        for text in ["", "-", "1,2", "x", "1e", "."] {
            assert_eq!(digits(text), None, "{text}");
        }
    }
}
