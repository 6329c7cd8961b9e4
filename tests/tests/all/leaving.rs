//! A statement that would run for minutes stops at work in the built server when its caller leaves: the process uses no
//! processor any more. What the plan's own tasks do is counted in the server's tests; here the process is looked at
//! from outside, in ticks of the system's clock (10 ms), where the system tells them (Linux).

use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use serde_json::{Value as Json, json};
use sextant_tests::ask::Place;
use sextant_tests::doors::{Piped, Request, Server};

/// 1506³ pairs of rows.
const SLOW: &str = "SELECT count(*) AS n FROM order_lines a CROSS JOIN order_lines b CROSS JOIN order_lines c \
                    WHERE a.qty + b.qty * c.qty > 3";
/// What an idle machine stays far below (200 ms); a loaded one gets the benefit of the doubt.
const PATIENCE: Duration = Duration::from_secs(10);
/// A process that used no processor for so long is at rest.
const REST: Duration = Duration::from_millis(500);
/// Ticks of work after which a statement is past its planning.
const AT_WORK: u64 = 100;

pub(crate) fn trials() -> Vec<Trial> {
    if !cfg!(target_os = "linux") {
        return Vec::new();
    }
    vec![
        Trial::test("leaving::a_connection_that_closes_stops_the_work", closed),
        Trial::test("leaving::a_cancelled_notification_stops_the_work", cancelled),
    ]
}

fn closed() -> Result<(), Failed> {
    let server = Server::start(&Place::of_world("commerce"))?;
    for (path, body) in [("/mcp", tools_call()), ("/mcp/tool/sql", json!({ "query": SLOW }))] {
        let before = ticks(server.id())?;
        let connection = server.begin(path, &body.to_string())?;
        at_work(server.id(), before)?;
        drop(connection);
        at_rest(server.id(), path)?;
    }
    Ok(())
}

fn cancelled() -> Result<(), Failed> {
    let mut piped = Piped::start(&Place::of_world("commerce"))?;
    let before = ticks(piped.id())?;
    piped.send(&tools_call())?;
    at_work(piped.id(), before)?;
    piped.send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}))?;
    at_rest(piped.id(), "notifications/cancelled")
}

fn tools_call() -> Json {
    Request::of("get_metrics", &json!({ "query": SLOW })).as_message(7)
}

/// Ticks that a process has used, in its own code and in the system's for it: the fields 14 and 15 of proc(5)'s `stat`.
fn ticks(process: u32) -> Result<u64, Failed> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    match fields.as_slice() {
        [user, system] => Ok(user + system),
        _ => Err(format!("no times in {stat}").into()),
    }
}

fn at_work(process: u32, before: u64) -> Result<(), Failed> {
    let begun = Instant::now();
    while ticks(process)? < before + AT_WORK {
        if begun.elapsed() > Duration::from_secs(120) {
            return Err("the statement did not begin, or ended by itself".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Waits until the process is at rest, and says since when.
fn at_rest(process: u32, how: &str) -> Result<(), Failed> {
    let left = Instant::now();
    let (mut used, mut last) = (ticks(process)?, Duration::ZERO);
    while left.elapsed() < last + REST {
        if last > PATIENCE {
            return Err(format!("{how}: still at work").into());
        }
        std::thread::sleep(Duration::from_millis(2));
        let now = ticks(process)?;
        if now > used {
            (used, last) = (now, left.elapsed());
        }
    }
    eprintln!("{how}: at rest after {} ms", last.as_millis());
    Ok(())
}
