//! The condition of a policy with values in the places of its attributes.

use super::Lack;
use crate::catalog::policy::{Operand, Reached};
use crate::data_type::DataType;
use crate::expr::{BinaryOp, Expr, Kind, Literal, typing};
use crate::query::caller::{Attribute, AttributeValue, Caller};
use crate::query::filter::{read_number, signed};
use crate::source::Span;

/// Puts what is known of a caller in the places of attributes.
pub(super) struct Filling<'a> {
    pub types: &'a dyn Fn(&Reached) -> DataType,
    pub caller: &'a Caller,
}

impl Filling<'_> {
    /// `last` is the attribute that was filled in last.
    pub(super) fn condition(&self, of: &Expr<Operand>, last: &mut Option<String>) -> Result<Expr<Reached>, Lack> {
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
                of: self.beside(subject, low, last)?,
                low: self.beside(low, subject, last)?,
                high: self.beside(high, subject, last)?,
                negated: *negated,
            },
            Kind::InList { of: subject, list, negated } if is_attribute(subject) => {
                let Some(first) = list.first() else { return Ok(self.plain(of)) };
                let subject = self.beside(subject, first, last)?;
                let list = list.iter().map(|item| self.plain(item)).collect();
                Kind::InList { of: subject, list, negated: *negated }
            }
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
    ) -> Result<Expr<Reached>, Lack> {
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
    fn list(&self, name: &str, wanted: DataType, span: Span) -> Result<Vec<Expr<Reached>>, Lack> {
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
    fn plain(&self, of: &Expr<Operand>) -> Expr<Reached> {
        let dimension = |operand: &Operand, span: Span| -> Result<Expr<Reached>, std::convert::Infallible> {
            Ok(match operand {
                Operand::Dimension(reached) => Expr::new(Kind::Ref(reached.clone()), span),
                Operand::Attribute(_) => Expr::new(Kind::Literal(Literal::Null), span),
            })
        };
        match of.try_substitute(&mut { dimension }) {
            Ok(expr) => expr,
            Err(never) => match never {},
        }
    }

    fn type_of(&self, of: &Expr<Operand>) -> DataType {
        typing::type_of(&self.plain(of), &mut |of: &Reached| (self.types)(of)).unwrap_or(DataType::Null)
    }
}

fn is_attribute(of: &Expr<Operand>) -> bool {
    matches!(of.kind.as_ref(), Kind::Ref(Operand::Attribute(_)))
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
