//! SUM of a statement: of whole numbers and decimals exact, of doubles the engine's own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};

use crate::lower::exact_sum::exact_sum;

/// Digits of an exact sum.
const MAX_DIGITS: u8 = 38;

/// SUM that does not wrap; `own` is the engine's.
pub(super) fn sum(own: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(Sum { own, signature: Signature::user_defined(Volatility::Immutable) }))
}

#[derive(Clone, Debug)]
struct Sum {
    own: Arc<AggregateUDF>,
    signature: Signature,
}

impl PartialEq for Sum {
    fn eq(&self, other: &Self) -> bool {
        self.own == other.own
    }
}

impl Eq for Sum {}

impl Hash for Sum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.own.hash(state);
    }
}

impl Sum {
    /// The exact sum of decimals; none of doubles, and none of distinct ones, of which there are too few to wrap.
    fn exact(&self, of: Option<&FieldRef>, is_distinct: bool) -> Option<Arc<AggregateUDF>> {
        match of.map(|field| field.data_type()) {
            Some(DataType::Decimal128(precision, scale)) if !is_distinct => Some(exact_sum(*precision, *scale)),
            _ => None,
        }
    }
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let [of] = arguments else {
            return Err(DataFusionError::Plan("function 'sum' takes one argument".to_string()));
        };
        Ok(vec![match of {
            whole if whole.is_integer() => DataType::Decimal128(20, 0),
            DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
                DataType::Decimal128(*precision, *scale)
            }
            DataType::Decimal128(..) => of.clone(),
            DataType::Float16 | DataType::Float32 | DataType::Float64 | DataType::Null => DataType::Float64,
            _ => return Err(DataFusionError::Plan(format!("function 'sum' of {of}"))),
        }])
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(match arguments {
            [DataType::Decimal128(_, scale)] => DataType::Decimal128(MAX_DIGITS, *scale),
            _ => DataType::Float64,
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        match self.exact(args.input_fields.first(), args.is_distinct) {
            Some(exact) => exact.state_fields(args),
            None => self.own.state_fields(args),
        }
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        match self.exact(args.expr_fields.first(), args.is_distinct) {
            Some(exact) => exact.accumulator(args),
            None => self.own.accumulator(args),
        }
    }

    /// Of a frame that moves, which takes rows out again: the engine's own.
    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.own.create_sliding_accumulator(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        match self.exact(args.expr_fields.first(), args.is_distinct) {
            Some(_) => true,
            None => self.own.groups_accumulator_supported(args),
        }
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        match self.exact(args.expr_fields.first(), args.is_distinct) {
            Some(exact) => exact.create_groups_accumulator(args),
            None => self.own.create_groups_accumulator(args),
        }
    }
}
