//! Statements with words deleted, doubled, exchanged and replaced: read or refused, never a panic, never slow.

#![allow(clippy::disallowed_methods, reason = "a limit of time is measured, and a run may be made longer")]

use std::time::{Duration, Instant};

use super::*;

const SEEDS: [&str; 12] = [
    "SELECT channel, MEASURE(net) AS n FROM metrics WHERE customers.region IN ('EU', 'US') GROUP BY ALL HAVING MEASURE(net) > 10 ORDER BY n DESC LIMIT 10",
    "SELECT metric_time__week, MEASURE(gross), PRIOR(gross), DELTA(gross) FROM metrics WHERE TIME_RANGE('last_7_days') AND COMPARE('previous_period') GROUP BY 1",
    "WITH w AS (SELECT metric_time__day AS d, MEASURE(gross) AS s FROM metrics GROUP BY ALL) SELECT d, avg(s) OVER (ORDER BY d ROWS 6 PRECEDING) FROM w",
    "SELECT * FROM SEMANTIC_VIEW(shop METRICS gross DIMENSIONS channel WHERE status = 'done') AS v WHERE v.gross > 3",
    "SELECT DATE_TRUNC('week', metric_time), EXTRACT(dow FROM metric_time), gross FROM metrics WHERE metric_time BETWEEN DATE '2026-03-01' AND '2026-03-31' GROUP BY 1, 2",
    "SELECT o.channel, count(*) FROM orders o LEFT JOIN customers c ON c.id = o.customer WHERE c.region IS NOT NULL GROUP BY o.channel HAVING count(*) > 1",
    "SELECT channel, MEASURE(gross) FILTER (WHERE status != 'open'), CASE WHEN aov > 3 THEN 1 ELSE 2 END FROM metrics GROUP BY channel QUALIFY rank() OVER (ORDER BY aov DESC) <= 3",
    "SELECT channel FROM metrics GROUP BY 1 UNION ALL (SELECT region FROM customers) EXCEPT SELECT 'x'",
    "SHOW DIMENSIONS FOR METRIC gross",
    "DESCRIBE net",
    "EXPLAIN SEMANTIC SELECT DISTINCT channel FROM metrics",
    "SELECT sum(CAST(amount AS decimal(12, 2))) FROM (SELECT amount FROM orders WHERE id NOT IN (SELECT order_id FROM refunds)) AS t OFFSET 3",
];

const WORDS: [&str; 40] = [
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "LIMIT", "UNION", "WITH", "AS", "(", ")", ",", ".",
    "*", "=", "'x'", "\"y\"", "1", "-1", "metrics", "orders", "MEASURE", "CASE", "END", "NOT", "IN", "BETWEEN", "AND",
    "OR", "OVER", "é", "DATE", "INTERVAL", "EXISTS", "ALL", "NULL", "=>", "||",
];

/// A linear congruential generator: the same statements every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

fn mutated(random: &mut Random) -> String {
    let seed = SEEDS[random.below(SEEDS.len())];
    let spaced = seed.replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
    let mut words: Vec<&str> = spaced.split_whitespace().collect();
    for _ in 0..1 + random.below(4) {
        let (at, other) = (random.below(words.len()), random.below(words.len()));
        match random.below(6) {
            0 if words.len() > 1 => drop(words.remove(at)),
            1 => words.insert(at, words[other]),
            2 => words.swap(at, other),
            3 => words[at] = WORDS[random.below(WORDS.len())],
            4 => words.insert(at, WORDS[random.below(WORDS.len())]),
            _ => words.truncate(at.max(1)),
        }
    }
    words.join(" ")
}

#[test]
fn mutated_statements_never_panic() {
    let bound = bound();
    let count = std::env::var("MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000);
    let mut random = Random(7);
    let (mut read_well, mut slowest) = (0, (Duration::ZERO, String::new()));
    for _ in 0..count {
        let text = mutated(&mut random);
        let started = Instant::now();
        match read(&bound.catalog, &text) {
            Ok(Statement::Metrics(lifted)) => {
                read_well += 1;
                if let Err(found) = resolved(&bound, &lifted.request) {
                    lifted.places.locate(crate::diagnostic::Diagnostics(found));
                }
            }
            Ok(_) => read_well += 1,
            Err(found) => {
                for fault in &found.0 {
                    let span = fault.span.expect("a place");
                    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{text}: {fault:?}");
                }
            }
        }
        let took = started.elapsed();
        if took > slowest.0 {
            slowest = (took, text);
        }
    }
    assert!(read_well > count / 100, "{read_well} of {count} were read");
    assert!(slowest.0 < Duration::from_millis(500), "{slowest:?}");
}
