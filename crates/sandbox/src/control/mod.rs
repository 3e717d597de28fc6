//! `/__sandbox`: seeding, faults, logs and the acts of a support agent, as JSON, for the same machine only.

mod acts;
mod apps;
mod faults;
mod setup;

use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Data, JsonConfig, ServiceConfig};
use actix_web::{Error, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::page::guard::same_origin;
use crate::shared::Shared;

/// How long `settle` waits at most.
const SETTLE: Duration = Duration::from_secs(30);

pub(crate) fn routes(config: &mut ServiceConfig) {
    let scope = web::scope("/__sandbox")
        .wrap(from_fn(only_this_machine))
        .route("/seed", web::post().to(setup::seed))
        .route("/state", web::get().to(setup::state))
        .route("/reset", web::post().to(setup::reset))
        .route("/webhook", web::post().to(setup::webhook))
        .route("/ping", web::post().to(setup::ping))
        .route("/app", web::post().to(apps::settings))
        .route("/rotate", web::post().to(apps::rotate))
        .route("/permissions", web::post().to(apps::permissions))
        .route("/tokens/revoke", web::post().to(apps::revoke))
        .route("/tokens/regenerate", web::post().to(apps::regenerate))
        .route("/uninstall", web::post().to(apps::uninstall))
        .route("/health", web::post().to(apps::health))
        .route("/faults", web::post().to(faults::add))
        .route("/faults", web::get().to(faults::list))
        .route("/faults", web::delete().to(faults::clear))
        .route("/requests", web::get().to(faults::requests))
        .route("/requests", web::delete().to(faults::forget_requests))
        .route("/deliveries", web::get().to(faults::deliveries))
        .route("/retry-now", web::post().to(faults::retry_now))
        .route("/settle", web::post().to(settle))
        .route("/start", web::post().to(acts::begin))
        .route("/tag", web::post().to(acts::tag))
        .route("/untag", web::post().to(acts::untag))
        .route("/reply", web::post().to(acts::reply))
        .route("/note", web::post().to(acts::note))
        .route("/operator-reply", web::post().to(acts::operator_reply))
        .route("/redact", web::post().to(acts::redact))
        .route("/delete", web::post().to(acts::delete))
        .default_service(web::to(unknown));
    config.service(scope);
}

/// Bodies are JSON whatever their content type says, and what is wrong with one is told as JSON.
pub(crate) fn json_config(limit: usize) -> JsonConfig {
    JsonConfig::default()
        .limit(limit)
        .content_type_required(false)
        .content_type(|_| true)
        .error_handler(|error, _| {
            let answer = refuse(400, &error);
            InternalError::from_response(error, answer).into()
        })
}

/// Lets loopback peers through, and among them no page of another site.
async fn only_this_machine(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let near = req
        .peer_addr()
        .is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    if near && same_origin(req.request()) {
        return Ok(next.call(req).await?.map_into_boxed_body());
    }
    let answer = refuse(403, "/__sandbox answers programs on the same machine only");
    Ok(req.into_response(answer))
}

async fn unknown() -> HttpResponse {
    refuse(404, "/__sandbox has nothing under this path and method")
}

/// Waits until no webhook is queued or being delivered.
async fn settle(shared: Data<Shared>) -> HttpResponse {
    let settled = shared.settle(SETTLE).await;
    done(json!({"settled": settled}))
}

/// Tells null from absent.
fn given<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from).map(Some)
}

fn done(value: Value) -> HttpResponse {
    HttpResponse::Ok().json(value)
}

fn refuse(status: u16, why: impl ToString) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status)
        .unwrap_or(actix_web::http::StatusCode::BAD_REQUEST);
    HttpResponse::build(status).json(json!({"error": why.to_string()}))
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use actix_web::App;
    use actix_web::test::{TestRequest, call_service, init_service};
    use tokio::sync::mpsc;

    use super::*;
    use crate::options::Options;
    use crate::state::State;

    #[actix_web::test]
    async fn only_the_same_machine_is_answered() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (courier, _inbox) = mpsc::unbounded_channel();
        let http = reqwest::Client::new();
        let shared = Shared::new(State::default(), Options::default(), http, courier);
        let app = App::new().app_data(Data::new(shared)).configure(routes);
        let app = init_service(app).await;
        for (peer, status) in [
            ("127.0.0.1:5000", 200),
            ("[::1]:5000", 200),
            ("[::ffff:127.0.0.1]:5000", 200),
            ("192.0.2.7:5000", 403),
            ("[2001:db8::1]:5000", 403),
        ] {
            let peer: SocketAddr = peer.parse().expect("an address");
            let req = TestRequest::get().uri("/__sandbox/state").peer_addr(peer);
            let req = req
                .insert_header(("X-Forwarded-For", "127.0.0.1"))
                .to_request();
            assert_eq!(call_service(&app, req).await.status(), status, "{peer}");
        }
    }
}
