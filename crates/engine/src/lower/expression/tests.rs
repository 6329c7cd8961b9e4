//! Every construct of the language on rows, through the engine.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, TimestampNanosecondArray,
    TimestampSecondArray,
};
use datafusion::arrow::datatypes::Int32Type;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::datasource::MemTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlanBuilder, ident};
use sextant_semantics::expr::Name;
use sextant_semantics::expr::parse::parse;
use sextant_semantics::source::{SourceId, Span};
use tokio_util::sync::CancellationToken;

use super::{Typed, expression};
use crate::execute::{ExecuteError, Limits, execute};
use crate::lower::{LowerError, on_a_deep_stack};
use crate::session::{Resources, Sessions};

/// One row of values, and one of nulls under the same names with `_null`.
fn row() -> RecordBatch {
    let seconds = |text: &str| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp();
    let stamp = seconds("2026-03-08T14:30:15Z");
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap().to_epoch_days();
    let dictionary: DictionaryArray<Int32Type> = vec![Some("b")].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int64Array::from(vec![7]))),
        ("small", Arc::new(Int32Array::from(vec![-3]))),
        ("big", Arc::new(Int64Array::from(vec![i64::MAX]))),
        ("least_int", Arc::new(Int64Array::from(vec![i64::MIN]))),
        ("zero", Arc::new(Int64Array::from(vec![0]))),
        ("price", Arc::new(Decimal128Array::from(vec![1234]).with_precision_and_scale(10, 2).unwrap())),
        ("huge", Arc::new(Decimal128Array::from(vec![10_i128.pow(37)]).with_precision_and_scale(38, 0).unwrap())),
        ("f", Arc::new(Float64Array::from(vec![2.5]))),
        ("minus_zero", Arc::new(Float64Array::from(vec![-0.0]))),
        ("t", Arc::new(StringArray::from(vec!["Hello, World"]))),
        ("v", Arc::new(StringViewArray::from(vec!["50%_off\nÄ"]))),
        ("c", Arc::new(dictionary)),
        ("yes", Arc::new(BooleanArray::from(vec![true]))),
        ("no", Arc::new(BooleanArray::from(vec![false]))),
        ("unknown", Arc::new(BooleanArray::from(vec![None]))),
        ("missing", Arc::new(Int64Array::from(vec![None]))),
        ("no_text", Arc::new(StringArray::from(vec![None::<&str>]))),
        ("d", Arc::new(Date32Array::from(vec![day("2026-03-08")]))),
        ("old", Arc::new(Date32Array::from(vec![day("1969-12-31")]))),
        ("never", Arc::new(Date32Array::from(vec![day("9999-12-31")]))),
        ("s", Arc::new(TimestampSecondArray::from(vec![stamp]))),
        ("us", Arc::new(TimestampMicrosecondArray::from(vec![stamp * 1_000_000 + 5]))),
        ("ns", Arc::new(TimestampNanosecondArray::from(vec![stamp * 1_000_000_000 + 5]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// The value of an expression as text, or the word for its fault.
async fn value(sessions: &Sessions, text: &str) -> String {
    match try_value(sessions, text).await {
        Ok(value) => value,
        Err(error) => error.diagnostic().code.as_str().to_string(),
    }
}

async fn try_value(sessions: &Sessions, text: &str) -> Result<String, ExecuteError> {
    let batch = row();
    let schema = batch.schema();
    let tree = parse(text, Span::new(SourceId(0), 0, text.len())).unwrap_or_else(|d| panic!("{text}: {}", d.message));
    let table = Arc::new(MemTable::try_new(Arc::clone(&schema), vec![vec![batch]]).unwrap());
    let lowered = on_a_deep_stack(|| {
        let Typed { expr, data_type } = expression(&tree, &mut |name: &Name| {
            let name = name.dotted();
            let field = schema.field_with_name(&name).map_err(|_| LowerError::Unbound("a column"))?;
            Ok(Typed::new(ident(name), field.data_type().clone()))
        })?;
        let scan = LogicalPlanBuilder::scan("row", provider_as_source(table), None)?;
        Ok((scan.project(vec![expr.alias("value")])?.build()?, data_type))
    });
    let (plan, data_type) = match lowered.unwrap() {
        Ok(lowered) => lowered,
        Err(LowerError::NumericOverflow) => return Err(ExecuteError::NumericOverflow),
        Err(error) => panic!("{text}: {error}"),
    };
    assert_eq!(plan.schema().field(0).data_type(), &data_type, "{text}: the type we state");
    let session = sessions.open(32 << 20);
    let batches = execute(&session, plan, &Limits::STANDARD, &CancellationToken::new()).await?;
    let column = batches[0].column(0);
    assert_eq!(column.data_type(), &data_type, "{text}: the type of the values");
    Ok(if column.logical_null_count() == 1 { "null".to_string() } else { array_value_to_string(column, 0).unwrap() })
}

async fn check(cases: &[(&str, &str)]) {
    let resources = Resources { memory_bytes: 64 << 20, temporary_bytes: 0, target_partitions: 1, threads: 1 };
    let sessions = Sessions::new(&resources).unwrap();
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = value(&sessions, text).await;
        if found != *expected {
            wrong.push(format!("{text} is {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn arithmetic_is_exact_and_never_wraps() {
    check(&[
        ("i + 1", "8"),
        ("big + 1", "9223372036854775808"),
        ("least_int - 1", "-9223372036854775809"),
        ("-least_int", "9223372036854775808"),
        ("abs(least_int)", "9223372036854775808"),
        ("big * big", "85070591730234615847396907784232501249"),
        ("big * big * big", "numeric-overflow"),
        ("huge * 100", "numeric-overflow"),
        ("huge + price", "numeric-overflow"),
        ("huge + i", "10000000000000000000000000000000000007"),
        ("price * 0", "0.00"),
        ("price * 1", "12.34"),
        ("price + 0", "12.34"),
        ("huge * 9 + huge * 9", "numeric-overflow"),
        ("price + 0.005", "12.345"),
        ("price * i", "86.38"),
        ("price * 1.10", "13.5740"),
        ("price - i", "5.34"),
        ("0.1 + 0.2", "0.3"),
        ("f + 0.1", "2.6"),
        ("f * i", "17.5"),
        ("i + missing", "null"),
        ("i + null", "null"),
        ("-price", "-12.34"),
        ("-f", "-2.5"),
        ("99999999999999999999 + 1", "100000000000000000000"),
    ])
    .await;
}

#[tokio::test]
async fn division_is_real_and_null_for_a_zero_divisor() {
    check(&[
        ("4 / 16", "0.25"),
        ("i / 2", "3.5"),
        ("price / 2", "6.17"),
        ("i / zero", "null"),
        ("zero / zero", "null"),
        ("f / 0", "null"),
        ("f / 0.0", "null"),
        ("f / minus_zero", "null"),
        ("i / missing", "null"),
        ("big / big", "1.0"),
        ("i % 4", "3"),
        ("(-i) % 4", "-3"),
        ("i % zero", "null"),
        ("price % 5", "2.34"),
        ("f % 2", "0.5"),
        ("f % minus_zero", "null"),
        ("least_int % -1", "0"),
    ])
    .await;
}

#[tokio::test]
async fn logic_has_three_values() {
    check(&[
        ("yes AND unknown", "null"),
        ("no AND unknown", "false"),
        ("yes OR unknown", "true"),
        ("no OR unknown", "null"),
        ("NOT unknown", "null"),
        ("unknown IS TRUE", "false"),
        ("unknown IS NOT TRUE", "true"),
        ("unknown IS NOT FALSE", "true"),
        ("no IS FALSE", "true"),
        ("missing IS NULL", "true"),
        ("i IS NOT NULL", "true"),
        ("missing = missing", "null"),
        ("missing IS NOT DISTINCT FROM missing", "true"),
        ("missing IS DISTINCT FROM i", "true"),
        ("missing != 3", "null"),
        ("i IN (1, 7)", "true"),
        ("i IN (1, null)", "null"),
        ("i NOT IN (1, null)", "null"),
        ("i NOT IN (7, null)", "false"),
        ("missing NOT IN (1, 2)", "null"),
        ("i BETWEEN 7 AND 8", "true"),
        ("i NOT BETWEEN 7 AND 8", "false"),
        ("i BETWEEN 8 AND null", "false"),
        ("i BETWEEN 7 AND null", "null"),
        ("CASE WHEN unknown THEN 1 ELSE 2 END", "2"),
        ("CASE WHEN no THEN 1 END", "null"),
        ("CASE i WHEN 7 THEN 'seven' ELSE t END", "seven"),
        ("CASE WHEN yes THEN i ELSE price END", "7.00"),
        ("CASE WHEN yes THEN 1 ELSE f END", "1.0"),
        ("CASE WHEN yes THEN null ELSE d END", "null"),
        ("null = null", "null"),
    ])
    .await;
}

#[tokio::test]
async fn comparisons_meet_in_a_type_that_loses_nothing() {
    check(&[
        ("price = 12.34", "true"),
        ("price = 12.340", "true"),
        ("price > 12.339", "true"),
        ("price > i", "true"),
        ("small < i", "true"),
        ("big = 9223372036854775807", "true"),
        ("big < 9223372036854775808", "true"),
        ("i = 7.0", "true"),
        ("i > 6.5", "true"),
        ("i > 7.5", "false"),
        ("i < 7.5", "true"),
        ("i >= 7.5", "false"),
        ("i = 7.5", "false"),
        ("CAST(i AS TEXT) = '07'", "false"),
        ("f = 2.5", "true"),
        ("i >= -3", "true"),
        ("'a' < 'b'", "true"),
        ("'Z' < 'a'", "true"),
        ("t = 'hello, world'", "false"),
        ("c = 'b'", "true"),
        ("c = v", "false"),
        ("c IN ('a', 'b')", "true"),
        ("d = DATE '2026-03-08'", "true"),
        ("d < s", "true"),
        ("s = us", "false"),
        ("ns > TIMESTAMP '2026-03-08 14:30:15'", "true"),
        ("s = TIMESTAMP '2026-03-08 14:30:15'", "true"),
        ("s < TIMESTAMP '2026-03-08 14:30:15.5'", "true"),
        ("s > TIMESTAMP '2026-03-08 14:30:15.5'", "false"),
        ("TIMESTAMP '2026-03-08 14:30:15.5' > s", "true"),
        ("s >= TIMESTAMP '2026-03-08 14:30:14.5'", "true"),
        ("s = TIMESTAMP '2026-03-08 14:30:15.5'", "false"),
        ("s != TIMESTAMP '2026-03-08 14:30:15.5'", "true"),
        ("s IN (TIMESTAMP '2026-03-08 14:30:15.5')", "false"),
        ("us = TIMESTAMP '2026-03-08 14:30:15.000005'", "true"),
        ("ns < DATE '9999-12-31'", "true"),
        ("ns < never", "true"),
        ("s < never", "true"),
        ("yes = TRUE", "true"),
        ("greatest(1, i, missing)", "7"),
        ("least(price, 3, null)", "3.00"),
        ("coalesce(missing, 1)", "1"),
        ("coalesce(missing, price)", "12.34"),
        ("coalesce(null, null)", "null"),
        ("nullif(i, 7)", "null"),
        ("nullif(i, 8)", "7"),
        ("nullif(t, 'x')", "Hello, World"),
    ])
    .await;
}

#[tokio::test]
async fn texts_are_bytes_and_patterns_escape_with_a_backslash() {
    check(&[
        ("t LIKE 'Hello%'", "true"),
        ("t LIKE 'hello%'", "false"),
        ("t ILIKE 'hello%'", "true"),
        ("t NOT LIKE '%x%'", "true"),
        ("v LIKE '50\\%%'", "true"),
        ("v LIKE '50x%'", "false"),
        ("t LIKE 'Hell_, World'", "true"),
        ("t LIKE 'Hello\\%'", "false"),
        ("v LIKE '50\\%\\_off%'", "true"),
        ("v LIKE '%off_Ä'", "true"),
        ("c LIKE 'b'", "true"),
        ("no_text LIKE '%'", "null"),
        ("t || '!'", "Hello, World!"),
        ("t || no_text", "null"),
        ("t || i", "Hello, World7"),
        ("c || v", "b50%_off\nÄ"),
        ("lower(t)", "hello, world"),
        ("upper(v)", "50%_OFF\nÄ"),
        ("trim('  a b ')", "a b"),
        ("length(v)", "9"),
        ("substr(t, 8)", "World"),
        ("substr(t, 1, 5)", "Hello"),
        ("substr(t, 1, -5)", ""),
        ("substr(t, 1, small)", ""),
        ("replace(t, 'l', 'L')", "HeLLo, WorLd"),
        ("replace(t, '', 'L')", "Hello, World"),
        ("split_part(t, ', ', 2)", "World"),
        ("split_part(t, ', ', 3)", ""),
        ("split_part(t, ', ', zero)", "null"),
        ("starts_with(t, 'Hell')", "true"),
        ("contains(t, 'o, W')", "true"),
        ("contains(no_text, 'o')", "null"),
    ])
    .await;
}

#[tokio::test]
async fn numbers_round_halves_away_from_zero() {
    check(&[
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(f)", "3.0"),
        ("round(12.345, 2)", "12.35"),
        ("round(-12.345, 2)", "-12.35"),
        ("round(99.99, 1)", "100.0"),
        ("round(price, 5)", "12.34"),
        ("round(1250, -2)", "1300"),
        ("round(price, -1)", "10"),
        ("round(price, -2)", "0"),
        ("round(price, -9)", "0"),
        ("round(f, 1)", "2.5"),
        ("round(price, i)", "12.34"),
        ("floor(price)", "12"),
        ("floor(-12.5)", "-13"),
        ("ceil(99.99)", "100"),
        ("ceil(f)", "3.0"),
        ("ceil(i)", "7"),
        ("abs(small)", "3"),
        ("abs(-0.5)", "0.5"),
        ("CAST(2.5 AS INTEGER)", "3"),
        ("CAST(f AS INTEGER)", "3"),
        ("CAST(price AS INTEGER)", "12"),
        ("CAST(price AS DECIMAL(10, 1))", "12.3"),
        ("CAST(f AS DECIMAL(10, 2))", "2.50"),
        ("CAST(i AS DECIMAL(4, 2))", "7.00"),
        ("CAST(i * 1000 AS DECIMAL(4, 2))", "numeric-overflow"),
        ("TRY_CAST(i * 1000 AS DECIMAL(4, 2))", "null"),
    ])
    .await;
}

#[tokio::test]
async fn casts_fail_or_give_null() {
    check(&[
        ("CAST('12' AS INTEGER)", "12"),
        ("CAST(t AS INTEGER)", "bad-cell"),
        ("TRY_CAST(t AS INTEGER)", "null"),
        ("CAST(t AS DATE)", "bad-cell"),
        ("TRY_CAST(t AS DATE)", "null"),
        ("to_date('2026-03-01')", "2026-03-01"),
        ("to_date(t)", "bad-cell"),
        ("CAST(i AS TEXT)", "7"),
        ("CAST(price AS TEXT)", "12.34"),
        ("CAST(d AS TEXT)", "2026-03-08"),
        ("CAST(yes AS INTEGER)", "1"),
        ("CAST(yes AS DECIMAL(3, 1))", "1.0"),
        ("CAST('true' AS BOOLEAN)", "true"),
        ("CAST(i AS FLOAT)", "7.0"),
        ("CAST(ns AS DATE)", "2026-03-08"),
        ("CAST(d AS TIMESTAMP)", "2026-03-08T00:00:00"),
        ("CAST(c AS TEXT)", "b"),
        ("CAST(null AS DATE)", "null"),
    ])
    .await;
}

#[tokio::test]
async fn dates_count_by_the_iso_calendar() {
    check(&[
        ("date_trunc('week', d)", "2026-03-02"),
        ("date_trunc('month', d)", "2026-03-01"),
        ("date_trunc('quarter', d)", "2026-01-01"),
        ("date_trunc('year', d)", "2026-01-01"),
        ("date_trunc('day', d)", "2026-03-08"),
        ("date_trunc('week', old)", "1969-12-29"),
        ("date_trunc('hour', ns)", "2026-03-08T14:00:00"),
        ("date_trunc('month', us)", "2026-03-01T00:00:00"),
        ("date_part('dow', d)", "7"),
        ("date_part('doy', d)", "67"),
        ("date_part('week', DATE '2027-01-01')", "53"),
        ("extract(hour from ns)", "14"),
        ("date_part('minute', s)", "30"),
        ("date_part('second', us)", "15"),
        ("date_part('hour', d)", "0"),
        ("date_part('quarter', d)", "1"),
        ("d + INTERVAL '1 month'", "2026-04-08"),
        ("DATE '2026-01-31' + INTERVAL '1 month'", "2026-02-28"),
        ("d - INTERVAL '1 day'", "2026-03-07"),
        ("d + INTERVAL '90 minutes'", "2026-03-08T01:30:00"),
        ("date_add(s, INTERVAL '1 hour')", "2026-03-08T15:30:15"),
        ("date_diff('day', DATE '2026-02-28', d)", "8"),
        ("date_diff('week', DATE '2026-03-01', DATE '2026-03-02')", "1"),
        ("date_diff('month', DATE '2026-01-31', DATE '2026-03-01')", "2"),
        ("date_diff('quarter', DATE '2025-12-31', d)", "1"),
        ("date_diff('year', d, DATE '2025-12-31')", "-1"),
        ("date_diff('hour', TIMESTAMP '2026-03-08 13:59:59', ns)", "1"),
        ("date_diff('minute', s, TIMESTAMP '2026-03-08 14:29:59')", "-1"),
        ("date_diff('second', s, us)", "0"),
        ("date_diff('hour', TIMESTAMP '1969-12-31 22:30:00', TIMESTAMP '1970-01-01 01:10:00')", "3"),
    ])
    .await;
}

/// As long as the parser lets a chain be, on a thread's usual stack.
#[tokio::test]
async fn long_chains_fit_the_stack() {
    let sum = vec!["i"; 400].join(" + ");
    let any = (0..400).map(|n| format!("i = {n}")).collect::<Vec<_>>().join(" OR ");
    check(&[(&sum, "2800"), (&any, "true")]).await;
}
