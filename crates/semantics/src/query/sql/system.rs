//! Tables of what a model holds: metrics, dimensions, datasets, and which metric sees which dimension.

use crate::catalog::id::{DatasetId, DimensionId};
use crate::catalog::locate::Located;
use crate::catalog::{Catalog, Metric, MetricKind};
use crate::model::DimensionKind;
use crate::model::metric::{Direction, Format};

/// The tables, by the names that a statement has for them.
pub const TABLES: [&str; 4] = ["system.metrics", "system.dimensions", "system.datasets", "system.metric_dimensions"];

/// A table whose columns are all texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// Whether `name`, in lower case, is one of them.
pub fn is_table(name: &str) -> bool {
    TABLES.contains(&name)
}

/// The table of this name.
pub fn table(catalog: &Catalog, name: &str) -> Option<Table> {
    match name {
        "system.metrics" => Some(metrics(catalog)),
        "system.dimensions" => Some(dimensions(catalog)),
        "system.datasets" => Some(datasets(catalog)),
        "system.metric_dimensions" => Some(metric_dimensions(catalog)),
        _ => None,
    }
}

fn metrics(catalog: &Catalog) -> Table {
    let columns = vec!["name", "label", "type", "format", "unit", "direction", "definition", "description", "dataset"];
    let shown = catalog.metrics().iter().filter(|metric| !metric.hidden);
    let row = |metric: &Metric| {
        vec![
            Some(metric.name.clone()),
            metric.label.clone(),
            Some(kind(&metric.kind).to_string()),
            Some(format(metric.format).to_string()),
            metric.unit.clone(),
            Some(direction(metric.direction).to_string()),
            Some(metric.definition.clone()),
            metric.description.clone(),
            metric.dataset.map(|id| catalog.dataset(id).name.clone()),
        ]
    };
    Table { columns, rows: shown.map(row).collect() }
}

/// Shared dimensions by their name, those of one dataset with its name before it.
pub(super) fn dimension_names(catalog: &Catalog) -> Vec<String> {
    dimensions(catalog).rows.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect()
}

fn dimensions(catalog: &Catalog) -> Table {
    let columns = vec!["name", "label", "type", "granularity", "description", "of"];
    let path = |id: DimensionId| {
        let dimension = catalog.dimension(id);
        format!("{}.{}", catalog.dataset(dimension.dataset).name, dimension.name)
    };
    let shared = catalog.shared_dimensions().iter().filter(|shared| !shared.hidden).map(|shared| {
        let first = catalog.members_seen(shared).next().map(|id| catalog.dimension(id));
        let of: Vec<String> = catalog.members_seen(shared).map(path).collect();
        vec![
            Some(shared.name.clone()),
            shared.label.clone(),
            first.map(|dimension| kind_of(dimension.kind).to_string()),
            first.and_then(|dimension| dimension.granularity).map(|grain| grain.to_string()),
            shared.description.clone(),
            Some(of.join(", ")),
        ]
    });
    let own = catalog.dimensions().iter().filter(|own| !own.hidden && own.shared.is_none()).map(|own| {
        vec![
            Some(path(own.id)),
            own.label.clone(),
            Some(kind_of(own.kind).to_string()),
            own.granularity.map(|grain| grain.to_string()),
            own.description.clone(),
            Some(path(own.id)),
        ]
    });
    Table { columns, rows: shared.chain(own).collect() }
}

fn datasets(catalog: &Catalog) -> Table {
    let columns = vec!["name", "label", "description", "primary_key", "dimensions", "metrics"];
    let rows = catalog.datasets().iter().map(|dataset| {
        let dimensions = dataset.dimensions.iter().map(|id| catalog.dimension(*id)).filter(|found| !found.hidden);
        let dimensions: Vec<&str> = dimensions.map(|dimension| dimension.name.as_str()).collect();
        let metrics = catalog.metrics().iter().filter(|metric| metric.dataset == Some(dataset.id) && !metric.hidden);
        let metrics: Vec<&str> = metrics.map(|metric| metric.name.as_str()).collect();
        let key: Vec<&str> =
            dataset.primary_key.iter().map(String::as_str).filter(|column| !dataset.hides(column)).collect();
        vec![
            Some(dataset.name.clone()),
            dataset.label.clone(),
            dataset.description.clone(),
            Some(key.join(", ")),
            Some(dimensions.join(", ")),
            Some(metrics.join(", ")),
        ]
    });
    Table { columns, rows: rows.collect() }
}

fn metric_dimensions(catalog: &Catalog) -> Table {
    let columns = vec!["metric", "dimension", "type", "granularity", "via"];
    let mut rows = Vec::new();
    for metric in catalog.metrics().iter().filter(|metric| !metric.hidden) {
        let text = |text: &str| Some(text.to_string());
        rows.push(vec![text(&metric.name), text("metric_time"), text("time"), None, None]);
        for (name, located) in seen_by(catalog, metric) {
            let dimension = catalog.dimension(located.dimension);
            let steps = located.path.steps().iter();
            let via: Vec<&str> = steps.map(|step| catalog.relationship(step.relationship()).name.as_str()).collect();
            rows.push(vec![
                text(&metric.name),
                Some(name),
                text(kind_of(dimension.kind)),
                dimension.granularity.map(|grain| grain.to_string()),
                (!via.is_empty()).then(|| via.join(".")),
            ]);
        }
    }
    Table { columns, rows }
}

/// The dimensions that every dataset beneath a metric sees as the same one.
fn seen_by(catalog: &Catalog, metric: &Metric) -> Vec<(String, Located)> {
    let mut common: Option<Vec<(String, Located)>> = None;
    for dataset in beneath(catalog, metric) {
        let here = catalog.available(dataset);
        common = Some(match common {
            None => here,
            Some(known) => {
                let is_here = |name: &String, located: &Located| {
                    here.iter().any(|(other, there)| other == name && there.identity == located.identity)
                };
                known.into_iter().filter(|(name, located)| is_here(name, located)).collect()
            }
        });
    }
    let seen = common.unwrap_or_default().into_iter();
    seen.filter(|(_, located)| !catalog.dimension(located.dimension).hidden).collect()
}

fn beneath(catalog: &Catalog, metric: &Metric) -> Vec<DatasetId> {
    let mut found: Vec<DatasetId> = metric.dataset.into_iter().collect();
    for input in metric.kind.inputs() {
        found.extend(beneath(catalog, catalog.metric(input.metric)));
    }
    found.sort();
    found.dedup();
    found
}

fn kind(kind: &MetricKind) -> &'static str {
    match kind {
        MetricKind::Simple(_) => "simple",
        MetricKind::Ratio { .. } => "ratio",
        MetricKind::Derived { .. } => "derived",
        MetricKind::Cumulative { .. } => "cumulative",
        MetricKind::Conversion(_) => "conversion",
        MetricKind::Cohort(_) => "cohort",
        MetricKind::Later(word) => word,
    }
}

fn kind_of(kind: DimensionKind) -> &'static str {
    match kind {
        DimensionKind::Categorical => "categorical",
        DimensionKind::Time => "time",
        DimensionKind::Boolean => "boolean",
        DimensionKind::Number => "number",
    }
}

fn format(format: Format) -> &'static str {
    match format {
        Format::Number => "number",
        Format::Currency => "currency",
        Format::Percent => "percent",
        Format::Ratio => "ratio",
        Format::Duration => "duration",
    }
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Neutral => "neutral",
    }
}
