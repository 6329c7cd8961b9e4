//! Conditions on one day, Sunday 2026-03-08, whose value is known by hand.

use super::*;
use crate::expr::parse::parse;
use crate::expr::{Expr, Name, typing};
use crate::query::row::RowRef;
use crate::query::spine::unit_column;
use crate::source::{SourceId, Span};

/// The value of an expression over `day`, `at` (20:30 on that day) and `term` (null), each by a reference of its type.
fn told(text: &str) -> Option<Literal> {
    let day = NaiveDate::from_ymd_opt(2026, 3, 8).unwrap();
    let parsed = parse(text, Span::new(SourceId(0), 0, text.len())).expect(text);
    let over = parsed.try_substitute(&mut |name: &Name, span| {
        let time = |is_sub_day| Kind::Ref(RowRef::LocalTime(Box::new(unit_column(is_sub_day))));
        let null = || Kind::Literal(Literal::Null);
        Ok::<_, ()>(Expr::new(
            match name.dotted().as_str() {
                "day" => time(false),
                "at" => time(true),
                _ => null(),
            },
            span,
        ))
    });
    let (typed, _) = typing::coerce(over.unwrap(), &mut |reference: &RowRef| reference.data_type()).expect(text);
    value(&typed, &|reference| match reference {
        RowRef::LocalTime(time) if **time == unit_column(false) => Some(Literal::Date(day)),
        RowRef::LocalTime(_) => Some(Literal::Timestamp(day.and_hms_opt(20, 30, 0).unwrap())),
        RowRef::Column(_) | RowRef::Bucket { .. } | RowRef::Event { .. } | RowRef::Metric { .. } => None,
    })
}

#[test]
fn conditions_are_true_false_or_null() {
    let yes = [
        "day = DATE '2026-03-08'",
        "day BETWEEN DATE '2026-03-08' AND DATE '2026-03-09'",
        "day NOT IN (DATE '2026-03-07', DATE '2026-03-09')",
        "at <= DATE '2026-03-08'",
        "at >= TIMESTAMP '2026-03-08 20:30:00'",
        "NOT day > DATE '2026-03-08' AND term IS NULL",
        "term = 'A' OR day IS NOT NULL",
        "(day < DATE '2026-03-08') IS FALSE",
        "term IS NOT DISTINCT FROM NULL",
        "CASE WHEN term = 'A' THEN FALSE ELSE day <> DATE '2026-01-01' END",
        "extract(dow from day) = 7 AND extract(doy from day) = 67 AND date_part('week', day) = 10",
        "date_part('hour', at) = 20 AND date_part('quarter', at) = 1",
        "date_trunc('week', day) = DATE '2026-03-02' AND date_trunc('quarter', day) = DATE '2026-01-01'",
        "date_trunc('hour', at) = TIMESTAMP '2026-03-08 20:00:00'",
        "day - INTERVAL '8' day = DATE '2026-02-28'",
        "DATE '2026-03-31' - INTERVAL '1' month < day",
        "date_add(DATE '2026-01-31', INTERVAL '1' month) = DATE '2026-02-28'",
        "date_diff('day', DATE '2026-03-01', day) = 7 AND day - DATE '2026-03-01' = 7",
        "coalesce(term, 'A') IN ('B', 'A')",
        "to_date(at) = day AND CAST(at AS date) = day",
    ];
    for text in yes {
        assert_eq!(told(text), Some(Literal::Boolean(true)), "{text}");
    }
    for text in ["day <> day", "day > at", "term = 'A' AND day <> day", "day NOT BETWEEN day AND day", "NOT day = at"] {
        assert_eq!(told(text), Some(Literal::Boolean(false)), "{text}");
    }
    for text in ["term = 'A'", "NOT term = 'A'", "term = 'A' AND day = day", "day IN (DATE '2026-01-01', NULL)"] {
        assert_eq!(told(text), Some(Literal::Null), "{text}");
    }
}

#[test]
fn exact_numbers_of_any_scale_compare() {
    for (text, expected) in [
        ("1.5 < 1", false),
        ("-0.5 < extract(dow from day)", true),
        ("2.50 = 2.5", true),
        ("3 BETWEEN 2.99 AND 3.0", true),
        ("3 IN (2.9, 3.01)", false),
    ] {
        assert_eq!(told(text), Some(Literal::Boolean(expected)), "{text}");
    }
}

#[test]
fn what_needs_rows_is_not_told() {
    for text in ["upper('a') = 'A'", "'a' LIKE 'a%'", "extract(dow from day) / 2 = 3.5", "1e1 < extract(dow from day)"]
    {
        assert_eq!(told(text), None, "{text}");
    }
    assert_eq!(told("day <> day AND 'a' LIKE 'a%'"), Some(Literal::Boolean(false)), "one side is enough");
}
