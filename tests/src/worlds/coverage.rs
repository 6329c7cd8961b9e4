//! What a run of questions covered, with the floors it must not fall under.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::oracle::lookup::{self, Row};
use crate::oracle::question::Question;
use crate::oracle::world::{MetricKind, World};
use crate::oracle::{Answer, aggregate};

/// Counts of questions by what they show.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    pub questions: usize,
    counts: BTreeMap<(&'static str, &'static str), usize>,
    counts_alone: BTreeMap<&'static str, usize>,
    empty: usize,
}

/// Every mark that a question can have, in the order of the table's columns.
const MARKS: [&str; 9] =
    ["several datasets", "joined", "orphan keys", "null keys", "filter", "range", "comparison", "zone", "totals only"];

const KINDS: [&str; 4] = ["simple", "filtered", "ratio", "derived"];

impl Coverage {
    pub fn add(&mut self, world: &World, question: &Question, answer: &Answer) {
        self.questions += 1;
        let is_empty = answer.rows.iter().all(|row| row.iter().all(|cell| cell.is_null()));
        self.empty += usize::from(is_empty);
        let marks = marks(world, question);
        let mut kinds: Vec<&'static str> = question.metrics.iter().map(|m| kind(world, *m)).collect();
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
        let mut out = format!("{:<10}{:>8}", "kind", "all");
        for mark in MARKS {
            let _ = write!(out, "{mark:>18}");
        }
        for kind in KINDS {
            let of = |mark| self.counts.get(&(kind, mark)).copied().unwrap_or(0);
            let _ = write!(out, "\n{kind:<10}{:>8}", of("all"));
            for mark in MARKS {
                let _ = write!(out, "{:>18}", of(mark));
            }
        }
        let _ = write!(out, "\n{:<10}{:>8}", "question", self.questions);
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
            least("several datasets", 30),
            least("orphan keys", 20),
            least("null keys", 15),
            least("zone", 20),
            least("filter", 25),
            least("range", 30),
            least("comparison", 15),
        ]
        .into_iter()
        .flatten()
        .collect();
        if self.empty * 100 > 10 * self.questions {
            missed.push(format!("{} of {} answers are without any value: more than 10 %", self.empty, self.questions));
        }
        for kind in KINDS {
            if self.counts.get(&(kind, "all")).is_none_or(|n| n * 100 < 10 * self.questions) {
                missed.push(format!("less than 10 % of the questions ask a {kind} metric"));
            }
        }
        missed
    }

    fn alone(&self, mark: &str) -> usize {
        self.counts_alone.get(mark).copied().unwrap_or(0)
    }
}

fn kind(world: &World, metric: usize) -> &'static str {
    let metric = &world.metrics[metric];
    match (&metric.kind, &metric.filter) {
        (MetricKind::Simple { .. }, None) => "simple",
        (MetricKind::Simple { .. }, Some(_)) => "filtered",
        (MetricKind::Ratio { .. }, _) => "ratio",
        (MetricKind::Derived { .. }, _) => "derived",
    }
}

fn marks(world: &World, question: &Question) -> Vec<&'static str> {
    let mut datasets: Vec<usize> = question.metrics.iter().flat_map(|m| world.datasets_of(*m)).collect();
    datasets.sort_unstable();
    datasets.dedup();
    let zone = question.zone.unwrap_or(world.zone);
    let context = aggregate::Context { world, question, zone, groups: question.all_groups() };
    let names: Vec<&str> = context
        .groups
        .iter()
        .map(String::as_str)
        .chain(question.conditions.iter().filter(|c| c.metric.is_none()).flat_map(|c| c.expr.names()))
        .collect();
    let mut joined = false;
    let (mut orphans, mut nulls) = (false, false);
    for dataset in &datasets {
        for name in &names {
            let name = name.split("__").next().unwrap_or(name);
            let Some(found) = lookup::find(world, *dataset, name).filter(|f| !f.links.is_empty()) else { continue };
            joined = true;
            let scope = aggregate::Scope { window: question.range, key: None };
            for row in aggregate::rows(&context, *dataset, &[], scope) {
                match broken_key(world, row, &found.links) {
                    Some(true) => nulls = true,
                    Some(false) => orphans = true,
                    None => {}
                }
            }
        }
    }
    let is_filtered = !question.conditions.is_empty();
    let marks = [
        datasets.len() > 1,
        joined,
        orphans,
        nulls,
        is_filtered,
        question.range.is_some(),
        question.comparison.is_some(),
        zone != chrono_tz::UTC,
        context.groups.is_empty(),
    ];
    MARKS.into_iter().zip(marks).filter(|(_, has)| *has).map(|(mark, _)| mark).collect()
}

/// Whether a row's way ends early, and then whether by a null in the key.
fn broken_key(world: &World, row: Row, links: &[usize]) -> Option<bool> {
    let mut at = row;
    for link in links {
        let from = &world.datasets[at.dataset];
        let columns = &world.links[*link].from_columns;
        let null = columns.iter().any(|c| from.rows[at.row][from.column(c)].is_null());
        match lookup::follow(world, at, *link) {
            Some(next) => at = next,
            None => return Some(null),
        }
    }
    None
}
