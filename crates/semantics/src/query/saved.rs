//! The questions that a model carries, held against the request vocabulary, the words of time and
//! the names of the model when it is loaded, so that a slip in one is not first met in use.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate};

use super::request::{self, GroupItem, MetricsRequest};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Model, Naming};
use crate::source::{Span, Spanned};
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::range::{self, DataExtent, NamedRange, TimeArguments, TimeContext};
use crate::yaml::{Node, Value, part};

/// What is wrong with the saved queries and tests of a model, at its place in the files.
pub fn check(model: &Model) -> Diagnostics {
    let mut findings = Diagnostics::default();
    let names = Names::of(model);
    let saved = model.saved_queries.iter().map(|saved| &saved.query);
    for query in saved.chain(model.all_tests().map(|test| &test.query)) {
        match request::decode_saved(&query.to_json()) {
            Ok(request) => names.check(&request, query, &mut findings),
            Err(faults) => findings.0.extend(faults.0.into_iter().map(|fault| placed(fault, query))),
        }
    }
    findings
}

/// The fault at the place that its `field` leads to.
fn placed(fault: Diagnostic, query: &Node) -> Diagnostic {
    let at = walk(query, fault.field.as_deref().unwrap_or_default());
    let span = match (&at, fault.span) {
        (Place::Scalar(text), Some(inside)) => part(text, inside.start as usize, inside.end as usize),
        (Place::Scalar(text), None) => text.span,
        (Place::Other(span), _) => *span,
    };
    Diagnostic { span: Some(span), field: None, received: None, example: None, ..fault }
}

enum Place {
    Scalar(Spanned<String>),
    Other(Span),
}

/// The node that a path such as `where[0].values` leads to, or the last one on the way; for the
/// path of a key that has no meaning, the key.
fn walk(node: &Node, path: &str) -> Place {
    let mut node = node;
    for step in path.split(['.', '[']).filter(|step| !step.is_empty()) {
        let next = match &node.value {
            Value::Map(entries) => entries.iter().find(|e| e.key.value == step).map(|e| &e.value),
            Value::List(items) => step.trim_end_matches(']').parse::<usize>().ok().and_then(|i| items.get(i)),
            Value::Scalar(_) => None,
        };
        let Some(next) = next else { break };
        node = next;
    }
    match &node.value {
        Value::Scalar(scalar) => Place::Scalar(Spanned::new(scalar.text.clone(), node.span)),
        Value::List(_) | Value::Map(_) => Place::Other(node.span),
    }
}

/// What a saved query may refer to.
struct Names<'a> {
    /// Names, aliases and deprecated names; those of what could not be read too.
    metrics: BTreeSet<&'a str>,
    /// Dimensions and entities, shared ones too, without their datasets.
    dimensions: BTreeSet<&'a str>,
    naming: Naming,
    unread: &'a BTreeSet<String>,
    named_ranges: Vec<NamedRange>,
    zone: chrono_tz::Tz,
}

impl<'a> Names<'a> {
    fn of(model: &'a Model) -> Names<'a> {
        let metrics = model
            .all_metrics()
            .flat_map(|(_, m)| [&m.name].into_iter().chain(&m.aliases).chain(&m.deprecated_names))
            .map(|name| name.value.as_str());
        let dimensions = model.datasets.iter().flat_map(|d| d.dimensions.iter().map(|d| &d.name));
        let entities = model.datasets.iter().flat_map(|d| d.entities.iter().map(|e| &e.name));
        let shared = model.dimensions.iter().map(|d| &d.name);
        let named = |range: &crate::model::NamedRange| NamedRange {
            name: range.name.value.clone(),
            first: range.start.value,
            last: range.end.value,
        };
        Names {
            metrics: metrics.collect(),
            dimensions: dimensions.chain(entities).chain(shared).map(|name| name.value.as_str()).collect(),
            naming: model.naming,
            unread: &model.unread,
            named_ranges: model.time_ranges.iter().map(named).collect(),
            zone: model.calendar.timezone.as_ref().map_or(chrono_tz::UTC, |zone| zone.value),
        }
    }

    fn check(&self, request: &MetricsRequest, query: &Node, findings: &mut Diagnostics) {
        for item in request.metrics.iter().filter(|item| !self.knows(&self.metrics, &item.name)) {
            let message = format!("unknown metric `{}`", item.name);
            let known = self.metrics.iter().copied().chain(self.unread.iter().map(String::as_str));
            let fault = Diagnostic::new(Code::UnknownReference, message).suggest(&item.name, known);
            findings.push(placed(fault.field(&item.field), query));
        }
        for item in request.group_by.iter().filter(|item| !self.knows_group(item)) {
            let message = format!("unknown dimension `{}`", item.name);
            let fault = Diagnostic::new(Code::UnknownReference, message);
            let fault = fault.suggest(last(&item.name), self.dimensions.iter().copied());
            findings.push(placed(fault.field(&item.field), query));
        }
        if let Err(fault) = self.check_time(&request.time) {
            findings.push(placed(fault, query));
        }
    }

    /// Whether the words of time mean something, held against a calendar on which everything is past.
    fn check_time(&self, time: &request::TimeArguments) -> Result<(), Diagnostic> {
        if let Some(granularity) =
            time.granularity.as_deref().filter(|g| *g != "none" && Granularity::parse(g).is_none())
        {
            let words = Granularity::ALL.map(Granularity::as_str);
            let message = format!("unknown granularity `{granularity}`");
            return Err(Diagnostic::new(Code::GranularityNotAvailable, message)
                .field("granularity")
                .suggest(granularity, words)
                .help(format!("one of none, {}", words.join(", "))));
        }
        if let Some(zone) = time.timezone.as_deref().filter(|zone| zone.parse::<chrono_tz::Tz>().is_err()) {
            let message = format!("`{zone}` is not a time zone");
            let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            return Err(Diagnostic::new(Code::InvalidTimezone, message).field("timezone").suggest(zone, known));
        }
        if time.time_range.is_none() && time.start_date.is_none() && time.end_date.is_none() {
            // Without a range a comparison depends on what the caller adds.
            return Ok(());
        }
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 1).expect("a date of the calendar");
        let context = TimeContext {
            now: DateTime::from_timestamp(4_102_444_800, 0).expect("2100-01-01 is an instant"),
            calendar: &Calendar::in_zone(self.zone),
            named: &self.named_ranges,
            data: Some(DataExtent { first: day(2000), last: day(2099) }),
            watermark: None,
        };
        let arguments = TimeArguments {
            time_range: time.time_range.clone(),
            start_date: time.start_date.clone(),
            end_date: time.end_date.clone(),
            granularity: None,
            include_today: false,
            complete_days_only: false,
            align_to_granularity: false,
            comparison: time.comparison.clone(),
        };
        match range::resolve(&arguments, &context) {
            Err(fault) if matches!(fault.code, Code::InvalidTimeRange | Code::InvalidComparison) => Err(fault),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn knows(&self, names: &BTreeSet<&str>, name: &str) -> bool {
        names.contains(name) || self.unread.contains(name)
    }

    fn knows_group(&self, item: &GroupItem) -> bool {
        if self.naming == Naming::EntityPaths {
            // A granularity may follow the dimension, entities stand before it.
            let mut parts = item.name.split("__");
            return parts.any(|part| part == "metric_time" || self.knows(&self.dimensions, part));
        }
        let name = last(&item.name);
        name == "metric_time" || self.knows(&self.dimensions, name)
    }
}

/// `region` of `customers.region__week`.
fn last(name: &str) -> &str {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.split("__").next().unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{arguments, read};

    #[test]
    fn model_files_know_exactly_the_arguments_of_a_saved_query() {
        let mut ours: Vec<&str> = arguments().collect();
        let mut theirs: Vec<&str> = request::saved_arguments().collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn a_slip_in_a_question_of_the_model_is_found_at_its_place() {
        let text = "
name: m
datasets:
  - name: orders
    source: {csv: orders.csv}
    time: day
    dimensions: [{name: day, type: time}, {name: channel}]
    metrics:
      - {name: orders, type: simple, agg: count, aliases: [n], tests: [{query: {metrics: [ordres]}, expect: [[1]]}]}
time_ranges: [{name: bfcm2025, start: 2025-11-28, end: 2025-12-01}]
saved_queries:
  - {name: fine, metrics: [n, {name: orders, alias: o}], group_by: [orders.channel, metric_time__week], time_range: bfcm2025}
  - {name: a, metrics: [orders], granularity: weekk, limit: 5}
  - {name: b, metrics: [orders], time_range: last_7_dayz}
  - {name: c, metrics: [orders], time_range: last_7_days, comparison: previous_perod}
  - {name: d, metrics: [orders], group_by: [chanel], limit: -1}
  - {name: e, metrics: [orders], group_by: [chanel, {name: channel, grian: week}]}
  - {name: f, metrics: [orders], where: [\"channel = 'x'\", \"channel == ==\"], timezone: Europe/Pariss}
  - {name: g, metrics: {a: b}}
";
        let (model, findings) = read([("m.yml".to_string(), text.to_string())]);
        assert!(findings.is_empty(), "{findings:?}");
        let found: Vec<String> = check(&model)
            .iter()
            .map(|f| {
                let at = model.sources.position(f.span.unwrap());
                format!("{}:{} {}: {} {:?}", at.line, at.column, f.code, f.message, f.did_you_mean)
            })
            .collect();
        insta::assert_debug_snapshot!(found, @r#"
            [
                "13:47 granularity-not-available: unknown granularity `weekk` [\"week\"]",
                "14:46 invalid-time-range: unknown time range `last_7_dayz` [\"last_7_days\"]",
                "15:71 invalid-comparison: unknown comparison `previous_perod` [\"previous_period\", \"previous_week\", \"previous_year\"]",
                "16:61 invalid-argument: `limit` is -1, not a whole number of at least 1 []",
                "17:76 unknown-argument: a group has no argument `grian` [\"grain\"]",
                "18:68 unsupported-expression: operator `==` []",
                "19:24 unknown-argument: a metric has no argument `a` []",
                "19:24 invalid-argument: a metric needs `name` []",
                "9:91 unknown-reference: unknown metric `ordres` [\"orders\"]",
            ]
        "#);
    }
}
