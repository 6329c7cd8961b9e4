//! The shapes of what administrative operations answer.

use serde_json::{Map, Value, json};
use sextant_engine::json::schema;

/// The schema of an answer; none of an operation that does not administer.
pub(in crate::operations) fn answer_schema(operation: &str) -> Option<Value> {
    let listed = |key: &str, item: Value| {
        let properties = Map::from_iter([
            (key.to_string(), schema::list("", item)),
            ("read_as".to_string(), schema::list("", json!({ "type": "string" }))),
        ]);
        schema::object("", Value::Object(properties), &[key])
    };
    match operation {
        "list_organizations" => Some(listed("organizations", organization_schema())),
        "create_organization" | "update_organization" => Some(organization_schema()),
        "list_partners" => Some(listed("partners", partner_schema())),
        "create_partner" | "update_partner" => Some(partner_schema()),
        "list_users" => Some(listed("users", user_schema())),
        "create_user" | "update_user" => Some(user_schema()),
        "list_tokens" => Some(listed("tokens", token_schema())),
        "create_token" | "revoke_token" => Some(token_schema()),
        "list_feedback" => Some(listed("feedback", feedback_schema())),
        "reload_models" => {
            let properties = json!({
                "model_version": schema::text(""),
                "read_as": schema::list("", json!({ "type": "string" })),
            });
            Some(schema::object("", properties, &["model_version"]))
        }
        _ => None,
    }
}

/// An object of texts, null where something is not set, and of the lists and objects that are named.
fn record(texts: &[&str], lists: &[&str], objects: &[&str], flags: &[&str], required: &[&str]) -> Value {
    let mut properties = Map::new();
    for name in texts {
        properties.insert(name.to_string(), json!({ "type": ["string", "null"] }));
    }
    for name in lists.iter().chain(&["read_as"]) {
        properties.insert(name.to_string(), schema::list("", json!({ "type": "string" })));
    }
    for name in objects {
        properties.insert(name.to_string(), json!({ "type": "object" }));
    }
    for name in flags {
        properties.insert(name.to_string(), schema::boolean(""));
    }
    schema::object("", Value::Object(properties), required)
}

fn organization_schema() -> Value {
    let texts = ["id", "name", "models", "data", "sandbox_data", "timezone", "currency", "created", "disabled"];
    record(&texts, &[], &[], &[], &["id", "name"])
}

fn partner_schema() -> Value {
    let texts = ["id", "name", "default_organization", "created", "disabled"];
    record(&texts, &["organizations"], &[], &[], &["id", "name", "organizations"])
}

fn user_schema() -> Value {
    let texts = ["id", "email", "name", "created", "disabled"];
    record(&texts, &["scopes", "organizations", "ended_tokens"], &["attributes"], &[], &["id", "email", "scopes"])
}

fn token_schema() -> Value {
    let texts = [
        "id",
        "name",
        "kind",
        "prefix",
        "last_four",
        "created",
        "created_by",
        "last_used",
        "expires",
        "revoked",
        "token",
    ];
    record(&texts, &["scopes"], &["attributes"], &["accepted"], &["id", "name", "kind", "scopes", "accepted"])
}

fn feedback_schema() -> Value {
    let texts = ["id", "organization", "at", "category", "comment", "tool_name", "answer_id", "severity"];
    record(&texts, &["tags"], &[], &[], &["id", "at", "category", "comment", "tags"])
}
