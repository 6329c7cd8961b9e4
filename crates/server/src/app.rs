//! What every door calls: one question, answered under the door's limits, at the clock's instant.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::{Map, Value};
use sextant_engine::workspace::{CallContext, Failure, Workspace};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::query::caller::Caller as Asker;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error;
use crate::identity::authenticate::choose;
use crate::identity::caller::{Caller, Environment};
use crate::identity::limits::RateLimits;
use crate::operations::permit::{innermost, permit};
use crate::operations::run::{Ground, run};
use crate::organizations::{Library, Workspaces};
use crate::store::Store;
use crate::store::audit::{AuditLog, Record};

/// The argument by which a partner says for which organization a call is.
pub const ORGANIZATION_ARGUMENT: &str = "organization_id";

/// Rows of a page over the network unless the operator says otherwise.
pub const DEFAULT_ROWS: usize = 1_000;
/// Rows of a page over the network at most.
pub const MOST_ROWS: usize = 50_000;
/// Bytes of an answer over MCP, unless the request says: what the common clients show whole.
pub const MCP_BYTES: usize = 30_000;
/// Bytes of an answer over the open API, unless the request says.
pub const API_BYTES: usize = 1 << 20;
/// Bytes of one request at every door.
pub const REQUEST_BYTES: usize = 1 << 20;
/// How long a question may take over the network.
pub const NETWORK_TIME: Duration = Duration::from_secs(30);

/// What one door allows an answer to hold and to cost; absent means without a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub rows: Option<usize>,
    pub bytes: Option<usize>,
    pub time: Option<Duration>,
}

impl Limits {
    /// The command line and batch: the asker's own machine and patience.
    pub fn local(rows: Option<usize>) -> Self {
        Limits { rows, bytes: None, time: None }
    }

    pub fn mcp(rows: usize) -> Self {
        Limits { rows: Some(rows), bytes: Some(MCP_BYTES), time: Some(NETWORK_TIME) }
    }

    pub fn api(rows: usize) -> Self {
        Limits { rows: Some(rows), bytes: Some(API_BYTES), time: Some(NETWORK_TIME) }
    }
}

/// An answer on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send + 'a>>;

/// What answers questions: a workspace, or a stand-in where a test needs a slow or a broken one.
pub trait Answer: Send + Sync + 'static {
    fn answer<'a>(
        &'a self,
        tool: &'a str,
        arguments: &'a Map<String, Value>,
        context: &'a CallContext,
    ) -> Answering<'a>;

    /// The same as this caller sees it; none where that is what it is.
    fn seen_by(&self, _: &Asker) -> Option<Arc<dyn Answer>> {
        None
    }

    /// The workspace that it is; none of a stand-in.
    fn workspace(&self) -> Option<&Workspace> {
        None
    }
}

impl Answer for Workspace {
    fn answer<'a>(
        &'a self,
        tool: &'a str,
        arguments: &'a Map<String, Value>,
        context: &'a CallContext,
    ) -> Answering<'a> {
        Box::pin(self.call(tool, arguments, context))
    }

    fn seen_by(&self, caller: &Asker) -> Option<Arc<dyn Answer>> {
        let seen = Workspace::seen_by(self, caller)?;
        Some(seen)
    }

    fn workspace(&self) -> Option<&Workspace> {
        Some(self)
    }
}

/// Which workspaces a process has.
#[derive(Clone)]
enum Hosted {
    /// One, or why there is none; whoever calls.
    One(Result<Arc<dyn Answer>, Failure>),
    /// Those of the organizations.
    Organizations(Arc<Workspaces>),
}

/// What is behind all doors of a process. Cheap to clone.
#[derive(Clone)]
pub struct App {
    hosted: Hosted,
    store: Arc<Store>,
    audit: Option<Arc<AuditLog>>,
    rates: Option<Arc<RateLimits>>,
    clock: fn() -> DateTime<Utc>,
}

impl App {
    /// A workspace, or why there is none: questions that need no model are answered all the same.
    pub fn new(workspace: Result<Arc<dyn Answer>, Failure>, clock: fn() -> DateTime<Utc>) -> Self {
        App { hosted: Hosted::One(workspace), store: Arc::new(Store::in_memory()), audit: None, rates: None, clock }
    }

    /// Keeps state in this store, in place of memory that ends with the process.
    pub fn with_store(mut self, store: Arc<Store>) -> Self {
        self.store = store;
        self
    }

    /// Answers each organization from its own workspace.
    pub fn with_organizations(mut self, library: Arc<dyn Library>) -> Self {
        self.hosted = Hosted::Organizations(Arc::new(Workspaces::new(library, self.store.clone())));
        self
    }

    /// Records every call.
    pub fn with_audit_log(mut self, audit: AuditLog) -> Self {
        self.audit = Some(Arc::new(audit));
        self
    }

    /// Counts the calls of partners for the organizations that they are for; the door counts all others.
    pub fn with_rates(mut self, rates: Arc<RateLimits>) -> Self {
        self.rates = Some(rates);
        self
    }

    pub fn audit_log(&self) -> Option<Arc<AuditLog>> {
        self.audit.clone()
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Answers one question of a caller. The clock is read once; dropping the future, or cancelling the token,
    /// stops the work. A panic beneath is an internal fault of this question alone.
    pub async fn call(
        &self,
        caller: &Caller,
        tool: &str,
        mut arguments: Map<String, Value>,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Value, Failure> {
        let now = self.now();
        let operation = innermost(tool, &arguments);
        let (caller, answer) = match for_organization(caller, &mut arguments) {
            Ok(caller) => {
                let answer = match self.admit(&caller) {
                    Ok(()) => self.answer(&caller, tool, arguments, limits, cancel, now).await,
                    Err(failure) => Err(failure),
                };
                (caller, answer)
            }
            Err(failure) => (Arc::new(caller.clone()), Err(failure)),
        };
        let changed = answer.as_ref().ok().filter(|_| operation.is_some_and(|operation| operation.changes));
        let target = changed.and_then(|answer| answer["id"].as_str());
        let name = operation.map_or(tool, |operation| operation.name);
        self.record(&caller, name, answer.as_ref().err(), target, now);
        answer
    }

    /// Records a call that ended before it was one.
    pub(crate) fn was_refused(&self, caller: &Caller, operation: &str, failure: &Failure) {
        self.record(caller, operation, Some(failure), None, self.now());
    }

    async fn answer(
        &self,
        caller: &Arc<Caller>,
        tool: &str,
        arguments: Map<String, Value>,
        limits: Limits,
        cancel: CancellationToken,
        now: DateTime<Utc>,
    ) -> Result<Value, Failure> {
        permit(caller, tool, &arguments)?;
        let cancel = cancel.child_token();
        let _stop_when_dropped = cancel.clone().drop_guard();
        let context = CallContext {
            // What answers say as `as_of`: two of one second are the same.
            now: now.trunc_subsecs(0),
            max_rows: limits.rows,
            max_bytes: limits.bytes,
            caller: Asker::from_json(&caller.attributes)?,
            cancel: cancel.clone(),
        };
        let app = self.clone();
        let (name, asker) = (tool.to_string(), caller.clone());
        // Dropping the set aborts the work at its next pause, wherever it is.
        let mut work = JoinSet::new();
        work.spawn(async move {
            let ground = app.ground(asker, &context.caller).await;
            run(&ground, &name, &arguments, &context).await
        });
        let joined = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(error::cancelled()),
            joined = work.join_next() => joined.expect("one task was spawned"),
            () = over(limits.time) => return Err(error::timeout(limits.time.unwrap_or_default().as_secs())),
        };
        let answer = joined.unwrap_or_else(|fault| {
            tracing::error!(tool, %fault, "a question ended in a fault of ours");
            Err(error::internal())
        })?;
        Ok(in_environment(answer, caller.environment))
    }

    /// Counts a partner's call for the organization that it is for.
    fn admit(&self, caller: &Caller) -> Result<(), Failure> {
        self.rates.as_ref().map_or(Ok(()), |rates| rates.admit_for(caller))
    }

    /// The workspace is the one that `asker` sees: nothing behind it has to ask who it is for.
    async fn ground(&self, caller: Arc<Caller>, asker: &Asker) -> Ground {
        let (workspace, workspaces) = match &self.hosted {
            Hosted::One(workspace) => (workspace.clone(), None),
            Hosted::Organizations(all) => (all.of(&caller.organization, caller.environment).await, Some(all.clone())),
        };
        let workspace = workspace.map(|all| all.seen_by(asker).unwrap_or(all));
        Ground { workspace, store: self.store.clone(), caller, workspaces }
    }

    /// What was called, how it ended and what it changed; never what was asked or answered.
    fn record(
        &self,
        caller: &Caller,
        operation: &str,
        refused: Option<&Failure>,
        target: Option<&str>,
        at: DateTime<Utc>,
    ) {
        let Some(audit) = &self.audit else { return };
        let record = Record::of(caller, operation, refused, at);
        audit.record(Record { target: target.unwrap_or_default().to_string(), ..record });
    }
}

/// The caller for the organization that a partner names among the arguments, for this one call.
fn for_organization(caller: &Caller, arguments: &mut Map<String, Value>) -> Result<Arc<Caller>, Failure> {
    let Some(wanted) = arguments.remove(ORGANIZATION_ARGUMENT) else { return Ok(Arc::new(caller.clone())) };
    let Some(partner) = &caller.partner else {
        let message = format!("`{ORGANIZATION_ARGUMENT}` is for partners");
        let fault = Diagnostic::new(Code::UnknownArgument, message).field(ORGANIZATION_ARGUMENT);
        return Err(fault.help("leave it out: a token belongs to one organization").into());
    };
    let organization = choose(partner, wanted.as_str().unwrap_or_default(), ORGANIZATION_ARGUMENT)?.to_string();
    Ok(Arc::new(Caller { organization, ..caller.clone() }))
}

/// An answer from the sandbox says so, whatever its form.
fn in_environment(mut answer: Value, environment: Environment) -> Value {
    if let (Environment::Sandbox, Some(map)) = (environment, answer.as_object_mut()) {
        map.insert("environment".into(), environment.as_str().into());
    }
    answer
}

/// Ends when the time is over; never without a limit.
async fn over(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
