use super::dialect::{Dialect, divide};
use super::expression::expression;
use super::function::cast;
use super::piece::{Binds, Sql, Typed};
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::{Name, parse};
use crate::source::{SourceId, Span};

const ALL: [Dialect; 4] = [Dialect::Duckdb, Dialect::Postgres, Dialect::Snowflake, Dialect::Bigquery];

/// A written expression over integers `n`, `m`, a text `t`, a date `d` and a local time `at`.
fn written(dialect: Dialect, text: &str) -> Result<String, Diagnostic> {
    let parsed = parse::parse(text, Span::new(SourceId(0), 0, text.len())).expect("an expression of the language");
    let typed = |name: &Name| match name.dotted().as_str() {
        "t" => DataType::Text,
        "d" => DataType::Date,
        "at" => DataType::Timestamp(Clock::Local),
        _ => DataType::Integer,
    };
    let found =
        expression(dialect, &parsed, &mut |name: &Name| Ok(Typed::new(dialect.name(&name.dotted()), typed(name))))?;
    Ok(found.sql.text().to_string())
}

#[test]
fn names_and_texts_are_escaped_as_each_dialect_reads_them() {
    let name = ALL.map(|dialect| dialect.identifier("a\"b`c"));
    assert_eq!(name, ["\"a\"\"b`c\"", "\"a\"\"b`c\"", "\"a\"\"b`c\"", "`a\"b\\`c`"]);
    let text = ALL.map(|dialect| dialect.text("it's \\ it").expect("a text").text().to_string());
    assert_eq!(text, ["'it''s \\ it'", "'it''s \\ it'", "'it''s \\\\ it'", "'it\\'s \\\\ it'"]);
    assert!(ALL.into_iter().all(|dialect| dialect.text("\0").is_err()));
}

#[test]
fn parentheses_stand_where_they_are_needed() {
    let of = |text: &str| written(Dialect::Duckdb, text).expect("written");
    assert_eq!(of("(n + m) * n - (m - n)"), "(\"n\" + \"m\") * \"n\" - (\"m\" - \"n\")");
    assert_eq!(of("not (n = 1 or m = 2) and n < 3"), "NOT (\"n\" = 1 OR \"m\" = 2) AND \"n\" < 3");
    assert_eq!(of("- (- n)"), "-(-\"n\")");
    assert_eq!(Sql::of("-1", Binds::Unary).negated().text(), "-(-1)");
}

#[test]
fn division_is_real_and_never_by_zero() {
    let one = || Typed::new(Sql::atom("1"), DataType::Integer);
    let text = ALL.map(|dialect| divide(dialect, one(), one()).sql.text().to_string());
    assert_eq!(text[1], "CAST(1 AS DOUBLE PRECISION) / NULLIF(CAST(1 AS DOUBLE PRECISION), 0)");
    assert!(text.iter().all(|text| text.contains("NULLIF")));
}

#[test]
fn dates_are_those_of_the_dialect() {
    let week = ALL.map(|dialect| written(dialect, "date_trunc('week', d)").expect("written"));
    assert_eq!(week[1], "CAST(DATE_TRUNC('week', CAST(\"d\" AS TIMESTAMP)) AS DATE)");
    assert_eq!(week[2], "DATEADD(day, -(DAYOFWEEKISO(\"d\") - 1), \"d\")");
    assert_eq!(week[3], "DATE_TRUNC(`d`, ISOWEEK)");
    assert_eq!(
        written(Dialect::Bigquery, "d + interval '2' month").expect("written"),
        "DATE_ADD(`d`, INTERVAL 2 MONTH)"
    );
}

#[test]
fn what_differs_between_dialects_is_refused_by_name() {
    let refused = |dialect, text: &str| written(dialect, text).expect_err(text).message;
    assert!(refused(Dialect::Bigquery, "greatest(n, m)").contains("`greatest`"));
    assert!(refused(Dialect::Duckdb, "substr(t, 0, 2)").contains("`substr`"));
    let float = Typed::new(Sql::atom("x"), DataType::Float);
    assert!(cast(Dialect::Duckdb, float, DataType::Text, false).is_err());
}

#[test]
fn texts_are_ordered_by_their_bytes() {
    assert_eq!(written(Dialect::Postgres, "t < 'b'").expect("written"), "\"t\" COLLATE \"C\" < 'b'");
    assert_eq!(written(Dialect::Postgres, "t = 'b'").expect("written"), "\"t\" = 'b'");
}
