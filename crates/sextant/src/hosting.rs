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
        let folder = self.0.state.with_file_name("sandbox");
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
        let name = old.file_name().to_string_lossy().trim_start_matches('.').to_string();
        let is_of_another_day = name.starts_with("20") && !name.starts_with(&end.to_string());
        if is_of_another_day && let Err(fault) = std::fs::remove_dir_all(old.path()) {
            tracing::debug!(%fault, "earlier data of the sandbox stays");
        }
    }
    Ok(place)
}
