//! A highlight in one plain sentence, from the numbers of its metric.

use sextant_semantics::catalog::Catalog;
use sextant_semantics::decompose::Flag;
use sextant_semantics::highlight::{self, Against, Dates, Driver, Highlight, Presence};
use sextant_semantics::query::audit::Judged;
use sextant_semantics::query::resolved::{Change, ResolvedQuery};

use super::AuditedMetric;
use super::drivers::{Breakdown, Segment, Status};
use super::issue::Issue;
use crate::answer::value::Value;

/// The part of the change that the members of a sentence must reach together, and the least part of each.
const ENOUGH: f64 = 0.67;
const LEAST_PART: f64 = 0.10;

/// What changed, how far and where.
pub fn of_metric(catalog: &Catalog, query: &ResolvedQuery, judged: &Judged, audited: &AuditedMetric) -> String {
    let output = &query.outputs[audited.output];
    let metric = catalog.metric(output.metric);
    let (Some(size), Some(change)) = (&audited.size, output.change.map(|change| &query.time.changes[change])) else {
        return String::new();
    };
    let names = Names::of(audited);
    let range = match (&judged.tested, &query.time.range) {
        (Some(tested), _) => Dates { first: tested.current.first, last: tested.current.last },
        (None, Some(range)) => Dates { first: range.range.first, last: range.range.last },
        (None, None) => return String::new(),
    };
    let (previous, current) = audited.sides.unwrap_or((0.0, size.absolute));
    highlight::sentence(&Highlight {
        label: metric.label.as_deref().unwrap_or(&output.name),
        format: metric.format,
        unit: output.unit.as_deref(),
        previous: Some(previous),
        current: Some(current),
        range,
        against: against(change),
        driver: names.driver(audited),
    })
}

/// A day whose data may be wrong.
pub fn of_issue(catalog: &Catalog, issue: &Issue) -> String {
    let range = Dates { first: issue.window.first, last: issue.window.last };
    highlight::data_issue(&catalog.dataset(issue.dataset).name, issue.date, &range, &issue.of)
}

fn against(change: &Change) -> Against<'static> {
    match change.comparison.windows.as_slice() {
        [only] => Against::Dates(Dates { first: only.window.first, last: only.window.last }),
        several => Against::MeanOf { windows: several.len() },
    }
}

/// The names that a sentence borrows.
struct Names {
    segments: Vec<String>,
}

impl Names {
    fn of(audited: &AuditedMetric) -> Names {
        let first = audited.drivers.breakdowns.first();
        let segments = first.map_or(&[] as &[Segment], |first| &first.segments);
        Names { segments: segments.iter().map(|segment| name(&segment.value)).collect() }
    }

    /// Where the change lies: in few members of the dimension that tells most, or in none.
    fn driver<'a>(&'a self, audited: &'a AuditedMetric) -> Option<Driver<'a>> {
        let breakdowns = &audited.drivers.breakdowns;
        let best = breakdowns.first()?;
        match best.status {
            Status::Concentrated => {
                let (members, share) = self.telling(best);
                (!members.is_empty()).then_some(Driver::Segments { members, share })
            }
            Status::Distributed | Status::NotComparable if best.offsetting => {
                let members = (0..best.segments.len().min(2)).map(|at| self.segment(best, at)).collect();
                Some(Driver::Offsetting { dimension: &best.dimension, members })
            }
            Status::Distributed => {
                let spread = breakdowns.iter().filter(|of| of.status == Status::Distributed && of.within.is_none());
                Some(Driver::SpreadOver { dimensions: spread.map(|of| of.dimension.as_str()).collect() })
            }
            Status::NotComparable => None,
        }
    }

    /// The first members that hold two thirds of the change together, and what they hold.
    fn telling<'a>(&'a self, of: &'a Breakdown) -> (Vec<highlight::Segment<'a>>, f64) {
        let (mut members, mut together) = (Vec::new(), 0.0);
        for (at, segment) in of.segments.iter().enumerate() {
            let Some(share) = segment.share.filter(|share| *share >= LEAST_PART) else { break };
            if together >= ENOUGH {
                break;
            }
            members.push(self.segment(of, at));
            together += share;
        }
        (members, together)
    }

    fn segment<'a>(&'a self, of: &'a Breakdown, at: usize) -> highlight::Segment<'a> {
        let segment = &of.segments[at];
        let presence = match segment.flag {
            None => Presence::Both,
            Some(Flag::New) => Presence::New,
            Some(Flag::Lost) => Presence::Lost,
        };
        highlight::Segment { name: &self.segments[at], contribution: segment.contribution, presence }
    }
}

fn name(value: &Value) -> String {
    match crate::json::number::write(value, sextant_semantics::query::request::NumberFormat::Number) {
        serde_json::Value::Null => "no value".to_string(),
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}
