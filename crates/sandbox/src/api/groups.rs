//! `/segments`, `/subscription_types` and `/notes`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::contacts::READ;
use super::error::ApiError;
use crate::render::{self, people};
use crate::search;
use crate::search::find::{By, Order, find};
use crate::state::app::Permission::ReadListUsersAndCompanies;
use crate::state::groups::Segment;
use crate::state::people::Contact;

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", ["segments"]) => segments(call),
        ("GET", ["segments", id]) => segment(call, id),
        ("GET", ["subscription_types"]) => subscription_types(call),
        ("GET", ["notes", id]) => note(call, id),
        _ => Err(ApiError::not_found()),
    }
}

fn segments(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let mut segments = Vec::new();
    for segment in &call.workspace.segments {
        segments.push(render::segment(segment, count(call, segment)?));
    }
    Ok(json!({"type": "segment.list", "segments": segments}))
}

/// How many contacts are in a segment, where `include_count` asks for it.
fn count(call: &Call<'_>, segment: &Segment) -> Result<Option<usize>, ApiError> {
    let asked = call.incoming.query.get("include_count");
    if asked.is_none_or(|value| value != "true") {
        return Ok(None);
    }
    let query = search::parse::<Contact>(call.workspace, &segment.query)?;
    let order = Order {
        by: By::Id,
        down: false,
    };
    let found = find(&call.workspace.contacts, &query, &order, &|_| true);
    Ok(Some(found.len()))
}

fn segment(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadListUsersAndCompanies])?;
    let mut segments = call.workspace.segments.iter();
    let segment = segments.find(|one| one.id == id);
    let segment = segment.ok_or_else(ApiError::not_found)?;
    Ok(render::segment(segment, count(call, segment)?))
}

fn subscription_types(call: &mut Call<'_>) -> Answer {
    call.need(&READ)?;
    let types = call.workspace.subscription_types.iter();
    let data: Vec<Value> = types.map(render::subscription).collect();
    Ok(json!({"type": "list", "data": data}))
}

fn note(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&READ)?;
    let mut notes = call.workspace.notes.iter();
    let note = notes.find(|one| one.id == id);
    let note = note.ok_or_else(ApiError::not_found)?;
    Ok(people::note(call.workspace, note, call.shape()))
}
