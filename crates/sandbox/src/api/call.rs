//! One API call: checks that hold for all, and the table of endpoints.

use std::collections::HashMap;

use actix_web::web::Bytes;
use serde_json::Value;

use super::error::ApiError;
use super::{
    admins, articles, attributes, companies, contacts, conversations, events, groups, tags,
    ticket_types, tickets,
};
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
    /// How long new contacts stay out of search, in seconds.
    pub(super) search_delay: i64,
    pub(super) events: Vec<Event>,
    pub(super) status: u16,
}

/// What a call came to.
pub(super) struct Done {
    pub(super) status: u16,
    pub(super) value: Value,
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
        search_delay: i64,
    ) -> Result<Done, ApiError> {
        // The official clients say `*/*` and are answered.
        let accepts = incoming.accept.as_deref().is_some_and(|accept| {
            ["application/json", "*/*"]
                .iter()
                .any(|one| accept.contains(one))
        });
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
            search_delay,
            events: Vec::new(),
            status: 200,
        };
        let value = call.route()?;
        Ok(Done {
            status: call.status,
            value,
            events: call.events,
        })
    }

    fn route(&mut self) -> Answer {
        let incoming = self.incoming;
        let path: Vec<&str> = incoming
            .path
            .split('/')
            .filter(|one| !one.is_empty())
            .collect();
        let Some((first, rest)) = path.split_first() else {
            return Err(ApiError::not_found());
        };
        let method = incoming.method.as_str();
        match *first {
            "me" | "admins" | "teams" => admins::route(self, method, &path),
            "contacts" => contacts::route(self, method, rest),
            "companies" => companies::route(self, method, rest),
            "tags" => tags::route(self, method, rest),
            "segments" | "notes" | "subscription_types" => groups::route(self, method, &path),
            "conversations" => conversations::route(self, method, rest),
            "tickets" => tickets::route(self, method, rest),
            "ticket_types" | "ticket_states" => ticket_types::route(self, method, &path),
            "articles" | "help_center" => articles::route(self, method, &path),
            "data_attributes" => attributes::route(self, method, rest),
            "events" => events::route(self, method, rest),
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
