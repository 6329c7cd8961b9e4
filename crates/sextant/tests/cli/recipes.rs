//! The recipes for clients: every configuration on every page is what `sextant connect` prints, or parses
//! as what it says it is.
//!
//! A block marked `json connect cursor --url …` is the output of `sextant connect cursor --url … --print`,
//! with the paths of this machine in the place of those of the page.

use std::path::PathBuf;

use serde_json::Value;

use crate::process::{repository, run, sextant_in};

/// The clients of the index, by page; and the commands that each page must hold.
const PAGES: [(&str, &[&str]); 10] = [
    ("claude-desktop", &["claude", "claude --url http://127.0.0.1:8080"]),
    ("claude-code", &["claude-code", "claude-code --url http://127.0.0.1:8080"]),
    ("codex-desktop", &["codex", "codex --url http://127.0.0.1:8080"]),
    ("codex-cli", &["codex", "codex --url http://127.0.0.1:8080"]),
    ("cursor", &["cursor", "cursor --url http://127.0.0.1:8080"]),
    ("windsurf", &["windsurf", "windsurf --url http://127.0.0.1:8080"]),
    ("vscode", &["vscode", "vscode --url http://127.0.0.1:8080"]),
    ("chatgpt", &["chatgpt --url https://sextant.example.com"]),
    ("n8n", &["n8n"]),
    ("make", &["make --url https://sextant.example.com --with-key"]),
];

struct Block {
    language: String,
    /// The arguments of `sextant connect`, where the block is its output.
    connect: Option<String>,
    text: String,
    place: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(repository().join(page)).unwrap_or_else(|fault| panic!("{page}: {fault}"));
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), is_open) {
            (Some(info), false) => {
                let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
                assert!(!language.is_empty(), "{page}:{}: a block without a language", number + 1);
                let connect = rest.strip_prefix("connect ").map(str::to_string);
                assert!(rest.is_empty() || connect.is_some(), "{page}:{}: `{rest}`", number + 1);
                let place = format!("{page}:{}", number + 1);
                blocks.push(Block { language: language.into(), connect, text: String::new(), place });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => blocks.last_mut().expect("an open block").text.push_str(&format!("{line}\n")),
            (None, false) => {}
        }
    }
    assert!(!is_open, "{page}: a block does not end");
    blocks
}

/// What `sextant connect` prints, in the words of the pages.
fn printed(arguments: &str) -> String {
    let home = tempfile::tempdir().expect("a directory");
    let models = repository().join("semantic-models/commerce");
    let data = repository().join("fixtures/commerce");
    let mut command = sextant_in(home.path());
    command.env("HOME", home.path()).env("SEXTANT_MODELS", &models).env("SEXTANT_DATA", &data);
    command.arg("connect").args(arguments.split(' ')).arg("--print");
    let output = run(&mut command, b"");
    assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_sextant")).canonicalize().expect("the binary");
    let mut text = String::from_utf8(output.stdout).expect("UTF-8");
    for (path, word) in [(binary, "/path/to/sextant"), (models, "/path/to/model"), (data, "/path/to/data")] {
        text = text.replace(&*path.to_string_lossy(), word);
    }
    text
}

#[test]
fn every_configuration_is_what_connect_prints() {
    let mut compared = 0;
    for (page, wanted) in PAGES {
        let blocks = blocks(&format!("docs/clients/{page}.md"));
        let commands: Vec<&str> = blocks.iter().filter_map(|block| block.connect.as_deref()).collect();
        for command in wanted {
            assert!(commands.contains(command), "{page} does not show `sextant connect {command}`");
        }
        for block in &blocks {
            if let Some(arguments) = &block.connect {
                assert_eq!(block.text, printed(arguments), "{}", block.place);
                compared += 1;
            }
        }
    }
    assert!(compared >= 22, "{compared} blocks were compared");
}

#[test]
fn every_block_parses_as_what_it_says_it_is() {
    let pages = PAGES.map(|(page, _)| format!("docs/clients/{page}.md"));
    let others = ["docs/clients/index.md", "packages/npm/README.md", "packages/mcpb/README.md"].map(str::to_string);
    for block in pages.iter().chain(&others).flat_map(|page| blocks(page)) {
        match block.language.as_str() {
            "json" => {
                let value: Value = serde_json::from_str(&block.text).unwrap_or_else(|f| panic!("{}: {f}", block.place));
                assert!(value.is_object(), "{}", block.place);
            }
            "toml" => {
                toml::from_str::<toml::Value>(&block.text).unwrap_or_else(|f| panic!("{}: {f}", block.place));
            }
            "sh" => {
                let output = run(std::process::Command::new("bash").arg("-n"), block.text.as_bytes());
                assert!(output.status.success(), "{}: {}", block.place, String::from_utf8_lossy(&output.stderr));
            }
            "text" => assert!(block.connect.is_some(), "{}: nothing holds this text", block.place),
            other => panic!("{}: `{other}` is not held by anything", block.place),
        }
    }
}

#[test]
fn every_page_is_in_the_index() {
    let index = std::fs::read_to_string(repository().join("docs/clients/index.md")).expect("the index");
    let mut pages: Vec<String> = std::fs::read_dir(repository().join("docs/clients"))
        .expect("the pages")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".md").to_string())
        .filter(|page| page != "index")
        .collect();
    pages.sort();
    let mut known = PAGES.map(|(page, _)| page.to_string());
    known.sort();
    assert_eq!(pages, known);
    for page in pages {
        assert!(index.contains(&format!("({page}.md)")), "{page}");
    }
}
