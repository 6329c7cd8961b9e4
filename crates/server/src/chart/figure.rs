//! What of an answer is shown, and how its labels read. Only choosing and writing: no number is computed
//! but for its unit (a fraction as percent, a large amount in thousands or millions).

use serde_json::Value;
use sextant_engine::json::number::clean;

/// A picture before it is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figure {
    pub title: String,
    /// The dates, the unit, and what is left out.
    pub note: String,
    /// Behind every value of the axis: `%`, or nothing.
    pub suffix: &'static str,
    pub shape: Shape,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Lines {
        labels: Vec<String>,
        lines: Vec<Line>,
    },
    /// One bar a label; the label says the value too.
    Bars(Vec<Bar>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    pub name: String,
    /// In the unit of the figure; absent where there is no value.
    pub values: Vec<Option<f64>>,
    /// The comparison beside its metric.
    pub is_previous: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub label: String,
    pub value: f64,
    pub tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Bad,
}

const MOST_LINES: usize = 6;
const MOST_BARS: usize = 20;
const MOST_POINTS: usize = 400;
/// Characters of a label; the rest is cut with a mark.
const LABEL: usize = 32;

pub(super) fn of(answer: &Value) -> Option<Figure> {
    let answer = Answer::of(answer)?;
    if answer.metrics.iter().any(|metric| metric.get("significance").is_some()) {
        return answer.changes();
    }
    answer.lines().or_else(|| answer.bars()).or_else(|| answer.changes())
}

/// The parts of an answer that a picture is made of.
struct Answer<'a> {
    metrics: &'a [Value],
    columns: Vec<Column<'a>>,
    rows: Vec<&'a [Value]>,
    applied: &'a Value,
}

struct Column<'a> {
    name: &'a str,
    kind: &'a str,
    unit: Option<&'a str>,
}

/// A column of numbers that stands for a metric.
struct Measured<'a> {
    at: usize,
    previous: Option<usize>,
    label: String,
    format: &'a str,
    unit: Option<&'a str>,
}

impl<'a> Answer<'a> {
    fn of(answer: &'a Value) -> Option<Answer<'a>> {
        let columns = answer["columns"].as_array()?.iter().map(|column| {
            let (name, kind) = (column["name"].as_str()?, column["type"].as_str()?);
            Some(Column { name, kind, unit: column["unit"].as_str() })
        });
        Some(Answer {
            metrics: answer["metrics"].as_array()?,
            columns: columns.collect::<Option<_>>()?,
            rows: answer["rows"].as_array()?.iter().filter_map(|row| row.as_array().map(Vec::as_slice)).collect(),
            applied: &answer["applied"],
        })
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The metrics that have a column, in their order.
    fn measured(&self) -> Vec<Measured<'a>> {
        let of = |metric: &'a Value| {
            let name = metric["name"].as_str()?;
            let at = self.position(name)?;
            Some(Measured {
                at,
                previous: self.position(&format!("{name}__previous")),
                label: short(metric["label"].as_str().unwrap_or(name)),
                format: metric["format"].as_str().unwrap_or("number"),
                unit: metric["unit"].as_str().or(self.columns[at].unit),
            })
        };
        self.metrics.iter().filter_map(of).collect()
    }

    /// The column of dates that the rows go along, and the one whose values name them.
    fn time(&self) -> Option<(usize, usize)> {
        let is_time = |column: &Column| {
            matches!(column.kind, "date" | "timestamp")
                && column.name.contains("__")
                && !column.name.ends_with("__previous")
        };
        let at = self.columns.iter().position(is_time)?;
        let named = self.position(&format!("{}__label", self.columns[at].name));
        Some((at, named.unwrap_or(at)))
    }

    /// Columns that say which member a row is of.
    fn groups(&self, before: usize, time: Option<usize>) -> Vec<usize> {
        let helps = |name: &str| name.ends_with("__previous") || name.ends_with("__label") || name == "change_kind";
        (0..before).filter(|at| Some(*at) != time && !helps(self.columns[*at].name)).collect()
    }

    fn lines(&self) -> Option<Figure> {
        let measured = self.measured();
        let first = measured.first()?;
        let (time, named) = self.time()?;
        let groups = self.groups(measured.iter().map(|m| m.at).min()?, Some(time));
        let mut dates: Vec<&Value> = Vec::new();
        for row in &self.rows {
            if dates.last() != Some(&&row[time]) && !dates.contains(&&row[time]) {
                dates.push(&row[time]);
            }
        }
        dates.truncate(MOST_POINTS);
        let label = |date: &&Value| {
            let row = self.rows.iter().find(|row| row[time] == **date)?;
            Some(moment(row[named].as_str()?, self.columns[time].name))
        };
        let labels: Vec<String> = dates.iter().map(|date| label(date).unwrap_or_default()).collect();
        if labels.len() < 2 {
            return None;
        }
        let mut left_out = Vec::new();
        let mut lines = if groups.is_empty() {
            self.lines_of_metrics(&measured, time, &dates, &mut left_out)
        } else {
            self.lines_of_members(first, &groups, time, &dates, &mut left_out)
        };
        let scale = Scale::of(first.format, first.unit, lines.iter().flat_map(|line| line.values.iter().flatten()));
        for value in lines.iter_mut().flat_map(|line| line.values.iter_mut()).flatten() {
            *value = scale.apply(*value);
        }
        let title = if groups.is_empty() && lines.iter().filter(|line| !line.is_previous).count() > 1 {
            lines.iter().filter(|line| !line.is_previous).map(|line| line.name.as_str()).collect::<Vec<_>>().join(", ")
        } else {
            first.label.clone()
        };
        let note = self.note(scale.unit, left_out);
        Some(Figure { title, note, suffix: scale.suffix, shape: Shape::Lines { labels, lines } })
    }

    /// The metrics of the first one's unit, each with its comparison.
    fn lines_of_metrics(
        &self,
        measured: &[Measured],
        time: usize,
        dates: &[&Value],
        left_out: &mut Vec<String>,
    ) -> Vec<Line> {
        let at = |column: usize| {
            let value = |date: &&Value| number(&self.rows.iter().find(|row| row[time] == **date)?[column]);
            dates.iter().map(value).collect::<Vec<_>>()
        };
        let first = &measured[0];
        let fits = |metric: &&Measured| (metric.format, metric.unit) == (first.format, first.unit);
        let shown: Vec<&Measured> = measured.iter().filter(fits).take(MOST_LINES / 2).collect();
        if shown.len() < measured.len() {
            left_out.push(format!("{} of {} metrics", shown.len(), measured.len()));
        }
        let lines = shown.into_iter().flat_map(|metric| {
            let own = Line { name: metric.label.clone(), values: at(metric.at), is_previous: false };
            let previous = metric.previous.map(|column| Line {
                name: format!("{}, compared", metric.label),
                values: at(column),
                is_previous: true,
            });
            std::iter::once(own).chain(previous)
        });
        lines.collect()
    }

    /// The first metric of each member, the largest members first.
    fn lines_of_members(
        &self,
        first: &Measured,
        groups: &[usize],
        time: usize,
        dates: &[&Value],
        left_out: &mut Vec<String>,
    ) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for row in &self.rows {
            let Some(place) = dates.iter().position(|date| **date == row[time]) else { continue };
            let name = member(row, groups);
            let at = lines.iter().position(|line| line.name == name).unwrap_or_else(|| {
                lines.push(Line { name, values: vec![None; dates.len()], is_previous: false });
                lines.len() - 1
            });
            lines[at].values[place] = number(&row[first.at]);
        }
        let size = |line: &Line| line.values.iter().flatten().map(|value| value.abs()).sum::<f64>();
        lines.sort_by(|a, b| size(b).total_cmp(&size(a)));
        if lines.len() > MOST_LINES {
            left_out.push(format!("the largest {MOST_LINES} of {}", lines.len()));
            lines.truncate(MOST_LINES);
        }
        lines
    }

    /// The first metric by member, in the order of the rows.
    fn bars(&self) -> Option<Figure> {
        let measured = self.measured();
        let first = measured.first()?;
        let groups = self.groups(measured.iter().map(|m| m.at).min()?, None);
        if groups.is_empty() || self.rows.is_empty() {
            return None;
        }
        let valued: Vec<(String, f64)> =
            self.rows.iter().filter_map(|row| Some((member(row, &groups), number(&row[first.at])?))).collect();
        let scale = Scale::of(first.format, first.unit, valued.iter().map(|(_, value)| value));
        let mut left_out = Vec::new();
        if valued.len() > MOST_BARS {
            left_out.push(format!("the first {MOST_BARS} of {}", valued.len()));
        }
        let bars: Vec<Bar> = valued
            .into_iter()
            .take(MOST_BARS)
            .map(|(name, value)| {
                let value = scale.apply(value);
                Bar { label: format!("{name}  {}{}", written(value), scale.suffix), value, tone: Tone::Plain }
            })
            .collect();
        if bars.is_empty() {
            return None;
        }
        let note = self.note(scale.unit, left_out);
        Some(Figure { title: first.label.clone(), note, suffix: scale.suffix, shape: Shape::Bars(bars) })
    }

    /// The change of each metric in percent, good and bad by its own direction.
    fn changes(&self) -> Option<Figure> {
        let bar = |metric: &Value| {
            let value = number(&metric["change"]["percent"])? * 100.0;
            let name = short(metric["label"].as_str().or(metric["name"].as_str())?);
            let tone = match metric["change"]["impact"].as_str() {
                Some("favourable") => Tone::Good,
                Some("unfavourable") => Tone::Bad,
                _ => Tone::Plain,
            };
            let sign = if value > 0.0 { "+" } else { "" };
            Some(Bar { label: format!("{name}  {sign}{}%", written(value)), value, tone })
        };
        let bars: Vec<Bar> = self.metrics.iter().filter_map(bar).take(MOST_BARS).collect();
        if bars.is_empty() {
            return None;
        }
        let mut left_out = Vec::new();
        if bars.len() < self.metrics.len() {
            left_out.push(format!("{} of {} metrics", bars.len(), self.metrics.len()));
        }
        let note = self.note(None, left_out);
        Some(Figure { title: "Change in percent".into(), note, suffix: "%", shape: Shape::Bars(bars) })
    }

    fn note(&self, unit: Option<String>, left_out: Vec<String>) -> String {
        let window = |window: &Value| Some(format!("{} to {}", window["start"].as_str()?, window["end"].as_str()?));
        let range = window(&self.applied["time_range"]);
        let against = window(&self.applied["comparison"]).map(|dates| format!("against {dates}"));
        range.into_iter().chain(against).chain(unit).chain(left_out).collect::<Vec<_>>().join(", ")
    }
}

/// How values of one axis are written.
struct Scale {
    factor: f64,
    suffix: &'static str,
    unit: Option<String>,
}

impl Scale {
    fn of<'a>(format: &str, unit: Option<&str>, values: impl Iterator<Item = &'a f64>) -> Scale {
        if format == "percent" {
            return Scale { factor: 100.0, suffix: "%", unit: None };
        }
        let largest = values.fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let (factor, word) = match largest {
            _ if largest >= 1e10 => (1e-9, Some("billions")),
            _ if largest >= 1e7 => (1e-6, Some("millions")),
            _ if largest >= 1e5 => (1e-3, Some("thousands")),
            _ => (1.0, None),
        };
        let unit = match (unit.map(short), word) {
            (Some(unit), Some(word)) => Some(format!("{unit} in {word}")),
            (unit, word) => unit.or(word.map(str::to_string)),
        };
        Scale { factor, suffix: "", unit }
    }

    fn apply(&self, value: f64) -> f64 {
        value * self.factor
    }
}

/// A cell, also one that is written as an exact text.
fn number(cell: &Value) -> Option<f64> {
    let value = match cell {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    value.filter(|value| value.is_finite())
}

fn member(row: &[Value], groups: &[usize]) -> String {
    let part = |at: &usize| match &row[*at] {
        Value::Null => "(none)".to_string(),
        Value::String(text) => short(text),
        other => short(&other.to_string()),
    };
    groups.iter().map(part).collect::<Vec<_>>().join(" / ")
}

/// Text from a model or from data, without what could hide in a picture, and not longer than a label.
fn short(text: &str) -> String {
    let text = clean(text);
    if text.chars().count() <= LABEL { text } else { text.chars().take(LABEL - 1).chain(['…']).collect() }
}

/// With thousands apart and at most two decimals, fewer for large values.
fn written(value: f64) -> String {
    let decimals = if value.abs() >= 1_000.0 {
        0
    } else if value.abs() >= 100.0 {
        1
    } else {
        2
    };
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let rest = rest.trim_end_matches('0');
    let mut out = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let sign =
        if value < 0.0 && out.chars().chain(rest.chars()).any(|c| c.is_ascii_digit() && c != '0') { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{out}") } else { format!("{sign}{out}.{rest}") }
}

/// `2026-11-13` as `13 Nov`, a month as `Nov 2026`, by the granularity in the column's name.
fn moment(text: &str, column: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts: Vec<&str> = text.get(..10).unwrap_or_default().split('-').collect();
    let [year, month, day] = parts.as_slice() else { return short(text) };
    let Some(name) = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)) else {
        return short(text);
    };
    let day = day.trim_start_matches('0');
    match column.rsplit("__").next() {
        Some("year") => (*year).to_string(),
        Some("quarter" | "month") => format!("{name} {year}"),
        Some("hour" | "minute" | "second") => format!("{day} {name} {}", text.get(11..16).unwrap_or_default()),
        _ => format!("{day} {name}"),
    }
}

#[cfg(test)]
mod tests;
