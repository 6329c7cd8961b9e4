//! Projects of real shapes: each reads to a model that builds, with the losses and the model that
//! stand beside it in `expected.txt`. `UPDATE=1` writes them.

use sextant_semantics::catalog;
use sextant_semantics::export;
use sextant_semantics::import::{self, Format, Imported};

use crate::texts::{Texts, below, crate_directory, shown};

/// The projects of a format with their files.
pub(crate) fn of(format: Format) -> Vec<(String, Texts)> {
    let directory = format!("tests/import/{}", format.as_str());
    let entries = std::fs::read_dir(crate_directory().join(&directory)).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names.into_iter().map(|name| (format!("{directory}/{name}"), below(&format!("{directory}/{name}")))).collect()
}

/// What reading a project gives: losses, findings, the catalog's findings, the model.
fn report(format: Format, texts: Texts) -> String {
    assert_eq!(import::detect(&texts), format);
    let Imported { model, findings, losses, .. } = import::read(texts, Some(format));
    let list = |title: &str, lines: Vec<String>| match lines.is_empty() {
        true => String::new(),
        false => format!("{title}\n{}\n\n", lines.join("\n")),
    };
    let lines = |found: Vec<&sextant_semantics::diagnostic::Diagnostic>| -> Vec<String> {
        found.into_iter().map(|f| shown(&model.sources, f)).collect()
    };
    let built = catalog::build(&model).err().unwrap_or_default();
    let losses = list("# losses", lines(losses.iter().collect()));
    let findings = list("# findings", lines(findings.iter().collect()));
    let built = list("# the catalog's findings", lines(built.iter().collect()));
    format!("{losses}{findings}{built}# model\n{}", export::sextant(&model))
}

fn check(format: Format) {
    let projects = of(format);
    assert!(projects.len() >= 6, "{} projects", projects.len());
    for (directory, texts) in projects {
        let path = crate_directory().join(&directory).join("expected.txt");
        let report = report(format, texts);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &report).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(report, expected, "{directory}: UPDATE=1 writes what is given");
    }
}

#[test]
fn ossie_projects_read_with_their_losses() {
    check(Format::Ossie);
}

#[test]
fn cube_projects_read_with_their_losses() {
    check(Format::Cube);
}
