//! An audit's answer: each metric's change judged by its history and taken apart into pieces that sum to it.
//!
//! Pure: it reads the rows of the one pass that also gave the totals. What is usual comes from the rows by day, who
//! moved from the rows by dimension; the statistics are those of `sextant_semantics::{significance, decompose}`.

use sextant_semantics::catalog::Catalog;
use sextant_semantics::model::metric::Format;
use sextant_semantics::query::audit::{Audit, Judged, Volume};
use sextant_semantics::query::computation::ComputationId;
use sextant_semantics::query::resolved::{Additivity, Output, ResolvedQuery, Sides};
use sextant_semantics::significance::{
    self, Candidate, Evidence, Finding, Floors, Impact, Material, Materiality, Reason, Verdict, materiality,
};

pub mod drivers;
pub mod history;
pub mod issue;
pub mod parts;
pub mod sentences;

use crate::answer::change::Figures;
use crate::answer::decode::{RawRow, Table};
use drivers::Drivers;
use issue::Issue;

/// What an audit says beyond the figures of its metrics.
#[derive(Clone, Debug)]
pub struct Audited {
    /// One a metric that is shown, in their order.
    pub metrics: Vec<AuditedMetric>,
    /// Positions in `metrics`, in the order in which they are told.
    pub highlights: Vec<usize>,
    /// Days on which the data itself may be wrong.
    pub issues: Vec<Issue>,
}

/// One metric's change: how large, how unusual, and who moved.
#[derive(Clone, Debug)]
pub struct AuditedMetric {
    /// Position in `ResolvedQuery::outputs`.
    pub output: usize,
    /// The value before and now, as they are held against each other; none where a side is missing.
    pub sides: Option<(f64, f64)>,
    /// None where a side is missing.
    pub size: Option<Materiality>,
    pub evidence: Evidence,
    pub verdict: Verdict,
    pub impact: Impact,
    /// What its own formula splits its change into; they sum to it.
    pub parts: Option<parts::Parts>,
    pub drivers: Drivers,
}

/// The totals' row and the two sides of one output.
#[derive(Clone, Copy)]
struct Compared<'a> {
    table: &'a Table,
    sides: &'a Sides,
}

impl Compared<'_> {
    /// A computation in the current window and in the one before; the mean of several windows of a sum.
    fn of(&self, row: &RawRow, id: ComputationId) -> (Option<f64>, Option<f64>) {
        let cells = &row.cells[id.0];
        let count = self.sides.windows.len().max(1) as f64;
        let before = cells[self.sides.together].as_f64().map(|sum| sum / count);
        (before, cells[self.sides.current].as_f64())
    }

    /// The same of a member; a side is missing too where a formula fills it though no row was read.
    fn present(&self, row: &RawRow, id: ComputationId) -> (Option<f64>, Option<f64>) {
        let (before, now) = self.of(row, id);
        let read = |value: Option<f64>, period: usize| value.filter(|value| *value != 0.0 || row.rows[period] > 0);
        (read(before, self.sides.together), read(now, self.sides.current))
    }

    /// The same of the totals; nothing counts as 0.
    fn total(&self, id: ComputationId) -> (f64, f64) {
        let (before, now) = self.table.total.as_ref().map_or((None, None), |row| self.of(row, id));
        (before.unwrap_or(0.0), now.unwrap_or(0.0))
    }
}

/// Judges every metric of an audit; `figures` has one an output.
pub fn judge(catalog: &Catalog, query: &ResolvedQuery, audit: &Audit, table: &Table, figures: &[Figures]) -> Audited {
    let measured: Vec<Measured> =
        audit.metrics.iter().map(|judged| measure(catalog, query, audit, judged, table, figures)).collect();
    let candidates: Vec<Candidate<'_>> = measured.iter().map(Measured::candidate).collect();
    let verdicts = significance::judge(&candidates);
    let metrics = measured.into_iter().zip(verdicts).zip(&audit.metrics).map(|((measured, verdict), judged)| {
        let output = &query.outputs[judged.output];
        let compared = sides(query, output).map(|sides| Compared { table, sides });
        AuditedMetric {
            output: judged.output,
            impact: Impact::of(measured.change, catalog.metric(output.metric).direction),
            parts: compared.and_then(|compared| parts::parts(query, judged, &compared)),
            drivers: compared
                .map_or_else(Drivers::default, |compared| drivers::drivers(query, audit, judged, &compared)),
            sides: measured.sides,
            size: measured.size,
            evidence: measured.evidence,
            verdict,
        }
    });
    let metrics: Vec<AuditedMetric> = metrics.collect();
    let highlights = in_order(catalog, query, audit, &metrics);
    Audited { highlights, issues: issue::issues(catalog, query, audit, table), metrics }
}

/// None where the output is held against a target, which has no history and no drivers.
fn sides<'a>(query: &'a ResolvedQuery, output: &Output) -> Option<&'a Sides> {
    query.time.changes[output.change?].sides.as_ref().filter(|_| !query.time.is_against_targets())
}

/// A metric before all are judged together.
struct Measured {
    sides: Option<(f64, f64)>,
    size: Option<Materiality>,
    change: f64,
    evidence: Evidence,
}

impl Measured {
    fn candidate(&self) -> Candidate<'_> {
        let material = self.size.as_ref().map_or(Material::None, |size| size.material);
        Candidate { material, change: self.change, evidence: &self.evidence }
    }
}

fn measure(
    catalog: &Catalog,
    query: &ResolvedQuery,
    audit: &Audit,
    judged: &Judged,
    table: &Table,
    figures: &[Figures],
) -> Measured {
    let output = &query.outputs[judged.output];
    let none =
        || Measured { sides: None, size: None, change: 0.0, evidence: history::untested(Reason::InsufficientHistory) };
    let Some(sides) = sides(query, output) else { return none() };
    let figures = &figures[judged.output];
    let now = figures.compared_value.as_ref().unwrap_or(&figures.value).as_f64();
    let (Some(before), Some(now)) = (or_nothing(output, figures.previous.as_f64()), or_nothing(output, now)) else {
        return none();
    };
    let compared = Compared { table, sides };
    let size = materiality(before, now, &floors(catalog, output, judged), &volumes(judged, &compared));
    let evidence = history::evidence(query, audit, judged, table);
    Measured { sides: Some((before, now)), change: now - before, size: Some(size), evidence }
}

/// Nothing of a metric that adds up is 0.
fn or_nothing(output: &Output, value: Option<f64>) -> Option<f64> {
    match output.additivity {
        Additivity::Additive => Some(value.unwrap_or(0.0)),
        Additivity::Ratio | Additivity::NonAdditive => value,
    }
}

fn floors(catalog: &Catalog, output: &Output, judged: &Judged) -> Floors {
    let written = &catalog.metric(output.metric).materiality;
    let mut floors = if output.percent { Floors::of_percent_metric() } else { Floors::usual() };
    if let Some(percent) = written.percent {
        floors = floors.with_percent(percent);
    }
    floors.absolute = written.absolute;
    floors.points = written.points.map(|points| points / 100.0).or(floors.points);
    match judged.volume {
        Volume::Any => {}
        Volume::Larger { least, .. } | Volume::Both { least, .. } => floors.min_sample = least as f64,
    }
    floors
}

fn volumes(judged: &Judged, compared: &Compared<'_>) -> Vec<significance::Volume> {
    match judged.volume {
        Volume::Any => Vec::new(),
        Volume::Larger { of, .. } => {
            let (previous, current) = compared.total(of);
            vec![significance::Volume::Count { previous, current }]
        }
        Volume::Both { of, .. } => {
            let (previous, current) = compared.total(of);
            vec![significance::Volume::Denominators { previous, current }]
        }
    }
}

/// The highlights, the most severe first.
fn in_order(catalog: &Catalog, query: &ResolvedQuery, audit: &Audit, metrics: &[AuditedMetric]) -> Vec<usize> {
    use sextant_semantics::query::request::Level;
    let findings: Vec<Finding<'_>> = metrics
        .iter()
        .map(|audited| {
            let output = &query.outputs[audited.output];
            let is_money =
                catalog.metric(output.metric).format == Format::Currency && output.additivity == Additivity::Additive;
            let money = audited.size.as_ref().filter(|_| is_money).map(|size| size.absolute);
            let (level, impact, t) = (audited.verdict.level, audited.impact, audited.evidence.t);
            Finding { name: &output.name, level, impact, money, t }
        })
        .collect();
    let mut told = significance::highlights(&findings, usize::MAX);
    if audit.min_level == Some(Level::Major) {
        told.retain(|position| metrics[*position].verdict.level == significance::Level::Major);
    }
    told.truncate(audit.max_highlights);
    told
}

/// A part's contribution as a share of the whole change.
fn share(contribution: f64, delta: f64) -> Option<f64> {
    (delta != 0.0).then(|| contribution / delta)
}
