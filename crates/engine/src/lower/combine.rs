//! Several facts side by side: their aggregates, padded with nulls to the same columns, are put
//! under each other and grouped again on the keys. Grouping takes nulls as equal, so the facts
//! align where a join would lose rows.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::{max, sum};
use datafusion::logical_expr::{
    Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, cast, ident, lit, when,
};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{Aggregate, Grouping, SemanticPlan};

use super::LowerError;
use super::aggregate::Finish;
use super::fact::{Fact, kept_keys, key_column, measure_column, rows_column};
use super::sets::SET;
use super::typed::arrow_type;

/// One plan with the columns of all facts, one row a group and one for the total.
pub(super) fn combine(
    plan: &SemanticPlan,
    facts: Vec<Fact>,
    members: Option<LogicalPlan>,
) -> Result<LogicalPlan, LowerError> {
    if facts.is_empty() {
        return members.ok_or(LowerError::Unbound("a fact"));
    }
    let inputs = &plan.root.input.inputs;
    let (apart, facts): (Vec<_>, Vec<_>) =
        facts.into_iter().enumerate().partition(|(fact, _)| inputs[*fact].level.is_some());
    let combined = aligned(plan, facts, members)?;
    apart
        .into_iter()
        .try_fold(combined, |combined, (fact, of)| beside(combined, fact, &inputs[fact], plan.grouping, of))
}

/// The values of a fact at a level of fewer keys, beside every row that has the same of these; the total
/// beside the total.
fn beside(
    combined: LogicalPlan,
    fact: usize,
    of: &Aggregate,
    grouping: Grouping,
    values: Fact,
) -> Result<LogicalPlan, LowerError> {
    let far = |name: &str| format!("{name}_of_f{fact}");
    let first = if grouping == Grouping::Sets { SET } else { "__total" };
    let keys: Vec<String> = match kept_keys(of) {
        kept if kept.is_empty() && grouping != Grouping::Sets => Vec::new(),
        kept => std::iter::once(first.to_string()).chain(kept.into_iter().map(key_column)).collect(),
    };
    let mut columns: Vec<Expr> = keys.iter().map(|name| ident(name).alias(far(name))).collect();
    let prefix = format!("__f{fact}_");
    let measures = values.plan.schema().fields().iter().map(|field| field.name().clone());
    let measures: Vec<String> = measures.filter(|name| name.starts_with(&prefix)).collect();
    columns.extend(measures.iter().map(ident));
    let shown = |name: &String| -> Result<Expr, LowerError> {
        let data_type = values.plan.schema().field_with_unqualified_name(name)?.data_type();
        let of_measure = |measure: &usize| name.starts_with(&format!("{prefix}m{measure}_p"));
        let finish = (0..values.finishes.len()).find(of_measure).map(|measure| values.finishes[measure]);
        let nothing = finish.map(|finish| finish.of_nothing(data_type)).transpose()?;
        // A total over no rows may have no row.
        let is_total = if keys.is_empty() { lit(true) } else { ident("__total") };
        Ok(match nothing.filter(|nothing| !nothing.is_null() && grouping != Grouping::Sets) {
            Some(nothing) => {
                let or_nothing = coalesce(vec![ident(name), lit(nothing)]);
                when(is_total, or_nothing).otherwise(ident(name))?.alias(name)
            }
            None => ident(name),
        })
    };
    let measured = measures.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
    let values = LogicalPlanBuilder::from(values.plan).project(columns)?.build()?;
    let rows = combined.schema().columns().into_iter().map(Expr::Column);
    let shown: Vec<Expr> = rows.chain(measured).collect();
    let on: Vec<Expr> =
        keys.iter().map(|name| binary_expr(ident(name), Operator::IsNotDistinctFrom, ident(far(name)))).collect();
    let on = if on.is_empty() { vec![lit(true)] } else { on };
    Ok(LogicalPlanBuilder::from(combined).join_on(values, JoinType::Left, on)?.project(shown)?.build()?)
}

/// Facts of all keys, one row a group and one for the total.
fn aligned(
    plan: &SemanticPlan,
    facts: Vec<(usize, Fact)>,
    members: Option<LogicalPlan>,
) -> Result<LogicalPlan, LowerError> {
    // Grouping sets give no row for the total over no rows, so one is always put under the others.
    // Neither do windows of a time spine that no row stands in.
    let has_total_row = match plan.grouping {
        Grouping::GroupsAndTotal | Grouping::Sets => true,
        Grouping::Total => plan.root.input.inputs.iter().any(|of| of.spine().is_some()),
        Grouping::Groups => false,
    };
    if facts.len() == 1 && !has_total_row && members.is_none() {
        let only = facts.into_iter().next().ok_or(LowerError::Unbound("a fact"))?;
        return Ok(only.1.plan);
    }
    let columns = Columns::of(plan, &facts)?;
    let mut parts = facts.iter().map(|(fact, of)| columns.padded(*fact, &of.plan)).collect::<Result<Vec<_>, _>>()?;
    if let Some(members) = members {
        // They are of no fact, so that every measure is null.
        parts.push(columns.padded(usize::MAX, &members)?);
    }
    if has_total_row {
        parts.push(columns.total_of_nothing()?);
    }
    let mut parts = parts.into_iter();
    let first = parts.next().ok_or(LowerError::Unbound("a fact"))?;
    let mut union = LogicalPlanBuilder::from(first);
    for part in parts {
        union = union.union(part)?;
    }
    columns.regrouped(plan, union.build()?)
}

/// The columns that all parts have, with their types.
struct Columns {
    has_sets: bool,
    keys: Vec<DataType>,
    periods: usize,
    measures: Vec<MeasureColumn>,
}

struct MeasureColumn {
    name: String,
    fact: usize,
    finish: Finish,
    data_type: DataType,
}

impl Columns {
    fn of(plan: &SemanticPlan, facts: &[(usize, Fact)]) -> Result<Columns, LowerError> {
        let type_of = |fact: &Fact, name: &str| -> Result<DataType, LowerError> {
            Ok(fact.plan.schema().field_with_unqualified_name(name)?.data_type().clone())
        };
        let mut keys = Vec::with_capacity(plan.keys.len());
        for (position, key) in plan.keys.iter().enumerate() {
            let name = key_column(position);
            let types = facts.iter().map(|(_, fact)| type_of(fact, &name)).collect::<Result<Vec<_>, _>>()?;
            let alike = types.windows(2).all(|pair| pair[0] == pair[1]);
            let own = types.into_iter().next().filter(|_| alike);
            keys.push(own.unwrap_or_else(|| arrow_type(key.data_type)));
        }
        let mut measures = Vec::new();
        for (fact, of) in facts {
            for (measure, finish) in of.finishes.iter().enumerate() {
                for period in 0..plan.periods.len() {
                    let name = measure_column(*fact, measure, period);
                    let data_type = type_of(of, &name)?;
                    measures.push(MeasureColumn { name, fact: *fact, finish: *finish, data_type });
                }
            }
        }
        Ok(Columns { has_sets: plan.grouping == Grouping::Sets, keys, periods: plan.periods.len(), measures })
    }

    /// A fact's rows with nulls for the measures of the others.
    fn padded(&self, fact: usize, plan: &LogicalPlan) -> Result<LogicalPlan, LowerError> {
        let mut columns = vec![ident("__total")];
        columns.extend(self.has_sets.then(|| ident(SET)));
        for (position, data_type) in self.keys.iter().enumerate() {
            let name = key_column(position);
            columns.push(cast(ident(&name), data_type.clone()).alias(name));
        }
        columns.extend((0..self.periods).map(|period| ident(rows_column(period))));
        for of in &self.measures {
            columns.push(if of.fact == fact {
                ident(&of.name)
            } else {
                lit(ScalarValue::try_from(&of.data_type)?).alias(&of.name)
            });
        }
        Ok(LogicalPlanBuilder::from(plan.clone()).project(columns)?.build()?)
    }

    /// The total of facts without rows: counts are 0, all else null.
    fn total_of_nothing(&self) -> Result<LogicalPlan, LowerError> {
        let mut columns = vec![lit(true).alias("__total")];
        columns.extend(self.has_sets.then(|| lit(0_i64).alias(SET)));
        for (position, data_type) in self.keys.iter().enumerate() {
            columns.push(lit(ScalarValue::try_from(data_type)?).alias(key_column(position)));
        }
        columns.extend((0..self.periods).map(|period| lit(0_i64).alias(rows_column(period))));
        for of in &self.measures {
            let value = of.finish.of_nothing(&of.data_type)?;
            columns.push(lit(value).alias(&of.name));
        }
        Ok(LogicalPlanBuilder::empty(true).project(columns)?.build()?)
    }

    /// One row a group: each measure stands in at most one row of it, or beside what nothing gives.
    fn regrouped(&self, plan: &SemanticPlan, union: LogicalPlan) -> Result<LogicalPlan, LowerError> {
        let keys: Vec<Expr> = (0..self.keys.len()).map(|position| ident(key_column(position))).collect();
        let groups = match plan.grouping {
            Grouping::Total => vec![],
            Grouping::Groups | Grouping::GroupsAndTotal | Grouping::Sets => {
                let set = self.has_sets.then(|| ident(SET));
                std::iter::once(ident("__total")).chain(set).chain(keys.iter().cloned()).collect()
            }
        };
        let rows = (0..self.periods).map(rows_column);
        let mut functions: Vec<Expr> = rows.clone().map(|name| sum(ident(&name)).alias(name)).collect();
        functions.extend(self.measures.iter().map(|of| max(ident(&of.name)).alias(&of.name)));
        let is_total = if groups.is_empty() { lit(true).alias("__total") } else { ident("__total") };
        let mut columns = vec![is_total];
        columns.extend(self.has_sets.then(|| ident(SET)));
        columns.extend(keys);
        columns.extend(rows.map(ident));
        columns.extend(self.measures.iter().map(|of| ident(&of.name)));
        Ok(LogicalPlanBuilder::from(union).aggregate(groups, functions)?.project(columns)?.build()?)
    }
}
