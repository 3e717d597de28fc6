//! `/w/{ws}/tickets/{key}`: one ticket, alone or in the inbox's second pane.

mod change;
mod samples;
mod view;

pub(crate) use change::{comment, get, post, refresh};
pub(crate) use view::view;

use super::prelude::*;
use crate::html::SafeHtml;
use earmark_model::{DetailsState, StatusCategory};

/// From whom a message is, as the thread colours it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// A contact.
    Customer,
    /// A teammate, to the contact.
    Teammate,
    /// A bot.
    Bot,
    /// A teammate, to colleagues.
    Note,
}

impl From {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Teammate => "teammate",
            Self::Bot => "bot",
            Self::Note => "note",
        }
    }
}

/// Why a ticket has no title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untitled {
    /// Its conversation was deleted in Intercom, or our copy of it erased.
    Deleted,
    /// Its text was redacted in Intercom.
    Redacted,
    /// There never was a text.
    NoText,
}

impl Untitled {
    /// From whether the ticket's text is gone, and whether its whole conversation is.
    pub(crate) const fn of(source_gone: bool, conversation_gone: bool) -> Self {
        match (source_gone, conversation_gone) {
            (_, true) => Self::Deleted,
            (true, false) => Self::Redacted,
            (false, false) => Self::NoText,
        }
    }

    /// The title, or the words that stand for it.
    pub(crate) fn or(self, title: Option<&str>) -> &str {
        title.unwrap_or(match self {
            Self::Deleted => "Conversation erased",
            Self::Redacted => "Redacted in Intercom",
            Self::NoText => "No text",
        })
    }
}

/// A file that hangs on a message; stays with Intercom.
#[derive(Debug, Clone)]
pub struct AttachmentView {
    /// The file's name.
    pub name: String,
    /// Intercom's link, which expires.
    pub url: String,
}

/// A message of the thread.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// From whom.
    pub from: From,
    /// The author's name, where known.
    pub author: Option<String>,
    /// When it was written, where known.
    pub at: Option<DateTime<Utc>>,
    /// What it says; `None` when it has no text.
    pub html: Option<SafeHtml>,
    /// What hangs on it.
    pub attachments: Vec<AttachmentView>,
    /// Whether the text was removed because Intercom redacted it.
    pub redacted: bool,
    /// Whether this is the tagged message.
    pub anchor: bool,
}

impl MessageView {
    const fn data_from(&self) -> &'static str {
        if self.redacted {
            "redacted"
        } else {
            self.from.as_str()
        }
    }

    fn shown_author(&self) -> &str {
        self.author.as_deref().unwrap_or(match self.from {
            From::Customer => "Customer",
            From::Teammate | From::Note => "Teammate",
            From::Bot => "Bot",
        })
    }

    const fn icon(&self) -> Option<&'static str> {
        match (self.redacted, self.from) {
            (true, _) => Some("eye-off"),
            (false, From::Bot) => Some("bot"),
            (false, From::Note) => Some("note"),
            (false, From::Customer | From::Teammate) => None,
        }
    }
}

/// A trigger tag of the ticket.
#[derive(Debug, Clone)]
pub struct TagView {
    /// Its name.
    pub name: String,
    /// When it was applied.
    pub at: DateTime<Utc>,
    /// The teammate who applied it, where known.
    pub by: Option<String>,
}

/// Whom the conversation is with.
#[derive(Debug, Clone, Default)]
pub struct ContactView {
    /// Their name.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Intercom's role: user, lead.
    pub role: Option<String>,
    /// Their company.
    pub company: Option<String>,
}

/// Another ticket of the same conversation.
#[derive(Debug, Clone)]
pub struct SiblingView {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: Option<String>,
    /// What stands for a title that is not there.
    pub untitled: Untitled,
    /// Its product.
    pub product: String,
}

impl SiblingView {
    fn shown_title(&self) -> &str {
        self.untitled.or(self.title.as_deref())
    }
}

/// What a member wrote on the ticket.
#[derive(Debug, Clone)]
pub struct CommentView {
    /// Who.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Plain text.
    pub body: String,
}

/// A ticket as a component; the inbox and the ticket's own page share it.
#[derive(Debug, Template)]
#[template(path = "pages/tickets/ticket.html")]
pub struct TicketView {
    /// The workspace's slug.
    pub ws: String,
    /// Its key.
    pub key: String,
    /// Counts its changes; a form sent against an older one is refused.
    pub version: i32,
    /// Its title; `None` when its text is gone or it never had one, and no member wrote a title.
    pub title: Option<String>,
    /// What stands for a title that is not there.
    pub untitled: Untitled,
    /// Its status' name.
    pub status: String,
    /// What the status means.
    pub category: StatusCategory,
    /// Its product's name.
    pub product: String,
    /// Its tags, oldest first.
    pub tags: Vec<TagView>,
    /// When the ticket was made.
    pub created_at: DateTime<Utc>,
    /// Opens the conversation in Intercom; `None` once it is gone.
    pub intercom_url: Option<String>,
    /// The ticket's public address, for copying.
    pub link: String,
    /// The messages, oldest first.
    pub thread: Vec<MessageView>,
    /// Whether the tagged message had no text, so that an earlier one stands for it.
    pub borrowed_text: bool,
    /// When the conversation was deleted in Intercom, or our copy of it erased; [`Self::details_note`] says which.
    pub gone_at: Option<DateTime<Utc>>,
    /// Whether names, neighbours and company have been fetched.
    pub details: DetailsState,
    /// Why they cannot be, in words.
    pub details_note: Option<String>,
    /// Whom the conversation is with.
    pub contact: ContactView,
    /// Other tickets of the conversation.
    pub siblings: Vec<SiblingView>,
    /// What members wrote, oldest first.
    pub comments: Vec<CommentView>,
    /// Statuses to choose from.
    pub statuses: Vec<Choice>,
    /// Members to choose from, with one for nobody.
    pub assignees: Vec<Choice>,
    /// Products to choose from.
    pub products: Vec<Choice>,
    /// Whether the reader may change it.
    pub may: bool,
    /// Whether it has its own page: then its title is the page's heading.
    pub own_page: bool,
    /// The page its forms come back to, a path inside the app.
    pub back: String,
    /// Set when the last change was refused because somebody else's came first.
    pub conflict: bool,
    /// The title of a form that could not be kept.
    pub title_draft: Option<String>,
    /// A comment that could not be kept, with what is wrong.
    pub comment_draft: String,
    /// What is wrong with the forms.
    pub errors: FormErrors,
}

ui::components!(TicketView);

impl TicketView {
    const fn level(&self) -> u8 {
        if self.own_page { 1 } else { 2 }
    }

    const fn sub_level(&self) -> u8 {
        self.level() + 1
    }

    fn shown_title(&self) -> &str {
        self.untitled.or(self.title.as_deref())
    }

    /// What stands in the title's field.
    fn typed_title(&self) -> &str {
        self.title_draft.as_deref().unwrap_or(self.own_title())
    }

    fn own_title(&self) -> &str {
        self.title.as_deref().unwrap_or_default()
    }

    fn has_attachments(&self) -> bool {
        self.thread
            .iter()
            .any(|message| !message.attachments.is_empty())
    }

    /// Whether fetching the conversation again may bring what is missing.
    fn lacks_details(&self) -> bool {
        self.gone_at.is_none() && self.details == DetailsState::Unavailable
    }
}

/// A ticket's own page.
#[derive(Debug, Template)]
#[template(path = "pages/tickets/page.html")]
pub struct TicketPage {
    /// The ticket.
    pub ticket: TicketView,
}

impl Page for TicketPage {
    const NAME: &'static str = "tickets/page";

    fn head(&self) -> Head {
        let TicketView { ws, key, .. } = &self.ticket;
        let crumbs = vec![Crumb::link("Inbox", url::inbox(ws)), Crumb::here(key)];
        Head {
            title: format!("{key} {}", self.ticket.shown_title()),
            place: app(Current::Inbox, crumbs),
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        samples::all()
    }
}
