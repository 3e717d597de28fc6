//! Which messages of a conversation carry which tags, as the API tells it, and the tickets that follow.
//!
//! A conversation lists each tag once with one time, whichever messages carry it. So the time of a tagging is known when
//! one message carries the tag and all are given; otherwise it is known only that a message was not tagged before it was written.

use crate::buried::Buried;
use crate::runs::MOST_GIVEN;
use crate::tagging::{self, Asked};
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Connection, Ticket};
use earmark_db::{Result, Tenant, Tx};
use earmark_intercom::webhook::{Anchor, Tagged};
use earmark_intercom::{AppliedTag, Conversation, Message, TagRef};
use earmark_model::{Outcome, counts_since};
use std::collections::BTreeSet;

/// A conversation that carries tags.
pub(crate) struct Carried<'a> {
    pub(crate) tenant: &'a Tenant<'a, Tx>,
    pub(crate) connection: &'a Connection,
    pub(crate) conversation: &'a Conversation,
    /// The tags that matter, by id.
    pub(crate) tags: &'a [String],
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// A tagging that nobody told of had its effect now, in words.
    Made(String),
    /// A tagging makes no ticket because it may be from before the tag counted, in words.
    TimeUnknown(String),
    /// A tagging makes no ticket, for a reason that many conversations may share.
    Nothing(String),
}

/// Its tags changed between the search that found it and the answer that gave it.
pub(crate) const UNTAGGED: &str = "it carries no trigger tag any more";
/// No product gets tickets.
pub(crate) const FEEDBACK_OFF: &str = "feedback is switched off for this connection";
const NO_MESSAGE: &str = "Intercom gives no message of it to make a ticket of";

/// The messages that carry a tag: when no part does, the opening message was tagged. None when it may be one of the
/// parts that Intercom does not give.
pub(crate) fn carriers<'a>(conversation: &'a Conversation, tag: &str) -> Vec<&'a Message> {
    let carriers: Vec<&Message> = conversation
        .messages()
        .filter(|message| message.has_tag(tag))
        .collect();
    if carriers.is_empty() && !is_cut(conversation) {
        return conversation.source.iter().collect();
    }
    carriers
}

/// Whether Intercom gives not all parts: only the newest 500.
fn is_cut(conversation: &Conversation) -> bool {
    let given = conversation.parts.len() as u64;
    let more = |all: Option<u64>, than: u64| all.is_some_and(|all| all > than);
    // The statistics may count the opening message, too.
    more(conversation.parts_total, given)
        || (given >= MOST_GIVEN && more(conversation.parts_counted(), given + 1))
}

impl Carried<'_> {
    fn applied(&self) -> impl Iterator<Item = &AppliedTag> {
        let wanted = |tag: &&AppliedTag| self.tags.contains(&tag.id);
        self.conversation.tags.iter().filter(wanted)
    }

    /// Makes the tickets of taggings that counted and of which nobody told.
    pub(crate) async fn heal(&self, buried: &Buried) -> Result<Vec<Found>> {
        let mut found = self.untagged();
        let now = self.tenant.now();
        for tag in self.applied() {
            let carriers = carriers(self.conversation, &tag.id);
            let alone = carriers.len() == 1 && !is_cut(self.conversation);
            if carriers.is_empty() {
                match self.why_not(tag, Some(now)).await? {
                    None => found.extend(self.hidden(tag).await?),
                    Some(why) => found.push(Found::Nothing(why)),
                }
            }
            found.extend(self.hidden_opening(tag).await?);
            for message in carriers {
                // A ticket whose conversation was erased here gets it back.
                if !buried.copy && self.has_tickets(tag, Some(message)).await? {
                    continue;
                }
                // An earlier time is that of a tagging which is not shown: the opening message's, or one that was undone.
                let known = tag.applied_at.filter(|_| alone);
                let known =
                    known.map(|at| message.created_at.map_or(at, |written| at.max(written)));
                match (known, message.created_at) {
                    (Some(at), _) => found.extend(self.tag(tag, message, at, buried).await?),
                    // Written since the tag counts, so tagged since, too.
                    (None, Some(written)) if self.counts(tag, written).await? => {
                        let at = tag.applied_at.map_or(written, |at| at.max(written));
                        found.extend(self.tag(tag, message, at, buried).await?);
                    }
                    (None, _) => found.push(match self.why_not(tag, Some(now)).await? {
                        None => Found::TimeUnknown(format!(
                            "message {} carries tag '{}', and Intercom does not say since when: it made no ticket",
                            message.id,
                            tag.name.as_deref().unwrap_or(&tag.id),
                        )),
                        Some(why) => Found::Nothing(why),
                    }),
                }
            }
        }
        Ok(found)
    }

    /// Makes the tickets of all taggings, because a member asked for those from before.
    pub(crate) async fn escalate_all(&self, buried: &Buried) -> Result<Vec<Found>> {
        let mut made = self.untagged();
        for tag in self.applied() {
            if let Some(why) = self.why_not(tag, None).await? {
                made.push(Found::Nothing(why));
                continue;
            }
            let carriers = carriers(self.conversation, &tag.id);
            if carriers.is_empty() {
                made.extend(self.hidden(tag).await?);
            }
            let opening = self.unshown_opening(tag);
            for message in carriers.into_iter().chain(opening) {
                let at = tag.applied_at.or(message.created_at);
                let tagged = self.tagged(tag, message, at.unwrap_or_else(|| self.tenant.now()));
                let applied = tagging::apply(
                    self.tenant,
                    self.connection,
                    &tagged,
                    buried,
                    Asked::ByMember,
                )
                .await?;
                if applied.outcome == Outcome::Processed {
                    made.push(Found::Made(applied.note));
                }
            }
        }
        Ok(made)
    }

    /// What there is to say of a tag whose message Intercom does not give, unless its tickets are there.
    async fn hidden(&self, tag: &AppliedTag) -> Result<Option<Found>> {
        if self.has_tickets(tag, None).await? {
            return Ok(None);
        }
        if !is_cut(self.conversation) {
            return Ok(Some(Found::Nothing(NO_MESSAGE.to_owned())));
        }
        Ok(Some(Found::TimeUnknown(format!(
            "tag '{}' is on a message that Intercom does not give, for it gives only the newest {} parts: it made no ticket",
            tag.name.as_deref().unwrap_or(&tag.id),
            self.conversation.parts.len(),
        ))))
    }

    /// The opening message, when it must carry a tag that Intercom shows on parts alone: the tag was applied before any of
    /// them was written.
    fn unshown_opening(&self, tag: &AppliedTag) -> Option<&Message> {
        let (applied_at, source) = (tag.applied_at?, self.conversation.source.as_ref()?);
        let carriers = carriers(self.conversation, &tag.id);
        let shown = carriers.is_empty() || carriers.iter().any(|one| one.id == source.id);
        let later = |one: &&Message| one.created_at.is_some_and(|written| written > applied_at);
        (!shown && !is_cut(self.conversation) && carriers.iter().all(later)).then_some(source)
    }

    /// What there is to say of such an opening message, unless its tickets are there. It may also have been a part that
    /// carries the tag no more, so only a member may have its ticket made.
    async fn hidden_opening(&self, tag: &AppliedTag) -> Result<Option<Found>> {
        let (Some(source), Some(at)) = (self.unshown_opening(tag), tag.applied_at) else {
            return Ok(None);
        };
        if !self.counts(tag, at).await? || self.has_tickets(tag, Some(source)).await? {
            return Ok(None);
        }
        Ok(Some(Found::TimeUnknown(format!(
            "message {} may carry tag '{}', which was applied before the messages that show it were written: it made no ticket",
            source.id,
            tag.name.as_deref().unwrap_or(&tag.id),
        ))))
    }

    /// Whether every product that chose the tag has its ticket with the tag, of the message if that is known.
    async fn has_tickets(&self, tag: &AppliedTag, message: Option<&Message>) -> Result<bool> {
        let triggers = self.tenant.triggers(self.connection.id, &tag.id).await?;
        let tickets = self
            .tenant
            .tickets_of_conversation(self.connection.id, &self.conversation.id)
            .await?;
        for trigger in &triggers {
            let of_product = |ticket: &&Ticket| {
                message.is_none_or(|message| ticket.message == message.id)
                    && (ticket.origin_product == trigger.product
                        || ticket.product == trigger.product)
            };
            let mut is_tagged = false;
            for ticket in tickets.iter().filter(of_product) {
                let tags = self.tenant.ticket_tags(ticket.id).await?;
                is_tagged |= tags.iter().any(|known| known.tag == tag.id);
            }
            if !is_tagged {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What there is to say of a conversation that carries none of the tags.
    fn untagged(&self) -> Vec<Found> {
        match self.applied().next() {
            Some(_) => Vec::new(),
            None => vec![Found::Nothing(UNTAGGED.to_owned())],
        }
    }

    /// Whether a tagging of this time counts for a product.
    async fn counts(&self, tag: &AppliedTag, at: DateTime<Utc>) -> Result<bool> {
        Ok(self.why_not(tag, Some(at)).await?.is_none())
    }

    /// Why a tagging of this time, or of whatever time, counts for no product.
    async fn why_not(&self, tag: &AppliedTag, at: Option<DateTime<Utc>>) -> Result<Option<String>> {
        let Some(connection_on_at) = self.connection.feedback_on_at else {
            return Ok(Some(FEEDBACK_OFF.to_owned()));
        };
        let triggers = self.tenant.triggers(self.connection.id, &tag.id).await?;
        let mut reasons = BTreeSet::new();
        for trigger in triggers {
            let name = &trigger.product_name;
            let on_at = trigger.product_on_at;
            let since = counts_since(trigger.chosen_at, on_at, Some(connection_on_at));
            reasons.insert(match since {
                None => format!("feedback is switched off for {name}"),
                Some(since) if at.is_some_and(|at| at < since) => {
                    format!("it was tagged before the tag counted for {name}")
                }
                Some(_) => return Ok(None),
            });
        }
        Ok(Some(match reasons.is_empty() {
            true => UNTAGGED.to_owned(),
            false => Vec::from_iter(reasons).join("; "),
        }))
    }

    async fn tag(
        &self,
        tag: &AppliedTag,
        message: &Message,
        at: DateTime<Utc>,
        buried: &Buried,
    ) -> Result<Option<Found>> {
        if let Some(why) = self.why_not(tag, Some(at)).await? {
            return Ok(Some(Found::Nothing(why)));
        }
        let tagged = self.tagged(tag, message, at);
        let applied = tagging::apply(
            self.tenant,
            self.connection,
            &tagged,
            buried,
            Asked::ByNobody,
        )
        .await?;
        let made = applied.outcome == Outcome::Processed;
        Ok(made.then_some(Found::Made(applied.note)))
    }

    fn tagged(&self, tag: &AppliedTag, message: &Message, at: DateTime<Utc>) -> Tagged {
        let opening = self.conversation.source.as_ref();
        let anchor = match opening.is_some_and(|source| source.id == message.id) {
            true => Anchor::Source(message.clone()),
            false => Anchor::Part(message.clone()),
        };
        Tagged {
            tags: vec![TagRef {
                id: tag.id.clone(),
                name: tag.name.clone(),
            }],
            tagged_at: at,
            tagged_by: tag.applied_by.clone(),
            conversation: self.conversation.clone(),
            anchor,
        }
    }
}
