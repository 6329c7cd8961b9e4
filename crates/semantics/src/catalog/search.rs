//! Searching a model: names, labels, synonyms and descriptions, in one deterministic ranking.
//!
//! Exact before prefix before word before trigrams; then metrics before dimensions before saved
//! queries; then by name.

use std::collections::BTreeSet;

use super::Catalog;
use super::id::MetricId;

/// Something that a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub what: What,
    pub name: String,
    rank: Rank,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Metric(MetricId),
    /// By the name that a request would use.
    Dimension(String),
    /// Position in the catalog's list.
    SavedQuery(usize),
}

/// How well a text fits, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Prefix,
    /// All words of the query, in the names.
    Words,
    /// All words of the query, with the description.
    Description,
    /// Some words of the query: how many are missing.
    Some(usize),
    /// Alike letters: tenths of trigrams not shared.
    Alike(usize),
}

/// Everything that matches, best first; an empty query lists everything.
pub fn search(catalog: &Catalog, query: &str) -> Vec<Found> {
    let wanted = Wanted::new(query);
    let mut found: Vec<(u8, Found)> = Vec::new();
    for metric in catalog.metrics().iter().filter(|m| !m.hidden) {
        let names = [&metric.name].into_iter().chain(&metric.label).chain(&metric.aliases).chain(&metric.synonyms);
        if let Some(rank) = wanted.rank(names.map(String::as_str), metric.description.as_deref()) {
            found.push((0, Found { what: What::Metric(metric.id), name: metric.name.clone(), rank }));
        }
    }
    for (name, texts, description) in dimensions(catalog) {
        if let Some(rank) = wanted.rank(texts.iter().map(String::as_str), description.as_deref()) {
            found.push((1, Found { what: What::Dimension(name.clone()), name, rank }));
        }
    }
    for (i, saved) in catalog.saved_queries.iter().enumerate() {
        let names = [&saved.name].into_iter().chain(&saved.label).chain(&saved.synonyms);
        let description = saved.description.as_ref().map(|d| d.value.as_str());
        if let Some(rank) = wanted.rank(names.map(|n| n.value.as_str()), description) {
            found.push((2, Found { what: What::SavedQuery(i), name: saved.name.value.clone(), rank }));
        }
    }
    found.sort_by(|(a, x), (b, y)| (x.rank, a, &x.name).cmp(&(y.rank, b, &y.name)));
    found.into_iter().map(|(_, f)| f).collect()
}

/// Every dimension once, by the name that a request would use, with its texts.
fn dimensions(catalog: &Catalog) -> Vec<(String, Vec<String>, Option<String>)> {
    let mut all = Vec::new();
    for shared in catalog.shared_dimensions().iter().filter(|d| !d.hidden) {
        let mut texts = vec![shared.name.clone()];
        texts.extend(shared.label.iter().chain(&shared.synonyms).cloned());
        for member in &shared.members {
            let member = catalog.dimension(*member);
            texts.extend(member.label.iter().chain(&member.synonyms).cloned());
        }
        all.push((shared.name.clone(), texts, shared.description.clone()));
    }
    for dimension in catalog.dimensions().iter().filter(|d| !d.hidden && d.shared.is_none()) {
        let name = format!("{}.{}", catalog.dataset(dimension.dataset).name, dimension.name);
        let mut texts = vec![dimension.name.clone(), name.clone()];
        texts.extend(dimension.label.iter().chain(&dimension.synonyms).cloned());
        all.push((name, texts, dimension.description.clone()));
    }
    all
}

struct Wanted {
    text: String,
    words: Vec<String>,
    trigrams: BTreeSet<String>,
}

impl Wanted {
    fn new(query: &str) -> Self {
        let text = plain(query);
        let words = text.split_whitespace().map(str::to_string).collect();
        Wanted { trigrams: trigrams(&text), text, words }
    }

    fn rank<'a>(&self, names: impl Iterator<Item = &'a str>, description: Option<&str>) -> Option<Rank> {
        if self.words.is_empty() {
            return Some(Rank::Exact);
        }
        let names: Vec<String> = names.map(plain).collect();
        if names.contains(&self.text) {
            return Some(Rank::Exact);
        }
        if names.iter().any(|n| n.starts_with(&self.text)) {
            return Some(Rank::Prefix);
        }
        let in_names: BTreeSet<&str> = names.iter().flat_map(|n| n.split_whitespace()).collect();
        let missing = |words: &BTreeSet<&str>| {
            self.words.iter().filter(|w| !words.iter().any(|have| have.starts_with(w.as_str()))).count()
        };
        if missing(&in_names) == 0 {
            return Some(Rank::Words);
        }
        let description = plain(description.unwrap_or_default());
        let mut everywhere = in_names;
        everywhere.extend(description.split_whitespace());
        let absent = missing(&everywhere);
        if absent == 0 {
            return Some(Rank::Description);
        }
        if absent < self.words.len() {
            return Some(Rank::Some(absent));
        }
        names.iter().filter_map(|n| self.alike(n)).min()
    }

    fn alike(&self, name: &str) -> Option<Rank> {
        let have = trigrams(name);
        let shared = self.trigrams.intersection(&have).count();
        let all = self.trigrams.union(&have).count();
        let distance = 10 - (shared * 10).checked_div(all).unwrap_or(0);
        (distance <= 6).then_some(Rank::Alike(distance))
    }
}

fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

fn trigrams(text: &str) -> BTreeSet<String> {
    let padded: Vec<char> = format!("  {text} ").chars().collect();
    padded.windows(3).map(|w| w.iter().collect()).collect()
}
