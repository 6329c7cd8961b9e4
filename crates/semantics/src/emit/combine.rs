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
    let facts = facts.collect::<Result<Vec<_>, _>>()?;
    if let [only] = facts.as_slice() {
        return Ok(only.clone());
    }
    let parts = (0..facts.len()).map(|fact| padded(dialect, plan, layout, fact, &facts[fact])).collect();
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
    for (fact, of) in input.inputs.iter().enumerate() {
        for (measure, of) in of.measures.iter().enumerate() {
            for period in 0..layout.periods.len() {
                let name = layout.measure(fact, measure, period);
                let value = Typed::new(dialect.name(name), of.data_type);
                select.column(most(dialect, &value)?, name);
            }
        }
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
fn padded(dialect: Dialect, plan: &SemanticPlan, layout: &Layout, fact: usize, rows: &str) -> Select {
    let mut select = Select::from(rows);
    let keys = layout.keys.iter().map(|key| &key.name).filter(|_| plan.grouping != Grouping::Total);
    for name in layout.total.iter().chain(keys).chain(&layout.rows) {
        select.column(dialect.name(name), name);
    }
    for (position, of) in plan.root.input.inputs.iter().enumerate() {
        for (measure, of) in of.measures.iter().enumerate() {
            for period in 0..layout.periods.len() {
                let name = layout.measure(position, measure, period);
                let value = if position == fact { dialect.name(name) } else { dialect.null(of.data_type) };
                select.column(value, name);
            }
        }
    }
    select
}
