//! One model directory read into texts, for the engine to make a workspace of.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics};
use sextant_semantics::render::{self, Colours};
use sextant_semantics::source::Sources;

use crate::config::Setting;
use crate::output::paint::Paint;

/// `(path relative to the model directory, text)`, sorted by path.
pub(crate) type Texts = Vec<(String, String)>;

/// Bytes that one model file may have.
const LARGEST_FILE: u64 = 8 << 20;

/// Reads every `.yml` and `.yaml` file to any depth, and `.json` files that are models, and
/// programs that make cubes, which are refused by name; links and dot-directories are not followed.
pub(crate) fn read(models: &Setting) -> Result<Texts, Failure> {
    let root = &models.path;
    if !root.is_dir() {
        let what = if models.is_named() { "model directory" } else { "default model directory" };
        return Err(no_model(format!("the {what} `{}` does not exist", root.display())));
    }
    let mut paths = Vec::new();
    collect(root, &mut paths).map_err(|fault| unreadable(root, &fault))?;
    paths.sort();
    let mut texts = Texts::new();
    for path in paths {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        if name.ends_with(".json") && !is_manifest(&path) || is_script(&name) && !is_cube_script(&path) {
            continue;
        }
        texts.push((name.clone(), text(&path, &name)?));
    }
    if texts.is_empty() {
        return Err(no_model(format!("the directory `{}` holds no .yml or .yaml file", root.display())));
    }
    Ok(texts)
}

/// Differs when a file of the directory was added, removed or written; the same while nothing was.
pub(crate) fn version(root: &Path) -> String {
    let mut paths = Vec::new();
    if collect(root, &mut paths).is_err() {
        return String::new();
    }
    paths.sort();
    let mut hasher = DefaultHasher::new();
    for path in paths {
        let metadata = std::fs::metadata(&path).ok();
        let seen = metadata.map(|metadata| (metadata.len(), metadata.modified().ok()));
        (path, seen).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// Whether a `.json` file is a model: a semantic manifest, or a tree of datasets. dbt writes many
/// others beside it.
fn is_manifest(path: &Path) -> bool {
    if path.file_name().is_some_and(|name| name == "semantic_manifest.json") {
        return true;
    }
    let is_small = std::fs::metadata(path).is_ok_and(|metadata| metadata.len() <= LARGEST_FILE);
    let text = if is_small { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    has("semantic_models") && has("project_configuration") || has("datasets")
}

fn is_script(name: &str) -> bool {
    name.ends_with(".js") || name.ends_with(".ts")
}

/// Whether a program makes cubes: it is part of a model that cannot be read without it.
fn is_cube_script(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| line.starts_with("cube(") || line.starts_with("view("))
}

/// What of other tools' files is not in the model, with the lines it stands in.
pub(crate) fn render_losses(models: &Setting, texts: &Texts, losses: &Diagnostics) -> String {
    let count = match losses.0.len() {
        1 => "1 warning".to_string(),
        many => format!("{many} warnings"),
    };
    format!("{}\n\n{count} in {}\n", rendered(models, texts, losses), models.path.display())
}

/// Findings with the lines they stand in, for the terminal that standard error is, or is not.
pub(crate) fn render(models: &Setting, texts: &Texts, findings: &Diagnostics) -> String {
    let count = match findings.0.len() {
        1 => "1 fault".to_string(),
        many => format!("{many} faults"),
    };
    format!("{}\n\n{count} in {}", rendered(models, texts, findings), models.path.display())
}

fn rendered(models: &Setting, texts: &Texts, findings: &Diagnostics) -> String {
    let mut sources = Sources::default();
    for (name, text) in texts {
        sources.add(models.path.join(name).to_string_lossy(), text.as_str());
    }
    let colours = if Paint::stderr().has_colour() { Colours::Ansi } else { Colours::None };
    render::render(&sources, findings, colours).trim_end().to_string()
}

/// Where a directory holds several models, says which flag chooses each.
pub(crate) fn name_choices(models: &Setting, texts: &Texts, failure: &mut Failure) {
    let named = texts.iter().filter(|(_, text)| text.lines().any(|line| line.starts_with("name:")));
    let directories: BTreeSet<&str> = named.filter_map(|(name, _)| Some(name.rsplit_once('/')?.0)).collect();
    if directories.len() < 2 {
        return;
    }
    let choices: Vec<String> =
        directories.iter().map(|directory| format!("--models {}", models.path.join(directory).display())).collect();
    for finding in failure.0.0.iter_mut().filter(|finding| finding.code == Code::SeveralModels) {
        finding.help = Some(format!("choose one: {}", choices.join(", ")));
    }
}

fn no_model(message: String) -> Failure {
    let help = "name a model with --models DIR, SEXTANT_MODELS or `models` in sextant.toml";
    Failure(Diagnostic::new(Code::NoModel, message).help(help).into())
}

fn unreadable(path: &Path, fault: &std::io::Error) -> Failure {
    no_model(format!("`{}` cannot be read: {fault}", path.display()))
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), paths)?;
        } else if kind.is_file() && Path::new(&name).extension().is_some_and(is_read) {
            paths.push(entry.path());
        }
    }
    Ok(())
}

/// Whether files with this ending may be models.
fn is_read(end: &std::ffi::OsStr) -> bool {
    ["yml", "yaml", "json", "js", "ts"].iter().any(|known| end == *known)
}

fn text(path: &Path, name: &str) -> Result<String, Failure> {
    let refuse = |message: String, help: &str| Failure(Diagnostic::new(Code::InvalidYaml, message).help(help).into());
    let metadata = std::fs::metadata(path).map_err(|fault| unreadable(path, &fault))?;
    if metadata.len() > LARGEST_FILE {
        let message = format!("`{name}` is larger than {LARGEST_FILE} bytes");
        return Err(refuse(message, "split the model into several files"));
    }
    let bytes = std::fs::read(path).map_err(|fault| unreadable(path, &fault))?;
    String::from_utf8(bytes).map_err(|fault| {
        let message = format!("`{name}` is not UTF-8 (byte {})", fault.utf8_error().valid_up_to());
        refuse(message, "save it as UTF-8")
    })
}
