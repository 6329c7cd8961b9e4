//! The shell of `sextant sql`, on a pseudo-terminal.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::process::{Answer, NOW, answer, commerce, run};

/// Types and awaits, step by step; the last step ends the shell.
fn typed(home: &Path, steps: &[(&str, &str)]) -> Answer {
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/terminal.py");
    let shell = commerce();
    let mut command = Command::new("python3");
    command.arg(driver).arg(json!(steps).to_string()).arg(shell.get_program());
    command.args(["sql", "--now", NOW]).env("NO_COLOR", "1").env("TERM", "xterm").env("XDG_DATA_HOME", home);
    for (name, value) in shell.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Answer::of(&run(&mut command, b""))
}

const ASKED: &str = "SELECT MEASURE(orders) FROM metrics WHERE TIME_RANGE('last_7_days')";

#[test]
fn statements_are_asked_over_several_lines_until_the_semicolon() {
    let home = tempfile::tempdir().expect("a directory");
    let asked = format!("{ASKED};\r");
    let steps = [
        ("", "sextant> "),
        ("SELECT MEASURE(orders) AS asked\r", "...> "),
        ("FROM metrics WHERE TIME_RANGE('last_7_days');\r", "America/New_York"),
        ("", "sextant> "),
        (".mode csv\r", "\nmode csv\n"),
        ("", "sextant> "),
        (asked.as_str(), "\norders\n"),
        ("", "sextant> "),
        ("\u{4}", ""),
    ];
    let shown = typed(home.path(), &steps);
    assert_eq!(shown.status, 0, "{shown:?}");
    let csv = answer(commerce().args(["sql", ASKED, "--now", NOW, "--format", "csv"]), &[]).out;
    assert!(shown.out.contains(&csv), "{csv} in {}", shown.out);
    assert!(shown.out.contains("asked"), "{}", shown.out);
}

#[test]
fn names_are_completed_and_mistakes_shown_in_the_statement() {
    let home = tempfile::tempdir().expect("a directory");
    let steps = [
        ("", "sextant> "),
        (".mode csv\r", "\nmode csv\n"),
        ("", "sextant> "),
        ("SELECT MEASURE(blended_r\t", "blended_roas"),
        (") FROM metrics WHERE TIME_RANGE('last_7_days');\r", "\nblended_roas\n"),
        ("", "sextant> "),
        ("SELECT MEASURE(net_sale) FROM metrics;\r", "did you mean `net_sales`"),
        ("", "sextant> "),
        (".mde csv\r", "did you mean `.mode`"),
        ("", "sextant> "),
        (".quit\r", ""),
    ];
    let shown = typed(home.path(), &steps);
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(shown.out.contains("^^^^^^^^"), "{}", shown.out);
}

#[test]
fn a_line_is_dropped_by_ctrl_c_and_an_earlier_statement_comes_back() {
    let home = tempfile::tempdir().expect("a directory");
    let asked = format!("{ASKED};\r");
    let steps = [
        ("", "sextant> "),
        ("SELECT nothing FROM", "nothing FROM"),
        ("\u{3}", "sextant> "),
        (".mode csv\r", "\nmode csv\n"),
        ("", "sextant> "),
        (asked.as_str(), "\norders\n"),
        ("", "sextant> "),
        (".quit\r", ""),
    ];
    let first = typed(home.path(), &steps);
    assert_eq!(first.status, 0, "{first:?}");
    let kept = std::fs::read_to_string(home.path().join("sextant/sql_history")).expect("a history");
    assert!(kept.contains(ASKED), "{kept}");
    // Up twice: the statement stands before `.quit`.
    let again = [
        ("", "sextant> "),
        ("\u{1b}[A", ".quit"),
        ("\u{1b}[A", "last_7_days"),
        ("\r", "America/New_York"),
        ("", "sextant> "),
    ];
    let second = typed(home.path(), &[&again[..], &[("\u{4}", "")]].concat());
    assert_eq!(second.status, 0, "{second:?}");
}

#[test]
fn without_a_terminal_a_statement_is_needed() {
    let asked = answer(commerce().arg("sql"), &[]);
    assert_eq!(asked.status, 2, "{asked:?}");
    assert!(asked.err.contains("a STATEMENT is needed"), "{asked:?}");
}
