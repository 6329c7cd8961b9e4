//! Entities: the things that rows belong to, such as customers, and what of a row tells them apart.

use super::Catalog;
use super::id::{DatasetId, DimensionId};
use super::join_graph::{JoinGraph, Path};
use super::locate::{Located, quoted};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Function, Kind, Literal, Name};
use crate::model::EntityKind;
use crate::source::Span;

/// A thing that the rows of a dataset belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    pub name: String,
    /// How rows belong to it; inferred from keys where nothing is declared.
    pub kind: EntityKind,
    /// They hold its key, in the order that other datasets have too; empty where the name alone
    /// stands for the rows of the dataset.
    pub columns: Vec<String>,
    /// What it is grouped and filtered by: its column, or the text of several.
    pub dimension: Option<DimensionId>,
}

/// What of a dataset's rows tells the things of a name apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identified {
    /// Columns of the dataset.
    Columns(Vec<String>),
    /// Columns of the dataset at the end of a path.
    Along(Path, Vec<String>),
    Dimension(Located),
}

/// A key of several columns as one text, a different one for each key: its parts joined by `/`, where a `/` or a
/// backslash within a part has a backslash before it. Null where a part is.
pub(super) fn text_of(columns: &[String], span: Span) -> Expr<Name> {
    let text = |of: &str| Expr::new(Kind::Literal(Literal::Text(of.to_string())), span);
    let replace = |of, what: &str, with: &str| {
        let arguments = vec![of, text(what), text(with)];
        Expr::new(Kind::Call { function: Function::Replace, arguments }, span)
    };
    let join = |left, right| Expr::new(Kind::Binary { op: BinaryOp::Concat, left, right }, span);
    let part = |column: &String| {
        let of = Expr::new(Kind::Ref(Name { parts: vec![column.clone()] }), span);
        let of = Expr::new(Kind::Cast { of, to: DataType::Text, or_null: false }, span);
        replace(replace(of, "\\", "\\\\"), "/", "\\/")
    };
    let parts = columns.iter().map(part).reduce(|so_far, next| join(join(so_far, text("/")), next));
    parts.unwrap_or_else(|| text(""))
}

impl Catalog {
    /// What a name means for rows of `from`: an entity that the dataset declares, the end of a
    /// relationship of that entity or of that name, or else a dimension, also a dotted one.
    pub fn identified(&self, from: DatasetId, name: &str) -> Result<Identified, Diagnostic> {
        if let Some(columns) = self.held(from, name) {
            return Ok(Identified::Columns(columns));
        }
        let parts: Vec<String> = name.split('.').map(str::to_string).collect();
        let (last, path) = parts.split_last().expect("splitting gives at least one part");
        let located = self.locate(from, path, last)?;
        match located.path.bridge() {
            None => Ok(Identified::Dimension(located)),
            Some(bridge) => Err(self.beyond_a_bridge(name, bridge)),
        }
    }

    /// As [`Catalog::identified`], also where rows of `from` belong to rows that hold the entity: the lines of an
    /// order to its customer. The nearest such dataset tells, so that a row whose thing is missing elsewhere keeps it.
    pub fn identified_along(&self, from: DatasetId, name: &str) -> Result<Identified, Diagnostic> {
        let mut found: Vec<(Path, Vec<String>)> = Vec::new();
        for path in self.graph().paths(from).iter().filter(|path| path.bridge().is_none()) {
            if found.first().is_some_and(|(nearest, _)| nearest.steps().len() < path.steps().len()) {
                break;
            }
            let columns = self.held(JoinGraph::end(from, path), name);
            found.extend(columns.map(|columns| (path.clone(), columns)));
        }
        match found.as_slice() {
            [] => self.identified(from, name),
            [(path, columns)] if path.steps().is_empty() => Ok(Identified::Columns(columns.clone())),
            [(path, columns)] => Ok(Identified::Along(path.clone(), columns.clone())),
            several => {
                let ways = several.iter().filter_map(|(path, _)| path.steps().last());
                let ways: Vec<String> = ways.map(|step| self.relationship(step.relationship()).name.clone()).collect();
                let dataset = &self.dataset(from).name;
                let message = format!("`{name}` can be reached from `{dataset}` in {} ways", ways.len());
                Err(Diagnostic::new(Code::AmbiguousPath, message)
                    .help(format!("declare the entity on `{dataset}` itself; it is found by {}", quoted(&ways)))
                    .candidates(ways))
            }
        }
    }

    /// The columns of a dataset's own rows that hold the key of an entity.
    fn held(&self, from: DatasetId, name: &str) -> Option<Vec<String>> {
        if let Some(entity) = self.dataset(from).entities.iter().find(|e| e.name == name && !e.columns.is_empty()) {
            return Some(entity.columns.clone());
        }
        let named = |of: &&super::Relationship| of.entity.as_deref() == Some(name) || of.name == name;
        // The ends of a relationship through pairs are two things.
        let mut ends = self.relationships().iter().filter(|of| of.through.is_none()).filter(named);
        let own = ends.find_map(|of| {
            let side: fn(&(String, String)) -> &String = match (of.from == from, of.to == from) {
                (true, _) => |(near, _)| near,
                (false, true) => |(_, far)| far,
                (false, false) => return None,
            };
            Some(of.columns.iter().map(|pair| side(pair).clone()).collect())
        });
        own.or_else(|| self.pointing_at(from, name))
    }

    /// The columns by which rows of `from` point at the dataset that declares an entity. They hold its key also where
    /// the row that they point at is missing.
    fn pointing_at(&self, from: DatasetId, name: &str) -> Option<Vec<String>> {
        self.relationships().iter().filter(|of| of.from == from && of.through.is_none()).find_map(|of| {
            let entity = self.dataset(of.to).entities.iter().find(|entity| entity.name == name)?;
            let near = |far: &String| of.columns.iter().find(|(_, to)| to == far).map(|(near, _)| near.clone());
            let columns: Option<Vec<String>> = entity.columns.iter().map(near).collect();
            columns.filter(|columns| !columns.is_empty())
        })
    }
}
