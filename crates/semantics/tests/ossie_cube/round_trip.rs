//! A model that is written and read again is the same model.

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::import::{self, Format, Imported};
use sextant_semantics::model::{self, Model};
use sextant_semantics::{catalog, export};

use crate::erase::{assert_same, erased, without_spans};
use crate::texts::{Texts, below, crate_directory, shown};

/// Many to many, with a dataset of pairs and without one.
const BRIDGES: &str = "
version: 1
name: bridges
datasets:
  - name: films
    source: {csv: films.csv}
    primary_key: [film_id]
    time: day
    dimensions: [{name: day, type: time}]
    metrics: [{name: films, type: simple, agg: count}]
  - {name: film_actor, source: {csv: film_actor.csv}, dimensions: [{name: role}]}
  - {name: actors, source: {csv: actors.csv}, primary_key: [actor_id], dimensions: [{name: height}]}
  - {name: prizes, source: {csv: prizes.csv}, dimensions: [{name: prize}]}
relationships:
  - {name: film_prizes, from: films, from_columns: [film_id], to: prizes, to_columns: [film_id], cardinality: many_to_many}
  - {name: film_actors, from: films, from_columns: [film_id], to: actors, to_columns: [actor_id], through: film_actor}
";

/// The models of the repository, and one file that has every key of the format.
fn models() -> Vec<(&'static str, Texts)> {
    let full = std::fs::read_to_string(crate_directory().join("src/model/tests/full.yml")).unwrap();
    vec![
        ("commerce", below("../../semantic-models/commerce")),
        ("online-retail", below("../../semantic-models/online-retail")),
        ("full", vec![("full.yml".to_string(), full)]),
        ("bridges", vec![("bridges.yml".to_string(), BRIDGES.to_string())]),
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

#[test]
fn an_ossie_document_gives_the_model_again() {
    for (name, texts) in models() {
        let before = without_findings(name, model::read(texts));
        let exported = export::ossie(&before);
        for (file, text) in [("model.yml", exported.yaml()), ("model.json", exported.json())] {
            let texts = vec![(file.to_string(), text)];
            assert_eq!(import::detect(&texts), Format::Ossie);
            let Imported { model, findings, losses, .. } = import::read(texts, None);
            let losses: Vec<String> = losses.iter().map(|loss| shown(&model.sources, loss)).collect();
            assert_eq!(losses, Vec::<String>::new(), "{name}");
            let after = without_findings(name, (model, findings));
            assert_same(name, &erased(&before), &erased(&after));
            same_catalog(name, &before, &after);
        }
    }
}

/// Both models build one catalog; where one cannot be built, the other is refused alike.
fn same_catalog(name: &str, before: &Model, after: &Model) {
    let built = |model: &Model| {
        let model = Model { sources: Default::default(), ..model.clone() };
        match catalog::build(&model) {
            // Its maps by name are printed in any order.
            Ok(catalog) => {
                let text = without_spans(&format!("{catalog:#?}"));
                let mut lines: Vec<&str> = text.lines().collect();
                lines.sort_unstable();
                lines.join("\n")
            }
            Err(Diagnostics(refused)) => refused.iter().map(|f| format!("{}: {}\n", f.code, f.message)).collect(),
        }
    };
    assert_same(name, &built(before), &built(after));
}
