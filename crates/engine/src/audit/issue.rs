//! Days on which many measures of a dataset moved alike: the data itself may be incomplete or counted twice.

use chrono::{Duration, NaiveDate};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::query::audit::{Audit, Days, Reading};
use sextant_semantics::query::computation::{ComputationId, Formula};
use sextant_semantics::query::resolved::ResolvedQuery;
use sextant_semantics::significance::{IssueDay, baseline, data_issue, day_factors};

use super::history::Series;
use crate::answer::decode::Table;

/// A day whose data may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    pub dataset: DatasetId,
    pub date: NaiveDate,
    /// The days that were looked at.
    pub window: Days,
    /// How many measures moved alike on it, and how far.
    pub of: IssueDay,
}

/// The suspicious days of each dataset's base measures in the tested window, by date.
pub(super) fn issues(catalog: &Catalog, query: &ResolvedQuery, audit: &Audit, table: &Table) -> Vec<Issue> {
    let Some(daily) = &audit.daily else { return Vec::new() };
    let of_days = |reading: &Reading| matches!(reading, Reading::Daily { .. });
    let tested = audit.metrics.iter().filter(|judged| of_days(&judged.reading)).find_map(|judged| judged.tested);
    let Some(tested) = tested.filter(|tested| tested.is_adjacent) else { return Vec::new() };
    let from = tested.data_from.map_or(daily.first, |from| from.max(daily.first)).min(tested.current.first);
    let days = Days { first: from, last: tested.current.last };
    let mut datasets: Vec<DatasetId> = query.facts.iter().map(|fact| fact.dataset).collect();
    datasets.sort();
    datasets.dedup();
    let mut found = Vec::new();
    for dataset in datasets {
        let measures = base_measures(query, dataset, daily.period);
        let factors: Vec<Vec<Option<f64>>> = measures
            .into_iter()
            .map(|id| {
                let series = Series::read(table, daily.period, (id, None), days);
                let series = series.all();
                day_factors(&series, &baseline(&series, tested.current.count()))
            })
            .collect();
        for day in data_issue(&factors) {
            let date = tested.current.first + Duration::days(i64::try_from(day.day).unwrap_or(0));
            found.push(Issue { dataset, date, window: tested.current, of: day });
        }
    }
    found.sort_by(|a, b| {
        let name = |issue: &Issue| catalog.dataset(issue.dataset).name.clone();
        a.date.cmp(&b.date).then_with(|| name(a).cmp(&name(b)))
    });
    found
}

/// The measures of a dataset that are read by day.
fn base_measures(query: &ResolvedQuery, dataset: DatasetId, period: usize) -> Vec<ComputationId> {
    let computations = query.computations.iter().enumerate();
    let of_dataset = computations.filter(|(_, computation)| match &computation.formula {
        Formula::Measure { fact, measure } => {
            let fact = &query.facts[*fact];
            let over = &fact.measures[*measure].over;
            fact.dataset == dataset && over.as_ref().is_some_and(|over| over.contains(&period))
        }
        Formula::Ratio { .. } | Formula::OfCohort { .. } | Formula::Derived(_) | Formula::OfGroups(_) => false,
    });
    of_dataset.map(|(position, _)| ComputationId(position)).collect()
}
