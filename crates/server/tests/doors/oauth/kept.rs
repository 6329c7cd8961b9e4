//! What is kept of a grant: no more access tokens than are in use, for this server alone, and nothing once it is over.

use reqwest::StatusCode;
use sextant_server::store::tokens::Owner;

use super::{Site, later, text};

/// Access tokens in the state.
fn kept(site: &Site) -> usize {
    let tokens = site.store.tokens(Some("default")).expect("readable");
    tokens.iter().filter(|token| matches!(token.owner, Owner::User { .. })).count()
}

#[tokio::test]
async fn renewing_keeps_two_access_tokens_and_has_a_pace() {
    let site = Site::start().await;
    let client = site.registered().await;
    let first = site.tokens(&client).await;
    let second = site.refresh(&client, text(&first, "refresh_token"), &[]).await.json();
    assert!(site.is_live(text(&first, "access_token")), "calls that are under way are not cut off");
    let third = site.refresh(&client, text(&second, "refresh_token"), &[]).await.json();
    let live = [&first, &second, &third].map(|tokens| site.is_live(text(tokens, "access_token")));
    assert_eq!(live, [false, true, true]);
    let mut last = third;
    let mut refused = None;
    for _ in 0..100 {
        let reply = site.refresh(&client, text(&last, "refresh_token"), &[]).await;
        if reply.status != StatusCode::OK {
            refused = Some(reply);
            break;
        }
        last = reply.json();
    }
    assert_eq!(kept(&site), 2);
    let refused = refused.expect("a pace");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert!(site.is_live(text(&last, "access_token")), "the grant goes on");
    // Another grant has its own, and the refused token was not used up.
    assert_eq!(site.tokens(&client).await["token_type"], "Bearer");
    let again = site.refresh(&client, text(&last, "refresh_token"), &[]).await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS, "and not a replay: {}", again.body);
}

#[tokio::test]
async fn a_grant_is_for_the_server_that_gave_it() {
    let site = Site::start().await;
    let client = site.registered().await;
    // Another server over the same state: another port, and so another resource.
    let other = site.at(chrono::Utc::now).await;
    let code = site.code(&client).await;
    let refused = other.token(&site.presented(&client, &code)).await;
    assert_eq!((refused.status, refused.json()["error"].clone()), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    let tokens = site.token(&site.presented(&client, &code)).await.json();
    let refused = other.refresh(&client, text(&tokens, "refresh_token"), &[]).await;
    assert_eq!((refused.status, refused.json()["error"].clone()), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    // The same server by another of its names.
    let mut named = site.at(chrono::Utc::now).await;
    named.origin = site.origin.replace("127.0.0.1", "localhost");
    assert_eq!(named.refresh(&client, text(&tokens, "refresh_token"), &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_application_that_took_nothing_is_not_listed() {
    let site = Site::start().await;
    let client = site.registered().await;
    let is_listed = async |site: &Site| site.get("/settings/developers").await.body.contains("/applications/");
    site.code(&client).await;
    assert!(is_listed(&site).await, "its code works still");
    assert!(!is_listed(&site.at(later).await).await);
    site.tokens(&client).await;
    assert!(is_listed(&site.at(later).await).await);
}
