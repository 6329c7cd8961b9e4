//! The workspace of a caller: the same files and caches, without the columns that policies hide from them.
//!
//! Callers from whom the same policies hide columns share one view. It has a catalog of its own, so that whatever is
//! asked of it, and however it fails, cannot name what is hidden; and memory of its own for what is made of the catalog.

use std::sync::{Arc, Mutex, PoisonError};

use sextant_semantics::catalog::conceal::InForce;
use sextant_semantics::query::caller::Caller;
use sextant_semantics::query::visible::columns_hidden_from;

use super::Workspace;

/// Views that are kept, at most; those used longest ago are made again.
const KEPT: usize = 16;

/// The views of a workspace, the newest used at the end.
#[derive(Default)]
pub(super) struct Views(Mutex<Vec<Arc<Workspace>>>);

impl Views {
    fn of(&self, in_force: &InForce, make: impl FnOnce() -> Workspace) -> Arc<Workspace> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|view| view.in_force == *in_force).map(|at| kept.remove(at));
        let view = known.unwrap_or_else(|| Arc::new(make()));
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&view));
        view
    }
}

impl Workspace {
    /// The workspace as `caller` sees it; none where that is this one.
    pub fn seen_by(&self, caller: &Caller) -> Option<Arc<Workspace>> {
        if !self.whole.depends_on_callers() {
            return None;
        }
        let in_force = columns_hidden_from(&self.whole, caller);
        (in_force != self.in_force).then(|| self.views.of(&in_force, || self.with_hidden(in_force.clone())))
    }

    fn with_hidden(&self, in_force: InForce) -> Workspace {
        Workspace {
            catalog: Arc::new(self.whole.seen(&in_force)),
            whole: Arc::clone(&self.whole),
            in_force,
            views: Views::default(),
            model_version: self.model_version.clone(),
            cursors: self.cursors.clone(),
            root: self.root.clone(),
            sources: Arc::clone(&self.sources),
            target_sources: Arc::clone(&self.target_sources),
            cache: Arc::clone(&self.cache),
            sessions: Arc::clone(&self.sessions),
            limits: self.limits,
            settings: self.settings.clone(),
            memory_bytes: self.memory_bytes,
            losses: Arc::clone(&self.losses),
            bound: Mutex::new(None),
            values: tokio::sync::Mutex::new(Vec::new()),
        }
    }

    /// The model and what is hidden of it, for the names of answers: answers of two views are two.
    pub(super) fn version_seen(&self) -> String {
        format!("{}{}", self.model_version, self.in_force.mark(&self.whole))
    }
}
