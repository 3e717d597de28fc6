//! What webhooks about people carry.

use serde_json::{Value, json};

use super::{Shape, people};
use crate::state::Workspace;
use crate::state::event::Event;

/// The item of an event about a contact; `None` when what it is about is gone.
pub(crate) fn people(workspace: &Workspace, event: &Event, shape: Shape) -> Option<Value> {
    let contact = |id: &str| {
        let contact = workspace.contacts.get(id)?;
        Some(people::contact(workspace, contact, shape))
    };
    Some(match event {
        Event::Contact { contact: id, .. } => contact(id)?,
        Event::ContactGone {
            topic,
            contact,
            external_id,
        } => gone(topic, contact, external_id.as_deref()),
        Event::ContactTag {
            contact: id,
            tag,
            at,
            ..
        } => json!({
            "type": "contact_tag",
            "tag": super::tag(tag),
            "contact": contact(id)?,
            "created_at": at,
        }),
        Event::Merged { contact: id, from } => {
            let mut item = contact(id)?;
            item["merged_from"] = json!({"type": "contact", "id": from});
            item
        }
        Event::Subscription {
            topic,
            contact: id,
            subscription,
            at,
        } => choice(workspace, topic, contact(id)?, subscription, *at),
        Event::Membership {
            contact: id,
            company,
            ..
        } => {
            let company = workspace.companies.get(company)?;
            json!({
                "company": people::company_member(workspace, company),
                "contact": contact(id)?,
            })
        }
        // An internal dump, as captured: the conversation's id is a number.
        Event::Participant {
            conversation,
            contact: id,
            ..
        } => json!({
            "conversation": {"model": {"id": conversation.parse::<u64>().ok()}},
            "contact": contact(id)?,
        }),
        _ => return None,
    })
}

fn gone(topic: &str, contact: &str, external_id: Option<&str>) -> Value {
    let how = match topic {
        "contact.deleted" => "deleted",
        _ => "archived",
    };
    json!({"id": contact, "external_id": external_id, "type": "contact", how: true})
}

fn choice(
    workspace: &Workspace,
    topic: &str,
    contact: Value,
    subscription: &str,
    at: i64,
) -> Value {
    let kind = match topic {
        "contact.subscribed" => "contact_subscribe",
        _ => "contact_unsubscribe",
    };
    let types = workspace.subscription_types.iter();
    let chosen: Vec<Value> = types
        .filter(|one| one.id == subscription)
        .map(super::subscription)
        .collect();
    json!({
        "type": kind,
        "contact": contact,
        "subscription_types": {"type": "list", "data": chosen},
        "created_at": at,
    })
}
