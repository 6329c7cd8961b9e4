//! `sextant org`: the organizations of a server.

use std::path::{Path, PathBuf};

use chrono::Utc;
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::store::organizations::{DEFAULT, NewOrganization, Organization, OrganizationSettings};
use sextant_server::store::{Changed, Store};

use super::audit_log;
use crate::cli::{Org, OrgAction, OrgCreate, OrgSet, Place, TextFormat, Unset};
use crate::config::Config;
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};

pub(crate) fn run(place: &Place, org: &Org) -> Result<(), Fault> {
    let store = Store::at(Config::of(place)?.state);
    let now = Utc::now();
    let is = |changed: Changed<Organization>, done: &'static str, already: &'static str| {
        (changed.kept, if changed.is_new { done } else { already }, changed.is_new)
    };
    let (organization, done, is_new) = match &org.action {
        OrgAction::List => return list(&store.organizations()?, org.format),
        OrgAction::Create(create) => (store.create_organization(&new(place, create)?, now)?, "created", true),
        OrgAction::Set(set) => {
            is(store.update_organization(&set.id, &settings(place, set)?)?, "changed", "as it was: nothing is changed")
        }
        OrgAction::Disable { id } => {
            is(store.disable_organization(id, now)?, "disabled: its tokens are refused", "disabled already")
        }
        OrgAction::Enable { id } => {
            is(store.enable_organization(id)?, "enabled: its tokens are accepted", "enabled already")
        }
    };
    let operation = match org.action {
        OrgAction::Create(_) => "create_organization",
        OrgAction::List | OrgAction::Set(_) | OrgAction::Disable { .. } | OrgAction::Enable { .. } => {
            "update_organization"
        }
    };
    if is_new {
        audit_log::note(&store, operation, &organization.id, "production", &organization.id, now)?;
    }
    match org.format {
        TextFormat::Json => output::emit(&output::json::whole(&as_json(&organization))),
        TextFormat::Text => output::emit(&format!("organization `{}` is {done}\n", organization.id)),
    }
}

fn new(place: &Place, create: &OrgCreate) -> Result<NewOrganization, Fault> {
    Ok(NewOrganization {
        id: create.id.clone(),
        name: create.name.clone().unwrap_or_else(|| create.id.clone()),
        models: needed(place.models.as_deref(), "--models")?,
        data: needed(place.data.as_ref().and_then(Option::as_deref), "--data")?,
        sandbox_data: create.settings.sandbox_data.as_deref().map(absolute).transpose()?,
        timezone: create.settings.timezone.clone(),
        currency: create.settings.currency.clone(),
    })
}

/// A directory that must be typed: what the configuration says is that of `default`.
fn needed(path: Option<&Path>, flag: &str) -> Result<PathBuf, Fault> {
    if let Some(path) = path {
        return absolute(path);
    }
    let message = format!("a new organization needs `{flag}`");
    let help = "each organization has its own model and its own data: --models DIR --data DIR";
    Err(Failure(Diagnostic::new(Code::InvalidArgument, message).field(flag).help(help).into()).into())
}

fn absolute(path: &Path) -> Result<PathBuf, Fault> {
    Ok(std::path::absolute(path)?)
}

fn settings(place: &Place, set: &OrgSet) -> Result<OrganizationSettings, Fault> {
    let models = place.models.as_deref().map(absolute).transpose()?;
    let data = place.data.as_ref().and_then(Option::as_deref).map(absolute).transpose()?;
    let sandbox_data = set.settings.sandbox_data.as_deref().map(absolute).transpose()?;
    let is_unset = |setting| set.unset.contains(&setting);
    let changed = OrganizationSettings {
        name: set.name.clone(),
        models,
        data,
        sandbox_data: if is_unset(Unset::SandboxData) { Some(None) } else { sandbox_data.map(Some) },
        timezone: if is_unset(Unset::Timezone) { Some(None) } else { set.settings.timezone.clone().map(Some) },
        currency: if is_unset(Unset::Currency) { Some(None) } else { set.settings.currency.clone().map(Some) },
    };
    Ok(changed)
}

fn list(organizations: &[Organization], format: TextFormat) -> Result<(), Fault> {
    if format == TextFormat::Json {
        let list: Vec<Value> = organizations.iter().map(as_json).collect();
        return output::emit(&output::json::whole(&json!({ "organizations": list })));
    }
    let shown = |path: &Option<PathBuf>| path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let mut lines = table::new_table(&Paint::stdout());
    lines.set_header(["id", "name", "models", "data", "sandbox data", "timezone", "currency", "state"]);
    for one in organizations {
        let place = |path: &Option<PathBuf>| match one.id.as_str() {
            DEFAULT if path.is_none() => "(the server's)".to_string(),
            _ => shown(path),
        };
        lines.add_row([
            one.id.clone(),
            clean(&one.name),
            place(&one.models),
            place(&one.data),
            shown(&one.sandbox_data),
            one.timezone.clone().unwrap_or_default(),
            one.currency.clone().unwrap_or_default(),
            state(one.disabled.is_some()).to_string(),
        ]);
    }
    output::emit(&table::finish(&lines))
}

pub(super) fn state(is_disabled: bool) -> &'static str {
    if is_disabled { "disabled" } else { "enabled" }
}

fn as_json(organization: &Organization) -> Value {
    json!({
        "id": organization.id,
        "name": organization.name,
        "models": organization.models,
        "data": organization.data,
        "sandbox_data": organization.sandbox_data,
        "timezone": organization.timezone,
        "currency": organization.currency,
        "created": organization.created,
        "disabled": organization.disabled,
    })
}
