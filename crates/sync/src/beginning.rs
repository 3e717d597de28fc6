//! Taggings with which our copy of a conversation begins: most of them. All of one transaction are written together, with a
//! statement for each table.

use crate::buried::Buried;
use crate::outcome::Applied;
use crate::rederive::derive;
use crate::rules::Rules;
use crate::thread;
use earmark_db::tenant::{Conversation, Message, NewTicket, Ticket, TicketTag, Trigger, by_time};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom as intercom;
use earmark_intercom::webhook::Tagged;
use earmark_model::{ConnectionId, Job, TicketId};

/// A conversation that is not known here yet, with the tickets that one of its messages makes.
pub(crate) struct Beginning {
    conversation: Conversation,
    /// Its messages as far as the payload has them, in order.
    thread: Vec<Message>,
    tickets: Vec<Planned>,
    /// Why some triggers did not count, in words.
    skipped: Vec<String>,
}

/// A ticket that will be made.
struct Planned {
    new: NewTicket,
    product: String,
    tags: Vec<TicketTag>,
}

impl Beginning {
    /// What the triggers that count make of a tagging.
    pub(crate) fn new(
        tenant: &Tenant<'_, Tx>,
        (connection, anchor): (ConnectionId, &intercom::Message),
        tagged: &Tagged,
        buried: &Buried,
        counting: Vec<(TicketTag, Trigger)>,
        skipped: Vec<String>,
    ) -> Self {
        let mut conversation = Conversation::new(tagged.conversation.id.clone());
        thread::contact_of(&tagged.conversation, &mut conversation);
        let mut thread: Vec<Message> = Vec::new();
        for message in thread::around(&tagged.conversation, anchor) {
            if thread.iter().all(|known| known.id != message.id) {
                let now = tenant.now();
                thread.push(thread::copy(now, &tagged.conversation, message, buried));
            }
        }
        thread.sort_by(by_time);
        let mut tickets: Vec<Planned> = Vec::new();
        for (tag, trigger) in counting {
            let same = tickets
                .iter_mut()
                .find(|one| one.new.product == trigger.product);
            match same {
                Some(planned) if planned.tags.iter().any(|known| known.tag == tag.tag) => {}
                Some(planned) => planned.tags.push(tag),
                None => tickets.push(Planned {
                    new: ticket(connection, anchor, tagged, &thread, &trigger),
                    product: trigger.product_name,
                    tags: vec![tag],
                }),
            }
        }
        Self {
            conversation,
            thread,
            tickets,
            skipped,
        }
    }

    async fn applied(
        self,
        tenant: &Tenant<'_, Tx>,
        rules: &mut Rules,
        made: &[Ticket],
    ) -> Result<Applied> {
        let mut words = Vec::new();
        for (planned, ticket) in self.tickets.iter().zip(made) {
            let key = rules.key(tenant, ticket.number).await?;
            words.push(format!("created ticket {key} in {}", planned.product));
            let others = planned.tags.iter().skip(1);
            words.extend(others.map(|tag| format!("added tag '{}' to {key}", tag.name)));
        }
        words.extend(self.skipped);
        let first = made.first().map(|ticket| ticket.id);
        Ok(Applied::processed(words.join("; "), first))
    }
}

/// The ticket that a trigger makes of a tagged message. Its title is that of the thread, as far as that is known.
pub(crate) fn ticket(
    connection: ConnectionId,
    anchor: &intercom::Message,
    tagged: &Tagged,
    thread: &[Message],
    trigger: &Trigger,
) -> NewTicket {
    let at = thread.iter().position(|message| message.id == anchor.id);
    let (title, text_from) = at.map_or((None, None), |at| derive(thread, at));
    NewTicket {
        product: trigger.product,
        connection,
        conversation: tagged.conversation.id.clone(),
        message: anchor.id.clone(),
        text_from: text_from.map(ToOwned::to_owned),
        title,
        tagged_at: tagged.tagged_at,
        tagged_by: tagged.tagged_by.as_ref().and_then(|by| by.id.clone()),
    }
}

/// Stores conversations and their tickets, and asks for what the payloads lack. Gives what became of each.
pub(crate) async fn begin(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    rules: &mut Rules,
    beginnings: Vec<Beginning>,
) -> Result<Vec<Applied>> {
    if beginnings.is_empty() {
        return Ok(Vec::new());
    }
    let conversations: Vec<&Conversation> =
        beginnings.iter().map(|one| &one.conversation).collect();
    tenant.put_conversations(connection, &conversations).await?;
    let mut messages: Vec<(&str, &Message)> = Vec::new();
    for one in &beginnings {
        let id = one.conversation.id.as_str();
        messages.extend(one.thread.iter().map(|message| (id, message)));
    }
    tenant.put_messages(connection, &messages).await?;
    let details = |one: &&Conversation| Job::Details {
        connection,
        conversation: one.id.clone(),
    };
    let jobs: Vec<Job> = conversations.iter().map(details).collect();
    tenant.enqueue_all(&jobs).await?;
    let planned: Vec<&Planned> = beginnings.iter().flat_map(|one| &one.tickets).collect();
    let new = planned.iter().map(|planned| planned.new.clone()).collect();
    let made = tenant.create_tickets(new).await?;
    let with_tags = planned.iter().zip(&made);
    let tags: Vec<(TicketId, &TicketTag)> = with_tags
        .flat_map(|(planned, ticket)| planned.tags.iter().map(|tag| (ticket.id, tag)))
        .collect();
    tenant.put_ticket_tags(&tags).await?;
    let (mut applied, mut rest) = (Vec::new(), made.as_slice());
    for one in beginnings {
        let (own, others) = rest.split_at(one.tickets.len());
        rest = others;
        applied.push(one.applied(tenant, rules, own).await?);
    }
    Ok(applied)
}
