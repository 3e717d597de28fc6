//! What the letterbox asks for each request: which connection an endpoint token names, and the secrets it is verified
//! with. Opened secrets are kept in memory for a short time, so that a request costs no query.

use crate::store::Store;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::ChangeKind;
use earmark_db::tenant::SecretKind;
use earmark_model::{ConnectionId, SecretId, WorkspaceId};
use earmark_seal::Secret;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// How long an answer is used without asking again. A change is announced at once; this bounds a missed announcement.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// Answers kept at most; beyond that all are dropped. Unknown tokens are not kept.
const MOST: usize = 10_000;
/// How often "last verified" is written at most.
const VERIFIED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A client secret that webhooks may be signed with.
#[derive(Debug)]
pub struct LiveSecret {
    /// Its row.
    pub id: SecretId,
    /// The secret.
    pub secret: Secret,
    /// When its row last said that it verified a webhook.
    pub verified_at: Option<DateTime<Utc>>,
}

/// What an endpoint token leads to.
#[derive(Debug)]
pub struct Resolved {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
    /// The Intercom workspace whose webhooks it takes.
    pub app_id: String,
    /// Since when the connection is disconnected, if it is.
    pub closed_at: Option<DateTime<Utc>>,
    /// Every secret that may verify.
    pub secrets: Vec<LiveSecret>,
}

struct Cached {
    resolved: Arc<Resolved>,
    read_at: DateTime<Utc>,
}

#[derive(Default)]
struct Cache {
    answers: HashMap<String, Cached>,
    /// Grows whenever the answers are forgotten: what was read before that is not kept after it.
    era: u64,
    /// When "last verified" was last written, by secret.
    noted: HashMap<SecretId, DateTime<Utc>>,
}

impl Cache {
    fn forget(&mut self) {
        self.answers.clear();
        self.era += 1;
    }
}

/// Finds connections by endpoint token. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints {
    store: Store,
    cache: Arc<RwLock<Cache>>,
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoints")
    }
}

impl Endpoints {
    /// A finder that forgets what it knows whenever connections change. Must be called within the runtime.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let mut changes = store.db.changes();
        let cache = Arc::<RwLock<Cache>>::default();
        let weak = Arc::downgrade(&cache);
        tokio::spawn(async move {
            while let Some(change) = changes.next().await {
                let Some(cache) = weak.upgrade() else { return };
                if matches!(
                    change.kind,
                    ChangeKind::Connections | ChangeKind::Everything
                ) {
                    cache
                        .write()
                        .unwrap_or_else(PoisonError::into_inner)
                        .forget();
                }
            }
        });
        Self { store, cache }
    }

    /// What a token leads to; `None` for a token that was never given out.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`]. A secret that does not open is left out and logged.
    pub async fn resolve(&self, token: &str) -> earmark_db::Result<Option<Arc<Resolved>>> {
        let now = self.store.db.sources().now();
        let era = {
            let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(cached) = cache.answers.get(token)
                && now - cached.read_at < FRESH
            {
                return Ok(Some(cached.resolved.clone()));
            }
            cache.era
        };
        let Some(resolved) = self.read(token).await? else {
            return Ok(None);
        };
        let resolved = Arc::new(resolved);
        let mut cache = self.cache();
        if cache.answers.len() >= MOST {
            cache.forget();
        } else if cache.era == era {
            let cached = Cached {
                resolved: resolved.clone(),
                read_at: now,
            };
            cache.answers.insert(token.to_owned(), cached);
        }
        Ok(Some(resolved))
    }

    fn cache(&self) -> RwLockWriteGuard<'_, Cache> {
        self.cache.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a secret verified a webhook, and drops the older ones, which Intercom has ceased to use; writes at most
    /// once a minute, and never on the caller's time.
    pub fn verified(&self, resolved: &Resolved, index: usize) {
        let Some(secret) = resolved.secrets.get(index) else {
            return;
        };
        let now = self.store.db.sources().now();
        let is_recent = |at: &DateTime<Utc>| now - *at < VERIFIED_EVERY;
        if secret.verified_at.as_ref().is_some_and(is_recent) {
            return;
        }
        // The answer at hand may be older than what was written since.
        {
            let mut cache = self.cache();
            if cache.noted.get(&secret.id).is_some_and(is_recent) {
                return;
            }
            cache.noted.retain(|_, at| is_recent(at));
            cache.noted.insert(secret.id, now);
        }
        let (db, workspace, id) = (self.store.db.clone(), resolved.workspace, secret.id);
        let connection = resolved.connection;
        tokio::spawn(async move {
            let written = async {
                let tx = db.begin().await?;
                let tenant = tx.workspace(workspace);
                tenant.secret_verified(id, now).await?;
                tenant
                    .drop_older_secrets(connection, SecretKind::ClientSecret, id)
                    .await?;
                tx.commit().await
            };
            if let Err(error) = written.await {
                tracing::warn!(%error, "cannot note which client secret verified last");
            }
        });
    }

    async fn read(&self, token: &str) -> earmark_db::Result<Option<Resolved>> {
        // What no token looks like is not worth a query, which PostgreSQL would refuse for a NUL.
        if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        let Some(endpoint) = self.store.db.across().endpoint(token).await? else {
            return Ok(None);
        };
        let tenant = self.store.db.workspace(endpoint.workspace);
        let Some(connection) = tenant.connection(endpoint.connection).await? else {
            return Ok(None);
        };
        let mut secrets = Vec::new();
        for stored in tenant
            .secrets(connection.id, SecretKind::ClientSecret)
            .await?
        {
            match self.store.open(endpoint.workspace, &stored) {
                Ok(secret) => secrets.push(LiveSecret {
                    id: stored.id,
                    secret,
                    verified_at: stored.verified_at,
                }),
                Err(error) => {
                    tracing::error!(connection = %connection.id, %error, "a client secret does not open")
                }
            }
        }
        Ok(Some(Resolved {
            workspace: endpoint.workspace,
            connection: connection.id,
            app_id: connection.app_id,
            closed_at: endpoint.closed_at,
            secrets,
        }))
    }
}
