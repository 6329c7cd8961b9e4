//! Several facts side by side: their rows, padded with nulls to the same columns, are put under each other and grouped
//! again on the keys. Grouping takes nulls as equal, so the facts align where a join would lose rows.

use super::dialect::{Dialect, refused};
use super::fact;
use super::layout::Layout;
use super::piece::{Sql, Typed};
use super::select::{Select, Writer};
use crate::catalog::Catalog;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::plan::{Grouping, SemanticPlan};

/// Writes every fact and what aligns them; gives the name of rows with the columns of all.
pub(super) fn write(
    writer: &mut Writer,
    plan: &SemanticPlan,
    catalog: &Catalog,
    layout: &Layout,
) -> Result<String, Diagnostic> {
    let dialect = writer.dialect;
    let input = &plan.root.input;
    if !input.of_groups.is_empty() {
        return Err(refused("values of finer groups as one", dialect));
    }
    if input.members.is_some() {
        return Err(refused("a list of members, `include_empty` or dimensions without metrics,", dialect));
    }
    let facts = (0..input.inputs.len()).map(|fact| fact::write(writer, plan, catalog, layout, fact));
    let facts = facts.collect::<Result<Vec<_>, _>>()?.into_iter().enumerate();
    let (apart, facts): (Vec<_>, Vec<_>) = facts.partition(|(fact, _)| input.inputs[*fact].level.is_some());
    let mut combined = aligned(writer, plan, layout, &facts)?;
    let mut there: Vec<usize> = facts.into_iter().map(|(fact, _)| fact).collect();
    for (fact, rows) in apart {
        combined = beside(writer, plan, layout, (&combined, &there), (fact, &rows))?;
        there.push(fact);
    }
    Ok(combined)
}

/// Facts of all keys, one row a group and one for the total.
fn aligned(
    writer: &mut Writer,
    plan: &SemanticPlan,
    layout: &Layout,
    facts: &[(usize, String)],
) -> Result<String, Diagnostic> {
    let dialect = writer.dialect;
    match facts {
        [] => return Err(refused("measures at fewer groups than the question's alone", dialect)),
        [(_, only)] => return Ok(only.clone()),
        _ => {}
    }
    let all: Vec<usize> = facts.iter().map(|(fact, _)| *fact).collect();
    let parts = facts.iter().map(|(fact, rows)| padded(dialect, plan, layout, &all, (*fact, rows))).collect();
    let together = writer.named("all_measures", parts)?;
    let mut select = Select::from(&together);
    let mut groups: Vec<String> = Vec::new();
    if plan.grouping != Grouping::Total {
        for name in layout.total.iter().chain(layout.keys.iter().map(|key| &key.name)) {
            select.column(dialect.name(name), name);
            groups.push(dialect.identifier(name));
        }
        select.group = Some(groups.join(", "));
    }
    for name in &layout.rows {
        select.column(Sql::call("SUM", &[&dialect.name(name)]), name);
    }
    for (name, data_type) in measures(plan, layout, &all) {
        select.column(most(dialect, &Typed::new(dialect.name(name), data_type))?, name);
    }
    writer.named("measures", vec![select])
}

/// The columns of some facts' measures.
fn measures<'a>(
    plan: &'a SemanticPlan,
    layout: &'a Layout,
    facts: &'a [usize],
) -> impl Iterator<Item = (&'a str, DataType)> {
    facts.iter().flat_map(move |fact| {
        let of = &plan.root.input.inputs[*fact];
        of.measures.iter().enumerate().flat_map(move |(measure, of)| {
            (0..layout.periods.len()).map(move |period| (layout.measure(*fact, measure, period), of.data_type))
        })
    })
}

/// The values of a fact of fewer keys beside every row that has the same of these; the total beside the total.
fn beside(
    writer: &mut Writer,
    plan: &SemanticPlan,
    layout: &Layout,
    (combined, there): (&str, &[usize]),
    (fact, rows): (usize, &str),
) -> Result<String, Diagnostic> {
    let dialect = writer.dialect;
    let column = |table: &str, name: &str| Sql::atom(format!("{table}.{}", dialect.identifier(name)));
    let (near, far) = (dialect.identifier("m"), dialect.identifier("f"));
    let kept = plan.root.input.inputs[fact].level.clone().unwrap_or_default();
    let total = layout.total.iter().filter(|_| !kept.is_empty());
    let on = total.chain(kept.iter().map(|key| &layout.keys[*key].name));
    let on = on.map(|name| Sql::compare("IS NOT DISTINCT FROM", &column(&near, name), &column(&far, name)));
    let on = Sql::all(on).unwrap_or_else(|| Sql::atom("TRUE"));
    let mut select = Select::from(&format!("{combined} AS {near}"));
    select.from.push(format!("LEFT JOIN {rows} AS {far} ON {}", on.text()));
    let keys = layout.keys.iter().map(|key| &key.name).filter(|_| plan.grouping != Grouping::Total);
    for name in layout.total.iter().chain(keys).chain(&layout.rows) {
        select.column(column(&near, name), name);
    }
    for (name, _) in measures(plan, layout, there) {
        select.column(column(&near, name), name);
    }
    for (name, _) in measures(plan, layout, &[fact]) {
        select.column(column(&far, name), name);
    }
    writer.named("measures", vec![select])
}

/// The one value that is known.
pub(super) fn most(dialect: Dialect, of: &Typed) -> Result<Sql, Diagnostic> {
    if of.data_type == DataType::Boolean {
        return Err(refused("a metric that is a boolean, beside others,", dialect));
    }
    Ok(Sql::call("MAX", &[&dialect.by_bytes(of)]))
}

/// A fact's rows with nulls for the measures of the others.
fn padded(
    dialect: Dialect,
    plan: &SemanticPlan,
    layout: &Layout,
    all: &[usize],
    (fact, rows): (usize, &str),
) -> Select {
    let mut select = Select::from(rows);
    let keys = layout.keys.iter().map(|key| &key.name).filter(|_| plan.grouping != Grouping::Total);
    for name in layout.total.iter().chain(keys).chain(&layout.rows) {
        select.column(dialect.name(name), name);
    }
    for other in all {
        for (name, data_type) in measures(plan, layout, &[*other]) {
            let value = if *other == fact { dialect.name(name) } else { dialect.null(data_type) };
            select.column(value, name);
        }
    }
    select
}
