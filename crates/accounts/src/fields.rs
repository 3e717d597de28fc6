//! The rules for what people type. Each message says the cure.

use crate::error::{FieldError, FieldErrors};
use garde::Validate;

const NAME_MAX: usize = 100;
const PRODUCT_NAME_MAX: usize = 80;
const PASSWORD_MIN: usize = 12;
const PASSWORD_MAX: usize = 1024;

/// The fields of the sign-up form, trimmed.
#[derive(Validate)]
pub(crate) struct SignUpFields<'a> {
    #[garde(custom(name_rule("Enter your name.", NAME_MAX)))]
    pub(crate) name: &'a str,
    #[garde(custom(email_rule))]
    pub(crate) email: &'a str,
    #[garde(custom(password_rule(self.email)))]
    pub(crate) password: &'a str,
    #[garde(custom(name_rule("Enter a name for the workspace.", NAME_MAX)))]
    pub(crate) workspace: &'a str,
}

/// The field of the form for another workspace, trimmed.
#[derive(Validate)]
pub(crate) struct WorkspaceFields<'a> {
    #[garde(custom(name_rule("Enter a name for the workspace.", NAME_MAX)))]
    pub(crate) name: &'a str,
}

/// The field of the product forms, trimmed.
#[derive(Validate)]
pub(crate) struct ProductFields<'a> {
    #[garde(custom(name_rule("Enter a name for the product.", PRODUCT_NAME_MAX)))]
    pub(crate) name: &'a str,
}

/// Checks all fields and names every fault.
pub(crate) fn check(fields: &impl Validate<Context = ()>) -> Result<(), FieldErrors> {
    let Err(report) = fields.validate() else {
        return Ok(());
    };
    let errors = report.iter().map(|(path, error)| FieldError {
        field: field_name(&path.to_string()),
        message: error.message().to_owned(),
    });
    Err(FieldErrors(errors.collect()))
}

fn field_name(path: &str) -> &'static str {
    match path {
        "email" => "email",
        "password" => "password",
        "workspace" => "workspace",
        _ => "name",
    }
}

fn name_rule(when_empty: &'static str, most: usize) -> impl FnOnce(&str, &()) -> garde::Result {
    move |name, ()| {
        let length = name.chars().count();
        if name.is_empty() {
            Err(garde::Error::new(when_empty))
        } else if length > most {
            Err(garde::Error::new(format!(
                "Use at most {most} characters. This has {length}."
            )))
        } else if name.chars().any(char::is_control) {
            Err(garde::Error::new(
                "Remove line breaks, tabs and other control characters.",
            ))
        } else {
            Ok(())
        }
    }
}

fn email_rule(email: &str, _: &()) -> garde::Result {
    garde::rules::email::parse_email(email).map_err(|_| {
        garde::Error::new("Enter an e-mail address, such as priya@quillwater.example.")
    })
}

fn password_rule(email: &str) -> impl FnOnce(&str, &()) -> garde::Result {
    move |password, ()| {
        let length = password.chars().count();
        if length < PASSWORD_MIN {
            Err(garde::Error::new(format!(
                "Use at least {PASSWORD_MIN} characters."
            )))
        } else if length > PASSWORD_MAX {
            Err(garde::Error::new(format!(
                "Use at most {PASSWORD_MAX} characters."
            )))
        } else if password.trim().to_lowercase() == email.to_lowercase() {
            Err(garde::Error::new(
                "Choose a password that is not your e-mail address.",
            ))
        } else {
            Ok(())
        }
    }
}
