//! An audit held against the catalog: which groupings it reads in the one pass, over which history, and how each
//! metric is judged from them.

use chrono::{Duration, NaiveDate};

use super::super::audit::{Audit, Daily, Days, Driver, Factor, Judged, Pair, Parts, Reading, Slices, Tested, Volume};
use super::super::computation::{Computation, ComputationId, Formula};
use super::super::field::{Field, FieldOf, Grain};
use super::super::period::{Dates, Interval, Period};
use super::super::request::{AuditRequest, GroupItem};
use super::super::resolved::{Additivity, Fact, Group, Output};
use super::super::row::{Key, KeySource, Measure};
use super::metrics::{Asked, Flattener};
use super::rows::FactBuilder;
use super::time::{TimeOfQuery, local_date, place};
use super::{Context, conditions, groups};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::locate::Identity;
use crate::catalog::{Metric, MetricKind};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{BinaryOp, Expr, Kind, Literal};
use crate::time::comparison::Mode;
use crate::time::granularity::Granularity;
use crate::time::zone;

const MAX_HIGHLIGHTS: usize = 6;
/// The volume below which a change is not tested, unless the metric says.
const MIN_SAMPLE: u64 = 20;
/// Days of history that are read: 26 weeks.
const HISTORY_DAYS: i64 = 182;
/// Windows of history that are read where they are longer than that; more from 28 days on.
const WINDOWS: i64 = 8;
const LONG_WINDOW_DAYS: i64 = 28;
const LONG_WINDOWS: i64 = 12;
/// Windows before the current one, of metrics whose days do not add up: twelve changes between them.
const EARLIER_WINDOWS: i64 = 13;
/// Dimensions up to which every pair of them is read too.
const PAIRED_DIMENSIONS: usize = 3;

/// What an audit asks beside its totals, while it is resolved.
pub(super) struct Asking {
    pub slices: Slices,
    dimensions: Vec<Driver>,
    pairs: Vec<Pair>,
    /// By dimension, then by fact: what it is there, or why it is not.
    seen: Vec<Vec<Result<Option<Identity>, Diagnostic>>>,
    fields: Vec<Field>,
    /// Whether each fact gives days.
    has_days: Vec<bool>,
}

/// Places the day and every driver dimension in the facts that have them.
pub(super) fn place_slices(
    bound: &BoundCatalog,
    facts: &mut [FactBuilder],
    request: &AuditRequest,
    found: &mut Diagnostics,
) -> Asking {
    let mut asking = Asking {
        slices: Slices { groups: Vec::new(), sets: vec![Vec::new()] },
        dimensions: Vec::new(),
        pairs: Vec::new(),
        seen: Vec::new(),
        fields: Vec::new(),
        has_days: Vec::new(),
    };
    asking.days(bound, facts);
    for item in items(bound, request) {
        let placed = asking.dimension(bound, facts, &item);
        // Those of the model that no metric of this audit can see are left out.
        if let (Err(refused), Some(_)) = (placed, &request.dimensions) {
            found.push(refused.field(item.field.clone()).received(item.name.clone()));
        }
    }
    asking.pair();
    asking
}

/// The driver dimensions: those asked for, else the model's.
fn items(bound: &BoundCatalog, request: &AuditRequest) -> Vec<GroupItem> {
    match &request.dimensions {
        Some(items) => items.clone(),
        None => {
            let item = |(i, name): (usize, &String)| GroupItem {
                name: name.clone(),
                grain: None,
                date_part: None,
                alias: None,
                field: format!("dimensions[{i}]"),
            };
            bound.catalog.audit_dimensions.iter().enumerate().map(item).collect()
        }
    }
}

impl Asking {
    fn days(&mut self, bound: &BoundCatalog, facts: &mut [FactBuilder]) {
        let mut field = Field { of: FieldOf::MetricTime, grain: Grain::Bucket(Granularity::Day) };
        for fact in facts.iter_mut() {
            // The history counts every day, whether a metric lists days without rows or not.
            fact.treatment.is_padded = false;
            // Windows, events and levels are values of ranges: their days do not add up.
            let of_days = fact.treatment.is_of_its_own_time();
            let key = if of_days { None } else { groups::key_of(bound, fact, &mut field).ok() };
            self.has_days.push(key.is_some());
            fact.keys.push(key.map_or(KeySource::Absent, |key| key.source));
        }
        self.slices.groups.push(Group {
            key: Key { name: "metric_time__day".to_string(), data_type: DataType::Date },
            field,
            granularity: Some(Granularity::Day),
            is_series: false,
        });
        self.slices.sets.push(vec![0]);
    }

    fn dimension(
        &mut self,
        bound: &BoundCatalog,
        facts: &mut [FactBuilder],
        item: &GroupItem,
    ) -> Result<(), Diagnostic> {
        let mut field = groups::field_of(bound, item)?;
        if let Ok(agreed) = conditions::agreed(bound, facts, &field) {
            field = agreed;
        }
        let name = item.alias.clone().unwrap_or_else(|| field.column(&bound.catalog));
        if self.dimensions.iter().any(|known| known.name == name) {
            return Ok(());
        }
        let mut data_type: Option<DataType> = None;
        let mut seen = Vec::with_capacity(facts.len());
        let mut keys = Vec::with_capacity(facts.len());
        for fact in facts.iter_mut() {
            let found = groups::key_of(bound, fact, &mut field).and_then(|key| {
                let agreed = *data_type.get_or_insert(key.data_type);
                if agreed == key.data_type { Ok(key) } else { Err(groups::types_differ(bound, &field, agreed, &key)) }
            });
            keys.push(found.as_ref().map_or(KeySource::Absent, |key| key.source.clone()));
            seen.push(found.map(|key| key.identity));
        }
        // A dimension that no metric can see is the caller's mistake, where the caller named it.
        if seen.iter().all(Result::is_err) {
            let refused = seen.into_iter().find_map(Result::err);
            return Err(refused.unwrap_or_else(|| Diagnostic::new(Code::EmptyQuery, "no metric is asked")));
        }
        for (fact, key) in facts.iter_mut().zip(keys) {
            fact.keys.push(key);
        }
        let key = self.slices.groups.len();
        let granularity = match field.grain {
            Grain::Bucket(granularity) => Some(granularity),
            Grain::Unsaid | Grain::Part(_) | Grain::Custom(_) => None,
        };
        self.slices.groups.push(Group {
            key: Key { name: name.clone(), data_type: data_type.unwrap_or(DataType::Null) },
            field: field.clone(),
            granularity,
            is_series: false,
        });
        self.slices.sets.push(vec![key]);
        self.dimensions.push(Driver { name, key, set: self.slices.sets.len() - 1 });
        self.seen.push(seen);
        self.fields.push(field);
        Ok(())
    }

    fn pair(&mut self) {
        let count = self.dimensions.len();
        if count > PAIRED_DIMENSIONS {
            return;
        }
        for first in 0..count {
            for second in first + 1..count {
                self.slices.sets.push(vec![self.dimensions[first].key, self.dimensions[second].key]);
                self.pairs.push(Pair { first, second, set: self.slices.sets.len() - 1 });
            }
        }
    }

    /// Why a metric of these facts cannot be broken down by a dimension; none where it can.
    fn unavailable(&self, bound: &BoundCatalog, facts: &[Fact], of: &[usize], dimension: usize) -> Option<String> {
        let mut identities = Vec::new();
        for fact in of {
            match &self.seen[dimension][*fact] {
                Ok(identity) => identities.push((facts[*fact].dataset, identity.clone())),
                Err(refused) => return Some(refused.message.clone()),
            }
        }
        conditions::require_one(bound, &self.fields[dimension], &identities).err().map(|refused| refused.message)
    }
}

/// How the outputs of an audit are read, before their computations are known.
pub(super) struct Readings {
    /// How many periods the question has without its history.
    base: usize,
    daily: Option<Daily>,
    /// One an output.
    outputs: Vec<ReadingOf>,
}

struct ReadingOf {
    node: usize,
    facts: Vec<usize>,
    tested: Option<Tested>,
    reading: Reading,
}

/// Decides which history each output has, and adds the periods that it is read over.
pub(super) fn readings(
    context: &Context,
    flat: &Flattener,
    facts: &[FactBuilder],
    asking: &Asking,
    outputs: &[Asked],
    time: &mut TimeOfQuery,
) -> Readings {
    let base = time.query.periods.len();
    let mut found: Vec<ReadingOf> = Vec::with_capacity(outputs.len());
    for (position, output) in outputs.iter().enumerate() {
        let leaves = flat.leaves_of(output.node);
        let of: Vec<usize> =
            (0..facts.len()).filter(|fact| facts[*fact].leaves.iter().any(|leaf| leaves.contains(leaf))).collect();
        let tested = tested(context, facts, &of, time.change_of_output.get(position).copied().flatten(), time);
        let has_days = of.iter().all(|fact| asking.has_days[*fact]);
        let daily = daily(flat, output.node).filter(|_| has_days && tested.is_some());
        let reading = match (daily, &tested) {
            (Some(reading), _) => reading,
            (None, Some(tested)) => Reading::Windows(windows(tested, time)),
            (None, None) => Reading::Windows(Vec::new()),
        };
        found.push(ReadingOf { node: output.node, facts: of, tested, reading });
    }
    let daily = history(&found, time);
    Readings { base, daily, outputs: found }
}

/// The whole days of an output's two sides.
fn tested(
    context: &Context,
    facts: &[FactBuilder],
    of: &[usize],
    change: Option<usize>,
    time: &TimeOfQuery,
) -> Option<Tested> {
    let change = &time.query.changes[change?];
    let sides = change.sides.as_ref()?;
    if time.query.range.as_ref().is_none_or(|range| range.range.hours.is_some()) {
        return None;
    }
    let days = |period: usize| match time.query.periods[period].intervals.as_slice() {
        [only] => {
            let dates = only.dates?;
            Some(Days { first: dates.first?, last: dates.last })
        }
        _ => None,
    };
    let current = days(sides.current)?;
    let previous = match sides.windows.as_slice() {
        [only] => days(*only),
        _ => None,
    };
    let is_adjacent = match change.comparison.mode {
        Mode::PreviousYear | Mode::PreviousYearMatchWeekday => false,
        Mode::PreviousPeriod
        | Mode::PreviousPeriodMatchWeekday
        | Mode::PreviousWeek
        | Mode::PreviousMonth
        | Mode::PreviousQuarter
        | Mode::PreviousFourAverage
        | Mode::Custom
        | Mode::Target
        | Mode::None => previous.is_none_or(|previous| previous.last < current.first),
    };
    let zone = time.query.calendar.zone;
    let first =
        |fact: &usize| context.extents[facts[*fact].dataset.index()].map(|extent| local_date(extent.first, zone));
    let data_from = of.iter().map(first).collect::<Option<Vec<NaiveDate>>>().and_then(|days| days.into_iter().max());
    Some(Tested { current, previous, is_adjacent, data_from })
}

/// The parts whose days add up: the value itself, or the two of a ratio.
fn daily(flat: &Flattener, node: usize) -> Option<Reading> {
    if flat.additivity(node) == Additivity::Additive {
        return Some(Reading::Daily { numerator: ComputationId(node), denominator: None });
    }
    let (numerator, denominator) = flat.ratio(node)?;
    let adds_up = |node: usize| flat.additivity(node) == Additivity::Additive;
    (adds_up(numerator) && adds_up(denominator)).then_some(Reading::Daily {
        numerator: ComputationId(numerator),
        denominator: Some(ComputationId(denominator)),
    })
}

/// The periods of windows as long as the tested one, oldest first, as many as there is data for, and its own.
fn windows(tested: &Tested, time: &mut TimeOfQuery) -> Vec<usize> {
    let days = i64::try_from(tested.current.count()).unwrap_or(i64::MAX);
    let Some(from) = tested.data_from.filter(|_| tested.is_adjacent) else { return Vec::new() };
    let there = (tested.current.first - from).num_days() / days.max(1);
    let count = there.clamp(0, EARLIER_WINDOWS);
    let zone = time.query.calendar.zone;
    let window = |back: i64| {
        let first = tested.current.first - Duration::days(back * days);
        whole_days(first, first + Duration::days(days - 1), zone)
    };
    (0..=count).rev().map(|back| place(&mut time.query.periods, window(back))).collect()
}

/// One period for the history of all outputs whose days add up.
fn history(outputs: &[ReadingOf], time: &mut TimeOfQuery) -> Option<Daily> {
    let of_days = || {
        let daily = outputs.iter().filter(|output| matches!(output.reading, Reading::Daily { .. }));
        daily.filter_map(|output| output.tested.as_ref())
    };
    let first = of_days().filter_map(history_from).min()?;
    let last = of_days().map(|tested| tested.current.last).max()?;
    let period = place(&mut time.query.periods, whole_days(first, last, time.query.calendar.zone));
    Some(Daily { period, first })
}

/// What is known of an audit's question once its measures have places.
pub(super) struct Resolved<'a> {
    pub bound: &'a BoundCatalog,
    pub flat: &'a Flattener<'a>,
    pub outputs: &'a [Output],
    pub computations: &'a [Computation],
    /// Of each leaf, its fact and its measure.
    pub places: &'a [(usize, usize)],
}

impl Resolved<'_> {
    /// How each metric is judged; gives each measure the periods that it is read over.
    pub(super) fn audit(
        &self,
        request: &AuditRequest,
        asking: Asking,
        readings: Readings,
        facts: &mut [Fact],
    ) -> (Audit, Slices) {
        let base: Vec<usize> = (0..readings.base).collect();
        for measure in facts.iter_mut().flat_map(|fact| &mut fact.measures) {
            measure.over = Some(base.clone());
        }
        let mut judged = Vec::new();
        for (position, of) in readings.outputs.into_iter().enumerate() {
            let output = &self.outputs[position];
            if !output.shown {
                continue;
            }
            let more: Vec<usize> = match &of.reading {
                Reading::Daily { .. } => readings.daily.iter().map(|daily| daily.period).collect(),
                Reading::Windows(windows) => windows.clone(),
            };
            for leaf in self.flat.leaves_of(of.node) {
                let (fact, measure) = self.places[leaf];
                read_also(&mut facts[fact].measures[measure], &more);
            }
            let unavailable = (0..asking.dimensions.len()).filter_map(|dimension| {
                Some((dimension, asking.unavailable(self.bound, facts, &of.facts, dimension)?))
            });
            judged.push(Judged {
                output: position,
                tested: of.tested,
                reading: of.reading,
                parts: self.parts(output),
                volume: self.volume(output),
                unavailable: unavailable.collect(),
            });
        }
        let audit = Audit {
            daily: readings.daily,
            dimensions: asking.dimensions,
            pairs: asking.pairs,
            metrics: judged,
            min_level: request.min_level,
            max_highlights: request
                .max_highlights
                .map_or(MAX_HIGHLIGHTS, |most| usize::try_from(most).unwrap_or(usize::MAX)),
        };
        (audit, asking.slices)
    }

    /// The computation itself, past those that are another one under a new name.
    fn formula(&self, id: ComputationId) -> &Formula {
        let of = &self.computations[id.0];
        match &of.formula {
            Formula::Derived(expr) if of.fill.is_none() => match expr.kind.as_ref() {
                Kind::Ref(of) => self.formula(*of),
                _ => &of.formula,
            },
            Formula::Measure { .. }
            | Formula::Ratio { .. }
            | Formula::OfCohort { .. }
            | Formula::Derived(_)
            | Formula::OfGroups(_) => &of.formula,
        }
    }

    fn parts(&self, output: &Output) -> Parts {
        match self.formula(output.computation) {
            Formula::Measure { .. } | Formula::OfGroups(_) | Formula::OfCohort { .. } => Parts::None,
            Formula::Ratio { numerator, denominator } => {
                Parts::Ratio { numerator: *numerator, denominator: *denominator }
            }
            Formula::Derived(expr) => terms(expr, 1.0)
                .filter(|terms| terms.len() > 1)
                .map(Parts::Sum)
                .or_else(|| factors(expr, false).filter(|factors| factors.len() > 1).map(Parts::Product))
                .unwrap_or(Parts::None),
        }
    }

    fn volume(&self, output: &Output) -> Volume {
        let metric = self.bound.catalog.metric(output.metric);
        let least = metric.min_sample.unwrap_or(MIN_SAMPLE);
        if let Some(sample) = metric.sample.as_deref().and_then(|name| self.bound.catalog.metric_named(name)) {
            let of = self.outputs.iter().find(|other| other.metric == sample.id).map(|other| other.computation);
            return of.map_or(Volume::Any, |of| Volume::Larger { of, least });
        }
        match self.formula(output.computation) {
            Formula::Ratio { denominator, .. } => Volume::Both { of: *denominator, least },
            Formula::OfCohort { members, .. } => Volume::Both { of: *members, least },
            Formula::Measure { .. } if is_count(metric) => Volume::Larger { of: output.computation, least },
            Formula::Measure { .. } | Formula::Derived(_) | Formula::OfGroups(_) => Volume::Any,
        }
    }
}

fn read_also(measure: &mut Measure, periods: &[usize]) {
    let over = measure.over.get_or_insert_default();
    for period in periods {
        if !over.contains(period) {
            over.push(*period);
        }
    }
    over.sort_unstable();
}

/// The metrics that are the volume of others and are not asked themselves.
pub(super) fn samples(
    bound: &BoundCatalog,
    flat: &mut Flattener<'_>,
    outputs: &[Asked],
) -> Result<Vec<Asked>, Diagnostic> {
    let mut found: Vec<Asked> = Vec::new();
    for output in outputs {
        let Some(name) = bound.catalog.metric(output.metric).sample.as_deref() else { continue };
        let Some(sample) = bound.catalog.metric_named(name) else { continue };
        if outputs.iter().chain(&found).all(|known| known.metric != sample.id) {
            found.push(flat.unasked(sample.id)?);
        }
    }
    Ok(found)
}

/// The first day of a metric's history.
fn history_from(tested: &Tested) -> Option<NaiveDate> {
    let days = i64::try_from(tested.current.count()).unwrap_or(i64::MAX);
    let windows = if days >= LONG_WINDOW_DAYS { LONG_WINDOWS } else { WINDOWS };
    let aim = tested.current.first - Duration::days(HISTORY_DAYS.max(windows * days));
    let from = tested.data_from.map_or(aim, |from| from.max(aim));
    let previous = tested.previous.map(|previous| previous.first);
    previous.into_iter().chain(tested.is_adjacent.then_some(from)).min()
}

fn whole_days(first: NaiveDate, last: NaiveDate, zone: chrono_tz::Tz) -> Period {
    let (start, end) = (zone::day_start(first, zone), zone::day_start(last + Duration::days(1), zone));
    Period { intervals: vec![Interval { start: Some(start), end, dates: Some(Dates { first: Some(first), last }) }] }
}

fn is_count(metric: &Metric) -> bool {
    match &metric.kind {
        MetricKind::Simple(measure) => matches!(
            measure.aggregation,
            Aggregation::Count
                | Aggregation::CountDistinct
                | Aggregation::ApproxCountDistinct
                | Aggregation::SumBoolean
        ),
        _ => false,
    }
}

/// The terms of a sum with their coefficients; none where it is no sum of other metrics.
fn terms(expr: &Expr<ComputationId>, times: f64) -> Option<Vec<(f64, ComputationId)>> {
    match expr.kind.as_ref() {
        Kind::Ref(of) => Some(vec![(times, *of)]),
        Kind::Negate(of) => terms(of, -times),
        Kind::Binary { op: BinaryOp::Add, left, right } => Some([terms(left, times)?, terms(right, times)?].concat()),
        Kind::Binary { op: BinaryOp::Subtract, left, right } => {
            Some([terms(left, times)?, terms(right, -times)?].concat())
        }
        Kind::Binary { op: BinaryOp::Multiply, left, right } => match (number(left), number(right)) {
            (Some(by), None) => terms(right, times * by),
            (None, Some(by)) => terms(left, times * by),
            _ => None,
        },
        Kind::Call { function: crate::expr::Function::Coalesce, arguments } => match arguments.as_slice() {
            [of, other] if number(other) == Some(0.0) => terms(of, times),
            _ => None,
        },
        _ => None,
    }
}

/// The factors of a product; none where it is no product of other metrics alone.
fn factors(expr: &Expr<ComputationId>, inverted: bool) -> Option<Vec<Factor>> {
    match expr.kind.as_ref() {
        Kind::Ref(of) => Some(vec![Factor { of: *of, inverted }]),
        Kind::Binary { op: BinaryOp::Multiply, left, right } => {
            Some([factors(left, inverted)?, factors(right, inverted)?].concat())
        }
        Kind::Binary { op: BinaryOp::Divide, left, right } => {
            Some([factors(left, inverted)?, factors(right, !inverted)?].concat())
        }
        _ => None,
    }
}

fn number(expr: &Expr<ComputationId>) -> Option<f64> {
    match expr.kind.as_ref() {
        Kind::Literal(Literal::Integer(value)) => Some(*value as f64),
        Kind::Literal(Literal::Float(value)) => Some(*value),
        Kind::Literal(Literal::Decimal { unscaled, scale }) => Some(*unscaled as f64 / 10_f64.powi(i32::from(*scale))),
        Kind::Negate(of) => Some(-number(of)?),
        _ => None,
    }
}
