//! Every operation sends what its row and its sample say, with the version that is asked for.

use std::collections::BTreeSet;

use earmark_intercom::{ApiVersion, ContactFields, Error, Operation, operations};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::{
    cases,
    support::{Fixed, client, quick},
};

/// An answer that every call can read.
fn universal() -> Value {
    let one = json!([{"id": "1", "name": "n", "event_name": "e", "source_contact_id": "2"}]);
    json!({
        "id": "1", "name": "n", "conversation_id": "2", "app": {"id_code": "a"}, "data": one, "admins": one,
        "conversations": one, "tickets": one, "teams": one, "segments": one, "events": one, "companies": one,
    })
}

pub(crate) fn row(name: &str) -> &'static Operation {
    let found = operations().iter().find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("there is no operation {name}"))
}

#[tokio::test]
async fn each_operation_sends_what_it_should() {
    let server = MockServer::start().await;
    let clock = Fixed::new();
    let client = client(&server, quick(), &clock);
    for version in [ApiVersion::V2_10, ApiVersion::V2_14, ApiVersion::V2_16] {
        let client = client.with_version(version);
        for case in cases::all() {
            server.reset().await;
            // Into the next window of the budget, which knows no limit yet.
            clock.advance(std::time::Duration::from_secs(10));
            Mock::given(any())
                .respond_with(ResponseTemplate::new(200).set_body_json(universal()))
                .mount(&server)
                .await;
            let (preview, made) = (case.call)(&client);
            made.await
                .unwrap_or_else(|fault| panic!("{}: {fault}", case.operation));
            let sent = server.received_requests().await.unwrap().remove(0);
            let query = sent
                .url
                .query()
                .map_or(String::new(), |query| format!("?{query}"));
            let line = format!("{} {}{query}", sent.method, sent.url.path());
            assert_eq!(line, case.line, "{}", case.operation);
            let spoken = row(case.operation).version_for(version).to_string();
            assert_eq!(sent.headers["intercom-version"], spoken.as_str(), "{line}");
            let body = if sent.body.is_empty() {
                Value::Null
            } else {
                assert_eq!(sent.headers["content-type"], "application/json", "{line}");
                serde_json::from_slice(&sent.body).unwrap()
            };
            let mut expected = case.body;
            if version >= ApiVersion::V2_16 && !expected["owner_id"].is_null() {
                expected["owner_id"] = json!("7");
            }
            assert_eq!(body, expected, "{line}");
            let preview = preview.unwrap();
            assert_eq!(
                (preview.url.path(), preview.url.query()),
                (sent.url.path(), sent.url.query())
            );
            assert_eq!(
                (preview.method, preview.version.to_string()),
                (sent.method.to_string(), spoken)
            );
            assert_eq!(preview.body.unwrap_or_default(), expected);
        }
    }
}

#[test]
fn each_operation_has_a_sample() {
    let sampled: BTreeSet<_> = cases::all().iter().map(|case| case.operation).collect();
    let all: BTreeSet<_> = operations().iter().map(|row| row.name).collect();
    assert_eq!(sampled, all);
}

#[tokio::test]
async fn one_call_may_speak_another_version() {
    let server = MockServer::start().await;
    let gone = ResponseTemplate::new(410)
        .insert_header("link", "</contacts/c9>; rel=\"canonical\"")
        .set_body_json(json!({"errors": [{"code": "contact_merged"}]}));
    Mock::given(wiremock::matchers::header("intercom-version", "2.16"))
        .respond_with(gone)
        .mount(&server)
        .await;
    let client = client(&server, quick(), &Fixed::new()).with_version(ApiVersion::V2_10);
    let fault = client.contact("c1").version(ApiVersion::V2_16).await;
    assert!(matches!(fault, Err(Error::Merged { into: Some(id), .. }) if id == "c9"));
    assert!(matches!(
        client.contact("c1").await,
        Err(Error::NotFound { .. })
    ));
}

#[tokio::test]
async fn a_contact_that_exists_is_named() {
    let server = MockServer::start().await;
    let conflict = |message: &str| {
        ResponseTemplate::new(409)
            .set_body_json(json!({"errors": [{"code": "conflict", "message": message}]}))
    };
    let client = client(&server, quick(), &Fixed::new());
    for (message, found) in [
        (
            "A contact matching those details already exists with id=5f0a1",
            Some(("5f0a1", false)),
        ),
        (
            "An archived contact matching those details already exists with id=5f0a1",
            Some(("5f0a1", true)),
        ),
        ("No", None),
    ] {
        server.reset().await;
        Mock::given(any())
            .respond_with(conflict(message))
            .mount(&server)
            .await;
        let fault = client
            .create_contact(&ContactFields::default())
            .await
            .unwrap_err();
        assert_eq!(fault.existing_contact(), found);
        assert_eq!(
            (fault.status(), fault.code()),
            (Some(409), Some("conflict"))
        );
    }
}
