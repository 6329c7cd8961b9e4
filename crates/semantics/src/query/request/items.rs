//! The items of a request's lists, in their short form or spelled out.

use serde_json::Value;

use super::super::filter;
use super::read::{Item, Object, Reader, kind_of, with_received};
use super::table::{Argument, MAX_FILTERS, Shape};
use super::{FilterItem, GroupItem, MetricItem, OrderItem};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::Place;
use crate::model::metric::{OFFSET_HELP, Offset};

/// The arguments of an item that is spelled out.
fn table_of(object: &Object, name: &str) -> Vec<&'static Argument> {
    match object.shape_of(name) {
        Shape::List { of: Shape::TextOr(table), .. } => table.iter().collect(),
        _ => unreachable!("`{name}` is not a list of such items in the table"),
    }
}

pub(super) fn metrics(reader: &mut Reader, object: &Object, name: &str) -> Vec<MetricItem> {
    let mut metrics = Vec::new();
    for item in named_items(reader, object, name) {
        match item.value.as_ref() {
            Value::String(text) => metrics.push(MetricItem::named(text, &item.field)),
            Value::Object(map) => {
                let parts = reader.object("a metric", format!("{}.", item.field), map, table_of(object, name));
                let alias = reader.text(&parts, "alias");
                let offset = if parts.takes("offset_window") { offset(reader, &parts) } else { None };
                if let Some(name) = reader.text(&parts, "name") {
                    metrics.push(MetricItem { name, alias, offset, field: item.field });
                }
            }
            _ => wrong(reader, &item, r#"a metric's name or {"name", "alias"}"#),
        }
    }
    metrics
}

fn offset(reader: &mut Reader, metric: &Object) -> Option<Offset> {
    let text = reader.text(metric, "offset_window")?;
    let offset = Offset::parse(&text);
    if offset.is_none() {
        let fact = format!("`{text}` is no length of time");
        let fault = Diagnostic::new(Code::InvalidArgument, fact).field(metric.field("offset_window")).received(text);
        reader.fault(fault.help(OFFSET_HELP).example("1 month"));
    }
    offset
}

/// None when the argument is absent.
pub(super) fn groups(reader: &mut Reader, object: &Object, name: &str) -> Option<Vec<GroupItem>> {
    if !object.has(name) {
        return None;
    }
    let mut groups = Vec::new();
    for item in named_items(reader, object, name) {
        match item.value.as_ref() {
            Value::String(text) => groups.push(GroupItem {
                name: text.clone(),
                grain: None,
                date_part: None,
                alias: None,
                field: item.field,
            }),
            Value::Object(map) => {
                let parts = reader.object("a group", format!("{}.", item.field), map, table_of(object, name));
                let grain =
                    reader.text(&parts, "grain").map(|grain| grain.trim().to_ascii_lowercase().replace('-', "_"));
                let date_part = reader.word(&parts, "date_part").and_then(crate::expr::DatePart::parse);
                let alias = reader.text(&parts, "alias");
                if grain.is_some() && date_part.is_some() {
                    let fact = "a group by `grain` and `date_part` at once";
                    let fault = Diagnostic::new(Code::InvalidArgument, fact).field(&item.field);
                    reader.fault(with_received(fault.help("two groups can be asked for instead"), &item.value));
                }
                if let Some(name) = reader.text(&parts, "name") {
                    groups.push(GroupItem { name, grain, date_part, alias, field: item.field });
                }
            }
            _ => wrong(reader, &item, r#"a dimension's name or {"name", "grain", "date_part", "alias"}"#),
        }
    }
    Some(groups)
}

pub(super) fn conditions_on_rows(reader: &mut Reader, object: &Object) -> Vec<FilterItem> {
    let mut conditions = Vec::new();
    for item in reader.list(object, "where").unwrap_or_default() {
        match item.value.as_ref() {
            Value::String(text) => {
                if let Some(condition) = filter::from_text(reader, &item.field, text, Place::Where) {
                    conditions.push(FilterItem { metric: None, condition, field: item.field });
                }
            }
            Value::Object(map) => {
                let table = table_of(object, "where");
                let parts = reader.object("a condition", format!("{}.", item.field), map, table);
                if parts.has("metric") || parts.has("where") {
                    conditions.extend(filter::of_metric(reader, &parts, &item));
                } else if !parts.has("dimension") {
                    missing_subject(reader, &item, "dimension", map.is_empty());
                } else if let Some(condition) = filter::from_object(reader, &parts, &item, "dimension") {
                    conditions.push(FilterItem { metric: None, condition, field: item.field });
                }
            }
            _ => wrong(reader, &item, r#"a condition in words or {"dimension", "op", "value"}"#),
        }
    }
    if conditions.len() > MAX_FILTERS {
        let fact = format!("`where` has {} conditions, over the limit of {MAX_FILTERS}", conditions.len());
        reader.fault(Diagnostic::new(Code::TooManyItems, fact).field(object.field("where")));
    }
    conditions
}

pub(super) fn conditions_on_results(reader: &mut Reader, object: &Object) -> Vec<FilterItem> {
    let mut conditions = Vec::new();
    for item in reader.list(object, "having").unwrap_or_default() {
        let condition = match item.value.as_ref() {
            Value::String(text) => filter::from_text(reader, &item.field, text, Place::Formula),
            Value::Object(map) => {
                let table = table_of(object, "having");
                let parts = reader.object("a condition on results", format!("{}.", item.field), map, table);
                if parts.has("metric") { filter::from_object(reader, &parts, &item, "metric") } else { None }
            }
            _ => {
                wrong(reader, &item, r#"a condition in words or {"metric", "op", "value"}"#);
                None
            }
        };
        if let Some(condition) = condition {
            conditions.push(FilterItem { metric: None, condition, field: item.field });
        }
    }
    conditions
}

/// None when the argument is absent.
pub(super) fn orders(reader: &mut Reader, object: &Object) -> Option<Vec<OrderItem>> {
    if !object.has("order_by") {
        return None;
    }
    let mut orders = Vec::new();
    for item in named_items(reader, object, "order_by") {
        match item.value.as_ref() {
            Value::String(text) => orders.push(order_of(reader, text, item.field)),
            Value::Object(map) => {
                let parts = reader.object("an order", format!("{}.", item.field), map, table_of(object, "order_by"));
                let descending = reader.word(&parts, "direction") == Some("desc");
                if let Some(text) = reader.text(&parts, "column") {
                    let order = order_of(reader, &text, item.field);
                    orders.push(OrderItem { descending: descending || order.descending, ..order });
                }
            }
            _ => wrong(reader, &item, r#"a column such as "-net_sales" or {"column", "direction"}"#),
        }
    }
    Some(orders)
}

/// `-net_sales`; `net_sales desc` as in SQL is read too.
fn order_of(reader: &mut Reader, text: &str, field: String) -> OrderItem {
    let text = text.trim();
    if let Some(column) = text.strip_prefix('-') {
        return OrderItem { column: column.trim().to_string(), descending: true, field };
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [column, direction] if direction.eq_ignore_ascii_case("desc") || direction.eq_ignore_ascii_case("asc") => {
            let descending = direction.eq_ignore_ascii_case("desc");
            let sign = if descending { "-" } else { "" };
            reader.note(format!("`{field}` was given as `{text}` and read as `{sign}{column}`"));
            OrderItem { column: column.to_string(), descending, field }
        }
        _ => OrderItem { column: text.to_string(), descending: false, field },
    }
}

/// The items of a list of names; a text of names with commas is read as several.
fn named_items<'a>(reader: &mut Reader, object: &Object<'a>, name: &str) -> Vec<Item<'a>> {
    let items = reader.list(object, name).unwrap_or_default();
    let mut named = Vec::with_capacity(items.len());
    for item in items {
        let several: Vec<&str> = match item.value.as_ref() {
            Value::String(text) if text.contains(',') => text.split(',').map(str::trim).collect(),
            _ => Vec::new(),
        };
        if several.is_empty() || several.iter().any(|name| name.is_empty()) {
            named.push(item);
            continue;
        }
        reader.note(format!("`{}` was given as one text and read as {} names", item.field, several.len()));
        for name in several {
            let value = std::borrow::Cow::Owned(Value::from(name));
            named.push(Item { value, field: item.field.clone() });
        }
    }
    named
}

fn missing_subject(reader: &mut Reader, item: &Item, subject: &str, alone: bool) {
    // An object of unknown keys only has been refused for each of them already.
    let known = reader.faults.iter().any(|fault| {
        let field = fault.field.as_deref().unwrap_or_default();
        fault.code == Code::UnknownArgument
            && field.starts_with(&item.field)
            && fault.did_you_mean.iter().any(|n| n == subject)
    });
    if alone || !known {
        let fault = Diagnostic::new(Code::InvalidFilter, format!("a condition without `{subject}`")).field(&item.field);
        let example = serde_json::json!({ "dimension": "country", "op": "=", "value": "US" });
        reader.fault(with_received(fault.example(example), &item.value));
    }
}

fn wrong(reader: &mut Reader, item: &Item, wanted: &str) {
    let fact = format!("`{}` is {}, not {wanted}", item.field, kind_of(&item.value));
    let fault = Diagnostic::new(Code::InvalidArgument, fact).field(&item.field);
    reader.fault(with_received(fault.help(format!("write {wanted}")), &item.value));
}
