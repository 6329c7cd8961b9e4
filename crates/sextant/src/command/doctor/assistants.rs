//! What assistants have been told: whether the binary, the model, the data and the server that their
//! configurations name are there.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::finding::{Finding, Level};
use super::http::Address;
use super::server;
use crate::clients::entry::PACKAGE;
use crate::clients::json_text::Comments;
use crate::clients::{self, Client, Language, file, place};
use crate::fault::Fault;

/// Looks into the file of every client, and into those that were named.
pub(super) fn check(named: &[PathBuf]) -> Result<Vec<Finding>, Fault> {
    let mut findings = Vec::new();
    let mut seen = 0;
    for client in Client::ALL {
        if let (Some(language), Some(Ok(path))) = (client.language(), place::here(client)?)
            && let Ok(Some(text)) = file::read(&path)
        {
            let found = of_file(&Told::by(client), language, &path, &text);
            seen += found.len();
            findings.extend(found);
        }
    }
    for path in named {
        let found = match file::read(path) {
            Ok(Some(text)) => {
                let (told, language) = guess(path, &text);
                of_file(&told, language, path, &text)
            }
            Ok(None) => vec![absent(path, "does not exist")],
            Err(fault) => vec![absent(path, &format!("cannot be read: {fault}"))],
        };
        if found.is_empty() {
            let message = format!("{} names no Sextant", path.display());
            findings.push(Finding::warn("assistants", message, "`sextant connect CLIENT --config FILE` writes it"));
        }
        seen += 1;
        findings.extend(found);
    }
    if seen == 0 {
        let message = "no assistant's configuration names Sextant; `sextant connect CLIENT` writes one";
        findings.push(Finding::ok("assistants", message));
    }
    Ok(findings)
}

fn absent(path: &Path, what: &str) -> Finding {
    Finding::fail("assistants", format!("{} {what}", path.display()), "see whether --config names the right file")
}

/// Whose file is looked into: what the check is called, where its servers stand, what writes it anew.
struct Told {
    check: String,
    client: Client,
    again: String,
}

impl Told {
    fn by(client: Client) -> Told {
        let word = client.word();
        Told { check: format!("client {word}"), client, again: format!("write it anew: sextant connect {word}") }
    }
}

/// Whose file it is, by its language and the key of its servers. Several clients say `mcpServers`.
fn guess(path: &Path, text: &str) -> (Told, Language) {
    if path.extension().is_some_and(|end| end == "toml") {
        return (Told::by(Client::Codex), Language::Toml);
    }
    let language = Language::Json(Comments::Allowed);
    if clients::servers(Client::Vscode, language, text).is_ok_and(|servers| !servers.is_empty()) {
        return (Told::by(Client::Vscode), language);
    }
    let again = format!("write it anew: sextant connect CLIENT --config {}", path.display());
    (Told { check: "client".to_string(), again, ..Told::by(Client::Cursor) }, language)
}

fn of_file(told: &Told, language: Language, path: &Path, text: &str) -> Vec<Finding> {
    match clients::servers(told.client, language, text) {
        Ok(servers) => servers
            .iter()
            .filter_map(|(name, entry)| Some((name, entry.as_object().filter(|entry| is_ours(name, entry))?)))
            .map(|(name, entry)| of_entry(told, path, name, entry))
            .collect(),
        Err(fault) => {
            let message = format!("{} does not parse: {fault}", path.display());
            let help = "mend it: the client reads none of its servers until then";
            vec![Finding::fail(&told.check, message, help)]
        }
    }
}

/// Whether an entry starts or calls Sextant: by its name, its command, or the package.
fn is_ours(name: &str, entry: &Map<String, Value>) -> bool {
    let command = entry.get("command").and_then(Value::as_str).unwrap_or_default();
    let stem = Path::new(command).file_stem().and_then(|stem| stem.to_str());
    let carries = |argument: &Value| argument.as_str().is_some_and(|argument| argument.starts_with(PACKAGE));
    let arguments = entry.get("args").and_then(Value::as_array);
    name == "sextant" || stem == Some("sextant") || arguments.is_some_and(|arguments| arguments.iter().any(carries))
}

fn of_entry(told: &Told, path: &Path, name: &str, entry: &Map<String, Value>) -> Finding {
    let check = &told.check;
    let at = format!("`{name}` in {}", path.display());
    let wrong = |what: String| Finding::fail(check, format!("{at}: {what}"), &told.again);
    let url = ["url", "serverUrl"].iter().find_map(|key| entry.get(*key).and_then(Value::as_str));
    if let Some(url) = url.or_else(|| variable(entry, "SEXTANT_URL")) {
        return of_address(check, &at, url);
    }
    let Some(command) = entry.get("command").and_then(Value::as_str) else {
        return wrong("it has neither `command` nor an address".into());
    };
    if let Err(what) = runs(command) {
        return wrong(format!("`command` is `{command}`, which {what}"));
    }
    if let Some(binary) = variable(entry, "SEXTANT_BIN")
        && let Err(what) = runs(binary)
    {
        return wrong(format!("SEXTANT_BIN is `{binary}`, which {what}"));
    }
    for (what, flag, name) in [("model", "--models", "SEXTANT_MODELS"), ("data", "--data", "SEXTANT_DATA")] {
        match argument(entry, flag).or_else(|| variable(entry, name)) {
            Some(directory) if !Path::new(directory).is_dir() => {
                return wrong(format!("its {what} directory `{directory}` does not exist"));
            }
            Some(directory) if Path::new(directory).is_relative() => {
                return wrong(format!("its {what} directory `{directory}` is relative, and the client's is not known"));
            }
            Some(_) => {}
            None => {
                let message = format!("{at} names no {what} directory; the client's working directory decides");
                return Finding::warn(check, message, &told.again);
            }
        }
    }
    Finding::ok(check, format!("{at} starts `{command}`; its model and its data are there"))
}

fn of_address(check: &str, at: &str, url: &str) -> Finding {
    match Address::of(url).filter(Address::is_local) {
        None => Finding::ok(check, format!("{at} calls {url}, which is not called from here")),
        Some(address) => {
            let above = address.path.trim_end_matches('/').trim_end_matches("/mcp").to_string();
            let lives = server::lives(&address, &above);
            match lives.level {
                Level::Ok => Finding::ok(check, format!("{at} calls {url}, which is alive")),
                // A server that is started when it is needed is nothing broken.
                Level::Warn | Level::Fail => Finding {
                    check: check.to_string(),
                    level: Level::Warn,
                    message: format!("{at} calls {url}: {}", lives.message),
                    ..lives
                },
            }
        }
    }
}

fn variable<'a>(entry: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    entry.get("env")?.get(name)?.as_str()
}

/// The word after a flag, or after its `=`.
fn argument<'a>(entry: &'a Map<String, Value>, flag: &str) -> Option<&'a str> {
    let words: Vec<&str> = entry.get("args")?.as_array()?.iter().filter_map(Value::as_str).collect();
    let after = words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1).copied());
    after.or_else(|| words.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('=')))
}

/// Whether a command can be started: a path that is a program, or a name on the `PATH`.
fn runs(command: &str) -> Result<(), &'static str> {
    let path = Path::new(command);
    if path.components().count() > 1 {
        return match (path.is_file(), is_program(path)) {
            (false, _) => Err("does not exist"),
            (true, false) => Err("is not a program that may be run"),
            (true, true) => Ok(()),
        };
    }
    let directories = std::env::var_os("PATH").unwrap_or_default();
    let ends = if cfg!(windows) { &["", ".exe", ".cmd", ".bat"][..] } else { &[""][..] };
    let is_there = std::env::split_paths(&directories)
        .any(|directory| ends.iter().any(|end| is_program(&directory.join(format!("{command}{end}")))));
    if is_there { Ok(()) } else { Err("is not on the PATH of this shell") }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
