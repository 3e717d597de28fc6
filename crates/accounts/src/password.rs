//! Passwords: argon2id, away from the threads that answer requests.

use crate::error::Failure;
use argon2::password_hash::{Error as HashError, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use earmark_db::{self as db, across};
use earmark_model::Sources;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A password as typed. It shows itself to nobody.
pub struct Password(String);

impl Password {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(password: String) -> Self {
        Self(password)
    }
}

impl From<&str> for Password {
    fn from(password: &str) -> Self {
        Self(password.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// 19 MiB, two passes, one lane: the first choice of OWASP's password storage page that keeps memory low.
const PARAMS: Params = match Params::new(19 * 1024, 2, 1, None) {
    Ok(params) => params,
    Err(_) => panic!("argon2 accepts these parameters"),
};

/// What looking at a password found out.
pub(crate) enum Verdict {
    Wrong,
    Right {
        /// The password's hash with today's parameters, when the stored one was made with others.
        new_hash: Option<String>,
    },
}

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    sources: Sources,
    slots: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new(sources: Sources) -> Self {
        // A hash keeps one core busy, so more at a time would not be done sooner; each takes its 19 MiB.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            sources,
            slots: Arc::new(Semaphore::new(cores)),
        }
    }

    /// The password's hash, in PHC form.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, Failure> {
        let salt = self.sources.bytes();
        self.aside(move || hash(&password, &salt)).await
    }

    /// Whether this is the person's password. Without a person it takes as long, so that the time does not tell.
    pub(crate) async fn verify(
        &self,
        password: Password,
        user: Option<across::User>,
    ) -> Result<Verdict, Failure> {
        let salt = self.sources.bytes();
        self.aside(move || match user {
            Some(user) => verify(&password, &user, &salt),
            None => hash(&password, &salt).map(|_| Verdict::Wrong),
        })
        .await
    }

    /// Runs a hashing job on a thread that may block. The slot is given back when the job ends, also when nobody waits
    /// for it any more.
    async fn aside<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|cause| Failure::Hashing(cause.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            job()
        });
        done.await
            .map_err(|cause| Failure::Hashing(cause.to_string()))?
    }
}

fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, PARAMS)
}

fn hash(password: &Password, salt: &[u8; 16]) -> Result<String, Failure> {
    argon2id()
        .hash_password_with_salt(password.0.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|cause| Failure::Hashing(cause.to_string()))
}

fn verify(password: &Password, user: &across::User, salt: &[u8; 16]) -> Result<Verdict, Failure> {
    let stored = PasswordHash::new(&user.password_hash).map_err(|cause| {
        Failure::Database(db::Error::Contradiction {
            table: "users",
            id: user.id.to_string(),
            why: format!("its password hash cannot be read: {cause}"),
        })
    })?;
    match argon2id().verify_password(password.0.as_bytes(), &stored) {
        Ok(()) => {}
        Err(HashError::PasswordInvalid) => return Ok(Verdict::Wrong),
        Err(cause) => return Err(Failure::Hashing(cause.to_string())),
    }
    let new_hash = if is_current(&stored) {
        None
    } else {
        Some(hash(password, salt)?)
    };
    Ok(Verdict::Right { new_hash })
}

/// Whether a hash was made with today's algorithm and parameters.
fn is_current(hash: &PasswordHash) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(hash).is_ok_and(|params| {
            params.m_cost() == PARAMS.m_cost()
                && params.t_cost() == PARAMS.t_cost()
                && params.p_cost() == PARAMS.p_cost()
        })
}
