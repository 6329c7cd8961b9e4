//! One model directory read into texts, for the engine to make a workspace of.

use std::path::{Path, PathBuf};

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use crate::config::Setting;
use crate::fault::Fault;

/// `(path relative to the model directory, text)`, sorted by path.
pub(crate) type Texts = Vec<(String, String)>;

/// Bytes that one model file may have.
const LARGEST_FILE: u64 = 8 << 20;

/// Reads every `.yml` and `.yaml` file to any depth; links and dot-directories are not followed.
pub(crate) fn read(models: &Setting) -> Result<Texts, Fault> {
    let root = &models.path;
    if !root.is_dir() {
        let what = if models.named { "model directory" } else { "default model directory" };
        return Err(no_model(format!("the {what} `{}` does not exist", root.display())));
    }
    let mut paths = Vec::new();
    collect(root, &mut paths)?;
    paths.sort();
    let mut texts = Texts::new();
    for path in paths {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        texts.push((name.clone(), text(&path, &name)?));
    }
    if texts.is_empty() {
        return Err(no_model(format!("the directory `{}` holds no .yml or .yaml file", root.display())));
    }
    Ok(texts)
}

fn no_model(message: String) -> Fault {
    let help = "name a model with --models DIR, SEXTANT_MODELS or `models` in sextant.toml";
    Fault::Refused(Failure(Diagnostic::new(Code::NoModel, message).help(help).into()))
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) -> Result<(), Fault> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), paths)?;
        } else if kind.is_file() && Path::new(&name).extension().is_some_and(|end| end == "yml" || end == "yaml") {
            paths.push(entry.path());
        }
    }
    Ok(())
}

fn text(path: &Path, name: &str) -> Result<String, Fault> {
    let refuse = |message: String, help: &str| {
        Fault::Refused(Failure(Diagnostic::new(Code::InvalidYaml, message).help(help).into()))
    };
    if std::fs::metadata(path)?.len() > LARGEST_FILE {
        return Err(refuse(
            format!("`{name}` is larger than {LARGEST_FILE} bytes"),
            "split the model into several files",
        ));
    }
    String::from_utf8(std::fs::read(path)?).map_err(|fault| {
        refuse(format!("`{name}` is not UTF-8 (byte {})", fault.utf8_error().valid_up_to()), "save it as UTF-8")
    })
}
