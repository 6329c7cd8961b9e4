//! The parser's faults in our words.

use granit_parser::ErrorKind;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};

/// The finding for a fault of this kind at byte `at`.
pub(super) fn diagnostic(kind: &ErrorKind, source: SourceId, text: &str, at: usize) -> Diagnostic {
    let (message, help) = words(kind);
    let width = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let finding = Diagnostic::new(Code::InvalidYaml, message).at(Span::new(source, at, at + width));
    if help.is_empty() { finding } else { finding.help(help) }
}

/// The finding for a line that starts at byte `at` and belongs `column` spaces in.
pub(super) fn out_of_line(source: SourceId, text: &str, at: usize, column: usize) -> Diagnostic {
    let end = text[at..].find('\n').map_or(text.len(), |i| at + i);
    let word = text[at..end].find(' ').map_or(end, |i| at + i);
    let help = format!("indent it by {column} spaces");
    Diagnostic::new(Code::InvalidYaml, OUT_OF_LINE).at(Span::new(source, at, word)).help(help)
}

const OUT_OF_LINE: &str = "the line does not line up with its neighbours";

/// Whether a fault of this kind may come from a line that stands in a wrong column.
pub(super) fn is_about_columns(kind: &ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(
        kind,
        K::MappingValueNotAllowed
            | K::MappingKeyNotAllowed
            | K::InvalidIndentation
            | K::ExpectedBlockMappingKey
            | K::ExpectedBlockSequenceEntry
            | K::BlockSequenceEntryNotAllowed
            | K::ExpectedDocumentStart
            | K::SimpleKeyExpected
            | K::InvalidSimpleKey
    )
}

fn words(kind: &ErrorKind) -> (String, &'static str) {
    use ErrorKind as K;
    let (message, help) = match kind {
        K::UnclosedFlowCollection { open } => (format!("`{open}` is not closed"), closing(*open)),
        K::MismatchedFlowCollectionEnd { open, close } => (format!("`{open}` is closed by `{close}`"), closing(*open)),
        K::UnexpectedCharacter { character } => {
            (format!("`{}` cannot start a value", character.escape_default()), "put the value in quotes")
        }
        _ => {
            let (message, help) = plain_words(kind);
            (message.map_or_else(|| format!("not valid YAML: {kind}"), str::to_string), help)
        }
    };
    (message, help)
}

fn plain_words(kind: &ErrorKind) -> (Option<&'static str>, &'static str) {
    use ErrorKind as K;
    let (message, help) = match kind {
        K::MisplacedFlowCollectionEnd => ("a closing bracket without an opening one", "remove it, or quote the text"),
        K::UnclosedQuotedScalar | K::InvalidQuotedScalarIndent | K::DocumentIndicatorInQuotedScalar => {
            ("a quote is not closed", "close it with the same quote; inside single quotes write '' for one")
        }
        K::InvalidTrailingSingleQuotedScalar | K::InvalidTrailingDoubleQuotedScalar => {
            ("text after a closing quote", "put the whole value in quotes; inside single quotes write '' for one")
        }
        K::MappingValueNotAllowed | K::MappingKeyNotAllowed | K::InvalidColonPlacement => {
            ("`:` cannot stand here", "line the key up with its neighbours, or quote a text that has `: ` in it")
        }
        K::InvalidIndentation
        | K::ExpectedBlockMappingKey
        | K::ExpectedBlockSequenceEntry
        | K::BlockSequenceEntryNotAllowed
        | K::InvalidFlowScalarIndent
        | K::ExpectedDocumentStart => {
            (OUT_OF_LINE, "keys of one map, and dashes of one list, start in the same column")
        }
        K::ExpectedFlowMappingSeparator => ("`,` or `}` is missing", "separate the keys of `{…}` by commas"),
        K::ExpectedFlowSequenceSeparator => ("`,` or `]` is missing", "separate the items of `[…]` by commas"),
        K::BlockEntryInFlowCollection => ("a list item (`- `) inside brackets", "close the bracket before it"),
        K::TabNotAllowed | K::TabInBlockIndentation | K::TabInIndentation | K::TabAtBlockScalarStart => {
            ("a tab in the indentation", "indent with spaces")
        }
        K::SimpleKeyExpected | K::InvalidSimpleKey => ("a key without its `:`", "write `key: value`"),
        K::InvalidMappingValueWhitespace => ("no space after `:`", "write `key: value`"),
        K::InvalidBlockEntryWhitespace => ("no space after `-`", "write `- value`"),
        K::RecursionLimitExceeded => ("nested more than 64 levels deep", ""),
        K::UnknownQuotedScalarEscape | K::InvalidQuotedScalarHexEscape | K::InvalidUnicodeEscape => {
            ("an unknown escape in a quoted text", "single quotes keep a backslash as it is")
        }
        K::CommentNotSeparated => ("no space before `#`", "put a space before a comment, or quote the text"),
        _ => return (None, ""),
    };
    (Some(message), help)
}

fn closing(open: char) -> &'static str {
    match open {
        '[' => "close it with `]`",
        '{' => "close it with `}`",
        _ => "",
    }
}
