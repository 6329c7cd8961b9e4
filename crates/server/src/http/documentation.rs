//! The documentation over HTTP: each page as HTML, as Markdown (`.md`) and as JSON (`.json`), an index
//! of each section, and the two texts for agents.

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::reply;
use crate::docs::{self, Page, Section, html, llms};

/// A page loads its style and its mark from here, and nothing else from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// `/docs` and what is below it, `/llms.txt`, `/llms-full.txt`; `/` leads to `/docs`.
pub fn router() -> Router {
    Router::new()
        .route("/", get(|| async { to("/docs") }))
        .route("/docs", get(|request: Request| async move { page("", &request) }))
        .route("/docs/", get(|| async { to("/docs") }))
        .route("/docs/{*path}", get(|Path(path): Path<String>, request: Request| async move { page(&path, &request) }))
        .route("/llms.txt", get(|request: Request| async move { text(MARKDOWN, llms::index(&origin(&request))) }))
        .route("/llms-full.txt", get(|request: Request| async move { text(MARKDOWN, llms::full(&origin(&request))) }))
}

/// What is served at `/docs/<path>`.
fn page(path: &str, request: &Request) -> Response {
    match path {
        "style.css" => return text("text/css; charset=utf-8", html::STYLE),
        "icon.svg" => return text("image/svg+xml", html::ICON),
        _ => {}
    }
    if let Some(parent) = path.strip_suffix('/') {
        return to(&format!("/docs/{parent}"));
    }
    if let Some(schema) = docs::schema(path) {
        return text("application/schema+json", schema);
    }
    if let Some(page) = path.strip_suffix(".md").and_then(at) {
        return text(MARKDOWN, page.markdown);
    }
    if let Some(page) = path.strip_suffix(".json").and_then(at) {
        return reply::value(StatusCode::OK, &twin(&page));
    }
    let index = if path.is_empty() { "index".to_string() } else { format!("{path}/index") };
    match at(path).or_else(|| at(&index)) {
        // A page has one address.
        Some(page) if page.url() != request.uri().path() => to(&page.url()),
        Some(page) if prefers(request.headers(), "text/markdown") => text(MARKDOWN, page.markdown),
        Some(page) => text(HTML, html::document(&page)),
        None => missing(path, request),
    }
}

/// A page, or the index of a section, by its slug.
fn at(slug: &str) -> Option<Page> {
    let section = |name: &str| docs::sections().iter().find(|section| section.slug == name).map(llms::section);
    docs::page(slug).cloned().or_else(|| slug.strip_prefix("sections/").and_then(section))
}

/// The JSON twin of a page: everything that the HTML shows.
fn twin(page: &Page) -> Value {
    let rendered = html::render(page);
    let headings = rendered.headings.iter().map(|heading| json!({ "text": heading.text, "anchor": heading.anchor }));
    let section = docs::sections().iter().find(|section| section.name == page.section);
    let listed = |page: &&'static Page| json!({ "id": page.id(), "title": page.title, "url": page.url() });
    let pages = |section: &Section| section.pages.iter().map(listed).collect::<Vec<Value>>();
    json!({
        "id": page.id(),
        "title": page.title,
        "section": page.section,
        "description": page.description,
        "url": page.url(),
        "markdown_url": format!("/docs/{}.md", page.slug),
        "headings": headings.collect::<Vec<Value>>(),
        "section_pages": section.map(pages).unwrap_or_default(),
        "markdown": page.markdown,
    })
}

/// No such page: a page for people, the error envelope for everyone else.
fn missing(path: &str, request: &Request) -> Response {
    let path: String = path.chars().take(120).collect();
    let slugs = docs::pages().iter().map(|page| page.slug.as_str());
    let fault = Diagnostic::new(Code::NotFound, format!("there is no page `{path}`"))
        .help("`/llms.txt` lists every page")
        .suggest(&path, slugs);
    if !prefers(request.headers(), "text/html") {
        return reply::failure(&Failure(fault.into()));
    }
    let near = fault.did_you_mean.iter().filter_map(|slug| docs::page(slug));
    let near: String = near.map(|page| format!("\n- [{}]({}.md)", page.title, page.slug)).collect();
    let meant = if near.is_empty() { String::new() } else { format!("\n\nThese are near:\n{near}") };
    let page = Page {
        path: "missing.md".to_string(),
        slug: "missing".to_string(),
        title: "No such page".to_string(),
        section: String::new(),
        description: "There is no page here.".to_string(),
        markdown: format!(
            "# No such page\n\nNothing is served here. [All pages](index.md) are listed in the documentation.{meant}\n"
        ),
    };
    (StatusCode::NOT_FOUND, text(HTML, html::document(&page))).into_response()
}

fn text(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers: [(HeaderName, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::VARY, HeaderValue::from_static("Accept")),
    ];
    (headers, body.into()).into_response()
}

/// A redirect that may change with the next version.
fn to(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether the type stands in Accept, and before HTML.
fn prefers(headers: &HeaderMap, kind: &str) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let at = accepted.find(kind);
    at.is_some_and(|at| accepted.find("text/html").is_none_or(|html| at <= html))
}

/// What links in texts for agents begin with: this server as the caller named it, which the guard has checked.
fn origin(request: &Request) -> String {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = named.or_else(|| request.uri().authority().map(|authority| authority.as_str()));
    named
        .and_then(|host| format!("http://{host}").parse::<Uri>().ok().map(|_| format!("http://{host}")))
        .unwrap_or_default()
}
