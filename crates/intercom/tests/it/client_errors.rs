//! Each failure is named for what the caller should do.

use earmark_intercom::{Client, Error, Policy, UnreachableCause};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{Fixed, client, client_at, quick};

async fn answering(answer: ResponseTemplate) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let client = client(&server, quick(), &Fixed::new());
    (server, client)
}

async fn fault(status: u16, body: Value) -> Error {
    let (_server, client) = answering(ResponseTemplate::new(status).set_body_json(body)).await;
    client.contact("c1").await.unwrap_err()
}

fn list(code: &str, message: &str) -> Value {
    json!({"type": "error.list", "request_id": "req-7", "errors": [{"code": code, "message": message}]})
}

#[tokio::test]
async fn a_refused_token_means_connect_again() {
    for code in [
        "unauthorized",
        "token_revoked",
        "token_not_found",
        "token_expired",
        "token_blocked",
    ] {
        assert_eq!(
            fault(401, list(code, "Access Token Invalid")).await,
            Error::Reconnect {
                code: Some(code.into()),
                request_id: Some("req-7".into())
            }
        );
    }
    assert_eq!(
        fault(
            401,
            json!({"errors": [{"type": "unauthorized"}], "request_id": null})
        )
        .await,
        Error::Reconnect {
            code: Some("unauthorized".into()),
            request_id: None
        },
        "very old endpoints name the code type"
    );
}

#[tokio::test]
async fn a_missing_permission_leaves_the_connection_alone() {
    for (status, code) in [
        (401, "token_unauthorized"),
        (402, "plan"),
        (403, "forbidden"),
        (403, "api_plan_restricted"),
    ] {
        let fault = fault(status, list(code, "You do not have the required scope.")).await;
        let Error::PermissionMissing {
            code: Some(seen),
            message: Some(message),
            ..
        } = &fault
        else {
            panic!("{status} {code}: {fault:?}")
        };
        assert_eq!(
            (seen.as_str(), message.as_str()),
            (code, "You do not have the required scope.")
        );
        assert_eq!(
            fault.to_string(),
            format!(
                "The access token lacks a permission for this ({code}): You do not have the required scope."
            )
        );
    }
}

#[tokio::test]
async fn missing_and_merged_objects() {
    let missing = fault(404, list("not_found", "User Not Found")).await;
    assert!(matches!(&missing, Error::NotFound { code: Some(code), .. } if code == "not_found"));
    let merged = |link: &'static str| async move {
        let answer = ResponseTemplate::new(410).insert_header("link", link);
        let (_server, client) =
            answering(answer.set_body_json(list("contact_merged", "merged"))).await;
        client.contact("c1").await.unwrap_err()
    };
    assert_eq!(
        merged("</contacts/6a02c3>; rel=\"canonical\"").await,
        Error::Merged {
            into: Some("6a02c3".into()),
            request_id: Some("req-7".into())
        }
    );
    assert!(matches!(
        merged("</x>; rel=\"next\"").await,
        Error::Merged { into: None, .. }
    ));
}

#[tokio::test]
async fn rejections_keep_what_intercom_says() {
    for status in [400, 406, 409, 415, 422] {
        let body = json!({"request_id": "req-7", "errors": [
            {"code": "parameter_invalid", "message": "is not a date.", "field": "signed_up_at"}, {"code": "x"}]});
        let fault = fault(status, body).await;
        assert_eq!(fault.request_id(), Some("req-7"));
        assert_eq!(
            fault.to_string(),
            format!(
                "Intercom rejected the request with status {status} (parameter_invalid) at field signed_up_at: is not a date."
            )
        );
        assert!(!fault.is_passing());
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer =
        ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:9/elsewhere");
    let (server, client) = answering(answer).await;
    assert!(matches!(
        client.me().await,
        Err(Error::Rejected { status: 302, .. })
    ));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn error_bodies_without_json_still_tell_the_status() {
    for status in [401, 404, 422, 500] {
        let answer = ResponseTemplate::new(status)
            .set_body_string("<html>oops</html>")
            .insert_header("x-request-id", "from-header");
        let (_server, client) = answering(answer).await;
        let fault = client.me().await.unwrap_err();
        assert_eq!(fault.request_id(), Some("from-header"), "{status}");
        let fits = match status {
            401 => matches!(fault, Error::Reconnect { code: None, .. }),
            404 => matches!(fault, Error::NotFound { code: None, .. }),
            422 => matches!(
                fault,
                Error::Rejected {
                    status: 422,
                    message: None,
                    ..
                }
            ),
            _ => matches!(fault, Error::ServerTrouble { status: 500, .. }),
        };
        assert!(fits, "{status}: {fault:?}");
    }
}

#[tokio::test]
async fn successes_that_cannot_be_read() {
    for (body, reason) in [
        ("", "empty"),
        ("<p>secret</p>", "not valid JSON"),
        ("[]", "object"),
        ("{}", "no id"),
    ] {
        let answer = ResponseTemplate::new(200)
            .set_body_string(body)
            .insert_header("x-request-id", "r1");
        let (_server, client) = answering(answer).await;
        let fault = client.contact("c1").await.unwrap_err();
        assert!(
            matches!(fault, Error::Unreadable { .. }),
            "{body}: {fault:?}"
        );
        assert!(fault.to_string().contains(reason), "{fault}");
        assert!(!fault.to_string().contains("secret"));
        assert_eq!(fault.request_id(), Some("r1"));
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let client = client_at(&format!("http://127.0.0.1:{port}"), quick(), &Fixed::new());
    let fault = client.me().await.unwrap_err();
    assert_eq!(
        fault,
        Error::Unreachable {
            cause: UnreachableCause::Connect
        }
    );
    assert!(fault.is_passing());
    assert_eq!(
        fault.to_string(),
        "Intercom could not be reached: no connection could be made."
    );
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let server = MockServer::start().await;
    let late = ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(60));
    Mock::given(any()).respond_with(late).mount(&server).await;
    let policy = Policy {
        attempt_timeout: std::time::Duration::from_millis(100),
        max_attempts: 1,
        ..quick()
    };
    let client = client(&server, policy, &Fixed::new());
    assert_eq!(
        client.me().await.unwrap_err(),
        Error::Unreachable {
            cause: UnreachableCause::Timeout
        }
    );
}
