//! One run's engine: the workspace of the configuration, a runtime, and interruption.

use std::sync::Arc;

use chrono::Utc;
use serde_json::{Map, Value};
use sextant_engine::workspace::{Failure, Workspace};
use sextant_semantics::code::Code;
use sextant_server::app::{Answer, App, Limits};
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::store::Store;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::cli::Place;
use crate::config::Config;
use crate::fault::Fault;
use crate::models;

/// Stack of a worker: plans of deep expressions are recursive.
const STACK_BYTES: usize = 16 << 20;

/// A workspace with a runtime to ask it on.
pub(crate) struct Session {
    pub(crate) runtime: Runtime,
    pub(crate) app: App,
    /// What policies may know of who started the process.
    attributes: Map<String, Value>,
}

impl Session {
    /// The session of a command that needs a model.
    pub(crate) fn open(place: &Place) -> Result<Session, Fault> {
        open_config(&Config::of(place)?)
    }

    /// The session of a command that can do without: a default directory that holds no model, or none that
    /// can be chosen, refuses only the questions that need one. A model that was named must be good.
    pub(crate) fn open_if_any(place: &Place) -> Result<Session, Fault> {
        let config = Config::of(place)?;
        match workspace(&config) {
            Ok(workspace) => Session::with(Ok(Arc::new(workspace)), &config),
            Err(Refusal { failure, .. }) if !config.models.is_named() => Session::with(Err(failure), &config),
            Err(refusal) => Err(refusal.into()),
        }
    }

    fn with(workspace: Result<Arc<dyn Answer>, Failure>, config: &Config) -> Result<Session, Fault> {
        let app = App::new(workspace, Utc::now).with_store(Arc::new(Store::at(config.state.clone())));
        Ok(Session { runtime: Session::runtime()?, app, attributes: config.caller.to_json() })
    }

    pub(crate) fn runtime() -> Result<Runtime, Fault> {
        Ok(Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build()?)
    }

    /// Who started the process, at a door without identity.
    pub(crate) fn local(&self, door: Door) -> Caller {
        Caller::local(door).with_attributes(self.attributes.clone())
    }

    /// Asks one question; an interrupt cancels it.
    pub(crate) fn call(&self, tool: &str, arguments: Map<String, Value>, rows: Option<usize>) -> Result<Value, Fault> {
        let (caller, cancel) = (self.local(Door::CommandLine), CancellationToken::new());
        self.runtime.block_on(async {
            tokio::select! {
                answer = self.app.call(&caller, tool, arguments, Limits::local(rows), cancel.clone()) => Ok(answer?),
                _ = tokio::signal::ctrl_c() => Err(Fault::Interrupted),
            }
        })
    }
}

/// The session of a settled configuration.
pub(crate) fn open_config(config: &Config) -> Result<Session, Fault> {
    Session::with(Ok(Arc::new(workspace(config)?)), config)
}

/// The session over a workspace that is open already.
pub(crate) fn over(workspace: Arc<Workspace>) -> Result<Session, Fault> {
    Ok(Session { runtime: Session::runtime()?, app: App::new(Ok(workspace), Utc::now), attributes: Map::new() })
}

/// Why there is no workspace: for an answer, and as text with carets for a person.
pub(crate) struct Refusal {
    pub(crate) failure: Failure,
    pub(crate) text: Option<String>,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.failure.0.iter().next().map_or(Code::Internal, |first| first.code);
        match refusal.text {
            Some(text) => Fault::Found { text, code },
            None => Fault::Refused(refusal.failure),
        }
    }
}

/// The workspace of a configuration.
pub(crate) fn workspace(config: &Config) -> Result<Workspace, Refusal> {
    let texts = models::read(&config.models).map_err(|failure| Refusal { failure, text: None })?;
    let (read, root) = (texts.clone(), config.data.path.clone());
    let opened = match config.model_format {
        Some(format) => Workspace::open_as(format, read, root),
        None => Workspace::open(read, root),
    };
    opened.map_err(|mut failure| {
        models::name_choices(&config.models, &texts, &mut failure);
        let text = models::render(&config.models, &texts, &failure.0);
        Refusal { failure, text: Some(text) }
    })
}
