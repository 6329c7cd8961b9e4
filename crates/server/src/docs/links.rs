//! Links of pages: which page they name, and what becomes of those that lead out of the documentation.

use pulldown_cmark::{Event, Tag, TagEnd};

use super::Page;
use super::markdown::{parser, plain};

/// A link as it stands in a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Of this server: the path below `docs/`, and the heading.
    Page { path: String, anchor: Option<String> },
    /// Anywhere else.
    Outside,
}

/// What `link`, standing in the page at `from`, names.
pub(crate) fn target(from: &str, link: &str) -> Target {
    if link.contains("://") || link.starts_with("mailto:") || link.starts_with('/') {
        return Target::Outside;
    }
    let (file, anchor) = match link.split_once('#') {
        Some((file, anchor)) => (file, Some(anchor.to_string())),
        None => (link, None),
    };
    if file.is_empty() {
        return Target::Page { path: from.to_string(), anchor };
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            // Above `docs/` there is the repository, which is not served.
            ".." if parts.last().is_none_or(|last| *last == "..") => parts.push(".."),
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    Target::Page { path: parts.join("/"), anchor }
}

/// The page without those links that lead to files which are not served: their text stays.
pub(super) fn keep_served(path: &str, text: &str, is_served: impl Fn(&str) -> bool) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut done = 0;
    let mut open: Option<(usize, std::ops::Range<usize>)> = None;
    for (event, range) in parser(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let is_dead = matches!(target(path, &dest_url), Target::Page { path, .. } if !is_served(&path));
                open = is_dead.then_some((range.start, range.end..range.start));
            }
            Event::End(TagEnd::Link) => {
                if let Some((start, inner)) = open.take() {
                    kept.push_str(&text[done..start]);
                    kept.push_str(text.get(inner).unwrap_or_default());
                    done = range.end;
                }
            }
            _ => {
                if let Some((_, inner)) = &mut open {
                    *inner = inner.start.min(range.start)..inner.end.max(range.end);
                }
            }
        }
    }
    kept.push_str(&text[done..]);
    kept
}

/// The page's Markdown with `root` before every link to another page or file of the documentation.
pub(super) fn from_root(page: &Page, root: &str) -> String {
    let text = &page.markdown;
    let mut written = String::with_capacity(text.len());
    let mut done = 0;
    let mut open: Option<(String, String)> = None;
    for (event, range) in parser(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let link = match target(&page.path, &dest_url) {
                    Target::Page { path, anchor } => {
                        let anchor = anchor.map_or_else(String::new, |anchor| format!("#{anchor}"));
                        Some(format!("{root}{path}{anchor}"))
                    }
                    Target::Outside => None,
                };
                open = link.map(|link| (dest_url.to_string(), link));
            }
            Event::End(TagEnd::Link) => {
                let Some((old, new)) = open.take() else { continue };
                if let Some(at) = text[range.clone()].rfind(&format!("]({old}")) {
                    written.push_str(&text[done..range.start + at + 2]);
                    written.push_str(&new);
                    done = range.start + at + 2 + old.len();
                }
            }
            _ => {}
        }
    }
    written.push_str(&text[done..]);
    written
}

/// Every page that `text` links to, with the nearest heading of the second level above the link.
pub(super) fn by_heading(from: &str, text: &str) -> Vec<(String, String)> {
    let mut heading = String::new();
    let mut found = Vec::new();
    let mut events = parser(text);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let text = plain(events.by_ref().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_)))));
                if level == pulldown_cmark::HeadingLevel::H2 {
                    heading = text;
                }
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                if let Target::Page { path, .. } = target(from, &dest_url) {
                    found.push((heading.clone(), path));
                }
            }
            _ => {}
        }
    }
    found
}

/// The anchor of a heading: its letters and digits, in lower case, with hyphens for spaces.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept: String = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect();
    kept.replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, anchor: Option<&str>) -> Target {
        Target::Page { path: path.to_string(), anchor: anchor.map(str::to_string) }
    }

    #[test]
    fn links_are_resolved_against_their_page() {
        assert_eq!(target("a.md", "b.md#x"), page("b.md", Some("x")));
        assert_eq!(target("a.md", "#x"), page("a.md", Some("x")));
        assert_eq!(target("kpis/a.md", "../b.md"), page("b.md", None));
        assert_eq!(target("kpis/a.md", "./b.md"), page("kpis/b.md", None));
        assert_eq!(target("kpis/a.md", "../../X.md"), page("../X.md", None));
        assert_eq!(target("a.md", "https://example.org/a.md"), Target::Outside);
        assert_eq!(target("a.md", "/llms.txt"), Target::Outside);
    }

    #[test]
    fn a_link_to_what_is_not_served_keeps_its_text_alone() {
        let text = "See [the `tests`](../tests/x.py) and\n[a page](b.md#x), [home](https://example.org).\n";
        let kept = keep_served("a.md", text, |path| path == "b.md");
        assert_eq!(kept, "See the `tests` and\n[a page](b.md#x), [home](https://example.org).\n");
    }

    #[test]
    fn anchors_are_those_of_the_usual_hosts() {
        assert_eq!(anchor("The `open` API, v1"), "the-open-api-v1");
        assert_eq!(anchor("new_customers"), "new_customers");
    }
}
