//! The documentation held to the code: links that lead somewhere, and no key or argument left out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use sextant_semantics::query::request;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pages::links_lead_somewhere", links),
        Trial::test("pages::models_page_has_every_key", keys),
        Trial::test("pages::requests_page_has_every_argument", arguments),
    ]
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages for people: those at the top and those in `docs`.
fn pages() -> Result<Vec<PathBuf>, Failed> {
    let mut pages = Vec::new();
    for directory in ["", "docs", "docs/adr", "docs/kpis"].map(|directory| repository().join(directory)) {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    Ok(pages)
}

fn links() -> Result<(), Failed> {
    let mut broken = Vec::new();
    for page in pages()? {
        let text = std::fs::read_to_string(&page)?;
        for target in targets(&text) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.clone(),
                file => page.parent().unwrap_or(Path::new(".")).join(file),
            };
            let is_there = path.exists() && (anchor.is_empty() || anchors(&path)?.contains(anchor));
            if !is_there {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n").into()) }
}

/// The targets of a page's links that are files of the repository; what begins with `/` is a path of the
/// server, and held there.
fn targets(markdown: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let target = rest.split(')').next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('/') {
                targets.push(target);
            }
        }
    }
    targets
}

/// The anchors of a page's headings, as they are made from their text.
fn anchors(page: &Path) -> Result<BTreeSet<String>, Failed> {
    let text = std::fs::read_to_string(page)?;
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>()
    };
    Ok(headings.map(|heading| anchor(heading).replace(' ', "-")).collect())
}

fn keys() -> Result<(), Failed> {
    let mut names = BTreeSet::new();
    // Another test holds the schema equal to the reader's tables.
    let schema = std::fs::read_to_string(repository().join("docs/schema/model.schema.json"))?;
    properties(&serde_json::from_str(&schema)?, &mut names);
    names_stand_in("docs/models.md", &names)
}

fn arguments() -> Result<(), Failed> {
    let mut names = BTreeSet::new();
    for tool in ["get_metrics", "audit_performance"] {
        let schema = request::schema(tool).ok_or("a tool without a schema")?;
        properties(&schema, &mut names);
    }
    names_stand_in("docs/requests.md", &names)
}

/// The names of every `properties` beneath a schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                if let ("properties", Value::Object(of)) = (key.as_str(), value) {
                    names.extend(of.keys().cloned());
                }
                properties(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every name stands in the page as code.
fn names_stand_in(page: &str, names: &BTreeSet<String>) -> Result<(), Failed> {
    let text = std::fs::read_to_string(repository().join(page))?;
    let mut words = BTreeSet::new();
    for code in text.split('`').skip(1).step_by(2) {
        words.extend(code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    }
    let absent: Vec<&str> = names.iter().map(String::as_str).filter(|name| !words.contains(name)).collect();
    if absent.is_empty() { Ok(()) } else { Err(format!("{page} does not speak of {}", absent.join(", ")).into()) }
}
