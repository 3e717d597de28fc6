//! Forms: read up to a limit, and only from pages of the same session.

use crate::failed::Failed;
use crate::session::CSRF;
use crate::state::Web;
use actix_session::SessionExt;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
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

/// A form that sends nothing but its token.
#[derive(Deserialize)]
pub(crate) struct Nothing {}
