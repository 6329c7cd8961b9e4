//! The groups of an answer: those in which an asked metric has a row, and the units of time that are listed.

use super::cell::leaves;
use super::context::{Context, is_same_key};
use super::expr::Expr;
use super::leaf::{Leaf, Part, counted, lies_in, range, read, units, whole};
use super::lookup::{self, Bucket};
use super::question::Window;
use super::value::Value;
use super::window;
use super::world::Pick;

/// The keys of all groups in which an asked metric has a row, or a listed unit of time.
pub fn keys(context: &Context, metric: usize, window: Option<Window>) -> Vec<Vec<Value>> {
    let mut found: Vec<Vec<Value>> = Vec::new();
    for leaf in leaves(context, metric) {
        let of_rows = keys_of_rows(context, &leaf, window);
        let listed = if leaf.metric.listed { listed(context, &leaf, window, &of_rows) } else { vec![] };
        for key in of_rows.into_iter().chain(listed) {
            if !found.iter().any(|f| is_same_key(f, &key)) {
                found.push(key);
            }
        }
    }
    found
}

fn keys_of_rows(context: &Context, leaf: &Leaf, window: Option<Window>) -> Vec<Vec<Value>> {
    let seen = leaf.seen(context);
    if leaf.steps.is_empty() {
        let inside = seen.iter().filter(|s| window.is_none_or(|w| lies_in(s, w))).collect();
        return counted(context, leaf, inside, true).into_iter().map(|(seen, _)| seen.keys.clone()).collect();
    }
    let Some(range) = range(context, leaf, window, true) else { return vec![] };
    let mut found = Vec::new();
    for (unit, part) in units_shown(context, leaf, range, &leaf.own_time(context)) {
        for (seen, _) in counted(context, leaf, read(context, leaf, &seen, part), true) {
            let key = seen.keys.iter().zip(&unit).map(|(own, unit)| unit.clone().unwrap_or(own.clone()));
            found.push(key.collect());
        }
    }
    found
}

/// The units whose values may be shown, with the values of those groups that they stand for.
fn units_shown(
    context: &Context,
    leaf: &Leaf,
    range: Window,
    own: &[Option<Bucket>],
) -> Vec<(Vec<Option<Value>>, Part)> {
    if own.iter().all(Option::is_none) {
        return whole(context, leaf, range).into_iter().map(|part| (vec![None; own.len()], part)).collect();
    }
    let at_start = window::is_at_start(&leaf.steps);
    let mut found: Vec<(Vec<Option<Value>>, Part)> = Vec::new();
    for part in units(context, leaf, range) {
        let values: Vec<Option<Value>> =
            own.iter().map(|b| b.as_ref().zip(part.unit).map(|(b, day)| b.value(context.world, day))).collect();
        let known = found.iter().rposition(|(known, _)| *known == values);
        match known {
            // Of what is read at the start of a period the first unit counts.
            Some(_) if at_start => {}
            // Only the last unit of a period is shown.
            Some(known) if window::pick(&leaf.steps) == Some(Pick::Last) => found[known].1 = part,
            _ => found.push((values, part)),
        }
    }
    found
}

/// The units of time that no row of the leaf is in, null in every other group; none under a
/// condition on another group.
fn listed(context: &Context, leaf: &Leaf, window: Option<Window>, of_rows: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let (world, dataset) = (context.world, leaf.dataset());
    let own = context.own_time(dataset);
    let others = || (0..own.len()).filter(|i| own[*i].is_none() && !context.groups[*i].contains("__"));
    let restricts = |name: &str| others().any(|i| lookup::is_over_same(world, dataset, name, &context.groups[i]));
    let is_of_time = |name: &str| context.is_own_time(name, dataset);
    let (of_time, of_rows_alone): (Vec<&Expr>, Vec<&Expr>) =
        leaf.conditions.iter().flat_map(|c| c.conjuncts()).partition(|c| c.names().into_iter().all(is_of_time));
    if own.iter().all(Option::is_none) || of_rows_alone.iter().any(|c| c.names().into_iter().any(restricts)) {
        return vec![];
    }
    let Some(range) = range(context, leaf, window, false) else { return vec![] };
    let any = super::follow::Row::new(dataset, 0);
    let mut found: Vec<Vec<Value>> = Vec::new();
    for date in range.first.iter_days().take_while(|date| *date <= range.last) {
        if !of_time.iter().all(|c| context.is_true(c, any, Some(Some(date)))) {
            continue;
        }
        let key: Vec<Value> = own.iter().map(|b| b.as_ref().map_or(Value::Null, |b| b.value(world, date))).collect();
        let is_of_unit = |row: &Vec<Value>| (0..own.len()).all(|i| own[i].is_none() || row[i].is_same_member(&key[i]));
        if !of_rows.iter().any(is_of_unit) && !found.iter().any(|f| is_same_key(f, &key)) {
            found.push(key);
        }
    }
    found
}
