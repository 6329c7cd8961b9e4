//! `sextant connect`: lets an assistant in, by writing its configuration or by saying what to write.

use std::path::{Path, PathBuf};

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use crate::cli::{Connect, Place};
use crate::clients::entry::{self, Door, Key};
use crate::clients::place::{self, System};
use crate::clients::{self, Client, Language, file, pages};
use crate::config::Config;
use crate::fault::Fault;
use crate::models;
use crate::output;

pub(crate) fn run(place: &Place, connect: &Connect) -> Result<(), Fault> {
    let key = if connect.with_key { Key::FromEnvironment } else { Key::None };
    let url = connect.url.as_deref().map(endpoint).transpose()?;
    let Some(language) = connect.client.language() else {
        return output::emit(&pages::steps(connect.client, url.as_deref(), key));
    };
    if connect.name.trim().is_empty() {
        return Err(refusal("`--name` is empty", "--name", "leave it out, or give a word").into());
    }
    let door = match url {
        Some(url) => Door::Server { url, key },
        None => process(place)?,
    };
    let Some(new) = entry::entry(connect.client, &door, System::here()) else {
        let help = "connect without --with-key, and write SEXTANT_API_KEY under `env` beside SEXTANT_URL";
        return Err(refusal("Claude Desktop reads no variables in its configuration", "--with-key", help).into());
    };
    if connect.print {
        return output::emit(&clients::alone(connect.client, language, &connect.name, &new));
    }
    let path = path(connect)?;
    let old = file::read(&path).map_err(|fault| unusable(&path, &fault.to_string(), language))?;
    let old = old.unwrap_or_default();
    let text = clients::put(connect.client, language, &old, &connect.name, |old| entry::settled(old, &new))
        .map_err(|fault| unusable(&path, &fault, language))?;
    if connect.dry_run {
        output::note(&format!("{} would become", path.display()))?;
        return output::emit(&text);
    }
    write(connect, &path, &old, &text)
}

fn write(connect: &Connect, path: &Path, old: &str, text: &str) -> Result<(), Fault> {
    if old == text {
        return output::emit(&format!("{} says so already; nothing is written\n", path.display()));
    }
    let kept = file::replace(path, text)?;
    let kept = kept.map_or_else(String::new, |kept| format!(" (what it was: {})", kept.display()));
    output::emit(&format!(
        "wrote {}{kept}\nnext: {}\nif it does not answer: sextant doctor\n",
        path.display(),
        connect.client.after()
    ))
}

/// How the assistant starts this binary over the model and the data of this configuration.
fn process(place: &Place) -> Result<Door, Fault> {
    let config = Config::of(place)?;
    models::read(&config.models)?;
    if !config.data.path.is_dir() {
        let path = config.data.path.display();
        output::note(&format!("the data directory `{path}` does not exist yet; every question needs it"))?;
    }
    let absolute = |path: &Path| std::path::absolute(path).map(|path| path.to_string_lossy().into_owned());
    let mut arguments = vec!["serve".to_string(), "--stdio".to_string()];
    if let Some(format) = config.model_format {
        arguments.extend(["--model-format".to_string(), format.as_str().to_string()]);
    }
    for pair in &place.caller {
        arguments.extend(["--caller".to_string(), pair.clone()]);
    }
    Ok(Door::Process {
        command: std::env::current_exe()?.to_string_lossy().into_owned(),
        arguments,
        models: absolute(&config.models.path)?,
        data: absolute(&config.data.path)?,
    })
}

/// The MCP endpoint that an address means: `/mcp` where it names no path.
fn endpoint(text: &str) -> Result<String, Failure> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    if host.is_none_or(str::is_empty) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        let help = "give the address of the server, for example http://127.0.0.1:8080";
        return Err(refusal(&format!("`{text}` is not an address of http or https"), "--url", help));
    }
    let bare = text.trim_end_matches('/');
    let has_path = rest.is_some_and(|rest| rest.trim_end_matches('/').contains('/'));
    Ok(if has_path { bare.to_string() } else { format!("{bare}/mcp") })
}

fn path(connect: &Connect) -> Result<PathBuf, Fault> {
    if let Some(path) = &connect.config {
        return Ok(path.clone());
    }
    let place = place::here(connect.client)?.expect("a client with a language has a file");
    place.map_err(|variable| {
        let message = format!("the home of {} is unknown: {variable} is not set", word(connect.client));
        refusal(&message, "--config", "name the file with --config FILE").into()
    })
}

fn word(client: Client) -> String {
    format!("`{}`", client.word())
}

fn unusable(path: &Path, fault: &str, language: Language) -> Fault {
    let what = match language {
        Language::Json(_) => "JSON",
        Language::Toml => "TOML",
    };
    let message = format!("`{}` is not a configuration in {what}: {fault}", path.display());
    refusal(&message, "--config", "mend the file; it is left as it is, and --print shows what it needs to hold").into()
}

fn refusal(message: &str, field: &str, help: &str) -> Failure {
    Failure(Diagnostic::new(Code::InvalidArgument, message).field(field).help(help).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_path_means_its_endpoint() {
        for (given, meant) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/mcp"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/mcp"),
            ("https://example.com/acme/mcp/", "https://example.com/acme/mcp"),
        ] {
            assert_eq!(endpoint(given).expect(given), meant);
        }
        for wrong in ["127.0.0.1:8080", "ftp://x", "http://", "http:///mcp", "http://a b"] {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
    }
}
