//! The shipped models over their data, held against hand-written SQL that DuckDB has run over the raw
//! files (`tests/data/duckdb_checks.py`), and the requests of the performance yardstick.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sextant_tests::ask::{self, Place};
use sextant_tests::exact::Exact;
use sextant_tests::rows::{self, Cell, Kind, Rows};

/// A file of checks of one model.
#[derive(Deserialize)]
struct Checks {
    models: PathBuf,
    /// Below the repository; absent where the data is not part of it.
    data: Option<PathBuf>,
    checks: Vec<Check>,
}

/// A question, and the rows that answer it. The answer may have further columns.
#[derive(Clone, Deserialize)]
struct Check {
    name: String,
    tool: String,
    arguments: Map<String, Value>,
    columns: Vec<String>,
    kinds: Vec<String>,
    rows: Vec<Vec<Value>>,
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("checks::yardstick_requests", yardstick)];
    for (file, at_least) in [("commerce", 21), ("online_retail", 10)] {
        let checks: Checks = read(&format!("{file}_checks.json"));
        assert!(checks.checks.len() >= at_least, "{file} has {} checks", checks.checks.len());
        let root = ask::repository();
        let data = checks.data.map(|data| root.join(data)).or_else(|| online_retail(&root));
        for check in checks.checks {
            let name = format!("checks::{file}::{}", check.name);
            // Data that is not part of the repository may be elsewhere: shown as ignored then.
            let is_absent = data.is_none();
            let place = Place::new(root.join(&checks.models), data.clone().unwrap_or_default());
            trials.push(Trial::test(name, move || run(&place, &check)).with_ignored_flag(is_absent));
        }
    }
    trials
}

fn read<T: for<'de> Deserialize<'de>>(file: &str) -> T {
    let path = ask::repository().join("tests/data").join(file);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Where the Online Retail files are, if they are anywhere.
fn online_retail(root: &Path) -> Option<PathBuf> {
    let named = std::env::var_os("SEXTANT_ONLINE_RETAIL").map(PathBuf::from);
    let usual = [root.join("data/online-retail"), root.join("../shared/data/online_retail")];
    named.into_iter().chain(usual).find(|place| place.join("lines_2010_2011.parquet").exists())
}

/// Held while a question runs: two at once over a million lines would wait for each other's time limit.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn run(place: &Place, check: &Check) -> Result<(), Failed> {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let workspace = ask::open(place).map_err(|error| format!("the model is refused: {error}"))?;
    let answer = ask::call(&workspace, &check.tool, &check.arguments).map_err(|error| error.to_string())?;
    let found = rows::compare(&selected(&answer, &check.columns)?, &expected(check)?);
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}

/// The answer with only the columns of the check, in the check's order.
fn selected(answer: &Value, columns: &[String]) -> Result<Value, Failed> {
    let all: Vec<&str> = answer["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    let mut places = Vec::new();
    for column in columns {
        places.push(all.iter().position(|name| name == column).ok_or(format!("no column `{column}` in {all:?}"))?);
    }
    let row = |row: &Value| -> Value { places.iter().map(|place| row[*place].clone()).collect() };
    let rows: Vec<Value> = answer["rows"].as_array().unwrap().iter().map(row).collect();
    let columns: Vec<Value> = columns.iter().map(|name| json!({ "name": name })).collect();
    Ok(json!({"columns": columns, "rows": rows}))
}

fn expected(check: &Check) -> Result<Rows, Failed> {
    let kinds: Vec<Kind> = check.kinds.iter().map(|word| kind(word)).collect::<Result<_, String>>()?;
    let cell = |(value, kind): (&Value, &Kind)| match (value, kind) {
        (Value::Null, _) => Ok(Cell::Null),
        (Value::String(text), Kind::Text | Kind::Time) => Ok(Cell::Text(text.clone())),
        (Value::Bool(value), Kind::Boolean) => Ok(Cell::Boolean(*value)),
        (Value::Number(number), Kind::Exact) => {
            Exact::parse(&number.to_string()).map(Cell::Exact).ok_or(format!("{number} is no exact number"))
        }
        (Value::Number(number), Kind::Double) => {
            number.as_f64().map(Cell::Double).ok_or(format!("{number} is no double"))
        }
        (value, kind) => Err(format!("{value} is no {kind:?}")),
    };
    let rows =
        check.rows.iter().map(|row| row.iter().zip(&kinds).map(cell).collect()).collect::<Result<_, String>>()?;
    Ok(Rows { fingerprint: String::new(), columns: check.columns.iter().cloned().zip(kinds).collect(), rows })
}

fn kind(word: &str) -> Result<Kind, String> {
    Ok(match word {
        "text" => Kind::Text,
        "boolean" => Kind::Boolean,
        "exact" => Kind::Exact,
        "double" => Kind::Double,
        "time" => Kind::Time,
        other => return Err(format!("unknown kind `{other}`")),
    })
}

/// What the yardstick asks is decoded and resolved as it stands; what later kinds of metrics bring is
/// refused by its name.
fn yardstick() -> Result<(), Failed> {
    let later = ["Q09", "Q10", "Q13", "Q14"];
    let workspace = ask::open(&Place::of_world("commerce")).map_err(|error| error.to_string())?;
    let requests: Map<String, Value> = read("yardstick_requests.json");
    let mut found = Vec::new();
    for (id, request) in &requests {
        let arguments = request["arguments"].as_object().unwrap();
        match ask::call(&workspace, request["tool"].as_str().unwrap(), arguments) {
            Ok(answer) if answer["row_count"].as_u64() == Some(0) => found.push(format!("{id} is empty")),
            Ok(_) => {}
            Err(error) if error["code"] == "not-supported-yet" && later.contains(&id.as_str()) => {}
            Err(error) => found.push(format!("{id}: {error}")),
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n").into()) }
}
