//! The shell of `sextant sql`: statements typed at a terminal, each asked as `sextant sql STATEMENT` asks it.

use std::borrow::Cow;

use clap::ValueEnum;
use reedline::{
    ColumnarMenu, Emacs, FileBackedHistory, KeyCode, KeyModifiers, MenuBuilder, Prompt, PromptEditMode,
    PromptHistorySearch, Reedline, ReedlineEvent, ReedlineMenu, Signal, default_emacs_keybindings,
};
use sextant_semantics::diagnostic::nearest;

use super::ask;
use crate::cli::{Format, Sql};
use crate::fault::Fault;
use crate::output;
use crate::output::paint::Paint;
use crate::session::Session;

mod complete;
mod input;

use complete::Names;

/// Statements that the history keeps.
const HISTORY: usize = 2_000;
const MENU: &str = "completions";
/// The shell's own commands, with what each does.
const COMMANDS: [(&str, &str); 3] = [
    (".help", "show this"),
    (".mode", "table, json, jsonl, csv or markdown: how answers are written from here on"),
    (".quit", "leave; so does Ctrl-D"),
];
const HELP: &str = "\
A statement ends with a semicolon and may take several lines. SHOW METRICS; lists what can be asked,
Tab completes names, the arrow keys bring back earlier statements, Ctrl-C drops the line.
";

/// What a line of input asks of the shell.
#[derive(Debug, PartialEq)]
enum Line<'a> {
    Nothing,
    Help,
    Quit,
    /// A format by its word; none asks which it is.
    Mode(Option<&'a str>),
    Unknown(&'a str),
    Statement(&'a str),
}

/// Reads and answers until the end of input.
pub(super) fn run(session: &Session, sql: &Sql) -> Result<(), Fault> {
    let mut editor = editor(Names::of(session)?);
    let mut format = sql.show.format;
    output::note("Statements over metrics, dimensions and rows; .help says more, .quit leaves.")?;
    loop {
        let text = match editor.read_line(&ShellPrompt)? {
            Signal::Success(text) => text,
            Signal::CtrlD => return Ok(()),
            // Ctrl-C drops what was typed.
            _ => continue,
        };
        match Line::of(&text) {
            Line::Nothing => {}
            Line::Quit => return Ok(()),
            Line::Help => output::note(&help())?,
            Line::Mode(None) => output::note(&format!("mode {}", word(format)))?,
            Line::Mode(Some(name)) => match Format::from_str(name, true) {
                Ok(known) => {
                    format = known;
                    output::note(&format!("mode {}", word(format)))?;
                }
                Err(_) => output::note(&unknown("mode", name, Format::value_variants().iter().copied().map(word)))?,
            },
            Line::Unknown(name) => {
                output::note(&unknown("command", name, COMMANDS.iter().map(|(name, _)| name.to_string())))?;
            }
            Line::Statement(statement) => match ask(session, statement, &sql.when, &sql.show, format) {
                Ok(()) => {}
                Err(Fault::Closed) => return Ok(()),
                Err(Fault::Interrupted) => output::note("interrupted")?,
                // The status is that of one statement; the shell goes on.
                Err(fault) => {
                    let _ = fault.report();
                }
            },
        }
    }
}

impl Line<'_> {
    fn of(text: &str) -> Line<'_> {
        let text = text.trim();
        if !text.starts_with('.') {
            let is_empty = text.trim_end_matches([';', ' ', '\n']).is_empty();
            return if is_empty { Line::Nothing } else { Line::Statement(text) };
        }
        let words: Vec<&str> = text.trim_end_matches(';').split_whitespace().collect();
        match words.as_slice() {
            [".help"] => Line::Help,
            [".quit" | ".exit"] => Line::Quit,
            [".mode"] => Line::Mode(None),
            [".mode", name] => Line::Mode(Some(name)),
            _ => Line::Unknown(words.first().unwrap_or(&text)),
        }
    }
}

fn editor(names: Names) -> Reedline {
    let mut keys = default_emacs_keybindings();
    let complete = vec![ReedlineEvent::Menu(MENU.to_string()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
    let menu = Box::new(ColumnarMenu::default().with_name(MENU));
    let editor = Reedline::create()
        .with_completer(Box::new(names))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_menu(ReedlineMenu::EngineCompleter(menu))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_validator(Box::new(input::UntilSemicolon))
        .with_ansi_colors(Paint::stderr().has_colour())
        .use_bracketed_paste(true);
    // A history that cannot be kept is one of this session.
    let history = input::history_file().and_then(|path| FileBackedHistory::with_file(HISTORY, path).ok());
    match history {
        Some(history) => editor.with_history(Box::new(history)),
        None => editor,
    }
}

fn help() -> String {
    let commands = COMMANDS.iter().map(|(name, what)| format!("{name:<8}{what}"));
    format!("{HELP}\n{}", commands.collect::<Vec<_>>().join("\n"))
}

fn unknown(what: &str, name: &str, known: impl Iterator<Item = String>) -> String {
    let known: Vec<String> = known.collect();
    let near = nearest(name, known.iter().map(String::as_str));
    match near.first() {
        Some(near) => format!("unknown {what} `{name}`; did you mean `{near}`?"),
        None => format!("unknown {what} `{name}`; there are {}", known.join(", ")),
    }
}

fn word(format: Format) -> String {
    format.to_possible_value().map(|value| value.get_name().to_string()).unwrap_or_default()
}

struct ShellPrompt;

impl Prompt for ShellPrompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        "sextant".into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "    ...> ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!(" search `{}`: ", search.term).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_or_statements() {
        assert_eq!(Line::of("  \n"), Line::Nothing);
        assert_eq!(Line::of(" ; "), Line::Nothing);
        assert_eq!(Line::of(".quit;"), Line::Quit);
        assert_eq!(Line::of(".mode"), Line::Mode(None));
        assert_eq!(Line::of(" .mode csv "), Line::Mode(Some("csv")));
        assert_eq!(Line::of(".mdoe csv"), Line::Unknown(".mdoe"));
        assert_eq!(Line::of("SELECT 1;"), Line::Statement("SELECT 1;"));
    }

    #[test]
    fn what_is_unknown_is_told_with_the_nearest() {
        let modes = || Format::value_variants().iter().copied().map(word);
        assert_eq!(unknown("mode", "markdwon", modes()), "unknown mode `markdwon`; did you mean `markdown`?");
        assert_eq!(unknown("mode", "x", modes()), "unknown mode `x`; there are table, json, jsonl, csv, markdown");
    }
}
