//! Several groupings at once: one pass over rows that stand there once for each or, where rows stand otherwise in each grouping, a pass each.

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ident, lit, not, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{
    Aggregate, Balance, CombineAggregates, ComputeMetrics, Grouping, KeySource, Measure, SemanticPlan,
};

use super::fact::{self, Fact, key_column, measure_column, rows_column};
use super::typed::arrow_type;
use super::{LowerError, Tables};

/// Which grouping a row is of, by position.
pub(super) const SET: &str = "__set";

/// Whether one pass gives what each grouping alone would: not so where rows are repeated or chosen by their group, or
/// are put beside units of time.
pub(super) fn is_one_pass(of: &Aggregate) -> bool {
    of.spine().is_none()
        && of.level.is_none()
        && of.padding.is_none()
        && !of.repeats_rows()
        && of.measures.iter().all(|measure| measure.balance.is_none())
}

/// The groupings that a fact has all keys of, with their positions.
pub(super) fn sets_of(plan: &SemanticPlan, of: &Aggregate) -> Vec<(usize, Vec<usize>)> {
    let has_all = |set: &[usize]| set.iter().all(|key| of.keys[*key] != KeySource::Absent);
    plan.sets.iter().cloned().enumerate().filter(|(_, set)| has_all(set)).collect()
}

/// The total, and the groups of some keys.
pub(super) fn total_and(keys: Vec<usize>) -> Vec<(usize, Vec<usize>)> {
    vec![(0, Vec::new()), (1, keys)]
}

/// The same rows once for each grouping, with [`SET`], and with null for the keys that the grouping has not.
///
/// The engine's own grouping sets would read the rows once, too. But a key that a condition holds to one value counts
/// as that value in each of its grouping sets, also where it is null, and groups are then given out before all their
/// rows are seen (55.2).
pub(super) fn once_each(rows: LogicalPlan, sets: &[(usize, Vec<usize>)]) -> Result<LogicalPlan, LowerError> {
    let positions = sets.iter().map(|(position, _)| vec![lit(number(*position))]).collect();
    let positions = LogicalPlanBuilder::values(positions)?.project(vec![ident("column1").alias(SET)])?;
    let keys = keys_in(sets);
    let names: Vec<String> = keys.iter().map(|key| key_column(*key)).collect();
    let others = rows.schema().columns().into_iter().filter(|column| !names.contains(&column.name));
    let mut columns: Vec<Expr> = others.map(Expr::Column).collect();
    columns.push(ident(SET));
    for (key, name) in keys.iter().zip(&names) {
        let with: Vec<Expr> =
            sets.iter().filter(|(_, set)| set.contains(key)).map(|(position, _)| lit(number(*position))).collect();
        columns.push(when(ident(SET).in_list(with, false), ident(name)).end()?.alias(name));
    }
    Ok(positions.cross_join(rows)?.project(columns)?.build()?)
}

/// The keys that some grouping has, in the order first used.
fn keys_in(sets: &[(usize, Vec<usize>)]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    for key in sets.iter().flat_map(|(_, set)| set) {
        if !order.contains(key) {
            order.push(*key);
        }
    }
    order
}

/// What rows are grouped by beside [`SET`].
pub(super) fn keys(plan: &SemanticPlan, of: &Aggregate) -> Vec<Expr> {
    keys_in(&sets_of(plan, of)).into_iter().map(|key| ident(key_column(key))).collect()
}

/// Which grouping a row is of, and every key; null where the fact or the grouping has it not.
pub(super) fn columns(plan: &SemanticPlan, of: &Aggregate) -> Result<Vec<Expr>, LowerError> {
    let there = keys_in(&sets_of(plan, of));
    let mut columns = vec![ident(SET)];
    for (position, key) in plan.keys.iter().enumerate() {
        let name = key_column(position);
        columns.push(match there.contains(&position) {
            true => ident(name),
            false => lit(ScalarValue::try_from(&arrow_type(key.data_type))?).alias(name),
        });
    }
    Ok(columns)
}

fn number(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A pass a grouping, put under each other.
pub(super) fn apart(plan: &SemanticPlan, fact: usize, of: &Aggregate, tables: &Tables) -> Result<Fact, LowerError> {
    let mut parts: Vec<LogicalPlan> = Vec::new();
    let mut finishes = Vec::new();
    for (position, set) in &sets_of(plan, of) {
        let (sub_plan, sub_of) = alone(plan, of, set);
        let lowered = fact::pass(&sub_plan, fact, &sub_of, tables)?;
        finishes = lowered.finishes;
        parts.push(widened(plan, fact, of, (*position, set), lowered.plan)?);
    }
    let mut parts = parts.into_iter();
    let first = parts.next().ok_or(LowerError::Unbound("a grouping"))?;
    let together = parts.try_fold(LogicalPlanBuilder::from(first), LogicalPlanBuilder::union)?;
    Ok(Fact { plan: together.build()?, finishes })
}

/// A fact with the keys of one grouping.
fn alone(plan: &SemanticPlan, of: &Aggregate, set: &[usize]) -> (SemanticPlan, Aggregate) {
    let place = |key: &usize| set.iter().position(|kept| kept == key);
    let balance = |of: &Balance| Balance { buckets: of.buckets.iter().filter_map(place).collect(), ..of.clone() };
    let measures = of.measures.iter().map(|of| Measure { balance: of.balance.as_ref().map(balance), ..of.clone() });
    let level = of.level.as_ref().map(|level| {
        let mut kept: Vec<usize> = level.iter().filter_map(place).collect();
        kept.sort_unstable();
        kept
    });
    let aggregate = Aggregate {
        input: of.input.clone(),
        keys: set.iter().map(|key| of.keys[*key].clone()).collect(),
        measures: measures.collect(),
        pick: of.pick,
        level,
        padding: None,
    };
    let nothing = CombineAggregates { inputs: Vec::new(), of_groups: Vec::new(), members: None };
    let plan = SemanticPlan {
        root: ComputeMetrics { input: nothing, computations: Vec::new() },
        periods: plan.periods.clone(),
        keys: set.iter().map(|key| plan.keys[*key].clone()).collect(),
        grouping: if set.is_empty() { Grouping::Total } else { Grouping::Groups },
        sets: Vec::new(),
        calendar: plan.calendar,
    };
    (plan, aggregate)
}

/// The rows of one grouping with the columns of all.
fn widened(
    plan: &SemanticPlan,
    fact: usize,
    of: &Aggregate,
    (position, set): (usize, &Vec<usize>),
    rows: LogicalPlan,
) -> Result<LogicalPlan, LowerError> {
    // Rows beside units of time stand there once more for the total.
    let is_total = ident("__total");
    let rows = match (of.spine().is_some(), set.is_empty()) {
        (false, _) => rows,
        (true, true) => LogicalPlanBuilder::from(rows).filter(is_total)?.build()?,
        (true, false) => LogicalPlanBuilder::from(rows).filter(not(is_total))?.build()?,
    };
    let mut columns = vec![lit(set.is_empty()).alias("__total"), lit(number(position)).alias(SET)];
    for (key, of_plan) in plan.keys.iter().enumerate() {
        let name = key_column(key);
        let is_kept = of.level.as_ref().is_none_or(|level| level.contains(&key));
        columns.push(match set.iter().position(|kept| *kept == key).filter(|_| is_kept) {
            Some(at) => ident(key_column(at)).alias(name),
            None => lit(ScalarValue::try_from(&arrow_type(of_plan.data_type))?).alias(name),
        });
    }
    columns.extend((0..plan.periods.len()).map(|period| ident(rows_column(period))));
    for measure in 0..of.measures.len() {
        columns.extend((0..plan.periods.len()).map(|period| ident(measure_column(fact, measure, period))));
    }
    Ok(LogicalPlanBuilder::from(rows).project(columns)?.build()?)
}
