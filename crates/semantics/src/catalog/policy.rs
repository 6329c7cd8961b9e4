//! What a model lets its callers see: filters on a dataset's rows, and columns that are hidden.
//!
//! A filter is a condition over attributes of the caller and dimensions: those of its own dataset and those of the rows
//! that its rows belong to, along many-to-one relationships. All filters of a dataset must hold. They bind wherever the
//! dataset is read, below everything that a question asks of its rows.

use super::bind::{BoundDimension, PhysicalColumn, Schema};
use super::id::DimensionId;
use super::join_graph::Path;
use super::{Catalog, Dataset};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, Literal, typing};
use crate::source::{Span, Spanned};

/// A filter on the rows of its dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct RowPolicy {
    pub name: Option<String>,
    pub filter: Expr<Operand>,
    /// The filter as written; attributes stand in it by their names, never by their values.
    pub text: String,
    pub span: Span,
}

/// What a filter of a policy speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    Dimension(Reached),
    /// Of the caller, by its name.
    Attribute(String),
}

/// A dimension at the end of many-to-one steps from the dataset of a policy; its own where there are none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reached {
    pub path: Path,
    pub dimension: DimensionId,
}

/// A column that is hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenColumn {
    pub name: Spanned<String>,
    /// Whether no dimension has this name, so that the files must have the column.
    pub is_only_column: bool,
}

impl Dataset {
    /// Whether some of its rows may be hidden from some caller.
    pub fn is_restricted(&self) -> bool {
        !self.policies.is_empty()
    }

    pub fn hides(&self, column: &str) -> bool {
        self.hidden_columns.iter().any(|hidden| hidden.name.value == column)
    }

    /// The filters of its policies as written; attributes of callers by their names.
    pub fn policy_text(&self) -> Option<String> {
        let texts: Vec<&str> = self.policies.iter().map(|policy| policy.text.as_str()).collect();
        match texts.as_slice() {
            [] => None,
            [only] => Some(only.to_string()),
            several => Some(several.iter().map(|text| format!("({text})")).collect::<Vec<_>>().join(" AND ")),
        }
    }
}

/// Refuses policies that do not fit the dataset's columns.
pub(super) fn check(
    catalog: &Catalog,
    dataset: &Dataset,
    schema: &Schema,
    dimensions: &[Result<BoundDimension, Diagnostic>],
) -> Result<(), Diagnostic> {
    for hidden in dataset.hidden_columns.iter().filter(|hidden| hidden.is_only_column) {
        if schema.data_type(&hidden.name.value).is_none() {
            return Err(super::bind::unknown_column(dataset, schema, &hidden.name.value).at(hidden.name.span));
        }
    }
    for policy in &dataset.policies {
        let over = policy.filter.try_substitute(&mut |operand: &Operand, span| match operand {
            // An attribute may be of any type until the caller is known.
            Operand::Attribute(_) => Ok(Expr::new(Kind::Literal(Literal::Null), span)),
            Operand::Dimension(Reached { dimension, .. }) => {
                let bound = dimensions[dimension.index()].clone()?;
                refuse_instants(catalog, *dimension, &bound).map_err(|fault| fault.at(span))?;
                match (bound.stored, bound.data_type) {
                    // A time of day is that of the model's zone.
                    (Some(_), DataType::Timestamp(_)) => {
                        Ok(Expr::new(Kind::Ref(DataType::Timestamp(Clock::Local)), span))
                    }
                    _ => Ok(bound.expr.map_refs(&mut |column: &PhysicalColumn| column.data_type)),
                }
            }
        })?;
        typing::coerce_condition(over, &mut |data_type: &DataType| *data_type)
            .map_err(|fault| Diagnostic { span: Some(policy.span), ..fault })?;
    }
    Ok(())
}

/// A timestamp that is not declared as a time has no zone to be read in.
fn refuse_instants(catalog: &Catalog, id: DimensionId, bound: &BoundDimension) -> Result<(), Diagnostic> {
    match bound.data_type {
        DataType::Timestamp(Clock::Local | Clock::Instant) if bound.stored.is_none() => {
            let name = &catalog.dimension(id).name;
            let fact = format!("the timestamp `{name}` in the filter of a policy is not supported yet");
            Err(Diagnostic::new(Code::NotSupportedYet, fact).help("declare it with `type: time`"))
        }
        DataType::Timestamp(Clock::Local | Clock::Instant)
        | DataType::Boolean
        | DataType::Integer
        | DataType::Decimal { .. }
        | DataType::Float
        | DataType::Text
        | DataType::Date
        | DataType::Interval
        | DataType::Null => Ok(()),
    }
}
