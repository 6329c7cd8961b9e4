//! One table put into a TOML file as somebody wrote it: everything around it stays, comments too.

use serde_json::{Map, Value};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, TomlError};

/// The file as one object.
pub(crate) fn read(text: &str) -> Result<Map<String, Value>, String> {
    let document: DocumentMut = text.parse().map_err(|fault| told(text, &fault))?;
    Ok(object(document.as_table()))
}

/// The text with `section.name` as `settle` makes it of the table that stood there. Where that changes
/// nothing, the same text.
pub(crate) fn put(
    text: &str,
    section: &str,
    name: &str,
    settle: impl FnOnce(Option<&Map<String, Value>>) -> Map<String, Value>,
) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|fault| told(text, &fault))?;
    let is_empty = document.is_empty();
    let servers = document.entry(section).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let is_inline = servers.is_inline_table();
    let servers = servers.as_table_like_mut().ok_or_else(|| format!("`{section}` is not a table"))?;
    let old = servers.get(name).and_then(Item::as_table_like).map(object);
    let new = settle(old.as_ref());
    if old.as_ref() == Some(&new) {
        return Ok(text.to_string());
    }
    match servers.get_mut(name).and_then(Item::as_table_like_mut) {
        Some(table) => {
            let old = old.unwrap_or_default();
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                table.remove(key);
            }
            for (key, value) in new.iter().filter(|(key, value)| old.get(*key) != Some(value)) {
                table.insert(key, Item::Value(value_of(value)));
            }
        }
        None if is_inline => {
            servers.insert(name, Item::Value(value_of(&Value::Object(new))));
        }
        None => {
            let mut table = Table::new();
            for (key, value) in &new {
                table.insert(key, Item::Value(value_of(value)));
            }
            table.decor_mut().set_prefix(if is_empty { "" } else { "\n" });
            servers.insert(name, Item::Table(table));
        }
    }
    Ok(document.to_string())
}

/// What is wrong, and in which line.
fn told(text: &str, fault: &TomlError) -> String {
    let line = fault.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    format!("{} at line {line}", fault.message().replace('\n', ", "))
}

fn object(table: &dyn TableLike) -> Map<String, Value> {
    table.iter().map(|(key, item)| (key.to_string(), json_of(item))).collect()
}

fn json_of(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Table(table) => Value::Object(object(table)),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| Value::Object(object(table))).collect(),
        Item::Value(value) => json_of_value(value),
    }
}

fn json_of_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => text.value().as_str().into(),
        toml_edit::Value::Integer(number) => (*number.value()).into(),
        toml_edit::Value::Float(number) => (*number.value()).into(),
        toml_edit::Value::Boolean(truth) => (*truth.value()).into(),
        toml_edit::Value::Datetime(time) => time.value().to_string().into(),
        toml_edit::Value::Array(items) => items.iter().map(json_of_value).collect(),
        toml_edit::Value::InlineTable(table) => Value::Object(object(table)),
    }
}

/// Entries hold text, lists and objects; another scalar is written as its JSON, which TOML reads alike.
fn value_of(value: &Value) -> toml_edit::Value {
    match value {
        Value::Null => toml_edit::Value::from(""),
        Value::Bool(truth) => toml_edit::Value::from(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => toml_edit::Value::from(whole),
            None => toml_edit::Value::from(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => toml_edit::Value::from(text.as_str()),
        Value::Array(items) => toml_edit::Value::Array(items.iter().map(value_of).collect::<Array>()),
        Value::Object(members) => {
            let members = members.iter().map(|(key, value)| (key.as_str(), value_of(value)));
            toml_edit::Value::InlineTable(members.collect::<InlineTable>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn put_as(text: &str, value: &Value) -> Result<String, String> {
        let value = value.as_object().cloned().expect("an object");
        put(text, "mcp_servers", "sextant", |_| value)
    }

    fn local() -> Value {
        json!({"command": "/bin/sextant", "args": ["serve", "--stdio"], "env": {"SEXTANT_DATA": "C:\\d"}})
    }

    #[test]
    fn an_empty_file_becomes_one_table() {
        assert_eq!(
            put_as("", &local()).expect("a good file"),
            "[mcp_servers.sextant]\ncommand = \"/bin/sextant\"\nargs = [\"serve\", \"--stdio\"]\nenv = { SEXTANT_DATA = 'C:\\d' }\n"
        );
    }

    #[test]
    fn everything_around_stays() {
        let before = "model = \"x\" # mine\n\n[mcp_servers.other]   # theirs\nurl = 'http://y'\n\n[projects.\"/a\"]\ntrust = 1\n";
        let after = put_as(before, &local()).expect("a good file");
        for part in [
            "model = \"x\" # mine\n",
            "[mcp_servers.other]   # theirs\nurl = 'http://y'\n",
            "[projects.\"/a\"]\ntrust = 1\n",
        ] {
            assert!(after.contains(part), "{after}");
        }
        assert_eq!(read(&after).expect("TOML")["mcp_servers"]["sextant"], local());
        assert_eq!(put_as(&after, &local()).expect("a good file"), after, "a second time changes nothing");
        let moved = put_as(&after, &json!({"url": "http://z/mcp", "enabled": true})).expect("a good file");
        assert_eq!(
            read(&moved).expect("TOML")["mcp_servers"]["sextant"],
            json!({"url": "http://z/mcp", "enabled": true})
        );
        assert!(!moved.contains("SEXTANT_DATA") && moved.contains("# theirs"), "{moved}");
    }

    #[test]
    fn tables_of_tables_and_inline_tables_are_changed_in_place() {
        let nested = "[mcp_servers.sextant]\ncommand = \"old\"\nstartup_timeout_sec = 20\n[mcp_servers.sextant.env]\nSEXTANT_DATA = \"C:\\\\d\"\n";
        let mut wanted = local();
        wanted["startup_timeout_sec"] = 20.into();
        let after = put_as(nested, &wanted).expect("a good file");
        assert_eq!(read(&after).expect("TOML")["mcp_servers"]["sextant"], wanted);
        assert!(after.contains("[mcp_servers.sextant.env]\nSEXTANT_DATA = \"C:\\\\d\"\n"), "{after}");
        let inline = "mcp_servers = { other = { url = \"u\" } }\n";
        let after = read(&put_as(inline, &local()).expect("a good file")).expect("TOML");
        assert_eq!((&after["mcp_servers"]["other"]["url"], &after["mcp_servers"]["sextant"]), (&json!("u"), &local()));
    }

    #[test]
    fn what_is_no_configuration_is_refused_with_its_line() {
        let fault = put_as("a = 1\nb = \n", &local()).expect_err("a fault");
        assert!(fault.ends_with("at line 2"), "{fault}");
        assert_eq!(put_as("mcp_servers = 3\n", &local()).expect_err("a fault"), "`mcp_servers` is not a table");
    }
}
