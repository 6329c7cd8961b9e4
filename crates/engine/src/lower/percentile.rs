//! Percentiles, exact.
//!
//! The engine's own interpolates with a weight of six digits and has no discrete form. Both forms
//! here keep the values of a group and choose among them at the end.

use std::hash::{Hash, Hasher};
use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

/// The percentile at `fraction`, in (0, 1), of a double, nulls left out; null over no values.
///
/// Continuous: linear interpolation at `fraction · (n − 1)`. Discrete: the smallest value whose
/// cumulative share reaches the fraction.
pub(super) fn percentile(fraction: f64, discrete: bool) -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
    Arc::new(AggregateUDF::from(Percentile { fraction, discrete, signature }))
}

#[derive(Clone, Debug)]
struct Percentile {
    fraction: f64,
    discrete: bool,
    signature: Signature,
}

impl PartialEq for Percentile {
    fn eq(&self, other: &Self) -> bool {
        self.fraction.to_bits() == other.fraction.to_bits() && self.discrete == other.discrete
    }
}

impl Eq for Percentile {}

impl Hash for Percentile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.fraction.to_bits().hash(state);
        self.discrete.hash(state);
    }
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        if self.discrete { "percentile_discrete" } else { "percentile_continuous" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let list = DataType::List(Arc::new(item()));
        Ok(vec![Arc::new(Field::new(format!("{}_values", args.name), list, true))])
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Values { values: Vec::new(), fraction: self.fraction, discrete: self.discrete }))
    }
}

/// The values of one group.
#[derive(Debug)]
struct Values {
    values: Vec<f64>,
    fraction: f64,
    discrete: bool,
}

impl Accumulator for Values {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        self.values.extend(arrays[0].as_primitive::<Float64Type>().iter().flatten());
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for list in states[0].as_list::<i32>().iter().flatten() {
            self.values.extend(list.as_primitive::<Float64Type>().iter().flatten());
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values = Float64Array::from(std::mem::take(&mut self.values));
        let offsets = OffsetBuffer::from_lengths([values.len()]);
        let list = ListArray::new(Arc::new(item()), offsets, Arc::new(values), None);
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = if self.discrete {
            discrete(&mut self.values, self.fraction)
        } else {
            continuous(&mut self.values, self.fraction)
        };
        Ok(ScalarValue::Float64(value))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<f64>()
    }
}

fn item() -> Field {
    Field::new_list_field(DataType::Float64, true)
}

fn continuous(values: &mut [f64], fraction: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let position = fraction * last as f64;
    let (below, weight) = (position.floor() as usize, position.fract());
    let (_, low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(if weight == 0.0 || low == high { low } else { low * (1.0 - weight) + high * weight })
}

fn discrete(values: &mut [f64], fraction: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    // A share that is a whole number of values must not be missed for the fraction's last digit.
    let reached = (fraction * values.len() as f64 * (1.0 - 1e-12)).ceil() as usize;
    let (_, value, _) = values.select_nth_unstable_by(reached.saturating_sub(1).min(last), f64::total_cmp);
    Some(*value)
}

#[cfg(test)]
mod tests {
    use super::{continuous, discrete};

    #[test]
    fn interpolates_between_neighbours() {
        let of = |values: &[f64], fraction| continuous(&mut values.to_vec(), fraction);
        assert_eq!(of(&[10.0, 1.0, 9.0, 2.0], 0.5), Some(5.5));
        assert_eq!(of(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.9), Some(4.6));
        assert_eq!(of(&[0.1, 0.1], 0.3), Some(0.1));
        assert_eq!(of(&[7.0], 0.99), Some(7.0));
        assert_eq!(of(&[], 0.5), None);
    }

    #[test]
    fn chooses_the_smallest_value_that_reaches_the_share() {
        let of = |values: &[f64], fraction| discrete(&mut values.to_vec(), fraction);
        assert_eq!(of(&[10.0, 1.0, 9.0, 2.0], 0.5), Some(2.0));
        assert_eq!(of(&[10.0, 1.0, 9.0, 2.0], 0.51), Some(9.0));
        assert_eq!(of(&[1.0, 2.0], 0.001), Some(1.0));
        // 0.07 · 100 is 7.000000000000001 in doubles.
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(of(&hundred, 0.07), Some(7.0));
        assert_eq!(of(&hundred, 0.29), Some(29.0));
        assert_eq!(of(&hundred, 0.99), Some(99.0));
    }
}
