//! The expression language in a dialect, by a closed match. Operators mean what the language says: `/` is real division
//! and null for a zero divisor, text compares by bytes, logic has three values.

use super::date;
use super::dialect::{Dialect, divide, refused};
use super::function;
use super::piece::{Binds, Sql, Typed};
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Kind, Literal, TimeUnit};

/// What the caller knows about a name.
pub(super) type Resolve<'a, R> = dyn FnMut(&R) -> Result<Typed, Diagnostic> + 'a;

/// Levels that an expression's tree may have.
const MAX_DEPTH: usize = 150;

/// An expression over what `resolve` gives for its names.
pub(super) fn expression<R>(dialect: Dialect, of: &Expr<R>, resolve: &mut Resolve<'_, R>) -> Result<Typed, Diagnostic> {
    let mut level = vec![of];
    for _ in 0..MAX_DEPTH {
        level = level.into_iter().flat_map(Expr::children).collect();
        if level.is_empty() {
            return written(dialect, of, resolve);
        }
    }
    Err(refused(format!("an expression of more than {MAX_DEPTH} levels"), dialect))
}

pub(super) fn written<R>(dialect: Dialect, of: &Expr<R>, resolve: &mut Resolve<'_, R>) -> Result<Typed, Diagnostic> {
    let boolean = |sql: Sql| Ok(Typed::new(sql, DataType::Boolean));
    let mut value = |of: &Expr<R>| written(dialect, of, resolve);
    match of.kind.as_ref() {
        Kind::Literal(literal) => dialect.literal(literal),
        Kind::Ref(name) => resolve(name),
        Kind::Negate(of) => {
            let of = value(of)?;
            Ok(Typed::new(of.sql.negated(), of.data_type))
        }
        Kind::Not(of) => boolean(value(of)?.sql.not()),
        Kind::Binary { op, left, right } => {
            let interval = |of: &Expr<R>| match of.kind.as_ref() {
                Kind::Literal(Literal::Interval { months, days, microseconds }) => {
                    Some((*months, *days, *microseconds))
                }
                _ => None,
            };
            match (op, interval(left), interval(right)) {
                (BinaryOp::Add, None, Some(by)) => date::shifted(dialect, value(left)?, by),
                (BinaryOp::Subtract, None, Some((months, days, microseconds))) => {
                    date::shifted(dialect, value(left)?, (-months, -days, -microseconds))
                }
                (BinaryOp::Add, Some(by), None) => date::shifted(dialect, value(right)?, by),
                _ => binary(dialect, *op, value(left)?, value(right)?),
            }
        }
        Kind::IsNull { of, negated } => {
            boolean(value(of)?.sql.followed_by(if *negated { "IS NOT NULL" } else { "IS NULL" }))
        }
        Kind::IsTruth { of, truth, negated } => {
            let of = value(of)?.sql;
            boolean(is_truth(dialect, &of, *truth, *negated))
        }
        Kind::InList { of, list, negated } => {
            let of = value(of)?;
            let list = list.iter().map(&mut value).collect::<Result<Vec<_>, _>>()?;
            let list: Vec<String> = list.iter().map(|member| member.sql.text().to_string()).collect();
            let operator = if *negated { "NOT IN" } else { "IN" };
            boolean(of.sql.followed_by(&format!("{operator} ({})", list.join(", "))))
        }
        Kind::Between { of, low, high, negated } => {
            let (of, low, high) = (value(of)?, value(low)?, value(high)?);
            let from = compared(dialect, ">=", of.clone(), low).sql;
            let between = from.and(&compared(dialect, "<=", of, high).sql);
            boolean(if *negated { between.not() } else { between })
        }
        Kind::Like { of, pattern, ignore_case, negated } => {
            let of = value(of)?.sql;
            boolean(like(dialect, &of, pattern, *ignore_case, *negated)?)
        }
        Kind::Case { branches, otherwise } => case(dialect, branches, otherwise.as_ref(), &mut value),
        Kind::Cast { of, to, or_null } => function::cast(dialect, value(of)?, *to, *or_null),
        Kind::Call { function, arguments } => {
            let texts = arguments.iter().map(|of| literal_of(of).cloned()).collect::<Vec<_>>();
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(match argument.kind.as_ref() {
                    // Taken from the literals.
                    Kind::Literal(Literal::Interval { .. }) => Typed::new(Sql::atom("NULL"), DataType::Interval),
                    _ => value(argument)?,
                });
            }
            function::call(dialect, *function, values, &texts)
        }
    }
}

/// A constant, with its sign.
fn literal_of<R>(of: &Expr<R>) -> Option<&Literal> {
    match of.kind.as_ref() {
        Kind::Literal(literal) => Some(literal),
        _ => None,
    }
}

fn binary(dialect: Dialect, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, Diagnostic> {
    let boolean = |sql: Sql| Typed::new(sql, DataType::Boolean);
    Ok(match op {
        BinaryOp::And => boolean(left.sql.and(&right.sql)),
        BinaryOp::Or => boolean(left.sql.or(&right.sql)),
        BinaryOp::Add => arithmetic("+", Binds::Add, left, right),
        BinaryOp::Subtract if left.data_type.is_time() && right.data_type.is_time() => {
            return date::difference(dialect, TimeUnit::Day, right, left);
        }
        BinaryOp::Subtract => arithmetic("-", Binds::Add, left, right),
        BinaryOp::Multiply => arithmetic("*", Binds::Multiply, left, right),
        BinaryOp::Divide => divide(dialect, left, right),
        BinaryOp::Modulo => {
            let is_float = left.data_type == DataType::Float || right.data_type == DataType::Float;
            if is_float && matches!(dialect, Dialect::Postgres | Dialect::Bigquery) {
                return Err(refused("the remainder of doubles", dialect));
            }
            let data_type = number_type(left.data_type, right.data_type, false);
            let divisor = Sql::call("NULLIF", &[&right.sql, &Sql::atom("0")]);
            Typed::new(Sql::call("MOD", &[&left.sql, &divisor]), data_type)
        }
        BinaryOp::Equal => compared(dialect, "=", left, right),
        BinaryOp::NotEqual => compared(dialect, "<>", left, right),
        BinaryOp::Less => compared(dialect, "<", left, right),
        BinaryOp::LessOrEqual => compared(dialect, "<=", left, right),
        BinaryOp::Greater => compared(dialect, ">", left, right),
        BinaryOp::GreaterOrEqual => compared(dialect, ">=", left, right),
        BinaryOp::IsDistinctFrom => compared(dialect, "IS DISTINCT FROM", left, right),
        BinaryOp::IsNotDistinctFrom => compared(dialect, "IS NOT DISTINCT FROM", left, right),
        BinaryOp::Concat => Typed::new(Sql::infix("||", Binds::Other, &left.sql, &right.sql), DataType::Text),
    })
}

fn arithmetic(operator: &str, binds: Binds, left: Typed, right: Typed) -> Typed {
    let data_type = number_type(left.data_type, right.data_type, operator == "*");
    Typed::new(Sql::infix(operator, binds, &left.sql, &right.sql), data_type)
}

/// The type of arithmetic: its digits are those of the longest number that fits.
fn number_type(left: DataType, right: DataType, is_product: bool) -> DataType {
    let scale = |of: DataType| match of {
        DataType::Decimal { scale, .. } => scale,
        _ => 0,
    };
    match (left, right) {
        (DataType::Float, _) | (_, DataType::Float) => DataType::Float,
        (DataType::Null, other) | (other, DataType::Null) => other,
        (DataType::Integer, DataType::Integer) => DataType::Integer,
        (left, right) if is_product => {
            DataType::Decimal { precision: 38, scale: scale(left).saturating_add(scale(right)).min(38) }
        }
        (left, right) => DataType::Decimal { precision: 38, scale: scale(left).max(scale(right)) },
    }
}

/// A comparison: a date beside a timestamp is its midnight, and texts are ordered by their bytes.
pub(super) fn compared(dialect: Dialect, operator: &str, left: Typed, right: Typed) -> Typed {
    let local = DataType::Timestamp(Clock::Local);
    let (left, right) = match (left.data_type, right.data_type) {
        (DataType::Date, DataType::Timestamp(_)) => (dialect.cast(left, local), right),
        (DataType::Timestamp(_), DataType::Date) => (left, dialect.cast(right, local)),
        _ => (left, right),
    };
    let is_order = matches!(operator, "<" | "<=" | ">" | ">=");
    let left = if is_order { dialect.by_bytes(&left) } else { left.sql };
    Typed::new(Sql::compare(operator, &left, &right.sql), DataType::Boolean)
}

/// `IS [NOT] TRUE` and `IS [NOT] FALSE`.
fn is_truth(dialect: Dialect, of: &Sql, truth: bool, negated: bool) -> Sql {
    match dialect {
        Dialect::Snowflake => {
            let of = if truth { of.clone() } else { of.not() };
            let surely = Sql::call("COALESCE", &[&of, &Sql::atom("FALSE")]);
            if negated { surely.not() } else { surely }
        }
        Dialect::Duckdb | Dialect::Postgres | Dialect::Bigquery => {
            let (not, what) = (if negated { "NOT " } else { "" }, if truth { "TRUE" } else { "FALSE" });
            of.followed_by(&format!("IS {not}{what}"))
        }
    }
}

/// LIKE in which a backslash takes its meaning from `%`, `_` and itself.
fn like(dialect: Dialect, of: &Sql, pattern: &str, ignore_case: bool, negated: bool) -> Result<Sql, Diagnostic> {
    let not = if negated { "NOT " } else { "" };
    let has_escape = pattern.contains('\\');
    let pattern = dialect.text(pattern)?;
    let escape = match (dialect, has_escape) {
        (Dialect::Duckdb, true) => " ESCAPE '\\'",
        (Dialect::Snowflake, true) => " ESCAPE '\\\\'",
        (Dialect::Postgres | Dialect::Bigquery, _) | (_, false) => "",
    };
    Ok(match (dialect, ignore_case) {
        (Dialect::Bigquery, true) => {
            let (of, pattern) = (Sql::call("LOWER", &[of]), Sql::call("LOWER", &[&pattern]));
            of.followed_by(&format!("{not}LIKE {}", pattern.text()))
        }
        (_, true) => of.followed_by(&format!("{not}ILIKE {}{escape}", pattern.text())),
        (_, false) => of.followed_by(&format!("{not}LIKE {}{escape}", pattern.text())),
    })
}

fn case<R>(
    dialect: Dialect,
    branches: &[(Expr<R>, Expr<R>)],
    otherwise: Option<&Expr<R>>,
    value: &mut dyn FnMut(&Expr<R>) -> Result<Typed, Diagnostic>,
) -> Result<Typed, Diagnostic> {
    let mut pairs = Vec::with_capacity(branches.len());
    let mut values = Vec::with_capacity(branches.len() + 1);
    for (when, then) in branches {
        pairs.push(value(when)?.sql);
        values.push(value(then)?);
    }
    let has_otherwise = otherwise.is_some();
    if let Some(otherwise) = otherwise {
        values.push(value(otherwise)?);
    }
    let data_type = together(values.iter().map(|of| of.data_type));
    let mut values: Vec<Sql> = values
        .into_iter()
        .map(|of| match (of.data_type, data_type) {
            // What is written without a type would be taken for a text.
            (DataType::Null, DataType::Null) => of.sql,
            (DataType::Null, data_type) => dialect.null(data_type),
            _ => of.sql,
        })
        .collect();
    let otherwise = if has_otherwise { values.pop() } else { None };
    let branches: Vec<(Sql, Sql)> = pairs.into_iter().zip(values).collect();
    Ok(Typed::new(Sql::case(&branches, otherwise.as_ref()), data_type))
}

/// The type of a value that is one of several.
pub(super) fn together(types: impl IntoIterator<Item = DataType>) -> DataType {
    types.into_iter().fold(DataType::Null, |so_far, next| match (so_far, next) {
        (DataType::Null, other) | (other, DataType::Null) => other,
        (left, right) if left == right => left,
        (left, right) if left.is_number() && right.is_number() => number_type(left, right, false),
        (left, _) => left,
    })
}
