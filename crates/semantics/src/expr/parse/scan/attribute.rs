//! Attributes of the caller, `:caller.countries`: one name each, in the filters of policies and nowhere else.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Word};

use super::super::{LANGUAGE, Place, excerpt};
use super::{Lexed, Tokens};
use crate::diagnostic::Diagnostic;
use crate::expr::ATTRIBUTE;

/// The tokens with each `:caller.name` as one quoted name.
pub(super) fn joined(tokens: Vec<Lexed>) -> Vec<Lexed> {
    let mut out: Vec<Lexed> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    let mut ahead: Vec<Lexed> = Vec::new();
    loop {
        while ahead.len() < PARTS {
            let Some(next) = rest.next() else { break };
            ahead.push(next);
        }
        match name_of(&ahead) {
            Some(name) => {
                let value = format!("{ATTRIBUTE}{name}");
                let word = Word { value, quote_style: Some('"'), keyword: Keyword::NoKeyword };
                let (first, last) = (&ahead[0], &ahead[PARTS - 1]);
                let span = Span { start: first.token.span.start, end: last.token.span.end };
                let token = TokenWithSpan { token: Token::Word(word), span };
                out.push(Lexed { token, start: first.start, end: last.end, open: None, close: None });
                ahead.clear();
            }
            None if ahead.is_empty() => return out,
            None => out.push(ahead.remove(0)),
        }
    }
}

/// The colon, `caller`, the point and the name.
const PARTS: usize = 4;

/// The name of the attribute that the tokens are, without white space between them.
fn name_of(tokens: &[Lexed]) -> Option<&str> {
    let [colon, caller, point, name] = tokens else { return None };
    let are_one = tokens.windows(2).all(|pair| pair[0].end == pair[1].start);
    match [colon, caller, point, name].map(|lexed| &lexed.token.token) {
        [Token::Colon, Token::Word(caller), Token::Period, Token::Word(name)]
            if are_one && caller.value == "caller" && caller.quote_style.is_none() && name.quote_style.is_none() =>
        {
            Some(&name.value)
        }
        _ => None,
    }
}

impl Tokens<'_> {
    /// The refusal of a colon that begins no attribute here.
    pub(super) fn attribute(&self, index: usize, place: Place) -> Diagnostic {
        let of_caller = matches!(self.token(index + 1), Some(Token::Word(word)) if word.value == "caller");
        let last = if of_caller { (index + PARTS - 1).min(self.len() - 1) } else { index };
        let found: String = (index..=last).map(|at| self.text_of(at)).collect();
        let refused = self.refuse(index, format!("`{}` in an expression", excerpt(&found)));
        match (of_caller, place) {
            (true, Place::Formula | Place::Where) => {
                refused.help("what is known of the caller stands in the `filter` of a model's `policies` only")
            }
            (_, Place::Policy) => refused.help("an attribute of the caller is written `:caller.countries`"),
            (false, Place::Formula | Place::Where) => refused.help(LANGUAGE),
        }
    }
}
