//! Companies of the Intercom workspace.

use chrono::{DateTime, Utc};

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
    /// Ids of its tags.
    pub tag_ids: Vec<String>,
    /// The customer's own attributes.
    pub custom_attributes: serde_json::Map<String, serde_json::Value>,
}

impl Company {
    pub(crate) fn read(from: &Object) -> Result<Self, Unreadable> {
        let mut tag_ids: Vec<String> = from
            .entries("tag_ids", &["data"])
            .iter()
            .filter_map(crate::json::id_of)
            .collect();
        if tag_ids.is_empty() {
            tag_ids = super::TagRef::read_list(from, "tags")
                .into_iter()
                .map(|tag| tag.id)
                .collect();
        }
        Ok(Self {
            id: from
                .id("id")
                .ok_or_else(|| Unreadable::new("the company has no id"))?,
            company_id: from.id("company_id"),
            name: from.text("name"),
            plan: from.object("plan").and_then(|plan| plan.text("name")),
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
            tag_ids,
            custom_attributes: from
                .object("custom_attributes")
                .cloned()
                .unwrap_or_default(),
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
