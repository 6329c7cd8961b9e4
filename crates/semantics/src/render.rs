//! Diagnostics as text for a terminal: file, line, column, caret, help.
//!
//! The order is by file and place, whatever order they were found in; those without a place come
//! last.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::code::Class;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Sources, Span};

/// Whether the text holds escape sequences for colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    None,
    Ansi,
}

/// All findings as text, a blank line between two, a line break at the end.
pub fn render(sources: &Sources, findings: &Diagnostics, colours: Colours) -> String {
    let renderer = match colours {
        Colours::None => Renderer::plain(),
        Colours::Ansi => Renderer::styled(),
    };
    let texts = in_order(sources, findings).into_iter().map(|finding| one(sources, finding, &renderer));
    texts.collect::<Vec<_>>().join("\n")
}

/// Findings by file name and place; those at one place in the order found.
pub fn in_order<'a>(sources: &Sources, findings: &'a Diagnostics) -> Vec<&'a Diagnostic> {
    let mut ordered: Vec<&Diagnostic> = findings.iter().collect();
    ordered.sort_by_cached_key(|finding| match finding.span {
        Some(span) => (false, sources.get(span.source).name.clone(), span.start),
        None => (true, String::new(), 0),
    });
    ordered
}

fn one(sources: &Sources, finding: &Diagnostic, renderer: &Renderer) -> String {
    let level = match finding.code.class() {
        Class::Warning => Level::WARNING,
        Class::Model | Class::Request | Class::Data | Class::Limit => Level::ERROR,
    };
    let title = level.primary_title(&finding.message).id(finding.code.as_str());
    let mut report = vec![match finding.span {
        Some(span) => title.element(snippet(sources, span)),
        None => Group::with_title(title),
    }];
    if !finding.did_you_mean.is_empty() {
        let names: Vec<String> = finding.did_you_mean.iter().map(|name| format!("`{name}`")).collect();
        let question = format!("did you mean {}?", names.join(" or "));
        report.push(Group::with_title(Level::HELP.secondary_title(question)));
    }
    if let Some(help) = &finding.help {
        report.push(Group::with_title(Level::HELP.secondary_title(help)));
    }
    let mut text = renderer.render(&report);
    text.push('\n');
    text
}

/// The first line of a span, with a caret under what of the span is in it.
fn snippet(sources: &Sources, span: Span) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let source = sources.get(span.source);
    let text: &str = &source.text;
    let start = text.floor_char_boundary((span.start as usize).min(text.len()));
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let end = text.floor_char_boundary((span.end as usize).clamp(start, line_end));
    Snippet::source(&text[line_start..line_end])
        .path(source.name.as_str())
        .line_start(sources.position(span).line)
        .annotation(AnnotationKind::Primary.span(start - line_start..end - line_start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    fn findings() -> (Sources, Diagnostics) {
        let mut sources = Sources::default();
        let b = sources.add("b.yml", "größe: 1\nname: \"x\ny\"\n");
        let a = sources.add("a.yml", "one: 1\n");
        let findings = vec![
            Diagnostic::new(Code::DataUnavailable, "no place"),
            Diagnostic::new(Code::WrongType, "over two lines").at(Span::new(b, 17, 20)).help("one line"),
            Diagnostic::new(Code::UnknownKey, "unknown key `größe`")
                .at(Span::new(b, 0, 7))
                .suggest("größe", ["grösse"]),
            Diagnostic::new(Code::UnknownKey, "unknown key `one`").at(Span::new(a, 0, 3)),
            Diagnostic::new(Code::InvalidYaml, "past the end").at(Span::new(a, 7, 90)),
        ];
        (sources, Diagnostics(findings))
    }

    #[test]
    fn findings_are_rendered_in_the_order_of_files_and_places() {
        let (sources, findings) = findings();
        insta::assert_snapshot!(render(&sources, &findings, Colours::None), @r#"
            error[unknown-key]: unknown key `one`
             --> a.yml:1:1
              |
            1 | one: 1
              | ^^^

            error[invalid-yaml]: past the end
             --> a.yml:2:1
              |
            2 |
              | ^

            error[unknown-key]: unknown key `größe`
             --> b.yml:1:1
              |
            1 | größe: 1
              | ^^^^^

            error[wrong-type]: over two lines
             --> b.yml:2:7
              |
            2 | name: "x
              |       ^^
              |
            help: one line

            error[data-unavailable]: no place
        "#);
        let mut turned = findings.clone();
        turned.0.reverse();
        assert_eq!(render(&sources, &turned, Colours::None), render(&sources, &findings, Colours::None));
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let (sources, findings) = findings();
        let coloured = render(&sources, &findings, Colours::Ansi);
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_eq!(plain, render(&sources, &findings, Colours::None));
    }
}
