//! Writing an expression back as text, which parses to the same tree.
//!
//! Parentheses stand where the tree needs them, and around comparisons within comparisons, where
//! a reader does. Keywords are in capitals, functions in lower case; a bare name is quoted when
//! it would not read as itself.

use std::fmt::{self, Display, Formatter, Write};

use super::parse::needs_quotes;
use super::{BinaryOp, Expr, Kind, Literal, Name};
use crate::data_type::{Clock, DataType};

impl<R: Display> Display for Expr<R> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_expr(f, self)
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write_literal(f, self)
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.metric_and_keys().is_some() {
            return f.write_str(&self.parts[0]);
        }
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_char('.')?;
            }
            write_identifier(f, part)?;
        }
        Ok(())
    }
}

/// How tightly an expression holds together, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Sign,
    Atom,
}

fn binding<R>(expr: &Expr<R>) -> Binding {
    match expr.kind.as_ref() {
        Kind::Literal(_) | Kind::Ref(_) | Kind::Case { .. } | Kind::Cast { .. } | Kind::Call { .. } => Binding::Atom,
        Kind::Negate(_) => Binding::Sign,
        Kind::Not(_) => Binding::Not,
        Kind::Binary { op, .. } => binding_of(*op),
        Kind::IsNull { .. } | Kind::IsTruth { .. } | Kind::InList { .. } | Kind::Between { .. } | Kind::Like { .. } => {
            Binding::Comparison
        }
    }
}

fn binding_of(op: BinaryOp) -> Binding {
    match op {
        BinaryOp::Or => Binding::Or,
        BinaryOp::And => Binding::And,
        BinaryOp::Add | BinaryOp::Subtract => Binding::Sum,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo | BinaryOp::Concat => Binding::Product,
        BinaryOp::Equal
        | BinaryOp::NotEqual
        | BinaryOp::Less
        | BinaryOp::LessOrEqual
        | BinaryOp::Greater
        | BinaryOp::GreaterOrEqual
        | BinaryOp::IsDistinctFrom
        | BinaryOp::IsNotDistinctFrom => Binding::Comparison,
    }
}

impl BinaryOp {
    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Modulo => "%",
            BinaryOp::Equal => "=",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::And => "AND",
            BinaryOp::Or => "OR",
            BinaryOp::IsDistinctFrom => "IS DISTINCT FROM",
            BinaryOp::IsNotDistinctFrom => "IS NOT DISTINCT FROM",
            BinaryOp::Concat => "||",
        }
    }
}

/// Writes `expr`, in parentheses when it holds together less than `at_least`.
fn write_within<R: Display>(f: &mut Formatter<'_>, expr: &Expr<R>, at_least: Binding) -> fmt::Result {
    if binding(expr) >= at_least {
        return write_expr(f, expr);
    }
    f.write_char('(')?;
    write_expr(f, expr)?;
    f.write_char(')')
}

fn write_expr<R: Display>(f: &mut Formatter<'_>, expr: &Expr<R>) -> fmt::Result {
    let not = |negated: bool| if negated { "NOT " } else { "" };
    match expr.kind.as_ref() {
        Kind::Literal(literal) => write_literal(f, literal),
        Kind::Ref(r) => write!(f, "{r}"),
        Kind::Negate(of) => write_negated(f, of),
        Kind::Not(of) => {
            f.write_str("NOT ")?;
            write_within(f, of, Binding::Not)
        }
        Kind::Binary { op, left, right } => write_binary(f, *op, left, right),
        Kind::IsNull { of, negated } => {
            write_within(f, of, Binding::Sum)?;
            write!(f, " IS {}NULL", not(*negated))
        }
        Kind::IsTruth { of, truth, negated } => {
            write_within(f, of, Binding::Sum)?;
            write!(f, " IS {}{}", not(*negated), if *truth { "TRUE" } else { "FALSE" })
        }
        Kind::InList { of, list, negated } => {
            write_within(f, of, Binding::Sum)?;
            write!(f, " {}IN (", not(*negated))?;
            write_list(f, list)?;
            f.write_char(')')
        }
        Kind::Between { of, low, high, negated } => {
            write_within(f, of, Binding::Sum)?;
            write!(f, " {}BETWEEN ", not(*negated))?;
            write_within(f, low, Binding::Sum)?;
            f.write_str(" AND ")?;
            write_within(f, high, Binding::Sum)
        }
        Kind::Like { of, pattern, ignore_case, negated } => {
            write_within(f, of, Binding::Sum)?;
            write!(f, " {}{} ", not(*negated), if *ignore_case { "ILIKE" } else { "LIKE" })?;
            write_text(f, pattern)
        }
        Kind::Case { branches, otherwise } => {
            f.write_str("CASE")?;
            for (when, then) in branches {
                write!(f, " WHEN {when} THEN {then}")?;
            }
            if let Some(otherwise) = otherwise {
                write!(f, " ELSE {otherwise}")?;
            }
            f.write_str(" END")
        }
        Kind::Cast { of, to, or_null } => {
            write!(f, "{}({of} AS ", if *or_null { "TRY_CAST" } else { "CAST" })?;
            write_type(f, *to)?;
            f.write_char(')')
        }
        Kind::Call { function, arguments } => {
            write!(f, "{function}(")?;
            write_list(f, arguments)?;
            f.write_char(')')
        }
    }
}

/// A sign before a literal number belongs to the number, so a negation of one is set apart.
fn write_negated<R: Display>(f: &mut Formatter<'_>, of: &Expr<R>) -> fmt::Result {
    match of.kind.as_ref() {
        Kind::Literal(Literal::Integer(_) | Literal::Decimal { .. } | Literal::Float(_)) => write!(f, "-({of})"),
        Kind::Negate(_) => write!(f, "- {of}"),
        _ => {
            f.write_char('-')?;
            write_within(f, of, Binding::Atom)
        }
    }
}

fn write_binary<R: Display>(f: &mut Formatter<'_>, op: BinaryOp, left: &Expr<R>, right: &Expr<R>) -> fmt::Result {
    let (of_left, of_right) = match binding_of(op) {
        Binding::Or => (Binding::Or, Binding::And),
        Binding::And => (Binding::And, Binding::Not),
        Binding::Sum => (Binding::Sum, Binding::Product),
        Binding::Product => (Binding::Product, Binding::Sign),
        Binding::Not | Binding::Comparison | Binding::Sign | Binding::Atom => (Binding::Sum, Binding::Sum),
    };
    write_within(f, left, of_left)?;
    write!(f, " {} ", op.as_str())?;
    write_within(f, right, of_right)
}

fn write_list<R: Display>(f: &mut Formatter<'_>, list: &[Expr<R>]) -> fmt::Result {
    for (index, item) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        write_expr(f, item)?;
    }
    Ok(())
}

fn write_literal(f: &mut Formatter<'_>, literal: &Literal) -> fmt::Result {
    match literal {
        Literal::Null => f.write_str("NULL"),
        Literal::Boolean(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
        Literal::Integer(value) => write!(f, "{value}"),
        Literal::Decimal { unscaled, scale } => write_decimal(f, *unscaled, *scale),
        Literal::Float(value) => write!(f, "{value:e}"),
        Literal::Text(text) => write_text(f, text),
        Literal::Date(day) => write!(f, "DATE '{day}'"),
        Literal::Timestamp(at) => write!(f, "TIMESTAMP '{}'", at.format("%Y-%m-%d %H:%M:%S%.f")),
        Literal::Interval { months, days, microseconds } => write_interval(f, *months, *days, *microseconds),
    }
}

fn write_decimal(f: &mut Formatter<'_>, unscaled: i128, scale: u8) -> fmt::Result {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
}

fn write_interval(f: &mut Formatter<'_>, months: i32, days: i32, microseconds: i64) -> fmt::Result {
    let hours = microseconds / 3_600_000_000;
    let seconds = microseconds % 3_600_000_000 / 1_000_000;
    let rest = microseconds % 1_000_000;
    let parts = [
        (i64::from(months), "month"),
        (i64::from(days), "day"),
        (hours, "hour"),
        (seconds, "second"),
        (rest, "microsecond"),
    ];
    let mut written: Vec<String> = Vec::new();
    for (count, unit) in parts {
        if count != 0 {
            written.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if written.is_empty() {
        written.push("0 days".into());
    }
    write!(f, "INTERVAL '{}'", written.join(" "))
}

fn write_text(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "'{}'", text.replace('\'', "''"))
}

fn write_type(f: &mut Formatter<'_>, data_type: DataType) -> fmt::Result {
    match data_type {
        DataType::Timestamp(Clock::Instant) => f.write_str("timestamp with time zone"),
        other => write!(f, "{other}"),
    }
}

fn write_identifier(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    f.write_str(&identifier(name))
}

/// A name as the language reads it: in double quotes where it is not a plain word.
pub fn identifier(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain && !needs_quotes(name) { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}
