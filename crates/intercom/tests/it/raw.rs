//! Raw requests: what is sent, what is read, and what is refused.

use std::time::Duration;

use earmark_intercom::{
    ApiVersion, Error, FilePart, RawBody, RawContent, RawRequest, RawRetries, ResponseKind,
};
use serde_json::json;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, path},
};

use crate::support::{Fixed, TOKEN, client, quick};

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// Bodies, their media types, and what is sent for them.
fn bodies() -> [(RawBody, &'static str, &'static str); 4] {
    let pairs = || vec![("a".to_owned(), "b c".to_owned())];
    let file = FilePart {
        field: "file".to_owned(),
        file_name: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes: b"hello".to_vec(),
    };
    let text = RawBody::Text {
        content_type: "text/csv".to_owned(),
        text: "a,b".to_owned(),
    };
    let multipart = RawBody::Multipart {
        fields: pairs(),
        files: vec![file],
    };
    [
        (
            RawBody::Json(json!({"x": [1]})),
            "application/json",
            "{\"x\":[1]}",
        ),
        (
            RawBody::Form(pairs()),
            "application/x-www-form-urlencoded",
            "a=b+c",
        ),
        (text, "text/csv", "a,b"),
        (
            multipart,
            "multipart/form-data; boundary=",
            "filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello",
        ),
    ]
}

#[tokio::test]
async fn each_body_is_sent_in_its_form() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!([1]))).await;
    let client = client(&server, quick(), &Fixed::new());
    for (body, content_type, part) in bodies() {
        server.reset().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_json(json!([1])))
            .mount(&server)
            .await;
        let request = RawRequest {
            query: vec![("q".to_owned(), "1&2".to_owned())],
            headers: vec![("X-Trace".to_owned(), "t".to_owned())],
            body,
            version: Some(ApiVersion::V2_16),
            ..RawRequest::new("post", "things/?a=b")
        };
        let answer = client.raw(&request).await.unwrap();
        assert_eq!(answer.content, RawContent::Json(json!([1])));
        let sent = server.received_requests().await.unwrap().remove(0);
        assert_eq!(
            (sent.url.path(), sent.url.query()),
            ("/things/", Some("a=b&q=1%262"))
        );
        assert_eq!(sent.headers["x-trace"], "t");
        assert_eq!(sent.headers["intercom-version"], "2.16");
        assert_eq!(
            sent.headers["authorization"],
            format!("Bearer {TOKEN}").as_str()
        );
        let kind = sent.headers["content-type"].to_str().unwrap();
        assert!(kind.starts_with(content_type), "{kind}");
        let body = String::from_utf8(sent.body).unwrap();
        assert!(body.contains(part), "{body}");
    }
}

#[tokio::test]
async fn answers_are_read_as_asked() {
    let answer = ResponseTemplate::new(200).set_body_raw(b"\xffab".to_vec(), "text/plain");
    let server = answering(answer).await;
    let client = client(&server, quick(), &Fixed::new());
    let ask = |response| RawRequest {
        response,
        ..RawRequest::new("GET", "/x")
    };
    let binary = client.raw(&ask(ResponseKind::Binary)).await.unwrap();
    assert_eq!(binary.content, RawContent::Binary(b"\xffab".to_vec()));
    assert_eq!(binary.content_type.as_deref(), Some("text/plain"));
    let text = client.raw(&ask(ResponseKind::Text)).await.unwrap();
    assert_eq!(text.content, RawContent::Text("\u{fffd}ab".to_owned()));
    let fault = client.raw(&ask(ResponseKind::Json)).await.unwrap_err();
    assert!(matches!(fault, Error::Unreadable { .. }));
    let asked = server.received_requests().await.unwrap();
    assert_eq!(asked[0].headers["accept"], "application/octet-stream");
}

#[tokio::test]
async fn nothing_is_sent_that_must_not_be() {
    let server = answering(ResponseTemplate::new(200)).await;
    let client = client(&server, quick(), &Fixed::new());
    let get = |target: &str| RawRequest::new("GET", target);
    let header = |name: &str, value: &str| RawRequest {
        headers: vec![(name.to_owned(), value.to_owned())],
        ..get("/me")
    };
    let retries = RawRetries {
        most: 11,
        ..RawRetries::default()
    };
    for raw in [
        get("https://evil.test/me"),
        get("/auth/uninstall"),
        header("Authorization", "Bearer x"),
        header("X-A", "b\r\nHost: evil.test"),
        RawRequest::new("TRACE", "/me"),
        RawRequest {
            timeout: Some(Duration::from_secs(121)),
            ..get("/me")
        },
        RawRequest {
            retries,
            ..get("/me")
        },
    ] {
        let fault = client.raw(&raw).await.unwrap_err();
        assert!(matches!(fault, Error::Refused { .. }), "{fault:?}");
        assert!(client.preview_raw(&raw).is_err());
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn redirects_stay_on_the_host() {
    let server = MockServer::start().await;
    let to = |place: &str| ResponseTemplate::new(302).insert_header("location", place);
    for (at, place) in [
        ("/a", "/b?x=y"),
        ("/out", "https://evil.test/"),
        ("/auth-way", "/auth/uninstall"),
        ("/round", "/round"),
    ] {
        Mock::given(path(at))
            .respond_with(to(place))
            .mount(&server)
            .await;
    }
    Mock::given(path("/b"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let client = client(&server, quick(), &Fixed::new());
    let answer = client.raw(&RawRequest::new("GET", "/a")).await.unwrap();
    assert_eq!(
        (answer.status, answer.content),
        (204, RawContent::Json(json!(null)))
    );
    for (method, at) in [
        ("GET", "/out"),
        ("GET", "/auth-way"),
        ("GET", "/round"),
        ("POST", "/a"),
    ] {
        let fault = client.raw(&RawRequest::new(method, at)).await.unwrap_err();
        assert!(matches!(fault, Error::Refused { .. }), "{at}: {fault:?}");
    }
}

#[tokio::test]
async fn repeating_is_as_asked() {
    for (method, status, on_all_errors, times) in [
        ("GET", 500, false, 3),
        ("GET", 422, false, 1),
        ("GET", 422, true, 3),
        ("POST", 500, false, 1),
        ("POST", 500, true, 3),
    ] {
        let server = answering(ResponseTemplate::new(status)).await;
        let client = client(&server, quick(), &Fixed::new());
        let retries = RawRetries {
            most: 2,
            delay: Duration::from_millis(1),
            exponential: false,
            on_all_errors,
        };
        let fault = client
            .raw(&RawRequest {
                retries,
                ..RawRequest::new(method, "/x")
            })
            .await;
        assert_eq!(fault.unwrap_err().status(), Some(status));
        let asked = server.received_requests().await.unwrap().len();
        assert_eq!(asked, times, "{method} {status} {on_all_errors}");
    }
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(600));
    let server = answering(slow).await;
    let client = client(&server, quick(), &Fixed::new());
    let timeout = Some(Duration::from_millis(20));
    let fault = client
        .raw(&RawRequest {
            timeout,
            ..RawRequest::new("GET", "/x")
        })
        .await;
    assert!(matches!(fault, Err(Error::Unreachable { .. })));
}
