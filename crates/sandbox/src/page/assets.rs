//! The page's own copies of the style sheet, the script and the icons.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Path};
use actix_web::{HttpResponse, Scope};

const CSS: &str = include_str!("../../../../static/css/earmark.css");
const SCRIPT: &str = include_str!("../../../../static/js/earmark.js");
const ICONS: &str = include_str!("../../../../static/img/icons.svg");
const MARK: &str = include_str!("../../../../static/img/mark.svg");

pub(super) fn scope() -> Scope {
    web::scope("/static").route("/{name}", web::get().to(file))
}

async fn file(name: Path<String>) -> HttpResponse {
    let (kind, text) = match name.as_str() {
        "earmark.css" => ("text/css; charset=utf-8", CSS),
        "earmark.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icons.svg" => ("image/svg+xml", ICONS),
        "mark.svg" => ("image/svg+xml", MARK),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, "max-age=300"))
        .body(text)
}
