//! Columns of the answer: conditions on results, order, and names that must differ.

use std::collections::HashSet;

use super::super::computation::Computation;
use super::super::field::{Field, FieldOf, Grain};
use super::super::request::{MetricsRequest, OrderItem};
use super::super::resolved::{Group, Order, Output, OutputColumn, Part, QueryTime};
use super::conditions::of_request;
use super::rows::untyped;
use crate::catalog::bind::BoundCatalog;
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Kind, Name, typing};
use crate::model::Naming;
use crate::model::metric::Offset;

/// The columns that an answer will have.
pub(super) struct Columns<'a> {
    pub bound: &'a BoundCatalog,
    pub groups: &'a [Group],
    pub outputs: &'a [Output],
    pub computations: &'a [Computation],
    pub time: &'a QueryTime,
}

impl Columns<'_> {
    /// The request's conditions on results.
    pub(super) fn having(&self, request: &MetricsRequest, found: &mut Diagnostics) -> Vec<Expr<OutputColumn>> {
        let mut conditions = Vec::new();
        for item in &request.having {
            match self.condition(&item.condition) {
                Ok(condition) => conditions.push(condition),
                Err(refused) => found.push(of_request(refused, &item.field)),
            }
        }
        conditions
    }

    fn condition(&self, written: &Expr<Name>) -> Result<Expr<OutputColumn>, Diagnostic> {
        let over = written.try_substitute(&mut |name: &Name, span| {
            let dotted = name.dotted();
            match self.find(&dotted) {
                Some(column) => Ok(Expr::new(Kind::Ref(column), span)),
                None => Err(Diagnostic { code: Code::InvalidFilter, ..self.no_column(&dotted) }),
            }
        })?;
        let (typed, data_type) =
            typing::coerce(over, &mut |column: &OutputColumn| self.data_type(*column)).map_err(untyped)?;
        match data_type {
            DataType::Boolean | DataType::Null => Ok(typed),
            other => {
                let message = format!("`{}` is {other}, not a condition", written);
                Err(Diagnostic::new(Code::InvalidFilter, message)
                    .help("write a comparison, such as `net_sales > 1000`"))
            }
        }
    }

    /// The whole order: what was asked, or the default, then the groups.
    pub(super) fn order(&self, request: &MetricsRequest, found: &mut Diagnostics) -> Vec<Order> {
        let mut order: Vec<Order> = match &request.order_by {
            Some(items) => {
                let mut asked = Vec::new();
                for item in items {
                    match self.order_column(item) {
                        Ok(column) => asked.push(Order { column, descending: item.descending }),
                        Err(refused) => found.push(refused.field(item.field.clone()).received(item.column.clone())),
                    }
                }
                asked
            }
            None => self.default_order(),
        };
        for i in 0..self.groups.len() {
            let column = OutputColumn::Group(i);
            if !order.iter().any(|o| o.column == column) {
                order.push(Order { column, descending: false });
            }
        }
        order
    }

    fn default_order(&self) -> Vec<Order> {
        let times = self
            .groups
            .iter()
            .enumerate()
            .filter(|(_, g)| g.granularity.is_some() || matches!(g.field.grain, Grain::Custom(_) | Grain::Part(_)));
        let order: Vec<Order> =
            times.map(|(i, _)| Order { column: OutputColumn::Group(i), descending: false }).collect();
        if !order.is_empty() || self.groups.is_empty() {
            return order;
        }
        let first = self.outputs.iter().position(|o| o.shown);
        first.map(|i| Order { column: OutputColumn::Metric(i, Part::Value), descending: true }).into_iter().collect()
    }

    fn order_column(&self, item: &OrderItem) -> Result<OutputColumn, Diagnostic> {
        if let Some(column) = self.find(&item.column) {
            return Ok(column);
        }
        let field = Field::parse(&self.bound.catalog, &item.column).ok();
        let is_dimension = field.is_some_and(|f| {
            let last = match &f.of {
                FieldOf::MetricTime => return true,
                FieldOf::Metric(_) => return false,
                FieldOf::Dimension { name, .. } => name.as_str(),
            };
            self.bound.catalog.dimension_names().contains(&last)
        });
        if is_dimension {
            return Err(Diagnostic::new(
                Code::OrderByNotGrouped,
                format!("`{}` is not in `group_by`, so rows have no one value of it", item.column),
            )
            .help("add it to `group_by`, or order by another column"));
        }
        Err(Diagnostic { code: Code::InvalidOrderBy, ..self.no_column(&item.column) })
    }

    /// The column of a name: a group by its column name or its name without grain, a metric by its
    /// output name or its canonical name, and its comparison columns.
    fn find(&self, name: &str) -> Option<OutputColumn> {
        if let Some(i) = self.groups.iter().position(|g| g.key.name == name) {
            return Some(OutputColumn::Group(i));
        }
        for part in Part::ALL {
            let Some(base) = name.strip_suffix(part.suffix()) else {
                continue;
            };
            if let Some(i) = self.output_named(base)
                && part.exists(self.time, self.is_percent(i))
            {
                return Some(OutputColumn::Metric(i, part));
            }
        }
        let catalog = &self.bound.catalog;
        let only = |matches: &dyn Fn(&Group) -> bool| {
            let mut found = self.groups.iter().enumerate().filter(|(_, g)| matches(g));
            match (found.next(), found.next()) {
                (Some((i, _)), None) => Some(OutputColumn::Group(i)),
                _ => None,
            }
        };
        // The end of a path of entities names what the whole of it does.
        let end = format!("__{name}");
        let is_end = |whole: &str| catalog.naming == Naming::EntityPaths && whole.ends_with(&end);
        only(&|g| g.field.base(catalog) == name)
            .or_else(|| only(&|g| g.field.column(catalog) == name))
            .or_else(|| only(&|g| is_end(&g.field.column(catalog)) || is_end(&g.field.base(catalog))))
    }

    fn output_named(&self, name: &str) -> Option<usize> {
        if let Some(i) = self.outputs.iter().position(|o| o.name == name) {
            return Some(i);
        }
        let catalog = &self.bound.catalog;
        let own = catalog.metric_named(name).map(|named| named.id);
        self.outputs.iter().position(|o| match &o.offset {
            None => Some(o.metric) == own,
            Some(offset) => name == Offset::column(Some(offset), &catalog.metric(o.metric).name),
        })
    }

    fn is_percent(&self, output: usize) -> bool {
        self.outputs[output].percent
    }

    fn data_type(&self, column: OutputColumn) -> DataType {
        match column {
            OutputColumn::Group(i) => self.groups[i].key.data_type,
            OutputColumn::Metric(i, Part::Value | Part::Previous | Part::Change) => {
                self.computations[self.outputs[i].computation.0].data_type
            }
            OutputColumn::Metric(_, Part::PercentChange | Part::Points | Part::FullTarget) => DataType::Float,
        }
    }

    /// Every column's name, shown or not.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.groups.iter().map(|g| g.key.name.clone()).collect();
        for (i, output) in self.outputs.iter().enumerate() {
            for part in Part::ALL {
                let exists = part.exists(self.time, self.is_percent(i));
                if exists {
                    names.push(format!("{}{}", output.name, part.suffix()));
                }
            }
        }
        names
    }

    fn no_column(&self, name: &str) -> Diagnostic {
        let names = self.names();
        let metrics = self.bound.catalog.metric_names().map(|(known, _)| known);
        Diagnostic::new(Code::InvalidOrderBy, format!("`{name}` is no column of this answer"))
            .suggest(name, names.iter().map(String::as_str).chain(metrics))
            .help(format!(
                "its columns are {}",
                names.iter().take(20).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
            ))
    }

    /// Reports names that two columns share.
    pub(super) fn distinct(&self, found: &mut Diagnostics) {
        let mut seen = HashSet::new();
        for name in self.names() {
            if !seen.insert(name.clone()) {
                found.push(
                    Diagnostic::new(Code::DuplicateColumn, format!("two columns are named `{name}`"))
                        .field("metric_names")
                        .help("give one of them an `alias`"),
                );
            }
        }
    }
}
