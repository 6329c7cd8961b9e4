//! Who asks: what is known of the caller, for the filters of policies.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Number, Value};

use crate::code::Code;
use crate::diagnostic::Diagnostic;

/// The attributes of a caller by their names. A caller without attributes sees what no policy hides.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Caller {
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// One value or several.
#[derive(Clone, PartialEq, Eq)]
pub enum AttributeValue {
    One(Attribute),
    Many(Vec<Attribute>),
}

/// A value of an attribute.
#[derive(Clone, PartialEq, Eq)]
pub enum Attribute {
    Text(String),
    Number(Number),
    Boolean(bool),
}

impl Caller {
    /// A caller of a JSON object, whose values are texts, numbers, booleans and lists of them. A null is no attribute.
    pub fn from_json(object: &Map<String, Value>) -> Result<Caller, Diagnostic> {
        let mut attributes = BTreeMap::new();
        for (name, value) in object {
            let value = match value {
                Value::Null => continue,
                Value::Array(items) => items.iter().map(one).collect::<Option<_>>().map(AttributeValue::Many),
                other => one(other).map(AttributeValue::One),
            };
            let value = value.ok_or_else(|| {
                let fact = format!("attribute `{name}` of the caller is no text, number, boolean or list of them");
                Diagnostic::new(Code::InvalidArgument, fact).field(name.clone())
            })?;
            attributes.insert(name.clone(), value);
        }
        Ok(Caller { attributes })
    }

    /// The object that [`Caller::from_json`] reads back.
    pub fn to_json(&self) -> Map<String, Value> {
        let value = |of: &AttributeValue| match of {
            AttributeValue::One(value) => value.to_json(),
            AttributeValue::Many(values) => values.iter().map(Attribute::to_json).collect(),
        };
        self.attributes.iter().map(|(name, of)| (name.clone(), value(of))).collect()
    }

    /// A caller of `key=value` pairs; a key that is given several times has several values, all of them texts.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = &'a str>) -> Result<Caller, Diagnostic> {
        let mut attributes: BTreeMap<String, AttributeValue> = BTreeMap::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                let fact = "an attribute of the caller without its name or its value";
                Diagnostic::new(Code::InvalidArgument, fact).field("caller").help("write countries=US")
            })?;
            let value = Attribute::Text(value.to_string());
            match attributes.get_mut(name) {
                None => {
                    attributes.insert(name.to_string(), AttributeValue::One(value));
                }
                Some(AttributeValue::Many(values)) => values.push(value),
                Some(known @ AttributeValue::One(_)) => {
                    let AttributeValue::One(first) = std::mem::replace(known, AttributeValue::Many(Vec::new())) else {
                        continue;
                    };
                    *known = AttributeValue::Many(vec![first, value]);
                }
            }
        }
        Ok(Caller { attributes })
    }
}

impl Attribute {
    fn to_json(&self) -> Value {
        match self {
            Attribute::Text(text) => Value::String(text.clone()),
            Attribute::Number(number) => Value::Number(number.clone()),
            Attribute::Boolean(flag) => Value::Bool(*flag),
        }
    }
}

fn one(value: &Value) -> Option<Attribute> {
    match value {
        Value::String(text) => Some(Attribute::Text(text.clone())),
        Value::Number(number) => Some(Attribute::Number(number.clone())),
        Value::Bool(flag) => Some(Attribute::Boolean(*flag)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Names only: values never reach a log.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.attributes.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_given_twice_has_two_values() {
        let caller = Caller::from_pairs(["country=US", "country=CA", "role=a=b"]).unwrap();
        let text = |text: &str| Attribute::Text(text.to_string());
        assert!(caller.attributes["country"] == AttributeValue::Many(vec![text("US"), text("CA")]));
        assert!(caller.attributes["role"] == AttributeValue::One(text("a=b")));
        assert!(Caller::from_pairs(["=US"]).is_err() && Caller::from_pairs(["US"]).is_err());
    }

    #[test]
    fn json_holds_values_and_lists_of_values() {
        let json = json!({"a": "x", "b": [1, true], "c": null});
        let caller = Caller::from_json(json.as_object().unwrap()).unwrap();
        assert_eq!(caller.attributes.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(format!("{caller:?}"), r#"{"a", "b"}"#);
        assert_eq!(Value::Object(caller.to_json()), json!({"a": "x", "b": [1, true]}));
        let nested = json!({"a": [["x"]]});
        let refused = Caller::from_json(nested.as_object().unwrap()).unwrap_err();
        assert_eq!(refused.code, Code::InvalidArgument);
    }
}
