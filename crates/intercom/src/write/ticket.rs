//! Tickets and their types.

use serde_json::{Value, json};

use super::{Change, Who, as_numbers, change::changes};
use crate::{ApiVersion, json::Object};

/// A ticket to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTicket {
    /// Its type.
    pub ticket_type_id: String,
    /// The customer it is about. Intercom takes one.
    pub contact: Who,
    /// What the type asks for: `_default_title_`, `_default_description_` and the type's own.
    pub attributes: Object,
    /// Intercom's id of a company.
    pub company_id: Option<String>,
    /// A conversation to link it to (from API version 2.14).
    pub conversation_to_link_id: Option<String>,
}

impl NewTicket {
    pub(crate) fn body(&self) -> Value {
        let (key, value) = self.contact.in_ticket();
        let mut body = json!({
            "ticket_type_id": self.ticket_type_id,
            "contacts": [{key: value}],
            "ticket_attributes": self.attributes,
        });
        for (key, value) in [
            ("company_id", &self.company_id),
            ("conversation_to_link_id", &self.conversation_to_link_id),
        ] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        body
    }
}

changes! {
    /// The fields of a ticket that can change.
    TicketFields:
    /// What its type asks for; those not named stay as they are.
    ticket_attributes: Object,
    /// Its state, by id.
    ticket_state_id: String,
    /// Intercom's id of its company.
    company_id: String,
    /// Whether it is open.
    open: bool,
    /// Whether the customer sees it.
    is_shared: bool,
    /// Id of the teammate who makes the change; Intercom wants it when the assignee changes.
    admin_id: String,
    /// Id of the teammate or team it is given to; `0` for nobody.
    assignee_id: String,
    @dates
    /// Until when it sleeps.
    snoozed_until,
}

changes! {
    /// The fields of a ticket type. A new one needs a name.
    TicketTypeFields:
    /// Name.
    name: String,
    /// What it is for.
    description: String,
    /// `Customer`, `Back-office` or `Tracker`; settled when the type is made.
    category: String,
    /// The emoji beside it.
    icon: String,
    /// Whether only teammates may make such tickets.
    is_internal: bool,
    @dates
}

/// Who makes the change is a number here, unlike everywhere else.
pub(crate) fn admin_as_number(body: &mut Object, _: ApiVersion) {
    as_numbers(body, &["admin_id"]);
}
