//! Admins, tags, companies and contacts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A teammate.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

/// A tag of the workspace.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A company. Times are Unix seconds; a time of 0 in a seed means "now".
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Company {
    #[serde(default)]
    pub(crate) id: String,
    /// The customer's own id of the company.
    pub(crate) company_id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) created_at: i64,
    #[serde(default)]
    pub(crate) updated_at: i64,
    #[serde(default)]
    pub(crate) remote_created_at: Option<i64>,
    #[serde(default)]
    pub(crate) last_request_at: Option<i64>,
    #[serde(default)]
    pub(crate) plan: Option<String>,
    #[serde(default)]
    pub(crate) size: Option<i64>,
    #[serde(default)]
    pub(crate) website: Option<String>,
    #[serde(default)]
    pub(crate) industry: Option<String>,
    #[serde(default)]
    pub(crate) monthly_spend: i64,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) custom_attributes: Map<String, Value>,
}

/// Whether a contact is a known user or a lead.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    #[default]
    User,
    Lead,
}

impl Role {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Lead => "lead",
        }
    }
}

/// A contact. Times are Unix seconds; a time of 0 in a seed means "now".
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contact {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) external_id: Option<String>,
    #[serde(default)]
    pub(crate) role: Role,
    #[serde(default)]
    pub(crate) email: Option<String>,
    #[serde(default)]
    pub(crate) phone: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) owner_id: Option<i64>,
    #[serde(default)]
    pub(crate) created_at: i64,
    #[serde(default)]
    pub(crate) updated_at: i64,
    #[serde(default)]
    pub(crate) signed_up_at: Option<i64>,
    #[serde(default)]
    pub(crate) last_seen_at: Option<i64>,
    #[serde(default)]
    pub(crate) last_replied_at: Option<i64>,
    #[serde(default)]
    pub(crate) companies: Vec<String>,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default)]
    pub(crate) custom_attributes: Map<String, Value>,
}

impl Contact {
    /// What a teammate reads in place of a name.
    pub(crate) fn label(&self) -> String {
        self.name
            .clone()
            .or_else(|| self.email.clone())
            .unwrap_or_else(|| {
                format!(
                    "Lead {}",
                    self.id
                        .get(self.id.len().saturating_sub(4)..)
                        .unwrap_or_default()
                )
            })
    }
}
