//! Aggregations: how a measure's rows become one value.

/// How rows become one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregation {
    /// Exact for integers (38 digits), decimals and money; a double for other floats.
    Sum,
    Min,
    Max,
    Count,
    CountDistinct,
    /// An estimate of the distinct count.
    ApproxCountDistinct,
    /// A double.
    Average,
    /// Linear interpolation at half; a double.
    Median,
    /// `fraction` is in (0, 1); a double by linear interpolation, or the smallest value whose cumulative share reaches it.
    Percentile {
        fraction: f64,
        discrete: bool,
    },
    /// Rows where the argument is true; null over no rows.
    SumBoolean,
    /// The argument of the earliest row.
    First,
    /// The argument of the latest row.
    Last,
}

impl Aggregation {
    /// Whether the result is one of the values or made of them, not a count.
    pub fn is_of_values(self) -> bool {
        match self {
            Aggregation::Sum
            | Aggregation::Min
            | Aggregation::Max
            | Aggregation::Average
            | Aggregation::Median
            | Aggregation::Percentile { .. }
            | Aggregation::First
            | Aggregation::Last => true,
            Aggregation::Count
            | Aggregation::CountDistinct
            | Aggregation::ApproxCountDistinct
            | Aggregation::SumBoolean => false,
        }
    }
}
