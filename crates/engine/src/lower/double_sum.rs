//! Sums of doubles that do not depend on the order of rows.
//!
//! Rows reach a sum in the order that threads happen to take, and the last digits of a plain sum
//! follow it. Here every addition keeps its rounding error beside the sum (Knuth's two-sum), so
//! that the rounded result has one value for the same rows.

use std::hash::{Hash, Hasher};
use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

/// The sum of a double, nulls left out; null over no values.
pub(super) fn double_sum() -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
    Arc::new(AggregateUDF::from(DoubleSum { signature }))
}

#[derive(Clone, Debug)]
struct DoubleSum {
    signature: Signature,
}

impl PartialEq for DoubleSum {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for DoubleSum {}

impl Hash for DoubleSum {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl AggregateUDFImpl for DoubleSum {
    fn name(&self) -> &str {
        "sum_of_doubles"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let field = |part: &str| Arc::new(Field::new(format!("{}_{part}", args.name), DataType::Float64, true));
        Ok(vec![field("high"), field("low")])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Sum::default()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Sums::default()))
    }
}

/// `high + low` is the sum; `low` holds what rounding took from `high`.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    high: f64,
    low: f64,
    seen: bool,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let sum = self.high + value;
        let taken = sum - self.high;
        self.low += (self.high - (sum - taken)) + (value - taken);
        self.high = sum;
        self.seen = true;
    }

    fn value(&self) -> Option<f64> {
        // Beyond the doubles, what rounding took is not a number.
        self.seen.then_some(if self.high.is_finite() { self.high + self.low } else { self.high })
    }

    fn merge(&mut self, states: [&Float64Array; 2], row: usize) {
        if states[0].is_valid(row) {
            self.add(states[0].value(row));
            self.low += states[1].value(row);
        }
    }
}

impl Accumulator for Sum {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        arrays[0].as_primitive::<Float64Type>().iter().flatten().for_each(|value| self.add(value));
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let parts = [states[0].as_primitive::<Float64Type>(), states[1].as_primitive::<Float64Type>()];
        (0..parts[0].len()).for_each(|row| self.merge(parts, row));
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let part = |value: f64| ScalarValue::Float64(self.seen.then_some(value));
        Ok(vec![part(self.high), part(self.low)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(self.value()))
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// The sums of all groups.
#[derive(Debug, Default)]
struct Sums {
    sums: Vec<Sum>,
}

impl Sums {
    /// Calls `add` for each row that the filter keeps.
    fn each(
        &mut self,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
        mut add: impl FnMut(&mut Sum, usize),
    ) {
        self.sums.resize(total, Sum::default());
        let kept = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        for (row, group) in groups.iter().enumerate().filter(|(row, _)| kept(*row)) {
            add(&mut self.sums[*group], row);
        }
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
        let values = values[0].as_primitive::<Float64Type>();
        self.each(groups, filter, total, |sum, row| {
            if values.is_valid(row) {
                sum.add(values.value(row));
            }
        });
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let parts = [states[0].as_primitive::<Float64Type>(), states[1].as_primitive::<Float64Type>()];
        self.each(groups, None, total, |sum, row| sum.merge(parts, row));
        Ok(())
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let values = values[0].as_primitive::<Float64Type>();
        let mut rows = Sums::default();
        let each: Vec<usize> = (0..values.len()).collect();
        rows.update_batch(&[Arc::new(values.clone())], &each, filter, values.len())?;
        rows.state(EmitTo::All)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = emit.take_needed(&mut self.sums);
        Ok(Arc::new(sums.iter().map(Sum::value).collect::<Float64Array>()))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = emit.take_needed(&mut self.sums);
        let part = |of: fn(&Sum) -> f64| -> ArrayRef {
            Arc::new(sums.iter().map(|sum| sum.seen.then(|| of(sum))).collect::<Float64Array>())
        };
        Ok(vec![part(|sum| sum.high), part(|sum| sum.low)])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<Sum>()
    }
}
