//! Times held against dates: read by their day.

use super::super::field::{Field, Grain};
use crate::catalog::Catalog;
use crate::catalog::bind::BoundCatalog;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Kind, Literal, Name};
use crate::time::granularity::Granularity;

/// Names as fields; a bare time that is held against dates alone is read by its day, so that
/// `ordered_at <= DATE '2026-03-07'` includes that day whole.
pub(super) fn by_day(bound: &BoundCatalog, expr: &Expr<Name>) -> Result<Expr<Field>, Diagnostic> {
    let fields = expr.try_substitute(&mut |name: &Name, span| {
        let field = Field::parse(&bound.catalog, &name.dotted()).map_err(|d| d.at(span))?;
        Ok::<_, Diagnostic>(Expr::new(Kind::Ref(field), span))
    })?;
    Ok(days(&bound.catalog, fields))
}

fn days(catalog: &Catalog, mut expr: Expr<Field>) -> Expr<Field> {
    match expr.kind.as_mut() {
        Kind::Binary { op, left, right } if is_comparison(*op) => {
            if is_date(right) {
                to_day(catalog, left);
            } else if is_date(left) {
                to_day(catalog, right);
            }
        }
        Kind::Between { of, low, high, .. } if is_date(low) && is_date(high) => to_day(catalog, of),
        Kind::InList { of, list, .. } if list.iter().all(is_date) => to_day(catalog, of),
        Kind::Binary { left, right, .. } => {
            *left = days(catalog, left.clone());
            *right = days(catalog, right.clone());
        }
        Kind::Not(of) => *of = days(catalog, of.clone()),
        Kind::Case { branches, otherwise } => {
            for (when, then) in branches {
                *when = days(catalog, when.clone());
                *then = days(catalog, then.clone());
            }
            if let Some(otherwise) = otherwise {
                *otherwise = days(catalog, otherwise.clone());
            }
        }
        _ => {}
    }
    expr
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessOrEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterOrEqual
            | BinaryOp::IsDistinctFrom
            | BinaryOp::IsNotDistinctFrom
    )
}

/// A date literal, or a text of the form of one: the latter is a date only beside a time, which
/// [`to_day`] sees to by touching nothing but times.
fn is_date(expr: &Expr<Field>) -> bool {
    match expr.kind.as_ref() {
        Kind::Literal(Literal::Date(_)) => true,
        Kind::Literal(Literal::Text(text)) => {
            text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
        }
        _ => false,
    }
}

fn to_day(catalog: &Catalog, expr: &mut Expr<Field>) {
    if let Kind::Ref(field) = expr.kind.as_mut()
        && field.grain == Grain::Unsaid
        && field.is_time(catalog)
    {
        field.grain = Grain::Bucket(Granularity::Day);
    }
}
