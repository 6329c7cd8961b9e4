//! A model that is written and read again is the same model.

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::export;
use sextant_semantics::model::{self, Model};

use crate::erase::{assert_same, erased};
use crate::texts::{Texts, below, crate_directory, shown};

/// The models of the repository, and one file that has every key of the format.
fn models() -> Vec<(&'static str, Texts)> {
    let full = std::fs::read_to_string(crate_directory().join("src/model/tests/full.yml")).unwrap();
    vec![
        ("commerce", below("../../semantic-models/commerce")),
        ("online-retail", below("../../semantic-models/online-retail")),
        ("full", vec![("full.yml".to_string(), full)]),
    ]
}

fn without_findings(name: &str, (model, findings): (Model, Diagnostics)) -> Model {
    let shown: Vec<String> = findings.iter().map(|f| shown(&model.sources, f)).collect();
    assert_eq!(shown, Vec::<String>::new(), "{name}");
    model
}

#[test]
fn our_own_yaml_reads_back_the_same() {
    for (name, texts) in models() {
        let before = without_findings(name, model::read(texts));
        let text = export::sextant(&before);
        let after = without_findings(name, model::read([("model.yml".to_string(), text)]));
        assert_same(name, &erased(&before), &erased(&after));
    }
}
