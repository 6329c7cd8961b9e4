//! The format, rule by rule: what a mistake is told, and what a model reads as.

mod robust;
mod tables;

use super::*;
use crate::render::{Colours, render};

/// All findings of the files `a.yml`, `b.yml`, …, rendered.
fn told(texts: &[&str]) -> String {
    let (model, findings) = read_files(texts);
    render(&model.sources, &findings, Colours::None)
}

/// All findings of the files in short: `file:line:column code: message (did you mean; help)`.
fn listed(texts: &[&str]) -> String {
    let (model, findings) = read_files(texts);
    let lines = crate::render::in_order(&model.sources, &findings).into_iter().map(|finding| {
        let span = finding.span.unwrap();
        let at = model.sources.position(span);
        let meant: Vec<String> = finding.did_you_mean.iter().map(|name| format!(" {name}?")).collect();
        let file = &model.sources.get(span.source).name;
        let help = finding.help.as_deref().unwrap_or_default();
        format!("{file}:{}:{} {}: {} ({}; {help})", at.line, at.column, finding.code, finding.message, meant.concat())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn read_files(texts: &[&str]) -> (Model, crate::diagnostic::Diagnostics) {
    read(texts.iter().zip('a'..).map(|(text, file)| (format!("{file}.yml"), text.to_string())))
}

#[test]
fn the_model_of_the_documentation_reads_without_findings() {
    let (model, findings) = read_files(&[FULL]);
    assert_eq!(render(&model.sources, &findings, Colours::None), "");
    assert_eq!(model.all_metrics().count(), 12);
    let not_yet: Vec<&str> = model.all_metrics().flat_map(|(_, m)| m.not_yet()).map(|n| n.what).collect();
    assert_eq!(not_yet, Vec::<&str>::new());
    assert_eq!(model.datasets[0].not_yet().len(), 0);
    let MetricKind::Simple(gross_sales) = &model.datasets[0].metrics[0].kind else { panic!("simple") };
    assert_eq!(model.sources.slice(gross_sales.expr.as_ref().unwrap().span), "gross");
    assert_eq!(gross_sales.agg.value, Aggregation::Sum);
    assert_eq!(gross_sales.scale.as_ref().unwrap().value, 4);
    insta::assert_snapshot!(model.saved_queries[0].query.to_json(), @r#"{"metrics":["net_sales"],"granularity":"week","time_range":2026,"limit":5}"#);
    insta::assert_snapshot!(model.tests[0].query.to_json(), @r#"{"metrics":["net_sales"],"time_range":"2026-03","as_of":"2026-04-02"}"#);
}

#[test]
fn files_do_not_disagree_about_naming() {
    let (model, findings) = read_files(&["name: m\nnaming: entity_paths\n", "naming: entity_paths\n"]);
    assert_eq!((model.naming, findings.is_empty()), (Naming::EntityPaths, true));
    let found = listed(&["name: m\nnaming: entity_paths\n", "naming: dotted\n"]);
    let wanted =
        "b.yml:1:9 invalid-model: a second `naming` of the model (; the first is in a.yml:2; keep one of the two)";
    assert_eq!(found, wanted);
}

const KEYS_THAT_ARE_NONE: &str = "
name: m
tets: []
calendar: {timezon: UTC}
datasets:
  - name: orders
    source: {parqet: orders.parquet}
    dimensions:
      - {name: channel, expression: utm_source}
    metrics:
      - {name: orders, type: simple, agg: count, lable: Orders}
metrics:
  - {name: aov, type: ratio, numerator: {nme: a}, denominator: orders, zzzzz: 1}
  - {name: x, type: derived, expr:orders}
";

#[test]
fn unknown_keys_are_found_at_every_depth_with_a_suggestion() {
    insta::assert_snapshot!(told(&[KEYS_THAT_ARE_NONE]), @r#"
        error[unknown-key]: unknown key `tets` of model file `m`
         --> a.yml:3:1
          |
        3 | tets: []
          | ^^^^
          |
        help: did you mean `tests`?

        error[unknown-key]: unknown key `timezon` of this calendar
         --> a.yml:4:12
          |
        4 | calendar: {timezon: UTC}
          |            ^^^^^^^
          |
        help: did you mean `timezone`?

        error[unknown-key]: unknown key `parqet` of this source
         --> a.yml:7:14
          |
        7 |     source: {parqet: orders.parquet}
          |              ^^^^^^
          |
        help: did you mean `parquet`?

        error[unknown-key]: unknown key `expression` of dimension `channel`
         --> a.yml:9:25
          |
        9 |       - {name: channel, expression: utm_source}
          |                         ^^^^^^^^^^
          |
        help: did you mean `expr`?

        error[unknown-key]: unknown key `lable` of metric `orders`
          --> a.yml:11:50
           |
        11 |       - {name: orders, type: simple, agg: count, lable: Orders}
           |                                                  ^^^^^
           |
        help: did you mean `label`?

        error[unknown-key]: unknown key `nme` of this input metric
          --> a.yml:13:42
           |
        13 |   - {name: aov, type: ratio, numerator: {nme: a}, denominator: orders, zzzzz: 1}
           |                                          ^^^
           |
        help: did you mean `name`?

        error[unknown-key]: unknown key `zzzzz` of metric `aov`
          --> a.yml:13:72
           |
        13 |   - {name: aov, type: ratio, numerator: {nme: a}, denominator: orders, zzzzz: 1}
           |                                                                        ^^^^^
           |
        help: keys of a metric: name, type, label, description, synonyms, aliases, deprecated_names, owner, unit, format, direction, filter, granularity, join_to_timespine, fill_nulls_with, materiality, min_sample, sample, settles_after, attribution_window, hidden, tests, numerator, denominator

        error[unknown-key]: unknown key `expr:orders` of metric `x`
          --> a.yml:14:30
           |
        14 |   - {name: x, type: derived, expr:orders}
           |                              ^^^^^^^^^^^
           |
        help: did you mean `expr`?
        help: a space is missing after the colon
    "#);
}

#[test]
fn a_key_of_another_type_is_told_which() {
    insta::assert_snapshot!(told(&["
name: m
metrics:
  - {name: aov, type: ratio, numerator: a, denominator: b, agg: sum}
  - {name: mtd, type: cumulative, input_metric: a, window: 7 days, grain_to_date: month, expr: a + b}
  - {name: s, type: simple, agg: sum, expr: x}
  - {name: r, type: ratoi, numerator: a, denominator: b}
"]), @r#"
        error[unknown-key]: unknown key `agg` of metric `aov`
         --> a.yml:4:60
          |
        4 |   - {name: aov, type: ratio, numerator: a, denominator: b, agg: sum}
          |                                                            ^^^
          |
        help: `agg` is a key of metrics with `type: simple`

        error[invalid-model]: metric `mtd` has both `window` and `grain_to_date`
         --> a.yml:5:83
          |
        5 |   - {name: mtd, type: cumulative, input_metric: a, window: 7 days, grain_to_date: month, expr: a + b}
          |                                                                                   ^^^^^
          |
        help: keep one of the two

        error[unknown-key]: unknown key `expr` of metric `mtd`
         --> a.yml:5:90
          |
        5 |   - {name: mtd, type: cumulative, input_metric: a, window: 7 days, grain_to_date: month, expr: a + b}
          |                                                                                          ^^^^
          |
        help: `expr` is a key of metrics with `type: derived` or `type: simple`

        error[invalid-model]: metric `s` is simple and stands in no dataset
         --> a.yml:6:12
          |
        6 |   - {name: s, type: simple, agg: sum, expr: x}
          |            ^
          |
        help: move it under `metrics` of the dataset whose rows it aggregates

        error[unknown-value]: `type` cannot be `ratoi`
         --> a.yml:7:21
          |
        7 |   - {name: r, type: ratoi, numerator: a, denominator: b}
          |                     ^^^^^
          |
        help: did you mean `ratio`?
        help: one of simple, ratio, derived, cumulative, conversion, cohort
    "#);
}

#[test]
fn required_keys_depend_on_the_type() {
    insta::assert_snapshot!(listed(&["
name: m
datasets:
  - name: d
    source: {csv: a.csv}
    metrics:
      - {name: a}
      - {name: b, type: simple}
      - {name: c, type: simple, agg: sum}
      - {name: p, type: simple, agg: percentile, expr: x}
      - {type: simple, agg: count}
  - {name: e}
  - {name: f, source: {}}
  - {name: g, source: {csv: a, jsonl: b}}
  - {name: h, source: {parquet: a, header: true}}
metrics:
  - {name: d, type: ratio, numerator: a}
  - {name: e, type: derived}
  - {name: f, type: cumulative}
  - {name: g, type: conversion, base_metric: a}
  - {name: h, type: cohort, input_metric: a}
policies: [{dataset: d}]
"]), @r#"
        a.yml:7:16 missing-key: metric `a` has no `type` (; add `type`: one of simple, ratio, derived, cumulative, conversion, cohort)
        a.yml:8:16 missing-key: metric `b` has no `agg` (; add `agg`: one of sum, min, max, count, count_distinct, average, median, percentile, sum_boolean, first, last, approx_count_distinct)
        a.yml:9:16 missing-key: metric `c` has no `expr` (; add `expr`: the column or the expression that is aggregated; only `count` counts rows)
        a.yml:10:16 missing-key: metric `p` has no `percentile` (; add `percentile`: the share of values below, such as `0.95`)
        a.yml:11:10 missing-key: this metric has no `name` (; add `name`: lower-case letters, digits and single `_`)
        a.yml:12:12 missing-key: dataset `e` has no `source` (; add `source`: a map (parquet, csv, jsonl, table, sql, delimiter, header, null))
        a.yml:13:23 missing-key: this source has none of parquet, csv, jsonl, table, sql (; give exactly one of them)
        a.yml:14:32 invalid-model: this source has both `csv` and `jsonl` (; exactly one of parquet, csv, jsonl, table, sql)
        a.yml:15:44 invalid-model: `delimiter`, `header` and `null` are of CSV files (; use them with `csv`)
        a.yml:17:12 missing-key: metric `d` has no `denominator` (; add `denominator`: the metric that it is divided by)
        a.yml:18:12 missing-key: metric `e` has no `expr` (; add `expr`: over columns (simple) or metrics (derived))
        a.yml:19:12 missing-key: metric `f` has no `input_metric` (; add `input_metric`: the metric that is accumulated)
        a.yml:20:12 missing-key: metric `g` has no `conversion_metric` (; add `conversion_metric`: the events that they convert to)
        a.yml:20:12 missing-key: metric `g` has no `entity` (; add `entity`: whose events belong together)
        a.yml:21:12 missing-key: metric `h` has no `entity` (; add `entity`: whose events belong together)
        a.yml:21:12 missing-key: metric `h` has no `cohort` (; add `cohort`: the metric whose first row starts a member's age)
        a.yml:21:12 missing-key: metric `h` has no `age` (; add `age`: a length of time, such as `28 days` or `6h`)
        a.yml:22:13 missing-key: this policy has no `filter` (; a policy says which rows are seen (`filter`) or what nobody sees (`hide`))
    "#);
}

#[test]
fn values_have_the_types_of_their_keys() {
    insta::assert_snapshot!(listed(&["
name: m
version: 2
calendar: {timezone: Europe/Pariss, week_start: Monday, fiscal_year_start: '02-29', as_of: now, fiscal: {pattern: 4-4-6, month: 13}}
datasets:
  - name: d
    source: parquet
    primary_key: id
    columns: [{name: a, type: string}, {name: b, type: 'decimal(40, 2)'}, {name: c, type: integer, optional: yes}]
    watermark: {column: t, lag: 6}
    dimensions:
      - {name: t, type: time, granularity: dayly, stored_as: New York}
      - {name: u, type: tiem}
      - {name: v, hidden: 'true', synonyms: [[a], {b: c}, ~]}
    metrics:
      - {name: a, type: simple, agg: summ, expr: x, direction: upp, format: $, fill_nulls_with: zero}
      - {name: p, type: simple, agg: percentile, expr: x, percentile: 95}
      - {name: q, type: simple, agg: sum, expr: x, percentile: 0.5, scale: -1, materiality: {percent: -5}}
      - {name: r, type: simple, agg: count, filter: {a: b}, label: [a], description: true}
datasetss: {}
metrics: {name: x}
time_ranges: [{name: r, start: 2025-02-30, end: 2025-3-1}, {name: s, start: 2025-03-02, end: 2025-03-01}, {name: last_week, start: 2025-03-02, end: 2025-03-03}]
tests: [{query: {metrics: [a], as_off: 2025-01-01}, expect: [1]}]
"]), @r#"
        a.yml:3:10 wrong-type: `version` wants `1`, not `2` (; the version of the format)
        a.yml:4:22 unknown-value: `Europe/Pariss` is not a time zone ( Europe/Paris? Europe/Madrid? Europe/Prague?; `timezone` wants a time zone, such as `America/New_York`)
        a.yml:4:49 unknown-value: `week_start` cannot be `Monday` ( monday? sunday?; one of monday, sunday)
        a.yml:4:77 wrong-type: `fiscal_year_start` wants a month and a day from 01 to 28, such as `"02-01"`, not the text `02-29` (; the first day of a fiscal year; 01-01 when absent)
        a.yml:4:92 unknown-value: `as_of` cannot be `now` (; one of data)
        a.yml:4:106 missing-key: this fiscal calendar has no `ends` (; add `ends`: one of last, nearest)
        a.yml:4:106 missing-key: this fiscal calendar has no `weekday` (; add `weekday`: one of monday, tuesday, wednesday, thursday, friday, saturday, sunday)
        a.yml:4:115 unknown-value: `pattern` cannot be `4-4-6` ( 4-4-5?; one of 4-4-5, 4-5-4, 5-4-4)
        a.yml:4:129 wrong-type: `month` wants a whole number from 1 to 12, not `13` (; the month at whose end the year ends)
        a.yml:7:13 wrong-type: `source` wants a map (parquet, csv, jsonl, table, sql, delimiter, header, null), not the text `parquet` (; where the rows come from)
        a.yml:8:18 wrong-type: `primary_key` wants a list, each item a text, not the text `id` (; write `[id]`)
        a.yml:9:31 unknown-value: `type` cannot be `string` (; one of boolean, integer, decimal(precision, scale), float, text, date, timestamp, timestamp with zone)
        a.yml:9:57 unknown-value: `type` cannot be `decimal(40, 2)` (; one of boolean, integer, decimal(precision, scale), float, text, date, timestamp, timestamp with zone)
        a.yml:9:110 wrong-type: `optional` wants `true` or `false`, not the text `yes` (; whether files may lack it)
        a.yml:10:33 wrong-type: `lag` wants a length of time, such as `28 days` or `6h`, not `6` (; how long rows may come late)
        a.yml:12:44 unknown-value: `granularity` cannot be `dayly` ( day?; one of second, minute, hour, day, week, month, quarter, year)
        a.yml:12:62 unknown-value: `New York` is not a time zone (; `stored_as` wants `utc` or a time zone, such as `America/New_York`)
        a.yml:13:25 unknown-value: `type` cannot be `tiem` ( time?; one of categorical, time, boolean, number)
        a.yml:14:28 wrong-type: `hidden` wants `true` or `false`, not the text `true` (; whether it is left out of lists)
        a.yml:14:46 wrong-type: `synonyms` wants a text, not a list (; words that people say for it; they lead a search here)
        a.yml:14:51 wrong-type: `synonyms` wants a text, not a map (; words that people say for it; they lead a search here)
        a.yml:14:59 wrong-type: `synonyms` wants a text, not nothing (; words that people say for it; they lead a search here)
        a.yml:16:38 unknown-value: `agg` cannot be `summ` ( sum?; one of sum, min, max, count, count_distinct, average, median, percentile, sum_boolean, first, last, approx_count_distinct)
        a.yml:16:64 unknown-value: `direction` cannot be `upp` ( up?; one of up, down, neutral)
        a.yml:16:77 unknown-value: `format` cannot be `$` (; one of number, currency, percent, ratio, duration)
        a.yml:16:97 wrong-type: `fill_nulls_with` wants a number in digits, such as `0` or `1.50`, not the text `zero` (; the value where there are no rows)
        a.yml:17:71 wrong-type: `percentile` wants a number between 0 and 1, not `95` (; the share of values below, for `agg: percentile`)
        a.yml:18:64 invalid-model: `percentile` without `agg: percentile` (; change `agg`, or remove the key)
        a.yml:18:76 wrong-type: `scale` wants a whole number from 0 to 18, not `-1` (; digits after the point of amounts stored as floats)
        a.yml:18:103 wrong-type: `percent` wants a number that is not negative, not `-5` (; as a fraction: 0.05 is 5 %)
        a.yml:19:53 wrong-type: `filter` wants an expression, or a list, not a map (; conditions over dimensions; all must hold)
        a.yml:19:68 wrong-type: `label` wants a text, not a list (; what people read)
        a.yml:19:86 wrong-type: `description` wants a text, not `true` (; put it in quotes)
        a.yml:20:1 unknown-key: unknown key `datasetss` of model file `m` ( datasets?; )
        a.yml:21:10 wrong-type: `metrics` wants a list of metrics, not a map (; metrics across datasets)
        a.yml:22:32 wrong-type: `start` wants a date, such as `2026-03-01`, not `2025-02-30` (; the first day)
        a.yml:22:49 wrong-type: `end` wants a date, such as `2026-03-01`, not `2025-3-1` (; the last day; it belongs to the range)
        a.yml:22:94 invalid-model: time range `s` ends on 2025-03-01, before it starts (; the end is the last day that belongs to the range)
        a.yml:22:114 invalid-model: `last_week` already means a range or a comparison (; another name)
        a.yml:23:32 unknown-key: unknown key `as_off` of this query ( as_of?; )
        a.yml:23:61 invalid-model: `expect` wants a list of rows, such as `[[1234.50]]` (; each row is a list, also when it has one value)
    "#);
}

#[test]
fn names_are_words_of_lower_case_letters() {
    insta::assert_snapshot!(listed(&["
name: My Model
datasets:
  - name: Orders
    source: {csv: a.csv}
    dimensions: [{name: metric_time, type: time}, {name: a__b}]
    metrics: [{name: 7d_sales, type: simple, agg: count, aliases: [GMV]}]
"]), @r#"
        a.yml:2:7 invalid-name: `My Model` is not a name (; names have lower-case letters, digits and single `_`, and start with a letter: `my_model`)
        a.yml:4:11 invalid-name: `Orders` is not a name (; names have lower-case letters, digits and single `_`, and start with a letter: `orders`)
        a.yml:6:25 invalid-model: `metric_time` is every metric's own time axis (; choose another name, and set the dataset's `time` to it)
        a.yml:6:58 invalid-name: `a__b` is not a name (; names have lower-case letters, digits and single `_`, and start with a letter: `a_b`)
        a.yml:7:22 invalid-name: `7d_sales` is not a name (; names have lower-case letters, digits and single `_`, and start with a letter: `d_sales`)
        a.yml:7:68 invalid-name: `GMV` is not a name (; names have lower-case letters, digits and single `_`, and start with a letter: `gmv`)
    "#);
}

#[test]
fn no_two_things_of_one_kind_share_a_name() {
    insta::assert_snapshot!(listed(&["
name: m
datasets:
  - name: d
    source: {csv: a.csv}
    primary_key: [id, id]
    columns: [{name: x, type: text}, {name: x, type: date}]
    dimensions: [{name: x}, {name: x}]
    metrics:
      - {name: a, type: simple, agg: count, aliases: [b]}
      - {name: b, type: simple, agg: count}
metrics:
  - {name: a, type: derived, expr: b + 1}
  - {name: e, type: derived, expr: f + g, input_metrics: [a, {name: a, filter: x = 1}]}
", "
datasets: [{name: d, source: {csv: a.csv}}]
calendar: {timezone: UTC}
", "
calendar: {timezone: Europe/Paris}
currency: EUR
saved_queries: [{name: q, metrics: [a]}, {name: q, metrics: [b]}]
"]), @r#"
        a.yml:6:23 duplicate-name: a second item of `primary_key`, `id` (; the first is in a.yml:6; rename or remove one)
        a.yml:7:45 duplicate-name: a second column `x` (; the first is in a.yml:7; rename or remove one)
        a.yml:8:36 duplicate-name: a second dimension `x` (; the first is in a.yml:8; rename or remove one)
        a.yml:10:55 duplicate-name: a second metric `b` (; the first is in a.yml:11; rename or remove one)
        a.yml:13:12 duplicate-name: a second metric `a` (; the first is in a.yml:10; rename or remove one)
        a.yml:14:69 duplicate-name: two inputs of metric `e` are called `a` (; the first is in a.yml:14; give one an `alias`)
        b.yml:2:19 duplicate-name: a second dataset `d` (; the first is in a.yml:4; rename or remove one)
        c.yml:2:11 invalid-model: a second calendar (; one file has the calendar of the model)
        c.yml:4:49 duplicate-name: a second saved query `q` (; the first is in c.yml:4; rename or remove one)
    "#);
}

#[test]
fn files_of_two_models_are_refused_with_their_directories() {
    let (model, findings) = read([
        ("shop/a.yml".to_string(), "name: shop\n".to_string()),
        ("bank/a.yml".to_string(), "name: bank\nmetrics: oops\n".to_string()),
    ]);
    insta::assert_snapshot!(render(&model.sources, &findings, Colours::None), @r#"
        error[several-models]: two models in one directory: `shop` and `bank`
         --> bank/a.yml:1:7
          |
        1 | name: bank
          |       ^^^^
          |
        help: choose one directory: bank, shop
    "#);
    insta::assert_snapshot!(told(&["- a\n", "metrics:\n"]), @r#"
        error[wrong-type]: a model file is a map, not a list
         --> a.yml:1:1
          |
        1 | - a
          | ^^^
          |
        help: start it with keys such as `datasets:` or `metrics:`

        error[missing-key]: the model has no `name`
         --> a.yml:1:1
          |
        1 | - a
          | ^
          |
        help: add `name:` to one of its files
    "#);
}

#[test]
fn what_could_not_be_read_is_remembered_by_name() {
    let (model, _) = read_files(&["
name: m
datasets:
  - label: lost
    source: {csv: x}
    dimensions: [{name: day, type: time}, {name: bad, type: tiem}]
    metrics: [{name: inside, type: simple, agg: count, aliases: [alias_of_inside]}]
  - name: kept
    source: {csv: x}
    metrics: [{name: b, type: simple, agg: summ, expr: y}, {nmae: c, type: simple, agg: count}]
metrics:
  - {name: broken, type: ratio, numerator: [1}
"]);
    insta::assert_debug_snapshot!(model.unread, @r#"
        {
            "alias_of_inside",
            "b",
            "bad",
            "broken",
            "day",
            "inside",
        }
    "#);
    let kept: Vec<&str> = model.datasets.iter().map(|d| d.name.value.as_str()).collect();
    assert_eq!(kept, ["kept"]);
}

/// Every object and every key of the format.
const FULL: &str = include_str!("tests/full.yml");
