//! OAuth apps over HTTP: authorizing on the page, the token, webhooks of all workspaces, uninstalling.

use std::sync::atomic::Ordering;

use earmark_sandbox::{DEMO_APP_ID, DEMO_EU_APP_ID, DEMO_OAUTH_CLIENT_ID as APP};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;
use url::Url;

use crate::common::{
    Endpoint, FIRST, OAUTH_SECRET, Sandbox, endpoint, error_of, sandbox, sandbox_with,
};

const CALLBACK: &str = "http://127.0.0.1:9/auth/intercom/callback?from=here";

/// A sandbox whose OAuth app is sent everything at one endpoint.
async fn ready() -> (Sandbox, Endpoint) {
    let (sandbox, endpoint) = (sandbox().await, endpoint(&[]).await);
    let settings = json!({"app": APP, "redirect_uris": [CALLBACK, "https://other.example/back"],
        "uninstall_url": endpoint.url, "health_url": endpoint.url});
    sandbox.control("app", settings).await;
    let webhook = json!({"app": APP, "url": endpoint.url});
    sandbox.control("webhook", webhook).await;
    (sandbox, endpoint)
}

/// Posts the form of the authorize page; gives the parameters of the redirect.
async fn decide(sandbox: &Sandbox, base: &str, app_id: &str, decision: &str) -> Url {
    let form = [
        ("client_id", APP),
        ("state", "a+b/c= &d"),
        ("app_id", app_id),
        ("decision", decision),
    ];
    let answer = sandbox
        .request(Method::POST, &format!("{base}/oauth"))
        .form(&form)
        .send()
        .await
        .expect("answered");
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().expect("text");
    Url::parse(location).expect("a URL")
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

async fn code_for(sandbox: &Sandbox, app_id: &str) -> String {
    let back = decide(sandbox, "", app_id, "authorize").await;
    parameter(&back, "code").expect("a code")
}

async fn exchange(sandbox: &Sandbox, base: &str, form: &[(&str, &str)]) -> Response {
    let path = format!("{base}/auth/eagle/token");
    let request = sandbox.request(Method::POST, &path).form(form);
    request.send().await.expect("answered")
}

fn with_code<'a>(code: &'a str, secret: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("code", code),
        ("client_id", APP),
        ("client_secret", secret),
    ]
}

/// Authorizes the app and gives its token.
async fn token_for(sandbox: &Sandbox, app_id: &str) -> String {
    let code = code_for(sandbox, app_id).await;
    let answer = exchange(sandbox, "", &with_code(&code, OAUTH_SECRET)).await;
    assert_eq!(answer.status(), 200);
    let value: Value = answer.json().await.expect("json");
    value["access_token"].as_str().expect("a token").to_owned()
}

async fn call(sandbox: &Sandbox, path: &str, token: &str) -> Response {
    let request = sandbox.request(Method::GET, path).bearer_auth(token);
    let request = request.header("Accept", "application/json");
    request.send().await.expect("answered")
}

async fn refusal(sandbox: &Sandbox, path: &str, token: &str) -> (u16, String) {
    error_of(call(sandbox, path, token).await).await
}

fn sha1_of(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(OAUTH_SECRET.as_bytes()).expect("a key");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

fn sha256_of(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(OAUTH_SECRET.as_bytes()).expect("a key");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn from_the_authorize_page_to_a_webhook_and_to_the_uninstallation() {
    let (sandbox, mut endpoint) = ready().await;
    let ask =
        format!("/oauth?client_id={APP}&state=a%2Bb%2Fc%3D%20%26d&response_type=code&scope=x");
    let page = sandbox.request(Method::GET, &ask).send().await;
    let page = page.expect("answered");
    let policy = page.headers()["content-security-policy"].to_str();
    let policy = policy.expect("text").to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:9;"));
    let page = page.text().await.expect("text");
    for words in [
        "Earmark (sandbox)",
        "Read and list users and companies",
        "Quillwater Support",
        "Fjordline Care",
        "This is not Intercom",
        "value=\"a+b/c= &#38;d\"",
    ] {
        assert!(page.contains(words), "{words}");
    }

    let back = decide(&sandbox, "", DEMO_APP_ID, "authorize").await;
    assert_eq!(back.path(), "/auth/intercom/callback");
    assert_eq!(parameter(&back, "from").as_deref(), Some("here"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("a+b/c= &d"));
    let code = parameter(&back, "code").expect("a code");
    assert!(code.ends_with('='));

    let answer = exchange(&sandbox, "", &with_code(&code, OAUTH_SECRET)).await;
    let answer: Value = answer.json().await.expect("json");
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["token"], answer["access_token"]);
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(3));
    let token = answer["token"].as_str().expect("a token");
    let me: Value = call(&sandbox, "/me", token)
        .await
        .json()
        .await
        .expect("json");
    assert_eq!(me["app"]["id_code"], DEMO_APP_ID);
    assert_eq!(me["email"], "ada@quillwater.example");

    sandbox.tag(None).await;
    let hook = endpoint.next().await;
    assert_eq!(hook.body["app_id"], DEMO_APP_ID);
    assert_eq!(hook.header("x-hub-signature"), sha1_of(&hook.raw));

    let leave = sandbox.request(Method::POST, "/auth/uninstall");
    let left = leave.bearer_auth(token).send().await.expect("answered");
    assert_eq!(left.status(), 200);
    let notice = endpoint.next().await;
    assert_eq!(notice.body, json!({"app_id": DEMO_APP_ID}));
    assert_eq!(notice.header("x-body-signature"), sha256_of(&notice.raw));
    let refused = refusal(&sandbox, "/me", token).await;
    assert_eq!(refused, (401, "token_revoked".to_owned()));
    let note = json!({"app_id": DEMO_APP_ID, "conversation": FIRST, "body": "x"});
    sandbox.control("note", note).await;
    sandbox.settle().await;
    assert_eq!(endpoint.rest(), 0);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_and_for_its_app() {
    let (sandbox, endpoint) = ready().await;
    let refused = async |form: &[(&str, &str)]| {
        let answer = exchange(&sandbox, "", form).await;
        assert_eq!(answer.status(), 401);
        let body: Value = answer.json().await.expect("json");
        assert_eq!(body["type"], "error.list");
        assert_eq!(body["errors"][0]["message"], "Unauthorized Code");
    };
    let code = code_for(&sandbox, DEMO_APP_ID).await;
    refused(&with_code("bm90aGluZw==", OAUTH_SECRET)).await;
    refused(&with_code(&code, "wrong")).await;
    refused(&[]).await;
    let own = earmark_sandbox::DEMO_OWN_CLIENT_ID;
    let other = [
        ("code", code.as_str()),
        ("client_id", own),
        ("client_secret", "own-secret"),
    ];
    refused(&other).await;
    let form = with_code(&code, OAUTH_SECRET);
    assert_eq!(exchange(&sandbox, "", &form).await.status(), 200);
    refused(&form).await;

    let late = code_for(&sandbox, DEMO_APP_ID).await;
    sandbox.clock.fetch_add(599, Ordering::SeqCst);
    let last = code_for(&sandbox, DEMO_APP_ID).await;
    sandbox.clock.fetch_add(1, Ordering::SeqCst);
    refused(&with_code(&late, OAUTH_SECRET)).await;
    let last = exchange(&sandbox, "", &with_code(&last, OAUTH_SECRET)).await;
    assert_eq!(last.status(), 200);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn a_denial_goes_back_and_what_cannot_go_back_is_told_here() {
    let (sandbox, endpoint) = ready().await;
    let back = decide(&sandbox, "", DEMO_APP_ID, "deny").await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("a+b/c= &d"));
    assert_eq!(parameter(&back, "code"), None);
    let (app, evil) = (format!("client_id={APP}"), "https://evil.example/");
    for (query, words) in [
        ("client_id=nobody".to_owned(), "No OAuth app here"),
        ("client_id=earmark-demo".to_owned(), "No OAuth app here"),
        (format!("{app}&redirect_uri={evil}"), "is not among"),
        (format!("{app}&{app}"), "cannot be read"),
        (
            format!("client_id={}", earmark_sandbox::DEMO_OWN_CLIENT_ID),
            "no redirect URL yet",
        ),
    ] {
        let page = sandbox.request(Method::GET, &format!("/oauth?{query}"));
        let page = page.send().await.expect("answered");
        assert_eq!(page.status(), 400);
        assert!(page.text().await.expect("text").contains(words), "{query}");
    }
    let form = [
        ("client_id", APP),
        ("redirect_uri", evil),
        ("decision", "deny"),
    ];
    let posted = sandbox.request(Method::POST, "/oauth").form(&form);
    assert_eq!(posted.send().await.expect("answered").status(), 400);
    let form = [("client_id", APP), ("decision", "authorize")];
    let unchosen = sandbox.request(Method::POST, "/oauth").form(&form);
    assert_eq!(unchosen.send().await.expect("answered").status(), 422);
    let form = [
        ("client_id", APP),
        ("redirect_uri", "https://other.example/back"),
        ("decision", "deny"),
    ];
    let posted = sandbox.request(Method::POST, "/oauth").form(&form);
    let posted = posted.send().await.expect("answered");
    assert_eq!(
        posted.headers()["location"],
        "https://other.example/back?error=access_denied"
    );
    let foreign = sandbox.request(Method::POST, "/oauth").form(&form);
    let foreign = foreign.header("Sec-Fetch-Site", "cross-site").send().await;
    assert_eq!(foreign.expect("answered").status(), 403);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn one_app_on_two_workspaces_has_one_url_and_two_lives() {
    let (sandbox, mut endpoint) = ready().await;
    let us = token_for(&sandbox, DEMO_APP_ID).await;
    let eu = token_for(&sandbox, DEMO_EU_APP_ID).await;
    let again = token_for(&sandbox, DEMO_EU_APP_ID).await;
    assert_ne!(eu, again);
    for (token, app_id, region) in [
        (&us, DEMO_APP_ID, "US"),
        (&eu, DEMO_EU_APP_ID, "EU"),
        (&again, DEMO_EU_APP_ID, "EU"),
    ] {
        let me: Value = call(&sandbox, "/me", token)
            .await
            .json()
            .await
            .expect("json");
        assert_eq!(me["app"]["id_code"], app_id);
        assert_eq!(me["app"]["region"], region);
    }
    for app_id in [DEMO_APP_ID, DEMO_EU_APP_ID] {
        let note = json!({"app_id": app_id, "conversation": FIRST, "body": "x"});
        sandbox.control("note", note).await;
        assert_eq!(endpoint.next().await.body["app_id"], app_id);
    }
    let order = json!({"app": APP, "app_id": DEMO_EU_APP_ID, "signed": false});
    sandbox.control("uninstall", order.clone()).await;
    let notice = endpoint.next().await;
    assert_eq!(notice.body, json!({"app_id": DEMO_EU_APP_ID}));
    assert_eq!(notice.header("x-body-signature"), "");
    for token in [&eu, &again] {
        assert_eq!(refusal(&sandbox, "/me", token).await.1, "token_revoked");
    }
    assert_eq!(call(&sandbox, "/me", &us).await.status(), 200);
    let twice = sandbox
        .request(Method::POST, "/__sandbox/uninstall")
        .json(&order);
    assert_eq!(twice.send().await.expect("answered").status(), 404);

    let order = json!({"app": APP, "app_id": DEMO_APP_ID, "notify": false});
    sandbox.control("uninstall", order).await;
    sandbox.settle().await;
    assert_eq!(endpoint.rest(), 0);
    let anew = token_for(&sandbox, DEMO_APP_ID).await;
    assert_eq!(call(&sandbox, "/me", &anew).await.status(), 200);
    assert_eq!(refusal(&sandbox, "/me", &us).await.1, "token_revoked");
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn the_host_of_a_region_knows_its_own_workspaces_only() {
    let (sandbox, endpoint) = ready().await;
    let us = token_for(&sandbox, DEMO_APP_ID).await;
    let page = sandbox
        .request(Method::GET, &format!("/eu/oauth?client_id={APP}"))
        .send()
        .await;
    let page = page.expect("answered").text().await.expect("text");
    assert!(page.contains("Fjordline Care") && !page.contains("Quillwater Support"));
    assert!(page.contains("action=\"/eu/oauth\""));
    let back = decide(&sandbox, "/eu", DEMO_EU_APP_ID, "authorize").await;
    let code = parameter(&back, "code").expect("a code");
    let form = with_code(&code, OAUTH_SECRET);
    let elsewhere = exchange(&sandbox, "/au", &form).await;
    assert_eq!(error_of(elsewhere).await.0, 401);
    let answer = exchange(&sandbox, "/eu", &form).await;
    let answer: Value = answer.json().await.expect("json");
    let eu = answer["token"].as_str().expect("a token");
    for (path, token, status) in [
        ("/us/me", us.as_str(), 200),
        ("/eu/me", &us, 401),
        ("/me", eu, 200),
        ("/eu/me", eu, 200),
        ("/us/me", eu, 401),
        ("/au/me", eu, 401),
    ] {
        let answer = call(&sandbox, path, token).await;
        assert_eq!(answer.status(), status, "{path}");
    }
    assert_eq!(refusal(&sandbox, "/eu/me", &us).await.1, "unauthorized");

    let list = format!("/eu/a/inbox/{DEMO_EU_APP_ID}");
    let inbox = sandbox.request(Method::GET, &list).send().await;
    let inbox = inbox.expect("answered").text().await.expect("text");
    assert!(inbox.contains(&format!("{list}/inbox/conversation/{FIRST}")));
    let foreign = format!("/eu/a/inbox/{DEMO_APP_ID}");
    let foreign = sandbox.request(Method::GET, &foreign).send().await;
    assert_eq!(foreign.expect("answered").status(), 404);
    let start = sandbox.request(Method::GET, "/eu").send().await;
    assert_eq!(start.expect("answered").headers()["location"], list);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn tokens_expire_and_are_refreshed_when_the_app_is_set_so() {
    let (sandbox, endpoint) = ready().await;
    let settings = json!({"app": APP, "refresh": {"expires_in": 3600}});
    sandbox.control("app", settings).await;
    let code = code_for(&sandbox, DEMO_APP_ID).await;
    let first = exchange(&sandbox, "", &with_code(&code, OAUTH_SECRET)).await;
    let first: Value = first.json().await.expect("json");
    assert_eq!(first["expires_in"], 3600);
    let token = first["token"].as_str().expect("a token");
    let refresh = first["refresh_token"].as_str().expect("a refresh token");
    sandbox.clock.fetch_add(3599, Ordering::SeqCst);
    assert_eq!(call(&sandbox, "/me", token).await.status(), 200);
    sandbox.clock.fetch_add(1, Ordering::SeqCst);
    let expired = refusal(&sandbox, "/me", token).await;
    assert_eq!(expired, (401, "token_expired".to_owned()));
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", APP),
        ("client_secret", OAUTH_SECRET),
    ];
    let next = exchange(&sandbox, "", &form).await;
    let next: Value = next.json().await.expect("json");
    let fresh = next["access_token"].as_str().expect("a token");
    assert_eq!(call(&sandbox, "/me", fresh).await.status(), 200);
    assert_eq!(exchange(&sandbox, "", &form).await.status(), 401);
    let order = json!({"app": APP, "app_id": DEMO_APP_ID});
    sandbox.control("tokens/revoke", order).await;
    assert_eq!(refusal(&sandbox, "/me", fresh).await.1, "token_revoked");
    let last = next["refresh_token"].as_str().expect("a refresh token");
    let form = form.map(|(name, value)| (name, if value == refresh { last } else { value }));
    assert_eq!(exchange(&sandbox, "", &form).await.status(), 401);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn an_installation_outlives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sandbox.json");
    let with_file = |options: &mut earmark_sandbox::Options| {
        options.state_file = Some(file.clone());
    };
    let before = sandbox_with(with_file).await;
    let settings = json!({"app": APP, "redirect_uris": [CALLBACK]});
    before.control("app", settings).await;
    let token = token_for(&before, DEMO_EU_APP_ID).await;
    before.running.stop().await;
    let after = sandbox_with(with_file).await;
    assert_eq!(call(&after, "/eu/me", &token).await.status(), 200);
    after.running.stop().await;
}
