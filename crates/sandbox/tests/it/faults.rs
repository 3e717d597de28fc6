//! Faults, the request log, revoked tokens, the state file, the port.

use crate::common::{FIRST, NOW, TOKEN, error_of, sandbox, sandbox_with};
use earmark_sandbox::{DEMO_APP_ID, Error, Options, start};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn scripted_answers_come_as_often_as_ordered() {
    let sandbox = sandbox().await;
    sandbox
        .control(
            "faults",
            json!([
                {"kind": "status", "match": "GET /tags", "status": 429, "retry_after": 3, "reset": 7},
                {"kind": "status", "match": "/conversations", "status": 502, "body": "<h1>Bad gateway</h1>", "count": 2},
            ]),
        )
        .await;
    let limited = sandbox
        .api(Method::GET, "/tags")
        .send()
        .await
        .expect("answered");
    assert_eq!(limited.headers()["retry-after"], "3");
    assert_eq!(
        limited.headers()["x-ratelimit-reset"],
        (NOW + 7).to_string().as_str()
    );
    assert_eq!(limited.headers()["x-ratelimit-remaining"], "0");
    assert_eq!(
        error_of(limited).await,
        (429, "rate_limit_exceeded".to_owned())
    );
    assert_eq!(
        sandbox
            .api(Method::GET, "/tags")
            .send()
            .await
            .expect("answered")
            .status(),
        200
    );
    for expected in [502, 502, 200] {
        let answer = sandbox
            .api(Method::GET, "/conversations")
            .send()
            .await
            .expect("answered");
        assert_eq!(answer.status(), expected);
    }
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_dropped_connection_has_no_answer() {
    let sandbox = sandbox().await;
    sandbox.control("faults", json!({"kind": "drop"})).await;
    let outcome = async {
        sandbox
            .api(Method::GET, "/tags")
            .send()
            .await?
            .bytes()
            .await
    };
    assert!(outcome.await.is_err());
    assert_eq!(sandbox.get("/tags").await["type"], "list");
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_slow_answer_outlasts_an_impatient_caller() {
    let sandbox = sandbox().await;
    sandbox
        .control("faults", json!({"kind": "slow", "ms": 20_000}))
        .await;
    let call = sandbox
        .api(Method::GET, "/tags")
        .timeout(std::time::Duration::from_millis(50));
    assert!(call.send().await.expect_err("too slow").is_timeout());
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused() {
    let sandbox = sandbox().await;
    for body in [
        json!({"kind": "status"}),
        json!({"kind": "flood"}),
        json!({"kind": "drop", "x": 1}),
    ] {
        let answer = sandbox
            .request(Method::POST, "/__sandbox/faults")
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.expect("answered").status(), 400);
    }
    sandbox.running.stop().await;
}

#[tokio::test]
async fn the_log_names_the_app_and_never_the_token() {
    let sandbox = sandbox().await;
    sandbox.get("/tags").await;
    let log = sandbox.look("requests").await;
    assert_eq!(log["total"], 1);
    assert_eq!(log["requests"][0]["app"], "Earmark (private app)");
    assert_eq!(log["requests"][0]["path"], "/tags");
    assert!(!log.to_string().contains(TOKEN));
    assert!(!sandbox.look("state").await.to_string().contains(TOKEN));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_revoked_token_is_refused() {
    let sandbox = sandbox().await;
    sandbox
        .control("tokens/revoke", json!({"token": TOKEN}))
        .await;
    let answer = sandbox
        .api(Method::GET, "/me")
        .send()
        .await
        .expect("answered");
    assert_eq!(error_of(answer).await, (401, "token_revoked".to_owned()));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn the_state_file_outlives_the_sandbox() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deep/state.json");
    let keep = |options: &mut Options| options.state_file = Some(file.clone());
    let first = sandbox_with(keep).await;
    first.tag(None).await;
    first.running.stop().await;
    let second = sandbox_with(keep).await;
    let conversation = second.get(&format!("/conversations/{FIRST}")).await;
    assert_eq!(conversation["tags"]["tags"][0]["name"], "bug");
    second.control("reset", json!(null)).await;
    let conversation = second.get(&format!("/conversations/{FIRST}")).await;
    assert_eq!(conversation["tags"]["tags"], json!([]));
    second.running.stop().await;
}

#[tokio::test]
async fn an_unreadable_state_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.json");
    std::fs::write(&file, "{\"workspaces\": 3}").expect("written");
    let options = Options {
        state_file: Some(file.clone()),
        ..Options::default()
    };
    let error = start(options).await.err().expect("refused");
    assert!(matches!(error, Error::StateFile { .. }));
    assert!(error.to_string().contains(&file.display().to_string()));
}

#[tokio::test]
async fn a_taken_port_is_a_clear_error() {
    let sandbox = sandbox().await;
    let options = Options {
        listen: sandbox.running.addr(),
        ..Options::default()
    };
    let error = start(options).await.err().expect("refused");
    assert!(error.to_string().contains("taken"), "{error}");
    assert!(
        error
            .to_string()
            .contains(&sandbox.running.addr().to_string())
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_seed_in_the_wrong_form_is_refused_with_the_reason() {
    let sandbox = sandbox().await;
    let bad = json!({"workspaces": [{"app_id": DEMO_APP_ID, "contacts": [{"nmae": "x"}]}]});
    let answer = sandbox
        .request(Method::POST, "/__sandbox/seed")
        .json(&bad)
        .send()
        .await;
    let answer = answer.expect("answered");
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.expect("text").contains("nmae"));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_cut_answer_breaks_off_and_a_wrong_one_is_no_json() {
    let sandbox = sandbox().await;
    let faults = json!([
        {"kind": "cut", "match": "GET /tags"},
        {"kind": "wrong_json", "match": "GET /tags"},
        {"kind": "wrong_json", "match": "GET /tags", "body": "<html>"},
    ]);
    sandbox.control("faults", faults).await;
    let tags = || sandbox.api(Method::GET, "/tags").send();
    let cut = tags().await.expect("headers");
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());
    let wrong = tags().await.expect("answered");
    assert_eq!(
        wrong.headers()["content-type"],
        "application/json; charset=utf-8"
    );
    let text = wrong.text().await.expect("a whole body");
    assert!(text.starts_with('{'));
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_err());
    assert_eq!(
        tags().await.expect("answered").text().await.expect("text"),
        "<html>"
    );
    assert_eq!(tags().await.expect("answered").status(), 200);
    sandbox.running.stop().await;
}
