//! What happened in a workspace, before it is put into the words of one app's webhook.

/// Topics the sandbox delivers, as Intercom's webhook reference names them.
pub(crate) const TOPICS: [&str; 12] = [
    "conversation_part.tag.created",
    "conversation.user.created",
    "conversation.user.replied",
    "conversation.admin.replied",
    "conversation.admin.noted",
    "conversation.operator.replied",
    "conversation_part.redacted",
    "conversation.deleted",
    "contact.user.created",
    "contact.user.updated",
    "company.created",
    "company.updated",
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
    Contact {
        topic: &'static str,
        contact: String,
    },
    Company {
        topic: &'static str,
        company: String,
    },
}

impl Event {
    pub(crate) fn topic(&self) -> &'static str {
        match self {
            Self::Conversation { topic, .. }
            | Self::Contact { topic, .. }
            | Self::Company { topic, .. } => topic,
            Self::Tagged { .. } => "conversation_part.tag.created",
            Self::ConversationDeleted { .. } => "conversation.deleted",
        }
    }
}
