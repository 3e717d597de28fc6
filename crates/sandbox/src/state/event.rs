//! What happened in a workspace, before it is put into the words of one app's webhook.

use super::help::Article;
use super::people::Tag;

/// Topics the sandbox delivers, as Intercom's webhook reference names them.
pub(crate) const TOPICS: [&str; 45] = [
    "conversation_part.tag.created",
    "conversation.user.created",
    "conversation.user.replied",
    "conversation.admin.replied",
    "conversation.admin.noted",
    "conversation.admin.assigned",
    "conversation.admin.closed",
    "conversation.admin.opened",
    "conversation.admin.snoozed",
    "conversation.operator.replied",
    "conversation_part.redacted",
    "conversation.deleted",
    "conversation.contact.attached",
    "conversation.contact.detached",
    "contact.user.created",
    "contact.user.updated",
    "contact.user.tag.created",
    "contact.user.tag.deleted",
    "contact.lead.created",
    "contact.lead.updated",
    "contact.lead.added_email",
    "contact.lead.signed_up",
    "contact.lead.tag.created",
    "contact.lead.tag.deleted",
    "contact.email.updated",
    "contact.archived",
    // As captured; Intercom's reference prints `contact.unarchive`.
    "contact.unarchived",
    "contact.deleted",
    "contact.merged",
    "contact.subscribed",
    "contact.unsubscribed",
    "company.created",
    "company.updated",
    "company.deleted",
    "company.contact.attached",
    "company.contact.detached",
    "ticket.created",
    "ticket.state.updated",
    "ticket.admin.assigned",
    "ticket.note.created",
    "article.created",
    "article.updated",
    "article.published",
    "article.unpublished",
    "article.deleted",
];

/// Something of interest to subscribed apps. Bodies are built from the state right after it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Conversation {
        topic: &'static str,
        conversation: String,
        /// The part concerned; none when the opening message is.
        part: Option<String>,
    },
    Tagged {
        conversation: String,
        part: Option<String>,
        tag: String,
    },
    ConversationDeleted {
        conversation: String,
    },
    /// A contact joined a conversation or left it.
    Participant {
        topic: &'static str,
        conversation: String,
        contact: String,
    },
    Contact {
        topic: &'static str,
        contact: String,
    },
    /// Archived or deleted: the item names the contact and no more.
    ContactGone {
        topic: &'static str,
        contact: String,
        external_id: Option<String>,
    },
    ContactTag {
        topic: &'static str,
        contact: String,
        tag: Tag,
        at: i64,
    },
    Merged {
        contact: String,
        from: String,
    },
    Subscription {
        topic: &'static str,
        contact: String,
        subscription: String,
        at: i64,
    },
    Company {
        topic: &'static str,
        company: String,
    },
    CompanyDeleted {
        company: String,
    },
    Membership {
        topic: &'static str,
        contact: String,
        company: String,
    },
    Ticket {
        topic: &'static str,
        ticket: String,
    },
    TicketNote {
        ticket: String,
        part: String,
    },
    /// The article as it was, since a deleted one is gone.
    Article {
        topic: &'static str,
        article: Box<Article>,
    },
}

impl Event {
    pub(crate) fn topic(&self) -> &'static str {
        match self {
            Self::Conversation { topic, .. }
            | Self::Contact { topic, .. }
            | Self::Participant { topic, .. }
            | Self::ContactGone { topic, .. }
            | Self::ContactTag { topic, .. }
            | Self::Subscription { topic, .. }
            | Self::Company { topic, .. }
            | Self::Membership { topic, .. }
            | Self::Ticket { topic, .. }
            | Self::Article { topic, .. } => topic,
            Self::TicketNote { .. } => "ticket.note.created",
            Self::Merged { .. } => "contact.merged",
            Self::CompanyDeleted { .. } => "company.deleted",
            Self::Tagged { .. } => "conversation_part.tag.created",
            Self::ConversationDeleted { .. } => "conversation.deleted",
        }
    }
}
