//! `sextant call`: one tool, JSON in, the bare answer or the error envelope out.

use std::io::Read;

use sextant_server::{app, error, request, wire};

use crate::cli::{Call, Place};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

pub(crate) fn run(place: &Place, call: &Call) -> Result<(), Fault> {
    let session = Session::open_if_any(place)?;
    let answer = read(&call.arguments)?.and_then(|body| request::arguments(&body));
    let answer = match answer {
        Ok(arguments) => session.call(&call.tool, arguments, None),
        Err(failure) => Err(failure.into()),
    };
    match answer {
        Ok(answer) => output::emit(&output::json::whole(&answer)),
        Err(Fault::Refused(failure)) => {
            output::emit(&output::json::whole(&wire::error_envelope(&failure)))?;
            Err(Fault::Said(failure))
        }
        Err(other) => Err(other),
    }
}

/// The arguments as typed, or from standard input, never more than a request may hold.
fn read(typed: &str) -> Result<Result<Vec<u8>, sextant_engine::workspace::Failure>, Fault> {
    let mut body = typed.as_bytes().to_vec();
    if typed == "-" {
        body.clear();
        std::io::stdin().lock().take(app::REQUEST_BYTES as u64 + 1).read_to_end(&mut body)?;
    }
    let fits = body.len() <= app::REQUEST_BYTES;
    Ok(if fits { Ok(body) } else { Err(error::too_large("the request", app::REQUEST_BYTES)) })
}
