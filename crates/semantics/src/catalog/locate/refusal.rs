//! Names that lead nowhere, to several ways, or below the rows in question: what is said, and what can be asked.

use super::{Located, quoted};
use crate::catalog::Catalog;
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::{Bridge, JoinGraph, Path, Step};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::Naming;

impl Catalog {
    pub(super) fn ambiguous(&self, from: DatasetId, path: &[String], name: &str, found: Vec<Located>) -> Diagnostic {
        let asked = self.written(path, name);
        let seen = found.iter().filter(|located| !self.dimension(located.dimension).concealed);
        let mut ways: Vec<String> = seen.map(|located| self.qualified(from, located)).collect();
        if ways.is_empty() {
            return self.unknown_dimension(&asked);
        }
        ways.sort();
        ways.dedup();
        let dataset = &self.dataset(from).name;
        Diagnostic::new(
            Code::AmbiguousPath,
            format!("`{asked}` can be reached from `{dataset}` in {} ways", ways.len()),
        )
        .help(format!("name one of them: {}", quoted(&ways)))
        .example(ways[0].clone())
        .candidates(ways)
    }

    pub(super) fn not_found(&self, from: DatasetId, path: &[String], name: &str) -> Diagnostic {
        let asked = self.written(path, name);
        let dataset = &self.dataset(from).name;
        if let Some(left_out) = self.left_out_dimension(Some(from), name) {
            return left_out;
        }
        let below = self.below(from, path, name);
        if let Some(below) = below {
            let many = &self.dataset(below).name;
            return Diagnostic::new(
                Code::FanOut,
                format!("`{asked}` is below the grain of `{dataset}`: one of its rows has many rows of `{many}`"),
            )
            .help(format!(
                "group by {}, {}or ask a metric of `{many}`{}{}",
                self.some_available(from),
                self.over_a_bridge(from, name),
                self.some_metrics(below),
                self.bridge_to(from, below)
            ));
        }
        let exists = self.dimensions().iter().any(|d| d.name == name && !d.concealed && (!d.hidden || d.is_entity))
            || self.shared_dimensions().iter().any(|d| d.name == name && !d.hidden);
        let is_entity = |word: &String| self.datasets().iter().any(|d| d.entities.iter().any(|e| e.name == *word));
        let path_exists = path.iter().all(|word| {
            is_entity(word)
                || self.dataset_named(word).is_some()
                || self.relationships().iter().any(|r| r.name == *word)
        });
        if exists && path_exists {
            return Diagnostic::new(Code::DimensionNotAvailable, format!("`{dataset}` cannot see `{asked}`")).help(
                format!(
                    "its rows can be grouped by {}{}",
                    self.some_available(from),
                    self.some_that_see(from, path, name)
                ),
            );
        }
        self.unknown_dimension(&asked)
    }

    /// The refusal of one value for a row where a name leads over a bridge, to any number of them.
    pub fn beyond_a_bridge(&self, asked: &str, bridge: &Bridge) -> Diagnostic {
        let (from, to) = (&self.dataset(bridge.from()).name, &self.dataset(bridge.end()).name);
        let name = &self.relationship(bridge.relationship()).name;
        Diagnostic::new(
            Code::FanOut,
            format!("`{asked}` is beyond the bridge `{name}`: one row of `{from}` has many rows of `{to}`"),
        )
        .help("name a dimension that each row has one value of; groups and conditions may lead over a bridge")
    }

    /// The refusal of a name that no dimension of the model has.
    pub fn unknown_dimension(&self, asked: &str) -> Diagnostic {
        if let Some(left_out) = self.left_out_dimension(None, &self.read_name(asked).name) {
            return left_out;
        }
        let mut known: Vec<String> = self.dimension_names().iter().map(|n| n.to_string()).collect();
        let dotted = self.dimensions().iter().filter(|d| !d.hidden);
        known.extend(dotted.map(|d| match self.naming {
            Naming::Dotted => format!("{}.{}", self.dataset(d.dataset).name, d.name),
            Naming::EntityPaths => {
                let entity = self.dataset(d.dataset).entities.first();
                entity.map_or_else(|| d.name.clone(), |entity| format!("{}__{}", entity.name, d.name))
            }
        }));
        known.push("metric_time".to_string());
        Diagnostic::new(Code::UnknownDimension, format!("unknown dimension `{asked}`"))
            .suggest(asked, known.iter().map(String::as_str))
            .help("`list_dimensions` gives every dimension")
    }

    /// The dataset that sees the dimension and whose rows are many to one row of `from`.
    fn below(&self, from: DatasetId, path: &[String], name: &str) -> Option<DatasetId> {
        let sees = |many: DatasetId| {
            let is_asked = |dataset: DatasetId, word: &String| {
                self.dataset(dataset).name == *word
                    || self.relationships().iter().any(|r| r.name == *word && r.from == dataset)
            };
            match path.last() {
                _ if self.naming == Naming::EntityPaths => self.shows(&self.meant(many, path, name)),
                None => self.shows(&self.candidates(many, name)),
                Some(word) if is_asked(many, word) => self.own(many, name).is_some_and(|own| !own.concealed),
                Some(_) => self.shows(&self.candidates_along(many, path, name)),
            }
        };
        let is_one = |many: DatasetId, path: &Path| path.bridge().is_none() && JoinGraph::end(many, path) == from;
        let leads_here = |many: DatasetId| self.graph().paths(many).iter().any(|path| is_one(many, path));
        let mut others = self.datasets().iter().map(|dataset| dataset.id).filter(|many| *many != from);
        others.find(|many| leads_here(*many) && sees(*many))
    }

    /// Whether one of these is a dimension that no policy hides.
    fn shows(&self, found: &[Located]) -> bool {
        found.iter().any(|located| !self.dimension(located.dimension).concealed)
    }

    /// Dimensions of the same last name that a bridge leads to.
    fn over_a_bridge(&self, from: DatasetId, name: &str) -> String {
        let known = self.available(from).into_iter().filter_map(|(written, located)| {
            let bridge = located.path.bridge()?;
            let relationship = &self.relationship(bridge.relationship()).name;
            let is_namesake = self.dimension(located.dimension).name == name;
            is_namesake.then(|| format!("`{written}` over the bridge `{relationship}`, "))
        });
        known.take(3).collect()
    }

    /// The line of a model that would make rows of `from` see those of `many`, each counted once a group.
    fn bridge_to(&self, from: DatasetId, many: DatasetId) -> String {
        let direct = self.graph().paths(many).iter().find_map(|path| match path.steps() {
            [Step::ManyToOne(hop)] if hop.to() == from => Some(hop),
            _ => None,
        });
        let (Some(hop), Naming::Dotted) = (direct, self.naming) else { return String::new() };
        let (from, to) = (&self.dataset(from).name, &self.dataset(many).name);
        let columns = |side: fn(&(String, String)) -> &String| {
            hop.columns().iter().map(|pair| side(pair).as_str()).collect::<Vec<_>>().join(", ")
        };
        format!(
            "; to count each row once in every group that it belongs to, declare `relationships: [{{name: {from}_{to}, \
             from: {from}, from_columns: [{}], to: {to}, to_columns: [{}], cardinality: many_to_many}}]`",
            columns(|(_, far)| far),
            columns(|(near, _)| near),
        )
    }

    /// Metrics of other datasets that see what was asked.
    fn some_that_see(&self, from: DatasetId, path: &[String], name: &str) -> String {
        let sees = |dataset: DatasetId| {
            let meant = self.meant(dataset, path, name);
            dataset != from && meant.len() == 1 && self.shows(&meant)
        };
        let metrics = self.metrics().iter().filter(|metric| !metric.hidden && metric.dataset.is_some_and(sees));
        let names: Vec<String> = metrics.map(|metric| metric.name.clone()).take(6).collect();
        match names.as_slice() {
            [] => String::new(),
            names => format!("; metrics that see `{}`: {}", self.written(path, name), quoted(names)),
        }
    }

    /// `: a, b, …` of the dataset's metrics, nothing where it has none.
    fn some_metrics(&self, dataset: DatasetId) -> String {
        let here = self.metrics().iter().filter(|metric| metric.dataset == Some(dataset) && !metric.hidden);
        let names: Vec<String> = here.map(|metric| metric.name.clone()).take(6).collect();
        if names.is_empty() { String::new() } else { format!(": {}", quoted(&names)) }
    }

    fn some_available(&self, from: DatasetId) -> String {
        let names: Vec<String> = self.available(from).into_iter().map(|(name, _)| name).take(12).collect();
        if names.is_empty() { "nothing but time".to_string() } else { quoted(&names) }
    }
}
