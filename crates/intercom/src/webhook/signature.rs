//! The signature of a webhook request.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The request header that carries the signature.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature";

const PREFIX: &str = "sha1=";
const HEX_DIGITS: usize = 40;

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The request has no signature.
    #[error("the request has no X-Hub-Signature header")]
    Missing,
    /// Not `sha1=` and 40 lower-case hex digits.
    #[error("the X-Hub-Signature header is not sha1= and 40 lower-case hex digits")]
    Malformed,
    /// Made with another secret, or for another body.
    #[error("the signature does not fit the body and the client secret")]
    Mismatch,
}

/// The signature of a body: `sha1=` and the lower-case hex HMAC-SHA1 of its bytes, keyed with the app's client
/// secret ("Signed notifications" in Intercom's webhook guide).
#[must_use]
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    let digest = mac(secret, body)
        .map(|mac| hex::encode(mac.finalize().into_bytes()))
        .unwrap_or_default();
    format!("{PREFIX}{digest}")
}

/// Holds a header against every secret and returns the index of the first that fits. All secrets are tried,
/// each compared in constant time, so that the time taken does not tell which one fits. An empty secret fits
/// nothing.
///
/// # Errors
/// [`SignatureError`].
pub fn verify<'a>(
    header: Option<&str>,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'a [u8]>,
) -> Result<usize, SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let given = digest_of(header.trim()).ok_or(SignatureError::Malformed)?;
    let mut fitting = None;
    for (index, secret) in secrets.into_iter().enumerate() {
        let fits = mac(secret, body).is_some_and(|mac| mac.verify_slice(&given).is_ok());
        if fits && !secret.is_empty() && fitting.is_none() {
            fitting = Some(index);
        }
    }
    fitting.ok_or(SignatureError::Mismatch)
}

fn mac(secret: &[u8], body: &[u8]) -> Option<Hmac<Sha1>> {
    Hmac::<Sha1>::new_from_slice(secret)
        .ok()
        .map(|mac| mac.chain_update(body))
}

fn digest_of(header: &str) -> Option<Vec<u8>> {
    let digits = header.strip_prefix(PREFIX)?;
    let lower_case = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    if digits.len() != HEX_DIGITS || !digits.bytes().all(lower_case) {
        return None;
    }
    hex::decode(digits).ok()
}
