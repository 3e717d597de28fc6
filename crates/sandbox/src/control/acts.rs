//! What a support agent or a contact would do, without the page.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{done, refuse};
use crate::html;
use crate::shared::Shared;
use crate::state::Workspace;
use crate::state::act::{Draft, Refusal, Voice};
use crate::state::conversation::Attachment;
use crate::state::event::Event;
use crate::state::tagging::Target;

pub(super) type Acted = Result<(Value, Vec<Event>), Refusal>;

/// Runs an act in one workspace and answers with what it made.
pub(super) fn act(
    shared: &Shared,
    app_id: &str,
    run: impl FnOnce(&mut Workspace, i64) -> Acted,
) -> HttpResponse {
    let result = shared.change(|state, now, happened| {
        let workspace = state
            .workspaces
            .get_mut(app_id)
            .ok_or_else(|| (404, "no such workspace".to_owned()))?;
        let (value, events) = run(workspace, now).map_err(|why| match why {
            Refusal::Duplicate { .. } | Refusal::Invalid(_) => (400, why.to_string()),
            why => (404, why.to_string()),
        })?;
        happened.add(app_id, events);
        Ok::<_, (u16, String)>(value)
    });
    match result {
        Ok(value) => done(value),
        Err((status, why)) => refuse(status, why),
    }
}

/// The admin named, or the first of the workspace.
fn admin_of(workspace: &Workspace, admin: Option<String>) -> Result<String, Refusal> {
    admin
        .or_else(|| workspace.admins.first().map(|admin| admin.id.clone()))
        .ok_or(Refusal::Admin)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginOrder {
    app_id: String,
    contact: String,
    body: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    attachments: Vec<Attachment>,
}

pub(super) async fn begin(shared: Data<Shared>, order: Json<BeginOrder>) -> HttpResponse {
    let order = order.into_inner();
    act(&shared, &order.app_id, |workspace, now| {
        let draft = Draft {
            body: Some(html::from_either(&order.body)),
            attachments: order.attachments,
        };
        let (id, events) = workspace.begin(&order.contact, &order.subject, draft, now)?;
        let begun = workspace.conversations.get(&id);
        let source = begun.map(|begun| begun.source.id.clone());
        Ok((json!({"conversation": id, "source": source}), events))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TagOrder {
    app_id: String,
    conversation: String,
    /// Absent, or the id of the opening message, means the opening message.
    part: Option<String>,
    /// Id or name.
    tag: String,
    admin: Option<String>,
}

pub(super) async fn tag(shared: Data<Shared>, order: Json<TagOrder>) -> HttpResponse {
    let order = order.into_inner();
    act(&shared, &order.app_id, |workspace, now| {
        let admin = admin_of(workspace, order.admin)?;
        let target = Target::of(workspace, &order.conversation, order.part.as_deref());
        let events = workspace.apply_tag(&order.conversation, target, &order.tag, &admin, now)?;
        Ok((json!({"applied": !events.is_empty()}), events))
    })
}

pub(super) async fn untag(shared: Data<Shared>, order: Json<TagOrder>) -> HttpResponse {
    let order = order.into_inner();
    act(&shared, &order.app_id, |workspace, now| {
        let target = order
            .part
            .as_deref()
            .map(|part| Target::of(workspace, &order.conversation, Some(part)));
        workspace.remove_tag(&order.conversation, target, &order.tag, now)?;
        Ok((json!({"removed": true}), Vec::new()))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SpeakOrder {
    app_id: String,
    conversation: String,
    /// Absent makes a part without text.
    body: Option<String>,
    /// A reply is the contact's unless it names an admin.
    admin: Option<String>,
    #[serde(default)]
    attachments: Vec<Attachment>,
    /// For the operator: its own notice in place of an answer.
    #[serde(default)]
    boilerplate: bool,
}

fn speak(
    shared: &Shared,
    order: SpeakOrder,
    voice: impl FnOnce(&Workspace, &SpeakOrder) -> Result<Speaker, Refusal>,
) -> HttpResponse {
    act(shared, &order.app_id.clone(), |workspace, now| {
        let speaker = voice(workspace, &order)?;
        let draft = Draft {
            body: order.body.as_deref().map(html::from_either),
            attachments: order.attachments,
        };
        let (part, events) = workspace.speak(&order.conversation, speaker.voice(), draft, now)?;
        Ok((json!({"part": part}), events))
    })
}

enum Speaker {
    Contact(String),
    Teammate(String),
    Note(String),
    Operator,
    Boilerplate,
}

impl Speaker {
    fn voice(&self) -> Voice<'_> {
        match self {
            Self::Contact(id) => Voice::Contact(id),
            Self::Teammate(id) => Voice::Teammate(id),
            Self::Note(id) => Voice::Note(id),
            Self::Operator => Voice::Operator,
            Self::Boilerplate => Voice::Boilerplate,
        }
    }
}

pub(super) async fn reply(shared: Data<Shared>, order: Json<SpeakOrder>) -> HttpResponse {
    speak(&shared, order.into_inner(), |workspace, order| {
        if let Some(admin) = &order.admin {
            return Ok(Speaker::Teammate(admin.clone()));
        }
        let found = workspace.conversations.get(&order.conversation);
        let contact = &found.ok_or(Refusal::Conversation)?.contact;
        Ok(Speaker::Contact(contact.clone()))
    })
}

pub(super) async fn note(shared: Data<Shared>, order: Json<SpeakOrder>) -> HttpResponse {
    speak(&shared, order.into_inner(), |workspace, order| {
        admin_of(workspace, order.admin.clone()).map(Speaker::Note)
    })
}

pub(super) async fn operator_reply(shared: Data<Shared>, order: Json<SpeakOrder>) -> HttpResponse {
    speak(&shared, order.into_inner(), |_, order| {
        Ok(if order.boilerplate {
            Speaker::Boilerplate
        } else {
            Speaker::Operator
        })
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedactOrder {
    app_id: String,
    conversation: String,
    /// Absent, or the id of the opening message, means the opening message.
    part: Option<String>,
}

pub(super) async fn redact(shared: Data<Shared>, order: Json<RedactOrder>) -> HttpResponse {
    let order = order.into_inner();
    act(&shared, &order.app_id, |workspace, now| {
        let events = workspace.redact_message(&order.conversation, order.part.as_deref(), now)?;
        Ok((json!({"redacted": true}), events))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteOrder {
    app_id: String,
    conversation: String,
}

pub(super) async fn delete(shared: Data<Shared>, order: Json<DeleteOrder>) -> HttpResponse {
    act(&shared, &order.app_id, |workspace, now| {
        let events = workspace.delete(&order.conversation, true, now)?;
        Ok((json!({"deleted": true}), events))
    })
}
