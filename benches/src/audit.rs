//! An audit against one scan of the columns that it reads: what the tests, the history and the drivers add.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sextant_engine::workspace::Workspace;

use crate::once;

/// Pairs that are timed, after one that is not: an audit, then a scan.
const ROUNDS: usize = 15;

/// Everything that the audit's five datasets are read for (`explain --stage semantic` names it).
const SCANS: [&str; 5] = [
    "SELECT COUNT(order_id), COUNT(qty), COUNT(unit_price), COUNT(line_discount), COUNT(allocated_discount) FROM order_lines",
    "SELECT COUNT(amount), COUNT(order_id), COUNT(refunded_at) FROM refunds",
    "SELECT COUNT(channel), COUNT(country), COUNT(device), COUNT(order_id), COUNT(is_first_order), COUNT(ordered_at), \
     COUNT(shipping), COUNT(status), COUNT(taxes) FROM orders",
    "SELECT COUNT(channel), COUNT(country), COUNT(spend), COUNT(spent_on) FROM ad_spend",
    "SELECT COUNT(channel), COUNT(country), COUNT(device), COUNT(started_at) FROM sessions",
];

pub(crate) struct Ratios {
    /// Medians of a round.
    pub(crate) audit: Duration,
    pub(crate) scan: Duration,
    /// Audit to scan of each round, in order.
    ratios: Vec<f64>,
}

impl Ratios {
    /// The median of the rounds' ratios.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratios[self.ratios.len() / 2]
    }
}

/// Ten metrics by three dimensions, with all of their history, and one aggregate without groups or conditions over each
/// dataset, by turns.
pub(crate) async fn against_a_scan(workspace: &Workspace) -> Ratios {
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
    let audit = object(json!({"metric_names": metrics, "dimensions": ["channel", "country", "device"]}));
    let scans = SCANS.map(|statement| object(json!({"query": statement})));
    let (mut audits, mut scanned, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let one = once(workspace, "audit_performance", &audit).await;
        let mut all = Duration::ZERO;
        for scan in &scans {
            all += once(workspace, "sql", scan).await;
        }
        if round > 0 {
            audits.push(one);
            scanned.push(all);
            ratios.push(one.as_secs_f64() / all.as_secs_f64());
        }
    }
    audits.sort();
    scanned.sort();
    ratios.sort_by(f64::total_cmp);
    Ratios { audit: audits[ROUNDS / 2], scan: scanned[ROUNDS / 2], ratios }
}

fn object(of: Value) -> Map<String, Value> {
    match of {
        Value::Object(of) => of,
        _ => unreachable!("an object was written"),
    }
}
