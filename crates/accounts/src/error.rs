//! What can go wrong, named for what the caller should do.

use earmark_db as db;
use earmark_model::{Right, Role};
use std::fmt;
use std::time::Duration;

/// What is wrong with one field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong and how to cure it, for the person who typed it.
    pub message: String,
}

/// Everything that is wrong with a form; never empty inside an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// One field is wrong.
    pub(crate) fn one(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(vec![FieldError { field, message }])
    }

    /// The message about a field, if something is wrong with it.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|error| error.field == field)?;
        Some(&found.message)
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, FieldError { field, message }) in self.0.iter().enumerate() {
            let space = if n == 0 { "" } else { " " };
            write!(f, "{space}{field}: {message}")?;
        }
        Ok(())
    }
}

/// Our side could not do it: say so, and try again later.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// A password could not be hashed, for want of memory say.
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// This installation takes no sign-ups.
    #[error("sign-up is closed")]
    Closed,
    /// Ask again, with these messages. The fields are `name`, `email`, `password` and `workspace`.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Too many sign-ups or failed logins from this client address: wait.
    #[error("too many sign-ups from this address, wait {} seconds", retry_after.as_secs())]
    Throttled {
        /// How long.
        retry_after: Duration,
    },
    /// Not the person's fault.
    #[error(transparent)]
    Unavailable(#[from] Failure),
}

impl From<db::Error> for SignUpError {
    fn from(error: db::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The address or the password is wrong; which of them is not told.
    #[error("wrong e-mail address or password")]
    Wrong,
    /// Too many failed logins: wait.
    #[error("too many failed logins, wait {} seconds", retry_after.as_secs())]
    Throttled {
        /// How long.
        retry_after: Duration,
    },
    /// Not the person's fault.
    #[error(transparent)]
    Unavailable(#[from] Failure),
}

impl From<db::Error> for LogInError {
    fn from(error: db::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

/// A member's role is too low.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("you may not {}, only a member with the role {least_role} or above may", right.in_words())]
pub struct Forbidden {
    /// What they wanted to do.
    pub right: Right,
    /// The weakest role that may.
    pub least_role: Role,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Ask again, with these messages.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Their role is too low.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database failed; [`db::Error::Missing`] when what was to be changed is not there.
    #[error(transparent)]
    Database(#[from] db::Error),
}
