//! Who is let in and who is not: what the audit log says of it, and how often it may be tried.

use axum::http::StatusCode;
use chrono::Utc;
use serde_json::json;
use sextant_server::identity::{password, secret::Secret};
use sextant_server::store::users::Membership;

use super::{Reply, Site, membership};

const PASSWORD: &str = "correct horse battery";

/// The sign-in page as a new browser has it: the fields of its form, and its cookie.
async fn page(site: &Site) -> (Vec<(String, String)>, String) {
    let page = site.send(site.client.get(format!("{}/sign-in", site.origin))).await;
    let cookie = page.header("set-cookie").split(';').next().expect("a cookie").to_string();
    (page.fields(), cookie)
}

async fn try_from(site: &Site, from: &str, email: &str, password: &str) -> Reply {
    let (mut fields, cookie) = page(site).await;
    fields.extend([("email".to_string(), email.to_string()), ("password".to_string(), password.to_string())]);
    site.send(site.form("/sign-in", &fields).header("Cookie", cookie).header("X-Forwarded-For", from)).await
}

/// Caller, operation and outcome of each record.
fn recorded(site: &Site) -> Vec<(String, String, String)> {
    let records = site.store.audit(None, 100).expect("a log").into_iter().map(|entry| entry.record);
    records.map(|record| (record.caller, record.operation, record.outcome)).collect()
}

async fn with_password() -> Site {
    let site = Site::start().await;
    let hash = password::hash(&Secret::new(PASSWORD.into())).expect("a hash");
    site.store.set_password(&site.user.id, &hash).expect("kept");
    site
}

#[tokio::test]
async fn every_attempt_is_recorded_and_nothing_that_was_typed() {
    let site = with_password().await;
    assert_eq!(try_from(&site, "1.1.1.1", "ada@example.com", "a wrong one").await.status, StatusCode::FORBIDDEN);
    assert_eq!(try_from(&site, "1.1.1.1", "hunter2", "a wrong one").await.status, StatusCode::FORBIDDEN);
    assert_eq!(try_from(&site, "1.1.1.1", "ADA@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let link = |code: &str| vec![("code".to_string(), code.to_string())];
    let good = site.store.create_link(&site.user.id, Utc::now()).expect("a link");
    for (code, status) in [("a wrong one", StatusCode::FORBIDDEN), (good.expose(), StatusCode::SEE_OTHER)] {
        let (mut fields, cookie) = page(&site).await;
        fields.extend(link(code));
        let reply = site.send(site.form("/sign-in/link", &fields).header("Cookie", cookie)).await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }
    let ada = site.user.id.as_str();
    let records = recorded(&site);
    let records: Vec<(&str, &str, &str)> =
        records.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(
        records,
        [
            (ada, "sign_in_by_password", "unauthenticated"),
            ("unknown", "sign_in_by_password", "unauthenticated"),
            (ada, "sign_in_by_password", "answered"),
            ("unknown", "sign_in_by_link", "unauthenticated"),
            (ada, "sign_in_by_link", "answered"),
        ]
    );
}

#[tokio::test]
async fn no_password_opens_the_account_that_has_none() {
    let site = Site::start().await;
    for (i, password) in ["", " ", "a password that nobody has", "null"].into_iter().enumerate() {
        let reply = try_from(&site, &format!("1.1.1.{i}"), "ada@example.com", password).await;
        assert_eq!((reply.status, reply.header("set-cookie")), (StatusCode::FORBIDDEN, ""), "`{password}`");
    }
    assert!(password::hash(&Secret::new(String::new())).is_err(), "nor can an empty one be set");
    let other = with_password().await;
    assert_eq!(try_from(&other, "1.1.1.1", "ada@example.com", "").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn attempts_have_a_pace_of_the_address_and_of_the_account() {
    let site = with_password().await;
    let (mut fields, cookie) = page(&site).await;
    fields.push(("code".into(), "a wrong one".into()));
    // What a slow machine takes longer for comes back to it meanwhile: each is tried until it is refused.
    let mut admitted = 0;
    loop {
        let request = site.form("/sign-in/link", &fields).header("Cookie", &cookie);
        let reply = site.send(request.header("X-Forwarded-For", "1.1.1.1")).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            assert_eq!(reply.header("retry-after"), "60");
            break;
        }
        admitted += 1;
        assert!(admitted < 60, "an address has 20 a minute");
    }
    assert!(admitted >= 20, "an address has 20 a minute: {admitted} were let through");
    assert!(until_refused(&site, |_| "1.1.1.1".into()).await < 5, "by whatever way");
    assert_eq!(try_from(&site, "2.2.2.2", "ada@example.com", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let admitted = until_refused(&site, |i| format!("3.3.3.{i}")).await;
    assert!(admitted < 20, "an account has 5 a minute, wherever they come from");
    let limited = recorded(&site).into_iter().filter(|(.., outcome)| outcome == "rate-limited").count();
    assert!((1..=6).contains(&limited), "{limited} are recorded");
}

/// How many attempts at one account are let through, of twenty at most.
async fn until_refused(site: &Site, from: impl Fn(usize) -> String) -> usize {
    for i in 0..20 {
        let reply = try_from(site, &from(i), "ada@example.com", PASSWORD).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            return i;
        }
    }
    20
}

#[tokio::test]
async fn a_token_of_the_page_is_known_to_policies_as_its_maker_is() {
    let site = Site::start().await;
    let attributes = json!({"country": "DE", "stores": ["1", "2"]}).as_object().expect("a map").clone();
    let member = Membership { attributes: attributes.clone(), ..membership("default", "metrics:read tokens:manage") };
    site.store.add_member(&site.user.id, &member, Utc::now()).expect("a member");
    for kind in ["organization", "sandbox"] {
        let mut fields = site.get("/settings/developers").await.fields();
        let chosen = [("name", "Sheets"), ("kind", kind), ("scope", "metrics:read"), ("expires", "30")];
        fields.extend(chosen.map(|(name, value)| (name.to_string(), value.to_string())));
        // What a form claims is not asked for.
        fields.push(("attributes".into(), "{\"country\": \"FR\"}".into()));
        let page = site.submit("/settings/developers/tokens", &fields).await;
        assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
    }
    let kept = site.store.tokens(None).expect("tokens");
    assert!(kept.len() == 2 && kept.iter().all(|token| token.attributes == attributes), "{kept:?}");
}
