//! Intercom's tickets, their types and states.

use chrono::{DateTime, Utc};

use super::{ContactRef, Message, record::record};
use crate::json::{Fields, Object};

record! {
    /// A ticket of the Intercom workspace.
    Ticket by
    /// Intercom's id: the one that calls take.
    id = id "id",
    /// The number that people see; no call takes it.
    number: Option<String> = id "ticket_id",
    /// `Customer`, `Back-office` or `Tracker`; others are kept as they come.
    category: Option<String> = text "category",
    /// What its type asks for, `_default_title_` and `_default_description_` among it.
    attributes: Object = attributes "ticket_attributes",
    /// Its state: an object since API version 2.14, a word before.
    state: Option<TicketState> = ticket_state "ticket_state",
    /// Its type.
    ticket_type: Option<TicketType> = ticket_type "ticket_type",
    /// The customers it is about.
    contacts: Vec<ContactRef> = contact_refs "contacts",
    /// Id of the teammate it is assigned to.
    admin_assignee_id: Option<String> = assignee "admin_assignee_id",
    /// Id of the team it is assigned to.
    team_assignee_id: Option<String> = assignee "team_assignee_id",
    /// Intercom's id of its company.
    company_id: Option<String> = id "company_id",
    /// When it was opened.
    created_at: Option<DateTime<Utc>> = date "created_at",
    /// When it was last changed.
    updated_at: Option<DateTime<Utc>> = date "updated_at",
    /// Until when it sleeps.
    snoozed_until: Option<DateTime<Utc>> = date "snoozed_until",
    /// Whether it is open.
    open: Option<bool> = flag "open",
    /// Whether the customer sees it.
    is_shared: Option<bool> = flag "is_shared",
    /// Its replies, notes and changes.
    parts: Vec<Message> = parts "ticket_parts",
}

record! {
    /// A type of ticket.
    TicketType by
    /// Intercom's id.
    id = id "id",
    /// Name.
    name: Option<String> = text "name",
    /// What it is for.
    description: Option<String> = text "description",
    /// `Customer`, `Back-office` or `Tracker`; others are kept as they come.
    category: Option<String> = text "category",
    /// The emoji beside it.
    icon: Option<String> = text "icon",
    /// Whether it is out of use.
    archived: Option<bool> = flag "archived",
    /// What it asks for.
    attributes: Vec<TicketAttribute> = ticket_attributes "ticket_type_attributes",
}

record! {
    /// A question of a ticket type.
    TicketAttribute by
    /// The name, which is the key in a ticket's attributes.
    name = text "name",
    /// Intercom's id; built-in ones may have none.
    id: Option<String> = id "id",
    /// What it asks for.
    description: Option<String> = text "description",
    /// `string`, `list`, `integer`, `decimal`, `boolean`, `datetime` or `files`; others are kept as they come.
    data_type: Option<String> = text "data_type",
    /// Whether teammates must answer it when they make a ticket.
    required_to_create: Option<bool> = flag "required_to_create",
    /// Whether it is out of use.
    archived: Option<bool> = flag "archived",
}

/// A state of tickets.
#[derive(Clone, Debug, PartialEq)]
pub struct TicketState {
    /// Intercom's id; none before API version 2.14.
    pub id: Option<String>,
    /// `submitted`, `in_progress`, `waiting_on_customer` or `resolved`; others are kept as they come.
    pub category: Option<String>,
    /// What teammates see.
    pub internal_label: Option<String>,
    /// What customers see.
    pub external_label: Option<String>,
    /// Whether it is out of use.
    pub archived: Option<bool>,
}

impl TicketState {
    pub(crate) fn read(from: &Object) -> Self {
        Self {
            id: from.id("id"),
            category: from.text("category"),
            internal_label: from.text("internal_label"),
            external_label: from.text("external_label"),
            archived: from.flag("archived"),
        }
    }

    fn from_word(word: String) -> Self {
        Self {
            id: None,
            category: Some(word),
            internal_label: None,
            external_label: None,
            archived: None,
        }
    }
}

/// The readers that only tickets need.
trait TicketFields: Fields {
    fn ticket_state(&self, key: &str) -> Option<TicketState> {
        match self.object(key) {
            Some(state) => Some(TicketState::read(state)),
            None => self.text(key).map(TicketState::from_word),
        }
    }

    fn ticket_type(&self, key: &str) -> Option<TicketType> {
        TicketType::read(self.object(key)?).ok()
    }

    fn ticket_attributes(&self, key: &str) -> Vec<TicketAttribute> {
        self.list(key, &["ticket_type_attributes", "data"])
            .into_iter()
            .filter_map(|attribute| TicketAttribute::read(attribute).ok())
            .collect()
    }

    fn contact_refs(&self, key: &str) -> Vec<ContactRef> {
        self.list(key, &["contacts", "data"])
            .into_iter()
            .filter_map(ContactRef::read)
            .collect()
    }

    fn parts(&self, key: &str) -> Vec<Message> {
        self.list(key, &["ticket_parts", "data"])
            .into_iter()
            .filter_map(Message::read_part)
            .collect()
    }
}

impl TicketFields for Object {}
