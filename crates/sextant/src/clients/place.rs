//! Where clients keep their configuration, on each system.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Client;

/// The systems whose places are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Linux,
    Macos,
    Windows,
}

impl System {
    /// The one this runs on; any other Unix keeps its files as Linux does.
    pub(crate) fn here() -> Self {
        match std::env::consts::OS {
            "macos" => System::Macos,
            "windows" => System::Windows,
            _ => System::Linux,
        }
    }
}

/// The file of a client, or the variable that would have to say where it is. `environment` gives a
/// variable's value, `here` is the working directory, where the files of projects stand. None for a client
/// without a file.
pub(crate) fn file(
    client: Client,
    system: System,
    environment: impl Fn(&str) -> Option<OsString>,
    here: &Path,
) -> Option<Result<PathBuf, &'static str>> {
    let of = |variable: &'static str| {
        environment(variable).filter(|value| !value.is_empty()).map(PathBuf::from).ok_or(variable)
    };
    let home = || match system {
        System::Linux | System::Macos => of("HOME"),
        System::Windows => of("USERPROFILE"),
    };
    Some(match client {
        Client::Claude => match system {
            System::Macos => home().map(|home| home.join("Library/Application Support")),
            System::Windows => of("APPDATA"),
            System::Linux => of("XDG_CONFIG_HOME").or_else(|_| home().map(|home| home.join(".config"))),
        }
        .map(|settings| settings.join("Claude").join("claude_desktop_config.json")),
        Client::ClaudeCode => Ok(here.join(".mcp.json")),
        Client::Codex => {
            of("CODEX_HOME").or_else(|_| home().map(|home| home.join(".codex"))).map(|codex| codex.join("config.toml"))
        }
        Client::Cursor => home().map(|home| home.join(".cursor").join("mcp.json")),
        Client::Windsurf => home().map(|home| home.join(".codeium").join("windsurf").join("mcp_config.json")),
        Client::Vscode => Ok(here.join(".vscode").join("mcp.json")),
        Client::Chatgpt | Client::N8n | Client::Make => return None,
    })
}

/// The file of a client on this machine.
pub(crate) fn here(client: Client) -> std::io::Result<Option<Result<PathBuf, &'static str>>> {
    Ok(file(client, System::here(), |name| std::env::var_os(name), &std::env::current_dir()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_has_its_places() {
        let environment = |name: &str| match name {
            "HOME" => Some(OsString::from("/~")),
            "USERPROFILE" => Some(OsString::from("C:/~")),
            "APPDATA" => Some(OsString::from("C:/~/AppData/Roaming")),
            _ => None,
        };
        let at = |client, system| {
            let path = file(client, system, environment, Path::new("/project")).expect("a file").expect("a place");
            path.to_string_lossy().replace('\\', "/")
        };
        for (client, system, path) in [
            (Client::Claude, System::Linux, "/~/.config/Claude/claude_desktop_config.json"),
            (Client::Claude, System::Macos, "/~/Library/Application Support/Claude/claude_desktop_config.json"),
            (Client::Claude, System::Windows, "C:/~/AppData/Roaming/Claude/claude_desktop_config.json"),
            (Client::ClaudeCode, System::Macos, "/project/.mcp.json"),
            (Client::Codex, System::Linux, "/~/.codex/config.toml"),
            (Client::Codex, System::Windows, "C:/~/.codex/config.toml"),
            (Client::Cursor, System::Windows, "C:/~/.cursor/mcp.json"),
            (Client::Windsurf, System::Linux, "/~/.codeium/windsurf/mcp_config.json"),
            (Client::Vscode, System::Linux, "/project/.vscode/mcp.json"),
        ] {
            assert_eq!(at(client, system), path, "{client:?} {system:?}");
        }
        assert!(file(Client::Make, System::Linux, environment, Path::new("/project")).is_none());
    }

    #[test]
    fn a_variable_moves_a_place_and_its_absence_is_named() {
        let codex = |name: &str| (name == "CODEX_HOME").then(|| OsString::from("/elsewhere"));
        let path = file(Client::Codex, System::Linux, codex, Path::new("/project"));
        assert_eq!(path, Some(Ok(PathBuf::from("/elsewhere/config.toml"))));
        let nothing = |_: &str| None;
        assert_eq!(file(Client::Cursor, System::Linux, nothing, Path::new("/project")), Some(Err("HOME")));
        assert_eq!(file(Client::Claude, System::Windows, nothing, Path::new("/project")), Some(Err("APPDATA")));
    }
}
