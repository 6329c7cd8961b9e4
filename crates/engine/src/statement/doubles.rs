//! Means, medians and percentiles of a statement: doubles, whatever they are of. The engine's own are of their
//! argument's type, which cuts digits off.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};

/// The names of the aggregates that answer in doubles here.
pub(super) const NAMES: [&str; 4] = ["avg", "mean", "median", "percentile_cont"];

/// The engine's aggregate `own` over doubles.
pub(super) fn doubles(own: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(Doubles { own, signature: Signature::user_defined(Volatility::Immutable) }))
}

#[derive(Clone, Debug)]
struct Doubles {
    own: Arc<AggregateUDF>,
    signature: Signature,
}

impl PartialEq for Doubles {
    fn eq(&self, other: &Self) -> bool {
        self.own == other.own
    }
}

impl Eq for Doubles {}

impl Hash for Doubles {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.own.hash(state);
    }
}

impl AggregateUDFImpl for Doubles {
    fn name(&self) -> &str {
        self.own.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = if self.name() == "percentile_cont" { 2 } else { 1 };
        if arguments.len() != wanted {
            return Err(DataFusionError::Plan(format!("function '{}' takes {wanted} arguments", self.name())));
        }
        let double = |of: &DataType| match of.is_numeric() || of.is_null() {
            true => Ok(DataType::Float64),
            false => Err(DataFusionError::Plan(format!("function '{}' of {of}", self.name()))),
        };
        arguments.iter().map(double).collect()
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        self.own.state_fields(args)
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.own.accumulator(args)
    }

    fn create_sliding_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        self.own.create_sliding_accumulator(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs) -> bool {
        self.own.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        self.own.create_groups_accumulator(args)
    }

    fn supports_within_group_clause(&self) -> bool {
        self.own.supports_within_group_clause()
    }
}
