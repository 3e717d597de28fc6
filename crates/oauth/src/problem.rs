//! What can go wrong on the way to Intercom and back, each named for the page it gets.

use chrono::{DateTime, Utc};
use earmark_connections::{AppError, ConnectError};
use earmark_intercom::Error as Intercom;
use earmark_model::{ConnectionId, WorkspaceId};

/// Why a person is not sent to Intercom.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// Neither the installation nor the workspace has an OAuth app.
    #[error("there is no OAuth app to connect through")]
    NoApp,
    /// The connection to be reconnected is not there, or another workspace's.
    #[error("there is no such connection")]
    Missing,
    /// The app's credentials do not open.
    #[error(transparent)]
    Sealed(#[from] earmark_connections::OpenError),
    /// The state could not be signed, which is a fault of ours.
    #[error("the state cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

impl BeginError {
    pub(crate) fn of(error: AppError) -> Self {
        match error {
            AppError::Sealed(error) => Self::Sealed(error),
            AppError::Database(error) => Self::Database(error),
            // Of adding and removing apps.
            AppError::NotAClientId
            | AppError::NotASecret
            | AppError::InUse(_)
            | AppError::Missing => Self::NoApp,
        }
    }
}

/// Why coming back from Intercom made no connection.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The person said no, or Intercom sent them back without a code.
    #[error("access was not granted")]
    Denied,
    /// More than ten minutes passed.
    #[error("the authorization took too long")]
    Expired,
    /// The same answer came before.
    #[error("the authorization was used before")]
    Replayed,
    /// There is no state, or not one of ours.
    #[error("the state is not one of ours")]
    Tampered,
    /// It was begun in another browser, or before this login.
    #[error("the authorization was begun in another browser")]
    OtherBrowser,
    /// It was begun by another person.
    #[error("the authorization was begun by another person")]
    OtherPerson,
    /// The person may not manage the workspace's connections (any more).
    #[error("the person may not manage connections")]
    NotAllowed,
    /// The app it was begun with was removed, or replaced.
    #[error("the OAuth app is gone")]
    AppGone,
    /// The connection that was to be reconnected is gone.
    #[error("the connection is gone")]
    ConnectionGone,
    /// What was copied from this Intercom workspace is still being erased.
    #[error("what was copied from it is still being erased")]
    Erasing,
    /// Intercom was being told to uninstall the app while it was granted access.
    #[error("the app was being uninstalled")]
    Uninstalled,
    /// Intercom does not accept the code, or the app's client id and secret.
    #[error("Intercom refused the code")]
    CodeRefused,
    /// Intercom could not be asked; why.
    #[error("Intercom cannot be reached: {0}")]
    IntercomDown(String),
    /// Intercom asks to wait, for so many seconds.
    #[error("Intercom asks to wait for {0} seconds")]
    RateLimited(i64),
    /// Another Intercom workspace was chosen than the one to be reconnected.
    #[error("another Intercom workspace was chosen")]
    AnotherWorkspace {
        /// The name of the Intercom workspace that the connection is to.
        expected: String,
        /// The name of the one that was chosen.
        found: String,
    },
    /// The app lacks the permission to ask whose token it is.
    #[error("the app lacks the permission Read admins")]
    MissingReadAdmins,
    /// Intercom answered something that leaves open what it means; what.
    #[error("Intercom's answer was not understood: {0}")]
    Unexpected(String),
    /// The app's credentials do not open.
    #[error(transparent)]
    Sealed(#[from] earmark_connections::OpenError),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

impl Problem {
    /// What a failed exchange means. Intercom's own words are left out: they may repeat what was sent.
    pub(crate) fn of_exchange(error: Intercom, now: DateTime<Utc>) -> Self {
        match error {
            Intercom::Reconnect { .. }
            | Intercom::PermissionMissing { .. }
            | Intercom::NotFound { .. }
            | Intercom::Merged { .. }
            | Intercom::Rejected {
                status: 400..500, ..
            } => Self::CodeRefused,
            Intercom::Rejected { status, .. } => {
                Self::Unexpected(format!("it answered with status {status}"))
            }
            Intercom::WaitUntil { at, .. } => Self::RateLimited((at - now).num_seconds().max(1)),
            Intercom::Unreachable { cause } => Self::IntercomDown(cause.to_string()),
            Intercom::ServerTrouble { status, .. } => {
                Self::IntercomDown(format!("it answered with status {status}"))
            }
            Intercom::Unreadable { reason, .. } => Self::Unexpected(reason),
            Intercom::TooLarge { .. } => Self::Unexpected("it is too large".to_owned()),
            // Of lists, and of requests that are not sent.
            Intercom::Refused { .. }
            | Intercom::NotMoving { .. }
            | Intercom::ScrollBusy { .. }
            | Intercom::ScrollLost { .. } => {
                Self::Unexpected("it is about something else".to_owned())
            }
        }
    }

    pub(crate) fn of_app(error: AppError) -> Self {
        match error {
            AppError::Sealed(error) => Self::Sealed(error),
            AppError::Database(error) => Self::Database(error),
            AppError::NotAClientId
            | AppError::NotASecret
            | AppError::InUse(_)
            | AppError::Missing => Self::AppGone,
        }
    }

    /// What it means that fresh credentials were not stored.
    pub(crate) fn of_store(error: ConnectError) -> Self {
        match error {
            ConnectError::NotAToken => Self::Unexpected("its access token is empty".to_owned()),
            ConnectError::InvalidToken => {
                Self::Unexpected("the token it gave is refused at once".to_owned())
            }
            ConnectError::NeedsReadAdmins => Self::MissingReadAdmins,
            ConnectError::Unreachable(why) => Self::IntercomDown(why),
            ConnectError::Wait(seconds) => Self::RateLimited(seconds),
            ConnectError::Unexpected(why) => Self::Unexpected(why),
            ConnectError::AnotherWorkspace { expected, found } => {
                Self::AnotherWorkspace { expected, found }
            }
            ConnectError::Missing => Self::ConnectionGone,
            ConnectError::AppGone => Self::AppGone,
            ConnectError::Erasing => Self::Erasing,
            ConnectError::Uninstalled => Self::Uninstalled,
            ConnectError::Database(error) => Self::Database(error),
        }
    }
}

/// A problem, and where to begin again: known once the person is known to be at home there.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub struct Refused {
    /// The problem.
    pub problem: Problem,
    /// The workspace it was begun in.
    pub workspace: Option<WorkspaceId>,
    /// The connection that was to be reconnected.
    pub reconnect: Option<ConnectionId>,
}

impl Refused {
    /// A problem with what comes from nobody knows where.
    pub(crate) const fn unplaced(problem: Problem) -> Self {
        Self {
            problem,
            workspace: None,
            reconnect: None,
        }
    }
}
