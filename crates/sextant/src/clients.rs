//! Assistants that can be let in: where each keeps its configuration, in which words, and how those are
//! put into a file that holds other things too.

pub(crate) mod place;
pub(crate) mod entry;
pub(crate) mod json_text;
pub(crate) mod toml_text;
pub(crate) mod file;
pub(crate) mod pages;

use serde_json::{Map, Value};

use json_text::Comments;

/// An assistant, or a tool that builds automations, that speaks MCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    Claude,
    ClaudeCode,
    Codex,
    Cursor,
    Windsurf,
    Vscode,
    Chatgpt,
    N8n,
    Make,
}

/// How a client's file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Json(Comments),
    Toml,
}

impl Client {
    pub(crate) const ALL: [Client; 9] = [
        Client::Claude,
        Client::ClaudeCode,
        Client::Codex,
        Client::Cursor,
        Client::Windsurf,
        Client::Vscode,
        Client::Chatgpt,
        Client::N8n,
        Client::Make,
    ];

    /// What is typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Client::Claude => "claude",
            Client::ClaudeCode => "claude-code",
            Client::Codex => "codex",
            Client::Cursor => "cursor",
            Client::Windsurf => "windsurf",
            Client::Vscode => "vscode",
            Client::Chatgpt => "chatgpt",
            Client::N8n => "n8n",
            Client::Make => "make",
        }
    }

    /// What people call it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Client::Claude => "Claude Desktop",
            Client::ClaudeCode => "Claude Code, for the project in the working directory",
            Client::Codex => "Codex, on the desktop and on the command line",
            Client::Cursor => "Cursor",
            Client::Windsurf => "Windsurf",
            Client::Vscode => "VS Code, for the folder that is the working directory",
            Client::Chatgpt => "ChatGPT (prints the steps)",
            Client::N8n => "n8n (prints the steps)",
            Client::Make => "Make (prints the steps)",
        }
    }

    /// The language of its file; none for a client that is configured on a page.
    pub(crate) fn language(self) -> Option<Language> {
        match self {
            Client::Claude | Client::ClaudeCode => Some(Language::Json(Comments::Refused)),
            Client::Cursor | Client::Windsurf | Client::Vscode => Some(Language::Json(Comments::Allowed)),
            Client::Codex => Some(Language::Toml),
            Client::Chatgpt | Client::N8n | Client::Make => None,
        }
    }

    /// The key of its file under which servers stand by name.
    pub(crate) fn section(self) -> &'static str {
        match self {
            Client::Codex => "mcp_servers",
            Client::Vscode => "servers",
            Client::Claude
            | Client::ClaudeCode
            | Client::Cursor
            | Client::Windsurf
            | Client::Chatgpt
            | Client::N8n
            | Client::Make => "mcpServers",
        }
    }

    /// What makes it read its file again.
    pub(crate) fn after(self) -> &'static str {
        match self {
            Client::Claude => "quit Claude Desktop and start it again",
            Client::ClaudeCode => "start `claude` in this directory and allow the server when it asks",
            Client::Codex => "start Codex again; `codex mcp list` shows it",
            Client::Cursor => "look for it under Settings, MCP in Cursor",
            Client::Windsurf => "press the refresh button of Cascade's MCP servers",
            Client::Vscode => "press Start above the entry in .vscode/mcp.json, or run `MCP: List Servers`",
            Client::Chatgpt | Client::N8n | Client::Make => "follow the steps",
        }
    }
}

/// `text` with the server `name` as `settle` makes it of what stood there: the same bytes where it is so
/// already. What comes out is read again: it says what the text said, and the new entry, or it is refused.
/// The fault is one lower-case fact about the text.
pub(crate) fn put(
    client: Client,
    language: Language,
    text: &str,
    name: &str,
    settle: impl FnOnce(Option<&Map<String, Value>>) -> Map<String, Value>,
) -> Result<String, String> {
    let mut wanted = whole(language, text)?;
    let mut entry = Map::new();
    let settle = |old: Option<&Map<String, Value>>| {
        entry = settle(old);
        entry.clone()
    };
    let section = client.section();
    let changed = match language {
        Language::Json(comments) => json_text::put(text, section, name, comments, settle)?,
        Language::Toml => toml_text::put(text, section, name, settle)?,
    };
    let servers = wanted.entry(section).or_insert_with(|| Value::Object(Map::new()));
    servers[name] = Value::Object(entry);
    match whole(language, &changed) {
        Ok(says) if says == wanted => Ok(changed),
        Ok(_) | Err(_) => Err("it is laid out in a way that nothing can be added to".into()),
    }
}

/// The file as one object.
fn whole(language: Language, text: &str) -> Result<Map<String, Value>, String> {
    match language {
        Language::Json(comments) => json_text::read(text, comments),
        Language::Toml => toml_text::read(text),
    }
}

/// A file that holds this server and nothing else.
pub(crate) fn alone(client: Client, language: Language, name: &str, entry: &Map<String, Value>) -> String {
    put(client, language, "", name, |_| entry.clone()).expect("an empty file holds nothing that could be wrong")
}

/// The servers that a file names.
pub(crate) fn servers(client: Client, language: Language, text: &str) -> Result<Map<String, Value>, String> {
    let whole = whole(language, text)?;
    Ok(whole.get(client.section()).and_then(Value::as_object).cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Puts one server into a file, once and once more.
    fn put_twice(client: Client, text: &str) -> Result<String, String> {
        let language = client.language().expect("a file");
        let entry = json!({"command": "x"}).as_object().cloned().expect("an object");
        let first = put(client, language, text, "sextant", |_| entry.clone())?;
        assert_eq!(put(client, language, &first, "sextant", |_| entry.clone()), Ok(first.clone()));
        Ok(first)
    }

    #[test]
    fn every_way_to_write_tables_takes_a_server_or_is_refused() {
        for text in [
            "mcp_servers.other.url = \"u\"\n",
            "mcp_servers.sextant.command = \"old\"\nmcp_servers.sextant.env.A = \"b\"\n[x]\ny = 1.5\n",
            "[mcp_servers]\nother = { url = \"u\" }\n",
            "[mcp_servers.other]\nurl = \"u\"\n[mcp_servers.other.env]\nA = 1\n[[list]]\nb = 2026-01-01\n",
            "mcp_servers = {}\n",
        ] {
            let after = put_twice(Client::Codex, text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert!(toml::from_str::<toml::Value>(&after).is_ok(), "{after}");
        }
        assert!(put_twice(Client::Codex, "[[mcp_servers]]\nname = \"x\"\n").is_err());
        assert!(put_twice(Client::Claude, "{\"mcpServers\": null}").is_err());
        assert!(put_twice(Client::Cursor, "{\"mcpServers\": {\"sextant\": null}}").is_ok());
    }
}
