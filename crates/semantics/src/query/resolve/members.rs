//! Values without metrics: the combinations of dimensions that there are, whether or not anything was
//! measured of them.
//!
//! One dataset that sees every dimension is read, the one that needs the fewest joins; members that none
//! of its rows belong to are there too. Periods are those of a time spine, else of the calendar, and every
//! period stands beside every combination.

use std::rc::Rc;

use super::super::field::{Field, FieldOf, Grain};
use super::super::request::MetricsRequest;
use super::super::resolved::{Group, MemberTimes, Members, QueryTime, ResolvedQuery};
use super::super::row::{Grouping, Table};
use super::super::spine::unit_column;
use super::attach::stored_time;
use super::conditions;
use super::groups::{self, Wanted};
use super::leaf::Treatment;
use super::metrics::Flattener;
use super::rows::{FactBuilder, refuse_not_yet};
use super::windows::{self, Frame, TimeKeys};
use super::{Context, columns, time};
use crate::catalog::Catalog;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::DatasetId;
use crate::catalog::locate::{Identity, quoted};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::EntityKind;
use crate::time::granularity::Granularity;

/// Where the time spine of a question stands among its tables.
const SPINE_TABLE: Table = Table(1);

/// What a question without metrics means.
pub(super) fn values(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
) -> Result<ResolvedQuery, Diagnostics> {
    if request.time.comparison.as_deref().is_some_and(|c| !c.trim().eq_ignore_ascii_case("none")) {
        let fact = "a comparison needs a metric";
        return Err(Diagnostic::new(Code::InvalidComparison, fact)
            .field("comparison")
            .help("name a metric in `metric_names`")
            .into());
    }
    let mut found = Diagnostics::default();
    let wanted = groups::fields(bound, request, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let mut fields: Vec<Field> = groups::fields_of(&wanted).cloned().collect();
    let named = request.where_.iter().flat_map(|item| item.condition.refs());
    fields.extend(named.filter_map(|name| Field::parse(&bound.catalog, &name.value.dotted()).ok()));
    let base = base(&bound.catalog, &fields)?;
    let mut builder = builder(bound, base, &fields, true)?;
    let one = std::slice::from_mut(&mut builder);
    let groups = groups::resolve(bound, one, &wanted, &mut found);
    conditions::conditions(bound, one, request, &mut found);
    let flat = Flattener::new(bound);
    let facts: &[FactBuilder] = if base.is_some() { one } else { &[] };
    let time = time::resolve(bound, context, request, facts, &flat, &[], &groups, &mut found);
    let (Some(time), true) = (time, found.is_empty()) else {
        return Err(found);
    };
    let members = members(bound, base, builder, &fields, &time.query)?;
    let columns = columns::Columns { bound, groups: &groups, outputs: &[], computations: &[], time: &time.query };
    let having = columns.having(request, &mut found);
    let order = columns.order(request, &mut found);
    columns.distinct(&mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let mut defaults_used = time.defaults_used;
    if request.order_by.is_none() {
        defaults_used.push("order_by");
    }
    Ok(ResolvedQuery {
        outputs: Vec::new(),
        groups,
        grouping: Grouping::Groups,
        slices: None,
        facts: Vec::new(),
        of_groups: Vec::new(),
        members: Some(members),
        computations: Vec::new(),
        having,
        order,
        limit: request.limit,
        cursor: request.cursor.clone(),
        time: time.query,
        output: request.output.clone(),
        currency: super::currency::target(&bound.catalog, request)?,
        filters: request.where_.iter().map(conditions::canonical).collect(),
        defaults_used,
        notes: Vec::new(),
        warnings: time.warnings,
    })
}

/// The groups that a question with metrics lists although nothing was measured of them: under the
/// conditions that speak of the groups' own dataset.
pub(super) fn beside(
    bound: &BoundCatalog,
    request: &MetricsRequest,
    wanted: &[Wanted],
    groups: &[Group],
    time: &QueryTime,
) -> Result<Option<Members>, Diagnostics> {
    if !request.include_empty || groups.is_empty() {
        return Ok(None);
    }
    let fields: Vec<Field> = groups::fields_of(wanted).cloned().collect();
    let base = base(&bound.catalog, &fields)?;
    let mut builder = builder(bound, base, &fields, false)?;
    let mut found = Diagnostics::default();
    groups::resolve(bound, std::slice::from_mut(&mut builder), wanted, &mut found);
    for item in request.where_.iter().filter(|item| item.metric.is_none()) {
        let only = MetricsRequest { where_: vec![item.clone()], ..MetricsRequest::default() };
        let (tables, before) = (builder.tables.len(), builder.conditions.len());
        // A condition that the members do not see is one on what was measured of them.
        conditions::conditions(bound, std::slice::from_mut(&mut builder), &only, &mut Diagnostics::default());
        if builder.tables.len() > tables {
            builder.tables.truncate(tables);
            let last = builder.first_table + tables as u32;
            builder.walked.retain(|(_, table)| table.0 < last);
            builder.conditions.truncate(before);
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    Ok(Some(members(bound, base, builder, &fields, time)?))
}

/// The datasets whose reach a question without metrics needs.
pub(super) fn datasets_of(bound: &BoundCatalog, request: &MetricsRequest) -> Vec<DatasetId> {
    let names = request.group_by.iter().map(|item| item.name.clone());
    let conditions = request.where_.iter().flat_map(|item| item.condition.refs()).map(|name| name.value.dotted());
    let fields: Vec<Field> =
        names.chain(conditions).filter_map(|name| Field::parse(&bound.catalog, &name).ok()).collect();
    base(&bound.catalog, &fields).ok().flatten().into_iter().collect()
}

/// A dataset that sees every dimension, and how near they are.
struct Candidate {
    dataset: DatasetId,
    /// Joins, then how far entities are from being its own.
    cost: (usize, usize),
    identities: Vec<Identity>,
}

/// The dataset that is read: none where only times are asked.
fn base(catalog: &Catalog, fields: &[Field]) -> Result<Option<DatasetId>, Diagnostic> {
    let mut dimensions: Vec<(&[String], &str)> = Vec::new();
    for field in fields {
        match &field.of {
            FieldOf::Dimension { path, name } => dimensions.push((path, name)),
            FieldOf::MetricTime | FieldOf::Metric(_) => {}
        }
    }
    if dimensions.is_empty() {
        return Ok(None);
    }
    let mut candidates: Vec<Candidate> =
        catalog.datasets().iter().filter_map(|dataset| candidate(catalog, dataset.id, &dimensions)).collect();
    let Some(least) = candidates.iter().map(|candidate| candidate.cost).min() else {
        return Err(together(catalog, &dimensions));
    };
    candidates.retain(|candidate| candidate.cost == least);
    let first = candidates.remove(0);
    if candidates.iter().all(|other| other.identities == first.identities) {
        return Ok(Some(first.dataset));
    }
    let several = std::iter::once(&first).chain(&candidates).flat_map(|candidate| {
        let dataset = &catalog.dataset(candidate.dataset).name;
        dimensions.iter().filter(|(path, _)| path.is_empty()).map(move |(_, name)| format!("{dataset}.{name}"))
    });
    let ways: Vec<String> = several.collect();
    let asked: Vec<String> = dimensions.iter().map(|(path, name)| catalog.written(path, name)).collect();
    Err(Diagnostic::new(Code::AmbiguousPath, format!("several datasets have {}", quoted(&asked)))
        .field("group_by")
        .help(format!("name the dataset: {}", quoted(&ways)))
        .candidates(ways))
}

fn candidate(catalog: &Catalog, dataset: DatasetId, dimensions: &[(&[String], &str)]) -> Option<Candidate> {
    let mut walked = Vec::new();
    let mut far = 0;
    let mut identities = Vec::new();
    for (path, name) in dimensions {
        let located = catalog.locate(dataset, path, name).ok()?;
        for end in 1..=located.path.steps().len() {
            let hops = &located.path.steps()[..end];
            if !walked.contains(&hops.to_vec()) {
                walked.push(hops.to_vec());
            }
        }
        let dimension = catalog.dimension(located.dimension);
        let entities = &catalog.dataset(dimension.dataset).entities;
        far += entities.iter().find(|entity| entity.dimension == Some(dimension.id)).map_or(0, |entity| {
            match entity.kind {
                EntityKind::Primary => 0,
                EntityKind::Unique => 1,
                EntityKind::Natural => 2,
                EntityKind::Foreign => 3,
            }
        });
        identities.push(located.identity);
    }
    Some(Candidate { dataset, cost: (walked.len(), far), identities })
}

/// The refusal of dimensions that no dataset sees, alone or together.
fn together(catalog: &Catalog, dimensions: &[(&[String], &str)]) -> Diagnostic {
    let unseen = dimensions
        .iter()
        .find(|(path, name)| catalog.datasets().iter().all(|dataset| catalog.locate(dataset.id, path, name).is_err()));
    if let Some((path, name)) = unseen {
        return catalog.unknown_dimension(&catalog.written(path, name)).field("group_by");
    }
    let names: Vec<String> = dimensions.iter().map(|(path, name)| catalog.written(path, name)).collect();
    Diagnostic::new(Code::DimensionNotAvailable, format!("no dataset sees {} together", quoted(&names)))
        .field("group_by")
        .help("ask for them apart, or name a metric that sees them all")
}

/// Rows of a dataset, or none, under construction. Periods stand beside them where a time is among the
/// fields; `of_spine` takes those of a declared time spine where there is one.
fn builder(
    bound: &BoundCatalog,
    base: Option<DatasetId>,
    fields: &[Field],
    of_spine: bool,
) -> Result<FactBuilder, Diagnostic> {
    let catalog = &bound.catalog;
    let first = catalog.datasets().first().map(|dataset| dataset.id);
    let Some(dataset) = base.or(first) else {
        return Err(Diagnostic::new(Code::EmptyQuery, "the model has no dataset"));
    };
    refuse_not_yet(bound, dataset)?;
    let mut builder = FactBuilder {
        dataset,
        axis: base.and_then(|base| catalog.dataset(base).axis.clone()),
        leaves: Vec::new(),
        tables: Vec::new(),
        walked: Vec::new(),
        conditions: Vec::new(),
        keys: Vec::new(),
        treatment: Treatment::default(),
        level: None,
        on_units: Vec::new(),
        is_sub_day: false,
        units: None,
        units_of: None,
        first_table: 1,
        by_keys: Rc::from([]),
        attached_metrics: Vec::new(),
        one_currency: None,
    };
    if let Some(finest) = finest(catalog, fields) {
        builder.is_sub_day = finest.is_sub_day();
        let spine = spine(catalog, finest).filter(|_| of_spine);
        builder.units = Some(match spine {
            Some(spine) => {
                refuse_not_yet(bound, spine.dataset)?;
                let column = bound.column(spine.dataset, &spine.column).map_err(|d| d.at(spine.span))?;
                stored_time(bound, SPINE_TABLE, &column, spine.span)?
            }
            None => unit_column(finest.is_sub_day()),
        });
        builder.units_of = spine.map(|spine| spine.dataset);
        builder.first_table = if spine.is_some() { SPINE_TABLE.0 + 1 } else { 1 };
    }
    Ok(builder)
}

/// The finest granularity that is asked of `metric_time`; none where it is not asked for.
fn finest(catalog: &Catalog, fields: &[Field]) -> Option<Granularity> {
    let of_time = fields.iter().filter(|field| field.of == FieldOf::MetricTime);
    let grain = |field: &Field| match field.grain {
        Grain::Bucket(granularity) => granularity,
        Grain::Custom(id) => catalog.time_spines()[catalog.custom_granularity(id).spine].granularity,
        Grain::Part(part) if part.is_sub_day() => Granularity::Second,
        Grain::Unsaid | Grain::Part(_) => Granularity::Day,
    };
    of_time.map(grain).min()
}

/// The coarsest time spine that tells periods of a granularity apart.
fn spine(catalog: &Catalog, finest: Granularity) -> Option<&crate::catalog::TimeSpine> {
    catalog.time_spines().iter().filter(|spine| spine.granularity <= finest).max_by_key(|spine| spine.granularity)
}

fn members(
    bound: &BoundCatalog,
    base: Option<DatasetId>,
    mut builder: FactBuilder,
    fields: &[Field],
    time: &QueryTime,
) -> Result<Members, Diagnostic> {
    let catalog = &bound.catalog;
    let times = match (finest(catalog, fields), builder.units.take()) {
        (Some(finest), Some(column)) if column == unit_column(finest.is_sub_day()) => {
            if time.range.is_none() {
                return Err(Diagnostic::new(Code::TimeRequired, "the periods of all time have no end")
                    .field("time_range")
                    .help("give a `time_range`, or the model a time spine"));
            }
            let keys = TimeKeys {
                grains: vec![Some(finest)],
                parts: Vec::new(),
                customs: Vec::new(),
                axis: Granularity::Second,
                day_by_day: false,
            };
            let frame = Frame {
                time,
                reach: None,
                groups: true,
                total: false,
                only_last: false,
                periods: &|_| None,
                passes: None,
                apart: false,
            };
            Some(MemberTimes::Calendar(windows::spine(&[], &keys, &frame)?))
        }
        (Some(finest), Some(column)) => {
            let spine = spine(catalog, finest).expect("the column is one of a time spine");
            // Periods that have not begun are periods too.
            let within = time.range.as_ref().map(|range| time::whole(&range.range));
            Some(MemberTimes::Spine { dataset: spine.dataset, table: SPINE_TABLE, column, within })
        }
        (_, _) => None,
    };
    let constrained = times.is_none() && time.range.is_some();
    let axis = if constrained { Some(builder.axis_column(bound)?) } else { None };
    builder.conditions.append(&mut builder.on_units);
    Ok(Members { base, tables: builder.tables, axis, times, conditions: builder.conditions, keys: builder.keys })
}
