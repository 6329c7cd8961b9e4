//! What a client may keep from one start of the server to the next.

use libtest_mimic::{Failed, Trial};
use serde_json::json;
use sextant_tests::ask::Place;
use sextant_tests::doors::Server;

/// Bytes of the whole list: clients stop reading at more.
const MOST: usize = 24 << 10;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("restarts::tools_are_listed_in_the_same_bytes", tools)]
}

fn tools() -> Result<(), Failed> {
    let listed = || -> Result<String, String> {
        let server = Server::start(&Place::of_world("commerce"))?;
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
        let (status, body) = server.post("/mcp", &message.to_string())?;
        if status == 200 { Ok(body) } else { Err(format!("status {status}: {body}")) }
    };
    let (first, second) = (listed()?, listed()?);
    if first != second {
        return Err("the list of tools differs from one start to the next".into());
    }
    if !(1_000..=MOST).contains(&first.len()) {
        return Err(format!("the list has {} bytes", first.len()).into());
    }
    Ok(())
}
