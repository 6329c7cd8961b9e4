//! Mutators over the trees of files: they delete, rename, respell, retype, duplicate and dangle.

use std::ops::Range;

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::source::{Sources, Span};
use sextant_semantics::yaml::{self, Entry, Node, Value};

use crate::texts::Texts;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// A key goes with its value.
    Delete,
    /// A letter of a key changes.
    Rename,
    /// A letter of a value changes.
    Respell,
    /// A value becomes one of another type.
    Retype,
    /// A key stands twice.
    Duplicate,
    /// A word of a value becomes one that names nothing.
    Dangle,
}

impl Class {
    pub(crate) const ALL: [Class; 6] =
        [Class::Delete, Class::Rename, Class::Respell, Class::Retype, Class::Duplicate, Class::Dangle];
}

/// One edit of one file.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) class: Class,
    pub(crate) file: String,
    replace: Range<usize>,
    by: String,
    /// The first line of the edit, from 1, and how many more it has.
    pub(crate) line: usize,
    pub(crate) lines: usize,
    /// The lines of the keys above it.
    pub(crate) above: Vec<usize>,
    /// The names of the things that it is in.
    pub(crate) names: Vec<String>,
    pub(crate) what: String,
}

impl Edit {
    pub(crate) fn applied(&self, texts: &Texts) -> Texts {
        let edited = |(name, text): &(String, String)| {
            let mut text = text.clone();
            if *name == self.file {
                text.replace_range(self.replace.clone(), &self.by);
            }
            (name.clone(), text)
        };
        texts.iter().map(edited).collect()
    }
}

/// A key of a map with its neighbours.
struct Site {
    project: usize,
    file: usize,
    entry: Entry,
    /// Where the next key starts, quotes included.
    next: Option<usize>,
    /// Where the value before ends, quotes and brackets included.
    previous: Option<usize>,
    flow: bool,
    above: Vec<usize>,
    names: Vec<String>,
}

/// Edits of projects by their index, a sixth of each class.
pub(crate) fn mutations(projects: &[(String, Texts)], seed: u64, count: usize) -> Vec<(usize, Edit)> {
    let mut random = Random(seed);
    let sites = sites(projects);
    let mut edits: Vec<(usize, Edit)> = Vec::new();
    for turn in 0..count * 200 {
        if edits.len() == count {
            break;
        }
        let class = Class::ALL[turn % Class::ALL.len()];
        if edits.iter().filter(|(_, e)| e.class == class).count() >= count.div_ceil(Class::ALL.len()) {
            continue;
        }
        let site = &sites[random.below(sites.len())];
        let (file, text) = &projects[site.project].1[site.file];
        let Some((replace, by, what)) = make(class, text, site, &mut random) else { continue };
        let twin = |(p, e): &(usize, Edit)| *p == site.project && e.file == *file && e.replace == replace && e.by == by;
        if edits.iter().any(twin) {
            continue;
        }
        let line = text[..replace.start].matches('\n').count() + 1;
        let lines = text[replace.clone()].matches('\n').count();
        let (above, names) = (site.above.clone(), site.names.clone());
        edits.push((site.project, Edit { class, file: file.clone(), replace, by, line, lines, above, names, what }));
    }
    edits
}

fn sites(projects: &[(String, Texts)]) -> Vec<Site> {
    let mut sites = Vec::new();
    for (project, (_, texts)) in projects.iter().enumerate() {
        for (file, (name, text)) in texts.iter().enumerate() {
            let mut findings = Diagnostics::default();
            let roots = yaml::read(Sources::default().add(name.clone(), text.clone()), text, &mut findings).nodes;
            if findings.is_empty() && !name.ends_with(".js") {
                for root in &roots {
                    Walk { project, file, text, sites: &mut sites }.node(root, &[], &[]);
                }
            }
        }
    }
    sites
}

struct Walk<'a> {
    project: usize,
    file: usize,
    text: &'a str,
    sites: &'a mut Vec<Site>,
}

impl Walk<'_> {
    fn node(&mut self, node: &Node, above: &[usize], names: &[String]) {
        match &node.value {
            Value::Scalar(_) => {}
            Value::List(items) => items.iter().for_each(|item| self.node(item, above, names)),
            Value::Map(entries) => {
                let flow = self.text[node.span.start as usize..].starts_with('{');
                let name = node.get("name").and_then(Node::scalar).map(|name| name.text.clone());
                let names: Vec<String> = names.iter().cloned().chain(name).collect();
                for (i, entry) in entries.iter().enumerate() {
                    let next = entries.get(i + 1).map(|next| key_range(self.text, next).start);
                    let previous = i.checked_sub(1).map(|i| value_range(self.text, &entries[i].value).end);
                    let line = self.text[..entry.key.span.start as usize].matches('\n').count() + 1;
                    let above: Vec<usize> = above.iter().copied().chain([line]).collect();
                    self.node(&entry.value, &above, &names);
                    let (project, file, entry, names) = (self.project, self.file, entry.clone(), names.clone());
                    self.sites.push(Site { project, file, entry, next, previous, flow, above, names });
                }
            }
        }
    }
}

fn key_range(text: &str, entry: &Entry) -> Range<usize> {
    with_quotes(text, entry.key.span)
}

fn value_range(text: &str, value: &Node) -> Range<usize> {
    let range = with_quotes(text, value.span);
    range.start..range.start + text[range.clone()].trim_end().len()
}

fn with_quotes(text: &str, span: Span) -> Range<usize> {
    let range = span.start as usize..span.end as usize;
    let quoted = text[..range.start].ends_with(['"', '\'']) && text[range.end..].starts_with(['"', '\'']);
    if quoted { range.start - 1..range.end + 1 } else { range }
}

fn make(class: Class, text: &str, site: &Site, random: &mut Random) -> Option<(Range<usize>, String, String)> {
    let key = site.entry.key.value.as_str();
    let value = value_range(text, &site.entry.value);
    let whole = key_range(text, &site.entry).start..value.end;
    let scalar = site.entry.value.scalar();
    match class {
        Class::Delete => {
            // What an absent key says as well: a role that is the default, or that the type has.
            let is_default = site.entry.value.to_json() != serde_json::json!({"is_time": true});
            let has_type = text[..value.start].rfind('\n').is_some_and(|at| text[at..value.start].contains("datatype"));
            let declares = matches!(key, "vendors" | "is_time")
                || key == "dialects" && site.names.is_empty()
                || key == "datatype" && scalar.is_some_and(|s| s.text == "String");
            if declares || key == "dimension" && (is_default || has_type) {
                return None;
            }
            let replace = match (site.next, site.previous) {
                (Some(next), _) => whole.start..next,
                (None, Some(previous)) => previous..whole.end,
                (None, None) => return None,
            };
            Some((replace, String::new(), format!("`{key}`")))
        }
        Class::Rename => {
            let typo = random.typo(key)?;
            let span = site.entry.key.span;
            Some((span.start as usize..span.end as usize, typo.clone(), format!("`{key}` as `{typo}`")))
        }
        Class::Respell | Class::Dangle => {
            let span = site.entry.value.span;
            let inside = span.start as usize..span.end as usize;
            scalar?;
            let words = words(&text[inside.clone()]);
            let word = words.get(random.below(words.len()))?;
            let word = inside.start + word.start..inside.start + word.end;
            let old = text[word.clone()].to_string();
            let by = match class {
                Class::Dangle => "no_such_thing".to_string(),
                _ => random.typo(&old)?,
            };
            let what = format!("`{old}` as `{by}` in `{key}`");
            Some((word, by, what))
        }
        Class::Retype => {
            let by = ["[a, b]", "{a: b}", "7"][random.below(3)];
            let written = &text[value.clone()];
            let same = match site.entry.value.value {
                Value::Scalar(_) => by == "7",
                Value::List(_) => by == "[a, b]",
                Value::Map(_) => by == "{a: b}",
            };
            let block = written.contains('\n') && !written.starts_with(['[', '{', '"', '\'']);
            if same {
                return None;
            }
            let by = if block && written.starts_with(['|', '>']) { return None } else { by.to_string() };
            Some((value.clone(), by.clone(), format!("`{key}` is `{by}`")))
        }
        Class::Duplicate => {
            let copy = &text[whole.clone()];
            if copy.contains('\n') {
                return None;
            }
            let by = if site.flow {
                format!(", {copy}")
            } else {
                let line = text[..whole.start].rfind('\n').map_or(0, |i| i + 1);
                format!("\n{}{copy}", " ".repeat(whole.start - line))
            };
            Some((whole.end..whole.end, by, format!("`{key}` stands twice")))
        }
    }
}

/// The words of a text that begin with a letter.
fn words(text: &str) -> Vec<Range<usize>> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut start = None;
    for (i, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, is_word(c)) {
            (None, true) => start = Some(i),
            (Some(from), false) => {
                found.push(from..i);
                start = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found.retain(|word| text[word.start..].starts_with(|c: char| c.is_ascii_alphabetic()));
    found
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// `word` with one letter lost, changed, added or swapped with the next.
    fn typo(&mut self, word: &str) -> Option<String> {
        let mut letters: Vec<char> = word.chars().collect();
        if letters.len() < 2 {
            return None;
        }
        let at = self.below(letters.len());
        let letter = char::from(b'a' + self.below(26) as u8);
        match self.below(4) {
            0 => drop(letters.remove(at)),
            1 => letters[at] = letter,
            2 => letters.insert(at, letter),
            _ if at + 1 < letters.len() => letters.swap(at, at + 1),
            _ => letters.push(letter),
        }
        let typo: String = letters.into_iter().collect();
        (typo != word && typo.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(typo)
    }
}
