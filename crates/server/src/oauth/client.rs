//! The applications that ask: those that registered, and those that a document describes.

use serde_json::Value;
use url::Url;

use super::Authority;
use super::redirect;
use crate::store::oauth::clients::Registered;

/// Characters of a name that a person is shown.
const NAME: usize = 80;

/// An application. Nobody has verified what it calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The host of its document; none of a registered one.
    pub(crate) host: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
}

/// Whether an identifier has the form of a document's address.
pub(crate) fn is_document(id: &str) -> bool {
    id.contains("://")
}

/// The client of an identifier. The fault is one fact for a person.
pub(crate) async fn find(authority: &std::sync::Arc<Authority>, id: &str) -> Result<Client, String> {
    let now = authority.now();
    if is_document(id) {
        return authority.documents.client(id, now).await;
    }
    let asked = id.to_string();
    let found = authority.blocking(move |authority| authority.store.registered_client(&asked, now)).await;
    match found {
        Ok(Some(Registered { id, name, redirect_uris })) => Ok(Client { id, name, host: None, redirect_uris }),
        Ok(None) => Err("it is not registered here, or no longer".into()),
        Err(_) => Err("the server cannot look it up now".into()),
    }
}

/// What a client says about itself, in a document or when it registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) name: Option<String>,
    pub(crate) redirect_uris: Vec<String>,
}

/// Why a description is refused: RFC 7591 §3.2.2 tells the two apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    RedirectUri(String),
    Metadata(String),
}

impl Fault {
    pub(crate) fn fact(self) -> String {
        match self {
            Fault::RedirectUri(fact) | Fault::Metadata(fact) => fact,
        }
    }
}

/// Reads what both kinds of clients say.
pub(crate) fn described(metadata: &Value) -> Result<Described, Fault> {
    let Some(metadata) = metadata.as_object() else {
        return Err(Fault::Metadata("the metadata is not an object".into()));
    };
    let Some(listed) = metadata.get("redirect_uris").and_then(Value::as_array).filter(|uris| !uris.is_empty()) else {
        return Err(Fault::RedirectUri("`redirect_uris` is not a list of addresses".into()));
    };
    if listed.len() > redirect::MOST {
        return Err(Fault::RedirectUri(format!("`redirect_uris` lists more than {} addresses", redirect::MOST)));
    }
    let mut redirect_uris = Vec::with_capacity(listed.len());
    for (place, uri) in listed.iter().enumerate() {
        let Some(uri) = uri.as_str() else {
            return Err(Fault::RedirectUri(format!("`redirect_uris[{place}]` is not a text")));
        };
        if let Some(fact) = redirect::fault(uri) {
            return Err(Fault::RedirectUri(format!("`redirect_uris[{place}]` {fact}")));
        }
        redirect_uris.push(uri.to_string());
    }
    for (key, needed) in [("grant_types", "authorization_code"), ("response_types", "code")] {
        let has = |list: &Vec<Value>| list.iter().any(|word| word == needed);
        if metadata.get(key).is_some_and(|value| !value.as_array().is_some_and(has)) {
            return Err(Fault::Metadata(format!("`{key}` does not hold `{needed}`")));
        }
    }
    let name = match metadata.get("client_name") {
        None => None,
        Some(Value::String(name)) => Some(visible(name)).filter(|name| !name.is_empty()),
        Some(_) => return Err(Fault::Metadata("`client_name` is not a text".into())),
    };
    Ok(Described { name, redirect_uris })
}

/// The client of the document at `id`.
pub(crate) fn of_document(id: &str, document: &Value) -> Result<Client, String> {
    if document["client_id"].as_str() != Some(id) {
        return Err("its document names another address as `client_id`".into());
    }
    let method = document.get("token_endpoint_auth_method").map(|method| method.as_str().unwrap_or_default());
    // A document is public, so nothing in it can be a secret. A client that could sign is not asked to.
    let is_public = method.is_none_or(|method| ["none", "private_key_jwt"].contains(&method));
    if !is_public || document.get("client_secret").is_some() {
        return Err("its document speaks of a secret".into());
    }
    let described = described(document).map_err(|fault| format!("in its document {}", fault.fact()))?;
    let host = Url::parse(id).ok().and_then(|url| url.host_str().map(str::to_string)).unwrap_or_default();
    let name = described.name.unwrap_or_else(|| host.clone());
    Ok(Client { id: id.to_string(), name, host: Some(host), redirect_uris: described.redirect_uris })
}

/// A name without what does not show or turns the direction of what follows, cut to a line.
fn visible(name: &str) -> String {
    let is_shown = |c: &char| {
        let is_formatting = matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
        !c.is_control() && !is_formatting
    };
    name.chars().filter(is_shown).take(NAME).collect::<String>().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "https://app.test/client.json";

    #[test]
    fn a_document_describes_itself_and_holds_no_secret() {
        let good = json!({"client_id": ID, "client_name": "A\u{202e}pp\n", "redirect_uris": ["https://app.test/cb"]});
        let client = of_document(ID, &good).unwrap();
        assert_eq!((client.name.as_str(), client.host.as_deref()), ("App", Some("app.test")));
        for (key, value) in [
            ("client_id", json!("https://app.test/other.json")),
            ("client_id", json!(null)),
            ("client_secret", json!("x")),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("redirect_uris", json!([])),
            ("redirect_uris", json!("https://app.test/cb")),
            ("redirect_uris", json!(["javascript:alert(1)"])),
            ("grant_types", json!(["client_credentials"])),
            ("client_name", json!(7)),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert!(of_document(ID, &bad).is_err(), "{bad}");
        }
    }
}
