//! A model as the tree of our own format, every key in the order of the documentation.

use super::metric::metric;
use crate::model::calendar::{FiscalWeeks, NamedRange, TimeSpine};
use crate::model::dataset::{Currency, Entity, Normalization, Validity};
use crate::model::words::Word;
use crate::model::{
    Audit, Calendar, Column, Dataset, Dimension, DimensionKind, Length, Location, Model, Naming, Policy, Relationship,
    SavedQuery, SharedDimension, StoredAs, Target, Test, Watermark,
};
use crate::source::{SourceId, Span, Spanned};
use crate::yaml::make::Map;
use crate::yaml::{Node, ScalarKind};

/// Trees that are written have no place of their own.
pub(super) const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// The whole model as one file.
pub(super) fn model(model: &Model) -> Node {
    let mut map = Map::new(NOWHERE);
    map.set("version", number("1"));
    map.set_some("name", optional(&model.name));
    map.set_some("description", optional(&model.description));
    let mut rest = around(model);
    map.set_some("calendar", rest.remove("calendar"));
    map.set_some("naming", rest.remove("naming"));
    map.set_some("time_spines", rest.remove("time_spines"));
    map.set_some("currency", rest.remove("currency"));
    map.set_list("datasets", model.datasets.iter().map(|d| dataset(d).into_node()).collect());
    map.set_some("dimensions", rest.remove("dimensions"));
    map.set_list("relationships", model.relationships.iter().map(|r| relationship(r).into_node()).collect());
    map.set_list("metrics", model.metrics.iter().map(|m| metric(m).into_node()).collect());
    map.extend(rest);
    map.into_node()
}

/// The keys of a model besides its name, its description, its datasets, its relationships and its
/// metrics.
pub(super) fn around(model: &Model) -> Map {
    let mut map = Map::new(NOWHERE);
    if model.calendar != Calendar::default() {
        map.set("calendar", calendar(&model.calendar));
    }
    if model.naming != Naming::default() {
        map.set("naming", Node::text(model.naming.word(), NOWHERE));
    }
    map.set_list("time_spines", model.time_spines.iter().map(time_spine).collect());
    map.set_some("currency", optional(&model.currency));
    map.set_list("dimensions", model.dimensions.iter().map(shared_dimension).collect());
    let Audit { metrics, dimensions } = &model.audit;
    if !metrics.is_empty() || !dimensions.is_empty() {
        let mut audit = Map::new(NOWHERE);
        audit.set_list("metrics", texts(metrics));
        audit.set_list("dimensions", texts(dimensions));
        map.set("audit", audit.into_node());
    }
    map.set_list("time_ranges", model.time_ranges.iter().map(time_range).collect());
    map.set_list("targets", model.targets.iter().map(target).collect());
    map.set_list("policies", model.policies.iter().map(policy).collect());
    map.set_list("saved_queries", model.saved_queries.iter().map(saved_query).collect());
    map.set_list("tests", model.tests.iter().map(test).collect());
    map
}

/// A dataset with its dimensions and metrics.
pub(super) fn dataset(dataset: &Dataset) -> Map {
    let Dataset {
        name,
        label,
        description,
        source,
        columns,
        primary_key,
        unique_keys,
        time,
        watermark,
        settles_after,
        attribution_window,
        dimensions,
        entities,
        validity,
        metrics,
        currency,
        normalize,
        span: _,
    } = dataset;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("label", optional(label));
    map.set_some("description", optional(description));
    map.set("source", location(source));
    map.set_list("columns", columns.iter().map(column).collect());
    map.set_list("primary_key", texts(primary_key));
    map.set_list("unique_keys", unique_keys.iter().map(|key| Node::list(texts(key), NOWHERE)).collect());
    map.set_some("time", optional(time));
    map.set_some("watermark", watermark.as_ref().map(watermark_node));
    map.set_some("settles_after", settles_after.as_ref().map(|l| length(&l.value)));
    map.set_some("attribution_window", attribution_window.as_ref().map(|l| length(&l.value)));
    map.set_list("dimensions", dimensions.iter().map(|d| dimension(d).into_node()).collect());
    map.set_list("entities", entities.iter().map(entity).collect());
    map.set_some("validity", validity.as_ref().map(validity_node));
    map.set_list("metrics", metrics.iter().map(|m| metric(m).into_node()).collect());
    map.set_some("currency", currency.as_ref().map(currency_node));
    map.set_some("normalize", normalize.as_ref().map(|n| normalizations(n)));
    map
}

pub(super) fn dimension(dimension: &Dimension) -> Map {
    let Dimension {
        name,
        label,
        description,
        synonyms,
        kind,
        expr,
        granularity,
        stored_as,
        normalize,
        partition,
        hidden,
        span: _,
    } = dimension;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("label", optional(label));
    map.set_some("description", optional(description));
    map.set_list("synonyms", texts(synonyms));
    if kind.value != DimensionKind::Categorical {
        map.set("type", word(kind));
    }
    map.set_some("expr", optional(expr));
    map.set_some("granularity", granularity.as_ref().map(word));
    let stored = |stored: &StoredAs| match stored {
        StoredAs::Utc => "utc".to_string(),
        StoredAs::Zone(zone) => zone.name().to_string(),
    };
    map.set_some("stored_as", stored_as.as_ref().map(|s| Node::text(stored(&s.value), NOWHERE)));
    map.set_some("normalize", normalize.as_ref().map(|n| normalizations(n)));
    set_flag(&mut map, "partition", *partition);
    set_flag(&mut map, "hidden", *hidden);
    map
}

pub(super) fn relationship(relationship: &Relationship) -> Map {
    let Relationship { name, description, entity, from, from_columns, to, to_columns, cardinality, through, span: _ } =
        relationship;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("description", optional(description));
    map.set_some("entity", optional(entity));
    map.set("from", text(from));
    map.set_list("from_columns", texts(from_columns));
    map.set("to", text(to));
    map.set_list("to_columns", texts(to_columns));
    map.set_some("cardinality", cardinality.as_ref().map(word));
    if let Some(through) = through {
        map.set("through", text(&through.dataset));
        map.set_list("through_from_columns", texts(&through.from_columns));
        map.set_list("through_to_columns", texts(&through.to_columns));
    }
    map
}

pub(super) fn location(location: &Location) -> Node {
    let mut map = Map::new(NOWHERE);
    match location {
        Location::Parquet { path } => map.set("parquet", text(path)),
        Location::Csv { path, options } => {
            map.set("csv", text(path));
            let delimiter = options.delimiter.as_ref().map(|d| char::from(d.value).to_string());
            map.set_some("delimiter", delimiter.map(|d| Node::text(d, NOWHERE)));
            map.set_some("header", options.header.as_ref().map(|h| Node::flag(h.value, NOWHERE)));
            map.set_some("null", optional(&options.null));
        }
        Location::JsonLines { path } => map.set("jsonl", text(path)),
        Location::Table { name } => map.set("table", text(name)),
        Location::Sql { query } => map.set("sql", text(query)),
    }
    map.into_node()
}

pub(super) fn test(test: &Test) -> Node {
    let Test { name, description, query, expect, span: _ } = test;
    let mut map = Map::new(NOWHERE);
    map.set_some("name", optional(name));
    map.set_some("description", optional(description));
    map.set("query", query.clone());
    map.set("expect", expect.clone());
    map.into_node()
}

pub(super) fn column(column: &Column) -> Node {
    let Column { name, data_type, optional: may_lack, description, span: _ } = column;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set("type", Node::text(data_type.value.to_string(), NOWHERE));
    set_flag(&mut map, "optional", *may_lack);
    map.set_some("description", optional(description));
    map.into_node()
}

fn calendar(calendar: &Calendar) -> Node {
    let Calendar { timezone, week_start, fiscal_year_start, fiscal, as_of_data } = calendar;
    let mut map = Map::new(NOWHERE);
    map.set_some("timezone", timezone.as_ref().map(|zone| Node::text(zone.value.name(), NOWHERE)));
    map.set_some("week_start", week_start.as_ref().map(word));
    let start = fiscal_year_start.as_ref().map(|start| format!("{:02}-{:02}", start.value.month, start.value.day));
    map.set_some("fiscal_year_start", start.map(|start| Node::text(start, NOWHERE)));
    map.set_some("fiscal", fiscal.as_ref().map(fiscal_weeks));
    map.set_some("as_of", as_of_data.map(|_| Node::text("data", NOWHERE)));
    map.into_node()
}

fn fiscal_weeks(weeks: &FiscalWeeks) -> Node {
    let FiscalWeeks { pattern, ends, weekday, month, week_53, span: _ } = weeks;
    let mut map = Map::new(NOWHERE);
    map.set("pattern", word(pattern));
    map.set("ends", word(ends));
    map.set("weekday", word(weekday));
    map.set("month", number(month.value.to_string()));
    map.set_some("week_53", week_53.as_ref().map(word));
    map.into_node()
}

fn time_spine(spine: &TimeSpine) -> Node {
    let TimeSpine { dataset, column, granularity, custom_granularities, span: _ } = spine;
    let mut map = Map::new(NOWHERE);
    map.set("dataset", text(dataset));
    map.set("column", text(column));
    map.set("granularity", word(granularity));
    let custom = custom_granularities.iter().map(|custom| {
        let mut map = Map::new(NOWHERE);
        map.set("name", text(&custom.name));
        map.set_some("column", optional(&custom.column));
        map.into_node()
    });
    map.set_list("custom_granularities", custom.collect());
    map.into_node()
}

fn shared_dimension(shared: &SharedDimension) -> Node {
    let SharedDimension { name, label, description, synonyms, of, hidden, span: _ } = shared;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("label", optional(label));
    map.set_some("description", optional(description));
    map.set_list("synonyms", texts(synonyms));
    map.set("of", Node::list(texts(of), NOWHERE));
    set_flag(&mut map, "hidden", *hidden);
    map.into_node()
}

fn time_range(range: &NamedRange) -> Node {
    let NamedRange { name, label, description, start, end, span: _ } = range;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("label", optional(label));
    map.set_some("description", optional(description));
    map.set("start", Node::text(start.value.to_string(), NOWHERE));
    map.set("end", Node::text(end.value.to_string(), NOWHERE));
    map.into_node()
}

fn target(target: &Target) -> Node {
    let Target { metric, granularity, source, period, value, dimensions, span: _ } = target;
    let mut map = Map::new(NOWHERE);
    map.set("metric", text(metric));
    map.set("granularity", word(granularity));
    map.set("source", location(source));
    map.set_some("period", optional(period));
    map.set_some("value", optional(value));
    map.set_list("dimensions", texts(dimensions));
    map.into_node()
}

fn policy(policy: &Policy) -> Node {
    let Policy { name, description, dataset, filter, hide, unless, span: _ } = policy;
    let mut map = Map::new(NOWHERE);
    map.set_some("name", optional(name));
    map.set_some("description", optional(description));
    map.set("dataset", text(dataset));
    map.set_some("filter", optional(filter));
    map.set_list("hide", texts(hide));
    map.set_some("unless", optional(unless));
    map.into_node()
}

fn saved_query(query: &SavedQuery) -> Node {
    let SavedQuery { name, label, description, synonyms, query, span: _ } = query;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("label", optional(label));
    map.set_some("description", optional(description));
    map.set_list("synonyms", texts(synonyms));
    map.extend(Map::from_node(query.clone()));
    map.into_node()
}

fn watermark_node(watermark: &Watermark) -> Node {
    let Watermark { column, lag, span: _ } = watermark;
    let mut map = Map::new(NOWHERE);
    map.set("column", text(column));
    map.set_some("lag", lag.as_ref().map(|lag| length(&lag.value)));
    map.into_node()
}

fn entity(entity: &Entity) -> Node {
    let Entity { name, kind, columns, description, span: _ } = entity;
    let mut map = Map::new(NOWHERE);
    map.set("name", text(name));
    map.set_some("kind", kind.as_ref().map(word));
    map.set_list("columns", texts(columns));
    map.set_some("description", optional(description));
    map.into_node()
}

fn validity_node(validity: &Validity) -> Node {
    let Validity { from, to, span: _ } = validity;
    let mut map = Map::new(NOWHERE);
    map.set("from", text(from));
    map.set("to", text(to));
    map.into_node()
}

fn currency_node(currency: &Currency) -> Node {
    let Currency { column, rates, rates_day, rates_currency, rates_value, rates_base, span: _ } = currency;
    let mut map = Map::new(NOWHERE);
    map.set("column", text(column));
    map.set_some("rates", optional(rates));
    map.set_some("rates_day", optional(rates_day));
    map.set_some("rates_currency", optional(rates_currency));
    map.set_some("rates_value", optional(rates_value));
    map.set_some("rates_base", optional(rates_base));
    map.into_node()
}

fn normalizations(list: &[Spanned<Normalization>]) -> Node {
    Node::list(list.iter().map(word).collect(), NOWHERE)
}

pub(super) fn text(value: &Spanned<String>) -> Node {
    Node::text(value.value.clone(), NOWHERE)
}

pub(super) fn optional(value: &Option<Spanned<String>>) -> Option<Node> {
    value.as_ref().map(text)
}

pub(super) fn texts(values: &[Spanned<String>]) -> Vec<Node> {
    values.iter().map(text).collect()
}

pub(super) fn word<T: Word>(value: &Spanned<T>) -> Node {
    Node::text(value.value.word(), NOWHERE)
}

pub(super) fn number(text: impl Into<String>) -> Node {
    let text = text.into();
    let kind = if text.contains(['.', 'e', 'E']) { ScalarKind::Float } else { ScalarKind::Integer };
    Node::plain(text, kind, NOWHERE)
}

pub(super) fn length(length: &Length) -> Node {
    let Length { count, unit } = length;
    Node::text(format!("{count} {}", unit.word()), NOWHERE)
}

/// Flags that are false when absent.
pub(super) fn set_flag(map: &mut Map, key: &str, flag: bool) {
    if flag {
        map.set(key, Node::flag(true, NOWHERE));
    }
}

/// A key that says that there is nothing.
pub(super) fn null() -> Node {
    Node::plain("null", ScalarKind::Null, NOWHERE)
}
