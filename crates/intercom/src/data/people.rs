//! Groups of people and what is said about them.

use chrono::{DateTime, Utc};

use super::{Author, record::record};
use crate::json::{Fields, Object};

record! {
    /// A team of the Intercom workspace.
    Team by
    /// Intercom's id.
    id = id "id",
    /// Name.
    name: Option<String> = text "name",
    /// Ids of the teammates in it.
    admin_ids: Vec<String> = ids "admin_ids",
}

record! {
    /// A segment: a stored filter over contacts or companies. No contact names its segments; who belongs to one is
    /// found by a search with [`crate::contacts::SEGMENT_ID`].
    Segment by
    /// Intercom's id.
    id = id "id",
    /// Name.
    name: Option<String> = text "name",
    /// What it filters: `contact` stands for leads, `user` for users; others are kept as they come.
    person_type: Option<String> = text "person_type",
    /// How many it holds, when asked for.
    count: Option<u64> = count "count",
    /// When it was made.
    created_at: Option<DateTime<Utc>> = date "created_at",
    /// When it was last changed.
    updated_at: Option<DateTime<Utc>> = date "updated_at",
}

record! {
    /// A note about a contact or a company, for teammates only.
    Note by
    /// Intercom's id.
    id = id "id",
    /// The body as it came: to be sanitised or escaped, never trusted.
    body: Option<String> = raw_text "body",
    /// The contact it is about.
    contact_id: Option<String> = named_id "contact",
    /// The company it is about (from API version 2.15).
    company_id: Option<String> = named_id "company",
    /// Who wrote it.
    author: Option<Author> = author "author",
    /// When.
    created_at: Option<DateTime<Utc>> = date "created_at",
}

record! {
    /// A type of message that contacts agree to or refuse.
    SubscriptionType by
    /// Intercom's id.
    id = id "id",
    /// `live`, `draft` or `archived`.
    state: Option<String> = text "state",
    /// `opt_in` or `opt_out`.
    consent_type: Option<String> = text "consent_type",
    /// Its name in the default language.
    name: Option<String> = translated "default_translation",
    /// How such messages come: `email`, `sms_message`.
    content_types: Vec<String> = texts "content_types",
}

record! {
    /// A contact that was merged into another (from API version 2.16).
    MergedContact by
    /// Intercom's id of the contact that is no more.
    id = id "source_contact_id",
    /// `lead` or `user`; others are kept as they come.
    role: Option<String> = text "source_contact_role",
    /// When it was merged.
    merged_at: Option<DateTime<Utc>> = date "merged_at",
}

record! {
    /// What remains of an object that was archived, blocked or deleted.
    Removed by
    /// Intercom's id.
    id = id "id",
    /// The customer's own id, of a contact.
    external_id: Option<String> = id "external_id",
    /// Whether it is deleted. A company is deleted a while after the answer.
    deleted: Option<bool> = flag "deleted",
    /// Whether it is archived.
    archived: Option<bool> = flag "archived",
}

record! {
    /// An event of a contact.
    Event by
    /// What happened, such as `invited-friend`.
    event_name = text "event_name",
    /// When.
    created_at: Option<DateTime<Utc>> = date "created_at",
    /// Intercom's id of the contact.
    contact_id: Option<String> = id "intercom_user_id",
    /// The customer's own id of the contact.
    external_id: Option<String> = id "user_id",
    /// E-mail address of the contact.
    email: Option<String> = text "email",
    /// What else the customer sent.
    metadata: Object = attributes "metadata",
}

record! {
    /// Work that Intercom does after its answer.
    Job by
    /// Intercom's id.
    id = id "id",
    /// `pending`, `success` or `failed`.
    status: Option<String> = text "status",
    /// What it makes, such as `ticket`.
    resource_type: Option<String> = text "resource_type",
    /// Id of what it made, once it did.
    resource_id: Option<String> = id "resource_id",
}

/// A segment named by another object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRef {
    /// Intercom's id.
    pub id: String,
    /// Its name, where the object carries it.
    pub name: Option<String>,
}

impl SegmentRef {
    pub(crate) fn read(from: &Object) -> Option<Self> {
        Some(Self {
            id: from.id("id")?,
            name: from.text("name"),
        })
    }
}
