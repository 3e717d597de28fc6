//! What a raw request may reach and set.

use std::time::Duration;

use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use url::Url;

use crate::Error;

const LONGEST_TIMEOUT: Duration = Duration::from_secs(120);
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// Headers that are not the caller's, and why.
const RESERVED: &[(&str, &str)] = &[
    ("authorization", "the connection's own token is sent"),
    ("proxy-authorization", "the connection's own token is sent"),
    (
        "cookie",
        "the API knows no cookies, and they would speak for somebody else",
    ),
    ("host", "the connection's own Intercom host is meant"),
    ("forwarded", "the connection's own Intercom host is meant"),
    (
        "x-forwarded-host",
        "the connection's own Intercom host is meant",
    ),
    ("content-length", "it follows from the body"),
    ("content-type", "it follows from the kind of body"),
    ("content-encoding", "the body is sent as it is"),
    ("transfer-encoding", "it follows from the body"),
    ("accept-encoding", "the answer is unpacked here"),
    ("connection", "the connection is shared with other calls"),
    ("keep-alive", "the connection is shared with other calls"),
    ("te", "the connection is shared with other calls"),
    ("trailer", "the connection is shared with other calls"),
    ("upgrade", "the connection is shared with other calls"),
    ("expect", "the connection is shared with other calls"),
    ("intercom-version", "the version has a field of its own"),
    ("x-http-method", "the method has a field of its own"),
    (
        "x-http-method-override",
        "the method has a field of its own",
    ),
    ("x-method-override", "the method has a field of its own"),
];

pub(super) fn method(name: &str) -> Result<Method, Error> {
    match name.trim().to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(Error::refused(
            "The method must be GET, HEAD, POST, PUT, PATCH or DELETE.",
        )),
    }
}

pub(super) fn elsewhere() -> Error {
    Error::refused(
        "The address is not on this connection's own Intercom host; give a path such as /contacts.",
    )
}

/// The address of a path, or of an address on the host of `api`.
pub(super) fn target(api: &Url, target: &str) -> Result<Url, Error> {
    let target = target.trim();
    if target.is_empty() {
        return Err(Error::refused(
            "The request needs a path, such as /contacts.",
        ));
    }
    // A URL parser drops tabs and line ends and takes a backslash for a slash: what is seen would not be what is meant.
    if target.contains(|c: char| c.is_control() || c == '\\') {
        return Err(Error::refused(
            "The address must have no line ends, other control characters or backslashes.",
        ));
    }
    let url = if target.contains("://") && !target.starts_with('/') {
        Url::parse(target).map_err(|_| elsewhere())?
    } else {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut url = api.clone();
        let base = api.path().trim_end_matches('/');
        url.set_path(&format!("{base}/{}", path.trim_start_matches('/')));
        url.set_query((!query.is_empty()).then_some(query));
        url
    };
    let same = url.scheme() == api.scheme()
        && url.host() == api.host()
        && url.port_or_known_default() == api.port_or_known_default()
        && url.username().is_empty()
        && url.password().is_none();
    let base = api.path().trim_end_matches('/');
    let below = url.path().strip_prefix(base);
    let Some(path) = below.filter(|path| same && path.starts_with('/')) else {
        return Err(elsewhere());
    };
    check_path(path)?;
    let mut url = url;
    url.set_fragment(None);
    Ok(url)
}

fn check_path(path: &str) -> Result<(), Error> {
    let plain = decoded(path).ok_or_else(|| {
        Error::refused(
            "The path is percent-encoded more than once or not as text; write it plainly.",
        )
    })?;
    let strange = plain.contains(|c: char| c.is_control() || c == '\\');
    if strange || plain.split('/').any(|part| part == "." || part == "..") {
        return Err(Error::refused(
            "The path must have no . or .. between slashes, and no backslashes or line ends.",
        ));
    }
    let first = plain.split('/').find(|part| !part.is_empty());
    let first = first.and_then(|part| part.split(';').next());
    if first.is_some_and(|first| first.trim().eq_ignore_ascii_case("auth")) {
        return Err(Error::refused(
            "Paths below /auth/ give out and revoke tokens; connect and disconnect on the integration page instead.",
        ));
    }
    Ok(())
}

/// The path without its percent-encoding; none when something encoded is left then, or it is no text.
fn decoded(path: &str) -> Option<String> {
    let once = percent_decoded(path)?;
    let twice = percent_decoded(&once)?;
    (once == twice).then_some(once)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%'
            && let Some(digits) = tail.get(..2)
            && let Ok(byte) = hex::decode(digits)
        {
            bytes.extend(byte);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn headers(given: &[(String, String)]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| {
            Error::refused(
                "A header's name may have letters, digits and hyphens; one of those given has something else.",
            )
        })?;
        if let Some((_, why)) = RESERVED.iter().find(|(reserved, _)| name == *reserved) {
            return Err(Error::refused(format!(
                "The header {name} cannot be set: {why}."
            )));
        }
        // Line ends would begin a header of their own; `HeaderValue` takes none.
        let value = HeaderValue::from_str(value).map_err(|_| {
            Error::refused(format!(
                "The value of the header {name} must be on one line and without control characters."
            ))
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

pub(super) fn timeout(given: Duration) -> Result<Duration, Error> {
    if given.is_zero() || given > LONGEST_TIMEOUT {
        return Err(Error::refused(
            "The timeout must be from 1 ms to 120 seconds.",
        ));
    }
    Ok(given)
}

pub(super) fn delay(given: Duration) -> Result<Duration, Error> {
    if given > LONGEST_DELAY {
        return Err(Error::refused(
            "The delay between retries is 60 seconds at most.",
        ));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> Result<String, Error> {
        let api = Url::parse("https://api.intercom.io").unwrap();
        target(&api, address).map(|url| url.to_string())
    }

    #[test]
    fn paths_and_own_addresses_pass() {
        for (given, address) in [
            (
                "/contacts/5f?a=b",
                "https://api.intercom.io/contacts/5f?a=b",
            ),
            ("contacts", "https://api.intercom.io/contacts"),
            (
                "HTTPS://API.intercom.io:443/me#x",
                "https://api.intercom.io/me",
            ),
            ("/authors", "https://api.intercom.io/authors"),
            ("/tags/auth", "https://api.intercom.io/tags/auth"),
            // A path, since it begins with a slash.
            ("//evil.test/x", "https://api.intercom.io/evil.test/x"),
            ("/a:b@c", "https://api.intercom.io/a:b@c"),
        ] {
            assert_eq!(at(given).as_deref(), Ok(address), "{given}");
        }
        let below = Url::parse("http://127.0.0.1:8081/api/").unwrap();
        let url = target(&below, "/contacts").unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8081/api/contacts");
        assert!(target(&below, "http://127.0.0.1:8081/admin").is_err());
        assert!(target(&below, "http://127.0.0.1:8081/apis").is_err());
        assert!(target(&below, "http://127.0.0.1:8081/api/../admin").is_err());
    }

    #[test]
    fn everything_else_is_refused_with_a_reason() {
        for given in [
            "",
            "https://evil.test/contacts",
            "https://api.intercom.io.evil.test/",
            "https://api.intercom.io@evil.test/",
            "https://me:pw@api.intercom.io/me",
            "http://api.intercom.io/me",
            "https://api.intercom.io:8443/me",
            "https:\\\\evil.test",
            "ftp://api.intercom.io/",
            "/contacts\r\nX: y",
            "/auth/eagle/token",
            "/AUTH/uninstall",
            "//auth/uninstall",
            "/%61uth/uninstall",
            "/%2561uth/uninstall",
            "/auth",
            "/auth;x/uninstall",
            "/contacts/../auth/uninstall",
            "/contacts/%2e%2e/auth/uninstall",
            "/contacts%2f..%2fauth/uninstall",
            "/contacts/%5c",
            "https://api.intercom.io/auth/eagle/token",
        ] {
            let Err(Error::Refused { reason }) = at(given) else {
                panic!("{given} passed: {:?}", at(given));
            };
            assert!(reason.ends_with('.'), "{reason}");
        }
    }

    #[test]
    fn headers_that_are_not_the_callers_are_refused() {
        let one = |name: &str, value: &str| headers(&[(name.to_owned(), value.to_owned())]);
        assert_eq!(one("X-Trace", "7").unwrap()["x-trace"], "7");
        for (name, _) in RESERVED {
            let Err(Error::Refused { reason }) = one(&name.to_uppercase(), "x") else {
                panic!("{name} passed");
            };
            assert!(reason.contains(name), "{reason}");
        }
        assert!(one("X-A", "a\r\nAuthorization: b").is_err());
        assert!(one("X-A\r\nB", "a").is_err());
        assert!(one("X A", "a").is_err());
        assert!(one("", "a").is_err());
    }

    #[test]
    fn limits_are_told() {
        assert!(timeout(Duration::from_secs(121)).is_err());
        assert!(timeout(Duration::ZERO).is_err());
        assert!(delay(Duration::from_secs(61)).is_err());
        assert!(method("CONNECT").is_err());
        assert_eq!(method(" patch "), Ok(Method::PATCH));
    }
}
