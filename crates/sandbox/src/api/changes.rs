//! `/conversations`: what changes one. Each change is told by webhook, as if it had been done in the inbox.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::conversations::whole;
use super::error::ApiError;
use crate::html;
use crate::render;
use crate::state::act::{Draft, Voice};
use crate::state::app::Permission::WriteConversations;
use crate::state::conversation::Attachment;
use crate::state::table::Key;
use crate::state::tagging::Target;

/// A reply takes this many attachment URLs at most.
const ATTACHMENTS: usize = 10;

pub(super) fn tag(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    let tag = call.required("id")?;
    let admin = call.required("admin_id")?;
    if call.workspace.tag(&tag).is_none() {
        return Err(ApiError::new(404, "tag_not_found", "Tag not found"));
    }
    let events = call
        .workspace
        .apply_tag(id, Target::Opening, &tag, &admin, call.now)?;
    call.events.extend(events);
    let applied = call
        .workspace
        .conversations
        .get(id)
        .and_then(|one| one.tags.iter().find(|applied| applied.tag == tag))
        .ok_or_else(ApiError::not_found)?;
    Ok(render::conversation::applied(call.workspace, applied))
}

/// Takes the tag off every message. The body must name the admin.
pub(super) fn untag(call: &mut Call<'_>, id: &str, tag: &str) -> Answer {
    call.need(&[WriteConversations])?;
    let admin = call.required("admin_id")?;
    if !call.workspace.conversations.contains_key(id) {
        return Err(ApiError::conversation_not_found());
    }
    if call.workspace.admin(&admin).is_none() {
        return Err(ApiError::new(404, "admin_not_found", "Admin not found"));
    }
    let removed = call.workspace.remove_tag(id, None, tag, call.now)?;
    Ok(render::conversation::applied(call.workspace, &removed))
}

pub(super) fn reply(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    let kind = call.required("message_type")?;
    let from = call.required("type")?;
    let author = match from.as_str() {
        "admin" => call.required("admin_id")?,
        "user" => contact(call)?,
        _ => return Err(ApiError::invalid("type must be admin or user")),
    };
    let voice = match (from.as_str(), kind.as_str()) {
        ("admin", "comment") => Voice::Teammate(&author),
        ("admin", "note") => Voice::Note(&author),
        ("admin", "quick_reply") => Voice::QuickReply(&author),
        ("user", "comment") => Voice::Contact(&author),
        _ => return Err(ApiError::invalid("message_type is invalid")),
    };
    let id = match (id, voice) {
        ("last", Voice::Contact(contact)) => last_of(call, contact)?,
        _ => id.to_owned(),
    };
    if !call.workspace.conversations.contains_key(&id) {
        return Err(ApiError::not_found());
    }
    let body = match voice {
        Voice::QuickReply(_) => None,
        _ => Some(html::from_api(&call.required("body")?)),
    };
    let draft = Draft {
        body,
        attachments: attachments(call)?,
    };
    let (_, events) = call.workspace.speak(&id, voice, draft, call.now)?;
    call.events.extend(events);
    whole(call, &id)
}

/// The contact that a body names by Intercom's id, its e-mail or the customer's id.
pub(super) fn contact(call: &Call<'_>) -> Result<String, ApiError> {
    person(call, &call.body)
}

pub(super) fn person(call: &Call<'_>, named: &Value) -> Result<String, ApiError> {
    let contacts = &call.workspace.contacts;
    let text = |field: &str| named[field].as_str();
    let found = if let Some(id) = text("intercom_user_id") {
        contacts.get(id)
    } else if let Some(email) = text("email") {
        contacts.with(Key::Email, email).map(|(_, one)| one).next()
    } else if let Some(id) = text("user_id") {
        contacts.with(Key::External, id).map(|(_, one)| one).next()
    } else {
        return Err(ApiError::missing("intercom_user_id"));
    };
    Ok(found.ok_or_else(ApiError::user_not_found)?.id.clone())
}

fn last_of(call: &Call<'_>, contact: &str) -> Result<String, ApiError> {
    call.workspace
        .conversations
        .with(Key::Contact, contact)
        .map(|(_, one)| one)
        .max_by_key(|one| one.updated_at)
        .map(|one| one.id.clone())
        .ok_or_else(ApiError::not_found)
}

/// A contact begins a conversation; the answer is its opening message.
pub(super) fn create(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteConversations])?;
    let from = &call.body["from"];
    let kind = from["type"]
        .as_str()
        .ok_or_else(|| ApiError::missing("from.type"))?;
    if !matches!(kind, "user" | "lead" | "contact") {
        return Err(ApiError::invalid("from.type must be user, lead or contact"));
    }
    let id = from["id"]
        .as_str()
        .ok_or_else(|| ApiError::missing("from.id"))?;
    let by_own = || call.workspace.contacts.with(Key::External, id).next();
    let contact = match call
        .workspace
        .contacts
        .get(id)
        .or_else(|| Some(by_own()?.1))
    {
        Some(contact) => contact.id.clone(),
        None => return Err(ApiError::user_not_found()),
    };
    let draft = Draft {
        body: Some(html::from_api(&call.required("body")?)),
        attachments: attachments(call)?,
    };
    let subject = call.text("subject").unwrap_or_default();
    let (id, events) = call.workspace.begin(&contact, &subject, draft, call.now)?;
    call.events.extend(events);
    let begun = call.workspace.conversations.get(&id);
    let begun = begun.ok_or_else(ApiError::not_found)?;
    Ok(json!({
        "type": "user_message",
        "id": begun.source.id,
        "created_at": begun.created_at,
        "subject": begun.source.subject,
        "body": begun.source.body,
        "message_type": "inapp",
        "conversation_id": id,
    }))
}

fn attachments(call: &Call<'_>) -> Result<Vec<Attachment>, ApiError> {
    let urls = match &call.body["attachment_urls"] {
        Value::Null => return Ok(Vec::new()),
        Value::Array(urls) if urls.len() <= ATTACHMENTS => urls,
        Value::Array(_) => return Err(ApiError::invalid("at most 10 attachments are allowed")),
        _ => return Err(ApiError::invalid("attachment_urls must be a list")),
    };
    urls.iter()
        .map(|url| {
            let url = url
                .as_str()
                .ok_or_else(|| ApiError::invalid("attachment_urls must hold URLs"))?;
            let name = url.rsplit('/').next().unwrap_or(url);
            Ok(Attachment {
                name: name.to_owned(),
                url: url.to_owned(),
                content_type: "application/octet-stream".to_owned(),
                filesize: 0,
                width: None,
                height: None,
            })
        })
        .collect()
}

pub(super) fn redact(call: &mut Call<'_>) -> Answer {
    call.need(&[WriteConversations])?;
    let id = call.required("conversation_id")?;
    let events = match call.required("type")?.as_str() {
        "conversation_part" => {
            let part = call.required("conversation_part_id")?;
            call.workspace.redact_part(&id, &part, call.now)?
        }
        "source" => {
            let source = call.required("source_id")?;
            call.workspace.redact_source(&id, &source, call.now)?
        }
        _ => {
            return Err(ApiError::invalid(
                "type must be conversation_part or source",
            ));
        }
    };
    call.events.extend(events);
    whole(call, &id)
}

pub(super) fn delete(call: &mut Call<'_>, id: &str) -> Answer {
    call.need(&[WriteConversations])?;
    let retain = call.incoming.query.get("retain_metrics");
    let retain = retain.is_none_or(|value| value != "false");
    let events = call
        .workspace
        .delete(id, retain, call.now)
        .map_err(|_| ApiError::not_found())?;
    call.events.extend(events);
    Ok(json!({"id": id, "object": "conversation", "deleted": true}))
}
