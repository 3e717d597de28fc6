//! What a notification says, normalised over all payload shapes.

use chrono::{DateTime, Utc};

use super::Tagged;
use crate::{Company, Contact, ContactRef, Conversation, Message, TagRef};

/// A notification: the envelope and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    /// Intercom's id of the notification; a ping has none.
    pub id: Option<String>,
    /// The topic as it was sent.
    pub topic: String,
    /// The Intercom workspace.
    pub app_id: Option<String>,
    /// When it happened. Order of arrival is not guaranteed: compare this.
    pub created_at: Option<DateTime<Utc>>,
    /// When Intercom first tried to deliver it.
    pub first_sent_at: Option<DateTime<Utc>>,
    /// What happened.
    pub event: Event,
}

/// What happened in Intercom.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The subscription page tested the address.
    Ping {
        /// Its text.
        message: Option<String>,
    },
    /// A tag was put on a message.
    Tagged(Box<Tagged>),
    /// A conversation was opened, answered or changed; the parts concerned are in it.
    ConversationChanged {
        /// The conversation with the parts concerned.
        conversation: Box<Conversation>,
        /// What changed.
        change: ConversationChange,
    },
    /// Somebody was added to a conversation or taken out of it. Who takes part now has to be asked for: the payload is no
    /// form of the API's.
    ConversationPeople {
        /// The conversation's id.
        conversation_id: String,
        /// The contact's id.
        contact_id: Option<String>,
    },
    /// The content of messages was removed.
    Redacted {
        /// The conversation, with the messages already emptied by Intercom.
        conversation: Box<Conversation>,
        /// The messages whose content is to be erased, the opening message possibly among them.
        messages: Vec<Message>,
    },
    /// A conversation was deleted for good.
    ConversationDeleted {
        /// Its id.
        conversation_id: String,
    },
    /// A contact is new or changed.
    ContactChanged {
        /// The contact as it is now.
        contact: Box<Contact>,
        /// What changed.
        change: ContactChange,
    },
    /// A contact was archived; Intercom's API shows it no more until it is unarchived.
    ContactArchived {
        /// Its ids.
        contact: ContactRef,
    },
    /// A contact was deleted for good.
    ContactDeleted {
        /// Its ids.
        contact: ContactRef,
    },
    /// One contact was merged into another.
    ContactMerged {
        /// The contact that remains.
        contact: Box<Contact>,
        /// Id of the contact that is gone; some payloads leave it out.
        merged_from: Option<String>,
    },
    /// A tag was put on a contact or taken off.
    ContactTag {
        /// The contact.
        contact: Box<Contact>,
        /// The tag.
        tag: TagRef,
        /// Put on, else taken off.
        added: bool,
        /// When.
        at: Option<DateTime<Utc>>,
    },
    /// A company is new or changed.
    CompanyChanged {
        /// The company as it is now.
        company: Box<Company>,
        /// What changed.
        change: CompanyChange,
    },
    /// A company was deleted (Intercom archives it).
    CompanyDeleted {
        /// Its id.
        company_id: String,
    },
    /// A contact was attached to a company or detached. The contact's own list of companies may still show
    /// the state before.
    CompanyContact {
        /// The company.
        company: Box<Company>,
        /// The contact.
        contact: Box<Contact>,
        /// Attached, else detached.
        attached: bool,
    },
    /// A topic there is no use for.
    Unknown,
}

/// How a conversation changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConversationChange {
    /// A customer opened it.
    UserCreated,
    /// A customer wrote.
    UserReplied,
    /// A teammate wrote.
    AdminReplied,
    /// A teammate left a note.
    AdminNoted,
    /// A bot or Intercom's automated agent did something, not always in words.
    OperatorReplied,
    /// Its company changed, or the teammate or team it is assigned to.
    Belonging,
    /// Anything else: closed, opened, rated, …
    Other,
}

/// How a contact changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContactChange {
    /// New.
    Created,
    /// Changed in any way.
    Updated,
    /// Back from the archive.
    Unarchived,
}

/// How a company changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompanyChange {
    /// New.
    Created,
    /// Changed in any way.
    Updated,
}
