//! What can go wrong with a call, named for what the caller should do.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// Why nothing usable came from Intercom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreachableCause {
    /// No answer in time.
    Timeout,
    /// No connection: name not found, refused, or the secure connection failed.
    Connect,
    /// The connection broke off while asking or answering.
    Interrupted,
    /// The request could not be sent for another reason.
    Other,
}

impl fmt::Display for UnreachableCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "it did not answer in time",
            Self::Connect => "no connection could be made",
            Self::Interrupted => "the connection broke off",
            Self::Other => "the request could not be sent",
        })
    }
}

/// A failed call. Texts hold neither the token nor the address that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The token is not valid (any more): connect again. From 401, other than `token_unauthorized`.
    Reconnect {
        /// Intercom's code, such as `token_revoked`.
        code: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// The token lacks a permission, or the Intercom plan lacks the feature. From 401 `token_unauthorized`,
    /// 402 and 403. The connection itself is sound.
    PermissionMissing {
        /// Intercom's code, such as `forbidden` or `api_plan_restricted`.
        code: Option<String>,
        /// Intercom's explanation.
        message: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// There is no such thing (404).
    NotFound {
        /// Intercom's code, such as `conversation_not_found`.
        code: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// The contact was merged into another (410, from API version 2.16): repoint the record.
    Merged {
        /// Id of the contact that remains, when Intercom names it.
        into: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// Intercom refuses the request as it is; repeating it will not help. From the other 4xx, and 3xx.
    Rejected {
        /// HTTP status.
        status: u16,
        /// Intercom's code.
        code: Option<String>,
        /// Intercom's explanation.
        message: Option<String>,
        /// The field at fault.
        field: Option<String>,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// Too many calls: try again at this time. From 429, or from the budget before asking.
    WaitUntil {
        /// When to try again.
        at: DateTime<Utc>,
        /// Intercom's id of the request, when it was asked at all.
        request_id: Option<String>,
    },
    /// Nothing came back: try again later.
    Unreachable {
        /// Why.
        cause: UnreachableCause,
    },
    /// Intercom has trouble of its own (5xx, 408), also after repeating: try again later.
    ServerTrouble {
        /// HTTP status.
        status: u16,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// The answer was not understood: report it.
    Unreadable {
        /// Why, without any of the content.
        reason: String,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// The answer was larger than allowed.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
}

impl Error {
    /// Intercom's id of the request, for asking its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Unreachable { .. } => None,
            Self::Reconnect { request_id, .. }
            | Self::PermissionMissing { request_id, .. }
            | Self::NotFound { request_id, .. }
            | Self::Merged { request_id, .. }
            | Self::Rejected { request_id, .. }
            | Self::WaitUntil { request_id, .. }
            | Self::ServerTrouble { request_id, .. }
            | Self::Unreadable { request_id, .. }
            | Self::TooLarge { request_id, .. } => request_id.as_deref(),
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::WaitUntil { .. } | Self::Unreachable { .. } | Self::ServerTrouble { .. }
        )
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconnect { code, .. } => {
                write!(
                    f,
                    "Intercom does not accept the access token{}.",
                    in_brackets(code)
                )
            }
            Self::PermissionMissing { code, message, .. } => write!(
                f,
                "The access token lacks a permission for this{}{}.",
                in_brackets(code),
                after_colon(message)
            ),
            Self::NotFound { .. } => f.write_str("Intercom has no such object."),
            Self::Merged { into: Some(id), .. } => {
                write!(f, "The contact was merged into contact {id}.")
            }
            Self::Merged { into: None, .. } => {
                f.write_str("The contact was merged into another one.")
            }
            Self::Rejected {
                status,
                code,
                message,
                field,
                ..
            } => {
                write!(f, "Intercom rejected the request with status {status}")?;
                write!(f, "{}", in_brackets(code))?;
                if let Some(field) = field {
                    write!(f, " at field {field}")?;
                }
                write!(f, "{}.", after_colon(message))
            }
            Self::WaitUntil { at, .. } => write!(
                f,
                "Intercom's rate limit is used up until {}.",
                at.to_rfc3339_opts(SecondsFormat::Secs, true)
            ),
            Self::Unreachable { cause } => write!(f, "Intercom could not be reached: {cause}."),
            Self::ServerTrouble { status, .. } => {
                write!(f, "Intercom has trouble of its own (status {status}).")
            }
            Self::Unreadable { reason, .. } => {
                write!(f, "Intercom's answer was not understood: {reason}.")
            }
            Self::TooLarge { limit, .. } => {
                write!(f, "Intercom's answer was larger than {limit} bytes.")
            }
        }
    }
}

fn in_brackets(text: &Option<String>) -> String {
    text.as_ref()
        .map_or_else(String::new, |text| format!(" ({text})"))
}

fn after_colon(text: &Option<String>) -> String {
    text.as_ref().map_or_else(String::new, |text| {
        format!(": {}", text.trim().trim_end_matches('.'))
    })
}
