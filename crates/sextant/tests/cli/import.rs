//! Models of other tools: read in place, written in our own format, their losses told.

use std::path::{Path, PathBuf};

use crate::process::{answer, sextant_in};

const MODEL: &str = "
semantic_models:
  - name: trips
    model: ref('fct_trips')
    defaults: {agg_time_dimension: started_on}
    entities: [{name: trip, type: primary, expr: trip_id}]
    dimensions:
      - {name: started_on, type: time, expr: cast(started_on as date), type_params: {time_granularity: day}}
      - {name: rider, type: categorical}
    measures:
      - {name: trips, agg: sum, expr: 1, create_metric: true}
      - {name: distance, agg: sum, expr: cast(distance as integer)}
metrics:
  - {name: kilometres, type: simple, label: Kilometres, type_params: {measure: distance},
     filter: \"{{ Dimension('trip__rider') }} <> 'staff'\"}
exposures: [{name: board}]
";

const TRIPS: &str =
    "trip_id,started_on,rider,distance\n1,2026-03-01,guest,5\n2,2026-03-01,staff,7\n3,2026-03-02,guest,2\n";

/// A home with the model in `models` and its rows in `data`.
fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a directory");
    for directory in ["models", "data"] {
        std::fs::create_dir(home.path().join(directory)).expect("a directory");
    }
    std::fs::write(home.path().join("models/trips.yml"), MODEL).expect("a file");
    std::fs::write(home.path().join("data/fct_trips.csv"), TRIPS).expect("a file");
    let path = home.path().to_path_buf();
    (home, path)
}

fn kilometres(home: &Path, models: &str) -> String {
    let typed = ["query", "kilometres", "--models", models, "--now", "2026-03-05", "--format", "csv", "--no-totals"];
    let ended = answer(&mut sextant_in(home), &typed);
    assert_eq!(ended.status, 0, "{ended:?}");
    ended.out
}

#[test]
fn a_dbt_model_answers_in_place_and_after_its_import() {
    let (_kept, home) = home();
    let in_place = kilometres(&home, "models");
    assert!(in_place.ends_with("7\n"), "{in_place}");

    let ended = answer(&mut sextant_in(&home), &["import", "--models", "models", "--out", "ours"]);
    assert_eq!((ended.status, ended.out.as_str()), (0, "ours/model.yml: 1 datasets, 2 metrics, 1 not imported\n"));
    assert!(ended.err.contains("warning[not-imported]: `exposures` is not read"), "{}", ended.err);
    assert_eq!(kilometres(&home, "ours"), in_place);

    let again = answer(&mut sextant_in(&home), &["import", "--models", "models", "--out", "ours"]);
    assert_eq!(again.status, 2, "{again:?}");
}

#[test]
fn validate_warns_of_what_was_left_out() {
    let (_kept, home) = home();
    let ended = answer(&mut sextant_in(&home), &["validate", "--models", "models", "--data", "data"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.err.contains("--> models/trips.yml:16:1"), "{}", ended.err);
    assert!(ended.err.contains("1 warning in models"), "{}", ended.err);
    assert!(ended.out.contains("1 datasets, 2 metrics, no faults"), "{}", ended.out);
}

#[test]
fn the_format_can_be_said() {
    let (_kept, home) = home();
    let typed = ["validate", "--models", "models", "--model-format"];
    let ended = answer(&mut sextant_in(&home), &[&typed[..], &["sextant"]].concat());
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.err.contains("unknown key `semantic_models`"), "{}", ended.err);
    let ended = answer(&mut sextant_in(&home), &[&typed[..], &["dbt"]].concat());
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.err.contains("one of sextant, metricflow, ossie, cube"), "{}", ended.err);
}

#[test]
fn one_expression_that_is_not_ours_leaves_the_rest_askable() {
    let (_kept, home) = home();
    let wrong = MODEL.replace("expr: cast(distance as integer)", "expr: distance::int").replace(
        "{name: rider, type: categorical}",
        "{name: rider, type: categorical}\n      - {name: code, type: categorical, expr: rider::text}",
    );
    std::fs::write(home.join("models/trips.yml"), wrong).expect("a file");
    let run = |typed: &[&str]| {
        let place = ["--models", "models", "--data", "data", "--now", "2026-03-05"];
        answer(&mut sextant_in(&home), &[typed, &place].concat())
    };
    let asked = run(&["query", "kilometres"]);
    assert_eq!(asked.status, 3, "{asked:?}");
    let told = "metric `kilometres` cannot be asked: operator `::` (trips.yml:13)";
    assert!(asked.err.contains(told), "{}", asked.err);
    let rest = run(&["query", "trips", "--format", "csv", "--no-totals"]);
    assert!(rest.out.ends_with("3\n"), "{rest:?}");
    let list = |what: &str| answer(&mut sextant_in(&home), &["list", what, "--models", "models", "--data", "data"]).out;
    assert!(list("metrics").contains("cannot be asked: operator `::` (trips.yml:13)"), "{}", list("metrics"));
    assert!(list("dimensions").contains("cannot be asked: operator `::` (trips.yml:10)"), "{}", list("dimensions"));
    let checked = answer(&mut sextant_in(&home), &["validate", "--models", "models", "--data", "data"]);
    assert_eq!(checked.status, 0, "{checked:?}");
    assert!(checked.err.contains("metric `kilometres` is left out: operator `::`"), "{}", checked.err);
}
