//! Another tool's project on its way to a model: datasets, relationships and metrics with what
//! they refer to already found, so that keys, time axes and names can be settled over all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::formula;
use super::report::Report;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, Name};
use crate::source::{Span, Spanned};
use crate::yaml::make::Map;
use crate::yaml::{Node, ScalarKind};

mod axis;
mod metric;

pub(super) use metric::{Metric, Part, Parts};

/// All of one project.
pub(super) struct Project<'a> {
    pub(super) report: &'a Report,
    /// The keys of the model besides those below.
    pub(super) root: Map,
    pub(super) datasets: Vec<Dataset>,
    pub(super) relationships: Vec<Relationship>,
    /// Those that the file's own words cannot say, as a model writes them.
    pub(super) unsaid_relationships: Vec<Node>,
    pub(super) metrics: Vec<Metric>,
    /// Names that metrics have, those of parts included.
    pub(super) metric_names: BTreeSet<String>,
    /// Which time dimension of several is a dataset's time axis.
    pub(super) several_times: SeveralTimes,
}

/// What several time dimensions of one dataset mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SeveralTimes {
    /// The first is the axis.
    First,
    /// None is, unless the file says so.
    Unsaid,
}

/// A dataset by index; dimensions are referred to by theirs.
pub(super) struct Dataset {
    pub(super) name: Spanned<String>,
    /// Its name in the files.
    pub(super) written: String,
    /// The keys of the dataset besides those below.
    pub(super) map: Map,
    pub(super) primary_key: Vec<Spanned<String>>,
    pub(super) unique_keys: Vec<Vec<Spanned<String>>>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) time: Time,
}

/// What is known of a dataset's time axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Time {
    /// Found by its dimensions.
    Unsaid,
    /// As the file says; absent where it says that there is none.
    Said(Option<Spanned<String>>),
}

pub(super) struct Dimension {
    pub(super) name: Spanned<String>,
    pub(super) written: String,
    /// Over columns.
    pub(super) expr: Expr<Name>,
    pub(super) is_time: bool,
    /// The keys of the dimension besides its name.
    pub(super) map: Map,
}

/// Rows of `from` point at rows of `to`.
pub(super) struct Relationship {
    pub(super) name: Spanned<String>,
    pub(super) from: usize,
    pub(super) from_columns: Vec<Spanned<String>>,
    pub(super) to: usize,
    pub(super) to_columns: Vec<Spanned<String>>,
    /// The sides whose columns hold a key.
    pub(super) to_is_key: bool,
    pub(super) from_is_key: bool,
    pub(super) map: Map,
}

/// What a name in a formula means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Target {
    Column {
        dataset: usize,
        name: String,
    },
    Dimension {
        dataset: usize,
        index: usize,
    },
    Metric(String),
    /// A call of the formula that the name stands in.
    Call(usize),
}

impl<'a> Project<'a> {
    pub(super) fn new(report: &'a Report, span: Span, several_times: SeveralTimes) -> Project<'a> {
        Project {
            report,
            root: Map::new(span),
            datasets: Vec::new(),
            relationships: Vec::new(),
            unsaid_relationships: Vec::new(),
            metrics: Vec::new(),
            metric_names: BTreeSet::new(),
            several_times,
        }
    }

    /// The dataset that the files call so.
    pub(super) fn dataset(&self, written: &str) -> Option<usize> {
        self.datasets.iter().position(|d| d.written == written)
    }

    /// Gives dimensions that have a metric's name another one. Done before names are written into
    /// filters.
    pub(super) fn keep_names_apart(&mut self) {
        for dataset in &mut self.datasets {
            let taken: BTreeSet<String> = dataset.dimensions.iter().map(|d| d.name.value.clone()).collect();
            for dimension in &mut dataset.dimensions {
                if !self.metric_names.contains(&dimension.name.value) {
                    continue;
                }
                let wanted = format!("{}_{}", dataset.name.value, dimension.name.value);
                let name = free(&wanted, |name| taken.contains(name) || self.metric_names.contains(name));
                let message = format!("dimension `{}` is called `{name}`", dimension.written);
                self.report.lose(dimension.name.span, message, "a metric has the name, and both share one namespace");
                if !dimension.map.has("expr") {
                    dimension.map.set("expr", Node::text(dimension.expr.to_string(), dimension.name.span));
                }
                dimension.name.value = name;
            }
        }
    }

    /// The text of what a metric of `home` aggregates: an expression over its columns.
    pub(super) fn measure(&self, home: usize, expr: &Expr<Target>) -> Result<String, Diagnostic> {
        Ok(self.over_columns(home, expr)?.to_string())
    }

    fn over_columns(&self, home: usize, expr: &Expr<Target>) -> Result<Expr<Name>, Diagnostic> {
        expr.try_substitute(&mut |target, span| match target {
            Target::Column { dataset, name } if *dataset == home => {
                Ok(Expr::new(Kind::Ref(Name { parts: vec![name.clone()] }), span))
            }
            Target::Dimension { dataset, index } if *dataset == home => {
                Ok(self.datasets[home].dimensions[*index].expr.clone())
            }
            Target::Column { dataset, .. } | Target::Dimension { dataset, .. } => {
                let (here, there) = (&self.datasets[home].name.value, &self.datasets[*dataset].name.value);
                let message = format!("it reads columns of `{here}` and of `{there}` in one expression");
                Err(Diagnostic::new(Code::NotImported, message)
                    .at(span)
                    .help("a metric aggregates columns of one dataset; formulas stand around metrics"))
            }
            Target::Metric(name) => Err(Diagnostic::new(
                Code::UnsupportedExpression,
                format!("it aggregates or filters by the metric `{name}`"),
            )
            .at(span)
            .help("metrics of metrics are formulas without an aggregate around them")),
            Target::Call(_) => Err(Diagnostic::new(Code::UnsupportedExpression, "an aggregate in a condition on rows")
                .at(span)
                .help("conditions are over columns and dimensions")),
        })
    }

    /// A condition over dimensions for metrics of `home`. A condition over columns becomes a
    /// hidden dimension, whose name begins with `owner`.
    pub(super) fn filter(&mut self, home: usize, condition: &Expr<Target>, owner: &str) -> Result<String, Diagnostic> {
        let named = condition.try_substitute(&mut |target, span| {
            let reference = |parts: Vec<String>| Ok(Expr::new(Kind::Ref(Name { parts }), span));
            match target {
                Target::Dimension { dataset, index } if *dataset == home => {
                    reference(vec![self.datasets[home].dimensions[*index].name.value.clone()])
                }
                Target::Dimension { dataset, index } => {
                    let there = &self.datasets[*dataset];
                    reference(vec![there.name.value.clone(), there.dimensions[*index].name.value.clone()])
                }
                Target::Column { dataset, name } => {
                    let there = &self.datasets[*dataset];
                    let is = |d: &&Dimension| matches!(d.expr.kind.as_ref(), Kind::Ref(n) if n.parts == [name.clone()]);
                    let dimension = there.dimensions.iter().find(is).ok_or(())?;
                    let path = (*dataset != home).then(|| there.name.value.clone());
                    reference(path.into_iter().chain([dimension.name.value.clone()]).collect())
                }
                Target::Metric(_) | Target::Call(_) => Err(()),
            }
        });
        if let Ok(named) = named {
            let named: Expr<Name> = named;
            return Ok(named.to_string());
        }
        let expr = self.over_columns(home, condition)?;
        let taken = |name: &str| {
            self.metric_names.contains(name) || self.datasets[home].dimensions.iter().any(|d| d.name.value == name)
        };
        let name = free(&format!("{owner}_filter"), taken);
        let span = condition.span;
        let mut map = Map::new(span);
        map.set("type", Node::text("boolean", span));
        map.set("expr", Node::text(expr.to_string(), span));
        map.set("hidden", Node::flag(true, span));
        let dimension =
            Dimension { name: Spanned::new(name.clone(), span), written: String::new(), expr, is_time: false, map };
        self.datasets[home].dimensions.push(dimension);
        Ok(name)
    }

    /// The model in our own format.
    pub(super) fn finish(mut self) -> Node {
        self.declare_keys();
        self.settle_time();
        self.drop_dependents();
        let mut at_home: BTreeMap<Option<usize>, Vec<Node>> = BTreeMap::new();
        for metric in metric::in_order(std::mem::take(&mut self.metrics)) {
            at_home.entry(metric.home).or_default().push(metric.into_node());
        }
        let names: Vec<Spanned<String>> = self.datasets.iter().map(|d| d.name.clone()).collect();
        let datasets = self
            .datasets
            .into_iter()
            .enumerate()
            .map(|(i, dataset)| dataset.into_node(at_home.remove(&Some(i)).unwrap_or_default()));
        self.root.set_list("datasets", datasets.collect());
        let relationships = self.relationships.into_iter().map(|r| r.into_node(&names));
        self.root.set_list("relationships", relationships.chain(self.unsaid_relationships).collect());
        self.root.set_list("metrics", at_home.remove(&None).unwrap_or_default());
        self.root.into_node()
    }

    /// The columns that a relationship points at are a key, whether or not the file lists it.
    fn declare_keys(&mut self) {
        for relationship in &self.relationships {
            let sides = [
                (relationship.to_is_key, relationship.to, &relationship.to_columns),
                (relationship.from_is_key, relationship.from, &relationship.from_columns),
            ];
            for (is_key, dataset, columns) in sides {
                let dataset = &mut self.datasets[dataset];
                let has = |column: &Spanned<String>| columns.iter().any(|c| c.value == column.value);
                let mut keys = std::iter::once(&dataset.primary_key).chain(&dataset.unique_keys);
                if is_key && !keys.any(|key| !key.is_empty() && key.iter().all(has)) {
                    dataset.unique_keys.push(columns.clone());
                }
            }
        }
    }
}

impl Dataset {
    fn into_node(self, metrics: Vec<Node>) -> Node {
        let mut map = Map::new(self.map.span);
        map.set("name", Node::of(&self.name));
        map.extend(self.map);
        let texts = |key: &[Spanned<String>]| key.iter().map(Node::of).collect::<Vec<_>>();
        let span = map.span;
        map.set_list("primary_key", texts(&self.primary_key));
        map.set_list("unique_keys", self.unique_keys.iter().map(|key| Node::list(texts(key), span)).collect());
        if let Time::Said(Some(time)) = &self.time {
            map.set("time", Node::of(time));
        }
        map.set_list("dimensions", self.dimensions.into_iter().map(Dimension::into_node).collect());
        map.set_list("metrics", metrics);
        map.into_node()
    }
}

impl Dimension {
    fn into_node(self) -> Node {
        let mut map = Map::new(self.map.span);
        map.set("name", Node::of(&self.name));
        map.extend(self.map);
        map.into_node()
    }
}

impl Relationship {
    fn into_node(self, names: &[Spanned<String>]) -> Node {
        let mut map = Map::new(self.map.span);
        let span = map.span;
        let texts = |columns: &[Spanned<String>]| Node::list(columns.iter().map(Node::of).collect(), span);
        map.set("name", Node::of(&self.name));
        map.set("from", Node::text(names[self.from].value.clone(), span));
        map.set("from_columns", texts(&self.from_columns));
        map.set("to", Node::text(names[self.to].value.clone(), span));
        map.set("to_columns", texts(&self.to_columns));
        map.extend(self.map);
        map.into_node()
    }
}

/// `wanted`, or the first of `wanted_2`, `wanted_3`, … that is not taken.
pub(super) fn free(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_string();
    }
    (2..).map(|n| format!("{wanted}_{n}")).find(|name| !taken(name)).expect("numbers do not end")
}

/// A number as a node; a text where it is none, so that the reader refuses it.
pub(super) fn number(digits: &Spanned<String>) -> Node {
    let is_number = digits.value.parse::<f64>().is_ok();
    Node::plain(digits.value.clone(), if is_number { ScalarKind::Float } else { ScalarKind::Text }, digits.span)
}
