use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use sqlparser::keywords::ALL_KEYWORDS;

use super::*;
use crate::data_type::{Clock, DataType};
use crate::expr::{BinaryOp, Function, Kind, Literal};
use crate::source::{SourceId, Sources};

/// A span that no text is as long as: all spans of a tree are this one.
const AT: Span = Span { source: SourceId(0), start: 0, end: 0 };

fn text_of(text: &str) -> String {
    parse(text, AT).map_or_else(|d| format!("{}: {}", d.code, d.message), |e| e.to_string())
}

/// The diagnostic of `text` and the part of it that the diagnostic points at.
fn fault(text: &str) -> (String, String) {
    let mut sources = Sources::default();
    let id = sources.add("expr", text);
    let diagnostic = parse(text, Span::new(id, 0, text.len())).expect_err(text);
    let span = diagnostic.span.expect("every fault of an expression has a span");
    (format!("{}: {}", diagnostic.code, diagnostic.message), sources.slice(span).to_string())
}

#[test]
fn canonical_text() {
    for (text, canonical) in [
        ("country='US'", "country = 'US'"),
        ("a<>1 and(b or not c)", "a != 1 AND (b OR NOT c)"),
        ("a IS DISTINCT FROM b AND c", "a IS DISTINCT FROM b AND c"),
        ("a IS NOT DISTINCT FROM (b AND c)", "a IS NOT DISTINCT FROM (b AND c)"),
        ("-5 - -x * (a+b) % 2", "-5 - -x * (a + b) % 2"),
        ("a - (b - c) - d", "a - (b - c) - d"),
        ("-(5) + - - x", "-(5) + - -x"),
        ("+5", "5"),
        ("a || (b || c)", "a || (b || c)"),
        ("(a = b) = (c IS NULL)", "(a = b) = (c IS NULL)"),
        ("NOT a = 1 AND b OR c IS NOT TRUE", "NOT a = 1 AND b OR c IS NOT TRUE"),
        ("x not between 1 and 2 + 3", "x NOT BETWEEN 1 AND 2 + 3"),
        ("x not in (1,2, 'it''s')", "x NOT IN (1, 2, 'it''s')"),
        ("a like 'x%' or b not ilike '_Y'", "a LIKE 'x%' OR b NOT ILIKE '_Y'"),
        ("case x when 1 then 'a' else null end", "CASE WHEN x = 1 THEN 'a' ELSE NULL END"),
        ("extract(dow from ordered_at)", "date_part('dow', ordered_at)"),
        ("extract(isodow from o.t)", "date_part('isodow', o.t)"),
        ("ceiling(a) + floor(b)", "ceil(a) + floor(b)"),
        ("substring(d from 2 for 3)", "substr(d, 2, 3)"),
        ("SUBSTR(d, 2)", "substr(d, 2)"),
        ("date '2026-01-01'", "DATE '2026-01-01'"),
        ("timestamp '2026-01-01T10:00'", "TIMESTAMP '2026-01-01 10:00:00'"),
        ("timestamp without time zone '2026-01-01 10:00:00.5'", "TIMESTAMP '2026-01-01 10:00:00.500'"),
        ("INTERVAL '7' day", "INTERVAL '7 days'"),
        ("interval 2 weeks", "INTERVAL '14 days'"),
        ("INTERVAL '1 month -2 days 90 minutes'", "INTERVAL '1 month -2 days 1 hour 1800 seconds'"),
        ("CAST(a AS decimal(10, 2))", "CAST(a AS decimal(10, 2))"),
        ("try_cast(a as timestamp with time zone)", "TRY_CAST(a AS timestamp with time zone)"),
        ("cast(a as bigint) + cast(b as varchar)", "CAST(a AS integer) + CAST(b AS text)"),
        ("1.50 + .5 + 1e5 + 2.", "1.50 + 0.5 + 1e5 + 2"),
        ("\"Order Date\" = customers.\"select\"", "\"Order Date\" = customers.\"select\""),
        ("date = 'x' and status = 'a' and year > 1", "date = 'x' AND status = 'a' AND year > 1"),
        ("floor = 3", "\"floor\" = 3"),
        ("\"a\"\"b\"", "\"a\"\"b\""),
    ] {
        assert_eq!(text_of(text), canonical, "{text}");
        assert_eq!(text_of(canonical), canonical, "{text}");
    }
}

#[test]
fn refusals_name_the_thing_and_point_at_it() {
    for (text, message, at) in [
        ("sum(x) + 1", "unsupported-expression: aggregate `sum` in an expression", "sum"),
        ("count(*)", "unsupported-expression: aggregate `count` in an expression", "count"),
        ("lag(x)", "unsupported-expression: window function `lag` in an expression", "lag"),
        ("abs(x) OVER ()", "unsupported-expression: window function `OVER` in an expression", "OVER"),
        ("(SELECT 1)", "unsupported-expression: a sub-query in an expression", "SELECT"),
        ("a IN (SELECT b)", "unsupported-expression: a sub-query in an expression", "SELECT"),
        ("EXISTS (SELECT b)", "unsupported-expression: a sub-query in an expression", "EXISTS"),
        ("lowr(x)", "unsupported-expression: unknown function `lowr`", "lowr"),
        ("a.lower(x)", "unsupported-expression: unknown function `lower`", "lower"),
        ("a > now()", "unsupported-expression: `now` in an expression", "now"),
        ("a ~ 'x'", "unsupported-expression: `~` in an expression", "~"),
        ("a == 1", "unsupported-expression: operator `==`", "=="),
        ("a::date", "unsupported-expression: operator `::`", "::"),
        ("a; b", "unsupported-expression: `;` in an expression", ";"),
        (":caller", "unsupported-expression: `:caller` in an expression", ":"),
        ("a[1]", "unsupported-expression: `[` in an expression", "["),
        ("1--1", "unsupported-expression: a comment in an expression", "--1"),
        ("a LIKE b", "unsupported-expression: LIKE with a pattern that is not a text literal", "b"),
        ("a LIKE 'x' ESCAPE '!'", "unsupported-expression: LIKE with ANY or ESCAPE", "a LIKE 'x'"),
        ("cast(x as foo)", "unsupported-expression: type `foo`", "cast(x as foo)"),
        (
            "cast(x as decimal(40, 2))",
            "unsupported-expression: a decimal has 1 to 38 digits",
            "cast(x as decimal(40, 2))",
        ),
        ("round(a, 2, 3)", "invalid-expression: `round` takes 1 or 2 arguments, not 3", "round(a, 2, 3)"),
        ("DATE '2026-02-30' = a", "invalid-expression: `2026-02-30` is not a date", "DATE '2026-02-30'"),
        (
            "TIMESTAMP '2026-02-03T10:00Z'",
            "invalid-expression: `2026-02-03T10:00Z` is not a local",
            "TIMESTAMP '2026-02-03T10:00Z'",
        ),
        ("interval = 3", "invalid-expression: INTERVAL without its length", "interval"),
        ("INTERVAL '1' fortnight", "invalid-expression: ", "fortnight"),
        (
            "TIMESTAMP '2026-02-03 9:00'",
            "invalid-expression: `2026-02-03 9:00` is not a local",
            "TIMESTAMP '2026-02-03 9:00'",
        ),
        (
            "TIMESTAMP '2026-02-03 09:00:00.1234567'",
            "invalid-expression: `2026-02-03 09:00:00.1234567` is not",
            "TIMESTAMP '2026",
        ),
        (
            "TIMESTAMP '2026-02-03 24:00'",
            "invalid-expression: `2026-02-03 24:00` is not a local",
            "TIMESTAMP '2026-02-03 24:00'",
        ),
        ("INTERVAL 'x' day", "invalid-expression: `x` is not a whole number", "INTERVAL 'x' day"),
        ("a = ", "invalid-expression: expected an expression, found the end of the expression", "="),
        ("a b", "invalid-expression: expected an operator or the end, found `b`", "b"),
        ("a AND and", "invalid-expression: expected an expression, found `and`", "and"),
        ("'abc", "invalid-expression: unterminated string literal", "'abc"),
        ("(a", "invalid-expression: a parenthesis that is not closed", "("),
        ("a)", "invalid-expression: a closing parenthesis that was not opened", ")"),
        ("CASE WHEN a THEN b", "invalid-expression: a CASE without its END", "CASE"),
        ("a IN ()", "invalid-expression: expected an expression, found `)`", ")"),
        ("1e999", "invalid-expression: `1e999` is not a number that a double can hold", "1e999"),
        ("é = 'ü' AND foo(1)", "unsupported-expression: unknown function `foo`", "foo"),
        ("a\n  = 'ü'\n  AND foo(1)", "unsupported-expression: unknown function `foo`", "foo"),
        ("123456789012345678901234567890123456789", "invalid-expression: a number of more than 38 digits", "1234"),
    ] {
        let (found, slice) = fault(text);
        assert!(found.starts_with(message), "{text}: {found}");
        assert!(slice.starts_with(at), "{text}: {slice}");
    }
    assert_eq!(parse("lowr(x)", AT).expect_err("unknown").did_you_mean, ["lower"]);
    assert_eq!(parse_in("sum(x) > 1", AT, Place::Where).expect_err("aggregate").code, Code::AggregateInWhere);
}

#[test]
fn spans_cover_what_was_written() {
    let mut sources = Sources::default();
    for (text, parts) in [
        ("NOT (a = 1) AND - b > 2", vec!["NOT (a = 1)", "- b > 2"]),
        ("extract(dow from (t)) = CAST(x AS date)", vec!["extract(dow from (t))", "CAST(x AS date)"]),
        ("(é IS NOT NULL) OR ((b)) IN (1, (2))", vec!["(é IS NOT NULL)", "((b)) IN (1, (2))"]),
        ("coalesce(a, trim(b)) || substr(c, 1, 2)", vec!["coalesce(a, trim(b))", "substr(c, 1, 2)"]),
        ("a.b.c + INTERVAL '1' day", vec!["a.b.c", "INTERVAL '1' day"]),
        ("x BETWEEN DATE '2026-01-01' AND (y)", vec!["x", "DATE '2026-01-01'", "(y)"]),
    ] {
        let id = sources.add("expr", text);
        let expr = parse(text, Span::new(id, 0, text.len())).expect(text);
        let found: Vec<&str> = expr.children().iter().map(|child| sources.slice(child.span)).collect();
        assert_eq!(found, parts, "{text}");
    }
    // Inside a longer source the spans move with the text.
    let id = sources.add("model.yml", "expr: a + lowr(b)");
    let error = parse("a + lowr(b)", Span::new(id, 6, 17)).expect_err("unknown function");
    assert_eq!(sources.slice(error.span.expect("a span")), "lowr");
    // A text that is not written as it reads (folded, escaped) is pointed at as a whole.
    let error = parse("a + lowr(b)", Span::new(id, 0, 17)).expect_err("unknown function");
    assert_eq!(sources.slice(error.span.expect("a span")), "expr: a + lowr(b)");
}

#[test]
fn limits_are_refused_and_what_is_within_them_is_read() {
    let repeat = |part: &str, count: usize| part.repeat(count);
    let chain = |op: &str, count: usize| format!("a{}", repeat(&format!(" {op} a"), count));
    for text in [
        chain("OR", 500),
        chain("+", 500),
        format!("{}a{}", repeat("(", 50), repeat(")", 50)),
        format!("a IN ({}1)", repeat("1,", 2000)),
        format!("{}a", repeat("NOT ", 50)),
        format!("{}a{}", repeat("a = NOT - (", 45), repeat(" + 1 + 1)", 45)),
        format!("{}1{}", repeat("CASE WHEN a THEN ", 50), repeat(" END", 50)),
        format!("{}a{}", repeat("coalesce(a.f, ", 50), repeat(")", 50)),
    ] {
        let expr = parse(&text, AT).unwrap_or_else(|d| panic!("{}: {}", &text[..40], d.message));
        assert!(!expr.to_string().is_empty());
        assert_eq!(expr.map_refs(&mut Clone::clone), expr);
    }
    for (text, message) in [
        (chain("OR", 501), "a chain of more than 500 operators"),
        (chain("+", 501), "a chain of more than 500 operators"),
        (chain("+ 1 -", 400), "a chain of more than 500 operators"),
        (repeat("(", 51), "an expression nested more than 50 levels deep"),
        (repeat("CASE WHEN ", 60), "an expression nested more than 50 levels deep"),
        (repeat("-", 1), "expected"),
        (repeat("NOT ", 51), "an expression nested more than 50 levels deep"),
        (repeat("- ", 51), "an expression nested more than 50 levels deep"),
        (format!("a IN ({}1)", repeat("1,", 2001)), "a list of more than 2000 items"),
        (format!("({}) + 1{}", chain("+", 400), repeat("+1", 400)), "more than 600 operators within each other"),
        (repeat("a", 16 * 1024 + 1), "an expression of 16385 bytes, over the limit of 16384"),
    ] {
        let error = parse(&text, AT).expect_err(message);
        assert!(error.message.starts_with(message), "{}", error.message);
    }
}

/// Mistakes deep inside constructs that sqlparser could try to read in several ways.
/// A reader that tries every way again at each level would not come back from these.
#[test]
fn mistakes_at_depth_are_found_in_linear_time() {
    for open in [
        "CAST(",
        "trim(",
        "floor(",
        "extract(dow from ",
        "coalesce(",
        "(",
        "CASE WHEN ",
        "a IN (",
        "a.b + (",
        "interval ",
        "array<",
        "cast(a as array<",
    ] {
        let _ = parse(&open.repeat(MAX_BYTES / open.len()), AT);
        for end in ["", "=", ")", "foo bar"] {
            let _ = parse(&format!("{}{end}", open.repeat(49)), AT);
            let _ = parse(&format!("{}{end}{}", open.repeat(49), ")".repeat(49)), AT);
        }
    }
}

#[test]
fn keywords_that_stay_bare_read_as_names() {
    let templates = [
        "{k}",
        "{k} = 1",
        "1 = {k}",
        "{k} IS NULL",
        "{k} IN ({k})",
        "a AND {k}",
        "{k} OR a",
        "{k}.b",
        "a.{k} = 1",
        "CASE WHEN {k} THEN {k} ELSE {k} END",
        "coalesce({k}, 1)",
        "trim({k})",
        "CAST({k} AS date)",
        "-{k}",
        "NOT {k}",
        "a BETWEEN {k} AND {k}",
        "{k} NOT LIKE 'x'",
        "{k} IS DISTINCT FROM {k}",
        "{k} * 2 - {k}",
        "{k} || 'a'",
    ];
    for keyword in ALL_KEYWORDS.iter().filter(|k| **k != "END-EXEC") {
        let name = keyword.to_ascii_lowercase();
        for template in templates {
            let quoted = parse(&template.replace("{k}", &format!("\"{name}\"")), AT).expect(keyword);
            if !needs_quotes(&name) {
                assert_eq!(parse(&template.replace("{k}", &name), AT), Ok(quoted.clone()), "{template} of {name}");
            }
            assert_eq!(parse(&quoted.to_string(), AT), Ok(quoted), "{template} of {name}");
        }
    }
}

fn literal() -> impl Strategy<Value = Literal> {
    let most = 10_i128.pow(38) - 1;
    let day = (0..40_000_u64).prop_map(|n| NaiveDate::default() + Days::new(n));
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        (-most..=most).prop_map(Literal::Integer),
        (-1000..1000_i128).prop_map(Literal::Integer),
        (-most..=most, 1..=38_u8).prop_map(|(unscaled, scale)| Literal::Decimal { unscaled, scale }),
        any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(Literal::Float),
        "[a-zA-Z'\"%_ é\n-]{0,6}".prop_map(Literal::Text),
        day.clone().prop_map(Literal::Date),
        (day, 0..86_400_u32, 0..1_000_000_u32).prop_map(|(day, second, micro)| {
            let time = chrono::NaiveTime::from_num_seconds_from_midnight_opt(second, micro * 1000);
            Literal::Timestamp(day.and_time(time.expect("a second of a day")))
        }),
        (any::<i32>(), any::<i32>(), any::<i32>()).prop_map(|(months, days, micros)| Literal::Interval {
            months,
            days,
            microseconds: i64::from(micros) * 977,
        }),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    let keyword = (0..ALL_KEYWORDS.len()).prop_map(|i| ALL_KEYWORDS[i].to_string());
    let part = prop_oneof![4 => "[a-z][a-z0-9_]{0,5}", 1 => "[A-Za-zé \"'.-]{1,5}", 1 => keyword];
    proptest::collection::vec(part, 1..3).prop_map(|parts| Name { parts })
}

fn binary_op() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    proptest::sample::select(vec![
        Add,
        Subtract,
        Multiply,
        Divide,
        Modulo,
        Equal,
        NotEqual,
        Less,
        LessOrEqual,
        Greater,
        GreaterOrEqual,
        And,
        Or,
        IsDistinctFrom,
        IsNotDistinctFrom,
        Concat,
    ])
}

fn data_type() -> impl Strategy<Value = DataType> {
    prop_oneof![
        Just(DataType::Boolean),
        Just(DataType::Integer),
        Just(DataType::Float),
        Just(DataType::Text),
        Just(DataType::Date),
        Just(DataType::Timestamp(Clock::Local)),
        Just(DataType::Timestamp(Clock::Instant)),
        (1..=38_u8, 0..=38_i8).prop_map(|(p, s)| DataType::Decimal { precision: p, scale: s.min(p as i8) }),
    ]
}

pub(crate) fn any_expr() -> impl Strategy<Value = Expr<Name>> {
    let leaf = prop_oneof![literal().prop_map(Kind::Literal), name().prop_map(Kind::Ref)];
    leaf.prop_map(|kind| Expr::new(kind, AT)).prop_recursive(4, 24, 4, |inner| {
        let e = || inner.clone();
        let list = || proptest::collection::vec(inner.clone(), 1..4);
        let call = (proptest::sample::select(Function::ALL.to_vec()), list(), any::<usize>()).prop_map(
            |(function, pool, more)| {
                let (least, most) = function.arity();
                let count = least + more % (most.min(least + 2) - least + 1);
                let arguments = (0..count).map(|i| pool[i % pool.len()].clone()).collect();
                Kind::Call { function, arguments }
            },
        );
        prop_oneof![
            e().prop_map(Kind::Negate),
            e().prop_map(Kind::Not),
            (binary_op(), e(), e()).prop_map(|(op, left, right)| Kind::Binary { op, left, right }),
            (binary_op(), e(), e()).prop_map(|(op, left, right)| Kind::Binary { op, left, right }),
            (e(), any::<bool>()).prop_map(|(of, negated)| Kind::IsNull { of, negated }),
            (e(), any::<bool>(), any::<bool>()).prop_map(|(of, truth, negated)| Kind::IsTruth { of, truth, negated }),
            (e(), list(), any::<bool>()).prop_map(|(of, list, negated)| Kind::InList { of, list, negated }),
            (e(), e(), e(), any::<bool>()).prop_map(|(of, low, high, negated)| Kind::Between {
                of,
                low,
                high,
                negated
            }),
            (e(), "[a%_']{0,4}", any::<bool>(), any::<bool>())
                .prop_map(|(of, pattern, ignore_case, negated)| Kind::Like { of, pattern, ignore_case, negated }),
            (proptest::collection::vec((e(), e()), 1..3), proptest::option::of(e()))
                .prop_map(|(branches, otherwise)| Kind::Case { branches, otherwise }),
            (e(), data_type(), any::<bool>()).prop_map(|(of, to, or_null)| Kind::Cast { of, to, or_null }),
            call,
        ]
        .prop_map(|kind| Expr::new(kind, AT))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_displayed_parses_to_the_same(expr in any_expr()) {
        prop_assert_eq!(parse(&expr.to_string(), AT), Ok(expr.clone()), "{}", expr);
    }

    /// Canonical text with a few bytes removed, doubled, replaced or swapped.
    #[test]
    fn mutated_expressions_are_always_answered(
        expr in any_expr(),
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), 0..5_u8, "[ -~é]"), 1..5),
    ) {
        let mut chars: Vec<char> = expr.to_string().chars().collect();
        for (at, edit, by) in edits {
            let at = at.index(chars.len().max(1));
            match edit {
                _ if at >= chars.len() => chars.extend(by.chars()),
                0 => { chars.remove(at); }
                1 => chars.insert(at, chars[at]),
                2 => chars.truncate(at),
                3 => { chars.splice(at..at, by.chars()); }
                _ => { chars.splice(at..=at, by.chars()); }
            }
        }
        let text: String = chars.into_iter().collect();
        let mut sources = Sources::default();
        let id = sources.add("expr", text.as_str());
        match parse(&text, Span::new(id, 0, text.len())) {
            Ok(read) => prop_assert_eq!(
                parse(&read.to_string(), AT).map(|e| e.to_string()), Ok(read.to_string())
            ),
            Err(error) => prop_assert!(error.span.is_some_and(|s| s.end as usize <= text.len())),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_always_answered(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = parse(&text, Span::new(SourceId(0), 0, text.len()));
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_words_are_always_answered(words in proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 0..30)) {
        let text = words.join(" ");
        let _ = parse(&text, Span::new(SourceId(0), 0, text.len()));
    }
}

const WORDS: [&str; 60] = [
    "a",
    "b.c",
    "1",
    "2.5",
    "'x'",
    "(",
    ")",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "=",
    "!=",
    "<",
    ">=",
    "||",
    "AND",
    "OR",
    "NOT",
    "IN",
    "BETWEEN",
    "LIKE",
    "ILIKE",
    "IS",
    "NULL",
    "TRUE",
    "DISTINCT",
    "FROM",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "AS",
    "date",
    "timestamp",
    "INTERVAL",
    "day",
    "coalesce",
    "trim",
    "extract",
    "dow",
    "floor",
    "substr",
    "SELECT",
    "OVER",
    "sum",
    "decimal(10, 2)",
    "with",
    "time",
    "zone",
    "\"q\"",
    ".",
    "at",
    "any",
];
