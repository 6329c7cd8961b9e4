//! From a dataset and a dimension's name to the one path and dimension that it means there.
//!
//! A name is resolved for each dataset by itself, in this order: the dataset's own member of the
//! shared dimension of that name, else its nearest one along many-to-one paths; a dimension of
//! the dataset; the only dimension of that name that is reachable. A path before the name
//! (`customers.region`, `placed_by.region`) names datasets, relationships or their entities on the
//! way. Models of [`Naming::EntityPaths`] have rules of their own, see [`entity_path`].

use super::id::{DatasetId, DimensionId, RelationshipId, SharedDimensionId};
use super::join_graph::{JoinGraph, Path, Step};
use super::{Catalog, Dimension};
use crate::diagnostic::Diagnostic;
use crate::model::Naming;

mod entity_path;
mod refusal;

/// A dimension as a dataset sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Located {
    pub path: Path,
    pub dimension: DimensionId,
    /// What two datasets must agree on to be grouped together.
    pub identity: Identity,
}

/// Equal for two datasets when a name means the same dimension in both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    Shared(SharedDimensionId),
    /// The dimension and the last relationship walked, so that roles stay apart.
    Own(DimensionId, Option<RelationshipId>),
    /// The key of an entity of this name.
    Entity(String),
    /// The full path of entities and the name.
    Path(String),
}

/// A name as written in a request or a condition, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Datasets, relationships or entities before the name.
    pub path: Vec<String>,
    pub name: String,
    /// What follows the name of a time: a granularity or `extract_` and a date part.
    pub suffix: Option<String>,
}

impl Catalog {
    /// Takes a name apart by the model's naming; a last word is a granularity where it names one.
    pub fn read_name(&self, written: &str) -> Written {
        let (mut words, suffix): (Vec<String>, Option<String>) = match self.naming {
            Naming::Dotted => {
                let (dotted, suffix) = match written.split_once("__") {
                    Some((dotted, suffix)) => (dotted, Some(suffix.to_string())),
                    None => (written, None),
                };
                (dotted.split('.').map(str::to_string).collect(), suffix)
            }
            Naming::EntityPaths => {
                let mut words: Vec<String> = written.split("__").map(str::to_string).collect();
                let suffix = match words.as_slice() {
                    [_] => false,
                    [first, last] if self.dimensions().iter().any(|d| d.name == *last) => first == "metric_time",
                    [.., last] => last.starts_with("extract_") || self.is_granularity(last),
                    [] => false,
                };
                let suffix = if suffix { words.pop() } else { None };
                (words, suffix)
            }
        };
        let name = words.pop().unwrap_or_default();
        Written { path: words, name, suffix }
    }

    fn is_granularity(&self, word: &str) -> bool {
        crate::time::granularity::Granularity::parse(word).is_some() || self.custom_granularity_named(word).is_some()
    }

    /// A path and a name as requests write them.
    pub fn written(&self, path: &[String], name: &str) -> String {
        let separator = match self.naming {
            Naming::Dotted => ".",
            Naming::EntityPaths => "__",
        };
        path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(separator)
    }

    /// The dimension that `path` and `name` mean for rows of `from`.
    pub fn locate(&self, from: DatasetId, path: &[String], name: &str) -> Result<Located, Diagnostic> {
        let mut candidates = self.meant(from, path, name).into_iter();
        match (candidates.next(), candidates.len()) {
            (Some(only), 0) => Ok(only),
            (Some(first), _) => {
                Err(self.ambiguous(from, path, name, std::iter::once(first).chain(candidates).collect()))
            }
            (None, _) => Err(self.not_found(from, path, name)),
        }
    }

    /// All that `path` and `name` may mean for rows of `from`.
    fn meant(&self, from: DatasetId, path: &[String], name: &str) -> Vec<Located> {
        match (self.naming, path.is_empty()) {
            (Naming::EntityPaths, _) => self.by_entity_path(from, path, name),
            (Naming::Dotted, true) => self.candidates(from, name),
            (Naming::Dotted, false) => self.candidates_along(from, path, name),
        }
    }

    /// Every dimension that rows of `from` can be grouped by, with the shortest name for it.
    pub fn available(&self, from: DatasetId) -> Vec<(String, Located)> {
        let mut all = match self.naming {
            Naming::EntityPaths => self.available_by_entity_path(from),
            Naming::Dotted => self.seen_by_names(from, &self.dimension_names()),
        };
        all.retain(|(_, located)| !self.dimension(located.dimension).concealed);
        all
    }

    /// Refuses a request's name that means a dimension which a policy hides, as one that there is none of.
    pub fn refuse_concealed(&self, from: DatasetId, path: &[String], name: &str) -> Result<(), Diagnostic> {
        let meant = self.meant(from, path, name);
        if !meant.is_empty() && meant.iter().all(|located| self.dimension(located.dimension).concealed) {
            return Err(self.unknown_dimension(&self.written(path, name)));
        }
        Ok(())
    }

    /// Every entity that rows of `from` can be grouped by and that is no dimension of its own.
    pub fn available_entities(&self, from: DatasetId) -> Vec<(String, Located)> {
        self.seen_by_names(from, &self.entity_names())
    }

    /// The names of entities that are no dimensions of their own, sorted and distinct.
    pub fn entity_names(&self) -> Vec<&str> {
        let hidden = self.dimensions().iter().filter(|d| d.is_entity && d.hidden && !d.concealed);
        let mut names: Vec<&str> = hidden.map(|d| d.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn seen_by_names(&self, from: DatasetId, wanted: &[&str]) -> Vec<(String, Located)> {
        let mut names: Vec<(String, Located)> = Vec::new();
        for name in wanted {
            // Not `locate`: its refusals list what is available.
            let mut candidates = self.candidates(from, name);
            match candidates.pop().filter(|_| candidates.is_empty()) {
                Some(located) => names.push((name.to_string(), located)),
                None => {
                    for located in self.reachable(from, name) {
                        names.push((self.qualified(from, &located), located));
                    }
                }
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|a, b| a.0 == b.0);
        names
    }

    fn candidates(&self, from: DatasetId, name: &str) -> Vec<Located> {
        if let Some(shared) = self.shared_dimensions().iter().find(|s| s.name == name) {
            let mut members: Vec<Located> = self
                .graph()
                .paths(from)
                .iter()
                .flat_map(|path| {
                    let end = JoinGraph::end(from, path);
                    let here = shared.members.iter().filter(move |m| self.dimension(**m).dataset == end);
                    here.map(|m| self.located(path, *m))
                })
                .collect();
            if let Some(nearest) = members.iter().map(|m| m.path.steps().len()).min() {
                members.retain(|m| m.path.steps().len() == nearest);
                return members;
            }
        }
        if let Some(own) = self.own(from, name) {
            return vec![self.located(&Path::default(), own.id)];
        }
        self.reachable(from, name)
    }

    /// Dimensions of this name at the end of any path that has a hop.
    fn reachable(&self, from: DatasetId, name: &str) -> Vec<Located> {
        let paths = self.graph().paths(from).iter();
        let found =
            paths.filter_map(|path| self.own(JoinGraph::end(from, path), name).map(|d| self.located(path, d.id)));
        let mut found: Vec<Located> = found.collect();
        // The key of an entity is the same wherever it stands along one path; the nearest will do.
        if found.iter().all(|located| matches!(located.identity, Identity::Entity(_)))
            && let Some(nearest) = found.iter().map(|located| located.path.steps().len()).min()
        {
            found.retain(|located| located.path.steps().len() == nearest);
        }
        found
    }

    fn candidates_along(&self, from: DatasetId, wanted: &[String], name: &str) -> Vec<Located> {
        if let [dataset] = wanted
            && self.dataset(from).name == *dataset
        {
            return self.own(from, name).map(|d| self.located(&Path::default(), d.id)).into_iter().collect();
        }
        let paths = self.graph().paths(from).iter().filter(|path| self.passes(path, wanted));
        paths.filter_map(|path| self.own(JoinGraph::end(from, path), name).map(|d| self.located(path, d.id))).collect()
    }

    /// Whether the wanted names occur along the path in order, the last one at its last hop.
    fn passes(&self, path: &Path, wanted: &[String]) -> bool {
        let is = |step: &Step, word: &String| {
            let relationship = self.relationship(step.relationship());
            // A relationship through pairs is named for its far end.
            let is_to_pairs = matches!(step, Step::Bridge(bridge) if bridge.is_to_pairs());
            self.dataset(step.to()).name == *word
                || (!is_to_pairs && (relationship.name == *word || relationship.entity.as_ref() == Some(word)))
        };
        let (Some(last_hop), Some(last_word)) = (path.steps().last(), wanted.last()) else {
            return false;
        };
        if !is(last_hop, last_word) {
            return false;
        }
        let mut hops = path.steps()[..path.steps().len() - 1].iter();
        wanted[..wanted.len() - 1].iter().all(|word| hops.any(|hop| is(hop, word)))
    }

    fn own(&self, dataset: DatasetId, name: &str) -> Option<&Dimension> {
        self.dataset(dataset).dimensions.iter().map(|d| self.dimension(*d)).find(|d| d.name == name)
    }

    fn located(&self, path: &Path, dimension: DimensionId) -> Located {
        let of = self.dimension(dimension);
        let identity = match of.shared {
            Some(shared) => Identity::Shared(shared),
            None if of.is_entity => Identity::Entity(of.name.clone()),
            None => Identity::Own(dimension, self.role(path)),
        };
        Located { path: path.clone(), dimension, identity }
    }

    /// The relationship that the last step of a path follows, where rows of the same dataset point at the
    /// same other by different columns; the first of those by its columns.
    fn role(&self, path: &Path) -> Option<RelationshipId> {
        let last = path.steps().last()?;
        let ways = self.relationships().iter().filter_map(|r| match &r.through {
            None if r.from == last.from() && r.to == last.to() => Some((r.id, &r.columns)),
            Some(through) if through.dataset == last.from() && r.to == last.to() => Some((r.id, &through.columns)),
            _ => None,
        });
        let ways: Vec<(RelationshipId, &Vec<(String, String)>)> = ways.collect();
        let same = ways.iter().find(|(_, columns)| columns.as_slice() == last.columns());
        let is_one_of_several = ways.iter().any(|(_, columns)| columns.as_slice() != last.columns());
        is_one_of_several.then(|| same.map_or(last.relationship(), |(id, _)| *id))
    }

    /// The relationships that a path follows, each once.
    pub fn via(&self, path: &Path) -> Vec<&str> {
        let mut names: Vec<&str> =
            path.steps().iter().map(|step| self.relationship(step.relationship()).name.as_str()).collect();
        names.dedup();
        names
    }

    /// The shortest dotted name that leads to `located` alone.
    pub fn qualified(&self, from: DatasetId, located: &Located) -> String {
        if let Identity::Path(path) = &located.identity {
            return path.clone();
        }
        let dimension = self.dimension(located.dimension);
        let dataset = &self.dataset(dimension.dataset).name;
        if located.path.steps().is_empty() {
            return format!("{dataset}.{}", dimension.name);
        }
        let by_dataset = self.candidates_along(from, std::slice::from_ref(dataset), &dimension.name);
        if by_dataset.len() == 1 {
            return format!("{dataset}.{}", dimension.name);
        }
        let words: Vec<String> = self.via(&located.path).into_iter().map(str::to_string).collect();
        for start in (0..words.len()).rev() {
            if self.candidates_along(from, &words[start..], &dimension.name).len() == 1 {
                return format!("{}.{}", words[start..].join("."), dimension.name);
            }
        }
        format!("{}.{}", words.join("."), dimension.name)
    }
}

/// Names in backticks, joined by commas.
pub fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use crate::catalog::build;
    use crate::model::read;

    #[test]
    fn a_refusal_lists_what_is_available_when_several_names_are_not() {
        let model = "
name: m
datasets:
  - {name: a, source: {csv: a}, dimensions: [{name: x}]}
  - {name: b, source: {csv: b}, dimensions: [{name: y}, {name: z}]}
";
        let (model, findings) = read([("m.yml".to_string(), model.to_string())]);
        assert!(findings.is_empty());
        let catalog = build(&model).unwrap();
        let a = catalog.dataset_named("a").unwrap().id;
        let refused = catalog.locate(a, &[], "y").unwrap_err();
        assert_eq!(refused.help.as_deref(), Some("its rows can be grouped by `x`"));
    }
}
