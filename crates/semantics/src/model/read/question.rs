//! Reading what a model says about time, and the questions it carries.

use super::super::calendar::{CustomGranularity, FiscalWeeks, TimeSpine};
use super::super::fields::Fields;
use super::super::format::Shape;
use super::super::policy::Policy;
use super::super::saved_query::{Audit, SavedQuery, Target, Test};
use super::super::{Calendar, NamedRange, convert};
use super::dataset;
use crate::time::calendar::FiscalYearStart;
use crate::time::range;
use crate::yaml::Value;

pub(super) fn calendar(f: &Fields<'_>) -> Calendar {
    Calendar {
        timezone: f.parsed("timezone", |s| matches!(s, Shape::Zone), convert::zone),
        week_start: f.word("week_start"),
        fiscal_year_start: f.parsed(
            "fiscal_year_start",
            |s| matches!(s, Shape::MonthDay),
            |text| FiscalYearStart::parse(text).ok(),
        ),
        fiscal: f.object("fiscal", fiscal),
        as_of_data: f.text_word("as_of"),
    }
}

fn fiscal(f: &Fields<'_>) -> Option<FiscalWeeks> {
    let (pattern, ends, weekday) = (f.word("pattern"), f.word("ends"), f.word("weekday"));
    let month = f.count("month").map(|month| month.map(|m| m as u32));
    let week_53 = f.word("week_53");
    Some(FiscalWeeks { pattern: pattern?, ends: ends?, weekday: weekday?, month: month?, week_53, span: f.span })
}

pub(super) fn audit(f: &Fields<'_>) -> Audit {
    Audit { metrics: f.texts("metrics"), dimensions: f.texts("dimensions") }
}

pub(super) fn time_range(f: &Fields<'_>) -> Option<NamedRange> {
    let name = f.text("name");
    let label = f.text("label");
    let description = f.text("description");
    let start = f.parsed("start", |s| matches!(s, Shape::Date), convert::date);
    let end = f.parsed("end", |s| matches!(s, Shape::Date), convert::date);
    let (start, end) = (start?, end?);
    let name = name?;
    if end.value < start.value {
        let message = format!("{} ends on {}, before it starts", f.label(), end.value);
        f.contradiction(end.span, message, "the end is the last day that belongs to the range");
    } else {
        // What is left to find in a single range is a name that hides a word of time.
        let range = range::NamedRange { name: name.value.clone(), first: start.value, last: end.value };
        range::check_named(&[range]).0.into_iter().for_each(|fault| f.reader.report(fault.at(name.span)));
    }
    Some(NamedRange { name, label, description, start, end, span: f.span })
}

pub(super) fn time_spine(f: &Fields<'_>) -> Option<TimeSpine> {
    let dataset = f.text("dataset");
    let column = f.text("column");
    let granularity = f.word("granularity");
    let custom_granularities = f.objects("custom_granularities", |f| {
        let (name, column) = (f.text("name"), f.text("column"));
        Some(CustomGranularity { name: name?, column, span: f.span })
    });
    Some(TimeSpine {
        dataset: dataset?,
        column: column?,
        granularity: granularity?,
        custom_granularities,
        span: f.span,
    })
}

pub(super) fn target(f: &Fields<'_>) -> Option<Target> {
    let metric = f.text("metric");
    let granularity = f.word("granularity");
    let source = f.object("source", dataset::location);
    let (period, value) = (f.text("period"), f.text("value"));
    let dimensions = f.texts("dimensions");
    Some(Target {
        metric: metric?,
        granularity: granularity?,
        source: source?,
        period,
        value,
        dimensions,
        span: f.span,
    })
}

pub(super) fn policy(f: &Fields<'_>) -> Option<Policy> {
    let (name, description) = (f.text("name"), f.text("description"));
    let dataset = f.text("dataset");
    let filter = f.text("filter");
    let hide = f.texts("hide");
    let unless = f.text("unless");
    match (f.has("filter"), f.has("hide")) {
        (_, false) if unless.is_some() => {
            f.missing("hide", "`unless` says from whom `hide` hides nothing; a `filter` says in itself who sees what");
        }
        (false, false) => {
            f.missing("filter", "a policy says which rows are seen (`filter`) or what nobody sees (`hide`)");
        }
        (true, true) => {
            if let Some(unless) = &unless {
                let fact = "`unless` beside `filter`".to_string();
                f.contradiction(
                    unless.span,
                    fact,
                    "write two policies: `filter` in one, `hide` and `unless` in the other",
                );
            }
        }
        (true, false) | (false, true) => {}
    }
    Some(Policy { name, description, dataset: dataset?, filter, hide, unless, span: f.span })
}

pub(super) fn saved_query(f: &Fields<'_>) -> Option<SavedQuery> {
    let name = f.text("name");
    let label = f.text("label");
    let description = f.text("description");
    let synonyms = f.texts("synonyms");
    let query = f.arguments();
    Some(SavedQuery { name: name?, label, description, synonyms, query, span: f.span })
}

pub(super) fn test(f: &Fields<'_>) -> Option<Test> {
    let (name, description) = (f.text("name"), f.text("description"));
    let query = f.object("query", |f| Some(f.arguments()));
    let expect = f.node("expect").filter(|expect| {
        let is_row = |node: &crate::yaml::Node| matches!(node.value, Value::List(_));
        let rows = matches!(&expect.value, Value::List(rows) if rows.iter().all(is_row));
        if !rows {
            let message = format!("`expect` wants {}", Shape::Rows.wants());
            f.contradiction(expect.span, message, "each row is a list, also when it has one value");
        }
        rows
    });
    Some(Test { name, description, query: query?, expect: expect?.clone(), span: f.span })
}
