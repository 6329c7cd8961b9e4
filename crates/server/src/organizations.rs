//! The workspaces of organizations: opened when they are first asked, opened again when their model changes.
//!
//! Isolation is by what is opened. A workspace reads the files of its own organization and of no other;
//! there is one for production and one for the sandbox.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sextant_engine::workspace::{Failure, Settings, Workspace};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use crate::app::Answer;
use crate::error;
use crate::identity::caller::{DEFAULT_ORGANIZATION, Environment};
use crate::store::Store;

/// Where the model and the data of a workspace lie, and what it assumes unless a request says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub models: PathBuf,
    pub data: PathBuf,
    pub timezone: Option<String>,
    pub currency: Option<String>,
}

/// What opens workspaces: the process that has the files.
pub trait Library: Send + Sync + 'static {
    /// The place of the organization of the server's own configuration.
    fn configured(&self) -> Place;

    /// Reads the model and makes a workspace of it; without a place, of the example model over example data, which is
    /// made where it is absent: for sandboxes without data of their own.
    fn open(&self, place: Option<&Place>) -> Result<Workspace, Failure>;

    /// Something that differs when a file of the model has changed, or the example has become old.
    fn version(&self, place: Option<&Place>) -> String;
}

/// How long an opened model is taken for unchanged.
const FRESH: Duration = Duration::from_secs(1);

type Key = (String, Environment);
type Slot = Arc<tokio::sync::Mutex<Option<Opened>>>;

#[derive(Clone)]
struct Opened {
    workspace: Arc<Workspace>,
    /// None: the example, which has no place of its own.
    place: Option<Place>,
    version: String,
    seen: Instant,
}

/// The workspaces of a process.
pub struct Workspaces {
    library: Arc<dyn Library>,
    store: Arc<Store>,
    slots: Mutex<HashMap<Key, Slot>>,
}

impl Workspaces {
    pub fn new(library: Arc<dyn Library>, store: Arc<Store>) -> Workspaces {
        Workspaces { library, store, slots: Mutex::new(HashMap::new()) }
    }

    /// The workspace of an organization, as its files are now. A model that has become faulty is told in the log,
    /// and the last good one goes on answering.
    pub async fn of(&self, organization: &str, environment: Environment) -> Result<Arc<dyn Answer>, Failure> {
        let slot = self.slot(organization, environment);
        let mut held = slot.lock().await;
        let place = self.place(organization, environment)?;
        if let Some(opened) = held.as_mut().filter(|opened| opened.place == place) {
            if opened.seen.elapsed() < FRESH || self.version(place.as_ref()).await? == opened.version {
                opened.seen = Instant::now();
                return Ok(opened.workspace.clone());
            }
            match self.open(organization, environment, place).await {
                Ok(again) => *opened = again,
                Err(failure) => {
                    let fault = failure.0.iter().next().map_or("", |fault| fault.code.as_str());
                    tracing::error!(organization, fault, "the changed model is faulty; the last good one answers");
                    opened.seen = Instant::now();
                }
            }
            return Ok(opened.workspace.clone());
        }
        let opened = self.open(organization, environment, place).await?;
        let workspace = opened.workspace.clone();
        *held = Some(opened);
        Ok(workspace)
    }

    /// Opens the model again now. A faulty one is refused with its faults, and the last good one stays.
    pub async fn reload(&self, organization: &str, environment: Environment) -> Result<Arc<Workspace>, Failure> {
        let slot = self.slot(organization, environment);
        let mut held = slot.lock().await;
        let place = self.place(organization, environment)?;
        let opened = self.open(organization, environment, place).await?;
        let workspace = opened.workspace.clone();
        *held = Some(opened);
        Ok(workspace)
    }

    fn slot(&self, organization: &str, environment: Environment) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry((organization.to_string(), environment)).or_default().clone()
    }

    /// None for a sandbox without data of its own.
    fn place(&self, organization: &str, environment: Environment) -> Result<Option<Place>, Failure> {
        let kept = self.store.organization(organization)?.filter(|kept| kept.disabled.is_none());
        let kept = kept.ok_or_else(|| {
            Diagnostic::new(Code::OrganizationNotAvailable, "the organization does not exist or is disabled")
        })?;
        let configured = self.library.configured();
        let data = match environment {
            Environment::Production => Some(kept.data.unwrap_or(configured.data)),
            Environment::Sandbox => kept.sandbox_data,
        };
        Ok(data.map(|data| Place {
            models: kept.models.unwrap_or(configured.models),
            data,
            timezone: kept.timezone,
            currency: kept.currency,
        }))
    }

    async fn version(&self, place: Option<&Place>) -> Result<String, Failure> {
        let (library, place) = (self.library.clone(), place.cloned());
        blocking(move || library.version(place.as_ref())).await
    }

    async fn open(
        &self,
        organization: &str,
        environment: Environment,
        place: Option<Place>,
    ) -> Result<Opened, Failure> {
        let library = self.library.clone();
        let key = self.cursor_key(organization, environment)?;
        blocking(move || {
            // The version is read first: what changes meanwhile is seen as a change next time.
            let version = library.version(place.as_ref());
            let workspace = library.open(place.as_ref())?;
            let settings = place.as_ref().map_or_else(Settings::default, |place| Settings {
                timezone: place.timezone.clone(),
                currency: place.currency.clone(),
            });
            let workspace = workspace.with_settings(settings);
            let workspace = match key {
                Some(key) => workspace.with_cursor_key(&key),
                None => workspace,
            };
            Ok(Opened { workspace: Arc::new(workspace), place, version, seen: Instant::now() })
        })
        .await?
    }

    /// What binds cursors to one organization and environment; none for the configuration's own production data,
    /// whose cursors the command line gives as well.
    fn cursor_key(&self, organization: &str, environment: Environment) -> Result<Option<Vec<u8>>, Failure> {
        if organization == DEFAULT_ORGANIZATION && environment == Environment::Production {
            return Ok(None);
        }
        let mut key = self.store.server_key("cursors")?;
        key.extend([organization.as_bytes(), b"/", environment.as_str().as_bytes()].concat());
        Ok(Some(key))
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|fault| {
        tracing::error!(%fault, "a workspace could not be opened");
        error::internal()
    })
}
