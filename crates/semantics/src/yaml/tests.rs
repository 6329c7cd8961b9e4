//! Spans survive at depth, faults do not hide each other, budgets hold.

use super::*;
use crate::source::Sources;

fn read_text(text: &str) -> (Sources, Documents, Diagnostics) {
    let mut sources = Sources::default();
    let id = sources.add("m.yml", text);
    let mut findings = Diagnostics::default();
    let documents = read(id, text, &mut findings);
    (sources, documents, findings)
}

/// Findings as `line:column message`.
fn faults(text: &str) -> Vec<String> {
    let (sources, _, findings) = read_text(text);
    findings
        .iter()
        .map(|f| {
            let at = sources.position(f.span.unwrap());
            format!("{}:{} {}", at.line, at.column, f.message)
        })
        .collect()
}

#[test]
fn spans_survive_in_lists_of_maps_of_lists_after_characters_of_several_bytes() {
    let text = "größe: über # né\nlist:\n  - {name: \"é\", inner: [a, {deep: [ü, 'x y']}]}\n  - name: b\n    inner:\n      - deep:\n          - 日本\n          - last\n";
    let (sources, documents, findings) = read_text(text);
    assert!(findings.is_empty(), "{findings:?}");
    let mut checked = 0;
    let mut stack: Vec<&Node> = documents.nodes.iter().collect();
    while let Some(node) = stack.pop() {
        match &node.value {
            Value::Scalar(scalar) => {
                assert_eq!(sources.slice(node.span), scalar.text);
                checked += 1;
            }
            Value::List(items) => stack.extend(items),
            Value::Map(entries) => {
                for entry in entries {
                    assert_eq!(sources.slice(entry.key.span), entry.key.value);
                    stack.push(&entry.value);
                }
            }
        }
    }
    assert_eq!(checked, 8);
    let last = documents.nodes[0].get("list").unwrap();
    assert_eq!(sources.slice(last.span).lines().count(), 6);
}

#[test]
fn a_part_of_a_text_maps_to_bytes_only_where_bytes_map_one_to_one() {
    let text = "a: gross - net\nb: 'gross - net'\nc: \"gr\\u006fss\"\nd: >-\n  gross -\n  net\n";
    let (sources, documents, _) = read_text(text);
    let of = |key: &str| {
        let node = documents.nodes[0].get(key).unwrap();
        Spanned::new(node.scalar().unwrap().text.clone(), node.span)
    };
    assert_eq!(sources.slice(part(&of("a"), 8, 11)), "net");
    assert_eq!(sources.slice(part(&of("b"), 8, 11)), "net");
    assert_eq!(sources.slice(part(&of("c"), 0, 2)), "gr\\u006fss");
    assert_eq!(of("d").value, "gross - net");
    assert_eq!(sources.slice(part(&of("d"), 8, 11)), "gross -\n  net");
}

#[test]
fn scalars_have_the_types_of_the_core_schema_and_keep_their_text() {
    let text = "[~, null, '', true, False, yes, 1, -2, '1', 1.50, 1e3, 02-01, 2026-03-01, 0x1f, .inf, 1.2.3, +]";
    let (_, documents, _) = read_text(text);
    let Value::List(items) = &documents.nodes[0].value else { panic!("a list") };
    let kinds: Vec<String> =
        items.iter().map(|n| n.scalar().unwrap()).map(|s| format!("{:?} {}", s.kind, s.text)).collect();
    insta::assert_debug_snapshot!(kinds, @r#"
        [
            "Null ~",
            "Null null",
            "Text ",
            "Boolean true",
            "Boolean False",
            "Text yes",
            "Integer 1",
            "Integer -2",
            "Text 1",
            "Float 1.50",
            "Float 1e3",
            "Text 02-01",
            "Text 2026-03-01",
            "Text 0x1f",
            "Text .inf",
            "Text 1.2.3",
            "Text +",
        ]
    "#);
    insta::assert_snapshot!(documents.nodes[0].to_json(), @r#"[null,null,"",true,false,"yes",1,-2,"1",1.5,1000.0,"02-01","2026-03-01","0x1f",".inf","1.2.3","+"]"#);
}

#[test]
fn every_fault_of_a_text_is_found_and_the_rest_is_read() {
    let text = "\
datasets:
  - {name: a, keys: [x, y}
  - {name: b, open: [x
  - {name: c, twice: 1, twice: 2}
   - {name: d}
  - name: e
    type: s
   agg: sum
    expr: x
  - {name: f, quote: 'it}
 - {name: g}
  - {name: h, at: @x}
\t- {name: i}
  - {name: j, alias: *nope, <<: {a: 1}, tag: !t x}
calendar:
  zone: UTC
    week: monday
  day: 1
after: {a: b: c}
last: 1
";
    insta::assert_debug_snapshot!(faults(text), @r#"
        [
            "2:21 `[` is closed by `}`",
            "3:21 `[` is not closed",
            "5:4 the line does not line up with its neighbours",
            "8:4 the line does not line up with its neighbours",
            "10:5 `{` is not closed",
            "11:2 the line does not line up with its neighbours",
            "12:19 `@` cannot start a value",
            "13:2 a tab in the indentation",
            "17:5 the line does not line up with its neighbours",
            "19:13 `,` or `}` is missing",
            "4:25 the key `twice` stands twice in one map",
            "14:22 no anchor `&nope` stands before this alias",
            "14:29 merge keys (`<<`) are not read",
            "14:49 tags (`!`) are not read",
        ]
    "#);
    let (_, documents, _) = read_text(text);
    insta::assert_snapshot!(documents.nodes[0].to_json(), @r#"{"datasets":[{"name":"c","twice":1},{"name":"d"},{"name":"e","type":"s","agg":"sum","expr":"x"},{"name":"g"},{"name":"j","alias":null,"tag":"x"}],"calendar":{"zone":"UTC","week":"monday","day":1},"last":1}"#);
    insta::assert_debug_snapshot!(documents.lost, @r#"
        [
            "a",
            "b",
            "f",
            "h",
            "i",
        ]
    "#);
}

#[test]
fn documents_are_read_one_by_one() {
    let (_, documents, findings) = read_text("---\na: 1\n---\n---\n- : b\n---\nc: *x\n");
    assert_eq!(documents.nodes.len(), 3);
    assert_eq!(findings.0.len(), 2, "{findings:?}");
}

#[test]
fn budgets_end_a_text_with_one_finding() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        let refs = vec![format!("*a{}", i - 1); 9].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{refs}]\n"));
    }
    insta::assert_debug_snapshot!(faults(&bomb), @r#"
        [
            "5:9 more than 200000 values in one file",
        ]
    "#);
    insta::assert_debug_snapshot!(faults(&"[".repeat(5000)), @r#"
        [
            "1:65 nested more than 64 levels deep",
        ]
    "#);
    insta::assert_debug_snapshot!(faults(&"- x\n".repeat(200_001)), @r#"
        [
            "200001:3 more than 200000 values in one file",
        ]
    "#);
    insta::assert_debug_snapshot!(faults(&"- *a\n".repeat(101)).len(), @"101");
    let keys: String = (0..1002).map(|i| format!("k{i}: 1\n")).collect();
    insta::assert_debug_snapshot!(faults(&keys), @r#"
        [
            "1001:1 more than 1000 keys in one map",
        ]
    "#);
    insta::assert_debug_snapshot!(faults(&"- {a: [}\n".repeat(200)).len(), @"101");
}
