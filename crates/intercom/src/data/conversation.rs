//! Conversations.

use chrono::{DateTime, Utc};

use super::{AppliedTag, Author, Company, ContactRef, Message};
use crate::json::{Fields, Object, Unreadable};

/// A conversation. From REST it has its newest 500 parts, in a webhook only the parts concerned.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Intercom's id. Unique inside one Intercom workspace only.
    pub id: String,
    /// When it was opened.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Title that a teammate or Intercom gave it.
    pub title: Option<String>,
    /// `open`, `closed` or `snoozed`.
    pub state: Option<String>,
    /// Whether it is open.
    pub open: Option<bool>,
    /// The opening message.
    pub source: Option<Message>,
    /// The customers taking part; more than one in a group conversation.
    pub contacts: Vec<ContactRef>,
    /// The parts present, in Intercom's order.
    pub parts: Vec<Message>,
    /// How many parts Intercom counts.
    pub parts_total: Option<u64>,
    /// All tags on the conversation, each once, whichever message carries it.
    pub tags: Vec<AppliedTag>,
    /// Ids of the teammates who took part.
    pub teammate_ids: Vec<String>,
    /// Id of the teammate it is assigned to.
    pub admin_assignee_id: Option<String>,
    /// Id of the team it is assigned to.
    pub team_assignee_id: Option<String>,
    /// Its company (from API version 2.15).
    pub company: Option<Company>,
    /// Whether Intercom's automated agent took part.
    pub ai_agent_participated: Option<bool>,
    /// Whether a teammate has read it.
    pub read: Option<bool>,
    /// Its priority, in the words of the version it was read with.
    pub priority: Option<String>,
    /// Until when it sleeps.
    pub snoozed_until: Option<DateTime<Utc>>,
    /// Since when the customer waits for an answer.
    pub waiting_since: Option<DateTime<Utc>>,
    /// The customer's own attributes.
    pub custom_attributes: Object,
    /// Reply times and counts, as they came.
    pub statistics: Object,
    /// Every field that has none here, as it came.
    pub other: Object,
}

/// What [`Conversation::read`] keeps in fields of its own.
const READ: &[&str] = &[
    "type",
    "id",
    "conversation_id",
    "created_at",
    "updated_at",
    "title",
    "state",
    "open",
    "source",
    "conversation_message",
    "contacts",
    "user",
    "customers",
    "conversation_parts",
    "tags",
    "teammates",
    "assignee",
    "admin_assignee_id",
    "team_assignee_id",
    "company",
    "ai_agent_participated",
    "read",
    "priority",
    "snoozed_until",
    "waiting_since",
    "custom_attributes",
    "statistics",
];

impl Conversation {
    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        let id = from
            .id("id")
            .or_else(|| from.id("conversation_id"))
            .ok_or_else(|| Unreadable::new("the conversation has no id"))?;
        let created_at = from.date("created_at");
        let mut conversation = Self {
            id,
            created_at,
            updated_at: from.date("updated_at"),
            title: from.text("title"),
            state: from.text("state"),
            open: from.flag("open"),
            source: from
                .object("source")
                .and_then(|source| Message::read_opening(source, created_at)),
            contacts: contacts(from),
            parts: from
                .list("conversation_parts", &["conversation_parts", "data"])
                .into_iter()
                .filter_map(Message::read_part)
                .collect(),
            parts_total: from
                .object("conversation_parts")
                .and_then(|list| list.count("total_count")),
            tags: from
                .list("tags", &["tags", "data"])
                .into_iter()
                .filter_map(AppliedTag::read)
                .collect(),
            teammate_ids: teammates(from),
            admin_assignee_id: from
                .assignee("admin_assignee_id")
                .or_else(|| legacy_assignee(from)),
            team_assignee_id: from.assignee("team_assignee_id"),
            company: from
                .object("company")
                .and_then(|company| Company::read(company).ok()),
            ai_agent_participated: from.flag("ai_agent_participated"),
            read: from.flag("read"),
            priority: from.text("priority"),
            snoozed_until: from.date("snoozed_until"),
            waiting_since: from.date("waiting_since"),
            custom_attributes: from.attributes("custom_attributes"),
            statistics: from.attributes("statistics"),
            other: crate::json::rest(from, READ),
        };
        if conversation.source.is_none()
            && let Some(opening) = from.object("conversation_message")
        {
            conversation.take_legacy_opening(opening);
        }
        Ok(conversation)
    }

    /// The form before API version 2.0: the opening is `conversation_message`, and may be repeated as a part
    /// with the same id, which then has the author's name.
    fn take_legacy_opening(&mut self, from: &Object) {
        let Some(mut opening) = Message::read_opening(from, self.created_at) else {
            return;
        };
        if let Some(at) = self.parts.iter().position(|part| part.id == opening.id) {
            let repeated = self.parts.remove(at);
            opening.updated_at = opening.updated_at.or(repeated.updated_at);
            opening.body = opening.body.or(repeated.body);
            opening.redacted |= repeated.redacted;
            opening.tags = repeated.tags;
            if opening.attachments.is_empty() {
                opening.attachments = repeated.attachments;
            }
            complete(&mut opening.author, repeated.author);
        }
        self.source = Some(opening);
    }

    /// The opening message and then the parts.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.source.iter().chain(&self.parts)
    }

    /// How many parts its statistics count, which lists and searches give, too. Intercom's description leaves open whether the
    /// opening message is one of them.
    #[must_use]
    pub fn parts_counted(&self) -> Option<u64> {
        self.statistics.count("count_conversation_parts")
    }

    /// The message with this id.
    #[must_use]
    pub fn message(&self, id: &str) -> Option<&Message> {
        self.messages().find(|message| message.id == id)
    }

    /// The tag with this id, when the conversation has it.
    #[must_use]
    pub fn tag(&self, tag_id: &str) -> Option<&AppliedTag> {
        self.tags.iter().find(|tag| tag.id == tag_id)
    }

    /// The messages that carry a tag, for a conversation read over REST with API version 2.14 or newer: the
    /// parts that name it, or the opening message when the conversation has the tag and no part names it.
    /// A conversation of more than 500 parts may hide the tagged one; then the opening is only a guess.
    #[must_use]
    pub fn tagged_messages(&self, tag_id: &str) -> Vec<&Message> {
        let parts: Vec<&Message> = self
            .parts
            .iter()
            .filter(|part| part.has_tag(tag_id))
            .collect();
        if parts.is_empty() && self.tag(tag_id).is_some() {
            return self.source.iter().collect();
        }
        parts
    }
}

fn complete(author: &mut Author, other: Author) {
    if author.id.is_some() && author.id != other.id {
        return;
    }
    author.id = author.id.take().or(other.id);
    author.name = author.name.take().or(other.name);
    author.email = author.email.take().or(other.email);
    if author.kind == super::AuthorKind::Other {
        author.kind = other.kind;
    }
}

fn contacts(from: &Object) -> Vec<ContactRef> {
    let mut contacts: Vec<ContactRef> = from
        .list("contacts", &["contacts", "data"])
        .into_iter()
        .filter_map(ContactRef::read)
        .collect();
    if contacts.is_empty() {
        contacts.extend(from.object("user").and_then(ContactRef::read));
    }
    if contacts.is_empty() {
        contacts.extend(
            from.list("customers", &[])
                .into_iter()
                .filter_map(ContactRef::read),
        );
    }
    // The list names ids only; the opening message knows more about its own author.
    if let Some(author) = from
        .object("source")
        .and_then(|source| source.object("author"))
    {
        let author = Author::read(author);
        for contact in &mut contacts {
            if author.id.as_ref() == Some(&contact.id) {
                contact.name = contact.name.take().or_else(|| author.name.clone());
                contact.email = contact.email.take().or_else(|| author.email.clone());
                contact.role = contact.role.or(match author.kind {
                    super::AuthorKind::User => Some(super::ContactRole::User),
                    super::AuthorKind::Lead => Some(super::ContactRole::Lead),
                    _ => None,
                });
            }
        }
    }
    contacts
}

fn teammates(from: &Object) -> Vec<String> {
    from.list("teammates", &["admins", "teammates"])
        .into_iter()
        .filter_map(|teammate| teammate.id("id"))
        .collect()
}

fn legacy_assignee(from: &Object) -> Option<String> {
    let assignee = from.object("assignee")?;
    (assignee.text("type")? == "admin").then(|| assignee.id("id"))?
}
