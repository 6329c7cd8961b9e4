//! A fault of the user's: one fact, where it stands, and the next action.

use crate::code::Code;
use crate::source::{Span, Spanned};
use crate::spelling;

/// One fault of a model, a request or the data, for a person or a program to mend.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub code: Code,
    /// One lower-case fact with the offending name in backticks.
    pub message: String,
    /// Where it stands in a model file or in the text of an argument.
    pub span: Option<Span>,
    /// The argument of the request that is at fault, as a path: `where[0]`.
    pub field: Option<String>,
    /// What the argument held, when it is short and the caller's own.
    pub received: Option<serde_json::Value>,
    /// The next action.
    pub help: Option<String>,
    /// Nearest names first.
    pub did_you_mean: Vec<String>,
    /// A corrected argument.
    pub example: Option<serde_json::Value>,
}

impl Diagnostic {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            message: message.into(),
            span: None,
            field: None,
            received: None,
            help: None,
            did_you_mean: Vec::new(),
            example: None,
        }
    }

    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    pub fn received(mut self, value: impl Into<serde_json::Value>) -> Self {
        self.received = Some(value.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn example(mut self, example: impl Into<serde_json::Value>) -> Self {
        self.example = Some(example.into());
        self
    }

    /// Names that would do instead, best first.
    pub fn candidates(mut self, names: Vec<String>) -> Self {
        self.did_you_mean = names;
        self
    }

    /// Adds the nearest of `candidates` to `name`, at most three.
    pub fn suggest<'a>(mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        self.did_you_mean = nearest(name, candidates);
        self
    }
}

/// All faults found in one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// `value` when nothing was found, all findings otherwise.
    pub fn or<T>(self, value: T) -> Result<T, Diagnostics> {
        if self.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Diagnostics(vec![diagnostic])
    }
}

/// A note beside an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: Code,
    pub message: String,
}

impl Warning {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Warning { code, message: message.into() }
    }
}

/// The candidates nearest to `name`, best first, at most three: equal but for case and
/// separators, then by Damerau–Levenshtein distance up to a third of the length.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let plain = |s: &str| spelling::plain(s).replace('.', "_");
    let wanted = plain(name);
    let limit = (wanted.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let have = plain(candidate);
            if have == wanted {
                return Some((0, candidate));
            }
            let distance = strsim::damerau_levenshtein(&wanted, &have);
            let prefix =
                wanted.len() >= 3 && (have.starts_with(&wanted) || wanted.starts_with(&have) && have.len() >= 3);
            if distance <= limit {
                Some((distance, candidate))
            } else if prefix {
                Some((limit + 1, candidate))
            } else {
                None
            }
        })
        .collect();
    found.sort();
    found.dedup_by(|a, b| a.1 == b.1);
    found.into_iter().take(3).map(|(_, candidate)| candidate.to_string()).collect()
}

/// A span with a name, for messages that point at a definition.
pub type Named = Spanned<String>;
