//! Redaction and deletion: gone from every stored copy, payloads included. Switches do not matter here.

use crate::outcome::Applied;
use crate::rederive::rederive;
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::webhook::{Erase, scrub};
use earmark_model::ConnectionId;

/// Erases messages of a conversation and buries them.
pub(crate) async fn redact(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
    messages: &[String],
) -> Result<Applied> {
    let (mut news, mut ours) = (false, 0);
    for message in messages {
        news |= tenant.bury(connection, conversation, Some(message)).await?;
        ours += tenant
            .redact_message(connection, conversation, message)
            .await?;
    }
    let erase = Erase {
        whole: false,
        messages: messages.iter().cloned().collect(),
    };
    tenant
        .rewrite_bodies(connection, conversation, |body| scrub(body, &erase))
        .await?;
    rederive(tenant, connection, conversation).await?;
    let tickets = tenant
        .tickets_of_conversation(connection, conversation)
        .await?;
    Ok(match (news, tickets.first()) {
        (false, _) => Applied::ignored("this was redacted before"),
        (true, Some(ticket)) if ours > 0 => Applied::processed(
            format!("redacted {} in the thread", count(ours)),
            Some(ticket.id),
        ),
        (true, _) => Applied::processed("redacted: erased from the stored payloads", None),
    })
}

/// Erases all of a deleted conversation and buries it. Its tickets keep key, status, our own words and a member's title.
pub(crate) async fn delete(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
) -> Result<Applied> {
    let news = tenant.bury(connection, conversation, None).await?;
    let tickets = tenant
        .tickets_of_conversation(connection, conversation)
        .await?;
    for ticket in &tickets {
        tenant.mark_source_gone(ticket.id).await?;
    }
    tenant.erase_conversation(connection, conversation).await?;
    let erase = Erase {
        whole: true,
        ..Erase::default()
    };
    tenant
        .rewrite_bodies(connection, conversation, |body| scrub(body, &erase))
        .await?;
    Ok(match (news, tickets.first()) {
        (false, _) => Applied::ignored("this conversation was deleted before"),
        (true, Some(ticket)) => Applied::processed(
            format!(
                "conversation deleted: erased from {} ticket(s)",
                tickets.len()
            ),
            Some(ticket.id),
        ),
        (true, None) => Applied::processed(
            "conversation deleted: erased from the stored payloads",
            None,
        ),
    })
}

fn count(messages: u64) -> String {
    if messages == 1 {
        "a message".to_owned()
    } else {
        format!("{messages} messages")
    }
}
