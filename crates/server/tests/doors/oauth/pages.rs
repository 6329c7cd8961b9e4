//! Signing in, agreeing, and the tokens of an organization, as a browser without scripts sees them.

use axum::http::StatusCode;
use chrono::Utc;
use sextant_server::identity::{password, secret::Secret};
use sextant_server::page::link_address;
use sextant_server::store::tokens::Owner;

use super::{Reply, Site, membership, text};

fn pairs(fields: &[(&str, &str)]) -> Vec<(String, String)> {
    fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn check_headers(page: &Reply) {
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY", "framing (RFC 9700 §4.16)");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert!(!page.body.contains("<script") && !page.body.contains(" style="), "{}", page.body);
}

/// The value of the first cookie that is set.
fn cookie(reply: &Reply) -> String {
    reply.header("set-cookie").split(';').next().expect("a cookie").to_string()
}

#[tokio::test]
async fn the_consent_page_says_who_asks_for_what_and_cannot_be_framed() {
    let site = Site::start().await;
    let client = site.registered().await;
    let page = site.authorize(&site.asked(&client)).await;
    check_headers(&page);
    assert!(page.header("content-security-policy").contains("form-action 'self' https://app.test"));
    for shown in ["Unverified", "App", "app.test", "ada@example.com", "Read metrics and audits", "Default"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let hostile =
        serde_json::json!({"client_name": "<script>x</script>", "redirect_uris": ["https://app.test/callback"]});
    let hostile = site.register(&hostile).await.json();
    let page = site.authorize(&site.asked(text(&hostile, "client_id"))).await;
    check_headers(&page);
}

#[tokio::test]
async fn only_the_page_itself_can_agree() {
    let site = Site::start().await;
    let client = site.registered().await;
    let page = site.authorize(&site.asked(&client)).await;
    let mut good = page.fields();
    good.extend(pairs(&[("organization", "default"), ("decision", "allow")]));
    let without = |name: &str| good.iter().filter(|(other, _)| other != name).cloned().collect::<Vec<_>>();
    let with = |name: &str, value: &str| [without(name), pairs(&[(name, value)])].concat();
    let other = Site::start().await;
    let stranger = other.authorize(&other.asked(&other.registered().await)).await.fields();
    let mark = stranger.into_iter().find(|(name, _)| name == "mark").expect("a mark").1;
    for (name, fields) in [
        ("no mark", without("mark")),
        ("an empty mark", with("mark", "")),
        ("the mark of another session", with("mark", &mark)),
        ("no decision", without("decision")),
        ("an organization of others", with("organization", "elsewhere")),
    ] {
        let reply = site.submit("/oauth/authorize", &fields).await;
        assert_eq!((reply.status, reply.header("location")), (StatusCode::FORBIDDEN, ""), "{name} (RFC 9700 §4.7)");
    }
    for origin in ["https://evil.test", "null"] {
        let request = site.form("/oauth/authorize", &good).header("Cookie", &site.cookie).header("Origin", origin);
        assert_eq!(site.send(request).await.status, StatusCode::FORBIDDEN, "from {origin} (RFC 9700 §4.7)");
    }
    let anonymous = site.send(site.form("/oauth/authorize", &good)).await;
    assert_eq!(anonymous.status, StatusCode::FORBIDDEN, "without the session's cookie");
    let changed = with("redirect_uri", "https://evil.test/callback");
    assert_eq!(site.submit("/oauth/authorize", &changed).await.status, StatusCode::BAD_REQUEST, "checked again");
    let denied = site.submit("/oauth/authorize", &with("decision", "deny")).await.redirected();
    assert_eq!((denied["error"].as_str(), denied["state"].as_str()), ("access_denied", "s t=&%?"), "RFC 6749 §4.1.2.1");
    assert!(site.submit("/oauth/authorize", &good).await.redirected().contains_key("code"));
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_by_password_and_comes_back() {
    let site = Site::start().await;
    let hash = password::hash(&Secret::new("correct horse battery".into())).unwrap();
    site.store.set_password(&site.user.id, &hash).unwrap();
    let client = site.registered().await;
    let sent = site.authorize(&site.asked(&client)).await;
    assert!(sent.header("location").starts_with("/sign-in?next=%2Foauth%2Fauthorize%3F"), "{sent:?}");
    let page = site.get(sent.header("location")).await;
    check_headers(&page);
    let form = cookie(&page);
    assert!(page.header("set-cookie").contains("HttpOnly; SameSite=Lax"));
    let sign_in = |password: &str, mark: bool| {
        let mut fields = page.fields();
        fields.retain(|(name, _)| mark || name != "mark");
        fields.extend(pairs(&[("email", "ada@example.com"), ("password", password)]));
        site.form("/sign-in", &fields).header("Cookie", &form)
    };
    let unmarked = site.send(sign_in("correct horse battery", false)).await;
    assert_eq!(unmarked.status, StatusCode::FORBIDDEN, "a form that no page of ours wrote");
    let wrong = site.send(sign_in("wrong", true)).await;
    assert_eq!(wrong.status, StatusCode::FORBIDDEN);
    assert!(wrong.body.contains("not right") && !wrong.body.contains("wrong"), "{}", wrong.body);
    let inside = site.send(sign_in("correct horse battery", true)).await;
    assert_eq!(inside.status, StatusCode::SEE_OTHER, "{}", inside.body);
    assert!(inside.header("location").starts_with("/oauth/authorize?response_type=code"));
    let session = cookie(&inside);
    let request = site.client.get(format!("{}{}", site.origin, inside.header("location"))).header("Cookie", session);
    assert!(site.send(request).await.body.contains("Let it in"));
    let mut limited = 0;
    for _ in 0..6 {
        limited += usize::from(site.send(sign_in("wrong", true)).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(limited >= 2, "attempts have a pace: {limited}");
}

#[tokio::test]
async fn a_link_signs_in_once_and_looking_at_it_does_not_use_it_up() {
    let site = Site::start().await;
    let secret = site.store.create_link(&site.user.id, Utc::now()).unwrap();
    let address = link_address(&site.origin, &secret);
    let path = address.trim_start_matches(site.origin.as_str());
    let looked = site.send(site.client.get(format!("{}{path}", site.origin))).await;
    check_headers(&looked);
    let page = site.send(site.client.get(format!("{}{path}", site.origin))).await;
    let submit = || site.form("/sign-in/link", &page.fields()).header("Cookie", cookie(&page));
    let inside = site.send(submit()).await;
    assert_eq!((inside.status, inside.header("location")), (StatusCode::SEE_OTHER, "/settings/developers"));
    assert_eq!(site.send(submit()).await.status, StatusCode::FORBIDDEN);
}

/// Creates a token on the page and reads it there.
async fn create(site: &Site, more: &[(&str, &str)]) -> Reply {
    let mut fields = site.get("/settings/developers").await.fields();
    fields.extend(pairs(more));
    site.submit("/settings/developers/tokens", &fields).await
}

#[tokio::test]
async fn a_token_is_created_shown_once_and_revoked() {
    let site = Site::start().await;
    check_headers(&site.get("/settings/developers").await);
    let chosen = [("name", "Sheets <1>"), ("kind", "organization"), ("scope", "metrics:read"), ("expires", "90")];
    let page = create(&site, &chosen).await;
    assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
    check_headers(&page);
    let secret = page.body.split("value=\"sextant_oat_").nth(1).and_then(|rest| rest.split('"').next()).expect("shown");
    let secret = format!("sextant_oat_{secret}");
    let token = site.store.find_token(&secret).unwrap().expect("it is kept");
    assert_eq!((token.owner.clone(), token.name.as_str()), (Owner::Organization("default".into()), "Sheets <1>"));
    let listed = site.get("/settings/developers").await;
    assert!(!listed.body.contains(&secret) && listed.body.contains(&format!("sextant_oat_…{}", token.last_four)));
    assert!(listed.body.contains("Sheets &#60;1&#62;"), "{}", listed.body);
    let path = format!("/settings/developers/tokens/{}/revoke", token.id);
    let asked = site.get(&path).await;
    assert!(site.is_live(&secret), "looking at the question revokes nothing");
    let unmarked = site.submit(&path, &[]).await;
    assert_eq!((unmarked.status, site.is_live(&secret)), (StatusCode::FORBIDDEN, true));
    let done = site.submit(&path, &asked.fields()).await;
    assert_eq!(done.header("location"), "/settings/developers?organization=default&done=revoked");
    assert!(!site.is_live(&secret));
    let recorded = site.store.audit(Some("default"), 10).unwrap();
    let recorded: Vec<(&str, &str)> =
        recorded.iter().map(|entry| (entry.record.caller.as_str(), entry.record.operation.as_str())).collect();
    let user = site.user.id.as_str();
    assert_eq!(recorded, [(user, "create_token"), (user, "revoke_token")]);
}

#[tokio::test]
async fn a_token_allows_at_most_what_its_maker_may() {
    let site = Site::start().await;
    let good = [("name", "x"), ("kind", "sandbox"), ("scope", "metrics:read"), ("expires", "never")];
    assert_eq!(create(&site, &good).await.status, StatusCode::CREATED);
    for (name, value, status) in [
        ("scope", "admin", StatusCode::BAD_REQUEST),
        ("scope", "everything", StatusCode::BAD_REQUEST),
        ("kind", "partner", StatusCode::BAD_REQUEST),
        ("expires", "1000000", StatusCode::BAD_REQUEST),
        ("name", "", StatusCode::BAD_REQUEST),
    ] {
        let bad: Vec<(&str, &str)> = good.iter().map(|(n, v)| (*n, if *n == name { value } else { *v })).collect();
        assert_eq!(create(&site, &bad).await.status, status, "{name}={value}");
    }
    let (before, kept) = (site.store.tokens(None).unwrap(), site.get("/settings/developers").await.fields());
    let id = &before.first().expect("one").id;
    let reader = membership("default", "metrics:read feedback:write");
    site.store.add_member(&site.user.id, &reader, Utc::now()).unwrap();
    let fields = [kept, pairs(&good)].concat();
    assert_eq!(site.submit("/settings/developers/tokens", &fields).await.status, StatusCode::FORBIDDEN);
    let page = site.get("/settings/developers").await;
    assert!(!page.body.contains("id=\"create\"") && !page.body.contains("/revoke"), "{}", page.body);
    let revoke = format!("/settings/developers/tokens/{id}/revoke");
    assert_eq!(site.get(&revoke).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.submit(&revoke, &fields).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.store.tokens(None).unwrap(), before, "nothing was made and nothing ended");
}

#[tokio::test]
async fn an_application_is_listed_and_sent_away() {
    let site = Site::start().await;
    let client = site.registered().await;
    let tokens = site.tokens(&client).await;
    let page = site.get("/settings/developers").await;
    let path = page.body.split("href=\"").find(|rest| rest.starts_with("/settings/developers/applications/"));
    let path = path.and_then(|rest| rest.split('"').next()).expect("a link").to_string();
    let asked = site.get(&path).await;
    assert!(asked.body.contains("App"), "{}", asked.body);
    assert_eq!(site.submit(&path, &asked.fields()).await.status, StatusCode::SEE_OTHER);
    assert!(!site.is_live(text(&tokens, "access_token")));
    assert_eq!(site.get(&path).await.status, StatusCode::NOT_FOUND);
    let out = site.submit("/sign-out", &asked.fields()).await;
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    assert_eq!(site.get("/settings/developers").await.status, StatusCode::SEE_OTHER, "signed out");
}
