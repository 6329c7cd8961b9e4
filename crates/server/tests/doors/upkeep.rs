//! What is kept about users, tokens and calls: each organization's for itself, and everything with who made it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use sextant_server::identity::scope::Scopes;
use sextant_server::store::tokens::Owner;
use sextant_server::store::users::Membership;

use crate::organizations::{Served, UNLIMITED, now, served};

const FULL: (&str, &str) = ("X-Sextant-Access-Mode", "full-access");

fn of(organization: &str) -> Owner {
    Owner::Organization(organization.into())
}

fn membership(organization: &str, scopes: &str) -> Membership {
    let scopes = Scopes::parse(scopes).expect("scopes");
    Membership { organization: organization.into(), scopes, attributes: Map::new() }
}

async fn change(served: &Served, token: &str, operation: &str, arguments: Value) -> Value {
    let reply = served.ask(token, &[FULL], operation, arguments).await;
    assert_eq!(reply.status, StatusCode::OK, "{operation}: {}", reply.body);
    reply.body
}

/// The newest records: operation, outcome and what was changed.
fn recorded(served: &Served, count: usize) -> Vec<(String, String, Value)> {
    served.app.audit_log().expect("a log").flush();
    let entries = served.store.audit(None, count).expect("records");
    let entries = entries.iter().map(|entry| serde_json::to_value(entry).expect("JSON"));
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_string();
    entries.map(|entry| (text(&entry, "operation"), text(&entry, "outcome"), entry["target"].clone())).collect()
}

#[tokio::test]
async fn an_administrator_learns_nothing_of_users_elsewhere() {
    let served = served(UNLIMITED);
    let elsewhere = [membership("default", "metrics:read")];
    let chief = served.store.create_user("Chief@zeta.example", "The chief", &elsewhere, now()).expect("a user");
    served.store.disable_user(&chief.id, now()).expect("disabled");
    let (_, admin) = served.token(of("acme"), "admin");
    let (_, operator) = served.token(of("default"), "admin");
    // An address that another organization knows, and one that nobody knows, are told and listed alike.
    let mut told = Vec::new();
    for email in ["chief@zeta.example", "nobody@zeta.example"] {
        let mut made = change(&served, &admin, "create_user", json!({ "email": email, "name": "Somebody" })).await;
        assert_eq!((&made["email"], &made["name"]), (&json!(email), &json!("Somebody")));
        let listed = change(&served, &admin, "list_users", json!({})).await;
        let listed = listed["users"].as_array().expect("users").iter().find(|user| user["email"] == email).cloned();
        assert_eq!(listed.as_ref(), Some(&made), "{email}");
        for key in ["id", "email"] {
            made.as_object_mut().expect("an object").remove(key);
        }
        told.push(made);
        let again = served.ask(&admin, &[FULL], "create_user", json!({ "email": email })).await;
        assert_eq!((again.status, again.code()), (StatusCode::BAD_REQUEST, "invalid-argument"));
    }
    assert_eq!(told[0], told[1]);
    // It gives the user nothing anywhere else, and disabling takes nothing elsewhere.
    served.store.enable_user(&chief.id).expect("enabled");
    let places = || -> Vec<String> {
        let places = served.store.memberships(&chief.id).expect("memberships");
        places.into_iter().map(|place| place.organization).collect()
    };
    assert_eq!(places(), ["acme", "default"]);
    let gone = json!({ "email": "CHIEF@zeta.example", "disabled": true });
    let disabled = change(&served, &admin, "update_user", gone.clone()).await;
    assert_eq!((&disabled["disabled"], places()), (&json!("2026-11-20T12:00:00.000Z"), vec!["default".to_string()]));
    let back = json!({ "email": "chief@zeta.example", "disabled": false });
    assert_eq!(change(&served, &admin, "update_user", back.clone()).await["disabled"], Value::Null);
    assert_eq!(places(), ["acme", "default"]);
    // The operator's word is for the whole server, and no organization's administrator takes it back.
    change(&served, &operator, "update_user", gone).await;
    assert!(served.store.user(&chief.id).expect("readable").expect("kept").disabled.is_some());
    change(&served, &admin, "update_user", back).await;
    assert!(served.store.user(&chief.id).expect("readable").expect("kept").disabled.is_some());
    let of_acme_alone = json!({ "email": "nobody@zeta.example", "disabled": true });
    let found = change(&served, &operator, "update_user", of_acme_alone).await;
    assert_eq!(found["organizations"], json!(["acme"]));
    let unknown = served.ask(&admin, &[FULL], "update_user", json!({ "email": "who@x.example" })).await;
    assert_eq!((unknown.status, unknown.code()), (StatusCode::BAD_REQUEST, "invalid-argument"));
}

#[tokio::test]
async fn one_organization_cannot_use_up_what_others_may_say() {
    let served = served(UNLIMITED);
    let (_, acme) = served.token(of("acme"), "feedback:write");
    let (_, other) = served.token(of("default"), "feedback:write");
    let said = json!({ "category": "docs", "comment": "more examples" });
    let mut refused = None;
    for _ in 0..300 {
        let reply = served.ask(&acme, &[], "submit_mcp_feedback", said.clone()).await;
        if reply.status != StatusCode::OK {
            let wait = reply.headers["retry-after"].to_str().expect("text").to_string();
            refused = Some((reply.status, reply.code().to_string(), wait));
            break;
        }
    }
    // It is noon: the next day of UTC is twelve hours ahead.
    let wanted = (StatusCode::TOO_MANY_REQUESTS, "rate-limited".to_string(), "43200".to_string());
    assert_eq!(refused, Some(wanted));
    assert_eq!(served.ask(&other, &[], "submit_mcp_feedback", said).await.status, StatusCode::OK);
    let (_, operator) = served.token(of("default"), "admin");
    let listed = change(&served, &operator, "list_feedback", json!({ "limit": 1000 })).await;
    let count = |id: &str| {
        listed["feedback"].as_array().into_iter().flatten().filter(|piece| piece["organization"] == id).count()
    };
    assert_eq!((count("acme"), count("default")), (200, 1));
}

#[tokio::test]
async fn what_a_locked_out_user_made_ends_and_every_change_names_what_it_changed() {
    let served = served(UNLIMITED);
    let rights = [membership("acme", "tokens:manage"), membership("default", "tokens:manage")];
    let eve = served.store.create_user("eve@acme.example", "Eve", &rights, now()).expect("a user");
    let user =
        |organization: &str| Owner::User { user: eve.id.clone(), organization: organization.into(), grant: None };
    let (_, application) = served.token(user("acme"), "tokens:manage");
    let (_, elsewhere) = served.token(user("default"), "tokens:manage");
    let (kept, admin) = served.token(of("acme"), "admin");
    let scopes = json!(["tokens:manage"]);
    let make = |name: &str| json!({ "name": name, "scopes": scopes });
    let survivor = change(&served, &application, "create_token", make("survivor")).await;
    let child = change(&served, survivor["token"].as_str().expect("text"), "create_token", make("child")).await;
    let other = change(&served, &elsewhere, "create_token", make("elsewhere")).await;
    let own = change(&served, &admin, "create_token", make("own")).await;
    assert_eq!((&survivor["created_by"], &child["created_by"]), (&json!(eve.id), &survivor["id"]));
    assert_eq!(own["created_by"], json!(kept.id));

    let gone = json!({ "email": "eve@acme.example", "disabled": true });
    let disabled = change(&served, &admin, "update_user", gone).await;
    assert_eq!(disabled["ended_tokens"], json!([survivor["id"], child["id"]]));
    let is_accepted = async |made: &Value| {
        let token = made["token"].as_str().expect("text");
        served.ask(token, &[], "list_tokens", json!({})).await.status == StatusCode::OK
    };
    assert!(!is_accepted(&survivor).await && !is_accepted(&child).await);
    assert!(is_accepted(&own).await && is_accepted(&other).await, "what others made, and what is elsewhere");
    change(&served, &admin, "revoke_token", json!({ "id": own["id"] })).await;
    let last = recorded(&served, 100);
    let of = |operation: &str| -> Vec<&Value> {
        last.iter().filter(|(name, outcome, _)| name == operation && outcome == "answered").map(|one| &one.2).collect()
    };
    assert_eq!(of("create_token"), [&survivor["id"], &child["id"], &other["id"], &own["id"]]);
    assert_eq!((of("update_user"), of("revoke_token")), (vec![&json!(eve.id)], vec![&own["id"]]));
}

#[tokio::test]
async fn what_is_refused_to_an_accepted_token_is_recorded() {
    let served = served(UNLIMITED);
    let (_, token) = served.token(of("acme"), "metrics:read");
    served.ask(&token, &[("X-Sextant-Access-Mode", "all")], "get_metrics", json!({})).await;
    assert_eq!(recorded(&served, 1), [("unknown".into(), "invalid-header".into(), json!(""))]);
    served.ask(&token, &[], "no_such_tool", json!({})).await;
    served.mcp(&token, &[], "tools/call", json!({ "name": "no_such_tool", "arguments": {} })).await;
    let unknown = || ("unknown".to_string(), "unknown-tool".to_string(), json!(""));
    assert_eq!(recorded(&served, 2), [unknown(), unknown()]);
    let before = served.store.audit(None, 100).expect("records").len();
    served.ask("sextant_oat_nobody", &[("X-Sextant-Access-Mode", "all")], "get_metrics", json!({})).await;
    recorded(&served, 1);
    assert_eq!(served.store.audit(None, 100).expect("records").len(), before, "a stranger costs no write");
}
