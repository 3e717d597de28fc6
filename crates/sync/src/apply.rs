//! Applies deliveries, several in one transaction, each together with its outcome.

use crate::beginning::begin;
use crate::buried::{About, Buried};
use crate::erase;
use crate::outcome::Applied;
use crate::people;
use crate::rederive::rederive;
use crate::rules::Rules;
use crate::tagging::{self, Asked, Tried};
use crate::thread;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Connection, DISCONNECTED, Ticket, WaitingDelivery};
use earmark_db::{Db, Result, Tenant, Tx};
use earmark_intercom::Conversation;
use earmark_intercom::webhook::{ConversationChange, Event, Notification, parse};
use earmark_model::{
    ConnectionId, ConnectionStatus, DeliveryId, Job, Outcome, TicketId, WorkspaceId,
};
use std::collections::{BTreeMap, HashSet};

/// Deliveries in one transaction at most: so many share what a transaction costs, and no other writer waits long for it.
pub(crate) const TOGETHER: usize = 16;

/// A delivery with what it says.
struct Letter<'a> {
    delivery: &'a WaitingDelivery,
    parsed: Result<Notification, String>,
    about: About,
}

impl<'a> Letter<'a> {
    fn open(delivery: &'a WaitingDelivery) -> Self {
        let parsed = parse(&delivery.body).map_err(|why| why.to_string());
        let subject = delivery.subject.as_deref();
        let about = match &parsed {
            Ok(notification) => About::event(&notification.event, subject),
            Err(_) => About::subject(subject),
        };
        Self {
            delivery,
            parsed,
            about,
        }
    }

    /// Whether later deliveries must see what it buries, which is read once for all of a transaction.
    fn buries(&self) -> bool {
        let event = self.parsed.as_ref().map(|notification| &notification.event);
        event.is_ok_and(|event| erases(event) || matches!(event, Event::ContactMerged { .. }))
    }
}

/// The first deliveries that can share a transaction: up to one that buries something, and no two about one conversation,
/// of which the former may show that a message was redacted.
fn together(waiting: &[WaitingDelivery]) -> Vec<Letter<'_>> {
    let (mut letters, mut conversations) = (Vec::<Letter<'_>>::new(), HashSet::new());
    for letter in waiting.iter().take(TOGETHER).map(Letter::open) {
        let about = letter.about.conversation.clone();
        let is_new = about.is_none_or(|id| conversations.insert(id));
        let fits = is_new && !letter.buries() && !letters.iter().any(Letter::buries);
        if !letters.is_empty() && !fits {
            break;
        }
        letters.push(letter);
    }
    letters
}

/// Applies the first of the waiting deliveries in one transaction, and writes down what became of each. Gives their number:
/// none when one of them has to be applied alone, or somebody finished it meanwhile, who has the last word.
pub(crate) async fn apply(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    waiting: &[WaitingDelivery],
) -> Result<usize> {
    let letters = together(waiting);
    let count = letters.len();
    let tx = db.begin_redoable().await?;
    let tenant = tx.workspace(workspace);
    let abouts: Vec<&About> = letters.iter().map(|letter| &letter.about).collect();
    let buried = Buried::lock_all(&tenant, connection, &abouts).await?;
    if count > 1 && buried.iter().any(|one| !one.is_empty()) {
        return Ok(0);
    }
    let row = tenant.connection(connection).await?;
    let conversations = abouts.iter().filter_map(|one| one.conversation.as_deref());
    let conversations: Vec<&str> = conversations.collect();
    let mut rules = Rules::of(&tenant, connection, &conversations).await?;
    let (mut applied, mut begun, mut topics) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (letter, buried) in letters.into_iter().zip(buried) {
        let delivery = letter.delivery;
        // Whatever becomes of the delivery, its stored body keeps nothing that is buried.
        buried.scrub_own(&tenant, connection, delivery).await?;
        if let Ok(notification) = &letter.parsed {
            topics.insert(notification.topic.clone(), delivery.received_at);
        }
        match apply_letter(&tenant, row.as_ref(), &mut rules, letter, buried).await? {
            Tried::Applied(one) => applied.push((delivery.id, one)),
            Tried::Begins(one) => begun.push((delivery.id, *one)),
        }
    }
    let (ids, begun): (Vec<_>, Vec<_>) = begun.into_iter().unzip();
    let begun = begin(&tenant, connection, &mut rules, begun).await?;
    applied.extend(ids.into_iter().zip(begun));
    if finish(&tenant, &applied).await? < count as u64 {
        return Ok(0);
    }
    // Last, because others write to this row, too: they wait no longer than a commit takes.
    let is_live = |row: &Connection| row.status != ConnectionStatus::Disconnected;
    if row.as_ref().is_some_and(is_live) {
        for (topic, at) in topics {
            tenant.saw_topic(connection, &topic, at).await?;
        }
    }
    tx.commit().await?;
    Ok(count)
}

async fn apply_letter(
    tenant: &Tenant<'_, Tx>,
    row: Option<&Connection>,
    rules: &mut Rules,
    letter: Letter<'_>,
    buried: Buried,
) -> Result<Tried> {
    let row = row.map(|row| (row.status != ConnectionStatus::Disconnected, row));
    match (row, letter.parsed) {
        (Some((is_live, row)), Ok(notification)) if is_live || erases(&notification.event) => {
            let received_at = letter.delivery.received_at;
            let told_at = notification.created_at.unwrap_or(received_at);
            apply_event(tenant, row, rules, notification, told_at, buried).await
        }
        (Some((true, _)), Err(why)) => Ok(Tried::Applied(Applied::unreadable(why))),
        (_, _) => Ok(Tried::Applied(Applied {
            outcome: Outcome::Ignored,
            note: DISCONNECTED.to_owned(),
            ticket: None,
        })),
    }
}

/// Writes down what became of deliveries; gives how many nobody else had finished.
async fn finish(tenant: &Tenant<'_, Tx>, applied: &[(DeliveryId, Applied)]) -> Result<u64> {
    let finished = applied.iter().map(|(id, applied)| {
        let Applied {
            outcome,
            note,
            ticket,
        } = applied;
        (*id, *outcome, note.as_str(), *ticket)
    });
    let finished: Vec<_> = finished.collect();
    tenant.finish_deliveries(&finished).await
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
    finish(&tenant, &[(delivery.id, Applied::failed(delivery.id))]).await?;
    tx.commit().await
}

async fn apply_event(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    rules: &mut Rules,
    notification: Notification,
    told_at: DateTime<Utc>,
    mut buried: Buried,
) -> Result<Tried> {
    let applied = match notification.event {
        Event::Ping { .. } => Ok(Applied::processed(
            "understood: Intercom tested the address",
            None,
        )),
        Event::Tagged(mut tagged) => {
            buried.hide_in_tagging(&mut tagged);
            erase::found(tenant, connection.id, &tagged.conversation, &mut buried).await?;
            let asked = Asked::ByNobody;
            return tagging::attempt(tenant, connection, rules, &tagged, &buried, asked).await;
        }
        Event::ConversationChanged {
            mut conversation,
            change,
        } => {
            buried.hide(&mut conversation);
            erase::found(tenant, connection.id, &conversation, &mut buried).await?;
            let about = (&*conversation, change);
            conversation_changed(tenant, connection, rules, about, &buried).await
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
    };
    applied.map(Tried::Applied)
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
    rules: &mut Rules,
    (conversation, change): (&Conversation, ConversationChange),
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
    let key = rules.key(tenant, first.number).await?;
    Ok(Applied::processed(
        format!("added {what} to {key}"),
        Some(first.id),
    ))
}
