//! `sextant batch`: one JSON request a line in, one JSON answer a line out, in order.
//!
//! Whatever a line holds, it has an answer: `{"id", "result"}` or `{"id", "error"}`. Several lines are
//! worked on at once; each line's clock is read when its work begins.

use std::io::{BufRead, Write};

use serde_json::{Value, json};
use sextant_server::app::{App, Limits, REQUEST_BYTES};
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::{error, request, wire};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::{Batch, Place};
use crate::fault::Fault;
use crate::session::Session;

/// Lines that may be in work or waiting to be written.
const AHEAD: usize = 32;

pub(crate) fn run(place: &Place, batch: &Batch) -> Result<(), Fault> {
    let session = Session::open_if_any(place)?;
    let limits = Limits::local(batch.max_rows);
    let (queue, mut answers) = tokio::sync::mpsc::channel::<JoinHandle<Value>>(AHEAD);
    let (app, handle) = (session.app.clone(), session.runtime.handle().clone());
    let caller = session.local(Door::CommandLine);
    let reader = std::thread::spawn(move || -> std::io::Result<()> {
        let mut input = std::io::stdin().lock();
        while let Some(line) = next_line(&mut input)? {
            let work = handle.spawn(answer(app.clone(), caller.clone(), line, limits));
            if queue.blocking_send(work).is_err() {
                break;
            }
        }
        Ok(())
    });
    session.runtime.block_on(async {
        let mut out = std::io::stdout().lock();
        while let Some(work) = answers.recv().await {
            let answer = work.await.unwrap_or_else(|fault| {
                tracing::error!(%fault, "a line ended in a fault of ours");
                json!({ "id": null, "error": wire::error_object(&error::internal()) })
            });
            writeln!(out, "{answer}")?;
            out.flush()?;
        }
        Ok::<(), Fault>(())
    })?;
    reader.join().unwrap_or_else(|_| Err(std::io::Error::other("reading standard input failed")))?;
    Ok(())
}

async fn answer(app: App, caller: Caller, line: Vec<u8>, limits: Limits) -> Value {
    let line = request::batch_line(&line);
    let answer = match line.question {
        Ok(question) => app.call(&caller, &question.tool, question.arguments, limits, CancellationToken::new()).await,
        Err(failure) => Err(failure),
    };
    match answer {
        Ok(result) => json!({ "id": line.id, "result": result }),
        Err(failure) => json!({ "id": line.id, "error": wire::error_object(&failure) }),
    }
}

/// The next line without its end, at most one byte over the limit of a request: the rest of a longer
/// line is read and dropped, so that memory stays bounded. `None` at the end of input.
fn next_line(input: &mut impl BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut read_any = false;
    loop {
        let available = input.fill_buf()?;
        if available.is_empty() {
            return Ok(read_any.then_some(line));
        }
        read_any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let part = &available[..end.unwrap_or(available.len())];
        let room = (REQUEST_BYTES + 1).saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let used = end.map_or(available.len(), |at| at + 1);
        input.consume(used);
        if end.is_some() {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_newlines_and_long_ones_are_cut() {
        let long = vec![b'x'; 3 * REQUEST_BYTES];
        let mut text = b"a\r\n\nb\n".to_vec();
        text.extend_from_slice(&long);
        text.extend_from_slice(b"\nlast");
        let mut input = std::io::BufReader::with_capacity(7, text.as_slice());
        let mut lengths = Vec::new();
        while let Some(line) = next_line(&mut input).expect("input") {
            lengths.push(line.len());
        }
        assert_eq!(lengths, [1, 0, 1, REQUEST_BYTES + 1, 4]);
    }
}
