//! Models of Ossie and Cube: read in place, and our own written as Ossie.

use std::path::{Path, PathBuf};

use crate::process::{answer, repository, sextant_in};

const OSSIE: &str = "
version: 0.1.1
semantic_model:
  - name: trips
    datasets:
      - name: trips
        source: lake.public.fct_trips
        primary_key: [trip_id]
        fields:
          - {name: started_on, datatype: Date, expression: {dialects: [{dialect: ANSI_SQL, expression: started_on}]}}
          - {name: rider, datatype: String, expression: {dialects: [{dialect: ANSI_SQL, expression: rider}]}}
          - {name: distance, datatype: Integer, expression: {dialects: [{dialect: ANSI_SQL, expression: distance}]}}
    metrics:
      - name: kilometres
        expression:
          dialects: [{dialect: ANSI_SQL, expression: \"SUM(CASE WHEN trips.rider <> 'staff' THEN trips.distance END)\"}]
      - name: per_trip
        expression: {dialects: [{dialect: ANSI_SQL, expression: SUM(trips.distance) / COUNT(*)}]}
";

const CUBE: &str = "
cubes:
  - name: trips
    sql_table: public.fct_trips
    dimensions:
      - {name: trip_id, sql: trip_id, type: string, primary_key: true}
      - {name: started_on, sql: CAST(started_on AS DATE), type: time}
      - {name: rider, sql: rider, type: string}
    measures:
      - {name: kilometres, sql: CAST(distance AS INTEGER), type: sum, filters: [{sql: \"{CUBE}.rider <> 'staff'\"}]}
      - {name: distance, sql: CAST(distance AS INTEGER), type: sum}
      - {name: trips, type: count}
      - {name: per_trip, sql: \"{distance} / {trips}\", type: number}
";

const TRIPS: &str =
    "trip_id,started_on,rider,distance\n1,2026-03-01,guest,5\n2,2026-03-01,staff,7\n3,2026-03-02,guest,2\n";

/// A home with a model in `models` and its rows in `data`.
fn home(model: &str) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a directory");
    for directory in ["models", "data"] {
        std::fs::create_dir(home.path().join(directory)).expect("a directory");
    }
    std::fs::write(home.path().join("models/trips.yml"), model).expect("a file");
    std::fs::write(home.path().join("data/fct_trips.csv"), TRIPS).expect("a file");
    let path = home.path().to_path_buf();
    (home, path)
}

fn asked(home: &Path, models: &str) -> String {
    let typed = ["query", "kilometres,per_trip", "--models", models, "--now", "2026-03-05", "--format", "csv"];
    let ended = answer(&mut sextant_in(home), &[&typed[..], &["--no-totals"]].concat());
    assert_eq!(ended.status, 0, "{ended:?}");
    ended.out
}

#[test]
fn models_of_ossie_and_cube_answer_in_place_and_as_exported() {
    for model in [OSSIE, CUBE] {
        let (_kept, home) = home(model);
        let in_place = asked(&home, "models");
        assert!(in_place.ends_with("7,4.66666666666667\n"), "{in_place}");
        std::fs::create_dir(home.join("out")).expect("a directory");
        let typed = ["export", "--format", "ossie", "--models", "models", "--out", "out/model.json"];
        let ended = answer(&mut sextant_in(&home), &typed);
        assert_eq!(ended.status, 0, "{ended:?}");
        assert!(
            ended.err.contains("is `fct_trips` of the data root") || ended.err.contains("is the table"),
            "{ended:?}"
        );
        assert_eq!(asked(&home, "out"), in_place);
        let again = answer(&mut sextant_in(&home), &typed);
        assert_eq!(again.status, 2, "{again:?}");
    }
}

#[test]
fn the_commerce_model_is_written_as_ossie() {
    let models = repository().join("semantic-models/commerce");
    let models = models.to_str().expect("a path");
    let ended = answer(&mut sextant_in(&std::env::temp_dir()), &["export", "--format", "ossie", "--models", models]);
    assert_eq!(ended.status, 0, "{}", ended.err);
    let start = "version: \"0.2.0.dev0\"\nsemantic_model:\n  - name: commerce\n";
    assert!(ended.out.starts_with(start), "{}", &ended.out[..200]);
    assert!(
        ended.err.contains("warning[not-imported]: `calendar` of the model stands in the extension only"),
        "{}",
        ended.err
    );
}

#[test]
fn programs_of_cube_are_refused_by_name() {
    let (_kept, home) = home("cubes:\n  - name: {{ name }}\n");
    std::fs::write(home.join("models/orders.js"), "cube(`orders`, { sql_table: `orders` });\n").expect("a file");
    let ended = answer(&mut sextant_in(&home), &["validate", "--models", "models"]);
    assert_ne!(ended.status, 0, "{ended:?}");
    assert!(ended.err.contains("`trips.yml` is a Jinja template"), "{}", ended.err);
    assert!(ended.err.contains("`orders.js` is a program"), "{}", ended.err);
}
