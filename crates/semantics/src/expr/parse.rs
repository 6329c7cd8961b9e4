//! Text to tree.
//!
//! sqlparser reads the text with a small dialect of ours; what it gives is converted by a closed
//! match, so that nothing outside the language passes. Before that a scan over the tokens keeps
//! the text within limits that no later stage can overflow on, and refuses every token, word and
//! function that the language does not have.

use sqlparser::parser::{Parser, ParserError};

use super::{Expr, Name, template};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

mod convert;
mod dialect;
pub(crate) mod literal;
mod scan;

use convert::Converter;
pub(crate) use dialect::ExpressionDialect;
pub(super) use dialect::needs_quotes;
pub(crate) use scan::Tokens;

/// Bytes of one expression.
pub const MAX_BYTES: usize = 16 * 1024;
/// Parentheses, CASEs and unary operators within each other.
pub const MAX_NESTING: usize = 50;
/// Operators of one chain, such as `a OR b OR c`.
pub const MAX_CHAIN: usize = 500;
/// Items of one list.
pub const MAX_LIST: usize = 2_000;

/// As [`MAX_NESTING`], of a whole SQL statement.
pub const MAX_STATEMENT_NESTING: usize = 30;
/// As [`MAX_CHAIN`], of a whole SQL statement.
pub const MAX_STATEMENT_CHAIN: usize = 100;
/// Operators of a SQL statement on one path from the root of an expression to a leaf.
pub const MAX_STATEMENT_DEPTH: usize = 150;

/// The call that stands for a metric by keys in a condition: `metric(name, key, ...)`.
const METRIC: &str = "metric";

/// Levels of sqlparser's own recursion; a level of parentheses takes several.
const RECURSION_LIMIT: usize = 1_000;

/// What the language has, for the help of a refusal.
pub const LANGUAGE: &str = "expressions have names, literals (also DATE, TIMESTAMP, INTERVAL), + - * / % ||, = != < <= > >=, \
     AND OR NOT, IN (list), BETWEEN, LIKE, ILIKE, IS [NOT] NULL, TRUE, FALSE or DISTINCT FROM, CASE, CAST, TRY_CAST, \
     and the functions abs, round, floor, ceil, coalesce, nullif, greatest, least, lower, upper, trim, length, substr, \
     replace, split_part, starts_with, contains, date_trunc, date_part, extract, date_add, date_diff, to_date";

/// Where an expression stands, which decides what a refused aggregate is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A formula or a filter of a model, and conditions on results.
    Formula,
    /// A request's condition on rows.
    Where,
    /// The filter of a policy, which alone may name attributes of the caller.
    Policy,
}

/// The tree of `text`, which stands at `at`.
///
/// When `at` is as long as `text`, bytes of the text are taken for bytes of the source and
/// diagnostics point inside it; otherwise (escapes, folded lines) they point at all of `at`.
pub fn parse(text: &str, at: Span) -> Result<Expr<Name>, Diagnostic> {
    parse_in(text, at, Place::Formula)
}

/// As [`parse`], with the wording of `place`.
///
/// A text with filter templates is expanded first; diagnostics then point at all of `at`.
pub fn parse_in(text: &str, at: Span, place: Place) -> Result<Expr<Name>, Diagnostic> {
    if text.len() <= MAX_BYTES && template::is_template(text) {
        return parse_plain(&template::expand(text, at)?, at, place);
    }
    parse_plain(text, at, place)
}

fn parse_plain(text: &str, at: Span, place: Place) -> Result<Expr<Name>, Diagnostic> {
    let anchor = Anchor { at, exact: (at.end - at.start) as usize == text.len() };
    if text.len() > MAX_BYTES {
        return Err(Diagnostic::new(
            Code::QueryTooLarge,
            format!("an expression of {} bytes, over the limit of {MAX_BYTES}", text.len()),
        )
        .at(at));
    }
    if text.trim().is_empty() {
        return Err(Diagnostic::new(Code::InvalidExpression, "an empty expression").at(at).help(LANGUAGE));
    }
    let tokens = Tokens::scan(text, anchor, place)?;
    let dialect = ExpressionDialect;
    let mut parser =
        Parser::new(&dialect).with_recursion_limit(RECURSION_LIMIT).with_tokens_with_locations(tokens.for_parser());
    let tree = parser.parse_expr().map_err(|e| syntax_error(e, &parser, &tokens))?;
    let next = parser.peek_token_ref();
    if next.token != sqlparser::tokenizer::Token::EOF {
        let at = tokens.at_location(next.span.start);
        return Err(Diagnostic::new(
            Code::InvalidExpression,
            format!("expected an operator or the end, found `{}`", excerpt(tokens.text_of(at))),
        )
        .at(tokens.span(at, at))
        .help("a name with spaces or a keyword for a name is written in double quotes, text in single quotes"));
    }
    Converter { tokens: &tokens }.convert(&tree)
}

/// The tokens of a SQL statement that stands at `at`, which is as long as `text`.
pub(crate) fn statement_tokens(text: &str, at: Span) -> Result<Tokens<'_>, Diagnostic> {
    Tokens::of_statement(text, Anchor { at, exact: true })
}

/// The tree of an expression that sqlparser read from `tokens`.
pub(crate) fn convert(tokens: &Tokens, sql: &sqlparser::ast::Expr) -> Result<Expr<Name>, Diagnostic> {
    Converter { tokens }.convert(sql)
}

/// Where the text stands in its source.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    at: Span,
    exact: bool,
}

impl Anchor {
    fn span(self, start: usize, end: usize) -> Span {
        if self.exact {
            Span::new(self.at.source, self.at.start as usize + start, self.at.start as usize + end)
        } else {
            self.at
        }
    }
}

/// sqlparser's message without its location and in our form.
pub(crate) fn syntax_error(error: ParserError, parser: &Parser, tokens: &Tokens) -> Diagnostic {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => {
            return Diagnostic::new(Code::QueryTooLarge, "an expression nested too deeply").at(tokens.whole());
        }
    };
    let (fact, location) = match message.rsplit_once(" at Line: ") {
        Some((fact, location)) => (fact, Some(location)),
        None => (message.as_str(), None),
    };
    let index = match location.and_then(read_location) {
        Some((line, column)) => tokens.at_position(line, column),
        None => tokens.at_location(parser.peek_token_ref().span.start),
    };
    let fact = match fact.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")) {
        Some((wanted, "EOF")) => format!("expected {}, found the end of the expression", quoted(wanted)),
        Some((wanted, found)) => format!("expected {}, found `{}`", quoted(wanted), excerpt(found)),
        None => format!("the expression cannot be read at `{}`", excerpt(tokens.text_of(index))),
    };
    Diagnostic::new(Code::InvalidExpression, fact).at(tokens.span(index, index)).help(
        "a name that is a keyword is written in double quotes, text in single quotes; a condition reads like \
         country = 'US' AND amount > 10",
    )
}

/// Words as they are, symbols in backticks.
fn quoted(wanted: &str) -> String {
    let wanted = excerpt(wanted);
    if wanted.starts_with(|c: char| c.is_alphabetic()) { wanted } else { format!("`{wanted}`") }
}

/// `3, Column: 7`
fn read_location(text: &str) -> Option<(u64, u64)> {
    let (line, column) = text.split_once(", Column: ")?;
    Some((line.trim().parse().ok()?, column.trim().parse().ok()?))
}

/// The first line of `text`, cut after 40 characters.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_string(),
    }
}

#[cfg(test)]
pub(super) mod tests;
