//! The headers that every answer carries.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

/// Starts from nothing; allows our own files and forms. No inline script or style, nothing from elsewhere.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Puts the security headers on an answer. What the answer says about caching stays; without a word it is not stored.
pub fn protect(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &'static str); 3] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_not_stored_and_static_files_keep_their_caching() {
        let mut headers = HeaderMap::new();
        protect(&mut headers);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        );
        protect(&mut headers);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "public, max-age=300");
        assert_eq!(headers.get(CONTENT_SECURITY_POLICY).unwrap(), POLICY);
    }
}
