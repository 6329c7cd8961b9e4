//! What one caller sees of a dataset: the filters of its policies with the caller's attributes in their places.

use super::caller::Caller;
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::{DatasetId, DimensionId};
use crate::catalog::policy::RowPolicy;
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Warning};
use crate::expr::{BinaryOp, Expr, Kind, typing};

mod columns;
mod filling;

pub use columns::columns_hidden_from;
use filling::Filling;

/// What a caller sees of a dataset that has policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    pub rows: Visible,
    /// The same over the dataset's dimensions; all must hold. Empty where nothing is seen.
    pub conditions: Vec<Expr<DimensionId>>,
    /// The filters as written.
    pub text: String,
    /// Why nothing is seen, each attribute once.
    pub lacks: Vec<Lack>,
}

/// Which rows of a dataset a caller sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Visible {
    Nothing,
    /// Those for which the condition is true, neither false nor null.
    Where(Expr<PhysicalColumn>),
}

/// An attribute that a filter needs and the caller does not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    Absent(String),
    /// A list where one value is wanted, or a value that does not go with what it is held against.
    Unfit(String),
}

impl Lack {
    /// What an answer that reads the dataset says; no value of an attribute.
    pub fn warning(&self, dataset: &str) -> Warning {
        let fact = match self {
            Lack::Absent(name) => format!("the caller has no attribute `{name}`"),
            Lack::Unfit(name) => format!("the caller's attribute `{name}` does not fit the policy"),
        };
        Warning::new(Code::PolicyNoAttribute, format!("{fact}: no row of `{dataset}` is seen"))
    }
}

/// What `caller` sees of a dataset; none of one without policies, of which everybody sees every row.
pub fn sight(bound: &BoundCatalog, dataset: DatasetId, caller: &Caller) -> Result<Option<Sight>, Diagnostic> {
    let of = bound.catalog.dataset(dataset);
    let Some(text) = of.policy_text() else {
        return Ok(None);
    };
    bound.schema(dataset)?;
    let mut lacks: Vec<Lack> = Vec::new();
    let mut conditions = Vec::new();
    for policy in &of.policies {
        match filled(bound, policy, caller) {
            Ok(condition) => conditions.push(condition),
            Err(lack) if lacks.contains(&lack) => {}
            Err(lack) => lacks.push(lack),
        }
    }
    if !lacks.is_empty() {
        return Ok(Some(Sight { rows: Visible::Nothing, conditions: Vec::new(), text, lacks }));
    }
    let rows = conditions.iter().map(|condition| over_columns(bound, condition)).collect::<Result<Vec<_>, _>>()?;
    let all = rows.into_iter().reduce(|left, right| {
        let span = left.span;
        Expr::new(Kind::Binary { op: BinaryOp::And, left, right }, span)
    });
    let rows = all.map_or(Visible::Nothing, Visible::Where);
    Ok(Some(Sight { rows, conditions, text, lacks }))
}

/// A condition over the columns that its dimensions are made of, with every literal typed.
fn over_columns(bound: &BoundCatalog, of: &Expr<DimensionId>) -> Result<Expr<PhysicalColumn>, Diagnostic> {
    let over = of.try_substitute(&mut |id: &DimensionId, _| Ok(bound.dimension(*id)?.expr.clone()))?;
    typing::coerce_condition(over, &mut |column: &PhysicalColumn| column.data_type)
}

/// The filter of a policy with values in the places of its attributes, which goes with the columns' types.
fn filled(bound: &BoundCatalog, policy: &RowPolicy, caller: &Caller) -> Result<Expr<DimensionId>, Lack> {
    let mut unfit = None;
    let types = |id: &DimensionId| bound.dimension(*id).map_or(DataType::Null, |dimension| dimension.data_type);
    let filled = Filling { types: &types, caller }.condition(&policy.filter, &mut unfit)?;
    match over_columns(bound, &filled) {
        Ok(_) => Ok(filled),
        // The filter fits with nothing in its attributes' places: it is a value that does not.
        Err(_) => Err(Lack::Unfit(unfit.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests;
