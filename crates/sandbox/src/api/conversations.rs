//! `/conversations`: reading. Lists never carry parts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::changes;
use super::error::ApiError;
use super::manage;
use super::paging::{self, Page, Sizes, Wish};
use super::tickets;
use crate::render::conversation as render;
use crate::search;
use crate::search::find::{By, Order, find};
use crate::state::app::Permission::ReadConversations;
use crate::state::app::Version;
use crate::state::conversation::Conversation;
use crate::state::table::Time;

const SIZES: Sizes = Sizes {
    default: 20,
    max: 150,
};
const DELETED: Sizes = Sizes {
    default: 20,
    max: 60,
};

pub(super) fn route(call: &mut Call<'_>, method: &str, path: &[&str]) -> Answer {
    match (method, path) {
        ("GET", []) => list(call),
        ("POST", []) => changes::create(call),
        ("POST", ["search"]) => search(call),
        ("POST", ["redact"]) => changes::redact(call),
        ("GET", ["deleted"]) => deleted(call),
        ("GET", [id]) => one(call, id),
        ("PUT", [id]) => manage::update(call, id),
        ("DELETE", [id]) => changes::delete(call, id),
        ("POST", [id, "reply"]) => changes::reply(call, id),
        ("POST", [id, "parts"]) => manage::parts(call, id),
        ("POST", [id, "run_assignment_rules"]) => manage::run_rules(call, id),
        ("POST", [id, "convert"]) => tickets::convert(call, id),
        ("POST", [id, "customers"]) => manage::attach(call, id),
        ("DELETE", [id, "customers", contact]) => manage::detach(call, id, contact),
        ("POST", [id, "tags"]) => changes::tag(call, id),
        ("DELETE", [id, "tags", tag]) => changes::untag(call, id, tag),
        _ => Err(ApiError::not_found()),
    }
}

fn list(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadConversations])?;
    let wish = Wish::from_query(call, SIZES)?;
    let order = Order {
        by: By::Time(Time::Updated),
        down: true,
    };
    let page = wish.walk(&call.workspace.conversations, &order);
    Ok(listed(call, &page))
}

fn search(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadConversations])?;
    let wish = Wish::from_body(call, SIZES)?;
    let workspace = &mut *call.workspace;
    let order = Order::read::<Conversation>(workspace, &call.body, ("updated_at", true))?;
    let query = search::parse::<Conversation>(workspace, &call.body["query"])?;
    let what = format!(
        "conversations {} {}",
        call.body["query"], call.body["sort"]["field"]
    );
    let table = &workspace.conversations;
    let stamp = table.stamp();
    let slots = match workspace.found.get(&what, stamp, call.now) {
        Some(kept) => kept,
        None => {
            let slots = Arc::new(find(table, &query, &order, &|_| true));
            let kept = slots.clone();
            workspace.found.keep(what, stamp, i64::MAX, kept);
            slots
        }
    };
    let page = wish.cut(&workspace.conversations, &slots, &order);
    Ok(listed(call, &page))
}

fn listed(call: &Call<'_>, page: &Page) -> Value {
    let shape = call.shape();
    let conversations: Vec<Value> = page
        .slots
        .iter()
        .filter_map(|slot| call.workspace.conversations.at(*slot))
        .map(|one| render::listed(call.workspace, one, shape))
        .collect();
    json!({
        "type": "conversation.list",
        "pages": page.pages,
        "total_count": page.total,
        "conversations": conversations,
    })
}

/// The ids of deleted conversations, newest first unless asked otherwise. It came with 2.16.
fn deleted(call: &mut Call<'_>) -> Answer {
    call.need(&[ReadConversations])?;
    if call.version < Version::V2_16 {
        return Err(ApiError::new(
            400,
            "intercom_version_invalid",
            "Requested resource is not available in current API version.",
        ));
    }
    let mut all: Vec<Value> = call
        .workspace
        .deleted_conversations
        .iter()
        .map(|gone| {
            json!({
                "type": "conversation",
                "id": gone.id,
                "metrics_retained": gone.metrics_retained,
                "deleted_at": gone.at,
            })
        })
        .collect();
    if call
        .incoming
        .query
        .get("order")
        .is_none_or(|order| order != "asc")
    {
        all.reverse();
    }
    let (range, pages) = paging::by_number(call, DELETED, all.len())?;
    Ok(json!({
        "type": "conversation.list",
        "conversations": all[range],
        "total_count": all.len(),
        "pages": pages,
    }))
}

pub(super) fn known<'a>(call: &'a Call<'_>, id: &str) -> Result<&'a Conversation, ApiError> {
    let found = call.workspace.conversations.get(id);
    found.ok_or_else(ApiError::not_found)
}

/// The whole conversation as it is now.
pub(super) fn whole(call: &Call<'_>, id: &str) -> Answer {
    let conversation = known(call, id)?;
    Ok(render::whole(call.workspace, conversation, call.shape()))
}

fn one(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[ReadConversations])?;
    whole(call, id)
}
