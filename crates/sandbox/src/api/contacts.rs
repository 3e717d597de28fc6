//! `/contacts`: listing, searching and one contact by itself.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::contact_lists as lists;
use super::error::ApiError;
use super::paging::{Page, Sizes, Wish};
use crate::render::people;
use crate::search::find::{By, Order, find};
use crate::search::{self, Searchable};
use crate::state::app::Permission::{
    ReadListUsersAndCompanies, ReadOneUserAndOneCompany, ReadWriteUsers, WriteUsersAndCompanies,
};
use crate::state::app::{Permission, Version};
use crate::state::contact::ContactChange;
use crate::state::people::{Contact, Role};
use crate::state::table::Key;

const LIST: Sizes = Sizes {
    default: 10,
    max: 150,
};
const SEARCH: Sizes = Sizes {
    default: 50,
    max: 150,
};
pub(super) const READ: [Permission; 3] = [
    ReadOneUserAndOneCompany,
    ReadWriteUsers,
    ReadListUsersAndCompanies,
];
pub(super) const WRITE: [Permission; 2] = [WriteUsersAndCompanies, ReadWriteUsers];

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => list(call),
        ("POST", []) => create(call),
        ("POST", ["search"]) => search(call),
        ("POST", ["merge"]) => merge(call),
        ("GET", ["find_by_external_id", id]) => by_external_id(call, id),
        ("GET", [id]) => one(call, id),
        ("PUT", [id]) => update(call, id),
        ("DELETE", [id]) => delete(call, id),
        ("POST", [id, "archive"]) => archive(call, id, "archived"),
        ("POST", [id, "unarchive"]) => archive(call, id, "unarchived"),
        ("POST", [id, "block"]) => archive(call, id, "blocked"),
        ("GET", [id, "merge_history"]) => merge_history(call, id),
        (_, [id, list, rest @ ..]) => lists::route(call, method, (id, list), rest),
        _ => Err(ApiError::not_found()),
    }
}

fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let wish = Wish::from_query(call, LIST)?;
    let order = Order {
        by: By::Id,
        down: false,
    };
    let page = wish.walk(&call.workspace.contacts, &order);
    Ok(listed(call, &page))
}

fn search(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let wish = Wish::from_body(call, SEARCH)?;
    let order = Order::read::<Contact>(call.workspace, &call.body, ("id", false))?;
    let slots = found(call, &order)?;
    let page = wish.cut(&call.workspace.contacts, &slots, &order);
    Ok(listed(call, &page))
}

/// What a search finds at this moment; the result is kept for its next pages.
fn found(
    call: &mut Call<'_>,
    order: &Order<<Contact as Searchable>::Field>,
) -> Result<Arc<Vec<u32>>, ApiError> {
    let (now, delay) = (call.now, call.search_delay);
    let query = search::parse::<Contact>(call.workspace, &call.body["query"])?;
    let what = format!(
        "contacts {} {}",
        call.body["query"], call.body["sort"]["field"]
    );
    let contacts = &call.workspace.contacts;
    let stamp = contacts.stamp();
    if let Some(kept) = call.workspace.found.get(&what, stamp, now) {
        return Ok(kept);
    }
    let shown = |contact: &Contact| contact.appeared_at.saturating_add(delay) <= now;
    let slots = Arc::new(find(contacts, &query, order, &shown));
    // Whoever is still waiting to be searchable ends what is kept.
    let until = contacts
        .by_time(crate::state::table::Time::Created, now - delay..=i64::MAX)
        .map(|(_, contact)| contact.appeared_at.saturating_add(delay) - 1)
        .filter(|last| *last >= now)
        .min()
        .unwrap_or(i64::MAX);
    call.workspace.found.keep(what, stamp, until, slots.clone());
    Ok(slots)
}

fn listed(call: &Call<'_>, page: &Page) -> Value {
    let shape = call.shape();
    let data: Vec<Value> = page
        .slots
        .iter()
        .filter_map(|slot| call.workspace.contacts.at(*slot))
        .map(|contact| people::contact(call.workspace, contact, shape))
        .collect();
    json!({"type": "list", "data": data, "total_count": page.total, "pages": page.pages})
}

/// The contact of an id. A merged one leads to the contact that is left, from 2.16 on; before, it is not found.
pub(super) fn known<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Contact, ApiError> {
    match call.workspace.contacts.get(id) {
        Some(contact) => Ok(contact),
        None => Err(gone(call, id)),
    }
}

fn gone(call: &Call<'_>, id: &str) -> ApiError {
    match call.workspace.canonical(id) {
        Some(into) if call.version >= Version::V2_16 => ApiError::merged(into),
        _ => ApiError::user_not_found(),
    }
}

fn shown(call: &Call<'_>, id: &str) -> Answer {
    let contact = known(call, id)?;
    Ok(people::contact(call.workspace, contact, call.shape()))
}

fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadWriteUsers])?;
    shown(call, id)
}

/// Finds users alone, never leads. It came with 2.13.
fn by_external_id(call: &mut Call<'_>, external_id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadWriteUsers])?;
    if call.version < Version::new(2, 13) {
        return Err(ApiError::not_found());
    }
    let workspace = &*call.workspace;
    let user = workspace
        .contacts
        .with(Key::External, external_id)
        .map(|(_, contact)| contact)
        .find(|contact| contact.role == Role::User);
    if let Some(user) = user {
        return Ok(people::contact(workspace, user, call.shape()));
    }
    let merged = workspace
        .merged
        .iter()
        .find(|(_, merged)| merged.external_id.as_deref() == Some(external_id));
    Err(match merged {
        Some((id, _)) => gone(call, id),
        None => ApiError::user_not_found(),
    })
}

fn create(call: &mut Call<'_>) -> Answer {
    call.need(&WRITE)?;
    let change = ContactChange::read(&call.body)?;
    if !change.names_one() {
        return Err(ApiError::new(
            400,
            "parameter_not_found",
            "one of email, external_id or role is required",
        ));
    }
    let (id, events) = call.workspace.create_contact(change, call.now)?;
    call.events.extend(events);
    shown(call, &id)
}

fn update(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    known(call, id)?;
    let change = ContactChange::read(&call.body)?;
    let events = call.workspace.update_contact(id, change, call.now)?;
    call.events.extend(events);
    shown(call, id)
}

fn delete(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    known(call, id)?;
    let (contact, events) = call.workspace.delete_contact(id)?;
    call.events.extend(events);
    Ok(json!({
        "type": "contact",
        "id": contact.id,
        "external_id": contact.external_id,
        "deleted": true,
    }))
}

fn archive(call: &mut Call<'_>, id: &str, what: &str) -> Answer {
    call.need(&WRITE)?;
    let external_id = known(call, id)?.external_id.clone();
    let (word, value) = match what {
        "blocked" => ("blocked", true),
        what => ("archived", what == "archived"),
    };
    let events = match what {
        "blocked" => call.workspace.block_contact(id, call.now)?,
        "archived" => call.workspace.archive_contact(id, call.now)?,
        _ => call.workspace.unarchive_contact(id, call.now)?,
    };
    call.events.extend(events);
    Ok(json!({"type": "contact", "id": id, "external_id": external_id, word: value}))
}

/// Merges a lead into a user. From 2.16 on they must be duplicates unless the caller waives that.
fn merge(call: &mut Call<'_>) -> Answer {
    call.need(&WRITE)?;
    let (from, into) = (call.required("from")?, call.required("into")?);
    let (lead, user) = (known(call, &from)?, known(call, &into)?);
    if lead.role != Role::Lead || user.role != Role::User {
        return Err(ApiError::invalid(
            "from must be a lead and into must be a user",
        ));
    }
    let same = |one: &Option<String>, two: &Option<String>| one.is_some() && one == two;
    let duplicates = same(&lead.email, &user.email) || same(&lead.phone, &user.phone);
    let waived = call.body["skip_duplicate_validation"] == true;
    if call.version >= Version::V2_16 && !duplicates && !waived {
        return Err(ApiError::new(
            400,
            "invalid_merge",
            "Contacts can only be merged when they are duplicates (matching email or phone). Pass \
             skip_duplicate_validation=true to merge them anyway.",
        ));
    }
    let events = call.workspace.merge_contacts(&from, &into, call.now)?;
    call.events.extend(events);
    shown(call, &into)
}

/// The contacts that became this one. It came with 2.16.
fn merge_history(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&READ)?;
    if call.version < Version::V2_16 {
        return Err(ApiError::not_found());
    }
    known(call, id)?;
    let data: Vec<Value> = call
        .workspace
        .merged
        .iter()
        .filter(|(_, merged)| merged.into == id)
        .map(|(from, merged)| {
            json!({
                "type": "merge_history",
                "source_contact_id": from,
                "merged_at": merged.at,
            })
        })
        .collect();
    Ok(json!({"type": "list", "data": data, "next_cursor": null, "has_more": false}))
}
