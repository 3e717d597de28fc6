//! Conversations and their parts.

use serde_json::{Value, json};

use super::{Shape, tag};
use crate::state::Workspace;
use crate::state::app::Version;
use crate::state::conversation::{Applied, Attachment, Author, AuthorKind, Conversation, Part};

/// Intercom's conversation answer carries the newest parts only, this many.
const PARTS_SHOWN: usize = 500;

/// A conversation in a list: without its parts.
pub(crate) fn listed(workspace: &Workspace, conversation: &Conversation, shape: Shape) -> Value {
    base(workspace, conversation, shape)
}

/// A conversation by itself, with its newest parts.
pub(crate) fn whole(workspace: &Workspace, conversation: &Conversation, shape: Shape) -> Value {
    let skipped = conversation.parts.len().saturating_sub(PARTS_SHOWN);
    let parts: Vec<&Part> = conversation.parts.iter().skip(skipped).collect();
    let mut value = base(workspace, conversation, shape);
    value["conversation_parts"] = part_list(
        workspace,
        &parts,
        conversation.parts.len(),
        conversation,
        shape,
    );
    value
}

/// A conversation in a webhook: only the part concerned, none when it is about the opening message.
pub(crate) fn webhook(
    workspace: &Workspace,
    conversation: &Conversation,
    concerned: Option<&str>,
    shape: Shape,
) -> Value {
    let parts: Vec<&Part> = concerned
        .and_then(|id| conversation.part(id))
        .into_iter()
        .collect();
    let mut value = base(workspace, conversation, shape);
    value["conversation_parts"] = part_list(workspace, &parts, parts.len(), conversation, shape);
    value
}

/// A tag on a conversation with when and by whom.
pub(crate) fn applied(workspace: &Workspace, applied: &Applied) -> Value {
    let name = workspace.tag(&applied.tag).map(|tag| tag.name.as_str());
    json!({
        "type": "tag",
        "id": applied.tag,
        "name": name,
        "applied_at": applied.at,
        "applied_by": {"type": "admin", "id": applied.by},
    })
}

fn base(workspace: &Workspace, conversation: &Conversation, shape: Shape) -> Value {
    let state = if conversation.open { "open" } else { "closed" };
    let contact = workspace.contacts.get(&conversation.contact);
    let mut value = json!({
        "type": "conversation",
        "id": conversation.id,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "waiting_since": conversation.waiting_since,
        "snoozed_until": null,
        "source": source(conversation, shape),
        "contacts": {"type": "contact.list", "contacts": [{
            "type": "contact",
            "id": conversation.contact,
            "external_id": contact.and_then(|contact| contact.external_id.clone()),
        }]},
        "first_contact_reply": first_contact_reply(conversation),
        "admin_assignee_id": assignee(conversation, shape.version),
        "team_assignee_id": if shape.version >= Version::V2_16 { json!(0) } else { Value::Null },
        "open": conversation.open,
        "state": state,
        "read": conversation.read,
        "tags": {
            "type": "tag.list",
            "tags": conversation.tags.iter().map(|tag| applied(workspace, tag)).collect::<Vec<_>>(),
        },
        "priority": if shape.version >= Version::V2_16 { "none" } else { "not_priority" },
        "sla_applied": null,
        "statistics": statistics(conversation, shape),
        "conversation_rating": null,
        "teammates": teammates(conversation),
        "title": conversation.title,
        "custom_attributes": {},
        "topics": {"type": "topic.list", "topics": [], "total_count": 0},
        "ticket": null,
        "linked_objects": {"type": "list", "data": [], "total_count": 0, "has_more": false},
        "ai_agent": null,
        "ai_agent_participated": conversation.parts.iter().any(|part| part.author.ai_answer),
    });
    if shape.version >= Version::V2_15 {
        value["company"] = Value::Null;
    }
    if shape.version >= Version::V2_16 {
        value["channel"] = json!({"initial": "messenger", "current": "messenger"});
        value["external_references"] = json!([]);
    }
    value
}

fn source(conversation: &Conversation, shape: Shape) -> Value {
    let source = &conversation.source;
    let delivered_as = if source.author.kind.is_contact() {
        "customer_initiated"
    } else {
        "admin_initiated"
    };
    json!({
        "type": "conversation",
        "id": source.id,
        "delivered_as": delivered_as,
        "subject": shape.body(&source.subject),
        "body": shape.body(&source.body),
        "author": {
            "type": source.author.kind.word(),
            "id": source.author.id,
            "name": source.author.name,
            "email": source.author.email,
        },
        "attachments": source.attachments.iter().map(attachment).collect::<Vec<_>>(),
        "url": source.url,
        "redacted": source.redacted,
    })
}

fn part_list(
    workspace: &Workspace,
    parts: &[&Part],
    total: usize,
    conversation: &Conversation,
    shape: Shape,
) -> Value {
    let state = if conversation.open { "open" } else { "closed" };
    let parts: Vec<Value> = parts
        .iter()
        .map(|one| part(workspace, one, state, shape))
        .collect();
    json!({
        "type": "conversation_part.list",
        "conversation_parts": parts,
        "total_count": total,
    })
}

fn part(workspace: &Workspace, part: &Part, state: &str, shape: Shape) -> Value {
    let mut value = json!({
        "type": "conversation_part",
        "id": part.id,
        "part_type": part.kind.word(),
        "body": part.body.as_deref().map(|body| shape.body(body)),
        "created_at": part.created_at,
        "updated_at": part.updated_at,
        "notified_at": part.created_at,
        "assigned_to": null,
        "author": author(&part.author, shape.version),
        "attachments": part.attachments.iter().map(attachment).collect::<Vec<_>>(),
        "external_id": null,
        "redacted": part.redacted,
        "metadata": {},
        "email_message_metadata": null,
        "app_package_code": null,
    });
    if shape.version >= Version::V2_14 {
        let tags = part.tags.iter().filter_map(|id| workspace.tag(id));
        value["state"] = json!(state);
        value["tags"] = tags.map(tag).collect();
        value["event_details"] = json!({});
    }
    value
}

fn author(author: &Author, version: Version) -> Value {
    let mut value = json!({
        "id": author.id,
        "type": author.kind.word(),
        "name": author.name,
        "email": author.email,
    });
    if version >= Version::V2_14 {
        value["from_ai_agent"] = json!(author.ai_answer);
        value["is_ai_answer"] = json!(author.ai_answer);
    }
    value
}

pub(super) fn attachment(file: &Attachment) -> Value {
    json!({
        "type": "upload",
        "name": file.name,
        "url": file.url,
        "content_type": file.content_type,
        "filesize": file.filesize,
        "width": file.width,
        "height": file.height,
    })
}

fn assignee(conversation: &Conversation, version: Version) -> Value {
    let id = conversation
        .assignee
        .as_ref()
        .and_then(|id| id.parse::<u64>().ok());
    match id {
        Some(id) => json!(id),
        None if version >= Version::V2_16 => json!(0),
        None => Value::Null,
    }
}

fn teammates(conversation: &Conversation) -> Value {
    let mut admins: Vec<&str> = Vec::new();
    for part in &conversation.parts {
        if part.author.kind == AuthorKind::Admin && !admins.contains(&part.author.id.as_str()) {
            admins.push(&part.author.id);
        }
    }
    let admins: Vec<Value> = admins
        .into_iter()
        .map(|id| json!({"type": "admin", "id": id}))
        .collect();
    json!({"type": "admin.list", "admins": admins})
}

fn first_contact_reply(conversation: &Conversation) -> Value {
    let source = &conversation.source;
    let at = if source.author.kind.is_contact() {
        Some(conversation.created_at)
    } else {
        contact_times(conversation).first().copied()
    };
    at.map_or(
        Value::Null,
        |at| json!({"created_at": at, "type": "conversation", "url": source.url}),
    )
}

fn contact_times(conversation: &Conversation) -> Vec<i64> {
    let opening = conversation
        .source
        .author
        .kind
        .is_contact()
        .then_some(conversation.created_at);
    let parts = conversation
        .parts
        .iter()
        .filter(|part| part.author.kind.is_contact())
        .map(|part| part.created_at);
    opening.into_iter().chain(parts).collect()
}

fn statistics(conversation: &Conversation, shape: Shape) -> Value {
    use crate::state::conversation::PartKind;
    let contact = contact_times(conversation);
    let admin: Vec<i64> = conversation
        .parts
        .iter()
        .filter(|part| part.author.kind == AuthorKind::Admin && part.kind != PartKind::Note)
        .map(|part| part.created_at)
        .collect();
    let first_reply = admin.first().map(|at| at - conversation.created_at);
    json!({
        "type": "conversation_statistics",
        "time_to_assignment": null,
        "time_to_admin_reply": first_reply,
        "time_to_first_close": null,
        "time_to_last_close": null,
        "median_time_to_reply": first_reply,
        "first_contact_reply_at": shape.statistic(contact.first().copied()),
        "first_assignment_at": null,
        "first_admin_reply_at": shape.statistic(admin.first().copied()),
        "first_close_at": null,
        "last_assignment_at": null,
        "last_assignment_admin_reply_at": null,
        "last_contact_reply_at": shape.statistic(contact.last().copied()),
        "last_admin_reply_at": shape.statistic(admin.last().copied()),
        "last_close_at": null,
        "last_closed_by_id": null,
        "count_reopens": 0,
        "count_assignments": 0,
        "count_conversation_parts": conversation.parts.len() + 1,
        "assigned_team_first_response_time": [],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": null,
    })
}
