//! Text in columns: widths as a terminal counts them, padding, cutting and breaking of lines.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The narrowest and the widest page.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=120;
/// Where nothing says how wide.
const USUAL_WIDTH: usize = 80;

/// The width to write for: `COLUMNS`, else the terminal's, within what is readable.
pub(crate) fn terminal_width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let width = told.or_else(|| comfy_table::Table::new().width().map(usize::from));
    width.unwrap_or(USUAL_WIDTH).clamp(*WIDTHS.start(), *WIDTHS.end())
}

/// The columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

pub(crate) fn left(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

pub(crate) fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

/// The text, or as much of it as fits with an ellipsis.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let mut taken = 0;
    let fits = |c: &char| {
        taken += c.width().unwrap_or(0);
        taken < width
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// Lines of at most `width` columns, broken between words; a longer word is broken where it must be.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() && line.width() + 1 + word.width() <= width {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            if !line.is_empty() && line.width() + c.width().unwrap_or(0) > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(
            (left("東京", 5), right("東京", 5), left("abcdef", 5)),
            ("東京 ".into(), " 東京".into(), "abcdef".into())
        );
        assert_eq!(
            (cut("東京都", 5).as_str(), cut("東京", 4).as_str(), cut("abcd", 3).as_str()),
            ("東京…", "東京", "ab…")
        );
    }

    #[test]
    fn lines_break_between_words_and_within_one_that_is_too_long() {
        assert_eq!(wrap("one two  three", 8), ["one two", "three"]);
        assert_eq!(wrap("東京都港区 ab", 6), ["東京都", "港区", "ab"]);
        assert_eq!(wrap("", 6), [""]);
    }
}
