//! Batch: every line has its answer, in order, whatever it holds.

use serde_json::{Value, json};

use crate::process::{NOW, commerce, run, sextant_in};

fn answers(input: &[u8]) -> Vec<Value> {
    let home = tempfile::tempdir().expect("a directory");
    lines(&run(sextant_in(home.path()).arg("batch"), input))
}

fn lines(output: &std::process::Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect()
}

#[test]
fn time_ranges_need_no_model() {
    let request = json!({"id": 1, "tool": "resolve_time_range", "arguments": {
        "time_range": "last_7_days", "as_of": NOW, "timezone": "America/New_York"}});
    let found = answers(format!("{request}\n").as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["id"], 1);
    assert_eq!(
        (&found[0]["result"]["start"], &found[0]["result"]["end"]),
        (&json!("2026-11-13"), &json!("2026-11-19"))
    );
}

#[test]
fn other_tools_say_that_there_is_no_model() {
    let found = answers(b"{\"id\":\"q\",\"tool\":\"get_metrics\",\"arguments\":{\"metric_names\":[\"net_sales\"]}}\n");
    assert_eq!(found[0]["id"], "q");
    assert_eq!(found[0]["error"]["code"], "no-model");
}

#[test]
fn hopeless_lines_are_answered_in_order_and_the_next_one_still_is() {
    let good = br#"{"id":"good","tool":"resolve_time_range","arguments":{"time_range":"2026-11-01"}}"#;
    let mut large = br#"{"id":"large","tool":"get_metrics","arguments":{"metric_names":[""#.to_vec();
    large.resize(5 << 20, b'x');
    large.extend_from_slice(b"\"]}}");
    let deep = [b"{\"id\":\"deep\",\"arguments\":".to_vec(), b"[".repeat(100_000)].concat();
    let cases: [(&[u8], Value, &str); 12] = [
        (b"", Value::Null, "invalid-request"),
        (b"not json", Value::Null, "invalid-request"),
        (b"\xff\xfe{}", Value::Null, "invalid-request"),
        (b"[]", Value::Null, "invalid-request"),
        (b"null", Value::Null, "invalid-request"),
        (b"{}", Value::Null, "invalid-request"),
        (br#"{"id":2}"#, json!(2), "invalid-request"),
        (br#"{"id":3,"tool":7}"#, json!(3), "invalid-request"),
        (br#"{"id":4,"tool":"resolve_time_range","argument":{}}"#, json!(4), "unknown-argument"),
        (br#"{"id":{"a":[5]},"tool":"resolve_time_range","arguments":[]}"#, json!({"a": [5]}), "invalid-request"),
        (&large, json!("large"), "request-too-large"),
        (&deep, json!("deep"), "invalid-request"),
    ];
    let mut input = Vec::new();
    for (line, _, _) in &cases {
        input.extend_from_slice(line);
        input.push(b'\n');
    }
    input.extend_from_slice(good);
    let found = answers(&input);
    assert_eq!(found.len(), cases.len() + 1);
    for ((line, id, code), answer) in cases.iter().zip(&found) {
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
        assert_eq!((&answer["id"], answer["error"]["code"].as_str()), (id, Some(*code)), "{shown}");
    }
    assert_eq!(found[cases.len()]["result"]["days"], 1);
}

/// Lines that a model is asked, of every kind of tool; mutants of them reach every decoder.
fn seeds() -> Vec<String> {
    let ask = |tool: &str, arguments: Value| json!({"id": 1, "tool": tool, "arguments": arguments}).to_string();
    vec![
        ask(
            "get_metrics",
            json!({"metric_names": ["net_sales", "blended_roas"], "time_range": "last_7_days", "as_of": NOW,
            "group_by": ["channel"], "where": ["country = 'US'"], "comparison": "previous_period", "order_by": ["-net_sales"], "limit": 3}),
        ),
        ask(
            "audit_performance",
            json!({"metric_names": ["orders"], "time_range": "2026-11-01..2026-11-07", "as_of": NOW}),
        ),
        ask(
            "resolve_time_range",
            json!({"time_range": "mtd", "as_of": NOW, "timezone": "Europe/Berlin", "comparison": "previous_year"}),
        ),
        ask(
            "resolve_time_range",
            json!({"start_date": "2026-03-01", "end_date": "2026-03-31", "granularity": "week", "align_to_granularity": true}),
        ),
        ask("search", json!({"query": "sales", "limit": 5})),
        ask("list_dimensions", json!({"metric_names": ["aov"]})),
    ]
}

#[test]
fn twenty_thousand_mutants_are_all_answered() {
    const MUTANTS: usize = 20_000;
    let mut random = Random(0x5eed);
    let seeds = seeds();
    let mut input = Vec::new();
    for i in 0..MUTANTS {
        let mut line = seeds[i % seeds.len()].clone().into_bytes();
        for _ in 0..=random.below(3) {
            mutate(&mut line, &mut random);
        }
        line.retain(|byte| *byte != b'\n');
        input.extend_from_slice(&line);
        input.push(b'\n');
    }
    let output = run(commerce().arg("batch"), &input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    let found = lines(&output);
    assert_eq!(found.len(), MUTANTS);
    for (answer, line) in found.iter().zip(input.split(|byte| *byte == b'\n')) {
        let line = String::from_utf8_lossy(line);
        let answered = answer.get("result").is_some() != answer.get("error").is_some();
        assert!(answered && answer.get("id").is_some(), "{line}: {answer}");
        assert_ne!(answer["error"]["code"], "internal", "{line}");
    }
}

/// One small change: of a byte, of a run of bytes, or of a piece of JSON.
fn mutate(line: &mut Vec<u8>, random: &mut Random) {
    const PIECES: [&[u8]; 14] = [
        b"null",
        b"-1",
        b"1e999",
        b"\"\"",
        b"[]",
        b"{}",
        b"true",
        b"\\u0000",
        b"\xff",
        b"\"a\":",
        b"9999999999999999999",
        b"__",
        b"'",
        b"--",
    ];
    if line.is_empty() {
        return line.extend_from_slice(b"{");
    }
    let at = random.below(line.len());
    match random.below(6) {
        0 => line[at] = random.below(256) as u8,
        1 => {
            line.remove(at);
        }
        2 => line.insert(at, random.below(256) as u8),
        3 => line.truncate(at),
        4 => {
            let end = (at + 1 + random.below(12)).min(line.len());
            let piece = line[at..end].to_vec();
            let to = random.below(line.len());
            line.splice(to..to, piece);
        }
        _ => {
            let end = (at + random.below(8)).min(line.len());
            line.splice(at..end, PIECES[random.below(PIECES.len())].iter().copied());
        }
    }
}

/// xorshift64*, so that a failure comes back.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}
