//! What the store is made of, and the only place that seals and opens its secrets.

use earmark_db::tenant::{SecretKind, StoredSecret};
use earmark_db::{Db, Tx};
use earmark_intercom::{HostMap, Http, RateBudget};
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
        }
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
        connection: ConnectionId,
        kind: SecretKind,
        secret: &str,
    ) -> earmark_db::Result<()> {
        let id: SecretId = self.db.sources().id();
        let owner = owner(connection, id, kind);
        let sealed = self.ring.seal(
            self.db.sources(),
            Context {
                workspace,
                owner: &owner,
            },
            secret.as_bytes(),
        );
        let tenant = tx.workspace(workspace);
        let former = match kind {
            SecretKind::AccessToken => 0,
            SecretKind::ClientSecret => 1,
        };
        tenant.keep_secrets(connection, kind, former).await?;
        tenant
            .add_secret(id, connection, kind, sealed.as_str(), &last4(secret))
            .await
    }

    /// Opens a stored secret.
    pub(crate) fn open(
        &self,
        workspace: WorkspaceId,
        stored: &StoredSecret,
    ) -> Result<Secret, OpenError> {
        let owner = owner(stored.connection, stored.id, stored.kind);
        self.ring.open(
            Context {
                workspace,
                owner: &owner,
            },
            &Sealed::from_stored(stored.sealed.as_str()),
        )
    }
}

/// What a secret is sealed to besides its workspace: a value moved to another connection, row or kind does not open.
fn owner(connection: ConnectionId, id: SecretId, kind: SecretKind) -> String {
    format!("{connection}/{id}/{kind}")
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
