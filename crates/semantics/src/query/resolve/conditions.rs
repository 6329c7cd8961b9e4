//! Conditions of a request on the rows of every fact, and names that must mean one thing to all of them.

use super::super::field::{Field, FieldOf};
use super::super::request::{FilterItem, MetricsRequest};
use super::super::resolved::Attached;
use super::super::row::{On, RowExpr, RowRef, Table, TimeColumn};
use super::leaf::Filter;
use super::rows::FactBuilder;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::DatasetId;
use crate::catalog::locate::Identity;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Kind, Name};
use crate::model::Naming;

/// Puts the request's conditions on every fact; each must see every dimension in them, and all
/// facts the same one.
pub(super) fn conditions(
    bound: &BoundCatalog,
    facts: &mut [FactBuilder],
    request: &MetricsRequest,
    found: &mut Diagnostics,
) {
    for item in request.where_.iter().filter(|w| w.metric.is_none()) {
        let before = found.0.len();
        if let Some(refused) = aggregate_in_where(bound, item) {
            found.push(refused);
            continue;
        }
        let condition = match agreed_names(bound, facts, &item.condition) {
            Ok(condition) => condition,
            Err(refused) => {
                found.push(of_request(refused, &item.field));
                continue;
            }
        };
        let filter = Filter { expr: condition, field: Some(item.field.clone()) };
        for fact in facts.iter_mut() {
            match fact.condition(bound, &filter) {
                Ok(condition) if is_of_units(&condition, &fact.tables) => fact.on_units.push(condition),
                Ok(condition) => fact.conditions.push(condition),
                Err(refused) => {
                    found.push(of_request(refused, &item.field));
                    break;
                }
            }
        }
        if found.0.len() == before {
            for name in filter.expr.refs() {
                if let Err(refused) = conformed(bound, facts, name.value) {
                    found.push(of_request(refused, &item.field));
                }
            }
        }
    }
}

/// Whether a condition speaks of the units of a time spine, or of what is found by them.
pub(super) fn is_of_units(condition: &RowExpr, tables: &[Attached]) -> bool {
    let by_unit = |table: Table| {
        let found = tables.iter().filter(|attached| attached.table == table).flat_map(|attached| &attached.on);
        table == Table::SPINE || found.flat_map(On::columns).any(|column| column.table == Table::SPINE)
    };
    let of_units = |time: &TimeColumn| time.expr.refs().iter().any(|column| by_unit(column.value.table));
    condition.refs().iter().any(|reference| match reference.value {
        RowRef::Column(column) => by_unit(column.table),
        RowRef::LocalTime(time) | RowRef::Bucket { time, .. } => of_units(time),
        RowRef::Metric { .. } | RowRef::Event { .. } => false,
    })
}

fn conformed(bound: &BoundCatalog, facts: &mut [FactBuilder], name: &Name) -> Result<(), Diagnostic> {
    let field = Field::parse(&bound.catalog, &name.dotted())?;
    if matches!(field.of, FieldOf::Metric(_)) {
        return Ok(());
    }
    let identities: Vec<(DatasetId, Option<Identity>)> = facts
        .iter_mut()
        .map(|fact| Ok((fact.dataset, fact.field(bound, &field)?.2)))
        .collect::<Result<_, Diagnostic>>()?;
    require_one(bound, &field, &identities)
}

fn agreed_names(bound: &BoundCatalog, facts: &[FactBuilder], expr: &Expr<Name>) -> Result<Expr<Name>, Diagnostic> {
    if bound.catalog.naming == Naming::Dotted {
        return Ok(expr.clone());
    }
    expr.try_substitute(&mut |name: &Name, span| {
        let field = Field::parse(&bound.catalog, &name.dotted()).map_err(|d| d.at(span))?;
        let agreed = agreed(bound, facts, &field).map_err(|d| d.at(span))?;
        let parts = vec![agreed.column(&bound.catalog)];
        Ok(Expr::new(Kind::Ref(Name { parts }), span))
    })
}

/// The field under the full path that all facts know it by: of several, the shortest.
pub(super) fn agreed(bound: &BoundCatalog, facts: &[FactBuilder], field: &Field) -> Result<Field, Diagnostic> {
    let FieldOf::Dimension { path, name } = &field.of else {
        return Ok(field.clone());
    };
    let (catalog, Some(first)) = (&bound.catalog, facts.first()) else {
        return Ok(field.clone());
    };
    if catalog.naming == Naming::Dotted {
        return Ok(field.clone());
    }
    let mut common = catalog.entity_paths(first.dataset, path, name);
    for fact in facts {
        let here = catalog.entity_paths(fact.dataset, path, name);
        if here.is_empty() {
            catalog.locate(fact.dataset, path, name)?;
        }
        common.retain(|words| here.contains(words));
    }
    let shortest = common.iter().map(Vec::len).min();
    let mut ways: Vec<Vec<String>> = common.into_iter().filter(|words| Some(words.len()) == shortest).collect();
    match (ways.pop(), ways.is_empty()) {
        (Some(mut words), true) => {
            let name = words.pop().unwrap_or_default();
            Ok(Field { of: FieldOf::Dimension { path: words, name }, grain: field.grain })
        }
        (Some(last), false) => {
            let ways: Vec<String> = ways.into_iter().chain([last]).map(|words| words.join("__")).collect();
            Err(catalog.several_entity_paths(&field.base(catalog), &ways))
        }
        (None, _) => {
            let asked = field.base(catalog);
            Err(Diagnostic::new(
                Code::DimensionNotConformed,
                format!("no path of entities to `{asked}` is the same for all of the metrics"),
            )
            .help("ask the metrics apart, or write the whole path"))
        }
    }
}

/// Refuses a field that means different dimensions to different facts.
pub(super) fn require_one(
    bound: &BoundCatalog,
    field: &Field,
    identities: &[(DatasetId, Option<Identity>)],
) -> Result<(), Diagnostic> {
    let Some((first, identity)) = identities.first() else {
        return Ok(());
    };
    let Some((other, _)) = identities.iter().find(|(_, i)| i != identity) else {
        return Ok(());
    };
    let name = |id: &DatasetId| bound.catalog.dataset(*id).name.clone();
    let (a, b, dimension) = (name(first), name(other), field.base(&bound.catalog));
    let bare = dimension.rsplit('.').next().unwrap_or(&dimension).to_string();
    Err(Diagnostic::new(
        Code::DimensionNotConformed,
        format!("`{dimension}` of `{a}` and of `{b}` are different dimensions"),
    )
    .help(format!("declare them to be one in the model: dimensions: [{{name: {bare}, of: [{a}.{bare}, {b}.{bare}]}}]")))
}

fn aggregate_in_where(bound: &BoundCatalog, item: &FilterItem) -> Option<Diagnostic> {
    let names = bound.catalog.dimension_names();
    let is_entity = |name: &str| bound.catalog.dimensions().iter().any(|d| d.is_entity && d.name == name);
    let metric = item.condition.refs().into_iter().find(|name| {
        let dotted = name.value.dotted();
        !names.contains(&dotted.as_str()) && !is_entity(&dotted) && bound.catalog.metric_named(&dotted).is_some()
    })?;
    let name = metric.value.dotted();
    Some(
        Diagnostic::new(Code::AggregateInWhere, format!("`{name}` is a metric; `where` holds conditions on rows"))
            .field(item.field.clone())
            .received(item.condition.to_string())
            .help(format!("put it in `having`: `{}`", item.condition)),
    )
}

/// A finding in the text of an argument: named by the argument, not by a place in the model.
pub(super) fn of_request(diagnostic: Diagnostic, field: &str) -> Diagnostic {
    Diagnostic { span: None, ..diagnostic }.field(field)
}

/// A condition in canonical form.
pub(super) fn canonical(item: &FilterItem) -> String {
    let text = item.condition.to_string();
    match &item.metric {
        Some(metric) => format!("{metric}: {text}"),
        None => text,
    }
}
