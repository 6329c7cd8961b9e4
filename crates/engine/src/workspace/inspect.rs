//! What the data holds besides metrics: how fresh it is, and the values of a dimension.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_semantics::catalog::Dataset;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Warning};
use sextant_semantics::query::request::{DimensionValuesRequest, NumberFormat};
use sextant_semantics::query::resolve::Moment;
use sextant_semantics::time::zone;

use super::probe::{self, Data};
use super::{CallContext, Failure, Workspace, late};
use crate::json::{listing, number};

/// Values given unless a request says otherwise, and at most.
const VALUES: (usize, usize) = (100, 1_000);

impl Workspace {
    /// How far every dataset reaches, and what is wrong with those that cannot be read.
    pub(super) async fn freshness(&self, context: &CallContext) -> Result<Value, Failure> {
        let (snapshot, bound) = self.snapshot(&context.caller).await;
        let data = Data { bound: &bound, snapshot: &snapshot, cancel: &context.cancel };
        let mut out = Map::new();
        for dataset in self.catalog.datasets() {
            let one = match self.freshness_of_dataset(data, dataset, context.now).await {
                Ok(one) => one,
                Err(Failure(faults)) => {
                    let fault = faults.iter().next();
                    let shown = fault.map(|f| json!({"code": f.code.as_str(), "message": f.message, "help": f.help}));
                    Map::from_iter([("error".to_string(), shown.unwrap_or(Value::Null))])
                }
            };
            out.insert(dataset.name.clone(), Value::Object(one));
        }
        Ok(json!({"datasets": out, "snapshot": snapshot.id}))
    }

    async fn freshness_of_dataset(
        &self,
        data: Data<'_>,
        dataset: &Dataset,
        now: DateTime<Utc>,
    ) -> Result<Map<String, Value>, Failure> {
        let mut one = Map::new();
        data.bound.schema(dataset.id)?;
        let read = data.snapshot.dataset(&dataset.name)?;
        // How many files and rows there are in all is not the caller's who does not see all of them.
        one.insert("files".into(), json!((!read.is_restricted()).then_some(read.files.files.len())));
        one.insert("rows".into(), json!(read.rows()));
        let warnings = written(&self.policy_warnings(data.snapshot, &[dataset.id]));
        if !warnings.is_empty() {
            one.insert("warnings".into(), json!(warnings));
        }
        let Some(extent) = self.extent(data, dataset.id).await? else {
            return Ok(one);
        };
        let calendar = &self.catalog.calendar;
        one.insert("data_from".into(), json!(self.date(extent.first)));
        one.insert("data_through".into(), json!(self.date(extent.last)));
        if let Some(mark) = extent.watermark {
            one.insert("watermark".into(), json!(mark.with_timezone(&calendar.zone).to_rfc3339()));
        }
        let is_late = self.lateness(data, dataset.id, &extent, now, calendar).await?.is_some();
        one.insert("possibly_late".into(), json!(is_late));
        one.insert("future_rows".into(), json!(late::is_later(&extent, now, calendar)));
        Ok(one)
    }

    fn date(&self, moment: Moment) -> String {
        match moment {
            Moment::Date(date) => date.to_string(),
            Moment::Instant(instant) => zone::local_date(instant, self.catalog.calendar.zone).to_string(),
        }
    }

    /// The most frequent values of a dimension with their row counts.
    pub(super) async fn dimension_values(
        &self,
        request: &DimensionValuesRequest,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        let (snapshot, bound) = self.snapshot(&context.caller).await;
        let dimension = self.named(&request.dimension)?;
        let bound_dimension = bound.dimension(dimension.id)?;
        let plan = probe::values(dimension.dataset, &dimension.name, bound_dimension, self.catalog.calendar);
        let data = Data { bound: &bound, snapshot: &snapshot, cancel: &context.cancel };
        let batches = self.probe(data, &plan, &[dimension.dataset]).await?;
        let counts = probe::column(&batches, probe::MEASURES[0])?.into_iter();
        let counts = counts.map(|count| count.as_f64().unwrap_or(0.0) as i64);
        let values = probe::column(&batches, probe::KEY)?.into_iter().zip(counts).collect();
        let mut answer = self.write_values(request, values, context.max_bytes);
        let warnings = written(&self.policy_warnings(&snapshot, &[dimension.dataset]));
        if let (Value::Object(answer), false) = (&mut answer, warnings.is_empty()) {
            answer.insert("warnings".into(), json!(warnings));
        }
        Ok(answer)
    }

    fn write_values(
        &self,
        request: &DimensionValuesRequest,
        mut values: Vec<(crate::answer::value::Value, i64)>,
        max_bytes: Option<usize>,
    ) -> Value {
        let text = |value: &crate::answer::value::Value| {
            number::write_in(value, NumberFormat::Number, self.catalog.calendar.zone)
        };
        if let Some(search) = &request.search {
            let wanted = search.to_lowercase();
            values.retain(|(v, _)| match text(v) {
                Value::String(text) => text.to_lowercase().contains(&wanted),
                other => other.to_string().contains(&wanted),
            });
        }
        values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.compare(&b.0)));
        let total = values.len();
        let limit = request.limit.map_or(VALUES.0, |l| usize::try_from(l).unwrap_or(VALUES.1)).min(VALUES.1);
        let written = values.iter().take(limit).map(|(v, n)| json!({"value": text(v), "rows": n}));
        let written = listing::within(written.collect(), max_bytes);
        let is_cut = total > written.len();
        json!({"dimension": request.dimension, "values": written, "total_values": total, "truncated": is_cut})
    }

    /// The dimension that a name without a metric means: `dataset.dimension`, the first member of a
    /// shared one, or the only one of that name.
    fn named(&self, name: &str) -> Result<&sextant_semantics::catalog::Dimension, Diagnostic> {
        let catalog = &self.catalog;
        let visible = |d: &&sextant_semantics::catalog::Dimension| !d.hidden;
        if let Some((dataset, last)) = name.rsplit_once('.') {
            let found = catalog
                .dimensions()
                .iter()
                .filter(visible)
                .find(|d| d.name == last && catalog.dataset(d.dataset).name == dataset);
            return found.ok_or_else(|| catalog.unknown_dimension(name).field("dimension").received(name));
        }
        if let Some(shared) = catalog.shared_dimensions().iter().find(|s| s.name == name && !s.hidden)
            && let Some(first) = catalog.members_seen(shared).next()
        {
            return Ok(catalog.dimension(first));
        }
        let mut found = catalog.dimensions().iter().filter(visible).filter(|d| d.name == name);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(catalog.unknown_dimension(name).field("dimension").received(name)),
            (Some(_), Some(_)) => {
                let ways: Vec<String> = catalog
                    .dimensions()
                    .iter()
                    .filter(visible)
                    .filter(|d| d.name == name)
                    .map(|d| format!("{}.{name}", catalog.dataset(d.dataset).name))
                    .collect();
                Err(Diagnostic::new(Code::AmbiguousPath, format!("several datasets have a dimension `{name}`"))
                    .field("dimension")
                    .received(name)
                    .help("name the dataset")
                    .example(ways[0].clone())
                    .candidates(ways))
            }
        }
    }
}

fn written(warnings: &[Warning]) -> Vec<Value> {
    warnings.iter().map(|warning| json!({"code": warning.code.as_str(), "message": warning.message})).collect()
}
