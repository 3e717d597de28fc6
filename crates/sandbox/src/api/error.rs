//! Intercom's errors: an `error.list` with codes.

use serde_json::{Value, json};

use crate::search::Refused;
use crate::state::act::Refusal;
use crate::state::app::Permission;

/// One error of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) status: u16,
    code: String,
    message: String,
    /// A path for the `Link` header.
    pub(super) link: Option<String>,
}

impl ApiError {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            link: None,
        }
    }

    /// The contact was merged into the one the link leads to.
    pub(super) fn merged(into: &str) -> Self {
        Self {
            link: Some(format!("</contacts/{into}>; rel=\"canonical\"")),
            ..Self::new(
                410,
                "contact_merged",
                "This contact has been merged. See the 'Link' header for the canonical contact.",
            )
        }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "unauthorized", "Access Token Invalid")
    }

    pub(super) fn missing_authorization() -> Self {
        Self::new(
            401,
            "missing_authorization",
            "Authorization header is missing",
        )
    }

    pub(super) fn revoked() -> Self {
        Self::new(401, "token_revoked", "Access Token has been revoked")
    }

    pub(super) fn rate_limited(limit: u32) -> Self {
        Self::new(
            429,
            "rate_limit_exceeded",
            format!("Exceeded rate limit of {limit} in 10_seconds"),
        )
    }

    pub(super) fn expired() -> Self {
        Self::new(401, "token_expired", "Access Token has expired")
    }

    pub(super) fn scope(permission: Permission) -> Self {
        Self::new(401, "token_unauthorized", lacking(permission))
    }

    pub(super) fn forbidden(permission: Permission) -> Self {
        Self::new(403, "forbidden", lacking(permission))
    }

    pub(super) fn not_acceptable() -> Self {
        Self::new(
            406,
            "not_acceptable",
            "The Accept header should be application/json",
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "not_found", "Resource Not Found")
    }

    pub(super) fn user_not_found() -> Self {
        Self::new(404, "not_found", "User Not Found")
    }

    pub(super) fn company_not_found() -> Self {
        Self::new(404, "company_not_found", "Company Not Found")
    }

    pub(super) fn conversation_not_found() -> Self {
        Self::new(404, "not_found", "Conversation not found")
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::new(400, "parameter_not_found", format!("{field} is required"))
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "parameter_invalid", message)
    }

    /// The usual error of a status, for scripted faults.
    pub(super) fn of_status(status: u16, code: Option<&str>, message: Option<&str>) -> Self {
        let (usual, text) = match status {
            401 => ("unauthorized", "Access Token Invalid"),
            403 => ("api_plan_restricted", "Active subscription needed."),
            404 => ("not_found", "Resource Not Found"),
            429 => (
                "rate_limit_exceeded",
                "Exceeded rate limit of 83 in 10_seconds",
            ),
            503 => (
                "service_unavailable",
                "Sorry, the API service is temporarily unavailable",
            ),
            500.. => ("server_error", "An unexpected server error occurred"),
            _ => ("client_error", "The request could not be handled"),
        };
        Self::new(status, code.unwrap_or(usual), message.unwrap_or(text))
    }

    pub(super) fn body(&self, request_id: &str) -> Value {
        json!({
            "type": "error.list",
            "request_id": request_id,
            "errors": [{"code": self.code, "message": self.message}],
        })
    }

    #[cfg(test)]
    pub(super) fn code(&self) -> &str {
        &self.code
    }
}

fn lacking(permission: Permission) -> String {
    format!(
        "You do not have the required scope ({}) to access this resource",
        permission.scope()
    )
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Conversation => Self::conversation_not_found(),
            Refusal::Message => Self::new(404, "conversation_part_or_message_not_found", message),
            Refusal::Tag => Self::new(404, "tag_not_found", message),
            Refusal::Admin => Self::new(404, "admin_not_found", message),
            Refusal::Contact => Self::user_not_found(),
            Refusal::NotRedactable => Self::new(400, "conversation_part_not_redactable", message),
            Refusal::Ticket => Self::new(404, "ticket_not_found", message),
            Refusal::Company => Self::company_not_found(),
            Refusal::TooManyCompanies => Self::new(400, "contact_company_limit_exceeded", message),
            Refusal::Duplicate { .. } => Self::new(409, "conflict", message),
            Refusal::Invalid(_) => Self::invalid(message),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        let message = refused.to_string();
        match refused {
            Refused::Missing(_) => Self::new(400, "parameter_not_found", message),
            Refused::Invalid(_) => Self::invalid(message),
            Refused::Order => Self::new(400, "invalid_sort_order", message),
        }
    }
}
