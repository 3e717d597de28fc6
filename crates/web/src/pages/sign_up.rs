//! `/signup`.

use super::prelude::*;
use earmark_accounts::{Password, SignUp, SignUpError};

/// The sign-up form: a person and their first workspace.
#[derive(Debug, Template)]
#[template(path = "pages/sign_up.html")]
pub struct SignUpPage {
    /// The person's name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The name of their workspace.
    pub workspace: String,
    /// What is wrong.
    pub errors: FormErrors,
}

impl SignUpPage {
    /// The message of an installation that takes no sign-ups.
    pub const CLOSED: &'static str =
        "Nobody can sign up here by themselves. Ask whoever runs this installation for an account.";

    /// The message after too many attempts from one address.
    #[must_use]
    pub fn throttled(seconds: u64) -> String {
        format!(
            "Too many workspaces are being created from your network. Wait {seconds} seconds, then try again."
        )
    }
}

impl Page for SignUpPage {
    const NAME: &'static str = "sign_up";

    fn head(&self) -> Head {
        Head {
            title: "Create a workspace".to_owned(),
            place: Place::Gate,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let page = |text: &str, errors| Self {
            name: text.to_owned(),
            email: text.to_owned(),
            workspace: text.to_owned(),
            errors,
        };
        let mut wrong = FormErrors::one(
            "email",
            "Enter an e-mail address, such as priya@quillwater.example.",
        );
        wrong.add("password", "Use at least 12 characters.");
        vec![
            ("fresh", page("", FormErrors::none())),
            ("wrong", page("Priya", wrong)),
            (
                "throttled",
                page("Priya", FormErrors::one("email", Self::throttled(30))),
            ),
            ("hostile", page(HOSTILE, FormErrors::none())),
        ]
    }
}

#[derive(Deserialize)]
pub(crate) struct SignUpForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    workspace: String,
}

/// The form; whoever is logged in goes home.
pub(crate) async fn get(visitor: Visitor) -> Result<HttpResponse, Failed> {
    if visitor.user.is_some() {
        return Ok(see_other(&url::home()));
    }
    visitor.page(&SignUpPage {
        name: String::new(),
        email: String::new(),
        workspace: String::new(),
        errors: FormErrors::none(),
    })
}

/// Makes the person with their workspace, logs them in and shows the inbox.
pub(crate) async fn post(
    visitor: Visitor,
    Form(form): Form<SignUpForm>,
) -> Result<HttpResponse, Failed> {
    let SignUpForm {
        name,
        email,
        password,
        workspace,
    } = form;
    let typed = SignUp {
        name: name.clone(),
        email: email.clone(),
        password: Password::from(password),
        workspace_name: workspace.clone(),
    };
    let accounts = visitor.web().accounts();
    let (status, errors) = match accounts.sign_up(typed, visitor.address()).await {
        Ok((user, workspace)) => {
            visitor.log_in(&user)?;
            return Ok(see_other(&url::inbox(&workspace.slug)));
        }
        Err(SignUpError::Invalid(errors)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            FormErrors::of_service(errors),
        ),
        Err(SignUpError::Throttled { retry_after }) => (
            StatusCode::TOO_MANY_REQUESTS,
            FormErrors::one("email", SignUpPage::throttled(retry_after.as_secs() + 1)),
        ),
        Err(SignUpError::Closed) => (
            StatusCode::FORBIDDEN,
            FormErrors::one("email", SignUpPage::CLOSED),
        ),
        Err(SignUpError::Unavailable(failure)) => return Err(failure.into()),
    };
    let page = SignUpPage {
        name,
        email,
        workspace,
        errors,
    };
    visitor.page_as(status, &page)
}
