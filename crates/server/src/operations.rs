//! Every operation that the doors serve, once: what it is called, what it takes, how it is reached
//! and what a caller needs to be allowed.
//!
//! MCP's tools, `execute`, `search` and the OpenAPI document are written from this list; the
//! arguments stand in the request vocabulary, the answers' shapes beside their writer.

use serde_json::{Value, json};
use sextant_engine::json::schema;
use sextant_semantics::query::request;

use crate::identity::caller::Caller;
use crate::identity::scope::Scope;
use crate::{feedback, fetch, search};

mod administer;
pub(crate) mod permit;
pub(crate) mod run;

/// One operation. Its identifier is its name at every door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    pub name: &'static str,
    pub title: &'static str,
    /// One sentence: when to use it.
    pub description: &'static str,
    pub scope: Scope,
    pub audience: Audience,
    /// Whether it changes nothing.
    pub read_only: bool,
    /// Whether it needs the access mode that allows changes; feedback, which is only added, does not.
    pub changes: bool,
    /// Whether MCP lists it as a tool of its own; every other one is reached through `execute`.
    pub is_tool: bool,
}

/// For whom an operation is, besides its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    /// Who belongs to the organization: not a partner that acts for it.
    Members,
    /// As members, but not from the sandbox, which has no users.
    Administrators,
    /// Partners, and the server's operator.
    Partners,
    /// Who has the scope `admin` in the organization of the server's own configuration.
    Operator,
}

/// Which of the paging arguments an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    pub limit: bool,
    pub cursor: bool,
}

impl Operation {
    /// The HTTP method of every operation: arguments travel in a body.
    pub const METHOD: &'static str = "POST";

    /// Where the open API serves it.
    pub fn path(&self) -> String {
        format!("/mcp/tool/{}", self.name)
    }

    /// The JSON Schema of its arguments.
    pub fn arguments(&self) -> Value {
        request::schema(self.name).expect("every operation stands in the table of arguments")
    }

    /// The JSON Schema of its answer; none of `execute`, whose answer is another operation's. Of the sandbox, every
    /// answer says so.
    pub fn answer(&self) -> Option<Value> {
        let mut answer = match self.name {
            "search" => Some(search::answer_schema()),
            "fetch" => Some(fetch::answer_schema()),
            "submit_mcp_feedback" => Some(feedback::answer_schema()),
            other => schema::schema(other).or_else(|| administer::answer_schema(other)),
        }?;
        if let Some(properties) = answer.get_mut("properties").and_then(Value::as_object_mut) {
            properties.entry("environment").or_insert_with(|| schema::text(""));
        }
        Some(answer)
    }

    pub fn paging(&self) -> Paging {
        let arguments = self.arguments();
        let takes = |name: &str| arguments["properties"].get(name).is_some();
        Paging { limit: takes("limit"), cursor: takes("cursor") }
    }

    /// `{limit, cursor}`, as answers say it.
    pub fn paging_json(&self) -> Value {
        let Paging { limit, cursor } = self.paging();
        json!({ "limit": limit, "cursor": cursor })
    }

    /// `{scope, read_only}`, as answers say it.
    pub fn authorization_json(&self) -> Value {
        json!({ "scope": self.scope.as_str(), "read_only": self.read_only })
    }
}

const fn tool(name: &'static str, title: &'static str, description: &'static str) -> Operation {
    Operation {
        name,
        title,
        description,
        scope: Scope::MetricsRead,
        audience: Audience::Everyone,
        read_only: true,
        changes: false,
        is_tool: true,
    }
}

const fn operation(name: &'static str, title: &'static str, description: &'static str) -> Operation {
    Operation { is_tool: false, ..tool(name, title, description) }
}

/// Every operation, the tools first, in the order of the documentation.
pub const ALL: &[Operation] = &[
    tool(
        "get_metrics",
        "Get metrics",
        "Read the value of metrics over a period: totals, series, breakdowns, rankings.",
    ),
    tool(
        "audit_performance",
        "Audit performance",
        "Find out what changed against an earlier period, how unusual it is, and what drove it.",
    ),
    tool(
        "search",
        "Search the metric catalog",
        "Find the exact names that the other operations take, and how to call them.",
    ),
    // What it runs needs its own scope besides.
    tool("execute", "Run an operation", "Run any operation that reads, by the identifier that search gives."),
    tool("fetch", "Fetch a search result", "Read one result of search in full, as text with a place to cite."),
    Operation {
        scope: Scope::FeedbackWrite,
        read_only: false,
        ..tool("submit_mcp_feedback", "Submit feedback", "Tell the operator of this server what is wrong or missing.")
    },
    operation("list_metrics", "List metrics", "List every metric with its meaning, format and formula."),
    operation("describe_metric", "Describe a metric", "Read one metric in full: its formula, synonyms and dimensions."),
    operation(
        "list_dimensions",
        "List dimensions",
        "List the dimensions that all of the given metrics can be grouped by.",
    ),
    operation("get_dimension_values", "Get dimension values", "List the most frequent values of one dimension."),
    operation("list_saved_queries", "List saved queries", "List the questions that the model keeps under a name."),
    operation(
        "run_saved_query",
        "Run a saved query",
        "Ask a question that the model keeps under a name, with changes.",
    ),
    Operation {
        scope: Scope::QuerySql,
        ..operation("sql", "Run a SQL statement", "Read with one SQL statement over metrics, dimensions and datasets.")
    },
    operation("explain", "Explain a question", "See how a question is understood and run, without its rows."),
    operation(
        "get_freshness",
        "Get data freshness",
        "See how far the data of every dataset reaches, and whether it is late.",
    ),
    operation("resolve_time_range", "Resolve a time range", "See which dates a time range and a comparison mean now."),
    Operation {
        audience: Audience::Partners,
        ..operation("list_organizations", "List organizations", "List the organizations that the caller may act for.")
    },
    operators("create_organization", "Create an organization", "Add an organization with its own model and data."),
    operators(
        "update_organization",
        "Change an organization",
        "Change an organization's places and settings, or disable it.",
    ),
    Operation {
        read_only: true,
        changes: false,
        ..operators("list_partners", "List partners", "List the partners and the organizations that they act for.")
    },
    operators("create_partner", "Create a partner", "Add a partner that acts for several organizations."),
    operators("update_partner", "Change a partner", "Change for whom a partner acts, or disable it."),
    Operation {
        scope: Scope::Admin,
        audience: Audience::Administrators,
        ..operation("list_users", "List users", "List the users of the organization and what they may do.")
    },
    Operation {
        audience: Audience::Administrators,
        ..changing(Scope::Admin, "create_user", "Create a user", "Let a new user into the organization.")
    },
    Operation {
        audience: Audience::Administrators,
        ..changing(Scope::Admin, "update_user", "Change a user", "Disable or enable a user of the organization.")
    },
    Operation {
        scope: Scope::TokensManage,
        audience: Audience::Members,
        ..operation("list_tokens", "List tokens", "List the access tokens of the organization, not their texts.")
    },
    Operation {
        audience: Audience::Members,
        ..changing(
            Scope::TokensManage,
            "create_token",
            "Create a token",
            "Make an access token, whose text is shown once.",
        )
    },
    Operation {
        audience: Audience::Members,
        ..changing(Scope::TokensManage, "revoke_token", "Revoke a token", "End an access token from the next call on.")
    },
    Operation {
        scope: Scope::Admin,
        audience: Audience::Operator,
        ..operation("list_feedback", "List feedback", "List what callers said about the service.")
    },
    Operation {
        audience: Audience::Members,
        ..changing(Scope::Admin, "reload_models", "Reload the model", "Read the model's files again now.")
    },
];

const fn changing(scope: Scope, name: &'static str, title: &'static str, description: &'static str) -> Operation {
    Operation { scope, read_only: false, changes: true, ..operation(name, title, description) }
}

const fn operators(name: &'static str, title: &'static str, description: &'static str) -> Operation {
    Operation { audience: Audience::Operator, ..changing(Scope::Admin, name, title, description) }
}

/// The operations that `execute` runs for a caller: all that the caller may call, but itself and the one tool whose
/// words are for the operator.
pub fn executable(caller: &Caller) -> impl Iterator<Item = &'static Operation> {
    let by_execute = |operation: &&Operation| !matches!(operation.name, "execute" | "submit_mcp_feedback");
    ALL.iter().filter(by_execute).filter(move |operation| caller.sees(operation))
}

/// The operation of this name.
pub fn find(name: &str) -> Option<&'static Operation> {
    ALL.iter().find(|operation| operation.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_request_vocabulary_is_listed_once() {
        let mut listed: Vec<&str> = ALL.iter().map(|operation| operation.name).collect();
        let mut known: Vec<&str> = request::tools().collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn every_answer_has_a_schema_but_that_of_execute() {
        let without: Vec<&str> = ALL.iter().filter(|of| of.answer().is_none()).map(|of| of.name).collect();
        assert_eq!(without, ["execute"]);
    }

    #[test]
    fn a_description_is_one_sentence() {
        for operation in ALL {
            let description = operation.description;
            assert!(description.ends_with('.') && description.len() <= 120, "{}", operation.name);
            assert!(!description.trim_end_matches('.').contains(". "), "{}", operation.name);
        }
    }

    #[test]
    fn paging_is_what_the_arguments_take() {
        let paging = |name| find(name).expect("an operation").paging();
        assert_eq!(paging("search"), Paging { limit: true, cursor: true });
        assert_eq!(paging("get_dimension_values"), Paging { limit: true, cursor: false });
        assert_eq!(paging("sql"), Paging { limit: false, cursor: true });
        assert_eq!(paging("get_freshness"), Paging { limit: false, cursor: false });
    }
}
