//! Intercom's REST API, as far as the sandbox imitates it.

mod admins;
mod articles;
mod attributes;
mod call;
mod changes;
mod companies;
mod contact_lists;
mod contacts;
mod conversations;
mod error;
mod events;
mod groups;
mod manage;
mod oauth;
mod paging;
mod scroll;
mod tags;
mod ticket_types;
mod tickets;

use std::time::Duration;

use actix_web::body::{BoxBody, SizedStream};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK, RETRY_AFTER};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures::{StreamExt, stream};
use serde_json::Value;

use crate::faults::{Fault, Kind};
use crate::host;
use crate::limits::Budget;
use crate::log::Logged;
use crate::shared::{Happened, Shared};
use crate::state::State;
use call::{Call, Caller, Incoming};
use error::ApiError;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Answers every path that is neither the page's nor the control's.
pub(crate) async fn answer(req: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let incoming = read(&req, &body, shared.uuid());
    let fault = shared.lock().faults.call(&incoming.method, &incoming.path);
    let slow = fault
        .as_ref()
        .filter(|fault| fault.kind == Kind::Slow)
        .map_or(0, |fault| fault.ms);
    let wait = shared.options.latency + Duration::from_millis(slow);
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let reply = match &fault {
        Some(fault) if fault.kind == Kind::Drop => {
            log(&shared, &incoming, 0, None);
            return dropped();
        }
        Some(fault) if fault.kind == Kind::Status => {
            Reply::from_fault(fault, &incoming, shared.options.rate, shared.now())
        }
        _ => reply(&shared, &incoming),
    };
    log(&shared, &incoming, reply.status, reply.app.clone());
    match fault {
        Some(fault) if fault.kind == Kind::Cut => reply.cut(&incoming),
        Some(fault) if fault.kind == Kind::WrongJson => reply.garble(fault.body).send(&incoming),
        _ => reply.send(&incoming),
    }
}

fn read(req: &HttpRequest, body: &Bytes, request_id: String) -> Incoming {
    let header = |name: &str| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    Incoming {
        method: req.method().to_string(),
        path: req.path().to_owned(),
        query_text: req.query_string().to_owned(),
        query: Query::from_query(req.query_string())
            .map(Query::into_inner)
            .unwrap_or_default(),
        accept: header(ACCEPT.as_str()),
        token: header(AUTHORIZATION.as_str())
            .and_then(|value| Some(value.strip_prefix("Bearer ")?.trim().to_owned())),
        version: header("Intercom-Version"),
        host: host::of(req),
        address: req.connection_info().host().to_owned(),
        body: body.clone(),
        request_id,
    }
}

fn reply(shared: &Data<Shared>, incoming: &Incoming) -> Reply {
    match (incoming.method.as_str(), incoming.path.as_str()) {
        ("POST", "/auth/eagle/token") => return oauth::token(shared, incoming),
        ("POST", "/auth/uninstall") => return oauth::uninstall(shared, incoming),
        _ => {}
    }
    let rules = Rules {
        rate: shared.options.rate,
        search_delay: i64::try_from(shared.options.search_delay.as_secs()).unwrap_or(i64::MAX),
    };
    let reads = incoming.method == "GET"
        || incoming.path.ends_with("/search")
        || incoming.path.ends_with("/list");
    if reads {
        let now = shared.now();
        return dispatch(
            &mut shared.lock(),
            incoming,
            rules,
            now,
            &mut Happened::default(),
        );
    }
    shared.change(|state, now, happened| dispatch(state, incoming, rules, now, happened))
}

/// What the options say about every call.
#[derive(Clone, Copy)]
struct Rules {
    /// Calls in each window of ten seconds.
    rate: u32,
    /// Seconds until a new contact is searchable.
    search_delay: i64,
}

/// One call against the state: who asks, may they, and what is the answer.
fn dispatch(
    state: &mut State,
    incoming: &Incoming,
    rules: Rules,
    now: i64,
    happened: &mut Happened,
) -> Reply {
    let limit = rules.rate;
    let caller = match identify(state, incoming, now) {
        Ok(caller) => caller,
        Err(error) => return Reply::error(error, incoming, Budget::untouched(limit, now), None),
    };
    // A private app has its one workspace; an OAuth app has a budget in each.
    let counted = format!("{} {}", caller.app.client_id, caller.app_id);
    let budget = state.limits.count(&counted, limit, now);
    let name = Some(caller.app.name.clone());
    let outcome = if budget.exceeded {
        Err(ApiError::rate_limited(limit))
    } else {
        Call::run(state, &caller, incoming, now, rules.search_delay)
    };
    match outcome {
        Ok(done) => {
            happened.add(&caller.app_id, done.events);
            Reply::ok(done.status, done.value, budget, name)
        }
        Err(error) => Reply::error(error, incoming, budget, name),
    }
}

/// Whose token it is, if that token is good at the host that was asked.
fn identify(state: &State, incoming: &Incoming, now: i64) -> Result<Caller, ApiError> {
    let Some(text) = &incoming.token else {
        return Err(ApiError::missing_authorization());
    };
    let (app, installation, token) = state
        .holder(text)
        .filter(|(_, installation, _)| state.serves(incoming.host.0, &installation.app_id))
        .ok_or_else(ApiError::unauthorized)?;
    if token.revoked {
        return Err(ApiError::revoked());
    }
    if token.expires_at.is_some_and(|end| end <= now) {
        return Err(ApiError::expired());
    }
    Ok(Caller {
        app: app.clone(),
        app_id: installation.app_id.clone(),
        admin: token.admin.clone(),
    })
}

fn log(shared: &Shared, incoming: &Incoming, status: u16, app: Option<String>) {
    let at = shared.now();
    shared.lock().log.push(Logged {
        at,
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        region: incoming.host.0,
        query: incoming.query_text.clone(),
        status,
        app,
        request_id: incoming.request_id.clone(),
    });
}

/// An answer that breaks off: the body fails before its first byte, which closes the connection.
fn dropped() -> HttpResponse {
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("dropped")) });
    HttpResponse::Ok().body(SizedStream::new(1024, broken))
}

struct Reply {
    status: u16,
    body: Body,
    budget: Budget,
    retry_after: Option<u32>,
    link: Option<String>,
    app: Option<String>,
}

enum Body {
    Empty,
    Json(Value),
    /// No JSON, although its content type says so.
    Garbled(String),
    Raw(String),
}

impl Reply {
    fn ok(status: u16, value: Value, budget: Budget, app: Option<String>) -> Self {
        Self {
            status,
            body: match value {
                Value::Null => Body::Empty,
                value => Body::Json(value),
            },
            budget,
            retry_after: None,
            link: None,
            app,
        }
    }

    fn error(error: ApiError, incoming: &Incoming, budget: Budget, app: Option<String>) -> Self {
        Self {
            status: error.status,
            body: Body::Json(error.body(&incoming.request_id)),
            budget,
            retry_after: None,
            link: error.link,
            app,
        }
    }

    fn from_fault(fault: &Fault, incoming: &Incoming, limit: u32, now: i64) -> Self {
        let status = fault.status.unwrap_or(500);
        let mut budget = Budget::untouched(limit, now);
        if status == 429 {
            budget.remaining = 0;
        }
        if let Some(seconds) = fault.reset {
            budget.reset = now + seconds;
        }
        let error = ApiError::of_status(status, fault.code.as_deref(), fault.message.as_deref());
        Self {
            status,
            body: match &fault.body {
                Some(raw) => Body::Raw(raw.clone()),
                None => Body::Json(error.body(&incoming.request_id)),
            },
            budget,
            retry_after: fault.retry_after,
            link: None,
            app: None,
        }
    }

    /// The same answer without JSON in it.
    fn garble(mut self, body: Option<String>) -> Self {
        let half = match &self.body {
            Body::Json(value) => {
                let text = value.to_string();
                text.chars().take(text.chars().count() / 2).collect()
            }
            _ => String::new(),
        };
        self.body = Body::Garbled(body.unwrap_or(half));
        self
    }

    /// The same answer, whose connection ends after half of the body it announced.
    fn cut(self, incoming: &Incoming) -> HttpResponse {
        let text = match &self.body {
            Body::Json(value) => value.to_string(),
            Body::Raw(text) | Body::Garbled(text) => text.clone(),
            Body::Empty => String::new(),
        };
        let whole = Bytes::from(text);
        let half = whole.slice(..whole.len() / 2);
        let end = async {
            // Without a pause the server would close before it sent the first half.
            tokio::time::sleep(Duration::from_millis(20)).await;
            Err(std::io::Error::other("cut"))
        };
        let parts = stream::iter([Ok(half)]).chain(stream::once(end));
        let body = SizedStream::new(whole.len().max(1) as u64, Box::pin(parts));
        let empty = Self {
            body: Body::Empty,
            ..self
        };
        let mut response = empty.send(incoming);
        response.headers_mut().insert(CONTENT_TYPE, JSON);
        response.map_body(|_, _| BoxBody::new(body))
    }

    fn send(self, incoming: &Incoming) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response
            .insert_header(("X-Request-Id", incoming.request_id.clone()))
            .insert_header(("X-RateLimit-Limit", self.budget.limit.to_string()))
            .insert_header(("X-RateLimit-Remaining", self.budget.remaining.to_string()))
            .insert_header(("X-RateLimit-Reset", self.budget.reset.to_string()));
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if let Some(link) = self.link {
            response.insert_header((LINK, link));
        }
        match self.body {
            Body::Empty => response.finish(),
            Body::Json(value) => response
                .insert_header((CONTENT_TYPE, JSON))
                .body(value.to_string()),
            Body::Garbled(text) => response.insert_header((CONTENT_TYPE, JSON)).body(text),
            Body::Raw(text) => response
                .insert_header((CONTENT_TYPE, "text/html"))
                .body(text),
        }
    }
}

#[cfg(test)]
mod tests;
