//! Forms: read up to a limit, and only from pages of the same session.

use crate::failed::Failed;
use crate::session::CSRF;
use crate::state::Web;
use actix_multipart::Multipart;
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, web};
use earmark_actions::Upload;
use futures::TryStreamExt;
use futures::future::LocalBoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

/// NUL, as forms and URLs write it. PostgreSQL takes none in text and nobody types one, so it is refused at the door.
pub(crate) const NUL: &str = "%00";

/// What a form sent, after its token was compared with the session's.
pub(crate) struct Form<T>(pub(crate) T);

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Failed;
    type Future = LocalBoxFuture<'static, Result<Self, Failed>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let app = request.app_data::<web::Data<Web>>().cloned();
        let expected = request.get_session().get::<String>(CSRF).ok().flatten();
        let payload = web::Payload::from_request(request, payload).into_inner();
        Box::pin(async move {
            let app = app.ok_or_else(|| Failed::internal("no Web in the app's data"))?;
            let payload = payload.map_err(Failed::internal)?;
            let body = payload.to_bytes_limited(app.settings().max_body).await;
            let body = body.map_err(|_| Failed::TooLarge)?;
            let body = body.map_err(|_| Failed::BadRequest("The form broke off.".to_owned()))?;
            if body.contains(&0) || body.windows(3).any(|three| three == NUL.as_bytes()) {
                return Err(Failed::nul());
            }
            let token = serde_html_form::from_bytes::<Token>(&body);
            let sent = token.map_err(|_| Failed::StaleForm)?.csrf;
            let expected = expected.ok_or(Failed::StaleForm)?;
            if !bool::from(sent.as_bytes().ct_eq(expected.as_bytes())) {
                return Err(Failed::StaleForm);
            }
            let form = serde_html_form::from_bytes(&body);
            form.map(Self).map_err(|_| {
                Failed::BadRequest("A field of the form is missing or cannot be read.".to_owned())
            })
        })
    }
}

/// A form whose fields are not known before, with files where it has any, after its token was compared with the session's.
pub(crate) struct AnyForm {
    /// Names and texts, in the order of the form, without the token.
    pub(crate) fields: Vec<(String, String)>,
    /// The files that were chosen.
    pub(crate) files: Vec<Upload>,
}

impl FromRequest for AnyForm {
    type Error = Failed;
    type Future = LocalBoxFuture<'static, Result<Self, Failed>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(CONTENT_TYPE);
        let parts = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/form-data"));
        if !parts {
            let form = Form::<Vec<(String, String)>>::from_request(request, payload);
            return Box::pin(async move {
                let fields = form.await?.0.into_iter().filter(|(name, _)| name != "csrf");
                let (fields, files) = (fields.collect(), Vec::new());
                Ok(Self { fields, files })
            });
        }
        let app = request.app_data::<web::Data<Web>>().cloned();
        let expected = request.get_session().get::<String>(CSRF).ok().flatten();
        let multipart = Multipart::from_request(request, payload).into_inner();
        Box::pin(async move {
            let app = app.ok_or_else(|| Failed::internal("no Web in the app's data"))?;
            let multipart = multipart.map_err(|_| broke_off())?;
            let form = read_parts(multipart, app.settings().max_body).await?;
            let sent = form.fields.iter().find(|(name, _)| name == "csrf");
            let sent = sent.map_or("", |(_, token)| token.as_str());
            let expected = expected.ok_or(Failed::StaleForm)?;
            if !bool::from(sent.as_bytes().ct_eq(expected.as_bytes())) {
                return Err(Failed::StaleForm);
            }
            let Self { mut fields, files } = form;
            fields.retain(|(name, _)| name != "csrf");
            Ok(Self { fields, files })
        })
    }
}

fn broke_off() -> Failed {
    Failed::BadRequest("The form broke off.".to_owned())
}

/// Reads the parts of a form up to `most` bytes in all. A file field in which nothing was chosen comes as a nameless,
/// empty file, and is none.
async fn read_parts(mut parts: Multipart, most: usize) -> Result<AnyForm, Failed> {
    let (mut fields, mut files, mut left) = (Vec::new(), Vec::new(), most);
    while let Some(mut part) = parts.try_next().await.map_err(|_| broke_off())? {
        let name = part.name().unwrap_or_default().to_owned();
        let disposition = part.content_disposition();
        let file_name = disposition.and_then(|all| all.get_filename().map(str::to_owned));
        let content_type = part.content_type().map(ToString::to_string);
        let mut bytes = Vec::new();
        while let Some(piece) = part.try_next().await.map_err(|_| broke_off())? {
            left = left.checked_sub(piece.len()).ok_or(Failed::TooLarge)?;
            bytes.extend_from_slice(&piece);
        }
        match file_name {
            Some(file_name) if file_name.is_empty() && bytes.is_empty() => {}
            Some(file_name) => files.push(Upload {
                input: name,
                file_name,
                content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
                bytes,
            }),
            None if bytes.contains(&0) => return Err(Failed::nul()),
            None => {
                let text = String::from_utf8(bytes);
                fields.push((name, text.map_err(|_| broke_off())?));
            }
        }
    }
    Ok(AnyForm { fields, files })
}

/// A form that sends nothing but its token.
#[derive(Deserialize)]
pub(crate) struct Nothing {}
