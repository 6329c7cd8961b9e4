//! What the server's workspaces are opened from: the directories of organizations, and the example that a sandbox
//! without data of its own shows.

use std::path::{Path, PathBuf};

use chrono::{Days, Local, NaiveDate};
use rust_embed::RustEmbed;
use sextant_engine::workspace::{Failure, Workspace};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::organizations::{Library, Place};

use crate::config::{Config, Origin, Setting};
use crate::fixtures::{self, Mark, Scale};
use crate::{models, session};

/// The shipped model.
#[derive(RustEmbed)]
#[folder = "../../semantic-models/commerce"]
struct Commerce;

/// Opens what the configuration and the state name.
pub(crate) struct Hosting(pub(crate) Config);

impl Library for Hosting {
    fn configured(&self) -> Place {
        let Config { models, data, .. } = &self.0;
        Place { models: models.path.clone(), data: data.path.clone(), timezone: None, currency: None }
    }

    fn open(&self, place: Option<&Place>) -> Result<Workspace, Failure> {
        let Some(place) = place else { return self.example() };
        let named = |path: &Path| Setting { path: path.to_path_buf(), from: Origin::Flag("--models") };
        let config = Config { models: named(&place.models), data: named(&place.data), ..self.0.clone() };
        session::workspace(&config).map_err(|refusal| refusal.failure)
    }

    fn version(&self, place: Option<&Place>) -> String {
        match place {
            Some(place) => models::version(&place.models),
            None => yesterday().to_string(),
        }
    }
}

impl Hosting {
    /// The example ends yesterday and is made anew on another day.
    fn example(&self) -> Result<Workspace, Failure> {
        let folder = examples_of(&self.0.state);
        let data = made(&folder, yesterday()).map_err(|fault| {
            tracing::error!(%fault, "the data of the sandbox cannot be made");
            let fault = Diagnostic::new(Code::DataUnavailable, "the data of the sandbox cannot be made");
            fault.help("the server's log has the cause")
        })?;
        let texts = Commerce::iter().filter_map(|name| {
            let text = String::from_utf8(Commerce::get(&name)?.data.into_owned()).ok()?;
            Some((name.into_owned(), text))
        });
        Workspace::open(texts.collect(), data)
    }
}

/// Beside the state file, under a name that nothing else has: `state.db.sandbox`.
fn examples_of(state: &Path) -> PathBuf {
    let mut name = state.file_name().unwrap_or_default().to_os_string();
    name.push(".sandbox");
    state.with_file_name(name)
}

fn yesterday() -> NaiveDate {
    Local::now().date_naive() - Days::new(1)
}

/// The example data that ends on that day, below `folder`. It is made beside its place and put there whole; what two
/// processes make is the same, and one of them wins. Data of earlier days is removed.
fn made(folder: &Path, end: NaiveDate) -> std::io::Result<PathBuf> {
    let place = folder.join(end.to_string());
    if Mark::read(&place).is_some_and(|mark| mark.complete) {
        return Ok(place);
    }
    let beside = folder.join(format!(".{end}-{}", std::process::id()));
    fixtures::generate(Scale::Tiny, &beside, end, |_, _| {})?;
    if let Err(fault) = std::fs::rename(&beside, &place)
        && !Mark::read(&place).is_some_and(|mark| mark.complete)
    {
        return Err(fault);
    }
    for old in std::fs::read_dir(folder)?.flatten() {
        if is_of_another_day(&old.path(), end)
            && let Err(fault) = std::fs::remove_dir_all(old.path())
        {
            tracing::debug!(%fault, "earlier data of the sandbox stays");
        }
    }
    Ok(place)
}

/// Whether a directory is example data that was made to end on another day: its name is that day, and the mark of who
/// makes such data lies in it. What anybody else put there is theirs.
fn is_of_another_day(folder: &Path, end: NaiveDate) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let day = name.parse::<NaiveDate>().ok().filter(|day| day.to_string() == name && *day != end);
    day.is_some() && Mark::read(folder).is_some_and(|mark| mark.complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_example_data_of_earlier_days_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for kept in ["2024-archive", "2025", "2026-11-18", "sandbox"] {
            std::fs::create_dir_all(folder.path().join(kept)).unwrap();
            std::fs::write(folder.path().join(kept).join("orders.csv"), "precious").unwrap();
        }
        let first = made(folder.path(), day("2026-11-19")).unwrap();
        let second = made(folder.path(), day("2026-11-20")).unwrap();
        assert!(!first.exists() && second.is_dir());
        let mut left: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["2024-archive", "2025", "2026-11-18", "2026-11-20", "sandbox"]);
        assert_eq!(examples_of(Path::new("/srv/sextant.db")), Path::new("/srv/sextant.db.sandbox"));
    }
}
