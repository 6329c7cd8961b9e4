//! What one caller sees of a dataset: the filters of its policies with the caller's attributes in their places.

use super::caller::{Attribute, AttributeValue, Caller};
use super::filter::{read_number, signed};
use crate::catalog::bind::{BoundCatalog, PhysicalColumn};
use crate::catalog::id::{DatasetId, DimensionId};
use crate::catalog::policy::{Operand, RowPolicy};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Warning};
use crate::expr::{BinaryOp, Expr, Kind, Literal, typing};
use crate::source::Span;

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
    let filling = Filling { bound, caller };
    let filled = filling.condition(&policy.filter, &mut unfit)?;
    match over_columns(bound, &filled) {
        Ok(_) => Ok(filled),
        // The filter fits with nothing in its attributes' places: it is a value that does not.
        Err(_) => Err(Lack::Unfit(unfit.unwrap_or_default())),
    }
}

struct Filling<'a> {
    bound: &'a BoundCatalog,
    caller: &'a Caller,
}

impl Filling<'_> {
    /// `last` is the attribute that was filled in last.
    fn condition(&self, of: &Expr<Operand>, last: &mut Option<String>) -> Result<Expr<DimensionId>, Lack> {
        let kind = match of.kind.as_ref() {
            Kind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                Kind::Binary { op: *op, left: self.condition(left, last)?, right: self.condition(right, last)? }
            }
            Kind::Not(inner) => Kind::Not(self.condition(inner, last)?),
            Kind::Binary { op, left, right } => {
                let (left, right) = (self.beside(left, right, last)?, self.beside(right, left, last)?);
                Kind::Binary { op: *op, left, right }
            }
            Kind::Between { of: subject, low, high, negated } => Kind::Between {
                of: self.plain(subject),
                low: self.beside(low, subject, last)?,
                high: self.beside(high, subject, last)?,
                negated: *negated,
            },
            Kind::InList { of: subject, list, negated } => {
                let mut values = Vec::new();
                for item in list {
                    match (item.kind.as_ref(), list.len()) {
                        (Kind::Ref(Operand::Attribute(name)), 1) => {
                            *last = Some(name.clone());
                            values.extend(self.list(name, self.type_of(subject), item.span)?);
                        }
                        _ => values.push(self.beside(item, subject, last)?),
                    }
                }
                match values.is_empty() {
                    true => Kind::Literal(Literal::Boolean(*negated)),
                    false => Kind::InList { of: self.plain(subject), list: values, negated: *negated },
                }
            }
            Kind::Literal(_)
            | Kind::Ref(_)
            | Kind::Negate(_)
            | Kind::IsNull { .. }
            | Kind::IsTruth { .. }
            | Kind::Like { .. }
            | Kind::Case { .. }
            | Kind::Cast { .. }
            | Kind::Call { .. } => return Ok(self.plain(of)),
        };
        Ok(Expr::new(kind, of.span))
    }

    /// An operand; an attribute as a value of the type of what stands on the other side.
    fn beside(
        &self,
        of: &Expr<Operand>,
        other: &Expr<Operand>,
        last: &mut Option<String>,
    ) -> Result<Expr<DimensionId>, Lack> {
        let Kind::Ref(Operand::Attribute(name)) = of.kind.as_ref() else {
            return Ok(self.plain(of));
        };
        *last = Some(name.clone());
        match self.value(name)? {
            AttributeValue::One(value) => {
                let literal = literal(value, self.type_of(other)).ok_or_else(|| Lack::Unfit(name.clone()))?;
                Ok(Expr::new(Kind::Literal(literal), of.span))
            }
            AttributeValue::Many(_) => Err(Lack::Unfit(name.clone())),
        }
    }

    /// All values of an attribute.
    fn list(&self, name: &str, wanted: DataType, span: Span) -> Result<Vec<Expr<DimensionId>>, Lack> {
        let values = match self.value(name)? {
            AttributeValue::One(value) => std::slice::from_ref(value),
            AttributeValue::Many(values) => values.as_slice(),
        };
        let literals = values.iter().map(|value| literal(value, wanted).ok_or_else(|| Lack::Unfit(name.to_string())));
        literals.map(|literal| Ok(Expr::new(Kind::Literal(literal?), span))).collect()
    }

    fn value(&self, name: &str) -> Result<&AttributeValue, Lack> {
        self.caller.attributes.get(name).ok_or_else(|| Lack::Absent(name.to_string()))
    }

    /// An expression without attributes. Were there one, it would be null, and the condition around it not true.
    fn plain(&self, of: &Expr<Operand>) -> Expr<DimensionId> {
        let dimension = |operand: &Operand, span: Span| -> Result<Expr<DimensionId>, std::convert::Infallible> {
            Ok(match operand {
                Operand::Dimension(id) => Expr::new(Kind::Ref(*id), span),
                Operand::Attribute(_) => Expr::new(Kind::Literal(Literal::Null), span),
            })
        };
        match of.try_substitute(&mut { dimension }) {
            Ok(expr) => expr,
            Err(never) => match never {},
        }
    }

    fn type_of(&self, of: &Expr<Operand>) -> DataType {
        let data_type = |id: &DimensionId| self.bound.dimension(*id).map_or(DataType::Null, |d| d.data_type);
        typing::type_of(&self.plain(of), &mut { data_type }).unwrap_or(DataType::Null)
    }
}

/// A value as one of a type; a text from the command line as the number or the boolean that it says.
fn literal(value: &Attribute, wanted: DataType) -> Option<Literal> {
    match (value, wanted) {
        (Attribute::Text(text), DataType::Integer | DataType::Decimal { .. } | DataType::Float) => signed(text.trim()),
        (Attribute::Text(text), DataType::Boolean) => match text.trim() {
            "true" => Some(Literal::Boolean(true)),
            "false" => Some(Literal::Boolean(false)),
            _ => None,
        },
        (Attribute::Text(text), _) => Some(Literal::Text(text.clone())),
        (Attribute::Number(number), DataType::Text) => Some(Literal::Text(number.to_string())),
        (Attribute::Number(number), _) => read_number(number),
        (Attribute::Boolean(flag), DataType::Text) => Some(Literal::Text(flag.to_string())),
        (Attribute::Boolean(flag), _) => Some(Literal::Boolean(*flag)),
    }
}

#[cfg(test)]
mod tests;
