//! `/tags` and `/ticket_types`: whole lists in one answer.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use crate::render;
use crate::state::app::Permission::{ReadTags, ReadTickets};

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadTags])?;
    let tags: Vec<Value> = call.workspace.tags.iter().map(render::tag).collect();
    Ok(json!({"type": "list", "data": tags}))
}

pub(super) fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadTags])?;
    let tag = call.workspace.tag(id).ok_or_else(ApiError::not_found)?;
    Ok(render::tag(tag))
}

/// No workspace of the sandbox has ticket types.
pub(super) fn ticket_types(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadTickets])?;
    Ok(json!({"type": "list", "data": []}))
}
