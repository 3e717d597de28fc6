//! Messages of a conversation: the opening one and the parts.

use serde_json::{Value, json};

use super::{Shape, tag};
use crate::state::Workspace;
use crate::state::app::Version;
use crate::state::conversation::{Assignee, Attachment, Author, Conversation, Part};

pub(super) fn source(conversation: &Conversation, shape: Shape) -> Value {
    let source = &conversation.source;
    json!({
        "type": "conversation",
        "id": source.id,
        "delivered_as": source.delivered_as(),
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

pub(super) fn part_list(
    workspace: &Workspace,
    parts: &[&Part],
    total: usize,
    conversation: &Conversation,
    shape: Shape,
) -> Value {
    let state = conversation.state();
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
        "assigned_to": part.assigned_to.as_ref().map(|to| match to {
            Assignee::Admin(id) => json!({"type": "admin", "id": id}),
            Assignee::Team(id) => json!({"type": "team", "id": id}),
        }),
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
