use super::*;
use serde_json::json;

fn answer(columns: Value, rows: Value, metrics: Value) -> Value {
    let applied = json!({ "time_range": { "start": "2026-11-13", "end": "2026-11-19" } });
    json!({ "metrics": metrics, "columns": columns, "rows": rows, "applied": applied })
}

fn sales() -> Value {
    json!({ "name": "net_sales", "label": "Net sales", "format": "currency", "unit": "USD" })
}

fn lines(figure: &Figure) -> (&[String], &[Line]) {
    match &figure.shape {
        Shape::Lines { labels, lines } => (labels, lines),
        Shape::Bars(bars) => panic!("bars: {bars:?}"),
    }
}

fn bars(figure: &Figure) -> &[Bar] {
    match &figure.shape {
        Shape::Bars(bars) => bars,
        Shape::Lines { lines, .. } => panic!("lines: {lines:?}"),
    }
}

#[test]
fn a_series_is_lines_of_one_unit_with_what_they_are_compared_with() {
    let columns = json!([
        {"name": "metric_time__day", "type": "date"}, {"name": "metric_time__day__previous", "type": "date"},
        {"name": "net_sales", "type": "decimal"}, {"name": "net_sales__previous", "type": "decimal"},
        {"name": "net_sales__change", "type": "decimal"}, {"name": "orders", "type": "integer"}
    ]);
    let rows = json!([
        ["2026-11-13", "2026-11-06", 150_000, "90000.50", 1, 8],
        ["2026-11-14", "2026-11-07", null, 80_000, null, 9]
    ]);
    let figure = of(&answer(columns, rows, json!([sales(), {"name": "orders", "format": "number"}]))).expect("lines");
    let (labels, drawn) = lines(&figure);
    assert_eq!(labels, ["13 Nov", "14 Nov"]);
    assert_eq!(drawn[0], Line { name: "Net sales".into(), values: vec![Some(150.0), None], is_previous: false });
    assert_eq!((drawn[1].values[0], drawn[1].is_previous, drawn.len()), (Some(90.0005), true, 2));
    assert_eq!(figure.note, "2026-11-13 to 2026-11-19, USD in thousands, 1 of 2 metrics");
}

#[test]
fn a_series_by_member_shows_the_largest_and_says_how_many_there_are() {
    let columns = json!([
        {"name": "metric_time__month", "type": "date"}, {"name": "channel", "type": "text"},
        {"name": "net_sales", "type": "decimal"}
    ]);
    let row = |month: &str, i: u32| json!([month, format!("c{i}"), i]);
    let mut rows: Vec<Value> = (1..=8).map(|i| row("2026-10-01", i)).collect();
    rows.push(row("2026-11-01", 3));
    let figure = of(&answer(columns, json!(rows), json!([sales()]))).expect("lines");
    let (labels, drawn) = lines(&figure);
    assert_eq!(labels, ["Oct 2026", "Nov 2026"]);
    let names: Vec<&str> = drawn.iter().map(|line| line.name.as_str()).collect();
    assert_eq!(names, ["c8", "c7", "c3", "c6", "c5", "c4"]);
    assert_eq!(drawn[2].values, [Some(3.0), Some(3.0)]);
    assert!(figure.note.ends_with("the largest 6 of 8"), "{}", figure.note);
}

#[test]
fn members_without_time_are_bars_with_their_values_in_words() {
    let columns = json!([{"name": "channel", "type": "text"}, {"name": "net_sales", "type": "decimal"}]);
    let rows = json!([["email", 1234.6], [null, -0.001], ["lost", null]]);
    let figure = of(&answer(columns, rows, json!([sales()]))).expect("bars");
    let labels: Vec<&str> = bars(&figure).iter().map(|bar| bar.label.as_str()).collect();
    assert_eq!(labels, ["email  1,235", "(none)  0"]);
}

#[test]
fn an_audit_is_its_changes_good_and_bad() {
    let metric = |name: &str, percent: Value, impact: &str| json!({"name": name, "significance": {}, "change": {"percent": percent, "impact": impact}});
    let metrics = json!([
        metric("a", json!(0.305), "favourable"),
        metric("b", json!(-0.1), "unfavourable"),
        metric("c", Value::Null, "neutral")
    ]);
    let figure = of(&answer(json!([]), json!([[]]), metrics)).expect("bars");
    let shown: Vec<(&str, Tone)> = bars(&figure).iter().map(|bar| (bar.label.as_str(), bar.tone)).collect();
    assert_eq!(shown, [("a  +30.5%", Tone::Good), ("b  -10%", Tone::Bad)]);
}

#[test]
fn one_number_is_nothing_to_draw() {
    let columns = json!([{"name": "net_sales", "type": "decimal"}]);
    assert_eq!(of(&answer(columns, json!([[7]]), json!([sales()]))), None);
    assert_eq!(of(&json!({"results": []})), None);
}

#[test]
fn labels_are_short_and_hide_nothing() {
    assert_eq!(short("a\u{202e}b\u{7}c"), "abc");
    assert_eq!(short(&"x".repeat(50)).chars().count(), LABEL);
    assert_eq!(moment("2026-W07", "metric_time__week"), "2026-W07");
    assert_eq!(moment("2026-11-13T15:00:00-05:00", "metric_time__hour"), "13 Nov 15:00");
}

#[test]
fn values_read_as_people_write_them() {
    let cases = [(1_234_567.0, "1,234,567"), (-1234.5, "-1,234"), (999.96, "1,000"), (12.345, "12.35"), (0.5, "0.5")];
    for (value, text) in cases {
        assert_eq!(written(value), text, "{value}");
    }
}
