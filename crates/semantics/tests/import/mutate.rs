//! Seeded mutations of the files of a project, made from the trees of the files alone.

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::source::{SourceId, Span};
use sextant_semantics::yaml::{self, Node, ScalarKind, Value};

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Delete,
    Rename,
    Retype,
    Dangle,
    Duplicate,
    Indent,
}

impl Class {
    pub(crate) const ALL: [Class; 6] =
        [Class::Delete, Class::Rename, Class::Retype, Class::Dangle, Class::Duplicate, Class::Indent];
}

/// One mutated project.
pub(crate) struct Mutation {
    pub(crate) class: Class,
    pub(crate) texts: Vec<(String, String)>,
    pub(crate) site: Site,
}

/// An entry of a map in one of the files.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The place of the file among the texts.
    pub(crate) file: usize,
    /// Keys from the document to the entry.
    pub(crate) path: Vec<String>,
    /// The objects that hold it, from the outside, with the spans of their names.
    pub(crate) around: Vec<(Span, Option<Span>)>,
    pub(crate) key: Span,
    pub(crate) value: Node,
    /// What the entry's object is called.
    pub(crate) sibling_name: Option<String>,
    is_flow: bool,
}

/// A generator of numbers that is the same everywhere (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// The trees of all files.
pub(crate) fn trees(texts: &[(String, String)]) -> Vec<Vec<Node>> {
    let read = |(i, (_, text)): (usize, &(String, String))| {
        yaml::read(SourceId(i as u32), text, &mut Diagnostics::default()).nodes
    };
    texts.iter().enumerate().map(read).collect()
}

/// Every entry of every map of all files.
pub(crate) fn sites(texts: &[(String, String)]) -> Vec<Site> {
    let mut found = Vec::new();
    for (file, (nodes, (_, text))) in trees(texts).iter().zip(texts).enumerate() {
        for node in nodes {
            walk(file, text, node, &mut Vec::new(), &mut Vec::new(), &mut found);
        }
    }
    found
}

fn walk(
    file: usize,
    text: &str,
    node: &Node,
    path: &mut Vec<String>,
    around: &mut Vec<(Span, Option<Span>)>,
    found: &mut Vec<Site>,
) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| walk(file, text, item, path, around, found)),
        Value::Map(entries) => {
            let name = node.get("name");
            around.push((node.span, name.map(|name| name.span)));
            for entry in entries {
                path.push(entry.key.value.clone());
                found.push(Site {
                    file,
                    path: path.clone(),
                    around: around.clone(),
                    key: entry.key.span,
                    value: entry.value.clone(),
                    sibling_name: name.and_then(Node::scalar).map(|name| name.text.clone()),
                    is_flow: text[node.span.start as usize..].starts_with('{'),
                });
                walk(file, text, &entry.value, path, around, found);
                path.pop();
            }
            around.pop();
        }
    }
}

/// The project after one mutation of the class at the site; none where it cannot be made, or where
/// the files say the same after it.
pub(crate) fn mutate(texts: &[(String, String)], site: &Site, class: Class, dice: &mut Dice) -> Option<Mutation> {
    let text = &texts[site.file].1;
    let changed = match class {
        Class::Delete => delete(text, site)?,
        Class::Rename => rename(text, site, dice),
        Class::Retype => retype(text, site),
        Class::Dangle => dangle(text, site)?,
        Class::Duplicate => duplicate(text, site)?,
        Class::Indent => indent(text, site, dice)?,
    };
    let mut mutated = texts.to_vec();
    mutated[site.file].1 = changed;
    let says = |texts: &[(String, String)]| {
        trees(texts).iter().map(|nodes| nodes.iter().map(Node::to_json).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let is_duplicate = class == Class::Duplicate;
    (is_duplicate || says(&mutated) != says(texts)).then(|| Mutation { class, texts: mutated, site: site.clone() })
}

/// A span with the quotes around it.
fn quoted(text: &str, span: Span) -> (usize, usize) {
    let (start, end) = (span.start as usize, span.end as usize);
    let quote = |at: Option<char>| at.filter(|c| matches!(c, '"' | '\''));
    match (quote(text[..start].chars().next_back()), quote(text[end..].chars().next())) {
        (Some(open), Some(close)) if open == close => (start - 1, end + 1),
        _ => (start, end),
    }
}

/// The whole lines of an entry in block style that does not begin a list item.
fn lines(text: &str, site: &Site) -> Option<(usize, usize)> {
    let start = text[..site.key.start as usize].rfind('\n').map_or(0, |i| i + 1);
    let is_alone = text[start..site.key.start as usize].chars().all(|c| c == ' ');
    let end = quoted(text, site.value.span).1.max(site.key.end as usize);
    let end =
        if text[..end].ends_with('\n') { end } else { text[end..].find('\n').map_or(text.len(), |i| end + i + 1) };
    (is_alone && !site.is_flow).then_some((start, end))
}

fn delete(text: &str, site: &Site) -> Option<String> {
    if let Some((start, end)) = lines(text, site) {
        return Some(format!("{}{}", &text[..start], &text[end..]));
    }
    let (start, end) = (quoted(text, site.key).0, quoted(text, site.value.span).1);
    let rest = text[end..].trim_start();
    if !site.is_flow {
        return None;
    }
    if let Some(rest) = rest.strip_prefix(',') {
        return Some(format!("{}{rest}", &text[..start]));
    }
    let before = text[..start].trim_end();
    Some(format!("{}{rest}", before.strip_suffix(',').unwrap_or(before)))
}

/// One letter of the key becomes another.
fn rename(text: &str, site: &Site, dice: &mut Dice) -> String {
    let (start, end) = (site.key.start as usize, site.key.end as usize);
    let at = start + dice.below(end - start);
    let letter = if &text[at..=at] == "x" { "y" } else { "x" };
    format!("{}{letter}{}", &text[..at], &text[at + 1..])
}

/// A scalar becomes a list, everything else a number.
fn retype(text: &str, site: &Site) -> String {
    let (start, end) = quoted(text, site.value.span);
    let other = match &site.value.value {
        Value::Scalar(_) => "[{zz: 1}]",
        Value::List(_) | Value::Map(_) => "7",
    };
    let is_block = matches!(site.value.value, Value::List(_) | Value::Map(_)) && !text[start..].starts_with(['[', '{']);
    let start = if is_block { site.key.end as usize + 1 } else { start };
    let glue = if is_block || text[..start].ends_with(':') { " " } else { "" };
    format!("{}{glue}{other}{}", &text[..start], &text[end..])
}

/// A text or a number becomes another.
fn dangle(text: &str, site: &Site) -> Option<String> {
    let scalar =
        site.value.scalar().filter(|s| matches!(s.kind, ScalarKind::Text | ScalarKind::Integer | ScalarKind::Float))?;
    let end = site.value.span.end as usize;
    let end = if text[..end].ends_with('\n') { end - 1 } else { end };
    (!scalar.text.is_empty()).then(|| format!("{}zz{}", &text[..end], &text[end..]))
}

fn duplicate(text: &str, site: &Site) -> Option<String> {
    let (start, end) = lines(text, site)?;
    Some(format!("{}{}", &text[..end], &text[start..]))
}

/// The entry's line moves to the right or to the left.
fn indent(text: &str, site: &Site, dice: &mut Dice) -> Option<String> {
    let (start, _) = lines(text, site)?;
    match dice.below(3) {
        0 if text[start..].starts_with("  ") => Some(format!("{}{}", &text[..start], &text[start + 2..])),
        1 => Some(format!("{} {}", &text[..start], &text[start..])),
        _ => Some(format!("{}  {}", &text[..start], &text[start..])),
    }
}
