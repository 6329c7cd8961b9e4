//! Each stage of how a question is answered, as text.

use serde_json::{Value, json};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::emit;
use sextant_semantics::query::request::{Decoded, ExplainRequest, Stage};
use sextant_semantics::source::Sources;

use super::{CallContext, Failure, Workspace};
use crate::execute::physical_plan;

impl Workspace {
    /// The text of one stage of a request.
    pub(super) async fn explain(
        &self,
        explain: &ExplainRequest,
        notes: &[String],
        context: &CallContext,
    ) -> Result<Value, Failure> {
        let decoded =
            Decoded { request: explain.request.as_ref().clone(), notes: notes.to_vec(), sources: Sources::default() };
        let prepared = self.prepare(&decoded, context).await?;
        let (resolved, semantic) = self.texts(&prepared);
        let (stage, text) = match explain.stage {
            Stage::Resolved => ("resolved", resolved),
            Stage::Semantic => ("semantic", semantic),
            Stage::Logical => (
                "logical",
                self.lowered(&prepared.snapshot, &prepared.plan, &prepared.reads).await?.display_indent().to_string(),
            ),
            Stage::Physical => {
                let session = self.sessions.open(self.memory_bytes);
                let logical = self.lowered(&prepared.snapshot, &prepared.plan, &prepared.reads).await?;
                let text = physical_plan(&session, logical, &self.limits, &context.cancel)
                    .await
                    .map_err(|error| error.diagnostic())?;
                ("physical", self.without_root(&text))
            }
            Stage::Sql => {
                if prepared.audit.is_some() {
                    let fact = "an audit is not written as SQL of a warehouse yet";
                    return Err(Diagnostic::new(Code::NotSupportedYet, fact).field("stage").into());
                }
                self.refuse_policies(&prepared.reads)?;
                let text = emit::sql(&prepared.query, &prepared.plan, &self.catalog, explain.dialect)?;
                return Ok(json!({"stage": "sql", "dialect": explain.dialect.as_str(), "text": text}));
            }
        };
        Ok(json!({"stage": stage, "text": text}))
    }

    /// The text without the path of the data root, which is the machine's own.
    pub(super) fn without_root(&self, text: &str) -> String {
        let root = self.root.to_string_lossy();
        let absolute = std::path::absolute(&self.root).map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let canonical = self.root.canonicalize().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let mut text = text.to_string();
        for path in [canonical, absolute, root.into_owned()] {
            let path = path.trim_matches('/');
            if !path.is_empty() && path != "." {
                text = text.replace(&format!("{path}/"), "");
            }
        }
        text
    }
}
