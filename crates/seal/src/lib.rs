//! Key ring, sealed values, re-sealing.
//!
//! A secret is sealed with XChaCha20-Poly1305 under a key of its workspace, which HKDF-SHA256 derives from the
//! installation's master key. The workspace and the owning row are bound into the seal, so a sealed value that is
//! altered, or copied to another row or workspace, does not open.

mod master;
mod ring;
mod sealed;
mod secret;

pub use master::{BadKey, MasterKey};
pub use ring::{Context, KeyRing, OpenError};
pub use sealed::Sealed;
pub use secret::Secret;
