//! A question as SQL of a warehouse: one named SELECT for each step of the semantic plan.
//!
//! Written from the semantic plan, so that it reads like it: the rows of each fact, their measures, what aligns several
//! facts, the answer's columns, and the order. Dates, time zones and weeks are written out by us where dialects do not
//! agree. What cannot be written in a dialect is refused by name; nothing is written that means something else.
//!
//! Where the question has groups and totals, the first row is the total: its column `__total` is true.

mod aggregate;
mod answer;
mod clock;
mod combine;
mod compare;
mod date;
mod dialect;
mod expression;
mod fact;
mod function;
mod grouped;
mod layout;
mod marks;
mod metrics;
mod piece;
mod rows;
mod select;
mod spine;

use crate::catalog::Catalog;
use crate::diagnostic::Diagnostic;
use crate::plan::SemanticPlan;
use crate::query::request::Dialect;
use crate::query::resolved::ResolvedQuery;

/// The statement that answers `query`, of which `plan` is the plan, in a dialect. Tables are called as datasets declare
/// them (`table:`), else by the datasets' names.
pub fn sql(
    query: &ResolvedQuery,
    plan: &SemanticPlan,
    catalog: &Catalog,
    dialect: Dialect,
) -> Result<String, Diagnostic> {
    let tables = catalog.datasets().iter().map(|dataset| rows::table_name(catalog, dataset.id));
    let mut writer = select::Writer::new(dialect, tables);
    let layout = layout::Layout::of(query, plan);
    let measures = combine::write(&mut writer, plan, catalog, &layout)?;
    let last = answer::write(&mut writer, query, plan, &layout, &measures)?;
    writer.statement(&last)
}

#[cfg(test)]
mod tests;
