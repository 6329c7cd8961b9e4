//! What stands in a SELECT's place: a SELECT over the columns of its request's answer.

use std::collections::HashMap;

use sqlparser::ast::{
    BinaryOperator, Expr as Sql, GroupByExpr, Ident, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Select,
    SelectItem, TableWithJoins,
};

use super::draft::Draft;
use super::{Clauses, Item, column_name, walk};
use crate::diagnostic::Diagnostic;
use crate::query::sql::guard::span_of;
use crate::query::sql::lift::names::spellings;
use crate::query::sql::lift::{ident, order, view};
use crate::query::sql::{ColumnOf, LiftedColumn};

/// A SELECT on its way to becoming one over the columns of `table`.
pub(super) struct After<'s, 'q> {
    pub select: &'s mut Select,
    pub clauses: Clauses<'q>,
    pub table: &'s str,
    /// Conditions on results that no request has.
    pub having: Vec<Sql>,
}

impl After<'_, '_> {
    /// Rewrites the SELECT and gives the columns that it reads.
    pub(super) fn rewrite(
        &mut self,
        draft: &mut Draft,
        items: &[Item],
        is_whole: bool,
    ) -> Result<Vec<LiftedColumn>, Diagnostic> {
        let mut computed: HashMap<String, Sql> = HashMap::new();
        let mut projection = Vec::with_capacity(items.len());
        for item in items {
            let expr = rewritten(draft, &[], &HashMap::new(), &item.expr)?;
            if let (None, Some(alias)) = (&item.leaf, &item.alias) {
                computed.insert(alias.clone(), Sql::Nested(Box::new(expr.clone())));
            }
            projection.push(SelectItem::ExprWithAlias { expr, alias: ident(&item.label, &item.expr) });
        }
        let mut selection: Option<Sql> = None;
        for condition in &self.having {
            let condition = Sql::Nested(Box::new(rewritten(draft, items, &computed, condition)?));
            selection = Some(match selection {
                None => condition,
                Some(known) => {
                    Sql::BinaryOp { left: Box::new(known), op: BinaryOperator::And, right: Box::new(condition) }
                }
            });
        }
        if let Some(qualify) = self.select.qualify.take() {
            self.select.qualify = Some(rewritten(draft, items, &computed, &qualify)?);
        }
        if is_whole {
            (*self.clauses.order_by, *self.clauses.limit) = (None, None);
        } else {
            self.order(draft, items, &computed)?;
        }
        let select = &mut *self.select;
        (select.projection, select.selection) = (projection, selection);
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
        select.having = None;
        if is_whole {
            select.distinct = None;
        }
        select.from = vec![TableWithJoins { relation: view::table_of(self.table), joins: Vec::new() }];
        let groups = (0..draft.groups.len()).map(ColumnOf::Group);
        let metrics = draft.metrics.iter().enumerate();
        let parts = metrics.flat_map(|(i, metric)| metric.parts.iter().map(move |part| ColumnOf::Metric(i, *part)));
        Ok(groups.chain(parts).map(|of| LiftedColumn { name: column_name(of), of }).collect())
    }

    /// The order of the SELECT, and then of its groups, so that a page is stable.
    fn order(&mut self, draft: &mut Draft, items: &[Item], computed: &HashMap<String, Sql>) -> Result<(), Diagnostic> {
        let mut keys = Vec::new();
        for key in order::keys(self.clauses.order_by.as_ref()) {
            let expr = match order::by_place(&draft.names, items, &key.expr)? {
                Some(item) => Sql::Identifier(ident(&item.label, &key.expr)),
                None => match order::by_alias(&draft.names, items, &key.expr) {
                    Some(item) => Sql::Identifier(ident(&item.label, &key.expr)),
                    None => rewritten(draft, items, computed, &key.expr)?,
                },
            };
            keys.push(OrderByExpr { expr, options: key.options, with_fill: None });
        }
        if keys.is_empty() {
            return Ok(());
        }
        if self.select.distinct.is_none() {
            keys.extend((0..draft.groups.len()).map(|group| OrderByExpr {
                expr: Sql::Identifier(Ident::with_quote('"', column_name(ColumnOf::Group(group)))),
                options: OrderByOptions { asc: None, nulls_first: None },
                with_fill: None,
            }));
        }
        *self.clauses.order_by = Some(OrderBy { kind: OrderByKind::Expressions(keys), interpolate: None });
        Ok(())
    }
}

/// An expression over the columns of the answer.
fn rewritten(
    draft: &mut Draft,
    items: &[Item],
    computed: &HashMap<String, Sql>,
    expr: &Sql,
) -> Result<Sql, Diagnostic> {
    let mut own = expr.clone();
    let names = draft.names;
    walk(&mut own, &mut |expr| {
        let alias = match &*expr {
            Sql::Identifier(_) => names
                .written(expr)
                .and_then(|written| spellings(&written).into_iter().find_map(|name| computed.get(&name).cloned())),
            _ => None,
        };
        if let Some(known) = alias {
            *expr = known;
            return Ok(());
        }
        let leaf = match order::by_alias(&names, items, expr) {
            Some(item) if item.leaf.is_some() => item.leaf.clone(),
            _ => order::leaf(&names, items, expr)?,
        };
        if let Some(leaf) = leaf {
            let column = draft.register(&leaf, span_of(names.tokens, expr))?;
            *expr = Sql::Identifier(ident(&column_name(column), expr));
        }
        Ok(())
    })?;
    Ok(own)
}
