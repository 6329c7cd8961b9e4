//! Entities: the things that datasets speak of, which group and filter like dimensions, and what they join.

use super::{Builder, column_expr, values};
use crate::catalog::entity::{self, Entity};
use crate::catalog::id::{DatasetId, DimensionId, RelationshipId};
use crate::catalog::{Dimension, Relationship};
use crate::expr::{Expr, Name};
use crate::model::{self, DimensionKind, EntityKind, Naming};
use crate::source::Spanned;
use crate::time::stored::StoredAs;

impl Builder<'_> {
    /// Entities as declared, and in models of dotted names those that relationships imply.
    pub(super) fn entities(&mut self) {
        let model = self.model;
        for dataset in &model.datasets {
            let Some(id) = self.catalog.dataset_names.get(&dataset.name.value).copied() else {
                continue;
            };
            for entity in &dataset.entities {
                let columns = values(&entity.columns);
                let kind = entity.kind.as_ref().map_or_else(
                    || {
                        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
                        self.far_end(id, &columns).entity_kind()
                    },
                    |kind| kind.value,
                );
                self.entity(id, &entity.name, kind, columns);
            }
        }
        if self.catalog.naming == Naming::Dotted {
            for relationship in &model.relationships {
                self.implied_entity(relationship);
            }
        }
    }

    /// A relationship's entity, on both of its ends, or on the pairs and the far end; the relationship's own name where two of one
    /// dataset lead to one entity.
    fn implied_entity(&mut self, written: &model::Relationship) {
        let name = written.entity.as_ref().unwrap_or(&written.name);
        let order = self.order_of_key(written, &name.value);
        let near = match &written.through {
            None => (&written.from, &written.from_columns),
            Some(through) => (&through.dataset, &through.to_columns),
        };
        for (dataset, columns) in [near, (&written.to, &written.to_columns)] {
            let Some(id) = self.catalog.dataset_names.get(&dataset.value).copied() else {
                continue;
            };
            let columns: Vec<String> =
                order.iter().filter_map(|at| columns.get(*at)).map(|c| c.value.clone()).collect();
            let known = self.catalog.dataset(id).entities.iter().find(|e| e.name == name.value);
            let name = match known {
                Some(known) if known.columns == columns => continue,
                Some(_) => &written.name,
                None => name,
            };
            if self.catalog.dataset(id).entities.iter().any(|e| e.name == name.value) {
                continue;
            }
            let kind = self.far_end(id, &columns.iter().map(String::as_str).collect::<Vec<_>>()).entity_kind();
            self.entity(id, name, kind, columns);
        }
    }

    /// The order of a relationship's columns in the key of its entity: as an end declares it, else as the primary key
    /// of the far end has them, else as written.
    fn order_of_key(&self, written: &model::Relationship, entity: &str) -> Vec<usize> {
        let as_written: Vec<usize> = (0..written.to_columns.len()).collect();
        let ends = [(&written.to, &written.to_columns), (&written.from, &written.from_columns)];
        let named = |dataset: &Spanned<String>| {
            let id = self.catalog.dataset_names.get(&dataset.value)?;
            Some(self.catalog.dataset(*id))
        };
        let declared = ends.iter().find_map(|(dataset, columns)| {
            let of = named(dataset)?.entities.iter().find(|known| known.name == entity)?;
            Some((of.columns.clone(), *columns))
        });
        let key = || Some((named(&written.to)?.primary_key.clone(), &written.to_columns));
        let Some((key, columns)) = declared.or_else(key).filter(|(key, columns)| key.len() == columns.len()) else {
            return as_written;
        };
        let place = |part: &String| columns.iter().position(|column| column.value == *part);
        key.iter().map(place).collect::<Option<Vec<usize>>>().unwrap_or(as_written)
    }

    fn entity(&mut self, dataset: DatasetId, name: &Spanned<String>, kind: EntityKind, columns: Vec<String>) {
        let own = &self.catalog.dataset(dataset).dimensions;
        // Of an entity without columns, a dimension of its name holds the key.
        let named = own.iter().find(|id| self.catalog.dimension(**id).name == name.value).copied();
        let dimension = match columns.as_slice() {
            [] => {
                if let Some(named) = named {
                    self.catalog.dimensions[named.index()].is_entity = true;
                }
                named
            }
            [only] if named.is_none() || self.catalog.naming == Naming::EntityPaths => {
                Some(self.entity_dimension(dataset, name, column_expr(&Spanned::new(only.clone(), name.span))))
            }
            [_, _, ..] if named.is_none() && self.catalog.naming == Naming::Dotted => {
                Some(self.entity_dimension(dataset, name, entity::text_of(&columns, name.span)))
            }
            _ => None,
        };
        let entity = Entity { name: name.value.clone(), kind, columns, dimension };
        self.catalog.datasets[dataset.index()].entities.push(entity);
    }

    fn entity_dimension(&mut self, dataset: DatasetId, name: &Spanned<String>, expr: Expr<Name>) -> DimensionId {
        let id = DimensionId(self.catalog.dimensions.len() as u32);
        self.catalog.dimensions.push(Dimension {
            id,
            dataset,
            name: name.value.clone(),
            label: None,
            description: None,
            synonyms: Vec::new(),
            kind: DimensionKind::Categorical,
            expr,
            granularity: None,
            stored_as: StoredAs::WallClock(self.catalog.calendar.zone),
            normalize: Vec::new(),
            shared: None,
            partition: false,
            is_entity: true,
            hidden: self.catalog.naming == Naming::Dotted,
            concealed: false,
            span: name.span,
        });
        self.catalog.datasets[dataset.index()].dimensions.push(id);
        id
    }

    /// Where names are paths of entities, rows of a dataset belong to the rows of every other that
    /// holds one of their entities once.
    pub(super) fn entity_relationships(&mut self) {
        if self.catalog.naming == Naming::Dotted {
            return;
        }
        let ids: Vec<DatasetId> = self.catalog.datasets.iter().map(|d| d.id).collect();
        for from in &ids {
            for near in self.catalog.dataset(*from).entities.clone() {
                for to in ids.iter().filter(|to| *to != from) {
                    self.entity_relationship(*from, &near, *to);
                }
            }
        }
    }

    fn entity_relationship(&mut self, from: DatasetId, near: &Entity, to: DatasetId) {
        let far = self.catalog.dataset(to).entities.iter().find(|e| e.name == near.name).cloned();
        let Some(far) = far.filter(|far| !far.columns.is_empty() && far.columns.len() == near.columns.len()) else {
            return;
        };
        let joins = match (near.kind, far.kind) {
            (_, EntityKind::Primary | EntityKind::Unique) => true,
            (EntityKind::Primary | EntityKind::Unique | EntityKind::Foreign, EntityKind::Natural) => true,
            (EntityKind::Natural, EntityKind::Natural) | (_, EntityKind::Foreign) => false,
        };
        let known = self.catalog.relationships.iter().any(|r| {
            let same = |entity: &String| *entity == near.name;
            r.from == from && r.to == to && r.entity.as_ref().is_some_and(same)
        });
        if !joins || known {
            return;
        }
        let columns: Vec<(String, String)> = near.columns.iter().cloned().zip(far.columns).collect();
        let cardinality = self.cardinality(from, to, &columns);
        let id = RelationshipId(self.catalog.relationships.len() as u32);
        let span = self.catalog.dataset(from).span;
        let name = format!("{}_{}_{}", self.catalog.dataset(from).name, near.name, self.catalog.dataset(to).name);
        let entity = Some(near.name.clone());
        let through = None;
        self.catalog.relationships.push(Relationship {
            id,
            name,
            from,
            to,
            entity,
            columns,
            cardinality,
            through,
            span,
        });
    }
}
