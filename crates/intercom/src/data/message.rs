//! Messages: the opening of a conversation and its parts.

use chrono::{DateTime, Utc};

use super::{TagRef, plain_text};
use crate::json::{Fields, Object};

/// Who wrote a message or applied a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// What they are.
    pub kind: AuthorKind,
    /// Intercom's id.
    pub id: Option<String>,
    /// Name; leads often have none.
    pub name: Option<String>,
    /// E-mail address; Intercom may send it empty, which reads as none.
    pub email: Option<String>,
    /// Whether Intercom's automated agent wrote it (from API version 2.14).
    pub from_ai_agent: bool,
    /// Whether it is an answer of that agent and not mere routing (from API version 2.14).
    pub is_ai_answer: bool,
}

impl Author {
    pub(crate) fn read(from: &Object) -> Self {
        let kind = from.text("type");
        Self {
            kind: kind.as_deref().map_or(AuthorKind::Other, AuthorKind::read),
            id: from.id("id"),
            name: from.text("name"),
            email: from.text("email"),
            from_ai_agent: from.flag("from_ai_agent").unwrap_or(false),
            is_ai_answer: from.flag("is_ai_answer").unwrap_or(false),
        }
    }
}

/// What an author is, by the `type` values that Intercom sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AuthorKind {
    /// A contact with the role user.
    User,
    /// A contact with the role lead.
    Lead,
    /// A contact, role not told.
    Contact,
    /// A teammate.
    Admin,
    /// A team.
    Team,
    /// A bot, Intercom's automated agent included.
    Bot,
    /// Anything else, or not told.
    #[default]
    Other,
}

impl AuthorKind {
    fn read(name: &str) -> Self {
        match name {
            "user" => Self::User,
            "lead" => Self::Lead,
            "contact" | "visitor" => Self::Contact,
            "admin" => Self::Admin,
            "team" => Self::Team,
            "bot" | "operator" => Self::Bot,
            _ => Self::Other,
        }
    }

    /// Whether it is a customer: user, lead or contact.
    #[must_use]
    pub const fn is_customer(self) -> bool {
        matches!(self, Self::User | Self::Lead | Self::Contact)
    }

    /// The name Intercom uses, `other` for the rest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Lead => "lead",
            Self::Contact => "contact",
            Self::Admin => "admin",
            Self::Team => "team",
            Self::Bot => "bot",
            Self::Other => "other",
        }
    }
}

/// What a message is, by its part type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// The message that opened the conversation.
    Opening,
    /// A reply that the customer can see.
    Reply,
    /// A note among teammates; never to be shown to the customer.
    Note,
    /// Assigning, opening or closing, which may carry text.
    StateChange,
    /// A record of machinery: the body is null or boilerplate.
    Machine,
}

impl MessageKind {
    fn read(part_type: &str) -> Self {
        match part_type {
            Message::OPENING => Self::Opening,
            "comment" | "quick_reply" => Self::Reply,
            "note" | "note_and_reopen" => Self::Note,
            "assignment" | "assign_and_reopen" | "open" | "close" => Self::StateChange,
            _ => Self::Machine,
        }
    }
}

/// A file on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// File name.
    pub name: Option<String>,
    /// Address of the file. How long it works is not documented.
    pub url: String,
    /// Media type.
    pub content_type: Option<String>,
    /// Size in bytes.
    pub filesize: Option<u64>,
    /// Width of an image in pixels.
    pub width: Option<u64>,
    /// Height of an image in pixels.
    pub height: Option<u64>,
}

impl Attachment {
    fn read(from: &Object) -> Option<Self> {
        Some(Self {
            name: from.text("name"),
            url: from.text("url")?,
            content_type: from.text("content_type"),
            filesize: from.count("filesize"),
            width: from.count("width"),
            height: from.count("height"),
        })
    }
}

/// The opening of a conversation or one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Intercom's id: of the part, or of the source. Unique inside one Intercom workspace only.
    pub id: String,
    /// Intercom's part type; [`Message::OPENING`] for the opening message.
    pub part_type: String,
    /// What the part type means.
    pub kind: MessageKind,
    /// The body as it came, HTML or plain text: to be sanitised or escaped, never trusted.
    pub body: Option<String>,
    /// Subject of an e-mail; opening messages only.
    pub subject: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed; applying a tag counts.
    pub updated_at: Option<DateTime<Utc>>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// Tags on this very message; sent from API version 2.14 and for parts only.
    pub tags: Vec<TagRef>,
    /// The page the customer was on; opening messages only.
    pub url: Option<String>,
    /// Whether Intercom has removed the content.
    pub redacted: bool,
}

impl Message {
    /// The part type given to the opening message, which has none in Intercom.
    pub const OPENING: &'static str = "source";

    pub(crate) fn read_part(from: &Object) -> Option<Self> {
        let part_type = from
            .text("part_type")
            .unwrap_or_else(|| "comment".to_owned());
        Some(Self::read(from, from.id("id")?, part_type))
    }

    /// Reads an opening message, whose date is that of its conversation.
    pub(crate) fn read_opening(from: &Object, created_at: Option<DateTime<Utc>>) -> Option<Self> {
        let mut message = Self::read(from, from.id("id")?, Self::OPENING.to_owned());
        message.created_at = message.created_at.or(created_at);
        Some(message)
    }

    fn read(from: &Object, id: String, part_type: String) -> Self {
        Self {
            id,
            kind: MessageKind::read(&part_type),
            part_type,
            body: from.raw_text("body"),
            subject: from.text("subject"),
            author: from.object("author").map(Author::read).unwrap_or_default(),
            created_at: from.date("created_at"),
            updated_at: from.date("updated_at"),
            attachments: from
                .list("attachments", &["attachments", "data"])
                .into_iter()
                .filter_map(Attachment::read)
                .collect(),
            tags: TagRef::read_list(from, "tags"),
            url: from.text("url"),
            redacted: from.flag("redacted").unwrap_or(false),
        }
    }

    /// Whether the message has text of its own: a kind that carries text, a body or subject that shows
    /// something, and not redacted.
    #[must_use]
    pub fn is_text_bearing(&self) -> bool {
        let shows = |text: &Option<String>| {
            text.as_deref()
                .is_some_and(|text| !plain_text(text).is_empty())
        };
        self.kind != MessageKind::Machine
            && !self.redacted
            && (shows(&self.body) || shows(&self.subject))
    }

    /// Whether a bot wrote it without saying anything: neither an answer, nor a comment, nor a note, nor the
    /// opening. `conversation.operator.replied` is sent for such parts too.
    #[must_use]
    pub fn is_bot_boilerplate(&self) -> bool {
        let says_something = self.author.is_ai_answer
            || self.part_type == "comment"
            || matches!(self.kind, MessageKind::Note | MessageKind::Opening);
        self.author.kind == AuthorKind::Bot && !says_something
    }

    /// Whether the message itself carries the tag.
    #[must_use]
    pub fn has_tag(&self, tag_id: &str) -> bool {
        self.tags.iter().any(|tag| tag.id == tag_id)
    }
}
