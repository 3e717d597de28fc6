//! `/companies`.

use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::contact_lists::{note_list, note_on};
use super::contacts::WRITE;
use super::error::ApiError;
use super::paging::{self, Sizes};
use super::scroll;
use crate::render::people;
use crate::state::app::Permission::{
    ReadListUsersAndCompanies, ReadOneUserAndOneCompany, ReadWriteUsers,
};
use crate::state::app::Version;
use crate::state::company::CompanyChange;
use crate::state::groups::Noted;
use crate::state::people::Company;
use crate::state::table::Key;

const LIST: Sizes = Sizes {
    default: 15,
    max: 60,
};
const MEMBERS: Sizes = Sizes {
    default: 50,
    max: 150,
};
/// The list stops here, however many companies there are.
const LISTED: usize = 10_000;

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => find(call),
        ("POST", []) => put(call),
        ("POST", ["list"]) => list(call),
        ("GET", ["scroll"]) => scroll::companies(call),
        ("GET", [id]) => one(call, id),
        ("PUT", [id]) => update(call, id),
        ("DELETE", [id]) => delete(call, id),
        ("GET", [id, "contacts"]) => members(call, id),
        ("GET", [id, "segments"]) => segments(call, id),
        ("GET", [id, "notes"]) => notes(call, id),
        ("POST", [id, "notes"]) => add_note(call, id),
        _ => Err(ApiError::not_found()),
    }
}

/// With `company_id` or `name` this answers one company, with `tag_id` or `segment_id` a list.
fn find(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let query = &call.incoming.query;
    let workspace = &*call.workspace;
    let found = match (query.get("company_id"), query.get("name")) {
        (Some(id), _) => workspace.company_of(id),
        (None, Some(name)) => {
            let mut named = workspace.companies.with(Key::Name, name);
            named.next().map(|(_, company)| company)
        }
        (None, None) => return list(call),
    };
    let company = found.ok_or_else(ApiError::company_not_found)?;
    Ok(people::company(workspace, company, call.shape()))
}

/// Companies without users are not listed; the ones seen last come first.
fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let all = listed(call);
    let tag = call.incoming.query.get("tag_id");
    let segment = call.incoming.query.contains_key("segment_id");
    let workspace = &*call.workspace;
    let rows = || all.iter().filter_map(|slot| workspace.companies.at(*slot));
    let companies: Vec<&Company> = match tag {
        // No segment of the sandbox holds companies.
        _ if segment => Vec::new(),
        Some(tag) => rows().filter(|one| one.tags.contains(tag)).collect(),
        None => rows().collect(),
    };
    let total = companies.len();
    let within = total.min(LISTED);
    let (range, pages) = paging::by_number(call, LIST, within)?;
    let data: Vec<Value> = companies[range]
        .iter()
        .map(|company| people::company(workspace, company, call.shape()))
        .collect();
    Ok(json!({"type": "list", "data": data, "pages": pages, "total_count": total}))
}

/// The slots of the companies that have users, as the list orders them.
fn listed(call: &mut Call<'_>) -> Arc<Vec<u32>> {
    const WHAT: &str = "companies with users";
    let workspace = &mut *call.workspace;
    let stamp = workspace
        .companies
        .stamp()
        .wrapping_add(workspace.contacts.stamp());
    if let Some(kept) = workspace.found.get(WHAT, stamp, call.now) {
        return kept;
    }
    let contacts = &workspace.contacts;
    let mut used: Vec<(Reverse<Option<i64>>, &str, u32)> = workspace
        .companies
        .by_id(None)
        .filter(|(_, company)| contacts.with(Key::Company, &company.id).next().is_some())
        .map(|(slot, company)| (Reverse(company.last_request_at), company.id.as_str(), slot))
        .collect();
    used.sort_unstable();
    let slots: Arc<Vec<u32>> = Arc::new(used.into_iter().map(|(_, _, slot)| slot).collect());
    workspace
        .found
        .keep(WHAT.to_owned(), stamp, i64::MAX, slots.clone());
    slots
}

fn known<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Company, ApiError> {
    let company = call.workspace.companies.get(id);
    company.ok_or_else(ApiError::company_not_found)
}

fn shown(call: &Call<'_>, id: &str) -> Answer {
    let company = known(call, id)?;
    Ok(people::company(call.workspace, company, call.shape()))
}

fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadWriteUsers])?;
    shown(call, id)
}

/// Makes the company of that `company_id` or changes it.
fn put(call: &mut Call<'_>) -> Answer {
    call.need(&WRITE)?;
    if !call.body.is_object() {
        return Err(ApiError::new(400, "bad_request", "bad 'company' parameter"));
    }
    let change = CompanyChange::read(&call.body)?;
    let (id, events) = call.workspace.put_company(change, call.now)?;
    call.events.extend(events);
    shown(call, &id)
}

fn update(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    known(call, id)?;
    let change = CompanyChange::read(&call.body)?;
    let events = call.workspace.update_company(id, change, call.now)?;
    call.events.extend(events);
    shown(call, id)
}

fn delete(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    let events = call.workspace.delete_company(id)?;
    call.events.extend(events);
    Ok(json!({"id": id, "object": "company", "deleted": true}))
}

/// The contacts of a company, by page number.
fn members(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadListUsersAndCompanies, ReadOneUserAndOneCompany])?;
    known(call, id)?;
    let workspace = &*call.workspace;
    let all: Vec<u32> = workspace
        .contacts
        .with(Key::Company, id)
        .filter(|(_, contact)| !contact.archived)
        .map(|(slot, _)| slot)
        .collect();
    let (range, pages) = paging::by_number(call, MEMBERS, all.len())?;
    let data: Vec<Value> = all[range]
        .iter()
        .filter_map(|slot| workspace.contacts.at(*slot))
        .map(|contact| people::contact(workspace, contact, call.shape()))
        .collect();
    Ok(json!({"type": "list", "data": data, "total_count": all.len(), "pages": pages}))
}

/// No segment of the sandbox holds companies.
fn segments(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadListUsersAndCompanies])?;
    known(call, id)?;
    Ok(json!({"type": "list", "data": []}))
}

/// Notes on companies can be read from 2.15 on.
fn notes(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadListUsersAndCompanies])?;
    since(call, Version::V2_15)?;
    known(call, id)?;
    note_list(call, &Noted::Company(id.to_owned()))
}

/// And written from 2.16 on.
fn add_note(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&WRITE)?;
    since(call, Version::V2_16)?;
    known(call, id)?;
    note_on(call, Noted::Company(id.to_owned()))
}

fn since(call: &Call<'_>, version: Version) -> Result<(), ApiError> {
    if call.version < version {
        return Err(ApiError::not_found());
    }
    Ok(())
}
