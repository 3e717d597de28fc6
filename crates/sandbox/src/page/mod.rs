//! The page on which a visitor plays the support agent. It works without JavaScript.

mod apps;
mod assets;
mod authorize;
mod forms;
pub(crate) mod guard;
mod hub;
mod inbox;
mod view;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, LOCATION};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Scope};
use askama::Template;

use crate::host::Host;
use crate::shared::Shared;
use view::{EmptyPage, MissingPage};

pub(crate) fn routes(config: &mut ServiceConfig) {
    let conversation = "/inbox/{app_id}/inbox/conversation/{id}";
    let pages = web::scope("/a")
        .wrap(from_fn(guard::headers))
        .route("/inbox/{app_id}", web::get().to(inbox::list))
        .route(conversation, web::get().to(inbox::one))
        .route(
            "/apps/{app_id}/conversations/{id}",
            web::get().to(inbox::old_link),
        )
        .route("/apps/{app_id}/developer-hub", web::get().to(hub::page))
        .service(
            web::scope("/inbox/{app_id}")
                .route("/conversations", web::post().to(forms::begin))
                .route("/tags", web::post().to(forms::create_tag))
                .route("/inbox/conversation/{id}/tags", web::post().to(forms::tag))
                .route(
                    "/inbox/conversation/{id}/untag",
                    web::post().to(forms::untag),
                )
                .route(
                    "/inbox/conversation/{id}/reply",
                    web::post().to(forms::reply),
                )
                .route(
                    "/inbox/conversation/{id}/redact",
                    web::post().to(forms::redact),
                )
                .route(
                    "/inbox/conversation/{id}/delete",
                    web::post().to(forms::delete),
                ),
        )
        .service(hub_forms())
        .default_service(web::to(lost));
    config
        .service(pages)
        .service(
            web::resource("/")
                .route(web::get().to(first))
                .wrap(from_fn(guard::headers)),
        )
        .service(
            web::resource("/oauth")
                .route(web::get().to(authorize::page))
                .route(web::post().to(authorize::decide))
                .wrap(from_fn(guard::headers)),
        )
        .service(assets::scope());
}

fn hub_forms() -> Scope {
    web::scope("/apps/{app_id}")
        .route("/webhook", web::post().to(hub::save))
        .route("/ping", web::post().to(apps::ping))
        .route("/permissions", web::post().to(apps::permissions))
        .route("/rotate", web::post().to(apps::rotate))
        .route("/regenerate", web::post().to(apps::regenerate))
        .route("/revoke", web::post().to(apps::revoke))
        .route("/uninstall", web::post().to(apps::uninstall))
        .route("/health", web::post().to(apps::health))
}

/// The first workspace's inbox.
async fn first(shared: Data<Shared>, host: Host) -> HttpResponse {
    let first = {
        let state = shared.lock();
        let first = host.workspace(&state, "_");
        first.map(|workspace| workspace.app_id.clone())
    };
    match first {
        Some(app_id) => go(&format!("/a/inbox/{app_id}")),
        None => show(StatusCode::OK, &EmptyPage {}),
    }
}

async fn lost() -> HttpResponse {
    missing("There is no such page here.")
}

fn missing(what: &'static str) -> HttpResponse {
    show(StatusCode::NOT_FOUND, &MissingPage { what })
}

fn show(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::build(status)
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .body(html),
        Err(error) => {
            tracing::error!(%error, "a page of the sandbox could not be rendered");
            HttpResponse::InternalServerError().body("The page could not be rendered.")
        }
    }
}

fn go(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .finish()
}
