//! Webhooks over HTTP: signatures, shapes, retries, webhook faults.

use crate::common::{BUG, CONTACT, FIRST, NOW, SECRET, endpoint, sandbox, sandbox_with};
use earmark_sandbox::DEMO_APP_ID;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha1::Sha1;

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_tag_on_a_part_is_delivered_signed_with_that_part_alone() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    let whole = sandbox.get(&format!("/conversations/{FIRST}")).await;
    let part = whole["conversation_parts"]["conversation_parts"][1]["id"].clone();
    sandbox.tag(part.as_str()).await;
    let hook = endpoint.next().await;
    assert_eq!(hook.header("x-hub-signature"), signature(SECRET, &hook.raw));
    assert_eq!(
        hook.header("user-agent"),
        "intercom-parrot-service-client/1.0"
    );
    assert_eq!(hook.header("accept"), "application/json");
    assert_eq!(hook.body["topic"], "conversation_part.tag.created");
    assert_eq!(hook.body["app_id"], DEMO_APP_ID);
    assert_eq!(hook.body["delivery_attempts"], 1);
    let item = &hook.body["data"]["item"];
    assert_eq!(item["type"], "conversation_part_tag");
    assert_eq!(item["created_at"], NOW);
    assert_eq!(item["tag"]["id"], BUG);
    let parts = &item["conversation"]["conversation_parts"];
    assert_eq!(parts["total_count"], 1);
    assert_eq!(parts["conversation_parts"][0]["id"], part);
    assert_eq!(parts["conversation_parts"][0]["tags"][0]["id"], BUG);
    assert!(item["conversation"]["statistics"]["first_contact_reply_at"].is_string());
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn a_tag_on_the_opening_message_comes_without_parts() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    sandbox.tag(None).await;
    let hook = endpoint.next().await;
    let conversation = &hook.body["data"]["item"]["conversation"];
    assert_eq!(
        conversation["conversation_parts"]["conversation_parts"],
        json!([])
    );
    assert_eq!(conversation["tags"]["tags"][0]["id"], BUG);
    let again = sandbox.tag(None).await;
    assert_eq!(again["applied"], false);
    sandbox.settle().await;
    assert_eq!(endpoint.rest(), 0);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

fn second_app(url: &str, more: Value) -> Value {
    let mut app = json!({"client_id": "other", "name": "Other", "token": "other-token",
        "client_secret": "other-secret", "webhook_url": url});
    for (key, value) in more.as_object().expect("an object") {
        app[key] = value.clone();
    }
    json!({"workspaces": [{"app_id": DEMO_APP_ID, "apps": [app]}]})
}

#[tokio::test]
async fn each_app_gets_its_own_signature_version_and_topics() {
    let sandbox = sandbox().await;
    let (mut first, mut second) = (endpoint(&[]).await, endpoint(&[]).await);
    sandbox.subscribe(&first).await;
    let other = second_app(
        &second.url,
        json!({"version": "2.15", "topics": ["conversation.user.replied"]}),
    );
    sandbox.control("seed", other).await;
    sandbox.tag(None).await;
    let reply = json!({"app_id": DEMO_APP_ID, "conversation": FIRST, "body": "Is 1 < 2?"});
    sandbox.control("reply", reply).await;
    assert_eq!(
        first.next().await.body["topic"],
        "conversation_part.tag.created"
    );
    let old = first.next().await;
    let new = second.next().await;
    assert_eq!(
        new.header("x-hub-signature"),
        signature("other-secret", &new.raw)
    );
    assert_ne!(old.body["id"], new.body["id"]);
    let part = |hook: &crate::common::Hook| {
        hook.body["data"]["item"]["conversation_parts"]["conversation_parts"][0]["body"].clone()
    };
    assert_eq!(part(&old), "<p>Is 1 &lt; 2?</p>");
    assert_eq!(part(&new), "Is 1 < 2?");
    assert!(new.body["data"]["item"]["statistics"]["first_contact_reply_at"].is_i64());
    sandbox.running.stop().await;
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn the_old_serialisation_is_an_option_of_the_app() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox
        .control(
            "seed",
            second_app(&endpoint.url, json!({"legacy_payloads": true})),
        )
        .await;
    sandbox.tag(None).await;
    let item = endpoint.next().await.body["data"]["item"].clone();
    assert_eq!(item["type"], "conversation");
    assert_eq!(item["tags_added"]["tags"][0]["id"], BUG);
    let part = &item["conversation_parts"]["conversation_parts"][0];
    assert_eq!(part["id"], item["conversation_message"]["id"]);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn a_failed_webhook_is_sent_once_more_under_the_same_id() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[500, 500]).await);
    sandbox.subscribe(&endpoint).await;
    sandbox.tag(None).await;
    let first = endpoint.next().await;
    sandbox.settle().await;
    assert_eq!(
        sandbox.look("deliveries").await["retries"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(sandbox.control("retry-now", json!(null)).await["sent"], 1);
    let second = endpoint.next().await;
    assert_eq!(first.body["id"], second.body["id"]);
    assert_eq!(second.body["delivery_attempts"], 2);
    assert_eq!(
        second.header("x-hub-signature"),
        signature(SECRET, &second.raw)
    );
    sandbox.settle().await;
    let deliveries = sandbox.look("deliveries").await;
    assert_eq!(deliveries["retries"], json!([]));
    assert_eq!(deliveries["deliveries"][0]["next"], "retry");
    assert_eq!(deliveries["deliveries"][1]["next"], "lost");
    assert_eq!(deliveries["deliveries"][1]["status"], 500);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn the_retry_comes_by_itself_after_the_interval() {
    let retry_after = std::time::Duration::from_millis(20);
    let sandbox = sandbox_with(|options| options.retry_after = retry_after).await;
    let mut endpoint = endpoint(&[503]).await;
    sandbox.subscribe(&endpoint).await;
    sandbox.tag(None).await;
    assert_eq!(endpoint.next().await.body["delivery_attempts"], 1);
    assert_eq!(endpoint.next().await.body["delivery_attempts"], 2);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn an_answer_of_410_switches_the_webhook_off_until_it_is_set_anew() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[410]).await);
    sandbox.subscribe(&endpoint).await;
    sandbox.tag(None).await;
    endpoint.next().await;
    sandbox.settle().await;
    let note = json!({"app_id": DEMO_APP_ID, "conversation": FIRST, "body": "x"});
    sandbox.control("note", note.clone()).await;
    sandbox.settle().await;
    assert_eq!(endpoint.rest(), 0);
    sandbox.subscribe(&endpoint).await;
    sandbox.control("note", note).await;
    assert_eq!(
        endpoint.next().await.body["topic"],
        "conversation.admin.noted"
    );
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn a_url_that_refuses_head_is_not_saved_unless_the_check_is_skipped() {
    let sandbox = sandbox().await;
    let url = format!("{}/nowhere", sandbox.running.url());
    let order = json!({"app": "earmark-demo", "url": url});
    let refused = sandbox
        .request(Method::POST, "/__sandbox/webhook")
        .json(&order)
        .send()
        .await;
    assert_eq!(refused.expect("answered").status(), 422);
    let order = json!({"app": "earmark-demo", "url": url, "check": false});
    sandbox.control("webhook", order).await;
    sandbox.running.stop().await;
}

#[tokio::test]
async fn duplicates_and_disorder_come_when_ordered() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    sandbox
        .control("faults", json!({"kind": "webhook_duplicate"}))
        .await;
    sandbox.tag(None).await;
    let (one, two) = (endpoint.next().await, endpoint.next().await);
    assert_eq!(one.body["id"], two.body["id"]);
    sandbox
        .control("faults", json!({"kind": "webhook_reorder", "size": 2}))
        .await;
    let order = json!({"app_id": DEMO_APP_ID, "conversation": FIRST, "body": "x"});
    sandbox.control("note", order.clone()).await;
    assert_eq!(sandbox.look("deliveries").await["held"], 1);
    sandbox.control("operator-reply", order).await;
    assert_eq!(
        endpoint.next().await.body["topic"],
        "conversation.operator.replied"
    );
    assert_eq!(
        endpoint.next().await.body["topic"],
        "conversation.admin.noted"
    );
    sandbox
        .control("faults", json!({"kind": "webhook_drop"}))
        .await;
    let end = json!({"app_id": DEMO_APP_ID, "conversation": FIRST});
    sandbox.control("redact", end.clone()).await;
    sandbox.control("delete", end).await;
    let deleted = endpoint.next().await;
    assert_eq!(deleted.body["topic"], "conversation.deleted");
    assert_eq!(deleted.body["data"]["item"]["conversation_id"], FIRST);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn people_and_pings_are_told_too() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    sandbox
        .control("ping", json!({"app": "earmark-demo"}))
        .await;
    let ping = endpoint.next().await;
    assert_eq!(
        (&ping.body["topic"], &ping.body["id"]),
        (&json!("ping"), &Value::Null)
    );
    let seed = json!({"deliver": true, "workspaces": [{"app_id": DEMO_APP_ID,
        "contacts": [{"id": CONTACT, "name": "Ines C.", "created_at": 1_790_172_333}],
        "companies": [{"id": "co", "company_id": "own", "name": "Co"}]}]});
    sandbox.control("seed", seed).await;
    let company = endpoint.next().await;
    assert_eq!(company.body["topic"], "company.created");
    let contact = endpoint.next().await;
    assert_eq!(contact.body["topic"], "contact.user.updated");
    let item = &contact.body["data"]["item"];
    assert_eq!(item["created_at"], "2026-09-23T14:05:33.000+00:00");
    let begin = json!({"app_id": DEMO_APP_ID, "contact": CONTACT, "body": "Hello"});
    let begun = sandbox.control("start", begin).await;
    let created = endpoint.next().await;
    assert_eq!(created.body["topic"], "conversation.user.created");
    assert_eq!(created.body["data"]["item"]["id"], begun["conversation"]);
    assert_eq!(
        created.body["data"]["item"]["source"]["id"],
        begun["source"]
    );
    sandbox.running.stop().await;
    endpoint.stop().await;
}
