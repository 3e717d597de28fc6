//! Companies of the Intercom workspace.

use chrono::{DateTime, Utc};

use super::{SegmentRef, TagRef};
use crate::json::{Fields, Object, Unreadable};

/// A company.
#[derive(Clone, Debug, PartialEq)]
pub struct Company {
    /// Intercom's id.
    pub id: String,
    /// The customer's own id of the company.
    pub company_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Name of its plan.
    pub plan: Option<String>,
    /// Intercom's id of its plan.
    pub plan_id: Option<String>,
    /// Website.
    pub website: Option<String>,
    /// Industry.
    pub industry: Option<String>,
    /// Number of employees.
    pub size: Option<u64>,
    /// What it pays a month, in the customer's own unit.
    pub monthly_spend: Option<f64>,
    /// Number of users Intercom counts for it.
    pub user_count: Option<u64>,
    /// Number of sessions Intercom counts for it.
    pub session_count: Option<u64>,
    /// When Intercom learned of it.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was last changed in Intercom.
    pub updated_at: Option<DateTime<Utc>>,
    /// When the customer created it in their own system.
    pub remote_created_at: Option<DateTime<Utc>>,
    /// When one of its users was last seen.
    pub last_request_at: Option<DateTime<Utc>>,
    /// Its tags; some answers name them by id only.
    pub tags: Vec<TagRef>,
    /// Its segments.
    pub segments: Vec<SegmentRef>,
    /// The customer's own attributes.
    pub custom_attributes: serde_json::Map<String, serde_json::Value>,
    /// Every field that has none here, as it came.
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// What [`Company::read`] keeps in fields of its own.
const READ: &[&str] = &[
    "type",
    "id",
    "company_id",
    "name",
    "plan",
    "plan_id",
    "website",
    "industry",
    "size",
    "monthly_spend",
    "user_count",
    "session_count",
    "created_at",
    "updated_at",
    "remote_created_at",
    "last_request_at",
    "tags",
    "tag_ids",
    "segments",
    "custom_attributes",
];

impl Company {
    /// Reads a company from JSON in the shape of any version, such as the answer to a raw request.
    ///
    /// # Errors
    /// [`Unreadable`] when it is no object with an id.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, Unreadable> {
        let object = value.as_object();
        let object = object.ok_or_else(|| Unreadable::new("the company is not a JSON object"))?;
        Self::read(object)
    }

    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        let mut tags = TagRef::read_list(from, "tags");
        if tags.is_empty() {
            let ids = from.entries("tag_ids", &["data"]).iter();
            tags.extend(
                ids.filter_map(crate::json::id_of)
                    .map(|id| TagRef { id, name: None }),
            );
        }
        let plan = from.object("plan");
        Ok(Self {
            id: from
                .id("id")
                .ok_or_else(|| Unreadable::new("the company has no id"))?,
            company_id: from.id("company_id"),
            name: from.text("name"),
            plan: plan.and_then(|plan| plan.text("name")),
            plan_id: plan
                .and_then(|plan| plan.id("id"))
                .or_else(|| from.id("plan_id")),
            website: from.text("website"),
            industry: from.text("industry"),
            size: from.count("size"),
            monthly_spend: from.number("monthly_spend"),
            user_count: from.count("user_count"),
            session_count: from.count("session_count"),
            created_at: from.date("created_at"),
            updated_at: from.date("updated_at"),
            remote_created_at: from.date("remote_created_at"),
            last_request_at: from.date("last_request_at"),
            tags,
            segments: from
                .list("segments", &["segments", "data"])
                .into_iter()
                .filter_map(SegmentRef::read)
                .collect(),
            custom_attributes: from
                .object("custom_attributes")
                .cloned()
                .unwrap_or_default(),
            other: crate::json::rest(from, READ),
        })
    }
}

/// A company named by another object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanyRef {
    /// Intercom's id.
    pub id: String,
    /// Its name, where the object carries it.
    pub name: Option<String>,
}

impl CompanyRef {
    pub(crate) fn read(from: &Object) -> Option<Self> {
        Some(Self {
            id: from.id("id")?,
            name: from.text("name"),
        })
    }
}
