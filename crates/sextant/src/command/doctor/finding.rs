//! What one check found, and the page or the object of all of them.

use serde_json::{Map, Value, json};
use sextant_semantics::code::{Class, Code};
use sextant_semantics::diagnostic::Diagnostic;

use crate::output::number::visible;
use crate::output::paint::Paint;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Ok,
    /// Answers come, and somebody should look.
    Warn,
    /// Something does not work.
    Fail,
}

/// One check, and the next action where there is one.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// What was checked: `model`, `dataset orders`, `server`.
    pub(super) check: String,
    pub(super) level: Level,
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Lines to show beneath: faults of a model with their carets.
    pub(super) details: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: impl Into<String>, message: impl Into<String>) -> Self {
        Finding { check: check.into(), level: Level::Ok, message: message.into(), help: None, details: None }
    }

    pub(super) fn warn(check: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Finding { level: Level::Warn, help: Some(help.into()), ..Finding::ok(check, message) }
    }

    pub(super) fn fail(check: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Finding { level: Level::Fail, help: Some(help.into()), ..Finding::ok(check, message) }
    }

    /// A refusal as a failed check.
    pub(super) fn of(check: impl Into<String>, fault: &Diagnostic) -> Self {
        let help = fault.help.clone().unwrap_or_else(|| next(fault.code).to_string());
        Finding::fail(check, format!("{}: {}", fault.code, fault.message), help)
    }
}

/// What to do about a fault that does not say it itself.
fn next(code: Code) -> &'static str {
    match code.class() {
        Class::Model => "mend the model; `sextant validate` shows every fault with its line",
        Class::Data => "mend the file, or what the model says of it; `sextant validate --data` holds them together",
        Class::Limit => "ask for less at a time",
        Class::Request | Class::Warning => "docs/errors.md says what the code means",
    }
}

/// All checks of a run, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    pub(super) fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    pub(super) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.0.extend(findings);
    }

    pub(super) fn is_ill(&self) -> bool {
        self.count(Level::Fail) > 0
    }

    fn count(&self, level: Level) -> usize {
        self.0.iter().filter(|finding| finding.level == level).count()
    }

    /// One line a check, the next action beneath it, and how many ended how.
    pub(super) fn text(&self, paint: Paint) -> String {
        let width = self.0.iter().map(|finding| finding.check.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for finding in &self.0 {
            let level = match finding.level {
                Level::Ok => paint.green("ok  "),
                Level::Warn => paint.yellow("warn"),
                Level::Fail => paint.red("FAIL"),
            };
            text.push_str(&format!("{level}  {:width$}  {}\n", finding.check, line(&finding.message)));
            let indent = " ".repeat(width + 8);
            if let Some(help) = &finding.help {
                text.push_str(&format!("{indent}{}\n", paint.dim(&format!("-> {}", line(help)))));
            }
            for detail in finding.details.iter().flat_map(|details| details.lines()) {
                text.push_str(&format!("      {detail}\n"));
            }
        }
        let [ok, warn, fail] = [Level::Ok, Level::Warn, Level::Fail].map(|level| self.count(level));
        text.push_str(&format!("{} checks: {ok} ok, {warn} to look at, {fail} failed\n", self.0.len()));
        text
    }

    /// `{"checks": [{"check", "level", "message", "help"?, "details"?}], "ok", "warnings", "failed"}`.
    pub(super) fn json(&self) -> Value {
        let checks: Vec<Value> = self.0.iter().map(object).collect();
        let [ok, warnings, failed] = [Level::Ok, Level::Warn, Level::Fail].map(|level| self.count(level));
        json!({ "checks": checks, "ok": ok, "warnings": warnings, "failed": failed })
    }
}

fn object(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "fail",
    };
    let mut object = Map::new();
    object.insert("check".into(), finding.check.clone().into());
    object.insert("level".into(), level.into());
    object.insert("message".into(), finding.message.clone().into());
    for (key, value) in [("help", &finding.help), ("details", &finding.details)] {
        if let Some(value) = value {
            object.insert(key.into(), value.clone().into());
        }
    }
    Value::Object(object)
}

/// One line without what could steer a terminal, of whatever length.
fn line(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(visible).collect();
    words.join(" ")
}
