//! 14 fallible functions in 8 shapes of a question over 3 storages.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::all_hold;
use super::world::{self, CANARY, FALLIBLE, Fallible, Guard, Rows, Storage, caller, said};

/// The shapes of questions.
const SHAPES: [&str; 8] = ["where", "group", "having", "order", "metrics_sql", "rows_sql", "explain", "values"];

/// Probes that the view written by hand must lose, of each storage.
const LEAST_LEAKS: usize = 10;

/// A probe; with `by_hand` the filter stands in the question, where a policy does not have it.
fn probe(shape: &str, of: &Fallible, by_hand: bool) -> (&'static str, Value) {
    let Fallible { name, value } = of;
    let metric = format!("distinct_{name}");
    let view = |condition: String| if by_hand { vec![BY_HAND.to_string(), condition] } else { vec![condition] };
    let mut asked = json!({"as_of": "2026-03-31", "number_format": "string"});
    let mut put = |key: &str, value: Value| asked[key] = value;
    let only = if by_hand { json!([BY_HAND]) } else { json!([]) };
    let tool = match shape {
        "where" => {
            put("metric_names", json!(["events", "total"]));
            put("group_by", json!(["tenant"]));
            put("where", json!(view(format!("{value} IS NOT NULL"))));
            "get_metrics"
        }
        "group" => {
            put("metric_names", json!(["events", "total"]));
            put("group_by", json!([name]));
            put("where", only);
            "get_metrics"
        }
        "having" => {
            put("metric_names", json!(["events"]));
            put("group_by", json!(["tenant"]));
            put("having", json!([format!("{metric} >= 0")]));
            put("where", only);
            "get_metrics"
        }
        "order" => {
            put("metric_names", json!(["total"]));
            put("group_by", json!(["tenant"]));
            put("order_by", json!([format!("-{metric}")]));
            put("where", only);
            "get_metrics"
        }
        "metrics_sql" => {
            let condition = view(format!("{value} IS NOT NULL")).join(" AND ");
            put(
                "query",
                format!("SELECT tenant, MEASURE(events) AS events FROM metrics WHERE {condition} GROUP BY tenant")
                    .into(),
            );
            "sql"
        }
        "rows_sql" => {
            let table =
                if by_hand { format!("(SELECT * FROM visits WHERE {BY_HAND}) AS visits") } else { "visits".into() };
            put("query", format!("SELECT tenant, count(*) AS n FROM {table} WHERE {value} IS NOT NULL GROUP BY tenant ORDER BY tenant").into());
            "sql"
        }
        "explain" => {
            put("metric_names", json!(["events"]));
            put("where", json!(view(format!("{value} IS NOT NULL"))));
            return ("explain", json!({"stage": "physical", "tool": "get_metrics", "arguments": asked}));
        }
        _ => return ("get_dimension_values", json!({"dimension": name})),
    };
    (tool, asked)
}

/// The policy's filter, as somebody would write it who has no policies.
const BY_HAND: &str = "tenant IN ('a', 'b')";

/// Asks every probe of a storage, and each once more of a view written by hand.
pub(super) fn run(storage: Storage, guard: Guard) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let open = |name: &str, rows, guard| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).map_err(|error| error.to_string())?;
        world::open(&folder, storage, rows, guard)
    };
    let guarded = open("guarded", Rows::All, guard)?;
    let without = open("without", Rows::Visible, guard)?;
    let (bare, bare_without) =
        (open("bare", Rows::All, Guard::None)?, open("bare_without", Rows::Visible, Guard::None)?);
    let caller = caller();
    let (mut problems, mut probes, mut answered, mut leaks) = (Vec::new(), 0, 0, Vec::new());
    for of in &FALLIBLE {
        for shape in SHAPES {
            probes += 1;
            let (tool, arguments) = probe(shape, of, false);
            let have = said(&guarded, &caller, tool, &arguments);
            let want = said(&without, &caller, tool, &arguments);
            answered += usize::from(!want.starts_with("refused"));
            if have != want || have.contains(CANARY) {
                problems.push(format!("{} as {shape}: {have}\nwithout the hidden rows: {want}", of.name));
            }
            // No filter can be written into a question for the values of a dimension.
            let (tool, arguments) = probe(shape, of, true);
            let told = said(&bare, &caller, tool, &arguments);
            let is_told = told.starts_with("refused") || told.contains(CANARY);
            if shape != "values" && is_told && !said(&bare_without, &caller, tool, &arguments).starts_with("refused") {
                leaks.push(format!("{} as {shape}", of.name));
            }
        }
    }
    eprintln!(
        "{}: {probes} probes, {answered} answered, {} leak; of a view {} leak: {}",
        storage.word(),
        problems.len(),
        leaks.len(),
        leaks.join(", ")
    );
    if probes != 112 || answered != probes {
        problems.push(format!("{answered} of {probes} probes are answered over visible rows"));
    }
    if leaks.len() < LEAST_LEAKS {
        problems.push(format!("only {} probes of a view leak", leaks.len()));
    }
    all_hold(problems)
}
