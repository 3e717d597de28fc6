//! Static files: compiled in, and named by their content so that they can be cached for ever.

use crate::failed::Failed;
use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "../../static/"]
struct Files;

struct File {
    body: Bytes,
    hash: String,
    kind: &'static str,
}

static BY_NAME: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let load = |name: Cow<'static, str>| {
        let body = match Files::get(&name)?.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        let hash = hex::encode(Sha256::digest(&body))[..12].to_owned();
        let kind = kind_of(&name);
        Some((name.into_owned(), File { body, hash, kind }))
    };
    Files::iter().filter_map(load).collect()
});

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}

/// The URL of a static file, with the first 12 hex digits of its content's SHA-256 in the name. A name that does not exist
/// gives its plain URL, which answers 404.
#[must_use]
pub fn static_url(name: &str) -> String {
    match (BY_NAME.get(name), name.rsplit_once('.')) {
        (Some(file), Some((stem, end))) => format!("/static/{stem}.{}.{end}", file.hash),
        _ => format!("/static/{name}"),
    }
}

/// Answers a request for a static file, by its plain or its hashed name; `None` when there is none.
#[must_use]
pub fn respond(asked: &str) -> Option<HttpResponse> {
    let plain = without_hash(asked);
    let (file, hashed) = match BY_NAME.get(asked) {
        Some(file) => (file, false),
        None => {
            let (name, hash) = plain?;
            let file = BY_NAME.get(&name).filter(|file| file.hash == hash)?;
            (file, true)
        }
    };
    let caching = if hashed {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300"
    };
    Some(
        HttpResponse::Ok()
            .content_type(file.kind)
            .insert_header((CACHE_CONTROL, caching))
            .insert_header((ETAG, format!("\"{}\"", file.hash)))
            .body(file.body.clone()),
    )
}

/// `/static/…`.
pub(crate) async fn get(request: HttpRequest) -> Result<HttpResponse, Failed> {
    let name = request.match_info().get("file").unwrap_or_default();
    respond(name).ok_or(Failed::NotFound)
}

/// Splits `css/a.0123456789ab.css` into `css/a.css` and the hash.
fn without_hash(asked: &str) -> Option<(String, &str)> {
    let (rest, end) = asked.rsplit_once('.')?;
    let (stem, hash) = rest.rsplit_once('.')?;
    let is_hash = hash.len() == 12 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| (format!("{stem}.{end}"), hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_immutable_and_plain_ones_short_lived() {
        let url = static_url("css/earmark.css");
        let name = url.strip_prefix("/static/").unwrap();
        assert_ne!(name, "css/earmark.css");
        let header = |name: &str| {
            let response = respond(name).unwrap();
            response
                .headers()
                .get(CACHE_CONTROL)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert!(header(name).contains("immutable"));
        assert!(!header("css/earmark.css").contains("immutable"));
        assert!(respond("css/earmark.0123456789ab.css").is_none());
        assert!(respond("../Cargo.toml").is_none());
    }
}
