//! Signatures. The expected digests were made with `openssl dgst -sha1 -hmac`.

use earmark_intercom::webhook::{SignatureError, sign, verify, verify_body};
use proptest::prelude::*;

const KEY: &[u8] = b"orchard-key-1";

const VECTORS: [(&[u8], &str, &str); 4] = [
    (
        KEY,
        r#"{"topic":"ping","app_id":"hb7r2mk9"}"#,
        "sha1=cfba21351993c4dbc9056b2b12181f3fc00b50cc",
    ),
    (
        KEY,
        r#"{"topic":"ping", "app_id":"hb7r2mk9"}"#,
        "sha1=2a127a2057146b68220c2fef1bf6a6eec01d8cc4",
    ),
    (
        "+/=_ż".as_bytes(),
        r#"{"body":"Größe, 長さ, ✓"}"#,
        "sha1=63eefa3bf4970fdafc5faa9e107192a0590cad12",
    ),
    (KEY, "", "sha1=fd569b5ab14b5bd8a7e13fd737417592bf00792b"),
];

#[test]
fn agrees_with_openssl() {
    for (secret, body, expected) in VECTORS {
        assert_eq!(sign(secret, body.as_bytes()), expected);
        assert_eq!(verify(Some(expected), body.as_bytes(), [secret]), Ok(0));
    }
}

#[test]
fn other_white_space_is_another_body() {
    let (_, _, signature) = VECTORS[0];
    let (_, body, _) = VECTORS[1];
    assert_eq!(
        verify(Some(signature), body.as_bytes(), [KEY]),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn says_which_secret_fits() {
    let header = sign(KEY, b"body");
    let secrets: [&[u8]; 3] = [b"old", KEY, b"third"];
    assert_eq!(verify(Some(&header), b"body", secrets), Ok(1));
    assert_eq!(
        verify(Some(&header), b"body", [&b"old"[..]]),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        verify(Some(&header), b"body", []),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn an_empty_secret_fits_nothing() {
    let header = sign(b"", b"body");
    assert_eq!(
        verify(Some(&header), b"body", [&b""[..]]),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn refuses_headers_of_another_form() {
    assert_eq!(verify(None, b"", [KEY]), Err(SignatureError::Missing));
    let (_, _, good) = VECTORS[3];
    let digits = &good[5..];
    for header in [
        "",
        "sha1=",
        "sha1=abcd",
        digits,
        &format!("sha256={digits}"),
        &format!("sha1={}", digits.to_uppercase()),
        &format!("sha1={digits}0"),
        &format!("sha1={}g", &digits[1..]),
        &format!("SHA1={digits}"),
    ] {
        assert_eq!(
            verify(Some(header), b"", [KEY]),
            Err(SignatureError::Malformed),
            "{header}"
        );
    }
}

proptest! {
    #[test]
    fn only_the_right_secret_and_body_fit(
        secret in prop::collection::vec(any::<u8>(), 1..80),
        other in prop::collection::vec(any::<u8>(), 1..80),
        body in prop::collection::vec(any::<u8>(), 0..200),
        flip in any::<prop::sample::Index>(),
    ) {
        let header = sign(&secret, &body);
        prop_assert_eq!(verify(Some(&header), &body, [&secret[..]]), Ok(0));
        // HMAC pads short keys with zeros, so keys that differ in trailing zeros alone are one key.
        let trimmed = |key: &[u8]| {
            let end = key.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            key[..end].to_vec()
        };
        prop_assume!(trimmed(&secret) != trimmed(&other));
        prop_assert_eq!(verify(Some(&header), &body, [&other[..]]), Err(SignatureError::Mismatch));
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[flip.index(body.len())] ^= 1;
            prop_assert_eq!(verify(Some(&header), &changed, [&secret[..]]), Err(SignatureError::Mismatch));
        }
    }

    #[test]
    fn any_header_is_survived(header in ".*", body in prop::collection::vec(any::<u8>(), 0..50)) {
        prop_assert!(verify(Some(&header), &body, [KEY]).is_err());
    }
}

/// `openssl dgst -sha256 -hmac orchard-key-1`.
const BODY_VECTOR: (&str, &str) = (
    r#"{"workspace_id":"hb7r2mk9"}"#,
    "f776451a44317116a2202139b473adda661b704f7a0b509e043013491e78a976",
);

#[test]
fn the_bodys_own_signature_agrees_with_openssl() {
    let (body, signature) = BODY_VECTOR;
    let body = body.as_bytes();
    let secrets: [&[u8]; 3] = [b"", b"old", KEY];
    assert_eq!(verify_body(Some(signature), body, secrets), Ok(2));
    let refused = |header, body: &[u8], key: &[u8]| verify_body(header, body, [key]).unwrap_err();
    assert_eq!(
        refused(Some(signature), b"another body", KEY),
        SignatureError::Mismatch
    );
    assert_eq!(
        refused(Some(signature), body, b"another key"),
        SignatureError::Mismatch
    );
    assert_eq!(refused(None, body, KEY), SignatureError::Missing);
    let (upper, prefixed) = (signature.to_uppercase(), format!("sha256={signature}"));
    let hub = sign(KEY, body);
    for header in ["", &upper, &prefixed, &hub, &signature[1..]] {
        assert_eq!(
            refused(Some(header), body, KEY),
            SignatureError::Malformed,
            "{header}"
        );
    }
}
