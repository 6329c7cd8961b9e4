//! `sextant serve`: the network doors, until a signal or the end of input.

use std::num::NonZeroU32;
use std::sync::Arc;

use chrono::Utc;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::app::{App, Limits, MOST_ROWS};
use sextant_server::http::authenticate::{Admission, Tokens};
use sextant_server::http::{self, Settings, address};
use sextant_server::identity::authenticate::Authenticator;
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::identity::headers::Wishes;
use sextant_server::identity::limits::{RateLimits, Rates};
use sextant_server::identity::secret::Secret;
use sextant_server::mcp::{McpServer, Standing, stdio};
use sextant_server::oauth::Authority;
#[cfg(feature = "oidc")]
use sextant_server::oauth::external::Provider;
use sextant_server::store::audit::AuditLog;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use crate::cli::{Auth, Place, Serve};
use crate::config::Config;
use crate::fault::Fault;
use crate::hosting::Hosting;
use crate::output;
use crate::session::{Session, open_config};

pub(crate) fn run(place: &Place, serve: &Serve) -> Result<(), Fault> {
    if serve.max_rows == 0 || serve.max_rows > MOST_ROWS {
        let message = format!("`--max-rows` is {}, not between 1 and {MOST_ROWS}", serve.max_rows);
        let fault = Diagnostic::new(Code::InvalidArgument, message).field("--max-rows");
        return Err(Failure(fault.help("clients read larger results page by page").into()).into());
    }
    if let Some(issuer) = serve.oidc_issuer.as_deref().filter(|_| serve.stdio || serve.auth == Auth::None) {
        let fault = Diagnostic::new(Code::InvalidArgument, "nobody signs in over `--stdio` or with `--auth none`");
        let fault = fault.field("--oidc-issuer").received(issuer).help("leave it out, or serve --http with tokens");
        return Err(Failure(fault.into()).into());
    }
    match &serve.http {
        Some(text) => over_http(place, serve, text),
        None => over_stdio(place, serve),
    }
}

fn over_stdio(place: &Place, serve: &Serve) -> Result<(), Fault> {
    let config = Config::of(place)?;
    let session = open_config(&config)?;
    let (app, standing) = match variable("SEXTANT_API_KEY") {
        Some(token) => {
            refuse_caller(place)?;
            let (access, auth) = (variable("SEXTANT_ACCESS_MODE"), variable("SEXTANT_AUTH_MODE"));
            let organization = variable("SEXTANT_PARTNER_ORG_ID");
            let wishes = Wishes::read(access.as_deref(), auth.as_deref(), organization.as_deref())?;
            let app = hosting(&session, config)?;
            let authenticator = Arc::new(Authenticator::new(app.store().clone()).with_audit_log(app.audit_log()));
            // A token that is not accepted is told at once, where a person sees it.
            authenticator.caller(&token, &wishes, Door::Stdio, app.now())?;
            (app, Standing::OfToken { authenticator, token: Secret::new(token), wishes })
        }
        None => (session.app.clone(), Standing::Always(session.local(Door::Stdio))),
    };
    let server = McpServer::new(app, Limits::mcp(serve.max_rows), standing);
    let served = session.runtime.block_on(stdio::serve(server));
    // A blocking read of standard input must not hold up the exit.
    session.runtime.shutdown_background();
    Ok(served?)
}

fn over_http(place: &Place, serve: &Serve, text: &str) -> Result<(), Fault> {
    let address = address::served(text, !serve.hosts.is_empty(), serve.auth == Auth::Token)?;
    let config = Config::of(place)?;
    let session = open_config(&config)?;
    let rates = Arc::new(RateLimits::new(Rates {
        token: NonZeroU32::new(serve.token_rate),
        organization: NonZeroU32::new(serve.organization_rate),
    }));
    let app = match serve.auth {
        Auth::Token => {
            refuse_caller(place)?;
            hosting(&session, config)?.with_rates(rates.clone())
        }
        Auth::None => session.app.clone(),
    };
    session.runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(|fault| {
            let message = format!("`{address}` cannot be served: {fault}");
            let help = "choose another port, or 127.0.0.1:0 for any free one";
            Failure(Diagnostic::new(Code::InvalidArgument, message).field("--http").help(help).into())
        })?;
        let bound = listener.local_addr()?;
        let public = public_url(serve)?;
        let authority = authority(serve, &app, public.as_ref())?;
        let mut settings = Settings {
            rows: serve.max_rows,
            origins: serve.origins.clone(),
            hosts: serve.hosts.clone(),
            admission: admission(serve, &app, rates, authority, session.local(Door::Api)),
        };
        if let Some(public) = &public {
            settings.hosts.extend(public.host_str().map(str::to_string));
            settings.origins.push(public.origin().ascii_serialization());
        }
        // Who reads that the server listens may end it at once, and well.
        let stopped = stopped()?;
        output::note(&format!(
            "listening on http://{bound} (MCP at /mcp, open API at /mcp/tool/<name> and /api/v1/call)"
        ))?;
        if serve.auth == Auth::None {
            output::note("whoever reaches this address is let in: --auth token asks for tokens")?;
        }
        let stop = CancellationToken::new();
        let on_signal = stop.clone();
        tokio::spawn(async move {
            stopped.await;
            on_signal.cancel();
        });
        Ok(http::serve(listener, app.clone(), settings, stop).await?)
    })
}

/// Where tokens say who asks, nobody else does.
fn refuse_caller(place: &Place) -> Result<(), Failure> {
    if place.caller.is_empty() {
        return Ok(());
    }
    let fault = Diagnostic::new(Code::InvalidArgument, "`--caller` beside tokens, which say who asks");
    Err(fault.field("--caller").help("leave it out, or serve without tokens: --auth none").into())
}

/// The application that answers each organization from its own workspace, and records every call.
fn hosting(session: &Session, config: Config) -> Result<App, Fault> {
    let app = session.app.clone().with_organizations(Arc::new(Hosting(config)));
    let audit = AuditLog::new(app.store().clone())?;
    Ok(app.with_audit_log(audit))
}

fn admission(serve: &Serve, app: &App, rates: Arc<RateLimits>, authority: Authority, local: Caller) -> Admission {
    match serve.auth {
        Auth::None => Admission::Everybody(local),
        Auth::Token => Admission::Tokens(Arc::new(Tokens {
            authenticator: Authenticator::new(app.store().clone()).with_audit_log(app.audit_log()),
            limits: rates,
            authority: Arc::new(authority),
            clock: Utc::now,
        })),
    }
}

fn authority(serve: &Serve, app: &App, public: Option<&Url>) -> Result<Authority, Failure> {
    let authority = Authority::new(app.store().clone(), public.map(Url::as_str), Utc::now);
    let authority = with_provider(authority.with_client_hosts(serve.client_hosts.clone()), serve)?;
    Ok(if serve.no_oauth { authority.without_oauth() } else { authority })
}

/// With the OpenID provider that the flags name; it is not asked anything yet.
#[cfg(feature = "oidc")]
fn with_provider(authority: Authority, serve: &Serve) -> Result<Authority, Failure> {
    let (Some(issuer), Some(client)) = (&serve.oidc_issuer, &serve.oidc_client_id) else { return Ok(authority) };
    let secret = variable("SEXTANT_OIDC_CLIENT_SECRET").map(Secret::new);
    let provider = Provider::new(issuer, client, secret, serve.oidc_name.as_deref())?;
    Ok(authority.with_provider(Some(provider)))
}

/// Refuses what this binary was built without.
#[cfg(not(feature = "oidc"))]
fn with_provider(authority: Authority, serve: &Serve) -> Result<Authority, Failure> {
    if serve.oidc_issuer.is_none() {
        return Ok(authority);
    }
    let message = "this binary was built without the sign-in at an OpenID provider";
    let help = "build it with `cargo build --release --features oidc`, or leave the flag out";
    Err(Diagnostic::new(Code::InvalidArgument, message).field("--oidc-issuer").help(help).into())
}

/// Where clients reach the server; without a name of its own, by the loopback name that each of them uses.
fn public_url(serve: &Serve) -> Result<Option<Url>, Fault> {
    for host in &serve.hosts {
        // A name alone: no scheme, port, path or pattern.
        let is_name = Host::parse(host).is_ok_and(|read| read.to_string() == host.to_ascii_lowercase())
            && !host.contains(['*', ':', '/']);
        if !is_name {
            let fault = Diagnostic::new(Code::InvalidArgument, format!("`{host}` is not the name of a host"));
            return Err(Failure(
                fault.field("--allowed-host").help("give the name alone, as in metrics.example").into(),
            )
            .into());
        }
    }
    let named = serve.hosts.first().map(|host| format!("https://{host}"));
    let Some(text) = serve.public_url.clone().or(named) else { return Ok(None) };
    let is_root = |url: &Url| url.has_host() && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    // Tokens go only where nobody reads along: without TLS to this machine itself.
    let is_kept = |url: &Url| match (url.scheme(), url.host()) {
        ("https", _) => true,
        ("http", Some(Host::Domain(name))) => name == "localhost",
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    };
    let is_served = |url: &Url| is_kept(url) && is_root(url) && url.username().is_empty();
    let url = Url::parse(&text).ok().filter(is_served).ok_or_else(|| {
        let fault = Diagnostic::new(Code::InvalidArgument, format!("`{text}` is not where a server can be reached"));
        let help = "give https:// and a host, as in https://metrics.example; http:// only for this machine itself";
        Failure(fault.field("--public-url").help(help).into())
    })?;
    Ok(Some(url))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Ends at the first interrupt or termination after this call; what was begun is finished then.
#[cfg(unix)]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Ends at the first interrupt; what was begun is finished then.
#[cfg(not(unix))]
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
