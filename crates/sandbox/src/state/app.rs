//! Apps: client secret, permissions, webhook.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::install::{Installation, Token};

/// An app: private to one workspace, or an OAuth app that any workspace may install. It has no `Debug`, so that its
/// secrets cannot reach a log.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) client_secret: String,
    pub(crate) version: Version,
    pub(crate) permissions: Vec<Permission>,
    /// A missing permission answers 403 `forbidden` in place of 401 `token_unauthorized`; Intercom describes both.
    #[serde(default)]
    pub(crate) forbids: bool,
    pub(crate) webhook_url: Option<String>,
    pub(crate) topics: Vec<String>,
    /// The webhook bodies of API version 1.x for tags.
    pub(crate) legacy_payloads: bool,
    /// Set by an answer of 410: nothing more is sent until the webhook is set anew.
    pub(crate) webhook_disabled: bool,
    /// None for a private app.
    pub(crate) oauth: Option<Oauth>,
    /// One for each workspace; a private app has a single one.
    pub(crate) installations: Vec<Installation>,
}

/// What an OAuth app has and a private one has not.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Oauth {
    /// The registered ones; the first is the default.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) uninstall_url: Option<String>,
    pub(crate) health_url: Option<String>,
    /// Seconds that a token lives. Without it tokens never expire, as Intercom's do today.
    pub(crate) expires_in: Option<i64>,
}

impl App {
    /// Whether the app gets webhooks of that topic. A ping needs no subscription.
    pub(crate) fn hears(&self, topic: &str) -> bool {
        self.webhook_url.is_some()
            && !self.webhook_disabled
            && (topic == "ping" || self.topics.iter().any(|known| known == topic))
    }

    pub(crate) fn installation(&self, app_id: &str) -> Option<&Installation> {
        self.installations.iter().find(|one| one.app_id == app_id)
    }

    pub(crate) fn installation_mut(&mut self, app_id: &str) -> Option<&mut Installation> {
        self.installations
            .iter_mut()
            .find(|one| one.app_id == app_id)
    }

    /// Gives a private app another token in place of the one it has. None for an OAuth app.
    pub(crate) fn regenerate(&mut self, text: String) -> Option<()> {
        let private = self.oauth.is_none();
        let installation = self.installations.first_mut().filter(|_| private)?;
        let admin = installation.tokens.pop().and_then(|old| old.admin);
        installation.tokens = vec![Token {
            text,
            admin,
            ..Token::default()
        }];
        Some(())
    }

    /// Whether the app is installed on that workspace with a token that was not revoked.
    pub(crate) fn lives_in(&self, app_id: &str) -> bool {
        self.installation(app_id).is_some_and(Installation::is_live)
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

    /// As the Developer Hub words it, such as "Read and list users and companies".
    pub(crate) fn words(self) -> String {
        let words = self
            .scope()
            .replace("read_list", "read_and_list")
            .replace("read_write", "read_and_write")
            .replace("single", "one")
            .replace('_', " ");
        words[..1].to_uppercase() + &words[1..]
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
