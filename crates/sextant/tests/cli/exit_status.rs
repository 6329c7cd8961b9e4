//! How runs end: the statuses of docs/command-line.md, and where their words go.

use crate::process::{answer, commerce, sextant_in};

#[test]
fn usage_faults_end_with_two() {
    let home = tempfile::tempdir().expect("a directory");
    for arguments in
        [&["--nonsense"][..], &["serve"], &["query", "x", "--format", "pdf"], &["serve", "--stdio", "--http", "1"]]
    {
        let ended = answer(&mut sextant_in(home.path()), arguments);
        assert_eq!(ended.status, 2, "{arguments:?}: {ended:?}");
        assert!(ended.out.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_end_well() {
    let home = tempfile::tempdir().expect("a directory");
    let version = answer(&mut sextant_in(home.path()), &["--version"]);
    assert_eq!((version.status, version.out.as_str()), (0, concat!("sextant ", env!("CARGO_PKG_VERSION"), "\n")));
    let help = answer(&mut sextant_in(home.path()), &["query", "--help"]);
    assert_eq!(help.status, 0);
    for flag in [
        "--time",
        "--granularity",
        "--by",
        "--where",
        "--having",
        "--compare",
        "--order",
        "--limit",
        "--now",
        "--timezone",
        "--format",
        "--print-request",
        "--models",
        "--data",
    ] {
        assert!(help.out.contains(flag), "{flag}");
    }
    let completions = answer(&mut sextant_in(home.path()), &["completions", "bash"]);
    assert!(completions.status == 0 && completions.out.contains("_sextant"));
}

#[test]
fn a_missing_or_empty_model_directory_says_what_to_do() {
    let home = tempfile::tempdir().expect("a directory");
    let ended = answer(&mut sextant_in(home.path()), &["query", "net_sales"]);
    assert_eq!(ended.status, 3);
    assert_eq!(
        ended.err,
        "no-model: the default model directory `semantic-models` does not exist; \
         name a model with --models DIR, SEXTANT_MODELS or `models` in sextant.toml\n"
    );
    std::fs::create_dir(home.path().join("semantic-models")).expect("a directory");
    let ended = answer(&mut sextant_in(home.path()), &["validate"]);
    assert_eq!(ended.status, 3);
    assert!(ended.err.contains("holds no .yml or .yaml file"), "{}", ended.err);
}

#[test]
fn a_faulty_model_shows_every_finding_where_it_stands() {
    let home = tempfile::tempdir().expect("a directory");
    let models = home.path().join("semantic-models");
    std::fs::create_dir(&models).expect("a directory");
    let text = "version: 1\nname: shop\ncalendar: {timezone: UTC}\ndatasets:\n  - name: orders\n    sorce: orders.csv\n    table: orders\n";
    std::fs::write(models.join("shop.yml"), text).expect("a file");
    let ended = answer(&mut sextant_in(home.path()), &["validate"]);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.err.contains("shop.yml:6:5"), "{}", ended.err);
    assert!(ended.err.contains("`sorce`") && ended.err.contains("`source`"), "{}", ended.err);
    assert!(ended.out.is_empty());
}

#[test]
fn a_directory_of_several_models_lists_them() {
    let home = tempfile::tempdir().expect("a directory");
    for name in ["one", "two"] {
        let directory = home.path().join("semantic-models").join(name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let text = format!("version: 1\nname: {name}\ncalendar: {{timezone: UTC}}\n");
        std::fs::write(directory.join("model.yml"), text).expect("a file");
    }
    let ended = answer(&mut sextant_in(home.path()), &["list", "metrics"]);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.err.contains("several-models"), "{}", ended.err);
    assert!(ended.err.contains("semantic-models/one") && ended.err.contains("semantic-models/two"), "{}", ended.err);
}

#[test]
fn a_refused_question_ends_with_two_and_one_line() {
    let ended = answer(&mut commerce(), &["query", "net_sale", "--time", "last_7_days"]);
    assert_eq!(ended.status, 2, "{ended:?}");
    assert!(ended.err.starts_with("unknown-metric: unknown metric `net_sale`"), "{}", ended.err);
    assert!(ended.err.contains("did you mean `net_sales`"), "{}", ended.err);
    assert_eq!(ended.err.lines().count(), 1);
    assert!(ended.out.is_empty());
}

#[test]
fn data_that_is_not_there_ends_with_four() {
    let empty = tempfile::tempdir().expect("a directory");
    let ended = answer(commerce().env("SEXTANT_DATA", empty.path()), &["query", "net_sales", "--time", "last_7_days"]);
    assert_eq!(ended.status, 4, "{ended:?}");
    assert!(ended.err.starts_with("data-unavailable: "), "{}", ended.err);
}

#[test]
fn only_loopback_addresses_are_served() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let ended = answer(&mut commerce(), &["serve", "--http", address]);
        assert_eq!(ended.status, 2, "{ended:?}");
        assert!(ended.err.starts_with("address-not-allowed: "), "{}", ended.err);
    }
}

#[test]
fn call_prints_the_answer_or_the_error_as_json() {
    let good = answer(&mut commerce(), &["call", "resolve_time_range", r#"{"time_range":"2026-11-01..2026-11-07"}"#]);
    assert_eq!(good.status, 0, "{good:?}");
    let value: serde_json::Value = serde_json::from_str(&good.out).expect("JSON");
    assert_eq!(value["days"], 7);
    let bad = answer(&mut commerce(), &["call", "resolve_time_range", r#"{"time_range":"lst_7_days"}"#]);
    assert_eq!(bad.status, 2, "{bad:?}");
    let value: serde_json::Value = serde_json::from_str(&bad.out).expect("JSON");
    assert_eq!(value["error"]["code"], "invalid-time-range");
    assert!(bad.err.is_empty());
}
