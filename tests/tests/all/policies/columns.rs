//! Hidden columns, readers beside the questions for metrics, and where a policy stands in a plan.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::query::caller::Caller;
use sextant_tests::ask;

use super::all_hold;
use super::world::{self, CANARY, Guard, Rows, Storage, caller, said};

fn opened(rows: Rows, guard: Guard) -> Result<(Workspace, tempfile::TempDir), Failed> {
    let folder = tempfile::tempdir()?;
    Ok((world::open(folder.path(), Storage::Parquet, rows, guard)?, folder))
}

/// No door to what is there names a hidden column, and a metric over it still has its value.
pub(super) fn hidden(guard: Guard) -> Result<(), Failed> {
    let (workspace, _folder) = opened(Rows::All, guard)?;
    let caller = caller();
    let mut problems = Vec::new();
    let listings = [
        ("list_dimensions", json!({})),
        ("list_dimensions", json!({"metric_names": ["events"]})),
        ("list_metrics", json!({})),
        ("describe_metric", json!({"name": "payers"})),
        ("sql", json!({"query": "SHOW DIMENSIONS"})),
        ("sql", json!({"query": "SHOW DATASETS"})),
        ("sql", json!({"query": "SHOW DIMENSIONS FOR METRIC events"})),
        ("sql", json!({"query": "SELECT * FROM visits ORDER BY id"})),
        ("get_freshness", json!({})),
    ];
    for (tool, arguments) in listings {
        let text = said(&workspace, &caller, tool, &arguments);
        if text.contains("email") || text.starts_with("refused") || text.contains(CANARY) {
            problems.push(format!("{tool} {arguments}: {text}"));
        }
    }
    // A name that is nothing, and the hidden one: the same refusal but for the name.
    let refusals = [
        ("get_metrics", json!({"metric_names": ["events"], "group_by": ["NAME"], "as_of": "2026-03-31"})),
        ("get_metrics", json!({"metric_names": ["events"], "group_by": ["visits.NAME"], "as_of": "2026-03-31"})),
        ("get_metrics", json!({"metric_names": ["events"], "where": ["NAME = 'x'"], "as_of": "2026-03-31"})),
        ("get_metrics", json!({"group_by": ["NAME"], "as_of": "2026-03-31"})),
        (
            "get_metrics",
            json!({"metric_names": ["events"], "where": ["metric(events, NAME) > 1"], "as_of": "2026-03-31"}),
        ),
        ("audit_performance", json!({"metric_names": ["events"], "dimensions": ["NAME"], "as_of": "2026-03-31"})),
        ("get_dimension_values", json!({"dimension": "NAME"})),
        ("get_dimension_values", json!({"dimension": "visits.NAME"})),
        ("sql", json!({"query": "SELECT MEASURE(events) AS e FROM metrics WHERE NAME = 'x'"})),
        ("sql", json!({"query": "SELECT NAME FROM visits"})),
        ("sql", json!({"query": "SELECT id FROM visits WHERE NAME = 'x'"})),
        ("sql", json!({"query": "DESCRIBE NAME"})),
    ];
    for (tool, arguments) in refusals {
        let ask = |name: &str| {
            let asked: Value = serde_json::from_str(&arguments.to_string().replace("NAME", name)).unwrap();
            said(&workspace, &caller, tool, &asked)
        };
        let (secret, nothing) = (ask("email"), ask("emaik").replace("emaik", "email"));
        if secret != nothing || !secret.starts_with("refused") {
            problems.push(format!("{tool} {arguments}: {secret}\nof nothing: {nothing}"));
        }
    }
    let total = ask_value(&workspace, &caller, "payers");
    if total != json!(4) {
        problems.push(format!("payers are {total}"));
    }
    all_hold(problems)
}

fn ask_value(workspace: &Workspace, caller: &Caller, metric: &str) -> Value {
    let arguments = json!({"metric_names": [metric], "as_of": "2026-03-31"});
    let answer = ask::call_as(workspace, caller, "get_metrics", arguments.as_object().unwrap());
    answer.map_or_else(|error| error, |answer| answer["metrics"][0]["value"].clone())
}

/// Freshness, values, statements and audits are those of the visible rows; without an attribute, of none.
pub(super) fn readers(guard: Guard) -> Result<(), Failed> {
    let ((whole, _a), (without, _b)) = (opened(Rows::All, guard)?, opened(Rows::Visible, guard)?);
    let mut problems = Vec::new();
    let asked = [
        ("get_freshness", json!({})),
        ("get_dimension_values", json!({"dimension": "tenant"})),
        ("get_dimension_values", json!({"dimension": "day"})),
        (
            "get_metrics",
            json!({"metric_names": ["events", "payers"], "time_range": "2026-03-01..2026-03-31", "as_of": "2026-03-03"}),
        ),
        ("get_metrics", json!({"metric_names": ["events"], "granularity": "day", "as_of": "data"})),
        (
            "get_metrics",
            json!({"metric_names": ["events"], "time_range": "2026-03-03..2026-03-04", "comparison": "previous_period", "as_of": "2026-03-31"}),
        ),
        ("get_metrics", json!({"group_by": ["tenant"], "as_of": "2026-03-31"})),
        (
            "audit_performance",
            json!({"metric_names": ["events", "total"], "dimensions": ["tenant"], "time_range": "2026-03-03..2026-03-04", "as_of": "2026-03-31"}),
        ),
        ("sql", json!({"query": "SELECT count(*) AS n, max(n) AS most, min(raw) AS least FROM visits"})),
        ("sql", json!({"query": "SELECT * FROM visits ORDER BY id LIMIT 3"})),
        (
            "explain",
            json!({"stage": "logical", "tool": "get_metrics", "arguments": {"metric_names": ["events"], "as_of": "2026-03-31"}}),
        ),
    ];
    let callers = [caller(), Caller::from_pairs(["tenants=a"]).unwrap(), Caller::default()];
    for (tool, arguments) in asked {
        let said = callers.each_ref().map(|caller| {
            let (have, want) = (said(&whole, caller, tool, &arguments), said(&without, caller, tool, &arguments));
            // A clock at the end of the data needs data.
            let is_refused = have.starts_with("refused") && !have.contains("data-unavailable");
            if have != want || have.contains(CANARY) || is_refused {
                problems.push(format!("{tool} {arguments} for {caller:?}: {have}\nwithout the hidden rows: {want}"));
            }
            have
        });
        let is_answer = tool != "explain" && !said[2].starts_with("refused");
        if is_answer && !said[2].contains("policy-no-attribute") {
            problems.push(format!("{tool} {arguments} does not say that an attribute is missing: {}", said[2]));
        }
        if said[..2].iter().any(|said| said.contains("policy-no-attribute")) {
            problems.push(format!("{tool} {arguments} misses an attribute that is there"));
        }
    }
    // Values that a search would read are of the caller who searches.
    let nobody = said(&whole, &Caller::default(), "get_dimension_values", &json!({"dimension": "tenant"}));
    if !nobody.contains("\"total_values\":0") {
        problems.push(format!("somebody without attributes sees {nobody}"));
    }
    let written = json!({"metric_names": ["events"], "where": ["tenant IN (:caller.tenants)"], "as_of": "2026-03-31"});
    let refused = said(&whole, &caller(), "get_metrics", &written);
    if !refused.contains("unsupported-expression") || !refused.contains("`policies` only") {
        problems.push(format!("an attribute in a question: {refused}"));
    }
    let written = json!({"query": "SELECT id FROM visits WHERE tenant IN (:caller.tenants)"});
    let refused = said(&whole, &caller(), "sql", &written);
    if !refused.starts_with("refused") || refused.contains("internal") {
        problems.push(format!("an attribute in a statement: {refused}"));
    }
    all_hold(problems)
}

/// What a question asks of rows stands above the policy, attributes stand in it by name.
pub(super) fn plans(guard: Guard) -> Result<(), Failed> {
    let (workspace, _folder) = opened(Rows::All, guard)?;
    let caller = Caller::from_pairs(["tenants=secret-tenant"]).unwrap();
    let mut problems = Vec::new();
    let of_metrics =
        json!({"metric_names": ["events"], "where": ["CAST(raw AS integer) > 1"], "limit": 1, "as_of": "2026-03-31"});
    let of_rows = json!({"query": "SELECT id FROM visits WHERE CAST(raw AS integer) > 1 LIMIT 1"});
    for (arguments, stages) in [
        (of_metrics, &["resolved", "semantic", "logical", "physical"][..]),
        (of_rows, &["semantic", "logical", "physical"][..]),
    ] {
        for stage in stages {
            let asked = json!({"stage": stage, "tool": "get_metrics", "arguments": arguments});
            let text = said(&workspace, &caller, "explain", &asked);
            if text.contains("secret-tenant") || text.starts_with("refused") {
                problems.push(format!("{stage}: {text}"));
            }
            if *stage == "physical" && arguments.get("query").is_none() {
                let (above, below) = text.split_once("VisibleRowsExec: visits").unwrap_or((&text, ""));
                let is_above = above.contains("FilterExec") && above.contains("raw");
                let has_text = below.contains(match guard {
                    Guard::None | Guard::Own => "policy=tenant IN (:caller.tenants)",
                    Guard::Reached => "policy=owners.holder IN (:caller.tenants)",
                });
                if !is_above || !has_text || below.contains("Filter") || below.contains("DataSource") {
                    problems.push(format!("the physical plan: {text}"));
                }
            }
            if *stage == "semantic"
                && arguments.get("query").is_none()
                && !text.contains("only rows that the caller may see")
            {
                problems.push(format!("the semantic plan: {text}"));
            }
        }
    }
    let asked = json!({"stage": "sql", "tool": "get_metrics", "arguments": {"metric_names": ["events"], "as_of": "2026-03-31"}});
    let text = said(&workspace, &caller, "explain", &asked);
    if !text.contains("not-supported-yet") {
        problems.push(format!("SQL of a warehouse: {text}"));
    }
    all_hold(problems)
}
