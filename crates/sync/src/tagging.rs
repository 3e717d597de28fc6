//! A tag was put on a message: which products want a ticket for it.

use crate::buried::Buried;
use crate::erase::Cause;
use crate::outcome::Applied;
use crate::rederive::rederive;
use crate::thread;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Connection, Conversation, NewTicket, Ticket, TicketTag, Trigger};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::webhook::Tagged;
use earmark_intercom::{Message, TagRef};
use earmark_model::{Job, TicketId, TicketKey, counts_since};

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
    tagged: &Tagged,
    buried: &Buried,
    asked: Asked,
) -> Result<Applied> {
    let Some(anchor) = tagged.anchor.message() else {
        return Ok(Applied::ignored(
            "the notification does not say which message was tagged",
        ));
    };
    let tagging = Tagging {
        tenant,
        connection,
        tagged,
        anchor,
        buried,
    };
    let mut effects = Effects::default();
    for tag in &tagged.tags {
        let tag = &named(tenant, connection, tag).await?;
        let triggers = tenant.triggers(connection.id, &tag.id).await?;
        if triggers.is_empty() {
            effects
                .skipped
                .push(format!("tag '{}' is not a trigger tag", name_of(tag)));
        }
        for trigger in triggers {
            match why_not(connection, &trigger, tag, tagged.tagged_at, asked) {
                Some(why) => effects.skipped.push(why),
                None => tagging.escalate(tag, &trigger, &mut effects).await?,
            }
        }
    }
    if effects.done.is_empty() {
        return Ok(Applied {
            ticket: effects.ticket,
            ..Applied::ignored(effects.skipped.join("; "))
        });
    }
    rederive(tenant, connection.id, &tagged.conversation.id).await?;
    let words = [effects.done, effects.skipped].concat();
    Ok(Applied::processed(words.join("; "), effects.ticket))
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
    async fn escalate(&self, tag: &TagRef, trigger: &Trigger, effects: &mut Effects) -> Result<()> {
        let tenant = self.tenant;
        let ticket_tag = TicketTag {
            tag: tag.id.clone(),
            name: crate::text::without_nul(name_of(tag)),
            tagged_at: self.tagged.tagged_at,
            tagged_by: self.by(),
        };
        let prefix = tenant.details().await?.ticket_prefix;
        let key = |ticket: &Ticket| TicketKey {
            prefix: prefix.clone(),
            number: ticket.number,
        };
        if let Some(ticket) = self.known_ticket(trigger).await? {
            effects.ticket.get_or_insert(ticket.id);
            let is_back = self.lift().await?;
            if is_back {
                self.keep_conversation().await?;
            }
            if tenant.add_ticket_tag(ticket.id, &ticket_tag).await? {
                effects.done.push(format!(
                    "added tag '{}' to {}",
                    ticket_tag.name,
                    key(&ticket)
                ));
            } else if is_back {
                effects.done.push(format!(
                    "brought the erased conversation of {} back",
                    key(&ticket)
                ));
            } else {
                effects.skipped.push(format!(
                    "{} has tag '{}' already",
                    key(&ticket),
                    ticket_tag.name
                ));
            }
            return Ok(());
        }
        self.lift().await?;
        self.keep_conversation().await?;
        let ticket = self.create(trigger).await?;
        tenant.add_ticket_tag(ticket.id, &ticket_tag).await?;
        effects.ticket.get_or_insert(ticket.id);
        effects.done.push(format!(
            "created ticket {} in {}",
            key(&ticket),
            trigger.product_name
        ));
        Ok(())
    }

    /// A tagging that counts brings back what a member had erased after disconnecting: the trigger tags went with it, so
    /// they were chosen anew since. True when it did.
    async fn lift(&self) -> Result<bool> {
        let id = &self.tagged.conversation.id;
        if self.buried.whole
            || !self.buried.copy
            || !self.tenant.lift_copy(self.connection.id, id).await?
        {
            return Ok(false);
        }
        let fresh = Conversation::new(id.clone());
        self.tenant
            .put_conversation(self.connection.id, &fresh)
            .await?;
        Ok(true)
    }

    fn by(&self) -> Option<String> {
        self.tagged
            .tagged_by
            .as_ref()
            .and_then(|author| author.id.clone())
    }

    /// The ticket that the message has in the product: made there, or moved there since.
    async fn known_ticket(&self, trigger: &Trigger) -> Result<Option<Ticket>> {
        let conversation = &self.tagged.conversation.id;
        let tickets = self
            .tenant
            .tickets_of_conversation(self.connection.id, conversation)
            .await?;
        Ok(tickets.into_iter().find(|ticket| {
            ticket.message == self.anchor.id
                && (ticket.origin_product == trigger.product || ticket.product == trigger.product)
        }))
    }

    async fn create(&self, trigger: &Trigger) -> Result<Ticket> {
        let new = NewTicket {
            product: trigger.product,
            connection: self.connection.id,
            conversation: self.tagged.conversation.id.clone(),
            message: self.anchor.id.clone(),
            text_from: None,
            title: None,
            tagged_at: self.tagged.tagged_at,
            tagged_by: self.by(),
        };
        let ticket = self.tenant.create_ticket(new).await?;
        if self.buried.whole {
            self.tenant.mark_source_gone(ticket.id).await?;
        }
        Ok(ticket)
    }

    /// Stores what the payload tells of the conversation, and asks for what it does not.
    async fn keep_conversation(&self) -> Result<()> {
        let Self {
            tenant,
            connection,
            tagged,
            anchor,
            buried,
        } = self;
        let id = &tagged.conversation.id;
        let known = thread::known(tenant, connection.id, id).await?;
        if buried.whole {
            // A conversation that is known was erased when it was deleted.
            if known.is_none() {
                let unknown = Conversation::new(id.clone());
                tenant.put_conversation(connection.id, &unknown).await?;
                let why = Cause::Deleted.words();
                tenant.erase_conversation(connection.id, id, why).await?;
            }
            return Ok(());
        }
        let mut ours = known.unwrap_or_else(|| Conversation::new(id.clone()));
        thread::contact_of(&tagged.conversation, &mut ours);
        tenant
            .enqueue(&Job::Details {
                connection: connection.id,
                conversation: id.clone(),
            })
            .await?;
        tenant.put_conversation(connection.id, &ours).await?;
        // The anchor stands whatever it is; its neighbours only if they say something.
        let neighbours = tagged
            .conversation
            .messages()
            .filter(|m| m.id != anchor.id && thread::belongs(m));
        for message in std::iter::once(*anchor).chain(neighbours) {
            thread::store(tenant, connection.id, &tagged.conversation, message, buried).await?;
        }
        Ok(())
    }
}
