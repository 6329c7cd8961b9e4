//! Statements that would end the process or change something: each is refused, quickly, by a named limit.

#![allow(clippy::disallowed_methods, reason = "a limit of time is measured")]

use std::time::{Duration, Instant};

use super::*;
use crate::code::Code;
use crate::expr::parse::{MAX_STATEMENT_CHAIN, MAX_STATEMENT_NESTING};

fn refusal(bound: &BoundCatalog, text: &str) -> Diagnostic {
    match read(&bound.catalog, text) {
        Ok(_) => panic!("{} was read", &text[..text.len().min(200)]),
        Err(found) => found.0.into_iter().next().expect("a finding"),
    }
}

/// Chains, nesting, unions, lists and CTEs, each in several sizes.
fn crashes() -> Vec<(String, String)> {
    let over = |condition: String| format!("SELECT MEASURE(gross) FROM metrics WHERE {condition}");
    let rows = |expr: String| format!("SELECT {expr} FROM orders");
    let mut found = Vec::new();
    let mut add = |name: String, text: String| found.push((name, text));
    for n in [1_000, 2_000, 10_000, 100_000] {
        add(format!("sum of {n}"), rows(vec!["1"; n].join("+")));
        add(format!("ORs {n}"), over(vec!["channel = 'x'"; n].join(" OR ")));
        add(format!("ANDs {n}"), over(vec!["channel != 'x'"; n].join(" AND ")));
        add(format!("parentheses {n}"), rows(format!("{}1{}", "(".repeat(n), ")".repeat(n))));
        add(format!("NOTs {n}"), over(format!("{} channel = 'x'", "NOT ".repeat(n))));
        add(format!("unions {n}"), vec!["SELECT 1"; n].join(" UNION ALL "));
    }
    for n in [3_000, 50_000, 1_000_000] {
        let list = vec!["1"; n].join(",");
        add(format!("list of {n}"), format!("SELECT id FROM orders WHERE id IN ({list})"));
        add(format!("texts {n}"), over(format!("channel IN ({})", vec!["'x'"; n].join(","))));
    }
    add("signs".into(), rows(format!("{}1", "- ".repeat(2_000))));
    add("concatenations".into(), rows(vec!["channel"; 200].join("||")));
    add("CASEs".into(), rows(format!("{}1{}", "CASE WHEN true THEN ".repeat(500), " END".repeat(500))));
    add("calls".into(), rows(format!("{}1{}", "abs(".repeat(500), ")".repeat(500))));
    add("sub-queries".into(), format!("{}SELECT 1{}", "SELECT * FROM (".repeat(60), ") AS t".repeat(60)));
    add(
        "IN sub-queries".into(),
        format!("{}SELECT 1{}", "SELECT id FROM orders WHERE id IN (".repeat(40), ")".repeat(40)),
    );
    add("unclosed sub-queries".into(), "SELECT * FROM ((".repeat(40));
    add("types".into(), format!("SELECT CAST(1 AS {}INT{})", "ARRAY<".repeat(1_000), ">".repeat(1_000)));
    let doubling = |n: usize| {
        let ctes: Vec<String> = (1..n).map(|i| format!("c{i} AS (SELECT * FROM c{} x, c{} y)", i - 1, i - 1)).collect();
        format!("WITH c0 AS (SELECT id FROM orders), {} SELECT * FROM c{}", ctes.join(", "), n - 1)
    };
    add("CTE fan-out of 2^20".into(), doubling(21));
    add("CTE fan-out of 2^60".into(), doubling(61));
    add("one long text".into(), over(format!("channel = '{}'", "x".repeat(1_000_000))));
    add("words".into(), "a ".repeat(30_000));
    found
}

#[test]
fn crashes_are_refused_at_once() {
    let bound = bound();
    let crashes = crashes();
    // Without optimization everything takes about ten times as long.
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 200 } else { 20 });
    assert!(crashes.len() >= 40, "{}", crashes.len());
    for (name, text) in crashes {
        let mut took = Duration::MAX;
        let mut fault = refusal(&bound, &text);
        // The best of several, since other tests run beside it.
        for _ in 0..4 {
            let started = Instant::now();
            fault = refusal(&bound, &text);
            took = took.min(started.elapsed());
        }
        let is_of_size = fault.code == Code::QueryTooLarge || matches!(name.as_str(), "types" | "words");
        assert!(is_of_size, "{name}: {fault:?}");
        assert!(took < limit, "{name}: {took:?}");
    }
}

#[test]
fn nothing_but_reading_is_a_statement() {
    let bound = bound();
    for text in [
        "INSERT INTO orders VALUES (1)",
        "UPDATE orders SET id = 1",
        "DELETE FROM orders",
        "MERGE INTO orders USING refunds ON true WHEN MATCHED THEN DELETE",
        "CREATE TABLE t (a INT)",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE orders",
        "ALTER TABLE orders ADD COLUMN x INT",
        "TRUNCATE orders",
        "COPY orders TO '/tmp/x.csv'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "RESET ALL",
        "USE other",
        "GRANT SELECT ON orders TO x",
        "CALL f()",
        "EXECUTE p",
        "PREPARE p AS SELECT 1",
        "DEALLOCATE p",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "VACUUM",
        "ANALYZE orders",
        "ATTACH 'x.db' AS x",
        "LOAD 'x'",
        "INSTALL httpfs",
        "PRAGMA version",
        "KILL 1",
        "TABLE orders",
        "EXPLAIN DELETE FROM orders",
        "EXPLAIN ANALYZE SELECT 1",
        "SELECT 1; DROP TABLE orders",
        "SELECT * INTO t FROM orders",
        "SELECT * FROM orders FOR UPDATE",
        "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
        "WITH RECURSIVE x AS (SELECT 1 UNION ALL SELECT 1 FROM x) SELECT * FROM x",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM generate_series(1, 1000000000)",
        "SELECT * FROM orders, LATERAL (SELECT 1)",
        "SELECT * FROM TABLE(f())",
        "SELECT * FROM orders TABLESAMPLE BERNOULLI (10)",
        "SELECT now()",
        "SELECT CURRENT_DATE",
        "SELECT pg_catalog.version()",
    ] {
        let fault = refusal(&bound, text);
        assert!(matches!(fault.code, Code::QueryNotAllowed | Code::InvalidQuery), "{text}: {fault:?}");
        assert!(fault.help.is_some(), "{text}");
    }
    for text in [
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM \"/etc/passwd\"",
        "SELECT * FROM \"../secret.csv\"",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM orders.csv",
        "SELECT repeat('x', 1000000000)",
        "SELECT array_agg(id) FROM orders",
        "SELECT version()",
        "SELECT $1",
        "SELECT ?",
        "SELECT @@version",
        "SELECT [1, 2]",
        "SELECT {a: 1}",
        "SELECT `id` FROM orders",
    ] {
        let fault = refusal(&bound, text);
        assert_eq!(fault.code, Code::InvalidQuery, "{text}: {fault:?}");
    }
}

/// The deepest that the limits let pass is read on a stack half as large as the smallest in use.
#[test]
fn statements_at_the_limits_are_read() {
    let small = std::thread::Builder::new().stack_size(1 << 20).spawn(at_the_limits).expect("a thread");
    small.join().expect("every statement is read");
}

fn at_the_limits() {
    let bound = bound();
    let chain = vec!["channel = 'x'"; MAX_STATEMENT_CHAIN].join(" OR ");
    let list = vec!["'x'"; 2_000].join(",");
    let nested = |n: usize| format!("{}SELECT id FROM orders{}", "SELECT id FROM (".repeat(n), ") AS t".repeat(n));
    for text in [
        format!("SELECT MEASURE(gross) FROM metrics WHERE {chain}"),
        format!("SELECT MEASURE(gross) FROM metrics WHERE channel IN ({list})"),
        format!(
            "SELECT MEASURE(gross) FROM metrics WHERE {}channel = 'x'{}",
            "(status = 'y' OR ".repeat(29),
            ")".repeat(29)
        ),
        format!(
            "SELECT {}1{} AS one FROM orders",
            "(".repeat(MAX_STATEMENT_NESTING),
            ")".repeat(MAX_STATEMENT_NESTING)
        ),
        nested(super::super::MAX_SUB_QUERIES - 1),
        vec!["SELECT id FROM orders"; super::super::MAX_SET_OPERATIONS + 1].join(" UNION ALL "),
    ] {
        if let Err(found) = read(&bound.catalog, &text) {
            panic!("{}: {found:?}", &text[..60]);
        }
    }
}
