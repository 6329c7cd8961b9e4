//! Models as texts: every file of a directory with its path in it.

use std::path::{Path, PathBuf};

use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::source::Sources;

pub(crate) type Texts = Vec<(String, String)>;

pub(crate) fn crate_directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files beneath a directory of this crate, by path.
pub(crate) fn below(directory: &str) -> Texts {
    let root = crate_directory().join(directory);
    let mut texts = Texts::new();
    collect(&root, &root, &mut texts);
    texts.sort();
    assert!(!texts.is_empty(), "{directory} holds no model");
    texts
}

fn collect(root: &Path, directory: &Path, texts: &mut Texts) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let is_model = path.extension().is_some_and(|e| ["yml", "yaml", "json", "js"].iter().any(|word| e == *word));
        if path.is_dir() {
            collect(root, &path, texts);
        } else if is_model {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            texts.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// `orders.yml:3:5 code: message`, with the help beneath unless it lists a whole language.
pub(crate) fn shown(sources: &Sources, finding: &Diagnostic) -> String {
    let place = finding.span.map(|span| {
        let at = sources.position(span);
        format!("{}:{}:{} ", sources.get(span.source).name, at.line, at.column)
    });
    let help = finding.help.as_ref().filter(|help| help.len() < 200).map(|help| format!("\n    {help}"));
    format!("{}{}: {}{}", place.unwrap_or_default(), finding.code, finding.message, help.unwrap_or_default())
}
