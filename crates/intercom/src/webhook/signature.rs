//! The signatures of webhook requests, and of Intercom's questions about an installation.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// The request header that carries a webhook's signature.
pub const SIGNATURE_HEADER: &str = "X-Hub-Signature";
/// The request header that carries the signature of a health check or an uninstall notification.
pub const BODY_SIGNATURE_HEADER: &str = "X-Body-Signature";

const PREFIX: &str = "sha1=";
const SHA1_DIGITS: usize = 40;
const SHA256_DIGITS: usize = 64;

/// Why a signature is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The request has no signature.
    #[error("the request has no signature header")]
    Missing,
    /// Not the lower-case hex digits, with the prefix, that the header has.
    #[error("the signature header does not have the form of a signature")]
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

/// Holds an `X-Hub-Signature` against every secret and returns the index of the first that fits. All secrets are tried,
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
    let header = header.ok_or(SignatureError::Missing)?.trim();
    let digits = header.strip_prefix(PREFIX);
    let given = digits.and_then(|digits| digest_of(digits, SHA1_DIGITS));
    let given = given.ok_or(SignatureError::Malformed)?;
    first_fitting(secrets, |secret| {
        mac(secret, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    })
}

/// Holds an `X-Body-Signature`, the bare lower-case hex HMAC-SHA256 of the body, against every secret, as [`verify`] does.
///
/// # Errors
/// [`SignatureError`].
pub fn verify_body<'a>(
    header: Option<&str>,
    body: &[u8],
    secrets: impl IntoIterator<Item = &'a [u8]>,
) -> Result<usize, SignatureError> {
    let header = header.ok_or(SignatureError::Missing)?;
    let given = digest_of(header.trim(), SHA256_DIGITS).ok_or(SignatureError::Malformed)?;
    first_fitting(secrets, |secret| {
        Hmac::<Sha256>::new_from_slice(secret)
            .is_ok_and(|mac| mac.chain_update(body).verify_slice(&given).is_ok())
    })
}

/// Tries every secret, whichever fits.
fn first_fitting<'a>(
    secrets: impl IntoIterator<Item = &'a [u8]>,
    fits: impl Fn(&[u8]) -> bool,
) -> Result<usize, SignatureError> {
    let mut fitting = None;
    for (index, secret) in secrets.into_iter().enumerate() {
        let fits = fits(secret);
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

fn digest_of(digits: &str, length: usize) -> Option<Vec<u8>> {
    let lower_case = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    if digits.len() != length || !digits.bytes().all(lower_case) {
        return None;
    }
    hex::decode(digits).ok()
}
