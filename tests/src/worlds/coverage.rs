//! What a run of questions covered, with the floors it must not fall under.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::cohorts;
use crate::oracle::Answer;
use crate::oracle::cell::{self, Scope};
use crate::oracle::context::Context;
use crate::oracle::follow::{self, Row};
use crate::oracle::lookup::{self, Bucket};
use crate::oracle::question::Question;
use crate::oracle::world::{Aggregation, Metric, MetricKind, Offset, Over, World};

/// Counts of questions by what they show.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    pub questions: usize,
    counts: BTreeMap<(&'static str, &'static str), usize>,
    counts_alone: BTreeMap<&'static str, usize>,
    empty: usize,
}

/// Every mark that a question can have, in the order of the table's columns.
const MARKS: [&str; 16] = [
    "several datasets",
    "joined",
    "orphan keys",
    "null keys",
    "versions",
    "partition",
    "bridge",
    "filter",
    "by metric",
    "on time",
    "own granularity",
    "range",
    "comparison",
    "zone",
    "totals only",
    "immature",
];

/// Every kind of metric, by what it is or is made of.
const KINDS: [&str; 21] = [
    "simple",
    "filtered",
    "ratio",
    "derived",
    "all time",
    "to date",
    "trailing",
    "offset",
    "to grain",
    "nested offset",
    "of cumulative",
    "balance",
    "listed",
    "approximate",
    "rate of events",
    "events",
    "level",
    "by own metric",
    "converted",
    "cohort",
    "came back",
];

impl Coverage {
    pub fn add(&mut self, world: &World, question: &Question, answer: &Answer) {
        self.questions += 1;
        self.empty += usize::from(answer.is_without_values());
        let marks = marks(world, question);
        let mut kinds: Vec<&'static str> = question.metrics.iter().flat_map(|m| kinds(world, *m)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for mark in &marks {
            *self.counts_alone.entry(mark).or_default() += 1;
        }
        for kind in kinds {
            *self.counts.entry((kind, "all")).or_default() += 1;
            for mark in &marks {
                *self.counts.entry((kind, mark)).or_default() += 1;
            }
        }
    }

    /// The table, one line a kind of metric.
    pub fn table(&self) -> String {
        let mut out = format!("{:<15}{:>8}", "kind", "all");
        for mark in MARKS {
            let _ = write!(out, "{mark:>18}");
        }
        for kind in KINDS {
            let of = |mark| self.counts.get(&(kind, mark)).copied().unwrap_or(0);
            let _ = write!(out, "\n{kind:<15}{:>8}", of("all"));
            for mark in MARKS {
                let _ = write!(out, "{:>18}", of(mark));
            }
        }
        let _ = write!(out, "\n{:<15}{:>8}", "question", self.questions);
        for mark in MARKS {
            let _ = write!(out, "{:>18}", self.alone(mark));
        }
        let _ = write!(out, "\nwithout any value: {}", self.empty);
        out
    }

    /// The floors that are not reached.
    pub fn missed(&self) -> Vec<String> {
        let least = |mark: &'static str, percent: usize| {
            let have = self.alone(mark);
            (have * 100 < percent * self.questions)
                .then(|| format!("{mark}: {have} of {} are less than {percent} %", self.questions))
        };
        let mut missed: Vec<String> = [
            least("several datasets", 40),
            least("orphan keys", 20),
            least("null keys", 15),
            least("zone", 20),
            least("filter", 25),
            least("by metric", 3),
            least("versions", 3),
            least("partition", 3),
            least("bridge", 5),
            least("on time", 5),
            least("own granularity", 3),
            least("range", 30),
            least("comparison", 15),
            least("immature", 1),
        ]
        .into_iter()
        .flatten()
        .collect();
        if self.empty * 100 > 10 * self.questions {
            missed.push(format!("{} of {} answers are without any value: more than 10 %", self.empty, self.questions));
        }
        for kind in KINDS {
            if self.counts.get(&(kind, "all")).is_none_or(|n| n * 100 < 3 * self.questions) {
                missed.push(format!("less than 3 % of the questions ask a metric of kind {kind}"));
            }
        }
        missed
    }

    fn alone(&self, mark: &str) -> usize {
        self.counts_alone.get(mark).copied().unwrap_or(0)
    }
}

/// Whether a metric is of some kind.
type Holds<'a> = &'a dyn Fn(&Metric) -> bool;

/// The kinds of a metric: its own, and those of time that it is made of.
pub fn kinds(world: &World, metric: usize) -> Vec<&'static str> {
    let of = &world.metrics[metric];
    let mut kinds = match (&of.kind, &of.filter) {
        (MetricKind::Simple { .. }, None) => vec!["simple"],
        (MetricKind::Simple { .. }, Some(_)) => vec!["filtered"],
        (MetricKind::Ratio { .. }, _) => vec!["ratio"],
        (MetricKind::Derived { .. }, _) => vec!["derived"],
        (MetricKind::Conversion(of), _) => vec![if of.is_rate { "rate of events" } else { "events" }],
        (MetricKind::Cumulative { .. } | MetricKind::Cohort(_), _) => vec![],
    };
    let is_cumulative = |m: &Metric| matches!(m.kind, MetricKind::Cumulative { .. });
    let moved = |m: &Metric| m.kind.inputs().iter().any(|i| i.offset.is_some());
    let below = |m: &Metric, holds: &dyn Fn(&Metric) -> bool| {
        m.kind.inputs().iter().any(|i| i.offset.is_some() && world.is_somewhere(i.metric, holds))
    };
    let has: [(&'static str, Holds<'_>); 15] = [
        ("all time", &|m| matches!(m.kind, MetricKind::Cumulative { over: Over::AllTime, .. })),
        ("to date", &|m| matches!(m.kind, MetricKind::Cumulative { over: Over::ToDate(_), .. })),
        ("trailing", &|m| matches!(m.kind, MetricKind::Cumulative { over: Over::Trailing(_), .. })),
        ("offset", &|m| m.kind.inputs().iter().any(|i| matches!(i.offset, Some(Offset::Window(_))))),
        ("to grain", &|m| m.kind.inputs().iter().any(|i| matches!(i.offset, Some(Offset::ToGrain(_))))),
        ("nested offset", &|m| below(m, &moved)),
        ("of cumulative", &|m| {
            !is_cumulative(m) && m.kind.inputs().iter().any(|i| world.is_somewhere(i.metric, &is_cumulative))
        }),
        ("balance", &|m| matches!(m.kind, MetricKind::Simple { balance: Some(_), .. })),
        ("listed", &|m| m.listed),
        ("approximate", &|m| {
            matches!(m.kind, MetricKind::Simple { aggregation: Aggregation::ApproxCountDistinct, .. })
        }),
        ("level", &|m| m.kind.inputs().iter().any(|i| i.level.is_some())),
        ("by own metric", &is_by_metric),
        ("converted", &|m| match &m.kind {
            MetricKind::Simple { dataset, .. } => m.money && world.datasets[*dataset].currency.is_some(),
            _ => false,
        }),
        ("cohort", &|m| matches!(&m.kind, MetricKind::Cohort(of) if !cohorts::counts_members(of))),
        ("came back", &|m| matches!(&m.kind, MetricKind::Cohort(of) if cohorts::counts_members(of))),
    ];
    kinds.extend(has.into_iter().filter(|(_, holds)| world.is_somewhere(metric, *holds)).map(|(kind, _)| kind));
    kinds
}

/// Whether a metric names another by keys in its conditions.
pub fn is_by_metric(metric: &Metric) -> bool {
    let own = metric.kind.inputs().into_iter().filter_map(|i| i.filter.as_ref()).chain(&metric.filter);
    own.into_iter().any(|condition| condition.to_string().contains("metric("))
}

fn marks(world: &World, question: &Question) -> Vec<&'static str> {
    let mut datasets: Vec<usize> = question.metrics.iter().flat_map(|m| world.datasets_of(*m)).collect();
    datasets.sort_unstable();
    datasets.dedup();
    let zone = question.zone.unwrap_or(world.zone);
    let context = Context::new(world, question);
    let names: Vec<&str> = context
        .groups
        .iter()
        .map(String::as_str)
        .chain(question.conditions.iter().filter(|c| c.metric.is_none()).flat_map(|c| c.expr.names()))
        .collect();
    let (mut joined, mut versions, mut partition, mut bridge) = (false, false, false, false);
    let (mut orphans, mut nulls) = (false, false);
    for dataset in &datasets {
        for name in &names {
            let name = name.split("__").next().unwrap_or(name);
            let Some(found) = lookup::find(world, *dataset, name).filter(|f| !f.links.is_empty()) else { continue };
            joined = true;
            for link in &found.links {
                let to = &world.datasets[world.links[*link].to];
                versions |= to.validity.is_some();
                partition |= to.dimensions.iter().any(|d| d.partition);
                bridge |= world.links[*link].is_bridge;
            }
            let inside = |day: Option<chrono::NaiveDate>| {
                question.range.is_none_or(|range| day.is_some_and(|day| range.first <= day && day <= range.last))
            };
            for seen in context.seen(*dataset, &[]).iter().filter(|seen| inside(seen.day)) {
                match broken_key(&context, seen.row, &found.links) {
                    Some(true) => nulls = true,
                    Some(false) => orphans = true,
                    None => {}
                }
            }
        }
    }
    let total = Scope { window: question.range, key: None };
    let is_filtered = !question.conditions.is_empty();
    let marks = [
        datasets.len() > 1,
        joined,
        orphans,
        nulls,
        versions,
        partition,
        bridge,
        is_filtered,
        question.conditions.iter().any(|c| c.expr.to_string().contains("metric(")),
        question.conditions.iter().flat_map(|c| c.expr.names()).any(|name| name.starts_with("metric_time")),
        context
            .groups
            .iter()
            .any(|g| g.split_once("__").is_some_and(|(_, w)| matches!(Bucket::of(w), Bucket::Custom(_)))),
        question.range.is_some(),
        question.comparison.is_some(),
        zone != chrono_tz::UTC,
        context.groups.is_empty(),
        question.metrics.iter().any(|m| cell::is_immature(&context, *m, total)),
    ];
    MARKS.into_iter().zip(marks).filter(|(_, has)| *has).map(|(mark, _)| mark).collect()
}

/// Whether a row's way ends early, and then whether by a null in the key.
fn broken_key(context: &Context, row: Row, links: &[usize]) -> Option<bool> {
    let world = context.world;
    let mut at = row;
    for end in 1..=links.len() {
        let columns = &world.links[links[end - 1]].from_columns;
        let null = columns.iter().any(|c| at.cell(world, c).is_null());
        match follow::follow(world, context.zone, row, &links[..end]) {
            Some(next) => at = next,
            None => return Some(null),
        }
    }
    None
}
