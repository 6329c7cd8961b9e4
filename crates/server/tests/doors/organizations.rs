//! A server of several organizations as the tests of identity drive it: models in a directory, tokens, requests.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::{Failure, Workspace};
use sextant_server::app::App;
use sextant_server::http::authenticate::{Admission, Tokens};
use sextant_server::http::{Settings, router};
use sextant_server::identity::authenticate::Authenticator;
use sextant_server::identity::limits::{RateLimits, Rates};
use sextant_server::identity::scope::Scopes;
use sextant_server::oauth::Authority;
use sextant_server::organizations::{Library, Place};
use sextant_server::store::Store;
use sextant_server::store::audit::AuditLog;
use sextant_server::store::organizations::NewOrganization;
use sextant_server::store::tokens::{NewToken, Owner, Token};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

pub(crate) const MODEL: &str = "
version: 1
name: shop
calendar: {timezone: UTC, week_start: monday}
datasets:
  - name: orders
    source: {csv: orders.csv}
    time: at
    columns: [{name: at, type: date}, {name: country, type: text}, {name: amount, type: integer}]
    dimensions: [{name: at, type: time, granularity: day}, {name: country}]
    metrics:
      - {name: revenue, type: simple, agg: sum, expr: amount}
";

/// The directories of a model over these rows of orders: `at,country,amount`.
pub(crate) fn shop(rows: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    write(folder.path(), rows);
    folder
}

/// Writes the model and these rows.
pub(crate) fn write(folder: &Path, rows: &str) {
    for name in ["models", "data"] {
        std::fs::create_dir_all(folder.join(name)).expect("a directory");
    }
    std::fs::write(folder.join("models/shop.yml"), MODEL).expect("a model");
    std::fs::write(folder.join("data/orders.csv"), format!("at,country,amount\n{rows}\n")).expect("data");
}

/// Opens the one file of a model directory.
struct Files {
    configured: Place,
}

impl Library for Files {
    fn configured(&self) -> Place {
        self.configured.clone()
    }

    fn open(&self, place: Option<&Place>) -> Result<Workspace, Failure> {
        let place = place.unwrap_or(&self.configured);
        let text = std::fs::read_to_string(place.models.join("shop.yml")).expect("a model");
        Workspace::open(vec![("shop.yml".into(), text)], place.data.clone())
    }

    fn version(&self, place: Option<&Place>) -> String {
        let place = place.unwrap_or(&self.configured);
        std::fs::read_to_string(place.models.join("shop.yml")).unwrap_or_default()
    }
}

/// The server, its state, and the organization `acme` beside the one of the configuration.
pub(crate) struct Served {
    pub(crate) store: Arc<Store>,
    pub(crate) router: Router,
    pub(crate) app: App,
    /// The models and data of the configuration and of `acme`, and the data of its sandbox.
    pub(crate) folders: [TempDir; 3],
}

/// State that ends with the test.
pub(crate) fn served(rates: Rates) -> Served {
    served_from(Arc::new(Store::in_memory()), rates)
}

pub(crate) fn served_from(store: Arc<Store>, rates: Rates) -> Served {
    let folders = [shop("2026-11-01,DE,10"), shop("2026-11-01,US,70"), shop("2026-11-01,FR,5")];
    let place = |folder: &TempDir, name: &str| folder.path().join(name);
    let configured = Place {
        models: place(&folders[0], "models"),
        data: place(&folders[0], "data"),
        timezone: None,
        currency: None,
    };
    let new = NewOrganization {
        id: "acme".into(),
        name: "Acme".into(),
        models: place(&folders[1], "models"),
        data: place(&folders[1], "data"),
        sandbox_data: Some(place(&folders[2], "data")),
        timezone: Some("Asia/Tokyo".into()),
        currency: None,
    };
    store.create_organization(&new, now()).expect("an organization");
    let absent = Failure(sextant_semantics::diagnostic::Diagnostics::default());
    let app = App::new(Err(absent), now).with_store(store.clone()).with_organizations(Arc::new(Files { configured }));
    let rates = Arc::new(RateLimits::new(rates));
    let audit = AuditLog::new(store.clone()).expect("a thread");
    let app = app.with_rates(rates.clone()).with_audit_log(audit);
    let tokens = Tokens {
        authenticator: Authenticator::new(store.clone()).with_audit_log(app.audit_log()),
        limits: rates,
        authority: Arc::new(Authority::new(store.clone(), None, now)),
        clock: now,
    };
    let admission = Admission::Tokens(Arc::new(tokens));
    let settings = Settings { admission, ..Settings::open(1_000, Vec::new()) };
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 8080));
    let router = router(app.clone(), &settings, address, CancellationToken::new());
    Served { store, router, app, folders }
}

/// No limits of calls.
pub(crate) const UNLIMITED: Rates = Rates { token: None, organization: None };

pub(crate) fn now() -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse().expect("an instant")
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

impl Served {
    /// A token and its text.
    pub(crate) fn token(&self, owner: Owner, scopes: &str) -> (Token, String) {
        let scopes = Scopes::parse(scopes).expect("scopes");
        let new = NewToken { name: "a token".into(), owner, scopes, attributes: Map::new(), expires: None };
        let (token, secret) = self.store.create_token(&new, now()).expect("a token");
        (token, secret.expose().to_string())
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        request.headers_mut().insert("host", "localhost".parse().expect("a header"));
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 24).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// An operation by its path in the open API.
    pub(crate) async fn ask(&self, token: &str, headers: &[(&str, &str)], name: &str, arguments: Value) -> Reply {
        self.send(request(&format!("/mcp/tool/{name}"), token, headers, &arguments)).await
    }

    /// A method of MCP.
    pub(crate) async fn mcp(&self, token: &str, headers: &[(&str, &str)], method: &str, params: Value) -> Reply {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(request("/mcp", token, headers, &message)).await
    }
}

fn request(path: &str, token: &str, headers: &[(&str, &str)], body: &Value) -> Request<Body> {
    let mut builder = Request::post(path).header("content-type", "application/json");
    if !token.is_empty() {
        builder = builder.header("authorization", format!("Bearer {token}"));
    }
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::from(body.to_string())).expect("a request")
}
