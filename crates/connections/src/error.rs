//! What can go wrong when connecting and managing, in words a member can act on.

use earmark_intercom::Error as Intercom;

/// Why a token was not accepted. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No token, or one that cannot be one.
    #[error(
        "Paste the access token from your app's Authentication page; it is one line without spaces."
    )]
    NotAToken,
    /// No region knows the token.
    #[error(
        "Intercom does not accept this access token in any region. Copy it again from Configure, then Authentication, in \
         your app in the Developer Hub; a token that was regenerated replaces the old one."
    )]
    InvalidToken,
    /// The token works but may not ask who it is.
    #[error(
        "The token works, but it lacks the permission Read admins, which Earmark needs to see whose it is. Tick it under \
         Configure, then Authentication, in your app in the Developer Hub, and try again."
    )]
    NeedsReadAdmins,
    /// Intercom could not be asked.
    #[error(
        "Intercom cannot be reached right now: {0}. The token was not stored; try again in a few minutes."
    )]
    Unreachable(String),
    /// Intercom asks to wait.
    #[error(
        "Intercom's rate limit is used up. The token was not stored; try again in {0} seconds."
    )]
    Wait(i64),
    /// Intercom answered something that leaves open whose the token is.
    #[error("Intercom did not say whose this token is: {0}. The token was not stored.")]
    Unexpected(String),
    /// The credentials are those of another Intercom workspace than the one to be reconnected.
    #[error(
        "This belongs to the Intercom workspace {found}, but the connection is one to {expected}. Nothing was changed: use \
         {expected}, or connect {found} as another connection."
    )]
    AnotherWorkspace {
        /// The name of the Intercom workspace that the connection is to.
        expected: String,
        /// The name of the one whose credentials were given.
        found: String,
    },
    /// The connection to be reconnected is not there.
    #[error("The connection that was to be reconnected is no longer there.")]
    Missing,
    /// The workspace's own app was removed or replaced since.
    #[error("Your workspace's own OAuth app was removed or replaced meanwhile.")]
    AppGone,
    /// The connection it is for is being erased.
    #[error(
        "What was copied from this Intercom workspace is still being erased. Connect again when that is finished; the \
         connection's page shows how far it is."
    )]
    Erasing,
    /// The app was being uninstalled while it was granted access.
    #[error(
        "The app was just being uninstalled in Intercom, because the last connection through it was disconnected. Connect \
         once more."
    )]
    Uninstalled,
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

impl ConnectError {
    pub(crate) fn from_proof(error: &Intercom, now: chrono::DateTime<chrono::Utc>) -> Self {
        match error {
            Intercom::Reconnect { .. } => Self::InvalidToken,
            // Not of the token: the Intercom workspace's plan has no API.
            Intercom::PermissionMissing {
                code: Some(code), ..
            } if code == "api_plan_restricted" => Self::unexpected(error),
            Intercom::PermissionMissing { .. } => Self::NeedsReadAdmins,
            Intercom::WaitUntil { at, .. } => Self::Wait((*at - now).num_seconds().max(1)),
            Intercom::Unreachable { cause } => Self::Unreachable(cause.to_string()),
            Intercom::ServerTrouble { status, .. } => {
                Self::Unreachable(format!("it answered with status {status}"))
            }
            other => Self::unexpected(other),
        }
    }

    fn unexpected(error: &Intercom) -> Self {
        Self::Unexpected(error.to_string().trim_end_matches('.').to_owned())
    }
}

/// Why a workspace's own OAuth app was not changed, or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No client id, or one that cannot be one.
    #[error(
        "Paste the client ID from your app's Basic information page; it is one line without spaces."
    )]
    NotAClientId,
    /// No secret, or one that cannot be one.
    #[error(
        "Paste the client secret from your app's Basic information page; it is one line without spaces."
    )]
    NotASecret,
    /// Connections use it, by name.
    #[error(
        "Connections still use this app: {}. Disconnect them, or connect them another way, first.", .0.join(", ")
    )]
    InUse(Vec<String>),
    /// The workspace has no app of its own (any more).
    #[error("Your workspace has no OAuth app of its own any more.")]
    Missing,
    /// Its credentials do not open: report it to the operator.
    #[error("the app's credentials cannot be opened: {0}")]
    Sealed(#[from] earmark_seal::OpenError),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

/// Why a change to a connection was not made.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// No secret, or one that cannot be one.
    #[error(
        "Paste the client secret from your app's Basic information page; it is one line without spaces."
    )]
    NotASecret,
    /// There is no such connection (any more), or it is disconnected.
    #[error("This connection is no longer there, or is disconnected.")]
    Missing,
    /// What was copied through it is being erased, as was asked before.
    #[error("What was copied through this connection is being erased already.")]
    Erasing,
    /// Our own database failed.
    #[error(transparent)]
    Database(earmark_db::Error),
}

impl From<earmark_db::Error> for ManageError {
    fn from(error: earmark_db::Error) -> Self {
        match error {
            earmark_db::Error::Missing => Self::Missing,
            other => Self::Database(other),
        }
    }
}
