//! Comparing models without their places.

use sextant_semantics::model::Model;
use sextant_semantics::source::Sources;

/// The model as text, one value a line, every span erased and no sources.
pub(crate) fn erased(model: &Model) -> String {
    let model = Model { sources: Sources::default(), ..model.clone() };
    without_spans(&format!("{model:#?}"))
}

/// The text of a debug format without the values of spans.
pub(crate) fn without_spans(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("Span {") {
        left.push_str(&rest[..at]);
        let end = rest[at..].find('}').unwrap();
        rest = &rest[at + end + 1..];
    }
    left + rest
}

/// Fails with the lines that differ.
pub(crate) fn assert_same(what: &str, left: &str, right: &str) {
    if left == right {
        return;
    }
    let (left, right): (Vec<&str>, Vec<&str>) = (left.lines().collect(), right.lines().collect());
    let at = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let around = |lines: &[&str]| lines[at.saturating_sub(12)..(at + 8).min(lines.len())].join("\n");
    panic!("{what} differs at line {at}\n--- before\n{}\n--- after\n{}", around(&left), around(&right));
}
