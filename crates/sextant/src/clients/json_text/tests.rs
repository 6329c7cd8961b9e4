//! Files as people keep them, before and after.

use serde_json::json;

use super::*;

fn put_as(text: &str, comments: Comments, value: &Value) -> Result<String, String> {
    let value = value.as_object().cloned().expect("an object");
    put(text, "mcpServers", "sextant", comments, |_| value)
}

fn put_plain(text: &str) -> String {
    put_as(text, Comments::Refused, &json!({"command": "x"})).expect("a good file")
}

#[test]
fn an_absent_or_empty_file_becomes_one_entry() {
    let whole = "{\n  \"mcpServers\": {\n    \"sextant\": {\n      \"command\": \"x\"\n    }\n  }\n}\n";
    assert_eq!(put_plain(""), whole);
    assert_eq!(put_plain("\n"), whole);
    assert_eq!(put_plain("{}\n"), whole);
    assert_eq!(
        put_plain("{\"mcpServers\": {}}"),
        whole.replace("{\n  \"mcpServers\"", "{\"mcpServers\"").replace("\n  }\n}\n", "\n  }}")
    );
}

#[test]
fn everything_around_keeps_its_bytes() {
    let before = "{\n    \"theme\":   \"dark\",\n    \"mcpServers\": {\n        \"other\": {\"command\": \"y\", \"args\": [1.0, 1e5]}\n    },\n    \"last\": [1,2 ,3]\n}\n";
    let after = put_plain(before);
    let expected = before
        .replace("[1.0, 1e5]}\n", "[1.0, 1e5]},\n        \"sextant\": {\n            \"command\": \"x\"\n        }\n");
    assert_eq!(after, expected);
    assert_eq!(put_plain(&after), after, "a second time changes nothing");
    let replaced = put_as(&after, Comments::Refused, &json!({"command": "z", "args": []})).expect("a good file");
    assert_eq!(replaced, after.replace("\"command\": \"x\"\n", "\"command\": \"z\",\n            \"args\": []\n"));
}

#[test]
fn comments_and_last_commas_stay_where_they_are_allowed() {
    let before = "// mine\n{\n\t\"mcpServers\": {\n\t\t\"a\": {\"url\": \"http://x//y\"}, // of \"a\", {\n\t\t/* } */\n\t},\n}\n";
    let after = put_as(before, Comments::Allowed, &json!({"url": "u"})).expect("a good file");
    let expected = before.replace("/* } */\n", "/* } */\n\t\t\"sextant\": {\n\t\t\t\"url\": \"u\"\n\t\t}\n");
    assert_eq!(after, expected);
    assert_eq!(read(&after, Comments::Allowed).expect("a good file")["mcpServers"]["sextant"]["url"], "u");
    assert!(read(before, Comments::Refused).expect_err("a fault").contains("line 1 column 1"));

    let open = "{\n  \"mcpServers\": {\n    \"a\": {} // last\n  }\n}\n";
    let after = put_as(open, Comments::Allowed, &json!({"url": "u"})).expect("a good file");
    assert!(after.contains("\"a\": {}, // last\n    \"sextant\": {"), "{after}");

    let alone = put_as("// nothing yet\n", Comments::Allowed, &json!({"url": "u"})).expect("a good file");
    assert!(alone.starts_with("// nothing yet\n{\n"), "{alone}");
}

#[test]
fn marks_and_line_ends_of_windows_stay() {
    let before = "\u{feff}{\r\n  \"mcpServers\": {\r\n    \"ä\\\"}\": {}\r\n  }\r\n}\r\n";
    let after = put_plain(before);
    assert!(after.starts_with("\u{feff}{\r\n") && !after.replace("\r\n", "").contains('\n'), "{after:?}");
    assert_eq!(put_plain(&after), after);
}

#[test]
fn what_is_no_configuration_is_refused_with_its_place() {
    for (text, fault) in [
        ("{\"mcpServers\": {\n  \"a\": }\n}", "line 2 column 8"),
        ("[]", "not an object"),
        ("{\"mcpServers\": []}", "`mcpServers` is not an object"),
        ("{\"a\": 1} x", "trailing characters"),
        ("{/* never ends", "line 1 column 2"),
    ] {
        let found = put_as(text, Comments::Allowed, &json!({})).expect_err(text);
        assert!(found.contains(fault), "{text}: {found}");
    }
}

#[test]
fn any_file_keeps_what_it_says() {
    // Every way to lay out a few members, with and without ours.
    let members =
        ["\"a\":1", "\"mcpServers\" : { }", "\"b\" : [ { } , \"}\" ]", "\"mcpServers\":{\"o\":{\"k\":\"v,\"}}"];
    let mut seen = 0;
    for first in members {
        for second in ["\"c\":{\"mcpServers\":0}", "\"d\":null"] {
            for (gap, comma) in [("", ","), ("\n", ",\n"), (" \t", " , "), ("\n\n    ", "\n,")] {
                let text = format!("{{{gap}{first}{comma}{second}{gap}}}");
                let before = read(&text, Comments::Refused).expect("JSON");
                let after = read(&put_plain(&text), Comments::Refused).expect("JSON");
                let mut wanted = before.clone();
                let servers = wanted.entry("mcpServers").or_insert_with(|| json!({}));
                servers["sextant"] = json!({"command": "x"});
                assert_eq!(after, wanted, "{text}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 32);
}
