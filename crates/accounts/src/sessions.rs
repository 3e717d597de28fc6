//! The browsers' sessions. The cookie carries a key; the table knows its SHA-256 only, so that a stolen table opens no
//! session.

use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::across::Session;
use earmark_db::{self as db, Db};
use earmark_model::UserId;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The entry of a session's state that holds the id of who is logged in, as JSON.
pub const SESSION_USER: &str = "user";

/// A session's state: names and JSON values.
pub type SessionState = HashMap<String, String>;

/// How long a session lasts at most in which nobody is logged in: time to fill in a form.
pub const ANONYMOUS: TimeDelta = TimeDelta::hours(1);

/// How often the sessions that ended are cleared away, at most.
const CLEARED_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Why a session was not read or stored.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The state cannot be written, or its [`SESSION_USER`] entry is no user's id. A fault of ours: such a session
    /// could not be revoked.
    #[error("the session's state cannot be stored: {0}")]
    State(#[from] serde_json::Error),
}

/// The table of sessions. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SessionRecords {
    db: Db,
    /// When ended sessions were last cleared away, in seconds of Unix time.
    cleared_at: Arc<AtomicI64>,
}

impl SessionRecords {
    /// The sessions in `db`.
    #[must_use]
    pub fn new(db: Db) -> Self {
        let cleared_at = Arc::new(AtomicI64::new(i64::MIN));
        Self { db, cleared_at }
    }

    /// The state of the session with this key, unless it has ended.
    ///
    /// # Errors
    /// [`SessionError::Database`].
    pub async fn load(&self, key: &str) -> Result<Option<SessionState>, SessionError> {
        let Some(session) = self.db.across().session(&row_id(key)).await? else {
            return Ok(None);
        };
        let state = serde_json::from_str(&session.state);
        let state = state.map_err(|why| db::Error::Contradiction {
            table: "sessions",
            id: session.id,
            why: why.to_string(),
        })?;
        Ok(Some(state))
    }

    /// Stores a new session that ends after `ttl`, or after [`ANONYMOUS`] while nobody is logged in, and gives its key:
    /// 256 random bits, 64 hex digits. Now and then it also clears away the sessions that ended.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn save(&self, state: &SessionState, ttl: TimeDelta) -> Result<String, SessionError> {
        let key = hex::encode(self.db.sources().bytes::<32>());
        let session = self.session(&key, state, ttl)?;
        let tx = self.db.begin().await?;
        tx.across().put_session(&session).await?;
        if self.is_clearing_due() {
            tx.across().clear_ended_sessions().await?;
        }
        tx.commit().await?;
        Ok(key)
    }

    /// Stores the new state of a session, which now ends as a new one would, and gives its key. A session that was revoked or
    /// ran out meanwhile does not come back: the key is that of a new one without state.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn update(
        &self,
        key: String,
        state: &SessionState,
        ttl: TimeDelta,
    ) -> Result<String, SessionError> {
        let session = self.session(&key, state, ttl)?;
        let tx = self.db.begin().await?;
        if tx.across().change_session(&session).await? {
            tx.commit().await?;
            return Ok(key);
        }
        drop(tx);
        self.save(&SessionState::new(), ttl).await
    }

    /// Lets a session end after `ttl` from now, or after [`ANONYMOUS`] while nobody is logged in, unless it has ended.
    ///
    /// # Errors
    /// [`SessionError::Database`].
    pub async fn update_ttl(&self, key: &str, ttl: TimeDelta) -> Result<(), SessionError> {
        let now = self.db.sources().now();
        let tx = self.db.begin().await?;
        if let Some(session) = tx.across().session(&row_id(key)).await? {
            let end = end(now, session.user, ttl);
            tx.across().extend_session(&session.id, end).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`SessionError::Database`].
    pub async fn delete(&self, key: &str) -> Result<(), SessionError> {
        let tx = self.db.begin().await?;
        tx.across().end_session(&row_id(key)).await?;
        Ok(tx.commit().await?)
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// [`SessionError::Database`].
    pub async fn revoke_all(&self, user: UserId) -> Result<(), SessionError> {
        let tx = self.db.begin().await?;
        tx.across().end_sessions_of(user).await?;
        Ok(tx.commit().await?)
    }

    fn session(
        &self,
        key: &str,
        state: &SessionState,
        ttl: TimeDelta,
    ) -> Result<Session, SessionError> {
        let user = state.get(SESSION_USER);
        let user = user.map(|json| serde_json::from_str(json)).transpose()?;
        Ok(Session {
            id: row_id(key),
            user,
            state: serde_json::to_string(state)?,
            expires_at: end(self.db.sources().now(), user, ttl),
        })
    }

    /// Whether it is time to clear ended sessions away; says so once.
    fn is_clearing_due(&self) -> bool {
        let now = self.db.sources().now().timestamp();
        let last = self.cleared_at.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= CLEARED_EVERY.num_seconds();
        if due {
            self.cleared_at.store(now, Ordering::Relaxed);
        }
        due
    }
}

fn end(now: DateTime<Utc>, user: Option<UserId>, ttl: TimeDelta) -> DateTime<Utc> {
    match user {
        Some(_) => now + ttl,
        None => now + ttl.min(ANONYMOUS),
    }
}

fn row_id(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}
