//! Laws of audits over the commerce data: one audit reads in one pass what many questions read apart, and the pieces
//! of a change sum to it.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json, json};
use sextant_engine::session::Resources;
use sextant_engine::workspace::Workspace;
use sextant_semantics::significance::{DailySeries, by_days};
use sextant_tests::ask::{self, Place};
use sextant_tests::worlds::random::Random;

/// The clock: the checked-in data ends the day before.
const AS_OF: &str = "2026-11-20";
const AUDITS: usize = 10;
/// Metrics of every kind and of several datasets.
const METRICS: [&str; 22] = [
    "net_sales",
    "gross_sales",
    "orders",
    "units_sold",
    "returns",
    "total_sales",
    "contribution_profit",
    "ad_spend",
    "sessions",
    "aov",
    "blended_roas",
    "cac",
    "conversion_rate",
    "bounce_rate",
    "gross_margin",
    "customers",
    "returning_customer_rate",
    "order_value_p50",
    "largest_order",
    "inventory_on_hand",
    "sales_trailing_28d",
    "net_sales_mtd",
];
const RANGES: [&str; 5] =
    ["last_7_days", "last_28_days", "last_week", "2026-10-05..2026-10-18", "2026-11-16..2026-11-18"];
const COMPARISONS: [&str; 4] =
    ["previous_period", "previous_period", "previous_period_match_weekday", "2026-09-07..2026-09-20"];

type Law = fn(&Audited<'_>) -> Result<usize, String>;

pub(crate) fn trials() -> Vec<Trial> {
    let laws: [(&str, Law, usize); 3] = [
        ("pieces_sum_to_the_change", pieces, 40),
        ("segments_are_the_groups_asked_alone", segments, 100),
        ("significance_is_that_of_the_days_asked_alone", significance, 10),
    ];
    let laws = laws.map(|(name, law, least)| Trial::test(format!("audits::{name}"), move || hold(law, least)));
    let whole = [
        Trial::test("audits::swapped_periods_negate_the_change", swapped),
        Trial::test("audits::a_period_against_itself_is_no_change", itself),
        Trial::test("audits::one_two_and_four_partitions", partitions),
        Trial::test("audits::every_dataset_is_read_once", one_read),
    ];
    laws.into_iter().chain(whole).collect()
}

/// An audit and what it answered.
struct Audited<'a> {
    workspace: &'a Workspace,
    request: Map<String, Json>,
    answer: Json,
}

fn hold(law: Law, least: usize) -> Result<(), Failed> {
    let mut random = Random::new(41);
    let mut held = 0;
    let workspace = open()?;
    for _ in 0..AUDITS {
        let request = request(&mut random);
        let answer = ask::call(&workspace, "audit_performance", &request).map_err(|e| format!("{request:?}: {e}"))?;
        let audited = Audited { workspace: &workspace, request, answer };
        held += law(&audited).map_err(|broken| format!("{}: {broken}", Json::Object(audited.request.clone())))?;
    }
    if held < least { Err(format!("held {held} times, not {least}").into()) } else { Ok(()) }
}

fn open() -> Result<Workspace, String> {
    ask::open(&Place::of_world("commerce")).map_err(|error| error.to_string())
}

fn request(random: &mut Random) -> Map<String, Json> {
    let names: Vec<String> = METRICS.map(String::from).to_vec();
    let mut request = Map::new();
    request.insert("metric_names".into(), json!(random.some(&names, 4)));
    request.insert("time_range".into(), json!(random.pick(&RANGES)));
    request.insert("comparison".into(), json!(random.pick(&COMPARISONS)));
    request.insert("as_of".into(), json!(AS_OF));
    if random.chance(25) {
        request.insert("where".into(), json!(["country = 'US'"]));
        request.insert("metric_names".into(), json!(["net_sales", "orders", "aov"]));
    }
    request
}

impl Audited<'_> {
    fn metrics(&self) -> &[Json] {
        self.answer["metrics"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The same question of some metrics, with more arguments.
    fn ask(&self, metrics: &[&str], more: &[(&str, Json)]) -> Result<Json, String> {
        let mut request = self.request.clone();
        request.insert("metric_names".into(), json!(metrics));
        request.extend(more.iter().map(|(name, value)| ((*name).to_string(), value.clone())));
        ask::call(self.workspace, "get_metrics", &request).map_err(|e| format!("{}: {e}", Json::Object(request)))
    }
}

fn list(of: &Json) -> &[Json] {
    of.as_array().map_or(&[], Vec::as_slice)
}

fn number(of: &Json) -> f64 {
    of.as_f64().unwrap_or(0.0)
}

/// Sums to 1e-9 of the largest piece; numbers are written with 15 digits.
fn sums_to(what: &str, pieces: &[f64], whole: f64) -> Result<(), String> {
    let sum: f64 = pieces.iter().sum();
    let size = pieces.iter().map(|piece| piece.abs()).fold(whole.abs().max(1e-6), f64::max);
    let differs = (sum - whole).abs() > 1e-9 * size.max(1.0);
    if differs { Err(format!("{what}: {pieces:?} sum to {sum}, not {whole}")) } else { Ok(()) }
}

fn pieces(audited: &Audited<'_>) -> Result<usize, String> {
    let mut held = 0;
    for metric in audited.metrics() {
        let Some(change) = metric["change"]["absolute"].as_f64() else { continue };
        let name = metric["name"].as_str().unwrap_or_default();
        let of_parts: Vec<&Json> = list(&metric["parts"]["items"]).iter().collect();
        if !of_parts.is_empty() && of_parts.iter().all(|part| !part["contribution"].is_null()) {
            let parts: Vec<f64> = of_parts.iter().map(|part| number(&part["contribution"])).collect();
            sums_to(&format!("{name} by parts"), &parts, change)?;
            held += 1;
        }
        for dimension in list(&metric["driver_dimensions"]).iter().filter(|of| of.get("within").is_none()) {
            if dimension["method"] == "own_change" || dimension["status"] == "not-comparable" && change == 0.0 {
                continue;
            }
            let drivers = list(&metric["drivers"]).iter();
            let own = drivers.filter(|d| d["dimension"] == dimension["dimension"] && d.get("within").is_none());
            let mut pieces: Vec<f64> = own.map(|driver| number(&driver["contribution"])).collect();
            pieces.extend([number(&dimension["other"]["contribution"]), number(&dimension["unallocated"])]);
            sums_to(&format!("{name} by {}", dimension["dimension"]), &pieces, change)?;
            held += 1;
        }
    }
    Ok(held)
}

/// Each segment's two values are those that a question grouped by its dimension gives.
fn segments(audited: &Audited<'_>) -> Result<usize, String> {
    let mut held = 0;
    for metric in audited.metrics() {
        let name = metric["name"].as_str().unwrap_or_default();
        let mut asked: BTreeMap<String, Json> = BTreeMap::new();
        for driver in list(&metric["drivers"]) {
            let within = driver.get("within");
            let groups = match within {
                Some(within) => json!([within["dimension"], driver["dimension"]]),
                None => json!([driver["dimension"]]),
            };
            let key = groups.to_string();
            if !asked.contains_key(&key) {
                asked.insert(key.clone(), audited.ask(&[name], &[("group_by", groups)])?);
            }
            held += segment(name, driver, within, &asked[&key])?;
        }
    }
    Ok(held)
}

fn segment(name: &str, driver: &Json, within: Option<&Json>, alone: &Json) -> Result<usize, String> {
    let row = list(&alone["rows"]).iter().find(|row| match within {
        Some(within) => row[0] == within["value"] && row[1] == driver["value"],
        None => row[0] == driver["value"],
    });
    let column = |wanted: String| {
        let found = list(&alone["columns"]).iter().position(|column| column["name"] == wanted);
        found.ok_or_else(|| format!("no column {wanted}"))
    };
    let columns = [("previous", column(format!("{name}__previous"))?), ("current", column(name.to_string())?)];
    for (what, at) in columns {
        let (audit, alone) = (number(&driver[what]), row.map_or(0.0, |row| number(&row[at])));
        if (audit - alone).abs() > 1e-9 * alone.abs().max(1.0) {
            return Err(format!("{name} of {driver}: {what} is {audit}, asked alone {alone}"));
        }
    }
    Ok(1)
}

/// The test's numbers are those of the same days, asked by day.
fn significance(audited: &Audited<'_>) -> Result<usize, String> {
    let mut held = 0;
    for metric in audited.metrics() {
        let significance = &metric["significance"];
        let baseline = &significance["baseline"];
        let range = &audited.answer["applied"]["time_range"];
        if baseline["history_days"].is_null() || range["complete"] != true {
            continue;
        }
        let parts = list(&metric["parts"]["items"]);
        let side = |role: &str| parts.iter().find(|part| part["role"] == role).and_then(|part| part["metric"].as_str());
        let name = metric["name"].as_str().unwrap_or_default();
        let names: Vec<&str> = match (side("numerator"), side("denominator")) {
            (Some(numerator), Some(denominator)) => vec![numerator, denominator],
            _ => vec![name],
        };
        let date = |of: &Json| of.as_str().and_then(|text| text.parse::<NaiveDate>().ok()).ok_or("no date");
        let (first, last) = (date(&range["start"])?, date(&range["end"])?);
        let history = baseline["history_days"].as_u64().unwrap_or(0);
        let from = first - Days::new(history);
        let more = [
            ("time_range", json!(format!("{from}..{last}"))),
            ("granularity", json!("day")),
            ("comparison", json!("none")),
        ];
        // The parts of a ratio may be hidden metrics, which nobody can ask.
        let Ok(rows) = audited.ask(&names, &more) else { continue };
        let by_day: BTreeMap<&str, &Json> =
            list(&rows["rows"]).iter().filter_map(|row| Some((row[0].as_str()?, row))).collect();
        let days: Vec<NaiveDate> = from.iter_days().take_while(|day| *day <= last).collect();
        let value =
            |day: &NaiveDate, at: usize| by_day.get(day.to_string().as_str()).map_or(0.0, |row| number(&row[at]));
        let numerator: Vec<f64> = days.iter().map(|day| value(day, 1)).collect();
        let denominator: Vec<f64> = days.iter().map(|day| value(day, names.len())).collect();
        let series = DailySeries {
            numerator: &numerator,
            denominator: (names.len() == 2).then_some(&denominator),
            first_weekday: from.weekday().num_days_from_monday() as u8,
        };
        let window = usize::try_from((last - first).num_days() + 1).map_err(|e| e.to_string())?;
        if baseline["t"].is_null() {
            continue;
        }
        let alone = by_days(&series, window, &series.between(0, 0));
        for (what, audit, alone) in [
            ("t", &significance["t"], alone.t),
            ("df", &significance["df"], alone.df),
            ("p", &significance["p"], alone.p),
        ] {
            let alone = alone.ok_or_else(|| format!("{name}: no {what} of the days asked alone"))?;
            if (number(audit) - alone).abs() > 1e-7 * alone.abs().max(1e-3) {
                return Err(format!("{name}: {what} is {audit}, of the days asked alone {alone}"));
            }
        }
        held += 1;
    }
    Ok(held)
}

/// The audits of one range against another and back.
fn both_ways(a: &str, b: &str) -> Result<(Json, Json), String> {
    let workspace = open()?;
    let names = ["net_sales", "orders", "aov", "blended_roas", "conversion_rate", "customers", "inventory_on_hand"];
    let ask = |range: &str, against: &str| {
        let request = json!({"metric_names": names, "time_range": range, "comparison": against, "as_of": AS_OF});
        let Json::Object(request) = request else { unreachable!("an object was written") };
        ask::call(&workspace, "audit_performance", &request).map_err(|e| e.to_string())
    };
    Ok((ask(a, b)?, ask(b, a)?))
}

fn swapped() -> Result<(), Failed> {
    let (there, back) = both_ways("2026-11-02..2026-11-08", "2026-10-12..2026-10-18")?;
    let mut held = 0;
    for (a, b) in list(&there["metrics"]).iter().zip(list(&back["metrics"])) {
        sums_to("the changes", &[number(&a["change"]["absolute"]), number(&b["change"]["absolute"])], 0.0)?;
        let contributions = |of: &Json| -> BTreeMap<String, f64> {
            let of = list(&of["drivers"]).iter().filter(|driver| driver.get("within").is_none());
            of.map(|d| (format!("{} {}", d["dimension"], d["value"]), number(&d["contribution"]))).collect()
        };
        let (there, back) = (contributions(a), contributions(b));
        for (segment, contribution) in there {
            if let Some(other) = back.get(&segment) {
                sums_to(&segment, &[contribution, *other], 0.0)?;
                held += 1;
            }
        }
    }
    if held < 20 { Err(format!("held {held} times").into()) } else { Ok(()) }
}

fn itself() -> Result<(), Failed> {
    let (audit, _) = both_ways("2026-11-02..2026-11-08", "2026-11-02..2026-11-08")?;
    for metric in list(&audit["metrics"]) {
        let drivers = list(&metric["drivers"]).iter().map(|driver| &driver["contribution"]);
        let parts = list(&metric["parts"]["items"]).iter().map(|part| &part["contribution"]);
        for piece in drivers.chain(parts).chain([&metric["change"]["absolute"]]) {
            if number(piece) != 0.0 {
                return Err(format!("{} changed by {piece} against itself", metric["name"]).into());
            }
        }
    }
    Ok(())
}

fn partitions() -> Result<(), Failed> {
    let place = Place::of_world("commerce");
    let open = |target_partitions: usize| {
        let resources = Resources { target_partitions, ..Resources::STANDARD };
        let texts = ask::model_texts(&place.models);
        Workspace::open_with(texts, place.data.clone(), &resources).map_err(|refused| format!("{refused:?}"))
    };
    let workspaces = [open(1)?, open(2)?, open(4)?];
    let mut random = Random::new(77);
    for _ in 0..8 {
        let request = request(&mut random);
        let answers: Vec<_> = workspaces.iter().map(|w| ask::call(w, "audit_performance", &request)).collect();
        for other in &answers[1..] {
            if let (Ok(a), Ok(b)) = (&answers[0], other) {
                differs("", a, b).map_err(|found| format!("{}: {found}", Json::Object(request.clone())))?;
            }
        }
        if answers.iter().any(|answer| *answer != answers[0]) {
            return Err(format!("{} has different answers", Json::Object(request)).into());
        }
    }
    Ok(())
}

/// Ten metrics by three dimensions with their history: each dataset is aggregated in one pass, and scanned for it once.
fn one_read() -> Result<(), Failed> {
    let workspace = open()?;
    let metrics = [
        "net_sales",
        "gross_sales",
        "orders",
        "aov",
        "ad_spend",
        "blended_roas",
        "cac",
        "sessions",
        "conversion_rate",
        "units_sold",
    ];
    let stage = |stage: &str| -> Result<String, String> {
        let audit = json!({"metric_names": metrics, "dimensions": ["channel", "country", "device"], "as_of": AS_OF});
        let request = json!({"tool": "audit_performance", "arguments": audit, "stage": stage});
        let Json::Object(request) = request else { unreachable!("an object was written") };
        let answer = ask::call(&workspace, "explain", &request).map_err(|e| e.to_string())?;
        Ok(answer["text"].as_str().unwrap_or_default().to_string())
    };
    let plan = stage("semantic")?;
    let starting = |word: &str| plan.lines().map(str::trim).filter(|line| line.starts_with(word)).count();
    let mut read: Vec<&str> = plan.lines().filter_map(|line| line.trim().strip_prefix("read ")).collect();
    read.iter_mut().for_each(|line| *line = line.split(' ').next().unwrap_or_default());
    let mut once = read.clone();
    once.sort_unstable();
    once.dedup();
    if once.len() != read.len() || read.len() < 5 {
        return Err(format!("datasets that are aggregated: {read:?}\n{plan}").into());
    }
    let scans = stage("logical")?.matches("TableScan: ").count();
    let wanted = read.len() + starting("attach ");
    if scans != wanted { Err(format!("{scans} scans, not {wanted}\n{plan}").into()) } else { Ok(()) }
}

/// The first place where two answers differ.
fn differs(path: &str, a: &Json, b: &Json) -> Result<(), String> {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) if a.keys().eq(b.keys()) => {
            a.iter().zip(b.values()).try_for_each(|((key, a), b)| differs(&format!("{path}.{key}"), a, b))
        }
        (Json::Array(a), Json::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().try_for_each(|(at, (a, b))| differs(&format!("{path}[{at}]"), a, b))
        }
        _ if a == b => Ok(()),
        _ => Err(format!("{path} is {a} and {b}")),
    }
}
