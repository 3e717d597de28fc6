//! Conversations: begin, reply, note, redact, delete. Pure transitions; each says what happened.

use thiserror::Error;

use super::conversation::{
    Attachment, Author, AuthorKind, Conversation, Deleted, Part, PartKind, REDACTED, Source,
};
use super::event::Event;
use super::tagging::Target;
use super::{IdKind, Workspace};

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("Conversation not found")]
    Conversation,
    #[error("Conversation part or message not found")]
    Message,
    #[error("Tag not found")]
    Tag,
    #[error("Admin not found")]
    Admin,
    #[error("User Not Found")]
    Contact,
    #[error("Ticket not found")]
    Ticket,
    #[error("Company Not Found")]
    Company,
    #[error("This conversation part cannot be redacted")]
    NotRedactable,
    #[error("Contact has reached the maximum of 1000 company associations")]
    TooManyCompanies,
    /// Another user has that e-mail or own id.
    #[error(
        "{} contact matching those details already exists with id={id}",
        if *archived { "An archived" } else { "A" }
    )]
    Duplicate { id: String, archived: bool },
    /// What was sent does not do; the text says why.
    #[error("{0}")]
    Invalid(String),
}

/// What a new message says.
pub(crate) struct Draft {
    /// HTML; none for a part without text.
    pub(crate) body: Option<String>,
    pub(crate) attachments: Vec<Attachment>,
}

impl Draft {
    pub(crate) fn html(body: String) -> Self {
        Self {
            body: Some(body),
            attachments: Vec::new(),
        }
    }
}

/// Who speaks in a conversation, and how.
#[derive(Clone, Copy)]
pub(crate) enum Voice<'a> {
    Contact(&'a str),
    Teammate(&'a str),
    QuickReply(&'a str),
    Note(&'a str),
    /// An answer of the bot.
    Operator,
    /// What the bot says by itself, such as its reply time.
    Boilerplate,
}

impl Voice<'_> {
    fn topic(self) -> &'static str {
        match self {
            Self::Contact(_) => "conversation.user.replied",
            Self::Teammate(_) | Self::QuickReply(_) => "conversation.admin.replied",
            Self::Note(_) => "conversation.admin.noted",
            Self::Operator | Self::Boilerplate => "conversation.operator.replied",
        }
    }

    fn kind(self, open: bool) -> PartKind {
        match self {
            Self::Contact(_) if !open => PartKind::Open,
            Self::Contact(_) | Self::Teammate(_) | Self::Operator => PartKind::Comment,
            Self::QuickReply(_) => PartKind::QuickReply,
            Self::Note(_) => PartKind::Note,
            Self::Boilerplate => PartKind::ChannelAndReplyTimeExpectation,
        }
    }
}

impl Workspace {
    /// A contact writes to the team for the first time.
    pub(crate) fn begin(
        &mut self,
        contact: &str,
        subject: &str,
        draft: Draft,
        now: i64,
    ) -> Result<(String, Vec<Event>), Refusal> {
        let mut known = self.contacts.get_mut(contact).ok_or(Refusal::Contact)?;
        known.last_replied_at = Some(now);
        let author = Author::from(&*known);
        drop(known);
        let id = self.digits(IdKind::Conversation);
        let source = Source {
            id: self.digits(IdKind::Message),
            subject: subject.to_owned(),
            body: draft.body.unwrap_or_default(),
            author,
            attachments: draft.attachments,
            url: None,
            redacted: false,
            tags: Vec::new(),
        };
        let conversation = Conversation::new(id.clone(), contact.to_owned(), source, now);
        self.conversations.insert(conversation);
        let event = Event::Conversation {
            topic: "conversation.user.created",
            conversation: id.clone(),
            part: None,
        };
        Ok((id, vec![event]))
    }

    /// Someone speaks in a conversation. Gives the id of the new part.
    pub(crate) fn speak(
        &mut self,
        conversation: &str,
        voice: Voice<'_>,
        draft: Draft,
        now: i64,
    ) -> Result<(String, Vec<Event>), Refusal> {
        let open = self
            .conversations
            .get(conversation)
            .ok_or(Refusal::Conversation)?
            .open;
        let author = self.author(voice)?;
        let part = Part {
            id: self.digits(IdKind::Part),
            kind: voice.kind(open),
            body: draft.body,
            author,
            created_at: now,
            updated_at: now,
            attachments: draft.attachments,
            redacted: false,
            tags: Vec::new(),
            assigned_to: None,
        };
        let id = part.id.clone();
        if let Voice::Contact(contact) = voice
            && let Some(mut known) = self.contacts.get_mut(contact)
        {
            known.last_replied_at = Some(now);
        }
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Conversation)?;
        match voice {
            Voice::Contact(_) => {
                found.waiting_since = found.waiting_since.or(Some(now));
                found.open = true;
                found.snoozed_until = None;
            }
            Voice::Teammate(admin) => {
                found.waiting_since = None;
                found.read = true;
                found.assignee.get_or_insert_with(|| admin.to_owned());
            }
            _ => {}
        }
        found.parts.push(part);
        found.updated_at = now;
        let event = Event::Conversation {
            topic: voice.topic(),
            conversation: conversation.to_owned(),
            part: Some(id.clone()),
        };
        Ok((id, vec![event]))
    }

    fn author(&self, voice: Voice<'_>) -> Result<Author, Refusal> {
        match voice {
            Voice::Contact(id) => self
                .contacts
                .get(id)
                .map(Author::from)
                .ok_or(Refusal::Contact),
            Voice::Teammate(id) | Voice::Note(id) | Voice::QuickReply(id) => {
                self.admin(id).map(Author::from).ok_or(Refusal::Admin)
            }
            Voice::Operator | Voice::Boilerplate => Ok(self.operator(voice)),
        }
    }

    fn operator(&self, voice: Voice<'_>) -> Author {
        Author {
            kind: AuthorKind::Bot,
            id: "7300000".to_owned(),
            name: Some("Fin".to_owned()),
            email: Some(format!("operator+{}@intercom.io", self.app_id)),
            ai_answer: matches!(voice, Voice::Operator),
        }
    }

    /// Redacts a part that has a text.
    pub(crate) fn redact_part(
        &mut self,
        conversation: &str,
        part: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Message)?;
        let found = &mut *found;
        let known = found
            .parts
            .iter_mut()
            .find(|known| known.id == part)
            .ok_or(Refusal::Message)?;
        if known.body.is_none() {
            return Err(Refusal::NotRedactable);
        }
        known.body = Some(REDACTED.to_owned());
        known.attachments.clear();
        known.redacted = true;
        known.updated_at = now;
        found.updated_at = now;
        Ok(redacted(conversation, Some(part)))
    }

    /// Redacts the opening message; Intercom allows it only when a contact wrote it.
    pub(crate) fn redact_source(
        &mut self,
        conversation: &str,
        source: &str,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        let mut found = self
            .conversations
            .get_mut(conversation)
            .ok_or(Refusal::Message)?;
        if found.source.id != source {
            return Err(Refusal::Message);
        }
        if !found.source.author.kind.is_contact() {
            return Err(Refusal::NotRedactable);
        }
        REDACTED.clone_into(&mut found.source.body);
        found.source.subject.clear();
        found.source.attachments.clear();
        found.source.redacted = true;
        found.updated_at = now;
        Ok(redacted(conversation, None))
    }

    /// Redacts a part, or the opening message when none or its own id is given.
    pub(crate) fn redact_message(
        &mut self,
        conversation: &str,
        part: Option<&str>,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        match Target::of(self, conversation, part) {
            Target::Part(part) => self.redact_part(conversation, part, now),
            Target::Opening => {
                let found = self.conversations.get(conversation);
                let source = found.ok_or(Refusal::Conversation)?.source.id.clone();
                self.redact_source(conversation, &source, now)
            }
        }
    }

    /// Deletes a conversation for good.
    pub(crate) fn delete(
        &mut self,
        conversation: &str,
        metrics_retained: bool,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        self.conversations
            .remove(conversation)
            .ok_or(Refusal::Conversation)?;
        self.deleted_conversations.push(Deleted {
            id: conversation.to_owned(),
            at: now,
            metrics_retained,
        });
        Ok(vec![Event::ConversationDeleted {
            conversation: conversation.to_owned(),
        }])
    }
}

fn redacted(conversation: &str, part: Option<&str>) -> Vec<Event> {
    vec![Event::Conversation {
        topic: "conversation_part.redacted",
        conversation: conversation.to_owned(),
        part: part.map(str::to_owned),
    }]
}
