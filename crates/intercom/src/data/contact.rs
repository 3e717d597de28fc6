//! Contacts: users and leads.

use chrono::{DateTime, Utc};

use super::{CompanyRef, TagRef};
use crate::json::{Fields, Object, Unreadable};

/// What a contact is to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ContactRole {
    /// Signed up; has an id in the customer's system.
    User,
    /// Not signed up; the external id is one that Intercom made.
    Lead,
}

impl ContactRole {
    fn read(name: &str) -> Option<Self> {
        match name {
            "user" => Some(Self::User),
            "lead" => Some(Self::Lead),
            _ => None,
        }
    }
}

/// Where a contact was last seen, as Intercom guesses it from the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Country.
    pub country: Option<String>,
    /// Region of the country.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
}

/// A user or lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Intercom's id.
    pub id: String,
    /// The customer's own id.
    pub external_id: Option<String>,
    /// User or lead.
    pub role: Option<ContactRole>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Id of the admin who owns the contact.
    pub owner_id: Option<String>,
    /// When Intercom learned of them.
    pub created_at: Option<DateTime<Utc>>,
    /// When they were last changed in Intercom.
    pub updated_at: Option<DateTime<Utc>>,
    /// When they signed up with the customer.
    pub signed_up_at: Option<DateTime<Utc>>,
    /// When they were last seen.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// When they last wrote.
    pub last_replied_at: Option<DateTime<Utc>>,
    /// Whether they refuse e-mails.
    pub unsubscribed_from_emails: Option<bool>,
    /// Language of their browser.
    pub language: Option<String>,
    /// Address of their picture.
    pub avatar: Option<String>,
    /// Where they were last seen.
    pub location: Option<Location>,
    /// Their companies; at most ten are listed.
    pub companies: Vec<CompanyRef>,
    /// Whether there are more companies than listed.
    pub more_companies: bool,
    /// How many companies they have, when told.
    pub companies_total: Option<u64>,
    /// Their tags, by id; at most ten are listed.
    pub tags: Vec<TagRef>,
    /// Whether there are more tags than listed.
    pub more_tags: bool,
    /// How many tags they have, when told.
    pub tags_total: Option<u64>,
    /// The customer's own attributes.
    pub custom_attributes: serde_json::Map<String, serde_json::Value>,
    /// Every field that has none here, as it came; also a `role` that is neither user nor lead.
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// What [`Contact::read`] keeps in fields of its own.
const READ: &[&str] = &[
    "type",
    "id",
    "external_id",
    "user_id",
    "name",
    "email",
    "phone",
    "owner_id",
    "created_at",
    "updated_at",
    "signed_up_at",
    "last_seen_at",
    "last_replied_at",
    "unsubscribed_from_emails",
    "browser_language",
    "avatar",
    "location",
    "companies",
    "tags",
    "custom_attributes",
    "custom_data",
];

impl Contact {
    /// Reads a contact from JSON in the shape of any version, such as the answer to a raw request.
    ///
    /// # Errors
    /// [`Unreadable`] when it is no object with an id.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, Unreadable> {
        let object = value.as_object();
        let object = object.ok_or_else(|| Unreadable::new("the contact is not a JSON object"))?;
        Self::read(object)
    }

    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        let list = |key| from.object(key);
        let more = |key| list(key).and_then(|list| list.flag("has_more")) == Some(true);
        let total = |key| list(key).and_then(|list| list.count("total_count"));
        let named = from.text("role").or_else(|| from.text("type"));
        let role = named.as_deref().and_then(ContactRole::read);
        let mut other = crate::json::rest(from, READ);
        if role.is_some() {
            other.remove("role");
        }
        let attributes = from
            .object("custom_attributes")
            .or_else(|| from.object("custom_data"));
        Ok(Self {
            id: from
                .id("id")
                .ok_or_else(|| Unreadable::new("the contact has no id"))?,
            external_id: from.id("external_id").or_else(|| from.id("user_id")),
            role,
            name: from.text("name"),
            email: from.text("email"),
            phone: from.text("phone"),
            owner_id: from.assignee("owner_id"),
            created_at: from.date("created_at"),
            updated_at: from.date("updated_at"),
            signed_up_at: from.date("signed_up_at"),
            last_seen_at: from.date("last_seen_at"),
            last_replied_at: from.date("last_replied_at"),
            unsubscribed_from_emails: from.flag("unsubscribed_from_emails"),
            language: from.text("browser_language"),
            avatar: avatar(from),
            location: from.object("location").map(|place| Location {
                country: place.text("country"),
                region: place.text("region"),
                city: place.text("city"),
            }),
            companies: from
                .list("companies", &["data", "companies"])
                .into_iter()
                .filter_map(CompanyRef::read)
                .collect(),
            more_companies: more("companies"),
            companies_total: total("companies"),
            tags: TagRef::read_list(from, "tags"),
            more_tags: more("tags"),
            tags_total: total("tags"),
            custom_attributes: attributes.cloned().unwrap_or_default(),
            other,
        })
    }
}

/// An address, or an object with one.
pub(super) fn avatar(from: &Object) -> Option<String> {
    from.text("avatar")
        .or_else(|| from.object("avatar")?.text("image_url"))
}

/// A contact named by another object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRef {
    /// Intercom's id.
    pub id: String,
    /// The customer's own id.
    pub external_id: Option<String>,
    /// User or lead, where known.
    pub role: Option<ContactRole>,
    /// Name, where known.
    pub name: Option<String>,
    /// E-mail address, where known.
    pub email: Option<String>,
}

impl ContactRef {
    pub(crate) fn read(from: &Object) -> Option<Self> {
        let role = from.text("role").or_else(|| from.text("type"));
        Some(Self {
            id: from.id("id")?,
            external_id: from.id("external_id").or_else(|| from.id("user_id")),
            role: role.as_deref().and_then(ContactRole::read),
            name: from.text("name"),
            email: from.text("email"),
        })
    }
}
