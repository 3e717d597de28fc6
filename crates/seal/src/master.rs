//! The installation's master key and its text form.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use earmark_model::Sources;
use hkdf::Hkdf;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroizing;

const PREFIX: &str = "emk1_";
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;

/// The key from which an installation's other keys are derived: 32 random bytes.
///
/// Its text form is `emk1_` and the bytes in base64url without padding. `Debug` shows the key id alone.
#[derive(Clone)]
pub struct MasterKey {
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    id: String,
}

/// Why a text is no master key. Never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// The text does not begin as a key does.
    #[error("an encryption key begins with emk1_")]
    Prefix,
    /// What follows the prefix has the wrong length; usually the key was cut short when it was copied.
    #[error("an encryption key has 43 characters after emk1_, this one has {0}")]
    Length(usize),
    /// What follows the prefix is not base64url.
    #[error(
        "an encryption key has only letters, digits, - and _ after emk1_; one character is wrong"
    )]
    Encoding,
}

impl MasterKey {
    /// A new key from the given randomness.
    #[must_use]
    pub fn generate(sources: &Sources) -> Self {
        Self::from_bytes(Zeroizing::new(sources.bytes()))
    }

    /// Reads the text form; white space around it is ignored.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, BadKey> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(BadKey::Prefix)?;
        let length = encoded.chars().count();
        if length != base64_length(KEY_BYTES) {
            return Err(BadKey::Length(length));
        }
        let decoded = URL_SAFE_NO_PAD
            .decode(encoded)
            .map(Zeroizing::new)
            .map_err(|_| BadKey::Encoding)?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        bytes.copy_from_slice(&decoded);
        Ok(Self::from_bytes(bytes))
    }

    /// The text form. For showing or storing a key that was just generated, and nothing else.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode(self.bytes.as_slice())
        ))
    }

    /// Names the key without giving it away: eight hexadecimal digits, stored beside everything it sealed.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.id
    }

    fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        let digest = Sha256::new()
            .chain_update(b"earmark key id v1\0")
            .chain_update(bytes.as_slice())
            .finalize();
        let id = digest[..KEY_ID_BYTES]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { bytes, id }
    }

    /// `N` bytes that only the holder of this key can derive for this purpose and name.
    #[expect(
        clippy::expect_used,
        reason = "HKDF-SHA256 fails only above 8160 bytes, and every N here is below 100"
    )]
    pub(crate) fn derive<const N: usize>(&self, purpose: Purpose, name: &[u8]) -> [u8; N] {
        let mut derived = [0; N];
        Hkdf::<Sha256>::new(None, self.bytes.as_slice())
            .expand_multi_info(&[purpose.label(), name], &mut derived)
            .expect("the derived key is short");
        derived
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

/// What a derived key is for; keys of different purposes never coincide.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Sealing the secrets of one workspace.
    Workspace,
    /// A key that a caller names.
    Named,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Workspace => b"earmark workspace key v1\0",
            Self::Named => b"earmark named key v1\0",
        }
    }
}

const fn base64_length(bytes: usize) -> usize {
    (bytes * 4).div_ceil(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_names_the_same_key() {
        let key = MasterKey::generate(&Sources::system());
        let text = key.to_text();
        assert_eq!(text.len(), 48);
        let read = MasterKey::parse(&format!("  {}\n", *text)).unwrap();
        assert_eq!(read.key_id(), key.key_id());
        assert_eq!(*read.to_text(), *text);
        assert_eq!(key.key_id().len(), 8);
    }

    #[test]
    fn bad_texts_are_told_apart_and_never_quoted() {
        let text = MasterKey::generate(&Sources::system()).to_text();
        let cases = [
            (text.replace("emk1_", "emk2_"), BadKey::Prefix),
            (String::new(), BadKey::Prefix),
            (text[..40].to_owned(), BadKey::Length(35)),
            (format!("{}!", &text[..47]), BadKey::Encoding),
            (format!("{}é", &text[..47]), BadKey::Encoding),
        ];
        for (case, expected) in cases {
            let fault = MasterKey::parse(&case).unwrap_err();
            assert_eq!(fault, expected);
            assert!(!fault.to_string().contains(&text[5..20]));
        }
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let key = MasterKey::generate(&Sources::system());
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.key_id()));
    }

    #[test]
    fn keys_of_different_purposes_differ() {
        let key = MasterKey::generate(&Sources::system());
        let workspace: [u8; 32] = key.derive(Purpose::Workspace, b"name");
        let named: [u8; 32] = key.derive(Purpose::Named, b"name");
        assert_ne!(workspace, named);
    }
}
