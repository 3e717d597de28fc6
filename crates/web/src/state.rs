//! What the pages work with.

use crate::security;
use actix_web::http::header::HeaderValue;
use earmark_accounts::Accounts;
use earmark_actions::Actions;
use earmark_connections::Store;
use earmark_db::Db;
use earmark_oauth::OAuth;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// How the pages behave in this installation.
#[derive(Clone)]
pub struct Settings {
    /// The address that people and Intercom reach this installation at.
    pub public_url: Url,
    /// Whether cookies are for https only.
    pub secure_cookies: bool,
    /// Encrypts the session cookie.
    pub cookie_key: [u8; 64],
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The longest form taken, in bytes.
    pub max_body: usize,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            public_url,
            secure_cookies,
            cookie_key: _,
            trusted_proxies,
            max_body,
        } = self;
        f.debug_struct("Settings")
            .field("public_url", &public_url.as_str())
            .field("secure_cookies", secure_cookies)
            .field("trusted_proxies", trusted_proxies)
            .field("max_body", max_body)
            .finish_non_exhaustive()
    }
}

/// What the pages work with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Web(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Accounts,
    store: Store,
    actions: Actions,
    oauth: OAuth,
    db: Db,
    settings: Settings,
    policy: HeaderValue,
}

impl Web {
    /// The pages over these services.
    #[must_use]
    pub fn new(accounts: Accounts, store: Store, oauth: OAuth, db: Db, settings: Settings) -> Self {
        let policy = security::policy(store.hosts());
        Self(Arc::new(Inner {
            accounts,
            actions: Actions::new(db.clone(), store.clone()),
            store,
            oauth,
            db,
            settings,
            policy,
        }))
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn oauth(&self) -> &OAuth {
        &self.0.oauth
    }

    /// The content security policy.
    pub(crate) fn policy(&self) -> &HeaderValue {
        &self.0.policy
    }

    pub(crate) fn actions(&self) -> &Actions {
        &self.0.actions
    }

    pub(crate) fn db(&self) -> &Db {
        &self.0.db
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// A path inside the app as the address that others reach it at.
    pub(crate) fn public(&self, path: &str) -> String {
        let base = self.settings().public_url.as_str().trim_end_matches('/');
        format!("{base}{path}")
    }
}
