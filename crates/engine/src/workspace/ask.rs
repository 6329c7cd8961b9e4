//! A question from its request to its answer, over one snapshot of the data.

use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use serde_json::{Map, Value};
use sextant_semantics::catalog::bind::BoundCatalog;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::catalog::join_graph::Hop;
use sextant_semantics::code::{Class, Code};
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics, Warning};
use sextant_semantics::model::Naming;
use sextant_semantics::plan::{self, SemanticPlan};
use sextant_semantics::query::audit::Audit;
use sextant_semantics::query::request::{AuditRequest, Decoded, MetricsRequest, Request};
use sextant_semantics::query::resolve::{self, Context, Extent, Moment};
use sextant_semantics::query::resolved::{Members, ResolvedQuery};
use sextant_semantics::time::zone;
use std::sync::Arc;

use super::probe::Data;
use super::{CallContext, Failure, Workspace};
use crate::answer::target::{self, Targets};
use crate::answer::{self, Answer};
use crate::audit::{self, Audited};
use crate::execute::{ExecuteError, execute};
use crate::json::freshness::Freshness;
use crate::json::page::page;
use crate::json::{self, Envelope};
use crate::lower::{Tables, lower};
use crate::snapshot::{self, Snapshot};

/// A question that is resolved and planned over a snapshot.
pub(super) struct Prepared {
    pub bound: Arc<BoundCatalog>,
    pub snapshot: Snapshot,
    pub query: ResolvedQuery,
    /// How the answer is judged, of an audit.
    pub audit: Option<Audit>,
    /// The rows of an audit that is asked with a granularity: a question of its own.
    pub series: Option<Box<Prepared>>,
    pub plan: SemanticPlan,
    pub extents: Vec<Option<Extent>>,
    /// Datasets that the plan reads, sorted.
    pub reads: Vec<DatasetId>,
}

/// What a question is prepared over, and what is said of it beforehand.
struct Taken {
    snapshot: Snapshot,
    bound: Arc<BoundCatalog>,
    notes: Vec<String>,
    warnings: Vec<Warning>,
}

/// A question that is resolved.
struct Resolved {
    query: ResolvedQuery,
    audit: Option<Audit>,
    extents: Vec<Option<Extent>>,
}

/// What one pass over the data gives.
enum Pass {
    Answered(Box<Value>),
    /// The files changed while they were read.
    Changed,
}

/// What a plan gave.
pub(super) struct Read {
    pub answer: Answer,
    audited: Option<Audited>,
    pub warnings: Vec<Warning>,
}

/// How far a pass has come; what happens to the files in between must not reach the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The snapshot is taken; no row is read.
    Planned,
    /// The plan has run.
    Executed,
}

impl Workspace {
    pub(super) async fn ask(
        &self,
        decoded: &Decoded,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        self.ask_watched(decoded, arguments, context, &mut |_| {}).await
    }

    /// As [`Workspace::ask`]; `watch` is told of each stage as it is reached.
    pub(super) async fn ask_watched(
        &self,
        decoded: &Decoded,
        arguments: &Map<String, Value>,
        context: &CallContext,
        watch: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<Value, Failure> {
        for _ in 0..2 {
            match self.pass(decoded, arguments, context, watch).await {
                Ok(Pass::Answered(answer)) => return Ok(*answer),
                Ok(Pass::Changed) => {}
                Err(failure) if failure.0.iter().any(|d| d.code == Code::DataChanged) => {}
                Err(failure) => return Err(failure),
            }
        }
        Err(Diagnostic::new(Code::DataChanged, "the files changed twice while the question was answered")
            .help("ask again; put new files in place by renaming them")
            .into())
    }

    async fn pass(
        &self,
        decoded: &Decoded,
        arguments: &Map<String, Value>,
        context: &CallContext,
        watch: &mut (dyn FnMut(Stage) + Send),
    ) -> Result<Pass, Failure> {
        let prepared = &self.prepare(decoded, context).await?;
        watch(Stage::Planned);
        let read = self.read(prepared, context).await;
        watch(Stage::Executed);
        let targets = self.targets_read(&prepared.query);
        let names = prepared.reads.iter().map(|id| self.catalog.dataset(*id).name.as_str());
        let names: Vec<&str> = names.chain(targets.iter().map(String::as_str)).collect();
        if read.as_ref().err().is_none_or(is_of_data) && !prepared.snapshot.still_same(&names).await {
            return Ok(Pass::Changed);
        }
        let Read { answer, audited, warnings: of_data } = read?;
        let query = prepared.series.as_ref().map_or(&prepared.query, |series| &series.query);
        let answer_id = self.answer_id(query, arguments, &prepared.snapshot.id);
        let max_bytes = query.output.max_bytes.map(|b| usize::try_from(b).unwrap_or(usize::MAX)).or(context.max_bytes);
        let page = page(&self.cursors, &answer, query.cursor.as_deref(), &answer_id, context.max_rows, max_bytes)?;
        let mut warnings = query.warnings.clone();
        if answer.rounded && query.output.number_format != Some(sextant_semantics::query::request::NumberFormat::String)
        {
            let message = "an exact number has more than 15 digits and is rounded; number_format string gives it whole";
            warnings.push(Warning::new(Code::RoundedNumber, message));
        }
        warnings.extend(answer.immature.iter().map(|of| of.warning(&query.time)));
        warnings.extend(of_data);
        warnings.extend(answer::spellings::warnings(&answer));
        let explain = query.output.explain.then(|| self.texts(prepared));
        let envelope = Envelope {
            catalog: &self.catalog,
            query,
            answer: &answer,
            audit: prepared.audit.as_ref().zip(audited.as_ref()),
            freshness: &self.freshness_of(prepared),
            warnings: &warnings,
            page: &page,
            model_version: &self.model_version,
            snapshot: &prepared.snapshot.id,
            answer_id: &answer_id,
            explain,
        };
        let mut written = json::envelope(&envelope);
        if let (Some(_), Some(most)) = (&prepared.audit, max_bytes) {
            json::audit::shorten(&mut written, most);
        }
        Ok(Pass::Answered(Box::new(written)))
    }

    /// Runs the plan, and what the warnings about the data need.
    pub(super) async fn read(&self, prepared: &Prepared, context: &CallContext) -> Result<Read, Failure> {
        let targets = self.targets(prepared, context).await?;
        let session = self.sessions.open(self.memory_bytes);
        let logical = self.lowered(&prepared.snapshot, &prepared.plan, &prepared.reads).await?;
        let executed = execute(&session, logical, &self.limits, &context.cancel).await;
        let answered = executed.and_then(|batches| self.answered(prepared, &batches, &targets));
        match answered {
            Ok((mut answer, audited)) => {
                if let Some(series) = &prepared.series {
                    answer = Box::pin(self.read(series, context)).await?.answer;
                }
                let mut warnings = target::warnings(&self.catalog, &prepared.query, &targets);
                warnings.extend(self.policy_warnings(&prepared.snapshot, &prepared.reads));
                warnings.extend(self.missing_rates(prepared, context).await?);
                warnings.extend(self.warnings_of_data(prepared, context).await?);
                Ok(Read { answer, audited, warnings })
            }
            Err(error) => Err(self.fault(&prepared.snapshot, &prepared.reads, &error).await.into()),
        }
    }

    /// The answer that batches hold and, of an audit, what they say beyond it.
    fn answered(
        &self,
        prepared: &Prepared,
        batches: &[RecordBatch],
        targets: &[Targets],
    ) -> Result<(Answer, Option<Audited>), ExecuteError> {
        let query = &prepared.query;
        let mut table = answer::decode::table(query, batches)?;
        if prepared.audit.is_some() {
            // Sums over members are of doubles: their order is that of the members, whatever that of the rows.
            table.sort();
        }
        let answer = answer::answer(query, &table, targets)?;
        let figures = answer.totals.as_deref().unwrap_or_default();
        let judge = |of: &Audit| audit::judge(&self.catalog, query, of, &table, figures);
        let audited = prepared.audit.as_ref().filter(|_| !figures.is_empty()).map(judge);
        Ok((answer, audited))
    }

    /// Takes a snapshot, binds the catalog to it, resolves and plans.
    pub(super) async fn prepare(&self, decoded: &Decoded, context: &CallContext) -> Result<Prepared, Failure> {
        let (snapshot, bound) = self.snapshot(&context.caller).await;
        let (request, warnings) = resolve::metrics_request(&bound, &decoded.request).unwrap_or_else(|| {
            Err(Diagnostics::from(Diagnostic::new(Code::UnknownTool, "not a question for metrics")))
        })?;
        let taken = Taken { snapshot, bound, notes: decoded.notes.clone(), warnings };
        let Request::AuditPerformance(audit) = &decoded.request else {
            return self.prepared(&taken, &request, None, context).await;
        };
        let series = request.time.granularity.as_deref().is_some_and(|unit| unit != "none");
        let mut whole = request.clone();
        whole.time.granularity = None;
        let mut prepared = self.prepared(&taken, &whole, Some(audit), context).await?;
        if series {
            prepared.series = Some(Box::new(self.prepared(&taken, &request, None, context).await?));
        }
        Ok(prepared)
    }

    /// Resolves and plans a question over a snapshot that is taken.
    async fn prepared(
        &self,
        taken: &Taken,
        request: &MetricsRequest,
        audit: Option<&AuditRequest>,
        context: &CallContext,
    ) -> Result<Prepared, Failure> {
        let (snapshot, bound) = (taken.snapshot.clone(), Arc::clone(&taken.bound));
        let Resolved { mut query, audit, extents } = self.resolve(&bound, &snapshot, request, audit, context).await?;
        query.warnings.splice(0..0, taken.warnings.iter().cloned());
        query.notes = taken.notes.clone();
        self.verify_keys(&mut query, &snapshot).await?;
        let plan = plan::plan(&query);
        let mut reads: Vec<DatasetId> = query
            .all_facts()
            .into_iter()
            .flat_map(|f| std::iter::once(f.dataset).chain(f.tables.iter().map(|t| t.hop.to())))
            .chain(query.members.iter().flat_map(Members::reads))
            .collect();
        reads.sort();
        reads.dedup();
        let data = Data { bound: &bound, snapshot: &snapshot, cancel: &context.cancel };
        self.verify_currencies(&query, data).await?;
        Ok(Prepared { bound, snapshot, query, audit, series: None, plan, extents, reads })
    }

    /// The state of all datasets, every row of them.
    pub(super) async fn whole_snapshot(&self) -> Snapshot {
        let sources: Vec<_> = self.sources.iter().chain(self.target_sources.iter()).flatten().cloned().collect();
        snapshot::take(&self.root, &sources, &self.cache).await
    }

    /// The catalog bound to the schemas of a snapshot.
    pub(super) fn bound(&self, snapshot: &Snapshot) -> Arc<BoundCatalog> {
        let schemas = self
            .catalog
            .datasets()
            .iter()
            .zip(self.sources.iter())
            .map(|(dataset, source)| match source {
                Some(_) => snapshot.dataset(&dataset.name).map(|d| sextant_semantics::catalog::bind::Schema {
                    columns: d.schema().columns.iter().map(|c| (c.name.clone(), c.data_type)).collect(),
                }),
                None => Err(Diagnostic::new(
                    Code::NotSupportedYet,
                    format!("dataset `{}` is not supported yet: `source: sql`", dataset.name),
                )),
            })
            .collect();
        self.bound_to(schemas)
    }

    async fn resolve(
        &self,
        bound: &BoundCatalog,
        snapshot: &Snapshot,
        request: &MetricsRequest,
        audit: Option<&AuditRequest>,
        context: &CallContext,
    ) -> Result<Resolved, Failure> {
        let datasets = resolve::datasets_of(bound, request);
        let data = Data { bound, snapshot, cancel: &context.cancel };
        let extents = self.extents(data, &datasets).await?;
        let periods = self.custom_periods(data, &resolve::read_by(bound, request)).await?;
        let context = Context { now: context.now, extents, periods };
        let (query, audit) = match audit {
            None => (resolve::resolve(bound, &context, request)?, None),
            Some(audit) => {
                let (query, audit) = resolve::audit(bound, &context, audit, request)?;
                (query, Some(audit))
            }
        };
        Ok(Resolved { query, audit, extents: context.extents })
    }

    /// The far side of every join is a key, or the question is refused. Where names are paths of
    /// entities, what is no key is a bridge: a row counts once in each group that it belongs to.
    async fn verify_keys(&self, query: &mut ResolvedQuery, snapshot: &Snapshot) -> Result<(), Diagnostic> {
        let may_bridge = self.catalog.naming == Naming::EntityPaths;
        let mut warnings: Vec<Warning> = Vec::new();
        for fact in &mut query.facts {
            let is_plain = fact.events.is_none() && fact.cohort.is_none();
            for table in fact.tables.iter_mut().filter(|table| table.hop.bridge().is_none()) {
                let name = &self.catalog.dataset(table.hop.to()).name;
                match (snapshot.verify_key(name, &table.key()).await, table.hop.as_bridge()) {
                    (Ok(()), _) => {}
                    (Err(repeats), Some(bridge)) if may_bridge && is_plain && repeats.code == Code::DuplicateKey => {
                        table.hop = bridge;
                        let message =
                            format!("{}; a row counts once in each group that it belongs to", repeats.message);
                        let warning = Warning::new(Code::DuplicateKey, message);
                        if !warnings.contains(&warning) {
                            warnings.push(warning);
                        }
                    }
                    (Err(refused), _) => return Err(refused),
                }
            }
        }
        query.warnings.extend(warnings);
        let joined = query.all_facts().into_iter().flat_map(|fact| &fact.tables);
        for table in joined.filter(|table| !matches!(table.hop, Hop::Bridge(_))) {
            let name = &self.catalog.dataset(table.hop.to()).name;
            snapshot.verify_key(name, &table.key()).await?;
            if let Some((columns, from, to)) = table.versions() {
                snapshot.verify_versions(name, &columns, &from, &to).await?;
            }
        }
        Ok(())
    }

    /// A plan over the tables of a snapshot.
    pub(super) async fn lowered(
        &self,
        snapshot: &Snapshot,
        plan: &SemanticPlan,
        reads: &[DatasetId],
    ) -> Result<LogicalPlan, Failure> {
        let mut tables = Tables::new();
        for id in reads {
            let provider = snapshot.provider(&self.catalog.dataset(*id).name).await?;
            tables.insert(*id, provider);
        }
        Ok(lower(plan, &tables).map_err(|error| error.diagnostic())?)
    }

    /// The resolved query and the plan as texts.
    pub(super) fn texts(&self, prepared: &Prepared) -> (String, String) {
        (
            sextant_semantics::query::display::text(&prepared.query, &self.catalog),
            plan::display::text(&prepared.plan, &self.catalog),
        )
    }

    /// 16 hexadecimal digits over the request, its clock, the data and the model.
    fn answer_id(&self, query: &ResolvedQuery, arguments: &Map<String, Value>, snapshot: &str) -> String {
        self.answer_id_at(&query.time.as_of.to_rfc3339(), arguments, snapshot)
    }

    /// As [`Workspace::answer_id`], with the clock as text.
    pub(super) fn answer_id_at(&self, as_of: &str, arguments: &Map<String, Value>, snapshot: &str) -> String {
        let mut asked = arguments.clone();
        // Another page, or a picture beside it, is the same answer.
        asked.remove("cursor");
        asked.remove("chart");
        asked.sort_keys();
        let canonical = Value::Object(asked).to_string();
        let mut hasher = blake3::Hasher::new();
        for part in [canonical.as_str(), as_of, snapshot, &self.version_seen()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_string()
    }

    pub(super) fn freshness_of(&self, prepared: &Prepared) -> Vec<Freshness> {
        let query = &prepared.query;
        let mut datasets: Vec<DatasetId> = query.all_facts().iter().map(|f| f.dataset).collect();
        datasets.dedup();
        let mut out: Vec<Freshness> = Vec::new();
        for id in datasets {
            let name = self.catalog.dataset(id).name.clone();
            if out.iter().any(|f| f.dataset == name) {
                continue;
            }
            let extent = prepared.extents[id.index()];
            let zone = query.time.calendar.zone;
            let through = extent.map(|e| match (e.watermark, e.last) {
                (Some(mark), _) => zone::local_date(mark, zone),
                (None, Moment::Date(date)) => date,
                (None, Moment::Instant(instant)) => zone::local_date(instant, zone),
            });
            let end = query.time.range.as_ref().map(|r| r.range.end);
            let known = extent.and_then(|e| e.watermark).map_or(query.time.as_of, |mark| mark.min(query.time.as_of));
            let complete = end.is_none_or(|end| end <= known);
            out.push(Freshness { dataset: name, data_through: through, complete });
        }
        out
    }
}

/// Whether files that changed while they were read may be the cause.
pub(super) fn is_of_data(failure: &Failure) -> bool {
    failure.0.iter().any(|fault| fault.code.class() == Class::Data || fault.code == Code::Internal)
}
