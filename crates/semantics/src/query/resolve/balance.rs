//! Balances: measures of which only the rows at the first or the last time count.

use super::super::row::{self, KeySource, RowExpr, RowRef, Table};
use super::attach::{found_by_time, is_of_tables};
use super::rows::{FactBuilder, Values, column_ref, not_time};
use crate::catalog::Balance;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::entity::Identified;
use crate::catalog::join_graph::JoinGraph;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind};
use crate::source::Span;
use crate::time::granularity::Granularity;

/// A balance over the rows of a fact whose keys are known.
pub(super) fn resolve(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    of: &Balance,
    span: Span,
) -> Result<row::Balance, Diagnostic> {
    let Values::Time(time) = fact.values(bound, &of.time.path, of.time.dimension)? else {
        return Err(not_time(&bound.catalog.dimension(of.time.dimension).name));
    };
    let mut by = Vec::new();
    for identified in &of.by {
        by.extend(identity(bound, fact, identified, span)?);
    }
    let found = found_by_time(&fact.tables, &|of| *of == time);
    let bucket = |key: &KeySource| match key {
        KeySource::Bucket { time: of, .. } => *of == time,
        KeySource::Value(of) => is_of_tables(of, &found),
        KeySource::DatePart { .. } | KeySource::Absent => false,
    };
    let is_kept = |key: &usize| fact.level.as_ref().is_none_or(|kept| kept.contains(key));
    let buckets = (0..fact.keys.len()).filter(is_kept).filter(|key| bucket(&fact.keys[*key])).collect();
    let granularity = bound.catalog.dimension(of.time.dimension).granularity.unwrap_or(Granularity::Day);
    Ok(row::Balance { time, granularity, choice: of.choice, by, buckets })
}

/// The values that tell the things of an entity or of a dimension apart.
pub(super) fn identity(
    bound: &BoundCatalog,
    fact: &mut FactBuilder,
    of: &Identified,
    span: Span,
) -> Result<Vec<RowExpr>, Diagnostic> {
    match of {
        Identified::Columns(columns) => columns
            .iter()
            .map(|name| {
                let column = bound.column(fact.dataset, name)?;
                Ok(Expr::new(Kind::Ref(RowRef::Column(column_ref(Table::FACT, &column))), span))
            })
            .collect(),
        Identified::Along(path, columns) => {
            let table = fact.table(bound, path)?;
            let end = JoinGraph::end(fact.dataset, path);
            columns
                .iter()
                .map(|name| {
                    let column = column_ref(table, &bound.column(end, name)?);
                    Ok(Expr::new(Kind::Ref(RowRef::Column(column)), span))
                })
                .collect()
        }
        Identified::Dimension(located) => {
            let expr = match fact.values(bound, &located.path, located.dimension)? {
                Values::Plain { expr, .. } => expr,
                Values::Time(time) => time.expr,
            };
            Ok(vec![expr.map_refs(&mut |c| RowRef::Column(c.clone()))])
        }
    }
}
