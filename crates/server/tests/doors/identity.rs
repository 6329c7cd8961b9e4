//! Who is let in, for which organization, and what each may call.

use axum::http::StatusCode;
use serde_json::{Value, json};
use sextant_server::identity::limits::Rates;
use sextant_server::identity::scope::{Scope, Scopes};
use sextant_server::operations::{self, Audience, Operation};
use sextant_server::store::tokens::{NewToken, Owner};
use sextant_server::store::users::Membership;

use crate::organizations::{Served, UNLIMITED, now, served};

const FULL: (&str, &str) = ("X-Sextant-Access-Mode", "full-access");

fn acme() -> Owner {
    Owner::Organization("acme".into())
}

fn revenue() -> Value {
    json!({ "metric_names": ["revenue"] })
}

fn value(body: &Value) -> &Value {
    &body["metrics"][0]["value"]
}

#[tokio::test]
async fn each_organization_and_environment_answers_from_its_own_data() {
    let served = served(UNLIMITED);
    let rows = [
        (Owner::Organization("default".into()), 10, "production"),
        (acme(), 70, "production"),
        (Owner::Sandbox("acme".into()), 5, "sandbox"),
    ];
    for (owner, amount, environment) in rows {
        let (_, token) = served.token(owner, "metrics:read");
        let reply = served.ask(&token, &[], "get_metrics", revenue()).await;
        assert_eq!((reply.status, value(&reply.body)), (StatusCode::OK, &json!(amount)));
        assert_eq!(reply.body["environment"], environment);
        let listed = served.ask(&token, &[], "list_metrics", json!({})).await;
        let said = listed.body.get("environment").and_then(Value::as_str);
        assert_eq!(said, (environment == "sandbox").then_some("sandbox"));
        let params = json!({ "name": "get_metrics", "arguments": revenue() });
        let over_mcp = served.mcp(&token, &[], "tools/call", params).await;
        assert_eq!(over_mcp.body["result"]["structuredContent"], reply.body);
    }
}

#[tokio::test]
async fn an_organization_has_its_own_zone() {
    let served = served(UNLIMITED);
    let asked = json!({ "metric_names": ["revenue"], "time_range": "yesterday" });
    let zone = |body: &Value| body["applied"]["time_range"]["timezone"].clone();
    for (owner, wanted) in [(acme(), "Asia/Tokyo"), (Owner::Organization("default".into()), "UTC")] {
        let (_, token) = served.token(owner, "metrics:read");
        assert_eq!(zone(&served.ask(&token, &[], "get_metrics", asked.clone()).await.body), wanted);
    }
    let (_, token) = served.token(acme(), "metrics:read");
    let own = json!({ "metric_names": ["revenue"], "time_range": "yesterday", "timezone": "Europe/Paris" });
    assert_eq!(zone(&served.ask(&token, &[], "get_metrics", own).await.body), "Europe/Paris");
}

#[tokio::test]
async fn without_an_accepted_token_nothing_is_answered() {
    let served = served(UNLIMITED);
    let (kept, token) = served.token(acme(), "metrics:read");
    let stranger = sextant_server::identity::token::mint(sextant_server::identity::token::Kind::Organization);
    let stranger = stranger.expect("a token");
    let typo = format!("{}x", &token[..token.len() - 1]);
    for (presented, error) in [("", None), (stranger.expose(), Some("invalid_token")), (&typo, Some("invalid_token"))] {
        for reply in [
            served.ask(presented, &[], "get_metrics", revenue()).await,
            served.mcp(presented, &[], "tools/list", json!({})).await,
        ] {
            assert_eq!((reply.status, reply.code()), (StatusCode::UNAUTHORIZED, "unauthenticated"));
            let challenge = reply.headers["www-authenticate"].to_str().expect("text");
            assert!(challenge.starts_with("Bearer ") && challenge.contains("resource_metadata=\"http"), "{challenge}");
            assert!(challenge.contains("scope=\"metrics:read feedback:write\""), "{challenge}");
            assert_eq!(challenge.contains("error="), error.is_some(), "{challenge}");
            assert!(error.is_none_or(|error| challenge.contains(&format!("error=\"{error}\""))), "{challenge}");
            assert!(presented.is_empty() || !reply.body.to_string().contains(presented));
        }
    }
    // A token anywhere else than in its header is not looked at.
    let query = axum::http::Request::get(format!("/api/v1/metrics?access_token={token}"));
    let reply = served.send(query.body(axum::body::Body::empty()).expect("a request")).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert!(served.ask(&token, &[], "get_metrics", revenue()).await.status.is_success());
    // From the next request on.
    served.store.revoke_token(&kept.id, now()).expect("revoked");
    for reply in [
        served.ask(&token, &[], "get_metrics", revenue()).await,
        served.mcp(&token, &[], "tools/list", json!({})).await,
    ] {
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    }
    let (_, token) = served.token(acme(), "metrics:read");
    served.store.disable_organization("acme", now()).expect("disabled");
    assert_eq!(served.ask(&token, &[], "get_metrics", revenue()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let served = served(UNLIMITED);
    let (kept, _) = served.token(acme(), "metrics:read");
    let new = NewToken {
        name: "short".into(),
        owner: acme(),
        scopes: kept.scopes,
        attributes: kept.attributes,
        expires: Some(now()),
    };
    let (_, secret) = served.store.create_token(&new, now()).expect("a token");
    let reply = served.ask(secret.expose(), &[], "get_metrics", revenue()).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

/// What each scope allows, as the documentation says it.
fn implied(scope: Scope) -> &'static [Scope] {
    match scope {
        Scope::MetricsRead => &[Scope::MetricsRead],
        Scope::QuerySql => &[Scope::QuerySql, Scope::MetricsRead],
        Scope::FeedbackWrite => &[Scope::FeedbackWrite],
        Scope::TokensManage => &[Scope::TokensManage, Scope::MetricsRead],
        Scope::Admin => &Scope::ALL,
    }
}

/// Who calls in a row of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Operator,
    Member,
    Partner,
    Sandbox,
}

/// Whose tokens the rows of the matrix are: the operator's organization, another, a user of each; partners that act for
/// either; sandboxes of both.
fn holders(served: &Served) -> Vec<(Who, Owner)> {
    for (partner, organization) in [("agency", "acme"), ("house", "default")] {
        served.store.create_partner(partner, partner, &[organization.into()], organization, now()).expect("a partner");
    }
    let user = |organization: &str| {
        let membership = Membership {
            organization: organization.into(),
            scopes: Scopes::of(Scope::ALL),
            attributes: Default::default(),
        };
        let email = format!("{organization}@x.example");
        let user = served.store.create_user(&email, "A user", &[membership], now()).expect("a user");
        Owner::User { user: user.id, organization: organization.into(), grant: None }
    };
    vec![
        (Who::Operator, Owner::Organization("default".into())),
        (Who::Operator, user("default")),
        (Who::Member, acme()),
        (Who::Member, user("acme")),
        (Who::Partner, Owner::Partner("agency".into())),
        (Who::Partner, Owner::Partner("house".into())),
        (Who::Sandbox, Owner::Sandbox("acme".into())),
        (Who::Sandbox, Owner::Sandbox("default".into())),
    ]
}

fn is_allowed(operation: &Operation, who: Who, scope: Scope, is_full: bool) -> bool {
    let is_operator = who == Who::Operator && scope == Scope::Admin;
    let is_audience = match operation.audience {
        Audience::Everyone => true,
        Audience::Members => who != Who::Partner,
        Audience::Administrators => matches!(who, Who::Operator | Who::Member),
        Audience::Partners => who == Who::Partner || is_operator,
        Audience::Operator => is_operator,
    };
    is_audience && implied(scope).contains(&operation.scope) && (is_full || !operation.changes)
}

/// Every operation, for every scope alone, in both access modes, for every holder: allowed and listed, or refused and
/// hidden.
#[tokio::test]
async fn scopes_access_modes_and_operations_are_as_they_are_specified() {
    let served = served(UNLIMITED);
    let callers = holders(&served);
    let mut cells = 0;
    for (who, owner) in callers {
        for scope in Scope::ALL {
            let (_, token) = served.token(owner.clone(), scope.as_str());
            for is_full in [false, true] {
                let headers: &[(&str, &str)] = if is_full { &[FULL] } else { &[] };
                if is_full && !implied(scope).contains(&Scope::TokensManage) {
                    // A header widens no token.
                    let reply = served.ask(&token, headers, "list_metrics", json!({})).await;
                    assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "insufficient-scope"));
                    continue;
                }
                for operation in operations::ALL {
                    let allowed = is_allowed(operation, who, scope, is_full);
                    cells += 1;
                    check(&served, &token, headers, operation, allowed).await;
                }
                listed(&served, &token, headers, |operation| is_allowed(operation, who, scope, is_full)).await;
            }
        }
    }
    assert_eq!(cells, 8 * (5 + 2) * operations::ALL.len());
}

/// Arguments that no operation knows end before anything is run, but after it is settled who may call.
async fn check(served: &Served, token: &str, headers: &[(&str, &str)], operation: &Operation, allowed: bool) {
    let wrong = json!({ "no_such_argument": 1 });
    let direct = served.ask(token, headers, operation.name, wrong.clone()).await;
    let params = json!({ "name": operation.name, "arguments": wrong });
    let is_tool = operation.is_tool;
    let over_mcp = if is_tool { Some(served.mcp(token, headers, "tools/call", params).await) } else { None };
    let seen = (direct.status, direct.code().to_string());
    if allowed {
        assert_eq!(direct.status, StatusCode::BAD_REQUEST, "{}: {seen:?}", operation.name);
        if let Some(reply) = over_mcp {
            assert_eq!((reply.status, &reply.body["result"]["isError"]), (StatusCode::OK, &json!(true)));
        }
        return;
    }
    assert_eq!(direct.status, StatusCode::FORBIDDEN, "{}: {seen:?}", operation.name);
    assert!(
        matches!(direct.code(), "insufficient-scope" | "operation-not-available" | "read-only-mode"),
        "{}: {seen:?}",
        operation.name
    );
    let challenge = direct.headers.get("www-authenticate").and_then(|value| value.to_str().ok());
    let names_scope = challenge.is_some_and(|text| {
        text.contains("insufficient_scope") && text.contains(&format!("scope=\"{}\"", operation.scope.as_str()))
    });
    assert_eq!(names_scope, direct.code() == "insufficient-scope", "{}: {challenge:?}", operation.name);
    if let Some(reply) = over_mcp {
        let is_refused = reply.status == StatusCode::FORBIDDEN && reply.headers.contains_key("www-authenticate");
        assert!(is_refused || reply.body["result"]["isError"] == true, "{}: {}", operation.name, reply.body);
    }
}

async fn listed(served: &Served, token: &str, headers: &[(&str, &str)], allowed: impl Fn(&Operation) -> bool) {
    let names = |values: &Value| -> Vec<String> {
        values.as_array().into_iter().flatten().map(|one| one["name"].as_str().expect("a name").to_string()).collect()
    };
    let mut request = axum::http::Request::get("/api/v1/operations").header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let reply = served.send(request.body(axum::body::Body::empty()).expect("a request")).await;
    let wanted: Vec<String> =
        operations::ALL.iter().filter(|one| allowed(one)).map(|one| one.name.to_string()).collect();
    assert_eq!(names(&reply.body["operations"]), wanted);
    let tools = served.mcp(token, headers, "tools/list", json!({})).await;
    let mut wanted: Vec<String> =
        operations::ALL.iter().filter(|one| one.is_tool && allowed(one)).map(|one| one.name.to_string()).collect();
    wanted.sort();
    assert_eq!(names(&tools.body["result"]["tools"]), wanted);
    if allowed(operations::find("search").expect("an operation")) {
        let arguments = json!({ "kind": "operation", "limit": 100 });
        let found = served.ask(token, headers, "search", arguments).await;
        for name in names(&found.body["results"]) {
            assert!(allowed(operations::find(&name).expect("an operation")), "{name} is found");
        }
    }
}

/// A burst of the organization's limit is one call.
#[tokio::test]
async fn a_partners_call_is_counted_for_the_organization_that_it_is_for() {
    let served = served(Rates { token: None, organization: std::num::NonZeroU32::new(10) });
    let both = ["acme".to_string(), "default".to_string()];
    served.store.create_partner("agency", "Agency", &both, "acme", now()).expect("a partner");
    let (_, partner) = served.token(Owner::Partner("agency".into()), "metrics:read");
    let (_, own) = served.token(acme(), "metrics:read");
    let there = json!({ "metric_names": ["revenue"], "organization_id": "default" });
    assert_eq!(served.ask(&partner, &[], "get_metrics", there.clone()).await.status, StatusCode::OK);
    let second = served.ask(&partner, &[], "get_metrics", there).await;
    assert_eq!((second.status, second.code()), (StatusCode::TOO_MANY_REQUESTS, "rate-limited"));
    assert!(second.headers["retry-after"].to_str().is_ok_and(|text| text.parse().is_ok_and(|wait: u64| wait >= 1)));
    assert_eq!(served.ask(&own, &[], "get_metrics", revenue()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_disabled_organization_is_unknown_to_partners() {
    let served = served(UNLIMITED);
    let both = ["acme".to_string(), "default".to_string()];
    served.store.create_partner("agency", "Agency", &both, "default", now()).expect("a partner");
    let (_, partner) = served.token(Owner::Partner("agency".into()), "metrics:read feedback:write");
    served.store.disable_organization("acme", now()).expect("disabled");
    let calls = [
        ("resolve_time_range", json!({ "time_range": "mtd", "organization_id": "acme" })),
        ("submit_mcp_feedback", json!({ "category": "docs", "comment": "more", "organization_id": "acme" })),
        ("list_metrics", json!({ "organization_id": "acme" })),
        ("list_metrics", json!({ "organization_id": "nobody" })),
    ];
    for (name, arguments) in calls {
        let reply = served.ask(&partner, &[], name, arguments).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "organization-not-available"), "{name}");
    }
}

#[tokio::test]
async fn statements_need_their_scope_wherever_they_stand() {
    let served = served(UNLIMITED);
    let (_, reads) = served.token(acme(), "metrics:read");
    let (_, queries) = served.token(acme(), "query:sql");
    let statement = "SELECT MEASURE(revenue) FROM metrics";
    let asked = [
        ("sql", json!({ "query": statement })),
        ("get_metrics", json!({ "query": statement })),
        ("get_metrics", json!({ "Query": statement })),
        ("execute", json!({ "operation": "sql", "query": statement })),
        ("execute", json!({ "operation": "SQL", "arguments": { "query": statement } })),
        ("explain", json!({ "arguments": { "query": statement } })),
        ("execute", json!({ "operation": "explain", "arguments": { "arguments": { "query": statement } } })),
    ];
    for (name, arguments) in asked {
        let reply = served.ask(&reads, &[], name, arguments.clone()).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::FORBIDDEN, "insufficient-scope"), "{name} {arguments}");
        let reply = served.ask(&queries, &[], name, arguments.clone()).await;
        assert_eq!(reply.status, StatusCode::OK, "{name} {arguments}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_partner_acts_for_its_organizations_and_no_others() {
    let served = served(UNLIMITED);
    let both = ["acme".to_string(), "default".to_string()];
    served.store.create_partner("agency", "Agency", &both, "acme", now()).expect("a partner");
    served.store.create_partner("single", "Single", &both[..1], "acme", now()).expect("a partner");
    let (_, token) = served.token(Owner::Partner("agency".into()), "metrics:read");
    let (_, single) = served.token(Owner::Partner("single".into()), "metrics:read");
    let (_, own) = served.token(acme(), "metrics:read");
    let partner = ("X-Sextant-Auth-Mode", "partner");
    let of = |id| ("X-Sextant-Partner-Org-Id", id);
    let with = |id: &str| json!({ "metric_names": ["revenue"], "organization_id": id });

    assert_eq!(value(&served.ask(&token, &[], "get_metrics", revenue()).await.body), 70);
    assert_eq!(value(&served.ask(&token, &[partner], "get_metrics", revenue()).await.body), 70);
    assert_eq!(value(&served.ask(&token, &[partner, of("default")], "get_metrics", revenue()).await.body), 10);
    // The argument wins.
    assert_eq!(value(&served.ask(&token, &[of("default")], "get_metrics", with("acme")).await.body), 70);

    let refusals = [
        (served.ask(&single, &[of("default")], "get_metrics", revenue()).await, 403, "organization-not-available"),
        (served.ask(&single, &[of("nobody")], "get_metrics", revenue()).await, 403, "organization-not-available"),
        (served.ask(&single, &[], "get_metrics", with("default")).await, 403, "organization-not-available"),
        (
            served.ask(&token, &[("X-Sextant-Auth-Mode", "user")], "get_metrics", revenue()).await,
            403,
            "auth-mode-not-allowed",
        ),
        (served.ask(&own, &[partner], "get_metrics", revenue()).await, 403, "auth-mode-not-allowed"),
        (served.ask(&own, &[of("acme")], "get_metrics", revenue()).await, 400, "invalid-header"),
        (served.ask(&own, &[], "get_metrics", with("acme")).await, 400, "unknown-argument"),
        (served.ask(&own, &[("X-Sextant-Access-Mode", "all")], "get_metrics", revenue()).await, 400, "invalid-header"),
    ];
    for (index, (reply, status, code)) in refusals.iter().enumerate() {
        assert_eq!((reply.status.as_u16(), reply.code()), (*status, *code), "refusal {index}");
    }
    // What exists and what does not are told in the same words.
    assert_eq!(refusals[0].0.body, refusals[1].0.body);

    let listed = served.ask(&single, &[], "list_organizations", json!({})).await;
    assert_eq!(listed.body, json!({ "organizations": [{ "id": "acme", "name": "Acme" }] }));
    let tools = served.mcp(&token, &[], "tools/list", json!({})).await;
    let takes =
        |tools: &Value| tools["result"]["tools"][0]["inputSchema"]["properties"].get("organization_id").is_some();
    assert!(takes(&tools.body));
    assert!(!takes(&served.mcp(&own, &[], "tools/list", json!({})).await.body));
}

#[tokio::test]
async fn tokens_are_made_listed_and_revoked_within_what_the_caller_has() {
    let served = served(UNLIMITED);
    let (_, manager) = served.token(acme(), "tokens:manage");
    let (other, _) = served.token(Owner::Organization("default".into()), "metrics:read");
    let wider = json!({ "name": "wide", "scopes": ["admin"] });
    let refused = served.ask(&manager, &[FULL], "create_token", wider).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "insufficient-scope"));
    let read_only = served.ask(&manager, &[], "create_token", json!({ "name": "ci" })).await;
    assert_eq!((read_only.status, read_only.code()), (StatusCode::FORBIDDEN, "read-only-mode"));

    let made = served.ask(&manager, &[FULL], "create_token", json!({ "name": "ci", "expires_in_days": 7 })).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    let text = made.body["token"].as_str().expect("the text");
    assert_eq!(made.body["scopes"], json!(["metrics:read"]));
    assert_eq!(value(&served.ask(text, &[], "get_metrics", revenue()).await.body), 70);
    let listed = served.ask(&manager, &[], "list_tokens", json!({})).await;
    assert_eq!(listed.body["tokens"].as_array().map(Vec::len), Some(2));
    assert!(!listed.body.to_string().contains(text));

    // Another organization's token is as unknown as none.
    let theirs = served.ask(&manager, &[FULL], "revoke_token", json!({ "id": other.id })).await;
    let nobodys = served.ask(&manager, &[FULL], "revoke_token", json!({ "id": "tok_000000000000000000000000" })).await;
    assert_eq!((theirs.status, &theirs.body), (StatusCode::BAD_REQUEST, &nobodys.body));
    let revoked = served.ask(&manager, &[FULL], "revoke_token", json!({ "id": made.body["id"] })).await;
    assert_eq!(revoked.body["accepted"], false);
    assert_eq!(served.ask(text, &[], "get_metrics", revenue()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let rates = Rates { token: std::num::NonZeroU32::new(20), organization: None };
    let served = served(rates);
    let (_, token) = served.token(acme(), "metrics:read");
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(served.ask(&token, &[], "list_metrics", json!({})).await);
    }
    let last = seen.last().expect("a reply");
    assert_eq!((last.status, last.code()), (StatusCode::TOO_MANY_REQUESTS, "rate-limited"));
    let wait: u64 = last.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=3).contains(&wait));
    let (_, other) = served.token(acme(), "metrics:read");
    assert_eq!(served.ask(&other, &[], "list_metrics", json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_cursor_of_one_organization_is_unknown_to_another() {
    let served = served(UNLIMITED);
    let (_, own) = served.token(acme(), "metrics:read");
    let (_, sandbox) = served.token(Owner::Sandbox("acme".into()), "metrics:read");
    let (_, other) = served.token(Owner::Organization("default".into()), "metrics:read");
    let page = served.ask(&own, &[], "search", json!({ "limit": 1 })).await;
    let next = json!({ "limit": 1, "cursor": page.body["next_cursor"] });
    assert_eq!(served.ask(&own, &[], "search", next.clone()).await.status, StatusCode::OK);
    for token in [sandbox, other] {
        let reply = served.ask(&token, &[], "search", next.clone()).await;
        assert_eq!((reply.status, reply.code()), (StatusCode::BAD_REQUEST, "cursor-expired"));
    }
}
