//! Applies one delivery in one transaction, together with its outcome.

use crate::erase;
use crate::outcome::Applied;
use crate::rederive::rederive;
use crate::tagging;
use crate::thread::{self, Buried};
use earmark_db::tenant::{Connection, WaitingDelivery};
use earmark_db::{Db, Result, Tenant, Tx};
use earmark_intercom::Conversation;
use earmark_intercom::webhook::{ConversationChange, Erase, Event, Notification, parse, scrub};
use earmark_model::{ConnectionId, ConnectionStatus, TicketKey, WorkspaceId};

/// Applies a delivery and writes down what became of it.
pub(crate) async fn apply(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    delivery: &WaitingDelivery,
) -> Result<()> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    let applied = match tenant.connection(connection).await? {
        Some(row) if row.status != ConnectionStatus::Disconnected => match parse(&delivery.body) {
            Ok(notification) => {
                tenant
                    .saw_topic(connection, &notification.topic, delivery.received_at)
                    .await?;
                apply_event(&tenant, &row, &notification).await?
            }
            Err(why) => Applied::unreadable(why),
        },
        _ => Applied::ignored("disconnected"),
    };
    let Applied {
        outcome,
        note,
        ticket,
    } = applied;
    // Whoever finished it meanwhile, such as a disconnect, has the last word: nothing of this is kept.
    if !tenant
        .finish_delivery(delivery.id, outcome, &note, ticket)
        .await?
    {
        return Ok(());
    }
    tx.commit().await
}

/// Writes down that a delivery cannot be applied.
pub(crate) async fn fail(
    db: &Db,
    workspace: WorkspaceId,
    delivery: &WaitingDelivery,
    why: &str,
) -> Result<()> {
    let tx = db.begin().await?;
    let Applied {
        outcome,
        note,
        ticket,
    } = Applied::failed(why);
    tx.workspace(workspace)
        .finish_delivery(delivery.id, outcome, &note, ticket)
        .await?;
    tx.commit().await
}

async fn apply_event(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    notification: &Notification,
) -> Result<Applied> {
    match &notification.event {
        Event::Ping { .. } => Ok(Applied::processed(
            "understood: Intercom tested the address",
            None,
        )),
        Event::Tagged(tagged) => {
            let buried = lock(tenant, connection, &tagged.conversation.id).await?;
            tagging::apply(tenant, connection, tagged, &buried).await
        }
        Event::ConversationChanged {
            conversation,
            change,
        } => {
            let buried = lock(tenant, connection, &conversation.id).await?;
            conversation_changed(tenant, connection, conversation, *change, &buried).await
        }
        Event::Redacted {
            conversation,
            messages,
        } => {
            lock(tenant, connection, &conversation.id).await?;
            let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
            erase::redact(tenant, connection.id, &conversation.id, &ids).await
        }
        Event::ConversationDeleted { conversation_id } => {
            lock(tenant, connection, conversation_id).await?;
            erase::delete(tenant, connection.id, conversation_id).await
        }
        Event::ContactChanged { .. }
        | Event::ContactArchived { .. }
        | Event::ContactDeleted { .. }
        | Event::ContactMerged { .. }
        | Event::ContactTag { .. } => Ok(Applied::ignored("contacts are not copied")),
        Event::CompanyChanged { .. }
        | Event::CompanyDeleted { .. }
        | Event::CompanyContact { .. } => Ok(Applied::ignored("companies are not copied")),
        Event::Unknown => Ok(Applied::ignored(format!(
            "Earmark has no use for {}",
            notification.topic
        ))),
    }
}

/// Takes the conversation's lock and reads its tombstones. Stored payloads about a conversation with tombstones are
/// scrubbed against them, the present one included.
async fn lock(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    conversation: &str,
) -> Result<Buried> {
    tenant
        .lock_conversation(connection.id, conversation)
        .await?;
    let buried = Buried::read(tenant, connection.id, conversation).await?;
    if !buried.is_empty() {
        let erase = Erase {
            whole: buried.whole,
            messages: buried.messages.clone(),
        };
        tenant
            .rewrite_bodies(connection.id, conversation, |body| scrub(body, &erase))
            .await?;
    }
    Ok(buried)
}

async fn conversation_changed(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    conversation: &Conversation,
    change: ConversationChange,
    buried: &Buried,
) -> Result<Applied> {
    if buried.whole {
        return Ok(Applied::ignored("this conversation was deleted"));
    }
    let tickets = tenant
        .tickets_of_conversation(connection.id, &conversation.id)
        .await?;
    let Some(first) = tickets.first() else {
        return Ok(Applied::ignored("no ticket came from this conversation"));
    };
    if connection.feedback_on_at.is_none() {
        return Ok(Applied::ignored(
            "feedback is switched off for this connection",
        ));
    }
    let mut stored = 0;
    for message in conversation
        .parts
        .iter()
        .filter(|message| thread::belongs(message))
    {
        stored += u32::from(
            thread::store(tenant, connection.id, &conversation.id, message, buried).await?,
        );
    }
    if stored == 0 {
        return Ok(Applied::ignored(match change {
            ConversationChange::OperatorReplied => "the bot wrote nothing of its own",
            _ => "it brings no new message",
        }));
    }
    rederive(tenant, connection.id, &conversation.id).await?;
    let what = match change {
        ConversationChange::UserReplied => "a customer's reply",
        ConversationChange::AdminReplied => "a teammate's reply",
        ConversationChange::AdminNoted => "a note",
        ConversationChange::OperatorReplied => "a bot's answer",
        ConversationChange::UserCreated | ConversationChange::Other => "a message",
    };
    let prefix = tenant.details().await?.ticket_prefix;
    let key = TicketKey {
        prefix,
        number: first.number,
    };
    Ok(Applied::processed(
        format!("added {what} to {key}"),
        Some(first.id),
    ))
}
