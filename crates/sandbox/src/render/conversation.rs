//! Conversations and their parts.

use serde_json::{Value, json};

use super::Shape;
use super::message::{part_list, source};
use super::statistics::Statistics;
use crate::state::Workspace;
use crate::state::app::Version;
use crate::state::conversation::{Applied, AuthorKind, Conversation, Part};

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
    let contacts: Vec<Value> = conversation
        .contacts()
        .map(|id| super::people::reference(workspace, id))
        .collect();
    let unassigned = if shape.version >= Version::V2_16 {
        json!(0)
    } else {
        Value::Null
    };
    let number = |id: &Option<String>| {
        id.as_ref()
            .and_then(|id| id.parse::<u64>().ok())
            .map_or_else(|| unassigned.clone(), |id| json!(id))
    };
    let mut value = json!({
        "type": "conversation",
        "id": conversation.id,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "waiting_since": conversation.waiting_since,
        "snoozed_until": conversation.snoozed_until,
        "source": source(conversation, shape),
        "contacts": {"type": "contact.list", "contacts": contacts},
        "first_contact_reply": first_contact_reply(conversation),
        "admin_assignee_id": number(&conversation.assignee),
        "team_assignee_id": number(&conversation.team),
        "open": conversation.open,
        "state": conversation.state(),
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
        "custom_attributes": conversation.custom_attributes,
        "topics": {"type": "topic.list", "topics": [], "total_count": 0},
        "ticket": conversation.tickets.first().map(|id| json!({"type": "ticket", "id": id})),
        "linked_objects": linked(&conversation.tickets),
        "ai_agent": null,
        "ai_agent_participated": conversation.parts.iter().any(|part| part.author.ai_answer),
    });
    if shape.version >= Version::V2_15 {
        value["company"] = conversation
            .company
            .as_ref()
            .and_then(|id| workspace.companies.get(id))
            .map_or(Value::Null, |company| {
                super::people::company(workspace, company, shape)
            });
    }
    if shape.version >= Version::V2_16 {
        value["channel"] = json!({"initial": "messenger", "current": "messenger"});
        value["external_references"] = json!([]);
    }
    value
}

fn linked(tickets: &[String]) -> Value {
    let data: Vec<Value> = tickets
        .iter()
        .map(|id| json!({"type": "ticket", "id": id, "category": "Customer"}))
        .collect();
    json!({"type": "list", "data": data, "total_count": data.len(), "has_more": false})
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
    Statistics::of(conversation).first_contact_reply_at.map_or(
        Value::Null,
        |at| json!({"created_at": at, "type": "conversation", "url": conversation.source.url}),
    )
}

fn statistics(conversation: &Conversation, shape: Shape) -> Value {
    let counted = Statistics::of(conversation);
    json!({
        "type": "conversation_statistics",
        "time_to_assignment": counted.time_to_assignment,
        "time_to_admin_reply": counted.time_to_admin_reply,
        "time_to_first_close": counted.time_to_first_close,
        "time_to_last_close": counted.time_to_last_close,
        "median_time_to_reply": counted.time_to_admin_reply,
        "first_contact_reply_at": shape.statistic(counted.first_contact_reply_at),
        "first_assignment_at": shape.statistic(counted.first_assignment_at),
        "first_admin_reply_at": shape.statistic(counted.first_admin_reply_at),
        "first_close_at": shape.statistic(counted.first_close_at),
        "last_assignment_at": shape.statistic(counted.last_assignment_at),
        "last_assignment_admin_reply_at": null,
        "last_contact_reply_at": shape.statistic(counted.last_contact_reply_at),
        "last_admin_reply_at": shape.statistic(counted.last_admin_reply_at),
        "last_close_at": shape.statistic(counted.last_close_at),
        "last_closed_by_id": counted.last_closed_by,
        "count_reopens": counted.count_reopens,
        "count_assignments": counted.count_assignments,
        "count_conversation_parts": counted.count_conversation_parts,
        "assigned_team_first_response_time": [],
        "assigned_team_first_response_time_in_office_hours": [],
        "handling_time": null,
    })
}
