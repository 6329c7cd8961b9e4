//! Clients that are configured on a page: what to type where.

use super::Client;
use super::entry::Key;

/// A public address, where the reader has to put their own.
const PUBLIC: &str = "https://sextant.example.com/mcp";
/// What `sextant serve --http 127.0.0.1:8080` serves.
const LOCAL: &str = "http://127.0.0.1:8080/mcp";

/// The steps of a client, with the address of the MCP endpoint where one was given.
pub(crate) fn steps(client: Client, url: Option<&str>, key: Key) -> String {
    let bearer = match key {
        Key::FromEnvironment => "Bearer, with the value of SEXTANT_API_KEY",
        Key::None => "Bearer, with an access token (None at a server with --auth none)",
    };
    let mut lines = match client {
        Client::Chatgpt => vec![
            "ChatGPT connects from OpenAI's machines: it needs a public https address.".to_string(),
            "1. On the web, open Settings, Apps & Connectors, Advanced, and switch on Developer mode.".to_string(),
            "2. Press Create and fill in:".to_string(),
            field("Name", "Sextant"),
            field("Description", "Business metrics, their changes, and what explains them"),
            field("MCP Server URL", url.unwrap_or(PUBLIC)),
            field("Authentication", "OAuth"),
            "3. In a chat press +, More, Developer mode, and choose Sextant.".to_string(),
        ],
        Client::N8n => vec![
            "1. Add an MCP Client Tool node under an AI Agent (or an MCP Client node as a step) and fill in:"
                .to_string(),
            field("Endpoint", url.unwrap_or(LOCAL)),
            field("Server Transport", "HTTP Streamable"),
            field("Authentication", bearer),
            field("Tools to Include", "All"),
            "2. Or without an agent, an HTTP Request node:".to_string(),
            field("Method", "POST"),
            field("URL", &format!("{}/tool/get_metrics", url.unwrap_or(LOCAL))),
            field("Body (JSON)", r#"{"metric_names": ["net_sales"], "time_range": "last_7_days"}"#),
        ],
        Client::Make => vec![
            "Make connects from its own machines: it needs a public https address.".to_string(),
            "1. Add the module MCP Client, Call a tool, create a connection, and fill in:".to_string(),
            field("URL", url.unwrap_or(PUBLIC)),
            field(
                "API key / Access token",
                if key == Key::None { "an access token" } else { "the value of SEXTANT_API_KEY" },
            ),
            "2. Or the module HTTP, Make a request:".to_string(),
            field("Method", "POST"),
            field("URL", &format!("{}/tool/get_metrics", url.unwrap_or(PUBLIC))),
            field("Body type", "Raw, application/json"),
            field("Request content", r#"{"metric_names": ["net_sales"], "time_range": "last_7_days"}"#),
        ],
        Client::Claude | Client::ClaudeCode | Client::Codex | Client::Cursor | Client::Windsurf | Client::Vscode => {
            Vec::new()
        }
    };
    match client {
        Client::Chatgpt => {
            lines.push("It sends you to the server to sign in: `sextant user create` makes a user there.".into());
        }
        Client::N8n | Client::Make => {
            lines.push("`sextant token create` makes an access token; send it as `Authorization: Bearer`.".into());
        }
        Client::Claude | Client::ClaudeCode | Client::Codex | Client::Cursor | Client::Windsurf | Client::Vscode => {}
    }
    if matches!(client, Client::Chatgpt | Client::Make) {
        lines
            .push("Start the server with --allowed-host and its public name, behind a proxy that speaks https.".into());
    }
    let is_here = url.is_none_or(|url| !url.starts_with("https://"));
    if client == Client::N8n && is_here {
        lines.push("A loopback address answers its own machine only: n8n in a container needs the host's".into());
        lines.push("network (docker run --network host).".into());
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn field(name: &str, value: &str) -> String {
    format!("     {name}: {value}")
}
