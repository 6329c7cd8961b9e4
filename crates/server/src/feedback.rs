//! `submit_mcp_feedback`: what a caller says about the service, kept for its operator and given to nobody.

use serde_json::{Value, json};
use sextant_engine::json::schema;
use sextant_engine::workspace::{CallContext, Failure};
use sextant_semantics::query::request::FeedbackRequest;

use crate::error;
use crate::identity::secret::identifier;
use crate::store::Store;
use crate::store::feedback::Feedback;

mod redact;

use redact::redact;

/// Keeps it with what looks like a secret taken out, and says under which identifier.
pub(crate) async fn submit(
    store: &std::sync::Arc<Store>,
    organization: &str,
    said: FeedbackRequest,
    context: &CallContext,
) -> Result<Value, Failure> {
    let feedback = Feedback {
        id: identifier("fb")?,
        organization: organization.to_string(),
        at: context.now,
        category: said.category.as_str(),
        comment: redact(&said.comment),
        tool_name: said.tool_name.as_deref().map(redact),
        answer_id: said.answer_id.as_deref().map(redact),
        severity: said.severity.map(|severity| severity.as_str()),
        tags: said.tags.iter().map(|tag| redact(tag)).collect(),
    };
    let id = feedback.id.clone();
    let store = std::sync::Arc::clone(store);
    let kept = tokio::task::spawn_blocking(move || store.keep_feedback(&feedback)).await;
    kept.unwrap_or_else(|fault| {
        tracing::error!(%fault, "feedback ended in a fault of ours");
        Err(error::internal())
    })?;
    Ok(json!({ "feedback_id": id }))
}

/// The schema of the answer.
pub(crate) fn answer_schema() -> Value {
    let properties = json!({
        "feedback_id": schema::text(""),
        "read_as": schema::list("", json!({"type": "string"})),
    });
    schema::object("", properties, &["feedback_id"])
}
