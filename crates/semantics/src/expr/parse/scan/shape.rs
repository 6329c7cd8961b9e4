//! The shape of a text before anything recursive reads it: parentheses that match, and nesting,
//! chains, lists and depth within their limits.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::super::{MAX_CHAIN, MAX_LIST, MAX_NESTING, MAX_STATEMENT_CHAIN, MAX_STATEMENT_DEPTH, MAX_STATEMENT_NESTING};
use super::Tokens;
use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// What holds of the parts of a text.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Parentheses, CASEs and unary operators within each other.
    nesting: usize,
    /// Operators of one chain.
    chain: usize,
    /// Items of one list.
    list: usize,
    /// Operators on one path from the root of a tree to a leaf.
    depth: usize,
}

pub(super) const OF_EXPRESSIONS: Limits = Limits { nesting: MAX_NESTING, chain: MAX_CHAIN, list: MAX_LIST, depth: 600 };
/// A statement is walked through several times by code that recurses at each operator.
pub(super) const OF_STATEMENTS: Limits =
    Limits { nesting: MAX_STATEMENT_NESTING, chain: MAX_STATEMENT_CHAIN, list: MAX_LIST, depth: MAX_STATEMENT_DEPTH };

impl Tokens<'_> {
    /// Parentheses match, and nesting, chains, lists and depth are within their limits.
    pub(super) fn check_shape(&mut self, limits: Limits) -> Result<(), Diagnostic> {
        let mut frames = vec![Frame::default()];
        for index in 0..self.tokens.len() {
            let top = frames.len() - 1;
            self.tokens[index].open = frames[top].parenthesis();
            let after_point = index > 0 && self.tokens[index - 1].token.token == Token::Period;
            match &self.tokens[index].token.token {
                Token::LParen => frames.push(Frame { opened: Some(Opened::Parenthesis(index)), ..Frame::default() }),
                Token::RParen => {
                    let Some(Opened::Parenthesis(open)) = frames[top].opened else {
                        return Err(self.unmatched(index, frames[top].opened));
                    };
                    self.tokens[open].close = Some(index);
                    self.tokens[index].open = self.tokens[open].open;
                    self.close(index, &mut frames, limits)?;
                }
                Token::Comma => frames[top].next_item(),
                Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => {
                    frames[top].operators += 1
                }
                Token::Mul | Token::Div | Token::Mod | Token::StringConcat => frames[top].operators += 1,
                Token::Plus | Token::Minus => {
                    frames[top].operators += 1;
                    frames[top].signs += usize::from(!self.ends_operand(index));
                }
                Token::Word(word) if word.quote_style.is_none() && !after_point => match word.keyword {
                    Keyword::CASE => frames.push(Frame { opened: Some(Opened::Case(index)), ..Frame::default() }),
                    Keyword::END if matches!(frames[top].opened, Some(Opened::Case(_))) => {
                        self.close(index, &mut frames, limits)?;
                    }
                    Keyword::WHEN | Keyword::THEN | Keyword::ELSE => frames[top].next_part(),
                    Keyword::AND | Keyword::OR => frames[top].next_condition(),
                    Keyword::NOT | Keyword::IS | Keyword::IN | Keyword::BETWEEN | Keyword::LIKE | Keyword::ILIKE => {
                        frames[top].operators += 1;
                        frames[top].signs += 1;
                    }
                    _ => {}
                },
                _ => {}
            }
            let frame = &frames[frames.len() - 1];
            let fault = if frames.len() > limits.nesting + 1 || frame.signs > limits.nesting {
                format!("an expression nested more than {} levels deep", limits.nesting)
            } else if frame.conditions > limits.chain || frame.operators > limits.chain {
                format!("a chain of more than {} operators", limits.chain)
            } else if frame.items > limits.list {
                format!("a list of more than {} items", limits.list)
            } else {
                continue;
            };
            return Err(Diagnostic::new(Code::QueryTooLarge, fault).at(self.span(index, index)));
        }
        match frames.last().and_then(|frame| frame.opened) {
            Some(opened) => Err(self.unmatched(self.tokens.len() - 1, Some(opened))),
            None => self.close(self.tokens.len() - 1, &mut frames, limits),
        }
    }

    /// Whether the token before `index` ends an operand, so that a sign there stands between two.
    fn ends_operand(&self, index: usize) -> bool {
        match index.checked_sub(1).and_then(|before| self.token(before)) {
            Some(Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen) => true,
            Some(_) | None => false,
        }
    }

    /// Ends the innermost frame and carries its depth to the one around it.
    fn close(&self, index: usize, frames: &mut Vec<Frame>, limits: Limits) -> Result<(), Diagnostic> {
        let Some(mut frame) = frames.pop() else { return Ok(()) };
        frame.next_part();
        let depth = frame.deepest + frame.inner;
        if depth > limits.depth {
            let fault = format!("more than {} operators within each other", limits.depth);
            return Err(Diagnostic::new(Code::QueryTooLarge, fault).at(self.span(index, index)));
        }
        if let Some(parent) = frames.last_mut() {
            parent.inner = parent.inner.max(depth + 1);
        }
        Ok(())
    }

    fn unmatched(&self, index: usize, opened: Option<Opened>) -> Diagnostic {
        let (at, fact) = match opened {
            Some(Opened::Parenthesis(open)) => (open, "a parenthesis that is not closed"),
            Some(Opened::Case(case)) => (case, "a CASE without its END"),
            None => (index, "a closing parenthesis that was not opened"),
        };
        Diagnostic::new(Code::InvalidExpression, fact).at(self.span(at, at))
    }
}

/// What a frame of [`Tokens::check_shape`] was opened by, with its token.
#[derive(Clone, Copy)]
enum Opened {
    Parenthesis(usize),
    Case(usize),
}

/// The counts of one level of nesting.
#[derive(Default)]
struct Frame {
    opened: Option<Opened>,
    /// ANDs and ORs of the current part.
    conditions: usize,
    /// Other operators of the current condition.
    operators: usize,
    /// Of them, those of one operand.
    signs: usize,
    most_operators: usize,
    items: usize,
    /// The greatest depth of the parts that are complete.
    deepest: usize,
    /// The greatest depth of what is nested in this level.
    inner: usize,
}

impl Frame {
    fn parenthesis(&self) -> Option<usize> {
        match self.opened {
            Some(Opened::Parenthesis(open)) => Some(open),
            Some(Opened::Case(_)) | None => None,
        }
    }

    fn next_condition(&mut self) {
        self.conditions += 1;
        self.most_operators = self.most_operators.max(self.operators);
        (self.operators, self.signs) = (0, 0);
    }

    fn next_part(&mut self) {
        self.most_operators = self.most_operators.max(self.operators);
        self.deepest = self.deepest.max(self.conditions + self.most_operators);
        (self.conditions, self.operators, self.signs, self.most_operators) = (0, 0, 0, 0);
    }

    fn next_item(&mut self) {
        self.items += 1;
        self.next_part();
    }
}
