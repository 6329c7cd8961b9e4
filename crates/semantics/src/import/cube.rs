//! Cube's data models in YAML: cubes with joins, dimensions and measures, and views over them.
//!
//! JavaScript, Jinja and Python are programs that write a model; what they would write is not
//! known here, so a file that needs them is a fault.

use std::collections::BTreeMap;

use super::object::{Keys, Object};
use super::project::{Dataset, Project, SeveralTimes, Time};
use super::report::{Done, Report};
use super::{Format, Imported};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{self, Model};
use crate::source::{Sources, Span, Spanned};
use crate::yaml::make::Map;
use crate::yaml::{self, Node, Value};

mod dimension;
mod join;
mod measure;
mod sql;
mod view;
mod window;

const FILE: Keys = Keys { noun: "Cube file", read: &["cubes", "views"], left_out: &[] };

const CUBE: Keys = Keys {
    noun: "cube",
    read: &[
        "name",
        "sql_table",
        "sql",
        "title",
        "description",
        "joins",
        "dimensions",
        "measures",
        "segments",
        "extends",
        "access_policy",
    ],
    left_out: &[
        ("sql_alias", "it names tables of generated SQL"),
        ("data_source", "every dataset is under the data root"),
        ("refresh_key", "files are read anew when they change"),
        ("pre_aggregations", "they decide how fast an answer is, not what it is"),
        ("rewrite_queries", "it decides how fast an answer is, not what it is"),
        ("public", "what a cube's views would show is seen by the names of its members"),
        ("shown", "what a cube's views would show is seen by the names of its members"),
        ("meta", "a model has no place for it"),
        ("hierarchies", "a model has no place for them"),
        ("calendar", "calendars stand in `time_spines`"),
        ("allow_non_strict_date_range_match", "it decides how fast an answer is, not what it is"),
    ],
};

/// Whether a tree is a file of Cube's.
pub(super) fn is_cube(root: &Node) -> bool {
    ["cubes", "views"].iter().any(|key| root.get(key).is_some_and(|node| matches!(node.value, Value::List(_))))
}

/// Whether a text that may not be YAML shows itself to be Cube's: its lists, or a call of its
/// JavaScript.
pub(super) fn looks_like_cube(name: &str, text: &str) -> bool {
    let is_list = |line: &str| matches!(line.trim_end(), "cubes:" | "views:");
    is_script(name) || is_template(text).is_some() && text.lines().any(is_list)
}

fn is_script(name: &str) -> bool {
    [".js", ".ts", ".py"].iter().any(|extension| name.ends_with(extension))
}

/// Where a text holds Jinja.
fn is_template(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"].iter().filter_map(|mark| text.find(mark)).min()
}

/// The model of these files.
pub(super) fn read(files: Vec<(String, String)>) -> Imported {
    let mut sources = Sources::default();
    let mut findings = Diagnostics::default();
    let mut unread = std::collections::BTreeSet::new();
    let mut roots = Vec::new();
    for (name, text) in files {
        let source = sources.add(name.clone(), text);
        let text = sources.get(source).text.clone();
        let refuse = |what: &str, at: usize| {
            let fault = Diagnostic::new(Code::NotSupportedYet, format!("`{name}` is {what}"));
            fault.at(Span::new(source, at, at)).help("only YAML is read: write out what the program would write")
        };
        if is_script(&name) {
            findings.push(refuse("a program", 0));
        } else if let Some(at) = is_template(&text) {
            findings.push(refuse("a Jinja template", at));
        } else {
            let documents = yaml::read(source, &text, &mut findings);
            unread.extend(documents.lost);
            roots.extend(documents.nodes);
        }
    }
    let report = Report::new(findings, unread);
    let span = roots.first().map_or(Span::new(crate::source::SourceId(0), 0, 0), |root| root.span);
    let root = model_of(&report, &roots, span);
    let Done { findings, losses, unread, left_out } = report.done();
    let (model, findings) = model::read_trees(sources, &[root], findings, unread);
    let model = Model { left_out, ..model };
    Imported { format: Format::Cube, model, findings, losses }
}

/// A cube with its keys, in the order of the project's datasets.
struct Cube<'a> {
    /// Its name in the files.
    name: String,
    /// The table's last part, which some SQL names columns by.
    table: Option<String>,
    object: Object<'a>,
    /// Measures by their names in the files, with their names here.
    measures: BTreeMap<String, String>,
}

impl Cube<'_> {
    /// Whether the file has a member of this name in the cube.
    fn has(&self, name: &str) -> bool {
        let is = |node: &Node| node.get("name").and_then(Node::scalar).is_some_and(|written| written.text == name);
        ["dimensions", "measures", "segments"]
            .iter()
            .any(|key| self.object.node(key).is_some_and(|members| members.items().iter().any(is)))
    }
}

fn model_of(report: &Report, roots: &[Node], span: Span) -> Node {
    let mut project = Project::new(report, span, SeveralTimes::First);
    // Cube's models have no name.
    project.root.set("name", Node::text("cube", span));
    let files: Vec<Object<'_>> = roots.iter().filter_map(|root| Object::open(report, &FILE, root)).collect();
    let mut cubes: Vec<Cube<'_>> = Vec::new();
    for node in files.iter().flat_map(|file| file.list("cubes")) {
        if let Some((cube, dataset)) = open(report, &cubes, node) {
            cubes.push(cube);
            project.datasets.push(dataset);
        }
    }
    dimension::add_all(&mut project, &cubes);
    measure::name_all(&mut project, &mut cubes);
    project.keep_names_apart();
    for cube in 0..cubes.len() {
        join::add(&mut project, &cubes, cube);
    }
    measure::add_all(&mut project, &cubes);
    for node in files.iter().flat_map(|file| file.list("views")) {
        view::check(&project, &cubes, node);
    }
    project.finish()
}

/// A cube and the dataset that it becomes, still without its members.
fn open<'a>(report: &'a Report, before: &[Cube<'_>], node: &'a Node) -> Option<(Cube<'a>, Dataset)> {
    let object = Object::open(report, &CUBE, node)?;
    let written = object.required("name")?;
    let name = report.name("cube", &written)?;
    let refuse = |key: &str, help: &str| {
        let message = format!("`{key}` of cube `{}`", written.value);
        let at = object.node(key).map_or(object.place(), |node| node.span);
        report.fault(Diagnostic::new(Code::NotSupportedYet, message).at(at).help(help));
    };
    if object.has("extends") {
        refuse("extends", "write the members of the extended cube out");
    }
    if object.has("access_policy") {
        refuse("access_policy", "access policies of Cube are not read: write `policies` in a model of Sextant");
    }
    if before.iter().any(|cube| cube.name == written.value) {
        let fault = Diagnostic::new(Code::DuplicateName, format!("a second cube `{}`", written.value));
        report.fault(fault.at(written.span).help("rename or remove one"));
        return None;
    }
    let mut map = Map::new(object.span);
    map.set_some("label", object.text("title").as_ref().map(Node::of));
    map.set_some("description", object.text("description").as_ref().map(Node::of));
    let (source, table) = source(&object);
    // A cube whose rows cannot be found keeps its place, so that what refers to it is read.
    let stand_in = || {
        let mut map = Map::new(object.span);
        map.set("table", Node::of(&name));
        map.into_node()
    };
    map.set("source", source.unwrap_or_else(stand_in));
    let dataset = Dataset {
        name,
        written: written.value.clone(),
        map,
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
        dimensions: Vec::new(),
        time: Time::Unsaid,
    };
    Some((Cube { name: written.value, table, object, measures: BTreeMap::new() }, dataset))
}

/// Where a cube's rows are, and its table's name: `sql_table`, or a `sql` that selects a table
/// whole.
fn source(object: &Object<'_>) -> (Option<Node>, Option<String>) {
    let (table, query) = (object.text("sql_table"), object.text("sql"));
    if let (Some(_), Some(query)) = (&table, &query) {
        let fault = Diagnostic::new(Code::InvalidModel, format!("{} has both `sql_table` and `sql`", object.label()));
        object.report.fault(fault.at(query.span).help("keep one of the two"));
    }
    let path = match (table, query) {
        (Some(table), _) => table,
        (None, Some(query)) => match whole_table(&query) {
            Some(table) => table,
            None => {
                let message = format!("`sql` of {} is more than a table", object.label());
                let fault = Diagnostic::new(Code::NotSupportedYet, message).at(query.span);
                object
                    .report
                    .fault(fault.help("only `SELECT * FROM table` is read: make the query a file of the data root"));
                return (None, None);
            }
        },
        (None, None) => {
            object.missing("sql_table");
            return (None, None);
        }
    };
    let name = path.value.rsplit('.').next().unwrap_or_default().trim_matches(['"', '`']).to_string();
    if name != path.value {
        let message = format!("the table `{}` is `{name}` of the data root", path.value);
        object.report.lose(path.span, message, "databases and schemas have no place here");
    }
    let mut map = Map::new(path.span);
    map.set("table", Node::text(name.clone(), path.span));
    (Some(map.into_node()), Some(name))
}

/// The table of `SELECT * FROM table`.
fn whole_table(query: &Spanned<String>) -> Option<Spanned<String>> {
    let words: Vec<&str> = query.value.split_whitespace().collect();
    let [select, star, from, table] = words.as_slice() else { return None };
    let is_whole = select.eq_ignore_ascii_case("select") && *star == "*" && from.eq_ignore_ascii_case("from");
    let table = table.trim_end_matches(';');
    let is_path = table.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '`' | '-'));
    (is_whole && is_path && !table.is_empty()).then(|| Spanned::new(table.to_string(), query.span))
}
