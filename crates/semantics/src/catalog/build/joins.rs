//! What ties datasets together: relationships, time spines, and the graph they make.

use super::{Builder, values};
use crate::catalog::id::{CustomGranularityId, DatasetId, RelationshipId};
use crate::catalog::join_graph::{Cardinality, Edge, JoinGraph, Onward, Spine};
use crate::catalog::{CustomGranularity, Relationship, Through, TimeSpine};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::{self, EntityKind, Naming};
use crate::time::granularity::Granularity;

/// What columns are to the rows of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FarEnd {
    /// They tell one row.
    Key,
    /// They tell one row at any one time.
    Versions,
    Many,
}

impl FarEnd {
    /// What an entity of the columns is that says nothing of it.
    pub(super) fn entity_kind(self) -> EntityKind {
        match self {
            FarEnd::Key => EntityKind::Primary,
            FarEnd::Versions => EntityKind::Natural,
            FarEnd::Many => EntityKind::Foreign,
        }
    }
}

impl Builder<'_> {
    pub(super) fn relationships(&mut self) {
        let model = self.model;
        for written in &model.relationships {
            let (Some(from), Some(to)) = (self.dataset_id(&written.from), self.dataset_id(&written.to)) else {
                continue;
            };
            let through = match &written.through {
                None => None,
                Some(through) => match self.through(through, written, to) {
                    Some(through) => Some(through),
                    None => continue,
                },
            };
            let far = written.through.as_ref().map_or(&written.to_columns, |through| &through.from_columns);
            if written.from_columns.len() != far.len() || written.from_columns.is_empty() {
                self.found.push(
                    Diagnostic::new(
                        Code::InvalidModel,
                        format!(
                            "relationship `{}` pairs {} columns with {}",
                            written.name.value,
                            written.from_columns.len(),
                            far.len()
                        ),
                    )
                    .at(written.name.span)
                    .help("give as many `from_columns` as `to_columns`, in the same order"),
                );
                continue;
            }
            let columns: Vec<(String, String)> = values(&written.from_columns).into_iter().zip(values(far)).collect();
            let id = RelationshipId(self.catalog.relationships.len() as u32);
            self.relationship_names.entry(written.name.value.clone()).or_insert(id);
            let cardinality = match through {
                None => self.declared(written, from, to, &columns),
                Some(_) => Cardinality::Bridge,
            };
            self.catalog.relationships.push(Relationship {
                id,
                name: written.name.value.clone(),
                from,
                to,
                entity: written.entity.as_ref().map(|e| e.value.clone()),
                columns,
                cardinality,
                through,
                span: written.name.span,
            });
        }
    }

    /// The pairs of a relationship, whose rows point at one row of its far end each.
    fn through(&mut self, through: &model::Through, written: &model::Relationship, to: DatasetId) -> Option<Through> {
        let dataset = self.dataset_id(&through.dataset)?;
        let ends = [&written.from.value, &written.to.value];
        if ends.contains(&&through.dataset.value) || ends[0] == ends[1] {
            let fact = format!("relationship `{}` leads through one of its own ends", written.name.value);
            self.found.push(
                Diagnostic::new(Code::InvalidModel, fact)
                    .at(through.dataset.span)
                    .help("`from`, `through` and `to` are three datasets; declare a copy of one under a second name"),
            );
            return None;
        }
        let columns: Vec<(String, String)> =
            values(&through.to_columns).into_iter().zip(values(&written.to_columns)).collect();
        let far: Vec<&str> = columns.iter().map(|(_, far)| far.as_str()).collect();
        let versioned = match self.far_end(to, &far) {
            FarEnd::Key => false,
            FarEnd::Versions => true,
            FarEnd::Many => {
                self.no_key(written, "a row of the pairs points at one row of it");
                return None;
            }
        };
        Some(Through { dataset, columns, versioned })
    }

    /// What a relationship without pairs is: as it says, which must be what its keys allow.
    fn declared(
        &mut self,
        written: &model::Relationship,
        from: DatasetId,
        to: DatasetId,
        columns: &[(String, String)],
    ) -> Cardinality {
        let inferred = self.cardinality(from, to, columns);
        let Some(said) = &written.cardinality else { return inferred };
        match (said.value, inferred) {
            (model::Cardinality::ManyToOne, Cardinality::ManyToMany | Cardinality::Bridge) => {
                self.no_key(written, "`many_to_one` needs one");
                inferred
            }
            (model::Cardinality::ManyToOne, Cardinality::ManyToOne { .. } | Cardinality::OneToOne) => inferred,
            (model::Cardinality::ManyToMany, Cardinality::ManyToMany | Cardinality::Bridge) => Cardinality::Bridge,
            (model::Cardinality::ManyToMany, Cardinality::ManyToOne { .. } | Cardinality::OneToOne) => {
                let fact = format!(
                    "relationship `{}` is declared `many_to_many`, and its `to_columns` are a key of `{}`",
                    written.name.value, written.to.value
                );
                let help = "leave `cardinality` out, or name the dataset of pairs as `through`";
                self.found.push(Diagnostic::new(Code::InvalidModel, fact).at(said.span).help(help));
                inferred
            }
        }
    }

    fn no_key(&mut self, written: &model::Relationship, why: &str) {
        let (name, to) = (&written.name.value, &written.to.value);
        let fact = format!("the `to_columns` of relationship `{name}` are no key of `{to}`: {why}");
        let help =
            format!("give `{to}` a `primary_key` or `unique_keys` of them, or declare `cardinality: many_to_many`");
        self.found.push(Diagnostic::new(Code::InvalidModel, fact).at(written.name.span).help(help));
    }

    pub(super) fn cardinality(&self, from: DatasetId, to: DatasetId, columns: &[(String, String)]) -> Cardinality {
        let near: Vec<&str> = columns.iter().map(|(near, _)| near.as_str()).collect();
        let far: Vec<&str> = columns.iter().map(|(_, far)| far.as_str()).collect();
        let is_one = |dataset, columns: &[&str]| self.far_end(dataset, columns) == FarEnd::Key;
        match self.far_end(to, &far) {
            FarEnd::Many => Cardinality::ManyToMany,
            FarEnd::Versions => Cardinality::ManyToOne { versioned: true },
            FarEnd::Key if self.catalog.naming == Naming::Dotted && is_one(from, &near) => Cardinality::OneToOne,
            FarEnd::Key => Cardinality::ManyToOne { versioned: false },
        }
    }

    pub(super) fn far_end(&self, dataset: DatasetId, columns: &[&str]) -> FarEnd {
        let of = self.catalog.dataset(dataset);
        let written = self.model.datasets.iter().find(|d| d.name.value == of.name);
        let entities = written.map_or(&[][..], |d| &d.entities);
        let is_entity = |kinds: &[EntityKind]| {
            entities.iter().any(|entity| {
                let same = !columns.is_empty()
                    && entity.columns.len() == columns.len()
                    && entity.columns.iter().all(|c| columns.contains(&c.value.as_str()));
                same && entity.kind.as_ref().is_some_and(|kind| kinds.contains(&kind.value))
            })
        };
        let holds_key = |further: Option<&String>| {
            let has = |part: &String| columns.contains(&part.as_str()) || further == Some(part);
            of.keys.iter().any(|key| key.iter().all(has))
        };
        let versions = of.validity.as_ref().map(|v| &v.from);
        if versions.is_some() && is_entity(&[EntityKind::Natural]) {
            FarEnd::Versions
        } else if holds_key(None) || is_entity(&[EntityKind::Primary, EntityKind::Unique]) {
            FarEnd::Key
        } else if versions.is_some() && holds_key(versions) {
            FarEnd::Versions
        } else {
            FarEnd::Many
        }
    }

    pub(super) fn time_spines(&mut self) {
        let model = self.model;
        for written in &model.time_spines {
            let Some(dataset) = self.dataset_id(&written.dataset) else {
                continue;
            };
            let spine = self.catalog.time_spines.len();
            self.catalog.time_spines.push(TimeSpine {
                dataset,
                column: written.column.value.clone(),
                granularity: written.granularity.value,
                span: written.span,
            });
            for custom in &written.custom_granularities {
                self.custom_granularity(spine, custom);
            }
        }
    }

    fn custom_granularity(&mut self, spine: usize, written: &model::CustomGranularity) {
        let name = &written.name;
        let is_standard = Granularity::parse(&name.value).is_some();
        if is_standard || self.catalog.custom_granularity_named(&name.value).is_some() {
            let fact = format!("granularity `{}` is there already", name.value);
            self.found.push(
                Diagnostic::new(Code::DuplicateName, fact)
                    .at(name.span)
                    .help("give each granularity a name of its own"),
            );
            return;
        }
        let id = CustomGranularityId(self.catalog.custom_granularities.len() as u32);
        let column = written.column.as_ref().unwrap_or(name).value.clone();
        self.catalog.custom_granularities.push(CustomGranularity { id, name: name.value.clone(), spine, column });
    }

    pub(super) fn graph(&mut self) {
        let edges: Vec<Edge> = self
            .catalog
            .relationships
            .iter()
            .map(|r| Edge {
                relationship: r.id,
                from: r.from,
                to: r.through.as_ref().map_or(r.to, |through| through.dataset),
                columns: r.columns.clone(),
                cardinality: r.cardinality,
                onward: r.through.as_ref().map(|through| Onward {
                    to: r.to,
                    columns: through.columns.clone(),
                    versioned: through.versioned,
                }),
            })
            .collect();
        let spines = self.catalog.time_spines.iter();
        let spines = spines.map(|s| Spine { dataset: s.dataset, column: s.column.clone(), granularity: s.granularity });
        self.catalog.graph = JoinGraph::new(self.catalog.datasets.len(), &edges, spines.collect());
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::build;
    use crate::model::read;

    /// What building a model of films, pairs and actors with these relationships refuses.
    fn refused(relationships: &str, films: &str) -> Vec<String> {
        let model = format!(
            "
name: m
datasets:
  - {{name: films, source: {{csv: a}}, primary_key: [film_id], {films}}}
  - {{name: pairs, source: {{csv: b}}, dimensions: [{{name: role}}]}}
  - {{name: actors, source: {{csv: c}}, primary_key: [actor_id], dimensions: [{{name: born, type: time}}]}}
relationships: [{relationships}]
"
        );
        let (model, findings) = read([("m.yml".to_string(), model)]);
        let found = findings.0.into_iter().chain(build(&model).err().into_iter().flat_map(|found| found.0));
        found.map(|d| format!("{}: {}", d.code, d.message)).collect()
    }

    const THROUGH: &str =
        "{name: r, from: films, from_columns: [film_id], to: actors, to_columns: [actor_id], through: pairs}";

    #[test]
    fn a_bridge_must_be_one() {
        let of =
            |relationships: &str, wanted: &[&str]| assert_eq!(refused(relationships, ""), wanted, "{relationships}");
        of(THROUGH, &[]);
        of(
            "{name: r, from: films, from_columns: [film_id], to: pairs, to_columns: [film_id], cardinality: many_to_many}",
            &[],
        );
        of(
            "{name: r, from: pairs, from_columns: [film_id], to: films, to_columns: [film_id], cardinality: many_to_many}",
            &["invalid-model: relationship `r` is declared `many_to_many`, and its `to_columns` are a key of `films`"],
        );
        of(
            "{name: r, from: films, from_columns: [film_id], to: pairs, to_columns: [film_id], cardinality: many_to_one}",
            &["invalid-model: the `to_columns` of relationship `r` are no key of `pairs`: `many_to_one` needs one"],
        );
        of(
            "{name: r, from: films, from_columns: [film_id], to: actors, to_columns: [name], through: pairs}",
            &[
                "invalid-model: the `to_columns` of relationship `r` are no key of `actors`: a row of the pairs points at one row of it",
            ],
        );
        of(
            "{name: r, from: films, from_columns: [film_id], to: actors, to_columns: [actor_id], through: films}",
            &["invalid-model: relationship `r` leads through one of its own ends"],
        );
        of(
            "{name: r, from: films, from_columns: [film_id], to: actors, to_columns: [actor_id], through: pair}",
            &["unknown-reference: unknown dataset `pair`"],
        );
        of(
            "{name: r, from: films, from_columns: [film_id], to: actors, to_columns: [actor_id], through_to_columns: [actor]}",
            &["invalid-model: relationship `r` has columns of pairs and no `through`"],
        );
        of(
            "{name: r, from: films, from_columns: [film_id], to: actors, to_columns: [actor_id], through: pairs, through_from_columns: [a, b]}",
            &["invalid-model: relationship `r` has 1 columns in `from_columns` and 2 in `through_from_columns`"],
        );
    }

    #[test]
    fn a_time_axis_does_not_lead_over_a_bridge() {
        let found = refused(THROUGH, "time: actors.born, metrics: [{name: films_made, type: simple, agg: count}]");
        assert_eq!(
            found,
            ["fan-out: `actors.born` is beyond the bridge `r`: one row of `films` has many rows of `actors`"]
        );
    }
}
