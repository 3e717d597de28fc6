//! Ready clients for stored connections.

use crate::error::AppError;
use crate::store::Store;
use earmark_db::tenant::{Connection, SecretKind, StoredSecret};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{BudgetKey, Client, Error, Hosts, Lane, Region, Token};
use earmark_model::{ConnectionId, ConnectionStatus, SecretId, WorkspaceId};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The connection is gone or disconnected: give up.
    #[error("the connection is disconnected")]
    Disconnected,
    /// Intercom refuses its credentials, or the app was uninstalled: wait for a member to reconnect.
    #[error("Intercom refuses the connection's credentials")]
    NeedsReconnecting,
    /// The stored token does not open: report it to the operator.
    #[error("the stored token cannot be opened: {0}")]
    Sealed(#[from] earmark_seal::OpenError),
    /// The access token has expired and Intercom could not be asked for the next one: try again later.
    #[error("the access token has expired, and Intercom gave no new one: {0}")]
    CannotRefresh(Error),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] earmark_db::Error),
}

impl From<AppError> for NotReady {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Sealed(error) => Self::Sealed(error),
            AppError::Database(error) => Self::Database(error),
            // Of adding and removing apps.
            AppError::NotAClientId
            | AppError::NotASecret
            | AppError::InUse(_)
            | AppError::Missing => Self::NeedsReconnecting,
        }
    }
}

/// A client for a connection, and which of its tokens it asks with.
#[derive(Debug)]
pub struct Ready {
    /// The client.
    pub client: Client,
    /// The stored access token's row.
    pub secret: SecretId,
}

impl Store {
    /// A client for a connection.
    ///
    /// # Errors
    /// [`NotReady`].
    pub async fn client(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        lane: Lane,
    ) -> Result<Ready, NotReady> {
        let tenant = self.db.workspace(workspace);
        let row = tenant
            .connection(connection)
            .await?
            .ok_or(NotReady::Disconnected)?;
        match row.status {
            ConnectionStatus::Connected | ConnectionStatus::Degraded => {
                self.client_of(workspace, &row, lane).await
            }
            ConnectionStatus::NeedsReconnecting | ConnectionStatus::Uninstalled => {
                Err(NotReady::NeedsReconnecting)
            }
            ConnectionStatus::Disconnected => Err(NotReady::Disconnected),
        }
    }

    /// A client whatever the status says, for checking it.
    pub(crate) async fn client_of(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        lane: Lane,
    ) -> Result<Ready, NotReady> {
        let stored = self.access_token(workspace, connection).await?;
        self.client_with(workspace, connection, &stored, lane)
    }

    /// A client that asks with a stored token.
    pub(crate) fn client_with(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        stored: &StoredSecret,
        lane: Lane,
    ) -> Result<Ready, NotReady> {
        let token = self.open_token(workspace, stored)?;
        let key = budget_key(connection, &token);
        let hosts = self.hosts_of(connection)?.clone();
        let budget = self.budget.clone();
        Ok(Ready {
            client: Client::new(&self.http, hosts, token, budget, key, lane),
            secret: stored.id,
        })
    }

    /// Whose calls count together with those of a connection.
    pub(crate) fn budget_key(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        stored: &StoredSecret,
    ) -> Result<BudgetKey, NotReady> {
        Ok(budget_key(connection, &self.open_token(workspace, stored)?))
    }

    /// The hosts of a connection's region.
    pub(crate) fn hosts_of(&self, connection: &Connection) -> earmark_db::Result<&Hosts> {
        let region: Region =
            connection
                .region
                .parse()
                .map_err(|why| earmark_db::Error::Contradiction {
                    table: "connections",
                    id: connection.id.to_string(),
                    why: format!("{why}"),
                })?;
        Ok(self.hosts.of(region))
    }
}

/// Intercom counts the calls of an OAuth app together, whoever's token they carry.
fn budget_key(connection: &Connection, token: &Token) -> BudgetKey {
    let credential = match connection.via.client_key() {
        Some(client_key) => client_key.to_owned(),
        None => token.fingerprint(),
    };
    BudgetKey::new(credential, connection.app_id.as_str())
}

/// The failure in words, with the id under which Intercom's support finds the request.
#[must_use]
pub fn with_request(error: &Error) -> String {
    match error.request_id() {
        Some(id) => format!("{error} (Intercom's request {id})"),
        None => error.to_string(),
    }
}

/// Whether this is still the connection's stored token, which a disconnected one no longer has. Nobody replaces it
/// before the transaction ends.
pub(crate) async fn holds(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    secret: SecretId,
) -> earmark_db::Result<bool> {
    tenant.lock().await?;
    let stored = tenant.secrets(connection, SecretKind::AccessToken).await?;
    Ok(stored.iter().any(|one| one.id == secret))
}
