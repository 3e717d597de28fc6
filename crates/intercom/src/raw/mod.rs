//! The raw request: any call to the client's own Intercom host, and to nothing else.

mod guard;
mod multipart;

use std::time::Duration;

use reqwest::{
    Method, StatusCode,
    header::{CONTENT_TYPE, HeaderValue, LOCATION},
};
use serde_json::Value;

use crate::{
    ApiVersion, Client, Error, Repeat,
    client::{Answer, Body, Request, Tries},
};

pub use multipart::FilePart;
pub(crate) use multipart::multipart;

/// The name of raw requests in the trace.
const NAME: &str = "raw";
/// Most redirects that are followed inside the host.
const MOST_REDIRECTS: usize = 3;
/// Most attempts of a raw request.
pub const MOST_RETRIES: u32 = 10;

/// What a raw request carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RawBody {
    /// Nothing.
    #[default]
    None,
    /// JSON.
    Json(Value),
    /// A form, URL-encoded.
    Form(Vec<(String, String)>),
    /// A form with files.
    Multipart {
        /// Its fields.
        fields: Vec<(String, String)>,
        /// Its files.
        files: Vec<FilePart>,
    },
    /// Text of a media type.
    Text {
        /// The media type, such as `text/plain`.
        content_type: String,
        /// The text.
        text: String,
    },
}

/// How the answer is to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseKind {
    /// As JSON.
    #[default]
    Json,
    /// As text.
    Text,
    /// As bytes.
    Binary,
}

/// When and how often a raw request is repeated. A refusal by the rate limit is waited for in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRetries {
    /// Attempts after the first; at most [`MOST_RETRIES`].
    pub most: u32,
    /// Wait before the second attempt.
    pub delay: Duration,
    /// Whether the wait doubles each time.
    pub exponential: bool,
    /// Whether every error is followed by another attempt, 4xx included, and whatever the method: what was done already
    /// may be done twice. Else only faults of the connection and 5xx are, and only GET, HEAD, PUT and DELETE.
    pub on_all_errors: bool,
}

impl Default for RawRetries {
    fn default() -> Self {
        Self {
            most: 0,
            delay: Duration::from_millis(500),
            exponential: true,
            on_all_errors: false,
        }
    }
}

/// A request of one's own making.
///
/// It reaches the API host of its client and nothing else; [`Client::raw`] says what is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRequest {
    /// The method: GET, HEAD, POST, PUT, PATCH or DELETE.
    pub method: String,
    /// A path such as `/contacts/5f`, or an address on the client's own API host. It may have a query.
    pub target: String,
    /// Query parameters, added to those of the target.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RawBody,
    /// How the answer is to be read.
    pub response: ResponseKind,
    /// Another version than the client's.
    pub version: Option<ApiVersion>,
    /// How long one attempt may take; the policy's limit when none, and two minutes at most.
    pub timeout: Option<Duration>,
    /// Repeating.
    pub retries: RawRetries,
}

impl RawRequest {
    /// A request with nothing but method and target.
    #[must_use]
    pub fn new(method: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            target: target.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: RawBody::None,
            response: ResponseKind::Json,
            version: None,
            timeout: None,
            retries: RawRetries::default(),
        }
    }
}

/// The answer to a raw request.
#[derive(Clone, Debug, PartialEq)]
pub struct RawAnswer {
    /// HTTP status, from 200 to 299.
    pub status: u16,
    /// The media type Intercom gives. Not to be trusted when showing the content.
    pub content_type: Option<String>,
    /// Intercom's id of the request.
    pub request_id: Option<String>,
    /// The content.
    pub content: RawContent,
}

/// What came, as it was asked to be read.
#[derive(Clone, Debug, PartialEq)]
pub enum RawContent {
    /// JSON; null when nothing came.
    Json(Value),
    /// Text. Bytes that are no UTF-8 are replaced.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Client {
    /// Makes a raw request.
    ///
    /// # Errors
    /// [`Error::Refused`], before anything is sent, for an address on another host, a path below `/auth/` (tokens are
    /// given out there), a header that is set by this client (see the text of the error), control characters in a
    /// header, and limits exceeded; also for an answer that redirects to another host. Else as for any call.
    pub async fn raw(&self, raw: &RawRequest) -> Result<RawAnswer, Error> {
        let mut request = self.raw_request(raw)?;
        let bound = self.raw_bound(&request);
        let answer = tokio::time::timeout(bound, async {
            for _ in 0..=MOST_REDIRECTS {
                let answer = self.send_within(&request, bound).await?;
                match self.redirected(&request, &answer)? {
                    None => return Ok(answer),
                    Some(next) => request = next,
                }
            }
            Err(Error::refused("Intercom redirected more than three times."))
        })
        .await
        .unwrap_or(Err(Error::Unreachable {
            cause: crate::UnreachableCause::Timeout,
        }))?;
        read(raw.response, answer)
    }

    /// What would be sent.
    ///
    /// # Errors
    /// As [`Client::raw`] before anything is sent.
    pub fn preview_raw(&self, raw: &RawRequest) -> Result<crate::Preview, Error> {
        let request = self.raw_request(raw)?;
        Ok(crate::Preview {
            method: request.method.to_string(),
            url: request.address(),
            version: request.spoken(),
            body: match request.body {
                Body::Json(value) => Some(value),
                _ => None,
            },
        })
    }

    fn raw_request(&self, raw: &RawRequest) -> Result<Request, Error> {
        let method = guard::method(&raw.method)?;
        let url = guard::target(&self.hosts().api, &raw.target)?;
        let version = raw.version.unwrap_or(self.version());
        let mut request = Request::new(NAME, method, url, version);
        request.query.clone_from(&raw.query);
        request.redirects = true;
        request.headers = guard::headers(&raw.headers)?;
        request.accept = HeaderValue::from_static(match raw.response {
            // Anything else is answered with 406, but for downloads.
            ResponseKind::Json | ResponseKind::Text => "application/json",
            ResponseKind::Binary => "application/octet-stream",
        });
        if let Some(accept) = request.headers.remove("accept") {
            request.accept = accept;
        }
        request.body = body(&raw.body)?;
        request.attempt_timeout = raw.timeout.map(guard::timeout).transpose()?;
        request.tries = Some(tries(raw.retries)?);
        request.repeat = if matches!(request.method, Method::POST | Method::PATCH) {
            Repeat::WhenUnsent
        } else {
            Repeat::Safe
        };
        Ok(request)
    }

    /// The request that a redirect asks for, when it stays on this host.
    fn redirected(&self, request: &Request, answer: &Answer) -> Result<Option<Request>, Error> {
        let redirect = StatusCode::from_u16(answer.status).is_ok_and(|code| code.is_redirection());
        if !redirect {
            return Ok(None);
        }
        let place = answer.headers.get(LOCATION);
        let place = place.and_then(|value| value.to_str().ok()).ok_or_else(|| {
            Error::refused("Intercom answered with a redirect that names no address.")
        })?;
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Err(Error::refused(
                "Intercom answered with a redirect; only GET and HEAD follow one.",
            ));
        }
        let here = request.address();
        let url = here.join(place).map_err(|_| guard::elsewhere())?;
        let mut next = request.clone();
        next.url = guard::target(&self.hosts().api, url.as_str())?;
        next.query.clear();
        Ok(Some(next))
    }
}

fn tries(retries: RawRetries) -> Result<Tries, Error> {
    if retries.most > MOST_RETRIES {
        return Err(Error::refused(format!(
            "{} retries are too many; {MOST_RETRIES} are allowed.",
            retries.most
        )));
    }
    Ok(Tries {
        most: retries.most + 1,
        first_backoff: guard::delay(retries.delay)?,
        doubling: retries.exponential,
        on_all: retries.on_all_errors,
    })
}

fn body(raw: &RawBody) -> Result<Body, Error> {
    Ok(match raw {
        RawBody::None => Body::None,
        RawBody::Json(value) => Body::Json(value.clone()),
        RawBody::Form(pairs) => Body::Form(pairs.clone()),
        RawBody::Multipart { fields, files } => Body::Multipart {
            fields: fields.clone(),
            files: files.clone(),
        },
        RawBody::Text { content_type, text } => Body::Text {
            content_type: HeaderValue::from_str(content_type).map_err(|_| {
                Error::refused("The media type of the body must be like text/plain, on one line.")
            })?,
            text: text.clone(),
        },
    })
}

fn read(kind: ResponseKind, answer: Answer) -> Result<RawAnswer, Error> {
    let content_type = answer.headers.get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let content_type = content_type.map(str::to_owned);
    let content = match kind {
        ResponseKind::Binary => RawContent::Binary(answer.body),
        ResponseKind::Text => RawContent::Text(String::from_utf8_lossy(&answer.body).into_owned()),
        ResponseKind::Json if answer.body.trim_ascii().is_empty() => RawContent::Json(Value::Null),
        ResponseKind::Json => match serde_json::from_slice(&answer.body) {
            Ok(value) => RawContent::Json(value),
            Err(fault) => {
                return Err(Error::Unreadable {
                    reason: crate::json::syntax(&fault).reason,
                    request_id: answer.request_id,
                });
            }
        },
    };
    Ok(RawAnswer {
        status: answer.status,
        content_type,
        request_id: answer.request_id,
        content,
    })
}
