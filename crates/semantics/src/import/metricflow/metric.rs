//! Metrics: `type_params` of the legacy vocabulary and of manifests, or the same keys at the top in
//! the latest one.

use super::config;
use super::draft::{Aggregated, Base, Kind, MeasureInput, Metric};
use super::fields::{Fields, Report};
use super::semantic_model::{self as legacy, Percentile};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::convert;
use crate::model::metric::{Calculation, ConstantProperty, GrainName, Input, NonAdditiveDimension, PeriodAggregation};
use crate::source::Spanned;
use crate::yaml::{Node, Value};

/// A metric; `home` is the semantic model that it stands in, where it stands in one. None when it is
/// disabled, or a finding says why it cannot be read.
pub(super) fn read(report: &Report, node: &Node, home: Option<&Spanned<String>>) -> Option<Metric> {
    let f = Fields::open(report, "metric", node)?;
    let config = config::read(&f);
    let name = f.required("name");
    let (label, description) = (f.text("label"), f.text("description"));
    let filter = f.filters("filter");
    let granularity = f.granularity("time_granularity");
    let params = f.node("type_params").and_then(|node| Fields::open(report, "metric's type_params", node));
    let mut hidden = f.flag("hidden").is_some_and(|flag| flag.value);
    let kind = match (&params, kind_word(&f)) {
        (_, None) => {
            f.accept_rest();
            None
        }
        (Some(params), Some(word)) => {
            hidden |= params.flag("is_private").is_some_and(|flag| flag.value);
            legacy_kind(params, &word, name.as_ref(), &f)
        }
        (None, Some(word)) => latest_kind(&f, &word, name.as_ref(), home),
    };
    f.ignore("metadata");
    f.ignore("tags");
    let (place, span) = (f.label(), f.span);
    if let Some(params) = params {
        params.finish();
    }
    f.finish();
    if !config.enabled {
        report.loss(span, format!("{place} is not enabled"), "remove `enabled: false` to read it");
        return None;
    }
    Some(Metric {
        name: name?,
        label,
        description,
        synonyms: config.synonyms,
        owner: config.owner,
        filter,
        granularity,
        hidden,
        kind: kind?,
        span,
    })
}

const KINDS: [&str; 5] = ["simple", "ratio", "derived", "cumulative", "conversion"];

/// The word of `type` in lower case; a metric without one is simple.
fn kind_word(f: &Fields<'_>) -> Option<String> {
    if !f.has("type") {
        return Some("simple".to_string());
    }
    let text = f.text("type")?;
    let word = text.value.to_ascii_lowercase();
    if KINDS.contains(&word.as_str()) {
        return Some(word);
    }
    f.unknown_value("type", &text, &KINDS);
    None
}

fn legacy_kind(f: &Fields<'_>, word: &str, name: Option<&Spanned<String>>, metric: &Fields<'_>) -> Option<Kind> {
    f.ignore("input_measures");
    match word {
        "simple" if f.has("measure") || !f.has("metric_aggregation_params") => {
            f.ignore("metric_aggregation_params");
            f.ignore("expr");
            f.required_node("measure")?;
            let mut measure = measure(f, "measure")?;
            measure.join_to_timespine = measure.join_to_timespine.or(f.flag("join_to_timespine"));
            measure.fill_nulls_with = measure.fill_nulls_with.or(f.decimal("fill_nulls_with"));
            Some(Kind::OfMeasure(measure))
        }
        "simple" => manifest_rows(f, name),
        "ratio" => ratio(f),
        "derived" => derived(f, "metrics"),
        "cumulative" => legacy_cumulative(f, metric),
        _ => {
            let node = f.required_node("conversion_type_params")?;
            let params = Fields::open(f.report, "conversion metric's type_params", node)?;
            let (base, conversion) = (
                base(&params, "base_measure", "base_metric"),
                base(&params, "conversion_measure", "conversion_metric"),
            );
            let kind = conversion_kind(&params, base, conversion);
            params.finish();
            kind
        }
    }
}

/// `metric_aggregation_params` of a newer manifest.
fn manifest_rows(f: &Fields<'_>, name: Option<&Spanned<String>>) -> Option<Kind> {
    let params = Fields::open(f.report, "metric's aggregation", f.node("metric_aggregation_params")?)?;
    let semantic_model = params.required("semantic_model");
    if !params.has("agg") {
        params.missing("agg");
    }
    let agg = legacy::aggregation(&params);
    let percentile = legacy::agg_params(&params);
    let non_additive_dimension =
        params.node("non_additive_dimension").and_then(|node| legacy::non_additive(f.report, node));
    let time = params.text("agg_time_dimension");
    let expr = params.text("expr").or(f.text("expr"));
    percentile.check(&params, agg.as_ref());
    params.finish();
    let expr = expr.or_else(|| name.cloned())?;
    let Percentile { share: percentile, kind: percentile_type, .. } = percentile;
    let aggregated = Aggregated { agg: agg?, expr, percentile, percentile_type, non_additive_dimension, time };
    Some(Kind::OfRows {
        semantic_model: semantic_model?,
        aggregated: Box::new(aggregated),
        join_to_timespine: f.flag("join_to_timespine"),
        fill_nulls_with: f.decimal("fill_nulls_with"),
    })
}

fn legacy_cumulative(f: &Fields<'_>, metric: &Fields<'_>) -> Option<Kind> {
    let (mut window, mut grain_to_date) = (f.window("window"), f.granularity("grain_to_date"));
    let inner = f.node("cumulative_type_params");
    let inner = inner.and_then(|node| Fields::open(f.report, "cumulative metric's type_params", node));
    let mut period_agg = None;
    let mut input = None;
    if let Some(inner) = inner {
        window = one(&inner, "window", window, inner.window("window"));
        grain_to_date = one(&inner, "grain_to_date", grain_to_date, inner.granularity("grain_to_date"));
        period_agg = period(&inner);
        input = self::input(&inner, "metric").map(Base::Metric);
        inner.finish();
    }
    if f.has("measure") || input.is_none() {
        f.required_node("measure")?;
        input = measure(f, "measure").map(Base::Measure);
    }
    cumulative(metric, input?, window, grain_to_date, period_agg)
}

/// What is written at the older or the newer place of a key; both say the same.
fn one<T: PartialEq>(
    f: &Fields<'_>,
    key: &str,
    older: Option<Spanned<T>>,
    newer: Option<Spanned<T>>,
) -> Option<Spanned<T>> {
    if let (Some(older), Some(newer)) = (&older, &newer)
        && older.value != newer.value
    {
        let message = format!("two values of `{key}` of one metric");
        f.contradiction(newer.span, message, "keep the one in `cumulative_type_params`");
    }
    newer.or(older)
}

fn cumulative(
    f: &Fields<'_>,
    input: Base,
    window: Option<Spanned<crate::model::Length>>,
    grain_to_date: Option<Spanned<crate::time::granularity::Granularity>>,
    period_agg: Option<Spanned<PeriodAggregation>>,
) -> Option<Kind> {
    if let (Some(_), Some(grain)) = (&window, &grain_to_date) {
        let message = format!("{} has both `window` and `grain_to_date`", f.label());
        f.contradiction(grain.span, message, "keep one of the two");
        return None;
    }
    let period_agg = period_agg.unwrap_or(Spanned::new(PeriodAggregation::First, f.place()));
    Some(Kind::Cumulative { input, window, grain_to_date, period_agg })
}

/// `first`, `last` or `average`; `sum` is shown in places, and refused by the vocabulary itself.
fn period(f: &Fields<'_>) -> Option<Spanned<PeriodAggregation>> {
    f.word("period_agg")
}

fn latest_kind(
    f: &Fields<'_>,
    word: &str,
    name: Option<&Spanned<String>>,
    home: Option<&Spanned<String>>,
) -> Option<Kind> {
    match word {
        "simple" => rows(f, name, home),
        "ratio" => ratio(f),
        "derived" => derived(f, "input_metrics"),
        "cumulative" => {
            let (window, grain_to_date) = (f.window("window"), f.granularity("grain_to_date"));
            let period_agg = period(f);
            f.required_node("input_metric")?;
            cumulative(f, Base::Metric(input(f, "input_metric")?), window, grain_to_date, period_agg)
        }
        _ => {
            let (base, conversion) = (required_input(f, "base_metric"), required_input(f, "conversion_metric"));
            conversion_kind(f, base.map(Base::Metric), conversion.map(Base::Metric))
        }
    }
}

/// A simple metric of the latest vocabulary.
fn rows(f: &Fields<'_>, name: Option<&Spanned<String>>, home: Option<&Spanned<String>>) -> Option<Kind> {
    if home.is_none() && !f.has("agg") {
        f.missing("type_params");
        f.accept_rest();
        return None;
    }
    if !f.has("agg") {
        f.missing("agg");
    }
    let agg = legacy::aggregation(f);
    let expr = f.text("expr").or_else(|| name.cloned());
    let percentile = legacy::percentile(f);
    percentile.check(f, agg.as_ref());
    let non_additive_dimension = f.node("non_additive_dimension").and_then(|node| {
        let f = Fields::open(f.report, "non-additive dimension", node)?;
        let name = f.required("name");
        let window_agg = legacy::window_choice(&f, "window_agg");
        let (group_by, span) = (f.texts("group_by"), f.span);
        f.finish();
        Some(NonAdditiveDimension { name: name?, window_agg: window_agg?, group_by, span })
    });
    let time = f.text("agg_time_dimension");
    let (join_to_timespine, fill_nulls_with) = (f.flag("join_to_timespine"), f.decimal("fill_nulls_with"));
    let Some(home) = home else {
        let message = format!("{} is simple and stands in no model", f.label());
        f.contradiction(f.place(), message, "move it under `metrics` of the model whose rows it aggregates");
        return None;
    };
    let Percentile { share: percentile, kind: percentile_type, .. } = percentile;
    let aggregated = Aggregated { agg: agg?, expr: expr?, percentile, percentile_type, non_additive_dimension, time };
    let aggregated = Box::new(aggregated);
    Some(Kind::OfRows { semantic_model: home.clone(), aggregated, join_to_timespine, fill_nulls_with })
}

fn ratio(f: &Fields<'_>) -> Option<Kind> {
    let (numerator, denominator) = (required_input(f, "numerator"), required_input(f, "denominator"));
    Some(Kind::Ratio { numerator: numerator?, denominator: denominator? })
}

fn derived(f: &Fields<'_>, key: &'static str) -> Option<Kind> {
    let expr = f.required("expr");
    if !f.has(key) {
        f.missing(key);
    }
    let inputs: Vec<Input> = f.list(key).iter().filter_map(|node| read_input(f, node)).collect();
    let mut seen: Vec<&str> = Vec::new();
    for input in &inputs {
        let name = input.alias.as_ref().unwrap_or(&input.name);
        if seen.contains(&name.value.as_str()) {
            let message = format!("two inputs of a metric are called `{}`", name.value);
            f.report.fault(Diagnostic::new(Code::DuplicateName, message).at(name.span).help("give one an `alias`"));
        }
        seen.push(&name.value);
    }
    Some(Kind::Derived { expr: expr?, inputs })
}

fn conversion_kind(f: &Fields<'_>, base: Option<Base>, conversion: Option<Base>) -> Option<Kind> {
    let entity = f.required("entity");
    let window = f.window("window");
    let calculation = f.word("calculation");
    let calculation = calculation.or_else(|| Some(Spanned::new(Calculation::ConversionRate, f.place())));
    let constant_properties = f.list("constant_properties").iter().filter_map(|node| {
        let f = Fields::open(f.report, "constant property", node)?;
        let (base, conversion, span) = (f.required("base_property"), f.required("conversion_property"), f.span);
        f.finish();
        Some(ConstantProperty { base_property: base?, conversion_property: conversion?, span })
    });
    let constant_properties = constant_properties.collect();
    Some(Kind::Conversion {
        base: base?,
        conversion: conversion?,
        entity: entity?,
        window,
        calculation,
        constant_properties,
    })
}

/// What a conversion metric counts: a measure, or a metric of newer manifests.
fn base(f: &Fields<'_>, measure_key: &'static str, metric_key: &'static str) -> Option<Base> {
    if f.has(metric_key) && !f.has(measure_key) {
        f.accept(measure_key);
        return input(f, metric_key).map(Base::Metric);
    }
    f.accept(metric_key);
    f.required_node(measure_key)?;
    measure(f, measure_key).map(Base::Measure)
}

/// A measure by its name, or a map around it.
fn measure(f: &Fields<'_>, key: &'static str) -> Option<MeasureInput> {
    let node = f.node(key)?;
    if !matches!(node.value, Value::Map(_)) {
        let (name, span) = (f.required(key)?, node.span);
        return Some(MeasureInput { name, filter: Vec::new(), join_to_timespine: None, fill_nulls_with: None, span });
    }
    let f = Fields::open(f.report, "input measure", node)?;
    let name = f.required("name");
    let filter = f.filters("filter");
    let (join_to_timespine, fill_nulls_with) = (f.flag("join_to_timespine"), f.decimal("fill_nulls_with"));
    f.ignore("alias");
    let span = f.span;
    f.finish();
    Some(MeasureInput { name: name?, filter, join_to_timespine, fill_nulls_with, span })
}

fn required_input(f: &Fields<'_>, key: &'static str) -> Option<Input> {
    f.required_node(key)?;
    input(f, key)
}

fn input(f: &Fields<'_>, key: &'static str) -> Option<Input> {
    read_input(f, f.node(key)?)
}

/// A metric by its name, or a map around it.
fn read_input(f: &Fields<'_>, node: &Node) -> Option<Input> {
    if let Some(scalar) = node.scalar() {
        return Some(Input::named(Spanned::new(scalar.text.clone(), node.span)));
    }
    let f = Fields::open(f.report, "input metric", node)?;
    let name = f.required("name");
    let alias = f.text("alias");
    let filter = f.filters("filter");
    let written = f.window_text("offset_window");
    let offset_window = written.as_ref().and_then(|text| {
        let offset = convert::offset(&text.value);
        if offset.is_none() {
            let message = format!("`offset_window` cannot be `{}`", text.value);
            let fault = Diagnostic::new(Code::UnknownValue, message).at(text.span);
            f.report.fault(fault.help("a count and a granularity, such as `7 days`"));
        }
        offset.map(|offset| Spanned::new(offset, text.span))
    });
    let offset_to_grain = f.granularity("offset_to_grain").map(|grain| grain.map(GrainName::Standard));
    if let (Some(_), Some(grain)) = (&offset_window, &offset_to_grain) {
        let message = "`offset_window` and `offset_to_grain` of one input".to_string();
        f.contradiction(grain.span, message, "keep one of the two");
    }
    let span = f.span;
    f.finish();
    Some(Input { name: name?, alias, filter, offset_window, offset_to_grain, grain: None, span })
}
