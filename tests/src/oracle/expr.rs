//! Expressions: written in the language of models and requests, and evaluated on one row.

use std::cmp::Ordering;
use std::fmt;

use super::value::Value;

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Name(String),
    Literal(Value),
    Arithmetic(Sign, Box<Expr>, Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    IsNull(Box<Expr>),
    IsNotNull(Box<Expr>),
    IsTrue(Box<Expr>),
    In(Box<Expr>, Vec<Value>),
    NotIn(Box<Expr>, Vec<Value>),
    Between(Box<Expr>, Value, Value),
    /// `LIKE 'prefix%'`.
    StartsWith(Box<Expr>, String),
    /// The first value that is not null.
    Coalesce(Box<Expr>, Value),
    /// `metric(name, key, …)`: a metric by keys of the row.
    MetricBy(String, Vec<String>),
    /// `CASE WHEN condition THEN a ELSE b END`.
    Case(Box<Expr>, Box<Expr>, Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `IS NOT DISTINCT FROM`.
    Same,
}

impl Expr {
    pub fn name(name: impl Into<String>) -> Expr {
        Expr::Name(name.into())
    }

    pub fn sign(sign: Sign, left: Expr, right: Expr) -> Expr {
        Expr::Arithmetic(sign, Box::new(left), Box::new(right))
    }

    pub fn compare(comparison: Comparison, left: Expr, right: Value) -> Expr {
        Expr::Compare(comparison, Box::new(left), Box::new(Expr::Literal(right)))
    }

    /// Every name in it.
    /// The conditions that this one is made of by AND.
    pub fn conjuncts(&self) -> Vec<&Expr> {
        match self {
            Expr::And(a, b) => [a.conjuncts(), b.conjuncts()].concat(),
            other => vec![other],
        }
    }

    pub fn names(&self) -> Vec<&str> {
        match self {
            Expr::Name(name) => vec![name],
            Expr::Literal(_) => vec![],
            Expr::MetricBy(_, keys) => keys.iter().map(String::as_str).collect(),
            Expr::Arithmetic(_, a, b) | Expr::Compare(_, a, b) | Expr::And(a, b) | Expr::Or(a, b) => {
                a.names().into_iter().chain(b.names()).collect()
            }
            Expr::Not(a)
            | Expr::IsNull(a)
            | Expr::IsNotNull(a)
            | Expr::IsTrue(a)
            | Expr::In(a, _)
            | Expr::NotIn(a, _)
            | Expr::Between(a, _, _)
            | Expr::StartsWith(a, _)
            | Expr::Coalesce(a, _) => a.names(),
            Expr::Case(a, b, c) => a.names().into_iter().chain(b.names()).chain(c.names()).collect(),
        }
    }

    pub fn evaluate(&self, lookup: &dyn Fn(&str) -> Value) -> Value {
        let value = |e: &Expr| e.evaluate(lookup);
        let truth = |e: &Expr| e.truth(lookup);
        let boolean = |b: Option<bool>| b.map_or(Value::Null, Value::Boolean);
        match self {
            Expr::Name(name) => lookup(name),
            Expr::MetricBy(..) => lookup(&self.to_string()),
            Expr::Literal(literal) => literal.clone(),
            Expr::Arithmetic(Sign::Plus, a, b) => value(a).plus(&value(b)),
            Expr::Arithmetic(Sign::Minus, a, b) => value(a).minus(&value(b)),
            Expr::Arithmetic(Sign::Times, a, b) => value(a).times(&value(b)),
            Expr::Arithmetic(Sign::Over, a, b) => value(a).over(&value(b)),
            Expr::Compare(Comparison::Same, a, b) => Value::Boolean(value(a).is_same_member(&value(b))),
            Expr::Compare(comparison, a, b) => {
                boolean(value(a).compare(&value(b)).map(|order| comparison.holds(order)))
            }
            Expr::And(a, b) => boolean(match (truth(a), truth(b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            }),
            Expr::Or(a, b) => boolean(match (truth(a), truth(b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            }),
            Expr::Not(a) => boolean(truth(a).map(|b| !b)),
            Expr::IsNull(a) => Value::Boolean(value(a).is_null()),
            Expr::IsNotNull(a) => Value::Boolean(!value(a).is_null()),
            Expr::IsTrue(a) => Value::Boolean(truth(a) == Some(true)),
            Expr::In(a, list) => boolean(contains(&value(a), list)),
            Expr::NotIn(a, list) => boolean(contains(&value(a), list).map(|b| !b)),
            Expr::Between(a, low, high) => {
                let a = value(a);
                boolean(match (a.compare(low), a.compare(high)) {
                    (Some(low), Some(high)) => Some(low != Ordering::Less && high != Ordering::Greater),
                    _ => None,
                })
            }
            Expr::StartsWith(a, prefix) => match value(a) {
                Value::Text(text) => Value::Boolean(text.starts_with(prefix.as_str())),
                _ => Value::Null,
            },
            Expr::Coalesce(a, other) => match value(a) {
                Value::Null => other.clone(),
                found => found,
            },
            Expr::Case(condition, then, otherwise) => {
                if truth(condition) == Some(true) {
                    value(then)
                } else {
                    value(otherwise)
                }
            }
        }
    }

    /// True, false, or not known.
    pub fn truth(&self, lookup: &dyn Fn(&str) -> Value) -> Option<bool> {
        match self.evaluate(lookup) {
            Value::Boolean(truth) => Some(truth),
            Value::Null => None,
            other => panic!("{other:?} is no condition"),
        }
    }
}

/// Whether a value is in a list without nulls.
fn contains(value: &Value, list: &[Value]) -> Option<bool> {
    if value.is_null() {
        return None;
    }
    Some(list.iter().any(|item| value.compare(item) == Some(Ordering::Equal)))
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal | Comparison::Same => order == Ordering::Equal,
            Comparison::NotEqual => order != Ordering::Equal,
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
            Comparison::Same => "IS NOT DISTINCT FROM",
        }
    }
}

/// As models and requests write it; every operand in parentheses that needs them.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Expr::Name(name) => f.write_str(name),
            Expr::Literal(value) => write!(f, "{value}"),
            Expr::Arithmetic(sign, a, b) => {
                let symbol = match sign {
                    Sign::Plus => "+",
                    Sign::Minus => "-",
                    Sign::Times => "*",
                    Sign::Over => "/",
                };
                write!(f, "({a} {symbol} {b})")
            }
            Expr::Compare(comparison, a, b) => write!(f, "({a} {} {b})", comparison.symbol()),
            Expr::And(a, b) => write!(f, "({a} AND {b})"),
            Expr::Or(a, b) => write!(f, "({a} OR {b})"),
            Expr::Not(a) => write!(f, "(NOT {a})"),
            Expr::IsNull(a) => write!(f, "({a} IS NULL)"),
            Expr::IsNotNull(a) => write!(f, "({a} IS NOT NULL)"),
            Expr::IsTrue(a) => write!(f, "({a} IS TRUE)"),
            Expr::In(a, values) => write!(f, "({a} IN ({}))", list(values)),
            Expr::NotIn(a, values) => write!(f, "({a} NOT IN ({}))", list(values)),
            Expr::Between(a, low, high) => write!(f, "({a} BETWEEN {low} AND {high})"),
            Expr::StartsWith(a, prefix) => write!(f, "({a} LIKE '{}%')", prefix.replace('\'', "''")),
            Expr::MetricBy(metric, keys) => write!(f, "metric({metric}, {})", keys.join(", ")),
            Expr::Coalesce(a, other) => write!(f, "coalesce({a}, {other})"),
            Expr::Case(condition, then, otherwise) => {
                write!(f, "(CASE WHEN {condition} THEN {then} ELSE {otherwise} END)")
            }
        }
    }
}
