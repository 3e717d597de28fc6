//! What the store is made of, and the only place that seals and opens its secrets.

use crate::app::AppCredentials;
use crate::refresh::{Refresher, Tokens};
use chrono::{DateTime, Utc};
use earmark_db::tenant::{NewSecret, SecretKind, SecretOwner, StoredSecret};
use earmark_db::{Db, Tx};
use earmark_intercom::{HostMap, Http, RateBudget, Token};
use earmark_model::{ConnectionId, SecretId, WorkspaceId};
use earmark_seal::{Context, KeyRing, OpenError, Sealed, Secret};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The connection store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) ring: KeyRing,
    pub(crate) hosts: Arc<HostMap>,
    pub(crate) http: Http,
    pub(crate) budget: Arc<dyn RateBudget>,
    pub(crate) installation: Option<Arc<AppCredentials>>,
    pub(crate) refresher: Option<Arc<dyn Refresher>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// A store over `db` whose secrets are sealed with `ring`, calling Intercom at `hosts` within `budget`.
    #[must_use]
    pub fn new(
        db: Db,
        ring: KeyRing,
        hosts: HostMap,
        http: Http,
        budget: Arc<dyn RateBudget>,
    ) -> Self {
        Self {
            db,
            ring,
            hosts: Arc::new(hosts),
            http,
            budget,
            installation: None,
            refresher: None,
        }
    }

    /// The same store with a way to get the next token of those that expire.
    #[must_use]
    pub fn with_refresher(mut self, refresher: Arc<dyn Refresher>) -> Self {
        self.refresher = Some(refresher);
        self
    }

    /// The same store in an installation that has an OAuth app of its own.
    #[must_use]
    pub fn with_installation_app(mut self, app: Option<AppCredentials>) -> Self {
        self.installation = app.map(Arc::new);
        self
    }

    /// The installation's OAuth app, if the operator configured one.
    #[must_use]
    pub fn installation_app(&self) -> Option<&AppCredentials> {
        self.installation.as_deref()
    }

    /// The hosts by region, for links into Intercom.
    #[must_use]
    pub fn hosts(&self) -> &HostMap {
        &self.hosts
    }

    /// Seals a secret to its row and stores it in place of those of its kind. A client secret leaves one former one.
    pub(crate) async fn put_secret(
        &self,
        tx: &Tx,
        workspace: WorkspaceId,
        owner: impl Into<SecretOwner>,
        kind: SecretKind,
        secret: &str,
        expires_at: Option<DateTime<Utc>>,
    ) -> earmark_db::Result<()> {
        let (id, owner): (SecretId, SecretOwner) = (self.db.sources().id(), owner.into());
        let sealed = self.seal(workspace, (owner, id, kind), &Secret::new(secret));
        let tenant = tx.workspace(workspace);
        let former = match kind {
            SecretKind::ClientSecret => 1,
            SecretKind::AccessToken | SecretKind::RefreshToken | SecretKind::ClientId => 0,
        };
        tenant.keep_secrets(owner, kind, former).await?;
        let new = NewSecret {
            id,
            kind,
            sealed: sealed.as_str(),
            last4: &last4(secret),
            expires_at,
        };
        tenant.add_secret(owner, new).await
    }

    /// Stores a connection's tokens in place of those before.
    pub(crate) async fn put_tokens(
        &self,
        tx: &Tx,
        workspace: WorkspaceId,
        connection: ConnectionId,
        tokens: &Tokens,
    ) -> earmark_db::Result<()> {
        let (access, refresh) = (SecretKind::AccessToken, SecretKind::RefreshToken);
        let (text, expires_at) = (tokens.access.expose(), tokens.expires_at);
        self.put_secret(tx, workspace, connection, access, text, expires_at)
            .await?;
        match &tokens.refresh {
            Some(token) => {
                self.put_secret(tx, workspace, connection, refresh, token.expose(), None)
                    .await
            }
            None => {
                let tenant = tx.workspace(workspace);
                tenant.keep_secrets(connection, refresh, 0).await
            }
        }
    }

    /// Opens a stored token.
    pub(crate) fn open_token(
        &self,
        workspace: WorkspaceId,
        stored: &StoredSecret,
    ) -> Result<Token, OpenError> {
        let secret = self.open(workspace, stored)?;
        let text = secret.expose_str().map_err(|_| OpenError::Malformed)?;
        Ok(Token::new(text))
    }

    /// Seals a secret to its row with the primary key.
    pub(crate) fn seal(
        &self,
        workspace: WorkspaceId,
        (owner, id, kind): (SecretOwner, SecretId, SecretKind),
        secret: &Secret,
    ) -> Sealed {
        let place = place(owner, id, kind);
        let context = Context {
            workspace,
            owner: &place,
        };
        self.ring.seal(self.db.sources(), context, secret.expose())
    }

    /// Opens a stored secret.
    pub(crate) fn open(
        &self,
        workspace: WorkspaceId,
        stored: &StoredSecret,
    ) -> Result<Secret, OpenError> {
        let place = place(stored.owner, stored.id, stored.kind);
        let context = Context {
            workspace,
            owner: &place,
        };
        let sealed = Sealed::from_stored(stored.sealed.as_str());
        self.ring.open(context, &sealed)
    }
}

/// What a secret is sealed to besides its workspace: a value moved to another owner, row or kind does not open.
fn place(owner: SecretOwner, id: SecretId, kind: SecretKind) -> String {
    format!("{owner}/{id}/{kind}")
}

/// Whether a pasted text can be a token or a secret: one word of visible ASCII of an expected length. Anything else was
/// copied with something beside it.
pub(crate) fn is_pasted_whole(text: &str, length: RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

/// All that is ever shown of a secret. A short one shows nothing.
fn last4(secret: &str) -> String {
    let count = secret.chars().count();
    if count < 12 {
        String::new()
    } else {
        secret.chars().skip(count - 4).collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn last_four_of_long_secrets_only() {
        assert_eq!(super::last4("dG9rOjEyMzQ1Njc4"), "Njc4");
        assert_eq!(super::last4("short"), "");
    }
}
