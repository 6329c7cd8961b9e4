//! The dialect that sqlparser reads expressions in: identifiers bare or in double quotes, no
//! extensions, and no second reading of a keyword that failed as what it is.

use sqlparser::ast::{Expr, Ident, ObjectName};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

#[derive(Debug)]
pub(crate) struct ExpressionDialect;

/// Keywords that begin a construct of their own. sqlparser would read a construct with a mistake
/// in it a second time as a call or a name, twice at each level: reserved, it is read once.
const CONSTRUCTS: [Keyword; 22] = [
    Keyword::TRUE,
    Keyword::FALSE,
    Keyword::NULL,
    Keyword::CASE,
    Keyword::NOT,
    Keyword::INTERVAL,
    Keyword::CAST,
    Keyword::TRY_CAST,
    Keyword::SAFE_CAST,
    Keyword::CONVERT,
    Keyword::TRY_CONVERT,
    Keyword::EXISTS,
    Keyword::EXTRACT,
    Keyword::CEIL,
    Keyword::FLOOR,
    Keyword::POSITION,
    Keyword::SUBSTR,
    Keyword::SUBSTRING,
    Keyword::OVERLAY,
    Keyword::TRIM,
    Keyword::ARRAY,
    Keyword::STRUCT,
];

/// Constructs that only are one before a parenthesis; elsewhere the word is a name.
const CALL_LIKE: [Keyword; 13] = [
    Keyword::CAST,
    Keyword::TRY_CAST,
    Keyword::SAFE_CAST,
    Keyword::CONVERT,
    Keyword::TRY_CONVERT,
    Keyword::EXISTS,
    Keyword::EXTRACT,
    Keyword::CEIL,
    Keyword::FLOOR,
    Keyword::SUBSTR,
    Keyword::SUBSTRING,
    Keyword::OVERLAY,
    Keyword::TRIM,
];

/// Words between the parts of an expression; bare, they are never names.
const SYNTAX: [Keyword; 14] = [
    Keyword::AND,
    Keyword::OR,
    Keyword::IS,
    Keyword::IN,
    Keyword::LIKE,
    Keyword::ILIKE,
    Keyword::BETWEEN,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::END,
    Keyword::AS,
    Keyword::FROM,
    Keyword::FOR,
];

/// Whether `name` would not read as a name when it stands bare.
pub(in crate::expr) fn needs_quotes(name: &str) -> bool {
    const OTHERS: [Keyword; 14] = [
        Keyword::ALL,
        Keyword::ANY,
        Keyword::SOME,
        Keyword::BOTH,
        Keyword::LEADING,
        Keyword::TRAILING,
        Keyword::DISTINCT,
        Keyword::RETURNING,
        Keyword::CURRENT_DATE,
        Keyword::CURRENT_TIME,
        Keyword::CURRENT_TIMESTAMP,
        Keyword::LOCALTIME,
        Keyword::LOCALTIMESTAMP,
        Keyword::SELECT,
    ];
    match Token::make_word(name, None) {
        Token::Word(word) => {
            let keyword = word.keyword;
            keyword == Keyword::WITH
                || [CONSTRUCTS.as_slice(), &SYNTAX, &OTHERS].iter().any(|list| list.contains(&keyword))
        }
        _ => true,
    }
}

impl Dialect for ExpressionDialect {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        CONSTRUCTS.contains(&keyword)
    }

    /// Names and calls are read here and at once: sqlparser would first try each word as a type.
    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let Token::Word(word) = &parser.peek_token_ref().token else { return None };
        let next = &parser.peek_nth_token_ref(1).token;
        let is_call = *next == Token::LParen;
        if word.quote_style.is_none() {
            let starts_literal = match word.keyword {
                Keyword::DATE => matches!(next, Token::SingleQuotedString(_)),
                Keyword::TIMESTAMP => match next {
                    Token::SingleQuotedString(_) => true,
                    Token::Word(word) => matches!(word.keyword, Keyword::WITH | Keyword::WITHOUT),
                    _ => false,
                },
                _ => false,
            };
            if SYNTAX.contains(&word.keyword) {
                return Some(parser.expected_ref("an expression", parser.peek_token_ref()));
            }
            if starts_literal || CONSTRUCTS.contains(&word.keyword) && (is_call || !CALL_LIKE.contains(&word.keyword)) {
                return None;
            }
        }
        let token = parser.next_token();
        let Token::Word(word) = token.token else { return None };
        let ident = Ident { value: word.value, quote_style: word.quote_style, span: token.span };
        Some(if is_call { parser.parse_function(ObjectName::from(vec![ident])) } else { Ok(Expr::Identifier(ident)) })
    }

    /// `IS [NOT] DISTINCT FROM`, whose right side sqlparser would take up to the end:
    /// `a IS DISTINCT FROM b AND c` is `(a IS DISTINCT FROM b) AND c`.
    fn parse_infix(&self, parser: &mut Parser, left: &Expr, _: u8) -> Option<Result<Expr, ParserError>> {
        let negated = if parser.peek_keyword(Keyword::IS) && parser.parse_keywords(&DISTINCT_FROM) {
            false
        } else if parser.peek_keyword(Keyword::IS) && parser.parse_keywords(&NOT_DISTINCT_FROM) {
            true
        } else {
            return None;
        };
        let right = match parser.parse_subexpr(self.prec_value(Precedence::Is)) {
            Ok(right) => Box::new(right),
            Err(error) => return Some(Err(error)),
        };
        let left = Box::new(left.clone());
        Some(Ok(if negated { Expr::IsNotDistinctFrom(left, right) } else { Expr::IsDistinctFrom(left, right) }))
    }
}

const DISTINCT_FROM: [Keyword; 3] = [Keyword::IS, Keyword::DISTINCT, Keyword::FROM];
const NOT_DISTINCT_FROM: [Keyword; 4] = [Keyword::IS, Keyword::NOT, Keyword::DISTINCT, Keyword::FROM];
