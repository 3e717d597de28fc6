//! What a webhook address leads to: the secrets that may verify, and who may receive what they verified.

use crate::store::Store;
use chrono::{DateTime, Utc};
use earmark_db::tenant::SecretOwner;
use earmark_model::{ConnectionId, SecretId, WorkspaceId};
use earmark_seal::Secret;

/// A client secret that webhooks may be signed with.
#[derive(Debug)]
pub struct LiveSecret {
    /// The secret.
    pub secret: Secret,
    /// When its row last said that it verified a webhook.
    pub verified_at: Option<DateTime<Utc>>,
    /// Its row; none when it stands in the configuration.
    pub(crate) row: Option<Row>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) workspace: WorkspaceId,
    pub(crate) owner: SecretOwner,
    pub(crate) id: SecretId,
}

/// A connection that receives webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiver {
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
}

/// Who may receive what the secrets of an address verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// The connection whose private app it is.
    Connection {
        /// The connection.
        to: Receiver,
        /// The Intercom workspace whose webhooks it takes.
        app_id: String,
    },
    /// The connections of one workspace that were made through its own OAuth app.
    OwnApp {
        /// The app's client id, as a fingerprint.
        client_key: String,
        /// Those connections, each with its Intercom workspace.
        connections: Vec<(String, Receiver)>,
    },
    /// The connections of any workspace that were made through the installation's OAuth app.
    Installation {
        /// The app's client id, as a fingerprint.
        client_key: String,
    },
}

impl Audience {
    /// The fingerprint of the OAuth app's client id; a private app has none.
    #[must_use]
    pub fn client_key(&self) -> Option<&str> {
        match self {
            Self::Connection { .. } => None,
            Self::OwnApp { client_key, .. } | Self::Installation { client_key } => Some(client_key),
        }
    }

    /// Everybody whose address it is, whatever a request is about; nobody in particular at the installation's.
    pub fn owners(&self) -> impl Iterator<Item = Receiver> {
        let (one, several) = match self {
            Self::Connection { to, .. } => (Some(*to), [].as_slice()),
            Self::OwnApp { connections, .. } => (None, connections.as_slice()),
            Self::Installation { .. } => (None, [].as_slice()),
        };
        one.into_iter()
            .chain(several.iter().map(|(_, receiver)| *receiver))
    }
}

/// What a webhook address leads to.
#[derive(Debug)]
pub struct Resolved {
    /// Who may receive what is verified.
    pub audience: Audience,
    /// Since when the address is closed, if it is: its connection is disconnected, or its app removed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Every secret that may verify.
    pub secrets: Vec<LiveSecret>,
}

/// What the webhook address of the installation's OAuth app leads to, if there is such an app.
pub(crate) fn of_installation(store: &Store) -> Option<Resolved> {
    let app = store.installation_app()?;
    let secrets = app.secrets.iter().map(|secret| LiveSecret {
        secret: secret.clone(),
        verified_at: None,
        row: None,
    });
    Some(Resolved {
        audience: Audience::Installation {
            client_key: app.client_key(),
        },
        closed_at: None,
        secrets: secrets.collect(),
    })
}
