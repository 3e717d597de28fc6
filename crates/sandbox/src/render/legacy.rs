//! The tag webhook of API version 1.x: the conversation itself, the new tag in `tags_added`.

use serde_json::{Value, json};

use super::message::attachment;
use super::tag;
use crate::state::Workspace;
use crate::state::conversation::{Attachment, Author, Conversation, Part};
use crate::state::people::Tag;

/// The item of the old serialisation. Without a part, the opening message stands in as one, under its own id.
pub(crate) fn tagged(
    workspace: &Workspace,
    conversation: &Conversation,
    concerned: Option<&str>,
    added: &Tag,
) -> Value {
    let contact = workspace.contacts.get(&conversation.contact);
    let assignee = conversation
        .assignee
        .as_deref()
        .and_then(|id| workspace.admin(id));
    let part = concerned.and_then(|id| conversation.part(id));
    let source = &conversation.source;
    let tags: Vec<Value> = conversation
        .tags
        .iter()
        .filter_map(|applied| workspace.tag(&applied.tag))
        .map(tag)
        .collect();
    json!({
        "type": "conversation",
        "id": conversation.id,
        "created_at": conversation.created_at,
        "updated_at": conversation.updated_at,
        "user": contact.map(|contact| json!({
            "type": contact.role.word(),
            "id": contact.id,
            "user_id": contact.external_id,
            "name": contact.name,
            "email": contact.email,
            "do_not_track": null,
        })),
        "assignee": assignee.map(|admin| json!({
            "type": "admin", "id": admin.id, "name": admin.name, "email": admin.email,
        })),
        "conversation_message": {
            "type": "conversation_message",
            "id": source.id,
            "url": source.url,
            "subject": source.subject,
            "body": source.body,
            "author": {"type": source.author.kind.word(), "id": source.author.id},
            "attachments": files(&source.attachments),
        },
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [part.map_or_else(|| opening(conversation), old_part)],
            "total_count": 1,
        },
        "open": conversation.open,
        "state": if conversation.open { "open" } else { "closed" },
        "snoozed_until": null,
        "read": conversation.read,
        "metadata": {},
        "tags": {"type": "tag.list", "tags": tags},
        "tags_added": {"type": "tag.list", "tags": [tag(added)]},
        "links": {"conversation_web": format!(
            "https://app.intercom.com/a/apps/{}/conversations/{}", workspace.app_id, conversation.id
        )},
    })
}

fn opening(conversation: &Conversation) -> Value {
    let source = &conversation.source;
    part_json(
        &source.id,
        "comment",
        Some(&source.body),
        (conversation.created_at, conversation.updated_at),
        &source.author,
        &files(&source.attachments),
    )
}

fn old_part(part: &Part) -> Value {
    part_json(
        &part.id,
        part.kind.word(),
        part.body.as_deref(),
        (part.created_at, part.updated_at),
        &part.author,
        &files(&part.attachments),
    )
}

fn part_json(
    id: &str,
    kind: &str,
    body: Option<&str>,
    (created, updated): (i64, i64),
    author: &Author,
    files: &Value,
) -> Value {
    json!({
        "type": "conversation_part",
        "id": id,
        "part_type": kind,
        "body": body,
        "created_at": created,
        "updated_at": updated,
        "notified_at": created,
        "assigned_to": null,
        "author": {
            "type": author.kind.word(), "id": author.id, "name": author.name, "email": author.email,
        },
        "attachments": files,
        "external_id": null,
    })
}

fn files(attachments: &[Attachment]) -> Value {
    attachments.iter().map(attachment).collect()
}
