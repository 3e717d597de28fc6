//! `/conversations/{id}`: what a teammate does to one besides replying.

use serde_json::Value;

use super::call::{Answer, Call};
use super::changes;
use super::conversations::{known, whole};
use super::error::ApiError;
use crate::html;
use crate::state::app::Permission::WriteConversations;
use crate::state::app::Version;
use crate::state::attribute::{Model, set_custom};
use crate::state::conversation::Assignee;
use crate::state::manage::Order;

/// Closes, snoozes, opens or assigns.
pub(super) fn parts(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    known(call, id)?;
    let admin = call.required("admin_id")?;
    let order = match call.required("message_type")?.as_str() {
        "close" => Order::Close,
        "open" => Order::Open,
        "snoozed" => Order::Snooze(until(call)?),
        "assignment" => Order::Assign(assignee(call)?),
        _ => {
            return Err(ApiError::invalid(
                "message_type must be close, snoozed, open or assignment",
            ));
        }
    };
    let body = call.text("body").map(|body| html::from_api(&body));
    let events = call.workspace.manage(id, &admin, order, body, call.now)?;
    call.events.extend(events);
    whole(call, id)
}

fn until(call: &Call<'_>) -> Result<i64, ApiError> {
    let until = &call.body["snoozed_until"];
    let until = until.as_i64().or_else(|| until.as_str()?.parse().ok());
    match until {
        Some(until) if until > call.now => Ok(until),
        Some(_) => Err(ApiError::invalid("snoozed_until must be in the future")),
        None => Err(ApiError::missing("snoozed_until")),
    }
}

/// Who gets it; `0` takes it from everybody.
fn assignee(call: &Call<'_>) -> Result<Option<Assignee>, ApiError> {
    let id = call.required("assignee_id")?;
    if id == "0" {
        return Ok(None);
    }
    let unknown = || ApiError::new(404, "assignee_not_found", "Assignee not found");
    match call.required("type")?.as_str() {
        "team" if call.workspace.teams.iter().any(|team| team.id == id) => {
            Ok(Some(Assignee::Team(id)))
        }
        "admin" if call.workspace.admin(&id).is_some() => Ok(Some(Assignee::Admin(id))),
        "team" | "admin" => Err(unknown()),
        _ => Err(ApiError::invalid("type must be admin or team")),
    }
}

/// Sets what the inbox shows beside the messages.
pub(super) fn update(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    known(call, id)?;
    let custom = match &call.body["custom_attributes"] {
        Value::Null => serde_json::Map::new(),
        Value::Object(values) => values.clone(),
        _ => return Err(ApiError::invalid("custom_attributes must be an object")),
    };
    call.workspace.check_custom(Model::Conversation, &custom)?;
    let company = call.text("company_id");
    if let Some(company) = &company
        && !call.workspace.companies.contains_key(company)
    {
        return Err(ApiError::company_not_found());
    }
    let read = match &call.body["read"] {
        Value::Null => None,
        Value::Bool(read) => Some(*read),
        _ => return Err(ApiError::invalid("read must be a boolean")),
    };
    let title = call.text("title");
    if let Some(mut one) = call.workspace.conversations.get_mut(id) {
        one.read = read.unwrap_or(one.read);
        one.title = title.unwrap_or_else(|| one.title.clone());
        one.company = company.or_else(|| one.company.clone());
        set_custom(&mut one.custom_attributes, custom);
        one.updated_at = call.now;
    }
    whole(call, id)
}

/// Assignment rules are none in the sandbox; the operation went away after 2.10.
pub(super) fn run_rules(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    if call.version > Version::new(2, 10) {
        return Err(ApiError::not_found());
    }
    whole(call, id)
}

/// Brings one more contact into a conversation.
pub(super) fn attach(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    known(call, id)?;
    let contact = changes::person(call, &call.body["customer"])?;
    let events = call.workspace.join(id, &contact, call.now)?;
    call.events.extend(events);
    whole(call, id)
}

/// Takes a contact out of a conversation; the last one stays.
pub(super) fn detach(call: &mut Call<'_>, id: &str, contact: &str) -> Answer {
    call.need(&[WriteConversations])?;
    let conversation = known(call, id)?;
    if !conversation.contacts().any(|one| one == contact) {
        return Err(ApiError::user_not_found());
    }
    if conversation.others.is_empty() {
        return Err(ApiError::new(
            422,
            "parameter_invalid",
            "Removing the last customer is not allowed",
        ));
    }
    call.required("admin_id")?;
    let events = call.workspace.leave(id, contact, call.now)?;
    call.events.extend(events);
    whole(call, id)
}
