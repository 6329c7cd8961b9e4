//! Semantic models of the legacy vocabulary: entities, dimensions and measures in one object.

use super::config;
use super::draft::{Aggregated, Measure, SemanticModel};
use super::elements::{self, Element, Key, Parts};
use super::fields::{Fields, Report};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::convert;
use crate::model::metric::{NonAdditiveDimension, PercentileType, WindowChoice};
use crate::model::words::Word;
use crate::model::{Aggregation, DimensionKind};
use crate::source::Spanned;
use crate::yaml::Node;

/// None when it is disabled, or a finding says why it cannot be read.
pub(super) fn read(report: &Report, node: &Node) -> Option<SemanticModel> {
    let f = Fields::open(report, "semantic model", node)?;
    let config = config::read(&f);
    let name = f.required("name");
    let label = f.text("label");
    let description = f.text("description");
    let table = table(&f);
    let defaults = f.node("defaults").and_then(|node| Fields::open(report, "semantic model's defaults", node));
    let time = defaults.and_then(|defaults| {
        let time = defaults.text("agg_time_dimension");
        defaults.finish();
        time
    });
    let primary_entity = f.text("primary_entity");
    let keys: Vec<Key> =
        f.list("entities").iter().filter_map(|node| report.or_unread(node, || entity(report, node))).collect();
    let elements: Vec<Element> =
        f.list("dimensions").iter().filter_map(|node| report.or_unread(node, || dimension(report, node))).collect();
    let measures: Vec<Measure> =
        f.list("measures").iter().filter_map(|node| report.or_unread(node, || measure(report, node))).collect();
    f.ignore("metadata");
    let (place, span) = (f.label(), f.span);
    f.finish();
    if !config.enabled {
        report.loss(span, format!("{place} is not enabled"), "remove `enabled: false` to read it");
        return None;
    }
    let parts = Parts { name: name?, label, description, table: table?, time, primary_entity, keys, elements, span };
    Some(SemanticModel { dataset: elements::dataset(report, parts), measures })
}

/// The table of `node_relation:` or of `model:`.
fn table(f: &Fields<'_>) -> Option<Spanned<String>> {
    let model = f.text("model");
    if let Some(node) = f.node("node_relation") {
        if let Some(model) = &model {
            f.report.count("`model` beside `node_relation`", model.span);
        }
        return node_relation(f.report, node);
    }
    if model.is_none() && !f.has("model") {
        f.missing("node_relation");
    }
    elements::table(f.report, &model?)
}

/// The alias of a relation; schemas and databases do not tell tables apart here.
pub(super) fn node_relation(report: &Report, node: &Node) -> Option<Spanned<String>> {
    let f = Fields::open(report, "node relation", node)?;
    let alias = f.required("alias");
    f.ignore("schema_name");
    f.ignore("database");
    f.ignore("relation_name");
    f.finish();
    alias
}

fn entity(report: &Report, node: &Node) -> Option<Key> {
    let f = Fields::open(report, "entity", node)?;
    let name = f.required("name");
    if !f.has("type") {
        f.missing("type");
    }
    let kind = f.word("type");
    let expr = f.text("expr");
    let description = f.text("description");
    for key in ["label", "role", "entity", "metadata", "config"] {
        f.ignore(key);
    }
    let span = f.span;
    f.finish();
    Some(elements::entity(report, name?, kind?, expr, description, span))
}

fn dimension(report: &Report, node: &Node) -> Option<Element> {
    let f = Fields::open(report, "dimension", node)?;
    let name = f.required("name");
    if !f.has("type") {
        f.missing("type");
    }
    let kind = kind(&f);
    let expr = f.text("expr");
    let is_time = kind.as_ref().is_some_and(|kind| kind.value == DimensionKind::Time);
    if is_time && !f.has("type_params") {
        f.missing("type_params");
    }
    let type_params = f.node("type_params").and_then(|node| Fields::open(report, "dimension's type_params", node));
    let mut granularity = None;
    let (mut starts, mut ends, mut is_primary) = (false, false, false);
    if let Some(params) = type_params {
        if is_time && !params.has("time_granularity") {
            params.missing("time_granularity");
        }
        granularity = params.granularity("time_granularity");
        is_primary = params.flag("is_primary").is_some_and(|flag| flag.value);
        if let Some(grain) = granularity.as_ref().filter(|_| !is_time) {
            let fact = format!("`time_granularity` of {} is not read", f.label());
            report.loss(grain.span, fact, "only time dimensions have a granularity");
        }
        if let Some(node) = params.node("validity_params") {
            (starts, ends) = validity(report, node);
        }
        params.finish();
    }
    let is_partition = f.flag("is_partition").is_some_and(|flag| flag.value);
    let (label, description) = (f.text("label"), f.text("description"));
    f.ignore("metadata");
    f.ignore("config");
    let span = f.span;
    f.finish();
    let mut dimension = elements::dimension(name?, kind?, expr, granularity.filter(|_| is_time), span);
    dimension.label = label;
    dimension.description = description;
    dimension.partition = is_partition;
    Some(Element { dimension, is_validity_start: starts, is_validity_end: ends, is_primary_time: is_primary })
}

/// `type: categorical` or `type: time`; the vocabulary has no other.
pub(super) fn kind(f: &Fields<'_>) -> Option<Spanned<DimensionKind>> {
    let text = f.text("type")?;
    match text.value.to_ascii_lowercase().as_str() {
        "categorical" => Some(Spanned::new(DimensionKind::Categorical, text.span)),
        "time" => Some(Spanned::new(DimensionKind::Time, text.span)),
        _ => {
            f.unknown_value("type", &text, &["categorical", "time"]);
            None
        }
    }
}

/// `{is_start, is_end}`.
pub(super) fn validity(report: &Report, node: &Node) -> (bool, bool) {
    let Some(f) = Fields::open(report, "dimension's validity_params", node) else { return (false, false) };
    let is = |key| f.flag(key).is_some_and(|flag| flag.value);
    let ends = (is("is_start"), is("is_end"));
    f.finish();
    ends
}

fn measure(report: &Report, node: &Node) -> Option<Measure> {
    let f = Fields::open(report, "measure", node)?;
    let name = f.required("name");
    if !f.has("agg") {
        f.missing("agg");
    }
    let agg = aggregation(&f);
    let expr = f.text("expr");
    let percentile = agg_params(&f);
    let non_additive_dimension = f.node("non_additive_dimension").and_then(|node| non_additive(report, node));
    let time = f.text("agg_time_dimension");
    let creates_metric = f.flag("create_metric").is_some_and(|flag| flag.value);
    let label = f.text("create_metric_display_name").or(f.text("label"));
    let description = f.text("description");
    f.ignore("metadata");
    f.ignore("config");
    let span = f.span;
    percentile.check(&f, agg.as_ref());
    f.finish();
    let (name, agg) = (name?, agg?);
    let expr = expr.unwrap_or_else(|| name.clone());
    let Percentile { share: percentile, kind: percentile_type, .. } = percentile;
    let aggregated = Aggregated { agg, expr, percentile, percentile_type, non_additive_dimension, time };
    Some(Measure { name, label, description, aggregated, creates_metric, span })
}

/// The aggregations of the vocabulary; `first`, `last` and approximate counts are ours alone.
pub(super) fn aggregation(f: &Fields<'_>) -> Option<Spanned<Aggregation>> {
    let text = f.text("agg")?;
    let known = |agg: &Aggregation| match agg {
        Aggregation::Sum
        | Aggregation::Min
        | Aggregation::Max
        | Aggregation::Count
        | Aggregation::CountDistinct
        | Aggregation::Average
        | Aggregation::Median
        | Aggregation::Percentile
        | Aggregation::SumBoolean => true,
        Aggregation::First | Aggregation::Last | Aggregation::ApproxCountDistinct => false,
    };
    let agg = Aggregation::of(&text.value.to_ascii_lowercase()).filter(known);
    if agg.is_none() {
        let theirs = |word: &&&str| Aggregation::of(word).as_ref().is_some_and(known);
        let words: Vec<&str> = Aggregation::NAMES.iter().filter(theirs).copied().collect();
        f.unknown_value("agg", &text, &words);
    }
    agg.map(|agg| Spanned::new(agg, text.span))
}

/// What is said of a percentile.
#[derive(Default)]
pub(super) struct Percentile {
    pub(super) share: Option<Spanned<f64>>,
    pub(super) kind: Option<Spanned<PercentileType>>,
    /// Whether a share is written, be it a good one or not.
    is_written: bool,
}

/// `agg_params`: a percentile's share and kind. What is asked as approximate is answered exactly.
pub(super) fn agg_params(f: &Fields<'_>) -> Percentile {
    let Some(f) = f.node("agg_params").and_then(|node| Fields::open(f.report, "measure's agg_params", node)) else {
        return Percentile::default();
    };
    let (share, is_written) = (share(&f), f.has("percentile"));
    let discrete = f.flag("use_discrete_percentile").filter(|flag| flag.value);
    if let Some(flag) = f.flag("use_approximate_percentile").filter(|flag| flag.value) {
        let fact = "an approximate percentile is answered exactly, by a value of the data";
        f.report.loss(flag.span, fact, "an exact percentile is within every approximation");
        f.finish();
        let kind = Some(Spanned::new(PercentileType::Discrete, flag.span));
        return Percentile { share, kind, is_written };
    }
    f.finish();
    let kind = discrete.map(|flag| Spanned::new(PercentileType::Discrete, flag.span));
    Percentile { share, kind, is_written }
}

/// `percentile` and `percentile_type` of the latest vocabulary.
pub(super) fn percentile(f: &Fields<'_>) -> Percentile {
    Percentile { share: share(f), kind: f.word("percentile_type"), is_written: f.has("percentile") }
}

/// A share between 0 and 1; a number from 1 on is a percentage.
fn share(f: &Fields<'_>) -> Option<Spanned<f64>> {
    let text = f.text("percentile")?;
    let number = convert::amount(&text.value).map(|number| if number >= 1.0 { number / 100.0 } else { number });
    let share = number.filter(|share| *share > 0.0 && *share < 1.0);
    if share.is_none() {
        let message = format!("`percentile` cannot be `{}`", text.value);
        let fault = Diagnostic::new(Code::UnknownValue, message).at(text.span);
        f.report.fault(fault.help("the share of values below, such as 0.95"));
    }
    share.map(|share| Spanned::new(share, text.span))
}

impl Percentile {
    /// A percentile has a share, and nothing else has.
    pub(super) fn check(&self, f: &Fields<'_>, agg: Option<&Spanned<Aggregation>>) {
        let Some(agg) = agg else { return };
        match (agg.value == Aggregation::Percentile, &self.share) {
            (true, None) if !self.is_written => f.missing("percentile"),
            (false, Some(share)) => {
                let message = format!("{} has a `percentile` and is no percentile", f.label());
                f.contradiction(share.span, message, "change `agg`, or remove `percentile`");
            }
            (true, _) | (false, None) => {}
        }
    }
}

/// `{name, window_choice, window_groupings}`; the earliest row when it does not say.
pub(super) fn non_additive(report: &Report, node: &Node) -> Option<NonAdditiveDimension> {
    let f = Fields::open(report, "non-additive dimension", node)?;
    let name = f.required("name");
    let window_agg = window_choice(&f, "window_choice");
    let group_by = f.texts("window_groupings");
    let span = f.span;
    f.finish();
    Some(NonAdditiveDimension { name: name?, window_agg: window_agg?, group_by, span })
}

/// `min` is the first row, `max` the last.
pub(super) fn window_choice(f: &Fields<'_>, key: &'static str) -> Option<Spanned<WindowChoice>> {
    if !f.has(key) {
        return Some(Spanned::new(WindowChoice::First, f.place()));
    }
    let text = f.text(key)?;
    match text.value.to_ascii_lowercase().as_str() {
        "min" => Some(Spanned::new(WindowChoice::First, text.span)),
        "max" => Some(Spanned::new(WindowChoice::Last, text.span)),
        _ => {
            f.unknown_value(key, &text, &["min", "max"]);
            None
        }
    }
}
