//! An Intercom OAuth app as its owner knows it.

use earmark_db::tenant::Via;
use earmark_seal::Secret;
use sha2::{Digest, Sha256};

/// Client id and client secrets of an OAuth app. `Debug` shows neither.
#[derive(Clone)]
pub struct AppCredentials {
    /// The client id, as the Developer Hub shows it under Basic information.
    pub client_id: String,
    /// The live client secrets, newest first; never empty. The first is used for asking, all of them verify.
    pub secrets: Vec<Secret>,
}

impl AppCredentials {
    /// Tells the app from others without giving its client id away.
    #[must_use]
    pub fn client_key(&self) -> String {
        client_key(&self.client_id)
    }
}

impl std::fmt::Debug for AppCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppCredentials(..)")
    }
}

/// The OAuth app that a workspace connects through, or did.
#[derive(Debug, Clone)]
pub struct ConnectingApp {
    /// Which one it is.
    pub via: Via,
    /// What it proves itself with.
    pub credentials: AppCredentials,
}

/// A client id's fingerprint: its SHA-256 in lower-case hex.
#[must_use]
pub fn client_key(client_id: &str) -> String {
    hex::encode(Sha256::digest(client_id.as_bytes()))
}
