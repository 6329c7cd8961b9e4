//! SQL formulas of other tools: aggregates over rows within arithmetic, taken apart.
//!
//! `SUM(orders.amount) / COUNT(*)` becomes two calls and the formula around them, in which each
//! call is a name that no file can hold. All parts are read by our own expression language.

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{Expr, Kind, Literal, Name};
use crate::model::Aggregation;
use crate::source::{Span, Spanned};
use crate::yaml;

/// A formula in which calls stand as names; [`call_of`] tells them from others.
pub(super) struct Formula {
    pub(super) rest: Expr<Name>,
    pub(super) calls: Vec<Call>,
}

/// One aggregate.
pub(super) struct Call {
    pub(super) agg: Aggregation,
    /// Absent where rows are counted.
    pub(super) argument: Option<Expr<Name>>,
    /// `FILTER (WHERE …)`.
    pub(super) filter: Option<Expr<Name>>,
    /// The digits of a percentile's share, and whether it is one of the values.
    pub(super) percentile: Option<(Spanned<String>, bool)>,
    pub(super) span: Span,
}

/// The index of the call that a name of [`Formula::rest`] stands for.
pub(super) fn call_of(name: &Name) -> Option<usize> {
    let [part] = name.parts.as_slice() else { return None };
    part.strip_prefix("{#")?.strip_suffix('}')?.parse().ok()
}

/// Takes a formula apart.
pub(super) fn read(text: &Spanned<String>) -> Result<Formula, Diagnostic> {
    let mut calls = Vec::new();
    let mut rest = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.value.len() {
        match word_at(&text.value, at) {
            Some(end) => {
                let word = &text.value[at..end];
                let open = skip_space(&text.value, end);
                let after_point = text.value[..at].trim_end().ends_with('.');
                let is_call = text.value[open..].starts_with('(') && !after_point;
                if let Some(function) = Function::of(word).filter(|_| is_call) {
                    let (call, end) = read_call(text, at, open, function)?;
                    rest.push_str(&text.value[copied..at]);
                    rest.push_str(&format!("\"{{#{}}}\"", calls.len()));
                    calls.push(call);
                    copied = end;
                    at = end;
                } else {
                    at = end;
                }
            }
            None => at = after_token(&text.value, at),
        }
    }
    rest.push_str(&text.value[copied..]);
    let rest = if calls.is_empty() { parse(&text.value, text.span)? } else { parse(&rest, text.span)? };
    Ok(Formula { rest, calls })
}

/// The aggregates that have a metric of their kind.
#[derive(Clone, Copy)]
enum Function {
    Plain(Aggregation),
    Count,
    /// Whether it is one of the values.
    Percentile(bool),
}

impl Function {
    fn of(word: &str) -> Option<Function> {
        Some(match word.to_ascii_lowercase().as_str() {
            "sum" => Function::Plain(Aggregation::Sum),
            "avg" => Function::Plain(Aggregation::Average),
            "min" => Function::Plain(Aggregation::Min),
            "max" => Function::Plain(Aggregation::Max),
            "median" => Function::Plain(Aggregation::Median),
            "approx_count_distinct" | "approx_distinct" => Function::Plain(Aggregation::ApproxCountDistinct),
            "count" => Function::Count,
            "percentile_cont" => Function::Percentile(false),
            "percentile_disc" => Function::Percentile(true),
            _ => return None,
        })
    }
}

/// The call that starts at `start`, and where it ends with its clauses.
fn read_call(
    text: &Spanned<String>,
    start: usize,
    open: usize,
    function: Function,
) -> Result<(Call, usize), Diagnostic> {
    let refuse = |message: &str, end: usize| {
        Err(Diagnostic::new(Code::UnsupportedExpression, message).at(yaml::part(text, start, end)))
    };
    let Some(close) = closing(&text.value, open) else {
        let fault = Diagnostic::new(Code::InvalidExpression, "a parenthesis is not closed");
        return Err(fault.at(yaml::part(text, open, open + 1)));
    };
    let (distinct, from) = match keyword(&text.value, open + 1, "distinct") {
        Some(after) => (true, after),
        None => (false, open + 1),
    };
    let mut end = close + 1;
    let mut within = None;
    if let Some(after) = keyword(&text.value, end, "within").and_then(|after| keyword(&text.value, after, "group")) {
        let (inside, after) = clause(text, after, &["order", "by"])?;
        within = Some(inside);
        end = after;
    }
    let mut filter = None;
    if let Some(after) = keyword(&text.value, end, "filter") {
        let (inside, after) = clause(text, after, &["where"])?;
        filter = Some(sub_expression(text, inside.0, inside.1)?);
        end = after;
    }
    if let Some(after) = keyword(&text.value, end, "over") {
        return refuse("a window function", after);
    }
    let span = yaml::part(text, start, end);
    let whole = |from: usize| sub_expression(text, from, close);
    let call = |agg, argument, percentile| Call { agg, argument, filter, percentile, span };
    let made = match (function, distinct, within) {
        (Function::Percentile(discrete), false, Some((from, to))) => {
            let share = Spanned::new(text.value[open + 1..close].trim().to_string(), yaml::part(text, open + 1, close));
            let ordered = sub_expression(text, from, to)?;
            call(Aggregation::Percentile, Some(ordered), Some((share, discrete)))
        }
        (Function::Percentile(_), _, _) => return refuse("a percentile without WITHIN GROUP (ORDER BY …)", end),
        (_, _, Some(_)) => return refuse("WITHIN GROUP of an aggregate that has none", end),
        (Function::Count, false, None) if text.value[from..close].trim() == "*" => call(Aggregation::Count, None, None),
        (Function::Count, false, None) => {
            let argument = whole(from)?;
            let is_row = matches!(argument.kind.as_ref(), Kind::Literal(literal) if *literal != Literal::Null);
            call(Aggregation::Count, (!is_row).then_some(argument), None)
        }
        (Function::Count, true, None) => call(Aggregation::CountDistinct, Some(whole(from)?), None),
        (Function::Plain(agg @ (Aggregation::Min | Aggregation::Max)), true, None) => {
            call(agg, Some(whole(from)?), None)
        }
        (Function::Plain(_), true, None) => return refuse("DISTINCT of an aggregate that counts nothing", end),
        (Function::Plain(agg), false, None) => call(agg, Some(whole(from)?), None),
    };
    Ok((made, end))
}

/// `(KEYWORDS …)` from `at`: the bytes after the keywords, and the end of the parenthesis.
fn clause(text: &Spanned<String>, at: usize, words: &[&str]) -> Result<((usize, usize), usize), Diagnostic> {
    let open = skip_space(&text.value, at);
    let inside = text.value[open..].starts_with('(').then(|| closing(&text.value, open)).flatten();
    let start = inside.and_then(|_| words.iter().try_fold(open + 1, |at, word| keyword(&text.value, at, word)));
    match start.zip(inside) {
        Some((start, close)) => Ok(((start, close), close + 1)),
        None => {
            let message = format!("expected `({} …)`", words.join(" ").to_uppercase());
            Err(Diagnostic::new(Code::InvalidExpression, message).at(yaml::part(text, at, text.value.len())))
        }
    }
}

fn sub_expression(text: &Spanned<String>, from: usize, to: usize) -> Result<Expr<Name>, Diagnostic> {
    let inside = &text.value[from..to];
    let start = from + (inside.len() - inside.trim_start().len());
    let end = start + inside.trim().len();
    parse(&text.value[start..end], yaml::part(text, start, end))
}

/// Where `word` ends, when it stands next.
fn keyword(text: &str, at: usize, word: &str) -> Option<usize> {
    let start = skip_space(text, at);
    let end = word_at(text, start)?;
    text[start..end].eq_ignore_ascii_case(word).then_some(end)
}

fn skip_space(text: &str, at: usize) -> usize {
    at + (text[at..].len() - text[at..].trim_start().len())
}

/// The end of the bare word that starts at `at`.
fn word_at(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    rest.starts_with(|c: char| c.is_alphabetic() || c == '_')
        .then(|| rest.find(|c: char| !c.is_alphanumeric() && c != '_').map_or(text.len(), |length| at + length))
}

/// The end of the quoted text, or else of the character, that starts at `at`.
fn after_token(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let first = rest.chars().next().map_or(1, char::len_utf8);
    match rest.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        Some(quote) => rest[1..].find(quote).map_or(text.len(), |length| at + length + 2),
        // A digit takes the word that follows it: `1e3`.
        None if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').map_or(text.len(), |length| at + length)
        }
        None => at + first,
    }
}

/// The parenthesis that closes the one at `open`.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    let mut at = open;
    while at < text.len() {
        match text.as_bytes()[at] {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
        at = after_token(text, at);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn shown(text: &str) -> String {
        let at = Span::new(SourceId(0), 100, 100 + text.len());
        match read(&Spanned::new(text.to_string(), at)) {
            Ok(Formula { rest, calls }) => {
                let show = |call: &Call| {
                    let part = |e: &Option<Expr<Name>>| e.as_ref().map_or("rows".to_string(), |e| e.to_string());
                    let filter = call.filter.as_ref().map(|f| format!(" if {f}")).unwrap_or_default();
                    let share = call.percentile.as_ref().map(|(p, d)| format!(" {} {d}", p.value)).unwrap_or_default();
                    format!("{:?}({}{share}{filter})", call.agg, part(&call.argument))
                };
                format!("{rest} where {}", calls.iter().map(show).collect::<Vec<_>>().join(", "))
            }
            Err(fault) => format!("{}: {}", fault.code, fault.message),
        }
    }

    #[test]
    fn aggregates_are_taken_out_of_formulas() {
        let of = |text, wanted: &str| assert_eq!(shown(text), wanted, "{text}");
        of("SUM(orders.amount)", r#""{#0}" where Sum(orders.amount)"#);
        of("count(*)", r#""{#0}" where Count(rows)"#);
        of("COUNT(1)", r#""{#0}" where Count(rows)"#);
        of("COUNT ( DISTINCT a )", r#""{#0}" where CountDistinct(a)"#);
        of(
            "(SUM(a) - SUM(b)) / NULLIF(SUM(a), 0)",
            r##"("{#0}" - "{#1}") / nullif("{#2}", 0) where Sum(a), Sum(b), Sum(a)"##,
        );
        of("SUM(CASE WHEN s = ') SUM(' THEN a END)", r#""{#0}" where Sum(CASE WHEN s = ') SUM(' THEN a END)"#);
        of("SUM(a) FILTER (WHERE b = 1) * 2", r#""{#0}" * 2 where Sum(a if b = 1)"#);
        of("PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY a)", r#""{#0}" where Percentile(a 0.95 false)"#);
        of("\"sum\" + total", "sum + total where ");
        of("MIN(DISTINCT a)", r#""{#0}" where Min(a)"#);
    }

    #[test]
    fn what_has_no_metric_is_refused_by_name() {
        let of = |text, wanted: &str| assert!(shown(text).starts_with(wanted), "{text}: {}", shown(text));
        of("SUM(a) OVER (PARTITION BY b)", "unsupported-expression: a window function");
        of("SUM(DISTINCT a)", "unsupported-expression");
        of("AVG(SUM(a))", "unsupported-expression");
        of("STDDEV(a)", "unsupported-expression");
        of("SUM((SELECT 1))", "unsupported-expression");
        of("SUM(a", "invalid-expression");
        of("SUM(a) FILTER b", "invalid-expression");
        of("PERCENTILE_CONT(0.5)", "unsupported-expression");
        of("COUNT(DISTINCT a, b)", "invalid-expression");
    }
}
