//! Time spines: of a project's configuration, legacy or not, and of dbt models.

use super::draft::Spine;
use super::elements;
use super::fields::{self, Fields, Report};
use super::semantic_model::node_relation;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::CustomGranularity;
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;
use crate::yaml::Node;

/// The time spines of a `project_configuration`.
pub(super) fn read(report: &Report, node: &Node) -> Vec<Spine> {
    let Some(f) = Fields::open(report, "project configuration", node) else { return Vec::new() };
    let old = f.list("time_spine_table_configurations").iter().filter_map(|node| legacy(report, node));
    let mut spines: Vec<Spine> = old.collect();
    spines.extend(f.list("time_spines").iter().filter_map(|node| spine(report, node)));
    for key in ["metadata", "dsi_package_version"] {
        f.ignore(key);
    }
    f.finish();
    spines
}

/// `{location: schema.table, column_name, grain}`.
fn legacy(report: &Report, node: &Node) -> Option<Spine> {
    let f = Fields::open(report, "time spine", node)?;
    let location = f.required("location");
    let column = f.required("column_name");
    let granularity = granularity(&f, "grain");
    let span = f.span;
    f.finish();
    let location = location?;
    let table = location.map(|location| location.rsplit('.').next().unwrap_or_default().to_string());
    Some(Spine { table, column: column?, granularity: granularity?, custom_granularities: Vec::new(), span })
}

/// `{node_relation, primary_column: {name, time_granularity}, custom_granularities}`.
fn spine(report: &Report, node: &Node) -> Option<Spine> {
    let f = Fields::open(report, "time spine", node)?;
    let table = f.required_node("node_relation").and_then(|node| node_relation(report, node));
    let primary = f.required_node("primary_column");
    let primary = primary.and_then(|node| Fields::open(report, "time spine's primary column", node));
    let (column, granularity) = primary.map_or((None, None), |primary| {
        let found = (primary.required("name"), granularity(&primary, "time_granularity"));
        primary.finish();
        found
    });
    let custom_granularities = custom(&f);
    f.ignore("metadata");
    let span = f.span;
    f.finish();
    Some(Spine { table: table?, column: column?, granularity: granularity?, custom_granularities, span })
}

/// `time_spine: {standard_granularity_column, custom_granularities}` of a dbt model, whose columns
/// have their granularities.
pub(super) fn of_model(
    report: &Report,
    node: &Node,
    table: &Spanned<String>,
    granularity_of: impl Fn(&str) -> Option<Spanned<Granularity>>,
) -> Option<Spine> {
    let f = Fields::open(report, "time spine", node)?;
    let column = f.required("standard_granularity_column");
    let custom_granularities = custom(&f);
    let span = f.span;
    f.finish();
    let column = column?;
    let Some(granularity) = granularity_of(&column.value) else {
        let message = format!("column `{}` of the time spine has no `granularity`", column.value);
        let fault = Diagnostic::new(Code::MissingKey, message).at(column.span);
        report.fault(fault.help("add `granularity: day`, or whatever its periods are, to the column"));
        return None;
    };
    Some(Spine { table: table.clone(), column, granularity, custom_granularities, span })
}

/// A spine's granularity; none, with a loss, for one finer than a second.
fn granularity(f: &Fields<'_>, key: &'static str) -> Option<Spanned<Granularity>> {
    f.required_node(key)?;
    let text = f.text(key)?;
    if fields::is_below_second(&text.value.to_ascii_lowercase()) {
        below_second(f.report, f.span, &text.value);
        return None;
    }
    f.granularity(key)
}

fn below_second(report: &Report, span: Span, granularity: &str) {
    let fact = format!("a time spine of {granularity}s is not read");
    report.loss(span, fact, "times are counted in seconds here");
}

/// `custom_granularities`, also under its older name.
fn custom(f: &Fields<'_>) -> Vec<CustomGranularity> {
    let lists = ["custom_granularities", "custom_granularity_columns"].into_iter().flat_map(|key| f.list(key));
    let read = |node: &Node| {
        let f = Fields::open(f.report, "custom granularity", node)?;
        let (name, column, span) = (f.required("name"), f.text("column_name"), f.span);
        f.finish();
        let column = column.map(|column| {
            let value = elements::column(&column.value).unwrap_or_else(|| column.value.clone());
            Spanned::new(value, column.span)
        });
        Some(CustomGranularity { name: name?, column, span })
    };
    lists.filter_map(read).collect()
}
