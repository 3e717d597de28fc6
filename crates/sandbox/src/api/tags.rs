//! `/tags`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::render;
use crate::state::IdKind;
use crate::state::app::Permission::{ReadTags, WriteTags};
use crate::state::people::Tag;
use crate::state::table::Key;

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => list(call),
        ("POST", []) => put(call),
        ("GET", [id]) => one(call, id),
        ("DELETE", [id]) => delete(call, id),
        _ => Err(ApiError::not_found()),
    }
}

fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadTags])?;
    let tags: Vec<Value> = call.workspace.tags.iter().map(render::tag).collect();
    Ok(json!({"type": "list", "data": tags}))
}

fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadTags])?;
    let tag = call.workspace.tag(id).ok_or_else(ApiError::not_found)?;
    Ok(render::tag(tag))
}

/// One endpoint, four bodies: create or rename a tag, tag companies, untag companies, tag users.
fn put(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteTags])?;
    let invalid = || ApiError::new(400, "parameter_invalid", "invalid tag parameters");
    let name = call.text("name").ok_or_else(invalid)?;
    match (&call.body["companies"], &call.body["users"]) {
        (Value::Null, Value::Null) => create(call, &name),
        (Value::Array(companies), Value::Null) => {
            let companies = companies.clone();
            on_companies(call, &name, &companies)
        }
        (Value::Null, Value::Array(users)) => {
            let users = users.clone();
            on_users(call, &name, &users)
        }
        _ => Err(invalid()),
    }
}

/// Makes a tag, or renames the one whose id is given. Names are case-insensitive: the same name is the same tag.
fn create(call: &mut Call<'_>, name: &str) -> Answer {
    let lower = name.trim().to_lowercase();
    let same = |tag: &&Tag| tag.name.to_lowercase() == lower;
    let taken = call.workspace.tags.iter().find(same).cloned();
    let Some(id) = call.text("id") else {
        return Ok(render::tag(&named(call, name)));
    };
    if taken.is_some_and(|tag| tag.id != id) {
        return Err(ApiError::invalid("A tag with that name exists already"));
    }
    let mut tags = call.workspace.tags.iter_mut();
    let tag = tags.find(|tag| tag.id == id);
    let tag = tag.ok_or_else(ApiError::not_found)?;
    name.trim().clone_into(&mut tag.name);
    Ok(render::tag(tag))
}

/// The tag of a name, made when there is none.
fn named(call: &mut Call<'_>, name: &str) -> Tag {
    let lower = name.trim().to_lowercase();
    let tags = &call.workspace.tags;
    if let Some(tag) = tags.iter().find(|tag| tag.name.to_lowercase() == lower) {
        return tag.clone();
    }
    let tag = Tag {
        id: call.workspace.digits(IdKind::Tag),
        name: name.trim().to_owned(),
    };
    call.workspace.tags.push(tag.clone());
    tag
}

fn on_companies(call: &mut Call<'_>, name: &str, companies: &[Value]) -> Answer {
    let mut wanted = Vec::new();
    for company in companies {
        let found = match (company["id"].as_str(), company["company_id"].as_str()) {
            (Some(id), _) => call.workspace.companies.get(id),
            (None, Some(own)) => call.workspace.company_of(own),
            (None, None) => None,
        };
        let id = found.ok_or_else(ApiError::company_not_found)?.id.clone();
        wanted.push((id, company["untag"] != true));
    }
    let tag = named(call, name);
    for (company, on) in wanted {
        let events = call
            .workspace
            .tag_company(&company, &tag.id, on, call.now)?;
        call.events.extend(events);
    }
    Ok(render::tag(&tag))
}

fn on_users(call: &mut Call<'_>, name: &str, users: &[Value]) -> Answer {
    let mut wanted = Vec::new();
    for user in users {
        let contacts = &call.workspace.contacts;
        let found = match (user["id"].as_str(), user["user_id"].as_str()) {
            (Some(id), _) => contacts.get(id),
            (None, Some(own)) => contacts.with(Key::External, own).map(|(_, one)| one).next(),
            (None, None) => None,
        };
        let id = found.ok_or_else(ApiError::user_not_found)?.id.clone();
        wanted.push((id, user["untag"] != true));
    }
    let tag = named(call, name);
    for (contact, on) in wanted {
        let events = if on {
            call.workspace.tag_contact(&contact, &tag.id, call.now)?
        } else {
            call.workspace
                .untag_contact(&contact, &tag.id, call.now)
                .unwrap_or_default()
        };
        call.events.extend(events);
    }
    Ok(render::tag(&tag))
}

/// Deletes a tag and takes it off everything, unless a segment depends on it.
fn delete(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteTags])?;
    if call.workspace.tag(id).is_none() {
        return Err(ApiError::not_found());
    }
    let quoted = format!("\"{id}\"");
    let depends: Vec<&str> = call
        .workspace
        .segments
        .iter()
        .filter(|segment| {
            let query = segment.query.to_string();
            query.contains("\"tag_id\"") && query.contains(&quoted)
        })
        .map(|segment| segment.name.as_str())
        .collect();
    if !depends.is_empty() {
        return Err(ApiError::new(
            400,
            "tag_has_dependent_objects",
            format!(
                "Unable to delete Tag with dependent objects. Segments: {}.",
                depends.join(", ")
            ),
        ));
    }
    call.workspace.delete_tag(id);
    Ok(Value::Null)
}
