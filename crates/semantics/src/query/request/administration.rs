//! Requests of who administers: organizations, partners, users, tokens, feedback.

use serde_json::{Map, Value};

use super::read::{Object, Reader};

/// What an operation of administration is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Administration {
    ListOrganizations,
    CreateOrganization(OrganizationRequest),
    UpdateOrganization(OrganizationRequest),
    ListPartners,
    CreatePartner(PartnerRequest),
    UpdatePartner(PartnerRequest),
    ListUsers,
    CreateUser(UserRequest),
    UpdateUser(UserRequest),
    ListTokens,
    CreateToken(TokenRequest),
    RevokeToken { id: String },
    ListFeedback { limit: Option<u64> },
    ReloadModels,
}

/// An organization as it is to be, or what of it is to change.
#[derive(Clone, Debug, PartialEq)]
pub struct OrganizationRequest {
    pub id: String,
    pub name: Option<String>,
    /// Directories of the server's machine.
    pub models: Option<String>,
    pub data: Option<String>,
    pub sandbox_data: Option<String>,
    pub timezone: Option<String>,
    pub currency: Option<String>,
    pub disabled: Option<bool>,
}

/// A partner as it is to be, or what of it is to change.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerRequest {
    pub id: String,
    pub name: Option<String>,
    pub organizations: Option<Vec<String>>,
    pub default_organization: Option<String>,
    pub disabled: Option<bool>,
}

/// A user of the caller's organization.
#[derive(Clone, Debug, PartialEq)]
pub struct UserRequest {
    pub email: String,
    pub name: Option<String>,
    pub scopes: Option<Vec<String>>,
    pub attributes: Map<String, Value>,
    pub disabled: Option<bool>,
}

/// A new token of the caller's organization.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenRequest {
    pub name: String,
    pub is_sandbox: bool,
    pub scopes: Option<Vec<String>>,
    pub expires_in_days: Option<u64>,
    pub attributes: Map<String, Value>,
}

/// Reads the arguments of an operation of administration; none of another.
pub(super) fn read(reader: &mut Reader, operation: &str, object: &Object) -> Option<Administration> {
    match operation {
        "list_organizations" => Some(Administration::ListOrganizations),
        "create_organization" => organization(reader, object, true).map(Administration::CreateOrganization),
        "update_organization" => organization(reader, object, false).map(Administration::UpdateOrganization),
        "list_partners" => Some(Administration::ListPartners),
        "create_partner" => partner(reader, object).map(Administration::CreatePartner),
        "update_partner" => partner(reader, object).map(Administration::UpdatePartner),
        "list_users" => Some(Administration::ListUsers),
        "create_user" => user(reader, object).map(Administration::CreateUser),
        "update_user" => user(reader, object).map(Administration::UpdateUser),
        "list_tokens" => Some(Administration::ListTokens),
        "create_token" => token(reader, object).map(Administration::CreateToken),
        "revoke_token" => reader.text(object, "id").map(|id| Administration::RevokeToken { id }),
        "list_feedback" => Some(Administration::ListFeedback { limit: reader.count(object, "limit") }),
        "reload_models" => Some(Administration::ReloadModels),
        _ => None,
    }
}

fn organization(reader: &mut Reader, object: &Object, is_new: bool) -> Option<OrganizationRequest> {
    let id = reader.text(object, "id");
    let name = reader.prose(object, "name");
    let (models, data) = (reader.prose(object, "models"), reader.prose(object, "data"));
    let sandbox_data = reader.prose(object, "sandbox_data");
    let (timezone, currency) = (reader.text(object, "timezone"), reader.text(object, "currency"));
    let disabled = if is_new { None } else { reader.flag(object, "disabled") };
    Some(OrganizationRequest { id: id?, name, models, data, sandbox_data, timezone, currency, disabled })
}

fn partner(reader: &mut Reader, object: &Object) -> Option<PartnerRequest> {
    let id = reader.text(object, "id");
    let name = reader.prose(object, "name");
    let organizations = texts(reader, object, "organizations");
    let default_organization = reader.text(object, "default_organization");
    let disabled = if object.takes("disabled") { reader.flag(object, "disabled") } else { None };
    Some(PartnerRequest { id: id?, name, organizations, default_organization, disabled })
}

fn user(reader: &mut Reader, object: &Object) -> Option<UserRequest> {
    let email = reader.text(object, "email");
    let is_new = object.takes("scopes");
    let name = if is_new { reader.prose(object, "name") } else { None };
    let scopes = if is_new { texts(reader, object, "scopes") } else { None };
    let attributes = if is_new { attributes(reader, object) } else { Map::new() };
    let disabled = if is_new { None } else { reader.flag(object, "disabled") };
    Some(UserRequest { email: email?, name, scopes, attributes, disabled })
}

fn token(reader: &mut Reader, object: &Object) -> Option<TokenRequest> {
    let name = reader.prose(object, "name");
    let is_sandbox = reader.word(object, "kind") == Some("sandbox");
    let scopes = texts(reader, object, "scopes");
    let expires_in_days = reader.count(object, "expires_in_days");
    let attributes = attributes(reader, object);
    Some(TokenRequest { name: name?, is_sandbox, scopes, expires_in_days, attributes })
}

fn attributes(reader: &mut Reader, object: &Object) -> Map<String, Value> {
    let given = if object.has("attributes") { reader.map(object, "attributes") } else { None };
    given.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn texts(reader: &mut Reader, object: &Object, name: &str) -> Option<Vec<String>> {
    let items = reader.list(object, name)?;
    Some(items.iter().filter_map(|item| reader.text_item(object, name, item)).collect())
}
