//! Reading a whole notification.

use chrono::{DateTime, Utc};

use super::{
    CompanyChange, ContactChange, ConversationChange, Event, Notification, current_topic, tagging,
};
use crate::{
    Company, Contact, ContactRef, ContactRole, Conversation, Message, TagRef,
    json::{self, Fields, Object, Unreadable},
};

/// Reads a payload of any topic and API version. A topic there is no use for gives [`Event::Unknown`].
///
/// # Errors
/// [`Unreadable`] when the body is not a notification, or lacks what its topic cannot do without. The reason
/// never holds text of the body.
pub fn parse(body: &[u8]) -> Result<Notification, Unreadable> {
    let envelope = json::object_from(body)?;
    let topic = envelope
        .text("topic")
        .ok_or_else(|| Unreadable::new("the notification names no topic"))?;
    let created_at = envelope.date("created_at");
    let empty = Object::new();
    let item = envelope
        .object("data")
        .and_then(|data| data.object("item"))
        .unwrap_or(&empty);
    Ok(Notification {
        id: envelope.id("id"),
        app_id: envelope.id("app_id"),
        created_at,
        first_sent_at: envelope.date("first_sent_at"),
        event: event(current_topic(&topic), item, created_at)?,
        topic,
    })
}

fn event(topic: &str, item: &Object, sent_at: Option<DateTime<Utc>>) -> Result<Event, Unreadable> {
    match topic {
        "ping" => Ok(Event::Ping {
            message: item.text("message"),
        }),
        "conversation_part.tag.created" => {
            Ok(Event::Tagged(Box::new(tagging::read(item, sent_at)?)))
        }
        "conversation_part.redacted" => redacted(item),
        "conversation.deleted" => Ok(Event::ConversationDeleted {
            conversation_id: item
                .id("conversation_id")
                .or_else(|| item.id("id"))
                .ok_or_else(|| Unreadable::new("the deleted conversation has no id"))?,
        }),
        "company.created" => company(item, CompanyChange::Created),
        "company.updated" => company(item, CompanyChange::Updated),
        "company.deleted" => Ok(Event::CompanyDeleted {
            company_id: item
                .id("id")
                .ok_or_else(|| Unreadable::new("the deleted company has no id"))?,
        }),
        "company.contact.attached" => company_contact(item, true),
        "company.contact.detached" => company_contact(item, false),
        _ if topic.starts_with("contact.") => contact_event(topic, item, sent_at),
        _ if topic.starts_with("conversation.") => conversation_event(topic, item),
        _ => Ok(Event::Unknown),
    }
}

fn conversation_event(topic: &str, item: &Object) -> Result<Event, Unreadable> {
    let change = match topic {
        "conversation.user.created" => ConversationChange::UserCreated,
        "conversation.user.replied" => ConversationChange::UserReplied,
        "conversation.admin.replied" => ConversationChange::AdminReplied,
        "conversation.admin.noted" => ConversationChange::AdminNoted,
        "conversation.operator.replied" => ConversationChange::OperatorReplied,
        "conversation.contact.attached" | "conversation.contact.detached" => {
            return Ok(people(item));
        }
        // Topics whose item is no conversation, and those still unknown.
        _ if item.text("type").as_deref() != Some("conversation") => return Ok(Event::Unknown),
        "conversation.company.updated"
        | "conversation.admin.assigned"
        | "conversation.admin.open.assigned" => ConversationChange::Belonging,
        _ => ConversationChange::Other,
    };
    Ok(Event::ConversationChanged {
        conversation: Box::new(Conversation::read(item)?),
        change,
    })
}

/// Whose people changed: an internal dump in which the conversation may stand as a model.
fn people(item: &Object) -> Event {
    let conversation = item.object("conversation");
    let id = conversation.and_then(|one| {
        let model = || one.object("model").and_then(|model| model.id("id"));
        one.id("id").or_else(model)
    });
    match id.or_else(|| item.id("conversation_id")) {
        Some(conversation_id) => Event::ConversationPeople {
            conversation_id,
            contact_id: item.object("contact").and_then(|contact| contact.id("id")),
        },
        None => Event::Unknown,
    }
}

/// The messages marked redacted. Should none be marked, the parts sent are the ones meant, or the opening
/// message when no part was sent: leaving redacted text behind is worse than erasing too much.
fn redacted(item: &Object) -> Result<Event, Unreadable> {
    let conversation = Conversation::read(item.object("conversation").unwrap_or(item))?;
    let marked = |message: &&Message| message.redacted;
    let mut messages: Vec<Message> = conversation.messages().filter(marked).cloned().collect();
    if messages.is_empty() {
        messages = conversation.parts.clone();
    }
    if messages.is_empty() {
        messages.extend(conversation.source.clone());
    }
    if messages.is_empty() {
        return Err(Unreadable::new("the redaction names no message"));
    }
    Ok(Event::Redacted {
        conversation: Box::new(conversation),
        messages,
    })
}

fn contact_event(
    topic: &str,
    item: &Object,
    sent_at: Option<DateTime<Utc>>,
) -> Result<Event, Unreadable> {
    let reference =
        || ContactRef::read(item).ok_or_else(|| Unreadable::new("the contact has no id"));
    // Some topics wrap the contact together with what happened to it.
    let inner = || {
        contact(
            topic,
            item.object("contact")
                .or(item.object("user"))
                .unwrap_or(item),
        )
    };
    let changed = |change| {
        Ok(Event::ContactChanged {
            contact: inner()?,
            change,
        })
    };
    match topic {
        "contact.archived" => Ok(Event::ContactArchived {
            contact: reference()?,
        }),
        "contact.deleted" => Ok(Event::ContactDeleted {
            contact: reference()?,
        }),
        "contact.merged" => Ok(Event::ContactMerged {
            contact: inner()?,
            merged_from: item.object("merged_from").and_then(|from| from.id("id")),
        }),
        "contact.user.created" | "contact.lead.created" => changed(ContactChange::Created),
        "contact.unarchive" => changed(ContactChange::Unarchived),
        "contact.user.updated"
        | "contact.lead.updated"
        | "contact.lead.added_email"
        | "contact.lead.signed_up"
        | "contact.email.updated"
        | "contact.subscribed"
        | "contact.unsubscribed" => changed(ContactChange::Updated),
        "contact.user.tag.created" | "contact.lead.tag.created" => Ok(Event::ContactTag {
            contact: inner()?,
            tag: tag(item)?,
            added: true,
            at: item.date("created_at").or(sent_at),
        }),
        "contact.user.tag.deleted" | "contact.lead.tag.deleted" => Ok(Event::ContactTag {
            contact: inner()?,
            tag: tag(item)?,
            added: false,
            at: item.date("created_at").or(sent_at),
        }),
        _ => Ok(Event::Unknown),
    }
}

/// A contact; the role may be told by the topic alone.
fn contact(topic: &str, from: &Object) -> Result<Box<Contact>, Unreadable> {
    let mut contact = Contact::read(from)?;
    if contact.role.is_none() {
        contact.role = if topic.starts_with("contact.user.") {
            Some(ContactRole::User)
        } else if topic.starts_with("contact.lead.") {
            Some(ContactRole::Lead)
        } else {
            None
        };
    }
    Ok(Box::new(contact))
}

fn tag(item: &Object) -> Result<TagRef, Unreadable> {
    item.object("tag")
        .and_then(TagRef::read)
        .ok_or_else(|| Unreadable::new("the notification names no tag"))
}

fn company(item: &Object, change: CompanyChange) -> Result<Event, Unreadable> {
    Ok(Event::CompanyChanged {
        company: Box::new(Company::read(item)?),
        change,
    })
}

fn company_contact(item: &Object, attached: bool) -> Result<Event, Unreadable> {
    let part = |key: &str| {
        item.object(key)
            .ok_or_else(|| Unreadable::new(format!("the notification names no {key}")))
    };
    Ok(Event::CompanyContact {
        company: Box::new(Company::read(part("company")?)?),
        contact: Box::new(Contact::read(part("contact")?)?),
        attached,
    })
}
