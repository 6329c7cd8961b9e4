//! Colours, when a terminal that wants them is there.

use std::io::IsTerminal;

/// Whether text may be coloured where it goes, and whether that is a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    colour: bool,
    terminal: bool,
}

impl Paint {
    pub(crate) fn stdout() -> Self {
        Paint::of(std::io::stdout().is_terminal())
    }

    pub(crate) fn stderr() -> Self {
        Paint::of(std::io::stderr().is_terminal())
    }

    /// `NO_COLOR`, when set to anything, and `TERM=dumb` switch colours off.
    fn of(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Paint { colour: terminal && !refused, terminal }
    }

    #[cfg(test)]
    pub(crate) fn coloured() -> Self {
        Paint { colour: true, terminal: true }
    }

    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Paint { colour: false, terminal: false }
    }

    pub(crate) fn is_terminal(self) -> bool {
        self.terminal
    }

    pub(crate) fn has_colour(self) -> bool {
        self.colour
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
    }
}
