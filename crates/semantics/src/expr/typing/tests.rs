use proptest::prelude::*;

use super::*;
use crate::expr::Name;
use crate::expr::parse::{parse, tests::any_expr};
use crate::source::{SourceId, Sources};

const DECIMAL: DataType = DataType::Decimal { precision: 12, scale: 2 };

/// Columns named after their types.
fn column(name: &Name) -> DataType {
    match name.dotted().as_str() {
        "flag" => DataType::Boolean,
        "n" => DataType::Integer,
        "money" => DECIMAL,
        "fine" => DataType::Decimal { precision: 38, scale: 10 },
        "x" => DataType::Float,
        "day" => DataType::Date,
        "at" => DataType::Timestamp(Clock::Local),
        "instant" => DataType::Timestamp(Clock::Instant),
        _ => DataType::Text,
    }
}

/// The coerced expression and its type, or the fault and what it points at.
fn typed_text(text: &str) -> String {
    let mut sources = Sources::default();
    let id = sources.add("expr", text);
    let expr = parse(text, Span::new(id, 0, text.len())).expect(text);
    match coerce(expr, &mut column) {
        Ok((expr, data_type)) => format!("{expr} : {data_type}"),
        Err(fault) => {
            assert_eq!(fault.code, Code::TypeMismatch);
            format!("{} @ {}", fault.message, sources.slice(fault.span.expect("a mismatch has a place")))
        }
    }
}

#[test]
fn types_follow_the_rules() {
    for (text, expected) in [
        ("n + n * 2 % 3", "n + n * 2 % 3 : integer"),
        ("n / 2", "n / 2 : float"),
        ("money / money", "money / money : float"),
        ("money + n", "money + n : decimal(22, 2)"),
        ("money + 1.125", "money + 1.125 : decimal(14, 3)"),
        ("money * money", "money * money : decimal(25, 4)"),
        ("fine * fine", "fine * fine : decimal(38, 20)"),
        ("fine * fine * fine * fine", "fine * fine * fine * fine : decimal(38, 38)"),
        ("money % 5", "money % 5 : decimal(12, 2)"),
        ("money * 1e0", "money * 1e0 : float"),
        ("-money", "-money : decimal(12, 2)"),
        ("9223372036854775808", "9223372036854775808 : decimal(19, 0)"),
        ("0.001", "0.001 : decimal(3, 3)"),
        ("NULL + n", "NULL + n : integer"),
        ("name || 'x'", "name || 'x' : text"),
        ("name = 'US' AND NOT flag", "name = 'US' AND NOT flag : boolean"),
        ("money > 10 OR x < n", "money > 10 OR x < n : boolean"),
        ("CASE WHEN flag THEN n ELSE money END", "CASE WHEN flag THEN n ELSE money END : decimal(21, 2)"),
        ("CASE WHEN flag THEN NULL END", "CASE WHEN flag THEN NULL END : null"),
        ("coalesce(x, 0)", "coalesce(x, 0) : float"),
        ("greatest(money, 0.5, n)", "greatest(money, 0.5, n) : decimal(21, 2)"),
        ("nullif(name, '')", "nullif(name, '') : text"),
        ("round(money)", "round(money) : decimal(11, 0)"),
        ("round(money, 1) + round(n, -2) + floor(x)", "round(money, 1) + round(n, -2) + floor(x) : float"),
        ("length(trim(lower(name)))", "length(trim(lower(name))) : integer"),
        ("substr(name, 1, 2) || split_part(name, '-', 2)", "substr(name, 1, 2) || split_part(name, '-', 2) : text"),
        ("contains(name, 'x') = starts_with(name, 'y')", "contains(name, 'x') = starts_with(name, 'y') : boolean"),
        ("date_trunc('month', at)", "date_trunc('month', at) : timestamp"),
        ("date_trunc('month', day)", "date_trunc('month', day) : date"),
        ("date_part('dow', day)", "date_part('dow', day) : integer"),
        ("date_diff('day', day, at)", "date_diff('day', day, at) : integer"),
        ("date_add(day, INTERVAL '7' day)", "date_add(day, INTERVAL '7 days') : date"),
        ("day + INTERVAL '6' hour", "day + INTERVAL '6 hours' : timestamp"),
        ("day - day", "day - day : integer"),
        ("to_date(name)", "to_date(name) : date"),
        ("CAST(name AS decimal(10, 2))", "CAST(name AS decimal(10, 2)) : decimal(10, 2)"),
        ("TRY_CAST(at AS date)", "TRY_CAST(at AS date) : date"),
    ] {
        assert_eq!(typed_text(text), expected, "{text}");
    }
}

#[test]
fn literals_take_the_type_of_what_they_stand_beside() {
    for (text, expected) in [
        ("day = '2026-03-01'", "day = DATE '2026-03-01' : boolean"),
        ("'2026-03-01' < day", "DATE '2026-03-01' < day : boolean"),
        ("at > '2026-03-01 10:00'", "at > TIMESTAMP '2026-03-01 10:00:00' : boolean"),
        ("flag = 'true'", "flag = TRUE : boolean"),
        ("day IN ('2026-03-01', NULL)", "day IN (DATE '2026-03-01', NULL) : boolean"),
        ("coalesce(at, '2026-03-01')", "coalesce(at, TIMESTAMP '2026-03-01 00:00:00') : timestamp"),
        ("coalesce(at, day)", "coalesce(at, CAST(day AS timestamp)) : timestamp"),
        ("CASE WHEN flag THEN day ELSE '2026-03-01' END", "CASE WHEN flag THEN day ELSE DATE '2026-03-01' END : date"),
        ("name = '2026-03-01'", "name = '2026-03-01' : boolean"),
    ] {
        assert_eq!(typed_text(text), expected, "{text}");
    }
}

#[test]
fn dates_beside_timestamps_are_whole_local_days() {
    for (text, expected) in [
        ("at <= DATE '2026-03-07'", "CAST(at AS date) <= DATE '2026-03-07' : boolean"),
        ("at = '2026-03-07'", "CAST(at AS date) = DATE '2026-03-07' : boolean"),
        (
            "at BETWEEN '2026-03-01' AND '2026-03-07'",
            "CAST(at AS date) BETWEEN DATE '2026-03-01' AND DATE '2026-03-07' : boolean",
        ),
        ("at IN ('2026-03-01')", "CAST(at AS date) IN (DATE '2026-03-01') : boolean"),
        ("day < TIMESTAMP '2026-03-07 10:00'", "day < DATE '2026-03-07' : boolean"),
        (
            "at BETWEEN '2026-03-01' AND '2026-03-07 12:00'",
            "BETWEEN of dates and timestamps together @ '2026-03-07 12:00'",
        ),
        ("instant <= DATE '2026-03-07'", "`<=` does not take timestamp with zone and date @ DATE '2026-03-07'"),
    ] {
        assert_eq!(typed_text(text), expected, "{text}");
    }
}

#[test]
fn mismatches_name_both_types_and_point_at_the_operand() {
    for (text, expected) in [
        ("money = 'ten'", "`=` does not take decimal(12, 2) and text @ 'ten'"),
        ("name = 94105", "`=` does not take text and integer @ 94105"),
        ("flag = 1", "`=` does not take boolean and integer @ 1"),
        ("day = 'soon'", "`soon` is not a date @ 'soon'"),
        ("at = '2026-03-01T10:00Z'", "`2026-03-01T10:00Z` is not a timestamp @ '2026-03-01T10:00Z'"),
        ("flag = 'yes'", "`yes` is not a boolean @ 'yes'"),
        ("name + 1", "`+` does not take text and integer @ name"),
        ("day + 1", "`+` does not take date and integer @ day"),
        ("at - at", "`-` does not take timestamp and timestamp @ at"),
        ("-name", "`-` takes a number, not text @ name"),
        ("n AND flag", "AND takes a condition, not integer @ n"),
        ("NOT name", "NOT takes a condition, not text @ name"),
        ("n || name", "|| takes text, not integer @ n"),
        ("n LIKE '1%'", "LIKE takes text, not integer @ n"),
        ("n IN (1, 'two')", "`IN` does not take integer and text @ 'two'"),
        ("CASE WHEN n THEN 1 END", "WHEN takes a condition, not integer @ n"),
        ("CASE WHEN flag THEN 1 ELSE 'one' END", "`CASE` does not take integer and text @ 'one'"),
        ("coalesce(n, name)", "`coalesce` does not take integer and text @ name"),
        ("lower(n)", "`lower` takes text, not integer @ n"),
        ("substr(name, 'a')", "`substr` takes an integer, not text @ 'a'"),
        ("round(money, n)", "`round` takes a literal number of digits from -38 to 38, not integer @ n"),
        ("date_trunc(name, at)", "the first argument of `date_trunc` is text, not a word in quotes @ name"),
        ("date_trunc('fortnight', at)", "`date_trunc` has no unit `fortnight` @ 'fortnight'"),
        ("date_trunc('hour', day)", "`date_trunc` takes a timestamp for `hour`, not date @ day"),
        ("date_part('dow', n)", "`date_part` takes a date or a timestamp, not integer @ n"),
        ("CAST(n AS date)", "CAST does not make date of integer @ n"),
        (
            "INTERVAL '1' month < INTERVAL '31' day",
            "< of intervals, whose lengths depend on the calendar @ INTERVAL '1' month",
        ),
    ] {
        assert_eq!(typed_text(text), expected, "{text}");
    }
}

#[test]
fn a_condition_is_boolean() {
    let at = Span::new(SourceId(0), 0, 0);
    let condition = |text: &str| coerce_condition(parse(text, at).expect(text), &mut column);
    assert!(condition("n > 1").is_ok() && condition("flag").is_ok() && condition("NULL").is_ok());
    assert_eq!(condition("n + 1").expect_err("a number").message, "a condition of type integer, not boolean");
}

#[test]
fn the_longest_chains_are_typed() {
    let at = Span::new(SourceId(0), 0, 0);
    for text in [format!("n{}", " + n".repeat(500)), format!("flag{}", " AND n > 1".repeat(500))] {
        assert!(type_of(&parse(&text, at).expect("within limits"), &mut column).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the tree, typing answers; what it accepts it accepts again, with the same type.
    #[test]
    fn typing_answers_and_is_stable(expr in any_expr(), seed in any::<u64>()) {
        let kinds = [DataType::Boolean, DataType::Integer, DECIMAL, DataType::Float, DataType::Text, DataType::Date];
        let mut types = |name: &Name| kinds[(seed as usize).wrapping_add(name.dotted().len()) % kinds.len()];
        if let Ok((coerced, data_type)) = coerce(expr, &mut types) {
            let again = coerce(coerced.clone(), &mut types);
            prop_assert_eq!(again, Ok((coerced, data_type)));
        }
    }
}
