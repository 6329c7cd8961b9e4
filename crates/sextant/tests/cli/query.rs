//! Questions as they are typed, over the checked-in extract.

use serde_json::Value;

use crate::process::{NOW, answer, commerce, run};

/// The flags of the documentation's headline question.
const HEADLINE: [&str; 19] = [
    "query",
    "net_sales",
    "blended_roas",
    "--time",
    "last_7_days",
    "--granularity",
    "day",
    "--by",
    "channel",
    "--where",
    "country = 'US'",
    "--compare",
    "previous_period",
    "--order",
    "-net_sales",
    "--limit",
    "20",
    "--now",
    "2026-11-20T15:00:00",
];

#[test]
fn the_flags_become_the_arguments_of_the_request() {
    let shown = answer(commerce().args(HEADLINE), &["--print-request"]);
    assert_eq!(
        shown.out,
        concat!(
            r#"{"tool":"get_metrics","arguments":{"metric_names":["net_sales","blended_roas"],"time_range":"last_7_days","#,
            r#""comparison":"previous_period","as_of":"2026-11-20T15:00:00-05:00","granularity":"day","group_by":["channel"],"#,
            r#""where":["country = 'US'"],"order_by":["-net_sales"],"limit":20}}"#,
            "\n"
        ),
        "{shown:?}"
    );
}

#[test]
fn what_print_request_prints_batch_answers_with_the_same_bytes() {
    let request = answer(commerce().args(HEADLINE), &["--print-request"]).out;
    let batch = run(commerce().arg("batch"), request.as_bytes());
    let answered: Value = serde_json::from_slice(&batch.stdout).expect("JSON");
    let queried = answer(commerce().args(HEADLINE), &["--format", "json"]);
    assert_eq!(queried.status, 0, "{queried:?}");
    assert_eq!(queried.out, format!("{}\n", answered["result"]));
}

#[test]
fn every_format_holds_the_same_rows() {
    let whole = answer(commerce().args(HEADLINE), &["--format", "json"]);
    let value: Value = serde_json::from_str(&whole.out).expect("JSON");
    let rows = value["rows"].as_array().expect("rows").len();
    assert!(rows > 3, "{value}");
    let lines = answer(commerce().args(HEADLINE), &["--format", "jsonl"]);
    assert_eq!(lines.out.lines().count(), rows);
    let first: Value = serde_json::from_str(lines.out.lines().next().expect("a row")).expect("JSON");
    let names: Vec<&str> = value["columns"]
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| column["name"].as_str().expect("a name"))
        .collect();
    for (name, cell) in names.iter().zip(value["rows"][0].as_array().expect("a row")) {
        assert_eq!(&first[*name], cell, "{name}");
    }
    let csv = answer(commerce().args(HEADLINE), &["--format", "csv"]);
    assert_eq!(csv.out.lines().count(), rows + 1);
    assert_eq!(csv.out.lines().next(), Some(names.join(",").as_str()));
    for name in ["metric_time__day", "channel", "net_sales", "net_sales__previous", "blended_roas__percent_change"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let markdown = answer(commerce().args(HEADLINE), &["--format", "markdown"]);
    assert_eq!(markdown.out.lines().count(), rows + 2);
    let table = answer(commerce().args(HEADLINE), &["--format", "table"]);
    for text in ["2026-11-13 .. 2026-11-19 (last_7_days)", "Net sales", "where country = 'US'"] {
        assert!(table.out.contains(text), "{text}: {}", table.out);
    }
    assert!(!table.out.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn lists_audits_times_and_explanations_are_readable() {
    let metrics = answer(&mut commerce(), &["list", "metrics"]);
    assert!(
        metrics.status == 0 && metrics.out.contains("net_sales") && metrics.out.contains("Net sales"),
        "{metrics:?}"
    );
    let dimensions = answer(&mut commerce(), &["list", "dimensions", "--metric", "blended_roas"]);
    assert!(dimensions.out.contains("channel") && !dimensions.out.contains("product"), "{dimensions:?}");
    let audit = answer(&mut commerce(), &["audit", "net_sales", "orders", "--time", "last_7_days", "--now", NOW]);
    assert!(audit.status == 0 && audit.out.contains("previous"), "{audit:?}");
    let time = answer(&mut commerce(), &["time", "last_7_days", "--compare", "previous_period", "--now", NOW]);
    assert!(time.out.contains("2026-11-13") && time.out.contains("2026-11-06"), "{time:?}");
    for stage in ["resolved", "semantic", "logical", "physical", "sql"] {
        let plan =
            answer(&mut commerce(), &["explain", "net_sales", "--time", "last_7_days", "--now", NOW, "--stage", stage]);
        assert!(plan.status == 0 && plan.out.lines().count() > 2, "{stage}: {plan:?}");
    }
}

#[test]
fn a_good_model_is_said_to_be_good_and_its_data_too() {
    let model = answer(&mut commerce(), &["validate"]);
    assert_eq!(model.status, 0, "{model:?}");
    let data = answer(&mut commerce(), &["validate", "--data"]);
    assert_eq!(data.status, 0, "{data:?}");
}
