//! The page's headers, and who may post its forms.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
];

/// The pages' policy, with one more place where the answer to a form may lead.
pub(super) fn policy_with(origin: &str) -> String {
    POLICY.replace(
        "form-action 'self'",
        &format!("form-action 'self' {origin}"),
    )
}

/// Whether a request comes from a page of this very site, or from no page at all.
///
/// The page has no login, so there is no session a token could be tied to. What must be stopped is another site's page
/// posting here, and browsers name that in `Sec-Fetch-Site`, older ones in `Origin`; programs send neither.
pub(crate) fn same_origin(req: &HttpRequest) -> bool {
    let header = |name: &str| {
        req.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(site) = header("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    match (header(ORIGIN.as_str()), header(HOST.as_str())) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, named)| named == host),
        (Some(_), None) => false,
    }
}

/// Refuses forms of other sites and puts the security headers on every page.
pub(super) async fn headers(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    let mut response = if reads || same_origin(req.request()) {
        next.call(req).await?.map_into_boxed_body()
    } else {
        let refused =
            HttpResponse::Forbidden().body("This form was sent by a page of another site.");
        req.into_response(refused)
    };
    for (name, value) in HEADERS {
        let headers = response.headers_mut();
        // A page may have brought a policy of its own.
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::same_origin;
    use actix_web::test::TestRequest;

    fn allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let mut req = TestRequest::post();
        for header in headers {
            req = req.insert_header(*header);
        }
        same_origin(&req.to_http_request())
    }

    #[test]
    fn only_pages_of_this_site_and_programs_may_post() {
        let host = ("host", "127.0.0.1:8081");
        assert!(allowed(&[host]));
        assert!(allowed(&[host, ("origin", "http://127.0.0.1:8081")]));
        assert!(!allowed(&[host, ("origin", "http://127.0.0.1:9000")]));
        assert!(!allowed(&[host, ("origin", "null")]));
        assert!(allowed(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "same-site")]));
        assert!(!allowed(&[host, ("sec-fetch-site", "cross-site")]));
    }
}
