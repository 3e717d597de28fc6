//! The letterbox over HTTP. Never 410 (Intercom disables the subscription) and never 429 (it delays for up to two hours,
//! then drops): what is refused for want of room is 503, which Intercom repeats once.

use crate::body::{self, BodyError};
use crate::intake::Ingest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use earmark_connections::webhook::{self, SIGNATURE_HEADER, SignatureError};
use earmark_connections::{HOOK_PATH, Resolved};
use earmark_model::client_address;
use std::net::IpAddr;
use std::sync::Arc;

/// Adds the letterbox to an app.
pub fn routes(ingest: Ingest) -> impl FnOnce(&mut ServiceConfig) {
    move |app| {
        app.app_data(Data::new(ingest)).service(
            web::resource(HOOK_PATH)
                .route(web::head().to(head))
                .route(web::post().to(post))
                .default_service(web::to(|| async {
                    HttpResponse::MethodNotAllowed()
                        .insert_header(("Allow", "POST, HEAD"))
                        .finish()
                })),
        );
    }
}

/// What an endpoint token leads to, or the answer that ends the request.
async fn find(
    ingest: &Ingest,
    request: &HttpRequest,
    token: &str,
) -> Result<Arc<Resolved>, HttpResponse> {
    let resolved = ingest.endpoints.resolve(token).await.map_err(|error| {
        tracing::warn!(%error, "cannot look up a webhook endpoint");
        HttpResponse::ServiceUnavailable().finish()
    })?;
    let Some(resolved) = resolved else {
        ingest
            .refusals
            .record(None, "unknown webhook address", address(ingest, request));
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
async fn head(ingest: Data<Ingest>, request: HttpRequest, token: Path<String>) -> HttpResponse {
    match find(&ingest, &request, &token).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(answer) => answer,
    }
}

/// Takes a webhook. One deadline covers the lookup, the body and the storing: Intercom waits five seconds in all.
async fn post(
    ingest: Data<Ingest>,
    request: HttpRequest,
    token: Path<String>,
    payload: Payload,
) -> HttpResponse {
    let taken = take(&ingest, &request, &token, payload);
    match tokio::time::timeout(ingest.settings.answer_within, taken).await {
        Ok(answer) => answer,
        Err(_) => {
            tracing::warn!("a webhook was not stored in time");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

async fn take(
    ingest: &Ingest,
    request: &HttpRequest,
    token: &str,
    payload: Payload,
) -> HttpResponse {
    let to = match find(ingest, request, token).await {
        Ok(to) => to,
        Err(answer) => return answer,
    };
    let refuse = |cause| {
        ingest.refusals.record(
            Some((to.workspace, to.connection)),
            cause,
            address(ingest, request),
        );
    };
    let announced = header(request, CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    let read = body::read(payload, announced, ingest.settings.max_body, &ingest.bodies);
    let (body, room) = match read.await {
        Ok(read) => read,
        Err(BodyError::NoRoom) => {
            tracing::warn!("a webhook was not stored: too many bodies are waiting");
            return HttpResponse::ServiceUnavailable().finish();
        }
        Err(BodyError::TooLarge) => {
            refuse("the body is larger than the limit");
            return HttpResponse::PayloadTooLarge().finish();
        }
        Err(BodyError::Broken) => return HttpResponse::BadRequest().finish(),
    };
    let secrets = to.secrets.iter().map(|live| live.secret.expose());
    match webhook::verify(header(request, SIGNATURE_HEADER), &body, secrets) {
        Ok(index) => ingest.endpoints.verified(&to, index),
        Err(error) => {
            refuse(cause_of(error, to.secrets.is_empty()));
            return HttpResponse::Unauthorized().finish();
        }
    }
    let delivery = ingest.delivery(&to, body);
    match ingest.writer.store_in(delivery, Some(room)).await {
        Ok(_) => HttpResponse::Ok().finish(),
        Err(error) => {
            tracing::warn!(%error, "a webhook was not stored");
            HttpResponse::ServiceUnavailable().finish()
        }
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

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
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
