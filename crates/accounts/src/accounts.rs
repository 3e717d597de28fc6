//! Sign-up, login, and the workspaces of a person.

use crate::error::{ChangeError, FieldErrors, LogInError, SignUpError};
use crate::fields::{self, SignUpFields, WorkspaceFields};
use crate::member::actor;
use crate::password::{Password, Passwords, Verdict};
use crate::throttle::Throttle;
use chrono::TimeDelta;
use earmark_db::across::{self, Membership};
use earmark_db::tenant::Workspace;
use earmark_db::{self as db, Db, Tx};
use earmark_model::UserId;
use serde_json::json;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// How often a new workspace is tried when another one takes its slug at the same moment.
const SLUG_ATTEMPTS: u32 = 5;

/// How accounts behave in this installation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether anybody may sign up.
    pub sign_up_open: bool,
    /// How long a login lasts.
    pub session: TimeDelta,
    /// Failed logins to one account, within the window, after which it has to wait; at least one.
    pub login_attempts_per_account: u32,
    /// Sign-ups and failed logins from one client address, within the window, after which it has to wait; at least one.
    pub login_attempts_per_address: u32,
    /// The window in which failed logins are counted.
    pub login_window: TimeDelta,
}

/// A person who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The e-mail address as typed.
    pub email: String,
    /// The shown name.
    pub name: String,
}

impl From<across::User> for User {
    fn from(row: across::User) -> Self {
        let across::User {
            id,
            email,
            name,
            password_hash: _,
        } = row;
        Self { id, email, name }
    }
}

/// What somebody who signs up has typed.
#[derive(Debug)]
pub struct SignUp {
    /// Their name, 1 to 100 characters.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Their password, 12 to 1024 characters.
    pub password: Password,
    /// The name of their first workspace, 1 to 100 characters.
    pub workspace_name: String,
}

/// The accounts of an installation. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    db: Db,
    settings: Settings,
    passwords: Passwords,
    throttle: Throttle,
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts")
    }
}

impl Accounts {
    /// The accounts in `db`.
    #[must_use]
    pub fn new(db: Db, settings: Settings) -> Self {
        let passwords = Passwords::new(db.sources().clone());
        let throttle = Throttle::new(&settings, db.sources());
        Self(Arc::new(Inner {
            db,
            settings,
            passwords,
            throttle,
        }))
    }

    /// The settings it was made with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Makes a person and their first workspace, which they own. `address` is the client's; each sign-up whose fields are
    /// in order counts against it.
    ///
    /// # Errors
    /// See [`SignUpError`]; then nothing is stored.
    pub async fn sign_up(
        &self,
        sign_up: SignUp,
        address: Option<IpAddr>,
    ) -> Result<(User, Workspace), SignUpError> {
        if !self.0.settings.sign_up_open {
            return Err(SignUpError::Closed);
        }
        let SignUp {
            name,
            email,
            password,
            workspace_name,
        } = sign_up;
        let fields = SignUpFields {
            name: name.trim(),
            email: email.trim(),
            password: password.as_str(),
            workspace: workspace_name.trim(),
        };
        fields::check(&fields).map_err(SignUpError::Invalid)?;
        // Hashing is dear, and so are workspaces: each takes an attempt, whatever comes of it.
        let taken = self.0.throttle.take_address(address);
        taken.map_err(|retry_after| SignUpError::Throttled { retry_after })?;
        let hash = self.0.passwords.hash(password).await?;
        let mut attempts = SLUG_ATTEMPTS;
        loop {
            attempts -= 1;
            let stored = self.store(
                name.trim(),
                email.trim(),
                &hash,
                workspace_name.trim(),
                address,
            );
            match stored.await? {
                Some(done) => return Ok(done),
                None if attempts == 0 => return Err(db::Error::Conflict.into()),
                None => {}
            }
        }
    }

    /// Stores a person and their first workspace; `None` when its slug was taken at the same moment.
    async fn store(
        &self,
        name: &str,
        email: &str,
        hash: &str,
        workspace: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<(User, Workspace)>, SignUpError> {
        let tx = self.0.db.begin().await?;
        let id = match tx.across().create_user(email, name, hash).await {
            Err(db::Error::Conflict) => return Err(SignUpError::Invalid(taken())),
            other => other?,
        };
        let workspace = match new_workspace(&tx, id, workspace, address).await {
            Err(db::Error::Conflict) => return Ok(None),
            other => other?,
        };
        tx.workspace(workspace.id)
            .audit(
                &actor(id, address),
                "user.signed_up",
                ("user", id),
                json!({}),
            )
            .await?;
        tx.commit().await?;
        let user = User {
            id,
            email: email.to_owned(),
            name: name.to_owned(),
        };
        Ok(Some((user, workspace)))
    }

    /// The person with this e-mail address and password. `address` is the client's. Failed logins count against the
    /// account and against the address; right ones do not.
    ///
    /// # Errors
    /// See [`LogInError`].
    pub async fn log_in(
        &self,
        email: &str,
        password: Password,
        address: Option<IpAddr>,
    ) -> Result<User, LogInError> {
        let attempt = self.0.throttle.attempt(email, address);
        let attempt = attempt.map_err(|retry_after| LogInError::Throttled { retry_after })?;
        let outcome = self.verify(email, password).await;
        if !matches!(outcome, Err(LogInError::Wrong)) {
            attempt.give_back();
        }
        outcome
    }

    async fn verify(&self, email: &str, password: Password) -> Result<User, LogInError> {
        let user = self.0.db.across().user_by_email(email).await?;
        let verdict = self.0.passwords.verify(password, user.clone()).await?;
        let (Some(user), Verdict::Right { new_hash }) = (user, verdict) else {
            return Err(LogInError::Wrong);
        };
        if let Some(hash) = new_hash
            && let Err(error) = self.store_hash(user.id, &hash).await
        {
            // The old hash is as good as before; the next login tries again.
            tracing::warn!(user = %user.id, %error, "cannot store a password's new hash");
        }
        Ok(user.into())
    }

    async fn store_hash(&self, user: UserId, hash: &str) -> db::Result<()> {
        let tx = self.0.db.begin().await?;
        tx.across().set_password_hash(user, hash).await?;
        tx.commit().await
    }

    /// The person with this id, for a session.
    ///
    /// # Errors
    /// [`db::Error::Unavailable`].
    pub async fn user(&self, id: UserId) -> db::Result<Option<User>> {
        Ok(self.0.db.across().user(id).await?.map(User::from))
    }

    /// Makes another workspace, which the person owns. `address` is the client's.
    ///
    /// # Errors
    /// [`ChangeError::Invalid`], with the field `name`, or [`ChangeError::Database`].
    pub async fn create_workspace(
        &self,
        user: UserId,
        name: &str,
        address: Option<IpAddr>,
    ) -> Result<Workspace, ChangeError> {
        let name = name.trim();
        fields::check(&WorkspaceFields { name }).map_err(ChangeError::Invalid)?;
        let mut attempts = SLUG_ATTEMPTS;
        loop {
            attempts -= 1;
            let tx = self.0.db.begin().await?;
            match new_workspace(&tx, user, name, address).await {
                Err(db::Error::Conflict) if attempts > 0 => {}
                made => {
                    let workspace = made?;
                    tx.commit().await?;
                    return Ok(workspace);
                }
            }
        }
    }

    /// The workspaces that a person is a member of, by name, for the switcher.
    ///
    /// # Errors
    /// [`db::Error::Unavailable`].
    pub async fn memberships(&self, user: UserId) -> db::Result<Vec<Membership>> {
        self.0.db.across().memberships(user).await
    }
}

/// A new workspace with its audit row.
async fn new_workspace(
    tx: &Tx,
    owner: UserId,
    name: &str,
    address: Option<IpAddr>,
) -> db::Result<Workspace> {
    let workspace = tx.across().create_workspace(name, owner).await?;
    tx.workspace(workspace.id)
        .audit(
            &actor(owner, address),
            "workspace.created",
            ("workspace", workspace.id),
            json!({ "name": workspace.name, "slug": workspace.slug }),
        )
        .await?;
    Ok(workspace)
}

fn taken() -> FieldErrors {
    FieldErrors::one(
        "email",
        "There is an account with this e-mail address already. Sign in, or use another address.",
    )
}
