//! Taking the app off an Intercom workspace.

use crate::support::{Fixed, TOKEN, client, quick};
use earmark_intercom::Error;
use serde_json::json;
use wiremock::matchers::{bearer_token, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn uninstall(answer: ResponseTemplate) -> Result<(), Error> {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/auth/uninstall"))
        .and(bearer_token(TOKEN))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    client(&server, quick(), &Fixed::new()).uninstall().await
}

#[tokio::test]
async fn the_token_asks_once_and_any_success_will_do() {
    for body in ["", "{}", "not JSON"] {
        let answer = ResponseTemplate::new(200).set_body_string(body);
        assert_eq!(uninstall(answer).await, Ok(()));
    }
}

#[tokio::test]
async fn it_is_not_repeated_when_intercom_has_trouble() {
    let trouble = uninstall(ResponseTemplate::new(503)).await.unwrap_err();
    assert!(matches!(trouble, Error::ServerTrouble { status: 503, .. }));
}

#[tokio::test]
async fn a_token_that_was_revoked_before_is_told_apart() {
    let body =
        json!({"type": "error.list", "errors": [{"code": "token_revoked", "message": "Revoked"}]});
    let answer = ResponseTemplate::new(401).set_body_json(body);
    let refused = uninstall(answer).await.unwrap_err();
    assert!(matches!(refused, Error::Reconnect { .. }), "{refused:?}");
}
