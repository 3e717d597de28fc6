//! Intercom says that an app was uninstalled. Signed or not, that is a hint: it is answered 200, and the token is asked.

use crate::body;
use crate::handler::{find, header};
use crate::intake::Ingest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

/// Bytes of a body at most; Intercom's have some thirty.
pub(crate) const MOST: usize = 64 * 1024;

#[derive(Deserialize)]
struct Hint {
    app_id: String,
}

/// Takes a hint.
pub(crate) async fn post(
    ingest: Data<Ingest>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let heard = hear(&ingest, &request, payload);
    match tokio::time::timeout(ingest.settings.answer_within, heard).await {
        Ok(Ok(())) => HttpResponse::Ok().finish(),
        Ok(Err(answer)) => answer,
        Err(_) => {
            tracing::warn!("a hint that an app was uninstalled was not written down in time");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

async fn hear(
    ingest: &Ingest,
    request: &HttpRequest,
    payload: Payload,
) -> Result<(), HttpResponse> {
    let to = find(ingest, request).await?;
    let client_key = to.audience.client_key();
    let client_key = client_key.ok_or_else(|| HttpResponse::NotFound().finish())?;
    let announced = header(request, CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
    // What is no hint is nothing, and nobody is told so.
    let Ok((body, _room)) = body::read(payload, announced, MOST, &ingest.bodies).await else {
        return Ok(());
    };
    let Ok(Hint { app_id }) = serde_json::from_slice(&body) else {
        return Ok(());
    };
    if app_id.contains('\0') {
        return Ok(());
    }
    let store = ingest.endpoints.store();
    let asked = store.hint_uninstalled(client_key, &app_id).await;
    asked.map_err(|error| {
        tracing::warn!(%error, "cannot write down a hint that an app was uninstalled");
        HttpResponse::ServiceUnavailable().finish()
    })
}
