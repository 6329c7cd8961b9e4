//! A metric as its text in a model.

use serde_json::{Value as Json, json};

use crate::oracle::world::{
    Aggregation, Balance, Calculation, Cohort, Conversion, Input, Length, Level, Metric, MetricKind, Offset, Over,
    Pick, World,
};

pub fn metric(world: &World, metric: &Metric) -> Json {
    let mut out = json!({"name": metric.name});
    match &metric.kind {
        MetricKind::Simple { aggregation, argument, balance, .. } => {
            if let Some(Balance { time, is_last, by }) = balance {
                let choice = if *is_last { "last" } else { "first" };
                out["non_additive_dimension"] = json!({"name": time, "window_agg": choice});
                if !by.is_empty() {
                    out["non_additive_dimension"]["group_by"] = json!(by);
                }
            }
            out["type"] = "simple".into();
            let (word, percentile) = aggregation_words(*aggregation);
            out["agg"] = word.into();
            if let Some(p) = percentile {
                out["percentile"] = p.into();
            }
            if matches!(aggregation, Aggregation::DiscretePercentile(_)) {
                out["percentile_type"] = "discrete".into();
            }
            if let Some(argument) = argument {
                out["expr"] = argument.to_string().into();
            }
        }
        MetricKind::Ratio { numerator, denominator } => {
            out["type"] = "ratio".into();
            out["numerator"] = input(world, numerator);
            out["denominator"] = input(world, denominator);
        }
        MetricKind::Derived { formula, inputs } => {
            out["type"] = "derived".into();
            out["expr"] = formula.to_string().into();
            out["input_metrics"] = inputs.iter().map(|i| input(world, i)).collect();
        }
        MetricKind::Cumulative { input: of, over, pick } => {
            out["type"] = "cumulative".into();
            out["input_metric"] = input(world, of);
            match over {
                Over::AllTime => {}
                Over::ToDate(grain) => out["grain_to_date"] = grain.word().into(),
                Over::Trailing(length) => out["window"] = text_of(*length).into(),
            }
            match pick {
                Pick::First => out["period_agg"] = "first".into(),
                Pick::Average => out["period_agg"] = "average".into(),
                // What a model means that does not say.
                Pick::Last => {}
            }
        }
        MetricKind::Conversion(of) => conversion(world, of, &mut out),
        MetricKind::Cohort(of) => cohort(world, of, &mut out),
    }
    if metric.listed {
        out["join_to_timespine"] = true.into();
    }
    if let Some(filter) = &metric.filter {
        out["filter"] = filter.to_string().into();
    }
    if let Some(fill) = metric.fill {
        out["fill_nulls_with"] = (fill as i64).into();
    }
    if metric.percent {
        out["format"] = "percent".into();
    } else if metric.money {
        out["format"] = "currency".into();
        out["unit"] = "USD".into();
    }
    out
}

/// The word of an aggregation, and which percentile it is.
fn aggregation_words(aggregation: Aggregation) -> (&'static str, Option<f64>) {
    match aggregation {
        Aggregation::Sum => ("sum", None),
        Aggregation::Min => ("min", None),
        Aggregation::Max => ("max", None),
        Aggregation::Count => ("count", None),
        Aggregation::CountDistinct => ("count_distinct", None),
        Aggregation::ApproxCountDistinct => ("approx_count_distinct", None),
        Aggregation::Average => ("average", None),
        Aggregation::Median => ("median", None),
        Aggregation::Percentile(p) | Aggregation::DiscretePercentile(p) => ("percentile", Some(p)),
        Aggregation::SumBoolean => ("sum_boolean", None),
        Aggregation::First => ("first", None),
        Aggregation::Last => ("last", None),
    }
}

fn conversion(world: &World, of: &Conversion, out: &mut Json) {
    out["type"] = "conversion".into();
    out["base_metric"] = input(world, &of.base);
    out["conversion_metric"] = input(world, &of.events);
    out["entity"] = of.entity.as_str().into();
    if let Some(window) = of.window {
        out["window"] = text_of(window).into();
    }
    if !of.is_rate {
        out["calculation"] = "conversions".into();
    }
    if !of.same.is_empty() {
        let pair = |(base, event): &(String, String)| json!({"base_property": base, "conversion_property": event});
        out["constant_properties"] = of.same.iter().map(pair).collect();
    }
}

fn cohort(world: &World, of: &Cohort, out: &mut Json) {
    out["type"] = "cohort".into();
    out["input_metric"] = input(world, &of.input);
    out["entity"] = of.entity.as_str().into();
    out["cohort"] = match &of.entry.filter {
        Some(_) => input(world, &of.entry),
        None => format!("first {}", world.metrics[of.entry.metric].name).into(),
    };
    out["age"] = text_of(of.age).into();
    match of.calculation {
        // What a model means that does not say.
        Calculation::Average => {}
        Calculation::Total => out["calculation"] = "total".into(),
        Calculation::Retention => out["calculation"] = "retention".into(),
        Calculation::Retained => out["calculation"] = "retained".into(),
    }
}

fn input(world: &World, input: &Input) -> Json {
    let mut out = json!({"name": world.metrics[input.metric].name});
    if !input.alias.is_empty() {
        out["alias"] = input.alias.as_str().into();
    }
    match input.offset {
        None => {}
        Some(Offset::Window(length)) => out["offset_window"] = text_of(length).into(),
        Some(Offset::ToGrain(grain)) => out["offset_to_grain"] = grain.word().into(),
    }
    match &input.level {
        None => {}
        Some(Level::Without(names)) => out["grain"] = json!({"exclude": names}),
        Some(Level::Only(names)) => out["grain"] = json!({"keep_only": names}),
    }
    if let Some(filter) = &input.filter {
        out["filter"] = filter.to_string().into();
    }
    out
}

fn text_of(length: Length) -> String {
    format!("{} {}{}", length.count, length.unit.word(), if length.count == 1 { "" } else { "s" })
}
