//! The documentation as it is served: every link and anchor leads somewhere, nothing comes from
//! elsewhere, and each page has its Markdown and its JSON.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use sextant_server::docs;
use sextant_server::http::{self, Settings};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::leaving;

const ORIGIN: &str = "http://127.0.0.1:7000";

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

fn router() -> Router {
    let (app, _) = leaving::app();
    let settings = Settings::open(10, vec!["http://app.test:3000".to_string()]);
    http::router(app, &settings, "127.0.0.1:7000".parse().expect("an address"), CancellationToken::new())
}

async fn send(router: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header("Host", "127.0.0.1:7000");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let response = router.clone().oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 24).await.expect("a body");
    let body = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    Reply { status: parts.status, headers: parts.headers, body }
}

/// As a browser: follows redirects.
async fn browse(router: &Router, path: &str) -> Reply {
    let mut path = path.to_string();
    for _ in 0..3 {
        let reply = send(router, Method::GET, &path, &[("Accept", "text/html,*/*")]).await;
        if !reply.status.is_redirection() {
            return reply;
        }
        path = reply.header("location").to_string();
    }
    panic!("{path} is redirected for ever");
}

/// The values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn every_link_and_anchor_of_every_page_leads_somewhere() {
    let router = router();
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut wanted: Vec<(String, String, Option<String>)> = vec![("start".into(), "/".into(), None)];
    let mut broken = Vec::new();
    while let Some((from, path, anchor)) = wanted.pop() {
        if !seen.contains_key(&path) {
            let reply = browse(&router, &path).await;
            if reply.status != StatusCode::OK {
                broken.push(format!("{from} links to {path}: {}", reply.status));
            }
            let is_page = reply.header("content-type").starts_with("text/html");
            let ids = attributes(&reply.body, "id").into_iter().map(str::to_string).collect();
            seen.insert(path.clone(), if is_page { ids } else { BTreeSet::new() });
            if is_page {
                check_page(&path, &reply);
                for link in attributes(&reply.body, "href").into_iter().chain(attributes(&reply.body, "src")) {
                    let (file, anchor) =
                        link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
                    let file = if file.is_empty() { path.as_str() } else { file };
                    if file.starts_with('/') {
                        wanted.push((path.clone(), file.to_string(), anchor.map(str::to_string)));
                    }
                }
            }
        }
        if let Some(anchor) = anchor.filter(|anchor| !seen[&path].contains(anchor)) {
            broken.push(format!("{from} links to {path}#{anchor}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    // Every page is reached from the first.
    for page in docs::pages() {
        assert!(seen.contains_key(&page.url()), "nothing leads to {}", page.url());
    }
}

/// What holds of every HTML page.
fn check_page(path: &str, reply: &Reply) {
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; img-src 'self'"), "{path}: {policy}");
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    assert!(!reply.body.contains("<script") && !reply.body.contains(" style=\""), "{path}");
    for loaded in reply.body.split(['<', '>']).filter(|tag| tag.starts_with("link ") || tag.starts_with("img ")) {
        assert!(!loaded.contains("://"), "{path} loads {loaded}");
    }
    assert!(reply.body.contains("<html lang=\"en\">") && reply.body.contains("name=\"viewport\""), "{path}");
    assert_eq!(reply.body.matches("<h1").count(), 1, "{path}");
}

#[tokio::test]
async fn every_link_of_the_texts_for_agents_leads_somewhere() {
    let router = router();
    for text in ["/llms.txt", "/llms-full.txt"] {
        let reply = browse(&router, text).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.body.starts_with("# Sextant\n\n> "), "{text}");
        let links: BTreeSet<&str> = reply.body.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(links.len() > 10, "{text}");
        for link in links.into_iter().filter(|link| link.starts_with(ORIGIN)) {
            let path = link.trim_start_matches(ORIGIN).split('#').next().expect("a path");
            let found = browse(&router, path).await;
            assert_eq!(found.status, StatusCode::OK, "{text}: {link}");
            let kind = found.header("content-type");
            assert!(kind.starts_with("text/markdown") || !path.ends_with(".md"), "{link}: {kind}");
        }
    }
}

#[tokio::test]
async fn every_page_and_section_has_its_markdown_and_its_json() {
    let router = router();
    for page in docs::pages() {
        let markdown = browse(&router, &format!("/docs/{}.md", page.slug)).await;
        assert_eq!((markdown.status, &markdown.body), (StatusCode::OK, &page.markdown), "{}", page.slug);
        let json = browse(&router, &format!("/docs/{}.json", page.slug)).await;
        let json: Value = serde_json::from_str(&json.body).expect("JSON");
        assert_eq!((&json["title"], &json["markdown"]), (&page.title.clone().into(), &page.markdown.clone().into()));
        assert_eq!((&json["url"], &json["id"]), (&page.url().into(), &page.id().into()));
        let negotiated = send(&router, Method::GET, &page.url(), &[("Accept", "text/markdown")]).await;
        assert_eq!(negotiated.body, page.markdown);
    }
    for section in docs::sections() {
        let reply = browse(&router, &format!("/docs/sections/{}.md", section.slug)).await;
        assert!(section.pages.iter().all(|page| reply.body.contains(&page.title)), "{}", section.slug);
        let reply = browse(&router, &format!("/docs/sections/{}.json", section.slug)).await;
        let json: Value = serde_json::from_str(&reply.body).expect("JSON");
        assert_eq!(json["section_pages"].as_array().map(Vec::len), Some(section.pages.len()));
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_to_people_and_to_programs() {
    let router = router();
    let page = browse(&router, "/docs/metrcs").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("<h1") && page.body.contains("href=\"/docs/metrics\""), "{}", page.body);
    let refusal = send(&router, Method::GET, "/docs/metrcs", &[]).await;
    assert_eq!((refusal.status, refusal.header("content-type")), (StatusCode::NOT_FOUND, "application/json"));
    assert!(refusal.body.contains("not-found") && refusal.body.contains("metrics"), "{}", refusal.body);
}

#[tokio::test]
async fn head_options_and_other_origins_are_answered() {
    let router = router();
    let head = send(&router, Method::HEAD, "/docs", &[]).await;
    assert!(
        head.status == StatusCode::OK && head.body.is_empty() && head.header("content-type").starts_with("text/html")
    );
    let options = send(&router, Method::OPTIONS, "/docs", &[("Origin", ORIGIN)]).await;
    assert!(options.status.is_success(), "{}", options.status);
    let wrong = send(&router, Method::DELETE, "/api/v1/metrics", &[]).await;
    assert_eq!((wrong.status, wrong.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET,HEAD"));
    let asks = [("Origin", "http://app.test:3000"), ("Access-Control-Request-Method", "POST")];
    let allowed = send(&router, Method::OPTIONS, "/mcp/tool/get_metrics", &asks).await;
    assert_eq!(allowed.header("access-control-allow-origin"), "http://app.test:3000");
    let own = send(&router, Method::GET, "/healthz", &[("Origin", ORIGIN)]).await;
    assert_eq!((own.status, own.header("access-control-allow-origin")), (StatusCode::OK, ""));
}

#[tokio::test]
async fn every_path_of_the_description_takes_its_method() {
    let router = router();
    let described = browse(&router, "/api/v1/openapi.json").await;
    let described: Value = serde_json::from_str(&described.body).expect("JSON");
    for (path, methods) in described["paths"].as_object().expect("paths") {
        let path = path.replace("{name}", "x");
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let reply = send(&router, method.clone(), &path, &[("Content-Type", "application/json")]).await;
            assert!(
                reply.status != StatusCode::NOT_FOUND && reply.status != StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}"
            );
        }
    }
}
