//! Where the model and the data are: flags, then the environment, then `sextant.toml`, then defaults.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::import::Format;
use sextant_semantics::query::caller::Caller;

use crate::cli::Place;
use crate::fault::Fault;

const FILE: &str = "sextant.toml";
const MODELS: &str = "semantic-models";
const DATA: &str = "data";

/// The settled directories of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) models: Setting,
    pub(crate) data: Setting,
    /// The file of what outlives a run: feedback.
    pub(crate) state: PathBuf,
    /// None: what the files look like.
    pub(crate) model_format: Option<Format>,
    /// Who asks at doors without identity.
    pub(crate) caller: Caller,
}

/// A directory, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) path: PathBuf,
    pub(crate) from: Origin,
}

/// Where a setting comes from, the strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    File(PathBuf),
    Default,
}

impl Setting {
    /// Whether somebody named the directory; else it is the default.
    pub(crate) fn is_named(&self) -> bool {
        self.from != Origin::Default
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    models: Option<PathBuf>,
    data: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl Config {
    /// The configuration of this process.
    pub(crate) fn of(place: &Place) -> Result<Config, Fault> {
        let here = std::env::current_dir()?;
        settle(place, &here, |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
    }
}

/// `here` is the working directory; `environment` gives a variable's value.
fn settle(place: &Place, here: &Path, environment: impl Fn(&str) -> Option<PathBuf>) -> Result<Config, Fault> {
    let (file, at) = match find(here) {
        Some(path) => {
            let text = std::fs::read_to_string(&path)?;
            (read(&path, &text)?, path)
        }
        None => (File::default(), here.join(FILE)),
    };
    let setting = |flag: (&'static str, Option<PathBuf>), variable, written: Option<PathBuf>, default: &str| {
        // A path counts from where it is written: the shell's directory, or the file's.
        let beside = at.parent().unwrap_or(here);
        let written = || written.map(|path| (shorten(beside.join(path), here), Origin::File(at.clone())));
        let flagged = flag.1.map(|path| (path, Origin::Flag(flag.0)));
        let named = flagged.or_else(|| environment(variable).map(|path| (path, Origin::Variable(variable))));
        let (path, from) = named.or_else(written).unwrap_or_else(|| (PathBuf::from(default), Origin::Default));
        Setting { path, from }
    };
    let state = setting(("--state", place.state.clone()), "SEXTANT_STATE", file.state, "");
    Ok(Config {
        state: if state.is_named() { state.path } else { user_state(&environment) },
        models: setting(("--models", place.models.clone()), "SEXTANT_MODELS", file.models, MODELS),
        data: setting(("--data", place.data.clone().flatten()), "SEXTANT_DATA", file.data, DATA),
        model_format: place.model_format,
        caller: Caller::from_pairs(place.caller.iter().map(String::as_str)).map_err(Failure::from)?,
    })
}

/// The file in the user's own directory for state, as the system has it; in the working directory without one.
fn user_state(environment: &impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let home = |below: &str| environment("HOME").map(|home| home.join(below));
    let folder = if cfg!(windows) {
        environment("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home("Library/Application Support")
    } else {
        environment("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(|| home(".local/state"))
    };
    folder.map_or_else(|| PathBuf::from("sextant.db"), |folder| folder.join("sextant").join("sextant.db"))
}

/// A path below the working directory as it would be typed there.
fn shorten(path: PathBuf, here: &Path) -> PathBuf {
    path.strip_prefix(here).map(Path::to_path_buf).unwrap_or(path)
}

/// The nearest `sextant.toml`, in `here` or above.
fn find(here: &Path) -> Option<PathBuf> {
    here.ancestors().map(|directory| directory.join(FILE)).find(|path| path.is_file())
}

fn read(path: &Path, text: &str) -> Result<File, Fault> {
    toml::from_str(text).map_err(|fault| {
        let line = fault.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let message = format!("{}:{line}: {}", path.display(), fault.message());
        let diagnostic =
            Diagnostic::new(Code::InvalidArgument, message).help("the keys are `models`, `data` and `state`");
        Fault::Refused(Failure(diagnostic.into()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(models: Option<&str>) -> Place {
        Place { models: models.map(PathBuf::from), model_format: None, data: None, state: None, caller: Vec::new() }
    }

    #[test]
    fn flags_win_over_the_environment_over_the_file_over_defaults() {
        let home = tempfile::tempdir().expect("a directory");
        let inner = home.path().join("a/b");
        std::fs::create_dir_all(&inner).expect("directories");
        let none = |_: &str| None;
        let plain = settle(&place(None), &inner, none).expect("a configuration");
        assert_eq!(plain.models, Setting { path: MODELS.into(), from: Origin::Default });
        assert_eq!(plain.data, Setting { path: DATA.into(), from: Origin::Default });

        std::fs::write(home.path().join(FILE), "models = \"m\"\n").expect("a file");
        let file = settle(&place(None), &inner, none).expect("a configuration");
        assert_eq!(file.models, Setting { path: home.path().join("m"), from: Origin::File(home.path().join(FILE)) });
        assert!(!file.data.is_named());

        let variable = |name: &str| (name == "SEXTANT_MODELS").then(|| PathBuf::from("env"));
        let varied = settle(&place(None), &inner, variable).expect("a configuration").models;
        assert_eq!(varied, Setting { path: "env".into(), from: Origin::Variable("SEXTANT_MODELS") });
        let flag = settle(&place(Some("flag")), &inner, variable).expect("a configuration");
        assert_eq!(flag.models, Setting { path: "flag".into(), from: Origin::Flag("--models") });
    }

    #[test]
    fn state_is_the_users_unless_it_is_named() {
        let home = tempfile::tempdir().expect("a directory");
        let own = home.path().to_path_buf();
        let environment = |name: &str| (name == "HOME" || name == "LOCALAPPDATA").then(|| own.clone());
        let plain = settle(&place(None), home.path(), environment).expect("a configuration").state;
        assert!(plain.starts_with(home.path()) && plain.ends_with("sextant/sextant.db"), "{}", plain.display());
        std::fs::write(home.path().join(FILE), "state = \"s.db\"\n").expect("a file");
        let file = settle(&place(None), home.path(), environment).expect("a configuration").state;
        assert_eq!(file, PathBuf::from("s.db"));
        let variable = |name: &str| (name == "SEXTANT_STATE").then(|| PathBuf::from("env.db"));
        assert_eq!(
            settle(&place(None), home.path(), variable).expect("a configuration").state,
            PathBuf::from("env.db")
        );
        let flag = Place { state: Some("flag.db".into()), ..place(None) };
        assert_eq!(settle(&flag, home.path(), variable).expect("a configuration").state, PathBuf::from("flag.db"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let fault = read(Path::new(FILE), "data = \"x\"\nmodel = \"y\"\n").expect_err("a refusal");
        let Fault::Refused(failure) = fault else { panic!("{fault:?}") };
        assert!(failure.0.0[0].message.starts_with("sextant.toml:2: unknown field `model`"), "{failure:?}");
    }
}
