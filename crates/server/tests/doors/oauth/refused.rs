//! What the authorization server refuses: each row names the clause that asks for it.

use axum::http::{Method, StatusCode};
use serde_json::json;
use sextant_server::store::Store;

use super::documents::{Host, lenient, told};
use super::{CALLBACK, CHALLENGE, Site, VERIFIER, encoded, later, much_later, text};

/// A change of one parameter of a good request: another value, or none.
type Change<'a> = (&'a str, Option<&'a str>);

fn changed(good: &[(String, String)], change: &[Change<'_>]) -> Vec<(String, String)> {
    let mut pairs = good.to_vec();
    for (name, value) in change {
        let place = pairs.iter().position(|(other, _)| other == name);
        match (place, value) {
            (Some(place), Some(value)) => pairs[place].1 = value.to_string(),
            (Some(place), None) => drop(pairs.remove(place)),
            (None, Some(value)) => pairs.push((name.to_string(), value.to_string())),
            (None, None) => {}
        }
    }
    pairs
}

/// Faults of the client or of the address: the person is told, and led nowhere.
const TOLD: &[(&str, &str, Change<'static>)] = &[
    ("no client", "RFC 6749 §4.1.1", ("client_id", None)),
    ("an unknown client", "RFC 6749 §4.1.2.1", ("client_id", Some("cli_000000000000000000000000"))),
    ("no redirect_uri", "OAuth 2.1 §4.1.1", ("redirect_uri", None)),
    ("an address behind the registered one", "RFC 9700 §2.1", ("redirect_uri", Some("https://app.test/callback/more"))),
    ("an address that begins as it does", "RFC 9700 §4.1.1", ("redirect_uri", Some("https://app.test/callbackx"))),
    ("a query added to it", "RFC 9700 §2.1", ("redirect_uri", Some("https://app.test/callback?x=1"))),
    ("a fragment", "RFC 6749 §3.1.2", ("redirect_uri", Some("https://app.test/callback#x"))),
    ("another port where it is no loopback", "RFC 8252 §7.3", ("redirect_uri", Some("https://app.test:8443/callback"))),
    (
        "a host that begins with the registered one",
        "RFC 9700 §4.1.1",
        ("redirect_uri", Some("https://app.test.evil.test/callback")),
    ),
    (
        "a user name that looks like the host",
        "RFC 9700 §4.1.1",
        ("redirect_uri", Some("https://app.test@evil.test/callback")),
    ),
    ("plain http in its place", "RFC 9700 §2.6", ("redirect_uri", Some("http://app.test/callback"))),
    ("loopback in its place", "RFC 8252 §7.3", ("redirect_uri", Some("http://127.0.0.1:9/callback"))),
];

/// Other faults of the request: the application is told, with state and issuer.
const SENT_BACK: &[(&str, &str, Change<'static>, &str)] = &[
    ("no code_challenge", "OAuth 2.1 §7.6.2", ("code_challenge", None), "invalid_request"),
    ("PKCE by plain", "RFC 9700 §2.1.1", ("code_challenge_method", Some("plain")), "invalid_request"),
    ("no method, which means plain", "RFC 7636 §4.3", ("code_challenge_method", None), "invalid_request"),
    ("a challenge that is no digest", "RFC 7636 §4.2", ("code_challenge", Some("short")), "invalid_request"),
    ("no response_type", "RFC 6749 §4.1.1", ("response_type", None), "invalid_request"),
    ("the implicit flow", "OAuth 2.1 §10.1", ("response_type", Some("token")), "unsupported_response_type"),
    ("a fragment as the answer", "RFC 9700 §2.1.2", ("response_mode", Some("fragment")), "invalid_request"),
    ("another resource", "RFC 8707 §2", ("resource", Some("https://other.test/mcp")), "invalid_target"),
    ("an unknown scope", "RFC 6749 §3.3", ("scope", Some("metrics:write")), "invalid_scope"),
    ("a request object", "RFC 9101 §6.1", ("request", Some("e30.e30.")), "request_not_supported"),
    (
        "a request by reference",
        "RFC 9101 §6.1",
        ("request_uri", Some("https://app.test/r")),
        "request_uri_not_supported",
    ),
];

/// What is presented for a fresh code.
const CODES: &[(&str, &str, Change<'static>, &str)] = &[
    ("no code_verifier", "OAuth 2.1 §4.1.3", ("code_verifier", None), "invalid_request"),
    (
        "a wrong code_verifier",
        "RFC 7636 §4.6",
        ("code_verifier", Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")),
        "invalid_grant",
    ),
    ("the challenge as verifier", "RFC 9700 §4.8", ("code_verifier", Some(CHALLENGE)), "invalid_grant"),
    ("a verifier too short", "RFC 7636 §4.1", ("code_verifier", Some("short")), "invalid_request"),
    ("another redirect_uri", "RFC 6749 §4.1.3", ("redirect_uri", Some("https://app.test/other")), "invalid_grant"),
    ("an unknown code", "RFC 6749 §5.2", ("code", Some("nothing")), "invalid_grant"),
    ("no code", "RFC 6749 §4.1.3", ("code", None), "invalid_request"),
    ("no client", "RFC 6749 §3.2.1", ("client_id", None), "invalid_request"),
    ("an unknown client", "RFC 6749 §5.2", ("client_id", Some("cli_000000000000000000000000")), "invalid_client"),
    ("a secret", "RFC 6749 §2.3.1", ("client_secret", Some("guessed")), "invalid_client"),
    ("another resource", "RFC 8707 §2.2", ("resource", Some("https://other.test/mcp")), "invalid_target"),
    ("a password", "OAuth 2.1 §10.2", ("grant_type", Some("password")), "unsupported_grant_type"),
    ("no grant_type", "RFC 6749 §4.1.3", ("grant_type", None), "invalid_request"),
];

/// What does not become a client.
fn registrations() -> Vec<(&'static str, &'static str, serde_json::Value, &'static str)> {
    let uris = |uris: &[&str]| json!({"client_name": "App", "redirect_uris": uris});
    let many: Vec<String> = (0..11).map(|n| format!("https://app.test/{n}")).collect();
    vec![
        ("a script as address", "RFC 9700 §4.1.3", uris(&["javascript:alert(1)"]), "invalid_redirect_uri"),
        ("plain http elsewhere", "OAuth 2.1 §8.4.2", uris(&["http://app.test/callback"]), "invalid_redirect_uri"),
        ("a fragment", "RFC 6749 §3.1.2", uris(&["https://app.test/callback#x"]), "invalid_redirect_uri"),
        ("a directive in the host", "CSP 3 §2.3.1", uris(&["https://x;sandbox/cb"]), "invalid_redirect_uri"),
        ("a pattern as host", "RFC 9700 §2.1", uris(&["https://*/cb"]), "invalid_redirect_uri"),
        ("a scheme of nobody", "RFC 8252 §7.1", uris(&["x:/callback"]), "invalid_redirect_uri"),
        ("no address", "RFC 7591 §2", json!({"client_name": "App"}), "invalid_redirect_uri"),
        ("too many addresses", "RFC 7591 §5", json!({"redirect_uris": many}), "invalid_redirect_uri"),
        (
            "another grant",
            "RFC 7591 §2.1",
            json!({"redirect_uris": [CALLBACK], "grant_types": ["client_credentials"]}),
            "invalid_client_metadata",
        ),
        ("no object", "RFC 7591 §3.1", json!([CALLBACK]), "invalid_redirect_uri_or_metadata"),
    ]
}

/// Documents that are not believed.
const DOCUMENTS: &[(&str, &str, &str)] = &[
    ("names another client_id", "draft CIMD §4.1", "other.json"),
    ("is larger than 5 KB", "draft CIMD §6.6", "large.json"),
    ("is a redirect", "draft CIMD §6.5", "moved.json"),
    ("is a page", "draft CIMD §4", "page.json"),
    ("holds a secret", "draft CIMD §4.1", "secret.json"),
    ("asks to authenticate by a secret", "draft CIMD §4.1", "method.json"),
    ("names a script as address", "RFC 9700 §4.1.3", "script.json"),
    ("is not there", "draft CIMD §4", "missing.json"),
];

/// Addresses that no document is fetched from.
const ADDRESSES: &[(&str, &str, &str)] = &[
    ("plain http", "draft CIMD §3", "http://app.test/client.json"),
    ("a loopback address", "draft CIMD §6.5", "https://127.0.0.1/client.json"),
    ("a private address", "draft CIMD §6.5", "https://10.0.0.1/client.json"),
    ("a link-local address", "draft CIMD §6.5", "https://169.254.169.254/client.json"),
    ("a loopback address of IPv6", "draft CIMD §6.5", "https://[::1]/client.json"),
    ("a unique local address", "draft CIMD §6.5", "https://[fd00::1]/client.json"),
    ("an address of IPv4 in IPv6", "draft CIMD §6.5", "https://[::ffff:7f00:1]/client.json"),
    ("a number that is an address", "draft CIMD §6.5", "https://2130706433/client.json"),
    ("a name of a private address", "draft CIMD §6.5", "https://localhost/client.json"),
    ("no path", "draft CIMD §3", "https://app.test/"),
    ("a fragment", "draft CIMD §3", "https://app.test/client.json#x"),
    ("a user name", "draft CIMD §3", "https://user@app.test/client.json"),
    ("dots in the path", "draft CIMD §3", "https://app.test/a/../client.json"),
];

#[test]
fn there_are_as_many_rows_as_were_promised() {
    let rows = TOLD.len() + SENT_BACK.len() + CODES.len() + registrations().len() + DOCUMENTS.len() + ADDRESSES.len();
    assert!(rows >= 45, "{rows} rows");
}

#[tokio::test]
async fn a_bad_client_or_address_is_told_to_the_person() {
    let site = Site::start().await;
    let client = site.registered().await;
    let good = site.asked(&client);
    assert_eq!(site.authorize(&good).await.status, StatusCode::OK);
    for (name, clause, change) in TOLD {
        let reply = site.authorize(&changed(&good, &[*change])).await;
        let seen = (reply.status, reply.header("location"));
        assert_eq!(seen, (StatusCode::BAD_REQUEST, ""), "{name} ({clause}): {}", reply.body);
    }
    for repeated in ["client_id", "redirect_uri"] {
        let twice = format!("{}&{repeated}=https%3A%2F%2Fevil.test", encoded(&good));
        let reply = site.get(&format!("/oauth/authorize?{twice}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{repeated} twice (RFC 6749 §3.1)");
    }
}

#[tokio::test]
async fn other_faults_go_back_with_state_and_issuer() {
    let site = Site::start().await;
    let client = site.registered().await;
    let good = site.asked(&client);
    for (name, clause, change, error) in SENT_BACK {
        let reply = site.authorize(&changed(&good, &[*change])).await;
        assert!(reply.header("location").starts_with(&format!("{CALLBACK}?")), "{name} ({clause}): {}", reply.body);
        let back = reply.redirected();
        assert_eq!(back["error"], *error, "{name} ({clause}): {back:?}");
        assert_eq!(back["iss"], site.origin, "{name} (RFC 9207 §2)");
        assert_eq!(back["state"], "s t=&%?", "{name} (RFC 6749 §4.1.2.1)");
        assert!(!back.contains_key("code"), "{name}");
        let stateless = changed(&good, &[*change, ("state", None)]);
        let back = site.authorize(&stateless).await.redirected();
        assert!(!back.contains_key("state"), "{name}: a state that was not sent is not made up (RFC 6749 §4.1.2.1)");
    }
    for repeated in ["state", "scope", "code_challenge", "response_type"] {
        let twice = format!("{}&{repeated}=x", encoded(&good));
        let back = site.get(&format!("/oauth/authorize?{twice}")).await.redirected();
        assert_eq!(back["error"], "invalid_request", "{repeated} twice (RFC 6749 §3.1)");
    }
}

/// RFC 6749 §3.1, RFC 9700 §4.11.2: the server is no way to elsewhere for who follows a link.
#[tokio::test]
async fn nobody_is_led_away_before_signing_in() {
    let site = Site::start().await;
    let client = site.registered().await;
    let good = site.asked(&client);
    let stranger = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    for (name, clause, change, _) in SENT_BACK {
        let address = format!("{}/oauth/authorize?{}", site.origin, encoded(&changed(&good, &[*change])));
        let reply = site.send(stranger.get(address)).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{name} ({clause})");
        assert!(reply.header("location").starts_with("/sign-in?next="), "{name}: {}", reply.header("location"));
    }
}

#[tokio::test]
async fn a_code_is_for_who_can_prove_it() {
    let site = Site::start().await;
    let client = site.registered().await;
    let code = site.code(&client).await;
    let good = site.presented(&client, &code);
    for (name, clause, change, error) in CODES {
        let reply = site.token(&changed(&good, &[*change])).await;
        let status = if *error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        assert_eq!(
            (reply.status, &reply.json()["error"]),
            (status, &json!(error)),
            "{name} ({clause}): {}",
            reply.body
        );
        assert_eq!(reply.header("cache-control"), "no-store", "{name} (RFC 6749 §5.1)");
        assert!(!reply.body.contains(&code) && !reply.body.contains(VERIFIER), "{name}: {}", reply.body);
    }
    let other = site.registered().await;
    let reply = site.token(&changed(&good, &[("client_id", Some(&other))])).await;
    assert_eq!(reply.json()["error"], "invalid_grant", "the code of another client (RFC 6749 §4.1.3)");
    let expired = site.at(later).await.token(&good).await;
    assert_eq!(expired.json()["error"], "invalid_grant", "after a minute (RFC 6749 §4.1.2)");
    let twice = format!("{}&code=x", encoded(&good));
    let form = "application/x-www-form-urlencoded";
    let request = site.client.post(format!("{}/oauth/token", site.origin)).header("Content-Type", form);
    assert_eq!(site.send(request.body(twice)).await.json()["error"], "invalid_request", "twice (RFC 6749 §3.2)");
    assert_eq!(site.token(&good).await.status, StatusCode::OK, "nobody of those used it up");
}

#[tokio::test]
async fn a_second_use_of_a_code_ends_its_grant() {
    let site = Site::start().await;
    let client = site.registered().await;
    let code = site.code(&client).await;
    let tokens = site.token(&site.presented(&client, &code)).await.json();
    assert!(site.is_live(text(&tokens, "access_token")));
    let again = site.token(&site.presented(&client, &code)).await;
    assert_eq!(again.json()["error"], "invalid_grant", "RFC 6749 §4.1.2");
    assert!(!site.is_live(text(&tokens, "access_token")), "RFC 6749 §4.1.2: tokens of it are revoked");
    let refresh = site.refresh(&client, text(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refresh.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_second_use_of_a_refresh_token_ends_its_family() {
    let site = Site::start().await;
    let client = site.registered().await;
    let first = site.tokens(&client).await;
    let bystander = site.tokens(&client).await;
    let second = site.refresh(&client, text(&first, "refresh_token"), &[]).await.json();
    let replayed = site.refresh(&client, text(&first, "refresh_token"), &[]).await;
    assert_eq!(replayed.json()["error"], "invalid_grant", "RFC 9700 §4.14.2");
    for tokens in [&first, &second] {
        assert!(!site.is_live(text(tokens, "access_token")), "RFC 9700 §4.14.2: the family is revoked");
    }
    let heir = site.refresh(&client, text(&second, "refresh_token"), &[]).await;
    assert_eq!(heir.json()["error"], "invalid_grant", "the heir too");
    assert!(site.is_live(text(&bystander, "access_token")), "another grant stays");
}

#[tokio::test]
async fn a_refresh_token_is_for_its_client_and_its_scope_and_its_time() {
    let site = Site::start().await;
    let (client, other) = (site.registered().await, site.registered().await);
    let tokens = site.tokens(&client).await;
    let refresh = text(&tokens, "refresh_token");
    let stolen = site.refresh(&other, refresh, &[]).await;
    assert_eq!(stolen.json()["error"], "invalid_grant", "RFC 6749 §6: bound to its client");
    let wider = site.refresh(&client, refresh, &[("scope", "metrics:read query:sql")]).await;
    assert_eq!(wider.json()["error"], "invalid_scope", "RFC 6749 §6: never wider");
    let unknown = site.refresh(&client, refresh, &[("scope", "everything")]).await;
    assert_eq!(unknown.json()["error"], "invalid_scope", "RFC 6749 §3.3");
    let made_up = site.refresh(&client, "made-up", &[]).await;
    assert_eq!(made_up.json()["error"], "invalid_grant", "RFC 6749 §5.2");
    let access = site.refresh(&client, text(&tokens, "access_token"), &[]).await;
    assert_eq!(access.json()["error"], "invalid_grant", "an access token is none (RFC 6749 §1.5)");
    let given_back = [("token", refresh), ("client_id", other.as_str())];
    assert_eq!(site.post("/oauth/revoke", &given_back).await.status, StatusCode::BAD_REQUEST, "RFC 7009 §2.1");
    let late = site.at(much_later).await.refresh(&client, refresh, &[]).await;
    assert_eq!(late.json()["error"], "invalid_grant", "after 30 days (RFC 6749 §5.2)");
    assert_eq!(site.refresh(&client, refresh, &[]).await.status, StatusCode::OK, "nobody of those used it up");
}

#[tokio::test]
async fn what_an_endpoint_does_not_take() {
    let site = Site::start().await;
    let client = site.registered().await;
    let code = site.code(&client).await;
    let good = site.presented(&client, &code);
    for (method, path) in [
        (Method::GET, "/oauth/token"),
        (Method::PUT, "/oauth/token"),
        (Method::GET, "/oauth/register"),
        (Method::DELETE, "/oauth/revoke"),
        (Method::GET, "/oauth/revoke"),
    ] {
        let request = site.client.request(method.clone(), format!("{}{path}?{}", site.origin, encoded(&good)));
        let status = site.send(request).await.status;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path} (RFC 6749 §3.2)");
    }
    let in_query = site.form(&format!("/oauth/token?{}", encoded(&good)), &[("x", "y")]);
    let reply = site.send(in_query).await;
    assert_eq!(reply.json()["error"], "invalid_request", "parameters in the query (RFC 6749 §3.2)");
    let as_json = site.client.post(format!("{}/oauth/token", site.origin)).header("Content-Type", "application/json");
    let reply = site.send(as_json.body("{}")).await;
    assert_eq!(reply.json()["error"], "invalid_request", "JSON (RFC 6749 §3.2)");
    let basic = site.form("/oauth/token", &good).header("Authorization", "Basic Y2xpOnNlY3JldA==");
    let reply = site.send(basic).await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Basic realm=\"sextant\""));
    let large = "x".repeat(70_000);
    let reply = site.post("/oauth/token", &[("grant_type", large.as_str())]).await;
    assert_eq!(reply.json()["error"], "invalid_request", "a body without end");
    assert_eq!(site.post("/oauth/revoke", &[("token", "x")]).await.status, StatusCode::BAD_REQUEST, "RFC 7009 §2.1");
    let unknown = [("token", "x"), ("client_id", client.as_str())];
    assert_eq!(site.post("/oauth/revoke", &unknown).await.status, StatusCode::OK, "RFC 7009 §2.2");
    assert_eq!(site.token(&good).await.status, StatusCode::OK, "the code is still good");
}

#[tokio::test]
async fn what_does_not_become_a_client() {
    let site = Site::start().await;
    for (name, clause, metadata, error) in registrations() {
        let reply = site.register(&metadata).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{name} ({clause}): {}", reply.body);
        let seen = reply.json()["error"].as_str().expect("a word").to_string();
        let is_either = error == "invalid_redirect_uri_or_metadata" && seen == "invalid_client_metadata";
        assert!(seen == error || is_either, "{name} ({clause}): {seen}");
    }
    let request = site.client.post(format!("{}/oauth/register", site.origin)).body("{}");
    assert_eq!(site.send(request.header("Content-Type", "text/plain")).await.status, StatusCode::BAD_REQUEST);
    let mut refused = 0;
    for _ in 0..40 {
        let reply = site.register(&json!({"redirect_uris": [CALLBACK]})).await;
        refused += usize::from(reply.status == StatusCode::TOO_MANY_REQUESTS && reply.header("retry-after") == "60");
    }
    assert!(refused >= 10, "RFC 7591 §5: registrations have a pace ({refused} refused)");
}

#[tokio::test]
async fn documents_that_are_not_believed() {
    let (site, host) = (lenient().await, Host::start().await);
    for (name, clause, file) in DOCUMENTS {
        let page = told(&site, &host.at(file)).await;
        assert!(page.contains("its document") || page.contains("in its document"), "{name} ({clause}): {page}");
    }
    let strict = Site::with(Store::in_memory(), |authority| authority).await;
    for (name, clause, client) in ADDRESSES {
        let page = told(&strict, client).await;
        assert!(page.contains("its address") || page.contains("its host"), "{name} ({clause}): {page}");
    }
}
