//! `SEMANTIC_VIEW(model METRICS m DIMENSIONS d WHERE …)`, which is a SELECT over metrics.

use sqlparser::ast::{
    Expr as Sql, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, GroupByExpr, Ident,
    ObjectName, Query, Select, SelectFlavor, SelectItem, SetExpr, TableFactor, TableWithJoins,
};

use super::super::guard::span_of;
use super::METRICS;
use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::parse::Tokens;

/// Where a query is `SELECT * FROM SEMANTIC_VIEW(…)`, it becomes the SELECT over metrics itself.
pub(super) fn collapse(catalog: &Catalog, tokens: &Tokens, query: &mut Query) -> Result<(), Diagnostics> {
    let SetExpr::Select(select) = query.body.as_mut() else { return Ok(()) };
    let is_everything = matches!(select.projection.as_slice(), [SelectItem::Wildcard(_)]);
    let is_plain = select.distinct.is_none() && select.selection.is_none() && select.having.is_none();
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let [TableWithJoins { relation, joins }] = select.from.as_slice() else { return Ok(()) };
    if !is_everything || !is_plain || is_grouped || select.qualify.is_some() || !joins.is_empty() {
        return Ok(());
    }
    if let Some(lifted) = of(catalog, tokens, relation)? {
        **select = lifted;
    }
    Ok(())
}

/// Elsewhere it becomes a sub-query.
pub(super) fn expand(catalog: &Catalog, tokens: &Tokens, table: &mut TableFactor) -> Result<(), Diagnostics> {
    let Some(select) = of(catalog, tokens, table)? else { return Ok(()) };
    let TableFactor::SemanticView { alias, .. } = table else { return Ok(()) };
    let alias = alias.take();
    let subquery = Query {
        with: None,
        body: Box::new(SetExpr::Select(Box::new(select))),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    };
    *table = TableFactor::Derived { lateral: false, subquery: Box::new(subquery), alias, sample: None };
    Ok(())
}

/// The SELECT over metrics that a `SEMANTIC_VIEW` is: its dimensions, then its metrics.
fn of(catalog: &Catalog, tokens: &Tokens, table: &TableFactor) -> Result<Option<Select>, Diagnostics> {
    let TableFactor::SemanticView { name, dimensions, metrics, facts, where_clause, alias: _ } = table else {
        return Ok(None);
    };
    let written = super::written(name);
    if written != catalog.name {
        let fault = Diagnostic::new(Code::InvalidQuery, format!("unknown semantic view `{written}`"));
        let fault = fault.at(span_of(tokens, name)).suggest(&written, [catalog.name.as_str()]);
        return Err(fault.help(format!("the model is `{}`", catalog.name)).into());
    }
    if let Some(fact) = facts.first() {
        let fault = Diagnostic::new(Code::NotSupportedYet, "FACTS of a SEMANTIC_VIEW").at(span_of(tokens, fact));
        return Err(fault
            .help("METRICS and DIMENSIONS are supported; rows are read by SELECT … FROM a dataset")
            .into());
    }
    let groups = dimensions.iter().cloned();
    let projection = groups.chain(metrics.iter().map(|metric| measure(metric.clone())));
    Ok(Some(Select {
        select_token: sqlparser::ast::helpers::attached_token::AttachedToken::empty(),
        optimizer_hints: Vec::new(),
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: false,
        projection: projection.map(SelectItem::UnnamedExpr).collect(),
        exclude: None,
        into: None,
        from: vec![TableWithJoins { relation: table_of(METRICS), joins: Vec::new() }],
        lateral_views: Vec::new(),
        prewhere: None,
        selection: where_clause.clone(),
        connect_by: Vec::new(),
        group_by: GroupByExpr::All(Vec::new()),
        cluster_by: Vec::new(),
        distribute_by: Vec::new(),
        sort_by: Vec::new(),
        having: None,
        named_window: Vec::new(),
        qualify: None,
        window_before_qualify: false,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    }))
}

/// A table of this name and nothing more.
pub(super) fn table_of(name: &str) -> TableFactor {
    TableFactor::Table {
        name: ObjectName::from(vec![Ident::new(name)]),
        alias: None,
        args: None,
        with_hints: Vec::new(),
        version: None,
        with_ordinality: false,
        partitions: Vec::new(),
        json_path: None,
        sample: None,
        index_hints: Vec::new(),
    }
}

fn measure(metric: Sql) -> Sql {
    let argument = FunctionArg::Unnamed(FunctionArgExpr::Expr(metric));
    Sql::Function(Function {
        name: ObjectName::from(vec![Ident::new("measure")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![argument],
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
