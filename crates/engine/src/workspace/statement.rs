//! SQL statements: one question for metrics is asked as any other; around several, and over rows, the engine plans
//! the rest over their answers.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::SecondsFormat;
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::LogicalPlan;
use serde_json::{Map, Value, json};
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics, Warning};
use sextant_semantics::query::request::{
    AuditRequest, Decoded, Dialect, ExplainRequest, MetricsRequest, NumberFormat, Request, Stage,
};
use sextant_semantics::query::sql::{self, Composed, Lifted, Places, Statement};
use sextant_semantics::source::Sources;
use sextant_semantics::time::zone;

use super::ask::{Prepared, Read, is_of_data};
use super::{CallContext, Failure, Workspace};
use crate::answer::Answer;
use crate::answer::decode;
use crate::execute::{ExecuteError, execute};
use crate::json;
use crate::json::freshness::Freshness;
use crate::json::page::page;
use crate::json::statement::{Column, Statement as Written};
use crate::session::Session;
use crate::snapshot::Snapshot;
use crate::statement;

/// What one pass over the data gives.
enum Pass {
    Answered(Value),
    /// The files changed while they were read.
    Changed,
}

/// A question for metrics of a statement, answered.
struct Asked {
    prepared: Prepared,
    answer: Answer,
    warnings: Vec<Warning>,
}

/// A statement ready to run.
struct Planned {
    session: Session,
    plan: LogicalPlan,
    asked: Vec<Asked>,
    /// Of the rows that it reads itself.
    snapshot: Snapshot,
    reads: Vec<DatasetId>,
}

impl Workspace {
    /// The answer of the statement that is the `query` of a request.
    pub(super) async fn statement(
        &self,
        asked: &MetricsRequest,
        decoded: &Decoded,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        let text = asked.query.as_deref().unwrap_or_default();
        match sql::metrics(&self.catalog, asked).map_err(|found| placed(found, text))? {
            Statement::Metrics(lifted) => {
                let Lifted { request, places, .. } = *lifted;
                let decoded = decoded_of(Request::GetMetrics(request), decoded);
                self.ask(&decoded, arguments, context).await.map_err(|failure| located(failure, &places, text))
            }
            Statement::Query(composed) => self.composed(&composed, asked, arguments, context).await,
            Statement::Explain { stage, of } => {
                self.explain_statement(&of, (stage, Dialect::default()), text, context).await
            }
        }
    }

    /// An audit whose metrics, conditions and times a statement says.
    pub(super) async fn audit_statement(
        &self,
        asked: &AuditRequest,
        decoded: &Decoded,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        let text = asked.query.as_deref().unwrap_or_default();
        let (audit, places) = sql::audit(&self.catalog, asked).map_err(|found| placed(found, text))?;
        let decoded = decoded_of(Request::AuditPerformance(audit), decoded);
        self.ask(&decoded, arguments, context).await.map_err(|failure| located(failure, &places, text))
    }

    async fn composed(
        &self,
        composed: &Composed,
        request: &MetricsRequest,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        for _ in 0..2 {
            match self.pass_of_statement(composed, request, arguments, context).await {
                Ok(Pass::Answered(answer)) => return Ok(answer),
                Ok(Pass::Changed) => {}
                Err(failure) if failure.0.iter().any(|d| d.code == Code::DataChanged) => {}
                Err(failure) => return Err(failure),
            }
        }
        Err(Diagnostic::new(Code::DataChanged, "the files changed twice while the question was answered")
            .help("ask again; put new files in place by renaming them")
            .into())
    }

    async fn pass_of_statement(
        &self,
        composed: &Composed,
        request: &MetricsRequest,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Pass, Failure> {
        let text = request.query.as_deref().unwrap_or_default();
        let planned = self.plan_statement(composed, text, context).await?;
        let batches = execute(&planned.session, planned.plan.clone(), &self.limits, &context.cancel).await;
        let batches = match batches {
            Ok(batches) => Ok(batches),
            Err(error) => Err(Failure::from(self.fault(&planned.snapshot, &planned.reads, &error).await)),
        };
        if batches.as_ref().err().is_none_or(is_of_data) && !self.is_unchanged(&planned).await {
            return Ok(Pass::Changed);
        }
        let batches = batches?;
        let columns = self.columns(&planned, text)?;
        let mut rows = Vec::new();
        for batch in &batches {
            let of_batch = batch.columns().iter().map(decode::values).collect::<Result<Vec<_>, ExecuteError>>();
            let of_batch = of_batch.map_err(|error| error.diagnostic())?;
            rows.extend((0..batch.num_rows()).map(|row| of_batch.iter().map(|column| column[row].clone()).collect()));
        }
        let answer = Answer { rows, ..Answer::default() };
        self.write_statement(&planned, columns, answer, request, arguments, context).map(Pass::Answered)
    }

    /// Answers the questions for metrics and plans the statement around them.
    async fn plan_statement(&self, composed: &Composed, text: &str, context: &CallContext) -> Result<Planned, Failure> {
        let (snapshot, _) = self.snapshot(&context.caller).await;
        let mut tables: HashMap<String, Arc<dyn TableProvider>> = HashMap::new();
        let mut asked = Vec::new();
        for (position, lifted) in composed.lifted.iter().enumerate() {
            let one =
                self.ask_lifted(lifted, context).await.map_err(|failure| located(failure, &lifted.places, text))?;
            let table = statement::table::of_answer(&one.answer, &lifted.columns);
            tables.insert(sql::table_name(position), table.map_err(|error| ExecuteError::from(error).diagnostic())?);
            asked.push(one);
        }
        let mut reads = Vec::new();
        for name in &composed.datasets {
            let of = self.catalog.dataset_named(name);
            let hides = |column: &str| of.is_some_and(|dataset| dataset.hides(column));
            tables.insert(name.clone(), snapshot.provider_without(name, hides).await?);
            reads.extend(of.map(|dataset| dataset.id));
        }
        for name in sql::system::TABLES {
            let table = sql::system::table(&self.catalog, name).unwrap_or_default();
            let table = statement::table::of_texts(&table).map_err(|error| ExecuteError::from(error).diagnostic())?;
            tables.insert(name.to_string(), table);
        }
        let session = self.sessions.open(self.memory_bytes).in_one_partition();
        let plan = statement::plan(&session, &composed.query, tables)
            .map_err(|error| sql::place(statement::fault::diagnostic(error, text), text))?;
        Ok(Planned { session, plan, asked, snapshot, reads })
    }

    async fn ask_lifted(&self, lifted: &Lifted, context: &CallContext) -> Result<Asked, Failure> {
        let request = Request::GetMetrics(lifted.request.clone());
        let decoded = Decoded { request, notes: Vec::new(), sources: Sources::default() };
        let prepared = self.prepare(&decoded, context).await?;
        let Read { answer, warnings: of_data, .. } = self.read(&prepared, context).await?;
        let warnings = prepared.query.warnings.iter().cloned().chain(of_data).collect();
        Ok(Asked { prepared, answer, warnings })
    }

    /// Whether the files that the statement and its questions read are what they were.
    async fn is_unchanged(&self, planned: &Planned) -> bool {
        let names = |reads: &[DatasetId]| -> Vec<&str> {
            reads.iter().map(|id| self.catalog.dataset(*id).name.as_str()).collect()
        };
        for asked in &planned.asked {
            if !asked.prepared.snapshot.still_same(&names(&asked.prepared.reads)).await {
                return false;
            }
        }
        planned.snapshot.still_same(&names(&planned.reads)).await
    }

    fn columns(&self, planned: &Planned, text: &str) -> Result<Vec<Column>, Failure> {
        let fields = planned.plan.schema().fields();
        let columns = fields.iter().map(|field| match statement::table::data_type(field.data_type()) {
            Some(data_type) => Ok(Column { name: field.name().clone(), data_type }),
            None => {
                let fact = format!("column `{}` of a type that answers do not have", field.name());
                let fault = Diagnostic::new(Code::InvalidQuery, fact).field("query");
                let whole = sextant_semantics::source::Span::new(sql::STATEMENT, 0, text.len());
                Err(Failure::from(fault.at(whole).help("cast it: CAST(value AS text)")))
            }
        });
        columns.collect()
    }

    fn write_statement(
        &self,
        planned: &Planned,
        columns: Vec<Column>,
        mut answer: Answer,
        request: &MetricsRequest,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        answer.rounded = answer.rows.iter().flatten().any(crate::answer::value::Value::is_long);
        let zone = match &request.time.timezone {
            Some(name) => zone::parse(name)?,
            None => self.catalog.calendar.zone,
        };
        let as_of = match planned.asked.first() {
            Some(asked) => asked.prepared.query.time.as_of,
            None => context.now,
        };
        let answer_id = self.answer_id_at(&as_of.to_rfc3339(), arguments, &planned.snapshot.id);
        let max_bytes =
            request.output.max_bytes.map(|b| usize::try_from(b).unwrap_or(usize::MAX)).or(context.max_bytes);
        let page = page(&self.cursors, &answer, request.cursor.as_deref(), &answer_id, context.max_rows, max_bytes)?;
        let mut warnings: Vec<Warning> = self.policy_warnings(&planned.snapshot, &planned.reads);
        for warning in planned.asked.iter().flat_map(|asked| &asked.warnings) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        if answer.rounded && request.output.number_format != Some(NumberFormat::String) {
            let message = "an exact number has more than 15 digits and is rounded; number_format string gives it whole";
            warnings.push(Warning::new(Code::RoundedNumber, message));
        }
        let mut freshness: Vec<Freshness> = Vec::new();
        for of in planned.asked.iter().flat_map(|asked| self.freshness_of(&asked.prepared)) {
            if !freshness.iter().any(|known| known.dataset == of.dataset) {
                freshness.push(of);
            }
        }
        let only = match planned.asked.as_slice() {
            [only] => Some(&only.prepared.query),
            _ => None,
        };
        Ok(json::statement::envelope(&Written {
            catalog: &self.catalog,
            query: only,
            columns: &columns,
            rows: &answer.rows,
            page: &page,
            freshness: &freshness,
            warnings: &warnings,
            output: &request.output,
            zone,
            as_of: as_of.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false),
            model_version: &self.model_version,
            snapshot: &planned.snapshot.id,
            answer_id: &answer_id,
        }))
    }

    /// A stage of how the statement of a tool's arguments is answered.
    pub(super) async fn explain_query(
        &self,
        explain: &ExplainRequest,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        let text = explain.request.query().unwrap_or_default();
        match explain.request.as_ref() {
            Request::AuditPerformance(asked) => {
                let (audit, places) = sql::audit(&self.catalog, asked).map_err(|found| placed(found, text))?;
                let request = Box::new(Request::AuditPerformance(audit));
                let (stage, dialect) = (explain.stage, explain.dialect);
                let explained = self.explain(&ExplainRequest { stage, dialect, request }, &[], context).await;
                explained.map_err(|failure| located(failure, &places, text))
            }
            Request::GetMetrics(asked) => {
                let statement = sql::metrics(&self.catalog, asked).map_err(|found| placed(found, text))?;
                self.explain_statement(&statement, (explain.stage, explain.dialect), text, context).await
            }
            _ => self.explain(explain, &[], context).await,
        }
    }

    /// A stage of how a statement is answered, as text.
    async fn explain_statement(
        &self,
        of: &Statement,
        (stage, dialect): (Stage, Dialect),
        text: &str,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        match of {
            Statement::Metrics(lifted) => {
                let request = Box::new(Request::GetMetrics(lifted.request.clone()));
                let explain = ExplainRequest { stage, dialect, request };
                let explained = self.explain(&explain, &[], context).await;
                explained.map_err(|failure| located(failure, &lifted.places, text))
            }
            Statement::Query(_) if stage == Stage::Sql => {
                let fact = "a statement around the SELECT over metrics is not written as SQL of a warehouse yet";
                let help = "ask for the SELECT over metrics alone";
                Err(Diagnostic::new(Code::NotSupportedYet, fact).field("query").help(help).into())
            }
            Statement::Query(composed) => {
                let mut parts = vec![composed.query.to_string()];
                for (position, lifted) in composed.lifted.iter().enumerate() {
                    let inner = Statement::Metrics(Box::new(lifted.clone()));
                    let explained = Box::pin(self.explain_statement(&inner, (stage, dialect), text, context)).await?;
                    let plan = explained["text"].as_str().unwrap_or_default().to_string();
                    parts.push(format!("{}:\n{plan}", sql::table_name(position)));
                }
                let name = stage.as_str();
                if matches!(stage, Stage::Logical | Stage::Physical) {
                    let planned = self.plan_statement(composed, text, context).await?;
                    parts.push(self.without_root(&planned.plan.display_indent().to_string()));
                }
                Ok(json!({"stage": name, "text": parts.join("\n")}))
            }
            Statement::Explain { .. } => {
                Err(Diagnostic::new(Code::QueryNotAllowed, "EXPLAIN of EXPLAIN").field("query").into())
            }
        }
    }
}

fn decoded_of(request: Request, decoded: &Decoded) -> Decoded {
    Decoded { request, notes: decoded.notes.clone(), sources: Sources::default() }
}

/// Findings with line and column, for callers that see no carets.
fn placed(found: Diagnostics, text: &str) -> Diagnostics {
    Diagnostics(found.0.into_iter().map(|fault| sql::place(fault, text)).collect())
}

/// Findings about a lifted request, at their places in the statement.
fn located(failure: Failure, places: &Places, text: &str) -> Failure {
    Failure(placed(places.locate(failure.0), text))
}
