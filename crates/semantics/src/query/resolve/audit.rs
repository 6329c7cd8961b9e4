//! An audit held against the catalog: which groupings it reads in the one pass, over which history, and how each
//! metric is judged from them.

use super::super::audit::{Audit, Driver, Judged, Pair, Parts, Reading, Slices, Volume};
use super::super::computation::{Computation, ComputationId, Formula};
use super::super::field::{Field, FieldOf, Grain};
use super::super::request::{AuditRequest, GroupItem};
use super::super::resolved::{Fact, Group, Output};
use super::super::row::{Key, KeySource, Measure};
use super::metrics::{Asked, Flattener};
use super::rows::FactBuilder;
use super::{conditions, groups};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::locate::Identity;
use crate::catalog::{Metric, MetricKind};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::Kind;
use crate::time::granularity::Granularity;

mod history;
mod parts;

pub(super) use history::{Readings, readings};
use parts::{factors, terms};

const MAX_HIGHLIGHTS: usize = 6;
/// The volume below which a change is not tested, unless the metric says.
const MIN_SAMPLE: u64 = 20;
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
        facts.iter().try_for_each(|fact| fact.refuse_concealed(bound, &field))?;
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
