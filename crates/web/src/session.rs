//! The browser's session: its cookie, and what is kept in it.

use crate::state::{Settings, Web};
use actix_session::SessionMiddleware;
use actix_session::config::PersistentSession;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{CookieJar, Key, SameSite};
use chrono::TimeDelta;
use earmark_accounts::{SessionError, SessionRecords, SessionState};
use earmark_db as db;

/// The cookie's name.
pub(crate) const COOKIE: &str = "earmark";
/// The entry with the token that forms prove their origin with.
pub(crate) const CSRF: &str = "csrf";
/// The entry that binds what is begun at Intercom to this browser.
pub(crate) const BROWSER: &str = "browser";
/// The entry with the message to show once.
pub(crate) const FLASH: &str = "flash";

/// Keeps sessions in the database.
pub(crate) struct Sessions(SessionRecords);

/// Reads and writes the session of each request.
pub(crate) fn middleware(web: &Web) -> SessionMiddleware<Sessions> {
    let Settings {
        secure_cookies,
        cookie_key,
        ..
    } = web.settings();
    let lasts = Duration::seconds(web.accounts().settings().session.num_seconds());
    let store = Sessions(SessionRecords::new(web.db().clone()));
    SessionMiddleware::builder(store, Key::from(cookie_key))
        .cookie_name(COOKIE.to_owned())
        .cookie_secure(*secure_cookies)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .session_lifecycle(PersistentSession::default().session_ttl(lasts))
        .build()
}

/// The key that a request's session cookie carries.
pub(crate) fn key_of(request: &HttpRequest, settings: &Settings) -> Option<String> {
    let mut jar = CookieJar::new();
    jar.add_original(request.cookie(COOKIE)?);
    let opened = jar.private(&Key::from(&settings.cookie_key)).get(COOKIE)?;
    Some(opened.value().to_owned())
}

fn delta(ttl: &Duration) -> TimeDelta {
    TimeDelta::seconds(ttl.whole_seconds())
}

fn key(text: String) -> anyhow::Result<SessionKey> {
    Ok(SessionKey::try_from(text)?)
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<SessionState>, LoadError> {
        self.0
            .load(key.as_ref())
            .await
            .map_err(|error| match error {
                SessionError::Database(db::Error::Contradiction { .. })
                | SessionError::State(_) => LoadError::Deserialization(error.into()),
                SessionError::Database(_) => LoadError::Other(error.into()),
            })
    }

    async fn save(&self, state: SessionState, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let saved = self.0.save(&state, delta(ttl)).await;
        let text = saved.map_err(|error| SaveError::Other(error.into()))?;
        key(text).map_err(SaveError::Other)
    }

    async fn update(
        &self,
        old: SessionKey,
        state: SessionState,
        ttl: &Duration,
    ) -> Result<SessionKey, UpdateError> {
        let updated = self.0.update(old.into(), &state, delta(ttl)).await;
        let text = updated.map_err(|error| UpdateError::Other(error.into()))?;
        key(text).map_err(UpdateError::Other)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> anyhow::Result<()> {
        Ok(self.0.update_ttl(key.as_ref(), delta(ttl)).await?)
    }

    async fn delete(&self, key: &SessionKey) -> anyhow::Result<()> {
        Ok(self.0.delete(key.as_ref()).await?)
    }
}
