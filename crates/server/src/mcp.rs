//! The Model Context Protocol: one handler behind stdio and Streamable HTTP, in both eras of the protocol.
//!
//! Stateless: every request stands alone, nothing is sent to a client but its answer (and progress,
//! when it asked for that). Sessions, sampling, roots and the old SSE transport are absent.

pub mod schema;
pub mod tools;
mod catalog;
mod resources;
mod prompts;
mod completions;
mod picture;
pub mod stdio;
pub mod streamable;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use rmcp::handler::server::tool::ToolCallContext;
use rmcp::handler::server::tool::{ToolRoute, ToolRouter};
use rmcp::model::{
    CacheScope, CallToolRequestMethod, CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
    CompleteResult, ConstString, ContentBlock, CustomRequest, CustomResult, DiscoverResult, ErrorCode,
    GetPromptRequestParams, GetPromptResponse, Implementation, JsonObject, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, MetaObject, PaginatedRequestParams,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use crate::app::{App, Limits};
use crate::identity::authenticate::{self, Authenticator};
use crate::identity::caller::{Caller, Door};
use crate::identity::headers::Wishes;
use crate::identity::secret::Secret;
use crate::wire;
use catalog::Catalog;

/// Key of the `_meta` entry that carries the error envelope beside the text of a refusal.
pub const ERROR_META: &str = "sextant/error";
const SERVER_INFO_META: &str = "io.modelcontextprotocol/serverInfo";

/// How long a client may keep a list, a resource and the discovery: they change with the binary and
/// the model, which are read when the server starts.
const LIST_TTL_MS: u64 = 300_000;
/// The first word of progress on a slow question, and every later one, come this far apart.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(2);

/// Who the callers of a handler are.
#[derive(Clone)]
pub enum Standing {
    /// Each request brings its own caller: over HTTP, where the door has settled it.
    OfRequest,
    /// One and the same.
    Always(Caller),
    /// Who the token of the process's environment stands for; asked anew for every request.
    OfToken { authenticator: Arc<Authenticator>, token: Secret, wishes: Wishes },
}

/// The handler of one connection or request. Cheap to clone.
#[derive(Clone)]
pub struct McpServer {
    app: App,
    limits: Limits,
    standing: Standing,
    router: Arc<ToolRouter<McpServer>>,
}

impl McpServer {
    pub fn new(app: App, limits: Limits, standing: Standing) -> Self {
        let mut router = ToolRouter::new();
        for tool in tools::all() {
            router.add_route(ToolRoute::new_dyn(tool, |call: ToolCallContext<'_, McpServer>| {
                Box::pin(async move { Ok(CallToolResponse::from(call.service.answer(&call).await)) })
            }));
        }
        McpServer { app, limits, standing, router: Arc::new(router) }
    }

    /// Runs a tool. Both an answer and a refusal are results: a client shows protocol errors to nobody.
    async fn answer(&self, call: &ToolCallContext<'_, McpServer>) -> CallToolResult {
        let arguments = call.arguments.clone().unwrap_or_default();
        let context = &call.request_context;
        let caller = match self.caller(context) {
            Ok(caller) => caller,
            Err(failure) => return refusal(&failure),
        };
        let chart = picture::asked(call.name(), &arguments);
        let work = self.app.call(&caller, call.name(), arguments, self.limits, context.ct.clone());
        match with_progress(work, context).await {
            Ok(answer) => {
                let picture = match chart {
                    Some(format) => Some(picture::block(answer.clone(), format).await),
                    None => None,
                };
                let mut result = CallToolResult::structured(answer).with_meta(Some(stamp()));
                result.content.extend(picture);
                result
            }
            Err(failure) => refusal(&failure),
        }
    }

    /// Who sent a request.
    fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Caller, Failure> {
        match &self.standing {
            Standing::OfRequest => {
                let parts = context.extensions.get::<Parts>();
                parts.and_then(|parts| parts.extensions.get::<Caller>()).cloned().ok_or_else(authenticate::absent)
            }
            Standing::Always(caller) => Ok(caller.clone()),
            Standing::OfToken { authenticator, token, wishes } => {
                authenticator.caller(token.expose(), wishes, Door::Stdio, self.app.now())
            }
        }
    }

    fn catalog(&self, context: &RequestContext<RoleServer>) -> Result<Catalog<'_>, ErrorData> {
        let caller = self.caller(context).map_err(|failure| not_admitted(&failure))?;
        Ok(Catalog { app: &self.app, caller, limits: self.limits, cancel: context.ct.clone() })
    }
}

/// A refusal where the protocol has no result for one.
fn not_admitted(failure: &Failure) -> ErrorData {
    ErrorData::invalid_request(wire::error_text(failure), Some(wire::error_object(failure)))
}

/// The text says everything; programs find the envelope of the other doors in `_meta`.
fn refusal(failure: &Failure) -> CallToolResult {
    let mut meta = stamp();
    meta.insert(ERROR_META.into(), wire::error_object(failure));
    CallToolResult::error(vec![ContentBlock::text(wire::error_text(failure))]).with_meta(Some(meta))
}

/// Awaits `work`; a caller who gave a progress token hears every other second that it is still running.
async fn with_progress<T>(work: impl Future<Output = T>, context: &RequestContext<RoleServer>) -> T {
    let Some(token) = context.meta.get_progress_token() else { return work.await };
    let mut work = std::pin::pin!(work);
    let mut seconds = 0.0;
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(PROGRESS_INTERVAL) => {
                seconds += PROGRESS_INTERVAL.as_secs_f64();
                let note = ProgressNotificationParam::new(token.clone(), seconds).with_message("still running");
                if let Err(fault) = context.peer.notify_progress(note).await {
                    tracing::debug!(%fault, "progress could not be sent");
                }
            }
        }
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .build();
        ServerConfig::new(capabilities).with_server_info(implementation()).with_instructions(tools::INSTRUCTIONS)
    }

    /// The revisions with Streamable HTTP; 2024-11-05 knew only the transport that is not served.
    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        let versions = ProtocolVersion::KNOWN_VERSIONS.iter();
        Cow::Owned(versions.filter(|version| **version != ProtocolVersion::V_2024_11_05).cloned().collect())
    }

    async fn discover(&self, _: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, self.get_info()).with_ttl_ms(LIST_TTL_MS))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let caller = self.caller(&context).map_err(|failure| not_admitted(&failure))?;
        let mut result = ListToolsResult::with_all_items(tools::listed(&caller));
        result.meta = Some(stamp());
        (result.ttl_ms, result.cache_scope) = may_be_kept(&context);
        Ok(result)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.router.get(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if !self.router.has_route(&request.name) {
            let names: Vec<String> = self.router.list_all().iter().map(|tool| tool.name.to_string()).collect();
            let name: String = request.name.chars().take(80).collect();
            if let Ok(caller) = self.caller(&context) {
                let unknown = Diagnostic::new(Code::UnknownTool, format!("unknown tool `{name}`"));
                self.app.was_refused(&caller, &name, &unknown.into());
            }
            return Err(ErrorData::invalid_params(
                format!("unknown tool `{name}`; the tools are {}", names.join(", ")),
                Some(json!({ "available": names })),
            ));
        }
        self.router.call(ToolCallContext::new(self, request, context)).await
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let mut result = ListPromptsResult::with_all_items(prompts::all());
        result.meta = Some(stamp());
        (result.ttl_ms, result.cache_scope) = may_be_kept(&context);
        Ok(result)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.as_ref();
        let mut result = prompts::get(&self.catalog(&context)?, &request.name, arguments).await?;
        result.meta = Some(stamp());
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let cursor = request.and_then(|request| request.cursor);
        let (page, next) = resources::list(&self.catalog(&context)?, cursor.as_deref()).await?;
        let mut result = ListResourcesResult::with_all_items(page);
        (result.meta, result.next_cursor) = (Some(stamp()), next);
        (result.ttl_ms, result.cache_scope) = may_be_kept(&context);
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut result = ListResourceTemplatesResult::with_all_items(resources::templates());
        result.meta = Some(stamp());
        (result.ttl_ms, result.cache_scope) = may_be_kept(&context);
        Ok(result)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let content = resources::read(&self.catalog(&context)?, &request.uri).await?;
        let mut result = ReadResourceResult::new(vec![content]);
        result.meta = Some(stamp());
        (result.ttl_ms, result.cache_scope) = may_be_kept(&context);
        Ok(result.into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let found = completions::complete(&self.catalog(&context)?, &request).await?;
        let mut result = CompleteResult::new(found);
        result.meta = Some(stamp());
        Ok(result)
    }

    /// A method we do not have; or `tools/call` whose params no revision of the protocol allows.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        if request.method == CallToolRequestMethod::VALUE {
            let help = "`params` of tools/call are {\"name\": text, \"arguments\": object}";
            return Err(ErrorData::invalid_params(help, None));
        }
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, request.method, None))
    }
}

/// For how long, and by whom, a result may be kept. Clients of the earlier revisions do not know these hints.
fn may_be_kept(context: &RequestContext<RoleServer>) -> (Option<u64>, Option<CacheScope>) {
    let newest = ProtocolVersion::V_2026_07_28;
    match context.protocol_version() {
        Some(version) if version.as_str() >= newest.as_str() => (Some(LIST_TTL_MS), Some(CacheScope::Private)),
        Some(_) | None => (None, None),
    }
}

fn implementation() -> Implementation {
    Implementation::new("sextant", env!("CARGO_PKG_VERSION")).with_title("Sextant")
}

/// Who answers, in the `_meta` of a result.
fn stamp() -> MetaObject {
    let mut meta = MetaObject::new();
    let info = serde_json::to_value(implementation()).unwrap_or(Value::Null);
    meta.insert(SERVER_INFO_META.into(), info);
    meta
}

/// A JSON object for a schema; anything else is a fault of the table it comes from.
fn schema_object(schema: Value) -> Arc<JsonObject> {
    match schema {
        Value::Object(object) => Arc::new(object),
        _ => unreachable!("a schema is an object"),
    }
}
