//! Definitions: a metric's formula in the names of metrics and dimensions, never in columns.

use super::aggregation::Aggregation;
use super::{Accumulation, Catalog, Input, Level, Metric, MetricKind, Offset};
use crate::model::metric::{Calculation, WindowChoice};
use crate::model::words::Word;

/// The formula of a metric. A simple metric shows its aggregation and its label.
pub fn of(catalog: &Catalog, metric: &Metric) -> String {
    let formula = match &metric.kind {
        MetricKind::Simple(measure) => {
            let what = metric.label.clone().unwrap_or_else(|| metric.name.replace('_', " "));
            let when = match measure.balance.as_ref().map(|b| b.choice) {
                Some(WindowChoice::First) => " at the first time",
                Some(WindowChoice::Last) => " at the last time",
                None => "",
            };
            format!("{} of {}{when}", aggregation(measure.aggregation), what.to_lowercase())
        }
        MetricKind::Ratio { numerator, denominator } => {
            format!("{} / {}", input(catalog, numerator), input(catalog, denominator))
        }
        MetricKind::Derived { expr, inputs } => expr.map_refs(&mut |id| input(catalog, &inputs[id.0])).to_string(),
        MetricKind::Cumulative { input: of, over, .. } => {
            let of = input(catalog, of);
            match over {
                Accumulation::Trailing(length) => format!("{of} over the last {} {}s", length.count, length.unit),
                Accumulation::ToDate(grain) => format!("{of} since the start of the {}", catalog.grain_name(*grain)),
                Accumulation::AllTime => format!("{of} since ever"),
            }
        }
        MetricKind::Conversion(of) => {
            let (base, conversion) = (input(catalog, &of.base), input(catalog, &of.conversion));
            let window = of.window.map_or_else(String::new, |w| format!(" within {} {}s", w.count, w.unit));
            let rate = if of.is_rate { format!(" / {base}") } else { String::new() };
            format!("{conversion}{window} after {base}{rate}")
        }
        MetricKind::Cohort(of) => {
            let (metric, entry) = (input(catalog, &of.input), input(catalog, &of.entry));
            let (age, entity) = (format!("{} {}s", of.age.count, of.age.unit), &of.entity);
            match of.calculation {
                Calculation::Retention => format!("share of each {entity} with {metric} again within {age} of {entry}"),
                Calculation::Retained => format!("count of each {entity} with {metric} again within {age} of {entry}"),
                Calculation::Total => format!("{metric} within {age} of {entry} by {entity}"),
                Calculation::Average | Calculation::ConversionRate | Calculation::Conversions => {
                    format!("{metric} within {age} of {entry} for each {entity}")
                }
            }
        }
        MetricKind::Later(word) => (*word).to_string(),
    };
    let filters: Vec<String> = metric.filter.iter().map(|f| f.to_string()).collect();
    if filters.is_empty() { formula } else { format!("{formula} where {}", filters.join(" and ")) }
}

fn aggregation(aggregation: Aggregation) -> String {
    match aggregation {
        Aggregation::Sum => "sum".to_string(),
        Aggregation::Min => "smallest".to_string(),
        Aggregation::Max => "largest".to_string(),
        Aggregation::Count => "count".to_string(),
        Aggregation::CountDistinct => "distinct count".to_string(),
        Aggregation::ApproxCountDistinct => "approximate distinct count".to_string(),
        Aggregation::Average => "average".to_string(),
        Aggregation::Median => "median".to_string(),
        Aggregation::Percentile { fraction, discrete } => {
            format!("{}percentile {fraction}", if discrete { "discrete " } else { "" })
        }
        Aggregation::SumBoolean => "count of true".to_string(),
        Aggregation::First => "first".to_string(),
        Aggregation::Last => "last".to_string(),
    }
}

fn input(catalog: &Catalog, input: &Input) -> String {
    let name = catalog.metric(input.metric).name.clone();
    let filters: Vec<String> = input.filter.iter().map(|f| f.to_string()).collect();
    let offset = match &input.offset {
        None => String::new(),
        Some(Offset::Window(length)) => format!(" {} {}s earlier", length.count, length.unit),
        Some(Offset::Custom { count, granularity }) => {
            format!(" {count} {} earlier", catalog.custom_granularity(*granularity).name)
        }
        Some(Offset::ToGrain(grain)) => format!(" at the start of the {}", catalog.grain_name(*grain)),
    };
    let level = match &input.level {
        None => String::new(),
        Some(Level::Without(names)) => format!(" over all {}", names.join(", ")),
        Some(Level::Only(names)) if names.is_empty() => " over all".to_string(),
        Some(Level::Only(names)) => format!(" by {} alone", names.join(", ")),
    };
    let name = match &input.finer {
        None => format!("{name}{level}"),
        Some(of) => format!("{} of {name} per {}", of.aggregation.word(), of.dimensions.join(", ")),
    };
    if filters.is_empty() { format!("{name}{offset}") } else { format!("{name}{offset} [{}]", filters.join(" and ")) }
}
