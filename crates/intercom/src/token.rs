//! The access token, kept out of every output.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// An access token of the Intercom API. Its content shows in no `Debug` output and is wiped when dropped.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes a token, without the white space that pasting adds.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        Self(Zeroizing::new(secret.trim().to_owned()))
    }

    /// The token itself, for sealing it. Not for logs or pages.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A name of the token that does not reveal it: the first 16 hex digits of its SHA-256.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
            .chars()
            .take(16)
            .collect()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}
