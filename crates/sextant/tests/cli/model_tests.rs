//! `sextant test`: tests that pass, that fail with each difference, and that cannot be asked.

use serde_json::{Value, json};

use crate::process::{Answer, answer, commerce, repository, sextant_in};

const MODEL: &str = "version: 1
name: shop
calendar: {timezone: UTC}
datasets:
  - name: orders
    source: {csv: orders.csv}
    primary_key: [id]
    columns: [{name: id, type: integer}, {name: day, type: date}, {name: amount, type: \"decimal(12, 2)\"}]
    time: day
    dimensions: [{name: day, type: time}, {name: shop}]
    metrics:
      - name: revenue
        type: simple
        agg: sum
        expr: amount
        tests:
          - {query: {metrics: [revenue], as_of: 2026-04-01}, expect: [[60.50]]}
";

/// `sextant test` over [`MODEL`] with more of it, and over three orders.
fn test(more: &str, data: &str, flags: &[&str]) -> Answer {
    let home = tempfile::tempdir().expect("a directory");
    let (models, extracts) = (home.path().join("semantic-models"), home.path().join("data"));
    for directory in [&models, &extracts] {
        std::fs::create_dir(directory).expect("a directory");
    }
    std::fs::write(models.join("shop.yml"), format!("{MODEL}{more}")).expect("a file");
    std::fs::write(extracts.join("orders.csv"), data).expect("a file");
    answer(&mut sextant_in(home.path()), &[&["test"], flags].concat())
}

const ORDERS: &str =
    "id,day,amount,shop\n1,2026-03-01,10.50,north\n2,2026-03-02,20.00,south\n3,2026-03-02,30.00,north\n";

#[test]
fn tests_that_hold_are_a_line_each() {
    let more = "tests:
  - {name: by shop, query: {metrics: [revenue], group_by: [shop], as_of: 2026-04-01}, expect: [[north, 40.5], [south, 20]]}
";
    let ended = test(more, ORDERS, &[]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert_eq!(ended.out, "ok     by shop (shop.yml:19)\nok     revenue (shop.yml:17)\n2 tests passed\n");
    assert!(ended.err.is_empty(), "{}", ended.err);
    let chosen = test(more, ORDERS, &["shop"]);
    assert_eq!(chosen.out, "ok     by shop (shop.yml:19)\n1 test passed\n");
}

const FAULTY: &str = "tests:
  - name: by shop
    query: {metrics: [revenue], group_by: [shop], as_of: 2026-04-01}
    expect: [[north, 40.51], [west, null], [east, 1]]
  - name: cannot be asked
    query: {metrics: [revenue], granularity: hour, as_of: 2026-04-01}
    expect: []
";

#[test]
fn a_failed_test_shows_every_difference_and_ends_with_six() {
    let ended = test(FAULTY, ORDERS, &[]);
    assert_eq!(ended.status, 6, "{ended:?}");
    let shown = ended.out.lines().collect::<Vec<_>>();
    assert_eq!(
        shown[..5],
        [
            "FAILED by shop (shop.yml:19)",
            "       row 1, revenue: expected 40.51, got 40.5",
            "       row 2, shop: expected west, got south",
            "       row 2, revenue: expected null, got 20",
            "       row 3: expected [east, 1], got no row",
        ],
        "{ended:?}"
    );
    assert_eq!(shown[5], "FAILED cannot be asked (shop.yml:22)");
    assert!(shown[6].starts_with("       granularity-not-available: "), "{ended:?}");
    assert_eq!(shown[7..], ["ok     revenue (shop.yml:17)", "2 of 3 tests failed"]);
}

#[test]
fn the_same_as_json() {
    let ended = test(FAULTY, ORDERS, &["--format", "json"]);
    assert_eq!(ended.status, 6, "{ended:?}");
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!((&report["passed"], &report["failed"], &report["keys"]), (&json!(1), &json!(2), &json!([])));
    let first = &report["tests"][0];
    assert_eq!((&first["name"], &first["file"], &first["line"]), (&json!("by shop"), &json!("shop.yml"), &json!(19)));
    assert_eq!(first["differences"][0], json!({"row": 1, "column": "revenue", "expected": 40.51, "got": "40.5"}));
    assert_eq!(first["rows"], json!([["north", "40.5"], ["south", "20"]]));
    assert_eq!(report["tests"][1]["error"]["code"], "granularity-not-available");
    assert_eq!(report["tests"][2], json!({"name": "revenue", "file": "shop.yml", "line": 17, "passed": true}));
}

#[test]
fn a_key_of_a_fact_that_repeats_ends_with_four() {
    let twice = ORDERS.replace("3,2026", "2,2026");
    let ended = test("", &twice, &[]);
    assert_eq!(ended.status, 4, "{ended:?}");
    assert_eq!(ended.out, "ok     revenue (shop.yml:17)\n1 test passed\n");
    assert!(ended.err.contains("duplicate-key") && ended.err.contains("1 value stands"), "{}", ended.err);
    let report: Value = serde_json::from_str(&test("", &twice, &["--format", "json"]).out).expect("JSON");
    assert_eq!(report["keys"][0]["code"], "duplicate-key");
}

#[test]
fn a_slip_in_a_test_is_a_fault_of_the_model() {
    let more = "tests:
  - {name: slip, query: {metrics: [revenu], time_range: last_7_dayz}, expect: [[1]]}
";
    let home = tempfile::tempdir().expect("a directory");
    let models = home.path().join("semantic-models");
    std::fs::create_dir(&models).expect("a directory");
    std::fs::write(models.join("shop.yml"), format!("{MODEL}{more}")).expect("a file");
    for command in ["validate", "test"] {
        let ended = answer(&mut sextant_in(home.path()), &[command]);
        assert_eq!(ended.status, 3, "{ended:?}");
        assert!(ended.err.contains("shop.yml:19:36") && ended.err.contains("unknown metric `revenu`"), "{}", ended.err);
        assert!(ended.err.contains("`last_7_days`"), "{}", ended.err);
    }
}

#[test]
fn the_tests_of_the_commerce_model_hold() {
    let ended = answer(&mut commerce(), &["test"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.out.ends_with("8 tests passed\n"), "{}", ended.out);
}

#[test]
fn the_tests_of_the_online_retail_model_hold_where_its_data_is() {
    let root = repository();
    let places = [root.join("data/online-retail"), root.join("../shared/data/online_retail")];
    let Some(data) = places.iter().find(|place| place.is_dir()) else {
        println!("the data of Online Retail II is in neither {} nor {}", places[0].display(), places[1].display());
        return;
    };
    let mut command = sextant_in(&std::env::temp_dir());
    command.env("SEXTANT_MODELS", root.join("semantic-models/online-retail")).env("SEXTANT_DATA", data);
    let ended = answer(&mut command, &["test"]);
    assert_eq!(ended.status, 0, "{ended:?}");
    assert!(ended.out.ends_with("4 tests passed\n"), "{}", ended.out);
}
