//! Resources, and one template, that the suite reads.

use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use crate::content;

const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";

pub(crate) fn all() -> Vec<Resource> {
    vec![
        Resource::new(TEXT, "static-text").with_description("A text").with_mime_type("text/plain"),
        Resource::new(BINARY, "static-binary").with_description("An image").with_mime_type("image/png"),
        Resource::new("test://watched-resource", "watched-resource")
            .with_description("A text that may be watched")
            .with_mime_type("text/plain"),
    ]
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new("test://template/{id}/data", "template")
            .with_description("Data by identifier")
            .with_mime_type("application/json"),
    ]
}

pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let contents = match uri {
        TEXT => {
            ResourceContents::text("This is the content of the static text resource.", uri).with_mime_type("text/plain")
        }
        "test://watched-resource" => ResourceContents::text("Nothing has changed.", uri).with_mime_type("text/plain"),
        BINARY => ResourceContents::blob(content::PNG, uri).with_mime_type("image/png"),
        _ => match uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data")) {
            Some(id) => {
                let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
                ResourceContents::text(data.to_string(), uri).with_mime_type("application/json")
            }
            None => return Err(ErrorData::resource_not_found("resource not found", Some(json!({ "uri": uri })))),
        },
    };
    Ok(ReadResourceResult::new(vec![contents]))
}
