//! Intercom asks how an installation of an app is, once a day or more often. Only a signed question is answered.

use crate::handler::{find, header, read, refuse};
use crate::intake::Ingest;
use crate::uninstall::MOST;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use earmark_connections::Health;
use earmark_connections::webhook::{self, BODY_SIGNATURE_HEADER, SignatureError};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Question {
    /// The Intercom workspace: what everywhere else is called `app_id`.
    workspace_id: String,
}

#[derive(Serialize)]
struct Answer {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// Answers a question.
pub(crate) async fn post(
    ingest: Data<Ingest>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let asked = ask(&ingest, &request, payload);
    match tokio::time::timeout(ingest.settings.answer_within, asked).await {
        Ok(Ok(health)) => HttpResponse::Ok().json(Answer {
            state: health.state(),
            message: health.message(),
        }),
        Ok(Err(answer)) => answer,
        Err(_) => {
            tracing::warn!("a health check was not answered in time");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}

async fn ask(
    ingest: &Ingest,
    request: &HttpRequest,
    payload: Payload,
) -> Result<Health, HttpResponse> {
    let to = find(ingest, request).await?;
    if to.audience.client_key().is_none() {
        return Err(HttpResponse::NotFound().finish());
    }
    let (body, _room) = read(ingest, request, payload, (&to, MOST)).await?;
    let secrets = to.secrets.iter().map(|live| live.secret.expose());
    webhook::verify_body(header(request, BODY_SIGNATURE_HEADER), &body, secrets).map_err(
        |error| {
            refuse(ingest, request, &to, cause_of(error));
            HttpResponse::Unauthorized().finish()
        },
    )?;
    let Ok(Question { workspace_id }) = serde_json::from_slice(&body) else {
        return Ok(Health::Unknown);
    };
    let health = async {
        let of = ingest.endpoints.receivers(&to.audience, &workspace_id);
        ingest.endpoints.store().health(&of.await?).await
    };
    health.await.map_err(|error: earmark_db::Error| {
        tracing::warn!(%error, "cannot look up how an installation is");
        HttpResponse::ServiceUnavailable().finish()
    })
}

const fn cause_of(error: SignatureError) -> &'static str {
    match error {
        SignatureError::Missing => "a health check without a signature (X-Body-Signature)",
        SignatureError::Malformed => "a health check whose signature is not 64 hex digits",
        SignatureError::Mismatch => {
            "a health check whose signature does not match the client secret"
        }
    }
}
