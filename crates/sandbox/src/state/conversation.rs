//! Conversations, their opening message and their parts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::people::{Admin, Contact, Role};
use super::table::{Key, Row};

/// The text Intercom leaves in place of a redacted message.
pub(crate) const REDACTED: &str = "<p><i>This message was deleted</i></p>";

/// A conversation of one contact.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) contact: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    /// Set while the contact waits for a reply of a teammate.
    pub(crate) waiting_since: Option<i64>,
    pub(crate) title: String,
    pub(crate) open: bool,
    pub(crate) read: bool,
    pub(crate) assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) snoozed_until: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) company: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) custom_attributes: Map<String, Value>,
    /// Contacts who take part besides the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<String>,
    /// Tickets linked to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tickets: Vec<String>,
    pub(crate) source: Source,
    pub(crate) parts: Vec<Part>,
    /// Each tag once, with its first application, whichever message carries it.
    pub(crate) tags: Vec<Applied>,
}

impl Row for Conversation {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn keys(&self, each: &mut dyn FnMut(Key, &str)) {
        for contact in self.contacts() {
            each(Key::Contact, contact);
        }
        for applied in &self.tags {
            each(Key::Tag, &applied.tag);
        }
    }
}

impl Conversation {
    /// A conversation that begins with this message.
    pub(crate) fn new(id: String, contact: String, source: Source, at: i64) -> Self {
        Self {
            id,
            contact,
            created_at: at,
            updated_at: at,
            waiting_since: Some(at),
            title: String::new(),
            open: true,
            read: true,
            assignee: None,
            team: None,
            snoozed_until: None,
            company: None,
            custom_attributes: Map::new(),
            others: Vec::new(),
            tickets: Vec::new(),
            source,
            parts: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// Everybody who takes part on the customer's side.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.contact.as_str()).chain(self.others.iter().map(String::as_str))
    }

    /// `open`, `closed` or `snoozed`.
    pub(crate) fn state(&self) -> &'static str {
        match (self.open, self.snoozed_until) {
            (true, Some(_)) => "snoozed",
            (true, None) => "open",
            (false, _) => "closed",
        }
    }

    pub(crate) fn part(&self, id: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.id == id)
    }

    /// Whether the tag sits on the opening message.
    pub(crate) fn source_tagged(&self, tag: &str) -> bool {
        self.source.tags.iter().any(|id| id == tag)
    }
}

/// The opening message.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) id: String,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) author: Author,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) url: Option<String>,
    pub(crate) redacted: bool,
    /// Tags put on this very message. Intercom's answers do not show them here.
    pub(crate) tags: Vec<String>,
}

impl Source {
    pub(crate) fn delivered_as(&self) -> &'static str {
        if self.author.kind.is_contact() {
            "customer_initiated"
        } else {
            "admin_initiated"
        }
    }
}

/// What a part is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartKind {
    Comment,
    Note,
    QuickReply,
    Open,
    Close,
    Snoozed,
    Assignment,
    ChannelAndReplyTimeExpectation,
}

impl PartKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Note => "note",
            Self::QuickReply => "quick_reply",
            Self::Open => "open",
            Self::Close => "close",
            Self::Snoozed => "snoozed",
            Self::Assignment => "assignment",
            Self::ChannelAndReplyTimeExpectation => "channel_and_reply_time_expectation",
        }
    }
}

/// A message after the opening one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) id: String,
    pub(crate) kind: PartKind,
    pub(crate) body: Option<String>,
    pub(crate) author: Author,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) redacted: bool,
    pub(crate) tags: Vec<String>,
    /// Who an assignment gave the conversation to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assigned_to: Option<Assignee>,
}

/// An admin or a team, by id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Assignee {
    Admin(String),
    Team(String),
}

/// A conversation that is gone, as version 2.16 lists it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) metrics_retained: bool,
}

/// Who wrote a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthorKind {
    User,
    Lead,
    Admin,
    Bot,
}

impl AuthorKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Lead => "lead",
            Self::Admin => "admin",
            Self::Bot => "bot",
        }
    }

    /// Whether the customer wrote it.
    pub(crate) fn is_contact(self) -> bool {
        matches!(self, Self::User | Self::Lead)
    }
}

/// The author as a message shows it, kept as it was at the time of writing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Author {
    pub(crate) kind: AuthorKind,
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) ai_answer: bool,
}

impl From<&Contact> for Author {
    fn from(contact: &Contact) -> Self {
        Self {
            kind: match contact.role {
                Role::User => AuthorKind::User,
                Role::Lead => AuthorKind::Lead,
            },
            id: contact.id.clone(),
            name: contact.name.clone(),
            email: contact.email.clone(),
            ai_answer: false,
        }
    }
}

impl From<&Admin> for Author {
    fn from(admin: &Admin) -> Self {
        Self {
            kind: AuthorKind::Admin,
            id: admin.id.clone(),
            name: Some(admin.name.clone()),
            email: Some(admin.email.clone()),
            ai_answer: false,
        }
    }
}

/// A file of a message.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) url: String,
    #[serde(default = "octets")]
    pub(crate) content_type: String,
    #[serde(default)]
    pub(crate) filesize: u64,
    #[serde(default)]
    pub(crate) width: Option<u32>,
    #[serde(default)]
    pub(crate) height: Option<u32>,
}

fn octets() -> String {
    "application/octet-stream".to_owned()
}

/// A tag on a conversation.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) tag: String,
    pub(crate) at: i64,
    /// The admin who applied it.
    pub(crate) by: String,
}
