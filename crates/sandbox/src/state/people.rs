//! Admins, tags, companies and contacts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::table::{Key, Row};

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) custom_attributes: Map<String, Value>,
}

impl Row for Company {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn keys(&self, each: &mut dyn FnMut(Key, &str)) {
        each(Key::External, &self.company_id);
        each(Key::Name, &self.name);
        for tag in &self.tags {
            each(Key::Tag, tag);
        }
    }
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

/// What is known of where and with what a contact uses the product.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Profile {
    pub(crate) country: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) browser: Option<String>,
    pub(crate) os: Option<String>,
    pub(crate) language: Option<String>,
    /// The URL of a picture.
    pub(crate) avatar: Option<String>,
}

/// A subscription type a contact chose or refused.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Chosen {
    pub(crate) id: String,
    pub(crate) opted_in: bool,
}

/// A contact. Times are Unix seconds; a time of 0 in a seed means "now".
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Contact {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_id: Option<String>,
    pub(crate) role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_id: Option<i64>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signed_up_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_seen_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_replied_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_contacted_at: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) companies: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) custom_attributes: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<Box<Profile>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subscriptions: Vec<Chosen>,
    pub(crate) unsubscribed_from_emails: bool,
    /// Archived contacts are neither listed nor found.
    pub(crate) archived: bool,
    pub(crate) blocked: bool,
    /// When it came to be in this sandbox; search shows it a while later. 0 shows it at once.
    pub(crate) appeared_at: i64,
}

impl Row for Contact {
    fn id(&self) -> &str {
        &self.id
    }

    fn created_at(&self) -> i64 {
        self.created_at
    }

    fn updated_at(&self) -> i64 {
        self.updated_at
    }

    fn hidden(&self) -> bool {
        self.archived
    }

    fn keys(&self, each: &mut dyn FnMut(Key, &str)) {
        if let Some(email) = &self.email {
            each(Key::Email, email);
        }
        if let Some(id) = &self.external_id {
            each(Key::External, id);
        }
        for id in &self.companies {
            each(Key::Company, id);
        }
        for id in &self.tags {
            each(Key::Tag, id);
        }
    }
}

impl Contact {
    /// What follows the `@` of its e-mail.
    pub(crate) fn email_domain(&self) -> Option<&str> {
        Some(self.email.as_deref()?.rsplit_once('@')?.1)
    }

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
