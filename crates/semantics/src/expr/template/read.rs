//! The syntax of a template's inside: calls with arguments, chained by dots.

/// `name(arguments)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    /// With the name of those given by name.
    pub(super) arguments: Vec<(Option<String>, Value)>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    Flag(bool),
    None,
}

/// The first call of `text` and those chained to it, or what is wrong with the text.
pub(super) fn calls(text: &str) -> Result<(Call, Vec<Call>), String> {
    let mut cursor = Cursor { text, at: 0 };
    let first = cursor.call()?;
    let mut chained = Vec::new();
    while cursor.skip(".") {
        chained.push(cursor.call()?);
    }
    cursor.space();
    match cursor.rest() {
        "" => Ok((first, chained)),
        rest => Err(format!("`{}` behind a call", super::super::parse::excerpt(rest))),
    }
}

struct Cursor<'a> {
    text: &'a str,
    /// Bytes read.
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Whether `mark` stands here; it is passed then.
    fn skip(&mut self, mark: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(mark);
        if found {
            self.at += mark.len();
        }
        found
    }

    fn expect(&mut self, mark: &str, of: &str) -> Result<(), String> {
        if self.skip(mark) { Ok(()) } else { Err(format!("`{mark}` is missing in `{of}`")) }
    }

    fn word(&mut self) -> String {
        self.space();
        let length = self.rest().bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let word = self.rest()[..length].to_string();
        self.at += length;
        word
    }

    fn call(&mut self) -> Result<Call, String> {
        let name = self.word();
        if name.is_empty() {
            return Err(format!("a call is missing at `{}`", super::super::parse::excerpt(self.rest())));
        }
        self.expect("(", &name)?;
        let mut arguments = Vec::new();
        while !self.skip(")") {
            if !arguments.is_empty() {
                self.expect(",", &name)?;
                if self.skip(")") {
                    break;
                }
            }
            arguments.push(self.argument(&name)?);
        }
        Ok(Call { name, arguments })
    }

    fn argument(&mut self, of: &str) -> Result<(Option<String>, Value), String> {
        if let Some(value) = self.quoted()? {
            return Ok((None, Value::Text(value)));
        }
        if let Some(list) = self.list(of)? {
            return Ok((None, Value::List(list)));
        }
        let word = self.word();
        match word.as_str() {
            "True" | "true" => return Ok((None, Value::Flag(true))),
            "False" | "false" => return Ok((None, Value::Flag(false))),
            "None" | "none" => return Ok((None, Value::None)),
            "" => return Err(format!("an argument of `{of}` is not a text, a list, True or False")),
            _ => {}
        }
        if !self.skip("=") {
            return Err(format!("`{word}` in `{of}` is not in quotes"));
        }
        match self.argument(of)? {
            (None, value) => Ok((Some(word), value)),
            (Some(_), _) => Err(format!("two `=` in one argument of `{of}`")),
        }
    }

    /// A text in single or double quotes.
    fn quoted(&mut self) -> Result<Option<String>, String> {
        self.space();
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')) else { return Ok(None) };
        let inside = &self.text[self.at + 1..];
        let Some(length) = inside.find(quote) else {
            return Err(format!("{} is not closed", super::super::parse::excerpt(self.rest())));
        };
        self.at += length + 2;
        Ok(Some(inside[..length].to_string()))
    }

    /// `['a', 'b']` or `('a', 'b')`.
    fn list(&mut self, of: &str) -> Result<Option<Vec<String>>, String> {
        let close = match (self.skip("["), self.skip("(")) {
            (true, _) => "]",
            (false, true) => ")",
            (false, false) => return Ok(None),
        };
        let mut items = Vec::new();
        while !self.skip(close) {
            if !items.is_empty() {
                self.expect(",", of)?;
                if self.skip(close) {
                    break;
                }
            }
            let item = self.quoted()?;
            items.push(item.ok_or_else(|| format!("a list of `{of}` holds something that is not a text"))?);
        }
        Ok(Some(items))
    }
}
