//! Asking the engine in this process.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sextant_engine::workspace::{CallContext, Failure, Workspace};
use sextant_semantics::query::caller::Caller;
use sextant_server::app::{App, Limits};
use sextant_server::identity::caller::{self, Door};
use sextant_server::wire::error_object;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Threads of its own with room for deep plans in an unoptimised build.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(16 << 20)
        .enable_all()
        .build()
        .unwrap()
});

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Where a model and its data lie, and who asks there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub models: PathBuf,
    pub data: PathBuf,
    /// `key=value`, for doors.
    pub caller: Vec<String>,
}

impl Place {
    pub fn new(models: PathBuf, data: PathBuf) -> Place {
        Place { models, data, caller: Vec::new() }
    }

    /// A world of `tests/worlds`, or the shipped model over its checked-in data.
    pub fn of_world(name: &str) -> Place {
        let root = repository();
        if name == "commerce" {
            return Place::new(root.join("semantic-models/commerce"), root.join("fixtures/commerce"));
        }
        let folder = root.join("tests/worlds").join(name);
        Place::new(folder.clone(), folder)
    }
}

/// The model texts of a directory, read as the binary reads them: `.yml` and `.yaml` at any depth.
pub fn model_texts(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).unwrap_or_else(|e| panic!("{}: {e}", at.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Opens a workspace; a refusal is given as the `error` object that doors write.
pub fn open(place: &Place) -> Result<Workspace, Value> {
    Workspace::open(model_texts(&place.models), place.data.clone()).map_err(|failure| error_object(&failure))
}

/// One call with no limits of a door, at a fixed clock; `Err` holds the `error` object.
pub fn call(workspace: &Workspace, tool: &str, arguments: &Map<String, Value>) -> Result<Value, Value> {
    call_as(workspace, &Caller::default(), tool, arguments)
}

/// As [`call`], by somebody of whom something is known.
pub fn call_as(
    workspace: &Workspace,
    caller: &Caller,
    tool: &str,
    arguments: &Map<String, Value>,
) -> Result<Value, Value> {
    let context = CallContext {
        now: fixed_now(),
        max_rows: None,
        max_bytes: None,
        caller: caller.clone(),
        cancel: CancellationToken::new(),
    };
    RUNTIME.block_on(workspace.call(tool, arguments, &context)).map_err(|failure: Failure| error_object(&failure))
}

/// A clock for questions that bring their own `as_of`.
fn fixed_now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The application behind every door, over a workspace and at a fixed clock.
pub fn app(workspace: Workspace) -> App {
    App::new(Ok(Arc::new(workspace)), fixed_now)
}

/// One call of an operation by somebody of whom something is known, with so many rows a page.
pub fn operation_as(
    app: &App,
    asker: &Caller,
    rows: usize,
    name: &str,
    arguments: &Map<String, Value>,
) -> Result<Value, Failure> {
    let caller = caller::Caller { attributes: asker.to_json(), ..caller::Caller::local(Door::Mcp) };
    RUNTIME.block_on(app.call(&caller, name, arguments.clone(), Limits::mcp(rows), CancellationToken::new()))
}
