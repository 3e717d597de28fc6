//! Sealing and opening under the keys an installation holds.

use crate::master::{MasterKey, Purpose};
use crate::sealed::{Sealed, VERSION};
use crate::secret::Secret;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use earmark_model::{Sources, WorkspaceId};
use std::sync::Arc;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;

/// Where a secret belongs. Both parts are bound into the seal.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The tenant.
    pub workspace: WorkspaceId,
    /// The row and the kind of secret, such as a connection's id with "access_token". Two secrets of one workspace
    /// must have different owners, else one could be swapped for the other.
    pub owner: &'a str,
}

/// Why a sealed value did not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// None of the ring's keys sealed it.
    #[error("sealed with the encryption key {key_id}, which this installation was not given")]
    UnknownKey {
        /// The id of the missing master key.
        key_id: String,
    },
    /// It was changed after sealing, or stands in another row or workspace than the one it was sealed for. The two
    /// cannot be told apart.
    #[error("the sealed value was altered, or moved from another row or workspace")]
    AlteredOrMoved,
    /// The text is no sealed value.
    #[error("the stored text is no sealed value")]
    Malformed,
}

/// The master keys of an installation: one that seals, and former ones that still open. Cheap to clone.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// The primary key first; never empty.
    keys: Arc<[MasterKey]>,
}

impl KeyRing {
    /// A ring that seals with `primary` and opens with any of the keys. A key given twice counts once.
    #[must_use]
    pub fn new(primary: MasterKey, others: impl IntoIterator<Item = MasterKey>) -> Self {
        let mut keys = vec![primary];
        for key in others {
            if keys.iter().all(|known| known.key_id() != key.key_id()) {
                keys.push(key);
            }
        }
        Self { keys: keys.into() }
    }

    /// The ids of the ring's keys, the sealing one first.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(MasterKey::key_id)
    }

    /// Seals a secret with the primary key for one place.
    #[expect(
        clippy::expect_used,
        reason = "the cipher refuses only plaintexts above 256 GiB"
    )]
    #[must_use]
    pub fn seal(&self, sources: &Sources, context: Context<'_>, plaintext: &[u8]) -> Sealed {
        let key = &self.keys[0];
        let nonce: [u8; NONCE_BYTES] = sources.bytes();
        let payload = Payload {
            msg: plaintext,
            aad: &associated_data(context, key.key_id()),
        };
        let ciphertext = cipher(key, context.workspace)
            .encrypt(&XNonce::from(nonce), payload)
            .expect("the plaintext fits");
        Sealed::pack(key.key_id(), &nonce, &ciphertext)
    }

    /// Opens a value that was sealed for this very place.
    ///
    /// # Errors
    /// [`OpenError`] says whether the key is missing, the value was altered or moved, or the text is malformed.
    pub fn open(&self, context: Context<'_>, sealed: &Sealed) -> Result<Secret, OpenError> {
        let (key_id, record) = sealed.unpack().ok_or(OpenError::Malformed)?;
        let (nonce, ciphertext) = record
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(OpenError::Malformed)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.key_id() == key_id)
            .ok_or_else(|| OpenError::UnknownKey {
                key_id: key_id.to_owned(),
            })?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(context, key_id),
        };
        cipher(key, context.workspace)
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Secret::new)
            .map_err(|_| OpenError::AlteredOrMoved)
    }

    /// Whether the value should be opened and sealed again, since another key than the primary one sealed it.
    #[must_use]
    pub fn needs_reseal(&self, sealed: &Sealed) -> bool {
        sealed.key_id() != Some(self.keys[0].key_id())
    }

    /// 64 bytes for a purpose outside sealing, such as signing cookies; the same for the same label. They follow the
    /// primary key: changing it changes them.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 64] {
        self.keys[0].derive(Purpose::Named, label.as_bytes())
    }
}

fn cipher(key: &MasterKey, workspace: WorkspaceId) -> XChaCha20Poly1305 {
    let bytes = Zeroizing::new(key.derive::<32>(Purpose::Workspace, workspace.0.as_bytes()));
    XChaCha20Poly1305::new(<&Key>::from(&*bytes))
}

/// Every part but the last has a fixed length, so no two contexts give the same bytes.
fn associated_data(context: Context<'_>, key_id: &str) -> Vec<u8> {
    [
        VERSION.as_bytes(),
        key_id.as_bytes(),
        context.workspace.0.as_bytes(),
        context.owner.as_bytes(),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
