//! The mutators: delete, rename, retype, re-indent, duplicate, dangle a reference.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::site::{self, Key, Kind, Site};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    Delete,
    Rename,
    Retype,
    Reindent,
    Duplicate,
    Dangle,
}

impl Class {
    pub(crate) const ALL: [Class; 6] =
        [Class::Delete, Class::Rename, Class::Retype, Class::Reindent, Class::Duplicate, Class::Dangle];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Class::Delete => "delete",
            Class::Rename => "rename",
            Class::Retype => "retype",
            Class::Reindent => "re-indent",
            Class::Duplicate => "duplicate",
            Class::Dangle => "dangle",
        }
    }
}

/// One edit of one file.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) class: Class,
    pub(crate) file: String,
    /// Bytes of the file that are replaced, and by what.
    pub(crate) replace: Range<usize>,
    pub(crate) by: String,
    /// Bytes around the edit within which it may be reported.
    pub(crate) within: Range<usize>,
    /// Lines before and after these that count too: a line in a wrong column may be noticed in the
    /// next one.
    pub(crate) slack: usize,
    /// The key that it is made at.
    pub(crate) key: String,
    /// The word of which one letter was changed.
    pub(crate) typo_of: Option<String>,
    pub(crate) what: String,
    /// The dataset that the word is a name of; nothing is known of its names without its own.
    pub(crate) of: Option<String>,
}

/// Keys whose values nothing else depends on.
const DECIDES_NOTHING: [&str; 7] =
    ["label", "description", "synonyms", "unit", "format", "direction", "fill_nulls_with"];

/// Files and the mistakes that are made in them, none in another's bytes.
pub(crate) struct Corpus {
    pub(crate) files: Vec<(String, String)>,
    pub(crate) mistakes: Vec<Mistake>,
}

impl Corpus {
    /// `count` mistakes, a sixth of each class. A thing of the model has one of any kind, and at
    /// most one more, of a key that decides nothing about the others.
    pub(crate) fn new(files: &[(String, String)], seed: u64, count: usize) -> Corpus {
        let mut random = Random(seed);
        let sites = site::all(files);
        let words = Words::of(files, &sites);
        let mut mistakes: Vec<Mistake> = Vec::new();
        let mut taken: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        // The class with the fewest places first; what it leaves is for the others.
        let scarce = [Class::Dangle, Class::Reindent, Class::Delete, Class::Duplicate, Class::Retype, Class::Rename];
        let share = count.div_ceil(scarce.len());
        let turns = scarce.iter().flat_map(|class| std::iter::repeat_n((*class, share), 3_000));
        let rest = std::iter::repeat_n((Class::Rename, count), 20_000);
        for (class, most) in turns.chain(rest) {
            if mistakes.len() == count || mistakes.iter().filter(|m| m.class == class).count() == most {
                continue;
            }
            let site = &sites[random.below(sites.len())];
            let before = taken.get(&site.thing).copied().unwrap_or(0);
            let Some(mistake) = make(class, files, site, &words, &mut random) else { continue };
            let decides = !DECIDES_NOTHING.contains(&mistake.key.as_str()) || class == Class::Reindent;
            let free = mistakes.iter().all(|other| other.file != mistake.file || apart(other, &mistake));
            let hides = mistake.key == "name" && site.role == "datasets" && {
                let name = site.text(&files[site.file].1, "name");
                mistakes.iter().any(|other| other.of.is_some() && other.of.as_deref() == name)
            };
            if free && !hides && (before == 0 || before == 1 && !decides) {
                taken.insert(site.thing, before + 1);
                mistakes.push(mistake);
            }
        }
        Corpus { files: files.to_vec(), mistakes }
    }

    /// The files with all mistakes made.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let edited = |name: &String, text: &String| {
            let mut text = text.clone();
            let mut edits: Vec<&Mistake> = self.mistakes.iter().filter(|m| m.file == *name).collect();
            edits.sort_by_key(|m| m.replace.start);
            for edit in edits.into_iter().rev() {
                text.replace_range(edit.replace.clone(), &edit.by);
            }
            text
        };
        self.files.iter().map(|(name, text)| (name.clone(), edited(name, text))).collect()
    }

    /// First and last line, from 1, within which a mistake may be reported.
    pub(crate) fn lines(&self, mistake: &Mistake) -> (usize, usize) {
        let (_, text) = self.files().into_iter().find(|(name, _)| *name == mistake.file).unwrap();
        let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let start = self.moved(mistake, mistake.within.start.min(mistake.replace.start));
        let own = self.moved(mistake, mistake.replace.start) + mistake.by.len();
        let end = own.max(self.moved(mistake, mistake.within.end));
        let (first, last) = (line(start), line(end));
        (first.saturating_sub(mistake.slack), last + mistake.slack)
    }

    /// Where a byte of the file stands after all edits.
    fn moved(&self, mistake: &Mistake, at: usize) -> usize {
        let edits =
            self.mistakes.iter().filter(|m| m.file == mistake.file && m.replace.end <= at && m.replace.start < at);
        edits.fold(at as i64, |at, m| at + m.by.len() as i64 - m.replace.len() as i64).max(0) as usize
    }
}

/// Whether two mistakes are at least a line apart.
fn apart(a: &Mistake, b: &Mistake) -> bool {
    let touches =
        |x: &Mistake, y: &Mistake| x.replace.start <= y.replace.end + 1 && y.replace.start <= x.replace.end + 1;
    !touches(a, b)
}

fn make(class: Class, files: &[(String, String)], site: &Site, words: &Words, random: &mut Random) -> Option<Mistake> {
    let (name, text) = &files[site.file];
    let mistake = match class {
        Class::Delete => delete(text, site, random),
        Class::Rename => rename(text, site, words, random),
        Class::Retype => retype(text, site, random),
        Class::Reindent => reindent(name, text, site, random),
        Class::Duplicate => duplicate(text, site, random),
        Class::Dangle => dangle(text, site, words, random),
    };
    mistake.map(|mistake| Mistake { class, file: name.clone(), ..mistake })
}

/// A key goes that its object cannot be without.
fn delete(text: &str, site: &Site, random: &mut Random) -> Option<Mistake> {
    let needed: &[&str] = match (site.role.as_str(), site.item) {
        ("metrics", true) => match site.text(text, "type")? {
            "simple" if site.text(text, "agg") != Some("count") => &["name", "type", "agg", "expr"],
            "simple" => &["name", "type", "agg"],
            "ratio" => &["name", "type", "numerator", "denominator"],
            "derived" => &["name", "type", "expr"],
            _ => &["name", "type"],
        },
        ("dimensions", true) if site.has("of") => &["name", "of"],
        ("dimensions", true) => &["name"],
        ("datasets", true) => &["name", "source"],
        ("relationships", true) => &["name", "from", "from_columns", "to", "to_columns"],
        ("time_ranges", true) => &["name", "start", "end"],
        ("columns", true) => &["name", "type"],
        ("watermark", false) => &["column"],
        ("input_metrics", true) => &["name"],
        _ => return None,
    };
    let key = site.key(random.of(needed)?)?;
    if key.name == "name" && site.keys.len() == 1 {
        return None;
    }
    let position = site.keys.iter().position(|k| k.name == key.name)?;
    // Up to the next key, or from the end of the previous one.
    let replace = match (site.keys.get(position + 1), position.checked_sub(1)) {
        (Some(next), _) => key.at.start..next.at.start,
        (None, Some(previous)) => end_of(text, &site.keys[previous])..end_of(text, key),
        (None, None) => return None,
    };
    let what = format!("`{}` of a {}", key.name, site.role);
    Some(edit(key, replace, String::new(), site.range.clone(), what))
}

/// One letter of a key or of a word of a closed list changes.
fn rename(text: &str, site: &Site, words: &Words, random: &mut Random) -> Option<Mistake> {
    let key = random.of(&site.keys)?;
    let closed = ["type", "agg", "direction", "format", "granularity", "week_start"];
    let (range, word) = if closed.contains(&key.name.as_str()) && random.below(2) == 0 {
        (key.value.clone(), text[key.value.clone()].to_string())
    } else {
        (key.at.clone(), key.name.clone())
    };
    let typo = random.typo(&word);
    if word.len() < 2 || words.known.contains(&typo) || site.role == "query" {
        return None;
    }
    let what = format!("`{word}` as `{typo}`");
    Some(Mistake { typo_of: Some(word), ..edit(key, range.clone(), typo, range, what) })
}

/// A value becomes one of another type.
fn retype(text: &str, site: &Site, random: &mut Random) -> Option<Mistake> {
    let key = random.of(&site.keys)?;
    if text[key.value.clone()].contains('\n') || site.role == "query" {
        return None;
    }
    let quoted = text[..key.value.start].ends_with(['"', '\'']);
    let range = if quoted { key.value.start - 1..key.value.end + 1 } else { key.value.clone() };
    let choices: &[&str] = match key.kind {
        Kind::Scalar if key.name == "filter" => &["{a: b}", "[[a]]"],
        Kind::Scalar => &["[a, b]", "{a: b}"],
        Kind::List => &["7", "{a: b}", "[[a]]"],
        Kind::Map => &["[a]", "7"],
    };
    let by = random.of(choices)?.to_string();
    let what = format!("`{}` is `{by}`", key.name);
    Some(edit(key, range.clone(), by, range, what))
}

/// A line of a block moves one or two columns.
fn reindent(name: &str, text: &str, site: &Site, random: &mut Random) -> Option<Mistake> {
    if site.flow || !site.item {
        return None;
    }
    let key = random.of(&site.keys)?;
    let line = text[..key.at.start].rfind('\n').map_or(0, |i| i + 1);
    let indent = text[line..].bytes().take_while(|b| *b == b' ').count();
    let to = *random.of(&[indent.checked_sub(2), indent.checked_sub(1), Some(indent + 1), Some(indent + 2)])?;
    let replace = line..line + indent;
    let by = " ".repeat(to?);
    let mut changed = text.to_string();
    changed.replace_range(replace.clone(), &by);
    let (before, after) = (site::tree(name, text), site::tree(name, &changed));
    let json = |trees: Vec<sextant_semantics::yaml::Node>| trees.iter().map(|t| t.to_json()).collect::<Vec<_>>();
    if json(before) == json(after) {
        return None;
    }
    let end = end_of(text, key);
    let what = format!("`{}` by {} columns", key.name, by.len() as i64 - indent as i64);
    Some(Mistake { slack: 1, ..edit(key, replace, by, line..end, what) })
}

/// A key, or a thing with its name, stands there twice.
fn duplicate(text: &str, site: &Site, random: &mut Random) -> Option<Mistake> {
    let whole = site.item && site.flow && site.has("name") && site.role != "input_metrics";
    if whole && random.below(2) == 0 {
        let copy = &text[site.range.clone()];
        let line = text[..site.range.start].rfind('\n').map_or(0, |i| i + 1);
        let dash = text[line..site.range.start].trim();
        if dash != "-" {
            return None;
        }
        let by = format!("\n{}{copy}", &text[line..site.range.start]);
        let at = site.range.end..site.range.end;
        return Some(edit(site.key("name")?, at.clone(), by, at, format!("a {} stands twice", site.role)));
    }
    let key = random.of(&site.keys)?;
    let end = end_of(text, key);
    let copy = &text[key.at.start..end];
    if copy.contains('\n') || site.role == "file" || site.role == "query" {
        return None;
    }
    let by = if site.flow {
        format!(", {copy}")
    } else {
        let line = text[..key.at.start].rfind('\n').map_or(0, |i| i + 1);
        format!("\n{}{copy}", " ".repeat(key.at.start - line))
    };
    Some(edit(key, end..end, by, end..end, format!("`{}` stands twice", key.name)))
}

/// A name refers to nothing: one letter is another, or the whole word.
fn dangle(text: &str, site: &Site, words: &Words, random: &mut Random) -> Option<Mistake> {
    let references = match (site.role.as_str(), site.item) {
        ("metrics", true) => vec!["numerator", "denominator", "expr"],
        ("relationships", true) => vec!["from", "to"],
        ("dimensions", true) => vec!["of"],
        ("datasets", true) => vec!["time"],
        ("audit", false) => vec!["metrics", "dimensions"],
        ("input_metrics", true) => vec!["name"],
        _ => return None,
    };
    let key = site.key(random.of(&references)?)?;
    // Columns are the data's to know; only formulas over metrics refer to names of the model.
    if key.name == "expr" && site.text(text, "type") != Some("derived") || key.kind == Kind::Map {
        return None;
    }
    let range = match key.kind {
        Kind::Scalar => key.value.clone(),
        Kind::List | Kind::Map => random.of(&key.items)?.clone(),
    };
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let tokens: Vec<Range<usize>> = tokens(&text[range.clone()], is_word)
        .into_iter()
        .map(|token| range.start + token.start..range.start + token.end)
        .filter(|token| words.names.contains(&text[token.clone()]))
        .collect();
    let token = random.of(&tokens)?.clone();
    let word = text[token.clone()].to_string();
    let (by, typo_of) = if random.below(3) == 0 {
        ("no_such_thing".to_string(), None)
    } else {
        (random.typo(&word), Some(word.clone()))
    };
    if words.names.contains(&by) || !by.chars().all(is_word) || by.starts_with(|c: char| !c.is_ascii_lowercase()) {
        return None;
    }
    // A path suggests paths; only bare names are held against the word.
    let typo_of = typo_of.filter(|_| text[range.clone()] == word || key.name == "expr");
    let what = format!("`{word}` as `{by}` in `{}`", key.name);
    let before = text[range.start..token.start].strip_suffix('.');
    let of = before.and_then(|before| before.rsplit(|c: char| !is_word(c)).next()).map(str::to_string);
    Some(Mistake { typo_of, of, ..edit(key, token.clone(), by, token, what) })
}

fn tokens(text: &str, is_word: impl Fn(char) -> bool) -> Vec<Range<usize>> {
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
    found
}

fn edit(key: &Key, replace: Range<usize>, by: String, within: Range<usize>, what: String) -> Mistake {
    let (class, file, key) = (Class::Delete, String::new(), key.name.clone());
    Mistake { class, file, replace, by, within, slack: 0, key, typo_of: None, what, of: None }
}

/// The end of a key's value, a closing quote included.
fn end_of(text: &str, key: &Key) -> usize {
    let quoted = text[..key.value.start].ends_with(['"', '\'']);
    key.value.end + usize::from(quoted)
}

/// Words that a typo must not hit by chance.
struct Words {
    /// Every key of the files, every value that is one word, and `names`.
    known: BTreeSet<String>,
    /// What the files name.
    names: BTreeSet<String>,
}

impl Words {
    fn of(files: &[(String, String)], sites: &[Site]) -> Words {
        let mut known = BTreeSet::new();
        let mut names = BTreeSet::new();
        for site in sites {
            let text = &files[site.file].1;
            known.extend(site.keys.iter().map(|key| key.name.clone()));
            names.extend(site.text(text, "name").map(str::to_string));
            for key in site.keys.iter().filter(|key| matches!(key.name.as_str(), "aliases" | "deprecated_names")) {
                names.extend(key.items.iter().map(|item| text[item.clone()].to_string()));
            }
        }
        known.extend(names.iter().cloned());
        known.extend(["min", "max", "sum", "last", "first", "time", "number"].map(str::to_string));
        Words { known, names }
    }
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

    fn of<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// `word` with one letter lost, doubled, changed, added or swapped with the next.
    fn typo(&mut self, word: &str) -> String {
        let mut letters: Vec<char> = word.chars().collect();
        let at = self.below(letters.len());
        let letter = char::from(b'a' + self.below(26) as u8);
        match self.below(5) {
            0 => drop(letters.remove(at)),
            1 => letters.insert(at, letters[at]),
            2 => letters[at] = letter,
            3 => letters.insert(at, letter),
            _ if at + 1 < letters.len() => letters.swap(at, at + 1),
            _ => letters.push(letter),
        }
        let typo: String = letters.into_iter().collect();
        if typo == word { self.typo(word) } else { typo }
    }
}
