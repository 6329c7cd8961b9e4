//! The tokens of an expression with their bytes, held against the limits and the closed lists of
//! tokens, words and functions before anything recursive reads them.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace, Word};

use super::dialect::ExpressionDialect;
use super::{Anchor, LANGUAGE, METRIC, Place, excerpt};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::Function;
use crate::source::Span;

mod attribute;
mod shape;

use shape::{OF_EXPRESSIONS, OF_STATEMENTS};

/// The tokens of one text, without white space.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    anchor: Anchor,
    tokens: Vec<Lexed>,
}

struct Lexed {
    token: TokenWithSpan,
    start: usize,
    end: usize,
    /// The parenthesis that this token stands in.
    open: Option<usize>,
    /// Of an opening parenthesis: the one that closes it.
    close: Option<usize>,
}

impl<'a> Tokens<'a> {
    /// The tokens of `text`, or the first thing in it that the language does not have.
    pub(super) fn scan(text: &'a str, anchor: Anchor, place: Place) -> Result<Tokens<'a>, Diagnostic> {
        let mut raw = Vec::new();
        let failure = Tokenizer::new(&ExpressionDialect, text).tokenize_with_location_into_buf(&mut raw).err();
        let tokens = with_bytes(text, raw);
        if let Some(error) = failure {
            let start = tokens.last().map_or(0, |t| t.end);
            return Err(Diagnostic::new(Code::InvalidExpression, lower_first(&error.message))
                .at(anchor.span(start, text.len()))
                .help("text stands in single quotes, a name that is a keyword in double quotes"));
        }
        let comment = tokens.iter().find(|t| {
            matches!(
                t.token.token,
                Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_))
            )
        });
        if let Some(comment) = comment {
            return Err(Diagnostic::new(Code::UnsupportedExpression, "a comment in an expression")
                .at(anchor.span(comment.start, comment.end))
                .help("to subtract a negative number, put a space between the signs or parentheses around it"));
        }
        let tokens: Vec<Lexed> =
            tokens.into_iter().filter(|t| !matches!(t.token.token, Token::Whitespace(_))).collect();
        let tokens = if place == Place::Policy { attribute::joined(tokens) } else { tokens };
        let mut tokens = Tokens { text, anchor, tokens };
        tokens.check_words(place)?;
        tokens.check_shape(OF_EXPRESSIONS)?;
        Ok(tokens)
    }

    /// The tokens of a SQL statement, which may hold any token and word; comments are left out. What is
    /// within the statement is held against the limits of expressions.
    pub(super) fn of_statement(text: &'a str, anchor: Anchor) -> Result<Tokens<'a>, Diagnostic> {
        let mut raw = Vec::new();
        let failure = Tokenizer::new(&ExpressionDialect, text).tokenize_with_location_into_buf(&mut raw).err();
        let tokens = with_bytes(text, raw);
        if let Some(error) = failure {
            let start = tokens.last().map_or(0, |t| t.end);
            return Err(Diagnostic::new(Code::InvalidQuery, lower_first(&error.message))
                .at(anchor.span(start, text.len()))
                .help("text stands in single quotes, a name that is a keyword in double quotes"));
        }
        let tokens = tokens.into_iter().filter(|t| !matches!(t.token.token, Token::Whitespace(_))).collect();
        let mut tokens = Tokens { text, anchor, tokens };
        if !tokens.tokens.is_empty() {
            tokens.check_shape(OF_STATEMENTS)?;
        }
        Ok(tokens)
    }

    pub(crate) fn for_parser(&self) -> Vec<TokenWithSpan> {
        self.tokens.iter().map(|t| t.token.clone()).collect()
    }

    pub(crate) fn drop_last(&mut self) {
        self.tokens.pop();
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn token(&self, index: usize) -> Option<&Token> {
        self.tokens.get(index).map(|t| &t.token.token)
    }

    /// The token at or after a location of the text; the last one when there is none.
    pub(crate) fn at_location(&self, location: Location) -> usize {
        self.at_position(location.line, location.column)
    }

    pub(crate) fn at_position(&self, line: u64, column: u64) -> usize {
        let before = |t: &Lexed| (t.token.span.start.line, t.token.span.start.column) < (line, column);
        let at = self.tokens.partition_point(before);
        if line == 0 { self.tokens.len() - 1 } else { at.min(self.tokens.len() - 1) }
    }

    /// Whether the token begins before a location of the text.
    pub(crate) fn is_before(&self, index: usize, location: Location) -> bool {
        let start = self.tokens[index].token.span.start;
        (start.line, start.column) < (location.line, location.column)
    }

    pub(crate) fn open_around(&self, index: usize) -> Option<usize> {
        self.tokens[index].open
    }

    pub(crate) fn close_of(&self, open: usize) -> Option<usize> {
        self.tokens.get(open).and_then(|t| t.close)
    }

    pub(crate) fn span(&self, first: usize, last: usize) -> Span {
        self.anchor.span(self.tokens[first].start, self.tokens[last.max(first)].end)
    }

    pub(crate) fn whole(&self) -> Span {
        self.anchor.at
    }

    pub(crate) fn text_of(&self, index: usize) -> &'a str {
        &self.text[self.tokens[index].start..self.tokens[index].end]
    }

    fn refuse(&self, index: usize, message: String) -> Diagnostic {
        Diagnostic::new(Code::UnsupportedExpression, message).at(self.span(index, index))
    }

    /// Every token is one of the language's, and every word before a parenthesis one that may be.
    fn check_words(&self, place: Place) -> Result<(), Diagnostic> {
        for index in 0..self.tokens.len() {
            let word = match &self.tokens[index].token.token {
                Token::Word(word) if word.quote_style.is_some() => continue,
                Token::Word(word) => word,
                Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Comma
                | Token::Period
                | Token::LParen
                | Token::RParen
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
                | Token::StringConcat => continue,
                Token::DoubleEq => return Err(self.refuse(index, "operator `==`".into()).help("equality is `=`")),
                Token::DoubleColon => {
                    return Err(self.refuse(index, "operator `::`".into()).help("write CAST(value AS type)"));
                }
                Token::Colon => return Err(self.attribute(index, place)),
                _ => {
                    let found = excerpt(self.text_of(index));
                    return Err(self.refuse(index, format!("`{found}` in an expression")).help(LANGUAGE));
                }
            };
            let after_point = index > 0 && self.tokens[index - 1].token.token == Token::Period;
            let is_call = self.token(index + 1) == Some(&Token::LParen);
            match (after_point, is_call) {
                (false, true) => self.check_call(index, word, place)?,
                (false, false) => self.check_word(index, word)?,
                (true, true) => return Err(self.unknown_function(index, word)),
                (true, false) => {}
            }
        }
        Ok(())
    }

    fn check_word(&self, index: usize, word: &Word) -> Result<(), Diagnostic> {
        let before = index.checked_sub(1).and_then(|before| self.token(before));
        match word.keyword {
            Keyword::INTERVAL => self.check_interval(index),
            Keyword::AS => self.check_type(index + 1),
            Keyword::SELECT => Err(self.sub_query(index)),
            Keyword::WITH if matches!(before, None | Some(Token::LParen)) => Err(self.sub_query(index)),
            Keyword::OVER if before == Some(&Token::RParen) => Err(self.window(index, "OVER")),
            Keyword::CURRENT_DATE
            | Keyword::CURRENT_TIME
            | Keyword::CURRENT_TIMESTAMP
            | Keyword::LOCALTIME
            | Keyword::LOCALTIMESTAMP => Err(self.clock(index, word)),
            _ => Ok(()),
        }
    }

    fn check_interval(&self, index: usize) -> Result<(), Diagnostic> {
        match self.token(index + 1) {
            Some(Token::SingleQuotedString(_) | Token::Number(..)) => Ok(()),
            _ => Err(Diagnostic::new(Code::InvalidExpression, "INTERVAL without its length")
                .at(self.span(index, index))
                .help("an interval is written INTERVAL '7' day; a column of this name is written in double quotes")),
        }
    }

    /// Types that hold types are refused here: sqlparser reads them without a limit.
    fn check_type(&self, index: usize) -> Result<(), Diagnostic> {
        match (self.token(index), self.token(index + 1)) {
            (Some(Token::Word(_)), Some(Token::Lt)) => {
                Err(self.refuse(index, format!("type `{}`", excerpt(self.text_of(index)))))
            }
            _ => Ok(()),
        }
    }

    fn check_call(&self, index: usize, word: &Word, place: Place) -> Result<(), Diagnostic> {
        let lower = word.value.to_ascii_lowercase();
        match word.keyword {
            Keyword::SELECT | Keyword::WITH | Keyword::EXISTS => return Err(self.sub_query(index)),
            Keyword::OVER => return Err(self.window(index, "OVER")),
            Keyword::FILTER | Keyword::WITHIN => return Err(self.aggregate(index, &lower, place)),
            Keyword::CURRENT_DATE | Keyword::CURRENT_TIME | Keyword::CURRENT_TIMESTAMP => {
                return Err(self.clock(index, word));
            }
            keyword if BEFORE_PARENTHESIS.contains(&keyword) => return Ok(()),
            _ => {}
        }
        if lower == METRIC || Function::parse(&lower).is_some() {
            Ok(())
        } else if AGGREGATES.contains(&lower.as_str()) {
            Err(self.aggregate(index, &lower, place))
        } else if WINDOWS.contains(&lower.as_str()) {
            Err(self.window(index, &word.value))
        } else if CLOCKS.contains(&lower.as_str()) {
            Err(self.clock(index, word))
        } else {
            Err(self.unknown_function(index, word))
        }
    }

    fn sub_query(&self, index: usize) -> Diagnostic {
        self.refuse(index, "a sub-query in an expression".into())
            .help("an expression sees one row; list the values in IN (...), or declare a relationship or a metric")
    }

    fn window(&self, index: usize, name: &str) -> Diagnostic {
        self.refuse(index, format!("window function `{name}` in an expression"))
            .help("running totals and earlier periods are cumulative metrics, offsets and comparisons")
    }

    fn clock(&self, index: usize, word: &Word) -> Diagnostic {
        self.refuse(index, format!("`{}` in an expression", word.value))
            .help("the clock of a question is `as_of`; periods are asked by `time_range`")
    }

    fn aggregate(&self, index: usize, name: &str, place: Place) -> Diagnostic {
        match place {
            Place::Formula | Place::Policy => self.refuse(index, format!("aggregate `{name}` in an expression")).help(
                "an expression is computed row by row: a metric names its aggregation in `agg`, and formulas name metrics",
            ),
            Place::Where => Diagnostic::new(
                Code::AggregateInWhere,
                format!("aggregate `{name}` in a condition on rows"),
            )
            .at(self.span(index, index))
            .help("conditions on results stand in `having` and name metrics: net_sales > 1000"),
        }
    }

    fn unknown_function(&self, index: usize, word: &Word) -> Diagnostic {
        let mut diagnostic = self.refuse(index, format!("unknown function `{}`", excerpt(&word.value))).help(LANGUAGE);
        diagnostic.did_you_mean = nearest(&word.value, Function::ALL.map(Function::as_str));
        diagnostic
    }
}

/// Gives each token its bytes: sqlparser counts lines and characters from 1.
fn with_bytes(text: &str, raw: Vec<TokenWithSpan>) -> Vec<Lexed> {
    let mut positions = text.char_indices();
    let (mut line, mut column, mut byte) = (1, 1, 0);
    let mut seek = |to: Location| {
        while (line, column) < (to.line, to.column) {
            let Some((at, ch)) = positions.next() else { break };
            byte = at + ch.len_utf8();
            (line, column) = if ch == '\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        byte
    };
    raw.into_iter()
        .map(|token| {
            let start = seek(token.span.start);
            let end = seek(token.span.end);
            Lexed { token, start, end, open: None, close: None }
        })
        .collect()
}

fn lower_first(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Words that may stand before a parenthesis without calling a function of ours.
const BEFORE_PARENTHESIS: [Keyword; 25] = [
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::IN,
    Keyword::BETWEEN,
    Keyword::LIKE,
    Keyword::ILIKE,
    Keyword::CASE,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::FROM,
    Keyword::FOR,
    Keyword::CAST,
    Keyword::TRY_CAST,
    Keyword::EXTRACT,
    Keyword::DECIMAL,
    Keyword::NUMERIC,
    Keyword::DEC,
    Keyword::VARCHAR,
    Keyword::CHAR,
    Keyword::CHARACTER,
    Keyword::VARYING,
    Keyword::FLOAT,
    Keyword::TIMESTAMP,
];

const AGGREGATES: [&str; 27] = [
    "sum",
    "count",
    "count_distinct",
    "avg",
    "average",
    "mean",
    "min",
    "max",
    "median",
    "percentile",
    "percentile_cont",
    "percentile_disc",
    "quantile",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "variance",
    "var_pop",
    "var_samp",
    "array_agg",
    "string_agg",
    "any_value",
    "approx_count_distinct",
    "approx_distinct",
    "measure",
    "agg",
    "aggregate",
];

const WINDOWS: [&str; 10] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

const CLOCKS: [&str; 6] = ["now", "today", "getdate", "sysdate", "localtime", "localtimestamp"];
