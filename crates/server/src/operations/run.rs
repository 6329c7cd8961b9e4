//! Running an operation: what a workspace answers goes there, what is made of several answers is made here.

use std::sync::Arc;

use serde_json::{Map, Value};
use sextant_engine::json::{self, time_range};
use sextant_engine::workspace::{CallContext, Failure, Workspace};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::query::request::{self, ExecuteRequest, Request};

use super::{Operation, administer, executable, find, permit};
use crate::app::Answer;
use crate::identity::caller::Caller;
use crate::organizations::Workspaces;
use crate::store::Store;
use crate::{feedback, fetch, search};

/// What operations are run over, and for whom.
#[derive(Clone)]
pub(crate) struct Ground {
    /// A workspace, or why there is none.
    pub(crate) workspace: Result<Arc<dyn Answer>, Failure>,
    pub(crate) store: Arc<Store>,
    pub(crate) caller: Arc<Caller>,
    /// Where workspaces are opened; none of a process with one that is never opened again.
    pub(crate) workspaces: Option<Arc<Workspaces>>,
}

impl Ground {
    /// Opens the caller's model again and gives its version.
    pub(super) async fn reload(&self) -> Result<String, Failure> {
        let Some(workspaces) = &self.workspaces else {
            let fault = Diagnostic::new(Code::InvalidArgument, "this process reads its model once");
            return Err(fault.help("start it again to read the model anew").into());
        };
        let workspace = workspaces.reload(&self.caller.organization, self.caller.environment).await?;
        Ok(workspace.model_version().to_string())
    }
}

/// Answers one operation by its name.
pub(crate) async fn run(
    ground: &Ground,
    name: &str,
    arguments: &Map<String, Value>,
    context: &CallContext,
) -> Result<Value, Failure> {
    match name {
        "execute" => {
            let (request, notes) = decode(name, arguments)?;
            let Request::Execute(asked) = request else { return Err(crate::error::internal()) };
            execute(ground, asked, notes, context).await
        }
        "submit_mcp_feedback" => {
            let (request, notes) = decode(name, arguments)?;
            let Request::SubmitFeedback(said) = request else { return Err(crate::error::internal()) };
            let answer = feedback::submit(&ground.store, &ground.caller.organization, said, context).await?;
            Ok(json::with_notes(answer, &notes))
        }
        known if administer::answer_schema(known).is_some() => {
            let (request, notes) = decode(name, arguments)?;
            let Request::Administer(asked) = request else { return Err(crate::error::internal()) };
            let answer = administer::administer(ground, asked, context.now).await?;
            Ok(json::with_notes(answer, &notes))
        }
        "search" | "fetch" => {
            let answers = ground.workspace.as_ref().map_err(Clone::clone)?;
            match answers.workspace() {
                Some(workspace) => found(workspace, &ground.caller, name, arguments, context).await,
                None => answers.answer(name, arguments, context).await,
            }
        }
        other => match &ground.workspace {
            Ok(workspace) => workspace.answer(other, arguments, context).await,
            Err(failure) => without_model(other, arguments, context, failure.clone()),
        },
    }
}

fn decode(name: &str, arguments: &Map<String, Value>) -> Result<(Request, Vec<String>), Failure> {
    let decoded = request::decode(name, arguments)?;
    Ok((decoded.request, decoded.notes))
}

async fn found(
    workspace: &Workspace,
    caller: &Caller,
    name: &str,
    arguments: &Map<String, Value>,
    context: &CallContext,
) -> Result<Value, Failure> {
    let (request, notes) = decode(name, arguments)?;
    let answer = match request {
        Request::Search(asked) => search::answer(workspace, caller, &asked, context).await?,
        Request::Fetch(asked) => fetch::answer(workspace, caller, &asked, context).await?,
        _ => return Err(crate::error::internal()),
    };
    Ok(json::with_notes(answer, &notes))
}

/// The operation's own answer. What is wrong in its arguments is told by the path that the caller wrote.
async fn execute(
    ground: &Ground,
    asked: ExecuteRequest,
    mut notes: Vec<String>,
    context: &CallContext,
) -> Result<Value, Failure> {
    let operation = operation(&ground.caller, &asked.operation, &mut notes)?;
    let is_beside = asked.query.is_some();
    let arguments = asked.of_the_operation();
    // Boxed: an operation is never `execute` itself, but the compiler cannot know.
    let answer = Box::pin(run(ground, operation.name, &arguments, context)).await;
    match answer {
        Ok(answer) => Ok(json::with_notes(answer, &notes)),
        Err(mut failure) => {
            for fault in &mut failure.0.0 {
                fault.field = fault.field.take().map(|field| match field.as_str() {
                    "query" if is_beside => field,
                    _ => format!("arguments.{field}"),
                });
            }
            Err(failure)
        }
    }
}

/// The operation of an identifier, also as `operation:…` and in another spelling.
fn operation(caller: &Caller, identifier: &str, notes: &mut Vec<String>) -> Result<&'static Operation, Failure> {
    let can_run = || executable(caller).map(|operation| operation.name);
    let name = identifier.trim();
    let name = name.strip_prefix("operation:").unwrap_or(name);
    let found = permit::named(identifier);
    if let Some(operation) = found.filter(|found| can_run().any(|name| name == found.name)) {
        if operation.name != name {
            notes.push(format!("`operation` was given as `{name}` and read as `{}`", operation.name));
        } else if name != identifier {
            notes.push(format!("`operation` was read as `{name}`"));
        }
        return Ok(operation);
    }
    let shown: String = name.chars().take(80).collect();
    let fact = match found {
        Some(operation) => format!("`{}` is called by itself, not through `execute`", operation.name),
        None => format!("unknown operation `{shown}`"),
    };
    let fault = Diagnostic::new(Code::UnknownOperation, fact)
        .field("operation")
        .received(shown)
        .help(format!("one of {}", can_run().collect::<Vec<_>>().join(", ")))
        .suggest(name, can_run());
    Err(fault.into())
}

/// The operations that a calendar alone can answer.
fn without_model(
    name: &str,
    arguments: &Map<String, Value>,
    context: &CallContext,
    failure: Failure,
) -> Result<Value, Failure> {
    match name {
        "resolve_time_range" => {
            let (request, notes) = decode(name, arguments)?;
            let Request::ResolveTimeRange(asked) = request else { return Err(crate::error::internal()) };
            let answer = time_range::answer(&asked, context.now, None, &[])?;
            Ok(json::with_notes(answer, &notes))
        }
        known if find(known).is_some() => Err(failure),
        unknown => {
            let shown: String = unknown.chars().take(80).collect();
            let fault = Diagnostic::new(Code::UnknownTool, format!("unknown tool `{shown}`")).field("tool");
            Err(fault.help("`search` and `get_metrics` are tools").suggest(unknown, request::tools()).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::caller::Door;
    use chrono::DateTime;
    use serde_json::json;
    use sextant_semantics::diagnostic::Diagnostics;
    use tokio_util::sync::CancellationToken;

    fn ground() -> Ground {
        let absent = Failure(Diagnostics::from(Diagnostic::new(Code::NoModel, "no model")));
        let caller = Arc::new(Caller::local(Door::CommandLine));
        Ground { workspace: Err(absent), store: Arc::new(Store::in_memory()), caller, workspaces: None }
    }

    fn ask(name: &str, arguments: Value) -> Result<Value, Failure> {
        let context = CallContext {
            now: DateTime::parse_from_rfc3339("2026-11-20T15:00:00Z").unwrap().to_utc(),
            max_rows: None,
            max_bytes: None,
            caller: Default::default(),
            cancel: CancellationToken::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(&ground(), name, arguments.as_object().unwrap(), &context))
    }

    #[test]
    fn execute_answers_as_the_operation_does() {
        let direct = ask("resolve_time_range", json!({"time_range": "last_7_days"})).unwrap();
        let arguments = json!({"time_range": "last_7_days"});
        let run = ask("execute", json!({"operation": "resolve_time_range", "arguments": arguments})).unwrap();
        assert_eq!(run.to_string(), direct.to_string());
        let run = ask("execute", json!({"operation": "Resolve-Time-Range", "arguments": arguments})).unwrap();
        assert_eq!(run["read_as"][0], "`operation` was given as `Resolve-Time-Range` and read as `resolve_time_range`");
    }

    #[test]
    fn faults_say_the_path_that_was_written() {
        let refused = |arguments| ask("execute", arguments).unwrap_err().0.0.remove(0);
        let fault = refused(json!({"operation": "resolve_time_range", "arguments": {"time_range": "last_7_dayz"}}));
        assert_eq!(fault.field.as_deref(), Some("arguments.time_range"));
        let fault = refused(json!({"operation": "resolve_time_rang"}));
        assert_eq!((fault.code, fault.did_you_mean), (Code::UnknownOperation, vec!["resolve_time_range".to_string()]));
        for not_run in ["execute", "submit_mcp_feedback"] {
            assert_eq!(refused(json!({"operation": not_run})).code, Code::UnknownOperation);
        }
        let fault = refused(json!({"operation": "sql", "query": "SELECT 1", "arguments": {"query": "SELECT 2"}}));
        assert_eq!((fault.code, fault.field.as_deref()), (Code::InvalidArgument, Some("query")));
    }

    #[test]
    fn feedback_needs_no_model() {
        let said = ask("submit_mcp_feedback", json!({"category": "docs", "comment": "more examples"})).unwrap();
        assert!(said["feedback_id"].as_str().unwrap().starts_with("fb_"));
        assert_eq!(ask("search", json!({})).unwrap_err().0.0[0].code, Code::NoModel);
    }
}
