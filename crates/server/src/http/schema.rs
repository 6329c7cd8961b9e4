//! The OpenAPI 3.1 document, from the list of operations: the same schemas as MCP's tools.

use serde_json::{Map, Value, json};
use sextant_semantics::code::{Class, Code};

use super::browse::{self, Browse};
use crate::identity::scope::Scope;
use crate::operations::{self, Operation};

/// Statuses that any question may end with, besides 200.
const REFUSALS: [(&str, &str, &str); 11] = [
    (
        "400",
        "Invalid",
        "Something in the request is wrong; `code` and `field` say what, `did_you_mean` the nearest names.",
    ),
    ("401", "Unauthenticated", "No token, or one that is not accepted; `WWW-Authenticate` says how to get one."),
    ("403", "Forbidden", "The token does not allow this, or `Host` or `Origin` does not name this server."),
    ("404", "NotFound", "Nothing has this path, or what the path names does not exist."),
    ("405", "MethodNotAllowed", "The path takes other methods; `Allow` lists them."),
    ("413", "TooLarge", "The request is larger than 1 MiB."),
    ("415", "UnsupportedMediaType", "The body is not declared as JSON."),
    ("429", "RateLimited", "Too many calls; `Retry-After` says when to call again."),
    ("500", "Internal", "A fault of the server."),
    ("503", "Unavailable", "Data or resources are not available; `Retry-After` is given where trying again may help."),
    ("504", "Timeout", "The question took longer than its time limit."),
];

/// The document.
pub fn document() -> Value {
    let mut paths = Map::new();
    for operation in operations::ALL {
        paths.insert(operation.path(), json!({ "post": post(operation) }));
    }
    paths.insert("/api/v1/call".into(), json!({ "post": call() }));
    for browse in browse::ALL {
        paths.insert(browse.path.into(), json!({ "get": get(browse) }));
    }
    let served = [
        (
            "/api/v1/operations",
            "list_operations",
            "List every operation with its path, schema, paging and scope.",
            operation_list(),
        ),
        (
            "/api/v1/openapi.json",
            "get_openapi",
            "This document.",
            json!({ "type": "object", "required": ["openapi", "info", "paths"] }),
        ),
        ("/healthz", "get_health", "Whether the process lives.", status("ok")),
        ("/readyz", "get_readiness", "Whether the server takes questions; 503 while it stops.", status("ready")),
    ];
    for (path, id, summary, schema) in served {
        let tag = if path.starts_with("/api") { "Browse" } else { "Server" };
        let mut described = json!({
            "operationId": id,
            "summary": summary,
            "tags": [tag],
            "responses": responses(&schema, &["400", "401", "403", "405", "429", "500", "503"]),
        });
        if id != "list_operations" {
            described["security"] = json!([]);
        }
        paths.insert(path.into(), json!({ "get": described }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sextant",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Answers about business numbers from a governed metric model.",
            "description": "Every operation takes its arguments as one JSON object and answers with one. The answers are the same bytes \
                as the structured content of MCP's tools. Documentation: `/docs`, for agents `/llms.txt`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This server" }],
        "tags": [
            { "name": "Ask", "description": "Questions about numbers, and the operations beside them." },
            { "name": "Browse", "description": "The same operations as GETs, to look around." },
            { "name": "Server", "description": "Probes." },
        ],
        "paths": paths,
        "security": [{ "token": [] }],
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "An access token." } },
            "schemas": { "Error": error() },
            "responses": refusals(),
        },
    })
}

fn post(operation: &Operation) -> Value {
    let arguments = operation.arguments();
    let is_required = arguments.get("required").is_some();
    json!({
        "operationId": operation.name,
        "summary": operation.title,
        "description": described(operation),
        "tags": ["Ask"],
        "requestBody": { "required": is_required, "content": { "application/json": { "schema": arguments } } },
        "responses": responses(&answer(operation), &REFUSALS.map(|(status, ..)| status)),
        "x-sextant-authorization": operation.authorization_json(),
        "x-sextant-pagination": operation.paging_json(),
    })
}

fn get(browse: &Browse) -> Value {
    let operation = operations::find(browse.operation).expect("every browsing path asks a listed operation");
    let mut parameters = Vec::new();
    if let Some(named) = browse.named {
        let description = operation.arguments()["properties"][named]["description"].clone();
        let schema = json!({ "type": "string", "minLength": 1 });
        parameters.push(
            json!({ "name": "name", "in": "path", "required": true, "description": description, "schema": schema }),
        );
    }
    for parameter in browse.parameters() {
        let (name, description) = (parameter.name, parameter.description);
        parameters.push(json!({
            "name": name, "in": "query", "required": parameter.required, "description": description, "schema": parameter.schema,
        }));
    }
    json!({
        "operationId": format!("browse_{}", operation.name),
        "summary": operation.title,
        "description": described(operation),
        "tags": ["Browse"],
        "parameters": parameters,
        "responses": responses(&answer(operation), &REFUSALS.map(|(status, ..)| status)),
    })
}

fn described(operation: &Operation) -> String {
    let scope = match operation.scope {
        Scope::MetricsRead => "reads metrics",
        Scope::QuerySql => "reads with SQL",
        Scope::FeedbackWrite => "writes feedback",
        Scope::TokensManage => "manages tokens",
        Scope::Admin => "administers",
    };
    format!("{} It {scope}.", operation.description)
}

/// `POST /api/v1/call`: the payload that names its operation in the body.
fn call() -> Value {
    let names: Vec<&str> = operations::ALL.iter().map(|operation| operation.name).collect();
    let params = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "enum": names, "description": "The operation" },
            "arguments": { "type": "object", "description": "Its arguments, as its own path takes them" },
            "_meta": { "description": "Ignored" },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    let schema = json!({
        "type": "object",
        "properties": {
            "method": { "const": "call_tool" },
            "params": params,
            "id": { "description": "Ignored" },
            "jsonrpc": { "description": "Ignored" },
        },
        "required": ["method", "params"],
        "additionalProperties": false,
    });
    let example = json!({
        "method": "call_tool",
        "params": { "name": "get_metrics", "arguments": { "metric_names": ["net_sales"], "time_range": "last_7_days" } },
    });
    let statuses = REFUSALS.map(|(status, ..)| status);
    json!({
        "operationId": "call_tool",
        "summary": "Call an operation by name",
        "description": "Runs the operation that the body names; the answer is that of its own path.",
        "tags": ["Ask"],
        "requestBody": { "required": true, "content": { "application/json": { "schema": schema, "example": example } } },
        "responses": responses(&json!({ "type": "object" }), &statuses),
    })
}

/// The schema of an answer; an object where an operation declares no more.
fn answer(operation: &Operation) -> Value {
    operation.answer().unwrap_or_else(|| json!({ "type": "object" }))
}

fn responses(answer: &Value, refused: &[&str]) -> Value {
    let mut all = Map::new();
    let content = json!({ "application/json": { "schema": answer } });
    all.insert("200".into(), json!({ "description": "The answer.", "headers": headers(), "content": content }));
    for (status, name, _) in REFUSALS.iter().filter(|(status, ..)| refused.contains(status)) {
        all.insert((*status).into(), json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    Value::Object(all)
}

fn refusals() -> Value {
    let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } });
    let named = REFUSALS.iter().map(|(status, name, description)| {
        let mut headers = headers();
        if matches!(*status, "429" | "503") {
            headers["Retry-After"] = json!({ "description": "Seconds to wait.", "schema": { "type": "string" } });
        }
        if *status == "401" {
            headers["WWW-Authenticate"] =
                json!({ "description": "The challenge of RFC 6750.", "schema": { "type": "string" } });
        }
        (name.to_string(), json!({ "description": description, "headers": headers, "content": content }))
    });
    Value::Object(named.collect())
}

fn headers() -> Value {
    json!({ "X-Request-Id": { "description": "The caller's own, or a new one.", "required": true, "schema": { "type": "string" } } })
}

/// The error envelope of every refusal.
fn error() -> Value {
    let codes = Code::ALL.iter().filter(|code| code.class() != Class::Warning).map(|code| code.as_str());
    let code = json!({ "type": "string", "enum": codes.collect::<Vec<&str>>(), "description": "A stable word; docs/errors lists them." });
    let text = |description: &str| json!({ "type": "string", "description": description });
    let other = json!({
        "type": "object",
        "properties": { "code": code, "message": text("What is wrong"), "field": text("Where") },
        "required": ["code", "message"],
    });
    let properties = json!({
        "code": code,
        "message": text("What is wrong."),
        "help": text("What to do next."),
        "field": text("The argument, key or header that is wrong."),
        "received": { "description": "What was received." },
        "did_you_mean": { "type": "array", "items": { "type": "string" }, "description": "The nearest names that exist." },
        "example": { "description": "A right value." },
        "retryable": { "type": "boolean", "description": "Whether the same request may succeed later." },
        "others": { "type": "array", "items": other, "description": "Further faults of the same request." },
    });
    let error = json!({
        "type": "object",
        "properties": properties,
        "required": ["code", "message", "did_you_mean", "retryable"],
    });
    json!({ "type": "object", "properties": { "error": error }, "required": ["error"], "additionalProperties": false })
}

fn operation_list() -> Value {
    let names = ["name", "title", "description", "method", "path", "arguments", "pagination", "authorization"];
    let operation = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" }, "title": { "type": "string" }, "description": { "type": "string" },
            "method": { "type": "string" }, "path": { "type": "string" }, "arguments": { "type": "object" },
            "pagination": { "type": "object" }, "authorization": { "type": "object" },
        },
        "required": names,
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": { "operations": { "type": "array", "items": operation } },
        "required": ["operations"],
        "additionalProperties": false,
    })
}

fn status(word: &str) -> Value {
    json!({ "type": "object", "properties": { "status": { "const": word } }, "required": ["status"], "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_a_path_with_its_own_schemas() {
        let document = document();
        for operation in operations::ALL {
            let post = &document["paths"][operation.path()]["post"];
            assert_eq!(post["requestBody"]["content"]["application/json"]["schema"], operation.arguments());
            let answer = &post["responses"]["200"]["content"]["application/json"]["schema"];
            assert_eq!(*answer, self::answer(operation), "{}", operation.name);
        }
        assert!(browse::ALL.iter().all(|browse| document["paths"][browse.path]["get"].is_object()));
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_status_of_a_code_is_described() {
        let document = document();
        let mut references = Vec::new();
        walk(&document, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        for code in Code::ALL.iter().filter(|code| code.class() != Class::Warning) {
            let status = code.status().to_string();
            assert!(REFUSALS.iter().any(|(known, ..)| *known == status), "{code}: {status}");
        }
    }

    fn walk(value: &Value, references: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                references.extend(map.get("$ref").and_then(Value::as_str).map(str::to_string));
                map.values().for_each(|value| walk(value, references));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, references)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
