//! `fetch`: one search result in full, as text with a title and a place to cite.

use serde_json::{Map, Value, json};
use sextant_engine::json::{listing, schema};
use sextant_engine::workspace::{CallContext, Failure, Workspace};
use sextant_semantics::catalog::search::{Entry, What};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::query::request::{FetchRequest, SearchKind};

use crate::docs;
use crate::identity::caller::Caller;
use crate::operations::{Operation, find};
use crate::search::result::{Call, Results, id, url};
use crate::search::{entry_of, ids, kind_of};

/// Bytes of a text as JSON at most; the rest of a longer one is at its place.
const TEXT_BYTES: usize = 26_000;
/// Values that the text of a dimension lists.
const VALUES: usize = 50;

pub(crate) async fn answer(
    workspace: &Workspace,
    caller: &Caller,
    asked: &FetchRequest,
    context: &CallContext,
) -> Result<Value, Failure> {
    let wanted = asked.id.trim();
    let is_value = wanted.starts_with("dimension_value:");
    let values = if is_value { Some(workspace.values(context).await?) } else { None };
    let Some(entry) = entry_of(workspace, caller, values.as_deref(), wanted) else {
        return Err(unknown(workspace, caller, &asked.id).into());
    };
    let write = Results { catalog: workspace.catalog(), values: values.as_deref() };
    let text = text(workspace, &write, &entry, context).await?;
    let (text, is_whole) = cut(text, &url(&entry));
    let Call { operation, arguments } = write.call(&entry);
    let mut metadata = Map::new();
    metadata.insert("kind".into(), kind_of(&entry.what).as_str().into());
    metadata.insert("name".into(), entry.name.clone().into());
    metadata.insert("operation".into(), operation.name.into());
    metadata.insert("arguments".into(), arguments.to_string().into());
    metadata.insert("method".into(), Operation::METHOD.into());
    metadata.insert("path".into(), operation.path().into());
    metadata.insert("scope".into(), operation.scope.as_str().into());
    if !is_whole {
        metadata.insert("truncated".into(), "true".into());
    }
    Ok(
        json!({ "id": id(&entry), "title": write.title(&entry), "text": text, "url": url(&entry), "metadata": metadata }),
    )
}

async fn text(
    workspace: &Workspace,
    write: &Results<'_>,
    entry: &Entry,
    context: &CallContext,
) -> Result<String, Failure> {
    let catalog = workspace.catalog();
    let described = write.description(entry).unwrap_or_default();
    let mut lines: Vec<String> = vec![write.title(entry)];
    lines.extend(Some(described).filter(|text| !text.is_empty()));
    match &entry.what {
        What::Metric(_) => {
            let described = listing::metric(catalog, &entry.name)?;
            let skipped = ["label", "description"];
            for (key, value) in
                described.as_object().into_iter().flatten().filter(|(k, _)| !skipped.contains(&k.as_str()))
            {
                lines.extend(line(key, value));
            }
        }
        What::Dimension(name) => {
            let mut arguments = Map::new();
            arguments.insert("dimension".into(), name.clone().into());
            arguments.insert("limit".into(), VALUES.into());
            lines.push(format!("name: {name}"));
            // A dimension whose data cannot be read is described all the same.
            if let Ok(found) = workspace.call("get_dimension_values", &arguments, context).await {
                lines.push(format!("values: {} in all, the most frequent first", found["total_values"]));
                let values = found["values"].as_array().into_iter().flatten();
                lines.extend(values.map(|value| format!("- {} ({} rows)", shown(&value["value"]), value["rows"])));
            }
        }
        What::Value { dimension, value } => {
            lines.push(format!("A value of the dimension {dimension}: {value}"));
            lines.extend(Some(format!("Data: snapshot {}", write.values.map_or("", |values| &values.snapshot))));
        }
        What::SavedQuery(i) => lines.push(format!("query: {}", catalog.saved_queries[*i].query.to_json())),
        What::Operation(name) => {
            let operation = find(name).expect("entries of operations are from the list");
            lines.push(format!("{} {}", Operation::METHOD, operation.path()));
            lines.push(format!("authorization: {}", operation.authorization_json()));
            lines.push(format!("pagination: {}", operation.paging_json()));
            lines.push(format!("arguments: {}", operation.arguments()));
        }
        What::Page(slug) => {
            lines = vec![docs::page(slug).map(|page| page.markdown.clone()).unwrap_or_default()];
        }
    }
    Ok(lines.join("\n"))
}

/// `key: value`; names of a list with commas between; nothing of an empty one.
fn line(key: &str, value: &Value) -> Option<String> {
    let text = match value {
        Value::Array(items) if items.is_empty() => return None,
        Value::Array(items) => {
            let names = items.iter().map(|item| item.get("name").map_or_else(|| shown(item), shown));
            names.collect::<Vec<_>>().join(", ")
        }
        other => shown(other),
    };
    Some(format!("{key}: {text}"))
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// The beginning of a text that is longer than an answer may be, and whether that is all of it.
fn cut(text: String, place: &str) -> (String, bool) {
    let width = |letter: char| match letter {
        '"' | '\\' | '\n' | '\t' | '\r' => 2,
        control if (control as u32) < 0x20 => 6,
        other => other.len_utf8(),
    };
    let mut bytes = 0;
    for (at, letter) in text.char_indices() {
        bytes += width(letter);
        if bytes > TEXT_BYTES {
            let end = text[..at].rfind('\n').unwrap_or(at);
            return (format!("{}\n\n[cut here; the whole text is at {place}]", &text[..end]), false);
        }
    }
    (text, true)
}

fn unknown(workspace: &Workspace, caller: &Caller, id: &str) -> Diagnostic {
    let shown: String = id.chars().take(120).collect();
    let kinds: Vec<String> = SearchKind::ALL.iter().map(|kind| format!("{}:", kind.as_str())).collect();
    let ids = ids(workspace, caller);
    let fault = Diagnostic::new(Code::UnknownId, format!("no search result has the id `{shown}`"));
    let fault = fault.field("id").received(shown).suggest(id, ids.iter().map(String::as_str));
    fault.help(format!("`search` gives ids; they start with {}", kinds.join(", "))).example("documentation:index")
}

/// The schema of the answer.
pub(crate) fn answer_schema() -> Value {
    let metadata = json!({ "type": "object", "additionalProperties": {"type": "string"} });
    schema::object(
        "",
        json!({
            "id": schema::text(""),
            "title": schema::text(""),
            "text": schema::text(""),
            "url": schema::text(""),
            "metadata": metadata,
            "read_as": schema::list("", json!({"type": "string"})),
        }),
        &["id", "title", "text", "url", "metadata"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_line_and_says_where_the_rest_is() {
        let line = "twelve bytes\n";
        let (text, is_whole) = cut(line.repeat(10), "/docs/x");
        assert!(is_whole && text.len() == 130);
        let (text, is_whole) = cut(line.repeat(10_000), "/docs/x");
        assert!(!is_whole && text.ends_with("bytes\n\n[cut here; the whole text is at /docs/x]"));
        assert!(json!(text).to_string().len() < TEXT_BYTES + 100);
    }
}
