//! A tag was put on a message: which products want a ticket for it.

use crate::buried::Buried;
use crate::erase::Cause;
use crate::outcome::Applied;
use crate::rederive::{derive, rederive};
use crate::rules::Rules;
use crate::thread;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{
    self, Connection, Conversation, NewTicket, Ticket, TicketTag, Trigger, by_time,
};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::webhook::Tagged;
use earmark_intercom::{Message, TagRef};
use earmark_model::{Job, TicketId, counts_since};

/// Who wants a tagging applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nobody: it makes a ticket if it happened since the tag counts.
    ByNobody,
    /// A member asked for those from before, too.
    ByMember,
}

/// A tagging that is being applied.
struct Tagging<'a> {
    tenant: &'a Tenant<'a, Tx>,
    connection: &'a Connection,
    tagged: &'a Tagged,
    anchor: &'a Message,
    buried: &'a Buried,
    /// Our copy before the tagging, with its tickets; read when a trigger counts.
    ours: Option<Ours>,
    /// The whole thread, in order, when our copy began with this tagging.
    begun: Option<Vec<tenant::Message>>,
    effects: Effects,
}

/// What we hold of a conversation.
struct Ours {
    conversation: Option<Conversation>,
    tickets: Vec<Ticket>,
}

/// What the triggers of a tagging did, in words, and the first ticket they made or touched.
#[derive(Default)]
struct Effects {
    done: Vec<String>,
    skipped: Vec<String>,
    ticket: Option<TicketId>,
}

/// Applies a tagging.
pub(crate) async fn apply(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    rules: &mut Rules,
    tagged: &Tagged,
    buried: &Buried,
    asked: Asked,
) -> Result<Applied> {
    let Some(anchor) = tagged.anchor.message() else {
        return Ok(Applied::ignored(
            "the notification does not say which message was tagged",
        ));
    };
    let mut tagging = Tagging {
        tenant,
        connection,
        tagged,
        anchor,
        buried,
        ours: None,
        begun: None,
        effects: Effects::default(),
    };
    for tag in &tagged.tags {
        let tag = &named(tenant, connection, tag).await?;
        let triggers = rules.triggers(tenant, connection.id, &tag.id).await?;
        if triggers.is_empty() {
            let why = format!("tag '{}' is not a trigger tag", name_of(tag));
            tagging.effects.skipped.push(why);
        }
        for trigger in triggers {
            match why_not(connection, &trigger, tag, tagged.tagged_at, asked) {
                Some(why) => tagging.effects.skipped.push(why),
                None => tagging.escalate(tag, &trigger, rules).await?,
            }
        }
    }
    tagging.finish().await
}

/// A tag with the name it has in our copy when the payload tells none: the outline that is left of a deleted
/// conversation's payload does not.
async fn named(tenant: &Tenant<'_, Tx>, connection: &Connection, tag: &TagRef) -> Result<TagRef> {
    let mut tag = tag.clone();
    if tag.name.is_none() {
        let known = tenant.tags().await?.into_iter();
        tag.name = known
            .filter(|known| known.connection == connection.id)
            .find(|known| known.id == tag.id)
            .map(|known| known.name);
    }
    Ok(tag)
}

fn name_of(tag: &TagRef) -> &str {
    tag.name.as_deref().unwrap_or(&tag.id)
}

/// Why a tagging does not count for a product, if it does not.
fn why_not(
    connection: &Connection,
    trigger: &Trigger,
    tag: &TagRef,
    tagged_at: DateTime<Utc>,
    asked: Asked,
) -> Option<String> {
    if connection.feedback_on_at.is_none() {
        return Some("feedback is switched off for this connection".to_owned());
    }
    if trigger.product_on_at.is_none() {
        return Some(format!(
            "feedback is switched off for {}",
            trigger.product_name
        ));
    }
    if asked == Asked::ByMember {
        return None;
    }
    let since = counts_since(
        trigger.chosen_at,
        trigger.product_on_at,
        connection.feedback_on_at,
    )?;
    (tagged_at < since).then(|| {
        format!(
            "tag '{}' was applied at {}, before it counted for {} (since {})",
            name_of(tag),
            tagged_at.format("%Y-%m-%d %H:%M:%S UTC"),
            trigger.product_name,
            since.format("%Y-%m-%d %H:%M:%S UTC"),
        )
    })
}

impl Tagging<'_> {
    /// Makes the product's ticket for the message, or puts the tag on the one it has.
    async fn escalate(&mut self, tag: &TagRef, trigger: &Trigger, rules: &mut Rules) -> Result<()> {
        let tenant = self.tenant;
        let ticket_tag = TicketTag {
            tag: tag.id.clone(),
            name: crate::text::without_nul(name_of(tag)),
            tagged_at: self.tagged.tagged_at,
            tagged_by: self.by(),
        };
        let Some(ticket) = self.known_ticket(trigger).await? else {
            self.lift().await?;
            self.keep_conversation().await?;
            let ticket = self.create(trigger).await?;
            tenant.put_ticket_tag(ticket.id, &ticket_tag).await?;
            let key = rules.key(tenant, ticket.number).await?;
            let words = format!("created ticket {key} in {}", trigger.product_name);
            self.effects.ticket.get_or_insert(ticket.id);
            self.effects.done.push(words);
            return Ok(());
        };
        self.effects.ticket.get_or_insert(ticket.id);
        let key = rules.key(tenant, ticket.number).await?;
        let is_back = self.lift().await?;
        if is_back {
            self.keep_conversation().await?;
        }
        let TicketTag { name, .. } = &ticket_tag;
        let Effects { done, skipped, .. } = &mut self.effects;
        if tenant.add_ticket_tag(ticket.id, &ticket_tag).await? {
            done.push(format!("added tag '{name}' to {key}"));
        } else if is_back {
            done.push(format!("brought the erased conversation of {key} back"));
        } else {
            skipped.push(format!("{key} has tag '{name}' already"));
        }
        Ok(())
    }

    /// Brings the tickets in line with the thread, and says what was done.
    async fn finish(self) -> Result<Applied> {
        let Effects {
            done,
            skipped,
            ticket,
        } = self.effects;
        if done.is_empty() {
            return Ok(Applied {
                ticket,
                ..Applied::ignored(skipped.join("; "))
            });
        }
        // Tickets of a thread that began just now were made in line with it.
        if self.begun.is_none() {
            let id = &self.tagged.conversation.id;
            rederive(self.tenant, self.connection.id, id).await?;
        }
        let words = [done, skipped].concat();
        Ok(Applied::processed(words.join("; "), ticket))
    }

    /// What we hold of the conversation. One that is not known has no tickets.
    async fn ours(&mut self) -> Result<&mut Ours> {
        let ours = match self.ours.take() {
            Some(ours) => ours,
            None => {
                let (tenant, connection) = (self.tenant, self.connection.id);
                let id = &self.tagged.conversation.id;
                let conversation = thread::known(tenant, connection, id).await?;
                let tickets = match &conversation {
                    Some(_) => tenant.tickets_of_conversation(connection, id).await?,
                    None => Vec::new(),
                };
                Ours {
                    conversation,
                    tickets,
                }
            }
        };
        Ok(self.ours.insert(ours))
    }

    /// A tagging that counts brings back what a member had erased after disconnecting: the trigger tags went with it, so
    /// they were chosen anew since. True when it did.
    async fn lift(&mut self) -> Result<bool> {
        let (tenant, connection) = (self.tenant, self.connection.id);
        let id = &self.tagged.conversation.id;
        if self.buried.whole || !self.buried.copy || !tenant.lift_copy(connection, id).await? {
            return Ok(false);
        }
        let fresh = Conversation::new(id.clone());
        tenant.put_conversation(connection, &fresh).await?;
        self.ours().await?.conversation = Some(fresh);
        Ok(true)
    }

    fn by(&self) -> Option<String> {
        self.tagged
            .tagged_by
            .as_ref()
            .and_then(|author| author.id.clone())
    }

    /// The ticket that the message has in the product: made there, or moved there since.
    async fn known_ticket(&mut self, trigger: &Trigger) -> Result<Option<Ticket>> {
        let message = self.anchor.id.clone();
        let tickets = &self.ours().await?.tickets;
        let of_product = |ticket: &&Ticket| {
            ticket.message == message
                && (ticket.origin_product == trigger.product || ticket.product == trigger.product)
        };
        Ok(tickets.iter().find(of_product).cloned())
    }

    async fn create(&mut self, trigger: &Trigger) -> Result<Ticket> {
        let at = |message: &tenant::Message| message.id == self.anchor.id;
        let thread = self.begun.as_deref().unwrap_or_default();
        let (title, text_from) = match thread.iter().position(at) {
            Some(at) => derive(thread, at),
            None => (None, None),
        };
        let new = NewTicket {
            product: trigger.product,
            connection: self.connection.id,
            conversation: self.tagged.conversation.id.clone(),
            message: self.anchor.id.clone(),
            text_from: text_from.map(ToOwned::to_owned),
            title,
            tagged_at: self.tagged.tagged_at,
            tagged_by: self.by(),
        };
        let ticket = self.tenant.create_ticket(new).await?;
        if self.buried.whole {
            self.tenant.mark_source_gone(ticket.id).await?;
        }
        self.ours().await?.tickets.push(ticket.clone());
        Ok(ticket)
    }

    /// Stores what the payload tells of the conversation, and asks for what it does not.
    async fn keep_conversation(&mut self) -> Result<()> {
        let (tenant, connection) = (self.tenant, self.connection.id);
        let (tagged, buried) = (self.tagged, self.buried);
        let id = &tagged.conversation.id;
        if self.begun.is_some() {
            return Ok(());
        }
        let known = self.ours().await?.conversation.clone();
        let is_known = known.is_some();
        let mut ours = known.unwrap_or_else(|| Conversation::new(id.clone()));
        if buried.whole {
            // A conversation that is known was erased when it was deleted.
            if !is_known {
                tenant.put_conversation(connection, &ours).await?;
                let why = Cause::Deleted.words();
                tenant.erase_conversation(connection, id, why).await?;
                self.ours().await?.conversation = Some(ours);
            }
            return Ok(());
        }
        thread::contact_of(&tagged.conversation, &mut ours);
        tenant
            .enqueue(&Job::Details {
                connection,
                conversation: id.clone(),
            })
            .await?;
        tenant.put_conversation(connection, &ours).await?;
        self.ours().await?.conversation = Some(ours);
        // The anchor stands whatever it is; its neighbours only if they say something.
        let neighbours = tagged
            .conversation
            .messages()
            .filter(|m| m.id != self.anchor.id && thread::belongs(m));
        let mut thread = Vec::new();
        for message in std::iter::once(self.anchor).chain(neighbours) {
            let copy = thread::copy(tenant.now(), &tagged.conversation, message, buried);
            tenant.put_message(connection, id, &copy).await?;
            thread.push(copy);
        }
        let is_redacted = |m: &tenant::Message| m.id == self.anchor.id && m.redacted_at.is_some();
        if !is_known && !thread.iter().any(is_redacted) {
            thread.sort_by(by_time);
            self.begun = Some(thread);
        }
        Ok(())
    }
}
