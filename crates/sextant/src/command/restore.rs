//! `sextant restore`: a backup in the place of the state file.

use chrono::Utc;
use sextant_server::store::audit::Chain;
use sextant_server::store::{Store, backup};

use super::audit_log;
use super::backup::counted;
use crate::cli::{Place, Restore};
use crate::config::Config;
use crate::fault::Fault;
use crate::output;
use crate::output::number::clean;

pub(crate) fn run(place: &Place, asked: &Restore) -> Result<(), Fault> {
    let state = Config::of(place)?.state;
    let restored = backup::restore(&state, &asked.file, Utc::now())?;
    // The log of before knows nothing of it, and goes on from here.
    let noted = audit_log::note(&Store::at(state.clone()), "restore", "", "production", "", Utc::now());
    let kept = restored.kept.map_or_else(String::new, |kept| format!(" (what it was: {})", kept.display()));
    output::emit(&format!("restored {}{kept}: {}\n", state.display(), counted(&restored.contents)))?;
    if let Chain::Broken { sequence, how } = restored.audit {
        output::note(&format!("its audit log is broken at record {sequence}: {how}"))?;
    }
    for (id, name) in &restored.revived {
        output::note(&format!(
            "`{}` was revoked after the backup and is accepted again: sextant token revoke {id}",
            clean(name)
        ))?;
    }
    Ok(noted?)
}
