//! How an installation of an app is, for Intercom to show to its teammates.

use crate::audience::Receiver;
use crate::store::Store;
use earmark_model::ConnectionStatus;

const LACKING: &str = "Earmark reaches this workspace, but its app lacks a permission, so part of what it does stands still. \
    Ask the person who looks after Earmark to open its Intercom connection, which names the permission; an admin of the app \
    ticks it in Intercom's Developer Hub under Configure, then Authentication.";
const REFUSED: &str = "Intercom no longer accepts Earmark's access to this workspace, so nothing reaches the product teams. \
    Ask the person who looks after Earmark to open its Intercom connection and press Reconnect, or install the app again \
    from Intercom's App Store.";

/// How the connections to one Intercom workspace through one app are, taken together. Worse comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// There is none.
    Unknown,
    /// All of them work.
    Ok,
    /// One of them works only in part.
    Lacking,
    /// One of them does not work.
    Refused,
}

impl Health {
    const fn of(status: ConnectionStatus) -> Self {
        match status {
            ConnectionStatus::Disconnected => Self::Unknown,
            ConnectionStatus::Connected => Self::Ok,
            ConnectionStatus::Degraded => Self::Lacking,
            ConnectionStatus::NeedsReconnecting | ConnectionStatus::Uninstalled => Self::Refused,
        }
    }

    /// The word Intercom knows: `OK`, `UNHEALTHY` or `UNKNOWN`.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Ok => "OK",
            Self::Lacking | Self::Refused => "UNHEALTHY",
        }
    }

    /// What a teammate in Intercom can do about it, in general words: the connections may be of workspaces that do not
    /// know of each other. Intercom takes 2,084 characters.
    #[must_use]
    pub const fn message(self) -> Option<&'static str> {
        match self {
            Self::Unknown | Self::Ok => None,
            Self::Lacking => Some(LACKING),
            Self::Refused => Some(REFUSED),
        }
    }
}

impl Store {
    /// The worst state among connections.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`].
    pub async fn health(&self, of: &[Receiver]) -> earmark_db::Result<Health> {
        let mut worst = Health::Unknown;
        for one in of {
            let tenant = self.db.workspace(one.workspace);
            if let Some(row) = tenant.connection(one.connection).await? {
                worst = worst.max(Health::of(row.status));
            }
        }
        Ok(worst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_as_long_as_intercom_takes() {
        for status in ConnectionStatus::ALL {
            let health = Health::of(*status);
            let length = health.message().map(|text| text.chars().count());
            assert!(length.is_none_or(|length| (50..=2084).contains(&length)));
            assert_eq!(length.is_some(), health.state() == "UNHEALTHY", "{status}");
        }
    }
}
