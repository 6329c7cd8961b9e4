//! A Rust file with its comments and strings told from its code. A scanner, not a parser: it knows
//! comments, strings, characters and braces.

/// A scanned file. Every text keeps the line numbers of the file.
#[derive(Clone)]
pub(super) struct Rust {
    /// The code with blanks for comments and for what is between quotes.
    pub(super) all: String,
    /// The same, with blanks for items under `#[cfg(test)]` too.
    pub(super) code: String,
    /// Strings outside of such items.
    pub(super) strings: Vec<Literal>,
    /// Modules declared under `#[cfg(test)]` that lie in files of their own.
    pub(super) test_modules: Vec<String>,
}

#[derive(Clone)]
pub(super) struct Literal {
    pub(super) line: usize,
    pub(super) text: String,
}

/// A function with a body.
pub(super) struct Function {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) lines: usize,
}

impl Rust {
    pub(super) fn scan(text: &str) -> Rust {
        let (all, found) = mask(text);
        let mut code = all.clone().into_bytes();
        let mut test_modules = Vec::new();
        for (start, _) in all.match_indices("#[cfg(test)]") {
            let end = item_end(&all, start);
            let mut words = all[start..end].split([' ', '\n', ';']).skip_while(|word| *word != "mod");
            if let (Some(_), Some(name)) = (words.next(), words.next())
                && all[start..end].ends_with(';')
            {
                test_modules.push(name.to_string());
            }
            blank(&mut code[start..end]);
        }
        let code = String::from_utf8(code).unwrap();
        // The opening quote of a string stays in the code.
        let kept = found.into_iter().filter(|(quote, _)| code.as_bytes()[*quote] != b' ');
        let strings = kept.map(|(quote, text)| Literal { line: line_of(&all, quote), text }).collect();
        Rust { all, code, strings, test_modules }
    }

    /// Lines of the product's code that hold one of the needles as whole words.
    pub(super) fn naming<'a>(&'a self, needles: &'a [&str]) -> impl Iterator<Item = (usize, &'a str)> {
        let lines = self.code.lines().enumerate();
        lines.flat_map(move |(i, line)| {
            needles.iter().filter(move |needle| has_word(line, needle)).map(move |needle| (i + 1, *needle))
        })
    }

    /// Every function that has a body, tests included.
    pub(super) fn functions(&self) -> Vec<Function> {
        let mut functions = Vec::new();
        for (start, _) in self.all.match_indices("fn ") {
            let before = self.all[..start].chars().next_back();
            let name: String = self.all[start + 3..].chars().take_while(|c| is_word(*c)).collect();
            let end = item_end(&self.all, start);
            if before.is_some_and(is_word) || name.is_empty() || self.all[start..end].ends_with(';') {
                continue;
            }
            let lines = self.all[start..end].lines().count();
            functions.push(Function { line: line_of(&self.all, start), name, lines });
        }
        functions
    }
}

/// What is taken directly from a path such as `crate` or `std`: `x` of `crate::x::y`, `x` and `y` of
/// `crate::{x::z, y}`, each with its line.
pub(super) fn taken_from(path: &str, code: &str) -> Vec<(usize, String)> {
    let mut heads = Vec::new();
    for (start, found) in code.match_indices(&format!("{path}::")) {
        if code[..start].ends_with(|c| is_word(c) || c == ':') {
            continue;
        }
        let rest = &code[start + found.len()..];
        let group = if rest.starts_with('{') { &rest[1..item_end(rest, 0) - 1] } else { rest };
        let mut depth = 0_i32;
        let outer = group.split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        let names = outer.map(|name| name.trim_start().chars().take_while(|c| is_word(*c)).collect());
        let count = if rest.starts_with('{') { usize::MAX } else { 1 };
        heads.extend(names.take(count).map(|name| (line_of(code, start), name)));
    }
    heads
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether `needle` stands in `line` without a longer word around it.
fn has_word(line: &str, needle: &str) -> bool {
    line.match_indices(needle).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(is_word) && needle.starts_with(is_word);
        let after = line[at + needle.len()..].chars().next().is_some_and(is_word) && needle.ends_with(is_word);
        !before && !after
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where an item ends: at a semicolon outside of brackets, or at the brace that closes its body.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (i, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && byte == b'}' {
                    return i + 1;
                }
            }
            b';' if depth == 0 => return i + 1,
            _ => {}
        }
    }
    code.len()
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes.iter_mut().filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
}

/// The text with blanks for comments and for what is between quotes, and its strings with the
/// place of their opening quote. The result has as many bytes as the text.
fn mask(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut masked = bytes.to_vec();
    let mut strings = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        let rest = &text.as_bytes()[i..];
        let end = match rest {
            [b'/', b'/', ..] => i + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => i + block_comment(rest),
            [b'"', ..] => {
                let hashes = raw_hashes(&bytes[..i]);
                let inside = string_length(&rest[1..], hashes);
                strings.push((i, text[i + 1..i + 1 + inside].to_string()));
                blank(&mut masked[i + 1..i + 1 + inside]);
                i += inside + 2;
                continue;
            }
            [b'\'', ..] => i + character(rest),
            _ => {
                i += 1;
                continue;
            }
        };
        blank(&mut masked[i..end]);
        i = end;
    }
    // A character outside of ASCII in code would be a name; every byte of it is kept.
    (String::from_utf8(masked).unwrap(), strings)
}

/// Hashes of the raw string whose quote comes next; None when escapes count.
fn raw_hashes(before: &[u8]) -> Option<usize> {
    let hashes = before.iter().rev().take_while(|b| **b == b'#').count();
    let prefix = &before[..before.len() - hashes];
    let (last, word) = (prefix.last(), prefix.iter().rev().skip(1));
    let raw = last == Some(&b'r') && word.clone().take_while(|b| is_word(char::from(**b)) && **b != b'b').count() == 0;
    raw.then_some(hashes)
}

/// Bytes up to the closing quote.
fn string_length(rest: &[u8], raw: Option<usize>) -> usize {
    let mut i = 0;
    while i < rest.len() {
        match (rest[i], raw) {
            (b'\\', None) => i += 1,
            (b'"', None) => return i,
            (b'"', Some(n)) if rest[i + 1..].iter().take_while(|b| **b == b'#').count() >= n => return i,
            _ => {}
        }
        i += 1;
    }
    rest.len().saturating_sub(1)
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0;
    let mut i = 0;
    while i + 1 < rest.len() {
        match &rest[i..i + 2] {
            b"/*" => (depth, i) = (depth + 1, i + 2),
            b"*/" => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    rest.len()
}

/// Bytes of a character in quotes; 1 for the tick of a lifetime.
fn character(rest: &[u8]) -> usize {
    let close = |from: usize| rest[from..].iter().take(12).position(|b| *b == b'\'').map(|at| from + at + 1);
    match rest {
        [_, b'\\', _, ..] => close(3).unwrap_or(1),
        [_, first, b'\'', ..] if *first != b'\'' => 3,
        [_, first, ..] if !first.is_ascii() => close(2).unwrap_or(1),
        _ => 1,
    }
}
