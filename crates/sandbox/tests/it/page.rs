//! The visitor's page, without JavaScript.

use crate::common::{FIRST, endpoint, sandbox, sandbox_with};
use earmark_sandbox::{DEMO_APP_ID, Options, start};
use reqwest::{Method, Response};

const HERE: &str = "/a/inbox/qw7tide3/inbox/conversation/215473908114001";

async fn text(answer: Result<Response, reqwest::Error>) -> String {
    let answer = answer.expect("answered");
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .expect("text");
    assert!(policy.starts_with("default-src 'none'"));
    let text = answer.text().await.expect("text");
    assert_eq!(text.matches("<h1").count(), 1);
    assert_eq!(text.matches("<main").count(), 1);
    assert!(!text.contains(" style=") && !text.contains("<style"));
    text
}

fn location(answer: &Response) -> &str {
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().expect("text")
}

#[tokio::test]
async fn the_start_leads_to_the_first_inbox_and_on_to_a_conversation() {
    let sandbox = sandbox_with(|options| {
        options.inbox_url = Some("http://127.0.0.1:8080/w/demo/inbox".to_owned());
    })
    .await;
    let start = sandbox
        .request(Method::GET, "/")
        .send()
        .await
        .expect("answered");
    assert_eq!(location(&start), format!("/a/inbox/{DEMO_APP_ID}"));
    let list = text(sandbox.request(Method::GET, location(&start)).send().await).await;
    assert!(list.contains(HERE) && list.contains("This is not Intercom"));
    assert!(list.contains("http://127.0.0.1:8080/w/demo/inbox"));
    let page = text(sandbox.request(Method::GET, HERE).send().await).await;
    assert!(page.contains("Our fuel card comes through"));
    let old = format!("/a/apps/{DEMO_APP_ID}/conversations/{FIRST}");
    let old = sandbox
        .request(Method::GET, &old)
        .send()
        .await
        .expect("answered");
    assert_eq!(location(&old), HERE);
    let css = sandbox
        .request(Method::GET, "/static/earmark.css")
        .send()
        .await;
    assert_eq!(css.expect("answered").status(), 200);
    let gone = format!("/a/inbox/{DEMO_APP_ID}/inbox/conversation/1");
    let gone = sandbox
        .request(Method::GET, &gone)
        .send()
        .await
        .expect("answered");
    assert_eq!(gone.status(), 404);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn forms_change_the_conversation_and_the_panel_shows_the_answer() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    let post = |path: String, form: Vec<(&'static str, &'static str)>| {
        let call = sandbox.request(Method::POST, &path).form(&form);
        async move { location(&call.send().await.expect("answered")).to_owned() }
    };
    let back = post(
        format!("{HERE}/tags"),
        vec![("part", ""), ("tag", "9182732")],
    )
    .await;
    assert_eq!(back, format!("{HERE}?said=tagged"));
    assert_eq!(
        endpoint.next().await.body["topic"],
        "conversation_part.tag.created"
    );
    sandbox.settle().await;
    let page = text(sandbox.request(Method::GET, &back).send().await).await;
    assert!(page.contains("Tag applied"));
    assert!(page.contains("answered 200 after"));
    post(
        format!("{HERE}/untag"),
        vec![("part", ""), ("tag", "9182732")],
    )
    .await;
    post(
        format!("{HERE}/reply"),
        vec![("voice", "note:7310052"), ("body", "<b>sly</b>")],
    )
    .await;
    assert_eq!(
        endpoint.next().await.body["topic"],
        "conversation.admin.noted"
    );
    let page = text(sandbox.request(Method::GET, HERE).send().await).await;
    assert!(page.contains("&#60;b&#62;sly") || page.contains("&lt;b&gt;sly"));
    post(format!("{HERE}/redact"), vec![("part", "")]).await;
    assert_eq!(
        endpoint.next().await.body["topic"],
        "conversation_part.redacted"
    );
    let list = format!("/a/inbox/{DEMO_APP_ID}");
    let contact = ("contact", crate::common::CONTACT);
    let begun = post(
        format!("{list}/conversations"),
        vec![contact, ("body", "New")],
    )
    .await;
    assert!(begun.ends_with("?said=begun"));
    let made = post(format!("{list}/tags"), vec![("name", "urgent")]).await;
    assert_eq!(made, format!("{list}?said=created"));
    let taken = post(format!("{list}/tags"), vec![("name", "URGENT")]).await;
    assert_eq!(taken, format!("{list}?said=taken"));
    let deleted = post(format!("{HERE}/delete"), vec![]).await;
    assert_eq!(deleted, format!("{list}?said=deleted"));
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let sandbox = sandbox().await;
    for header in [
        ("Origin", "http://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ] {
        let form = sandbox
            .request(Method::POST, &format!("{HERE}/delete"))
            .header(header.0, header.1);
        assert_eq!(form.send().await.expect("answered").status(), 403);
        let control = sandbox
            .request(Method::POST, "/__sandbox/reset")
            .header(header.0, header.1);
        assert_eq!(control.send().await.expect("answered").status(), 403);
    }
    assert_eq!(
        sandbox.get(&format!("/conversations/{FIRST}")).await["id"],
        FIRST
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn the_developer_hub_checks_the_url_before_it_saves_it() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    let hub = format!("/a/apps/{DEMO_APP_ID}/developer-hub");
    assert!(
        text(sandbox.request(Method::GET, &hub).send().await)
            .await
            .contains(crate::common::TOKEN)
    );
    let save = |url: String| {
        let form = [
            ("app", "earmark-demo".to_owned()),
            ("url", url),
            ("conversation.deleted", "on".to_owned()),
        ];
        sandbox
            .request(Method::POST, &format!("/a/apps/{DEMO_APP_ID}/webhook"))
            .form(&form)
            .send()
    };
    let refused = save(format!("{}/nowhere", sandbox.running.url()))
        .await
        .expect("answered");
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.expect("text").contains("aria-invalid"));
    let saved = save(endpoint.url.clone()).await.expect("answered");
    assert_eq!(location(&saved), format!("{hub}?said=saved"));
    let form = [("app", "earmark-demo")];
    let ping = sandbox
        .request(Method::POST, &format!("/a/apps/{DEMO_APP_ID}/ping"))
        .form(&form);
    ping.send().await.expect("answered");
    assert_eq!(endpoint.next().await.body["topic"], "ping");
    sandbox.tag(None).await;
    sandbox.settle().await;
    assert_eq!(endpoint.rest(), 0);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn an_empty_sandbox_says_so() {
    let client = crate::common::client();
    let running = start(Options::default()).await.expect("started");
    let page = text(client.get(running.url()).send().await).await;
    assert!(page.contains("No workspace yet"));
    running.stop().await;
}
