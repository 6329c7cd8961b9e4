//! What was read of a SELECT, written down as a request.

use super::Item;
use super::draft::Draft;
use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Name};
use crate::query::field::{Field, FieldOf, Grain};
use crate::query::request::{FilterItem, GroupItem, MetricItem, MetricsRequest, OrderItem, TimeArguments};
use crate::query::resolved::Part;
use crate::query::sql::guard::span_of;
use crate::query::sql::lift::conditions::{self, Where};
use crate::query::sql::lift::order::{Asked, Limit};
use crate::query::sql::{ColumnOf, Places};
use crate::source::Span;

/// The clauses of a SELECT that are a request's.
pub(super) struct Clauses {
    pub found: Where,
    pub having: Vec<(Expr<Name>, Span)>,
    pub order: Vec<Asked>,
    pub limit: Limit,
    /// Whether the request's answer is the SELECT's, under its aliases.
    pub is_whole: bool,
}

/// The request, and where each of its arguments was written.
pub(super) fn request(draft: &Draft, items: &[Item], clauses: Clauses) -> Result<(MetricsRequest, Places), Diagnostic> {
    let Clauses { found, having, order, limit, is_whole } = clauses;
    let mut writer = Writer { draft, items, is_whole, places: Places::default() };
    let mut time = TimeArguments::default();
    if let Some((text, span)) = found.time_range {
        writer.place("time_range".to_string(), span);
        time.time_range = Some(text);
    }
    if let Some((text, span)) = found.comparison {
        writer.place("comparison".to_string(), span);
        time.comparison = Some(text);
    }
    let metrics = writer.metrics();
    let group_by = writer.groups(&mut time);
    let where_ = writer.where_(found.conditions)?;
    let having = having.into_iter().enumerate().map(|(i, (condition, span))| {
        let field = writer.place(format!("having[{i}]"), span);
        FilterItem { metric: None, condition, field }
    });
    let having: Vec<FilterItem> = having.collect();
    let order = order.into_iter().enumerate().map(|(i, asked)| {
        let field = writer.place(format!("order_by[{i}]"), asked.span);
        OrderItem { column: asked.column, descending: asked.descending, field }
    });
    let order: Vec<OrderItem> = order.collect();
    let request = MetricsRequest {
        metrics,
        time,
        group_by,
        where_,
        having,
        order_by: (!order.is_empty()).then_some(order),
        limit: match limit {
            Limit::Rows(rows) => Some(rows),
            Limit::None | Limit::Other => None,
        },
        totals: Some(false),
        ..MetricsRequest::default()
    };
    Ok((request, writer.places))
}

struct Writer<'a> {
    draft: &'a Draft<'a>,
    items: &'a [Item],
    is_whole: bool,
    places: Places,
}

impl Writer<'_> {
    /// Notes where an argument was written.
    fn place(&mut self, field: String, span: Span) -> String {
        self.places.0.push((field.clone(), span));
        field
    }

    /// The alias that a column of the answer takes, where it is not its own name.
    fn alias(&self, column: ColumnOf, wanted: &str) -> Option<String> {
        let is_it = |item: &&Item| item.leaf.as_ref().and_then(|leaf| self.draft.column(leaf)) == Some(column);
        let alias = self.items.iter().find(is_it)?.alias.clone();
        alias.filter(|alias| self.is_whole && alias != wanted)
    }

    /// The alias of a metric; one whose name another has too is told by it, so that its filter is its own.
    fn metric_alias(&self, position: usize) -> Option<String> {
        let metric = &self.draft.metrics[position];
        let alias = self.alias(ColumnOf::Metric(position, Part::Value), &metric.column());
        let alias = alias.filter(|alias| metric.offset.is_some() || *alias != metric.asked);
        let own = || self.draft.shares_name(position).then(|| format!("{}__{}", metric.name, position + 1));
        alias.or_else(own)
    }

    fn metrics(&mut self) -> Vec<MetricItem> {
        let draft = self.draft;
        let metrics = draft.metrics.iter().enumerate().map(|(i, metric)| {
            let field = self.place(format!("metric_names[{i}]"), metric.span);
            let alias = self.metric_alias(i);
            MetricItem { name: metric.asked.clone(), alias, offset: metric.offset.clone(), field }
        });
        metrics.collect()
    }

    /// The groups; a time series that comes first is the request's granularity.
    fn groups(&mut self, time: &mut TimeArguments) -> Vec<GroupItem> {
        let draft = self.draft;
        let mut groups = Vec::new();
        for (i, (name, span)) in draft.groups.iter().enumerate() {
            let alias = self.alias(ColumnOf::Group(i), name);
            let granularity = if i == 0 { series(draft.names.catalog, name) } else { None };
            let is_series = granularity.is_some();
            if is_series {
                self.place("granularity".to_string(), *span);
                time.granularity = granularity;
            }
            if !is_series || alias.is_some() {
                let field = self.place(format!("group_by[{}]", groups.len()), *span);
                groups.push(GroupItem { name: name.clone(), grain: None, date_part: None, alias, field });
            }
        }
        groups
    }

    /// The conditions of WHERE, then those of single metrics.
    fn where_(&mut self, conditions: Vec<(Expr<Name>, Span)>) -> Result<Vec<FilterItem>, Diagnostic> {
        let draft = self.draft;
        let mut where_ = Vec::new();
        for (condition, span) in conditions {
            let field = self.place(format!("where[{}]", where_.len()), span);
            where_.push(FilterItem { metric: None, condition, field });
        }
        for (position, metric) in draft.metrics.iter().enumerate() {
            let Some(filter) = &metric.filter else { continue };
            let condition = conditions::row_condition(&draft.names, filter)?;
            let field = self.place(format!("where[{}]", where_.len()), span_of(draft.names.tokens, filter.as_ref()));
            let alias = self.metric_alias(position).filter(|_| draft.shares_name(position));
            let metric = alias.unwrap_or_else(|| metric.name.clone());
            where_.push(FilterItem { metric: Some(metric), condition, field });
        }
        Ok(where_)
    }
}

/// The granularity of a group that is a time series: `metric_time` in standard buckets.
fn series(catalog: &Catalog, name: &str) -> Option<String> {
    match Field::parse(catalog, name) {
        Ok(Field { of: FieldOf::MetricTime, grain: Grain::Bucket(granularity) }) => Some(granularity.to_string()),
        Ok(_) | Err(_) => None,
    }
}
