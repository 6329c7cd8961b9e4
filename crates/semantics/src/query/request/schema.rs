//! JSON Schemas of the tools' arguments, written from the table that the decoder reads by.
//!
//! They are plain for the sake of clients: no references, no nullable types, closed objects.

use serde_json::{Map, Value, json};

use super::table::{self, Argument, Shape};

/// The JSON Schema of a tool's arguments; none for a tool that does not exist.
pub fn schema(tool: &str) -> Option<Value> {
    table::arguments(tool).map(object)
}

/// The names of all tools and operations, in the order of the documentation.
pub fn tools() -> impl Iterator<Item = &'static str> {
    table::TOOLS.iter().map(|(name, _)| *name)
}

fn object(arguments: impl IntoIterator<Item = &'static Argument>) -> Value {
    closed(arguments, |argument| Map::from_iter([("description".to_string(), argument.description.into())]))
}

/// An item of a list, spelled out. Its keys say by their names what they are: lists of tools are read with every
/// conversation, and clients stop at 24 KB.
fn item(arguments: &'static [Argument]) -> Value {
    closed(arguments, |_| Map::new())
}

fn closed(
    arguments: impl IntoIterator<Item = &'static Argument>,
    said: impl Fn(&Argument) -> Map<String, Value>,
) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for argument in arguments {
        let mut property = said(argument);
        property.extend(shape(&argument.shape));
        properties.insert(argument.name.into(), Value::Object(property));
        if argument.required {
            required.push(argument.name);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(false);
    schema
}

fn shape(shape: &'static Shape) -> Map<String, Value> {
    let schema = match shape {
        Shape::Text | Shape::Scalar => json!({ "type": "string" }),
        Shape::Prose { most } => json!({ "type": "string", "minLength": 1, "maxLength": most }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count { least, most } if *most < u64::from(u32::MAX) => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        Shape::Count { least, .. } => json!({ "type": "integer", "minimum": least }),
        Shape::Word(words) => json!({ "type": "string", "enum": words }),
        Shape::Value => json!({ "anyOf": [{ "type": "string" }, { "type": "number" }, { "type": "boolean" }] }),
        Shape::List { of, most, .. } => json!({ "type": "array", "items": self::shape(of), "maxItems": most }),
        Shape::Object(arguments) => object(arguments.iter()),
        Shape::TextOr(arguments) => json!({ "anyOf": [{ "type": "string" }, item(arguments)] }),
        Shape::Arguments => json!({ "type": "object" }),
    };
    match schema {
        Value::Object(map) => map,
        _ => unreachable!("every schema above is an object"),
    }
}
