//! `/ticket_types` and `/ticket_states`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::render::desk;
use crate::state::IdKind;
use crate::state::app::Permission::{ReadTickets, WriteTickets};
use crate::state::app::Version;
use crate::state::desk::{STATES, TicketType};

const TYPES: [&str; 7] = [
    "string", "list", "integer", "decimal", "boolean", "datetime", "files",
];

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", ["ticket_types"]) => list(call),
        ("POST", ["ticket_types"]) => create(call),
        ("GET", ["ticket_types", id]) => one(call, id),
        ("PUT", ["ticket_types", id]) => update(call, id),
        ("POST", ["ticket_types", id, "attributes"]) => add_attribute(call, id),
        ("PUT", ["ticket_types", id, "attributes", attribute]) => {
            change_attribute(call, id, attribute)
        }
        ("GET", ["ticket_states"]) => states(call),
        _ => Err(ApiError::not_found()),
    }
}

fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadTickets])?;
    let types: Vec<Value> = call
        .workspace
        .desk
        .types
        .iter()
        .map(|one| desk::ticket_type(call.workspace, one, call.shape()))
        .collect();
    Ok(json!({"type": "list", "data": types}))
}

fn shown(call: &Call<'_>, id: &str) -> Answer {
    let one = call.workspace.ticket_type(id);
    let one = one.ok_or_else(ApiError::not_found)?;
    Ok(desk::ticket_type(call.workspace, one, call.shape()))
}

fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadTickets])?;
    shown(call, id)
}

fn category(call: &Call<'_>) -> Result<Option<String>, ApiError> {
    match call.text("category") {
        None => Ok(None),
        Some(word) if matches!(word.as_str(), "Customer" | "Back-office" | "Tracker") => {
            Ok(Some(word))
        }
        Some(_) => Err(ApiError::invalid(
            "category must be Customer, Back-office or Tracker",
        )),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteTickets])?;
    let name = call.required("name")?;
    let category = category(call)?.unwrap_or_else(|| "Customer".to_owned());
    let (description, icon) = (call.text("description"), call.text("icon"));
    let made = call.workspace.create_type(name, category, call.now);
    made.description = description.unwrap_or_default();
    made.icon = icon.unwrap_or_else(|| made.icon.clone());
    let id = made.id.clone();
    shown(call, &id)
}

fn found<'a>(call: &'a mut Call<'_>, id: &str) -> Result<&'a mut TicketType, ApiError> {
    let mut types = call.workspace.desk.types.iter_mut();
    types
        .find(|one| one.id == id)
        .ok_or_else(ApiError::not_found)
}

fn update(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    let (name, description) = (call.text("name"), call.text("description"));
    let (icon, category) = (call.text("icon"), category(call)?);
    let (archived, now) = (call.body["archived"].as_bool(), call.now);
    let one = found(call, id)?;
    one.name = name.unwrap_or_else(|| one.name.clone());
    one.description = description.unwrap_or_else(|| one.description.clone());
    one.icon = icon.unwrap_or_else(|| one.icon.clone());
    one.category = category.unwrap_or_else(|| one.category.clone());
    one.archived = archived.unwrap_or(one.archived);
    one.updated_at = now;
    shown(call, id)
}

fn add_attribute(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTickets])?;
    let name = call.required("name")?;
    let data_type = call.required("data_type")?;
    if !TYPES.contains(&data_type.as_str()) {
        return Err(ApiError::invalid("data_type is invalid"));
    }
    let flag = |field: &str, preset: bool| call.body[field].as_bool().unwrap_or(preset);
    let mut made = json!({
        "type": "ticket_type_attribute",
        "workspace_id": call.workspace.app_id,
        "name": name,
        "description": call.text("description").unwrap_or_default(),
        "data_type": data_type,
        "input_options": {"multiline": flag("multiline", false)},
        "required_to_create": flag("required_to_create", false),
        "required_to_create_for_contacts": flag("required_to_create_for_contacts", false),
        "visible_on_create": flag("visible_on_create", true),
        "visible_to_contacts": flag("visible_to_contacts", true),
        "default": false,
        "archived": false,
        "created_at": call.now,
        "updated_at": call.now,
    });
    made["id"] = json!(call.workspace.digits(IdKind::Attribute));
    let one = found(call, id)?;
    made["order"] = json!(one.attributes.len());
    one.attributes.push(made.clone());
    made["ticket_type_id"] = json!(id.parse::<u64>().unwrap_or_default());
    Ok(made)
}

fn change_attribute(call: &mut Call<'_>, id: &str, attribute: &str) -> Answer {
    call.need(&[WriteTickets])?;
    let (body, now) = (call.body.clone(), call.now);
    let one = found(call, id)?;
    let mut known = one.attributes.iter_mut();
    let known = known.find(|known| known["id"] == attribute);
    let known = known.ok_or_else(ApiError::not_found)?;
    for field in [
        "name",
        "description",
        "required_to_create",
        "required_to_create_for_contacts",
        "visible_on_create",
        "visible_to_contacts",
        "archived",
    ] {
        if !body[field].is_null() {
            known[field] = body[field].clone();
        }
    }
    known["updated_at"] = json!(now);
    let mut shown = known.clone();
    shown["ticket_type_id"] = json!(id.parse::<u64>().unwrap_or_default());
    Ok(shown)
}

/// The four states, each allowed for every type. They can be listed from 2.12 on.
fn states(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadTickets])?;
    if call.version < Version::new(2, 12) {
        return Err(ApiError::not_found());
    }
    let types: Vec<Value> = call
        .workspace
        .desk
        .types
        .iter()
        .map(|one| desk::ticket_type(call.workspace, one, call.shape()))
        .collect();
    let data = STATES.map(|one| {
        let mut value = desk::state(one);
        value["archived"] = json!(false);
        value["ticket_types"] = json!({"type": "list", "data": types});
        value
    });
    Ok(json!({"type": "list", "data": data}))
}
