//! The documentation for agents: `/llms.txt`, `/llms-full.txt`, and an index of each section.

use std::fmt::Write;

use super::{Page, Section, links, sections};

/// What the server is, in the one block quote of `/llms.txt`.
const SUMMARY: &str = "\
Sextant answers questions about business numbers from a governed metric model: values, series and breakdowns of metrics over a period, \
and what changed and why. It is asked over MCP or a plain JSON API; every answer says which dates, filters and definitions it used.";

const ADVICE: &str = "\
To ask a question, connect an MCP client to `/mcp` (Streamable HTTP), or POST JSON arguments to `/mcp/tool/get_metrics`; no handshake is \
needed. Find exact metric and dimension names with `search` first. Every page below is Markdown; the same page without `.md` is HTML, and \
with `.json` instead is JSON.";

/// `/llms.txt`: every section, every page with one sentence. `origin` begins every link.
pub fn index(origin: &str) -> String {
    let mut text = format!("# Sextant\n\n> {SUMMARY}\n\n{ADVICE}\n");
    // The index of all pages is this text itself.
    for section in sections().iter().filter(|section| section.pages.iter().any(|page| page.slug != "index")) {
        write!(text, "\n## {}\n\n", section.name).expect("text takes every write");
        for page in &section.pages {
            text.push_str(&line(page, &format!("{origin}/docs/{}.md", page.slug)));
        }
    }
    let optional = [
        (
            "OpenAPI",
            "/api/v1/openapi.json",
            "every operation of the open API, with the schemas of arguments and answers",
        ),
        ("Schema of models", "/docs/schema/model.schema.json", "JSON Schema of the files that define metrics"),
        ("Everything", "/llms-full.txt", "all pages in one text"),
    ];
    text.push_str("\n## Optional\n\n");
    for (name, path, what) in optional {
        writeln!(text, "- [{name}]({origin}{path}): {what}").expect("text takes every write");
    }
    text
}

/// `/llms-full.txt`: every page, one after the other, its links from the root.
pub fn full(origin: &str) -> String {
    let mut text = format!("# Sextant\n\n> {SUMMARY}\n\n{ADVICE}\n");
    for page in sections().iter().flat_map(|section| &section.pages) {
        let markdown = links::from_root(page, &format!("{origin}/docs/"));
        write!(text, "\n---\n\nSource: {origin}/docs/{}.md\n\n{}\n", page.slug, markdown.trim_end())
            .expect("text takes every write");
    }
    text
}

/// The index of a section, as a page.
pub fn section(section: &Section) -> Page {
    let count = section.pages.len();
    let pages = if count == 1 { "page" } else { "pages" };
    let description = format!("The {count} {pages} of the section {}.", section.name);
    let mut markdown = format!("# {}\n\n{description}\n\n", section.name);
    for page in &section.pages {
        markdown.push_str(&line(page, &format!("../{}.md", page.slug)));
    }
    let slug = format!("sections/{}", section.slug);
    Page {
        path: format!("{slug}.md"),
        slug,
        title: section.name.clone(),
        section: section.name.clone(),
        description,
        markdown,
    }
}

fn line(page: &Page, link: &str) -> String {
    format!("- [{}]({link}): {}\n", page.title, sentence(&page.description))
}

/// The first sentence of a description.
fn sentence(description: &str) -> &str {
    let ends = description.match_indices(['.', ':', '?']).map(|(at, _)| at);
    let after = |at: usize| description[at + 1..].chars().next();
    let mut ends = ends.filter(|at| after(*at).is_none_or(|next| next == ' '));
    ends.find(|at| *at > 30).map_or(description, |at| description[..at].trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docs::pages;

    #[test]
    fn every_page_has_one_line_with_an_address_and_a_sentence() {
        let text = index("http://127.0.0.1:1");
        assert!(text.starts_with("# Sextant\n\n> Sextant answers"));
        for page in pages().iter().filter(|page| page.slug != "index") {
            let start = format!("- [{}](http://127.0.0.1:1/docs/{}.md): ", page.title, page.slug);
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&start)).collect();
            assert!(lines.len() == 1 && lines[0].len() > start.len() + 15, "{start}: {lines:?}");
        }
    }

    #[test]
    fn the_full_text_has_every_page_with_links_from_the_root() {
        let text = full("");
        for page in pages() {
            assert!(text.contains(&format!("Source: /docs/{}.md\n\n# ", page.slug)), "{}", page.slug);
        }
        assert!(text.contains("](/docs/metrics.md)") && !text.contains("](metrics.md)"));
    }

    #[test]
    fn a_description_gives_its_first_sentence() {
        assert_eq!(
            sentence("A sentence that says v1.2 of something. And more."),
            "A sentence that says v1.2 of something"
        );
        assert_eq!(
            sentence("Short. But what follows is needed to know what this is."),
            "Short. But what follows is needed to know what this is"
        );
    }
}
