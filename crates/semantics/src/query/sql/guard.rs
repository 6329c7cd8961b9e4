//! What of a parsed statement may pass: reading, in constructs that are listed here.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArguments, JoinOperator, ObjectName, ObjectNamePart, Query,
    Select, SetExpr, Spanned, TableFactor, UnaryOperator, Visit, Visitor,
};

use super::functions;
use super::read::MAX_EXPANSION;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, nearest};
use crate::expr::parse::Tokens;
use crate::source::Span;

/// Refuses what is not a read or not among the constructs of a statement.
pub(super) fn check(query: &Query, tokens: &Tokens) -> Result<(), Diagnostic> {
    let mut guard = Guard { tokens };
    if let ControlFlow::Break(fault) = query.visit(&mut guard) {
        return Err(*fault);
    }
    expansion(query, tokens)
}

struct Guard<'a> {
    tokens: &'a Tokens<'a>,
}

type Checked = ControlFlow<Box<Diagnostic>>;

impl Visitor for Guard<'_> {
    type Break = Box<Diagnostic>;

    fn pre_visit_query(&mut self, query: &Query) -> Checked {
        let at = || span_of(self.tokens, query);
        let refused = [
            (query.with.as_ref().is_some_and(|with| with.recursive), "WITH RECURSIVE"),
            (query.fetch.is_some(), "FETCH"),
            (!query.locks.is_empty(), "FOR UPDATE and FOR SHARE"),
            (query.for_clause.is_some(), "FOR XML, JSON and BROWSE"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
            (!query.pipe_operators.is_empty(), "the operator `|>`"),
            (query.order_by.as_ref().is_some_and(|order| order.interpolate.is_some()), "INTERPOLATE"),
        ];
        if let Some((_, what)) = refused.into_iter().find(|(found, _)| *found) {
            return refuse(what, at());
        }
        self.set_expr(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> Checked {
        let at = || span_of(self.tokens, select);
        let refused = [
            (select.into.is_some(), "SELECT INTO"),
            (select.top.is_some(), "TOP"),
            (!select.optimizer_hints.is_empty(), "an optimizer hint"),
            (select.select_modifiers.is_some(), "a modifier of SELECT"),
            (select.exclude.is_some(), "EXCLUDE"),
            (!select.lateral_views.is_empty(), "LATERAL VIEW"),
            (select.prewhere.is_some(), "PREWHERE"),
            (!select.connect_by.is_empty(), "CONNECT BY"),
            (!select.cluster_by.is_empty() || !select.distribute_by.is_empty(), "CLUSTER BY and DISTRIBUTE BY"),
            (!select.sort_by.is_empty(), "SORT BY"),
            (select.value_table_mode.is_some(), "SELECT AS"),
        ];
        match refused.into_iter().find(|(found, _)| *found) {
            Some((_, what)) => refuse(what, at()),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> Checked {
        let at = span_of(self.tokens, table);
        match table {
            TableFactor::Table {
                args: None, with_hints, version: None, with_ordinality: false, partitions, ..
            } if with_hints.is_empty() && partitions.is_empty() => match table {
                TableFactor::Table { json_path: None, sample: None, index_hints, name, .. }
                    if index_hints.is_empty() && name.0.iter().all(is_identifier) =>
                {
                    ControlFlow::Continue(())
                }
                _ => refuse("a sample, a hint or a path of a table", at),
            },
            TableFactor::Table { args: Some(_), .. } => refuse("a table function", at),
            TableFactor::Derived { lateral: false, sample: None, .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::SemanticView { .. } => ControlFlow::Continue(()),
            TableFactor::Derived { .. } => refuse("LATERAL or a sample of a sub-query", at),
            _ => refuse("a table function", at),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Checked {
        match expr {
            Expr::Function(function) => self.function(function),
            Expr::BinaryOp { op, .. } if !is_allowed(op) => {
                refuse(&format!("the operator `{op}`"), span_of(self.tokens, expr))
            }
            Expr::UnaryOp { op, .. }
                if !matches!(op, UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not) =>
            {
                refuse(&format!("the operator `{op}`"), span_of(self.tokens, expr))
            }
            Expr::Identifier(ident)
                if ident.quote_style.is_none()
                    && functions::CLOCKS.iter().any(|clock| ident.value.eq_ignore_ascii_case(clock))
                    && ident.value.to_ascii_lowercase().starts_with("current_") =>
            {
                ControlFlow::Break(Box::new(clock(&ident.value, span_of(self.tokens, expr))))
            }
            _ if is_construct(expr) => ControlFlow::Continue(()),
            _ => refuse("a construct that statements do not have", span_of(self.tokens, expr)),
        }
    }
}

impl Guard<'_> {
    fn set_expr(&self, body: &SetExpr) -> Checked {
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                self.set_expr(left)?;
                self.set_expr(right)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                refuse("INSERT, UPDATE, DELETE or MERGE", self.tokens.whole())
            }
            SetExpr::Table(_) => refuse("TABLE", self.tokens.whole()),
        }
    }

    fn function(&self, function: &Function) -> Checked {
        let at = span_of(self.tokens, &function.name);
        let [ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() else {
            return refuse("a function with a dotted name", at);
        };
        let name = ident.value.to_ascii_lowercase();
        if functions::CLOCKS.contains(&name.as_str()) {
            return ControlFlow::Break(Box::new(clock(&ident.value, at)));
        }
        if !functions::all().any(|known| known == name) {
            let near = nearest(&name, functions::all());
            let fault = Diagnostic::new(Code::InvalidQuery, format!("unknown function `{}`", ident.value)).at(at);
            return ControlFlow::Break(Box::new(
                fault.candidates(near).help("docs/sql.md lists the functions of a statement"),
            ));
        }
        let plain = matches!(function.parameters, FunctionArguments::None) && !function.uses_odbc_syntax;
        let named = |argument: &FunctionArg| !matches!(argument, FunctionArg::Unnamed(_));
        let arguments = match &function.args {
            FunctionArguments::List(list) => {
                list.args.iter().any(named) && !functions::TAKES_OFFSET.contains(&name.as_str())
            }
            FunctionArguments::None => false,
            FunctionArguments::Subquery(_) => true,
        };
        if !plain || arguments {
            return refuse(&format!("`{name}` with more than its arguments"), at);
        }
        ControlFlow::Continue(())
    }
}

fn is_identifier(part: &ObjectNamePart) -> bool {
    matches!(part, ObjectNamePart::Identifier(_))
}

fn clock(name: &str, at: Span) -> Diagnostic {
    Diagnostic::new(Code::QueryNotAllowed, format!("`{name}` in a statement"))
        .at(at)
        .help("the clock of a question is its `as_of`: periods are asked by TIME_RANGE('last_7_days') or by dates")
}

fn refuse(what: &str, at: Span) -> Checked {
    let fault = Diagnostic::new(Code::QueryNotAllowed, format!("{what} in a statement")).at(at);
    ControlFlow::Break(Box::new(fault.help("docs/sql.md lists what a statement may hold")))
}

/// The tokens that a node of the tree covers, as far as the parser knows.
pub(super) fn span_of(tokens: &Tokens, node: &impl Spanned) -> Span {
    let span = node.span();
    if span.start.line == 0 {
        return tokens.whole();
    }
    let first = tokens.at_location(span.start);
    let mut last = tokens.at_location(span.end);
    // The end lies after the last character: the token that begins at it or later is the next one.
    if last > first && !tokens.is_before(last, span.end) {
        last -= 1;
    }
    tokens.span(first, last)
}

fn is_allowed(op: &BinaryOperator) -> bool {
    matches!(
        op,
        BinaryOperator::Plus
            | BinaryOperator::Minus
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::Eq
            | BinaryOperator::NotEq
            | BinaryOperator::Lt
            | BinaryOperator::LtEq
            | BinaryOperator::Gt
            | BinaryOperator::GtEq
            | BinaryOperator::And
            | BinaryOperator::Or
            | BinaryOperator::StringConcat
    )
}

/// The expressions that statements have, apart from calls, whose names are held against a list.
fn is_construct(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::Between { .. }
            | Expr::BinaryOp { .. }
            | Expr::UnaryOp { .. }
            | Expr::Like { any: false, escape_char: None, .. }
            | Expr::ILike { any: false, escape_char: None, .. }
            | Expr::Cast { array: false, format: None, .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Nested(_)
            | Expr::Value(_)
            | Expr::TypedString(_)
            | Expr::Case { .. }
            | Expr::Exists { .. }
            | Expr::Subquery(_)
            | Expr::Interval(_)
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::Cube(_)
            | Expr::Rollup(_)
            | Expr::GroupingSets(_)
            | Expr::Tuple(_)
    )
}

/// How many tables are read once every CTE stands where it is named, and that joins are of a known kind.
fn expansion(query: &Query, tokens: &Tokens) -> Result<(), Diagnostic> {
    let mut count = Expansion { tokens, of_cte: HashMap::new(), total: 0 };
    let total = count.query(query)?;
    count.total = total;
    if count.total > MAX_EXPANSION {
        return Err(fan_out(tokens));
    }
    Ok(())
}

fn fan_out(tokens: &Tokens) -> Diagnostic {
    let fact = format!("more than {MAX_EXPANSION} tables once every CTE stands where it is named");
    Diagnostic::new(Code::QueryTooLarge, fact).at(tokens.whole()).help("name each CTE fewer times")
}

struct Expansion<'a> {
    tokens: &'a Tokens<'a>,
    of_cte: HashMap<String, usize>,
    total: usize,
}

impl Expansion<'_> {
    /// Tables below a query, CTEs counted each time that they are named.
    fn query(&mut self, query: &Query) -> Result<usize, Diagnostic> {
        if let Some(with) = &query.with {
            for cte in &with.cte_tables {
                if cte.query.with.is_some() {
                    let fault = Diagnostic::new(Code::QueryNotAllowed, "WITH in a sub-query in a statement");
                    let help = "WITH stands at the beginning, with every CTE in it";
                    return Err(fault.at(span_of(self.tokens, &Expr::Identifier(cte.alias.name.clone()))).help(help));
                }
                let below = self.query(&cte.query)?.max(1);
                if below > MAX_EXPANSION {
                    return Err(fan_out(self.tokens));
                }
                self.of_cte.insert(cte.alias.name.value.to_lowercase(), below);
            }
        }
        let mut relations = Relations { of_cte: &self.of_cte, total: 0, refused: None };
        let _ = query.body.visit(&mut relations);
        let _ = query.order_by.visit(&mut relations);
        if let Some(refused) = relations.refused {
            let fault = Diagnostic::new(Code::QueryNotAllowed, format!("{refused} in a statement"));
            let help =
                "joins are INNER, LEFT, RIGHT, FULL and CROSS; WITH stands at the beginning, with every CTE in it";
            return Err(fault.at(self.tokens.whole()).help(help));
        }
        Ok(relations.total)
    }
}

struct Relations<'a> {
    of_cte: &'a HashMap<String, usize>,
    total: usize,
    refused: Option<&'static str>,
}

impl Visitor for Relations<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.refused = self.refused.or(query.with.is_some().then_some("WITH in a sub-query"));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> ControlFlow<()> {
        let known = name.to_string().replace('"', "").to_lowercase();
        self.total = self.total.saturating_add(self.of_cte.get(&known).copied().unwrap_or(1));
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for join in select.from.iter().flat_map(|from| &from.joins) {
            self.refused = self.refused.or(match join.join_operator {
                JoinOperator::Join(_)
                | JoinOperator::Inner(_)
                | JoinOperator::Left(_)
                | JoinOperator::LeftOuter(_)
                | JoinOperator::Right(_)
                | JoinOperator::RightOuter(_)
                | JoinOperator::FullOuter(_)
                | JoinOperator::CrossJoin(_) => None,
                JoinOperator::Semi(_)
                | JoinOperator::LeftSemi(_)
                | JoinOperator::RightSemi(_)
                | JoinOperator::Anti(_)
                | JoinOperator::LeftAnti(_)
                | JoinOperator::RightAnti(_) => Some("SEMI and ANTI joins"),
                JoinOperator::CrossApply | JoinOperator::OuterApply => Some("APPLY"),
                JoinOperator::AsOf { .. } => Some("ASOF joins"),
                _ => Some("this kind of join"),
            });
        }
        ControlFlow::Continue(())
    }
}
