//! A tag was put on a message: which products want a ticket for it.

use crate::beginning::{self, Beginning, begin};
use crate::buried::Buried;
use crate::erase::Cause;
use crate::outcome::Applied;
use crate::rederive::rederive;
use crate::rules::Rules;
use crate::thread;
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Connection, Conversation, Ticket, TicketTag, Trigger};
use earmark_db::{Error, Result, Tenant, Tx};
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

/// What became of a tagging.
pub(crate) enum Tried {
    Applied(Applied),
    /// Our copy of the conversation begins with it, so it can be written together with others.
    Begins(Box<Beginning>),
}

/// Applies a tagging.
pub(crate) async fn apply(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    tagged: &Tagged,
    buried: &Buried,
    asked: Asked,
) -> Result<Applied> {
    let rules = &mut Rules::default();
    match attempt(tenant, connection, rules, tagged, buried, asked).await? {
        Tried::Applied(applied) => Ok(applied),
        Tried::Begins(one) => {
            let begun = begin(tenant, connection.id, rules, vec![*one]).await?;
            begun.into_iter().next().ok_or(Error::Missing)
        }
    }
}

/// Applies a tagging, unless it can be written together with others.
pub(crate) async fn attempt(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    rules: &mut Rules,
    tagged: &Tagged,
    buried: &Buried,
    asked: Asked,
) -> Result<Tried> {
    let Some(anchor) = tagged.anchor.message() else {
        let why = "the notification does not say which message was tagged";
        return Ok(Tried::Applied(Applied::ignored(why)));
    };
    let (counting, skipped) = counting(tenant, connection, rules, tagged, asked).await?;
    if counting.is_empty() {
        return Ok(Tried::Applied(Applied::ignored(skipped.join("; "))));
    }
    let id = &tagged.conversation.id;
    let ours = match rules.is_unknown(id) {
        true => None,
        false => thread::known(tenant, connection.id, id).await?,
    };
    let is_gone = buried.whole || anchor.redacted || buried.messages.contains(&anchor.id);
    if ours.is_none() && !is_gone {
        let at = (connection.id, anchor);
        let beginning = Beginning::new(tenant, at, tagged, buried, counting, skipped);
        return Ok(Tried::Begins(Box::new(beginning)));
    }
    let tickets = match &ours {
        Some(_) => tenant.tickets_of_conversation(connection.id, id).await?,
        None => Vec::new(),
    };
    let mut tagging = Tagging {
        tenant,
        connection,
        tagged,
        anchor,
        buried,
        ours,
        tickets,
        effects: Effects {
            skipped,
            ..Effects::default()
        },
    };
    for (tag, trigger) in &counting {
        tagging.escalate(tag, trigger, rules).await?;
    }
    tagging.finish().await.map(Tried::Applied)
}

/// The triggers that count, each with the tag that it puts on its ticket, and in words why others do not.
async fn counting(
    tenant: &Tenant<'_, Tx>,
    connection: &Connection,
    rules: &mut Rules,
    tagged: &Tagged,
    asked: Asked,
) -> Result<(Vec<(TicketTag, Trigger)>, Vec<String>)> {
    let (mut counting, mut skipped) = (Vec::new(), Vec::new());
    for tag in &tagged.tags {
        let tag = &named(tenant, connection, tag).await?;
        let triggers = rules.triggers(tenant, connection.id, &tag.id).await?;
        if triggers.is_empty() {
            skipped.push(format!("tag '{}' is not a trigger tag", name_of(tag)));
        }
        for trigger in triggers {
            let why = why_not(connection, &trigger, tag, tagged.tagged_at, asked);
            if let Some(why) = why {
                skipped.push(why);
                continue;
            }
            let on_ticket = TicketTag {
                tag: tag.id.clone(),
                name: crate::text::without_nul(name_of(tag)),
                tagged_at: tagged.tagged_at,
                tagged_by: tagged.tagged_by.as_ref().and_then(|by| by.id.clone()),
            };
            counting.push((on_ticket, trigger));
        }
    }
    Ok((counting, skipped))
}

/// A tagging of a conversation that is known, or of a message that is gone.
struct Tagging<'a> {
    tenant: &'a Tenant<'a, Tx>,
    connection: &'a Connection,
    tagged: &'a Tagged,
    anchor: &'a Message,
    buried: &'a Buried,
    /// Our copy as it is now, with its tickets.
    ours: Option<Conversation>,
    tickets: Vec<Ticket>,
    effects: Effects,
}

/// What the triggers of a tagging did, in words, and the first ticket they made or touched.
#[derive(Default)]
struct Effects {
    done: Vec<String>,
    skipped: Vec<String>,
    ticket: Option<TicketId>,
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
    async fn escalate(
        &mut self,
        tag: &TicketTag,
        trigger: &Trigger,
        rules: &mut Rules,
    ) -> Result<()> {
        let tenant = self.tenant;
        let Some(ticket) = self.known_ticket(trigger) else {
            self.lift().await?;
            self.keep_conversation().await?;
            let ticket = self.create(trigger).await?;
            tenant.put_ticket_tags(&[(ticket.id, tag)]).await?;
            let key = rules.key(tenant, ticket.number).await?;
            let words = format!("created ticket {key} in {}", trigger.product_name);
            self.effects.ticket.get_or_insert(ticket.id);
            self.effects.done.push(words);
            return Ok(());
        };
        let ticket = ticket.clone();
        self.effects.ticket.get_or_insert(ticket.id);
        let key = rules.key(tenant, ticket.number).await?;
        let is_back = self.lift().await?;
        if is_back {
            self.keep_conversation().await?;
        }
        let TicketTag { name, .. } = tag;
        let Effects { done, skipped, .. } = &mut self.effects;
        if tenant.add_ticket_tag(ticket.id, tag).await? {
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
        let id = &self.tagged.conversation.id;
        rederive(self.tenant, self.connection.id, id).await?;
        let words = [done, skipped].concat();
        Ok(Applied::processed(words.join("; "), ticket))
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
        self.ours = Some(fresh);
        Ok(true)
    }

    /// The ticket that the message has in the product: made there, or moved there since.
    fn known_ticket(&self, trigger: &Trigger) -> Option<&Ticket> {
        self.tickets.iter().find(|ticket| {
            ticket.message == self.anchor.id
                && (ticket.origin_product == trigger.product || ticket.product == trigger.product)
        })
    }

    async fn create(&mut self, trigger: &Trigger) -> Result<Ticket> {
        let thread = &[];
        let new = beginning::ticket(
            self.connection.id,
            self.anchor,
            self.tagged,
            thread,
            trigger,
        );
        let ticket = self.tenant.create_ticket(new).await?;
        if self.buried.whole {
            self.tenant.mark_source_gone(ticket.id).await?;
        }
        self.tickets.push(ticket.clone());
        Ok(ticket)
    }

    /// Stores what the payload tells of the conversation, and asks for what it does not.
    async fn keep_conversation(&mut self) -> Result<()> {
        let (tenant, connection) = (self.tenant, self.connection.id);
        let (tagged, buried) = (self.tagged, self.buried);
        let id = &tagged.conversation.id;
        let is_known = self.ours.is_some();
        let ours = self
            .ours
            .get_or_insert_with(|| Conversation::new(id.clone()));
        if buried.whole {
            // A conversation that is known was erased when it was deleted.
            if !is_known {
                tenant.put_conversation(connection, ours).await?;
                let why = Cause::Deleted.words();
                tenant.erase_conversation(connection, id, why).await?;
            }
            return Ok(());
        }
        thread::contact_of(&tagged.conversation, ours);
        tenant
            .enqueue(&Job::Details {
                connection,
                conversation: id.clone(),
            })
            .await?;
        tenant.put_conversation(connection, ours).await?;
        for message in thread::around(&tagged.conversation, self.anchor) {
            thread::store(tenant, connection, &tagged.conversation, message, buried).await?;
        }
        Ok(())
    }
}
