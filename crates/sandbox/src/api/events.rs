//! `/events`: what contacts did.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use super::paging::{self, Sizes};
use crate::state::app::Permission::{ReadEvents, WriteEvents};
use crate::state::groups::DataEvent;
use crate::state::people::Contact;
use crate::state::table::Key;

const LIST: Sizes = Sizes {
    default: 50,
    max: 150,
};
/// Older ones are counted and not listed.
const LISTED: i64 = 90 * 86_400;

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => list(call),
        ("POST", []) => create(call),
        ("POST", ["summaries"]) => summaries(call),
        _ => Err(ApiError::not_found()),
    }
}

/// The contact that one of three names leads to.
fn who<'a>(
    call: &'a Call<'_>,
    id: Option<&str>,
    user_id: Option<&str>,
    email: Option<&str>,
) -> Result<&'a Contact, ApiError> {
    let contacts = &call.workspace.contacts;
    let found = match (id, user_id, email) {
        (Some(id), _, _) => contacts.get(id),
        (_, Some(own), _) => contacts.with(Key::External, own).map(|(_, one)| one).next(),
        (_, _, Some(email)) => contacts.with(Key::Email, email).map(|(_, one)| one).next(),
        _ => return Err(ApiError::missing("user_id, email or intercom_user_id")),
    };
    found.ok_or_else(ApiError::user_not_found)
}

/// Stores an event. The answer is an empty 202.
fn create(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteEvents])?;
    let name = call.required("event_name")?;
    let at = call.body["created_at"].as_i64();
    let at = at.ok_or_else(|| ApiError::missing("created_at"))?;
    let text = |field: &str| call.body[field].as_str();
    let contact = who(call, text("id"), text("user_id"), text("email"))?;
    let event = DataEvent {
        contact: contact.id.clone(),
        name,
        at,
        count: 1,
        metadata: call.body["metadata"]
            .as_object()
            .cloned()
            .unwrap_or_default(),
    };
    call.workspace.events.push(event);
    call.status = 202;
    Ok(Value::Null)
}

/// Stores counts of events that happened before.
fn summaries(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteEvents])?;
    let contact = who(call, None, call.body["user_id"].as_str(), None)?
        .id
        .clone();
    let summary = &call.body["event_summaries"];
    let name = summary["event_name"].as_str();
    let event = DataEvent {
        contact,
        name: name
            .ok_or_else(|| ApiError::missing("event_name"))?
            .to_owned(),
        at: summary["last"].as_i64().unwrap_or(call.now),
        count: summary["count"].as_u64().unwrap_or(1),
        metadata: serde_json::Map::new(),
    };
    call.workspace.events.push(event);
    Ok(Value::Null)
}

fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadEvents])?;
    let query = &call.incoming.query;
    if query.get("type").is_none_or(|kind| kind != "user") {
        return Err(ApiError::missing("type"));
    }
    let ask = |name: &str| query.get(name).map(String::as_str);
    let contact = who(call, ask("intercom_user_id"), ask("user_id"), ask("email"))?;
    let theirs = call.workspace.events.iter().rev();
    let theirs: Vec<&DataEvent> = theirs.filter(|one| one.contact == contact.id).collect();
    let mut answer = json!({"intercom_user_id": contact.id});
    if let Some(email) = &contact.email {
        answer["email"] = json!(email);
    }
    if let Some(id) = &contact.external_id {
        answer["user_id"] = json!(id);
    }
    if query.get("summary").is_some_and(|value| value == "true") {
        answer["type"] = json!("event.summary");
        answer["events"] = json!(counted(&theirs));
        return Ok(answer);
    }
    let recent: Vec<Value> = theirs
        .iter()
        .filter(|one| call.now - one.at < LISTED)
        .map(|one| {
            json!({
                "type": "event",
                "event_name": one.name,
                "created_at": one.at,
                "intercom_user_id": contact.id,
                "user_id": contact.external_id,
                "email": contact.email,
                "metadata": one.metadata,
            })
        })
        .collect();
    let (range, mut pages) = paging::by_number(call, LIST, recent.len())?;
    if pages["next"].is_null()
        && let Some(pages) = pages.as_object_mut()
    {
        pages.remove("next");
    }
    answer["type"] = json!("event.list");
    answer["events"] = json!(recent[range]);
    answer["pages"] = pages;
    Ok(answer)
}

/// How often each event happened, with the first and the last time.
fn counted(events: &[&DataEvent]) -> Vec<Value> {
    let mut names: Vec<&str> = events.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let same = || events.iter().filter(|one| one.name == name);
            let iso = |at: Option<i64>| at.map(crate::render::iso_zulu);
            json!({
                "name": name,
                "first": iso(same().map(|one| one.at).min()),
                "last": iso(same().map(|one| one.at).max()),
                "count": same().map(|one| one.count).sum::<u64>(),
                "description": "",
            })
        })
        .collect()
}
