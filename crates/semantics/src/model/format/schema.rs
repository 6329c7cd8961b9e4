//! The JSON Schema of model files, for editors; written from the tables.

use serde_json::{Map, Value, json};

use super::{FILE, Key, Need, Shape, Table};

/// The schema of one model file (JSON Schema 2020-12).
pub fn schema() -> Value {
    let mut tables = Vec::new();
    collect(&FILE, &mut tables);
    let mut definitions: Vec<(String, Value)> = tables.iter().map(|table| (anchor(table), object(table))).collect();
    definitions.push(("name".into(), json!({"type": "string", "pattern": "^[a-z](_?[a-z0-9])*_?$"})));
    let length = r"^[1-9][0-9]* ?(s|seconds?|min|minutes?|h|hours?|d|days?|w|weeks?|months?|quarters?|y|years?)$";
    definitions.push(("length".into(), json!({"type": "string", "pattern": length})));
    let mut schema = Map::new();
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "Sextant semantic model".into());
    if let Value::Object(file) = object(&FILE) {
        schema.extend(file);
    }
    definitions.retain(|(name, _)| *name != anchor(&FILE));
    schema.insert("$defs".into(), Value::Object(definitions.into_iter().collect()));
    Value::Object(schema)
}

/// [`schema`] as text: what fits in a line stands in one.
pub fn schema_text() -> String {
    let mut text = String::new();
    write(&schema(), 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let flat = value.to_string();
    let entries: Vec<(Option<&String>, &Value)> = match value {
        Value::Object(map) if flat.len() > 120 => map.iter().map(|(key, value)| (Some(key), value)).collect(),
        Value::Array(items) if flat.len() > 120 => items.iter().map(|item| (None, item)).collect(),
        _ => return text.push_str(&flat),
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    text.push(open);
    for (i, (key, value)) in entries.into_iter().enumerate() {
        text.push_str(if i == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            text.push_str(&format!("{}: ", Value::from(key.as_str())));
        }
        write(value, depth + 1, text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

/// Every table that stands in `table`, each once, in the order of their first use.
fn collect(table: &'static Table, found: &mut Vec<&'static Table>) {
    if found.iter().any(|known| known.noun == table.noun) {
        return;
    }
    found.push(table);
    for key in table.keys {
        let mut shape = &key.shape;
        while let Shape::List(item) | Shape::OneOrMany(item) = shape {
            shape = item;
        }
        if let Shape::Object(inner) | Shape::NameOr(inner) = shape {
            collect(inner, found);
        }
    }
}

fn anchor(table: &Table) -> String {
    table.noun.replace([' ', '-'], "_")
}

fn object(table: &Table) -> Value {
    let properties: Map<String, Value> = table.keys.iter().map(|key| (key.name.to_string(), property(key))).collect();
    let mut object = Map::new();
    object.insert("description".into(), table.about.into());
    object.insert("type".into(), "object".into());
    object.insert("properties".into(), Value::Object(properties));
    object.insert("additionalProperties".into(), false.into());
    let required: Vec<&str> = table.keys.iter().filter(|key| key.need == Need::Required).map(|key| key.name).collect();
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    if !table.one_of.is_empty() {
        let forms: Vec<Value> = table.one_of.iter().map(|form| json!({"required": [form]})).collect();
        object.insert("oneOf".into(), forms.into());
    }
    let by_type = by_type(table);
    if !by_type.is_empty() {
        object.insert("allOf".into(), by_type.into());
    }
    Value::Object(object)
}

/// What each `type` must have, and what it cannot have.
fn by_type(table: &Table) -> Vec<Value> {
    let depends = |key: &&Key| matches!(key.need, Need::Types { .. });
    let typed: Vec<&Key> = table.keys.iter().filter(depends).collect();
    let Some(Shape::Word(types)) = table.key("type").map(|key| key.shape).filter(|_| !typed.is_empty()) else {
        return Vec::new();
    };
    types
        .iter()
        .map(|kind| {
            let required: Vec<&str> =
                typed.iter().filter(|key| key.is_required_by(Some(kind))).map(|key| key.name).collect();
            let refused: Map<String, Value> = typed
                .iter()
                .filter(|key| !key.is_taken_by(Some(kind)))
                .map(|key| (key.name.to_string(), Value::Bool(false)))
                .collect();
            json!({
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"required": required, "properties": refused},
            })
        })
        .collect()
}

fn property(key: &Key) -> Value {
    let mut property = shape(&key.shape);
    if let Value::Object(property) = &mut property {
        property.insert("description".into(), key.about.into());
    }
    property
}

fn shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text => json!({"type": ["string", "number"]}),
        Shape::Expression => json!({"type": ["string", "number", "boolean"]}),
        Shape::Name => json!({"$ref": "#/$defs/name"}),
        Shape::Flag => json!({"type": "boolean"}),
        Shape::Count(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
        Shape::Decimal => json!({"type": "number"}),
        Shape::Amount => json!({"type": "number", "minimum": 0}),
        Shape::Fraction => json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Length => json!({"$ref": "#/$defs/length"}),
        Shape::Offset => json!({"type": "string", "pattern": "^[0-9]+ ?[a-z][a-z0-9_]*$"}),
        Shape::Grain => {
            json!({"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "examples": ["day", "month", "fiscal_year"]})
        }
        Shape::Date => json!({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}),
        Shape::Zone => json!({"type": "string", "examples": ["America/New_York", "Europe/Paris", "UTC"]}),
        Shape::StoredAs => json!({"type": "string", "examples": ["utc", "America/New_York"]}),
        Shape::MonthDay => json!({"type": "string", "pattern": r"^(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$"}),
        Shape::ColumnType => {
            let pattern =
                r"^(boolean|integer|decimal\(\d{1,2}, ?\d{1,2}\)|float|text|date|timestamp|timestamp with zone)$";
            json!({"type": "string", "pattern": pattern})
        }
        Shape::Character => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Shape::Argument => json!({}),
        Shape::Rows => json!({"type": "array", "items": {"type": "array"}}),
        Shape::Object(table) => reference(table),
        Shape::NameOr(table) => json!({"anyOf": [{"type": "string"}, reference(table)]}),
        Shape::List(item) => json!({"type": "array", "items": self::shape(item)}),
        Shape::OneOrMany(item) => {
            json!({"anyOf": [self::shape(item), {"type": "array", "items": self::shape(item)}]})
        }
    }
}

fn reference(table: &Table) -> Value {
    json!({"$ref": format!("#/$defs/{}", anchor(table))})
}
