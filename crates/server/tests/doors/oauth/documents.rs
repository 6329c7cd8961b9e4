//! Clients that a document describes: one that is good, and why others are not fetched or not believed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Value, json};
use sextant_server::store::Store;
use tokio::net::TcpListener;

use super::{CALLBACK, Site, text};

/// A host of documents, and how often it was called.
pub(super) struct Host {
    pub(super) port: u16,
    calls: Arc<AtomicUsize>,
}

impl Host {
    pub(super) async fn start() -> Host {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let at = move |name: &str| format!("http://127.0.0.1:{port}/{name}");
        let good =
            |name: &str| json!({"client_id": at(name), "client_name": "Documented", "redirect_uris": [CALLBACK]});
        let with = |name: &str, key: &str, value: Value| {
            let mut document = good(name);
            document[key] = value;
            document
        };
        let served = [
            ("good.json", good("good.json")),
            ("other.json", good("good.json")),
            ("large.json", with("large.json", "note", "x".repeat(6_000).into())),
            ("secret.json", with("secret.json", "client_secret", "s".into())),
            ("script.json", with("script.json", "redirect_uris", json!(["javascript:alert(1)"]))),
            ("method.json", with("method.json", "token_endpoint_auth_method", "client_secret_post".into())),
        ];
        let mut router = Router::new();
        for (name, document) in served {
            let body = document.to_string();
            let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], body) };
            router = router.route(&format!("/{name}"), get(answer));
        }
        let moved = (StatusCode::FOUND, [(header::LOCATION, at("good.json"))]);
        let page = good("page.json").to_string();
        router = router
            .route("/moved.json", get(move || async move { moved.into_response() }))
            .route("/page.json", get(move || async move { ([(header::CONTENT_TYPE, "text/html")], page) }))
            .layer(axum::middleware::from_fn(move |request: axum::extract::Request, next: axum::middleware::Next| {
                counted.fetch_add(1, Ordering::SeqCst);
                next.run(request)
            }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Host { port, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(super) fn at(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }
}

/// A server that may fetch from this machine, as an operator would allow it for development.
pub(super) async fn lenient() -> Site {
    Site::with(Store::in_memory(), |authority| authority.with_client_hosts(vec!["127.0.0.1".into()])).await
}

#[tokio::test]
async fn a_document_lets_its_client_ask_and_is_fetched_once() {
    let (site, host) = (lenient().await, Host::start().await);
    let client = host.at("good.json");
    let page = site.authorize(&site.asked(&client)).await;
    assert!(page.body.contains("Documented") && page.body.contains("It is described at"), "{}", page.body);
    let tokens = site.tokens(&client).await;
    assert!(site.is_live(text(&tokens, "access_token")));
    let next = site.refresh(&client, text(&tokens, "refresh_token"), &[]).await;
    assert_eq!(next.status, StatusCode::OK, "{}", next.body);
    assert_eq!(host.calls(), 1, "kept for ten minutes");
}

/// Asks with this client, and checks that the person is told and nobody else.
pub(super) async fn told(site: &Site, client: &str) -> String {
    let reply = site.authorize(&site.asked(client)).await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::BAD_REQUEST, ""), "{client}");
    assert!(reply.header("content-type").starts_with("text/html"), "{client}");
    reply.body
}

#[tokio::test]
async fn nothing_private_is_called() {
    let (site, host) = (Site::start().await, Host::start().await);
    let port = host.port;
    for client in [
        format!("https://127.0.0.1:{port}/good.json"),
        format!("https://[::1]:{port}/good.json"),
        format!("https://[::ffff:7f00:1]:{port}/good.json"),
        format!("https://localhost:{port}/good.json"),
        host.at("good.json"),
        "https://169.254.169.254/latest/meta-data".to_string(),
    ] {
        told(&site, &client).await;
    }
    assert_eq!(host.calls(), 0);
}
