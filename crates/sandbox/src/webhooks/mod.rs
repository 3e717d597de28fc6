//! Signed webhooks: what is sent to whom, and with which envelope.

pub(crate) mod attempt;
pub(crate) mod deliver;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::render::{self, Shape};
use crate::state::State;
use crate::state::app::{App, Version};
use crate::state::event::Event;
use attempt::Outgoing;

/// `X-Hub-Signature`: HMAC-SHA1 of the body bytes with the app's client secret, in lower-case hex.
pub(crate) fn sign(client_secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length, so the error branch cannot be reached.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(client_secret.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Builds the notifications of one event: one for each app that listens, in the words of its version.
pub(crate) fn notifications(
    state: &State,
    app_id: &str,
    event: &Event,
    now: i64,
    new_id: &dyn Fn() -> String,
) -> Vec<Outgoing> {
    state
        .apps
        .iter()
        .filter(|app| app.hears(event.topic()) && app.lives_in(app_id))
        .filter_map(|app| {
            let item = item(state, app, app_id, event)?;
            let id = Some(new_id());
            Some(outgoing(app, app_id, id, event.topic(), item, now))
        })
        .collect()
}

/// The test request of the subscription page, in the name of a workspace. Its id is null, as captured.
pub(crate) fn ping(app: &App, app_id: &str, now: i64) -> Option<Outgoing> {
    let item = json!({"type": "ping", "message": "ping from the subscription page"});
    let listens = app.hears("ping") && (app.oauth.is_some() || app.lives_in(app_id));
    listens.then(|| outgoing(app, app_id, None, "ping", item, now))
}

fn outgoing(
    app: &App,
    app_id: &str,
    id: Option<String>,
    topic: &str,
    item: Value,
    now: i64,
) -> Outgoing {
    let status = id.as_ref().map(|_| "pending");
    let body = json!({
        "type": "notification_event",
        "app_id": app_id,
        "data": {"type": "notification_event_data", "item": item},
        "links": {},
        "id": id,
        "topic": topic,
        "delivery_status": status,
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": now,
        "created_at": now,
        "self": null,
    });
    Outgoing {
        id: id.unwrap_or_else(|| "ping".to_owned()),
        client_id: app.client_id.clone(),
        app_id: app_id.to_owned(),
        topic: topic.to_owned(),
        created_at: now,
        attempt: 1,
        body,
    }
}

fn item(state: &State, app: &App, app_id: &str, event: &Event) -> Option<Value> {
    let workspace = state.workspaces.get(app_id)?;
    let shape = Shape::webhook(app.version);
    Some(match event {
        Event::Conversation {
            conversation, part, ..
        } => {
            let conversation = workspace.conversations.get(conversation)?;
            render::conversation::webhook(workspace, conversation, part.as_deref(), shape)
        }
        Event::Tagged {
            conversation,
            part,
            tag,
        } => {
            let conversation = workspace.conversations.get(conversation)?;
            let tag = workspace.tag(tag)?;
            if app.legacy_payloads || app.version < Version::new(2, 0) {
                render::legacy::tagged(workspace, conversation, part.as_deref(), tag)
            } else {
                json!({
                    "type": "conversation_part_tag",
                    "created_at": conversation.updated_at,
                    "conversation":
                        render::conversation::webhook(workspace, conversation, part.as_deref(), shape),
                    "tag": render::tag(tag),
                })
            }
        }
        Event::ConversationDeleted { conversation } => {
            json!({"type": "conversation", "conversation_id": conversation})
        }
        Event::Company { company, .. } => {
            render::people::company_webhook(workspace, workspace.companies.get(company)?)
        }
        Event::CompanyDeleted { company } => {
            json!({"id": company, "type": "company", "deleted": true})
        }
        Event::Ticket { ticket, .. } => {
            render::desk::ticket(workspace, workspace.desk.tickets.get(ticket)?, shape)
        }
        Event::TicketNote { ticket, part } => {
            let ticket = workspace.desk.tickets.get(ticket)?;
            let part = ticket.parts.iter().find(|one| one.id == *part)?;
            json!({
                "type": "ticket_ticket_part",
                "ticket": render::desk::ticket(workspace, ticket, shape),
                "ticket_part": render::desk::part(part),
            })
        }
        Event::Article { article, .. } => render::desk::article(workspace, article, shape, false),
        event => render::event::people(workspace, event, shape)?,
    })
}

#[cfg(test)]
mod tests {
    use super::sign;

    /// Expected values computed with `openssl dgst -sha1 -hmac`.
    #[test]
    fn the_signature_is_what_openssl_computes() {
        assert_eq!(
            sign("quillwater-secret", br#"{"topic":"ping"}"#),
            "sha1=d92bbc5b8636152354bc438d1afd867625a2b701"
        );
        assert_eq!(
            sign("s/+= ütf", "{\"body\":\"Grüße\"}".as_bytes()),
            "sha1=ff180cec56f7354bca6fa45c1d64534beb0183c8"
        );
    }
}
