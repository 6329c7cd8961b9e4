//! What the data holds besides metrics: how fresh it is, and the values of a dimension.

use serde_json::{Map, Value, json};
use sextant_semantics::catalog::aggregation::Aggregation;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::Code;
use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::plan::{
    Aggregate, ColumnRef, CombineAggregates, ComputeMetrics, Grouping, Key, KeySource, Measure, RowRef, Rows,
    SemanticPlan, Table,
};
use sextant_semantics::query::computation::{Computation, Formula};
use sextant_semantics::query::period::Period;
use sextant_semantics::query::request::{DimensionValuesRequest, NumberFormat};
use sextant_semantics::query::resolve::{Extent, Moment};
use sextant_semantics::time::zone;

use super::{CallContext, Failure, Workspace, times};
use crate::answer::decode;
use crate::execute::execute;
use crate::json::number;
use crate::lower::{Tables, lower};

/// Values given unless a request says otherwise, and at most.
const VALUES: (usize, usize) = (100, 1_000);

impl Workspace {
    /// How far every dataset reaches, and what is wrong with those that cannot be read.
    pub(super) async fn freshness(&self, context: &CallContext) -> Result<Value, Failure> {
        let (snapshot, bound) = self.snapshot().await;
        let datasets: Vec<DatasetId> = self.catalog.datasets().iter().map(|d| d.id).collect();
        let extents = times::extents(&bound, &snapshot, &datasets).await?;
        let mut out = Map::new();
        for dataset in self.catalog.datasets() {
            let mut one = Map::new();
            match bound.schema(dataset.id) {
                Err(fault) => {
                    one.insert("error".into(), json!({"code": fault.code.as_str(), "message": fault.message}));
                }
                Ok(_) => {
                    if let Ok(read) = snapshot.dataset(&dataset.name) {
                        one.insert("files".into(), json!(read.files.files.len()));
                        one.insert("rows".into(), json!(read.rows()));
                    }
                    if let Some(extent) = extents[dataset.id.index()] {
                        one.insert("data_from".into(), json!(self.date(extent.first)));
                        one.insert("data_through".into(), json!(self.date(extent.last)));
                        if let Some(mark) = extent.watermark {
                            one.insert(
                                "watermark".into(),
                                json!(mark.with_timezone(&self.catalog.calendar.zone).to_rfc3339()),
                            );
                        }
                        one.insert("future_rows".into(), json!(is_later(&extent, context)));
                    }
                }
            }
            out.insert(dataset.name.clone(), Value::Object(one));
        }
        Ok(json!({"datasets": out, "snapshot": snapshot.id}))
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
        let (snapshot, bound) = self.snapshot().await;
        let dimension = self.named(&request.dimension)?;
        let column = bound.dimension(dimension.id)?;
        let expr = column.expr.map_refs(&mut |c| {
            RowRef::Column(ColumnRef { table: Table::FACT, column: c.name.clone(), data_type: c.data_type })
        });
        let mut columns: Vec<String> = column.expr.refs().iter().map(|c| c.value.name.clone()).collect();
        columns.sort();
        columns.dedup();
        let count = Measure {
            name: "rows".to_string(),
            aggregation: Aggregation::Count,
            argument: None,
            filter: Vec::new(),
            money_scale: None,
            order: Vec::new(),
            data_type: DataType::Integer,
        };
        let plan = SemanticPlan {
            root: ComputeMetrics {
                input: CombineAggregates {
                    inputs: vec![Aggregate {
                        input: Rows::Read { dataset: dimension.dataset, columns },
                        keys: vec![KeySource::Value(expr)],
                        measures: vec![count],
                    }],
                },
                computations: vec![Computation {
                    name: "rows".to_string(),
                    formula: Formula::Measure { fact: 0, measure: 0 },
                    fill: None,
                    data_type: DataType::Integer,
                }],
            },
            periods: vec![Period { intervals: Vec::new() }],
            keys: vec![Key { name: dimension.name.clone(), data_type: column.data_type }],
            grouping: Grouping::Groups,
            calendar: self.catalog.calendar,
        };
        let session = self.sessions.open(self.memory_bytes);
        let provider = snapshot.provider(&self.catalog.dataset(dimension.dataset).name).await?;
        let tables = Tables::from([(dimension.dataset, provider)]);
        let logical = lower(&plan, &tables).map_err(|error| error.diagnostic())?;
        let batches =
            execute(&session, logical, &self.limits, &context.cancel).await.map_err(|error| error.diagnostic())?;
        let mut values: Vec<(crate::answer::value::Value, i64)> = Vec::new();
        for batch in &batches {
            let column = |name: &str| {
                let array = batch.column_by_name(name).ok_or_else(|| {
                    Failure::from(Diagnostic::new(Code::Internal, "the plan lacks a column of its own"))
                })?;
                decode::values(array).map_err(|error| Failure::from(error.diagnostic()))
            };
            let counts = column("__c0_p0")?;
            let of = column("__k0")?;
            values.extend(of.into_iter().zip(counts).map(|(v, n)| (v, n.as_f64().unwrap_or(0.0) as i64)));
        }
        Ok(self.write_values(request, values))
    }

    fn write_values(
        &self,
        request: &DimensionValuesRequest,
        mut values: Vec<(crate::answer::value::Value, i64)>,
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
        json!({
            "dimension": request.dimension,
            "values": written.collect::<Vec<_>>(),
            "total_values": total,
            "truncated": total > limit,
        })
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
            && let Some(first) = shared.members.first()
        {
            return Ok(catalog.dimension(*first));
        }
        let mut found = catalog.dimensions().iter().filter(visible).filter(|d| d.name == name);
        match (found.next(), found.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(catalog.unknown_dimension(name).field("dimension").received(name)),
            (Some(_), Some(_)) => {
                let ways: Vec<String> = catalog
                    .dimensions()
                    .iter()
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

fn is_later(extent: &Extent, context: &CallContext) -> bool {
    match extent.last {
        Moment::Instant(instant) => instant > context.now,
        Moment::Date(date) => date > context.now.date_naive(),
    }
}
