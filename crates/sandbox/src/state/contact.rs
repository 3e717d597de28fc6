//! Contacts come, change, are archived and go. Each change says what happened, in Intercom's topics.

use serde_json::{Map, Value};

use super::Workspace;
use super::act::Refusal;
use super::attribute::{Model, set_custom};
use super::event::Event;
use super::groups::Noted;
use super::people::{Contact, Profile, Role};
use super::table::Key;

/// What to change of a contact. `Some(None)` clears a field.
#[derive(Default)]
pub(crate) struct ContactChange {
    pub(crate) role: Option<Role>,
    external_id: Option<Option<String>>,
    email: Option<Option<String>>,
    phone: Option<Option<String>>,
    name: Option<Option<String>>,
    avatar: Option<Option<String>>,
    owner_id: Option<Option<i64>>,
    signed_up_at: Option<Option<i64>>,
    last_seen_at: Option<Option<i64>>,
    unsubscribed_from_emails: Option<bool>,
    custom_attributes: Map<String, Value>,
}

impl ContactChange {
    /// Reads the body of `POST /contacts` and `PUT /contacts/{id}`.
    pub(crate) fn read(body: &Value) -> Result<Self, Refusal> {
        let role = match text(body, "role")? {
            None => None,
            Some(Some(word)) if word == "user" => Some(Role::User),
            Some(Some(word)) if word == "lead" => Some(Role::Lead),
            Some(_) => return Err(Refusal::Invalid("role must be user or lead".to_owned())),
        };
        let custom_attributes = match &body["custom_attributes"] {
            Value::Null => Map::new(),
            Value::Object(values) => values.clone(),
            _ => return Err(wrong("custom_attributes", "an object")),
        };
        let avatar = match &body["avatar"] {
            Value::Object(one) => Some(owned(one.get("image_url"))),
            _ => text(body, "avatar")?,
        };
        let change = Self {
            role,
            external_id: text(body, "external_id")?,
            email: text(body, "email")?,
            phone: text(body, "phone")?,
            name: text(body, "name")?,
            avatar,
            owner_id: number(body, "owner_id")?,
            signed_up_at: number(body, "signed_up_at")?,
            last_seen_at: number(body, "last_seen_at")?,
            unsubscribed_from_emails: flag(body, "unsubscribed_from_emails")?,
            custom_attributes,
        };
        match &change.email {
            Some(Some(email)) if !email.contains('@') => {
                Err(Refusal::Invalid("email is invalid".to_owned()))
            }
            _ => Ok(change),
        }
    }

    /// Whether it names somebody.
    pub(crate) fn names_one(&self) -> bool {
        let given = |field: &Option<Option<String>>| matches!(field, Some(Some(_)));
        self.role.is_some() || given(&self.email) || given(&self.external_id)
    }

    fn apply(self, contact: &mut Contact) {
        let Self {
            role,
            external_id,
            email,
            phone,
            name,
            avatar,
            owner_id,
            signed_up_at,
            last_seen_at,
            unsubscribed_from_emails,
            custom_attributes,
        } = self;
        contact.role = role.unwrap_or(contact.role);
        set(&mut contact.external_id, external_id);
        set(&mut contact.email, email);
        set(&mut contact.phone, phone);
        set(&mut contact.name, name);
        set(&mut contact.owner_id, owner_id);
        set(&mut contact.signed_up_at, signed_up_at);
        set(&mut contact.last_seen_at, last_seen_at);
        if let Some(avatar) = avatar {
            let profile = contact.profile.get_or_insert_with(Box::<Profile>::default);
            profile.avatar = avatar;
        }
        if let Some(unsubscribed) = unsubscribed_from_emails {
            contact.unsubscribed_from_emails = unsubscribed;
        }
        set_custom(&mut contact.custom_attributes, custom_attributes);
    }
}

fn owned(text: Option<&Value>) -> Option<String> {
    text.and_then(Value::as_str).map(str::to_owned)
}

fn set<T>(field: &mut Option<T>, value: Option<Option<T>>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn wrong(field: &str, wanted: &str) -> Refusal {
    Refusal::Invalid(format!("{field} must be {wanted}"))
}

/// A text of a body; null clears the field. Numbers are taken too, as ids are sent in both forms.
pub(super) fn text(body: &Value, field: &str) -> Result<Option<Option<String>>, Refusal> {
    match body.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(text.clone()).filter(|text| !text.is_empty()))),
        Some(Value::Number(number)) => Ok(Some(Some(number.to_string()))),
        Some(_) => Err(wrong(field, "a string")),
    }
}

pub(super) fn number(body: &Value, field: &str) -> Result<Option<Option<i64>>, Refusal> {
    match body.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(value) => match value.as_i64().or_else(|| value.as_str()?.parse().ok()) {
            Some(number) => Ok(Some(Some(number))),
            None => Err(wrong(field, "an integer")),
        },
    }
}

fn flag(body: &Value, field: &str) -> Result<Option<bool>, Refusal> {
    match body.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(wrong(field, "a boolean")),
    }
}

/// The topic for the role.
pub(crate) fn topic(role: Role, user: &'static str, lead: &'static str) -> &'static str {
    match role {
        Role::User => user,
        Role::Lead => lead,
    }
}

impl Workspace {
    /// Makes a contact. Without a role it is a user when it has an own id, as Intercom decides, and with an e-mail alone too.
    pub(crate) fn create_contact(
        &mut self,
        change: ContactChange,
        now: i64,
    ) -> Result<(String, Vec<Event>), Refusal> {
        self.check_custom(Model::Contact, &change.custom_attributes)?;
        let mut contact = Contact {
            created_at: now,
            updated_at: now,
            appeared_at: now,
            ..Contact::default()
        };
        change.apply(&mut contact);
        if contact.role == Role::Lead && contact.external_id.is_none() {
            // Intercom gives leads a UUID of its own.
            contact.external_id = Some(uuid::Uuid::from_u128(u128::from(self.count())).to_string());
        }
        self.check_unique(&contact)?;
        contact.id = self.hex(now);
        let id = contact.id.clone();
        let topic = topic(contact.role, "contact.user.created", "contact.lead.created");
        self.contacts.insert(contact);
        let contact = id.clone();
        Ok((id, vec![Event::Contact { topic, contact }]))
    }

    /// A user may share neither its own id nor its e-mail with another user, an archived one included. Leads may.
    fn check_unique(&self, wanted: &Contact) -> Result<(), Refusal> {
        if wanted.role == Role::Lead {
            return Ok(());
        }
        let by_id = wanted.external_id.iter();
        let by_id = by_id.flat_map(|id| self.contacts.with(Key::External, id));
        let by_email = wanted.email.iter();
        let by_email = by_email.flat_map(|email| self.contacts.with(Key::Email, email));
        let taken = by_id
            .chain(by_email)
            .map(|(_, other)| other)
            .find(|other| other.id != wanted.id && other.role == Role::User);
        match taken {
            None => Ok(()),
            Some(other) => Err(Refusal::Duplicate {
                id: other.id.clone(),
                archived: other.archived,
            }),
        }
    }

    /// Changes a contact. A change of nothing says nothing.
    pub(crate) fn update_contact(
        &mut self,
        id: &str,
        change: ContactChange,
        now: i64,
    ) -> Result<Vec<Event>, Refusal> {
        self.check_custom(Model::Contact, &change.custom_attributes)?;
        let before = self.contacts.get(id).ok_or(Refusal::Contact)?.clone();
        let mut after = before.clone();
        change.apply(&mut after);
        if after == before {
            return Ok(Vec::new());
        }
        self.check_unique(&after)?;
        after.updated_at = now;
        let role = after.role;
        let mut topics = Vec::new();
        if before.role == Role::Lead && role == Role::User {
            topics.push("contact.lead.signed_up");
        }
        if before.email != after.email {
            match (role, &before.email) {
                (Role::Lead, None) => topics.push("contact.lead.added_email"),
                _ => topics.push("contact.email.updated"),
            }
        }
        topics.push(topic(role, "contact.user.updated", "contact.lead.updated"));
        self.contacts.insert(after);
        Ok(topics
            .into_iter()
            .map(|topic| happened(topic, id))
            .collect())
    }

    /// Archives a contact: it is neither listed nor found any more.
    pub(crate) fn archive_contact(&mut self, id: &str, now: i64) -> Result<Vec<Event>, Refusal> {
        let mut contact = self.contacts.get_mut(id).ok_or(Refusal::Contact)?;
        if contact.archived {
            return Ok(Vec::new());
        }
        contact.archived = true;
        contact.updated_at = now;
        Ok(vec![Event::ContactGone {
            topic: "contact.archived",
            contact: id.to_owned(),
            external_id: contact.external_id.clone(),
        }])
    }

    pub(crate) fn unarchive_contact(&mut self, id: &str, now: i64) -> Result<Vec<Event>, Refusal> {
        let mut contact = self.contacts.get_mut(id).ok_or(Refusal::Contact)?;
        if !contact.archived {
            return Ok(Vec::new());
        }
        contact.archived = false;
        contact.blocked = false;
        contact.updated_at = now;
        Ok(vec![happened("contact.unarchived", id)])
    }

    /// Blocks a contact, which archives it and closes its conversations.
    pub(crate) fn block_contact(&mut self, id: &str, now: i64) -> Result<Vec<Event>, Refusal> {
        let events = self.archive_contact(id, now)?;
        if let Some(mut contact) = self.contacts.get_mut(id) {
            contact.blocked = true;
        }
        let theirs: Vec<String> = self
            .conversations
            .with(Key::Contact, id)
            .map(|(_, one)| one.id.clone())
            .collect();
        for conversation in theirs {
            if let Some(mut one) = self.conversations.get_mut(&conversation) {
                one.open = false;
            }
        }
        Ok(events)
    }

    /// Deletes a contact for good, with its notes.
    pub(crate) fn delete_contact(&mut self, id: &str) -> Result<(Contact, Vec<Event>), Refusal> {
        let gone = self.contacts.remove(id).ok_or(Refusal::Contact)?;
        self.notes
            .retain(|note| note.on != Noted::Contact(id.to_owned()));
        let event = Event::ContactGone {
            topic: "contact.deleted",
            contact: id.to_owned(),
            external_id: gone.external_id.clone(),
        };
        Ok((gone, vec![event]))
    }
}

fn happened(topic: &'static str, contact: &str) -> Event {
    Event::Contact {
        topic,
        contact: contact.to_owned(),
    }
}
