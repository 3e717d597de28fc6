//! The state that goes to Intercom and comes back: signed, short-lived, bound to a browser and a person.

use chrono::{DateTime, Utc};
use earmark_db::tenant::Via;
use earmark_model::{ConnectionId, OAuthAppId, UserId, WorkspaceId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a state says. Whoever holds it can read it, so no secret is in it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// Unix seconds.
    pub(crate) exp: i64,
    pub(crate) nonce: String,
    /// The hash of a random value that stands in the browser's session.
    pub(crate) browser: String,
    pub(crate) user: UserId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) region: String,
    /// The workspace's own app, unless it is the installation's.
    pub(crate) app: Option<OAuthAppId>,
    pub(crate) client_key: String,
    pub(crate) reconnect: Option<ConnectionId>,
    pub(crate) name: String,
}

impl Claims {
    pub(crate) fn via(&self) -> Via {
        let client_key = self.client_key.clone();
        match self.app {
            Some(app) => Via::OwnApp { app, client_key },
            None => Via::Installation { client_key },
        }
    }

    pub(crate) fn is_over(&self, now: DateTime<Utc>) -> bool {
        self.exp <= now.timestamp()
    }
}

/// Signs, and knows what it signed.
#[derive(Clone)]
pub(crate) struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Signer {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
        }
    }

    pub(crate) fn sign(&self, claims: &Claims) -> jsonwebtoken::errors::Result<String> {
        encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
    }

    /// What was signed, also when it is over; `None` for anything else.
    pub(crate) fn open(&self, state: &str) -> Option<Claims> {
        let mut rules = Validation::new(Algorithm::HS256);
        // The time is ours to judge: the library reads the machine's clock.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        let opened = decode::<Claims>(state, &self.decoding, &rules);
        opened.ok().map(|token| token.claims)
    }
}

/// What is kept in place of a state, or of a browser's random value.
pub(crate) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
