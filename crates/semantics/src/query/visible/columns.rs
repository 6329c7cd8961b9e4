//! Which policies hide columns from one caller.

use super::Lack;
use super::filling::Filling;
use crate::catalog::conceal::{InForce, Whole};
use crate::catalog::policy::{Operand, Reached};
use crate::data_type::DataType;
use crate::expr::{Expr, Literal, typing};
use crate::query::caller::Caller;
use crate::query::told;

/// The policies that hide columns from `caller`: every one but those whose `unless` is true of them. Where an
/// attribute is absent or does not fit, it is not true, whatever else stands in it.
pub fn columns_hidden_from(whole: &Whole, caller: &Caller) -> InForce {
    whole.in_force(|unless| is_true(unless, caller).unwrap_or(false))
}

fn is_true(unless: &Expr<Operand>, caller: &Caller) -> Result<bool, Lack> {
    let types = |_: &Reached| DataType::Null;
    let mut last = None;
    let filled = Filling { types: &types, caller }.condition(unless, &mut last)?;
    let typed = typing::coerce_condition(filled, &mut |of: &Reached| types(of));
    let typed = typed.map_err(|_| Lack::Unfit(last.unwrap_or_default()))?;
    Ok(told::value(&typed, &|_: &Reached| None) == Some(Literal::Boolean(true)))
}
