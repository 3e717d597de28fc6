//! Applies one delivery in one transaction, together with its outcome.

use crate::buried::{About, Buried};
use crate::erase;
use crate::outcome::Applied;
use crate::people;
use crate::rederive::rederive;
use crate::tagging::{self, Asked};
use crate::thread;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Connection, DISCONNECTED, Ticket, WaitingDelivery};
use earmark_db::{Db, Result, Tenant, Tx};
use earmark_intercom::Conversation;
use earmark_intercom::webhook::{ConversationChange, Event, Notification, parse};
use earmark_model::{
    ConnectionId, ConnectionStatus, Job, Outcome, TicketId, TicketKey, WorkspaceId,
};

/// Applies a delivery and writes down what became of it.
pub(crate) async fn apply(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    delivery: &WaitingDelivery,
) -> Result<()> {
    let tx = db.begin_redoable().await?;
    let tenant = tx.workspace(workspace);
    let parsed = parse(&delivery.body);
    let subject = delivery.subject.as_deref();
    let about = match &parsed {
        Ok(notification) => About::event(&notification.event, subject),
        Err(_) => About::subject(subject),
    };
    // Whatever becomes of the delivery, its stored body keeps nothing that is buried.
    let buried = Buried::lock(&tenant, connection, &about).await?;
    buried.scrub_own(&tenant, connection, delivery).await?;
    let live = tenant.connection(connection).await?;
    let live = live.map(|row| (row.status != ConnectionStatus::Disconnected, row));
    let mut topic = None;
    let told_at = match &parsed {
        Ok(notification) => notification.created_at.unwrap_or(delivery.received_at),
        Err(_) => delivery.received_at,
    };
    let applied = match (live, parsed) {
        (Some((true, row)), Ok(notification)) => {
            topic = Some(notification.topic.clone());
            apply_event(&tenant, &row, notification, told_at, buried).await?
        }
        (Some((false, row)), Ok(notification)) if erases(&notification.event) => {
            apply_event(&tenant, &row, notification, told_at, buried).await?
        }
        (Some((true, _)), Err(why)) => Applied::unreadable(why),
        (_, _) => Applied {
            outcome: Outcome::Ignored,
            note: DISCONNECTED.to_owned(),
            ticket: None,
        },
    };
    let Applied {
        outcome,
        note,
        ticket,
    } = applied;
    // Whoever finished it meanwhile has the last word: nothing of this is kept.
    if !tenant
        .finish_delivery(delivery.id, outcome, &note, ticket)
        .await?
    {
        return Ok(());
    }
    // Last, because all lanes of a connection share this row: they wait for each other no longer than a commit takes.
    if let Some(topic) = topic {
        tenant
            .saw_topic(connection, &topic, delivery.received_at)
            .await?;
    }
    tx.commit().await
}

/// Whether an event erases something. That is done whatever the connection's status: Intercom does not ask twice.
fn erases(event: &Event) -> bool {
    matches!(
        event,
        Event::Redacted { .. } | Event::ConversationDeleted { .. } | Event::ContactDeleted { .. }
    )
}

/// Writes down that a delivery cannot be applied.
pub(crate) async fn fail(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    delivery: &WaitingDelivery,
) -> Result<()> {
    let tx = db.begin_redoable().await?;
    let tenant = tx.workspace(workspace);
    let about = About::subject(delivery.subject.as_deref());
    let buried = Buried::lock(&tenant, connection, &about).await?;
    buried.scrub_own(&tenant, connection, delivery).await?;
    let Applied {
        outcome,
        note,
        ticket,
    } = Applied::failed(delivery.id);
    tenant
        .finish_delivery(delivery.id, outcome, &note, ticket)
        .await?;
    tx.commit().await
}

async fn apply_event(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    notification: Notification,
    told_at: DateTime<Utc>,
    mut buried: Buried,
) -> Result<Applied> {
    match notification.event {
        Event::Ping { .. } => Ok(Applied::processed(
            "understood: Intercom tested the address",
            None,
        )),
        Event::Tagged(mut tagged) => {
            buried.hide_in_tagging(&mut tagged);
            erase::found(tenant, connection.id, &tagged.conversation, &mut buried).await?;
            tagging::apply(tenant, connection, &tagged, &buried, Asked::ByNobody).await
        }
        Event::ConversationChanged {
            mut conversation,
            change,
        } => {
            buried.hide(&mut conversation);
            erase::found(tenant, connection.id, &conversation, &mut buried).await?;
            conversation_changed(tenant, connection, &conversation, change, &buried).await
        }
        Event::ConversationPeople {
            conversation_id, ..
        } => match escalated(tenant, connection, &conversation_id, &buried).await? {
            Ok(ticket) => ask(tenant, connection.id, &conversation_id, ticket.id).await,
            Err(ignored) => Ok(ignored),
        },
        Event::Redacted {
            conversation,
            messages,
        } => {
            let ids: Vec<String> = messages.into_iter().map(|message| message.id).collect();
            erase::redact(tenant, connection.id, &conversation.id, &ids).await
        }
        Event::ConversationDeleted { conversation_id } => {
            erase::delete(tenant, connection.id, &conversation_id).await
        }
        event @ (Event::ContactDeleted { .. }
        | Event::ContactMerged { .. }
        | Event::ContactChanged { .. }
        | Event::ContactArchived { .. }
        | Event::ContactTag { .. }
        | Event::CompanyChanged { .. }
        | Event::CompanyDeleted { .. }
        | Event::CompanyContact { .. }) => {
            people::apply(tenant, connection, event, told_at, &buried).await
        }
        Event::Unknown => Ok(Applied::ignored(format!(
            "Earmark has no use for {}",
            notification.topic
        ))),
    }
}

/// The first ticket of a conversation whose copy is kept, or why nothing of it is.
async fn escalated(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    conversation: &str,
    buried: &Buried,
) -> Result<std::result::Result<Ticket, Applied>> {
    let why = if buried.whole {
        "this conversation was deleted"
    } else if buried.copy {
        "our copy of this conversation was erased, and it was not tagged since"
    } else {
        let tickets = tenant
            .tickets_of_conversation(connection.id, conversation)
            .await?;
        match tickets.into_iter().next() {
            None => "no ticket came from this conversation",
            Some(_) if connection.feedback_on_at.is_none() => {
                "feedback is switched off for this connection"
            }
            Some(first) => return Ok(Ok(first)),
        }
    };
    Ok(Err(Applied::ignored(why)))
}

/// Asks Intercom who takes part in a conversation and whose it is.
async fn ask(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    conversation: &str,
    ticket: TicketId,
) -> Result<Applied> {
    let job = Job::Details {
        connection,
        conversation: conversation.to_owned(),
    };
    tenant.enqueue(&job).await?;
    Ok(Applied::processed(
        "Intercom is asked for its contact, company and team",
        Some(ticket),
    ))
}

async fn conversation_changed(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    conversation: &Conversation,
    change: ConversationChange,
    buried: &Buried,
) -> Result<Applied> {
    let first = match escalated(tenant, connection, &conversation.id, buried).await? {
        Ok(first) => first,
        Err(ignored) => return Ok(ignored),
    };
    let mut stored = 0;
    for message in conversation
        .parts
        .iter()
        .filter(|message| thread::belongs(message))
    {
        stored +=
            u32::from(thread::store(tenant, connection.id, conversation, message, buried).await?);
    }
    if stored == 0 && change == ConversationChange::Belonging {
        return ask(tenant, connection.id, &conversation.id, first.id).await;
    }
    if stored == 0 {
        return Ok(Applied::ignored(match change {
            ConversationChange::OperatorReplied => "the bot wrote nothing of its own",
            _ => "it brings no new message",
        }));
    }
    if change == ConversationChange::Belonging {
        ask(tenant, connection.id, &conversation.id, first.id).await?;
    }
    rederive(tenant, connection.id, &conversation.id).await?;
    let what = match change {
        ConversationChange::UserReplied => "a customer's reply",
        ConversationChange::AdminReplied => "a teammate's reply",
        ConversationChange::AdminNoted => "a note",
        ConversationChange::OperatorReplied => "a bot's answer",
        ConversationChange::UserCreated
        | ConversationChange::Belonging
        | ConversationChange::Other => "a message",
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
