//! When a text that is being typed is whole, and where the history is kept.

use std::path::PathBuf;

use reedline::{ValidationResult, Validator};

/// Enter ends a statement at its semicolon, and a command of the shell at once.
pub(super) struct UntilSemicolon;

impl Validator for UntilSemicolon {
    fn validate(&self, text: &str) -> ValidationResult {
        if is_whole(text) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

/// Whether nothing more is awaited: a semicolon stands last, outside of quotes and comments.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    if text.is_empty() || text.starts_with('.') {
        return true;
    }
    let mut last = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            // A doubled quote within a text closes it and opens it again.
            ('\'' | '"', _) => match rest.by_ref().any(|other| other == c) {
                true => last = Some(c),
                false => return false,
            },
            ('-', Some('-')) => {
                let _ = rest.by_ref().any(|other| other == '\n');
            }
            ('/', Some('*')) => {
                rest.next();
                let mut before = ' ';
                let closes = |c: char| {
                    let ends = before == '*' && c == '/';
                    before = c;
                    ends
                };
                if !rest.by_ref().any(closes) {
                    return false;
                }
            }
            _ if c.is_whitespace() => {}
            _ => last = Some(c),
        }
    }
    last == Some(';')
}

/// `sextant/sql_history` in the user's directory of data; none where there is no such directory.
pub(super) fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("sextant").join("sql_history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_whole_at_its_semicolon() {
        for text in ["", ".help", "SELECT 1;", "SELECT 1 ; \n", "SELECT ';';", "SELECT 'a''b';", "SELECT 1; -- done"] {
            assert!(is_whole(text), "{text}");
        }
        for text in
            ["SELECT 1", "SELECT ';'", "SELECT '1;", "SELECT 1 -- ;", "SELECT 1 /* ; */", "/* SELECT 1;", "x;\"y;"]
        {
            assert!(!is_whole(text), "{text}");
        }
    }
}
