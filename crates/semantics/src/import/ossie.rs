//! Apache Ossie (formerly OSI), versions 0.1.0 to 0.2: datasets with fields, relationships with
//! keys, metrics as SQL aggregates; YAML or JSON, wrapped in `semantic_model` or flat.
//!
//! Our own extras stand in `custom_extensions` of the vendor `SEXTANT`, as the exporter writes
//! them: the keys of our format that Ossie has no place for.

use super::Imported;
use super::object::{Keys, Object};
use super::project::{Project, Relationship, SeveralTimes};
use super::report::{Done, Report};
use super::{Format, trees};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::{self, Model};
use crate::source::Spanned;
use crate::yaml::make::Map;
use crate::yaml::{Node, ScalarKind, Value};

mod dataset;
mod expression;
mod extension;
mod field;
mod metric;

pub(crate) use expression::ANSI;
pub(crate) use extension::VENDOR;
pub(crate) use field::{Inferred, inferred};

/// The versions whose constructs are known.
pub(crate) const VERSIONS: [&str; 3] = ["0.1.0", "0.1.1", "0.2.0.dev0"];

const MODEL: Keys = Keys {
    noun: "semantic model",
    read: &[
        "name",
        "description",
        "ai_context",
        "datasets",
        "relationships",
        "metrics",
        "custom_extensions",
        "version",
        "dialects",
        "vendors",
        "$schema",
    ],
    left_out: &[],
};

const WRAPPER: Keys =
    Keys { noun: "Ossie file", read: &["version", "semantic_model", "dialects", "vendors", "$schema"], left_out: &[] };

const RELATIONSHIP: Keys = Keys {
    noun: "relationship",
    read: &["name", "from", "to", "from_columns", "to_columns", "ai_context", "custom_extensions"],
    left_out: &[],
};

const CONTEXT: Keys = Keys {
    noun: "`ai_context`",
    read: &["instructions", "synonyms"],
    left_out: &[("examples", "questions have no place in a model; a saved query has")],
};

/// Whether a tree is an Ossie document. Other tools have a `semantic_model` too, of one map, and
/// ours has datasets, with dimensions.
pub(super) fn is_ossie(root: &Node) -> bool {
    if let Some(model) = root.get("semantic_model") {
        return model.get("datasets").is_some() || matches!(model.value, Value::List(_));
    }
    let items = |key| root.get(key).map(Node::items).unwrap_or_default();
    let has = |key, inner| items(key).iter().any(|item: &Node| item.get(inner).is_some());
    let fields = has("datasets", "fields") || !items("datasets").is_empty() && has("metrics", "expression");
    fields && !has("datasets", "dimensions")
}

/// The model of these files.
pub(super) fn read(files: Vec<(String, String)>) -> Imported {
    let (sources, roots, findings, unread) = trees(files);
    let report = Report::new(findings, unread);
    let models: Vec<Node> = roots.iter().flat_map(|root| documents(&report, root)).collect();
    let Done { findings, losses, unread, left_out } = report.done();
    let (model, findings) = model::read_trees(sources, &models, findings, unread);
    let model = Model { left_out, ..model };
    Imported { format: Format::Ossie, model, findings, losses }
}

/// The models of one document in our own format.
fn documents(report: &Report, root: &Node) -> Vec<Node> {
    if root.get("semantic_model").is_none() {
        return Object::open(report, &MODEL, root)
            .map(|object| {
                check_version(&object);
                model_of(report, &object)
            })
            .into_iter()
            .collect();
    }
    let Some(file) = Object::open(report, &WRAPPER, root) else { return Vec::new() };
    check_version(&file);
    // Some writers give a single model without the list around it.
    let models = match file.node("semantic_model") {
        Some(node) if !node.entries().is_empty() => std::slice::from_ref(node),
        Some(_) | None => file.list("semantic_model"),
    };
    models.iter().filter_map(|node| Some(model_of(report, &Object::open(report, &MODEL, node)?))).collect()
}

/// The version, and the declarations that say nothing more than the document does.
fn check_version(file: &Object<'_>) {
    for key in ["dialects", "vendors"] {
        file.texts(key);
    }
    let Some(version) = file.text("version") else {
        let message = format!("a file without a version is read as {}", VERSIONS[2]);
        return file.report.lose(file.place(), message, &format!("versions that are known: {}", VERSIONS.join(", ")));
    };
    if !VERSIONS.contains(&version.value.as_str()) {
        let message = format!("version `{}` is read as {}", version.value, VERSIONS[2]);
        file.report.lose(version.span, message, &format!("versions that are known: {}", VERSIONS.join(", ")));
    }
}

fn model_of(report: &Report, object: &Object<'_>) -> Node {
    let mut project = Project::new(report, object.span, SeveralTimes::Unsaid);
    if let Some(name) = object.required("name").and_then(|name| report.name("semantic model", &name)) {
        project.root.set("name", Node::of(&name));
    }
    let context = context(object);
    project.root.set_some("description", described(object, &context).as_ref().map(Node::of));
    lose_synonyms(object, &context);
    let extras = extension::read(object);
    for node in object.list("datasets") {
        dataset::add(&mut project, node);
    }
    for node in object.list("relationships") {
        add_relationship(&mut project, node);
    }
    metric::add_all(&mut project, object, extras.as_ref());
    if let Some(mut extras) = extras {
        extras.remove("metrics");
        project.unsaid_relationships = extras.remove("relationships").map_or_else(Vec::new, |of| of.items().to_vec());
        project.root.extend(extras);
    }
    project.finish()
}

fn add_relationship(project: &mut Project<'_>, node: &Node) {
    let report = project.report;
    let Some(object) = Object::open(report, &RELATIONSHIP, node) else { return };
    let name = object.required("name").and_then(|name| report.name("relationship", &name));
    let ends = [object.required("from"), object.required("to")];
    let [from, to] = ends.map(|end| end.and_then(|end| known_dataset(project, &end)));
    let [from_columns, to_columns] = ["from_columns", "to_columns"].map(|key| {
        let columns = object.texts(key);
        if !object.has(key) || columns.is_empty() && object.list(key).is_empty() {
            object.missing(key);
        }
        columns
    });
    let context = context(&object);
    lose_synonyms(&object, &context);
    let mut map = Map::new(object.span);
    map.set_some("description", described(&object, &context).as_ref().map(Node::of));
    let mut to_is_key = true;
    if let Some(mut extras) = extension::read(&object) {
        to_is_key = extras.remove("to_is_key").is_none_or(|flag| flag.scalar().is_none_or(|s| s.text != "false"));
        map.extend(extras);
    }
    let (Some(name), Some(from), Some(to)) = (name, from, to) else { return };
    if from_columns.len() != to_columns.len() {
        let (one, other) = (from_columns.len(), to_columns.len());
        let message = format!("{} pairs {one} `from_columns` with {other} `to_columns`", object.label());
        let fault = Diagnostic::new(Code::InvalidModel, message).at(object.place());
        report.fault(fault.help("the columns are equal one by one"));
        return;
    }
    if from_columns.is_empty() {
        return;
    }
    project.relationships.push(Relationship {
        name,
        from,
        from_columns,
        to,
        to_columns,
        to_is_key,
        from_is_key: false,
        map,
    });
}

/// The dataset of this name; a fault where there is none, unless it could not be read.
fn known_dataset(project: &Project<'_>, name: &Spanned<String>) -> Option<usize> {
    let found = project.dataset(&name.value);
    if found.is_none() && !project.report.is_unread(&name.value) {
        let known = project.datasets.iter().map(|d| d.written.as_str());
        let fault = Diagnostic::new(Code::UnknownReference, format!("unknown dataset `{}`", name.value));
        project.report.fault(fault.at(name.span).suggest(&name.value, known));
    }
    found
}

/// What `ai_context` says: a text, or instructions and synonyms.
#[derive(Default)]
struct Context {
    instructions: Option<Spanned<String>>,
    synonyms: Vec<Spanned<String>>,
}

fn context(object: &Object<'_>) -> Context {
    let Some(node) = object.node("ai_context") else { return Context::default() };
    match node.scalar().filter(|s| s.kind == ScalarKind::Text) {
        Some(scalar) => {
            Context { instructions: Some(Spanned::new(scalar.text.clone(), node.span)), synonyms: Vec::new() }
        }
        None => Object::open(object.report, &CONTEXT, node).map_or_else(Context::default, |context| Context {
            instructions: context.text("instructions"),
            synonyms: context.texts("synonyms"),
        }),
    }
}

/// The description; where there is none, the instructions.
fn described(object: &Object<'_>, context: &Context) -> Option<Spanned<String>> {
    let description = object.text("description");
    if let (Some(_), Some(instructions)) = (&description, &context.instructions) {
        let message = format!("the instructions of {} are left out", object.label());
        object.report.lose(instructions.span, message, "a model has one description of each thing");
    }
    description.or_else(|| context.instructions.clone())
}

/// Things that have no synonyms here.
fn lose_synonyms(object: &Object<'_>, context: &Context) {
    if let Some(first) = context.synonyms.first() {
        let message = format!("the synonyms of {} are left out", object.label());
        object.report.lose(first.span, message, "fields and metrics have synonyms");
    }
}
