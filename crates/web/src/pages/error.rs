//! The pages for what cannot be answered.

use super::prelude::*;
use earmark_model::{Right, Role};

/// Why a request got no page.
#[derive(Debug, Clone)]
pub enum Problem {
    /// There is no such thing, or it belongs to another workspace.
    NotFound,
    /// The reader's role is too low.
    Forbidden {
        /// What was to be done.
        right: Right,
        /// The members who may, by name.
        who: Vec<String>,
    },
    /// A form did not come from a page of this session.
    StaleForm,
    /// The request cannot be understood.
    BadRequest {
        /// What about it.
        why: String,
    },
    /// The address does not take requests of this method.
    WrongMethod,
    /// The request's body is too long.
    TooLarge,
    /// A fault of ours.
    Internal {
        /// Names the log lines about it.
        request: String,
    },
    /// The database cannot be reached.
    Unavailable {
        /// Names the log lines about it.
        request: String,
    },
}

impl Problem {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Forbidden { .. } | Self::StaleForm => 403,
            Self::BadRequest { .. } => 400,
            Self::WrongMethod => 405,
            Self::TooLarge => 413,
            Self::Internal { .. } => 500,
            Self::Unavailable { .. } => 503,
        }
    }

    /// The heading.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "There is nothing here",
            Self::Forbidden { .. } => "Your role does not allow this",
            Self::StaleForm => "This form is out of date",
            Self::BadRequest { .. } => "This request could not be read",
            Self::WrongMethod => "This address works another way",
            Self::TooLarge => "This is too long",
            Self::Internal { .. } => "Something went wrong on our side",
            Self::Unavailable { .. } => "Earmark is not available for a moment",
        }
    }
}

/// A page that says what happened, what was kept and what to do.
#[derive(Debug, Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage {
    /// What happened.
    pub problem: Problem,
}

impl Page for ErrorPage {
    const NAME: &'static str = "error";

    fn head(&self) -> Head {
        Head {
            title: self.problem.title().to_owned(),
            place: Place::Plain,
        }
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let forbidden = |names: &[&str]| Problem::Forbidden {
            right: Right::ManageConnections,
            who: names.iter().map(|&name| name.to_owned()).collect(),
        };
        let request = || "7f3a91c2".to_owned();
        let bad = |why: &str| Problem::BadRequest {
            why: why.to_owned(),
        };
        [
            ("not-found", Problem::NotFound),
            ("forbidden", forbidden(&["Priya Raman", "Dana Whitlock"])),
            ("stale-form", Problem::StaleForm),
            ("bad-request", bad("The field status is missing.")),
            ("wrong-method", Problem::WrongMethod),
            ("too-large", Problem::TooLarge),
            ("internal", Problem::Internal { request: request() }),
            ("unavailable", Problem::Unavailable { request: request() }),
            ("hostile", forbidden(&[HOSTILE])),
        ]
        .into_iter()
        .map(|(name, problem)| (name, Self { problem }))
        .collect()
    }
}
