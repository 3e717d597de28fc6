//! Conversations: opening, changing, answering, redacting.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Change, change::changes};
use crate::json::Object;

/// How a contact is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// By Intercom's id.
    Id(String),
    /// By the customer's own id.
    ExternalId(String),
    /// By e-mail address.
    Email(String),
}

/// A conversation that a contact opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConversation {
    /// Intercom's id of the contact.
    pub contact_id: String,
    /// `user`, `lead` or `contact`; the last fits both.
    pub contact_type: String,
    /// The message.
    pub body: String,
    /// When it was written, when that was before now (from API version 2.14).
    pub created_at: Option<DateTime<Utc>>,
}

impl NewConversation {
    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "from": {"type": self.contact_type, "id": self.contact_id},
            "body": self.body,
        });
        if let Some(at) = self.created_at {
            body["created_at"] = json!(at.timestamp());
        }
        body
    }
}

changes! {
    /// The fields of a conversation that can change.
    ConversationFields:
    /// Whether a teammate has read it.
    read: bool,
    /// Title.
    title: String,
    /// Intercom's id of its company.
    company_id: String,
    /// The customer's own attributes; those not named stay as they are.
    custom_attributes: Object,
    @dates
}

/// A message in a conversation or on a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    author: Author,
    kind: &'static str,
    body: String,
    attachment_urls: Vec<String>,
    created_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Author {
    Admin(String),
    Contact(Who),
}

impl Reply {
    /// A teammate's answer, which the customer sees. The body may be HTML.
    #[must_use]
    pub fn from_admin(admin_id: impl Into<String>, body: impl Into<String>) -> Self {
        Self::new(Author::Admin(admin_id.into()), "comment", body)
    }

    /// A teammate's note, which the customer never sees.
    #[must_use]
    pub fn note(admin_id: impl Into<String>, body: impl Into<String>) -> Self {
        Self::new(Author::Admin(admin_id.into()), "note", body)
    }

    /// An answer in a contact's name. There are none on back-office tickets.
    #[must_use]
    pub fn from_contact(who: Who, body: impl Into<String>) -> Self {
        Self::new(Author::Contact(who), "comment", body)
    }

    /// With files, by their addresses; ten at most.
    #[must_use]
    pub fn with_attachments(mut self, urls: impl IntoIterator<Item = String>) -> Self {
        self.attachment_urls = urls.into_iter().collect();
        self
    }

    /// As written at an earlier time (from API version 2.14).
    #[must_use]
    pub const fn written_at(mut self, time: DateTime<Utc>) -> Self {
        self.created_at = Some(time);
        self
    }

    fn new(author: Author, kind: &'static str, body: impl Into<String>) -> Self {
        Self {
            author,
            kind,
            body: body.into(),
            attachment_urls: Vec::new(),
            created_at: None,
        }
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({"message_type": self.kind, "body": self.body});
        let (kind, key, value) = match &self.author {
            Author::Admin(id) => ("admin", "admin_id", id),
            Author::Contact(who) => {
                let (key, value) = who.in_reply();
                ("user", key, value)
            }
        };
        body["type"] = json!(kind);
        body[key] = json!(value);
        if !self.attachment_urls.is_empty() {
            body["attachment_urls"] = json!(self.attachment_urls);
        }
        if let Some(at) = self.created_at {
            body["created_at"] = json!(at.timestamp());
        }
        body
    }
}

impl Who {
    pub(crate) const fn in_reply(&self) -> (&'static str, &String) {
        match self {
            Self::Id(id) => ("intercom_user_id", id),
            Self::ExternalId(id) => ("user_id", id),
            Self::Email(email) => ("email", email),
        }
    }

    pub(crate) const fn in_ticket(&self) -> (&'static str, &String) {
        match self {
            Self::Id(id) => ("id", id),
            Self::ExternalId(id) => ("external_id", id),
            Self::Email(email) => ("email", email),
        }
    }
}

/// Who a conversation is given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// A teammate, by id.
    Admin(String),
    /// A team, by id.
    Team(String),
    /// Nobody.
    Nobody,
}

impl Assignee {
    pub(crate) fn named(&self) -> (&'static str, &str) {
        match self {
            Self::Admin(id) => ("admin", id),
            Self::Team(id) => ("team", id),
            Self::Nobody => ("admin", "0"),
        }
    }
}

/// What is to be redacted for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redaction {
    /// The text and files of a part, by its id. The part must have a body.
    Part(String),
    /// The text and files of the opening message, by its id. A contact must have written it.
    Opening(String),
}

impl Redaction {
    pub(crate) fn body(&self, conversation_id: &str) -> Value {
        match self {
            Self::Part(id) => json!({
                "type": "conversation_part",
                "conversation_id": conversation_id,
                "conversation_part_id": id,
            }),
            Self::Opening(id) => json!({
                "type": "source",
                "conversation_id": conversation_id,
                "source_id": id,
            }),
        }
    }
}
