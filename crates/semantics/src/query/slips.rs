//! Names of a model in another spelling: `NET_SALES`, `net-sales` and `Net Sales` are read as `net_sales`
//! when exactly one name fits, and the answer says so. A name that is wrong by a letter is refused.

use super::request::{Decoded, FilterItem, GroupItem, MetricItem, OrderItem, Request};
use crate::catalog::Catalog;
use crate::expr::{Expr, Name};
use crate::model::Naming;
use crate::spelling;
use crate::time::granularity::Granularity;

/// Reads respelled names of metrics, dimensions and saved queries as what they mean, with a note each.
pub fn mend(catalog: &Catalog, decoded: &mut Decoded) {
    Mender { catalog, dimensions: dimensions(catalog), notes: &mut decoded.notes }.request(&mut decoded.request);
}

struct Mender<'a> {
    catalog: &'a Catalog,
    dimensions: Vec<String>,
    notes: &'a mut Vec<String>,
}

/// What a comparison adds to a metric's name.
const SUFFIXES: [&str; 4] = ["__previous", "__change", "__percent_change", "__points"];

/// Every name that a request may group or filter by, paths of one dataset included.
fn dimensions(catalog: &Catalog) -> Vec<String> {
    let mut names: Vec<String> = catalog.dimension_names().into_iter().map(str::to_string).collect();
    names.extend(catalog.entity_names().into_iter().map(str::to_string));
    names.push("metric_time".into());
    let visible = catalog.dimensions().iter().filter(|d| !d.hidden);
    names.extend(visible.map(|d| format!("{}.{}", catalog.dataset(d.dataset).name, d.name)));
    names
}

impl Mender<'_> {
    fn request(&mut self, request: &mut Request) {
        match request {
            Request::GetMetrics(asked) => {
                self.metrics(&mut asked.metrics);
                if let Some(name) = &mut asked.saved_query {
                    self.saved_query(name);
                }
                self.groups(&mut asked.group_by);
                self.conditions(&mut asked.where_);
                let given = asked.metrics.iter().filter_map(|m| m.alias.clone());
                let given: Vec<String> = given.chain(asked.group_by.iter().filter_map(|g| g.alias.clone())).collect();
                for condition in &mut asked.having {
                    condition.condition = self.columns(&condition.condition, &condition.field, &given);
                }
                for order in asked.order_by.iter_mut().flatten() {
                    self.order(order, &given);
                }
            }
            Request::AuditPerformance(asked) => {
                self.metrics(&mut asked.metrics);
                self.groups(asked.dimensions.as_deref_mut().unwrap_or_default());
                self.conditions(&mut asked.where_);
            }
            Request::DescribeMetric(asked) => self.metric(&mut asked.name, "name"),
            Request::ListDimensions(asked) => self.metrics(&mut asked.metrics),
            Request::GetDimensionValues(asked) => {
                if let Some(meant) = self.dimension(&asked.dimension) {
                    self.note("dimension", &asked.dimension, &meant);
                    asked.dimension = meant;
                }
            }
            Request::Explain(asked) => self.request(&mut asked.request),
            Request::Search(_)
            | Request::ListMetrics(_)
            | Request::GetFreshness
            | Request::ListSavedQueries
            | Request::ResolveTimeRange(_)
            | Request::Execute(_)
            | Request::Fetch(_)
            | Request::SubmitFeedback(_)
            | Request::Administer(_) => {}
        }
    }

    fn note(&mut self, field: &str, written: &str, meant: &str) {
        let written = crate::expr::parse::excerpt(written);
        self.notes.push(format!("`{field}` was given as `{written}` and read as `{meant}`"));
    }

    fn metrics(&mut self, items: &mut [MetricItem]) {
        for item in items {
            let field = item.field.clone();
            self.metric(&mut item.name, &field);
        }
    }

    fn metric(&mut self, name: &mut String, field: &str) {
        if let Some(meant) = spelling::only(name, self.catalog.metric_names().map(|(name, _)| name)) {
            self.note(field, name, meant);
            *name = meant.to_string();
        }
    }

    fn saved_query(&mut self, name: &mut String) {
        let known = self.catalog.saved_queries.iter().map(|query| query.name.value.as_str());
        if let Some(meant) = spelling::only(name, known) {
            self.note("saved_query", name, meant);
            *name = meant.to_string();
        }
    }

    fn groups(&mut self, items: &mut [GroupItem]) {
        for item in items {
            if let Some(meant) = self.dimension(&item.name) {
                self.note(&item.field, &item.name, &meant);
                item.name = meant;
            }
        }
    }

    /// A dimension's name in its own spelling, with its granularity; none when it is written so.
    fn dimension(&self, name: &str) -> Option<String> {
        let known = || self.dimensions.iter().map(String::as_str);
        if let Some(meant) = spelling::only(name, known()) {
            return Some(meant.to_string());
        }
        if self.catalog.naming == Naming::EntityPaths {
            return None;
        }
        let (base, grain) = name.rsplit_once("__")?;
        let plain = spelling::plain(grain);
        let is_grain = Granularity::parse(&plain).is_some();
        let grain = if is_grain { plain } else { grain.to_string() };
        let meant = spelling::only(base, known()).map(str::to_string).or_else(|| {
            let is_known = known().any(|known| known == base);
            is_known.then(|| base.to_string())
        })?;
        let meant = format!("{meant}__{grain}");
        (meant != name).then_some(meant)
    }

    fn conditions(&mut self, items: &mut [FilterItem]) {
        for item in items {
            if let Some(metric) = &mut item.metric {
                let field = item.field.clone();
                self.metric(metric, &field);
            }
            let mut found = Vec::new();
            item.condition = item.condition.map_refs(&mut |name: &Name| {
                let written = name.dotted();
                match self.dimension(&written) {
                    Some(meant) => {
                        let respelled = Name { parts: meant.split('.').map(str::to_string).collect() };
                        found.push((written, meant));
                        respelled
                    }
                    None => name.clone(),
                }
            });
            for (written, meant) in found {
                self.note(&item.field, &written, &meant);
            }
        }
    }

    fn columns(&mut self, condition: &Expr<Name>, field: &str, given: &[String]) -> Expr<Name> {
        let mut found = Vec::new();
        let mended = condition.map_refs(&mut |name: &Name| {
            let written = name.dotted();
            match self.column(&written, given) {
                Some(meant) => {
                    found.push((written, meant.clone()));
                    Name { parts: meant.split('.').map(str::to_string).collect() }
                }
                None => name.clone(),
            }
        });
        for (written, meant) in found {
            self.note(field, &written, &meant);
        }
        mended
    }

    fn order(&mut self, order: &mut OrderItem, given: &[String]) {
        if let Some(meant) = self.column(&order.column, given) {
            self.note(&order.field, &order.column, &meant);
            order.column = meant;
        }
    }

    /// A column of the answer in its own spelling: an alias, a metric, what a comparison adds to it, a group.
    fn column(&self, written: &str, given: &[String]) -> Option<String> {
        if given.iter().any(|alias| alias == written) {
            return None;
        }
        let plain = spelling::plain(written);
        let suffix = SUFFIXES.iter().find(|suffix| plain.ends_with(*suffix)).copied().unwrap_or_default();
        let base = written.get(..written.len().saturating_sub(suffix.len())).unwrap_or(written);
        let names = self.catalog.metric_names().map(|(name, _)| name).chain(given.iter().map(String::as_str));
        match spelling::only(base, names) {
            Some(meant) => Some(format!("{meant}{suffix}")).filter(|meant| meant != written),
            None if self.catalog.metric_named(base).is_some() => None,
            None => self.dimension(written),
        }
    }
}
