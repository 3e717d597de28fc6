//! One API call: checks that hold for all, and the table of endpoints.

use std::collections::HashMap;

use actix_web::web::Bytes;
use serde_json::Value;

use super::error::ApiError;
use super::{admins, changes, companies, contacts, conversations, tags};
use crate::host::Host;
use crate::render::Shape;
use crate::state::app::{App, Permission, Version};
use crate::state::event::Event;
use crate::state::{State, Workspace};

/// A request as it came in. The token never leaves this struct.
pub(super) struct Incoming {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query_text: String,
    pub(super) query: HashMap<String, String>,
    pub(super) accept: Option<String>,
    pub(super) token: Option<String>,
    pub(super) version: Option<String>,
    pub(super) host: Host,
    pub(super) address: String,
    pub(super) body: Bytes,
    pub(super) request_id: String,
}

/// Who asks: an app, on one of the workspaces where it is installed.
pub(super) struct Caller {
    pub(super) app: App,
    pub(super) app_id: String,
    /// Whom the token belongs to; the first admin of the workspace when absent.
    pub(super) admin: Option<String>,
}

/// A call by a known app.
pub(super) struct Call<'a> {
    pub(super) workspace: &'a mut Workspace,
    pub(super) app: &'a App,
    pub(super) admin: Option<&'a str>,
    pub(super) incoming: &'a Incoming,
    pub(super) body: Value,
    pub(super) version: Version,
    pub(super) now: i64,
    pub(super) events: Vec<Event>,
}

/// What an endpoint answers.
pub(super) type Answer = Result<Value, ApiError>;

impl<'a> Call<'a> {
    /// Checks the headers, finds the endpoint and runs it.
    pub(super) fn run(
        state: &mut State,
        caller: &Caller,
        incoming: &Incoming,
        now: i64,
    ) -> Result<(Value, Vec<Event>), ApiError> {
        let accepts = incoming
            .accept
            .as_deref()
            .is_some_and(|accept| accept.contains("application/json"));
        if !accepts {
            return Err(ApiError::not_acceptable());
        }
        let version = match &incoming.version {
            None => caller.app.version,
            Some(text) => text.parse().map_err(|_| {
                ApiError::new(
                    400,
                    "intercom_version_invalid",
                    "The requested version could not be found",
                )
            })?,
        };
        let body = if incoming.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&incoming.body).map_err(|_| {
                ApiError::new(400, "bad_request", "The request body is not valid JSON")
            })?
        };
        let workspace = state
            .workspaces
            .get_mut(&caller.app_id)
            .ok_or_else(ApiError::unauthorized)?;
        let mut call = Call {
            workspace,
            app: &caller.app,
            admin: caller.admin.as_deref(),
            incoming,
            body,
            version,
            now,
            events: Vec::new(),
        };
        let value = call.route()?;
        Ok((value, call.events))
    }

    fn route(&mut self) -> Answer {
        let incoming = self.incoming;
        let path: Vec<&str> = incoming
            .path
            .split('/')
            .filter(|one| !one.is_empty())
            .collect();
        match (incoming.method.as_str(), path.as_slice()) {
            ("GET", ["me"]) => admins::me(self),
            ("GET", ["admins"]) => admins::list(self),
            ("GET", ["admins", id]) => admins::one(self, id),
            ("GET", ["tags"]) => tags::list(self),
            ("GET", ["tags", id]) => tags::one(self, id),
            ("GET", ["contacts"]) => contacts::list(self),
            ("POST", ["contacts", "search"]) => contacts::search(self),
            ("GET", ["contacts", id]) => contacts::one(self, id),
            ("GET", ["contacts", id, "companies"]) => contacts::companies(self, id),
            ("GET", ["companies"]) => companies::find(self),
            ("POST", ["companies", "list"]) => companies::list(self),
            ("GET", ["companies", id]) => companies::one(self, id),
            ("GET", ["ticket_types"]) => tags::ticket_types(self),
            ("GET", ["conversations"]) => conversations::list(self),
            ("POST", ["conversations", "search"]) => conversations::search(self),
            ("POST", ["conversations", "redact"]) => changes::redact(self),
            ("GET", ["conversations", id]) => conversations::one(self, id),
            ("DELETE", ["conversations", id]) => changes::delete(self, id),
            ("POST", ["conversations", id, "reply"]) => changes::reply(self, id),
            ("POST", ["conversations", id, "tags"]) => changes::tag(self, id),
            ("DELETE", ["conversations", id, "tags", tag]) => changes::untag(self, id, tag),
            _ => Err(ApiError::not_found()),
        }
    }

    /// Refuses the call unless the app has one of these permissions; the first one is named.
    pub(super) fn need(&self, any: &[Permission]) -> Result<(), ApiError> {
        let has = any.iter().any(|one| self.app.permissions.contains(one));
        match any.first() {
            Some(first) if !has && self.app.forbids => Err(ApiError::forbidden(*first)),
            Some(first) if !has => Err(ApiError::scope(*first)),
            _ => Ok(()),
        }
    }

    /// The shape of this answer.
    pub(super) fn shape(&self) -> Shape {
        let plain = self
            .incoming
            .query
            .get("display_as")
            .is_some_and(|value| value == "plaintext");
        Shape::api(self.version, plain)
    }

    /// A text of the body; numbers are taken too, as ids are sent in both forms.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        match &self.body[field] {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn required(&self, field: &str) -> Result<String, ApiError> {
        self.text(field).ok_or_else(|| ApiError::missing(field))
    }
}
