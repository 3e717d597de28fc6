//! Notes, segments, teams and subscription types.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A note on a contact or a company.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) id: String,
    pub(crate) on: Noted,
    /// HTML.
    pub(crate) body: String,
    pub(crate) admin: Option<String>,
    pub(crate) created_at: i64,
}

/// What a note is about, by id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noted {
    Contact(String),
    Company(String),
}

/// A segment of the workspace: those whom a search finds. A time of 0 in a seed means "now".
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Segment {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) created_at: i64,
    #[serde(default)]
    pub(crate) updated_at: i64,
    /// A query of contact search; only contacts it finds are in the segment.
    pub(crate) query: Value,
}

/// A team of teammates.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Team {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: String,
    /// Ids of its admins.
    #[serde(default)]
    pub(crate) admins: Vec<String>,
}

/// Something contacts may subscribe to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionType {
    #[serde(default)]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    /// Contacts must ask for it; otherwise they get it until they refuse.
    #[serde(default)]
    pub(crate) opt_in: bool,
}

/// Something a contact did, as the customer's program reported it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DataEvent {
    pub(crate) contact: String,
    pub(crate) name: String,
    pub(crate) at: i64,
    pub(crate) count: u64,
    pub(crate) metadata: Map<String, Value>,
}
