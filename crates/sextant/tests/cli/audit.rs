//! Audits as a person reads them: a page for the terminal, a report in Markdown, a status for scripts.

use crate::process::{Answer, NOW, answer, commerce};

fn audit(columns: &str, arguments: &[&str]) -> Answer {
    answer(commerce().env("COLUMNS", columns).args(["audit", "--now", NOW]), arguments)
}

#[test]
fn a_page_says_what_stands_out_and_what_it_is_made_of() {
    let page = audit("80", &["--time", "last_28_days"]);
    assert_eq!((page.out.as_str(), page.err.as_str(), page.status), (PAGE, "", 0));
}

const PAGE: &str = "\
Audit of 2026-10-23 .. 2026-11-19 (last_28_days), America/New_York
 against 2026-09-25 .. 2026-10-22 (previous_period)
 data through 2026-11-19; refunds through 2026-11-17

1 highlight; 7 metrics tested.

 ○  notable  ▲ orders rose 17.6 % (+31 orders) against 25 September–22 October;
               CA and US account for 71 %

                                value  previous    change                impact
───────────────────────────────────────────────────────────────────────────────
 notable: large and unusual
   Orders                         207       176      ▲ 31  +17.6%    favourable
 within noise: large, but no more than chance moves it
   Average order value        $138.81   $165.14  ▼ $26.34  -15.9%  unfavourable
   Ad spend                    $5,789    $5,190    ▲ $599  +11.5%       neutral
   Blended ROAS                  5.39      6.21    ▼ 0.82  -13.2%  unfavourable
   Customer acquisition cost   $55.13    $72.09  ▼ $16.95  -23.5%    favourable
 none: neither large nor unusual
   Net sales                  $27,214   $27,805    ▼ $591   -2.1%  unfavourable
   Conversion rate              12.6%     12.4%  ▲ 0.2 pp   +1.9%    favourable

Orders ▲ 31 (+17.6%): notable, favourable
 baseline: t 2.67, df 84, p 0.0091, q 0.063; notable at most, its history is
 short
                   previous  value  change  share
 by country
   CA                    12     25     +13    42%  │███████████▌
   US                    81     90      +9    29%  │████████
   GB                    28     35      +7    23%  │██████▌
   6 others                             +2     6%  │██
   together                            +31         │▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
 by channel, within country CA
   organic_search         0      6      +6    46%  │█████▌
   direct                 2      5      +3    23%  │██▌
   paid_social            1      4      +3    23%  │██▌
   5 others                             +1     8%  │█
   together                            +13         │▒▒▒▒▒▒▒▒▒▒▒▒
 also by channel, by device (no single segment): --details

Warnings
 ! not-settled: `returns` of 2026-11-07 to 2026-11-19 may still change: it
   settles 14 days later; so may `net_sales`, `blended_roas`

The whole answer: the same command with --format json
";

#[test]
fn a_report_says_the_same_in_markdown() {
    let report =
        audit("80", &["orders", "aov", "--time", "last_28_days", "--dimension", "country", "--format", "markdown"]);
    assert_eq!((report.out.as_str(), report.err.as_str(), report.status), (REPORT, "", 0));
}

const REPORT: &str = "\
# Audit of 2026-10-23 .. 2026-11-19

- against 2026-09-25 .. 2026-10-22
- America/New_York
- data through 2026-11-19

## Highlights

1 highlight; 2 metrics tested.

- ▲ **notable, favourable**: orders rose 17.6 % (+31 orders) against 25 September–22 October; CA and US account for 71 %

## Metrics

| metric | value | previous | change | percent | level | impact |
| --- | ---: | ---: | ---: | ---: | --- | --- |
| Orders | 207 | 176 | ▲ 31 | +17.6% | notable | favourable |
| Average order value | $138.81 | $165.14 | ▼ $26.34 | -15.9% | within noise | unfavourable |

## Orders

▲ 31 (+17.6%): notable, favourable. baseline: t 2.67, df 84, p 0.0091, q 0.018; notable at most, its history is short

### By country

| country | previous | value | change | share |
| --- | ---: | ---: | ---: | ---: |
| CA | 12 | 25 | +13 | 42% |
| US | 81 | 90 | +9 | 29% |
| GB | 28 | 35 | +7 | 23% |
| 6 others |  |  | +2 | 6% |
| together |  |  | +31 |  |
";

#[test]
fn a_quiet_week_says_how_much_was_tested() {
    let page = audit("80", &["--time", "last_7_days"]);
    assert_eq!((page.out.as_str(), page.err.as_str(), page.status), (QUIET, "", 0));
}

const QUIET: &str = "\
Audit of 2026-11-13 .. 2026-11-19 (last_7_days), America/New_York
 against 2026-11-06 .. 2026-11-12 (previous_period)
 data through 2026-11-19; refunds through 2026-11-17

Nothing unusual: no change is both large and unusual; 7 metrics tested.

                                value  previous    change                impact
───────────────────────────────────────────────────────────────────────────────
 within noise: large, but no more than chance moves it
   Net sales                   $8,486    $6,522  ▲ $1,964  +30.1%    favourable
   Average order value        $158.67   $128.05  ▲ $30.62  +23.9%    favourable
   Blended ROAS                  6.31      5.15    ▲ 1.16  +22.5%    favourable
 none: neither large nor unusual
   Orders                          55        54       ▲ 1   +1.9%    favourable
   Ad spend                    $1,530    $1,462     ▲ $68   +4.7%       neutral
   Customer acquisition cost   $51.02    $48.74   ▲ $2.28   +4.7%  unfavourable
   Conversion rate              12.4%     12.7%  ▼ 0.3 pp   -2.5%  unfavourable

Warnings
 ! not-settled: `returns` of 2026-11-13 to 2026-11-19 may still change: it
   settles 14 days later; so may `net_sales`, `blended_roas`

The whole answer: the same command with --format json
";

#[test]
fn a_wide_page_keeps_its_cents() {
    let narrow = audit("80", &["--time", "last_28_days"]).out;
    let wide = audit("120", &["--time", "last_28_days"]).out;
    assert!(narrow.contains("$27,214  ") && wide.contains("$27,213.97  "), "{wide}");
    let width = |page: &str| page.lines().map(|line| line.chars().count()).max();
    assert!(width(&narrow) <= Some(80) && width(&wide) <= Some(120), "{wide}");
}

#[test]
fn details_take_every_metric_apart() {
    let page = audit("100", &["net_sales", "orders", "--time", "last_7_days", "--details"]).out;
    for text in
        [" by formula: gross_sales - discounts - returns\n", " by device", "\nOrders ▲ 1 (+1.9%): none, favourable\n"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
}

#[test]
fn json_is_the_answer_of_every_door() {
    let printed =
        audit("80", &["--time", "last_28_days", "--by", "country,device", "--max-highlights", "3", "--print-request"]);
    assert_eq!(
        printed.out,
        concat!(
            r#"{"tool":"audit_performance","arguments":{"time_range":"last_28_days","as_of":"2026-11-20T09:00:00-05:00","#,
            r#""dimensions":["country","device"],"max_highlights":3}}"#,
            "\n"
        )
    );
    let json = audit("80", &["--time", "last_28_days", "--format", "json"]).out;
    let arguments = format!(r#"{{"time_range":"last_28_days","as_of":"{NOW}"}}"#);
    assert_eq!(json, answer(&mut commerce(), &["call", "audit_performance", &arguments]).out);
}

#[test]
fn a_script_learns_of_a_change_by_the_status() {
    let month = ["--time", "last_28_days"];
    let with = |more: &[&str]| audit("80", &[&month[..], more].concat());
    assert_eq!(with(&["--fail-on", "notable"]).status, 7);
    assert_eq!(with(&["--fail-on", "major"]).status, 0);
    let silent = with(&["--fail-on", "notable", "--max-highlights", "0", "--format", "csv"]);
    assert!(silent.status == 7 && silent.out.contains("net_sales"), "{silent:?}");
    let major = with(&["--min-level", "major"]);
    assert!(major.out.contains("\nNothing to tell: no change reaches the level asked for.\n"), "{major:?}");
    assert_eq!(with(&["--fail-on", "none"]).status, 2);
}
