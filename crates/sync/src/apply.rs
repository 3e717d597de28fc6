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
    ClaimedJob, ConnectionId, ConnectionStatus, DeliveryId, Job, Outcome, TicketId, WorkspaceId,
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

    /// Whether it shares its transaction with no other. Later ones must see what it buries, which is read once for all; what
    /// a later one buries must find it among the unreadable ones; and companies are locked in one order by everybody.
    fn stands_alone(&self) -> bool {
        let Ok(notification) = &self.parsed else {
            return true;
        };
        let event = &notification.event;
        let others = matches!(
            event,
            Event::ContactMerged { .. }
                | Event::CompanyChanged { .. }
                | Event::CompanyDeleted { .. }
                | Event::CompanyContact { .. }
        );
        erases(event) || others
    }
}

/// The first deliveries that can share a transaction: up to one that stands alone, no two about one conversation, of which
/// the former may show that a message was redacted, and none that changes a contact whom one before it names.
fn together(waiting: &[WaitingDelivery]) -> Vec<Letter<'_>> {
    let mut letters = Vec::<Letter<'_>>::new();
    let (mut conversations, mut named) = (HashSet::new(), HashSet::new());
    for letter in waiting.iter().take(TOGETHER).map(Letter::open) {
        let About {
            conversation,
            contacts,
            erasing,
        } = letter.about.clone();
        let is_new = conversation.is_none_or(|id| conversations.insert(id));
        let changes = erasing && contacts.iter().any(|id| named.contains(id));
        let alone = letter.stands_alone() || letters.iter().any(Letter::stands_alone);
        if !letters.is_empty() && (!is_new || changes || alone) {
            break;
        }
        named.extend(contacts);
        letters.push(letter);
    }
    letters
}

/// Applies the first of the waiting deliveries in one transaction, and writes down what became of each. Gives their number:
/// none when somebody finished one of them meanwhile, who has the last word. When that is all of them, the same transaction
/// ends the job `ending`.
pub(crate) async fn apply(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
    waiting: &[WaitingDelivery],
    ending: Option<&ClaimedJob>,
) -> Result<usize> {
    let mut letters = together(waiting);
    let tx = db.begin_redoable().await?;
    let tenant = tx.workspace(workspace);
    let abouts: Vec<&About> = letters.iter().map(|letter| &letter.about).collect();
    let buried = Buried::lock_all(&tenant, connection, &abouts).await?;
    // One of which something is buried is applied alone.
    let whole = buried.iter().take_while(|one| one.is_empty()).count();
    letters.truncate(whole.max(1));
    let count = letters.len();
    let row = tenant.connection(connection).await?;
    let conversations = letters.iter().map(|one| one.about.conversation.as_deref());
    let conversations: Vec<&str> = conversations.flatten().collect();
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
    applied.sort_unstable_by_key(|(id, _)| *id);
    if finish(&tenant, &applied).await? < count as u64 {
        return Ok(0);
    }
    if let Some(job) = ending.filter(|_| count == waiting.len()) {
        tx.across().finish_job(job).await?;
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
