//! The authorization server and the pages over real HTTP, as applications and browsers use them.

mod allowed;
mod documents;
mod kept;
mod pages;
mod refused;
mod sign_in;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Once};

use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::redirect::Policy;
use serde_json::{Map, Value};
use sextant_server::identity::scope::Scopes;
use sextant_server::oauth::{self, Authority};
use sextant_server::page;
use sextant_server::store::Store;
use sextant_server::store::users::{Membership, User};
use tokio::net::TcpListener;
use url::Url;
use url::form_urlencoded::Serializer;

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.test/callback";

/// A server with a user, and a browser in which that user is signed in.
struct Site {
    origin: String,
    store: Arc<Store>,
    user: User,
    cookie: String,
    client: reqwest::Client,
}

#[derive(Debug)]
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {}", self.body))
    }

    /// The parameters of the address that the browser is sent to.
    fn redirected(&self) -> BTreeMap<String, String> {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        let location = Url::parse(self.header("location")).expect("an address");
        location.query_pairs().into_owned().collect()
    }

    /// The hidden fields of the page's last form.
    fn fields(&self) -> Vec<(String, String)> {
        let form = self.body.rsplit("<form ").next().expect("a form");
        let inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
        let pairs = inputs.filter_map(|input| input.split_once("\" value=\""));
        pairs.map(|(name, rest)| (name.to_string(), plain(rest.split('"').next().expect("a value")))).collect()
    }
}

/// Text as it was before a page escaped it.
fn plain(html: &str) -> String {
    [("&#38;", "&"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'")]
        .iter()
        .fold(html.to_string(), |text, (escaped, plain)| text.replace(escaped, plain))
}

fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::seconds(61)
}

fn much_later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(31)
}

/// Serves, and says where.
async fn serve(listener: TcpListener, authority: Authority) {
    let authority = Arc::new(authority);
    let router = oauth::router(Arc::clone(&authority)).merge(page::router(authority));
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, router).await });
}

fn membership(organization: &str, scopes: &str) -> Membership {
    let scopes = Scopes::parse(scopes).expect("scopes");
    Membership { organization: organization.into(), scopes, attributes: Map::new() }
}

impl Site {
    async fn start() -> Site {
        Site::with(Store::in_memory(), |authority| authority).await
    }

    async fn with(store: Store, settle: impl FnOnce(Authority) -> Authority) -> Site {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let store = Arc::new(store);
        serve(listener, settle(Authority::new(Arc::clone(&store), None, Utc::now))).await;
        let rights = [membership("default", "query:sql feedback:write tokens:manage")];
        let user = store.create_user("ada@example.com", "Ada", &rights, Utc::now()).expect("a user");
        let session = store.open_session(&user.id, Utc::now()).expect("a session");
        let cookie = format!("sextant={}", session.expose());
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        Site { origin, store, user, cookie, client }
    }

    /// The same store behind a server whose clock is another.
    async fn at(&self, clock: fn() -> DateTime<Utc>) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        serve(listener, Authority::new(Arc::clone(&self.store), None, clock)).await;
        let (store, user) = (Arc::clone(&self.store), self.user.clone());
        Site { origin, store, user, cookie: self.cookie.clone(), client: self.client.clone() }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, body: response.text().await.expect("text") }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(self.client.get(format!("{}{path}", self.origin)).header("Cookie", &self.cookie)).await
    }

    /// As an application: without a cookie.
    async fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        self.send(self.form(path, pairs)).await
    }

    /// As the browser, from a page of the server's own.
    async fn submit(&self, path: &str, pairs: &[(String, String)]) -> Reply {
        let request = self.form(path, pairs).header("Cookie", &self.cookie).header("Origin", &self.origin);
        self.send(request).await
    }

    fn form<A: AsRef<str>, B: AsRef<str>>(&self, path: &str, pairs: &[(A, B)]) -> reqwest::RequestBuilder {
        let body = encoded(pairs);
        let request = self.client.post(format!("{}{path}", self.origin)).body(body);
        request.header("Content-Type", "application/x-www-form-urlencoded")
    }

    async fn register(&self, metadata: &Value) -> Reply {
        let request = self.client.post(format!("{}/oauth/register", self.origin)).body(metadata.to_string());
        self.send(request.header("Content-Type", "application/json")).await
    }

    /// A client that registered, and comes back to [`CALLBACK`].
    async fn registered(&self) -> String {
        let reply = self.register(&serde_json::json!({"client_name": "App", "redirect_uris": [CALLBACK]})).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        reply.json()["client_id"].as_str().expect("an identifier").to_string()
    }

    async fn authorize(&self, parameters: &[(String, String)]) -> Reply {
        self.get(&format!("/oauth/authorize?{}", encoded(parameters))).await
    }

    /// What a good client asks.
    fn asked(&self, client: &str) -> Vec<(String, String)> {
        let resource = format!("{}/mcp", self.origin);
        let pairs = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "s t=&%?"),
            ("scope", "metrics:read feedback:write"),
            ("resource", &resource),
        ];
        pairs.map(|(name, value)| (name.to_string(), value.to_string())).to_vec()
    }

    /// Agrees on the page that such a request shows.
    async fn agree(&self, asked: &[(String, String)]) -> BTreeMap<String, String> {
        let page = self.authorize(asked).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let mut fields = page.fields();
        fields.push(("organization".into(), "default".into()));
        fields.push(("decision".into(), "allow".into()));
        self.submit("/oauth/authorize", &fields).await.redirected()
    }

    /// A fresh code for the client.
    async fn code(&self, client: &str) -> String {
        self.agree(&self.asked(client)).await.remove("code").expect("a code")
    }

    /// What a good client presents for the code.
    fn presented(&self, client: &str, code: &str) -> Vec<(String, String)> {
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", CALLBACK),
        ];
        pairs.map(|(name, value)| (name.to_string(), value.to_string())).to_vec()
    }

    async fn token(&self, presented: &[(String, String)]) -> Reply {
        self.send(self.form("/oauth/token", presented)).await
    }

    /// The tokens of a new grant.
    async fn tokens(&self, client: &str) -> Value {
        let reply = self.token(&self.presented(client, &self.code(client).await)).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        reply.json()
    }

    async fn refresh(&self, client: &str, token: &str, more: &[(&str, &str)]) -> Reply {
        let mut pairs = vec![("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        pairs.extend(more);
        self.post("/oauth/token", &pairs).await
    }

    /// Whether the access token is accepted now.
    fn is_live(&self, access: &str) -> bool {
        self.store.find_token(access).expect("readable").is_some_and(|token| token.is_live(Utc::now()))
    }
}

fn encoded<A: AsRef<str>, B: AsRef<str>>(pairs: &[(A, B)]) -> String {
    let mut body = Serializer::new(String::new());
    for (name, value) in pairs {
        body.append_pair(name.as_ref(), value.as_ref());
    }
    body.finish()
}

fn text<'a>(answer: &'a Value, key: &str) -> &'a str {
    answer[key].as_str().unwrap_or_else(|| panic!("no {key} in {answer}"))
}
