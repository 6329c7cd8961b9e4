//! `sextant demo`: from a fresh clone to KPIs on a screen.
//!
//! The data is made when it is absent, was cut short, or ends before yesterday; then three questions
//! are asked the way anybody would type them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::NaiveDate;
use clap::Parser;
use serde_json::{Map, Value};

use super::{arguments, audit, fixtures};
use crate::cli::{Cli, Command, Demo, Format, Place};
use crate::config::Config;
use crate::fault::Fault;
use crate::fixtures::{Mark, Scale};
use crate::output;
use crate::output::paint::Paint;
use crate::session::{Session, open_config};

/// Where the shipped model and its data stand unless the configuration says otherwise.
const MODEL: &str = "semantic-models/commerce";
const DATA: &str = "data/commerce";

/// What is asked, as it is typed.
const QUESTIONS: [&[&str]; 3] = [
    &[
        "query",
        "net_sales",
        "orders",
        "aov",
        "gross_margin",
        "ad_spend",
        "blended_roas",
        "cac",
        "conversion_rate",
        "--time",
        "last_7_days",
        "--compare",
        "previous_period",
    ],
    &[
        "query",
        "net_sales",
        "orders",
        "new_customers",
        "blended_roas",
        "--time",
        "last_12_weeks",
        "--granularity",
        "week",
    ],
    &["audit", "--time", "last_28_days"],
];

const NEXT: [&str; 5] = [
    "sextant list metrics",
    "sextant query net_sales --time last_28_days --by channel --order -net_sales --compare previous_period",
    "sextant time mtd --compare previous_year",
    "sextant explain blended_roas --time last_7_days --stage semantic",
    "sextant serve --http 127.0.0.1:8080",
];

pub(crate) fn run(place: &Place, demo: &Demo) -> Result<(), Fault> {
    let mut config = Config::of(place)?;
    if !config.models.is_named() {
        config.models.path = PathBuf::from(MODEL);
    }
    if !config.data.is_named() {
        config.data.path = PathBuf::from(DATA);
    }
    let session = open_config(&config)?;
    let end = yesterday(&session, demo)?;
    prepare(&config.data.path, demo.scale, end)?;
    let paint = Paint::stdout();
    for typed in QUESTIONS {
        let begun = Instant::now();
        output::emit(&format!("\n{}\n", paint.bold(&format!("$ sextant {}", typed.join(" ")))))?;
        ask(&session, demo, typed)?;
        output::emit(&format!("{}\n", paint.dim(&format!("answered in {:.2} s", begun.elapsed().as_secs_f64()))))?;
    }
    let place = commands_place(&config);
    let next: Vec<String> = NEXT.iter().map(|command| format!("  {command}{place}\n")).collect();
    output::emit(&format!("\n{}\n{}", paint.bold("Next:"), next.concat()))
}

/// The last day that is over for the model.
fn yesterday(session: &Session, demo: &Demo) -> Result<NaiveDate, Fault> {
    let mut request = Map::new();
    request.insert("time_range".into(), "yesterday".into());
    settle(session, demo, &mut request)?;
    let answer = session.call("resolve_time_range", request, None)?;
    answer["end"].as_str().and_then(|date| date.parse().ok()).ok_or_else(|| sextant_server::error::internal().into())
}

/// Makes the data unless it is there, whole, of this scale, and ends no earlier than `end`.
fn prepare(data: &Path, scale: Scale, end: NaiveDate) -> Result<(), Fault> {
    match Mark::read(data) {
        Some(mark) if mark.complete && mark.end >= end && mark.scale == fixtures::name(scale) => Ok(()),
        Some(_) | None => fixtures::make(scale, data, end),
    }
}

fn ask(session: &Session, demo: &Demo, typed: &[&str]) -> Result<(), Fault> {
    let line = ["sextant"].iter().chain(typed).copied();
    match Cli::parse_from(line).command {
        Command::Query(query) => {
            let mut request = arguments::get_metrics(&query.question);
            settle(session, demo, &mut request)?;
            output::show(&session.call("get_metrics", request, None)?, Format::Table)
        }
        Command::Audit(asked) => {
            let mut request = arguments::audit_performance(&asked);
            settle(session, demo, &mut request)?;
            let answer = session.call("audit_performance", request, None)?;
            output::show_audit(&answer, Format::Table, audit::depth(&asked))
        }
        other => unreachable!("the demo asks only questions, not {other:?}"),
    }
}

fn settle(session: &Session, demo: &Demo, request: &mut Map<String, Value>) -> Result<(), Fault> {
    if let Some(now) = &demo.now {
        request.insert("as_of".into(), now.clone().into());
    }
    arguments::settle_now(request, session)
}

/// The flags that the next commands need, when no `sextant.toml` gives them.
fn commands_place(config: &Config) -> String {
    let flag = |named: bool, name: &str, path: &Path| {
        if named { String::new() } else { format!(" {name} {}", path.display()) }
    };
    flag(config.models.is_named(), "--models", &config.models.path)
        + &flag(config.data.is_named(), "--data", &config.data.path)
}
