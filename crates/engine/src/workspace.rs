//! One model over one data root: what every door calls.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::catalog::bind::{BoundCatalog, Schemas, bind};
use sextant_semantics::catalog::build::whole;
use sextant_semantics::catalog::conceal::{InForce, Whole};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics};
use sextant_semantics::import;
use sextant_semantics::query::caller::Caller;
use sextant_semantics::query::request::{self, Decoded, Request};
use sextant_semantics::query::{saved, slips};
use sextant_semantics::time::range::NamedRange;
use tokio_util::sync::CancellationToken;

use crate::execute::Limits;
use crate::json;
use crate::json::cursor::Cursors;
use crate::session::{Resources, Sessions};
use crate::source::DatasetSource;
use crate::source::cache::SourceCache;

mod ask;
mod check;
mod currency;
mod explain;
mod fault;
mod inspect;
mod late;
mod policies;
mod probe;
pub mod settings;
mod sources;
mod statement;
mod targets;
mod times;
pub mod values;
mod view;

use values::Values;
use view::Views;

pub use check::DatasetCheck;
pub use settings::Settings;

/// A model and the data it speaks of, ready to answer. Cheap to share behind an `Arc`.
///
/// As it is opened it is that of whoever sees least; [`Workspace::seen_by`] gives the one of a caller.
pub struct Workspace {
    /// Without what is hidden.
    catalog: Arc<Catalog>,
    /// Before anything is hidden of it.
    whole: Arc<Whole>,
    /// The policies by which columns are hidden here.
    in_force: InForce,
    /// The same with less hidden.
    views: Views,
    /// BLAKE3 over the model's files, 16 hexadecimal digits.
    model_version: String,
    cursors: Cursors,
    root: PathBuf,
    /// By `DatasetId::index`; none for a dataset that cannot be read yet.
    sources: Arc<[Option<DatasetSource>]>,
    /// By the place of the target in the catalog; none for one that cannot be read yet.
    target_sources: Arc<[Option<DatasetSource>]>,
    cache: Arc<SourceCache>,
    sessions: Arc<Sessions>,
    limits: Limits,
    settings: Settings,
    memory_bytes: usize,
    /// What of other tools' files the model does not hold.
    losses: Arc<Diagnostics>,
    /// The last schemas seen and the catalog bound to them.
    bound: Mutex<Option<(Schemas, Arc<BoundCatalog>)>>,
    /// The values of the snapshots that were searched last, the newest at the end.
    values: tokio::sync::Mutex<Vec<Arc<Values>>>,
}

/// What a door gives along with a call. A door reads the clock once per request.
#[derive(Clone, Debug)]
pub struct CallContext {
    pub now: DateTime<Utc>,
    /// Rows a page may hold; `None` for the command line and batch.
    pub max_rows: Option<usize>,
    /// Bytes an answer may hold unless the request says; `None` for the command line and batch.
    pub max_bytes: Option<usize>,
    /// Who asks: what policies let through.
    pub caller: Caller,
    pub cancel: CancellationToken,
}

/// A refusal: the faults found, the first one first.
#[derive(Clone, Debug)]
pub struct Failure(pub Diagnostics);

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure(diagnostic.into())
    }
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Failure(diagnostics)
    }
}

/// How long any question may take; doors on a network allow less.
const BACKSTOP: Duration = Duration::from_secs(3_600);
/// Bytes that the operators of one question may hold.
const QUESTION_MEMORY: usize = 512 << 20;

impl Workspace {
    /// Reads and checks the model texts (`(path relative to the model directory, text)`); opens no data.
    pub fn open(texts: Vec<(String, String)>, root: PathBuf) -> Result<Workspace, Failure> {
        Workspace::open_with(texts, root, &Resources::STANDARD)
    }

    /// As [`Workspace::open`], of texts in this format, whatever they look like.
    pub fn open_as(format: import::Format, texts: Vec<(String, String)>, root: PathBuf) -> Result<Workspace, Failure> {
        let model_version = version(&texts);
        Workspace::of(import::read(texts, Some(format)), model_version, root, &Resources::STANDARD)
    }

    /// Requests that leave them out are in this zone and this currency, in place of the model's.
    pub fn with_settings(mut self, settings: Settings) -> Workspace {
        self.settings = settings;
        self.views = Views::default();
        self
    }

    /// The version of the model, as answers name it.
    pub fn model_version(&self) -> &str {
        &self.model_version
    }

    /// Cursors of this workspace hold only where the model and this key are the same; those of two workspaces of
    /// one model are each other's otherwise.
    pub fn with_cursor_key(mut self, key: &[u8]) -> Workspace {
        self.cursors = Cursors::of(&[self.model_version.as_bytes(), key].concat());
        self.views = Views::default();
        self
    }

    /// As [`Workspace::open`], with other resources.
    pub fn open_with(texts: Vec<(String, String)>, root: PathBuf, resources: &Resources) -> Result<Workspace, Failure> {
        let model_version = version(&texts);
        Workspace::of(import::read(texts, None), model_version, root, resources)
    }

    fn of(
        imported: import::Imported,
        model_version: String,
        root: PathBuf,
        resources: &Resources,
    ) -> Result<Workspace, Failure> {
        let import::Imported { model, findings: mut found, losses, .. } = imported;
        found.0.extend(saved::check(&model).0);
        let whole = match (whole(&model), found.is_empty()) {
            (Ok(whole), true) => whole,
            (Ok(_), false) => return Err(Failure(found)),
            (Err(more), _) => {
                found.0.extend(more.0);
                return Err(Failure(found));
            }
        };
        let sessions = Sessions::new(resources).map_err(|error| {
            tracing::error!(%error, "no query runtime");
            Diagnostic::new(Code::Internal, "the query engine cannot start")
        })?;
        let in_force = whole.all_in_force();
        let catalog = whole.seen(&in_force);
        Ok(Workspace {
            sources: catalog.datasets().iter().map(sources::source).collect(),
            target_sources: targets::target_sources(&catalog).into(),
            catalog: Arc::new(catalog),
            whole: Arc::new(whole),
            in_force,
            views: Views::default(),
            cursors: Cursors::of(model_version.as_bytes()),
            model_version: model_version[..VERSION].to_string(),
            root,
            cache: Arc::new(SourceCache::default()),
            sessions: Arc::new(sessions),
            limits: Limits { time: BACKSTOP, ..Limits::STANDARD },
            settings: Settings::default(),
            memory_bytes: QUESTION_MEMORY,
            losses: Arc::new(Diagnostics(losses)),
            bound: Mutex::new(None),
            values: tokio::sync::Mutex::new(Vec::new()),
        })
    }

    /// The directory that sources are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What of other tools' files was left out or read otherwise, by its place in them.
    pub fn losses(&self) -> &Diagnostics {
        &self.losses
    }

    /// How many tasks of plans are at work on data; 0 when every question is answered or has been stopped.
    pub fn running(&self) -> usize {
        self.sessions.running()
    }

    /// The model without what is hidden here.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The cursors of everything that is given in pages.
    pub fn cursors(&self) -> &Cursors {
        &self.cursors
    }

    /// Runs one tool or operation and gives the bare envelope. The names are [`TOOLS`]; what is made of several
    /// of them, or of more than a model, is the doors' application.
    pub async fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        if let Some(seen) = self.seen_by(&context.caller) {
            return Box::pin(seen.call(tool, arguments, context)).await;
        }
        let mut decoded = request::decode(tool, arguments)?;
        slips::mend(&self.catalog, &mut decoded);
        self.settings.fill(&mut decoded.request);
        let answer = self.answer(&decoded, arguments, context).await?;
        Ok(json::with_notes(answer, &decoded.notes))
    }

    async fn answer(
        &self,
        decoded: &Decoded,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        match &decoded.request {
            Request::GetMetrics(asked) if asked.query.is_some() => {
                self.statement(asked, decoded, arguments, context).await
            }
            Request::AuditPerformance(asked) if asked.query.is_some() => {
                self.audit_statement(asked, decoded, arguments, context).await
            }
            Request::GetMetrics(_) | Request::AuditPerformance(_) => self.ask(decoded, arguments, context).await,
            Request::Explain(explain) if explain.request.query().is_some() => {
                self.explain_query(explain, context).await
            }
            Request::Explain(explain) => self.explain(explain, &decoded.notes, context).await,
            Request::ListMetrics(list) => {
                Ok(json::listing::metrics(&self.catalog, &self.cursors, list, context.max_bytes)?)
            }
            Request::DescribeMetric(describe) => Ok(json::listing::metric(&self.catalog, &describe.name)?),
            Request::ListDimensions(list) => Ok(json::listing::dimensions(&self.catalog, list)?),
            Request::ListSavedQueries => Ok(json::listing::saved_queries(&self.catalog)),
            Request::GetFreshness => self.freshness(context).await,
            Request::ResolveTimeRange(asked) => {
                let calendar = self.catalog.calendar;
                Ok(json::time_range::answer(asked, context.now, Some(&calendar), &self.named_ranges())?)
            }
            Request::GetDimensionValues(values) => self.dimension_values(values, context).await,
            Request::Search(_)
            | Request::Execute(_)
            | Request::Fetch(_)
            | Request::SubmitFeedback(_)
            | Request::Administer(_) => {
                let fact = "a workspace alone does not answer search, execute, fetch, feedback and administration";
                Err(Diagnostic::new(Code::UnknownTool, fact).field("tool").help("the doors answer them").into())
            }
        }
    }

    fn named_ranges(&self) -> Vec<NamedRange> {
        let ranges = self.catalog.time_ranges.iter();
        ranges.map(|r| NamedRange { name: r.name.value.clone(), first: r.start.value, last: r.end.value }).collect()
    }

    /// The catalog bound to `schemas`, from memory where they are the last ones seen.
    fn bound_to(&self, schemas: Schemas) -> Arc<BoundCatalog> {
        let mut last = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        match last.as_ref() {
            Some((known, bound)) if *known == schemas => Arc::clone(bound),
            _ => {
                let bound = Arc::new(bind(Arc::clone(&self.catalog), schemas.clone()));
                *last = Some((schemas, Arc::clone(&bound)));
                bound
            }
        }
    }
}

/// Every name that [`Workspace::call`] knows.
pub const TOOLS: [&str; 12] = [
    "get_metrics",
    "audit_performance",
    "list_metrics",
    "describe_metric",
    "list_dimensions",
    "get_dimension_values",
    "list_saved_queries",
    "run_saved_query",
    "sql",
    "get_freshness",
    "resolve_time_range",
    "explain",
];

/// Digits of the model's version that answers say.
const VERSION: usize = 16;

/// BLAKE3 over the model's files, in hexadecimal digits.
fn version(texts: &[(String, String)]) -> String {
    let mut sorted: Vec<&(String, String)> = texts.iter().collect();
    sorted.sort();
    let mut hasher = blake3::Hasher::new();
    for (name, text) in sorted {
        for part in [name, text] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests;
