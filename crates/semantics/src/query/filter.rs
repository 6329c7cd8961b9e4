//! Conditions of a request: texts in the expression language, and conditions spelled out in JSON,
//! which become the same trees.

use serde_json::{Number, Value};

use super::request::FilterItem;
use super::request::read::{Item, Object, Reader, kind_of, with_received};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::{self, Place};
use crate::expr::{BinaryOp, Expr, Function, Kind, Literal, Name};
use crate::source::Span;

/// The condition of a text.
pub(super) fn from_text(reader: &mut Reader, field: &str, text: &str, place: Place) -> Option<Expr<Name>> {
    let at = reader.source(field, text);
    match parse::parse_in(text, at, place) {
        Ok(condition) => Some(condition),
        Err(fault) => {
            let code = if fault.code == Code::InvalidExpression { Code::InvalidFilter } else { fault.code };
            let fault = Diagnostic { code, ..fault }.field(field);
            reader.fault(with_received(fault, &Value::from(text)));
            None
        }
    }
}

/// A condition spelled out: its subject under `subject`, `op`, and `value` or `values`.
pub(super) fn from_object(
    reader: &mut Reader,
    object: &Object,
    item: &Item,
    subject: &'static str,
) -> Option<Expr<Name>> {
    let name = reader.text(object, subject);
    let has_op = object.has("op");
    let op = reader.word(object, "op");
    let single = reader.value(object, "value").cloned();
    let several = reader.list(object, "values").map(|items| items.into_iter().map(|i| i.value.into_owned()).collect());
    let values: Option<Vec<Value>> = several.or_else(|| match single {
        Some(Value::Array(values)) => Some(values),
        Some(value) => Some(vec![value]),
        None => None,
    });
    let name = name?;
    if name.is_empty() || name.split('.').any(str::is_empty) {
        reader.fault(invalid(item, format!("`{name}` is not a name")));
        return None;
    }
    let op = match op {
        Some(op) => op,
        None if has_op => return None,
        None => match values.as_deref() {
            Some([_]) => "=",
            Some(_) => "in",
            None => {
                reader.fault(invalid(item, format!("a condition on `{name}` without `op`")));
                return None;
            }
        },
    };
    if object.is_null("value") && values.is_none() && !matches!(op, "is_null" | "is_not_null") {
        reader.fault(against_null(item, &name));
        return None;
    }
    let literals = literals(reader, item, &name, values.as_deref().unwrap_or_default())?;
    let op = listed(reader, item, op, literals.len());
    let kind = match build(&name, op, literals) {
        Ok(kind) => kind,
        Err(fact) => {
            reader.fault(invalid(item, fact));
            return None;
        }
    };
    // The canonical text stands for what was written, as one piece.
    let text = place(kind, NOWHERE).to_string();
    let at = reader.source(&item.field, &text);
    match parse::parse(&text, at) {
        Ok(condition) => Some(condition),
        Err(fault) => {
            reader.fault(invalid(item, fault.message));
            None
        }
    }
}

/// The conditions of `{metric, where}`, which filter that metric alone.
pub(super) fn of_metric(reader: &mut Reader, object: &Object, item: &Item) -> Vec<FilterItem> {
    for other in ["dimension", "op", "value", "values"] {
        if object.has(other) {
            let fact = format!("a condition on one metric has `where`, not `{other}`");
            let help = r#"write {"metric": "net_sales", "where": ["channel = 'email'"]}"#;
            reader.fault(invalid(item, fact).help(help));
        }
    }
    let metric = reader.text(object, "metric");
    if !object.has("where") {
        let help = "conditions on a metric's value stand in `having`; to filter one metric alone, add `where`";
        reader.fault(invalid(item, "a metric without `where` in a condition on rows".into()).help(help));
    }
    let mut conditions = Vec::new();
    for part in reader.list(object, "where").unwrap_or_default() {
        let Value::String(text) = part.value.as_ref() else {
            let fact = format!("`{}` is {}, not a condition in words", part.field, kind_of(&part.value));
            reader.fault(invalid(&part, fact));
            continue;
        };
        if let Some(condition) = from_text(reader, &part.field, text, Place::Where) {
            conditions.push(FilterItem { metric: metric.clone(), condition, field: part.field.clone() });
        }
    }
    conditions
}

const NOWHERE: Span = Span { source: crate::source::SourceId(0), start: 0, end: 0 };

fn invalid(item: &Item, fact: String) -> Diagnostic {
    let example = serde_json::json!({ "dimension": "country", "op": "in", "values": ["US", "CA"] });
    with_received(Diagnostic::new(Code::InvalidFilter, fact).field(&item.field), &item.value).example(example)
}

fn against_null(item: &Item, name: &str) -> Diagnostic {
    let fact = format!("`{name}` is held against null, which equals nothing");
    invalid(item, fact).help("`op` is_null or is_not_null asks for what has no value")
}

fn literals(reader: &mut Reader, item: &Item, name: &str, values: &[Value]) -> Option<Vec<Literal>> {
    let mut literals = Vec::with_capacity(values.len());
    for value in values {
        let literal = match value {
            Value::String(text) => Literal::Text(text.clone()),
            Value::Bool(flag) => Literal::Boolean(*flag),
            Value::Number(number) => match read_number(number) {
                Some(literal) => literal,
                None => {
                    reader.fault(invalid(item, format!("{number} is not a number of at most 38 digits")));
                    return None;
                }
            },
            Value::Null => {
                reader.fault(against_null(item, name));
                return None;
            }
            Value::Array(_) | Value::Object(_) => {
                let fact = format!("a value of `{name}` is {}, not a text, a number or a boolean", kind_of(value));
                reader.fault(invalid(item, fact));
                return None;
            }
        };
        literals.push(literal);
    }
    Some(literals)
}

pub(super) fn read_number(number: &Number) -> Option<Literal> {
    signed(&number.to_string())
}

/// The number that a text says, with or without a minus sign.
pub(super) fn signed(text: &str) -> Option<Literal> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let literal = parse::literal::number(digits).ok()?;
    Some(match literal {
        Literal::Integer(n) if negative => Literal::Integer(-n),
        Literal::Decimal { unscaled, scale } if negative => Literal::Decimal { unscaled: -unscaled, scale },
        Literal::Float(x) if negative => Literal::Float(-x),
        other => other,
    })
}

/// `=` and `!=` of several values are a list's operators.
fn listed(reader: &mut Reader, item: &Item, op: &'static str, values: usize) -> &'static str {
    let meant = match op {
        "=" if values > 1 => "in",
        "!=" if values > 1 => "not_in",
        other => return other,
    };
    reader.note(format!("`{}` has several values; `{op}` was read as `{meant}`", item.field));
    meant
}

fn place(kind: Kind<Name>, at: Span) -> Expr<Name> {
    Expr::new(kind, at)
}

fn build(name: &str, op: &str, values: Vec<Literal>) -> Result<Kind<Name>, String> {
    let subject = || place(Kind::Ref(Name { parts: name.split('.').map(String::from).collect() }), NOWHERE);
    let count = values.len();
    let mut values = values.into_iter().map(|literal| place(Kind::Literal(literal), NOWHERE));
    let needs = |wanted: &str| format!("`{op}` on `{name}` needs {wanted}, not {count}");
    let compare = |op: BinaryOp, value: Option<Expr<Name>>| match value {
        Some(right) if count == 1 => Ok(Kind::Binary { op, left: subject(), right }),
        _ => Err(needs("one value")),
    };
    match op {
        "=" => compare(BinaryOp::Equal, values.next()),
        "!=" => compare(BinaryOp::NotEqual, values.next()),
        "<" => compare(BinaryOp::Less, values.next()),
        "<=" => compare(BinaryOp::LessOrEqual, values.next()),
        ">" => compare(BinaryOp::Greater, values.next()),
        ">=" => compare(BinaryOp::GreaterOrEqual, values.next()),
        "in" | "not_in" if count == 0 => Err(needs("at least one value")),
        "in" => Ok(Kind::InList { of: subject(), list: values.collect(), negated: false }),
        "not_in" => Ok(Kind::InList { of: subject(), list: values.collect(), negated: true }),
        "contains" | "starts_with" => {
            let function = if op == "contains" { Function::Contains } else { Function::StartsWith };
            let calls = values.map(|value| Kind::Call { function, arguments: vec![subject(), value] });
            let any = calls.reduce(|left, right| Kind::Binary {
                op: BinaryOp::Or,
                left: place(left, NOWHERE),
                right: place(right, NOWHERE),
            });
            any.ok_or_else(|| needs("at least one value"))
        }
        "between" => match (values.next(), values.next()) {
            (Some(low), Some(high)) if count == 2 => Ok(Kind::Between { of: subject(), low, high, negated: false }),
            _ => Err(needs("two values")),
        },
        "is_null" | "is_not_null" if count > 0 => Err(needs("no value")),
        "is_null" => Ok(Kind::IsNull { of: subject(), negated: false }),
        "is_not_null" => Ok(Kind::IsNull { of: subject(), negated: true }),
        _ => Err(format!("no operator `{op}`")),
    }
}
