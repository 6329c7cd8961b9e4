//! Groups: the keys that rows are grouped by, the time series first.

use super::super::field::{Field, FieldOf, Grain, parse_grain, unknown_grain};
use super::super::request::{GroupItem, MetricsRequest};
use super::super::resolved::Group;
use super::super::row::{Key, KeySource, RowRef};
use super::rows::{FactBuilder, Values, check_grain};
use super::{beneath, conditions};
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::MetricId;
use crate::catalog::locate::Identity;
use crate::catalog::{self, Axis};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Kind};
use crate::model::Naming;
use crate::source::{SourceId, Span};
use crate::time::granularity::Granularity;

const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

/// The argument of groups that a metric needs beside those asked for.
const FINER: &str = "metric_names";

/// The argument of groups that a condition of the model asks for.
pub(super) const OF_MODEL: &str = "filter";

/// A group as asked, its grain decided.
#[derive(Clone)]
pub(super) struct Wanted {
    field: Field,
    name: Option<String>,
    /// The argument it came from.
    argument: String,
}

/// The granularity of the series, when one is asked for.
pub(super) fn granularity(bound: &BoundCatalog, request: &MetricsRequest) -> Result<Option<Granularity>, Diagnostic> {
    match request.time.granularity.as_deref() {
        None | Some("none") => Ok(None),
        Some(word) => match Granularity::parse(word) {
            Some(granularity) => Ok(Some(granularity)),
            None => Err(unknown_grain(&bound.catalog, word, word).field("granularity").received(word)),
        },
    }
}

/// The groups in order: the granularity's bucket, then those of `group_by`; one asked twice is one.
pub(super) fn fields(bound: &BoundCatalog, request: &MetricsRequest, found: &mut Diagnostics) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    match granularity(bound, request) {
        Ok(Some(granularity)) => wanted.push(Wanted {
            field: Field { of: FieldOf::MetricTime, grain: Grain::Bucket(granularity) },
            name: None,
            argument: "granularity".to_string(),
        }),
        Ok(None) => {}
        Err(refused) => found.push(refused),
    }
    for item in &request.group_by {
        match one(bound, item, request) {
            Ok(group) => {
                let same =
                    wanted.iter_mut().find(|w| w.field == group.field && (w.name.is_none() || w.name == group.name));
                match same {
                    Some(known) => known.name = known.name.take().or(group.name),
                    None => wanted.push(group),
                }
            }
            Err(refused) => found.push(refused.field(item.field.clone()).received(item.name.clone())),
        }
    }
    wanted
}

/// Finer groups beside others that are wanted already; one that is there is not wanted twice.
pub(super) fn with_finer(
    bound: &BoundCatalog,
    mut wanted: Vec<Wanted>,
    names: &[String],
    request: &MetricsRequest,
) -> Result<Vec<Wanted>, Diagnostic> {
    for name in names {
        let field = FINER.to_string();
        let item = GroupItem { name: name.clone(), grain: None, date_part: None, alias: None, field };
        let group = one(bound, &item, request)?;
        if !wanted.iter().any(|known| known.field == group.field) {
            wanted.push(group);
        }
    }
    Ok(wanted)
}

/// What the groups are of.
pub(super) fn fields_of(groups: &[Wanted]) -> impl Iterator<Item = &Field> {
    groups.iter().map(|wanted| &wanted.field)
}

/// Whether some group is of periods shorter than a day.
pub(super) fn is_sub_day(groups: &[Wanted]) -> bool {
    groups.iter().any(|wanted| match wanted.field.grain {
        Grain::Bucket(granularity) => granularity.is_sub_day(),
        Grain::Part(part) => part.is_sub_day(),
        Grain::Unsaid | Grain::Custom(_) => false,
    })
}

fn one(bound: &BoundCatalog, item: &GroupItem, request: &MetricsRequest) -> Result<Wanted, Diagnostic> {
    let mut field = field_of(bound, item)?;
    if field.of == FieldOf::MetricTime && field.grain == Grain::Unsaid {
        field.grain = default_grain(bound, request)?;
    }
    Ok(Wanted { field, name: item.alias.clone(), argument: item.field.clone() })
}

/// What an item names, with the grain that it says.
pub(super) fn field_of(bound: &BoundCatalog, item: &GroupItem) -> Result<Field, Diagnostic> {
    let mut field = Field::parse(&bound.catalog, &item.name)?;
    refuse_ages(bound, &field)?;
    let said = match (&item.grain, item.date_part) {
        (Some(_), Some(_)) => {
            return Err(Diagnostic::new(Code::InvalidArgument, "a group has a grain or a date part, not both"));
        }
        (Some(grain), None) => {
            parse_grain(&bound.catalog, grain).ok_or_else(|| unknown_grain(&bound.catalog, &item.name, grain))?
        }
        (None, Some(part)) => Grain::Part(part),
        (None, None) => Grain::Unsaid,
    };
    match (field.grain, said) {
        (_, Grain::Unsaid) => {}
        (Grain::Unsaid, said) => field.grain = said,
        (written, said) if written == said => {}
        (_, _) => {
            return Err(Diagnostic::new(
                Code::InvalidArgument,
                format!("`{}` has a grain in its name and another beside it", item.name),
            ));
        }
    }
    Ok(field)
}

/// Members have one age, the metric's; every age side by side is refused by its usual name.
fn refuse_ages(bound: &BoundCatalog, field: &Field) -> Result<(), Diagnostic> {
    const AGES: &str = "cohort_age";
    match &field.of {
        FieldOf::Dimension { path, name }
            if path.is_empty() && name == AGES && !bound.catalog.dimension_names().contains(&AGES) =>
        {
            Err(Diagnostic::new(Code::NotSupportedYet, format!("groups by `{AGES}` are not supported yet"))
                .help("ask a cohort metric for its own age, by the time of its entries, such as `metric_time__month`"))
        }
        FieldOf::Dimension { .. } | FieldOf::MetricTime | FieldOf::Metric(_) => Ok(()),
    }
}

/// The coarsest of the metrics' default grains; a custom one where all have it.
fn default_grain(bound: &BoundCatalog, request: &MetricsRequest) -> Result<Grain, Diagnostic> {
    let catalog = &bound.catalog;
    let named = request.metrics.iter().filter_map(|item| catalog.metric_named(&item.name));
    let grains: Vec<(MetricId, catalog::Grain)> = named.map(|named| (named.id, grain_of(bound, named.id))).collect();
    let mut coarsest = None;
    for (id, grain) in &grains {
        coarsest = match (*grain, coarsest) {
            (own, None) => Some((*id, own)),
            (own, Some((_, known))) if own == known => coarsest,
            (catalog::Grain::Standard(own), Some((_, catalog::Grain::Standard(known)))) => {
                Some((*id, catalog::Grain::Standard(own.max(known))))
            }
            (own, Some((other, known))) => return Err(several_grains(bound, (*id, own), (other, known))),
        };
    }
    Ok(match coarsest {
        Some((_, catalog::Grain::Standard(granularity))) => Grain::Bucket(granularity),
        Some((_, catalog::Grain::Custom(id))) => Grain::Custom(id),
        None => Grain::Bucket(Granularity::Day),
    })
}

/// The refusal of a bare `metric_time` that means periods of different calendars.
fn several_grains(bound: &BoundCatalog, a: (MetricId, catalog::Grain), b: (MetricId, catalog::Grain)) -> Diagnostic {
    let name = |(id, grain)| format!("`{}` is by {}", bound.catalog.metric(id).name, bound.catalog.grain_name(grain));
    let fact = format!("{} and {}", name(a), name(b));
    let help = format!("write the grain, such as `metric_time__{}`", bound.catalog.grain_name(a.1));
    Diagnostic::new(Code::GranularityNotAvailable, fact).help(help)
}

/// What a bare `metric_time` means for a metric: what it says itself, else the coarsest of the axes
/// beneath it, at least a day.
fn grain_of(bound: &BoundCatalog, id: MetricId) -> catalog::Grain {
    let metric = bound.catalog.metric(id);
    if let Some(own) = metric.granularity {
        return own;
    }
    let of_axis = |axis: &Axis| bound.catalog.dimension(axis.dimension).granularity;
    let coarsest = beneath::of_its_time(&bound.catalog, id)
        .into_iter()
        .filter_map(|id| bound.catalog.metric(id).axis.as_ref().and_then(of_axis))
        .max()
        .unwrap_or(Granularity::Day)
        .max(Granularity::Day);
    catalog::Grain::Standard(coarsest)
}

/// Places every group in every fact; all must mean the same dimension of one type.
pub(super) fn resolve(
    bound: &BoundCatalog,
    facts: &mut [FactBuilder],
    wanted: &[Wanted],
    found: &mut Diagnostics,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for group in wanted {
        match place(bound, facts, group) {
            Ok(placed) => groups.push(placed),
            Err(refused) => found.push(conditions::of_request(refused, &group.argument)),
        }
    }
    groups
}

fn place(bound: &BoundCatalog, facts: &mut [FactBuilder], wanted: &Wanted) -> Result<Group, Diagnostic> {
    if ![FINER, OF_MODEL].contains(&wanted.argument.as_str()) {
        facts.iter().try_for_each(|fact| fact.refuse_concealed(bound, &wanted.field))?;
    }
    let mut field = conditions::agreed(bound, facts, &wanted.field)?;
    let mut data_type = None;
    let mut identities = Vec::new();
    for fact in facts.iter_mut() {
        let key = key_of(bound, fact, &mut field)?;
        identities.push((fact.dataset, key.identity.clone()));
        let agreed = *data_type.get_or_insert(key.data_type);
        if agreed != key.data_type {
            return Err(types_differ(bound, &field, agreed, &key));
        }
        fact.keys.push(key.source);
    }
    conditions::require_one(bound, &field, &identities)?;
    let granularity = match field.grain {
        Grain::Bucket(granularity) => Some(granularity),
        Grain::Unsaid | Grain::Part(_) | Grain::Custom(_) => None,
    };
    Ok(Group {
        key: Key {
            name: wanted.name.clone().unwrap_or_else(|| field.column(&bound.catalog)),
            data_type: data_type.unwrap_or(DataType::Null),
        },
        is_series: field.of == FieldOf::MetricTime && granularity.is_some(),
        granularity,
        field,
    })
}

/// A fact's way to a group.
pub(super) struct KeyOfFact {
    pub source: KeySource,
    pub data_type: DataType,
    pub identity: Option<Identity>,
}

/// A fact's way to a field; decides the field's grain where nothing has.
pub(super) fn key_of(bound: &BoundCatalog, fact: &mut FactBuilder, field: &mut Field) -> Result<KeyOfFact, Diagnostic> {
    let (values, dimension, identity) = fact.field(bound, field)?;
    let (source, data_type) = match values {
        Values::Plain { expr, data_type } => {
            if field.grain != Grain::Unsaid {
                return Err(Diagnostic::new(
                    Code::GranularityNotAvailable,
                    format!("`{}` is not a time dimension", field.base(&bound.catalog)),
                )
                .help("only time dimensions take a granularity"));
            }
            (KeySource::Value(expr.map_refs(&mut |c| RowRef::Column(c.clone()))), data_type)
        }
        Values::Time(time) => {
            let stored = time.stored;
            if field.grain == Grain::Unsaid {
                let own = dimension.and_then(|id| bound.catalog.dimension(id).granularity);
                let own = own.unwrap_or(Granularity::Day);
                let finest = match bound.catalog.naming {
                    Naming::Dotted => Granularity::Day,
                    Naming::EntityPaths => own,
                };
                field.grain = Grain::Bucket(own.max(finest));
            }
            match field.grain {
                Grain::Part(part) => {
                    if part.is_sub_day() {
                        check_grain(bound, dimension, stored, Granularity::Hour)?;
                    }
                    (KeySource::DatePart { time, part }, DataType::Integer)
                }
                Grain::Custom(granularity) => {
                    let column = fact.custom(bound, time, granularity)?;
                    let data_type = column.data_type;
                    (KeySource::Value(Expr::new(Kind::Ref(RowRef::Column(column)), NOWHERE)), data_type)
                }
                Grain::Bucket(granularity) => {
                    check_grain(bound, dimension, stored, granularity)?;
                    let instant = DataType::Timestamp(Clock::Instant);
                    let data_type = if granularity.is_sub_day() { instant } else { DataType::Date };
                    (KeySource::Bucket { time, granularity }, data_type)
                }
                Grain::Unsaid => unreachable!("an unsaid grain was decided above"),
            }
        }
    };
    Ok(KeyOfFact { source, data_type, identity })
}

/// Two facts know a dimension by different types.
pub(super) fn types_differ(bound: &BoundCatalog, field: &Field, agreed: DataType, key: &KeyOfFact) -> Diagnostic {
    let name = field.base(&bound.catalog);
    Diagnostic::new(Code::TypeMismatch, format!("`{name}` is {agreed} in one dataset and {} in another", key.data_type))
        .help("members of a shared dimension have one type: cast one of them in its `expr`")
}
