//! A change in pieces on the page: columns of numbers, and bars about one zero line, so that a reader sees what adds
//! up to it. All blocks of a metric share their columns and their scale.

use super::super::chart::Bars;
use super::super::layout::{cut, left, right, width};
use super::super::number::{Unit, are_large, piece};
use super::super::paint::Paint;
use super::{Block, Piece, words};

/// The longest name that is not cut, and the bars that a page has room for at least and at most.
const NAME: usize = 28;
const BARS: std::ops::RangeInclusive<usize> = 18..=40;
const TITLES: [&str; NUMBERS] = ["previous", "value", "rate", "mix", "change", "share"];
const NUMBERS: usize = 6;
/// The columns that give way first.
const SIDES: std::ops::Range<usize> = 0..2;
const RATE_MIX: std::ops::Range<usize> = 2..4;

/// A piece as it is shown; a name without numbers is a heading.
struct Row {
    name: String,
    numbers: [String; NUMBERS],
    contribution: Option<f64>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Heading,
    Piece,
    Total,
}

/// Whether large amounts lose their cents: those of members, and those of all changes alike.
#[derive(Clone, Copy, Debug)]
struct Cents {
    left_out: bool,
    left_out_of_changes: bool,
}

/// The lines of a metric's blocks; its contributions are in `unit`.
pub(super) fn write(blocks: &[&Block<'_>], unit: &Unit, page: usize, paint: Paint) -> Vec<String> {
    let (rows, widths, room) = fitting(blocks, unit, page);
    let bars = Bars::over(rows.iter().filter_map(|row| row.contribution), room);
    let name = rows.iter().filter(|row| row.kind != Kind::Heading).map(|row| width(&row.name)).max().unwrap_or(0);
    let mut lines = vec![paint.dim(&line(&" ".repeat(name + 3), &TITLES.map(String::from), &widths))];
    for row in &rows {
        lines.push(match row.kind {
            Kind::Heading => format!(" {}", cut(&row.name, page - 1)),
            Kind::Piece | Kind::Total => {
                let text = line(&format!("   {}", left(&row.name, name)), &row.numbers, &widths);
                let bar = row.contribution.map_or_else(String::new, |of| bars.bar(of, row.kind == Kind::Total));
                let text = if row.kind == Kind::Total { paint.dim(&text) } else { text };
                format!("{text}  {bar}")
            }
        });
    }
    lines
}

/// The rows, as much of them as leaves room for bars, the columns' widths (0: left out) and that room.
fn fitting(blocks: &[&Block<'_>], unit: &Unit, page: usize) -> (Vec<Row>, [usize; NUMBERS], usize) {
    let without: [&[std::ops::Range<usize>]; 3] = [&[], &[RATE_MIX], &[RATE_MIX, SIDES]];
    let tries = [(0, false), (1, false), (1, true), (2, false)];
    let attempt = |(left_out, is_brief): (usize, bool)| {
        let pieces = blocks.iter().flat_map(|block| &block.pieces);
        let is_large = pieces.filter_map(|of| of.contribution).any(|contribution| contribution.abs() >= 1_000.0);
        let cents = Cents { left_out: is_brief, left_out_of_changes: is_brief && is_large };
        let rows: Vec<Row> = blocks.iter().flat_map(|block| rows(block, unit, cents)).collect();
        let mut widths = widths(&rows);
        without[left_out].iter().cloned().flatten().for_each(|column| widths[column] = 0);
        let names = rows.iter().filter(|row| row.kind != Kind::Heading).map(|row| width(&row.name)).max();
        let taken =
            3 + names.unwrap_or(0) + widths.iter().filter(|width| **width > 0).map(|width| width + 2).sum::<usize>();
        (rows, widths, page.saturating_sub(taken + 2))
    };
    let found = tries.into_iter().map(attempt).find(|(_, _, room)| room >= BARS.start());
    let (rows, widths, room) = found.unwrap_or_else(|| attempt((2, true)));
    (rows, widths, room.min(*BARS.end()))
}

fn rows(block: &Block<'_>, unit: &Unit, cents: Cents) -> Vec<Row> {
    let remarks = words::remarks(block);
    let remarks = if remarks.is_empty() { String::new() } else { format!(" ({})", remarks.join("; ")) };
    let none = || [const { String::new() }; NUMBERS];
    let heading = Row { name: words::by(block) + &remarks, numbers: none(), contribution: None, kind: Kind::Heading };
    let pieces = block.pieces.iter().map(|of| Row {
        name: cut(&of.name, NAME),
        numbers: numbers(of, unit, cents),
        contribution: of.contribution,
        kind: Kind::Piece,
    });
    let total = block.total.map(|total| {
        let mut numbers = none();
        numbers[4] = piece(total, &unit.of_change(), cents.left_out_of_changes);
        Row { name: "together".to_string(), numbers, contribution: Some(total), kind: Kind::Total }
    });
    [heading].into_iter().chain(pieces).chain(total).collect()
}

fn numbers(of: &Piece<'_>, unit: &Unit, cents: Cents) -> [String; NUMBERS] {
    let change = unit.of_change();
    let is_whole = cents.left_out && of.sides.is_some_and(|(previous, current)| are_large([previous, current]));
    let side = |value: Option<&serde_json::Value>| match value {
        Some(value) => words::amount(value, &of.unit, is_whole),
        None => String::new(),
    };
    let signed = |number: Option<f64>| {
        number.map_or_else(String::new, |number| piece(number, &change, cents.left_out_of_changes))
    };
    [
        side(of.sides.map(|(previous, _)| previous)),
        side(of.sides.map(|(_, current)| current)),
        signed(of.rate_mix.map(|(rate, _)| rate)),
        signed(of.rate_mix.map(|(_, mix)| mix)),
        signed(of.contribution),
        words::share(of),
    ]
}

/// The widths of the columns that say something.
fn widths(rows: &[Row]) -> [usize; NUMBERS] {
    let mut widths = [0; NUMBERS];
    for (column, title) in TITLES.iter().enumerate() {
        let longest = rows.iter().map(|row| width(&row.numbers[column])).max().unwrap_or(0);
        widths[column] = if longest == 0 { 0 } else { longest.max(width(title)) };
    }
    widths
}

fn line(name: &str, numbers: &[String; NUMBERS], widths: &[usize; NUMBERS]) -> String {
    let shown = numbers.iter().zip(widths).filter(|(_, width)| **width > 0);
    name.to_string() + &shown.map(|(number, width)| format!("  {}", right(number, *width))).collect::<String>()
}
