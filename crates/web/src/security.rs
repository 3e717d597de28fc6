//! The headers that every answer carries.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use earmark_connections::{HostMap, Region};

/// Starts from nothing; allows our own files and forms. No inline script or style, nothing from elsewhere. What a form
/// leads to is added at the end.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// The content security policy of this installation. Browsers hold the redirect that answers a form against it, so the
/// pages on which people authorize an app are named in it.
#[must_use]
pub fn policy(hosts: &HostMap) -> HeaderValue {
    let mut policy = POLICY.to_owned();
    for region in Region::ALL {
        let origin = hosts.of(region).authorize().origin().ascii_serialization();
        if !policy.split(' ').any(|part| part == origin) {
            policy.push(' ');
            policy.push_str(&origin);
        }
    }
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(POLICY))
}

/// Puts the security headers on an answer. What the answer says about caching stays; without a word it is not stored.
pub fn protect(headers: &mut HeaderMap, policy: &HeaderValue) {
    headers.insert(CONTENT_SECURITY_POLICY, policy.clone());
    let fixed: [(HeaderName, &'static str); 2] = [
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
        let policy = HeaderValue::from_static(POLICY);
        let mut headers = HeaderMap::new();
        protect(&mut headers, &policy);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "no-store");
        headers.insert(
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=300"),
        );
        protect(&mut headers, &policy);
        assert_eq!(headers.get(CACHE_CONTROL).unwrap(), "public, max-age=300");
        assert_eq!(headers.get(CONTENT_SECURITY_POLICY).unwrap(), POLICY);
    }

    #[test]
    fn forms_lead_to_the_authorize_pages_and_nowhere_else() {
        let mut hosts = HostMap::intercom().unwrap();
        let allowed = |hosts: &HostMap| {
            let policy = policy(hosts);
            let (_, form) = policy.to_str().unwrap().split_once("form-action ").unwrap();
            form.to_owned()
        };
        assert_eq!(
            allowed(&hosts),
            "'self' https://app.intercom.com https://app.eu.intercom.com https://app.au.intercom.com"
        );
        hosts
            .set_authorize(None, "http://127.0.0.1:8081/oauth")
            .unwrap();
        assert_eq!(allowed(&hosts), "'self' http://127.0.0.1:8081");
    }
}
