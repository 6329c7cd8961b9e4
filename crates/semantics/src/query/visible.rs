//! What one caller sees of a dataset: the filters of its policies with the caller's attributes in their places.

use super::caller::Caller;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::DatasetId;
use crate::catalog::policy::{Reached, RowPolicy};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Warning};
use crate::expr::{BinaryOp, Expr, Kind, typing};

mod columns;
mod filling;
mod reach;

pub use columns::columns_hidden_from;
use filling::Filling;
use reach::Steps;
pub use reach::{Belonging, ColumnOf, SeenRef};

/// What a caller sees of a dataset that has policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    pub rows: Visible,
    /// To the tables that the condition reads beside the dataset's own, whole, whatever policies they have.
    pub steps: Vec<Belonging>,
    /// The same over the dataset's dimensions and those that it reaches; all must hold. Empty where nothing is seen.
    pub conditions: Vec<Expr<Reached>>,
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
    Where(Expr<SeenRef>),
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
        let (steps, conditions) = (Vec::new(), Vec::new());
        return Ok(Some(Sight { rows: Visible::Nothing, steps, conditions, text, lacks }));
    }
    let mut steps = Steps::default();
    let rows = conditions.iter().map(|condition| steps.condition(bound, condition)).collect::<Result<Vec<_>, _>>()?;
    let all = rows.into_iter().reduce(|left, right| {
        let span = left.span;
        Expr::new(Kind::Binary { op: BinaryOp::And, left, right }, span)
    });
    let rows = all.map_or(Visible::Nothing, Visible::Where);
    Ok(Some(Sight { rows, steps: steps.steps, conditions, text, lacks }))
}

/// The filter of a policy with values in the places of its attributes, which goes with the columns' types.
fn filled(bound: &BoundCatalog, policy: &RowPolicy, caller: &Caller) -> Result<Expr<Reached>, Lack> {
    let mut unfit = None;
    let types = |of: &Reached| bound.dimension(of.dimension).map_or(DataType::Null, reach::type_of);
    let filled = Filling { types: &types, caller }.condition(&policy.filter, &mut unfit)?;
    let typed = filled.map_refs(&mut |of: &Reached| types(of));
    match typing::coerce_condition(typed, &mut |data_type: &DataType| *data_type) {
        Ok(_) => Ok(filled),
        // The filter fits with nothing in its attributes' places: it is a value that does not.
        Err(_) => Err(Lack::Unfit(unfit.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests;
