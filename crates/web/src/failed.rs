//! Why a handler gives no page, and the layer around everything that makes a page of it.

use crate::guard::{Browser, noted};
use crate::pages::error::{ErrorPage, Problem};
use crate::render::render;
use crate::security;
use crate::state::Web;
use crate::url;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Response, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};
use earmark_accounts::{ChangeError, Failure};
use earmark_db as db;
use earmark_model::Right;

/// Why a handler gives no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// There is no such thing, or it belongs to another workspace.
    #[error("not found")]
    NotFound,
    /// Nobody is logged in.
    #[error("not logged in")]
    LogIn {
        /// Where to go after the login, a path inside the app.
        next: String,
    },
    /// The reader's role is too low.
    #[error("may not {}", right.in_words())]
    Forbidden {
        /// What was to be done.
        right: Right,
        /// The names of the members who may.
        who: Vec<String>,
    },
    /// A form did not come from a page of this session.
    #[error("the form's token is not that of the session")]
    StaleForm,
    /// The request cannot be understood; a sentence says what about it.
    #[error("{0}")]
    BadRequest(String),
    /// The path knows other methods.
    #[error("wrong method")]
    WrongMethod,
    /// The body is too long.
    #[error("the body is too long")]
    TooLarge,
    /// The database cannot be reached.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl Failed {
    /// Anything that must not happen.
    pub(crate) fn internal(why: impl ToString) -> Self {
        Self::Internal(why.to_string())
    }

    /// What was sent contains a NUL.
    pub(crate) fn nul() -> Self {
        Self::BadRequest("It contains a character that cannot be stored.".to_owned())
    }

    fn problem(&self, web: &Web) -> Option<Problem> {
        let logged = || {
            let request = hex::encode(web.db().sources().bytes::<4>());
            tracing::error!(reference = %request, error = %self, "a page failed");
            request
        };
        Some(match self {
            Self::LogIn { .. } => return None,
            Self::NotFound => Problem::NotFound,
            Self::Forbidden { right, who } => Problem::Forbidden {
                right: *right,
                who: who.clone(),
            },
            Self::StaleForm => Problem::StaleForm,
            Self::BadRequest(why) => Problem::BadRequest { why: why.clone() },
            Self::WrongMethod => Problem::WrongMethod,
            Self::TooLarge => Problem::TooLarge,
            Self::Unavailable(_) => Problem::Unavailable { request: logged() },
            Self::Internal(_) => Problem::Internal { request: logged() },
        })
    }
}

impl ResponseError for Failed {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LogIn { .. } => StatusCode::SEE_OTHER,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden { .. } | Self::StaleForm => StatusCode::FORBIDDEN,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Without a page: the layer puts it in.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Self::LogIn { next } = self {
            let next = Some(next).filter(|next| !next.is_empty());
            let target = url::with_query(url::login(), &[("next", next)]);
            response.insert_header((LOCATION, target));
        }
        response.finish()
    }
}

impl From<db::Error> for Failed {
    fn from(error: db::Error) -> Self {
        match error {
            db::Error::Missing => Self::NotFound,
            db::Error::Unavailable(_) | db::Error::Contended => {
                Self::Unavailable(error.to_string())
            }
            db::Error::Conflict
            | db::Error::Contradiction { .. }
            | db::Error::Stale
            | db::Error::Statement(_) => Self::internal(error),
        }
    }
}

impl From<askama::Error> for Failed {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Database(error) => error.into(),
            Failure::Hashing(_) => Self::internal(failure),
        }
    }
}

impl From<ChangeError> for Failed {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(errors) => Self::BadRequest(errors.to_string()),
            ChangeError::Forbidden(forbidden) => Self::Forbidden {
                right: forbidden.right,
                who: Vec::new(),
            },
            ChangeError::Database(error) => error.into(),
        }
    }
}

/// Stands around every page: puts error pages in and the security headers on.
pub(crate) async fn layer(
    web: Web,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let browser = Browser::of(request.request());
    match next.call(request).await {
        Ok(response) => {
            let response = response.map_into_boxed_body();
            let error = response.response().error();
            let problem = error.and_then(|error| problem_of(error, &web));
            let mut response = match problem {
                Some(problem) => with_page(&web, response, &browser, problem),
                None => response,
            };
            security::protect(response.headers_mut(), web.policy());
            // Without the error, which is logged already where it is a fault.
            let (request, response) = response.into_parts();
            let response = HttpResponse::from(Response::from(response));
            Ok(ServiceResponse::new(request, response))
        }
        // The session could not be read or written: no person is known.
        Err(error) => {
            let Some(problem) = problem_of(&error, &web) else {
                return Err(error);
            };
            let code = status(&problem);
            let shell = browser.shell(web.db().sources().now(), None, String::new());
            let html = render(&shell, &ErrorPage { problem });
            let mut response = HttpResponse::build(code)
                .content_type("text/html; charset=utf-8")
                .body(html.unwrap_or_default());
            security::protect(response.headers_mut(), web.policy());
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// What a failed answer shows; `None` when it is no failure to the person, such as a redirect.
fn problem_of(error: &actix_web::Error, web: &Web) -> Option<Problem> {
    match error.as_error::<Failed>() {
        Some(failed) => failed.problem(web),
        None if error.as_response_error().status_code().is_server_error() => {
            Failed::Unavailable(error.to_string()).problem(web)
        }
        None => {
            Failed::BadRequest("The address or the form cannot be read.".to_owned()).problem(web)
        }
    }
}

fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn with_page(
    web: &Web,
    response: ServiceResponse<BoxBody>,
    browser: &Browser,
    problem: Problem,
) -> ServiceResponse<BoxBody> {
    let now = web.db().sources().now();
    let (person, csrf) = noted(response.request());
    let shell = browser.shell(now, person, csrf);
    let code = status(&problem);
    let html = render(&shell, &ErrorPage { problem });
    let mut response = response.map_body(|_, _| BoxBody::new(html.unwrap_or_default()));
    *response.response_mut().status_mut() = code;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}
