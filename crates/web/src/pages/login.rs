//! `/login`.

use super::prelude::*;
use actix_web::web::Query;
use earmark_accounts::{LogInError, Password};

/// The login form.
#[derive(Debug, Template)]
#[template(path = "pages/login.html")]
pub struct LoginPage {
    /// What was typed.
    pub email: String,
    /// What is wrong.
    pub errors: FormErrors,
    /// Where to go afterwards, a path inside the app; empty for the start.
    pub next: String,
}

impl LoginPage {
    /// The message for an unknown address and for a wrong password alike.
    pub const WRONG_PAIR: &str =
        "This e-mail address and password do not belong together. Check both and try again.";

    /// The message after too many attempts.
    #[must_use]
    pub fn throttled(seconds: u64) -> String {
        format!("Too many attempts. Wait {seconds} seconds, then try again.")
    }
}

impl Page for LoginPage {
    const NAME: &'static str = "login";

    fn head(&self) -> Head {
        Head {
            title: "Sign in".to_owned(),
            place: Place::Gate,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |email: &str, errors| Self {
            email: email.to_owned(),
            errors,
            next: "/w/quillwater/inbox".to_owned(),
        };
        let email = "priya@quillwater.example";
        vec![
            ("fresh", page("", FormErrors::none())),
            (
                "wrong-pair",
                page(email, FormErrors::one("password", Self::WRONG_PAIR)),
            ),
            (
                "throttled",
                page(email, FormErrors::one("email", Self::throttled(30))),
            ),
            ("hostile", page(HOSTILE, FormErrors::one("email", HOSTILE))),
        ]
    }
}

#[derive(Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// The form; whoever is logged in goes on.
pub(crate) async fn get(
    visitor: Visitor,
    query: Query<LoginQuery>,
) -> Result<HttpResponse, Failed> {
    let LoginQuery { next } = query.into_inner();
    if visitor.user.is_some() {
        return Ok(see_other(&next));
    }
    let page = LoginPage {
        email: String::new(),
        errors: FormErrors::none(),
        next,
    };
    visitor.page(&page)
}

/// Logs in and goes on to `next`.
pub(crate) async fn post(
    visitor: Visitor,
    Form(form): Form<LoginForm>,
) -> Result<HttpResponse, Failed> {
    let LoginForm {
        email,
        password,
        next,
    } = form;
    let address = visitor.address();
    let password = Password::from(password);
    let outcome = visitor.web().accounts().log_in(&email, password, address);
    let (status, errors) = match outcome.await {
        Ok(user) => {
            visitor.log_in(&user)?;
            return Ok(see_other(&next));
        }
        Err(LogInError::Wrong) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            FormErrors::one("password", LoginPage::WRONG_PAIR),
        ),
        Err(LogInError::Throttled { retry_after }) => (
            StatusCode::TOO_MANY_REQUESTS,
            FormErrors::one("email", LoginPage::throttled(retry_after.as_secs() + 1)),
        ),
        Err(LogInError::Unavailable(failure)) => return Err(failure.into()),
    };
    let page = LoginPage {
        email,
        errors,
        next,
    };
    visitor.page_as(status, &page)
}
