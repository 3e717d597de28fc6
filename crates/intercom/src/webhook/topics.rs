//! The topics to subscribe to, and old names of topics.

/// The part of Intercom's topic list under which a topic is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TopicGroup {
    /// Companies.
    Company,
    /// Contacts.
    Contact,
    /// Conversations.
    Conversation,
    /// Parts of conversations.
    ConversationPart,
}

impl TopicGroup {
    /// All groups, in the order of Intercom's list.
    pub const ALL: [Self; 4] = [
        Self::Company,
        Self::Contact,
        Self::Conversation,
        Self::ConversationPart,
    ];

    /// The heading in Intercom's list.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Contact => "Contact",
            Self::Conversation => "Conversation",
            Self::ConversationPart => "Conversation part",
        }
    }
}

/// A topic to subscribe to in Intercom's Developer Hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// Where Intercom lists it.
    pub group: TopicGroup,
    /// Whether the feedback switch needs it.
    pub for_feedback: bool,
    /// Whether the contacts switch needs it.
    pub for_contacts: bool,
    /// For a topic that one can do without: what is lost, or when it matters.
    pub optional: Option<&'static str>,
}

impl Topic {
    const fn new(name: &'static str, group: TopicGroup) -> Self {
        Self {
            name,
            group,
            for_feedback: false,
            for_contacts: false,
            optional: None,
        }
    }

    const fn feedback(mut self) -> Self {
        self.for_feedback = true;
        self
    }

    const fn contacts(mut self) -> Self {
        self.for_contacts = true;
        self
    }

    const fn optional(mut self, note: &'static str) -> Self {
        self.optional = Some(note);
        self
    }
}

use TopicGroup::{Company, Contact, Conversation, ConversationPart};

const TAGS_LATER: &str = "Without it, tags of contacts follow with the next catch-up.";
const BELONGING_LATER: &str =
    "Without it, a ticket's contact, company and team follow with the next catch-up.";
const LEADS_ALSO: &str = "Intercom also sends contact.lead.updated or contact.user.created.";

/// Every topic there is a use for, grouped as in Intercom's list.
pub const TOPICS: [Topic; 32] = [
    Topic::new("company.contact.attached", Company).contacts(),
    Topic::new("company.contact.detached", Company).contacts(),
    Topic::new("company.created", Company).contacts(),
    Topic::new("company.deleted", Company).contacts(),
    Topic::new("company.updated", Company).contacts(),
    Topic::new("contact.archived", Contact).contacts(),
    Topic::new("contact.deleted", Contact).feedback().contacts(),
    Topic::new("contact.email.updated", Contact)
        .contacts()
        .optional("Intercom also sends contact.user.updated."),
    Topic::new("contact.lead.added_email", Contact)
        .contacts()
        .optional(LEADS_ALSO),
    Topic::new("contact.lead.created", Contact).contacts(),
    Topic::new("contact.lead.signed_up", Contact)
        .contacts()
        .optional(LEADS_ALSO),
    Topic::new("contact.lead.tag.created", Contact)
        .contacts()
        .optional(TAGS_LATER),
    Topic::new("contact.lead.tag.deleted", Contact)
        .contacts()
        .optional(TAGS_LATER),
    Topic::new("contact.lead.updated", Contact).contacts(),
    Topic::new("contact.merged", Contact).feedback().contacts(),
    Topic::new("contact.unarchive", Contact).contacts(),
    Topic::new("contact.user.created", Contact).contacts(),
    Topic::new("contact.user.tag.created", Contact)
        .contacts()
        .optional(TAGS_LATER),
    Topic::new("contact.user.tag.deleted", Contact)
        .contacts()
        .optional(TAGS_LATER),
    Topic::new("contact.user.updated", Contact).contacts(),
    Topic::new("conversation.admin.assigned", Conversation)
        .feedback()
        .optional(BELONGING_LATER),
    Topic::new("conversation.admin.noted", Conversation).feedback(),
    Topic::new("conversation.admin.replied", Conversation).feedback(),
    Topic::new("conversation.company.updated", Conversation)
        .feedback()
        .optional(BELONGING_LATER),
    Topic::new("conversation.contact.attached", Conversation)
        .feedback()
        .optional(BELONGING_LATER),
    Topic::new("conversation.contact.detached", Conversation)
        .feedback()
        .optional(BELONGING_LATER),
    Topic::new("conversation.deleted", Conversation).feedback(),
    Topic::new("conversation.operator.replied", Conversation).feedback(),
    Topic::new("conversation.user.created", Conversation)
        .feedback()
        .optional("A tag brings the opening message with it."),
    Topic::new("conversation.user.replied", Conversation).feedback(),
    Topic::new("conversation_part.redacted", ConversationPart).feedback(),
    Topic::new("conversation_part.tag.created", ConversationPart).feedback(),
];

/// The name that a topic has today: names from before API version 2.5 (still sent to apps pinned to 1.x) and
/// the second spelling of `contact.unarchive` are translated, others stay.
#[must_use]
pub fn current_topic(name: &str) -> &str {
    match name {
        "user.created" => "contact.user.created",
        "user.deleted" => "contact.deleted",
        "user.email.updated" => "contact.email.updated",
        "user.unsubscribed" => "contact.unsubscribed",
        "user.tag.created" => "contact.user.tag.created",
        "user.tag.deleted" => "contact.user.tag.deleted",
        "contact.created" => "contact.lead.created",
        "contact.signed_up" => "contact.lead.signed_up",
        "contact.added_email" => "contact.lead.added_email",
        "contact.tag.created" => "contact.lead.tag.created",
        "contact.tag.deleted" => "contact.lead.tag.deleted",
        "contact.unarchived" => "contact.unarchive",
        _ => name,
    }
}
