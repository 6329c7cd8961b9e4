//! Several groupings at once: one pass by grouping sets or, where rows stand otherwise in each grouping, a pass each.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{
    Expr, GroupingSet, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, cast, ident, lit, not, when,
};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{
    Aggregate, Balance, CombineAggregates, ComputeMetrics, Grouping, KeySource, Measure, SemanticPlan,
};

use super::fact::{self, Fact, GROUPING_ID, key_column, measure_column, rows_column};
use super::typed::arrow_type;
use super::{LowerError, Tables};

/// Which grouping a row is of, by position.
pub(super) const SET: &str = "__set";

/// Whether grouping sets give what each grouping alone would: not so where rows are repeated or chosen by their
/// group, or are put beside units of time.
pub(super) fn is_one_pass(of: &Aggregate) -> bool {
    of.spine().is_none()
        && of.level.is_none()
        && of.padding.is_none()
        && !of.repeats_rows()
        && of.measures.iter().all(|measure| measure.balance.is_none())
}

/// The groupings that a fact has all keys of.
fn sets_of<'a>(plan: &'a SemanticPlan, of: &'a Aggregate) -> impl Iterator<Item = (usize, &'a Vec<usize>)> {
    let has_all = |set: &[usize]| set.iter().all(|key| of.keys[*key] != KeySource::Absent);
    plan.sets.iter().enumerate().filter(move |(_, set)| has_all(set))
}

/// The keys that some grouping of a fact has, in the order first used: that of the bits of a grouping id.
fn keys_in_order(plan: &SemanticPlan, of: &Aggregate) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::new();
    for key in sets_of(plan, of).flat_map(|(_, set)| set) {
        if !order.contains(key) {
            order.push(*key);
        }
    }
    order
}

/// What rows are grouped by, and whether a group is the total over no keys.
pub(super) fn groups(plan: &SemanticPlan, of: &Aggregate) -> (Vec<Expr>, Expr) {
    let order = keys_in_order(plan, of);
    if order.is_empty() {
        return (Vec::new(), lit(true));
    }
    let sets = sets_of(plan, of).map(|(_, set)| set.iter().map(|key| ident(key_column(*key))).collect());
    let groups = vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets.collect()))];
    (groups, grouping_id().eq(lit(id_of(&[], &order))))
}

/// Which grouping a row is of, and every key; null where the fact or the grouping has it not.
pub(super) fn columns(plan: &SemanticPlan, of: &Aggregate) -> Result<Vec<Expr>, LowerError> {
    let order = keys_in_order(plan, of);
    let mut set_of_row = lit(0_i64);
    for (position, set) in sets_of(plan, of).filter(|(_, set)| !set.is_empty()) {
        let is_of = grouping_id().eq(lit(id_of(set, &order)));
        set_of_row = when(is_of, lit(number(position))).otherwise(set_of_row)?;
    }
    let mut columns = vec![set_of_row.alias(SET)];
    for (position, key) in plan.keys.iter().enumerate() {
        let name = key_column(position);
        let absent = lit(ScalarValue::try_from(&arrow_type(key.data_type))?);
        columns.push(match order.iter().position(|known| *known == position) {
            // The engine takes a key that a filter holds to one value for that value in every grouping, also where the
            // grouping makes it null, and then aggregates the groups above as if they came in its order.
            Some(at) => {
                let bit = lit(1_u64 << (order.len() - 1 - at));
                let is_null = binary_expr(grouping_id(), Operator::BitwiseAnd, bit).not_eq(lit(0_u64));
                when(is_null, lit(ScalarValue::Null)).otherwise(ident(&name))?.alias(name)
            }
            None => absent.alias(name),
        });
    }
    Ok(columns)
}

fn grouping_id() -> Expr {
    cast(ident(GROUPING_ID), DataType::UInt64)
}

/// The id that the engine gives a grouping: a bit for each key, the first the highest, set where the key is not in it.
fn id_of(set: &[usize], order: &[usize]) -> u64 {
    order.iter().fold(0, |id, key| (id << 1) | u64::from(!set.contains(key)))
}

fn number(position: usize) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A pass a grouping, put under each other.
pub(super) fn apart(plan: &SemanticPlan, fact: usize, of: &Aggregate, tables: &Tables) -> Result<Fact, LowerError> {
    let mut parts: Vec<LogicalPlan> = Vec::new();
    let mut finishes = Vec::new();
    for (position, set) in sets_of(plan, of) {
        let (sub_plan, sub_of) = alone(plan, of, set);
        let lowered = fact::pass(&sub_plan, fact, &sub_of, tables)?;
        finishes = lowered.finishes;
        parts.push(widened(plan, fact, of, (position, set), lowered.plan)?);
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
