//! Whether a caller may ask what is asked, settled before anything is read or run.

use serde_json::{Map, Value};
use sextant_engine::workspace::Failure;
use sextant_semantics::query::request::{self, Request};
use sextant_semantics::spelling;

use super::{ALL, Operation, find};
use crate::identity::caller::Caller;
use crate::identity::scope::Scope;

/// Refuses what the caller may not ask. A name that no operation has is not refused here, nor arguments that cannot
/// be read: who runs the operation tells them better, and runs nothing.
pub(crate) fn permit(caller: &Caller, name: &str, arguments: &Map<String, Value>) -> Result<(), Failure> {
    let runs = runs(name, arguments);
    let scopes: Vec<Scope> =
        runs.iter().flat_map(|(operation, more)| [Some(operation.scope), *more]).flatten().collect();
    caller.needs(&scopes)?;
    runs.iter().try_for_each(|(operation, _)| caller.may(operation))
}

/// The operations that a call runs, the outermost first, each with the scope that its arguments need besides.
fn runs(name: &str, arguments: &Map<String, Value>) -> Vec<(&'static Operation, Option<Scope>)> {
    let Some(operation) = find(name) else { return Vec::new() };
    let Ok(decoded) = request::decode(name, arguments) else { return vec![(operation, None)] };
    match decoded.request {
        Request::Execute(asked) => {
            let inner = named(&asked.operation).filter(|inner| inner.name != "execute");
            let inner = inner.map(|inner| runs(inner.name, &asked.of_the_operation())).unwrap_or_default();
            [vec![(operation, None)], inner].concat()
        }
        other => vec![(operation, is_statement(&other).then_some(Scope::QuerySql))],
    }
}

/// What a call comes to: of `execute` the operation that it runs.
pub(crate) fn innermost(name: &str, arguments: &Map<String, Value>) -> Option<&'static Operation> {
    match find(name) {
        Some(outer) if outer.name != "execute" => Some(outer),
        Some(_) | None => runs(name, arguments).pop().map(|(operation, _)| operation),
    }
}

/// Whether a request is, or explains, a SQL statement.
fn is_statement(request: &Request) -> bool {
    match request {
        Request::Explain(asked) => is_statement(&asked.request),
        other => other.query().is_some(),
    }
}

/// The operation of an identifier as `execute` reads it: also with `operation:` before it, and in another spelling.
pub(super) fn named(identifier: &str) -> Option<&'static Operation> {
    let name = identifier.trim();
    let name = name.strip_prefix("operation:").unwrap_or(name);
    find(name).or_else(|| spelling::only(name, ALL.iter().map(|operation| operation.name)).and_then(find))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::caller::Door;
    use crate::identity::scope::Scopes;
    use serde_json::json;
    use sextant_semantics::code::Code;

    fn refused(scopes: &str, name: &str, arguments: Value) -> Option<Code> {
        let caller = Caller { scopes: Scopes::parse(scopes).unwrap(), ..Caller::local(Door::Api) };
        let arguments = arguments.as_object().unwrap().clone();
        permit(&caller, name, &arguments).err().map(|failure| failure.0.0[0].code)
    }

    #[test]
    fn a_refusal_names_all_that_the_call_needs() {
        let caller = Caller { scopes: Scopes::parse("feedback:write").unwrap(), ..Caller::local(Door::Api) };
        let asked = json!({"operation": "get_metrics", "arguments": {"query": "SELECT 1"}});
        let failure = permit(&caller, "execute", asked.as_object().unwrap()).unwrap_err();
        assert_eq!(crate::identity::caller::needed_by(&failure), Some("metrics:read query:sql"));
    }

    #[test]
    fn what_runs_something_needs_what_that_needs() {
        let read = "metrics:read";
        assert_eq!(refused(read, "get_metrics", json!({})), None);
        assert_eq!(refused(read, "sql", json!({})), Some(Code::InsufficientScope));
        for operation in ["sql", "SQL", "operation:sql", " sql"] {
            let asked = json!({"operation": operation, "query": "SELECT 1"});
            assert_eq!(refused(read, "execute", asked.clone()), Some(Code::InsufficientScope), "{operation}");
            assert_eq!(refused("query:sql", "execute", asked), None, "{operation}");
        }
        assert_eq!(refused(read, "get_metrics", json!({"query": "SELECT 1"})), Some(Code::InsufficientScope));
        assert_eq!(refused(read, "audit_performance", json!({"query": "SELECT 1"})), Some(Code::InsufficientScope));
        let explain = json!({"tool": "get_metrics", "arguments": {"query": "SELECT 1"}});
        assert_eq!(refused(read, "explain", explain.clone()), Some(Code::InsufficientScope));
        let executed = json!({"operation": "explain", "arguments": explain});
        assert_eq!(refused(read, "execute", executed), Some(Code::InsufficientScope));
        assert_eq!(refused(read, "explain", json!({"arguments": {"metric_names": ["a"]}})), None);
        assert_eq!(refused("", "search", json!({})), Some(Code::InsufficientScope));
        assert_eq!(refused("", "no_such_tool", json!({})), None);
        assert_eq!(request::tools().filter(|name| find(name).is_none()).count(), 0);
    }
}
