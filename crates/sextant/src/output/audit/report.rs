//! An audit as Markdown: headings, the highlights as a list, tables with their numbers to the right, no HTML.

use super::super::number::{Unit, piece};
use super::{Block, By, Depth, Highlight, Judged, View, words};

pub(crate) fn write(view: &View<'_>, depth: Depth) -> String {
    let mut text = heading(view);
    text.push_str(&format!("\n## Highlights\n\n{}\n", words::summary(view, depth)));
    text.push_str(&highlights(view));
    if !view.metrics.is_empty() {
        text.push_str(&format!("\n## Metrics\n\n{}", metrics(view)));
    }
    text.push_str(&list(words::notes(view)));
    for judged in view.taken_apart(depth) {
        text.push_str(&taken_apart(judged, depth));
    }
    let warnings: Vec<String> =
        view.answer.warnings().map(|warning| format!("{}: {}", warning.code, warning.message)).collect();
    if !warnings.is_empty() {
        text.push_str(&format!("\n## Warnings\n{}", list(warnings)));
    }
    text
}

fn heading(view: &View<'_>) -> String {
    let range = view.answer.range();
    let title = range.as_ref().map_or_else(|| "all data".to_string(), |range| words::span(range.start, range.end));
    let mut facts = Vec::new();
    facts.extend(view.against.as_ref().map(|against| format!("against {}", against.what)));
    facts.extend(range.and_then(|range| range.timezone).map(str::to_string));
    facts.extend(words::data_through(view));
    let filters = view.answer.filters();
    if !filters.is_empty() {
        facts.push(format!("where {}", filters.join(" and ")));
    }
    format!("# Audit of {title}\n{}", list(facts))
}

fn highlights(view: &View<'_>) -> String {
    let of = |highlight: &Highlight<'_>| match highlight {
        Highlight::DataIssue { text } => format!("- **check**: {}\n", escape(text)),
        Highlight::Change { metric, text } => match view.metric(metric) {
            Some(judged) => {
                let (level, impact) = (words::level(judged.level), words::impact(judged));
                format!("- {} **{level}, {impact}**: {}\n", words::arrow(judged), escape(text))
            }
            None => format!("- {}\n", escape(text)),
        },
    };
    let lines: String = view.highlights.iter().map(of).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn metrics(view: &View<'_>) -> String {
    let titles = ["metric", "value", "previous", "change", "percent", "level", "impact"].map(String::from);
    let judged = view.by_level().into_iter().flatten();
    let rows = judged.map(|judged| {
        let unit = &judged.metric.unit;
        vec![
            judged.metric.label.to_string(),
            words::amount(judged.metric.value, unit, false),
            judged.metric.previous.map_or_else(String::new, |previous| words::amount(previous, unit, false)),
            words::change(judged, false),
            words::percent(judged),
            words::level(judged.level),
            words::impact(judged).to_string(),
        ]
    });
    table(&titles, 1..5, rows)
}

fn taken_apart(judged: &Judged<'_>, depth: Depth) -> String {
    let change = format!("{} ({})", words::change(judged, false), words::percent(judged));
    let (level, impact) = (words::level(judged.level), words::impact(judged));
    let label = escape(judged.metric.label);
    let mut text = format!("\n## {label}\n\n{change}: {level}, {impact}. {}\n", escape(&words::test(judged)));
    let (shown, named) = judged.shown(depth);
    for block in shown {
        text.push_str(&in_pieces(block, &judged.metric.unit));
    }
    text.push_str(&list(words::others(&named).into_iter().chain(words::unavailable(judged)).collect()));
    text
}

fn in_pieces(block: &Block<'_>, unit: &Unit) -> String {
    let remarks = words::remarks(block);
    let remarks = if remarks.is_empty() { String::new() } else { format!("\n{}.\n", remarks.join("; ")) };
    let first = match block.by {
        By::Formula(_) => "metric",
        By::Dimension(dimension) | By::Within { dimension, .. } => dimension,
    };
    let is_split = block.pieces.iter().any(|of| of.rate_mix.is_some());
    let change = unit.of_change();
    let signed = |number: Option<f64>| number.map_or_else(String::new, |number| piece(number, &change, false));
    let rows = block.pieces.iter().map(|of| {
        let (previous, current) = of.sides.unzip();
        let side = |value: Option<&serde_json::Value>| {
            value.map_or_else(String::new, |value| words::amount(value, &of.unit, false))
        };
        let mut row = vec![of.name.clone(), side(previous), side(current)];
        if is_split {
            row.extend([signed(of.rate_mix.map(|(rate, _)| rate)), signed(of.rate_mix.map(|(_, mix)| mix))]);
        }
        row.extend([signed(of.contribution), words::share(of)]);
        row
    });
    let mut titles = vec![first, "previous", "value"];
    titles.extend(if is_split { &["rate", "mix"][..] } else { &[] });
    titles.extend(["change", "share"]);
    let total = block.total.map(|total| {
        let mut row = vec![String::new(); titles.len()];
        row[0] = "together".to_string();
        row[titles.len() - 2] = piece(total, &change, false);
        row
    });
    let titles: Vec<String> = titles.into_iter().map(String::from).collect();
    let table = table(&titles, 1..titles.len(), rows.chain(total));
    format!("\n### {}\n{remarks}\n{table}", escape(&capital(&words::by(block))))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A table whose columns in `numbers` stand to the right.
fn table(titles: &[String], numbers: std::ops::Range<usize>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rules: Vec<&str> = (0..titles.len()).map(|at| if numbers.contains(&at) { "---:" } else { "---" }).collect();
    let rows: String = rows.map(|row| line(&row)).collect();
    format!("{}| {} |\n{rows}", line(titles), rules.join(" | "))
}

fn list(lines: Vec<String>) -> String {
    let lines: String = lines.iter().map(|line| format!("- {}\n", escape(line))).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// Text from a model or from data, without what Markdown would read as markup.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '|' | '*' | '<' | '[') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
