//! An audit as a page for a terminal: what stands out, then every metric, then what the changes are made of.
//!
//! Arrows, marks and words carry all of the meaning; colour repeats it.

use sextant_semantics::significance::Level;

use super::super::layout::{left, right, width, wrap};
use super::super::paint::Paint;
use super::{Depth, Highlight, Judged, View, blocks, words};

/// Columns of the metrics' table after the label.
const COLUMNS: usize = 5;
const TITLES: [&str; COLUMNS] = ["value", "previous", "change", "", "impact"];
/// The narrowest label; where that does not do, the page is wider than asked.
const LABEL: usize = 14;

pub(crate) fn write(view: &View<'_>, depth: Depth, page: usize, paint: Paint) -> String {
    let mut lines = heading(view, page, paint);
    lines.push(String::new());
    lines.extend(wrap(&words::summary(view, depth), page));
    lines.extend(highlights(view, page, paint));
    if !view.metrics.is_empty() {
        lines.push(String::new());
        lines.extend(metrics(view, page, paint));
    }
    lines.extend(words::notes(view).iter().flat_map(|note| hanging(" ", note, page)));
    for judged in view.taken_apart(depth) {
        lines.push(String::new());
        lines.extend(taken_apart(judged, depth, page, paint));
    }
    lines.extend(warnings(view, page, paint));
    lines.push(String::new());
    lines.push(paint.dim("The whole answer: the same command with --format json"));
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The dates, what they are held against, the conditions, and how far the data reaches.
fn heading(view: &View<'_>, page: usize, paint: Paint) -> Vec<String> {
    let asked = |asked: &str, dates: &str| {
        if [asked, &asked.replace("..", " .. ")].contains(&dates) { String::new() } else { format!(" ({asked})") }
    };
    let mut lines = Vec::new();
    match view.answer.range() {
        Some(range) => {
            let zone = range.timezone.map(|zone| format!(", {zone}")).unwrap_or_default();
            let dates = words::span(range.start, range.end);
            let aside = range.asked.map(|word| asked(word, &dates)).unwrap_or_default();
            lines.push(paint.bold(&format!("Audit of {dates}")) + &paint.dim(&format!("{aside}{zone}")));
        }
        None => lines.push(paint.bold("Audit of all data")),
    }
    if let Some(against) = &view.against {
        lines.push(format!(" against {}{}", against.what, paint.dim(&asked(against.asked, &against.what))));
    }
    let filters = view.answer.filters();
    if !filters.is_empty() {
        lines.extend(hanging(" where ", &filters.join(" and "), page));
    }
    if let Some(data) = words::data_through(view) {
        lines.extend(hanging(" ", &data, page).iter().map(|line| paint.dim(line)));
    }
    lines
}

/// A mark of the severity, its word, the arrow, the sentence.
fn highlights(view: &View<'_>, page: usize, paint: Paint) -> Vec<String> {
    let of = |highlight: &Highlight<'_>| {
        let (mark, text, impact) = match highlight {
            Highlight::DataIssue { text } => (" ?  check      ".to_string(), text, None),
            Highlight::Change { metric, text } => {
                let judged = view.metric(metric);
                let level = judged.and_then(|judged| judged.level);
                let mark = if level == Some(Level::Major) { "●" } else { "○" };
                let arrow = judged.map_or("", words::arrow);
                (format!(" {mark}  {:<7}  {arrow} ", words::level(level)), text, judged.map(words::impact))
            }
        };
        let mut lines = hanging(&mark, text, page);
        if let Some(first) = lines.first_mut() {
            let coloured = match impact {
                Some(impact) => by_impact(&mark, impact, paint),
                None => paint.yellow(&mark),
            };
            *first = coloured + &first[mark.len()..];
        }
        lines
    };
    let lines: Vec<String> = view.highlights.iter().flat_map(of).collect();
    if lines.is_empty() { lines } else { [vec![String::new()], lines].concat() }
}

/// Every metric under the level of its change, the most severe first.
fn metrics(view: &View<'_>, page: usize, paint: Paint) -> Vec<String> {
    let (is_brief, label, widths) = fitting(view, page);
    let titles: String = TITLES.iter().zip(widths).map(|(title, width)| format!("  {}", right(title, width))).collect();
    let mut lines = vec![left("", label + 3) + &titles];
    let rule = label + 3 + widths.iter().map(|width| width + 2).sum::<usize>();
    lines.push("─".repeat(rule));
    let mut headed = None;
    for judged in view.by_level().into_iter().flatten() {
        let heading = (words::level(judged.level), words::meaning(judged.level, judged.is_tested()));
        if headed.as_ref() != Some(&heading) {
            lines.push(format!(" {}{}", paint.bold(&heading.0), paint.dim(&format!(": {}", heading.1))));
        }
        headed = Some(heading);
        lines.extend(row(judged, is_brief, label, &widths, paint));
    }
    lines
}

fn row(judged: &Judged<'_>, is_brief: bool, label: usize, widths: &[usize; COLUMNS], paint: Paint) -> Vec<String> {
    let [value, previous, change, percent, impact] = cells(judged, is_brief);
    let mut names = wrap(judged.metric.label, label).into_iter();
    let of = |at: usize, text: &str| format!("  {}", right(text, widths[at]));
    let moved = of(2, &change) + &of(3, &percent) + &of(4, &impact);
    let moved = by_impact(&moved, words::impact(judged), paint);
    let name = left(&names.next().unwrap_or_default(), label);
    let first = format!("   {name}{}{}{moved}", of(0, &value), of(1, &previous));
    [first].into_iter().chain(names.map(|rest| format!("     {rest}"))).collect()
}

/// Whether large amounts lose their cents, the label's width and the columns', so that a row fits the page.
fn fitting(view: &View<'_>, page: usize) -> (bool, usize, [usize; COLUMNS]) {
    let label = view.metrics.iter().map(|judged| width(judged.metric.label)).max().unwrap_or(0);
    let widths = |is_brief: bool| {
        let mut widths = TITLES.map(width);
        for judged in &view.metrics {
            for (of, cell) in widths.iter_mut().zip(cells(judged, is_brief)) {
                *of = (*of).max(width(&cell));
            }
        }
        widths
    };
    let room = |widths: &[usize; COLUMNS]| page.saturating_sub(3 + widths.iter().map(|width| width + 2).sum::<usize>());
    let exact = widths(false);
    if room(&exact) >= label {
        return (false, label, exact);
    }
    let brief = widths(true);
    (true, label.min(room(&brief).max(LABEL)), brief)
}

fn cells(judged: &Judged<'_>, is_brief: bool) -> [String; COLUMNS] {
    let (unit, is_whole) = (&judged.metric.unit, is_brief && words::is_large(judged));
    [
        words::amount(judged.metric.value, unit, is_whole),
        judged.metric.previous.map_or_else(String::new, |previous| words::amount(previous, unit, is_whole)),
        words::change(judged, is_whole),
        words::percent(judged),
        words::impact(judged).to_string(),
    ]
}

/// A metric's change in pieces, with the test that judged it.
fn taken_apart(judged: &Judged<'_>, depth: Depth, page: usize, paint: Paint) -> Vec<String> {
    let moved = format!("{} ({})", words::change(judged, false), words::percent(judged));
    let moved = by_impact(&moved, words::impact(judged), paint);
    let level = words::level(judged.level);
    let mut lines = vec![format!("{} {moved}: {level}, {}", paint.bold(judged.metric.label), words::impact(judged))];
    lines.extend(hanging(" ", &words::test(judged), page).iter().map(|line| paint.dim(line)));
    let (shown, named) = judged.shown(depth);
    if !shown.is_empty() {
        lines.extend(blocks::write(&shown, &judged.metric.unit, page, paint));
    }
    let asides = words::others(&named).into_iter().chain(words::unavailable(judged));
    lines.extend(asides.flat_map(|aside| hanging(" ", &aside, page)).map(|line| paint.dim(&line)));
    lines
}

fn warnings(view: &View<'_>, page: usize, paint: Paint) -> Vec<String> {
    let of = view.answer.warnings().flat_map(|warning| {
        let mut lines = hanging(" ! ", &format!("{}: {}", warning.code, warning.message), page);
        if let Some(first) = lines.first_mut() {
            *first = first.replacen(warning.code, &paint.yellow(warning.code), 1);
        }
        lines
    });
    let lines: Vec<String> = of.collect();
    if lines.is_empty() { lines } else { [vec![String::new(), paint.bold("Warnings")], lines].concat() }
}

fn by_impact(text: &str, impact: &str, paint: Paint) -> String {
    match impact {
        "favourable" => paint.green(text),
        "unfavourable" => paint.red(text),
        _ => text.to_string(),
    }
}

/// Lines of a text behind a mark; those after the first stand under its beginning.
fn hanging(mark: &str, text: &str, page: usize) -> Vec<String> {
    let indent = width(mark);
    let lines = wrap(text, page.saturating_sub(indent)).into_iter().enumerate();
    lines.map(|(at, line)| if at == 0 { format!("{mark}{line}") } else { " ".repeat(indent) + &line }).collect()
}
