//! What the doctor looks at on a connection, and what it may find.

use crate::{Permission, text_enum};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

text_enum! {
    /// How a line of the doctor came out, best first.
    pub enum CheckVerdict {
        /// As it should be.
        Good = "good",
        /// There is nothing to look at; the evidence says why.
        NotChecked = "not_checked",
        /// It could not be found out; the evidence says why. Never a sign that something is wrong.
        Unknown = "unknown",
        /// Works, but deserves a look.
        Warn = "warn",
        /// Does not work.
        Bad = "bad",
    }
}

/// Where a line stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckGroup {
    /// The credentials and what they may.
    Credentials,
    /// Calls to Intercom.
    Calls,
    /// Webhooks, from Intercom's side to ours.
    Webhooks,
    /// The webhook topics that the switched-on features need.
    Topics,
}

impl CheckGroup {
    /// Every group, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Credentials, Self::Calls, Self::Webhooks, Self::Topics];

    /// Its heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Credentials => "Credentials and permissions",
            Self::Calls => "Calls to Intercom",
            Self::Webhooks => "Webhooks",
            Self::Topics => "Webhook topics",
        }
    }
}

/// A line of the doctor. Written as a name, such as `token` or `topic:contact.deleted`; sorts as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Check {
    /// Intercom takes the access token.
    Token,
    /// The token still belongs to the Intercom workspace that was connected.
    SameWorkspace,
    /// The region is the one that Intercom names.
    Region,
    /// A read permission that something switched on needs.
    Permission(Permission),
    /// Permissions to write, which nothing harmless proves.
    Writing,
    /// The API version of requests and of webhook payloads.
    ApiVersion,
    /// What is left of the rate budget.
    RateBudget,
    /// The public address is https and answers.
    PublicUrl,
    /// Webhooks carry signatures that verify.
    Signatures,
    /// Webhooks are answered as fast as Intercom wants.
    AnswerTimes,
    /// Customers' messages arrive as webhooks.
    Silence,
    /// Received webhooks are worked off.
    Backlog,
    /// A webhook topic is subscribed to, as far as can be seen.
    Topic(String),
}

/// A text that names no line of the doctor.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no line of the doctor")]
pub struct UnknownCheck(String);

/// The lines whose name says everything.
const PLAIN: [(Check, &str, &str); 11] = [
    (Check::Token, "token", "Access token"),
    (Check::SameWorkspace, "same_workspace", "Intercom workspace"),
    (Check::Region, "region", "Region"),
    (Check::Writing, "writing", "Permissions to write"),
    (Check::ApiVersion, "api_version", "API version"),
    (Check::RateBudget, "rate_budget", "Rate budget"),
    (Check::PublicUrl, "public_url", "Public address"),
    (Check::Signatures, "signatures", "Signatures"),
    (Check::AnswerTimes, "answer_times", "Answer times"),
    (Check::Silence, "silence", "Silence"),
    (Check::Backlog, "backlog", "Backlog"),
];
const PERMISSION: &str = "permission:";
const TOPIC: &str = "topic:";

impl Check {
    /// Where it stands.
    #[must_use]
    pub const fn group(&self) -> CheckGroup {
        match self {
            Self::Token
            | Self::SameWorkspace
            | Self::Region
            | Self::Permission(_)
            | Self::Writing => CheckGroup::Credentials,
            Self::ApiVersion | Self::RateBudget => CheckGroup::Calls,
            Self::PublicUrl
            | Self::Signatures
            | Self::AnswerTimes
            | Self::Silence
            | Self::Backlog => CheckGroup::Webhooks,
            Self::Topic(_) => CheckGroup::Topics,
        }
    }

    /// The line's heading.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Permission(permission) => permission.as_str(),
            Self::Topic(topic) => topic,
            plain => PLAIN
                .iter()
                .find(|(check, _, _)| check == plain)
                .map_or("", |(_, _, title)| title),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => write!(f, "{PERMISSION}{permission}"),
            Self::Topic(topic) => write!(f, "{TOPIC}{topic}"),
            plain => {
                let found = PLAIN.iter().find(|(check, _, _)| check == plain);
                f.write_str(found.map_or("", |(_, name, _)| name))
            }
        }
    }
}

impl FromStr for Check {
    type Err = UnknownCheck;

    fn from_str(text: &str) -> Result<Self, UnknownCheck> {
        let unknown = || UnknownCheck(text.to_owned());
        if let Some(permission) = text.strip_prefix(PERMISSION) {
            return permission
                .parse()
                .map(Self::Permission)
                .map_err(|_| unknown());
        }
        if let Some(topic) = text.strip_prefix(TOPIC) {
            let named = !topic.is_empty()
                && topic
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'_'));
            return named
                .then(|| Self::Topic(topic.to_owned()))
                .ok_or_else(unknown);
        }
        let found = PLAIN.iter().find(|(_, name, _)| *name == text);
        found.map(|(check, _, _)| check.clone()).ok_or_else(unknown)
    }
}

impl From<Check> for String {
    fn from(check: Check) -> Self {
        check.to_string()
    }
}

impl TryFrom<String> for Check {
    type Error = UnknownCheck;

    fn try_from(text: String) -> Result<Self, UnknownCheck> {
        text.parse()
    }
}

/// What the doctor found at one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The line.
    pub check: Check,
    /// How it came out.
    pub verdict: CheckVerdict,
    /// What that was seen from, in words.
    pub evidence: String,
    /// What to do about it, in words.
    pub cure: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back_what_they_write() {
        let mut all: Vec<Check> = PLAIN.iter().map(|(check, _, _)| check.clone()).collect();
        all.extend(Permission::ALL.iter().copied().map(Check::Permission));
        all.push(Check::Topic("conversation_part.tag.created".to_owned()));
        for check in all {
            assert_eq!(check.to_string().parse(), Ok(check.clone()));
            assert!(!check.title().is_empty(), "{check}");
            let json = serde_json::to_string(&check).unwrap();
            assert_eq!(serde_json::from_str::<Check>(&json).unwrap(), check);
        }
        for text in [
            "",
            "Token",
            "permission:",
            "permission:Fly",
            "topic:",
            "topic:<b>",
            "topic:a b",
        ] {
            assert!(text.parse::<Check>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_worst_verdict_sorts_last() {
        assert_eq!(CheckVerdict::ALL.iter().max(), Some(&CheckVerdict::Bad));
    }
}
