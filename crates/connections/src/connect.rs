//! Connecting: whatever way the credentials came, they are proved with `/me` before they are stored.

use crate::disconnect::{is_erasing, refuse_void};
use crate::error::ConnectError;
use crate::refresh::Tokens;
use crate::store::{Store, is_pasted_whole};
use chrono::{DateTime, Utc};
use earmark_db::tenant::{Actor, Connection, NewConnection, PermissionCheck, Via};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{BudgetKey, Client, Error, Lane, Me, Region, Token};
use earmark_model::{ConnectionId, Job, Method, Permission, PermissionState, WorkspaceId};
use serde_json::json;

/// What a member fills in.
pub struct TokenForm {
    /// The connection's name; empty takes the Intercom workspace's.
    pub name: String,
    /// The region the member believes the Intercom workspace is in.
    pub region: Region,
    /// The pasted access token.
    pub token: String,
    /// The connection that is to get it; another Intercom workspace's token is refused then.
    pub reconnect: Option<ConnectionId>,
}

impl std::fmt::Debug for TokenForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenForm")
            .field("name", &self.name)
            .field("region", &self.region)
            .field("reconnect", &self.reconnect)
            .finish_non_exhaustive()
    }
}

/// Credentials of an Intercom workspace, and what is to become of them.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Through which app they came.
    pub via: Via,
    /// The credentials.
    pub tokens: Tokens,
    /// From before they were asked for.
    pub asked_at: DateTime<Utc>,
    /// The region the member believes the Intercom workspace is in.
    pub region: Region,
    /// The connection's name, should it be a new one; empty takes the Intercom workspace's.
    pub name: String,
    /// The connection that is to get them; those of another Intercom workspace are refused then.
    pub reconnect: Option<ConnectionId>,
}

/// A proved and stored connection.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Its id.
    pub connection: ConnectionId,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// Its region, which may differ from the one that was chosen.
    pub region: Region,
    /// Whether the workspace had this Intercom workspace already, whose credentials were replaced.
    pub replaced: bool,
    /// By which method it is connected now.
    pub method: Method,
    /// Whether it was connected by the other method before.
    pub switched: bool,
}

impl Store {
    /// Proves a token and stores it. A workspace has one connection to an Intercom workspace: connecting it again
    /// replaces the credentials and keeps everything else.
    ///
    /// # Errors
    /// [`ConnectError`]; nothing is stored then.
    pub async fn connect_with_token(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        form: TokenForm,
    ) -> Result<Connected, ConnectError> {
        let TokenForm {
            name,
            region,
            token,
            reconnect,
        } = form;
        let token = token.trim();
        if !is_pasted_whole(token, 1..=1024) {
            return Err(ConnectError::NotAToken);
        }
        let grant = Grant {
            via: Via::Token,
            tokens: Tokens {
                access: Token::new(token),
                refresh: None,
                expires_at: None,
            },
            asked_at: self.db.sources().now(),
            region,
            name,
            reconnect,
        };
        self.connect_with_grant(workspace, actor, grant).await
    }

    /// Proves credentials and stores them, as [`Store::connect_with_token`] does with those that were pasted.
    ///
    /// # Errors
    /// [`ConnectError`]; nothing is stored then.
    pub async fn connect_with_grant(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        grant: Grant,
    ) -> Result<Connected, ConnectError> {
        let Grant {
            via,
            tokens,
            asked_at,
            region,
            name,
            reconnect,
        } = grant;
        let (me, answered) = self.prove(tokens.access.expose(), region).await?;
        let region = me.app.region.unwrap_or(answered);
        let app_name = me.app.name.unwrap_or_else(|| me.app.id_code.clone());
        let new = NewConnection {
            name: match name.trim() {
                "" => app_name.clone(),
                name => name.to_owned(),
            },
            via,
            app_id: me.app.id_code,
            app_name: app_name.clone(),
            region: region.as_str().to_owned(),
            timezone: me.app.timezone,
        };
        let (connection, former) = self
            .store_proved(workspace, actor, new, (&tokens, asked_at), reconnect)
            .await?;
        let former = former.map(|former| former.via.method());
        let method = connection.via.method();
        Ok(Connected {
            connection: connection.id,
            app_name,
            region,
            replaced: former.is_some(),
            method,
            switched: former.is_some_and(|former| former != method),
        })
    }

    /// The connection as it is now, and as it was if it was there.
    async fn store_proved(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        new: NewConnection,
        (tokens, asked_at): (&Tokens, DateTime<Utc>),
        reconnect: Option<ConnectionId>,
    ) -> Result<(Connection, Option<Connection>), ConnectError> {
        let method = new.via.method();
        let detail = json!({
            "app_id": new.app_id, "app_name": new.app_name, "region": new.region, "method": method.as_str(),
        });
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        // Connecting twice at once makes one connection.
        tenant.lock().await?;
        if let Some(app) = new.via.own_app() {
            let own = tenant.oauth_app().await?;
            own.filter(|own| own.id == app)
                .ok_or(ConnectError::AppGone)?;
        }
        if let Some(client_key) = new.via.client_key() {
            refuse_void(&tx, (client_key, &new.app_id), asked_at).await?;
        }
        let known = known(&tenant, &new, reconnect).await?;
        let (id, action) = match &known {
            Some(known) if is_erasing(&tenant, known.id).await? => {
                return Err(ConnectError::Erasing);
            }
            Some(known) => {
                // What another app left is of no use to this one, and no longer needed.
                if known.via != new.via {
                    tenant.wipe_secrets(known.id).await?;
                }
                let (name, timezone) = (new.app_name.as_str(), new.timezone.as_deref());
                forget_writing(&tenant, known.id).await?;
                tenant
                    .grant_connection(known.id, &new.via, name, &new.region, timezone)
                    .await?;
                (known.id, "connection.token_replaced")
            }
            None => (
                tenant.create_connection(new).await?.id,
                "connection.created",
            ),
        };
        self.put_tokens(&tx, workspace, id, tokens).await?;
        tenant
            .audit(actor, action, ("connection", id), detail)
            .await?;
        // What a member wants to see right after connecting: permissions and tags.
        tenant
            .enqueue(&Job::CheckConnection { connection: id })
            .await?;
        tenant.enqueue(&Job::RefreshTags { connection: id }).await?;
        let connection = tenant.connection(id).await?;
        let connection = connection.ok_or(earmark_db::Error::Missing)?;
        tx.commit().await?;
        Ok((connection, known))
    }

    /// Asks `/me` at the chosen region, then once at the others: a token of another region is refused there as an
    /// unknown one is. A fault at another region says nothing about the token, but a missing permission there does: that
    /// region knows the token.
    async fn prove(&self, token: &str, chosen: Region) -> Result<(Me, Region), ConnectError> {
        let first = match self.me(token, chosen).await {
            Ok(me) => return Ok((me, chosen)),
            Err(error) => error,
        };
        if !matches!(first, Error::Reconnect { .. }) {
            return Err(ConnectError::from_proof(&first, self.db.sources().now()));
        }
        let mut unreachable = None;
        for region in chosen.others() {
            match self.me(token, region).await {
                Ok(me) => return Ok((me, region)),
                Err(Error::Reconnect { .. }) => {}
                Err(error @ Error::PermissionMissing { .. }) => {
                    return Err(ConnectError::from_proof(&error, self.db.sources().now()));
                }
                Err(error) => unreachable = Some(error),
            }
        }
        let verdict = unreachable.unwrap_or(first);
        Err(ConnectError::from_proof(&verdict, self.db.sources().now()))
    }

    async fn me(&self, token: &str, region: Region) -> Result<Me, Error> {
        let token = Token::new(token);
        let key = BudgetKey::unproven(&token);
        let hosts = self.hosts.of(region).clone();
        Client::new(
            &self.http,
            hosts,
            token,
            self.budget.clone(),
            key,
            Lane::Interactive,
        )
        .me()
        .await
    }
}

/// What actions showed of the former credentials says nothing of the new ones.
async fn forget_writing(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
) -> earmark_db::Result<()> {
    for permission in Permission::ALL.iter().filter(|one| !one.is_readable()) {
        let untested = PermissionCheck {
            permission: *permission,
            state: PermissionState::NotTested,
            note: None,
            took_ms: None,
        };
        tenant.put_permission_check(connection, &untested).await?;
    }
    Ok(())
}

/// The workspace's connection to this Intercom workspace, which must be the one to be reconnected if one is.
async fn known(
    tenant: &Tenant<'_, Tx>,
    new: &NewConnection,
    reconnect: Option<ConnectionId>,
) -> Result<Option<Connection>, ConnectError> {
    let mut connections = tenant.connections().await?;
    if let Some(wanted) = reconnect {
        let wanted = connections.iter().find(|one| one.id == wanted);
        let wanted = wanted.ok_or(ConnectError::Missing)?;
        if wanted.app_id != new.app_id {
            return Err(ConnectError::AnotherWorkspace {
                expected: wanted.app_name.clone(),
                found: new.app_name.clone(),
            });
        }
    }
    let at = connections.iter().position(|one| one.app_id == new.app_id);
    Ok(at.map(|at| connections.swap_remove(at)))
}
