//! Diagnostics as text for a terminal: file, line, column, caret, help.
