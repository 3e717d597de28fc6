//! Apps installed on a workspace: token, client secret, permissions, webhook.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A private app. It has no `Debug`, so that its secrets cannot reach a log.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) client_id: String,
    /// The workspace it is installed on.
    pub(crate) app_id: String,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) client_secret: String,
    pub(crate) version: Version,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) topics: Vec<String>,
    /// The webhook bodies of API version 1.x for tags.
    pub(crate) legacy_payloads: bool,
    /// The admin whom the token belongs to; the first one of the workspace when absent.
    pub(crate) admin: Option<String>,
    pub(crate) revoked: bool,
    /// Set by an answer of 410: nothing more is sent until the webhook is set anew.
    pub(crate) webhook_disabled: bool,
}

impl App {
    /// Whether the app gets webhooks of that topic. A ping needs no subscription.
    pub(crate) fn hears(&self, topic: &str) -> bool {
        self.webhook_url.is_some()
            && !self.webhook_disabled
            && !self.revoked
            && (topic == "ping" || self.topics.iter().any(|known| known == topic))
    }
}

/// What an app may do, by the permission names of Intercom's Developer Hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Permission {
    ReadListUsersAndCompanies,
    ReadWriteUsers,
    WriteUsersAndCompanies,
    ReadOneUserAndOneCompany,
    ReadTags,
    WriteTags,
    ReadConversations,
    WriteConversations,
    ReadAdmins,
    ReadSingleAdmin,
    ReadTickets,
    WriteTickets,
    ReadEvents,
    WriteEvents,
    WriteDataAttributes,
    ReadArticles,
    ReadWriteArticles,
}

impl Permission {
    pub(crate) const ALL: [Self; 17] = [
        Self::ReadListUsersAndCompanies,
        Self::ReadWriteUsers,
        Self::WriteUsersAndCompanies,
        Self::ReadOneUserAndOneCompany,
        Self::ReadTags,
        Self::WriteTags,
        Self::ReadConversations,
        Self::WriteConversations,
        Self::ReadAdmins,
        Self::ReadSingleAdmin,
        Self::ReadTickets,
        Self::WriteTickets,
        Self::ReadEvents,
        Self::WriteEvents,
        Self::WriteDataAttributes,
        Self::ReadArticles,
        Self::ReadWriteArticles,
    ];

    /// The identifier an error names.
    pub(crate) fn scope(self) -> &'static str {
        match self {
            Self::ReadListUsersAndCompanies => "read_list_users_and_companies",
            Self::ReadWriteUsers => "read_write_users",
            Self::WriteUsersAndCompanies => "write_users_and_companies",
            Self::ReadOneUserAndOneCompany => "read_one_user_and_one_company",
            Self::ReadTags => "read_tags",
            Self::WriteTags => "write_tags",
            Self::ReadConversations => "read_conversations",
            Self::WriteConversations => "write_conversations",
            Self::ReadAdmins => "read_admins",
            Self::ReadSingleAdmin => "read_single_admin",
            Self::ReadTickets => "read_tickets",
            Self::WriteTickets => "write_tickets",
            Self::ReadEvents => "read_events",
            Self::WriteEvents => "write_events",
            Self::WriteDataAttributes => "write_data_attributes",
            Self::ReadArticles => "read_articles_scope",
            Self::ReadWriteArticles => "read_write_articles_scope",
        }
    }
}

/// An API version such as 2.14.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Version {
    major: u8,
    minor: u8,
}

impl Version {
    pub(crate) const V2_14: Self = Self::new(2, 14);
    pub(crate) const V2_15: Self = Self::new(2, 15);
    pub(crate) const V2_16: Self = Self::new(2, 16);

    pub(crate) const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text
            .split_once('.')
            .and_then(|(major, minor)| Some(Self::new(major.parse().ok()?, minor.parse().ok()?)));
        match parsed {
            Some(version @ Self { major: 1, minor }) if minor <= 4 => Ok(version),
            Some(version @ Self { major: 2, minor }) if minor <= 18 => Ok(version),
            _ => Err(format!("{text:?} is not an API version")),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.major, self.minor)
    }
}
