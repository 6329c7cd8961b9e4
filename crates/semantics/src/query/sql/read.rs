//! The text of a statement to its syntax tree: limits on the tokens first, since the parser recurses, then
//! what kind of statement it is, then the parser.

use sqlparser::ast::Query;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;

use super::dialect::SqlDialect;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::parse::{Tokens, excerpt, statement_tokens, syntax_error};
use crate::query::request::Stage;
use crate::source::Span;

/// Bytes of a statement.
pub const MAX_BYTES: usize = 64 * 1024;
/// Words, numbers, texts and signs of a statement.
pub const MAX_TOKENS: usize = 5_000;
/// UNION, EXCEPT and INTERSECT of a statement.
pub const MAX_SET_OPERATIONS: usize = 50;
/// SELECTs within each other.
pub const MAX_SUB_QUERIES: usize = 12;
/// SELECTs of a statement.
pub const MAX_SELECTS: usize = 100;
/// Tables that a statement reads once every CTE stands where it is named.
pub const MAX_EXPANSION: usize = 500;
/// `||`, `concat` and `replace` of a statement: each may make a text longer.
pub const MAX_CONCATENATIONS: usize = 24;

/// Levels of sqlparser's own recursion; a level of parentheses takes several.
const RECURSION_LIMIT: usize = 1_000;

/// What a statement is, by its first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Select,
    Explain(Stage),
    /// SHOW and DESCRIBE.
    Show,
}

const READS: &str =
    "a statement begins with SELECT, WITH, EXPLAIN, SHOW METRICS, SHOW DIMENSIONS, SHOW DATASETS or DESCRIBE";

/// The tokens of one statement, within the limits, without a semicolon at its end.
pub(super) fn tokens(text: &str, at: Span) -> Result<Tokens<'_>, Diagnostic> {
    if text.len() > MAX_BYTES {
        return Err(too_large(format!("a statement of {} bytes, over the limit of {MAX_BYTES}", text.len())).at(at));
    }
    let too_many = |count: usize| {
        too_large(format!("a statement of {count} or more words and signs, over the limit of {MAX_TOKENS}")).at(at)
    };
    let least = least_tokens(text);
    if least > MAX_TOKENS {
        return Err(too_many(least));
    }
    let mut tokens = statement_tokens(text, at)?;
    while tokens.len() > 0 && tokens.token(tokens.len() - 1) == Some(&Token::SemiColon) {
        tokens.drop_last();
    }
    if tokens.len() == 0 {
        let help = "a statement such as SELECT channel, MEASURE(net_sales) FROM metrics GROUP BY channel";
        return Err(Diagnostic::new(Code::InvalidQuery, "an empty statement").at(at).help(help));
    }
    if tokens.len() > MAX_TOKENS {
        return Err(too_many(tokens.len()));
    }
    check(&tokens)?;
    Ok(tokens)
}

/// Words, texts, commas and parentheses, counted at once: there are at least as many tokens, but for numbers with a
/// signed exponent, which count twice.
fn least_tokens(text: &str) -> usize {
    let (mut count, mut quote, mut in_word) = (0, None, false);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            // What follows a comment or a doubled quote is not counted on.
            (None, b'-') if bytes.peek() == Some(&b'-') => return count,
            (None, b'/') if bytes.peek() == Some(&b'*') => return count,
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                count += usize::from(!in_word);
            }
            (None, b',' | b'(' | b')') => count += 1,
            (None, _) => {
                let is_word = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || !byte.is_ascii();
                count += usize::from(is_word && !in_word);
                in_word = is_word;
                continue;
            }
        }
        in_word = quote.is_some() || matches!(byte, b'\'' | b'"');
    }
    count
}

/// What the statement is, and the first token after that.
pub(super) fn command(tokens: &Tokens) -> Result<(Command, usize), Diagnostic> {
    let word = |index: usize| match tokens.token(index) {
        Some(Token::Word(word)) if word.quote_style.is_none() => word.value.to_ascii_lowercase(),
        _ => String::new(),
    };
    match (tokens.token(0), word(0).as_str()) {
        (Some(Token::LParen), _) | (_, "select" | "with") => Ok((Command::Select, 0)),
        (_, "show" | "describe" | "desc") => Ok((Command::Show, 0)),
        (_, "explain") => {
            let (stage, first) = match word(1).as_str() {
                "resolved" => (Stage::Resolved, 2),
                "semantic" => (Stage::Semantic, 2),
                "logical" => (Stage::Logical, 2),
                "physical" => (Stage::Physical, 2),
                _ => (Stage::Semantic, 1),
            };
            let is_query =
                matches!(tokens.token(first), Some(Token::LParen)) || matches!(word(first).as_str(), "select" | "with");
            if !is_query {
                let fault = Diagnostic::new(Code::QueryNotAllowed, "EXPLAIN of something other than a SELECT");
                let help = "EXPLAIN [RESOLVED | SEMANTIC | LOGICAL | PHYSICAL] stands before a SELECT";
                return Err(fault.at(tokens.span(0, first.min(tokens.len() - 1))).help(help));
            }
            Ok((Command::Explain(stage), first))
        }
        _ => {
            let found = excerpt(tokens.text_of(0));
            let kinds = ["SELECT", "WITH", "EXPLAIN", "SHOW", "DESCRIBE"];
            let near = nearest(&found.to_ascii_uppercase(), kinds);
            let (code, fact) = match near.is_empty() {
                true => (Code::QueryNotAllowed, format!("a statement that begins with `{found}`, which is no read")),
                false => (Code::InvalidQuery, format!("no statement begins with `{found}`")),
            };
            Err(Diagnostic::new(code, fact).at(tokens.span(0, 0)).help(READS).candidates(near))
        }
    }
}

/// The tree of the SELECT that begins at `first` and goes on to the end.
pub(super) fn query(tokens: &Tokens, first: usize) -> Result<Box<Query>, Diagnostic> {
    let dialect = SqlDialect;
    let words: Vec<_> = tokens.for_parser().split_off(first);
    let mut parser = Parser::new(&dialect).with_recursion_limit(RECURSION_LIMIT).with_tokens_with_locations(words);
    let query = parser.parse_query().map_err(|error| invalid(syntax_error(error, &parser, tokens)))?;
    let next = parser.peek_token_ref();
    if next.token != Token::EOF {
        let at = tokens.at_location(next.span.start);
        let found = excerpt(tokens.text_of(at));
        return Err(invalid(
            Diagnostic::new(Code::InvalidQuery, format!("expected the end of the statement, found `{found}`"))
                .at(tokens.span(at, at)),
        ));
    }
    Ok(query)
}

fn invalid(fault: Diagnostic) -> Diagnostic {
    let code = if fault.code == Code::QueryTooLarge { fault.code } else { Code::InvalidQuery };
    let message = fault.message.replace("the end of the expression", "the end of the statement");
    let message = message.replace("the expression cannot be read", "the statement cannot be read");
    let help = "clauses stand in the order SELECT, FROM, WHERE, GROUP BY, HAVING, QUALIFY, ORDER BY, LIMIT; a name that is a \
                keyword is written in double quotes, text in single quotes";
    Diagnostic { code, message, ..fault }.help(help)
}

fn too_large(fact: String) -> Diagnostic {
    let help = "ask a smaller question, or several; docs/sql.md lists the limits of a statement";
    Diagnostic::new(Code::QueryTooLarge, fact).help(help)
}

/// Every token is one that statements have, there is one statement, and what the parser recurses on is bounded.
fn check(tokens: &Tokens) -> Result<(), Diagnostic> {
    let mut selects = Vec::new();
    let (mut all_selects, mut set_operations, mut growing, mut depth) = (0, 0, 0, 0);
    for index in 0..tokens.len() {
        let at = || tokens.span(index, index);
        let Some(token) = tokens.token(index) else { break };
        match token {
            Token::SemiColon => {
                let fault = Diagnostic::new(Code::QueryNotAllowed, "two statements in one query");
                return Err(fault.at(at()).help("ask them one at a time"));
            }
            Token::LParen => selects.push(false),
            Token::RParen => depth -= usize::from(selects.pop() == Some(true)),
            Token::StringConcat => growing += 1,
            Token::Word(word) if word.quote_style.is_none() => {
                let after_point = index > 0 && tokens.token(index - 1) == Some(&Token::Period);
                match word.keyword {
                    _ if after_point => {}
                    Keyword::SELECT => {
                        all_selects += 1;
                        if let Some(known @ false) = selects.last_mut() {
                            *known = true;
                            depth += 1;
                        }
                    }
                    Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => set_operations += 1,
                    Keyword::AS if holds_types(tokens, index + 1) => {
                        let fault = Diagnostic::new(Code::QueryNotAllowed, "a type that holds other types");
                        return Err(fault.at(tokens.span(index + 1, index + 2)).help("types of casts are plain"));
                    }
                    Keyword::REPLACE => growing += 1,
                    _ if word.value.eq_ignore_ascii_case("concat") => growing += 1,
                    _ => {}
                }
            }
            Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Comma
            | Token::Period
            | Token::Eq
            | Token::Neq
            | Token::Lt
            | Token::Gt
            | Token::LtEq
            | Token::GtEq
            | Token::Plus
            | Token::Minus
            | Token::Mul
            | Token::Div
            | Token::Mod
            | Token::RArrow
            | Token::DoubleColon => {}
            _ => {
                let found = excerpt(tokens.text_of(index));
                let fault = Diagnostic::new(Code::InvalidQuery, format!("`{found}` in a statement")).at(at());
                return Err(
                    fault.help("names stand bare or in double quotes, texts in single quotes; there are no parameters")
                );
            }
        }
        let over = [
            (depth + 1, MAX_SUB_QUERIES, "SELECTs within each other"),
            (all_selects, MAX_SELECTS, "SELECTs in a statement"),
            (set_operations, MAX_SET_OPERATIONS, "UNIONs, EXCEPTs and INTERSECTs in a statement"),
            (growing, MAX_CONCATENATIONS, "`||`, concat and replace in a statement"),
        ];
        if let Some((_, limit, what)) = over.into_iter().find(|(count, limit, _)| count > limit) {
            return Err(too_large(format!("more than {limit} {what}")).at(at()));
        }
    }
    Ok(())
}

/// sqlparser reads types within types without a limit.
fn holds_types(tokens: &Tokens, index: usize) -> bool {
    matches!((tokens.token(index), tokens.token(index + 1)), (Some(Token::Word(_)), Some(Token::Lt)))
}
