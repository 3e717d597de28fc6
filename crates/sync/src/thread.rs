//! From Intercom's messages to ours.

use crate::buried::Buried;
use crate::text::{sanitise, without_nul};
use chrono::{DateTime, Utc};
use earmark_db::tenant;
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::{
    Attachment, Author, AuthorKind, Conversation, Message, MessageKind, plain_text,
};
use earmark_model::{self as model, ConnectionId};

/// Whether a message belongs into a thread: people's words, and answers of a bot, not its boilerplate.
pub(crate) fn belongs(message: &Message) -> bool {
    let words = message.is_text_bearing() || !message.attachments.is_empty();
    (words || message.redacted)
        && message.kind != MessageKind::Machine
        && !message.is_bot_boilerplate()
}

/// A tagged message, which stands whatever it is, and its neighbours in the payload as far as they say something.
pub(crate) fn around<'a>(
    conversation: &'a Conversation,
    anchor: &'a Message,
) -> impl Iterator<Item = &'a Message> {
    let neighbours = conversation.messages();
    let neighbours = neighbours.filter(|message| message.id != anchor.id && belongs(message));
    std::iter::once(anchor).chain(neighbours)
}

/// Stores a message, unless its conversation is buried. True when our copy changed.
pub(crate) async fn store(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &Conversation,
    message: &Message,
    buried: &Buried,
) -> Result<bool> {
    if buried.whole {
        return Ok(false);
    }
    let ours = copy(tenant.now(), conversation, message, buried);
    tenant
        .put_message(connection, &conversation.id, &ours)
        .await
}

/// Our copy of a message. A buried one is without its content.
pub(crate) fn copy(
    now: DateTime<Utc>,
    conversation: &Conversation,
    message: &Message,
    buried: &Buried,
) -> tenant::Message {
    let mut ours = into_ours(message);
    if message.redacted || buried.messages.contains(&message.id) {
        ours.html = None;
        ours.plain = None;
        "[]".clone_into(&mut ours.attachments);
        ours.redacted_at = Some(now);
    }
    if message.kind == MessageKind::Opening && message.updated_at.is_none() {
        // It has no time of its own; without one an old webhook would overwrite what was fetched since.
        ours.updated_at = conversation.updated_at.or(ours.updated_at);
    }
    ours
}

fn into_ours(message: &Message) -> tenant::Message {
    let body = message
        .body
        .as_deref()
        .filter(|body| !body.trim().is_empty());
    let plain = body
        .map(|body| without_nul(&plain_text(body)))
        .filter(|plain| !plain.is_empty());
    let subject = message
        .subject
        .as_deref()
        .map(|subject| without_nul(&plain_text(subject)));
    let subject = subject.filter(|subject| !subject.is_empty());
    // An e-mail's subject is part of what the customer wrote.
    let (plain, html) = match (subject, plain) {
        (Some(subject), Some(plain)) => {
            let html = format!(
                "{}{}",
                crate::text::paragraphs(&subject),
                body.map(sanitise).unwrap_or_default()
            );
            (Some(format!("{subject}\n{plain}")), Some(html))
        }
        (Some(subject), None) => (
            Some(subject.clone()),
            Some(crate::text::paragraphs(&subject)),
        ),
        (None, plain) => (plain, body.map(sanitise)),
    };
    tenant::Message {
        id: message.id.clone(),
        kind: match message.kind {
            MessageKind::Opening => model::MessageKind::Source,
            MessageKind::Note => model::MessageKind::Note,
            MessageKind::Reply | MessageKind::StateChange | MessageKind::Machine => {
                model::MessageKind::Reply
            }
        },
        author_kind: author_kind(&message.author),
        author_id: message.author.id.clone(),
        author_name: author_name(&message.author),
        html,
        plain,
        attachments: attachments(&message.attachments),
        created_at: message.created_at,
        updated_at: message.updated_at.or(message.created_at),
        redacted_at: None,
    }
}

fn author_kind(author: &Author) -> model::AuthorKind {
    match author.kind {
        AuthorKind::User | AuthorKind::Lead | AuthorKind::Contact => model::AuthorKind::Customer,
        AuthorKind::Bot => model::AuthorKind::Bot,
        AuthorKind::Admin | AuthorKind::Team | AuthorKind::Other => model::AuthorKind::Teammate,
    }
}

/// A customer without a name is known by the e-mail address.
fn author_name(author: &Author) -> Option<String> {
    let email = author.email.as_ref().filter(|_| author.kind.is_customer());
    author.name.as_ref().or(email).map(|name| without_nul(name))
}

fn attachments(list: &[Attachment]) -> String {
    let list: Vec<serde_json::Value> = list
        .iter()
        .map(|attachment| {
            let Attachment {
                name,
                url,
                content_type,
                filesize,
                width: _,
                height: _,
            } = attachment;
            serde_json::json!({
                "name": name.as_deref().map(without_nul),
                "url": without_nul(url),
                "content_type": content_type.as_deref().map(without_nul),
                "size": filesize,
            })
        })
        .collect();
    serde_json::Value::from(list).to_string()
}

/// Who a conversation is with, as far as this copy of it tells: id, name, e-mail address, role.
pub(crate) fn contact_of(conversation: &Conversation, into: &mut tenant::Conversation) {
    let first = conversation.contacts.first();
    let author = conversation
        .messages()
        .map(|message| &message.author)
        .find(|author| {
            author.kind.is_customer()
                && first.is_none_or(|c| author.id.as_deref() == Some(c.id.as_str()))
        });
    let clean = |text: Option<String>| text.map(|text| without_nul(&text));
    let id = first
        .map(|contact| contact.id.clone())
        .or_else(|| author.and_then(|a| a.id.clone()));
    let name = first
        .and_then(|c| c.name.clone())
        .or_else(|| author.and_then(|a| a.name.clone()));
    let email = first
        .and_then(|c| c.email.clone())
        .or_else(|| author.and_then(|a| a.email.clone()));
    let id = clean(id);
    if id.is_some() && into.contact_id.is_some() && id != into.contact_id {
        // Somebody else's name does not stay with the new contact.
        into.contact_name = None;
        into.contact_email = None;
        into.contact_role = None;
    }
    into.contact_id = id.or(into.contact_id.take());
    into.contact_name = clean(name).or(into.contact_name.take());
    into.contact_email = clean(email).or(into.contact_email.take());
    if conversation.team_assignee_id.is_some() {
        into.team_id = clean(conversation.team_assignee_id.clone());
    }
    if let Some(company) = &conversation.company {
        into.company_id = Some(without_nul(&company.id));
        into.company_name = clean(company.name.clone()).or(into.company_name.take());
    }
}

/// Our copy of a conversation, with its contact locked: a deletion of that contact waits until this transaction ends.
pub(crate) async fn known(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    id: &str,
) -> Result<Option<tenant::Conversation>> {
    let found = tenant.conversation(connection, id).await?;
    let contact = found.as_ref().and_then(|ours| ours.contact_id.as_deref());
    let Some(contact) = contact else {
        return Ok(found);
    };
    tenant.lock_contacts(connection, &[contact], false).await?;
    tenant.conversation(connection, id).await
}
