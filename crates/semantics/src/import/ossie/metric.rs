//! Metrics: SQL aggregates, and our own definitions where the exporter wrote them.

use super::expression::{edited, expression};
use super::{context, described, extension, known_dataset};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Name};
use crate::import::formula;
use crate::import::object::{Keys, Object};
use crate::import::project::{Metric, Parts, Project, Target};
use crate::source::{Span, Spanned};
use crate::yaml::Node;
use crate::yaml::make::Map;

const METRIC: Keys = Keys {
    noun: "metric",
    read: &["name", "expression", "dataset", "description", "ai_context", "custom_extensions"],
    left_out: &[("datatype", "the type of a metric follows from its aggregate")],
};

/// The keys of our format that say how a metric is computed.
const DEFINITION: [&str; 20] = [
    "type",
    "agg",
    "expr",
    "filter",
    "time",
    "percentile",
    "percentile_type",
    "non_additive_dimension",
    "numerator",
    "denominator",
    "input_metrics",
    "input_metric",
    "window",
    "grain_to_date",
    "period_agg",
    "base_metric",
    "conversion_metric",
    "entity",
    "cohort",
    "age",
];

/// A metric as it was written, with the dataset that it stands in.
struct Written<'a> {
    name: Spanned<String>,
    /// Its name in the files.
    written: String,
    object: Object<'a>,
    home: Option<usize>,
}

/// Adds the metrics of the model, of its datasets and of its extension.
pub(super) fn add_all(project: &mut Project<'_>, model: &Object<'_>, extras: Option<&Map>) {
    let report = project.report;
    let mut written: Vec<Written<'_>> = Vec::new();
    let mut add = |node, home| {
        let Some(object) = Object::open(report, &METRIC, node) else { return };
        let Some(foreign) = object.required("name") else { return };
        match report.name("metric", &foreign) {
            Some(name) => written.push(Written { name, written: foreign.value, object, home }),
            None => report.unread(&foreign.value),
        }
    };
    for node in model.list("metrics") {
        add(node, None);
    }
    for node in model.list("datasets") {
        let home = node.get("name").and_then(Node::scalar).and_then(|name| project.dataset(&name.text));
        for metric in node.get("metrics").map(Node::items).unwrap_or_default() {
            add(metric, home);
        }
    }
    let ours = extras.and_then(|extras| extras.get("metrics")).map(Node::items).unwrap_or_default();
    let our_names = ours.iter().filter_map(|node| node.get("name")?.scalar()).map(|name| name.text.clone());
    project.metric_names = written.iter().map(|m| m.name.value.clone()).chain(our_names).collect();
    project.keep_names_apart();
    let names: Vec<(String, String)> = written.iter().map(|m| (m.written.clone(), m.name.value.clone())).collect();
    for metric in written {
        add_one(project, &metric, &names);
    }
    for node in ours {
        add_ours(project, Map::from_node(node.clone()));
    }
}

fn add_one(project: &mut Project<'_>, metric: &Written<'_>, names: &[(String, String)]) {
    let Written { name, object, .. } = metric;
    let report = project.report;
    if !object.has("expression") {
        object.missing("expression");
    }
    let context = context(object);
    let mut map = Map::new(object.span);
    map.set_some("description", described(object, &context).as_ref().map(Node::of));
    map.set_list("synonyms", context.synonyms.iter().map(Node::of).collect());
    let extras = extension::read(object);
    let text = match object.node("expression").map(|node| expression(object, node)).transpose() {
        Ok(Some(Some(text))) => text,
        Ok(Some(None) | None) => return report.unread(&name.value),
        Err(refused) => return report.leave_out("metric", name, refused),
    };
    let dataset = object.text("dataset");
    let home = match &dataset {
        Some(dataset) => match known_dataset(project, dataset) {
            Some(home) => Some(home),
            None => return report.unread(&name.value),
        },
        None => metric.home,
    };
    if let Some(mut extras) = extras {
        let stood_for = extras.remove("for");
        if stood_for.as_ref().and_then(Node::scalar).is_some_and(|s| s.text == text.value) {
            map.extend(extras);
            map.set("name", Node::of(name));
            return add_ours(project, map);
        }
        let keys = DEFINITION.iter().chain(&["dataset", "at"]);
        let said: Vec<Node> = keys.filter_map(|key| extras.remove(key)).collect();
        match (stood_for, said.first()) {
            (Some(stood_for), _) => edited(object, "expression", stood_for.span),
            (None, Some(said)) => {
                let message = format!("how {} is computed is left out of its extension", object.label());
                report.lose(said.span, message, "the expression says it");
            }
            (None, None) => {}
        }
        map.extend(extras);
    }
    let formula = match formula::read(&text) {
        Ok(formula) => formula,
        Err(refused) => return report.leave_out("metric", name, refused),
    };
    let resolver = Resolver { project, names, home };
    let parts = Parts::of(
        &formula,
        &mut |reference, span, inside| resolver.resolve(reference, span, inside),
        |argument, filter, span| resolver.home(argument, filter, span),
    );
    if let Err(refused) = parts.and_then(|parts| project.add_formula(name, parts, map)) {
        report.leave_out("metric", name, refused);
    }
}

/// A metric in our own words: its map, and `dataset` and `at` for where it stands.
fn add_ours(project: &mut Project<'_>, mut map: Map) {
    let Some(name) = map.remove("name").and_then(|n| Some(Spanned::new(n.scalar()?.text.clone(), n.span))) else {
        let fault = Diagnostic::new(Code::MissingKey, "a metric of the extension has no `name`");
        return project.report.fault(fault.at(map.span));
    };
    let text = |node: Option<Node>| node.and_then(|n| Some(Spanned::new(n.scalar()?.text.clone(), n.span)));
    let dataset = text(map.remove("dataset"));
    let at = text(map.remove("at")).and_then(|at| at.value.parse().ok());
    let home = match &dataset {
        Some(dataset) => match project.datasets.iter().position(|d| d.name.value == dataset.value) {
            Some(home) => Some(home),
            None => {
                let fault = Diagnostic::new(Code::UnknownReference, format!("unknown dataset `{}`", dataset.value));
                project.report.unread(&name.value);
                return project.report.fault(fault.at(dataset.span));
            }
        },
        None => None,
    };
    let needs_time = home.is_some() && !map.has("time");
    project.metrics.push(Metric { name, home, needs_time, inputs: Vec::new(), at, map });
}

/// What names mean in a metric's expression.
struct Resolver<'p, 'a> {
    project: &'p Project<'a>,
    /// Metrics by their names in the files and here.
    names: &'p [(String, String)],
    home: Option<usize>,
}

impl Resolver<'_, '_> {
    fn resolve(&self, name: &Name, span: Span, inside: bool) -> Result<Target, Diagnostic> {
        match name.parts.as_slice() {
            [field] => {
                let metric = self.names.iter().find(|(written, _)| written == field);
                match metric.filter(|_| !inside) {
                    Some((_, name)) => Ok(Target::Metric(name.clone())),
                    None => self.bare(field, span, inside),
                }
            }
            [dataset, field] => match self.project.dataset(dataset) {
                Some(index) => self.field(index, field, span),
                None if self.project.report.is_unread(dataset) => {
                    Err(Diagnostic::new(Code::NotImported, format!("it reads `{dataset}`, which is left out")).at(span))
                }
                None => {
                    let known = self.project.datasets.iter().map(|d| d.written.as_str());
                    let fault =
                        Diagnostic::new(Code::UnknownReference, format!("it reads `{dataset}`, which is no dataset"));
                    Err(fault.at(span).suggest(dataset, known))
                }
            },
            _ => {
                let fault = Diagnostic::new(Code::UnsupportedExpression, format!("it reads `{}`", name.dotted()));
                Err(fault.at(span).help("columns are written as `dataset.field`"))
            }
        }
    }

    /// A field without its dataset: of the metric's own, else of the only one that has it.
    fn bare(&self, field: &str, span: Span, inside: bool) -> Result<Target, Diagnostic> {
        if let Some(home) = self.home {
            return self.field(home, field, span);
        }
        let has = |index: &usize| self.project.datasets[*index].dimensions.iter().any(|d| d.written == field);
        let owners: Vec<usize> = (0..self.project.datasets.len()).filter(has).collect();
        match (owners.as_slice(), self.project.datasets.len()) {
            ([only], _) => self.field(*only, field, span),
            ([], 1) => self.field(0, field, span),
            ([], _) => {
                let what = if inside { "field" } else { "metric" };
                let fault = Diagnostic::new(Code::UnknownReference, format!("no dataset has a field `{field}`"));
                let fields = self.project.datasets.iter().flat_map(|d| d.dimensions.iter().map(|d| d.written.as_str()));
                let metrics = self.names.iter().map(|(written, _)| written.as_str());
                let known: Vec<&str> = if inside { fields.collect() } else { metrics.chain(fields).collect() };
                Err(fault.at(span).suggest(field, known).help(format!("name a {what}; fields as `dataset.{field}`")))
            }
            (several, _) => {
                let names: Vec<String> =
                    several.iter().map(|i| format!("{}.{field}", self.project.datasets[*i].written)).collect();
                let fault = Diagnostic::new(Code::InvalidModel, format!("`{field}` is a field of several datasets"));
                Err(fault.at(span).help(format!("name one: {}", names.join(", "))))
            }
        }
    }

    fn field(&self, dataset: usize, field: &str, span: Span) -> Result<Target, Diagnostic> {
        let of = &self.project.datasets[dataset];
        match of.dimensions.iter().position(|d| d.written == field) {
            Some(index) => Ok(Target::Dimension { dataset, index }),
            None if self.project.report.is_unread(&format!("{}.{field}", of.written)) => {
                Err(Diagnostic::new(Code::NotImported, format!("it reads `{field}`, which is left out")).at(span))
            }
            None => Ok(Target::Column { dataset, name: field.to_string() }),
        }
    }

    /// The dataset whose rows an aggregate is over: that of its columns.
    fn home(
        &self,
        argument: Option<&Expr<Target>>,
        filter: Option<&Expr<Target>>,
        span: Span,
    ) -> Result<usize, Diagnostic> {
        let first = |expr: Option<&Expr<Target>>| {
            let refs = expr?.refs();
            refs.into_iter().find_map(|r| match r.value {
                Target::Column { dataset, .. } | Target::Dimension { dataset, .. } => Some(*dataset),
                Target::Metric(_) | Target::Call(_) => None,
            })
        };
        let only = (self.project.datasets.len() == 1).then_some(0);
        first(argument).or(self.home).or_else(|| first(filter)).or(only).ok_or_else(|| {
            Diagnostic::new(Code::InvalidModel, "nothing says which dataset it aggregates")
                .at(span)
                .help("count a column of the dataset: COUNT(orders.order_id)")
        })
    }
}
