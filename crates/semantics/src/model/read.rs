//! Texts to a model: every file is read to its end, and all findings come together.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::fields::{Fields, Reader};
use super::format;
use super::{Calendar, Dataset, Model, Naming};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{Sources, Span, Spanned};
use crate::yaml::{self, Node};

mod dataset;
mod metric;
mod question;

/// The model of these files, as far as it could be read, and every finding of every file.
///
/// Each text comes with its path relative to the model's directory. Keys, their values, names and
/// what contradicts itself within one object are checked here, and that no two things of one kind
/// share a name; what names refer to, and whether expressions parse, is the catalog's.
pub fn read(texts: impl IntoIterator<Item = (String, String)>) -> (Model, Diagnostics) {
    let mut sources = Sources::default();
    let mut findings = Diagnostics::default();
    let mut unread = BTreeSet::new();
    let mut roots = Vec::new();
    for (path, text) in texts {
        let source = sources.add(path, text);
        let text = sources.get(source).text.clone();
        let documents = yaml::read(source, &text, &mut findings);
        unread.extend(documents.lost);
        roots.extend(documents.nodes);
    }
    read_trees(sources, &roots, findings, unread)
}

/// The model of these trees, whose places are in `sources`. `findings` and the names of what is
/// `unread` are those of what was read before.
pub fn read_trees(
    sources: Sources,
    roots: &[Node],
    findings: Diagnostics,
    unread: BTreeSet<String>,
) -> (Model, Diagnostics) {
    let mut model = Model::default();
    let reader = Reader { sources: &sources, findings: RefCell::new(findings), unread: RefCell::new(unread) };
    if !is_several_models(&reader, roots) {
        for root in roots {
            match Fields::open(&reader, &format::FILE, root) {
                Some(fields) => add_file(&mut model, &fields),
                None => {
                    let message = format!("a model file is a map, not {}", root.noun());
                    let finding = Diagnostic::new(Code::WrongType, message).at(root.span);
                    reader.report(finding.help("start it with keys such as `datasets:` or `metrics:`"));
                }
            }
        }
        check_name(&model, roots, &reader);
        check_naming(roots, &reader);
        check_names(&mut model, &reader);
    }
    let findings = reader.findings.into_inner();
    model.unread = reader.unread.into_inner();
    model.sources = sources;
    (model, findings)
}

/// Two files that name different models are not one model; the rest of them is not looked at.
fn is_several_models(reader: &Reader<'_>, roots: &[Node]) -> bool {
    let named: Vec<(String, Span)> = roots
        .iter()
        .filter_map(|root| root.get("name"))
        .filter_map(|name| Some((name.scalar()?.text.clone(), name.span)))
        .collect();
    let Some((first, _)) = named.first() else { return false };
    let Some((second, span)) = named.iter().find(|(name, _)| name != first) else { return false };
    let directories: BTreeSet<String> = named.iter().map(|(_, span)| directory(reader.sources, *span)).collect();
    let message = format!("two models in one directory: `{first}` and `{second}`");
    let help = match directories.len() {
        1 => "files of one directory are one model; give them one name".to_string(),
        _ => format!("choose one directory: {}", directories.into_iter().collect::<Vec<_>>().join(", ")),
    };
    reader.report(Diagnostic::new(Code::SeveralModels, message).at(*span).help(help));
    true
}

fn directory(sources: &Sources, span: Span) -> String {
    sources.get(span.source).name.rsplit_once('/').map_or_else(|| ".".to_string(), |(path, _)| path.to_string())
}

fn add_file(model: &mut Model, fields: &Fields<'_>) {
    let _ = fields.count("version");
    once(fields, "name", &mut model.name, fields.text("name"));
    once(fields, "description", &mut model.description, fields.text("description"));
    once(fields, "currency", &mut model.currency, fields.text("currency"));
    if let Some(naming) = fields.word::<Naming>("naming") {
        model.naming = naming.value;
    }
    if let Some(calendar) = fields.object("calendar", |f| Some(Spanned::new(question::calendar(f), f.span))) {
        if model.calendar == Calendar::default() {
            model.calendar = calendar.value;
        } else {
            let help = "one file has the calendar of the model";
            fields.contradiction(calendar.span, "a second calendar".to_string(), help);
        }
    }
    if let Some(audit) = fields.object("audit", |f| Some(Spanned::new(question::audit(f), f.span))) {
        if model.audit.metrics.is_empty() && model.audit.dimensions.is_empty() {
            model.audit = audit.value;
        } else {
            fields.contradiction(audit.span, "a second audit".to_string(), "one file has the audit of the model");
        }
    }
    model.time_spines.extend(fields.objects("time_spines", |f| f.or_left_out(question::time_spine(f))));
    model.datasets.extend(fields.objects("datasets", |f| f.or_left_out(dataset::dataset(f))));
    model.dimensions.extend(fields.objects("dimensions", |f| f.or_left_out(dataset::shared_dimension(f))));
    model.relationships.extend(fields.objects("relationships", |f| f.or_left_out(dataset::relationship(f))));
    model.metrics.extend(fields.objects("metrics", |f| f.or_left_out(metric::metric(f, metric::Home::Model))));
    model.time_ranges.extend(fields.objects("time_ranges", |f| f.or_left_out(question::time_range(f))));
    model.targets.extend(fields.objects("targets", question::target));
    model.policies.extend(fields.objects("policies", question::policy));
    model.saved_queries.extend(fields.objects("saved_queries", |f| f.or_left_out(question::saved_query(f))));
    model.tests.extend(fields.objects("tests", question::test));
}

/// Puts a value that the whole model has once; the same text twice is once.
fn once(fields: &Fields<'_>, key: &str, slot: &mut Option<Spanned<String>>, value: Option<Spanned<String>>) {
    match (slot.as_ref(), value) {
        (Some(first), Some(second)) if first.value != second.value => {
            let help = format!("the first is in {}", fields.reader.place(first.span));
            fields.contradiction(second.span, format!("a second `{key}` of the model"), &help);
        }
        (None, Some(value)) => *slot = Some(value),
        (Some(_), _) | (None, None) => {}
    }
}

/// A model has a name, in one of its files.
fn check_name(model: &Model, roots: &[Node], reader: &Reader<'_>) {
    let written = roots.iter().any(|root| root.get("name").is_some());
    if let (None, false, Some((source, _))) = (&model.name, written, reader.sources.iter().next()) {
        let finding = Diagnostic::new(Code::MissingKey, "the model has no `name`").at(Span::new(source, 0, 0));
        reader.report(finding.help("add `name:` to one of its files"));
    }
}

/// Files do not disagree about how names are written.
fn check_naming(roots: &[Node], reader: &Reader<'_>) {
    let mut written = roots.iter().filter_map(|root| root.get("naming"));
    let Some(first) = written.next() else { return };
    let word = |node: &Node| node.scalar().map(|scalar| scalar.text.clone());
    if let Some(second) = written.find(|second| word(second) != word(first)) {
        let finding = Diagnostic::new(Code::InvalidModel, "a second `naming` of the model").at(second.span);
        reader.report(finding.help(format!("the first is in {}; keep one of the two", reader.place(first.span))));
    }
}

/// No two things of one kind share a name, whatever files they stand in.
fn check_names(model: &mut Model, reader: &Reader<'_>) {
    let inside: Vec<(Span, Vec<String>)> = model.datasets.iter().map(|d| (d.span, names_inside(d))).collect();
    model.datasets = reader.distinct("dataset", std::mem::take(&mut model.datasets), |d| &d.name);
    let is_kept = |span: Span| model.datasets.iter().any(|d| d.span == span);
    let lost = inside.into_iter().filter(|(span, _)| !is_kept(*span)).flat_map(|(_, names)| names);
    reader.unread.borrow_mut().extend(lost);
    model.dimensions = reader.distinct("shared dimension", std::mem::take(&mut model.dimensions), |d| &d.name);
    model.relationships = reader.distinct("relationship", std::mem::take(&mut model.relationships), |r| &r.name);
    model.time_ranges = reader.distinct("time range", std::mem::take(&mut model.time_ranges), |r| &r.name);
    model.saved_queries = reader.distinct("saved query", std::mem::take(&mut model.saved_queries), |q| &q.name);
    metric::distinct(model, reader);
}

/// The names that a dataset gives to what stands in it.
fn names_inside(dataset: &Dataset) -> Vec<String> {
    let metrics =
        dataset.metrics.iter().flat_map(|m| [&m.name].into_iter().chain(&m.aliases).chain(&m.deprecated_names));
    let names = dataset.dimensions.iter().map(|d| &d.name).chain(dataset.entities.iter().map(|e| &e.name));
    names.chain(metrics).map(|name| name.value.clone()).collect()
}
