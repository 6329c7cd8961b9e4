//! A metric as the tree of our own format.

use super::tree::{NOWHERE, length, number, optional, set_flag, test, text, texts, word};
use crate::model::metric::{
    Cohort, ConstantProperty, Conversion, Cumulative, Derived, GrainName, InputGrain, Materiality,
    NonAdditiveDimension, Offset, Ratio, Simple,
};
use crate::model::{Input, Metric, MetricKind};
use crate::source::Spanned;
use crate::yaml::Node;
use crate::yaml::make::Map;

pub(super) fn metric(metric: &Metric) -> Map {
    let Metric {
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
        span: _,
    } = metric;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set("type", Node::text(kind.word(), NOWHERE));
    map.set_some("label", optional(label));
    map.set_some("description", optional(description));
    map.set_list("synonyms", texts(synonyms));
    map.set_list("aliases", texts(aliases));
    map.set_list("deprecated_names", texts(deprecated_names));
    add_kind(&mut map, kind);
    map.set_list("filter", texts(filter));
    map.set_some("time", optional(time));
    map.set_some("granularity", granularity.as_ref().map(grain_name));
    map.set_some("join_to_timespine", join_to_timespine.as_ref().map(|flag| Node::flag(flag.value, NOWHERE)));
    map.set_some("fill_nulls_with", fill_nulls_with.as_ref().map(|value| number(value.value.to_string())));
    map.set_some("unit", optional(unit));
    map.set_some("format", format.as_ref().map(word));
    map.set_some("direction", direction.as_ref().map(word));
    map.set_some("owner", optional(owner));
    map.set_some("materiality", materiality.as_ref().map(materiality_node));
    map.set_some("min_sample", min_sample.as_ref().map(|n| number(n.value.to_string())));
    map.set_some("sample", optional(sample));
    map.set_some("settles_after", settles_after.as_ref().map(|l| length(&l.value)));
    map.set_some("attribution_window", attribution_window.as_ref().map(|l| length(&l.value)));
    set_flag(&mut map, "hidden", *hidden);
    map.set_list("tests", tests.iter().map(test).collect());
    map
}

fn add_kind(map: &mut Map, kind: &MetricKind) {
    match kind {
        MetricKind::Simple(simple) => add_simple(map, simple),
        MetricKind::Ratio(Ratio { numerator, denominator }) => {
            map.set("numerator", input(numerator));
            map.set("denominator", input(denominator));
        }
        MetricKind::Derived(Derived { expr, inputs }) => {
            map.set("expr", text(expr));
            map.set_list("input_metrics", inputs.iter().map(input).collect());
        }
        MetricKind::Cumulative(Cumulative { input: of, window, grain_to_date, period_agg }) => {
            map.set("input_metric", input(of));
            map.set_some("window", window.as_ref().map(|w| length(&w.value)));
            map.set_some("grain_to_date", grain_to_date.as_ref().map(grain_name));
            map.set_some("period_agg", period_agg.as_ref().map(word));
        }
        MetricKind::Conversion(conversion) => add_conversion(map, conversion),
        MetricKind::Cohort(Cohort { input: of, entity, cohort, age, calculation }) => {
            map.set("input_metric", input(of));
            map.set("entity", text(entity));
            map.set("cohort", input(cohort));
            map.set("age", length(&age.value));
            map.set_some("calculation", calculation.as_ref().map(word));
        }
    }
}

fn add_simple(map: &mut Map, simple: &Simple) {
    let Simple { agg, expr, percentile, percentile_type, non_additive_dimension, scale } = simple;
    map.set("agg", word(agg));
    map.set_some("expr", optional(expr));
    map.set_some("percentile", percentile.as_ref().map(float));
    map.set_some("percentile_type", percentile_type.as_ref().map(word));
    map.set_some("non_additive_dimension", non_additive_dimension.as_ref().map(non_additive));
    map.set_some("scale", scale.as_ref().map(|scale| number(scale.value.to_string())));
}

fn add_conversion(map: &mut Map, conversion: &Conversion) {
    let Conversion { base, conversion, entity, window, calculation, constant_properties } = conversion;
    map.set("base_metric", input(base));
    map.set("conversion_metric", input(conversion));
    map.set("entity", text(entity));
    map.set_some("window", window.as_ref().map(|w| length(&w.value)));
    map.set_some("calculation", calculation.as_ref().map(word));
    let properties = constant_properties.iter().map(|property| {
        let ConstantProperty { base_property, conversion_property, span: _ } = property;
        let mut map = Map::new(NOWHERE);
        map.set("base_property", text(base_property));
        map.set("conversion_property", text(conversion_property));
        map.into_node()
    });
    map.set_list("constant_properties", properties.collect());
}

fn grain_name(name: &Spanned<GrainName>) -> Node {
    Node::text(name.value.as_str(), NOWHERE)
}

/// A name alone, or a map around it.
fn input(input: &Input) -> Node {
    let Input { name, alias, filter, offset_window, offset_to_grain, grain, span: _ } = input;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("alias", optional(alias));
    map.set_list("filter", texts(filter));
    let offset = |offset: &Spanned<Offset>| match &offset.value {
        Offset::Length(of) => length(of),
        Offset::Custom { count, granularity } => Node::text(format!("{count} {granularity}"), NOWHERE),
    };
    map.set_some("offset_window", offset_window.as_ref().map(offset));
    map.set_some("offset_to_grain", offset_to_grain.as_ref().map(grain_name));
    if let Some(grain) = grain {
        let mut level = Map::new(NOWHERE);
        match grain {
            InputGrain::Exclude(list) => level.set("exclude", Node::list(texts(list), NOWHERE)),
            InputGrain::KeepOnly(list) => level.set("keep_only", Node::list(texts(list), NOWHERE)),
            InputGrain::Include { dimensions, agg } => {
                level.set("include", Node::list(texts(dimensions), NOWHERE));
                level.set("agg", word(agg));
            }
        }
        map.set("grain", level.into_node());
    }
    if map.entries().len() == 1 { text(name) } else { map.into_node() }
}

fn materiality_node(materiality: &Materiality) -> Node {
    let Materiality { percent, absolute, points, span: _ } = materiality;
    let mut map = Map::new(NOWHERE);
    map.set_some("percent", percent.as_ref().map(float));
    map.set_some("absolute", absolute.as_ref().map(float));
    map.set_some("points", points.as_ref().map(float));
    map.into_node()
}

fn non_additive(dimension: &NonAdditiveDimension) -> Node {
    let NonAdditiveDimension { name, window_agg, group_by, span: _ } = dimension;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set("window_agg", word(window_agg));
    map.set_list("group_by", texts(group_by));
    map.into_node()
}

fn float(value: &Spanned<f64>) -> Node {
    number(value.value.to_string())
}
