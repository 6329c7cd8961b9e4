//! What policies hide of a model: dimensions and columns, as if they were not there, by who asks.

use super::id::{DatasetId, DimensionId};
use super::policy::{HiddenColumn, Operand};
use super::{Catalog, Dimension};
use crate::expr::{Expr, Kind};
use crate::source::Spanned;

/// What one policy hides.
#[derive(Clone, Debug)]
pub struct Hiding {
    pub dataset: DatasetId,
    /// Dimensions and columns.
    pub names: Vec<Spanned<String>>,
    /// Of attributes alone. It hides nothing from callers of whom this is true; without it nobody sees the columns.
    pub unless: Option<Expr<Operand>>,
}

/// Which of a model's policies hide something from somebody, by their places in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InForce(Vec<bool>);

/// A model before anything is hidden of it. Nobody asks it: what can be asked is [`Whole::seen`].
#[derive(Clone, Debug)]
pub struct Whole {
    catalog: Catalog,
    hidings: Vec<Hiding>,
}

impl InForce {
    /// A name of it that two models of one version have for the same policies alone; empty where no caller sees more
    /// than another.
    pub fn mark(&self, of: &Whole) -> String {
        if !of.depends_on_callers() {
            return String::new();
        }
        self.0.iter().map(|holds| if *holds { 'h' } else { '-' }).collect()
    }
}

impl Whole {
    pub(super) fn new(catalog: Catalog, hidings: Vec<Hiding>) -> Whole {
        Whole { catalog, hidings }
    }

    /// Whether some callers see columns that others do not.
    pub fn depends_on_callers(&self) -> bool {
        self.hidings.iter().any(|hiding| hiding.unless.is_some())
    }

    /// Every policy: what is left is what everybody sees.
    pub fn all_in_force(&self) -> InForce {
        InForce(vec![true; self.hidings.len()])
    }

    /// The policies that hide something from a caller; `lifts` says whether a condition is true of who asks.
    pub fn in_force(&self, lifts: impl Fn(&Expr<Operand>) -> bool) -> InForce {
        InForce(self.hidings.iter().map(|hiding| !hiding.unless.as_ref().is_some_and(&lifts)).collect())
    }

    /// The catalog of those from whom these policies hide what they name.
    pub fn seen(&self, in_force: &InForce) -> Catalog {
        let mut catalog = self.catalog.clone();
        for (hiding, _) in self.hidings.iter().zip(&in_force.0).filter(|(_, holds)| **holds) {
            hide(&mut catalog, hiding);
        }
        conceal(&mut catalog);
        catalog
    }
}

/// A name hides the dimension and the column that have it, and the column that such a dimension is.
fn hide(catalog: &mut Catalog, hiding: &Hiding) {
    for name in &hiding.names {
        let of = catalog.dataset(hiding.dataset);
        let named = of.dimensions.iter().copied().find(|id| catalog.dimension(*id).name == name.value);
        let mut columns = vec![HiddenColumn { name: name.clone(), is_only_column: named.is_none() }];
        if let Some(id) = named {
            let dimension = &mut catalog.dimensions[id.index()];
            dimension.concealed = true;
            if let Kind::Ref(column) = dimension.expr.kind.as_ref() {
                let name = Spanned::new(column.dotted(), name.span);
                columns.push(HiddenColumn { name, is_only_column: false });
            }
        }
        catalog.datasets[hiding.dataset.index()].hidden_columns.extend(columns);
    }
}

/// Hides dimensions that read a hidden column, shared dimensions whose members are all hidden, and drivers of an audit
/// that no dimension is left of.
fn conceal(catalog: &mut Catalog) {
    let reads_hidden = |dimension: &Dimension| {
        let dataset = &catalog.datasets[dimension.dataset.index()];
        dimension.expr.refs().iter().any(|column| dataset.hides(&column.value.dotted()))
    };
    let reading: Vec<DimensionId> = catalog.dimensions.iter().filter(|d| reads_hidden(d)).map(|d| d.id).collect();
    for id in reading {
        catalog.dimensions[id.index()].concealed = true;
    }
    for dimension in catalog.dimensions.iter_mut().filter(|dimension| dimension.concealed) {
        dimension.hidden = true;
    }
    for at in 0..catalog.shared.len() {
        let members = &catalog.shared[at].members;
        let is_gone = !members.is_empty() && members.iter().all(|id| catalog.dimensions[id.index()].concealed);
        catalog.shared[at].hidden |= is_gone;
    }
    let is_concealed = |name: &String| {
        let last = name.rsplit(['.']).next().unwrap_or_default();
        let mut named = catalog.dimensions.iter().filter(|dimension| dimension.name == last).peekable();
        named.peek().is_some() && named.all(|dimension| dimension.concealed)
    };
    let kept: Vec<String> = catalog.audit_dimensions.iter().filter(|name| !is_concealed(name)).cloned().collect();
    catalog.audit_dimensions = kept;
}
