//! Statements that try to write, to open what is not theirs, or to bring the process down: none changes a file,
//! none opens one outside of the data, and the workspace answers afterwards.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json};
use sextant_engine::workspace::Workspace;
use sextant_tests::ask::{self, Place};

/// Of them all.
const PAYLOADS: usize = 500;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("injections::change_nothing_and_open_nothing", change_nothing)]
}

fn change_nothing() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let shop = Place::of_world("shop");
    for entry in std::fs::read_dir(&shop.data)? {
        let entry = entry?;
        std::fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
    }
    // What must not be read lies beside the data, and under an absolute path.
    let outside = tempfile::tempdir()?;
    std::fs::write(outside.path().join("secret.csv"), "secret\nhunter2\n")?;
    let place = Place::new(folder.path().to_path_buf(), folder.path().to_path_buf());
    let workspace = ask::open(&place).map_err(|refused| refused.to_string())?;
    let before = (state(folder.path()), state(outside.path()));
    let payloads = payloads(&outside.path().join("secret.csv").display().to_string());
    if payloads.len() < PAYLOADS {
        return Err(format!("{} payloads, not {PAYLOADS}", payloads.len()).into());
    }
    for payload in &payloads {
        let started = Instant::now();
        let answer = match answer(&workspace, payload) {
            Ok(answer) => answer.to_string(),
            Err(error) => error["message"].to_string() + &error["help"].to_string(),
        };
        if answer.contains("hunter2") || answer.contains("root:") {
            return Err(format!("{payload} read what lies outside: {answer}").into());
        }
        if started.elapsed() > Duration::from_secs(20) {
            return Err(format!("{payload} took {:?}", started.elapsed()).into());
        }
    }
    if (state(folder.path()), state(outside.path())) != before {
        return Err("a statement changed a file".into());
    }
    match answer(&workspace, "SELECT MEASURE(orders) FROM metrics") {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("the workspace does not answer any more: {error}").into()),
    }
}

fn answer(workspace: &Workspace, statement: &str) -> Result<Json, Json> {
    let mut arguments = Map::new();
    arguments.insert("query".into(), statement.into());
    arguments.insert("as_of".into(), "2026-04-02".into());
    ask::call(workspace, "sql", &arguments)
}

/// Names, sizes and times of everything in a folder.
fn state(folder: &Path) -> Vec<(String, u64, SystemTime)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let data = entry.metadata().unwrap();
        (entry.file_name().to_string_lossy().into_owned(), data.len(), data.modified().unwrap())
    });
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries
}

/// Every hostile text at every place of a statement where a text of the caller's may come to stand.
fn payloads(secret: &str) -> Vec<String> {
    let hostile = [
        "1; DROP TABLE orders".to_string(),
        "1; COPY orders TO '/tmp/out.csv'".to_string(),
        "'; DELETE FROM orders; --".to_string(),
        "1) UNION SELECT * FROM read_csv('/etc/passwd') --".to_string(),
        format!("(SELECT secret FROM '{secret}')"),
        format!("(SELECT secret FROM \"{secret}\")"),
        format!("(SELECT * FROM read_csv('{secret}'))"),
        format!("(SELECT * FROM read_parquet('{secret}'))"),
        "(SELECT * FROM information_schema.tables)".to_string(),
        "(SELECT * FROM pg_catalog.pg_tables)".to_string(),
        "(SELECT * FROM system.files)".to_string(),
        "(SELECT * FROM \"../secret.csv\")".to_string(),
        "version()".to_string(),
        "current_user".to_string(),
        "now()".to_string(),
        "random()".to_string(),
        "repeat('x', 1000000000)".to_string(),
        "lpad('x', 1000000000, 'y')".to_string(),
        "array_agg(order_id)".to_string(),
        "generate_series(1, 1000000000)".to_string(),
        "(SELECT * FROM generate_series(1, 1000000000))".to_string(),
        "(SELECT * FROM range(1000000000))".to_string(),
        "unnest(make_array(1, 2))".to_string(),
        "1 /* ' */ OR 1 = 1 --".to_string(),
        "$1".to_string(),
        "?".to_string(),
        "@@global.secure_file_priv".to_string(),
        "load_file('/etc/passwd')".to_string(),
        "pg_read_file('/etc/passwd')".to_string(),
        "xp_cmdshell('id')".to_string(),
        "{{ caller.secret }}".to_string(),
        "`id`".to_string(),
        "E'\\x41'".to_string(),
        "\u{202e}1\u{0}".to_string(),
    ];
    let shapes = [
        "SELECT {}",
        "SELECT {} FROM orders",
        "SELECT order_id FROM orders WHERE order_id = {}",
        "SELECT order_id FROM orders WHERE channel = '{}'",
        "SELECT order_id FROM orders ORDER BY {}",
        "SELECT order_id FROM orders LIMIT {}",
        "SELECT channel, count(*) FROM orders GROUP BY {}",
        "SELECT * FROM {}",
        "SELECT * FROM orders JOIN {} AS t ON true",
        "WITH x AS (SELECT {}) SELECT * FROM x",
        "SELECT MEASURE({}) FROM metrics",
        "SELECT channel, MEASURE(orders) FROM metrics WHERE channel = {} GROUP BY 1",
        "SELECT MEASURE(orders) FROM metrics WHERE TIME_RANGE('{}')",
        "SELECT channel, orders FROM metrics GROUP BY 1 HAVING orders > {}",
        "SHOW {}",
        "DESCRIBE {}",
    ];
    shapes.iter().flat_map(|shape| hostile.iter().map(move |text| shape.replace("{}", text))).collect()
}
