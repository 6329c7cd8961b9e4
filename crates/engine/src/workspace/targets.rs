//! The model's targets: where they are read from, and the planned values that a question is held against.

use datafusion::arrow::datatypes::DataType as ArrowType;
use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast, ident};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::code::Code;
use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::expr::{Expr, Name, typing};
use sextant_semantics::model::{Location, Target};
use sextant_semantics::query::resolved::{ResolvedQuery, TargetOf};
use sextant_semantics::time::bucket::bucket_of;
use std::sync::Arc;

use super::ask::Prepared;
use super::{CallContext, Failure, Workspace, sources};
use crate::answer::decode;
use crate::answer::target::{Planned, Targets};
use crate::answer::value::Value;
use crate::execute::execute;
use crate::lower::expression::condition;
use crate::lower::typed::{Typed, arrow_type};
use crate::source::schema::DatasetSchema;
use crate::source::{ColumnDeclaration, DatasetSource};

/// The sources of all targets, by their place in the catalog; none for those that this version cannot read.
pub(super) fn target_sources(catalog: &Catalog) -> Vec<Option<DatasetSource>> {
    let source = |target: &Target| {
        let location = sources::location(&target.source)?;
        // The cells of text files have no types of their own.
        let of_text = matches!(target.source, Location::Csv { .. } | Location::JsonLines { .. });
        let column = |name: &str, data_type| ColumnDeclaration { name: name.to_string(), data_type, optional: false };
        let typed = [
            column(period_column(target), DataType::Date),
            column(value_column(target), DataType::Decimal { precision: 38, scale: 6 }),
        ];
        let columns = if of_text { typed.to_vec() } else { Vec::new() };
        Some(DatasetSource { dataset: name_of(target), location, columns })
    };
    catalog.targets.iter().map(source).collect()
}

/// What messages call a target's table.
pub(super) fn name_of(target: &Target) -> String {
    let split: Vec<&str> = target.dimensions.iter().map(|dimension| dimension.value.as_str()).collect();
    let split = if split.is_empty() { String::new() } else { format!(" and {}", split.join(", ")) };
    format!("{} targets by {}{split}", target.metric.value, target.granularity.value)
}

fn period_column(target: &Target) -> &str {
    target.period.as_ref().map_or(target.granularity.value.as_str(), |column| column.value.as_str())
}

fn value_column(target: &Target) -> &str {
    target.value.as_ref().map_or(target.metric.value.as_str(), |column| column.value.as_str())
}

impl Workspace {
    /// The names of the tables of the targets that a question reads.
    pub(super) fn targets_read(&self, query: &ResolvedQuery) -> Vec<String> {
        let of = query.time.changes.iter().flat_map(|change| &change.targets);
        of.map(|of| name_of(&self.catalog.targets[of.target])).collect()
    }

    /// The planned values that the outputs of a question are held against.
    pub(super) async fn targets(&self, prepared: &Prepared, context: &CallContext) -> Result<Vec<Targets>, Failure> {
        let mut found = Vec::new();
        for of in prepared.query.time.changes.iter().flat_map(|change| &change.targets) {
            found.push(self.planned(prepared, of, context).await?);
        }
        Ok(found)
    }

    async fn planned(&self, prepared: &Prepared, of: &TargetOf, context: &CallContext) -> Result<Targets, Failure> {
        let target = &self.catalog.targets[of.target];
        let name = name_of(target);
        if self.target_sources[of.target].is_none() {
            let message = format!("a target with `source: sql` is not supported yet (`{}`)", target.metric.value);
            return Err(Diagnostic::new(Code::NotSupportedYet, message).field("comparison").into());
        }
        let schema = prepared.snapshot.dataset(&name)?.schema().clone();
        let number = schema.require(&name, value_column(target))?;
        if !number.data_type.is_number() {
            let message = format!("column `{}` of {name} is {}, not a number", number.name, number.data_type);
            return Err(Diagnostic::new(Code::TypeMismatch, message).help("targets are numbers").into());
        }
        let provider = prepared.snapshot.provider(&name).await?;
        let Some(policies) = self.policies_of_target(prepared, target)? else {
            return Ok(Targets { output: of.output, granularity: of.granularity, planned: Vec::new() });
        };
        let conditions: Vec<Expr<Name>> = of.conditions.iter().cloned().chain(policies).collect();
        let of = &TargetOf { conditions, ..of.clone() };
        let plan = self.plan_of(prepared, of, target, &schema, provider)?;
        let session = self.sessions.open(self.memory_bytes);
        let executed = execute(&session, plan, &self.limits, &context.cancel).await;
        let batches = executed.map_err(|error| error.diagnostic())?;
        let members = of.keys.iter().flatten().count();
        let mut planned = Vec::new();
        for batch in &batches {
            let columns = batch.columns().iter().map(decode::values).collect::<Result<Vec<_>, _>>();
            let columns = columns.map_err(|error| error.diagnostic())?;
            let [dates, values, of_members @ ..] = columns.as_slice() else { continue };
            for (row, (date, value)) in dates.iter().zip(values).enumerate() {
                let Value::Date(date) = date else { continue };
                if !value.is_null() {
                    planned.push(Planned {
                        period: bucket_of(*date, of.granularity, &prepared.query.time.calendar),
                        members: of_members.iter().take(members).map(|column| column[row].clone()).collect(),
                        value: value.clone(),
                    });
                }
            }
        }
        Ok(Targets { output: of.output, granularity: of.granularity, planned })
    }

    /// The date, the value and the members of every planned value that passes the conditions.
    fn plan_of(
        &self,
        prepared: &Prepared,
        of: &TargetOf,
        target: &Target,
        schema: &DatasetSchema,
        provider: Arc<dyn TableProvider>,
    ) -> Result<LogicalPlan, Diagnostic> {
        let internal = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "targets were not planned");
            Diagnostic::new(Code::Internal, "the targets could not be read for a fault of ours")
        };
        let name = name_of(target);
        let mut plan = LogicalPlanBuilder::scan("targets", provider_as_source(provider), None)
            .map_err(|error| internal(&error))?;
        let column = |name: &Name| name.parts.last().map_or("", String::as_str).to_string();
        for written in &of.conditions {
            let missing = written.refs().into_iter().find_map(|of| schema.require(&name, &column(of.value)).err());
            if let Some(missing) = missing {
                return Err(missing);
            }
            let data_type = |of: &Name| schema.require(&name, &column(of)).map_or(DataType::Null, |c| c.data_type);
            let typed = typing::coerce_condition(written.clone(), &mut |of: &Name| data_type(of))?;
            let lowered = condition(&typed, &mut |of: &Name| {
                Ok(Typed::new(ident(column(of)), crate::source::types::arrow_type(data_type(of))))
            });
            let lowered = lowered.map_err(|error| error.diagnostic())?;
            plan = plan.filter(lowered).map_err(|error| internal(&error))?;
        }
        schema.require(&name, period_column(target))?;
        let mut columns = vec![
            cast(ident(period_column(target)), ArrowType::Date32).alias("period"),
            ident(value_column(target)).alias("value"),
        ];
        for (position, (dimension, group)) in of.keys.iter().zip(&prepared.query.groups).enumerate() {
            if let Some(dimension) = dimension {
                schema.require(&name, dimension)?;
                columns
                    .push(cast(ident(dimension), arrow_type(group.key.data_type)).alias(format!("member{position}")));
            }
        }
        plan.project(columns).and_then(LogicalPlanBuilder::build).map_err(|error| internal(&error))
    }
}
