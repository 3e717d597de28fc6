//! A request before it is sent.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderValue},
};
use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{ApiVersion, Error, Hosts, Operation, Policy, Repeat, json::Object, region::join};

/// What a request carries.
#[derive(Clone, Debug, Default)]
pub(crate) enum Body {
    #[default]
    None,
    Json(Value),
    Text {
        content_type: HeaderValue,
        text: String,
    },
    Form(Vec<(String, String)>),
    Multipart {
        fields: Vec<(String, String)>,
        files: Vec<crate::raw::FilePart>,
    },
}

/// How often, and after how long, an attempt is followed by another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    pub(crate) most: u32,
    pub(crate) first_backoff: Duration,
    pub(crate) doubling: bool,
    /// Also after errors that repeating does not cure.
    pub(crate) on_all: bool,
}

impl Tries {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self {
            most: policy.max_attempts,
            first_backoff: policy.first_backoff,
            doubling: true,
            on_all: false,
        }
    }
}

/// A field whose form differs between versions is put right here, when the version is known.
pub(crate) type Shape = fn(&mut Object, ApiVersion);

/// A request, complete but for the version, the token and the turn in the budget.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) name: &'static str,
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) accept: HeaderValue,
    pub(crate) body: Body,
    pub(crate) version: ApiVersion,
    pub(crate) since: ApiVersion,
    pub(crate) repeat: Repeat,
    pub(crate) tries: Option<Tries>,
    pub(crate) attempt_timeout: Option<Duration>,
    /// Whether a redirect is an answer and no error; it is never followed here.
    pub(crate) redirects: bool,
    shape: Option<Shape>,
    /// Why it must not be sent at all.
    pub(crate) fault: Option<Error>,
}

impl Request {
    /// The request of an operation, with `arguments` in the places of its path's parameters.
    pub(crate) fn to(
        operation: &'static Operation,
        hosts: &Hosts,
        version: ApiVersion,
        arguments: &[&str],
    ) -> Self {
        let segments = operation.segments(arguments);
        // Percent-encoding leaves these as they are, and they would name another path.
        let astray = segments.iter().any(|part| matches!(*part, "" | "." | ".."));
        Self {
            since: operation.since,
            repeat: operation.repeat,
            fault: astray.then_some(Error::NotFound {
                code: None,
                request_id: None,
            }),
            ..Self::new(
                operation.name,
                operation.method.clone(),
                join(&hosts.api, &segments),
                version,
            )
        }
    }

    pub(crate) fn new(name: &'static str, method: Method, url: Url, version: ApiVersion) -> Self {
        Self {
            name,
            method,
            url,
            query: Vec::new(),
            headers: HeaderMap::new(),
            accept: HeaderValue::from_static("application/json"),
            body: Body::None,
            version,
            since: version,
            repeat: Repeat::WhenUnsent,
            tries: None,
            attempt_timeout: None,
            redirects: false,
            shape: None,
            fault: None,
        }
    }

    pub(crate) fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set_query(name, value);
        self
    }

    /// Sets a query parameter, in place of one with the same name.
    pub(crate) fn set_query(&mut self, name: &str, value: impl Into<String>) {
        self.query.retain(|(key, _)| key != name);
        self.query.push((name.to_owned(), value.into()));
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(value) => self.body = Body::Json(value),
            Err(_) => self.fault = Some(Error::refused("the body cannot be written as JSON")),
        }
        self
    }

    pub(crate) fn shaped(mut self, shape: Shape) -> Self {
        self.shape = Some(shape);
        self
    }

    /// Changes the object of a JSON body, made when there is none.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Object)) {
        let mut object = match std::mem::take(&mut self.body) {
            Body::Json(Value::Object(object)) => object,
            _ => Map::new(),
        };
        change(&mut object);
        self.body = Body::Json(Value::Object(object));
    }

    /// The version that is asked with.
    pub(crate) fn spoken(&self) -> ApiVersion {
        self.version.max(self.since)
    }

    /// The body as it is sent with the version that is asked with.
    pub(crate) fn finished_body(&self) -> Body {
        let mut body = self.body.clone();
        if let (Some(shape), Body::Json(Value::Object(object))) = (self.shape, &mut body) {
            shape(object, self.spoken());
        }
        body
    }

    /// The address with its query.
    pub(crate) fn address(&self) -> Url {
        let mut url = self.url.clone();
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}
