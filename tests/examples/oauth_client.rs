//! A client that others wrote (rmcp), let in by OAuth as the client of a document: discovery, PKCE, tokens, a call,
//! a refresh, and the call again.
//!
//! `oauth_client MCP-URL DOCUMENT CALLBACK ARGUMENTS` prints the address that a browser must open, reads the one
//! that the browser was sent back to, and prints the two answers of get_metrics, one a line.

use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, AuthorizationRequest, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Map, Value};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    // The first provider of the process stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, document, callback, question] = arguments.as_slice() else {
        return Err("oauth_client MCP-URL DOCUMENT CALLBACK ARGUMENTS".into());
    };
    let question: Map<String, Value> = serde_json::from_str(question)?;

    let mut state = OAuthState::new(url.as_str(), None).await?;
    let request = AuthorizationRequest::new(callback.as_str())
        .with_client_metadata_url(document.as_str())
        .with_scopes(["metrics:read", "feedback:write"]);
    state.start_authorization(request).await?;
    say(&state.get_authorization_url().await?)?;
    let mut back = String::new();
    std::io::stdin().lock().read_line(&mut back)?;
    state.handle_callback_url(back.trim()).await?;
    let manager = state.into_authorization_manager().ok_or("the client was not let in")?;

    let before = manager.get_access_token().await?;
    let client = AuthClient::new(reqwest::Client::new(), manager);
    say(&ask(client.clone(), url, &question).await?)?;
    client.auth_manager.lock().await.refresh_token().await?;
    if client.get_access_token().await? == before {
        return Err("the access token is the same after a refresh".into());
    }
    say(&ask(client, url, &question).await?)
}

/// One answer of get_metrics.
async fn ask(client: AuthClient<reqwest::Client>, url: &str, question: &Map<String, Value>) -> Outcome<String> {
    let config = StreamableHttpClientTransportConfig::with_uri(Arc::<str>::from(url));
    let service = ().serve(StreamableHttpClientTransport::with_client(client, config)).await?;
    let call = CallToolRequestParams::new("get_metrics").with_arguments(question.clone());
    let answer = service.call_tool(call).await?;
    service.cancel().await?;
    Ok(answer.structured_content.ok_or("no structured content")?.to_string())
}

fn say(line: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
