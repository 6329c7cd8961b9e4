//! The one expression language of models and requests: a closed tree with spans.
//!
//! `R` is what a name means at this stage: [`Name`] as written, then a column, a dimension, a
//! metric or an input, each from its own resolver. Text becomes a tree in `parse`, types are
//! checked in `typing`, and a tree is written back in `display`.

use chrono::{NaiveDate, NaiveDateTime};

use crate::data_type::DataType;
use crate::source::{Span, Spanned};

pub mod display;
mod function;
pub mod parse;
pub mod template;
pub mod typing;
mod unit;

pub use unit::{DatePart, TimeUnit};

/// A dotted name as written: `country`, `customers.region`, `metric_time__week`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub parts: Vec<String>,
}

/// What stands before the name of an attribute of the caller.
pub const ATTRIBUTE: &str = ":caller.";

impl Name {
    /// The name of an attribute of the caller, in the filter of a policy.
    pub fn attribute(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [only] => only.strip_prefix(ATTRIBUTE),
            _ => None,
        }
    }

    pub fn dotted(&self) -> String {
        self.parts.join(".")
    }

    /// The value that a metric has for a row's keys, as one name: `metric(bookings, listing)`.
    pub fn of_metric(metric: &str, keys: &[String]) -> Name {
        Name { parts: vec![format!("metric({metric}, {})", keys.join(", "))] }
    }

    /// The metric and the keys of such a name.
    pub fn metric_and_keys(&self) -> Option<(&str, Vec<&str>)> {
        match self.parts.as_slice() {
            [only] => metric_and_keys(only),
            _ => None,
        }
    }
}

/// The metric and the keys of `metric(bookings, listing)`.
pub fn metric_and_keys(text: &str) -> Option<(&str, Vec<&str>)> {
    let inside = text.strip_prefix("metric(")?.strip_suffix(')')?;
    let mut parts = inside.split(", ");
    Some((parts.next()?, parts.collect()))
}

/// An expression and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr<R> {
    pub kind: Box<Kind<R>>,
    pub span: Span,
}

/// What an expression is. Matched without `_`: a new kind must be typed, lowered and displayed.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind<R> {
    Literal(Literal),
    Ref(R),
    Negate(Expr<R>),
    Not(Expr<R>),
    Binary {
        op: BinaryOp,
        left: Expr<R>,
        right: Expr<R>,
    },
    IsNull {
        of: Expr<R>,
        negated: bool,
    },
    /// `IS [NOT] TRUE` and `IS [NOT] FALSE`.
    IsTruth {
        of: Expr<R>,
        truth: bool,
        negated: bool,
    },
    InList {
        of: Expr<R>,
        list: Vec<Expr<R>>,
        negated: bool,
    },
    Between {
        of: Expr<R>,
        low: Expr<R>,
        high: Expr<R>,
        negated: bool,
    },
    /// LIKE and ILIKE with a literal pattern.
    Like {
        of: Expr<R>,
        pattern: String,
        ignore_case: bool,
        negated: bool,
    },
    /// Searched CASE; a simple CASE is written as one by the parser.
    Case {
        branches: Vec<(Expr<R>, Expr<R>)>,
        otherwise: Option<Expr<R>>,
    },
    Cast {
        of: Expr<R>,
        to: DataType,
        or_null: bool,
    },
    Call {
        function: Function,
        arguments: Vec<Expr<R>>,
    },
}

/// Operators of two operands. `Divide` is real division and null for a zero divisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    /// Null-safe inequality and equality.
    IsDistinctFrom,
    IsNotDistinctFrom,
    Concat,
}

/// Functions, by their name in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    Abs,
    Round,
    Floor,
    Ceil,
    Coalesce,
    Nullif,
    Greatest,
    Least,
    Lower,
    Upper,
    Trim,
    Length,
    Substr,
    Replace,
    SplitPart,
    StartsWith,
    Contains,
    /// `date_trunc('month', x)`: first argument a literal unit.
    DateTrunc,
    /// `date_part('dow', x)`, also spelt `extract(dow from x)`: first argument a literal part; an integer.
    DatePart,
    /// `date_add(x, interval)`.
    DateAdd,
    /// `date_diff('day', from, to)`: boundaries of the unit crossed; an integer.
    DateDiff,
    ToDate,
}

/// A constant. Decimals keep their digits as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Boolean(bool),
    Integer(i128),
    /// Digits with a point, such as `0.10`: `unscaled` is 10 and `scale` 2.
    Decimal {
        unscaled: i128,
        scale: u8,
    },
    /// Written with an exponent.
    Float(f64),
    Text(String),
    Date(NaiveDate),
    Timestamp(NaiveDateTime),
    Interval {
        months: i32,
        days: i32,
        microseconds: i64,
    },
}

impl<R> Expr<R> {
    pub fn new(kind: Kind<R>, span: Span) -> Self {
        Expr { kind: Box::new(kind), span }
    }

    /// Visits every reference with its span.
    pub fn for_each_ref<'a>(&'a self, visit: &mut impl FnMut(&'a R, Span)) {
        if let Kind::Ref(r) = self.kind.as_ref() {
            visit(r, self.span);
        }
        for child in self.children() {
            child.for_each_ref(visit);
        }
    }

    /// All references, in the order written.
    pub fn refs(&self) -> Vec<Spanned<&R>> {
        let mut found = Vec::new();
        self.for_each_ref(&mut |r, span| found.push(Spanned::new(r, span)));
        found
    }

    /// The operands, in the order written.
    pub fn children(&self) -> Vec<&Expr<R>> {
        match self.kind.as_ref() {
            Kind::Literal(_) | Kind::Ref(_) => vec![],
            Kind::Negate(e) | Kind::Not(e) => vec![e],
            Kind::Binary { left, right, .. } => vec![left, right],
            Kind::IsNull { of, .. } | Kind::IsTruth { of, .. } | Kind::Like { of, .. } | Kind::Cast { of, .. } => {
                vec![of]
            }
            Kind::InList { of, list, .. } => std::iter::once(of).chain(list).collect(),
            Kind::Between { of, low, high, .. } => vec![of, low, high],
            Kind::Case { branches, otherwise } => {
                branches.iter().flat_map(|(when, then)| [when, then]).chain(otherwise).collect()
            }
            Kind::Call { arguments, .. } => arguments.iter().collect(),
        }
    }

    /// The same tree with every reference replaced by the expression that `f` gives for it.
    pub fn try_substitute<S, E>(&self, f: &mut impl FnMut(&R, Span) -> Result<Expr<S>, E>) -> Result<Expr<S>, E> {
        let kind = match self.kind.as_ref() {
            Kind::Ref(r) => return f(r, self.span),
            Kind::Literal(l) => Kind::Literal(l.clone()),
            Kind::Negate(e) => Kind::Negate(e.try_substitute(f)?),
            Kind::Not(e) => Kind::Not(e.try_substitute(f)?),
            Kind::Binary { op, left, right } => {
                Kind::Binary { op: *op, left: left.try_substitute(f)?, right: right.try_substitute(f)? }
            }
            Kind::IsNull { of, negated } => Kind::IsNull { of: of.try_substitute(f)?, negated: *negated },
            Kind::IsTruth { of, truth, negated } => {
                Kind::IsTruth { of: of.try_substitute(f)?, truth: *truth, negated: *negated }
            }
            Kind::InList { of, list, negated } => Kind::InList {
                of: of.try_substitute(f)?,
                list: list.iter().map(|e| e.try_substitute(f)).collect::<Result<_, _>>()?,
                negated: *negated,
            },
            Kind::Between { of, low, high, negated } => Kind::Between {
                of: of.try_substitute(f)?,
                low: low.try_substitute(f)?,
                high: high.try_substitute(f)?,
                negated: *negated,
            },
            Kind::Like { of, pattern, ignore_case, negated } => Kind::Like {
                of: of.try_substitute(f)?,
                pattern: pattern.clone(),
                ignore_case: *ignore_case,
                negated: *negated,
            },
            Kind::Case { branches, otherwise } => Kind::Case {
                branches: branches
                    .iter()
                    .map(|(when, then)| Ok((when.try_substitute(f)?, then.try_substitute(f)?)))
                    .collect::<Result<_, E>>()?,
                otherwise: otherwise.as_ref().map(|e| e.try_substitute(f)).transpose()?,
            },
            Kind::Cast { of, to, or_null } => Kind::Cast { of: of.try_substitute(f)?, to: *to, or_null: *or_null },
            Kind::Call { function, arguments } => Kind::Call {
                function: *function,
                arguments: arguments.iter().map(|e| e.try_substitute(f)).collect::<Result<_, _>>()?,
            },
        };
        Ok(Expr::new(kind, self.span))
    }

    /// The same tree over other references.
    pub fn map_refs<S>(&self, f: &mut impl FnMut(&R) -> S) -> Expr<S> {
        let mapped: Result<Expr<S>, std::convert::Infallible> =
            self.try_substitute(&mut |r, span| Ok(Expr::new(Kind::Ref(f(r)), span)));
        match mapped {
            Ok(expr) => expr,
            Err(never) => match never {},
        }
    }
}
