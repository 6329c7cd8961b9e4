//! Whatever the text, reading ends, spans lie inside it, and every finding can be rendered.

use proptest::prelude::*;

use super::{FULL, read_files};
use crate::render::{Colours, render};
use crate::source::{SourceId, Sources};
use crate::yaml::{Node, Value, read};

/// A cut, a copy or an insertion somewhere in a text.
fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, String)> {
    let piece = prop_oneof!["[-:,{}\\[\\]'\"#|>&*!%@`\\\\ \n\t~<é日\u{feff}0]{1,4}", "\\PC{0,6}", Just(String::new())];
    (any::<prop::sample::Index>(), 0..40_usize, piece)
}

fn edited(text: &str, edits: &[(prop::sample::Index, usize, String)]) -> String {
    let mut text = text.to_string();
    for (at, length, piece) in edits {
        let start = text.floor_char_boundary(at.index(text.len().max(1)));
        let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
        text.replace_range(start..end, piece);
    }
    text
}

fn spans_lie_inside(text: &str, node: &Node) {
    let inside = |start: u32, end: u32| {
        let (start, end) = (start as usize, end as usize);
        assert!(
            start <= end && text.is_char_boundary(start) && text.is_char_boundary(end),
            "{start}..{end} of {text:?}"
        );
    };
    inside(node.span.start, node.span.end);
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| spans_lie_inside(text, item)),
        Value::Map(entries) => entries.iter().for_each(|entry| {
            inside(entry.key.span.start, entry.key.span.end);
            spans_lie_inside(text, &entry.value);
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn an_edited_model_is_read_to_its_end(edits in prop::collection::vec(edit(), 1..12)) {
        let text = edited(FULL, &edits);
        let (model, findings) = read_files(&[&text]);
        let rendered = render(&model.sources, &findings, Colours::None);
        prop_assert_eq!(rendered.is_empty(), findings.is_empty());
        prop_assert!(findings.iter().all(|finding| finding.span.is_some()));
        let documents = read(SourceId(0), &text, &mut Default::default());
        documents.nodes.iter().for_each(|node| spans_lie_inside(&text, node));
    }

    #[test]
    fn any_text_is_read_to_its_end(text in "([ \n]{0,3}[-:?,{}\\[\\]'\"#|>&*!%@a-c \u{e9}\t]{0,8}){0,20}") {
        let mut sources = Sources::default();
        let source = sources.add("a.yml", text.as_str());
        let mut findings = Default::default();
        let documents = read(source, &text, &mut findings);
        documents.nodes.iter().for_each(|node| spans_lie_inside(&text, node));
        let rendered = render(&sources, &findings, Colours::None);
        prop_assert_eq!(rendered.is_empty(), findings.is_empty());
    }
}
