//! Names that are paths of entities: `listing__user__country` is the `country` of the user of the
//! listing of a row.
//!
//! A dimension of the dataset itself stands after any entity that the dataset holds once, and an
//! entity's key after nothing. A name may leave out the first words of its path where that is
//! enough; of several paths it means the shortest.

use std::collections::BTreeSet;

use super::{Identity, Located, quoted};
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::{JoinGraph, Path, Step};
use crate::catalog::{Catalog, Dataset};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::EntityKind;

/// A dimension under one of the names that lead to it.
struct Way {
    words: Vec<String>,
    located: Located,
}

impl Catalog {
    /// The full paths, each with its last word, that `path` and `name` may mean for rows of `from`.
    pub fn entity_paths(&self, from: DatasetId, path: &[String], name: &str) -> BTreeSet<Vec<String>> {
        self.ways(from).into_iter().filter(|way| ends_with(&way.words, path, name)).map(|way| way.words).collect()
    }

    /// What `path` and `name` mean for rows of `from`: one dimension, none, or several.
    pub(super) fn by_entity_path(&self, from: DatasetId, path: &[String], name: &str) -> Vec<Located> {
        let mut ways: Vec<Way> = self.ways(from).into_iter().filter(|way| ends_with(&way.words, path, name)).collect();
        let Some(shortest) = ways.iter().map(|way| way.words.len()).min() else {
            return Vec::new();
        };
        ways.retain(|way| way.words.len() == shortest);
        let hops = |way: &Way| way.located.path.steps().len();
        let nearest = ways.iter().map(hops).min().unwrap_or(0);
        ways.retain(|way| hops(way) == nearest);
        let mut found: Vec<Located> = Vec::new();
        for Way { located, .. } in ways {
            // One dimension may stand after several entities of its dataset.
            if !found.iter().any(|known| known.dimension == located.dimension && known.path == located.path) {
                found.push(located);
            }
        }
        found
    }

    /// Every dimension that rows of `from` see, under its full paths, the nearest of each.
    pub(super) fn available_by_entity_path(&self, from: DatasetId) -> Vec<(String, Located)> {
        let mut found: Vec<(String, Located)> = Vec::new();
        for way in self.ways(from) {
            let name = way.words.join("__");
            // Paths come shortest first.
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, way.located));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// The refusal of a name that several datasets answer to.
    pub fn several_entity_paths(&self, asked: &str, ways: &[String]) -> Diagnostic {
        let fact = format!("`{asked}` can be reached in {} ways", ways.len());
        let refused = Diagnostic::new(Code::AmbiguousPath, fact).candidates(ways.to_vec());
        match ways.first() {
            Some(first) => refused.help(format!("name one of them: {}", quoted(ways))).example(first.clone()),
            None => refused,
        }
    }

    fn ways(&self, from: DatasetId) -> Vec<Way> {
        let paths = self.graph().paths(from).iter();
        paths.flat_map(|path| self.ways_along(from, path)).collect()
    }

    fn ways_along(&self, from: DatasetId, path: &Path) -> Vec<Way> {
        // Pairs on the way to the far end of their relationship have no word of their own.
        let named = path.steps().iter().enumerate().filter(|(at, step)| {
            let next = path.steps().get(at + 1);
            !matches!((step, next), (Step::Bridge(bridge), Some(next)) if next.relationship() == bridge.relationship())
        });
        let hops: Vec<String> = named.map(|(_, step)| self.word(step)).collect();
        let repeats = hops.iter().collect::<BTreeSet<_>>().len() < hops.len();
        if repeats {
            return Vec::new();
        }
        let end = self.dataset(JoinGraph::end(from, path));
        let prefixes: Vec<Vec<String>> = if hops.is_empty() {
            once(end).map(|entity| vec![entity.to_string()]).collect()
        } else {
            vec![hops.clone()]
        };
        let mut found = Vec::new();
        for id in &end.dimensions {
            let dimension = self.dimension(*id);
            let mut add = |prefix: &[String]| {
                let words: Vec<String> = prefix.iter().cloned().chain([dimension.name.clone()]).collect();
                let identity = Identity::Path(words.join("__"));
                found.push(Way { words, located: Located { path: path.clone(), dimension: *id, identity } });
            };
            if dimension.is_entity && hops.is_empty() {
                add(&[]);
            }
            for prefix in prefixes.iter().filter(|p| !(dimension.is_entity && p.contains(&dimension.name))) {
                add(prefix);
            }
        }
        found
    }

    /// The entity that a step follows.
    fn word(&self, step: &Step) -> String {
        let relationship = self.relationship(step.relationship());
        relationship.entity.as_ref().unwrap_or(&relationship.name).clone()
    }
}

/// The entities that a dataset holds once, at any one time at least.
fn once(dataset: &Dataset) -> impl Iterator<Item = &str> {
    let is_once = |kind: EntityKind| match kind {
        EntityKind::Primary | EntityKind::Unique | EntityKind::Natural => true,
        EntityKind::Foreign => false,
    };
    dataset.entities.iter().filter(move |entity| is_once(entity.kind)).map(|entity| entity.name.as_str())
}

fn ends_with(words: &[String], path: &[String], name: &str) -> bool {
    let asked = path.len() + 1;
    match words.len().checked_sub(asked) {
        Some(start) => words[start..words.len() - 1] == *path && words[words.len() - 1] == name,
        None => false,
    }
}
