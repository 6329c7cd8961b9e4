use serde_json::{Value, json};

use super::super::layout::width;
use super::super::paint::Paint;
use super::{Depth, View, page, report};

/// Wide names, a name that is absent, and arrows and words for what colours say.
const PAGE: &str = r"Audit of 2026-11-13 .. 2026-11-19 (last_7_days), Asia/Tokyo
 against 2026-11-06 .. 2026-11-12 (previous_period)
 where brand = 'a|b'
 data through 2026-11-19

1 highlight; 1 of 2 metrics tested. On 1 day the data itself may be wrong.

 ?  check      possible data issue on 14 November: 4 of 5 measures of orders are
               at 40 % of what was expected
 ●  major    ▼ net sales fell 10.3 % (−9,600 USD) against 6–12 November;
               東京都港区 accounts for 73 %

                    value    previous       change                 impact
─────────────────────────────────────────────────────────────────────────
 major: very large, and very unusual
   Net sales   $84,000.00  $93,600.00  ▼ $9,600.00   -10.3%  unfavourable
 insufficient history: large, but what is usual is not known
   Gift cards     $900.00     $300.00    ▲ $600.00  +200.0%    favourable

Net sales ▼ $9,600.00 (-10.3%): major, unfavourable
 baseline: t -6.10, df 170, p under 0.0001, q under 0.0001
                      previous    value   change  share
 by district
   東京都港区          $20,000  $12,992  -$7,008    73%         ██████████████│
   (no value) (lost)    $3,092        –  -$3,092    32%                 ██████│
   7 others                                +$500    -5%                       │█
   together                              -$9,600           ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒│
 also by device (no single segment): --details
 not by campaign: `net_sales` cannot see `campaign`

Warnings
 ! partial-period: 19 November is not over

The whole answer: the same command with --format json
";

const REPORT: &str = r"# Audit of 2026-11-13 .. 2026-11-19

- against 2026-11-06 .. 2026-11-12
- Asia/Tokyo
- data through 2026-11-19
- where brand = 'a\|b'

## Highlights

1 highlight; 1 of 2 metrics tested. On 1 day the data itself may be wrong.

- **check**: possible data issue on 14 November: 4 of 5 measures of orders are at 40 % of what was expected
- ▼ **major, unfavourable**: net sales fell 10.3 % (−9,600 USD) against 6–12 November; 東京都港区 accounts for 73 %

## Metrics

| metric | value | previous | change | percent | level | impact |
| --- | ---: | ---: | ---: | ---: | --- | --- |
| Net sales | $84,000.00 | $93,600.00 | ▼ $9,600.00 | -10.3% | major | unfavourable |
| Gift cards | $900.00 | $300.00 | ▲ $600.00 | +200.0% | insufficient history | favourable |

## Net sales

▼ $9,600.00 (-10.3%): major, unfavourable. baseline: t -6.10, df 170, p under 0.0001, q under 0.0001

### By district

| district | previous | value | change | share |
| --- | ---: | ---: | ---: | ---: |
| 東京都港区 | $20,000.00 | $12,992.00 | -$7,008.00 | 73% |
| (no value) (lost) | $3,092.00 | – | -$3,092.00 | 32% |
| 7 others |  |  | +$500.00 | -5% |
| together |  |  | -$9,600.00 |  |

- also by device (no single segment): --details
- not by campaign: `net_sales` cannot see `campaign`

## Warnings

- partial-period: 19 November is not over
";

const BRIEFLY: Depth = Depth { details: false, is_cut: false };

fn metric(name: &str, label: &str, figures: [f64; 4], impact: &str, significance: Value) -> Value {
    let [value, previous, absolute, percent] = figures;
    json!({
        "name": name, "label": label, "value": value, "format": "currency", "unit": "USD", "previous": previous,
        "change": {"absolute": absolute, "percent": percent, "impact": impact}, "significance": significance,
        "drivers": [], "driver_dimensions": [], "definition": name
    })
}

/// A week of a shop: a fall that one district explains, a metric too young to test, and a day that looks wrong.
fn week() -> Value {
    let major =
        json!({"level": "major", "method": "baseline", "t": -6.1, "df": 170, "p": 0.000000004, "q": 0.00000002});
    let young = json!({"level": "insufficient_history", "method": null, "t": null, "df": null, "p": null, "q": null, "reason": "insufficient_history"});
    let mut sales = metric("net_sales", "Net sales", [84000.0, 93600.0, -9600.0, -0.102564], "unfavourable", major);
    sales["drivers"] = json!([
        {"dimension": "district", "value": "東京都港区", "contribution": -7008, "share": 0.73, "previous": 20000, "current": 12992},
        {"dimension": "district", "value": null, "contribution": -3092, "share": 0.322, "previous": 3092, "current": null, "change_kind": "lost"}
    ]);
    sales["driver_dimensions"] = json!([
        {"dimension": "district", "method": "additive", "status": "concentrated", "members": 9,
         "other": {"members": 7, "contribution": 500, "share": -0.052}},
        {"dimension": "device", "method": "additive", "status": "distributed", "members": 3}
    ]);
    sales["drivers_unavailable"] = json!([{"dimension": "campaign", "reason": "`net_sales` cannot see `campaign`"}]);
    let gifts = metric("gifts", "Gift cards", [900.0, 300.0, 600.0, 2.0], "favourable", young);
    json!({
        "metrics": [gifts, sales],
        "highlights": [
            {"kind": "possible_data_issue", "dataset": "orders", "date": "2026-11-14", "factor": 0.4,
             "text": "possible data issue on 14 November: 4 of 5 measures of orders are at 40 % of what was expected"},
            {"kind": "change", "metric": "net_sales", "level": "major", "impact": "unfavourable",
             "text": "net sales fell 10.3 % (−9,600 USD) against 6–12 November; 東京都港区 accounts for 73 %"}
        ],
        "applied": {
            "time_range": {"asked": "last_7_days", "start": "2026-11-13", "end": "2026-11-19", "timezone": "Asia/Tokyo"},
            "comparison": {"asked": "previous_period", "start": "2026-11-06", "end": "2026-11-12"},
            "filters": ["brand = 'a|b'"]
        },
        "freshness": {"orders": {"data_through": "2026-11-19", "complete": true}},
        "warnings": [{"code": "partial-period", "message": "19 November is not over"}]
    })
}

fn shown(answer: &Value, columns: usize, paint: Paint) -> String {
    page::write(&View::of(answer), BRIEFLY, columns, paint)
}

#[test]
fn a_page_reads_without_colour() {
    assert_eq!(shown(&week(), 80, Paint::plain()), PAGE);
}

#[test]
fn colour_adds_nothing_but_colour() {
    let coloured = shown(&week(), 80, Paint::coloured());
    assert!(coloured.contains("\u{1b}[31m"), "{coloured}");
    let mut plain = coloured;
    for code in ["0", "1", "2", "31", "32", "33"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, shown(&week(), 80, Paint::plain()));
}

#[test]
fn no_line_is_wider_than_the_page() {
    for columns in [72, 80, 100, 120] {
        for line in shown(&week(), columns, Paint::plain()).lines() {
            assert!(width(line) <= columns, "{columns}: {line}");
        }
    }
}

#[test]
fn a_report_is_markdown() {
    assert_eq!(report::write(&View::of(&week()), BRIEFLY), REPORT);
}

#[test]
fn nothing_unusual_is_said_with_the_number_of_tests() {
    let usual = json!({"level": "none", "method": "baseline", "t": 0.2, "df": 99, "p": 0.84, "q": 0.84});
    let quiet = |significance: &Value| {
        let sales = metric("net_sales", "Net sales", [100.0, 99.0, 1.0, 0.0101], "favourable", significance.clone());
        shown(&json!({"metrics": [sales], "highlights": []}), 80, Paint::plain())
    };
    let page = quiet(&usual);
    assert!(page.contains("\nNothing unusual: no change is both large and unusual; 1 metric tested.\n"), "{page}");
    let page = quiet(&json!({"level": "none", "method": null, "p": null, "reason": "insufficient_history"}));
    assert!(page.contains("\nNothing can be told; none of 1 metric could be tested.\n"), "{page}");
    assert!(page.contains("\n Net sales: not tested, insufficient history\n"), "{page}");
}

#[test]
fn pieces_that_do_not_add_up_have_no_sum() {
    let mut answer = week();
    answer["metrics"][1]["driver_dimensions"][0]["method"] = json!("own_change");
    let page = shown(&answer, 80, Paint::plain());
    assert!(page.contains(" by district (each one's own change; they do not add up)\n"), "{page}");
    assert!(!page.contains("together"), "{page}");
}

#[test]
fn what_a_ratio_cannot_place_is_a_piece_of_its_sum() {
    let mut answer = week();
    answer["metrics"][1]["driver_dimensions"][0]["unallocated"] = json!(-100);
    let page = shown(&answer, 80, Paint::plain());
    let line = |name: &str| page.lines().find(|line| line.contains(name)).expect("a line").to_string();
    assert!(line("(unallocated)").contains("-$100 "), "{page}");
    assert!(line("together").contains("-$9,700 "), "{page}");
}

#[test]
fn what_it_is_held_against_is_said_of_every_comparison() {
    let window = |start: &str, end: &str| json!({"start": start, "end": end});
    let (older, newer) = (window("2026-10-30", "2026-11-05"), window("2026-11-06", "2026-11-12"));
    for (comparison, line) in [
        (
            json!({"asked": "previous_4_average", "windows": [newer, older]}),
            " against the mean of 2 periods, 2026-10-30 .. 2026-11-12 (previous_4_average)",
        ),
        (json!({"asked": "target", "targets": [{"metric": "net_sales"}]}), " against targets of the model (target)"),
        (json!({"asked": "custom", "start": "2026-11-01", "end": "2026-11-01"}), " against 2026-11-01 (custom)"),
    ] {
        let mut answer = week();
        answer["applied"]["comparison"] = comparison;
        let page = shown(&answer, 80, Paint::plain());
        assert_eq!(page.lines().nth(1), Some(line));
    }
}

#[test]
fn a_part_that_is_compared_stands_beside_what_it_is_held_against() {
    let mut answer = week();
    answer["metrics"][1]["value"] = json!(96000);
    answer["metrics"][1]["compared_value"] = json!(84000);
    let page = shown(&answer, 80, Paint::plain());
    assert!(page.contains("   Net sales   $84,000.00  $93,600.00  ▼ $9,600.00 "), "{page}");
    let note = " Net sales: $96,000.00 over the whole range; compared is the part that both\n sides have\n";
    assert!(page.contains(note), "{page}");
}
