//! `sextant partner`: who acts for several organizations.

use chrono::Utc;
use serde_json::{Value, json};
use sextant_server::store::organizations::DEFAULT;
use sextant_server::store::partners::{self, PartnerSettings};
use sextant_server::store::{Changed, Store};

use super::audit_log;
use super::org::state;
use crate::cli::{Partner, PartnerAction, Place, TextFormat};
use crate::config::Config;
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};

pub(crate) fn run(place: &Place, partner: &Partner) -> Result<(), Fault> {
    let store = Store::at(Config::of(place)?.state);
    let now = Utc::now();
    let is = |changed: Changed<partners::Partner>, done: &'static str, already: &'static str| {
        (changed.kept, if changed.is_new { done } else { already }, changed.is_new)
    };
    let (kept, done, is_new) = match &partner.action {
        PartnerAction::List => return list(&store.partners()?, partner.format),
        PartnerAction::Create { id, name, organizations, default } => {
            let name = name.as_deref().unwrap_or(id);
            let first = organizations.first().map_or("", String::as_str);
            let default = default.as_deref().unwrap_or(first);
            (store.create_partner(id, name, organizations, default, now)?, "created", true)
        }
        PartnerAction::Set { id, name, organizations, default } => {
            let settings = PartnerSettings {
                name: name.clone(),
                organizations: organizations.clone(),
                default_organization: default.clone(),
            };
            is(store.update_partner(id, &settings)?, "changed", "as it was: nothing is changed")
        }
        PartnerAction::Disable { id } => {
            is(store.disable_partner(id, now)?, "disabled: its tokens are refused", "disabled already")
        }
        PartnerAction::Enable { id } => {
            is(store.enable_partner(id)?, "enabled: its tokens are accepted", "enabled already")
        }
    };
    let operation = match partner.action {
        PartnerAction::Create { .. } => "create_partner",
        PartnerAction::List
        | PartnerAction::Set { .. }
        | PartnerAction::Disable { .. }
        | PartnerAction::Enable { .. } => "update_partner",
    };
    if is_new {
        audit_log::note(&store, operation, DEFAULT, "production", &kept.id, now)?;
    }
    match partner.format {
        TextFormat::Json => output::emit(&output::json::whole(&as_json(&kept))),
        TextFormat::Text => output::emit(&format!("partner `{}` is {done}\n", kept.id)),
    }
}

fn list(partners: &[partners::Partner], format: TextFormat) -> Result<(), Fault> {
    if format == TextFormat::Json {
        let list: Vec<Value> = partners.iter().map(as_json).collect();
        return output::emit(&output::json::whole(&json!({ "partners": list })));
    }
    let mut lines = table::new_table(&Paint::stdout());
    lines.set_header(["id", "name", "organizations", "default", "state"]);
    for one in partners {
        lines.add_row([
            one.id.clone(),
            clean(&one.name),
            one.organizations.join(", "),
            one.default_organization.clone(),
            state(one.disabled.is_some()).to_string(),
        ]);
    }
    output::emit(&table::finish(&lines))
}

fn as_json(partner: &partners::Partner) -> Value {
    json!({
        "id": partner.id,
        "name": partner.name,
        "organizations": partner.organizations,
        "default_organization": partner.default_organization,
        "created": partner.created,
        "disabled": partner.disabled,
    })
}
