//! Opened secrets.

use std::fmt;
use std::str::Utf8Error;
use zeroize::Zeroizing;

/// A secret in the clear. Wiped from memory when dropped; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes a secret into safe keeping.
    pub fn new(plaintext: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(plaintext.into()))
    }

    /// The bytes of the secret.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text, for tokens and client secrets.
    ///
    /// # Errors
    /// When the bytes are no UTF-8; the error names a position and no content.
    pub fn expose_str(&self) -> Result<&str, Utf8Error> {
        std::str::from_utf8(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("dG9rOmhlbGxv");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(secret.expose_str().unwrap(), "dG9rOmhlbGxv");
        assert!(Secret::new([0xff]).expose_str().is_err());
    }
}
