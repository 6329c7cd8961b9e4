//! Metrics: ids, inputs, axes, definitions.

use super::{Builder, MetricId, cohorts, column_expr, events, text, values};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::entity::Identified;
use crate::catalog::id::{CustomGranularityId, DatasetId};
use crate::catalog::locate::Written;
use crate::catalog::{
    Accumulation, Axis, Balance, Finer, Grain, Input, InputId, Level, Materiality, Measure, Metric, MetricKind,
    MetricName, NameKind, Offset, Settling, definition, metric_graph,
};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind, Name};
use crate::model::metric::{Direction, Format, GrainName, InputGrain, PercentileType, PeriodAggregation};
use crate::model::{self, DimensionKind, Length};
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;

/// Builds every metric and finds cycles among them.
pub(super) fn build(builder: &mut Builder) {
    let model = builder.model;
    let written: Vec<(Option<&model::Dataset>, &model::Metric)> = model.all_metrics().collect();
    axes_of_datasets(builder);
    for (i, (_, metric)) in written.iter().enumerate() {
        let id = MetricId(i as u32);
        let mut add = |name: &str, kind| {
            builder.catalog.metric_names.entry(name.to_string()).or_insert(MetricName { id, kind });
        };
        add(&metric.name.value, NameKind::Canonical);
        metric.aliases.iter().for_each(|a| add(&a.value, NameKind::Alias));
        metric.deprecated_names.iter().for_each(|a| add(&a.value, NameKind::Deprecated));
    }
    for (i, (dataset, metric)) in written.iter().enumerate() {
        let built = build_one(builder, MetricId(i as u32), *dataset, metric);
        builder.catalog.metrics.push(built);
    }
    check_filters(builder);
    if check_cycles(builder) {
        cohorts::check(builder);
    }
    let definitions: Vec<String> =
        builder.catalog.metrics.iter().map(|m| definition::of(&builder.catalog, m)).collect();
    for (metric, definition) in builder.catalog.metrics.iter_mut().zip(definitions) {
        metric.definition = definition;
    }
}

fn axes_of_datasets(builder: &mut Builder) {
    let model = builder.model;
    for dataset in &model.datasets {
        let Some(id) = builder.catalog.dataset_names.get(&dataset.name.value).copied() else {
            continue;
        };
        if let Some(time) = &dataset.time {
            builder.catalog.datasets[id.index()].axis = axis(builder, id, time);
        }
    }
}

/// The time dimension that a name means for rows of `dataset`.
fn axis(builder: &mut Builder, dataset: DatasetId, written: &Spanned<String>) -> Option<Axis> {
    let parts: Vec<String> = written.value.split('.').map(str::to_string).collect();
    let (name, path) = parts.split_last()?;
    match builder.catalog.locate(dataset, path, name) {
        Ok(located) => {
            let dimension = builder.catalog.dimension(located.dimension);
            if dimension.kind != DimensionKind::Time {
                let wrong = Diagnostic::new(Code::WrongType, format!("`{}` is not a time dimension", written.value))
                    .at(written.span)
                    .help("a time axis is a dimension of `type: time`");
                builder.found.push(wrong);
                return None;
            }
            if let Some(bridge) = located.path.bridge() {
                let refused = builder.catalog.beyond_a_bridge(&written.value, bridge);
                builder.found.push(refused.at(written.span));
                return None;
            }
            Some(Axis { path: located.path, dimension: located.dimension })
        }
        Err(refused) => {
            // What was read stands, though a metric of its name was not; what nobody wrote is a slip.
            let is_unread = |part: &String| builder.model.unread.contains(part) && !builder.is_step(part);
            let is_slip = |part: &String| !builder.model.unread.contains(part) && !builder.is_step(part);
            if path.iter().any(is_slip) || !parts.iter().any(is_unread) {
                let code = if refused.code == Code::UnknownDimension { Code::UnknownReference } else { refused.code };
                let refused = match refused.did_you_mean.is_empty() {
                    true => refused.suggest(name, builder.model.unread.iter().map(String::as_str)),
                    false => refused,
                };
                builder.found.push(Diagnostic { code, ..refused }.at(written.span));
            }
            None
        }
    }
}

fn build_one(builder: &mut Builder, id: MetricId, inside: Option<&model::Dataset>, written: &model::Metric) -> Metric {
    let dataset = inside.and_then(|d| builder.catalog.dataset_names.get(&d.name.value).copied());
    let simple = matches!(written.kind, model::MetricKind::Simple(_));
    let axis = match (dataset, &written.time) {
        (Some(dataset), Some(time)) => axis(builder, dataset, time),
        (Some(dataset), None) => builder.catalog.dataset(dataset).axis.clone(),
        (None, _) => None,
    };
    if simple
        && let Some(inside) = inside
        && written.time.is_none()
        && inside.time.is_none()
    {
        builder.found.push(
            Diagnostic::new(Code::MissingTimeAxis, format!("metric `{}` has no time axis", written.name.value))
                .at(written.name.span)
                .help(format!("give dataset `{}` a `time`, or the metric its own", inside.name.value)),
        );
    }
    if simple && inside.is_none() {
        builder.found.push(
            Diagnostic::new(
                Code::InvalidModel,
                format!("simple metric `{}` stands outside of a dataset", written.name.value),
            )
            .at(written.name.span)
            .help("put it under `metrics` of the dataset whose rows it aggregates"),
        );
    }
    let kind = kind(builder, dataset, written);
    let granularity = written.granularity.as_ref().and_then(|name| grain(builder, name));
    let filter = written.filter.iter().filter_map(|f| builder.parse(f)).collect();
    Metric {
        id,
        name: written.name.value.clone(),
        label: text(&written.label),
        description: text(&written.description),
        synonyms: values(&written.synonyms),
        aliases: values(&written.aliases),
        deprecated_names: values(&written.deprecated_names),
        owner: text(&written.owner),
        unit: text(&written.unit),
        format: written.format.as_ref().map_or(Format::Number, |f| f.value),
        direction: written.direction.as_ref().map_or(Direction::Neutral, |d| d.value),
        hidden: written.hidden,
        dataset: if simple { dataset } else { None },
        kind,
        filter,
        axis: if simple { axis } else { None },
        join_to_timespine: written.join_to_timespine.as_ref().is_some_and(|j| j.value),
        granularity,
        fill: written.fill_nulls_with.as_ref().map(|f| f.value.clone()),
        materiality: written.materiality.as_ref().map_or_else(Materiality::default, |m| Materiality {
            percent: m.percent.as_ref().map(|p| p.value),
            absolute: m.absolute.as_ref().map(|a| a.value),
            points: m.points.as_ref().map(|p| p.value),
        }),
        min_sample: written.min_sample.as_ref().map(|n| n.value),
        sample: text(&written.sample),
        settling: settling(inside.filter(|_| simple), written),
        not_yet: written.not_yet(),
        definition: String::new(),
        span: written.name.span,
    }
}

fn settling(inside: Option<&model::Dataset>, written: &model::Metric) -> Settling {
    let or = |own: &Option<Spanned<Length>>, of_dataset: Option<&Spanned<Length>>| {
        own.as_ref().or(of_dataset).map(|length| length.value)
    };
    Settling {
        settles_after: or(&written.settles_after, inside.and_then(|d| d.settles_after.as_ref())),
        attribution_window: or(&written.attribution_window, inside.and_then(|d| d.attribution_window.as_ref())),
    }
}

fn kind(builder: &mut Builder, dataset: Option<DatasetId>, written: &model::Metric) -> MetricKind {
    match &written.kind {
        model::MetricKind::Simple(simple) => MetricKind::Simple(measure(builder, dataset, written, simple)),
        model::MetricKind::Ratio(ratio) => {
            let numerator = input(builder, &ratio.numerator);
            let denominator = input(builder, &ratio.denominator);
            match (numerator, denominator) {
                (Some(numerator), Some(denominator)) => MetricKind::Ratio { numerator, denominator },
                _ => MetricKind::Later("ratio"),
            }
        }
        model::MetricKind::Derived(derived) => self::derived(builder, derived).unwrap_or(MetricKind::Later("derived")),
        model::MetricKind::Cumulative(written) => cumulative(builder, written),
        model::MetricKind::Conversion(written) => {
            events::conversion(builder, written).unwrap_or(MetricKind::Later("conversion"))
        }
        model::MetricKind::Cohort(written) => cohorts::cohort(builder, written).unwrap_or(MetricKind::Later("cohort")),
    }
}

/// A running total; without `period_agg` a longer period shows the value at its end.
fn cumulative(builder: &mut Builder, written: &model::metric::Cumulative) -> MetricKind {
    let Some(input) = input(builder, &written.input) else { return MetricKind::Later("cumulative") };
    let over = match (&written.window, &written.grain_to_date) {
        (Some(window), _) => Accumulation::Trailing(window.value),
        (None, Some(name)) => match grain(builder, name) {
            Some(grain) => Accumulation::ToDate(grain),
            None => return MetricKind::Later("cumulative"),
        },
        (None, None) => Accumulation::AllTime,
    };
    let period_agg = written.period_agg.as_ref().map_or(PeriodAggregation::Last, |agg| agg.value);
    MetricKind::Cumulative { input, over, period_agg }
}

fn measure(
    builder: &mut Builder,
    dataset: Option<DatasetId>,
    written: &model::Metric,
    simple: &model::metric::Simple,
) -> Measure {
    let fraction = simple.percentile.as_ref().map_or(0.5, |p| p.value);
    let discrete = simple.percentile_type.as_ref().is_some_and(|t| t.value == PercentileType::Discrete);
    let aggregation = match simple.agg.value {
        model::Aggregation::Sum => Aggregation::Sum,
        model::Aggregation::Min => Aggregation::Min,
        model::Aggregation::Max => Aggregation::Max,
        model::Aggregation::Count => Aggregation::Count,
        model::Aggregation::CountDistinct => Aggregation::CountDistinct,
        model::Aggregation::ApproxCountDistinct => Aggregation::ApproxCountDistinct,
        model::Aggregation::Average => Aggregation::Average,
        model::Aggregation::Median => Aggregation::Median,
        model::Aggregation::Percentile => Aggregation::Percentile { fraction, discrete },
        model::Aggregation::SumBoolean => Aggregation::SumBoolean,
        model::Aggregation::First => Aggregation::First,
        model::Aggregation::Last => Aggregation::Last,
    };
    let expr = match (&simple.expr, simple.agg.value) {
        (Some(expr), _) => builder.parse(expr),
        (None, model::Aggregation::Count) => None,
        (None, _) => Some(column_expr(&written.name)),
    };
    let balance = dataset.zip(simple.non_additive_dimension.as_ref()).and_then(|(id, of)| balance(builder, id, of));
    Measure { aggregation, expr, scale: simple.scale.as_ref().map(|s| s.value), balance }
}

/// The time and the things of a balance; what is not found is reported.
fn balance(builder: &mut Builder, dataset: DatasetId, of: &model::metric::NonAdditiveDimension) -> Option<Balance> {
    let time = axis(builder, dataset, &of.name);
    let by: Vec<Option<Identified>> = of.group_by.iter().map(|name| identified(builder, dataset, name)).collect();
    Some(Balance { time: time?, choice: of.window_agg.value, by: by.into_iter().collect::<Option<_>>()? })
}

/// What an entity's or a dimension's name tells apart among the rows of a dataset.
pub(super) fn identified(builder: &mut Builder, dataset: DatasetId, name: &Spanned<String>) -> Option<Identified> {
    match builder.catalog.identified(dataset, &name.value) {
        Ok(found) => Some(found),
        Err(refused) => {
            let code = if refused.code == Code::UnknownDimension { Code::UnknownReference } else { refused.code };
            if !builder.model.unread.contains(&name.value) {
                builder.found.push(Diagnostic { code, ..refused }.at(name.span));
            }
            None
        }
    }
}

pub(super) fn input(builder: &mut Builder, written: &model::Input) -> Option<Input> {
    let filter = written.filter.iter().filter_map(|f| builder.parse(f)).collect();
    let found = builder.catalog.metric_named(&written.name.value);
    if found.is_none() && !builder.model.unread.contains(&written.name.value) {
        unknown_metric(builder, &written.name);
    }
    let offset = match (&written.offset_window, &written.offset_to_grain) {
        (Some(Spanned { value: model::metric::Offset::Length(length), .. }), _) => Some(Offset::Window(*length)),
        (Some(Spanned { value: model::metric::Offset::Custom { count, granularity }, span }), _) => {
            let help = "a length such as `28 days`, or periods of a custom granularity of `time_spines`";
            let granularity = custom(builder, granularity, *span, help)?;
            Some(Offset::Custom { count: *count, granularity })
        }
        (None, Some(name)) => Some(Offset::ToGrain(grain(builder, name)?)),
        (None, None) => None,
    };
    let (level, finer) = match &written.grain {
        None => (None, None),
        Some(InputGrain::Exclude(names)) => (Some(Level::Without(level(builder, names))), None),
        Some(InputGrain::KeepOnly(names)) => (Some(Level::Only(level(builder, names))), None),
        Some(InputGrain::Include { dimensions, agg }) => (None, Some(finer(builder, dimensions, agg)?)),
    };
    Some(Input { metric: found?.id, filter, offset, level, finer })
}

/// The groups that an input is aggregated by first; names that nothing has are reported.
fn finer(
    builder: &mut Builder,
    names: &[Spanned<String>],
    agg: &Spanned<model::metric::GroupAggregation>,
) -> Option<Finer> {
    if names.is_empty() {
        let empty = Diagnostic::new(Code::InvalidModel, "`include` names no dimension").at(agg.span);
        builder.found.push(empty.help("name the finer groups, such as `include: [customer]`"));
        return None;
    }
    for name in names {
        let Written { path: _, name: bare, suffix } = builder.catalog.read_name(&name.value);
        if bare == "metric_time" && suffix.is_none() {
            let unsaid = Diagnostic::new(Code::InvalidModel, "`metric_time` of `include` has no grain").at(name.span);
            builder.found.push(unsaid.help("write the grain, such as `metric_time__day`"));
        }
        known_dimension(builder, name, &bare);
    }
    Some(Finer { dimensions: values(names), aggregation: agg.value })
}

/// The granularity of a name; one that nothing has is reported.
fn grain(builder: &mut Builder, name: &Spanned<GrainName>) -> Option<Grain> {
    match &name.value {
        GrainName::Standard(granularity) => Some(Grain::Standard(*granularity)),
        GrainName::Custom(custom) => {
            let help = "a granularity such as `month`, or a custom one of `time_spines`";
            self::custom(builder, custom, name.span, help).map(Grain::Custom)
        }
    }
}

fn custom(builder: &mut Builder, name: &str, span: Span, help: &str) -> Option<CustomGranularityId> {
    let found = builder.catalog.custom_granularity_named(name).map(|custom| custom.id);
    if found.is_none() && !builder.model.unread.contains(name) {
        let known = builder.catalog.custom_granularities().iter().map(|custom| custom.name.as_str());
        let known = known.chain(Granularity::ALL.map(Granularity::as_str));
        let unknown = Diagnostic::new(Code::UnknownReference, format!("unknown granularity `{name}`"));
        builder.found.push(unknown.at(span).suggest(name, known).help(help.to_string()));
    }
    found
}

/// The names of a level of detail; those that nothing has are reported.
fn level(builder: &mut Builder, names: &[Spanned<String>]) -> Vec<String> {
    for name in names {
        let last = name.value.rsplit('.').next().unwrap_or(&name.value);
        known_dimension(builder, name, last);
    }
    values(names)
}

/// Reports a name that neither a dimension has nor an entity.
fn known_dimension(builder: &mut Builder, name: &Spanned<String>, bare: &str) {
    let known = builder.catalog.dimension_names();
    let entities = builder.catalog.entity_names();
    if bare != "metric_time"
        && !known.contains(&bare)
        && !entities.contains(&bare)
        && !builder.model.unread.contains(bare)
    {
        let unknown = Diagnostic::new(Code::UnknownReference, format!("unknown dimension `{}`", name.value))
            .at(name.span)
            .suggest(bare, known.into_iter().chain(entities).chain(["metric_time"]));
        builder.found.push(unknown);
    }
}

fn unknown_metric(builder: &mut Builder, name: &Spanned<String>) {
    let known = builder.catalog.metric_names.keys().chain(&builder.model.unread).map(String::as_str);
    let unknown = Diagnostic::new(Code::UnknownReference, format!("unknown metric `{}`", name.value))
        .at(name.span)
        .suggest(&name.value, known);
    builder.found.push(unknown);
}

fn derived(builder: &mut Builder, written: &model::metric::Derived) -> Option<MetricKind> {
    // Everything is looked at before anything is given up, so that no finding hides another.
    let expr = builder.parse(&written.expr);
    let found: Vec<Option<Input>> = written.inputs.iter().map(|given| input(builder, given)).collect();
    let mut names: Vec<String> = Vec::new();
    for given in &written.inputs {
        let name = given.alias.as_ref().unwrap_or(&given.name);
        if names.contains(&name.value) {
            let twice = Diagnostic::new(Code::DuplicateName, format!("input `{}` is given twice", name.value))
                .at(name.span)
                .help("give each input of one metric its own `alias`");
            builder.found.push(twice);
        }
        names.push(name.value.clone());
    }
    let (expr, mut inputs) = (expr?, found.into_iter().collect::<Option<Vec<Input>>>()?);
    let declared = !written.inputs.is_empty();
    let mut complete = true;
    let resolved = expr.try_substitute::<InputId, ()>(&mut |name: &Name, span| {
        let word = name.dotted();
        let at = match names.iter().position(|known| *known == word) {
            Some(at) => at,
            None if declared => {
                let unknown = Diagnostic::new(Code::UnknownReference, format!("`{word}` is no input of this metric"))
                    .at(span)
                    .suggest(&word, names.iter().map(String::as_str))
                    .help("add it to `input_metrics`");
                builder.found.push(unknown);
                complete = false;
                0
            }
            None => {
                let of = model::Input::named(Spanned::new(word.clone(), span));
                match input(builder, &of) {
                    Some(found) => {
                        inputs.push(found);
                        names.push(word);
                        inputs.len() - 1
                    }
                    None => {
                        complete = false;
                        0
                    }
                }
            }
        };
        Ok(Expr::new(Kind::Ref(InputId(at)), span))
    });
    match resolved {
        Ok(expr) if complete => Some(MetricKind::Derived { expr, inputs }),
        _ => None,
    }
}

/// A filter of a simple metric names dimensions that its dataset sees.
fn check_filters(builder: &mut Builder) {
    let mut found = Vec::new();
    for metric in &builder.catalog.metrics {
        let Some(dataset) = metric.dataset else {
            continue;
        };
        for (name, span) in metric.filter.iter().flat_map(|f| f.refs()).map(|r| (r.value, r.span)) {
            if let Some((metric, _)) = name.metric_and_keys() {
                if builder.catalog.metric_named(metric).is_none() && !builder.model.unread.contains(metric) {
                    let known = builder.catalog.metric_names.keys().map(String::as_str);
                    let unknown = Diagnostic::new(Code::UnknownReference, format!("unknown metric `{metric}`"));
                    found.push(unknown.at(span).suggest(metric, known));
                }
                continue;
            }
            let Written { path, name: bare, .. } = builder.catalog.read_name(&name.dotted());
            let unread = &builder.model.unread;
            if bare == "metric_time" || path.iter().chain([&bare]).any(|part| unread.contains(part)) {
                continue;
            }
            if let Err(refused) = builder.catalog.locate(dataset, &path, &bare) {
                let code = if refused.code == Code::UnknownDimension { Code::UnknownReference } else { refused.code };
                found.push(Diagnostic { code, ..refused }.at(span));
            }
        }
    }
    builder.found.0.extend(found);
}

/// Whether no metric is defined by itself.
fn check_cycles(builder: &mut Builder) -> bool {
    let inputs: Vec<Vec<usize>> = builder
        .catalog
        .metrics
        .iter()
        .map(|metric| {
            let inputs = metric.kind.inputs();
            let filters = metric.filter.iter().chain(inputs.iter().flat_map(|input| &input.filter));
            let names = filters.flat_map(|filter| filter.refs());
            let in_filters = names.filter_map(|n| builder.catalog.metric_named(n.value.metric_and_keys()?.0));
            let made_of = inputs.iter().map(|input| input.metric);
            made_of.chain(in_filters.map(|metric| metric.id)).map(|id| id.index()).collect()
        })
        .collect();
    let Err(cycles) = metric_graph::order(&inputs) else {
        return true;
    };
    for cycle in cycles {
        let first = &builder.catalog.metrics[cycle[0]];
        let names: Vec<&str> =
            cycle.iter().chain(&cycle[..1]).map(|i| builder.catalog.metrics[*i].name.as_str()).collect();
        let found = Diagnostic::new(Code::MetricCycle, format!("metric `{}` is defined by itself", first.name))
            .at(first.span)
            .help(format!("the cycle is {}", names.join(" → ")));
        builder.found.push(found);
    }
    false
}
