//! What a client's configuration says about one server: how to start it, or where it runs.

use serde_json::{Map, Value, json};

use super::Client;
use super::place::System;

/// The package that starts the binary, or carries messages to a server that runs elsewhere.
pub(crate) const PACKAGE: &str = "@sextant/mcp-server";

/// How the client reaches the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The client starts the binary and speaks over its standard input and output. Paths are absolute.
    Process { command: String, arguments: Vec<String>, models: String, data: String },
    /// The client calls a server that runs: its MCP endpoint, and whether it needs a key.
    Server { url: String, key: Key },
}

/// Whether a client sends the key of its environment as a bearer token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    FromEnvironment,
    None,
}

/// Keys that say how a server is reached: they go with the old door when it is another.
const DOOR_KEYS: [&str; 11] = [
    "type",
    "command",
    "args",
    "env",
    "url",
    "serverUrl",
    "headers",
    "http_headers",
    "env_http_headers",
    "bearer_token_env_var",
    "cwd",
];

/// Variables that are ours to set or to remove.
const VARIABLES: [&str; 3] = ["SEXTANT_MODELS", "SEXTANT_DATA", "SEXTANT_URL"];

/// The entry in the client's words; none where it cannot say what the door needs.
pub(crate) fn entry(client: Client, door: &Door, system: System) -> Option<Map<String, Value>> {
    let value = match door {
        Door::Process { command, arguments, models, data } => {
            let mut value = json!({
                "command": command, "args": arguments,
                "env": { "SEXTANT_MODELS": models, "SEXTANT_DATA": data },
            });
            if client == Client::Vscode {
                value =
                    json!({ "type": "stdio", "command": value["command"], "args": value["args"], "env": value["env"] });
            }
            value
        }
        Door::Server { url, key } => match (client, key) {
            // It reads no variables and takes only public addresses itself: the package carries.
            (Client::Claude, Key::FromEnvironment) => return None,
            (Client::Claude, Key::None) => {
                let (command, arguments) = carrier(system);
                json!({ "command": command, "args": arguments, "env": { "SEXTANT_URL": url } })
            }
            (Client::ClaudeCode, key) => with_header(json!({ "type": "http", "url": url }), "${SEXTANT_API_KEY}", *key),
            (Client::Vscode, key) => with_header(json!({ "type": "http", "url": url }), "${env:SEXTANT_API_KEY}", *key),
            (Client::Windsurf, key) => with_header(json!({ "serverUrl": url }), "${env:SEXTANT_API_KEY}", *key),
            (Client::Codex, Key::FromEnvironment) => json!({ "url": url, "bearer_token_env_var": "SEXTANT_API_KEY" }),
            (Client::Codex, Key::None) => json!({ "url": url }),
            (Client::Cursor | Client::Chatgpt | Client::N8n | Client::Make, key) => {
                with_header(json!({ "url": url }), "${env:SEXTANT_API_KEY}", *key)
            }
        },
    };
    value.as_object().cloned()
}

/// How the package is started; `npx` is a script on Windows, which only a shell can start.
fn carrier(system: System) -> (&'static str, Vec<&'static str>) {
    match system {
        System::Windows => ("cmd", vec!["/c", "npx", "-y", PACKAGE]),
        System::Linux | System::Macos => ("npx", vec!["-y", PACKAGE]),
    }
}

fn with_header(mut value: Value, variable: &str, key: Key) -> Value {
    match key {
        Key::None => {}
        Key::FromEnvironment => value["headers"] = json!({ "Authorization": format!("Bearer {variable}") }),
    }
    value
}

/// The new entry with what somebody added to the old one: keys that we do not write, further variables,
/// and, at the same address, its headers.
pub(crate) fn settled(old: Option<&Map<String, Value>>, new: &Map<String, Value>) -> Map<String, Value> {
    let mut settled = new.clone();
    let Some(old) = old else { return settled };
    let address = |of: &Map<String, Value>| of.get("url").or_else(|| of.get("serverUrl")).cloned();
    let is_same_door = address(old) == address(new);
    for (key, value) in old {
        let belongs_to_door = DOOR_KEYS.contains(&key.as_str());
        if !settled.contains_key(key) && (is_same_door || !belongs_to_door) {
            settled.insert(key.clone(), value.clone());
        }
    }
    if let (Some(Value::Object(variables)), Some(Value::Object(earlier))) = (settled.get_mut("env"), old.get("env")) {
        for (name, value) in earlier {
            if !variables.contains_key(name) && !VARIABLES.contains(&name.as_str()) {
                variables.insert(name.clone(), value.clone());
            }
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(key: Key) -> Door {
        Door::Server { url: "http://127.0.0.1:8080/mcp".into(), key }
    }

    fn process() -> Door {
        let arguments = vec!["serve".to_string(), "--stdio".to_string()];
        Door::Process { command: "/bin/sextant".into(), arguments, models: "/m".into(), data: "/d".into() }
    }

    fn written(client: Client, door: &Door) -> Value {
        entry(client, door, System::Linux).map_or(Value::Null, Value::Object)
    }

    #[test]
    fn each_client_has_its_words_for_a_server() {
        let url = "http://127.0.0.1:8080/mcp";
        assert_eq!(written(Client::Windsurf, &server(Key::None)), json!({"serverUrl": url}));
        assert_eq!(written(Client::Cursor, &server(Key::None)), json!({"url": url}));
        assert_eq!(written(Client::Vscode, &server(Key::None)), json!({"type": "http", "url": url}));
        assert_eq!(
            written(Client::ClaudeCode, &server(Key::FromEnvironment)),
            json!({"type": "http", "url": url, "headers": {"Authorization": "Bearer ${SEXTANT_API_KEY}"}})
        );
        assert_eq!(
            written(Client::Codex, &server(Key::FromEnvironment)),
            json!({"url": url, "bearer_token_env_var": "SEXTANT_API_KEY"})
        );
        assert_eq!(
            written(Client::Claude, &server(Key::None)),
            json!({"command": "npx", "args": ["-y", "@sextant/mcp-server"], "env": {"SEXTANT_URL": url}})
        );
        assert_eq!(written(Client::Claude, &server(Key::FromEnvironment)), Value::Null);
        let windows = entry(Client::Claude, &server(Key::None), System::Windows).expect("an entry");
        assert_eq!(windows["command"], "cmd");
    }

    #[test]
    fn what_somebody_added_stays_and_the_old_door_goes() {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        let new = entry(Client::Cursor, &process(), System::Linux).expect("an entry");
        let old = object(json!({
            "url": "http://x/mcp", "headers": {"a": "b"}, "disabled": true, "env": {"SEXTANT_LOG": "info", "SEXTANT_URL": "x"}
        }));
        let merged = Value::Object(settled(Some(&old), &new));
        assert_eq!(merged["command"], "/bin/sextant");
        assert_eq!(merged["disabled"], true);
        assert_eq!(merged["env"], json!({"SEXTANT_MODELS": "/m", "SEXTANT_DATA": "/d", "SEXTANT_LOG": "info"}));
        assert!(merged.get("url").is_none() && merged.get("headers").is_none(), "{merged}");

        let same = entry(Client::Cursor, &server(Key::None), System::Linux).expect("an entry");
        let with_header = object(json!({"url": "http://127.0.0.1:8080/mcp", "headers": {"Authorization": "Bearer x"}}));
        assert_eq!(settled(Some(&with_header), &same), with_header);
    }
}
