//! The way to Intercom's Authorize page and back.

use crate::CALLBACK_PATH;
use crate::exchange::Exchange;
use crate::problem::{BeginError, Problem, Refused};
use crate::state::{Claims, Signer, hash};
use chrono::TimeDelta;
use earmark_connections::{AppCredentials, Connected, Grant, Region, Store};
use earmark_db::Db;
use earmark_db::tenant::{Actor, Via};
use earmark_model::{ConnectionId, Right, UserId, WorkspaceId};
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, RedirectUrl};
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// How long a person may take at Intercom.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

/// How the flow is set up in this installation.
#[derive(Clone)]
pub struct Settings {
    /// Signs states.
    pub key: [u8; 64],
    /// The address of this installation for people: scheme, host and port.
    pub public_url: Url,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("public_url", &self.public_url.as_str())
            .finish_non_exhaustive()
    }
}

/// The connect flow. Cheap to clone.
#[derive(Clone)]
pub struct OAuth(Arc<Inner>);

struct Inner {
    db: Db,
    store: Store,
    exchange: Exchange,
    signer: Signer,
    callback: Url,
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OAuth")
    }
}

/// What a member wants to connect.
#[derive(Debug, Clone)]
pub struct Wish {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// Who.
    pub user: UserId,
    /// A random value that stands in the browser's session.
    pub browser: String,
    /// Where the Intercom workspace is hosted; a connection to be reconnected knows better.
    pub region: Region,
    /// The new connection's name; empty takes the Intercom workspace's.
    pub name: String,
    /// The connection to be reconnected.
    pub reconnect: Option<ConnectionId>,
}

/// What Intercom sent the browser back with.
#[derive(Clone, Default)]
pub struct Answer {
    /// What it was sent there with.
    pub state: Option<String>,
    /// To be exchanged; may end in `=`.
    pub code: Option<String>,
    /// Why there is no code. Intercom does not document it.
    pub error: Option<String>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// Who comes back.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The person who is logged in.
    pub user: UserId,
    /// The random value in the browser's session, if there is one.
    pub browser: Option<String>,
    /// The client's address.
    pub address: Option<IpAddr>,
}

/// A connection that was made.
#[derive(Debug, Clone)]
pub struct Finished {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// The region that was chosen.
    pub chosen: Option<Region>,
    /// The connection.
    pub connected: Connected,
}

impl OAuth {
    /// The flow over a store.
    #[must_use]
    pub fn new(db: Db, store: Store, exchange: Exchange, settings: &Settings) -> Self {
        let mut callback = settings.public_url.clone();
        callback.set_path(CALLBACK_PATH);
        Self(Arc::new(Inner {
            db,
            store,
            exchange,
            signer: Signer::new(&settings.key),
            callback,
        }))
    }

    /// The redirect URL to be registered with an app.
    #[must_use]
    pub fn callback(&self) -> &Url {
        &self.0.callback
    }

    /// Where to send the person: Intercom's Authorize page of the region. It knows no scopes: Intercom takes them from the
    /// app.
    ///
    /// # Errors
    /// [`BeginError`].
    pub async fn begin(&self, wish: Wish) -> Result<Url, BeginError> {
        let Inner {
            db, store, signer, ..
        } = &*self.0;
        let Wish {
            workspace,
            user,
            browser,
            mut region,
            name,
            reconnect,
        } = wish;
        if let Some(id) = reconnect {
            let known = db.workspace(workspace).connection(id).await?;
            let known = known.ok_or(BeginError::Missing)?;
            region = known.region.parse().unwrap_or(region);
        }
        let app = store.app_for(workspace).await.map_err(BeginError::of)?;
        let app = app.ok_or(BeginError::NoApp)?;
        let expires_at = db.sources().now() + PATIENCE;
        let claims = Claims {
            exp: expires_at.timestamp(),
            nonce: db.sources().token(),
            browser: hash(&browser),
            user,
            workspace,
            region: region.as_str().to_owned(),
            app: app.via.own_app(),
            client_key: app.credentials.client_key(),
            reconnect,
            name,
        };
        let state = signer.sign(&claims)?;
        let tx = db.begin().await?;
        tx.workspace(workspace)
            .begin_oauth(&hash(&state), expires_at)
            .await?;
        tx.commit().await?;
        Ok(self.authorize_url(
            &app.credentials,
            store.hosts().of(region).authorize(),
            state,
        ))
    }

    fn authorize_url(&self, app: &AppCredentials, page: Url, state: String) -> Url {
        BasicClient::new(ClientId::new(app.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(page))
            .set_redirect_uri(RedirectUrl::from_url(self.0.callback.clone()))
            .authorize_url(|| CsrfToken::new(state))
            .url()
            .0
    }

    /// Makes the connection, or finds out why there is none. Nothing is stored then.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn finish(&self, answer: Answer, visit: Visit) -> Result<Finished, Refused> {
        let Answer { state, code, error } = answer;
        let (claims, state) = self
            .claims(state, error.is_some(), &visit)
            .map_err(Refused::unplaced)?;
        let allowed = self.allowed(&claims, visit.user).await;
        allowed.map_err(Refused::unplaced)?;
        let placed = |problem| Refused {
            problem,
            workspace: Some(claims.workspace),
            reconnect: claims.reconnect,
        };
        let code = code.filter(|code| error.is_none() && !code.is_empty());
        let connected = self.connect(&claims, &state, code, &visit).await;
        Ok(Finished {
            workspace: claims.workspace,
            chosen: claims.region.parse().ok(),
            connected: connected.map_err(placed)?,
        })
    }

    /// What the state says, when this person brings it in the browser it was given to.
    fn claims(
        &self,
        state: Option<String>,
        is_error: bool,
        visit: &Visit,
    ) -> Result<(Claims, String), Problem> {
        let state = state.filter(|state| !state.is_empty());
        // An error does no harm, whoever sends it, and Intercom does not say whether it repeats the state.
        let Some(state) = state else {
            return Err(if is_error {
                Problem::Denied
            } else {
                Problem::Tampered
            });
        };
        let claims = self.0.signer.open(&state).ok_or(Problem::Tampered)?;
        if claims.user != visit.user {
            return Err(Problem::OtherPerson);
        }
        if visit.browser.as_deref().map(hash) != Some(claims.browser.clone()) {
            return Err(Problem::OtherBrowser);
        }
        Ok((claims, state))
    }

    async fn allowed(&self, claims: &Claims, user: UserId) -> Result<(), Problem> {
        let role = self.0.db.workspace(claims.workspace).role_of(user).await?;
        match role {
            Some(role) if role.may(Right::ManageConnections) => Ok(()),
            _ => Err(Problem::NotAllowed),
        }
    }

    async fn connect(
        &self,
        claims: &Claims,
        state: &str,
        code: Option<String>,
        visit: &Visit,
    ) -> Result<Connected, Problem> {
        let Inner {
            db,
            store,
            exchange,
            callback,
            ..
        } = &*self.0;
        if claims.is_over(db.sources().now()) {
            return Err(Problem::Expired);
        }
        self.use_up(claims.workspace, state).await?;
        let code = code.ok_or(Problem::Denied)?;
        let region: Region = claims.region.parse().map_err(|_| Problem::Tampered)?;
        let (app, via) = self.app(claims).await?;
        let asked_at = db.sources().now();
        let tokens = exchange
            .code(&app, store.hosts().of(region), &code, callback)
            .await;
        let tokens = tokens.map_err(|error| Problem::of_exchange(error, db.sources().now()))?;
        let grant = Grant {
            via,
            tokens,
            asked_at,
            region,
            name: claims.name.clone(),
            reconnect: claims.reconnect,
        };
        let actor = Actor {
            user: Some(visit.user),
            address: visit.address.map(|address| address.to_string()),
        };
        let stored = store.connect_with_grant(claims.workspace, &actor, grant);
        stored.await.map_err(Problem::of_store)
    }

    async fn use_up(&self, workspace: WorkspaceId, state: &str) -> Result<(), Problem> {
        let tx = self.0.db.begin().await?;
        let first = tx.workspace(workspace).use_oauth(&hash(state)).await?;
        tx.commit().await?;
        if first {
            Ok(())
        } else {
            Err(Problem::Replayed)
        }
    }

    async fn app(&self, claims: &Claims) -> Result<(AppCredentials, Via), Problem> {
        let via = claims.via();
        let app = self.0.store.app_of(claims.workspace, &via).await;
        let app = app.map_err(Problem::of_app)?;
        Ok((app.ok_or(Problem::AppGone)?, via))
    }
}
