//! What a page says of itself: its title and its first paragraph.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The Markdown that pages are written in: CommonMark with tables.
pub(crate) fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}

/// The text of the first heading.
pub(super) fn title(text: &str) -> Option<String> {
    let is_start = |event: &Event<'_>| matches!(event, Event::Start(Tag::Heading { .. }));
    let is_end = |event: &Event<'_>| matches!(event, Event::End(TagEnd::Heading(_)));
    between(text, is_start, is_end)
}

/// The first paragraph as one line.
pub(super) fn first_paragraph(text: &str) -> String {
    let is_start = |event: &Event<'_>| matches!(event, Event::Start(Tag::Paragraph));
    let is_end = |event: &Event<'_>| matches!(event, Event::End(TagEnd::Paragraph));
    between(text, is_start, is_end).unwrap_or_default()
}

/// The plain text between the first event that starts and the next one that ends.
fn between(text: &str, is_start: fn(&Event<'_>) -> bool, is_end: fn(&Event<'_>) -> bool) -> Option<String> {
    let mut events = parser(text).skip_while(|event| !is_start(event));
    events.next()?;
    Some(plain(events.take_while(|event| !is_end(event))))
}

/// Events as plain text on one line.
pub(crate) fn plain<'a>(events: impl Iterator<Item = Event<'a>>) -> String {
    let mut line = String::new();
    for event in events {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) | Event::Html(text) => line.push_str(&text),
            Event::SoftBreak | Event::HardBreak => line.push(' '),
            Event::Start(_)
            | Event::End(_)
            | Event::Rule
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_and_first_paragraph_are_plain_lines() {
        let text = "# The `query` page\n\n```\nnot this\n```\n\nSays *what*\nit [is](x.md): `POST /x/<name>`.\n\nMore.";
        assert_eq!(title(text).as_deref(), Some("The query page"));
        assert_eq!(first_paragraph(text), "Says what it is: POST /x/<name>.");
        assert_eq!(title("no heading"), None);
    }
}
