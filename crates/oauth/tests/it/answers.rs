//! Odd answers of the token endpoint, and what is sent to it.

use crate::support::{INSTALLATION_SECRET, World, hosts};
use earmark_oauth::{Answer, Problem};
use earmark_sandbox::{DEMO_APP_ID, DEMO_OAUTH_CLIENT_ID};
use earmark_testkit::TestDb;
use serde_json::json;
use std::collections::HashMap;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CODE: &str = "c29tZSBjb2RlIHRoYXQgZW5kcw==";

/// What an answer of the token endpoint leads to.
async fn outcome(world: &World, answer: ResponseTemplate) -> (Problem, MockServer) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/token"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let mut hosts = hosts(&world.sandbox.url());
    hosts
        .set_token(None, &format!("{}/token", server.uri()))
        .unwrap();
    let sent = world.authorize(DEMO_APP_ID, None).await;
    let sent = Answer {
        code: Some(CODE.to_owned()),
        ..sent
    };
    let visit = world.visit(world.people.owner.id);
    let refused = world.at(hosts).finish(sent, visit).await.unwrap_err();
    (refused.problem, server)
}

#[tokio::test]
async fn odd_answers_are_told_apart_and_repeated_nowhere() {
    let world = World::new(TestDb::sqlite().await).await;
    let marked = "marked-token-in-an-odd-answer";
    let page = ResponseTemplate::new(200).set_body_raw(marked, "text/html");
    let without = ResponseTemplate::new(200).set_body_json(json!({"token": marked}));
    let empty = ResponseTemplate::new(200);
    let moved = ResponseTemplate::new(302).insert_header("location", "http://127.0.0.1:9/");
    for answer in [page, without, empty, moved] {
        let (problem, _) = outcome(&world, answer).await;
        assert!(matches!(problem, Problem::Unexpected(_)), "{problem:?}");
        assert!(!format!("{problem:?} {problem}").contains(marked));
    }
    for status in [400, 401, 403, 404, 422] {
        let repeated = json!({"type": "error.list", "errors": [{"code": "x", "message": CODE}]});
        let answer = ResponseTemplate::new(status).set_body_json(repeated);
        let (problem, _) = outcome(&world, answer).await;
        assert!(
            matches!(problem, Problem::CodeRefused),
            "{status}: {problem:?}"
        );
        assert!(!format!("{problem:?} {problem}").contains(CODE));
    }
    for status in [408, 500, 504] {
        let (problem, _) = outcome(&world, ResponseTemplate::new(status)).await;
        assert!(
            matches!(problem, Problem::IntercomDown(_)),
            "{status}: {problem:?}"
        );
    }
    assert_eq!(world.connections().await, 0);
}

#[tokio::test]
async fn id_and_secret_go_in_the_body_and_the_code_as_it_came() {
    let world = World::new(TestDb::sqlite().await).await;
    let token =
        json!({"token_type": "Bearer", "token": "t", "access_token": "unknown-to-the-sandbox"});
    let answer = ResponseTemplate::new(200).set_body_json(token);
    let (problem, server) = outcome(&world, answer).await;
    assert!(matches!(problem, Problem::Unexpected(_)), "{problem:?}");
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1, "a code is sent once");
    let request = &requests[0];
    assert!(!request.headers.contains_key("authorization"));
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    let form: HashMap<String, String> = url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect();
    assert_eq!(form["code"], CODE);
    assert_eq!(form["client_id"], DEMO_OAUTH_CLIENT_ID);
    assert_eq!(form["client_secret"], INSTALLATION_SECRET);
}
