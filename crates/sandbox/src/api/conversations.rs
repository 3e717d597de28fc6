//! `/conversations`: reading. Lists never carry parts.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::error::ApiError;
use super::paging::{Key, Sizes, Wish};
use super::search::{Field, Query, sort};
use crate::html;
use crate::render::conversation as render;
use crate::state::app::Permission::ReadConversations;
use crate::state::conversation::{AuthorKind, Conversation};

const SIZES: Sizes = Sizes {
    default: 20,
    max: 150,
};

pub(super) fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadConversations])?;
    let wish = Wish::from_query(call, SIZES)?;
    let found = call
        .workspace
        .conversations
        .values()
        .map(|one| ((one.updated_at, one.id.clone()), one))
        .collect();
    Ok(listed(call, wish, found, true))
}

pub(super) fn search(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadConversations])?;
    let query = Query::parse(&call.body)?;
    let wish = Wish::from_body(call, SIZES)?;
    let (by, down) = sort(&call.body, ("updated_at", true))?;
    let mut found: Vec<(Key, &Conversation)> = Vec::new();
    for one in call.workspace.conversations.values() {
        if query.matches(&|name| field(one, name))? {
            let at = match by.as_str() {
                "id" => 0,
                "created_at" => one.created_at,
                "updated_at" => one.updated_at,
                other => return Err(ApiError::invalid(format!("cannot sort by {other}"))),
            };
            found.push(((at, one.id.clone()), one));
        }
    }
    Ok(listed(call, wish, found, down))
}

fn listed(call: &Call<'_>, wish: Wish, mut found: Vec<(Key, &Conversation)>, down: bool) -> Value {
    found.sort_by(|one, two| one.0.cmp(&two.0));
    if down {
        found.reverse();
    }
    let page = wish.cut(found, down, |found| found.0.clone());
    let shape = call.shape();
    let conversations: Vec<Value> = page
        .items
        .into_iter()
        .map(|(_, one)| render::listed(call.workspace, one, shape))
        .collect();
    json!({
        "type": "conversation.list",
        "pages": page.pages,
        "total_count": page.total,
        "conversations": conversations,
    })
}

fn field(one: &Conversation, name: &str) -> Option<Field> {
    let ids = |ids: Vec<String>| Field::Ids {
        ids,
        only_equal: false,
    };
    Some(match name {
        "id" => Field::Text(Some(one.id.clone())),
        "created_at" => Field::Second(Some(one.created_at)),
        "updated_at" => Field::Second(Some(one.updated_at)),
        "waiting_since" => Field::Second(one.waiting_since),
        "open" => Field::Flag(one.open),
        "read" => Field::Flag(one.read),
        "state" => Field::Text(Some(if one.open { "open" } else { "closed" }.to_owned())),
        "tag_ids" => ids(one.tags.iter().map(|applied| applied.tag.clone()).collect()),
        "contact_ids" => ids(vec![one.contact.clone()]),
        "teammate_ids" => ids(one
            .parts
            .iter()
            .filter(|part| part.author.kind == AuthorKind::Admin)
            .map(|part| part.author.id.clone())
            .collect()),
        "admin_assignee_id" => Field::Text(one.assignee.clone()),
        "source.id" => Field::Text(Some(one.source.id.clone())),
        "source.subject" => Field::Text(Some(one.source.subject.clone())),
        "source.author.id" => Field::Text(Some(one.source.author.id.clone())),
        "source.author.email" => Field::Text(one.source.author.email.clone()),
        // Intercom matches single words of the body.
        "source.body" => ids(html::to_text(&one.source.body)
            .split(|letter: char| !letter.is_alphanumeric())
            .map(str::to_owned)
            .collect()),
        _ => return None,
    })
}

pub(super) fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadConversations])?;
    let conversation = call
        .workspace
        .conversations
        .get(id)
        .ok_or_else(ApiError::not_found)?;
    Ok(render::whole(call.workspace, conversation, call.shape()))
}
