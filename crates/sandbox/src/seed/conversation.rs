//! Conversations of a seed.

use serde::Deserialize;

use super::named;
use crate::html;
use crate::state::conversation::{
    Applied, Attachment, Author, AuthorKind, Conversation, Part, PartKind, Source,
};
use crate::state::event::Event;
use crate::state::{IdKind, Workspace};

/// A conversation. A body that begins with `<` is HTML, any other is text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedConversation {
    #[serde(default)]
    id: String,
    contact: String,
    created_at: Option<i64>,
    source_id: Option<String>,
    #[serde(default)]
    subject: String,
    body: String,
    url: Option<String>,
    #[serde(default)]
    attachments: Vec<Attachment>,
    /// The admin it is assigned to.
    assignee: Option<String>,
    #[serde(default)]
    parts: Vec<SeedPart>,
    #[serde(default)]
    tags: Vec<SeedApplied>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPart {
    id: Option<String>,
    #[serde(default)]
    by: By,
    admin: Option<String>,
    body: Option<String>,
    at: Option<i64>,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

/// Who wrote a part.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum By {
    #[default]
    Contact,
    Admin,
    Note,
    Bot,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedApplied {
    tag: String,
    part: Option<String>,
    admin: Option<String>,
    at: Option<i64>,
}

pub(super) fn put(
    workspace: &mut Workspace,
    wanted: SeedConversation,
    now: i64,
    on: &mut dyn FnMut(Event),
) -> Result<(), String> {
    let contact = workspace
        .contacts
        .get(&wanted.contact)
        .ok_or_else(|| format!("no contact {:?} for a conversation", wanted.contact))?;
    let opener = Author::from(contact);
    let mut id = wanted.id;
    named(workspace, &mut id, IdKind::Conversation);
    let mut source_id = wanted.source_id.unwrap_or_default();
    named(workspace, &mut source_id, IdKind::Message);
    let created_at = wanted.created_at.unwrap_or(now);
    let mut parts = Vec::new();
    for part in wanted.parts {
        parts.push(seed_part(workspace, &opener, part, created_at)?);
    }
    let updated_at = parts.last().map_or(created_at, |part| part.created_at);
    let waiting = parts
        .last()
        .is_none_or(|part| part.author.kind.is_contact())
        .then_some(updated_at);
    let source = Source {
        id: source_id,
        subject: wanted.subject,
        body: html::from_either(&wanted.body),
        author: opener,
        attachments: wanted.attachments,
        url: wanted.url,
        redacted: false,
        tags: Vec::new(),
    };
    let mut conversation = Conversation {
        updated_at,
        waiting_since: waiting,
        assignee: wanted.assignee,
        parts,
        ..Conversation::new(id.clone(), wanted.contact, source, created_at)
    };
    for applied in wanted.tags {
        tag(workspace, &mut conversation, applied)?;
    }
    let new = workspace.conversations.insert(conversation).is_none();
    if new {
        on(Event::Conversation {
            topic: "conversation.user.created",
            conversation: id,
            part: None,
        });
    }
    Ok(())
}

fn seed_part(
    workspace: &mut Workspace,
    opener: &Author,
    wanted: SeedPart,
    created_at: i64,
) -> Result<Part, String> {
    let mut id = wanted.id.unwrap_or_default();
    named(workspace, &mut id, IdKind::Part);
    let (kind, author) = match wanted.by {
        By::Contact => (PartKind::Comment, opener.clone()),
        By::Admin => (
            PartKind::Comment,
            admin(workspace, wanted.admin.as_deref())?,
        ),
        By::Note => (PartKind::Note, admin(workspace, wanted.admin.as_deref())?),
        By::Bot => (
            PartKind::Comment,
            Author {
                kind: AuthorKind::Bot,
                id: "7300000".to_owned(),
                name: Some("Fin".to_owned()),
                email: None,
                ai_answer: true,
            },
        ),
    };
    let at = wanted.at.unwrap_or(created_at);
    Ok(Part {
        id,
        kind,
        body: wanted.body.as_deref().map(html::from_either),
        author,
        created_at: at,
        updated_at: at,
        attachments: wanted.attachments,
        redacted: false,
        tags: Vec::new(),
        assigned_to: None,
    })
}

fn admin(workspace: &Workspace, id: Option<&str>) -> Result<Author, String> {
    match id {
        Some(id) => workspace.admin(id),
        None => workspace.admins.first(),
    }
    .map(Author::from)
    .ok_or_else(|| format!("no admin {id:?} for a message"))
}

fn tag(
    workspace: &Workspace,
    conversation: &mut Conversation,
    wanted: SeedApplied,
) -> Result<(), String> {
    let id = workspace
        .tag_named(&wanted.tag)
        .ok_or_else(|| format!("no tag {:?}", wanted.tag))?
        .id
        .clone();
    let by = admin(workspace, wanted.admin.as_deref())?.id;
    match wanted.part {
        None => conversation.source.tags.push(id.clone()),
        Some(part) => conversation
            .parts
            .iter_mut()
            .find(|known| known.id == part)
            .ok_or_else(|| format!("no part {part:?} to tag"))?
            .tags
            .push(id.clone()),
    }
    if !conversation.tags.iter().any(|applied| applied.tag == id) {
        conversation.tags.push(Applied {
            tag: id,
            at: wanted.at.unwrap_or(conversation.updated_at),
            by,
        });
    }
    Ok(())
}
