//! What a ticket takes from its conversation's messages: the title, and whose text stands in for a message without one.
//! Decided anew from the stored messages whenever they change, so the order in which they came does not matter.

use crate::text::title;
use earmark_db::tenant::{Message, Ticket};
use earmark_db::{Result, Tenant, Tx};
use earmark_model::{AuthorKind, ConnectionId};

/// Brings every ticket of a conversation in line with the stored messages.
pub(crate) async fn rederive(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
) -> Result<()> {
    let tickets = tenant
        .tickets_of_conversation(connection, conversation)
        .await?;
    let messages = tenant.messages(connection, conversation).await?;
    for ticket in tickets
        .iter()
        .filter(|ticket| ticket.source_gone_at.is_none())
    {
        let Some(at) = messages
            .iter()
            .position(|message| message.id == ticket.message)
        else {
            continue;
        };
        if messages[at].redacted_at.is_some() {
            tenant.mark_source_gone(ticket.id).await?;
            continue;
        }
        let (derived, from) = derive(&messages, at);
        if is_news(ticket, derived.as_deref(), from) {
            tenant
                .set_derived_text(ticket.id, derived.as_deref(), from)
                .await?;
        }
    }
    Ok(())
}

/// The title from the message at `at`, or from the nearest earlier customer's message when it has no text, which is then
/// named. The messages are in the order of their time.
pub(crate) fn derive(messages: &[Message], at: usize) -> (Option<String>, Option<&str>) {
    if let Some(own) = messages[at].plain.as_deref().and_then(title) {
        return (Some(own), None);
    }
    let earlier = messages[..at]
        .iter()
        .rev()
        .find(|message| message.author_kind == AuthorKind::Customer && message.plain.is_some());
    match earlier {
        Some(message) => (message.plain.as_deref().and_then(title), Some(&message.id)),
        None => (None, None),
    }
}

fn is_news(ticket: &Ticket, derived: Option<&str>, from: Option<&str>) -> bool {
    let title_differs = !ticket.title_by_member && ticket.title.as_deref() != derived;
    title_differs || ticket.text_from.as_deref() != from
}
