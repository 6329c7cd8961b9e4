//! Filter templates: `{{ Dimension('listing__country') }} = 'US'` as `listing__country = 'US'`.
//!
//! The vocabulary is MetricFlow's: `Dimension`, `TimeDimension`, `Entity` and `Metric` calls with the
//! methods `grain`, `date_part` and `descending`. A call becomes the dundered name it stands for
//! (`metric_time__week`, `metric_time__extract_dow`), a metric of a filter the call
//! `metric(bookings, listing)`. Jinja beyond these calls is refused by name.

use super::display;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

mod read;

use read::{Call, Value};

/// What a template may hold, for the help of a refusal.
const HELP: &str = "a template holds one of Dimension('entity__dimension'), TimeDimension('entity__dimension', 'day'), \
     Entity('entity') and Metric('metric', group_by=['entity'])";

/// What one call names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub kind: ReferenceKind,
    /// The metric's name, or entities, dimension and granularity joined by `__`.
    pub name: String,
    /// The entities and dimensions that a metric is grouped by; of metrics only.
    pub group_by: Vec<String>,
    /// Whether `.descending(True)` follows.
    pub descending: bool,
}

/// The four calls of the vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    Dimension,
    TimeDimension,
    Entity,
    Metric,
}

/// Whether `text` holds a template at all.
pub fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// The text with every `{{ … }}` replaced by the name or the call that it stands for. A fault stands
/// at all of `span`, since the bytes of the result are not those of the source.
pub fn expand(text: &str, span: Span) -> Result<String, Diagnostic> {
    let statements = [("{%", "%}"), ("{#", "#}")];
    if let Some((start, end)) = statements.iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        Some((start, start + text[start..].find(close)? + close.len()))
    }) {
        let shown = super::parse::excerpt(&text[start..end]);
        return Err(refused(Code::UnsupportedExpression, format!("`{shown}` is not read"), span));
    }
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((inside, behind)) = after.split_once("}}") else {
            return Err(refused(Code::InvalidExpression, "`{{` is not closed".to_string(), span));
        };
        expanded.push_str(before);
        expanded.push_str(&filter_text(&reference(inside, span)?, span)?);
        rest = behind;
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// What a call such as `TimeDimension('metric_time', 'day').descending(True)` names.
pub fn reference(text: &str, span: Span) -> Result<Reference, Diagnostic> {
    if text.trim().is_empty() {
        return Err(refused(Code::InvalidExpression, "an empty template".to_string(), span));
    }
    let (call, methods) = read::calls(text).map_err(|fact| refused(Code::InvalidExpression, fact, span))?;
    let kind = match call.name.as_str() {
        "Dimension" => ReferenceKind::Dimension,
        "TimeDimension" => ReferenceKind::TimeDimension,
        "Entity" => ReferenceKind::Entity,
        "Metric" => ReferenceKind::Metric,
        other => {
            let fact = format!("`{other}` is not a call of filter templates");
            let calls = ["Dimension", "TimeDimension", "Entity", "Metric"];
            return Err(refused(Code::UnsupportedExpression, fact, span).suggest(other, calls));
        }
    };
    build(kind, &call, &methods).map_err(|fact| refused(Code::InvalidExpression, fact, span))
}

/// The reference of a call and the methods behind it.
fn build(kind: ReferenceKind, call: &Call, methods: &[Call]) -> Result<Reference, String> {
    let mut arguments = Arguments { call, used: 0 };
    let name = arguments.text(0, &["name", "dimension_name", "time_dimension_name", "entity_name", "metric_name"])?;
    let name = name.ok_or_else(|| format!("`{}` without a name", call.name))?;
    let (mut grain, mut part, mut descending) = (None, None, None);
    let mut path = Vec::new();
    let mut group_by = Vec::new();
    match kind {
        ReferenceKind::Dimension | ReferenceKind::Entity => path = arguments.texts(1, &["entity_path"])?,
        ReferenceKind::TimeDimension => {
            grain = arguments.text(1, &["grain", "time_granularity_name", "time_granularity"])?;
            path = arguments.texts(2, &["entity_path"])?;
            descending = arguments.flag(3, &["descending"])?;
            part = arguments.text(4, &["date_part_name", "date_part"])?;
        }
        ReferenceKind::Metric => group_by = arguments.texts(1, &["group_by"])?,
    }
    descending = descending.or(arguments.flag(usize::MAX, &["descending"])?);
    arguments.finish()?;
    for method in methods {
        let mut arguments = Arguments { call: method, used: 0 };
        match (method.name.as_str(), kind) {
            ("grain", ReferenceKind::Dimension | ReferenceKind::TimeDimension) => {
                grain = arguments.text(0, &["time_granularity", "time_granularity_name"])?;
            }
            ("date_part", ReferenceKind::Dimension | ReferenceKind::TimeDimension) => {
                part = arguments.text(0, &["date_part_name"])?;
            }
            ("descending", _) => descending = arguments.flag(0, &["_is_descending", "descending"])?,
            (other, _) => return Err(format!("`{}` has no method `{other}`", call.name)),
        }
        arguments.finish()?;
    }
    let name = dundered(&path, name, grain.as_deref(), part.as_deref())?;
    Ok(Reference { kind, name, group_by, descending: descending.unwrap_or_default() })
}

/// `user__signed_up_at__week`, `metric_time__extract_dow`.
fn dundered(path: &[String], name: String, grain: Option<&str>, part: Option<&str>) -> Result<String, String> {
    let mut parts: Vec<String> = path.to_vec();
    parts.push(name.clone());
    match (grain.map(str::to_ascii_lowercase), part.map(str::to_ascii_lowercase)) {
        (Some(grain), Some(part)) => {
            return Err(format!("`{name}` by grain `{grain}` and by date part `{part}` at once"));
        }
        (Some(grain), None) => match name.rsplit_once("__").map(|(_, last)| last) {
            Some(last) if last == grain => {}
            Some(last) if is_granularity(last) => {
                return Err(format!("`{name}` names the grain `{last}`, and `{grain}` beside it"));
            }
            Some(_) | None => parts.push(grain),
        },
        (None, Some(part)) => parts.push(format!("extract_{part}")),
        (None, None) => {}
    }
    Ok(parts.join("__"))
}

/// Whether a word is one of MetricFlow's own granularities.
fn is_granularity(word: &str) -> bool {
    let words = "nanosecond microsecond millisecond second minute hour day week month quarter year";
    words.split(' ').any(|known| known == word)
}

/// The reference as a filter writes it.
fn filter_text(reference: &Reference, span: Span) -> Result<String, Diagnostic> {
    if reference.descending {
        let fact = format!("`descending` of `{}` in a filter", reference.name);
        return Err(refused(Code::InvalidExpression, fact, span));
    }
    Ok(match reference.kind {
        ReferenceKind::Dimension | ReferenceKind::TimeDimension | ReferenceKind::Entity => {
            display::identifier(&reference.name)
        }
        ReferenceKind::Metric if reference.group_by.is_empty() => {
            let fact = format!("metric `{}` in a filter without `group_by`", reference.name);
            return Err(refused(Code::InvalidExpression, fact, span));
        }
        ReferenceKind::Metric => {
            let names: Vec<String> = [&reference.name]
                .into_iter()
                .chain(&reference.group_by)
                .map(|name| display::identifier(name))
                .collect();
            format!("metric({})", names.join(", "))
        }
    })
}

/// The arguments of one call, each taken once.
struct Arguments<'a> {
    call: &'a Call,
    /// Arguments taken so far, as bits.
    used: u64,
}

impl Arguments<'_> {
    /// The argument at this place or of one of these names.
    fn take(&mut self, place: usize, names: &[&str]) -> Option<&Value> {
        let mut positional = 0;
        let found = self.call.arguments.iter().position(|(name, _)| match name {
            Some(name) => names.contains(&name.as_str()),
            None => {
                positional += 1;
                positional == place.saturating_add(1)
            }
        })?;
        self.used |= 1 << found.min(63);
        Some(&self.call.arguments[found].1)
    }

    fn text(&mut self, place: usize, names: &[&str]) -> Result<Option<String>, String> {
        match self.take(place, names) {
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            None | Some(Value::None) => Ok(None),
            Some(Value::List(_) | Value::Flag(_)) => Err(self.wrong(names, "a text")),
        }
    }

    /// A list of texts; a text alone is a list of one.
    fn texts(&mut self, place: usize, names: &[&str]) -> Result<Vec<String>, String> {
        match self.take(place, names) {
            Some(Value::List(items)) => Ok(items.clone()),
            Some(Value::Text(text)) => Ok(vec![text.clone()]),
            None | Some(Value::None) => Ok(Vec::new()),
            Some(Value::Flag(_)) => Err(self.wrong(names, "a list of texts")),
        }
    }

    fn flag(&mut self, place: usize, names: &[&str]) -> Result<Option<bool>, String> {
        match self.take(place, names) {
            Some(Value::Flag(flag)) => Ok(Some(*flag)),
            None | Some(Value::None) => Ok(None),
            Some(Value::List(_) | Value::Text(_)) => Err(self.wrong(names, "True or False")),
        }
    }

    fn wrong(&self, names: &[&str], wanted: &str) -> String {
        format!("`{}` of `{}` is not {wanted}", names[0], self.call.name)
    }

    /// Every argument has been taken.
    fn finish(&self) -> Result<(), String> {
        for (i, (name, _)) in self.call.arguments.iter().enumerate() {
            if self.used & (1 << i.min(63)) == 0 {
                let name = name.as_ref().map_or_else(|| format!("argument {}", i + 1), |name| format!("`{name}`"));
                return Err(format!("`{}` does not take {name}", self.call.name));
            }
        }
        Ok(())
    }
}

fn refused(code: Code, fact: String, span: Span) -> Diagnostic {
    Diagnostic::new(code, fact).at(span).help(HELP)
}

#[cfg(test)]
mod tests;
