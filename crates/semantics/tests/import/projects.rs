//! A project is a directory of files; its report stands beside them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::import::Imported;
use sextant_semantics::model::{Location, Model};
use sextant_semantics::source::Sources;

/// Where the report of a project stands.
const REPORT: &str = "report.txt";

pub(crate) fn root(tool: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import").join(tool)
}

/// The names of a tool's projects.
pub(crate) fn names(tool: &str) -> Vec<String> {
    let entries = fs::read_dir(root(tool)).expect("the projects are there").map(|entry| entry.expect("an entry"));
    let directories = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = directories.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The files of a project by their paths in it, its report left out.
pub(crate) fn texts(tool: &str, project: &str) -> Vec<(String, String)> {
    let root = root(tool).join(project);
    let mut texts = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for path in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name != REPORT) {
                let name = path.strip_prefix(&root).expect("a path below").to_string_lossy().into_owned();
                texts.push((name, fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    texts.sort();
    texts
}

/// The report of a project is as it was; `UPDATE=1` writes it anew.
pub(crate) fn compare(tool: &str, project: &str, report: &str) {
    let path = root(tool).join(project).join(REPORT);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, report).expect("the report is written");
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(report, wanted, "{project} reads otherwise; UPDATE=1 writes {}", path.display());
}

/// `file:line:column code: message (did you mean; help)`.
pub(crate) fn line(model: &Model, finding: &Diagnostic) -> String {
    let place = finding.span.map_or_else(String::new, |span| {
        let at = model.sources.position(span);
        format!("{}:{}:{} ", model.sources.get(span.source).name, at.line, at.column)
    });
    let meant = finding.did_you_mean.iter().map(|name| format!(" (`{name}`?)")).collect::<String>();
    format!("{place}{}: {}{meant}\n", finding.code, finding.message)
}

/// What was read and what was not, for people.
pub(crate) fn report(imported: &Imported) -> String {
    let model = &imported.model;
    let mut report = format!("format {}\n\n# findings\n", imported.format.as_str());
    report.extend(imported.findings.iter().map(|finding| line(model, finding)));
    report.push_str("\n# losses\n");
    report.extend(imported.losses.iter().map(|loss| line(model, loss)));
    report.push_str("\n# model\n");
    report.push_str(&outline(model));
    report
}

/// The model's objects, one a line.
fn outline(model: &Model) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    let mut put = |line: String| writeln!(text, "{line}").expect("text takes every write");
    put(format!("name {}", model.name.as_ref().map_or("", |name| &name.value)));
    for dataset in &model.datasets {
        let names = |names: &[sextant_semantics::source::Spanned<String>]| {
            names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
        };
        let time = dataset.time.as_ref().map_or("-", |time| &time.value);
        let source = match &dataset.source {
            Location::Table { name } => &name.value,
            other => panic!("{other:?} of another tool's file"),
        };
        put(format!("dataset {} over {source} key [{}] time {time}", dataset.name.value, names(&dataset.primary_key)));
        for entity in &dataset.entities {
            let kind = entity.kind.as_ref().map(|kind| kind.value);
            put(format!("  entity {} {kind:?} [{}]", entity.name.value, names(&entity.columns)));
        }
        for dimension in &dataset.dimensions {
            let expr = dimension.expr.as_ref().map_or("", |expr| &expr.value);
            let grain = dimension.granularity.as_ref().map(|g| g.value.as_str()).unwrap_or_default();
            let partition = if dimension.partition { " partition" } else { "" };
            let kind = dimension.kind.value;
            put(format!("  dimension {} {kind:?} {grain} {expr}{partition}", dimension.name.value));
        }
    }
    for relationship in &model.relationships {
        put(format!("relationship {}", relationship.name.value));
    }
    for spine in &model.time_spines {
        let customs: Vec<&str> = spine.custom_granularities.iter().map(|custom| custom.name.value.as_str()).collect();
        put(format!("time spine {} {} {customs:?}", spine.dataset.value, spine.granularity.value));
    }
    for (dataset, metric) in model.all_metrics() {
        let home = dataset.map_or("", |dataset| dataset.name.value.as_str());
        let inputs: Vec<&str> = metric.kind.inputs().iter().map(|input| input.name.value.as_str()).collect();
        let filters: Vec<&str> = metric.filter.iter().map(|filter| filter.value.trim()).collect();
        let hidden = if metric.hidden { " hidden" } else { "" };
        put(format!("metric {} {}{hidden} {home} {inputs:?} {filters:?}", metric.name.value, metric.kind.word()));
    }
    for saved in &model.saved_queries {
        put(format!("saved query {} {}", saved.name.value, saved.query.to_json()));
    }
    text
}

/// The model as text without its texts and places.
pub(crate) fn erased(model: &Model) -> String {
    let model = Model { sources: Sources::default(), unread: BTreeSet::new(), left_out: Vec::new(), ..model.clone() };
    let text = format!("{model:#?}");
    let mut left = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("Span {") {
        left.push_str(before);
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    left + rest
}
