//! The text form of a sealed value.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

pub(crate) const VERSION: &str = "v1";
const KEY_ID_CHARS: usize = 8;

/// A sealed secret as it is stored: `v1.<key id>.<base64url of nonce and ciphertext>`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// Takes a text read from storage; whether it is well formed shows when it is opened.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text to store.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The id of the master key that sealed it, or `None` when the text is no sealed value.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.parts().map(|(key_id, _)| key_id)
    }

    pub(crate) fn pack(key_id: &str, nonce: &[u8], ciphertext: &[u8]) -> Self {
        let record = URL_SAFE_NO_PAD.encode([nonce, ciphertext].concat());
        Self(format!("{VERSION}.{key_id}.{record}"))
    }

    /// The key id and the decoded record.
    pub(crate) fn unpack(&self) -> Option<(&str, Vec<u8>)> {
        let (key_id, record) = self.parts()?;
        Some((key_id, URL_SAFE_NO_PAD.decode(record).ok()?))
    }

    fn parts(&self) -> Option<(&str, &str)> {
        let (version, rest) = self.0.split_once('.')?;
        let (key_id, record) = rest.split_once('.')?;
        let is_key_id = key_id.len() == KEY_ID_CHARS
            && key_id
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (version == VERSION && is_key_id).then_some((key_id, record))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({})", self.key_id().unwrap_or("malformed"))
    }
}
