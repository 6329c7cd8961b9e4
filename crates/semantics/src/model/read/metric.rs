//! Reading metrics.

use std::collections::HashMap;

use super::super::fields::{Fields, Reader};
use super::super::format::Shape;
use super::super::metric::{
    Aggregation, Calculation, Cohort, ConstantProperty, Conversion, Cumulative, Derived, Input, InputGrain,
    Materiality, Metric, MetricKind, NonAdditiveDimension, Ratio, Simple,
};
use super::super::words::Word;
use super::super::{Model, convert};
use super::question;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};

/// Where a metric stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Dataset,
    Model,
}

pub(super) fn metric(f: &Fields<'_>, home: Home) -> Option<Metric> {
    let name = f.text("name");
    let _ = f.text_word("type");
    let label = f.text("label");
    let description = f.text("description");
    let synonyms = f.texts("synonyms");
    let aliases = f.texts("aliases");
    let deprecated_names = f.texts("deprecated_names");
    let owner = f.text("owner");
    let unit = f.text("unit");
    let format = f.word("format");
    let direction = f.word("direction");
    let filter = f.texts("filter");
    let time = f.text("time");
    let granularity = f.parsed("granularity", |s| matches!(s, Shape::Grain), convert::grain);
    let join_to_timespine = f.flag("join_to_timespine");
    let fill_nulls_with = f.number("fill_nulls_with", |s| matches!(s, Shape::Decimal), convert::decimal);
    let materiality = f.object("materiality", materiality);
    let min_sample = f.count("min_sample");
    let sample = f.text("sample");
    let settles_after = f.parsed("settles_after", |s| matches!(s, Shape::Length), convert::length);
    let attribution_window = f.parsed("attribution_window", |s| matches!(s, Shape::Length), convert::length);
    let hidden = f.flag("hidden").is_some_and(|h| h.value);
    let tests = f.objects("tests", question::test);
    let kind = match f.kind() {
        Some("simple") => simple(f, home).map(MetricKind::Simple),
        Some("ratio") => ratio(f).map(MetricKind::Ratio),
        Some("derived") => derived(f).map(MetricKind::Derived),
        Some("cumulative") => cumulative(f).map(MetricKind::Cumulative),
        Some("conversion") => conversion(f).map(MetricKind::Conversion),
        Some("cohort") => cohort(f).map(MetricKind::Cohort),
        Some(_) | None => {
            f.skip_typed_keys();
            None
        }
    };
    let Some((name, kind)) = name.zip(kind) else {
        let mut unread = f.reader.unread.borrow_mut();
        unread.extend(aliases.into_iter().chain(deprecated_names).map(|n| n.value));
        return None;
    };
    Some(Metric {
        name,
        label,
        description,
        synonyms,
        aliases,
        deprecated_names,
        owner,
        unit,
        format,
        direction,
        filter,
        time,
        granularity,
        join_to_timespine,
        fill_nulls_with,
        materiality,
        min_sample,
        sample,
        settles_after,
        attribution_window,
        hidden,
        tests,
        kind,
        span: f.span,
    })
}

fn simple(f: &Fields<'_>, home: Home) -> Option<Simple> {
    let agg = f.word::<Aggregation>("agg");
    let expr = f.text("expr");
    let percentile = f.number("percentile", |s| matches!(s, Shape::Fraction), convert::fraction);
    let percentile_type = f.word("percentile_type");
    let non_additive_dimension = f.object("non_additive_dimension", |f| {
        let (name, window_agg, group_by) = (f.text("name"), f.word("window_agg"), f.texts("group_by"));
        Some(NonAdditiveDimension { name: name?, window_agg: window_agg?, group_by, span: f.span })
    });
    let scale = f.count("scale").map(|scale| scale.map(|digits| digits as u8));
    if home == Home::Model {
        let message = format!("{} is simple and stands in no dataset", f.label());
        f.contradiction(f.place(), message, "move it under `metrics` of the dataset whose rows it aggregates");
    }
    let agg = agg.filter(|_| home == Home::Dataset)?;
    let is_percentile = agg.value == Aggregation::Percentile;
    if is_percentile && !f.has("percentile") {
        f.missing("percentile", "add `percentile`: the share of values below, such as `0.95`");
    }
    let stray = [("percentile", percentile.as_ref().map(|p| p.span)), ("percentile_type", span_of(&percentile_type))];
    for (key, span) in stray {
        if let Some(span) = span.filter(|_| !is_percentile) {
            f.contradiction(span, format!("`{key}` without `agg: percentile`"), "change `agg`, or remove the key");
        }
    }
    if expr.is_none() && !f.has("expr") && agg.value != Aggregation::Count {
        f.missing("expr", "add `expr`: the column or the expression that is aggregated; only `count` counts rows");
    }
    if is_percentile && percentile.is_none() || expr.is_none() && agg.value != Aggregation::Count {
        return None;
    }
    Some(Simple { agg, expr, percentile, percentile_type, non_additive_dimension, scale })
}

fn ratio(f: &Fields<'_>) -> Option<Ratio> {
    let (numerator, denominator) = (input(f, "numerator"), input(f, "denominator"));
    Some(Ratio { numerator: numerator?, denominator: denominator? })
}

fn derived(f: &Fields<'_>) -> Option<Derived> {
    let expr = f.text("expr");
    let inputs = f.names_or_objects("input_metrics", Input::named, read_input);
    let mut names = HashMap::new();
    for input in &inputs {
        let name = input.alias.as_ref().unwrap_or(&input.name);
        if let Some(first) = names.insert(name.value.clone(), name.span) {
            let message = format!("two inputs of {} are called `{}`", f.label(), name.value);
            let help = format!("the first is in {}; give one an `alias`", f.reader.place(first));
            f.reader.report(Diagnostic::new(Code::DuplicateName, message).at(name.span).help(help));
        }
    }
    Some(Derived { expr: expr?, inputs })
}

fn cumulative(f: &Fields<'_>) -> Option<Cumulative> {
    let input = input(f, "input_metric");
    let window = f.parsed("window", |s| matches!(s, Shape::Length), convert::length);
    let grain_to_date = f.parsed("grain_to_date", |s| matches!(s, Shape::Grain), convert::grain);
    let period_agg = f.word("period_agg");
    if let (Some(_), Some(grain)) = (&window, &grain_to_date) {
        let message = format!("{} has both `window` and `grain_to_date`", f.label());
        f.contradiction(grain.span, message, "keep one of the two");
    }
    Some(Cumulative { input: input?, window, grain_to_date, period_agg })
}

fn conversion(f: &Fields<'_>) -> Option<Conversion> {
    let (base, conversion) = (input(f, "base_metric"), input(f, "conversion_metric"));
    let entity = f.text("entity");
    let window = f.parsed("window", |s| matches!(s, Shape::Length), convert::length);
    let calculation: Option<Spanned<Calculation>> = f.word("calculation");
    let constant_properties = f.objects("constant_properties", |f| {
        let (base, conversion) = (f.text("base_property"), f.text("conversion_property"));
        Some(ConstantProperty { base_property: base?, conversion_property: conversion?, span: f.span })
    });
    if let Some(of_cohorts) = calculation.as_ref().filter(|c| c.value.is_of_cohorts()) {
        let message = format!("`calculation: {}` is of cohort metrics", of_cohorts.value.word());
        f.contradiction(of_cohorts.span, message, "`conversion_rate` or `conversions`");
    }
    Some(Conversion { base: base?, conversion: conversion?, entity: entity?, window, calculation, constant_properties })
}

fn cohort(f: &Fields<'_>) -> Option<Cohort> {
    let input = input(f, "input_metric");
    let (entity, cohort) = (f.text("entity"), self::input(f, "cohort"));
    let age = f.parsed("age", |s| matches!(s, Shape::Length), convert::length);
    let calculation: Option<Spanned<Calculation>> = f.word("calculation");
    if let Some(other) = calculation.as_ref().filter(|c| !c.value.is_of_cohorts()) {
        let message = format!("`calculation: {}` is of conversion metrics", other.value.word());
        f.contradiction(other.span, message, "`average`, `total`, `retention` or `retained`");
    }
    Some(Cohort { input: input?, entity: entity?, cohort: cohort?, age: age?, calculation })
}

fn input(f: &Fields<'_>, key: &'static str) -> Option<Input> {
    f.name_or_object(key, Input::named, read_input)
}

fn read_input(f: &Fields<'_>) -> Option<Input> {
    let name = f.text("name");
    let alias = f.text("alias");
    let filter = f.texts("filter");
    let offset_window = f.parsed("offset_window", |s| matches!(s, Shape::Offset), convert::offset);
    let offset_to_grain = f.parsed("offset_to_grain", |s| matches!(s, Shape::Grain), convert::grain);
    let grain = f.object("grain", |f| {
        let lists = [f.texts("exclude"), f.texts("keep_only"), f.texts("include")];
        let [exclude, keep_only, include] = lists;
        let agg = f.word("agg");
        if let Some(agg) = agg.as_ref().filter(|_| !f.has("include")) {
            f.contradiction(
                agg.span,
                "`agg` without `include`".to_string(),
                "fewer groups need none: they are read from rows",
            );
        }
        match (f.has("exclude"), f.has("keep_only"), f.has("include")) {
            (true, false, false) => Some(InputGrain::Exclude(exclude)),
            (false, true, false) => Some(InputGrain::KeepOnly(keep_only)),
            (false, false, true) => {
                if !f.has("agg") {
                    f.missing("agg", "say how the values of the finer groups become one, such as `agg: average`");
                }
                Some(InputGrain::Include { dimensions: include, agg: agg? })
            }
            _ => None,
        }
    });
    if let (Some(_), Some(to_grain)) = (&offset_window, &offset_to_grain) {
        let message = "`offset_window` and `offset_to_grain` of one input".to_string();
        f.contradiction(to_grain.span, message, "keep one of the two");
    }
    Some(Input { name: name?, alias, filter, offset_window, offset_to_grain, grain, span: f.span })
}

fn materiality(f: &Fields<'_>) -> Option<Materiality> {
    let amount = |key| f.number(key, |s| matches!(s, Shape::Amount), convert::amount);
    Some(Materiality {
        percent: amount("percent"),
        absolute: amount("absolute"),
        points: amount("points"),
        span: f.span,
    })
}

/// Names, aliases and deprecated names of metrics are one namespace. Of two that share one, the
/// first keeps it.
pub(super) fn distinct(model: &mut Model, reader: &Reader<'_>) {
    let mut seen: HashMap<String, Span> = HashMap::new();
    let mut first = |name: &Spanned<String>| match seen.get(&name.value) {
        Some(first) => {
            reader.twice("metric", name, *first);
            false
        }
        None => seen.insert(name.value.clone(), name.span).is_none(),
    };
    for metrics in model.datasets.iter_mut().map(|d| &mut d.metrics).chain([&mut model.metrics]) {
        metrics.retain(|metric| first(&metric.name));
    }
    for metrics in model.datasets.iter_mut().map(|d| &mut d.metrics).chain([&mut model.metrics]) {
        for metric in metrics {
            metric.aliases.retain(&mut first);
            metric.deprecated_names.retain(&mut first);
        }
    }
}

fn span_of<T>(value: &Option<Spanned<T>>) -> Option<Span> {
    value.as_ref().map(|v| v.span)
}
