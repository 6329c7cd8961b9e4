//! Pages as HTML: headings with anchors, links to the pages as they are served, tables and code that scroll.

use std::collections::BTreeMap;

use askama::Template;
use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Tag, TagEnd, html};

use super::links::{Target, anchor, target};
use super::markdown::{parser, plain};
use super::{Page, Section, page_at, sections};

/// The style of every page, served by itself so that no page needs a script or an inline style.
pub const STYLE: &str = include_str!("../../templates/style.css");
/// The mark in a browser's tab.
pub const ICON: &str = include_str!("../../templates/icon.svg");

/// A heading of the second level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub text: String,
    pub anchor: String,
}

/// The body of a page, and its headings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    pub body: String,
    pub headings: Vec<Heading>,
    /// Every anchor, of headings of all levels.
    pub anchors: Vec<String>,
}

/// A page as a whole document.
pub fn document(page: &Page) -> String {
    let rendered = render(page);
    let all: Vec<&'static Page> = sections().iter().flat_map(|section| section.pages.iter().copied()).collect();
    let place = all.iter().position(|other| other.slug == page.slug);
    let near = |offset: isize| place.and_then(|place| all.get(place.checked_add_signed(offset)?).copied());
    let document = Document {
        page,
        body: &rendered.body,
        headings: if rendered.headings.len() > 1 { &rendered.headings } else { &[] },
        sections: sections(),
        previous: near(-1),
        next: near(1),
    };
    document.render().expect("a template writes into memory")
}

/// Neighbours of a page in a long section that the list of pages shows.
const NEAR: usize = 5;

#[derive(Template)]
#[template(path = "page.html")]
struct Document<'a> {
    page: &'a Page,
    body: &'a str,
    headings: &'a [Heading],
    sections: &'a [Section],
    previous: Option<&'static Page>,
    next: Option<&'static Page>,
}

impl Document<'_> {
    fn is_current(&self, page: &Page) -> bool {
        page.slug == self.page.slug
    }

    /// The pages of a section that the list shows: those of a directory only near the one that is read, so that
    /// it is in sight, and never the index of all, to which the name of the program leads.
    fn shown(&self, section: &Section) -> Vec<&'static Page> {
        let here = section.pages.iter().position(|page| self.is_current(page));
        let is_shown = |(place, page): &(usize, &&'static Page)| {
            let is_of_directory = page.slug.contains('/') && !page.slug.ends_with("/index");
            let is_near = here.is_some_and(|here| here.abs_diff(*place) <= NEAR);
            page.slug != "index" && (!is_of_directory || is_near || here.is_some() && section.pages.len() <= 3 * NEAR)
        };
        section.pages.iter().enumerate().filter(is_shown).map(|(_, page)| *page).collect()
    }

    fn is_of_a_section(&self) -> bool {
        self.sections.iter().any(|section| section.name == self.page.section)
    }

    fn section_slug(&self) -> String {
        anchor(&self.page.section)
    }
}

/// The Markdown of a page as HTML.
pub fn render(page: &Page) -> Rendered {
    let mut writer = Writer { page, headings: Vec::new(), anchors: Vec::new(), seen: BTreeMap::new(), out: Vec::new() };
    let mut events = parser(&page.markdown);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let inner: Vec<Event<'_>> =
                    events.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_)))).collect();
                writer.heading(level, inner);
            }
            other => writer.write(other),
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, writer.out.into_iter());
    Rendered { body, headings: writer.headings, anchors: writer.anchors }
}

struct Writer<'a> {
    page: &'a Page,
    headings: Vec<Heading>,
    anchors: Vec<String>,
    /// How often an anchor was met.
    seen: BTreeMap<String, usize>,
    out: Vec<Event<'a>>,
}

impl<'a> Writer<'a> {
    fn heading(&mut self, level: HeadingLevel, inner: Vec<Event<'a>>) {
        let text = plain(inner.iter().cloned());
        let base = anchor(&text);
        let count = self.seen.entry(base.clone()).or_insert(0);
        let id = if *count == 0 { base } else { format!("{base}-{count}") };
        *count += 1;
        if level == HeadingLevel::H2 {
            self.headings.push(Heading { text, anchor: id.clone() });
        }
        self.anchors.push(id.clone());
        let tag = Tag::Heading { level, id: Some(id.clone().into()), classes: Vec::new(), attrs: Vec::new() };
        self.out.push(Event::Start(tag));
        inner.into_iter().for_each(|event| self.write(event));
        if level != HeadingLevel::H1 {
            let link = format!(" <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to this section\">#</a>");
            self.out.push(Event::InlineHtml(link.into()));
        }
        self.out.push(Event::End(TagEnd::Heading(level)));
    }

    fn write(&mut self, event: Event<'a>) {
        let written = match event {
            // Markup of a page is shown, never run.
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = CowStr::from(served(&self.page.path, &dest_url));
                Event::Start(Tag::Link { link_type, dest_url, title, id })
            }
            Event::Start(Tag::Table(alignments)) => {
                self.out.push(Event::Html(
                    "<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">".into(),
                ));
                Event::Start(Tag::Table(alignments))
            }
            Event::End(TagEnd::Table) => {
                self.out.push(Event::End(TagEnd::Table));
                Event::Html("</div>\n".into())
            }
            Event::Start(Tag::CodeBlock(kind)) => Event::Html(opening(&kind).into()),
            Event::End(TagEnd::CodeBlock) => Event::Html("</code></pre>\n".into()),
            other => other,
        };
        self.out.push(written);
    }
}

/// The start of a block of code; one that is a request or an answer says so.
fn opening(kind: &CodeBlockKind<'_>) -> &'static str {
    let word = match kind {
        CodeBlockKind::Fenced(info) => info.split(' ').nth(1),
        CodeBlockKind::Indented => None,
    };
    match word {
        Some("request") => "<pre tabindex=\"0\" data-label=\"Request\"><code>",
        Some("answer") => "<pre tabindex=\"0\" data-label=\"Answer\"><code>",
        Some(_) | None => "<pre tabindex=\"0\"><code>",
    }
}

/// A link as it is served: to the page itself instead of to its Markdown.
fn served(from: &str, link: &str) -> String {
    match target(from, link) {
        Target::Outside => link.to_string(),
        Target::Page { path, anchor } => {
            let url = page_at(&path).map_or_else(|| format!("/docs/{path}"), Page::url);
            let is_here = path == from;
            match anchor {
                Some(anchor) if is_here => format!("#{anchor}"),
                Some(anchor) => format!("{url}#{anchor}"),
                None => url,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(markdown: &str) -> Page {
        let text = |text: &str| text.to_string();
        Page {
            path: text("requests.md"),
            slug: text("requests"),
            title: text("A <b>title</b>"),
            section: text("Ask"),
            description: text("What it \"is\"."),
            markdown: text(markdown),
        }
    }

    #[test]
    fn headings_get_anchors_and_links_lead_to_pages() {
        let rendered =
            render(&page("# T\n\n## A `b`\n\n## A `b`\n\n[x](sql.md#limits), [y](#a-b), [z](https://example.org)"));
        assert_eq!(rendered.anchors, ["t", "a-b", "a-b-1"]);
        assert_eq!(rendered.headings[0], Heading { text: "A b".to_string(), anchor: "a-b".to_string() });
        assert!(
            rendered.body.contains(r##"<h2 id="a-b">A <code>b</code> <a class="anchor" href="#a-b""##),
            "{}",
            rendered.body
        );
        for link in [r##"href="/docs/sql#limits""##, r##"href="#a-b""##, r#"href="https://example.org""#] {
            assert!(rendered.body.contains(link), "{link}: {}", rendered.body);
        }
    }

    #[test]
    fn nothing_that_a_page_says_becomes_markup() {
        let said =
            "# T\n\nGive <name> and <script>alert(1)</script>.\n\n<div onclick=x>\n\n```html\n</code><script>\n```\n";
        let document = document(&page(said));
        assert!(!document.contains("<script") && !document.contains("<div onclick") && !document.contains("<name>"));
        assert!(document.contains("A &#60;b&#62;title"), "{document}");
    }

    #[test]
    fn tables_and_code_scroll_by_keyboard() {
        let body = render(&page("| a |\n|---|\n| b |\n\n```sh\nls\n```\n")).body;
        assert!(body.contains("tabindex=\"0\"><table>") && body.contains("</table>\n</div>"), "{body}");
        assert!(body.contains("<pre tabindex=\"0\"><code>ls\n</code></pre>"), "{body}");
        let labelled = render(&page("```json answer\n1\n```\n")).body;
        assert!(labelled.contains("data-label=\"Answer\"><code>1"), "{labelled}");
    }
}
