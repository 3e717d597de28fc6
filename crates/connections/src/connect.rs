//! Connecting by access token: the token is proved with `/me` before it is stored.

use crate::disconnect::is_erasing;
use crate::error::ConnectError;
use crate::store::{Store, is_pasted_whole};
use earmark_db::tenant::{Actor, NewConnection, SecretKind, Via};
use earmark_intercom::{BudgetKey, Client, Error, Lane, Me, Region, Token};
use earmark_model::{ConnectionId, Job, WorkspaceId};
use serde_json::json;

/// What a member fills in.
pub struct TokenForm {
    /// The connection's name; empty takes the Intercom workspace's.
    pub name: String,
    /// The region the member believes the Intercom workspace is in.
    pub region: Region,
    /// The pasted access token.
    pub token: String,
}

impl std::fmt::Debug for TokenForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenForm")
            .field("name", &self.name)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
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
        } = form;
        let token = token.trim();
        if !is_pasted_whole(token, 1..=1024) {
            return Err(ConnectError::NotAToken);
        }
        let (me, answered) = self.prove(token, region).await?;
        let region = me.app.region.unwrap_or(answered);
        let app_name = me
            .app
            .name
            .clone()
            .unwrap_or_else(|| me.app.id_code.clone());
        let new = NewConnection {
            name: if name.trim().is_empty() {
                app_name.clone()
            } else {
                name.trim().to_owned()
            },
            via: Via::Token,
            app_id: me.app.id_code,
            app_name,
            region: region.as_str().to_owned(),
            timezone: me.app.timezone,
        };
        self.store_proved(workspace, actor, new, token, region)
            .await
    }

    async fn store_proved(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        new: NewConnection,
        token: &str,
        region: Region,
    ) -> Result<Connected, ConnectError> {
        let app_name = new.app_name.clone();
        let detail = json!({ "app_id": new.app_id, "app_name": app_name, "region": new.region });
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        // Connecting twice at once makes one connection.
        tenant.lock().await?;
        let known = tenant
            .connections()
            .await?
            .into_iter()
            .find(|c| c.app_id == new.app_id);
        let (connection, action) = match &known {
            Some(known) if is_erasing(&tenant, known.id).await? => {
                return Err(ConnectError::Erasing);
            }
            Some(known) => {
                let timezone = new.timezone.as_deref();
                tenant
                    .grant_connection(known.id, &new.via, &app_name, &new.region, timezone)
                    .await?;
                (known.id, "connection.token_replaced")
            }
            None => (
                tenant.create_connection(new).await?.id,
                "connection.created",
            ),
        };
        let kind = SecretKind::AccessToken;
        self.put_secret(&tx, workspace, connection, kind, token, None)
            .await?;
        tenant
            .audit(actor, action, ("connection", connection), detail)
            .await?;
        // What a member wants to see right after connecting: permissions and tags.
        tenant.enqueue(&Job::CheckConnection { connection }).await?;
        tenant.enqueue(&Job::RefreshTags { connection }).await?;
        tx.commit().await?;
        Ok(Connected {
            connection,
            app_name,
            region,
            replaced: known.is_some(),
        })
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
