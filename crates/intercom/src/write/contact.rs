//! Contacts and their events.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{Change, Who, as_numbers, change::changes};
use crate::{ApiVersion, ContactRole, json::Object};

changes! {
    /// The fields of a contact, to create or to change one.
    ContactFields:
    /// User or lead.
    role: ContactRole,
    /// The customer's own id. Users have one; that of a lead is made by Intercom.
    external_id: String,
    /// E-mail address.
    email: String,
    /// Telephone number.
    phone: String,
    /// Name.
    name: String,
    /// Address of their picture.
    avatar: String,
    /// Id of the admin who owns the contact.
    owner_id: String,
    /// Whether they refuse e-mails.
    unsubscribed_from_emails: bool,
    /// The customer's own attributes; those not named stay as they are.
    custom_attributes: Object,
    @dates
    /// When they signed up with the customer.
    signed_up_at,
    /// When they were last seen.
    last_seen_at,
}

impl ContactFields {
    /// Whether it names one of e-mail address, external id and role, which Intercom wants for a new contact.
    #[must_use]
    pub const fn identifies(&self) -> bool {
        matches!(self.email, Change::Set(_))
            || matches!(self.external_id, Change::Set(_))
            || matches!(self.role, Change::Set(_))
    }
}

/// Numbers before 2.16, texts from then on.
pub(crate) fn owner_by_version(body: &mut Object, version: ApiVersion) {
    if version < ApiVersion::V2_16 {
        as_numbers(body, &["owner_id"]);
    }
}

/// An event of a contact, to be recorded. Intercom takes an event that is sent twice as two.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// What happened, best as verb and noun in the past tense, such as `invited-friend`.
    pub name: String,
    /// When.
    pub at: DateTime<Utc>,
    /// To whom.
    pub who: Who,
    /// What else to keep with it; up to ten values.
    pub metadata: Object,
}

impl NewEvent {
    pub(crate) fn body(&self) -> Object {
        let mut body = Object::new();
        body.insert("event_name".to_owned(), json!(self.name));
        body.insert("created_at".to_owned(), json!(self.at.timestamp()));
        let (key, value) = match &self.who {
            Who::Id(id) => ("id", id),
            Who::ExternalId(id) => ("user_id", id),
            Who::Email(email) => ("email", email),
        };
        body.insert(key.to_owned(), json!(value));
        if !self.metadata.is_empty() {
            body.insert("metadata".to_owned(), json!(self.metadata));
        }
        body
    }
}
