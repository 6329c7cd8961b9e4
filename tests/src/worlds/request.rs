//! A question as a request.

use serde_json::{Map, Value as Json, json};

use crate::oracle::expr::{Comparison, Expr};
use crate::oracle::question::{Condition, Question};
use crate::oracle::value::Value;
use crate::oracle::world::World;

/// The arguments of `get_metrics` that ask a question.
pub fn request(world: &World, question: &Question) -> Map<String, Json> {
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| {
        out.insert(key.to_string(), value);
    };
    let name = |metric: &usize| world.metrics[*metric].name.clone();
    put("metric_names", question.metrics.iter().map(name).collect::<Vec<_>>().into());
    if let Some(grain) = question.granularity {
        put("granularity", grain.word().into());
    }
    if !question.groups.is_empty() {
        put("group_by", question.groups.clone().into());
    }
    if !question.conditions.is_empty() {
        put("where", question.conditions.iter().map(|c| condition(world, c)).collect::<Vec<_>>().into());
    }
    if !question.having.is_empty() {
        put("having", question.having.iter().map(|h| Json::from(h.to_string())).collect::<Vec<_>>().into());
    }
    if !question.order.is_empty() {
        let item = |(column, descends): &(String, bool)| format!("{}{column}", if *descends { "-" } else { "" });
        put("order_by", question.order.iter().map(item).collect::<Vec<_>>().into());
    }
    if let Some(limit) = question.limit {
        put("limit", limit.into());
    }
    if let Some(range) = question.range {
        put("time_range", format!("{}..{}", range.first, range.last).into());
    }
    if let Some(comparison) = &question.comparison {
        put("comparison", comparison.asked.as_str().into());
    }
    if let Some(zone) = question.zone {
        put("timezone", zone.name().into());
    }
    if let Some(currency) = &question.currency {
        put("currency", currency.as_str().into());
    }
    put("as_of", question.as_of.to_rfc3339().into());
    put("number_format", "string".into());
    out
}

fn condition(world: &World, condition: &Condition) -> Json {
    match (condition.metric, condition.structured) {
        (Some(metric), _) => json!({"metric": world.metrics[metric].name, "where": condition.expr.to_string()}),
        (None, true) => structured(&condition.expr).unwrap_or_else(|| condition.expr.to_string().into()),
        (None, false) => condition.expr.to_string().into(),
    }
}

/// `{dimension, op, value}` where the condition has that form.
fn structured(expr: &Expr) -> Option<Json> {
    let name = |of: &Expr| match of {
        Expr::Name(name) => Some(name.clone()),
        _ => None,
    };
    let values = |values: &[Value]| values.iter().map(literal).collect::<Vec<_>>();
    Some(match expr {
        Expr::Compare(comparison, of, value) if *comparison != Comparison::Same => match value.as_ref() {
            Expr::Literal(value) => json!({"dimension": name(of)?, "op": comparison.symbol(), "value": literal(value)}),
            _ => return None,
        },
        Expr::In(of, list) => json!({"dimension": name(of)?, "op": "in", "values": values(list)}),
        Expr::NotIn(of, list) => json!({"dimension": name(of)?, "op": "not_in", "values": values(list)}),
        Expr::Between(of, low, high) => {
            json!({"dimension": name(of)?, "op": "between", "values": [literal(low), literal(high)]})
        }
        Expr::StartsWith(of, prefix) => json!({"dimension": name(of)?, "op": "starts_with", "value": prefix}),
        Expr::IsNull(of) => json!({"dimension": name(of)?, "op": "is_null"}),
        Expr::IsNotNull(of) => json!({"dimension": name(of)?, "op": "is_not_null"}),
        _ => return None,
    })
}

fn literal(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Exact(value) => serde_json::from_str(&value.to_string()).unwrap(),
        Value::Double(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::Date(value) => json!(value.to_string()),
        Value::Wall(value) => json!(value.to_string()),
    }
}
