//! `/contacts`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use super::paging::{self, Key, Page, Sizes, Wish};
use super::search::{Field, Query, sort};
use crate::render::people;
use crate::state::Workspace;
use crate::state::app::Permission::{
    ReadListUsersAndCompanies, ReadOneUserAndOneCompany, ReadWriteUsers,
};
use crate::state::people::Contact;

const LIST: Sizes = Sizes {
    default: 10,
    max: 150,
};
const SEARCH: Sizes = Sizes {
    default: 50,
    max: 150,
};
const NESTED: Sizes = Sizes {
    default: 50,
    max: 60,
};

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let wish = Wish::from_query(call, LIST)?;
    let contacts: Vec<&Contact> = call.workspace.contacts.values().collect();
    let page = wish.cut(contacts, false, |contact| (0, contact.id.clone()));
    Ok(listed(call, page))
}

pub(super) fn search(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let query = Query::parse(&call.body)?;
    let wish = Wish::from_body(call, SEARCH)?;
    let (by, down) = sort(&call.body, ("id", false))?;
    let mut found: Vec<(Key, &Contact)> = Vec::new();
    for contact in call.workspace.contacts.values() {
        if query.matches(&|name| field(call.workspace, contact, name))? {
            let at = match by.as_str() {
                "id" => 0,
                "created_at" => contact.created_at,
                "updated_at" => contact.updated_at,
                "last_seen_at" => contact.last_seen_at.unwrap_or(0),
                "signed_up_at" => contact.signed_up_at.unwrap_or(0),
                other => return Err(ApiError::invalid(format!("cannot sort by {other}"))),
            };
            found.push(((at, contact.id.clone()), contact));
        }
    }
    found.sort_by(|one, two| one.0.cmp(&two.0));
    if down {
        found.reverse();
    }
    let Page {
        items,
        total,
        pages,
    } = wish.cut(found, down, |found| found.0.clone());
    let items = items.into_iter().map(|found| found.1).collect();
    Ok(listed(
        call,
        Page {
            items,
            total,
            pages,
        },
    ))
}

fn listed(call: &Call<'_>, page: Page<&Contact>) -> Value {
    let shape = call.shape();
    let data: Vec<Value> = page
        .items
        .into_iter()
        .map(|contact| people::contact(call.workspace, contact, shape))
        .collect();
    json!({"type": "list", "data": data, "total_count": page.total, "pages": page.pages})
}

fn field(workspace: &Workspace, contact: &Contact, name: &str) -> Option<Field> {
    let day = |at| Field::Day(at, workspace.utc_offset_minutes);
    Some(match name {
        "id" => Field::Text(Some(contact.id.clone())),
        "role" => Field::Text(Some(contact.role.word().to_owned())),
        "name" => Field::Text(contact.name.clone()),
        "email" => Field::Text(contact.email.clone()),
        "phone" => Field::Text(contact.phone.clone()),
        "external_id" => Field::Text(contact.external_id.clone()),
        "created_at" => day(Some(contact.created_at)),
        "updated_at" => day(Some(contact.updated_at)),
        "signed_up_at" => day(contact.signed_up_at),
        "last_seen_at" => day(contact.last_seen_at),
        "last_replied_at" => day(contact.last_replied_at),
        "tag_id" => Field::Ids {
            ids: contact.tags.clone(),
            only_equal: true,
        },
        _ => return None,
    })
}

pub(super) fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadWriteUsers])?;
    let contact = call
        .workspace
        .contacts
        .get(id)
        .ok_or_else(ApiError::user_not_found)?;
    Ok(people::contact(call.workspace, contact, call.shape()))
}

pub(super) fn companies(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadOneUserAndOneCompany, ReadListUsersAndCompanies])?;
    let workspace = &*call.workspace;
    let contact = workspace
        .contacts
        .get(id)
        .ok_or_else(ApiError::user_not_found)?;
    let all: Vec<Value> = contact
        .companies
        .iter()
        .filter_map(|company| workspace.companies.get(company))
        .map(|company| people::company(workspace, company))
        .collect();
    let (range, pages) = paging::by_number(call, NESTED, all.len())?;
    Ok(json!({
        "type": "list",
        "data": all[range],
        "pages": pages,
        "total_count": all.len(),
    }))
}
