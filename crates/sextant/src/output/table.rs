//! Answers for people: what was asked, the metrics with their changes and trends, the rows.

use comfy_table::{Cell, CellAlignment, Color, Table, TableComponent, presets};
use serde_json::Value;

use super::answer::{Answer, Change, Column, Metric, Role, Window};
use super::chart::sparkline;
use super::number::{Unit, show, signed};
use super::paint::Paint;

/// Series that are drawn beneath the rows at most.
const MOST_SERIES: usize = 12;

pub(crate) fn write(answer: &Answer<'_>, paint: &Paint) -> String {
    let mut text = heading(answer, paint);
    if !answer.metrics().is_empty() {
        text.push_str(&metrics(answer, paint));
    }
    let is_grouped = answer.columns().iter().any(|column| matches!(column.role, Role::Group | Role::Time));
    if is_grouped || answer.metrics().is_empty() {
        text.push('\n');
        text.push_str(&rows(answer, paint));
        text.push_str(&series(answer, paint));
    }
    for highlight in answer.highlights() {
        text.push_str(&format!("• {highlight}\n"));
    }
    if let Some(total) = answer.cut_from() {
        text.push_str(&paint.dim(&format!("the first {} of {total} rows\n", answer.row_count())));
    }
    text
}

/// The dates that count, the comparison's, the filters.
fn heading(answer: &Answer<'_>, paint: &Paint) -> String {
    let range = answer.range();
    let mut line = paint.bold(&range.as_ref().map_or_else(|| "all data".to_string(), span));
    if let Some(zone) = range.and_then(|range| range.timezone) {
        line.push_str(&paint.dim(&format!(" {zone}")));
    }
    if let Some(comparison) = answer.comparison() {
        line.push_str(&format!(" against {}", span(&comparison)));
    }
    let filters = answer.filters();
    if !filters.is_empty() {
        line.push_str(&format!("\nwhere {}", filters.join(" and ")));
    }
    line.push('\n');
    line
}

fn span(window: &Window<'_>) -> String {
    let dates = if window.start == window.end {
        window.start.to_string()
    } else {
        format!("{} .. {}", window.start, window.end)
    };
    match window.asked {
        Some(asked) if asked != dates && asked.replace("..", " .. ") != dates => format!("{dates} ({asked})"),
        Some(_) | None => dates,
    }
}

/// One line a metric: value, previous, change, and the trend when the rows are one time series.
fn metrics(answer: &Answer<'_>, paint: &Paint) -> String {
    let has_change = answer.metrics().iter().any(|metric| metric.previous.is_some());
    let trends = trends(answer);
    let mut table = new_table(paint);
    let name = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
    let mut header = vec![Cell::new(""), name("value")];
    if has_change {
        header.extend([name("previous"), name("change"), Cell::new("")]);
    }
    if trends.is_some() {
        header.push(Cell::new("trend"));
    }
    table.set_header(header);
    for (i, metric) in answer.metrics().iter().enumerate() {
        let mut row = vec![Cell::new(metric.label), right(show(metric.value, &metric.unit))];
        if has_change {
            row.push(right(metric.previous.map_or_else(String::new, |value| show(value, &metric.unit))));
            row.extend(change_cells(metric));
        }
        if let Some(trends) = &trends {
            row.push(Cell::new(trends.get(i).map_or("", String::as_str)));
        }
        table.add_row(row);
    }
    finish(&table)
}

fn change_cells(metric: &Metric<'_>) -> [Cell; 2] {
    let Some(change) = &metric.change else { return [Cell::new(""), Cell::new("")] };
    let arrow = match change.absolute.as_f64() {
        Some(number) if number > 0.0 => "▲ ",
        Some(number) if number < 0.0 => "▼ ",
        Some(_) => "= ",
        None => "",
    };
    let difference = match change.points {
        Some(points) => show(points, &Unit::Points),
        None => show(change.absolute, &metric.unit.of_change()),
    };
    // The arrow is the sign.
    let difference = difference.trim_start_matches('-');
    let percent = if change.percent.is_null() { String::new() } else { signed(change.percent, &Unit::Percent) };
    [coloured(format!("{arrow}{difference}"), change), coloured(percent, change)]
}

fn coloured(text: String, change: &Change<'_>) -> Cell {
    match change.impact {
        "favourable" => right(text).fg(Color::Green),
        "unfavourable" => right(text).fg(Color::Red),
        _ => right(text),
    }
}

/// A sparkline for each metric, when time is the only group.
fn trends(answer: &Answer<'_>) -> Option<Vec<String>> {
    let columns = answer.columns();
    let groups = || columns.iter().filter(|column| matches!(column.role, Role::Group | Role::Time));
    if answer.row_count() < 2 || groups().count() != 1 || groups().any(|column| column.role == Role::Group) {
        return None;
    }
    let of = |metric: &Metric<'_>| {
        let index = columns.iter().position(|column| column.name == metric.name);
        let values: Vec<Option<f64>> =
            answer.rows().map(|row| index.and_then(|i| row.get(i)).and_then(number)).collect();
        sparkline(&values)
    };
    Some(answer.metrics().iter().map(of).collect())
}

/// A sparkline for each group, when time is one of several.
fn series(answer: &Answer<'_>, paint: &Paint) -> String {
    let columns = answer.columns();
    let time = columns.iter().position(|column| column.role == Role::Time);
    let groups: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].role == Role::Group).collect();
    let (Some(time), false) = (time, groups.is_empty()) else { return String::new() };
    let mut times: Vec<&Value> = answer.rows().filter_map(|row| row.get(time)).collect();
    times.sort_by_key(|value| value.to_string());
    times.dedup();
    let mut members: Vec<Vec<&Value>> = Vec::new();
    for row in answer.rows() {
        let member: Vec<&Value> = groups.iter().filter_map(|i| row.get(*i)).collect();
        if !members.contains(&member) {
            members.push(member);
        }
    }
    if times.len() < 3 || members.len() > MOST_SERIES {
        return String::new();
    }
    let mut table = new_table(paint);
    let values: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].role == Role::Value).collect();
    let names = groups.iter().chain(&values).map(|i| columns[*i].name);
    table.set_header(names.collect::<Vec<_>>());
    for member in &members {
        let of = |value: usize| -> Vec<Option<f64>> {
            let at = |moment: &&Value| {
                let mut rows = answer.rows();
                let row = rows.find(|row| {
                    row.get(time) == Some(moment) && groups.iter().zip(member).all(|(i, v)| row.get(*i) == Some(v))
                });
                row.and_then(|row| row.get(value)).and_then(number)
            };
            times.iter().map(at).collect()
        };
        let names = member.iter().map(|value| show(value, &Unit::Plain));
        table.add_row(names.chain(values.iter().map(|value| sparkline(&of(*value)))).collect::<Vec<_>>());
    }
    format!("\n{}", finish(&table))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// All rows, numbers to the right, changes with their sign. What stands beside the groups is left out
/// where it says nothing.
fn rows(answer: &Answer<'_>, paint: &Paint) -> String {
    let mut table = new_table(paint);
    let says = |i: usize| answer.rows().any(|row| row.get(i).is_some_and(|value| !value.is_null()));
    let shown: Vec<(usize, &Column<'_>)> =
        answer.columns().iter().enumerate().filter(|(i, column)| column.role != Role::Aside || says(*i)).collect();
    table.set_header(shown.iter().map(|(_, column)| {
        let name = Cell::new(column.name);
        if column.unit == Unit::Plain { name } else { name.set_alignment(CellAlignment::Right) }
    }));
    for row in answer.rows() {
        table.add_row(shown.iter().map(|(i, column)| {
            let value = row.get(*i).unwrap_or(&Value::Null);
            match column.role {
                Role::Group | Role::Time => Cell::new(show(value, &Unit::Plain)),
                Role::Aside if value.is_null() => Cell::new(""),
                Role::Aside => Cell::new(show(value, &Unit::Plain)),
                Role::Value | Role::Previous => right(show(value, &column.unit)),
                Role::Change | Role::PercentChange | Role::Points => right(signed(value, &column.unit)),
            }
        }));
    }
    finish(&table)
}

fn right(text: String) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// Columns apart by space, a rule under the header; cells are never broken.
pub(crate) fn new_table(paint: &Paint) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_style(TableComponent::HeaderLines, '─');
    table.set_style(TableComponent::MiddleHeaderIntersections, '─');
    if paint.has_colour() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}

/// The table's text without the blanks at the ends of its lines.
pub(crate) fn finish(table: &Table) -> String {
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_compared_time_series_has_a_trend_and_only_columns_that_say_something() {
        let answer = json!({
            "metrics": [{"name": "orders", "label": "Orders", "value": 6, "format": "number", "previous": 3}],
            "columns": [
                {"name": "metric_time__day"}, {"name": "metric_time__day__previous"}, {"name": "orders"}, {"name": "change_kind"}
            ],
            "rows": [["2026-11-18", "2026-11-17", 2, null], ["2026-11-19", "2026-11-18", 4, null]],
        });
        let text = write(&Answer::of(&answer), &Paint::plain());
        assert!(text.contains(" Orders       6          3                ▁█\n"), "{text}");
        assert!(text.contains("metric_time__day__previous") && !text.contains("change_kind"), "{text}");
    }

    #[test]
    fn a_comparison_over_days_reads_as_a_report() {
        let answer = json!({
            "metrics": [{
                "name": "net_sales", "label": "Net sales", "value": 84000, "format": "currency", "unit": "USD", "previous": 93600,
                "change": {"absolute": -9600, "percent": -0.102564, "impact": "unfavourable"}
            }],
            "columns": [{"name": "metric_time__day", "type": "date"}, {"name": "net_sales", "type": "decimal", "unit": "USD"}],
            "rows": [["2026-11-18", 40000], ["2026-11-19", 44000]],
            "truncated": false,
            "applied": {
                "time_range": {"asked": "last_2_days", "start": "2026-11-18", "end": "2026-11-19", "timezone": "UTC"},
                "comparison": {"asked": "previous_period", "start": "2026-11-16", "end": "2026-11-17"},
                "filters": ["country = 'US'"]
            }
        });
        let text = write(&Answer::of(&answer), &Paint::plain());
        assert_eq!(
            text,
            "\
2026-11-18 .. 2026-11-19 (last_2_days) UTC against 2026-11-16 .. 2026-11-17 (previous_period)
where country = 'US'
                  value     previous        change            trend
────────────────────────────────────────────────────────────────────
 Net sales   $84,000.00   $93,600.00   ▼ $9,600.00   -10.3%   ▁█

 metric_time__day    net_sales
───────────────────────────────
 2026-11-18         $40,000.00
 2026-11-19         $44,000.00
"
        );
    }
}
