//! `sextant serve`: the network doors, until a signal or the end of input.

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::app::{Limits, MOST_ROWS};
use sextant_server::http::{self, Settings, address};
use sextant_server::mcp::{McpServer, stdio};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cli::{Place, Serve};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

pub(crate) fn run(place: &Place, serve: &Serve) -> Result<(), Fault> {
    if serve.max_rows == 0 || serve.max_rows > MOST_ROWS {
        let message = format!("`--max-rows` is {}, not between 1 and {MOST_ROWS}", serve.max_rows);
        let fault = Diagnostic::new(Code::InvalidArgument, message).field("--max-rows");
        return Err(Failure(fault.help("clients read larger results page by page").into()).into());
    }
    match &serve.http {
        Some(text) => over_http(place, serve, address::loopback(text)?),
        None => over_stdio(place, serve),
    }
}

fn over_stdio(place: &Place, serve: &Serve) -> Result<(), Fault> {
    let session = Session::open(place)?;
    let server = McpServer::new(session.app.clone(), Limits::mcp(serve.max_rows));
    let served = session.runtime.block_on(stdio::serve(server));
    // A blocking read of standard input must not hold up the exit.
    session.runtime.shutdown_background();
    Ok(served?)
}

fn over_http(place: &Place, serve: &Serve, address: std::net::SocketAddr) -> Result<(), Fault> {
    let session = Session::open(place)?;
    let settings = Settings { rows: serve.max_rows, origins: serve.origins.clone() };
    session.runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(|fault| {
            let message = format!("`{address}` cannot be served: {fault}");
            let help = "choose another port, or 127.0.0.1:0 for any free one";
            Failure(Diagnostic::new(Code::InvalidArgument, message).field("--http").help(help).into())
        })?;
        let bound = listener.local_addr()?;
        // Who reads that the server listens may end it at once, and well.
        let stopped = stopped()?;
        output::note(&format!(
            "listening on http://{bound} (MCP at /mcp, open API at /mcp/tool/<name> and /api/v1/call)"
        ))?;
        let stop = CancellationToken::new();
        let on_signal = stop.clone();
        tokio::spawn(async move {
            stopped.await;
            on_signal.cancel();
        });
        Ok(http::serve(listener, session.app.clone(), settings, stop).await?)
    })
}

/// Ends at the first interrupt or termination after this call; what was begun is finished then.
#[cfg(unix)]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends at the first interrupt; what was begun is finished then.
#[cfg(not(unix))]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
