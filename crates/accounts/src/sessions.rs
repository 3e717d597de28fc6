//! The browsers' sessions. The cookie carries a key; the table knows its SHA-256 only, so that a stolen table opens no
//! session.

use chrono::TimeDelta;
use earmark_db::across::Session;
use earmark_db::{self as db, Db};
use earmark_model::UserId;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The entry of a session's state that holds the id of who is logged in, as JSON.
pub const SESSION_USER: &str = "user";

/// A session's state: names and JSON values.
pub type SessionState = HashMap<String, String>;

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
}

impl SessionRecords {
    /// The sessions in `db`.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db }
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

    /// Stores a new session that ends after `ttl`, and gives its key: 256 random bits, 64 hex digits.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn save(&self, state: &SessionState, ttl: TimeDelta) -> Result<String, SessionError> {
        let key = hex::encode(self.db.sources().bytes::<32>());
        let session = self.session(&key, state, ttl)?;
        let tx = self.db.begin().await?;
        tx.across().put_session(&session).await?;
        tx.commit().await?;
        Ok(key)
    }

    /// Stores the new state of a session, which now ends after `ttl`, and gives its key. A session that was revoked or
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

    /// Lets a session end after `ttl` from now, unless it has ended.
    ///
    /// # Errors
    /// [`SessionError::Database`].
    pub async fn update_ttl(&self, key: &str, ttl: TimeDelta) -> Result<(), SessionError> {
        let end = self.db.sources().now() + ttl;
        let tx = self.db.begin().await?;
        tx.across().extend_session(&row_id(key), end).await?;
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
            expires_at: self.db.sources().now() + ttl,
        })
    }
}

fn row_id(key: &str) -> String {
    hex::encode(Sha256::digest(key))
}
