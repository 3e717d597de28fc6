//! How an installation is, asked as Intercom asks it.

use crate::hooks::{
    FORMER, SECRET, body_signature, give_secret, hook, houses_with_app, installation, member_sees,
    neighbour, operator_sees, own_app, reconnect,
};
use crate::support::{Company, House, sign};
use earmark_model::ConnectionStatus::{self, Connected, Degraded, NeedsReconnecting, Uninstalled};
use serde_json::{Value, json};

const QUESTION: &str = r#"{"workspace_id":"hb7r2mk9"}"#;

async fn ask(house: &House, at: &str, signature: &str, body: &str) -> (u16, Option<Value>) {
    let request = house
        .http
        .post(at)
        .header("X-Body-Signature", signature)
        .body(body.to_owned());
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.ok())
}

/// The answer to a well signed question about the house's Intercom workspace.
async fn state(house: &House) -> Value {
    let signature = body_signature(SECRET, QUESTION);
    let (status, answer) = ask(house, &hook(house, "/health"), &signature, QUESTION).await;
    assert_eq!(status, 200);
    answer.unwrap()
}

async fn put(house: &House, company: &Company, status: ConnectionStatus) {
    let tx = house.app.db.begin().await.unwrap();
    let tenant = tx.workspace(company.workspace);
    let moved = tenant.move_connection(company.connection, status, Some("of Birch Works alone"));
    moved.await.unwrap();
    tx.commit().await.unwrap();
}

houses_with_app! {
    async fn health_follows_the_status_and_the_worst_of_several_is_told_in_general_words(house: House) {
        let (first, second) = (&house.company, neighbour(&house).await);
        reconnect(&house, &second, &installation()).await;
        assert_eq!(state(&house).await, json!({"state": "OK"}));
        let mut messages = Vec::new();
        for (ours, theirs, wanted) in [
            (Degraded, Connected, 0),
            (Connected, NeedsReconnecting, 1),
            (Uninstalled, Connected, 1),
            (Degraded, Uninstalled, 1),
        ] {
            put(&house, first, ours).await;
            put(&house, &second, theirs).await;
            let answer = state(&house).await;
            assert_eq!(answer["state"], "UNHEALTHY", "{ours} {theirs}");
            let message = answer["message"].as_str().unwrap().to_owned();
            for secret in [&first.slug, &second.slug, "Birch", "Next Door", "birch.example"] {
                assert!(!message.contains(secret), "{message}");
            }
            if !messages.contains(&message) {
                messages.push(message.clone());
            }
            assert_eq!(messages[wanted], message, "{ours} {theirs}");
        }
        for company in [first, &second] {
            put(&house, company, Connected).await;
        }
        assert_eq!(state(&house).await, json!({"state": "OK"}));
    }

    async fn only_a_signed_question_is_answered(house: House) {
        let at = hook(&house, "/health");
        let unsigned = house.http.post(&at).body(QUESTION).send().await.unwrap();
        assert_eq!(unsigned.status(), 401);
        operator_sees(&house, "a health check without a signature (X-Body-Signature)").await;
        let other_hash = sign(SECRET, QUESTION.as_bytes());
        let private = body_signature(&house.company.client_secret, QUESTION);
        let other_body = body_signature(SECRET, "{}");
        for signature in [&other_hash, &private, &other_body, "", &"0".repeat(64)] {
            assert_eq!(ask(&house, &at, signature, QUESTION).await, (401, None), "{signature}");
        }
        operator_sees(&house, "a health check whose signature does not match the client secret").await;
        let former = body_signature(FORMER, QUESTION);
        assert_eq!(ask(&house, &at, &former, QUESTION).await, (200, Some(json!({"state": "OK"}))));
    }

    async fn what_nobody_is_connected_to_is_unknown(house: House) {
        let at = hook(&house, "/health");
        for body in [r#"{"workspace_id":"nobodys"}"#, r#"{"workspace_id":"a\u0000b"}"#, "{}", "no json", ""] {
            let signature = body_signature(SECRET, body);
            assert_eq!(ask(&house, &at, &signature, body).await, (200, Some(json!({"state": "UNKNOWN"}))), "{body}");
        }
    }

    async fn an_own_app_answers_for_its_workspace_alone(house: House) {
        let (first, second) = (&house.company, neighbour(&house).await);
        let app = own_app(&house, &second, "the-other-houses-app").await;
        give_secret(&house, &second, &app, "c4d1-secret-of-the-own-app").await;
        put(&house, first, Uninstalled).await;
        let at = format!("{}/health", app.hook);
        let signature = body_signature("c4d1-secret-of-the-own-app", QUESTION);
        assert_eq!(ask(&house, &at, &signature, QUESTION).await, (200, Some(json!({"state": "OK"}))));
        assert_eq!(state(&house).await["state"], "UNHEALTHY");
        let wrong = body_signature(SECRET, QUESTION);
        assert_eq!(ask(&house, &at, &wrong, QUESTION).await, (401, None));
        member_sees(&house, &second, "a health check whose signature does not match the client secret").await;
    }
}
