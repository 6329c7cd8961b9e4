//! Views: they show members of cubes, which are all in the model already. A view is held against
//! the cubes and left out.

use super::{Cube, sql};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::import::object::{Keys, Object};
use crate::import::project::Project;
use crate::source::Spanned;
use crate::yaml::{Node, Value};

const VIEW: Keys = Keys {
    noun: "view",
    read: &["name", "cubes", "extends", "access_policy"],
    left_out: &[
        ("title", "members are asked by their own names"),
        ("description", "members are asked by their own names"),
        ("public", "members are asked by their own names"),
        ("shown", "members are asked by their own names"),
        ("meta", "a model has no place for it"),
        ("folders", "a model has no place for them"),
        ("includes", "list them under `cubes`"),
        ("excludes", "list them under `cubes`"),
        ("default_filters", "filters stand in the request"),
    ],
};

const PATH: Keys = Keys {
    noun: "view's cube",
    read: &["join_path", "includes"],
    left_out: &[
        ("excludes", "what it leaves out is seen by the members' own names"),
        ("prefix", "members are asked by their own names"),
        ("alias", "members are asked by their own names"),
        ("split", "members are asked by their own names"),
    ],
};

const MEMBER: Keys = Keys {
    noun: "view's member",
    read: &["name"],
    left_out: &[
        ("alias", "members are asked by their own names"),
        ("title", "members are asked by their own names"),
        ("description", "members are asked by their own names"),
        ("format", "members are asked by their own names"),
        ("meta", "a model has no place for it"),
    ],
};

/// Holds a view against the cubes; whatever it says beyond them is a loss.
pub(super) fn check(project: &Project<'_>, cubes: &[Cube<'_>], node: &Node) {
    let report = project.report;
    let Some(view) = Object::open(report, &VIEW, node) else { return };
    if let Some(name) = view.required("name") {
        let message = format!("the view `{}` is left out", name.value);
        report.lose(name.span, message, "what it shows is in the model: members are asked by their own names");
    }
    for key in ["extends", "access_policy"] {
        if let Some(node) = view.node(key) {
            let message = format!("`{key}` of {}", view.label());
            let help = match key {
                "extends" => "write the members of the extended view out",
                _ => "access policies of Cube are not read: write `policies` in a model of Sextant",
            };
            report.fault(Diagnostic::new(Code::NotSupportedYet, message).at(node.span).help(help));
        }
    }
    for node in view.list("cubes") {
        let Some(path) = Object::open(report, &PATH, node) else { continue };
        let Some(join_path) = path.required("join_path") else { continue };
        let mut last = None;
        for part in join_path.value.split('.') {
            last = cubes.iter().position(|cube| cube.name == part);
            if last.is_none() {
                report.fault(sql::unknown(cubes, part, join_path.span));
                break;
            }
        }
        let Some(cube) = last else { continue };
        match path.node("includes").map(|node| (node, &node.value)) {
            Some((_, Value::List(items))) => {
                for item in items {
                    if let Some(name) = member(&path, item) {
                        check_member(project, cubes, cube, &name);
                    }
                }
            }
            Some((node, Value::Scalar(all))) if all.text == "*" => debug_assert!(!node.is_null()),
            Some((node, Value::Scalar(_) | Value::Map(_))) => {
                path.wrong::<()>("includes", node, "`*` or a list of members");
            }
            None => path.missing("includes"),
        }
    }
}

/// A member's name, or a map around it.
fn member(path: &Object<'_>, item: &Node) -> Option<Spanned<String>> {
    match &item.value {
        Value::Map(_) => Object::open(path.report, &MEMBER, item)?.required("name"),
        Value::Scalar(_) | Value::List(_) => path.item("includes", item),
    }
}

fn check_member(project: &Project<'_>, cubes: &[Cube<'_>], cube: usize, name: &Spanned<String>) {
    let dimensions = project.datasets[cube].dimensions.iter().map(|d| d.written.as_str());
    let known: Vec<&str> = dimensions.chain(cubes[cube].measures.keys().map(String::as_str)).collect();
    let lost = project.report.is_unread(&format!("{}.{}", cubes[cube].name, name.value));
    if !lost && !known.contains(&name.value.as_str()) {
        let message = format!("cube `{}` has no member `{}`", cubes[cube].name, name.value);
        let fault = Diagnostic::new(Code::UnknownReference, message).at(name.span);
        project.report.fault(fault.suggest(&name.value, known));
    }
}
