//! What an app and a teammate do until there is a token.

use earmark_sandbox::DEMO_OAUTH_CLIENT_ID as APP;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use url::Url;

use crate::common::{Endpoint, OAUTH_SECRET, Sandbox, endpoint, error_of, sandbox};

pub(crate) const CALLBACK: &str = "http://127.0.0.1:9/auth/intercom/callback?from=here";

/// A sandbox whose OAuth app is sent everything at one endpoint.
pub(crate) async fn ready() -> (Sandbox, Endpoint) {
    let (sandbox, endpoint) = (sandbox().await, endpoint(&[]).await);
    let settings = json!({"app": APP, "redirect_uris": [CALLBACK, "https://other.example/back"],
        "uninstall_url": endpoint.url, "health_url": endpoint.url});
    sandbox.control("app", settings).await;
    let webhook = json!({"app": APP, "url": endpoint.url});
    sandbox.control("webhook", webhook).await;
    (sandbox, endpoint)
}

/// Posts the form of the authorize page; gives the parameters of the redirect.
pub(crate) async fn decide(sandbox: &Sandbox, base: &str, app_id: &str, decision: &str) -> Url {
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

pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(known, _)| known == name)?;
    Some(value.into_owned())
}

pub(crate) async fn code_for(sandbox: &Sandbox, app_id: &str) -> String {
    let back = decide(sandbox, "", app_id, "authorize").await;
    parameter(&back, "code").expect("a code")
}

pub(crate) async fn exchange(sandbox: &Sandbox, base: &str, form: &[(&str, &str)]) -> Response {
    let path = format!("{base}/auth/eagle/token");
    let request = sandbox.request(Method::POST, &path).form(form);
    request.send().await.expect("answered")
}

pub(crate) fn with_code<'a>(code: &'a str, secret: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("code", code),
        ("client_id", APP),
        ("client_secret", secret),
    ]
}

/// Authorizes the app and gives its token.
pub(crate) async fn token_for(sandbox: &Sandbox, app_id: &str) -> String {
    let code = code_for(sandbox, app_id).await;
    let answer = exchange(sandbox, "", &with_code(&code, OAUTH_SECRET)).await;
    assert_eq!(answer.status(), 200);
    let value: Value = answer.json().await.expect("json");
    value["access_token"].as_str().expect("a token").to_owned()
}

pub(crate) async fn call(sandbox: &Sandbox, path: &str, token: &str) -> Response {
    let request = sandbox.request(Method::GET, path).bearer_auth(token);
    let request = request.header("Accept", "application/json");
    request.send().await.expect("answered")
}

pub(crate) async fn refusal(sandbox: &Sandbox, path: &str, token: &str) -> (u16, String) {
    error_of(call(sandbox, path, token).await).await
}
