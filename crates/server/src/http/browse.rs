//! GETs for looking around: each is an operation whose arguments stand in the path and the query.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::open_api::{Api, written};
use super::reply;
use crate::identity::caller::Caller;
use crate::operations::{self, Operation};
use crate::request::Question;

/// A path that asks one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Browse {
    /// As the router and OpenAPI write it; `{name}` is the one parameter a path has.
    pub path: &'static str,
    pub operation: &'static str,
    /// The argument that the path's parameter gives.
    pub named: Option<&'static str>,
}

/// Every browsing path.
pub const ALL: &[Browse] = &[
    Browse { path: "/api/v1/metrics", operation: "list_metrics", named: None },
    Browse { path: "/api/v1/metrics/{name}", operation: "describe_metric", named: Some("name") },
    Browse { path: "/api/v1/dimensions", operation: "list_dimensions", named: None },
    Browse { path: "/api/v1/dimensions/{name}/values", operation: "get_dimension_values", named: Some("dimension") },
    Browse { path: "/api/v1/saved_queries", operation: "list_saved_queries", named: None },
    Browse { path: "/api/v1/saved_queries/{name}/run", operation: "run_saved_query", named: Some("name") },
    Browse { path: "/api/v1/freshness", operation: "get_freshness", named: None },
    Browse { path: "/api/v1/search", operation: "search", named: None },
    Browse { path: "/api/v1/time_range", operation: "resolve_time_range", named: None },
];

/// An argument that a query may give.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub schema: Value,
    pub description: String,
    pub required: bool,
}

impl Browse {
    fn operation(&self) -> &'static Operation {
        operations::find(self.operation).expect("every browsing path asks a listed operation")
    }

    /// The arguments that have a form in a query: texts, numbers, booleans, and lists of texts.
    pub fn parameters(&self) -> Vec<Parameter> {
        let schema = self.operation().arguments();
        let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let properties = schema["properties"].as_object().into_iter().flatten();
        let properties = properties.filter(|(name, _)| self.named != Some(name.as_str()));
        let parameter = |(name, property): (&String, &Value)| {
            let mut plain = plain(property)?;
            let description = plain.as_object_mut().and_then(|map| map.remove("description"));
            let description = description.and_then(|text| text.as_str().map(str::to_string)).unwrap_or_default();
            Some(Parameter { name: name.clone(), schema: plain, description, required: required(name) })
        };
        properties.filter_map(parameter).collect()
    }

    /// The arguments of a query. What the operation does not know goes on to it, to be refused in its words.
    fn arguments(&self, name: Option<String>, query: Vec<(String, String)>) -> Result<Map<String, Value>, Failure> {
        let parameters = self.parameters();
        let mut arguments = Map::new();
        for (key, text) in query {
            let known = parameters.iter().find(|parameter| parameter.name == key);
            if self.named == Some(key.as_str()) {
                let fault = Diagnostic::new(Code::UnknownArgument, format!("`{key}` is given by the path"));
                return Err(Failure(fault.field(key).help("leave it out of the query").into()));
            }
            let kind = known.and_then(|parameter| parameter.schema["type"].as_str()).unwrap_or("string");
            let value = read(if kind == "array" { "string" } else { kind }, text);
            match arguments.get_mut(&key) {
                Some(Value::Array(values)) if kind == "array" => values.push(value),
                Some(_) => {
                    let fault = Diagnostic::new(Code::InvalidArgument, format!("`{key}` is given twice"));
                    return Err(Failure(fault.field(key).help("give it once").into()));
                }
                None => {
                    arguments.insert(key, if kind == "array" { json!([value]) } else { value });
                }
            }
        }
        if let (Some(argument), Some(name)) = (self.named, name) {
            arguments.insert(argument.to_string(), name.into());
        }
        Ok(arguments)
    }

    async fn answer(self, api: Api, caller: Caller, name: Option<String>, query: Vec<(String, String)>) -> Response {
        let arguments = match self.arguments(name, query) {
            Ok(arguments) => arguments,
            Err(failure) => return reply::failure(&failure),
        };
        match api.answer(&caller, Question { tool: self.operation.to_string(), arguments }).await {
            // What the path names does not exist: neither does the path.
            Err(failure) if failure.0.iter().next().is_some_and(|fault| self.is_of_the_path(fault)) => {
                reply::failure_as(StatusCode::NOT_FOUND, &failure)
            }
            answer => written(answer),
        }
    }

    fn is_of_the_path(self, fault: &Diagnostic) -> bool {
        let is_name = matches!(fault.code, Code::UnknownMetric | Code::UnknownDimension | Code::UnknownSavedQuery);
        is_name && self.named.is_some() && fault.field.as_deref() == self.named
    }
}

/// Every browsing path, and the list of operations.
pub fn router(api: Api) -> Router {
    let mut router = Router::new().route("/api/v1/operations", get(listed));
    for browse in ALL {
        let answer = move |State(api): State<Api>,
                           Extension(caller): Extension<Caller>,
                           name: Option<Path<String>>,
                           uri: Uri| async move {
            match query(&uri) {
                Ok(query) => browse.answer(api, caller, name.map(|Path(name)| name), query).await,
                Err(failure) => reply::failure(&failure),
            }
        };
        router = router.merge(Router::new().route(browse.path, get(answer)).with_state(api.clone()));
    }
    router
}

/// The pairs of a query, in their order.
pub fn query(uri: &Uri) -> Result<Vec<(String, String)>, Failure> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| {
        let fault = Diagnostic::new(Code::InvalidRequest, "the query of the address cannot be read");
        Failure(fault.help("percent-encode each value, as in ?search=net%20sales").into())
    })?;
    Ok(pairs)
}

/// The operations that the caller may call: `{"operations": [{name, title, description, method, path, arguments, pagination, authorization}]}`.
async fn listed(Extension(caller): Extension<Caller>, uri: Uri) -> Response {
    if let Some((key, _)) = query(&uri).ok().and_then(|pairs| pairs.into_iter().next()) {
        let key: String = key.chars().take(80).collect();
        let fault = Diagnostic::new(Code::UnknownArgument, format!("unknown argument `{key}`"));
        return reply::failure(&Failure(fault.field(key).help("this list takes no arguments").into()));
    }
    let operation = |operation: &Operation| {
        json!({
            "name": operation.name,
            "title": operation.title,
            "description": operation.description,
            "method": Operation::METHOD,
            "path": operation.path(),
            "arguments": operation.arguments(),
            "pagination": operation.paging_json(),
            "authorization": operation.authorization_json(),
        })
    };
    let operations: Vec<Value> =
        operations::ALL.iter().filter(|operation| caller.sees(operation)).map(operation).collect();
    reply::value(StatusCode::OK, &json!({ "operations": operations }))
}

/// The schema of an argument as a query gives it; none for what has no form there.
fn plain(schema: &Value) -> Option<Value> {
    let description = schema.get("description").cloned();
    let described = |mut plain: Value| {
        if let (Value::Object(map), Some(description)) = (&mut plain, description) {
            map.insert("description".into(), description);
        }
        plain
    };
    let takes_text = |items: &Value| {
        let choices = items["anyOf"].as_array();
        items["type"] == "string" || choices.is_some_and(|all| all.iter().any(|one| one["type"] == "string"))
    };
    match schema["type"].as_str()? {
        "string" | "integer" | "boolean" | "number" => Some(schema.clone()),
        "array" if takes_text(&schema["items"]) => {
            let mut list = json!({ "type": "array", "items": { "type": "string" } });
            if let Some(most) = schema.get("maxItems") {
                list["maxItems"] = most.clone();
            }
            Some(described(list))
        }
        _ => None,
    }
}

/// A text of a query as its type; one that is not of it stays a text, for the operation to refuse.
fn read(kind: &str, text: String) -> Value {
    match (kind, text.as_str()) {
        ("integer", digits) => digits.parse::<u64>().map_or(Value::String(text), Value::from),
        ("boolean", "true") => Value::Bool(true),
        ("boolean", "false") => Value::Bool(false),
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> &'static Browse {
        ALL.iter().find(|browse| browse.path == path).expect("a browsing path")
    }

    fn arguments(path: &str, name: Option<&str>, query: &str) -> Result<Value, Failure> {
        let uri: Uri = format!("/x?{query}").parse().expect("an address");
        of(path).arguments(name.map(str::to_string), self::query(&uri)?).map(Value::Object)
    }

    #[test]
    fn a_query_becomes_the_arguments_that_json_would_give() {
        let values =
            arguments("/api/v1/dimensions/{name}/values", Some("country"), "search=u%20s&limit=5").expect("arguments");
        assert_eq!(values, json!({"search": "u s", "limit": 5, "dimension": "country"}));
        let list = arguments("/api/v1/dimensions", None, "metric_names=a&metric_names=b").expect("arguments");
        assert_eq!(list, json!({"metric_names": ["a", "b"]}));
        let flag = arguments("/api/v1/time_range", None, "time_range=2026&include_today=true").expect("arguments");
        assert_eq!(flag, json!({"time_range": "2026", "include_today": true}));
        let typo = arguments("/api/v1/metrics", None, "limt=5").expect("arguments");
        assert_eq!(typo, json!({"limt": "5"}));
    }

    #[test]
    fn what_is_given_twice_is_refused() {
        assert!(arguments("/api/v1/metrics", None, "limit=1&limit=2").is_err());
        assert!(arguments("/api/v1/metrics/{name}", Some("a"), "name=b").is_err());
    }

    #[test]
    fn every_path_asks_a_listed_operation_and_names_an_argument_of_it() {
        for browse in ALL {
            let schema = browse.operation().arguments();
            assert_eq!(browse.named.is_some(), browse.path.contains("{name}"), "{}", browse.path);
            assert!(browse.named.is_none_or(|named| schema["properties"].get(named).is_some()), "{}", browse.path);
            // What is required can be given.
            let given: Vec<String> = browse.parameters().into_iter().map(|parameter| parameter.name).collect();
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().expect("a name");
                assert!(
                    browse.named == Some(name) || given.iter().any(|given| given == name),
                    "{}: {name}",
                    browse.path
                );
            }
        }
    }
}
