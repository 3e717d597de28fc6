//! What the letterbox asks for each request: the secrets that may verify it, and who may receive what they verified. Answers
//! are kept in memory for a short time, so that a request costs no query.

use crate::audience::{Audience, LiveSecret, Receiver, Resolved, Row, of_installation};
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::ChangeKind;
use earmark_db::across::{AppEndpoint, Endpoint};
use earmark_db::tenant::{SecretKind, SecretOwner, StoredSecret};
use earmark_model::{ConnectionStatus, SecretId, WorkspaceId};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

/// How long an answer is used without asking again. A change is announced at once; this bounds a missed announcement.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// Answers kept at most; beyond that all are dropped. Unknown tokens are not kept.
const MOST: usize = 10_000;
/// Bytes of an Intercom workspace's id at most; Intercom's have eight.
const LONGEST_APP_ID: usize = 100;
/// How often "last verified" is written at most.
const VERIFIED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// An answer, and when it was read.
struct Cached<T> {
    answer: T,
    read_at: DateTime<Utc>,
}

#[derive(Default)]
struct Cache {
    /// By endpoint token.
    answers: HashMap<String, Cached<Arc<Resolved>>>,
    /// The receivers of the installation's app, by Intercom workspace.
    installs: HashMap<String, Cached<Arc<[Receiver]>>>,
    /// Grows whenever the answers are forgotten: what was read before that is not kept after it.
    era: u64,
    /// When "last verified" was last written, by secret.
    noted: HashMap<SecretId, DateTime<Utc>>,
}

/// One of the maps of a cache.
type Answers<T> = HashMap<String, Cached<T>>;

impl Cache {
    fn forget(&mut self) {
        self.answers.clear();
        self.installs.clear();
        self.era += 1;
    }
}

/// Finds out what webhook addresses lead to. Cheap to clone.
#[derive(Clone)]
pub struct Endpoints {
    store: Store,
    installation: Option<Arc<Resolved>>,
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
        Self {
            installation: of_installation(&store).map(Arc::new),
            store,
            cache,
        }
    }

    /// The store whose connections these are.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The address of the installation's OAuth app, if there is such an app.
    #[must_use]
    pub fn installation(&self) -> Option<Arc<Resolved>> {
        self.installation.clone()
    }

    /// What a token leads to; `None` for a token that was never given out.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`]. A secret that does not open is left out and logged.
    pub async fn resolve(&self, token: &str) -> earmark_db::Result<Option<Arc<Resolved>>> {
        let now = self.store.db.sources().now();
        let era = match self.known(|cache| &cache.answers, token, now) {
            Ok(known) => return Ok(Some(known)),
            Err(era) => era,
        };
        let Some(resolved) = self.read(token).await? else {
            return Ok(None);
        };
        let resolved = Arc::new(resolved);
        let answer = (token, resolved.clone());
        self.keep(|cache| &mut cache.answers, answer, (now, era));
        Ok(Some(resolved))
    }

    /// The connections that receive a verified webhook about the Intercom workspace `app_id`: those made through the very
    /// app whose secret verified it. A private app's connection is told of other Intercom workspaces, too, and ignores them
    /// with that reason.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`].
    pub async fn receivers(
        &self,
        audience: &Audience,
        app_id: &str,
    ) -> earmark_db::Result<Arc<[Receiver]>> {
        let client_key = match audience {
            Audience::Connection { to, .. } => return Ok(Arc::new([*to])),
            Audience::OwnApp { connections, .. } => {
                let same = connections.iter().filter(|(id, _)| id == app_id);
                return Ok(same.map(|(_, receiver)| *receiver).collect());
            }
            Audience::Installation { client_key } => client_key,
        };
        // What no Intercom workspace is called is not worth a query, which PostgreSQL would refuse for a NUL.
        if app_id.len() > LONGEST_APP_ID || app_id.contains('\0') {
            return Ok(Arc::new([]));
        }
        let now = self.store.db.sources().now();
        let era = match self.known(|cache| &cache.installs, app_id, now) {
            Ok(known) => return Ok(known),
            Err(era) => era,
        };
        let installs = self.store.db.across().installs(client_key, app_id).await?;
        let through_it = installs.iter().filter(|install| install.own_app.is_none());
        let receivers: Arc<[Receiver]> = through_it
            .map(|install| Receiver {
                workspace: install.workspace,
                connection: install.connection,
            })
            .collect();
        let answer = (app_id, receivers.clone());
        self.keep(|cache| &mut cache.installs, answer, (now, era));
        Ok(receivers)
    }

    /// A fresh answer, or the era in which there is none.
    fn known<T: Clone>(
        &self,
        answers: impl Fn(&Cache) -> &Answers<T>,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<T, u64> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        match answers(&cache).get(key) {
            Some(cached) if now - cached.read_at < FRESH => Ok(cached.answer.clone()),
            _ => Err(cache.era),
        }
    }

    /// Keeps an answer, unless something changed since its `era`.
    fn keep<T>(
        &self,
        answers: impl Fn(&mut Cache) -> &mut Answers<T>,
        (key, answer): (&str, T),
        (read_at, era): (DateTime<Utc>, u64),
    ) {
        let mut cache = self.cache();
        if answers(&mut cache).len() >= MOST {
            cache.forget();
        } else if cache.era == era {
            answers(&mut cache).insert(key.to_owned(), Cached { answer, read_at });
        }
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
        let Some(Row {
            workspace,
            owner,
            id,
        }) = secret.row
        else {
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
            if cache.noted.get(&id).is_some_and(is_recent) {
                return;
            }
            cache.noted.retain(|_, at| is_recent(at));
            cache.noted.insert(id, now);
        }
        let db = self.store.db.clone();
        tokio::spawn(async move {
            let written = async {
                let tx = db.begin().await?;
                let tenant = tx.workspace(workspace);
                tenant.secret_verified(id, now).await?;
                tenant
                    .drop_older_secrets(owner, SecretKind::ClientSecret, id)
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
        if let Some(endpoint) = self.store.db.across().endpoint(token).await? {
            return self.read_connection(endpoint).await;
        }
        match self.store.db.across().app_endpoint(token).await? {
            Some(endpoint) => self.read_app(endpoint).await,
            None => Ok(None),
        }
    }

    async fn read_connection(&self, endpoint: Endpoint) -> earmark_db::Result<Option<Resolved>> {
        let Endpoint {
            workspace,
            connection,
            closed_at,
        } = endpoint;
        let tenant = self.store.db.workspace(workspace);
        let Some(row) = tenant.connection(connection).await? else {
            return Ok(None);
        };
        let to = Receiver {
            workspace,
            connection,
        };
        Ok(Some(Resolved {
            audience: Audience::Connection {
                to,
                app_id: row.app_id,
            },
            closed_at,
            secrets: self.secrets(workspace, connection).await?,
        }))
    }

    async fn read_app(&self, endpoint: AppEndpoint) -> earmark_db::Result<Option<Resolved>> {
        let AppEndpoint {
            workspace,
            app,
            closed_at,
        } = endpoint;
        let tenant = self.store.db.workspace(workspace);
        let Some(row) = tenant.oauth_app_by_id(app).await? else {
            return Ok(None);
        };
        let connections = tenant.connections().await?.into_iter().filter(|one| {
            one.via.own_app() == Some(app) && one.status != ConnectionStatus::Disconnected
        });
        let connections = connections.map(|one| {
            let to = Receiver {
                workspace,
                connection: one.id,
            };
            (one.app_id, to)
        });
        Ok(Some(Resolved {
            audience: Audience::OwnApp {
                client_key: row.client_key,
                connections: connections.collect(),
            },
            closed_at,
            secrets: self.secrets(workspace, app).await?,
        }))
    }

    /// The client secrets that open; one that does not is logged.
    async fn secrets(
        &self,
        workspace: WorkspaceId,
        owner: impl Into<SecretOwner>,
    ) -> earmark_db::Result<Vec<LiveSecret>> {
        let tenant = self.store.db.workspace(workspace);
        let stored = tenant.secrets(owner, SecretKind::ClientSecret).await?;
        let open = |stored: &StoredSecret| match self.store.open(workspace, stored) {
            Ok(secret) => Some(LiveSecret {
                secret,
                verified_at: stored.verified_at,
                row: Some(Row {
                    workspace,
                    owner: stored.owner,
                    id: stored.id,
                }),
            }),
            Err(error) => {
                tracing::error!(owner = %stored.owner, %error, "a client secret does not open");
                None
            }
        };
        Ok(stored.iter().filter_map(open).collect())
    }
}
