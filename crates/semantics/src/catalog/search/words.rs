//! Words of a search: which ones count, and when two are one.

/// Words of business that are one to a question: forms of a verb, and what a part of a whole is called.
const ALIKE: &[&[&str]] = &[
    &["buy", "bought", "purchase"],
    &["lose", "lost"],
    &["pay", "paid"],
    &["rate", "share", "percentage", "proportion"],
    &["sell", "sold", "sale"],
    &["spend", "spent"],
    &["win", "won"],
];

/// Words that a question has and that name nothing by themselves, sorted.
const EMPTY: &[&str] = &[
    "a",
    "about",
    "after",
    "ago",
    "all",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "before",
    "between",
    "by",
    "can",
    "current",
    "day",
    "days",
    "did",
    "do",
    "does",
    "during",
    "each",
    "every",
    "far",
    "for",
    "from",
    "get",
    "give",
    "had",
    "has",
    "have",
    "how",
    "i",
    "in",
    "into",
    "is",
    "it",
    "its",
    "last",
    "list",
    "made",
    "make",
    "many",
    "me",
    "month",
    "months",
    "much",
    "my",
    "now",
    "of",
    "on",
    "or",
    "our",
    "out",
    "over",
    "past",
    "per",
    "please",
    "quarter",
    "recent",
    "show",
    "since",
    "so",
    "tell",
    "that",
    "the",
    "their",
    "them",
    "there",
    "these",
    "they",
    "this",
    "those",
    "to",
    "today",
    "us",
    "was",
    "we",
    "week",
    "weeks",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "whose",
    "why",
    "will",
    "with",
    "year",
    "years",
    "yesterday",
    "you",
];

/// Lower case, words of letters and digits with one space between.
pub(super) fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The words of a query that count, each once; all of them where none would be left.
pub(super) fn content_words(words: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for word in words.iter().filter(|word| EMPTY.binary_search(&word.as_str()).is_err()) {
        if !kept.contains(word) {
            kept.push(word.clone());
        }
    }
    if kept.is_empty() { words.to_vec() } else { kept }
}

/// The words of a query, two that are written as one elsewhere (`pay back`, `payback`) as that one.
pub(super) fn joined(words: &[String], is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut rest = words;
    while let [first, after @ ..] = rest {
        let together = after.first().map(|second| format!("{first}{second}")).filter(|one| is_known(one));
        rest = if together.is_some() { &after[1..] } else { after };
        out.push(together.unwrap_or_else(|| first.clone()));
    }
    out
}

/// Whether a word of a query is a word that is there: the same but for its ending, the start of it, or one like it.
pub(super) fn fits(wanted: &str, have: &str) -> bool {
    let (ours, theirs) = (stem(wanted), stem(have));
    let is_alike = || ALIKE.iter().any(|words| words.contains(&ours) && words.contains(&theirs));
    ours == theirs || (wanted.chars().count() >= 3 && have.starts_with(wanted)) || is_alike()
}

/// A word without the ending of a plural.
fn stem(word: &str) -> &str {
    match word.len() {
        0..=3 => word,
        _ if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => word,
        _ => word.strip_suffix('s').unwrap_or(word),
    }
}

/// The word that a misspelt one is nearest to: one slip in four letters and more, two in eight and more.
pub(super) fn near<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let slips = match word.chars().count() {
        0..=3 => return None,
        4..=7 => 1,
        _ => 2,
    };
    let found = known.map(|have| (strsim::damerau_levenshtein(word, have), have)).filter(|(far, _)| *far <= slips);
    found.min().map(|(_, have)| have.to_string())
}

/// The distinct groups of three letters, sorted, each packed into one number.
pub(super) fn trigrams(text: &str) -> Vec<u64> {
    let padded: Vec<u64> = format!("  {text} ").chars().map(u64::from).collect();
    let mut all: Vec<u64> = padded.windows(3).map(|w| w[0] << 42 | w[1] << 21 | w[2]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_do_not_count_are_sorted() {
        assert!(EMPTY.is_sorted());
    }

    #[test]
    fn a_query_of_such_words_alone_keeps_them() {
        assert_eq!(content_words(&["last".into(), "week".into()]), ["last", "week"]);
        assert_eq!(content_words(&["our".into(), "sales".into()]), ["sales"]);
    }

    #[test]
    fn endings_and_beginnings_fit() {
        assert!(fits("orders", "order") && fits("order", "orders") && fits("conv", "conversion"));
        assert!(!fits("or", "orders") && !fits("loss", "los"));
    }

    #[test]
    fn forms_of_a_verb_fit_and_two_words_are_one() {
        assert!(fits("sell", "sold") && fits("sold", "sales") && fits("share", "rate") && !fits("share", "ratio"));
        let words = ["days", "to", "pay", "back"].map(String::from);
        assert_eq!(joined(&words, |word| word == "payback"), ["days", "to", "payback"]);
    }
}
