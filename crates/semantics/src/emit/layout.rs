//! What the columns of a plan are called: keys as in the answer, measures as the metrics they were written in, and what
//! follows their names in each period.

use super::select::Names;
use crate::data_type::DataType;
use crate::plan::SemanticPlan;
use crate::query::resolved::ResolvedQuery;
use crate::query::row::Grouping;

/// The columns of facts and of what is made of them.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// Whether a row is the total, where there are groups too.
    pub(super) total: Option<String>,
    pub(super) keys: Vec<Key>,
    /// For people: `range`, `previous`.
    pub(super) periods: Vec<String>,
    /// How many rows were read in each period; none where nothing asks.
    pub(super) rows: Vec<String>,
    /// By fact, measure and period.
    measures: Vec<Vec<Vec<String>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) data_type: DataType,
}

impl Layout {
    pub(super) fn of(query: &ResolvedQuery, plan: &SemanticPlan) -> Layout {
        let mut names = Names::default();
        let has_both = plan.grouping == Grouping::GroupsAndTotal;
        let total = has_both.then(|| names.fresh("__total"));
        let keys = plan.keys.iter().map(|key| Key { name: names.fresh(&key.name), data_type: key.data_type }).collect();
        let periods: Vec<String> = (0..plan.periods.len()).map(|period| period_name(query, period)).collect();
        let suffix = |period: usize| if period == 0 { String::new() } else { format!("__{}", periods[period]) };
        let is_compared = !query.time.changes.is_empty() && plan.grouping != Grouping::Total;
        let rows = if is_compared { 0..periods.len() } else { 0..0 };
        let rows = rows.map(|period| names.fresh(&format!("__rows{}", suffix(period)))).collect();
        let mut measures = Vec::with_capacity(plan.root.input.inputs.len());
        for fact in &plan.root.input.inputs {
            let mut of_fact = Vec::with_capacity(fact.measures.len());
            for measure in &fact.measures {
                let named =
                    (0..periods.len()).map(|period| names.fresh(&format!("{}{}", measure.name, suffix(period))));
                of_fact.push(named.collect());
            }
            measures.push(of_fact);
        }
        Layout { total, keys, periods, rows, measures }
    }

    pub(super) fn measure(&self, fact: usize, measure: usize, period: usize) -> &str {
        &self.measures[fact][measure][period]
    }
}

/// What a period is for.
fn period_name(query: &ResolvedQuery, period: usize) -> String {
    if period == 0 {
        return "range".to_string();
    }
    for sides in query.time.changes.iter().filter_map(|change| change.sides.as_ref()) {
        if sides.current == period {
            return "elapsed".to_string();
        }
        if sides.windows == [period] {
            return "previous".to_string();
        }
        if sides.together == period {
            return "previous".to_string();
        }
        if let Some(window) = sides.windows.iter().position(|window| *window == period) {
            return format!("previous_{}", window + 1);
        }
    }
    format!("period_{period}")
}
