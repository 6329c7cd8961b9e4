//! Searching by words: names, labels, synonyms and descriptions, in one deterministic ranking.
//!
//! Exact before prefix before words before trigrams; then by kind; then by name. What is searched
//! besides the model (values of dimensions, operations, pages) is given as entries of the same form.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Catalog;
use super::id::MetricId;

mod words;

use words::{content_words, fits, joined, near, plain, trigrams};

/// What an entry stands for. The order is that of the kinds among equally good results.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Metric(MetricId),
    /// By the name that a request would use.
    Dimension(String),
    Value {
        dimension: String,
        value: String,
    },
    /// Position in the catalog's list.
    SavedQuery(usize),
    /// By its identifier.
    Operation(String),
    /// By its path.
    Page(String),
}

/// Something to be found, its texts ready to be held against a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub what: What,
    pub name: String,
    names: Vec<Text>,
    description: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Text {
    plain: String,
    words: Vec<String>,
    trigrams: Vec<u64>,
}

impl Text {
    fn new(text: &str) -> Text {
        let plain = plain(text);
        let words = plain.split_whitespace().map(str::to_string).collect();
        Text { trigrams: trigrams(&plain), plain, words }
    }
}

impl Entry {
    pub fn new<'a>(
        what: What,
        name: &str,
        names: impl IntoIterator<Item = &'a str>,
        description: Option<&str>,
    ) -> Entry {
        let mut texts: Vec<Text> = vec![Text::new(name)];
        for text in names.into_iter().map(Text::new) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let description = plain(description.unwrap_or_default()).split_whitespace().map(str::to_string).collect();
        Entry { what, name: name.to_string(), names: texts, description }
    }
}

/// How well an entry fits, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Exact,
    Prefix,
    /// Hundredths: the share of the query's words that it has, rare ones counting more, and how much of
    /// its nearest name they are.
    Words(Reverse<u32>),
    /// Tenths of trigrams not shared.
    Alike(usize),
}

/// The entries of a model: metrics, dimensions and saved queries.
pub fn entries(catalog: &Catalog) -> Vec<Entry> {
    let mut all = Vec::new();
    for metric in catalog.metrics().iter().filter(|m| !m.hidden) {
        let names = metric.label.iter().chain(&metric.aliases).chain(&metric.synonyms).map(String::as_str);
        all.push(Entry::new(What::Metric(metric.id), &metric.name, names, metric.description.as_deref()));
    }
    for shared in catalog.shared_dimensions().iter().filter(|d| !d.hidden) {
        let members = catalog.members_seen(shared).map(|member| catalog.dimension(member));
        let of_members = members.flat_map(|member| member.label.iter().chain(&member.synonyms));
        let names = shared.label.iter().chain(&shared.synonyms).chain(of_members).map(String::as_str);
        let what = What::Dimension(shared.name.clone());
        all.push(Entry::new(what, &shared.name, names, shared.description.as_deref()));
    }
    for dimension in catalog.dimensions().iter().filter(|d| !d.hidden && d.shared.is_none()) {
        let name = format!("{}.{}", catalog.dataset(dimension.dataset).name, dimension.name);
        let names = dimension.label.iter().chain(&dimension.synonyms).map(String::as_str);
        let names = [dimension.name.as_str()].into_iter().chain(names);
        all.push(Entry::new(What::Dimension(name.clone()), &name, names, dimension.description.as_deref()));
    }
    for (i, saved) in catalog.saved_queries.iter().enumerate() {
        let names = saved.label.iter().chain(&saved.synonyms).map(|n| n.value.as_str());
        let description = saved.description.as_ref().map(|d| d.value.as_str());
        all.push(Entry::new(What::SavedQuery(i), &saved.name.value, names, description));
    }
    all
}

/// The metrics that a query finds.
pub fn metrics(catalog: &Catalog, query: &str) -> BTreeSet<MetricId> {
    let entries = entries(catalog);
    let found = ranked(&entries, query).into_iter().filter_map(|entry| match &entry.what {
        What::Metric(id) => Some(*id),
        What::Dimension(_) | What::Value { .. } | What::SavedQuery(_) | What::Operation(_) | What::Page(_) => None,
    });
    found.collect()
}

/// Every entry that matches, best first; an empty query lists all, by kind and name.
pub fn ranked<'a>(entries: impl IntoIterator<Item = &'a Entry>, query: &str) -> Vec<&'a Entry> {
    let entries: Vec<&Entry> = entries.into_iter().collect();
    let wanted = Wanted::new(query, &entries);
    let ranked = entries.into_iter().filter_map(|entry| Some((wanted.rank(entry)?, entry)));
    let mut found: Vec<(Rank, &Entry)> = ranked.collect();
    found.sort_by(|(a, x), (b, y)| (a, kind(&x.what), &x.name, &x.what).cmp(&(b, kind(&y.what), &y.name, &y.what)));
    found.into_iter().map(|(_, entry)| entry).collect()
}

fn kind(what: &What) -> u8 {
    match what {
        What::Metric(_) => 0,
        What::Dimension(_) => 1,
        What::Value { .. } => 2,
        What::SavedQuery(_) => 3,
        What::Operation(_) => 4,
        What::Page(_) => 5,
    }
}

struct Wanted {
    text: Text,
    /// The words that count, with how much they say.
    words: Vec<(String, u32)>,
}

impl Wanted {
    fn new(query: &str, entries: &[&Entry]) -> Wanted {
        let text = Text::new(query);
        let named: Vec<&&Entry> = entries.iter().filter(|e| !matches!(e.what, What::Value { .. })).collect();
        let mut vocabulary: BTreeMap<&str, u32> = BTreeMap::new();
        for entry in &named {
            let words: BTreeSet<&str> = entry.names.iter().flat_map(|n| &n.words).map(String::as_str).collect();
            for word in words {
                *vocabulary.entry(word).or_default() += 1;
            }
        }
        let weigh = |word: String| {
            let known = vocabulary.keys().any(|have| fits(&word, have));
            let value = || entries.iter().any(|e| e.names.iter().any(|n| n.words.iter().any(|w| fits(&word, w))));
            let word = match near(&word, vocabulary.keys().copied()) {
                Some(meant) if !known && !value() => meant,
                Some(_) | None => word,
            };
            let in_how_many: u32 = vocabulary.iter().filter(|(have, _)| fits(&word, have)).map(|(_, n)| n).sum();
            // A word of every entry says 1, one of a single entry about log2 of their number.
            let rarity = (named.len() as u32 / (in_how_many + 1)).max(1).ilog2() + 1;
            (word, rarity)
        };
        let words = content_words(&joined(&text.words, |word| vocabulary.contains_key(word)));
        Wanted { words: words.into_iter().map(weigh).collect(), text }
    }

    fn rank(&self, entry: &Entry) -> Option<Rank> {
        if self.text.words.is_empty() || entry.names.iter().any(|name| name.plain == self.text.plain) {
            return Some(Rank::Exact);
        }
        if entry.names.iter().any(|name| name.plain.starts_with(&self.text.plain)) {
            return Some(Rank::Prefix);
        }
        let score = self.score(entry);
        if score > 0 {
            return Some(Rank::Words(Reverse(score)));
        }
        let alike = entry.names.iter().filter_map(|name| self.alike(name)).min()?;
        Some(Rank::Alike(alike))
    }

    /// 0 to 100. A value of a dimension counts only when the query has all its words.
    fn score(&self, entry: &Entry) -> u32 {
        let total: u32 = self.words.iter().map(|(_, weight)| weight).sum();
        let has = |words: &[String], wanted: &str| words.iter().any(|have| fits(wanted, have));
        let (mut named, mut described) = (0, 0);
        for (word, weight) in &self.words {
            if entry.names.iter().any(|name| has(&name.words, word)) {
                named += weight;
            } else if has(&entry.description, word) {
                described += weight;
            }
        }
        if named + described == 0 || total == 0 {
            return 0;
        }
        let whole = |name: &Text| {
            let here = name.words.iter().filter(|have| self.words.iter().any(|(wanted, _)| fits(wanted, have)));
            100 * here.count() as u32 / name.words.len().max(1) as u32
        };
        let whole = entry.names.iter().map(whole).max().unwrap_or(0);
        if matches!(entry.what, What::Value { .. }) && whole < 100 {
            return 0;
        }
        // Words of a description say half as much as words of a name.
        let share = (100 * named + 50 * described) / total;
        // At least 1: something of the query is there.
        ((65 * share + 35 * whole * u32::from(named > 0)) / 100).max(1)
    }

    fn alike(&self, name: &Text) -> Option<usize> {
        let (mut shared, mut i, mut j) = (0, 0, 0);
        let (ours, theirs) = (&self.text.trigrams, &name.trigrams);
        while i < ours.len() && j < theirs.len() {
            match ours[i].cmp(&theirs[j]) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => (shared, i, j) = (shared + 1, i + 1, j + 1),
            }
        }
        let all = ours.len() + theirs.len() - shared;
        let distance = 10 - (shared * 10).checked_div(all).unwrap_or(0);
        (distance <= 6).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, names: &[&str], description: &str) -> Entry {
        let what = What::Operation(name.into());
        Entry::new(what, name, names.iter().copied(), Some(description))
    }

    fn found(query: &str) -> Vec<String> {
        let all = [
            entry("net_sales", &["Net sales", "revenue"], "Gross sales less discounts and returns."),
            entry("gross_sales", &["Gross sales"], "Price times quantity."),
            entry("conversion_rate", &["Conversion rate", "CR"], "Orders for each session."),
            entry("return_rate", &["Return rate"], "Returned units for each unit sold."),
            entry("orders", &["Orders"], "Number of orders."),
        ];
        ranked(&all, query).into_iter().map(|entry| entry.name.clone()).collect()
    }

    #[test]
    fn the_better_match_comes_first() {
        assert_eq!(found("net sales")[0], "net_sales");
        assert_eq!(found("Revenue")[0], "net_sales");
        assert_eq!(found("conv")[0], "conversion_rate");
        assert_eq!(found("how many orders did we get last week?")[0], "orders");
        assert_eq!(found("what is our convertion rate")[0], "conversion_rate");
        assert_eq!(found("rate of returns")[0], "return_rate");
        assert_eq!(found("grosss_sale")[0], "gross_sales");
    }

    #[test]
    fn an_empty_query_lists_by_name_and_nonsense_finds_nothing() {
        assert_eq!(found(""), ["conversion_rate", "gross_sales", "net_sales", "orders", "return_rate"]);
        assert_eq!(found("zyxwv"), Vec::<String>::new());
    }

    #[test]
    fn a_value_needs_all_its_words() {
        let value = |value: &str| {
            let what = What::Value { dimension: "city".into(), value: value.into() };
            Entry::new(what, value, [], None)
        };
        let all = [value("New York"), value("York")];
        let names: Vec<&str> = ranked(&all, "orders in york").into_iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["York"]);
    }
}
