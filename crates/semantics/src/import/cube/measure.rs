//! Measures as metrics: aggregates, numbers over measures, rolling windows and time shifts.

use std::collections::BTreeMap;

use super::window::{Window, time_shift, window};
use super::{Cube, sql};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{BinaryOp, Expr, Kind};
use crate::import::formula;
use crate::import::object::{Keys, Object};
use crate::import::project::{Metric, Part, Parts, Project, Target, free};
use crate::model::{Aggregation, convert};
use crate::source::{Span, Spanned};
use crate::yaml::Node;
use crate::yaml::make::Map;

const MEASURE: Keys = Keys {
    noun: "measure",
    read: &[
        "name",
        "sql",
        "type",
        "title",
        "description",
        "public",
        "shown",
        "filters",
        "rolling_window",
        "format",
        "currency",
        "multi_stage",
        "time_shift",
        "group_by",
        "reduce_by",
        "add_group_by",
        "order_by",
        "case",
        "grain",
        "filter",
    ],
    left_out: &[
        ("meta", "a model has no place for it"),
        ("drill_members", "a model has no place for them"),
        ("drill_member_references", "a model has no place for them"),
        ("drill_filters", "a model has no place for them"),
        ("mask", "a model has no place for it"),
    ],
};

const FILTER: Keys = Keys { noun: "filter", read: &["sql"], left_out: &[] };

const TYPES: [&str; 8] = ["count", "sum", "avg", "min", "max", "count_distinct", "count_distinct_approx", "number"];
const OTHER_TYPES: [&str; 6] = ["string", "time", "boolean", "rank", "number_agg", "running_total"];
/// Keys that make a measure another one than its `sql` says.
const STAGES: [&str; 6] = ["group_by", "reduce_by", "add_group_by", "order_by", "case", "grain"];

/// Gives every measure the name that its metric has: its own, or with its cube's before it where
/// several cubes have one of the name.
pub(super) fn name_all(project: &mut Project<'_>, cubes: &mut [Cube<'_>]) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let names = |cube: &Cube<'_>| -> Vec<Spanned<String>> {
        let nodes = cube.object.list("measures").iter();
        nodes
            .filter_map(|m| m.get("name").map(|n| (n, n.scalar())))
            .filter_map(|(n, s)| Some(Spanned::new(s?.text.clone(), n.span)))
            .collect()
    };
    for name in cubes.iter().flat_map(names) {
        *count.entry(name.value).or_default() += 1;
    }
    for (here, cube) in cubes.iter_mut().enumerate() {
        for written in names(cube) {
            let several = count.get(&written.value).is_some_and(|n| *n > 1);
            let wanted = match several {
                true => format!("{}_{}", project.datasets[here].name.value, written.value),
                false => written.value.clone(),
            };
            let Some(name) = convert::as_name(&wanted) else { continue };
            if several && !cube.measures.contains_key(&written.value) {
                let message = format!("measure `{}` of cube `{}` is called `{name}`", written.value, cube.name);
                project.report.lose(written.span, message, "metrics of all datasets share one namespace");
            }
            project.metric_names.insert(name.clone());
            cube.measures.insert(written.value, name);
        }
    }
}

/// Adds the metrics of every cube.
pub(super) fn add_all(project: &mut Project<'_>, cubes: &[Cube<'_>]) {
    for (here, cube) in cubes.iter().enumerate() {
        let mut seen: Vec<String> = Vec::new();
        for node in cube.object.list("measures") {
            let Some(object) = Object::open(project.report, &MEASURE, node) else { continue };
            let Some(written) = object.required("name") else { continue };
            let Some(name) = cube.measures.get(&written.value) else {
                project.report.name("measure", &written);
                continue;
            };
            let of = &project.datasets[here].dimensions;
            if seen.contains(&written.value) || of.iter().any(|d| d.written == written.value) {
                let message = format!("a second member `{}` of cube `{}`", written.value, cube.name);
                let fault = Diagnostic::new(Code::DuplicateName, message).at(written.span);
                project.report.fault(fault.help("rename or remove one"));
                continue;
            }
            seen.push(written.value.clone());
            if *name != written.value && !name.ends_with(&written.value) {
                project.report.name("measure", &written);
            }
            let name = Spanned::new(name.clone(), written.span);
            let before = project.metrics.len();
            if let Err(refused) = add(&mut Reader { project, cubes, here }, &object, &name) {
                project.metrics.truncate(before);
                project.report.unread(&name.value);
                if let Some(refused) = refused {
                    project.report.leave_out("measure", &name, refused);
                }
            }
        }
    }
}

/// The cube that measures are read in.
struct Reader<'p, 'a, 'c> {
    project: &'p mut Project<'a>,
    cubes: &'c [Cube<'c>],
    here: usize,
}

/// Why a measure is left out; nothing where a fault was reported.
pub(super) type Refused = Option<Diagnostic>;

fn add(reader: &mut Reader<'_, '_, '_>, object: &Object<'_>, name: &Spanned<String>) -> Result<(), Refused> {
    let refused = |message: String, at: Span, help: &str| {
        Err(Some(Diagnostic::new(Code::NotImported, message).at(at).help(help.to_string())))
    };
    let Some(word) = object.required("type") else { return Err(None) };
    if !TYPES.contains(&word.value.as_str()) && !OTHER_TYPES.contains(&word.value.as_str()) {
        object.unknown_word("type", &word, &TYPES);
        return Err(None);
    }
    if let Some(key) = STAGES.iter().find(|key| object.has(key)) {
        let at = object.node(key).map_or(object.place(), |node| node.span);
        return refused(format!("`{key}` computes it in several stages"), at, "an input's `grain` says the same");
    }
    if object.has("filter") {
        let at = object.node("filter").map_or(object.place(), |node| node.span);
        return refused("`filter` computes it in several stages".to_string(), at, "conditions stand in `filters`");
    }
    let mut map = described(object);
    let shift = time_shift(object)?;
    let stages = object.flag("multi_stage").is_some_and(|flag| flag.value);
    if shift.is_some() && !stages {
        let fault = Diagnostic::new(Code::InvalidModel, "`time_shift` without `multi_stage: true`".to_string());
        return Err(Some(fault.at(object.place()).help("a shift is a stage of its own")));
    }
    if stages && shift.is_none() {
        return refused("it is of several stages".to_string(), object.place(), "stages are inputs of a derived metric");
    }
    let window = match object.node("rolling_window") {
        Some(node) => Some(window(object, node)?),
        None => None,
    };
    if window.is_some() && shift.is_some() {
        return refused(
            "it has a window and a shift".to_string(),
            object.place(),
            "give the windowed one a metric of its own",
        );
    }
    if shift.is_some() && word.value != "number" {
        return refused(format!("a shifted measure of `type: {}`", word.value), word.span, "shifts are of numbers");
    }
    if word.value == "number" {
        return number(reader, object, name, shift, window, map);
    }
    if OTHER_TYPES.contains(&word.value.as_str()) {
        return refused(format!("a measure of `type: {}` has no metric", word.value), word.span, "metrics are numbers");
    }
    let Some(agg) = aggregation(&word.value) else { return Err(None) };
    let argument = match object.text("sql") {
        Some(text) => Some(reader.expression(&text)?),
        None if agg == Aggregation::Count && !object.has("sql") => None,
        None => {
            object.required("sql");
            return Err(None);
        }
    };
    let part =
        Part { agg, home: reader.here, argument, filter: reader.filters(object)?, percentile: None, span: word.span };
    match window {
        None => {
            let metric = reader.project.simple(name.clone(), &part, map)?;
            reader.project.metrics.push(metric);
        }
        Some(window) => {
            let base = hidden(reader, name);
            let metric = reader.project.simple(base.clone(), &part, hidden_map(base.span))?;
            reader.project.metrics.push(metric);
            window.extend(&mut map, &base);
            reader.project.metrics.push(formula_over(name, vec![base.value], map));
        }
    }
    Ok(())
}

/// The keys of a metric that say nothing about how it is computed.
fn described(object: &Object<'_>) -> Map {
    let mut map = Map::new(object.span);
    map.set_some("label", object.text("title").as_ref().map(Node::of));
    map.set_some("description", object.text("description").as_ref().map(Node::of));
    if let Some(format) = object.node("format") {
        match format.scalar().map(|s| s.text.as_str()) {
            Some(word @ ("percent" | "currency" | "number")) => map.set("format", Node::text(word, format.span)),
            Some(_) | None => {
                let message = format!("`format` of {} is left out", object.label());
                object.report.lose(format.span, message, "formats are number, currency, percent, ratio, duration");
            }
        }
    }
    if let Some(currency) = object.text("currency") {
        map.set("unit", Node::text(currency.value.to_uppercase(), currency.span));
    }
    if let Some(public) = object.flag("public").or_else(|| object.flag("shown")).filter(|flag| !flag.value) {
        map.set("hidden", Node::flag(true, public.span));
    }
    map
}

fn aggregation(word: &str) -> Option<Aggregation> {
    Some(match word {
        "count" => Aggregation::Count,
        "sum" => Aggregation::Sum,
        "avg" => Aggregation::Average,
        "min" => Aggregation::Min,
        "max" => Aggregation::Max,
        "count_distinct" => Aggregation::CountDistinct,
        "count_distinct_approx" => Aggregation::ApproxCountDistinct,
        _ => return None,
    })
}

/// A formula over aggregates and other measures.
fn number(
    reader: &mut Reader<'_, '_, '_>,
    object: &Object<'_>,
    name: &Spanned<String>,
    shift: Option<Spanned<String>>,
    window: Option<Window>,
    mut map: Map,
) -> Result<(), Refused> {
    let Some(text) = object.required("sql") else { return Err(None) };
    let formula = formula::read(&sql::quoted(&text)?)?;
    let (here, cubes) = (reader.here, reader.cubes);
    let parts = {
        let project = &*reader.project;
        Parts::of(
            &formula,
            &mut |name, span, _| sql::target(project, cubes, here, name, span),
            |argument, filter, _| Ok(first_dataset(argument).or(first_dataset(filter)).unwrap_or(here)),
        )?
    };
    let condition = reader.filters(object)?;
    if let Some(condition) = &condition {
        let filter = reader.project.filter(here, condition, &name.value)?;
        map.set("filter", Node::text(filter, condition.span));
    }
    if let Some(interval) = shift {
        let Kind::Ref(Target::Metric(of)) = parts.rest.kind.as_ref() else {
            let refused = Diagnostic::new(Code::NotImported, "it shifts more than one measure").at(text.span);
            return Err(Some(refused.help("give the formula a measure of its own and shift that")));
        };
        map.set("type", Node::text("derived", text.span));
        let mut input = Map::new(interval.span);
        input.set("name", Node::text(of.clone(), text.span));
        input.set("alias", Node::text("shifted", interval.span));
        input.set("offset_window", Node::of(&interval));
        map.set("expr", Node::text("shifted", text.span));
        map.set_list("input_metrics", vec![input.into_node()]);
        reader.project.metrics.push(formula_over(name, vec![of.clone()], map));
        return Ok(());
    }
    match window {
        None => reader.project.add_formula(name, parts, map)?,
        Some(window) => {
            let base = hidden(reader, name);
            reader.project.add_formula(&base, parts, hidden_map(base.span))?;
            window.extend(&mut map, &base);
            reader.project.metrics.push(formula_over(name, vec![base.value], map));
        }
    }
    Ok(())
}

impl Reader<'_, '_, '_> {
    fn expression(&self, text: &Spanned<String>) -> Result<Expr<Target>, Diagnostic> {
        let quoted = sql::quoted(text)?;
        parse(&quoted.value, quoted.span)?.try_substitute(&mut |name, span| {
            let target = sql::target(self.project, self.cubes, self.here, name, span)?;
            Ok(Expr::new(Kind::Ref(target), span))
        })
    }

    /// The conditions of `filters`, all of which must hold.
    fn filters(&self, object: &Object<'_>) -> Result<Option<Expr<Target>>, Refused> {
        let mut all: Option<Expr<Target>> = None;
        for node in object.list("filters") {
            let Some(filter) = Object::open(object.report, &FILTER, node) else { return Err(None) };
            let Some(text) = filter.required("sql") else { return Err(None) };
            let condition = self.expression(&text)?;
            all = Some(match all {
                None => condition,
                Some(left) => {
                    let span = left.span;
                    Expr::new(Kind::Binary { op: BinaryOp::And, left, right: condition }, span)
                }
            });
        }
        Ok(all)
    }
}

fn first_dataset(expr: Option<&Expr<Target>>) -> Option<usize> {
    expr?.refs().into_iter().find_map(|r| match r.value {
        Target::Column { dataset, .. } | Target::Dimension { dataset, .. } => Some(*dataset),
        Target::Metric(_) | Target::Call(_) => None,
    })
}

fn hidden(reader: &mut Reader<'_, '_, '_>, name: &Spanned<String>) -> Spanned<String> {
    let called = free(&format!("{}_base", name.value), |taken| reader.project.metric_names.contains(taken));
    reader.project.metric_names.insert(called.clone());
    Spanned::new(called, name.span)
}

fn hidden_map(span: Span) -> Map {
    let mut map = Map::new(span);
    map.set("hidden", Node::flag(true, span));
    map
}

fn formula_over(name: &Spanned<String>, inputs: Vec<String>, map: Map) -> Metric {
    Metric { name: name.clone(), home: None, needs_time: false, inputs, at: None, map }
}
