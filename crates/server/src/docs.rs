//! The documentation, held in the binary: every page of `docs/` for readers, in one fixed order.
//!
//! `docs/index.md` is the list. A heading of it is a section, and a page belongs to the section that
//! links to it; pages of a directory belong to that of the directory's own `index.md`. Decisions and
//! the pages about tests stay in the repository: links to them become plain text here.

pub mod html;
mod links;
pub mod llms;
mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use rust_embed::RustEmbed;

use links::anchor;

/// A page of the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Below `docs/`: `kpis/net_sales.md`.
    pub path: String,
    /// The path without its ending: `kpis/net_sales`.
    pub slug: String,
    /// The text of the first heading.
    pub title: String,
    /// The name of its section.
    pub section: String,
    /// The first paragraph, as one line of plain text.
    pub description: String,
    /// The whole page; every link in it leads to another page, to the schema, or out of this server.
    pub markdown: String,
}

/// A heading of `docs/index.md` and the pages below it, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub name: String,
    /// The name as part of a path.
    pub slug: String,
    pub pages: Vec<&'static Page>,
}

impl Page {
    /// What search calls the page, and fetch takes.
    pub fn id(&self) -> String {
        format!("documentation:{}", self.slug)
    }

    /// Where the page is served, as a path of this server.
    pub fn url(&self) -> String {
        let shown = self.slug.strip_suffix("index").map_or(self.slug.as_str(), |parent| parent.trim_end_matches('/'));
        format!("/docs/{shown}").trim_end_matches('/').to_string()
    }
}

/// Every page, section by section.
pub fn pages() -> &'static [Page] {
    &PAGES
}

/// The page of this slug.
pub fn page(slug: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.slug == slug)
}

/// The page whose Markdown lies at this path below `docs/`.
pub(crate) fn page_at(path: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path == path)
}

/// Every section that has pages.
pub fn sections() -> &'static [Section] {
    &SECTIONS
}

/// A file of `docs/` that is no page, by its path: the schema of model files.
pub fn schema(path: &str) -> Option<Vec<u8>> {
    path.starts_with(SCHEMAS).then(|| Files::get(path).map(|file| file.data.into_owned())).flatten()
}

#[derive(RustEmbed)]
#[folder = "../../docs"]
struct Files;

const INDEX: &str = "index.md";
const SCHEMAS: &str = "schema/";
/// The section of the index itself, and of pages that it forgets.
const FIRST: &str = "Documentation";

/// Pages for those who change the program: decisions, and what the tests hold.
fn is_of_the_repository(path: &str) -> bool {
    path.starts_with("adr/") || matches!(path, "mutants.md" | "traps.md")
}

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| {
    let texts: BTreeMap<String, String> = Files::iter()
        .filter(|path| path.ends_with(".md") && !is_of_the_repository(path))
        .filter_map(|path| Files::get(&path).map(|file| (path.into_owned(), file.data)))
        .map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
        .collect();
    arrange(&texts)
});

static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| {
    let mut sections: Vec<Section> = Vec::new();
    for page in PAGES.iter() {
        match sections.iter_mut().find(|section| section.name == page.section) {
            Some(section) => section.pages.push(page),
            None => {
                let (name, slug) = (page.section.clone(), anchor(&page.section));
                sections.push(Section { name, slug, pages: vec![page] });
            }
        }
    }
    sections
});

/// The pages of these texts (by path below `docs/`), in the order of the index.
fn arrange(texts: &BTreeMap<String, String>) -> Vec<Page> {
    let mut listed = vec![(FIRST.to_string(), INDEX.to_string())];
    let mut seen = BTreeSet::from([INDEX.to_string()]);
    for (section, path) in listed_in(INDEX, texts) {
        let of_directory = path.ends_with("/index.md").then(|| path.clone());
        if seen.insert(path.clone()) {
            listed.push((section.clone(), path));
        }
        for (_, path) in of_directory.iter().flat_map(|index| listed_in(index, texts)) {
            if seen.insert(path.clone()) {
                listed.push((section.clone(), path));
            }
        }
    }
    for path in texts.keys().filter(|path| !seen.contains(*path)) {
        let near = path.rsplit_once('/').map(|(directory, _)| format!("{directory}/index.md"));
        let section = near.and_then(|near| listed.iter().find(|(_, path)| *path == near)).map(|(section, _)| section);
        listed.push((section.cloned().unwrap_or_else(|| FIRST.to_string()), path.clone()));
    }
    // A page that only its directory's neighbours name goes to the end of its section.
    let order: Vec<String> = listed.iter().map(|(section, _)| section.clone()).collect();
    listed.sort_by_key(|(section, _)| order.iter().position(|known| known == section));
    let is_served = |path: &str| texts.contains_key(path) || path.starts_with(SCHEMAS);
    let page = |(section, path): (String, String)| {
        let text = texts.get(&path)?;
        let slug = path.trim_end_matches(".md").to_string();
        let markdown = links::keep_served(&path, text, is_served);
        let title = markdown::title(text).unwrap_or_else(|| slug.clone());
        let description = markdown::first_paragraph(text);
        Some(Page { title, description, section, slug, path, markdown })
    };
    listed.into_iter().filter_map(page).collect()
}

/// The pages that an index links to, each with the heading above it.
fn listed_in(index: &str, texts: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let Some(text) = texts.get(index) else { return Vec::new() };
    let found = links::by_heading(index, text).into_iter();
    let mut first = BTreeSet::new();
    found
        .filter(|(heading, path)| !heading.is_empty() && texts.contains_key(path) && first.insert(path.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(texts: &[(&str, &str)]) -> Vec<(String, String)> {
        let texts = texts.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
        arrange(&texts).into_iter().map(|page| (page.section, page.slug)).collect()
    }

    #[test]
    fn the_index_gives_order_and_sections_and_nothing_is_lost() {
        let texts = [
            (
                "index.md",
                "# All\n\n[b](b.md)\n\n## Ask\n\n| [b](b.md) | x |\n\n## KPIs\n\n[all](kpis/index.md)\n\n## Run\n\n[a](a.md#x)",
            ),
            ("a.md", "# A"),
            ("b.md", "# B"),
            ("kpis/index.md", "# KPIs\n\n## Sales\n\n[two](two.md)"),
            ("kpis/one.md", "# One"),
            ("kpis/two.md", "# Two"),
            ("lost.md", "# Lost"),
        ];
        let want = [
            ("Documentation", "index"),
            ("Documentation", "lost"),
            ("Ask", "b"),
            ("KPIs", "kpis/index"),
            ("KPIs", "kpis/two"),
            ("KPIs", "kpis/one"),
            ("Run", "a"),
        ];
        assert_eq!(arranged(&texts), want.map(|(section, slug)| (section.to_string(), slug.to_string())));
    }

    #[test]
    fn every_page_has_a_title_a_description_and_a_section_of_the_index() {
        assert!(pages().len() > 10);
        for page in pages() {
            assert!(!page.title.is_empty() && page.title != page.slug, "{}", page.path);
            assert!(page.description.len() > 15, "{}: {}", page.path, page.description);
            assert!(page.section != FIRST || page.path == INDEX, "{} is not in docs/index.md", page.path);
            assert_eq!(self::page(&page.slug), Some(page));
        }
    }

    #[test]
    fn pages_are_served_below_docs_and_an_index_as_its_directory() {
        let url = |slug: &str| {
            let empty = String::new;
            let page = Page {
                path: format!("{slug}.md"),
                slug: slug.to_string(),
                title: empty(),
                section: empty(),
                description: empty(),
                markdown: empty(),
            };
            page.url()
        };
        assert_eq!(url("index"), "/docs");
        assert_eq!(url("kpis/index"), "/docs/kpis");
        assert_eq!(url("kpis/net_sales"), "/docs/kpis/net_sales");
    }

    #[test]
    fn the_schema_is_there_and_other_files_are_not() {
        assert!(schema("schema/model.schema.json").is_some_and(|bytes| bytes.starts_with(b"{")));
        assert!(schema("index.md").is_none() && schema("schema/../index.md").is_none());
        assert!(page("traps").is_none() && page("adr/0001-record-decisions").is_none());
    }
}
