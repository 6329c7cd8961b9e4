//! MCP over standard input and output: JSON-RPC lines and nothing else on standard output.

use rmcp::ServiceExt;
use rmcp::service::{QuitReason, ServerInitializeError};
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite};

use super::McpServer;
use crate::app::REQUEST_BYTES;

/// Serves until the end of input; what was asked before it is still answered.
pub async fn serve(server: McpServer) -> std::io::Result<()> {
    let (input, output) = rmcp::transport::stdio();
    serve_between(server, input, output).await
}

/// As [`serve`], between any two ends.
pub async fn serve_between(
    server: McpServer,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> std::io::Result<()> {
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(REQUEST_BYTES);
    let running = match server.serve(transport).await {
        Ok(running) => running,
        // A client that leaves before it said anything is no fault.
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(fault) => return Err(std::io::Error::other(fault)),
    };
    match running.waiting().await {
        Ok(QuitReason::JoinError(fault)) => Err(std::io::Error::other(fault)),
        Ok(_) => Ok(()),
        Err(fault) => Err(std::io::Error::other(fault)),
    }
}
