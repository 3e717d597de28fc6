//! Intercom's REST API, as far as the sandbox imitates it.

mod admins;
mod call;
mod changes;
mod companies;
mod contacts;
mod conversations;
mod dates;
mod error;
mod oauth;
mod paging;
mod search;
mod tags;

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures::stream;
use serde_json::Value;

use crate::faults::{Fault, Kind};
use crate::host;
use crate::limits::Budget;
use crate::log::Logged;
use crate::shared::{Happened, Shared};
use crate::state::State;
use call::{Call, Caller, Incoming};
use error::ApiError;

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
    reply.send(&incoming)
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
    let limit = shared.options.rate;
    match (incoming.method.as_str(), incoming.path.as_str()) {
        ("POST", "/auth/eagle/token") => return oauth::token(shared, incoming),
        ("POST", "/auth/uninstall") => return oauth::uninstall(shared, incoming),
        _ => {}
    }
    let reads = incoming.method == "GET"
        || incoming.path.ends_with("/search")
        || incoming.path.ends_with("/list");
    if reads {
        let now = shared.now();
        return dispatch(
            &mut shared.lock(),
            incoming,
            limit,
            now,
            &mut Happened::default(),
        );
    }
    shared.change(|state, now, happened| dispatch(state, incoming, limit, now, happened))
}

/// One call against the state: who asks, may they, and what is the answer.
fn dispatch(
    state: &mut State,
    incoming: &Incoming,
    limit: u32,
    now: i64,
    happened: &mut Happened,
) -> Reply {
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
        Call::run(state, &caller, incoming, now)
    };
    match outcome {
        Ok((value, events)) => {
            happened.add(&caller.app_id, events);
            Reply::ok(value, budget, name)
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
    app: Option<String>,
}

enum Body {
    Json(Value),
    Raw(String),
}

impl Reply {
    fn ok(value: Value, budget: Budget, app: Option<String>) -> Self {
        Self {
            status: 200,
            body: Body::Json(value),
            budget,
            retry_after: None,
            app,
        }
    }

    fn error(error: ApiError, incoming: &Incoming, budget: Budget, app: Option<String>) -> Self {
        Self {
            status: error.status,
            body: Body::Json(error.body(&incoming.request_id)),
            budget,
            retry_after: None,
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
            app: None,
        }
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
        match self.body {
            Body::Json(value) => response
                .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
                .body(value.to_string()),
            Body::Raw(text) => response
                .insert_header((CONTENT_TYPE, "text/html"))
                .body(text),
        }
    }
}

#[cfg(test)]
mod tests;
