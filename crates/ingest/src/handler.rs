//! The letterbox over HTTP. Never 410 (Intercom disables the subscription) and never 429 (it delays for up to two hours,
//! then drops): what is refused for want of room is 503, which Intercom repeats once.

use crate::body::{self, BodyError};
use crate::intake::{Ingest, Placed};
use crate::{health, uninstall};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use earmark_connections::webhook::{self, SIGNATURE_HEADER, SignatureError};
use earmark_connections::{
    HEALTH_SUFFIX, HOOK_PATH, INSTALLATION_HOOK_PATH, Receiver, Resolved, UNINSTALL_SUFFIX,
};
use earmark_db::across::Sighting;
use earmark_model::client_address;
use std::net::IpAddr;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// Adds the letterbox to an app.
pub fn routes(ingest: Ingest) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(Data::new(ingest));
        // The installation's come first: its fixed words win over an endpoint token.
        for path in [INSTALLATION_HOOK_PATH, HOOK_PATH] {
            let at = |suffix| web::resource(format!("{path}{suffix}"));
            let uninstall = at(UNINSTALL_SUFFIX).route(web::post().to(uninstall::post));
            let health = at(HEALTH_SUFFIX).route(web::post().to(health::post));
            let hook = at("")
                .route(web::head().to(head))
                .route(web::post().to(post));
            app.service(only(uninstall, "POST"))
                .service(only(health, "POST"))
                .service(only(hook, "POST, HEAD"));
        }
    }
}

/// Answers every other method 405 with those that are allowed.
fn only(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(web::to(move || async move {
        HttpResponse::MethodNotAllowed()
            .insert_header(("Allow", allowed))
            .finish()
    }))
}

/// What the request's address leads to, or the answer that ends the request.
pub(crate) async fn find(
    ingest: &Ingest,
    request: &HttpRequest,
) -> Result<Arc<Resolved>, HttpResponse> {
    let (resolved, unknown) = match request.match_info().get("endpoint_token") {
        Some(token) => (
            ingest.endpoints.resolve(token).await,
            "unknown webhook address",
        ),
        None => (
            Ok(ingest.endpoints.installation()),
            "the installation has no OAuth app (oauth.client_id)",
        ),
    };
    let resolved = resolved.map_err(|error| {
        tracing::warn!(%error, "cannot look up a webhook endpoint");
        HttpResponse::ServiceUnavailable().finish()
    })?;
    let Some(resolved) = resolved else {
        ingest
            .refusals
            .record(None, unknown, address(ingest, request));
        return Err(HttpResponse::NotFound().finish());
    };
    match resolved.closed_at {
        Some(closed) if ingest.db.sources().now() - closed < ingest.settings.closed_endpoint => {
            Err(HttpResponse::Ok().finish())
        }
        Some(_) => Err(HttpResponse::NotFound().finish()),
        None => Ok(resolved),
    }
}

/// Intercom asks with HEAD before it saves the address.
async fn head(ingest: Data<Ingest>, request: HttpRequest) -> HttpResponse {
    match find(&ingest, &request).await {
        Ok(to) => {
            ingest.notes.head(&to.audience);
            HttpResponse::Ok().finish()
        }
        Err(answer) => answer,
    }
}

/// Takes a webhook. One deadline covers the lookup, the body and the storing: Intercom waits five seconds in all. How long
/// it took is noted for the connections that the webhook turned out to be for. Who is ahead of us is answered later.
async fn post(ingest: Data<Ingest>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let (start, mut receivers) = (Instant::now(), Vec::new());
    let taken = take(&ingest, &request, payload, &mut receivers);
    let within = ingest.settings.answer_within;
    let answer = match tokio::time::timeout(within, taken).await {
        Ok(Ok(answer) | Err(answer)) => answer,
        Err(_) => {
            tracing::warn!("a webhook was not stored in time");
            HttpResponse::ServiceUnavailable().finish()
        }
    };
    if answer.status().is_success() {
        let hold = ingest.pace.stored(&receivers);
        tokio::time::sleep(hold.min(within.saturating_sub(start.elapsed()))).await;
    }
    ingest.notes.answered(&receivers, start.elapsed());
    answer
}

async fn take(
    ingest: &Ingest,
    request: &HttpRequest,
    payload: Payload,
    receivers: &mut Vec<Receiver>,
) -> Result<HttpResponse, HttpResponse> {
    let to = find(ingest, request).await?;
    let limit = ingest.settings.max_body;
    let (body, mut room) = read(ingest, request, payload, (&to, limit)).await?;
    let secrets = to.secrets.iter().map(|live| live.secret.expose());
    let index =
        webhook::verify(header(request, SIGNATURE_HEADER), &body, secrets).map_err(|error| {
            refuse(ingest, request, &to, cause_of(error, to.secrets.is_empty()));
            HttpResponse::Unauthorized().finish()
        })?;
    ingest.endpoints.verified(&to, index);
    ingest.notes.sighted(&to.audience, Sighting::Verified);
    let deliveries = match ingest.place(&to.audience, body, &mut room).await {
        Ok(Placed::At(deliveries)) => deliveries,
        Ok(Placed::Nowhere) => {
            ingest.notes.sighted(&to.audience, Sighting::Unplaced);
            return Ok(HttpResponse::Ok().finish());
        }
        Ok(Placed::NoRoom) => return Err(unread(ingest, request, &to, BodyError::NoRoom)),
        Ok(Placed::Unreadable(cause)) => {
            refuse(ingest, request, &to, cause);
            return Ok(HttpResponse::Ok().finish());
        }
        Err(error) => {
            tracing::warn!(%error, "cannot look up who receives a webhook");
            return Err(HttpResponse::ServiceUnavailable().finish());
        }
    };
    receivers.extend(deliveries.iter().map(|delivery| Receiver {
        workspace: delivery.workspace,
        connection: delivery.connection,
    }));
    match ingest.writer.store_in(deliveries, Some(room)).await {
        Ok(_) => Ok(HttpResponse::Ok().finish()),
        Err(error) => {
            tracing::warn!(%error, "a webhook was not stored");
            Err(HttpResponse::ServiceUnavailable().finish())
        }
    }
}

/// The whole body with its room, or the answer that ends the request.
pub(crate) async fn read(
    ingest: &Ingest,
    request: &HttpRequest,
    payload: Payload,
    (to, limit): (&Resolved, usize),
) -> Result<(Vec<u8>, OwnedSemaphorePermit), HttpResponse> {
    let announced = header(request, CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    body::read(payload, announced, limit, &ingest.bodies)
        .await
        .map_err(|error| unread(ingest, request, to, error))
}

fn unread(ingest: &Ingest, request: &HttpRequest, to: &Resolved, error: BodyError) -> HttpResponse {
    match error {
        BodyError::NoRoom => {
            tracing::warn!("a webhook was not stored: too many bodies are waiting");
            HttpResponse::ServiceUnavailable().finish()
        }
        BodyError::TooLarge => {
            refuse(ingest, request, to, "the body is larger than the limit");
            HttpResponse::PayloadTooLarge().finish()
        }
        BodyError::Broken => HttpResponse::BadRequest().finish(),
    }
}

/// Records a refused request where it is seen: by those whose address it is, else by the operator.
pub(crate) fn refuse(ingest: &Ingest, request: &HttpRequest, to: &Resolved, cause: &'static str) {
    let (address, mut nobody) = (address(ingest, request), true);
    for owner in to.audience.owners() {
        nobody = false;
        let at = Some((owner.workspace, owner.connection));
        ingest.refusals.record(at, cause, address);
    }
    if nobody {
        ingest.refusals.record(None, cause, address);
    }
}

const fn cause_of(error: SignatureError, no_secret: bool) -> &'static str {
    match error {
        SignatureError::Missing => "no signature (X-Hub-Signature)",
        SignatureError::Malformed => "the signature is not sha1= and 40 hex digits",
        SignatureError::Mismatch if no_secret => {
            "no client secret is stored yet, so no signature can be verified"
        }
        SignatureError::Mismatch => "the signature does not match the client secret",
    }
}

pub(crate) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
}

fn address(ingest: &Ingest, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let lines = request.headers().get_all("X-Forwarded-For");
    let lines = lines.filter_map(|line| line.to_str().ok());
    let trusted = &ingest.settings.trusted_proxies;
    Some(client_address(peer, lines, trusted))
}
