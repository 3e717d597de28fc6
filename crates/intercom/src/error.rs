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
        /// HTTP status.
        status: u16,
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
        /// Intercom's code, when it gives one.
        code: Option<String>,
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
    /// The request was not sent: this crate refuses it.
    Refused {
        /// Why, and what would be accepted, as whole sentences.
        reason: String,
    },
    /// A list did not move on: Intercom gave a place in it that had been given before. What was read until then
    /// is right; go on from the start of the list, or report it.
    NotMoving {
        /// How many pages were read before.
        pages: u64,
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// Another scroll over the companies is open for this app and Intercom workspace: wait until it ends, or for a
    /// minute after its last page.
    ScrollBusy {
        /// Intercom's id of the request.
        request_id: Option<String>,
    },
    /// The scroll over the companies broke off, or a minute passed without a page: begin anew from its start. It
    /// cannot be resumed, for a page may have been lost.
    ScrollLost {
        /// What broke it, in words.
        cause: String,
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
            Self::Unreachable { .. } | Self::Refused { .. } => None,
            Self::NotMoving { request_id, .. }
            | Self::ScrollBusy { request_id }
            | Self::ScrollLost { request_id, .. }
            | Self::Reconnect { request_id, .. }
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

    /// HTTP status of the answer; none when there was none, or when a good answer could not be used. A call held back
    /// by the budget counts as the 429 it was spared.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Reconnect { .. } => Some(401),
            Self::PermissionMissing { status, .. }
            | Self::Rejected { status, .. }
            | Self::ServerTrouble { status, .. } => Some(*status),
            Self::NotFound { .. } => Some(404),
            Self::Merged { .. } => Some(410),
            Self::WaitUntil { .. } => Some(429),
            Self::ScrollBusy { .. } => Some(400),
            Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::NotMoving { .. }
            | Self::ScrollLost { .. }
            | Self::Unreadable { .. }
            | Self::TooLarge { .. } => None,
        }
    }

    /// Intercom's code, such as `parameter_invalid`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Reconnect { code, .. }
            | Self::PermissionMissing { code, .. }
            | Self::NotFound { code, .. }
            | Self::Rejected { code, .. }
            | Self::ServerTrouble { code, .. } => code.as_deref(),
            Self::Merged { .. } => Some("contact_merged"),
            Self::WaitUntil { .. } => Some("rate_limit_exceeded"),
            Self::ScrollBusy { .. } => Some("scroll_exists"),
            _ => None,
        }
    }

    /// What to do about it, in a sentence for a person.
    #[must_use]
    pub const fn what_to_do(&self) -> &'static str {
        match self {
            Self::Reconnect { .. } => "Connect again with a token that is valid.",
            Self::PermissionMissing { .. } => {
                "Give the app this permission in Intercom's Developer Hub, or ask who manages the Intercom plan."
            }
            Self::NotFound { .. } => "Check the id; the object may have been deleted.",
            Self::Merged { .. } => "Use the contact that remains.",
            Self::Rejected { .. } | Self::Refused { .. } => {
                "Change the request as the message says; repeating it will not help."
            }
            Self::WaitUntil { .. } => "Try again at the time named.",
            Self::Unreachable { .. } | Self::ServerTrouble { .. } => {
                "Try again later; look at the object first when the request was to change or create something."
            }
            Self::Unreadable { .. } => "Try again; report it with the request id when it stays.",
            Self::NotMoving { .. } => {
                "Read the list again from its start; report it with the request id when it stays."
            }
            Self::ScrollBusy { .. } => "Try again in a minute, when the other scroll has ended.",
            Self::ScrollLost { .. } => "Begin the scroll again from its start.",
            Self::TooLarge { .. } => "Ask for less: a smaller page, or one object.",
        }
    }

    /// The contact that a new one would repeat: after a 409 to [`crate::Client::create_contact`]. Intercom names it in its
    /// message only. The second value says whether that one is archived.
    #[must_use]
    pub fn existing_contact(&self) -> Option<(&str, bool)> {
        let Self::Rejected {
            status: 409,
            message: Some(message),
            ..
        } = self
        else {
            return None;
        };
        let (before, after) = message.split_once("already exists with id=")?;
        let id = after.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        (!id.is_empty()).then(|| (id, before.contains("archived")))
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused {
            reason: reason.into(),
        }
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::WaitUntil { .. }
                | Self::Unreachable { .. }
                | Self::ServerTrouble { .. }
                | Self::ScrollBusy { .. }
        )
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconnect { code, .. } => {
                let code = in_brackets(code);
                write!(f, "Intercom does not accept the access token{code}.")
            }
            Self::PermissionMissing { code, message, .. } => {
                let (code, message) = (in_brackets(code), after_colon(message));
                write!(f, "The access token lacks a permission for this{code}{message}.")
            }
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
                let field = field.as_ref().map(|field| format!(" at field {field}"));
                write!(
                    f,
                    "Intercom rejected the request with status {status}{}{}{}.",
                    in_brackets(code),
                    field.unwrap_or_default(),
                    after_colon(message)
                )
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
            Self::Refused { reason } => write!(f, "The request was not sent: {reason}"),
            Self::NotMoving { pages, .. } => write!(
                f,
                "Intercom's list does not move on after {pages} pages: it names a place that was read already."
            ),
            Self::ScrollBusy { .. } => f.write_str(
                "Another scroll over the companies of this Intercom workspace is open; there can be one at a time.",
            ),
            Self::ScrollLost { cause, .. } => {
                write!(f, "The scroll over the companies broke off: {cause}.")
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
