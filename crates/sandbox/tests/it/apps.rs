//! What a developer and a customer do with apps: health check, permissions, secrets, tokens.

use earmark_sandbox::{DEMO_APP_ID, DEMO_EU_APP_ID, DEMO_OAUTH_CLIENT_ID as APP};
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::{Sandbox, TOKEN, endpoint, error_of, sandbox};

const HUB: &str = "/a/apps/qw7tide3";
const INSTALLED: &str = "oauth-token";

/// The OAuth app, installed on the first workspace.
async fn installed(sandbox: &Sandbox, url: &str) {
    let app = json!({"client_id": APP, "name": "Earmark (sandbox)", "client_secret": "shared secret",
        "uninstall_url": url, "health_url": url, "webhook_url": url,
        "installations": [{"app_id": DEMO_APP_ID, "token": INSTALLED}]});
    let seed = json!({"check": false, "oauth_apps": [app]});
    sandbox.control("seed", seed).await;
}

async fn refused(sandbox: &Sandbox, path: &str, token: &str) -> (u16, String) {
    let request = sandbox.request(Method::GET, path).bearer_auth(token);
    let request = request.header("Accept", "application/json");
    error_of(request.send().await.expect("answered")).await
}

async fn post(sandbox: &Sandbox, action: &str, form: &[(&str, &str)]) -> reqwest::Response {
    let request = sandbox.request(Method::POST, &format!("{HUB}/{action}"));
    request.form(form).send().await.expect("answered")
}

/// The signatures were computed with `openssl dgst -sha256 -hmac "shared secret"`.
#[tokio::test]
async fn a_health_check_and_an_uninstall_notice_are_signed_as_openssl_would() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    installed(&sandbox, &endpoint.url).await;
    let order = json!({"app": APP, "app_id": DEMO_APP_ID});
    let answer = sandbox.control("health", order.clone()).await;
    assert_eq!(answer, json!({"status": 200, "body": ""}));
    let asked = endpoint.next().await;
    assert_eq!(asked.raw, br#"{"workspace_id":"qw7tide3"}"#.as_slice());
    assert_eq!(
        asked.header("x-body-signature"),
        "b736317dfb8017b86c219fc86ce4d91af06f4cb3060dc7db0de792c35c43d348"
    );
    let unsigned = json!({"app": APP, "app_id": DEMO_APP_ID, "signed": false});
    sandbox.control("health", unsigned).await;
    assert_eq!(endpoint.next().await.header("x-body-signature"), "");
    sandbox.control("uninstall", order.clone()).await;
    let notice = endpoint.next().await;
    assert_eq!(notice.raw, br#"{"app_id":"qw7tide3"}"#.as_slice());
    assert_eq!(
        notice.header("x-body-signature"),
        "7210760019cb87212efb8e768e2111fa2cc13ec12af558367da9005c47e887a1"
    );
    sandbox.settle().await;
    let deliveries = sandbox.look("deliveries").await;
    assert_eq!(deliveries["deliveries"][0]["topic"], "uninstall");
    assert_eq!(deliveries["deliveries"][0]["next"], "delivered");
    let gone = sandbox.request(Method::POST, "/__sandbox/health");
    let gone = gone.json(&order).send().await.expect("answered");
    assert_eq!(gone.status(), 404);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn permissions_hold_at_once_and_miss_in_two_ways() {
    let sandbox = sandbox().await;
    installed(&sandbox, "http://127.0.0.1:9/").await;
    let order = json!({"app": APP, "permissions": ["read_tags", "read_single_admin"]});
    sandbox.control("permissions", order).await;
    let missing = refused(&sandbox, "/admins", INSTALLED).await;
    assert_eq!(missing, (401, "token_unauthorized".to_owned()));
    let order = json!({"app": APP, "forbids": true});
    sandbox.control("permissions", order).await;
    let missing = refused(&sandbox, "/admins", INSTALLED).await;
    assert_eq!(missing, (403, "forbidden".to_owned()));
    sandbox.get("/admins").await;

    let ticked = [("app", APP), ("read_admins", "on")];
    let saved = post(&sandbox, "permissions", &ticked).await;
    assert_eq!(
        saved.headers()["location"],
        format!("{HUB}/developer-hub?said=permitted")
    );
    let state = sandbox.look("state").await;
    let apps = state["apps"].as_array().expect("apps");
    let app = apps.iter().find(|app| app["client_id"] == APP);
    assert_eq!(app.expect("there")["permissions"], json!(["read_admins"]));
    assert!(!state.to_string().contains(INSTALLED));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_regenerated_token_makes_the_old_one_unknown() {
    let sandbox = sandbox().await;
    let order = json!({"app": "earmark-demo"});
    let fresh = sandbox.control("tokens/regenerate", order).await;
    let fresh = fresh["token"].as_str().expect("a token");
    assert_eq!(
        refused(&sandbox, "/me", TOKEN).await,
        (401, "unauthorized".to_owned())
    );
    let me = sandbox.request(Method::GET, "/me").bearer_auth(fresh);
    let me = me.header("Accept", "application/json").send().await;
    assert_eq!(me.expect("answered").status(), 200);
    post(&sandbox, "regenerate", &[("app", "earmark-demo")]).await;
    assert_eq!(refused(&sandbox, "/me", fresh).await.1, "unauthorized");
    let oauth = sandbox.request(Method::POST, "/__sandbox/tokens/regenerate");
    let oauth = oauth.json(&json!({"app": APP})).send().await;
    assert_eq!(oauth.expect("answered").status(), 404);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_private_app_cannot_uninstall_itself() {
    let sandbox = sandbox().await;
    let leave = sandbox.api(Method::POST, "/auth/uninstall").send().await;
    let refused = error_of(leave.expect("answered")).await;
    assert_eq!(refused, (403, "forbidden".to_owned()));
    sandbox.get("/me").await;
    let unknown = sandbox.request(Method::POST, "/auth/uninstall");
    let unknown = unknown.bearer_auth("nobody").send().await;
    assert_eq!(error_of(unknown.expect("answered")).await.0, 401);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_rotated_secret_signs_from_then_on() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    installed(&sandbox, &endpoint.url).await;
    let order = json!({"app": APP, "app_id": DEMO_APP_ID});
    sandbox.control("health", order.clone()).await;
    let before = endpoint.next().await;
    let given = json!({"app": APP, "client_secret": "new secret"});
    let answer = sandbox.control("rotate", given).await;
    assert_eq!(answer, json!({"client_secret": "new secret"}));
    sandbox.control("health", order).await;
    let after = endpoint.next().await;
    assert_eq!(before.raw, after.raw);
    assert_eq!(
        after.header("x-body-signature"),
        "7d834269bc97ee5917b4768c6f5e464df0ae73006fb4b3ec526cf385b05c60c5"
    );
    let made = sandbox.control("rotate", json!({"app": APP})).await;
    assert_ne!(made["client_secret"], "new secret");
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn the_hub_lists_installations_with_their_buttons() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    installed(&sandbox, &endpoint.url).await;
    let hub = sandbox.request(Method::GET, &format!("{HUB}/developer-hub"));
    let hub = hub.send().await.expect("answered").text().await;
    let hub = hub.expect("text");
    for words in [
        "Uninstall<span",
        "Check health<span",
        "Revoke the token<span",
        "OAuth app",
        "Write conversations",
    ] {
        assert!(hub.contains(words), "{words}");
    }
    assert!(!hub.contains(INSTALLED));
    let form = [("app", APP), ("installation", DEMO_APP_ID)];
    let health = post(&sandbox, "health", &form).await;
    let health = health.text().await.expect("text");
    assert!(health.contains("The health check was answered with 200"));
    endpoint.next().await;
    let elsewhere = [("app", APP), ("installation", DEMO_EU_APP_ID)];
    let idle = post(&sandbox, "uninstall", &elsewhere).await;
    assert_eq!(
        idle.headers()["location"],
        format!("{HUB}/developer-hub?said=idle")
    );
    let gone = post(&sandbox, "uninstall", &form).await;
    assert_eq!(
        gone.headers()["location"],
        format!("{HUB}/developer-hub?said=uninstalled")
    );
    let told: Value = endpoint.next().await.body;
    assert_eq!(told, json!({"app_id": DEMO_APP_ID}));
    assert_eq!(refused(&sandbox, "/me", INSTALLED).await.1, "token_revoked");
    post(
        &sandbox,
        "revoke",
        &[("app", "earmark-demo"), ("installation", DEMO_APP_ID)],
    )
    .await;
    assert_eq!(refused(&sandbox, "/me", TOKEN).await.1, "token_revoked");
    sandbox.running.stop().await;
    endpoint.stop().await;
}
