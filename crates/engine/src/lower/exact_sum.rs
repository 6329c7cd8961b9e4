//! Sums of decimals that cannot wrap: 128 bits and a count of how often they were passed.
//!
//! The engine's own sum wraps around without a word. It stands in for this one only where no
//! number of rows that could be read makes it wrap.

use std::hash::{Hash, Hasher};
use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::typed::MAX_DIGITS;

/// The sum of a decimal with this many digits and `scale` of them after the point, as one of 38
/// digits; null over no values, an error beyond 38 digits.
pub(crate) fn exact_sum(precision: u8, scale: i8) -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::Decimal128(precision, scale)], Volatility::Immutable);
    Arc::new(AggregateUDF::from(ExactSum { scale, signature }))
}

#[derive(Clone, Debug)]
struct ExactSum {
    scale: i8,
    signature: Signature,
}

impl PartialEq for ExactSum {
    fn eq(&self, other: &Self) -> bool {
        self.signature == other.signature
    }
}

impl Eq for ExactSum {}

impl Hash for ExactSum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.signature.hash(state);
    }
}

impl AggregateUDFImpl for ExactSum {
    fn name(&self) -> &str {
        "exact_sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Decimal128(MAX_DIGITS, self.scale))
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |part: &str, of: DataType| Arc::new(Field::new(format!("{}_{part}", args.name), of, true));
        Ok(vec![field("low", DataType::Decimal128(MAX_DIGITS, self.scale)), field("high", DataType::Int64)])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One { sum: Sum::default(), scale: self.scale }))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Sums { sums: Vec::new(), scale: self.scale }))
    }
}

/// The sum is `low + high · 2¹²⁸`.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    low: i128,
    high: i64,
    seen: bool,
}

impl Sum {
    fn add(&mut self, value: i128) {
        let (low, passed) = self.low.overflowing_add(value);
        self.low = low;
        if passed {
            self.high += if value > 0 { 1 } else { -1 };
        }
        self.seen = true;
    }

    fn merge(&mut self, low: &Decimal128Array, high: &Int64Array, row: usize) {
        if low.is_valid(row) {
            self.add(low.value(row));
            self.high += high.value(row);
        }
    }

    fn value(&self) -> Result<Option<i128>> {
        let limit = 10_u128.pow(u32::from(MAX_DIGITS));
        if self.high != 0 || self.low.unsigned_abs() >= limit {
            let error = ArrowError::ArithmeticOverflow("a sum of more than 38 digits".to_string());
            return Err(DataFusionError::from(error));
        }
        Ok(self.seen.then_some(self.low))
    }
}

/// The sum of all rows.
#[derive(Debug)]
struct One {
    sum: Sum,
    scale: i8,
}

impl Accumulator for One {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        arrays[0].as_primitive::<Decimal128Type>().iter().flatten().for_each(|value| self.sum.add(value));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (low, high) = (states[0].as_primitive::<Decimal128Type>(), states[1].as_primitive::<Int64Type>());
        (0..low.len()).for_each(|row| self.sum.merge(low, high, row));
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let Sum { low, high, seen } = self.sum;
        let low = ScalarValue::Decimal128(seen.then_some(low), MAX_DIGITS, self.scale);
        Ok(vec![low, ScalarValue::Int64(seen.then_some(high))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Decimal128(self.sum.value()?, MAX_DIGITS, self.scale))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sums of all groups.
#[derive(Debug)]
struct Sums {
    sums: Vec<Sum>,
    scale: i8,
}

impl Sums {
    fn decimals(&self, values: Decimal128Array) -> Result<ArrayRef> {
        Ok(Arc::new(values.with_precision_and_scale(MAX_DIGITS, self.scale)?))
    }
}

impl GroupsAccumulator for Sums {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sums.resize(total, Sum::default());
        let values = values[0].as_primitive::<Decimal128Type>();
        match (filter, values.null_count()) {
            (None, 0) => values.values().iter().zip(groups).for_each(|(value, group)| self.sums[*group].add(*value)),
            _ => {
                let kept = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
                for (row, group) in groups.iter().enumerate().filter(|(row, _)| kept(*row) && values.is_valid(*row)) {
                    self.sums[*group].add(values.value(row));
                }
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.sums.resize(total, Sum::default());
        let (low, high) = (states[0].as_primitive::<Decimal128Type>(), states[1].as_primitive::<Int64Type>());
        groups.iter().enumerate().for_each(|(row, group)| self.sums[*group].merge(low, high, row));
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let mut rows = Sums { sums: Vec::new(), scale: self.scale };
        let each: Vec<usize> = (0..values[0].len()).collect();
        rows.update_batch(values, &each, filter, each.len())?;
        rows.state(EmitTo::All)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = emit.take_needed(&mut self.sums);
        let values = sums.iter().map(Sum::value).collect::<Result<Decimal128Array>>()?;
        self.decimals(values)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = emit.take_needed(&mut self.sums);
        let low = sums.iter().map(|sum| sum.seen.then_some(sum.low)).collect::<Decimal128Array>();
        let high = sums.iter().map(|sum| sum.seen.then_some(sum.high)).collect::<Int64Array>();
        Ok(vec![self.decimals(low)?, Arc::new(high)])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<Sum>()
    }
}

#[cfg(test)]
mod tests {
    use super::Sum;

    #[test]
    fn what_passes_128_bits_and_comes_back_is_exact() {
        let large = 10_i128.pow(38) - 1;
        let mut sum = Sum::default();
        assert_eq!(sum.value().unwrap(), None);
        (0..10).for_each(|_| sum.add(large));
        assert!(sum.value().is_err());
        (0..10).for_each(|_| sum.add(-large));
        sum.add(7);
        assert_eq!(sum.value().unwrap(), Some(7));
        sum.add(large);
        assert!(sum.value().is_err(), "39 digits within 128 bits");
    }
}
