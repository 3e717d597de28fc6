//! The REST API over HTTP: errors, headers, paging, changes.

use crate::common::{ADMIN, BUG, CONTACT, FIRST, NOW, TOKEN, error_of, sandbox, sandbox_with};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn errors_are_error_lists_with_the_right_codes() {
    let sandbox = sandbox().await;
    let plain = || {
        sandbox
            .request(Method::GET, "/me")
            .header("Accept", "application/json")
    };
    let none = plain().send().await.expect("answered");
    assert_eq!(
        error_of(none).await,
        (401, "missing_authorization".to_owned())
    );
    let wrong = plain()
        .bearer_auth("nonsense")
        .send()
        .await
        .expect("answered");
    assert!(wrong.headers().contains_key("x-ratelimit-limit"));
    assert_eq!(error_of(wrong).await, (401, "unauthorized".to_owned()));
    for (accept, status) in [("text/html", 406), ("application/xml", 406), ("*/*", 200)] {
        let answer = sandbox
            .request(Method::GET, "/me")
            .bearer_auth(TOKEN)
            .header("Accept", accept)
            .send()
            .await
            .expect("answered");
        assert_eq!(answer.status(), status, "{accept}");
    }
    for (method, path) in [
        (Method::GET, "/nothing"),
        (Method::PUT, "/me"),
        (Method::POST, "/admins"),
        (Method::GET, "/conversations/1"),
        (Method::GET, "/tags/1"),
    ] {
        let answer = sandbox.api(method, path).send().await.expect("answered");
        assert_eq!(
            error_of(answer).await,
            (404, "not_found".to_owned()),
            "{path}"
        );
    }
    let version = sandbox
        .api(Method::GET, "/me")
        .header("Intercom-Version", "3.1");
    let answer = version.send().await.expect("answered");
    assert_eq!(
        error_of(answer).await,
        (400, "intercom_version_invalid".to_owned())
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn me_names_the_workspace_and_its_region() {
    let sandbox = sandbox().await;
    let me = sandbox.get("/me").await;
    assert_eq!(me["app"]["id_code"], earmark_sandbox::DEMO_APP_ID);
    assert_eq!(me["app"]["region"], "US");
    assert_eq!(me["email"], "ada@quillwater.example");
    let admins = sandbox.get("/admins").await;
    assert_eq!(admins["admins"].as_array().map(Vec::len), Some(3));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn the_budget_is_in_the_headers_and_runs_out() {
    let sandbox = sandbox_with(|options| options.rate = 2).await;
    let call = || sandbox.api(Method::GET, "/tags").send();
    let first = call().await.expect("answered");
    let header = |name: &str| first.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(header("x-ratelimit-limit"), "2");
    assert_eq!(header("x-ratelimit-remaining"), "1");
    assert_eq!(header("x-ratelimit-reset"), (NOW + 10).to_string());
    assert!(!header("x-request-id").is_empty());
    call().await.expect("answered");
    let third = call().await.expect("answered");
    assert_eq!(
        error_of(third).await,
        (429, "rate_limit_exceeded".to_owned())
    );
    sandbox
        .clock
        .fetch_add(10, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(call().await.expect("answered").status(), 200);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn contacts_come_page_by_page() {
    let sandbox = sandbox().await;
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut call = sandbox
            .api(Method::GET, "/contacts")
            .query(&[("per_page", "4")]);
        if let Some(after) = &after {
            call = call.query(&[("starting_after", after)]);
        }
        let page: Value = call
            .send()
            .await
            .expect("answered")
            .json()
            .await
            .expect("json");
        assert_eq!(page["total_count"], 6);
        assert_eq!(page["pages"]["total_pages"], 2);
        let ids = page["data"].as_array().expect("a list").iter();
        seen.extend(ids.map(|one| one["id"].as_str().expect("an id").to_owned()));
        match page["pages"]["next"]["starting_after"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen.len(), 6);
    let big = sandbox
        .api(Method::GET, "/contacts?per_page=151")
        .send()
        .await;
    assert_eq!(error_of(big.expect("answered")).await.0, 400);
    let bad = sandbox
        .api(Method::GET, "/contacts?starting_after=x")
        .send()
        .await;
    assert_eq!(
        error_of(bad.expect("answered")).await,
        (400, "client_error".to_owned())
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_contact_shows_its_company_by_id_and_by_list() {
    let sandbox = sandbox().await;
    let contact = sandbox.get(&format!("/contacts/{CONTACT}")).await;
    assert!(contact["created_at"].is_i64());
    let company = contact["companies"]["data"][0]["id"]
        .as_str()
        .expect("an id");
    let list = sandbox.get(&format!("/contacts/{CONTACT}/companies")).await;
    assert_eq!(list["data"][0]["id"], company);
    assert_eq!(list["pages"]["next"], Value::Null);
    assert_eq!(
        sandbox.get(&format!("/companies/{company}")).await["name"],
        "Osprey Freight"
    );
    assert_eq!(sandbox.get("/ticket_types").await["data"], json!([]));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn tagging_through_the_api_needs_an_admin_and_can_be_searched() {
    let sandbox = sandbox().await;
    let path = format!("/conversations/{FIRST}/tags");
    let missing = sandbox.api(Method::POST, &path).json(&json!({"id": BUG}));
    assert_eq!(
        error_of(missing.send().await.expect("answered")).await.0,
        400
    );
    let body = json!({"id": BUG, "admin_id": ADMIN});
    let tag = sandbox
        .api(Method::POST, &path)
        .json(&body)
        .send()
        .await
        .expect("answered");
    let tag: Value = tag.json().await.expect("json");
    assert_eq!(
        (&tag["applied_at"], &tag["applied_by"]["id"]),
        (&json!(NOW), &json!(ADMIN))
    );

    let search = |query: Value| {
        let body = json!({"query": query});
        let call = sandbox
            .api(Method::POST, "/conversations/search")
            .json(&body);
        async move {
            let answer: Value = call
                .send()
                .await
                .expect("answered")
                .json()
                .await
                .expect("json");
            answer["conversations"].as_array().expect("a list").clone()
        }
    };
    let tagged = search(json!({"field": "tag_ids", "operator": "!=", "value": null})).await;
    assert_eq!(tagged.len(), 1);
    assert!(tagged[0].get("conversation_parts").is_none());
    let none = json!({"operator": "AND", "value": [
        {"field": "tag_ids", "operator": "IN", "value": [BUG]},
        {"field": "updated_at", "operator": ">", "value": NOW}]});
    assert_eq!(search(none).await.len(), 0);

    sandbox.running.stop().await;
}

#[tokio::test]
async fn untagging_needs_an_admin_in_the_body() {
    let sandbox = sandbox().await;
    sandbox.tag(None).await;
    let remove = format!("/conversations/{FIRST}/tags/{BUG}");
    let bare = sandbox
        .api(Method::DELETE, &remove)
        .send()
        .await
        .expect("answered");
    assert_eq!(error_of(bare).await.0, 400);
    let body = json!({"admin_id": ADMIN});
    let gone = sandbox
        .api(Method::DELETE, &remove)
        .json(&body)
        .send()
        .await
        .expect("answered");
    assert_eq!(gone.status(), 200);
    let again = sandbox
        .api(Method::DELETE, &remove)
        .json(&body)
        .send()
        .await
        .expect("answered");
    assert_eq!(error_of(again).await, (404, "tag_not_found".to_owned()));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn part_tags_are_shown_from_2_14_on() {
    let sandbox = sandbox().await;
    let path = format!("/conversations/{FIRST}");
    let whole = sandbox.get(&path).await;
    let part = whole["conversation_parts"]["conversation_parts"][1]["id"].clone();
    sandbox.tag(part.as_str()).await;
    let whole = sandbox.get(&path).await;
    let tagged = &whole["conversation_parts"]["conversation_parts"][1];
    assert_eq!(tagged["tags"][0]["id"], BUG);
    assert_eq!(whole["tags"]["tags"][0]["applied_by"]["id"], ADMIN);
    let old = sandbox
        .api(Method::GET, &path)
        .header("Intercom-Version", "2.10");
    let old: Value = old
        .send()
        .await
        .expect("answered")
        .json()
        .await
        .expect("json");
    assert!(
        old["conversation_parts"]["conversation_parts"][1]
            .get("tags")
            .is_none()
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn replies_redaction_and_deletion_change_the_conversation() {
    let sandbox = sandbox().await;
    let reply = |body: Value| {
        let path = format!("/conversations/{FIRST}/reply");
        let call = sandbox.api(Method::POST, &path).json(&body);
        async move { call.send().await.expect("answered") }
    };
    let note =
        json!({"message_type": "note", "type": "admin", "admin_id": 7_310_052, "body": "psst"});
    let whole: Value = reply(note).await.json().await.expect("json");
    let parts = whole["conversation_parts"]["conversation_parts"]
        .as_array()
        .expect("parts");
    let last = parts.last().expect("a part");
    assert_eq!(
        (&last["part_type"], &last["author"]["id"]),
        (&json!("note"), &json!("7310052"))
    );
    let contact = json!({"message_type": "comment", "type": "user", "email": "ines@osprey-freight.example",
        "body": "more"});
    assert_eq!(reply(contact).await.status(), 200);
    let stranger =
        json!({"message_type": "comment", "type": "user", "email": "x@y", "body": "more"});
    assert_eq!(error_of(reply(stranger).await).await.0, 404);

    let redact = json!({"type": "conversation_part", "conversation_id": FIRST,
        "conversation_part_id": last["id"]});
    let answer = sandbox
        .api(Method::POST, "/conversations/redact")
        .json(&redact)
        .send()
        .await;
    let whole: Value = answer.expect("answered").json().await.expect("json");
    let parts = whole["conversation_parts"]["conversation_parts"]
        .as_array()
        .expect("parts");
    let redacted = parts
        .iter()
        .find(|part| part["id"] == last["id"])
        .expect("the part");
    assert_eq!(redacted["redacted"], true);
    assert!(!redacted.to_string().contains("psst"));

    let path = format!("/conversations/{FIRST}");
    let gone: Value = sandbox
        .api(Method::DELETE, &path)
        .send()
        .await
        .expect("answered")
        .json()
        .await
        .expect("json");
    assert_eq!(
        gone,
        json!({"id": FIRST, "object": "conversation", "deleted": true})
    );
    let missing = sandbox
        .api(Method::GET, &path)
        .send()
        .await
        .expect("answered");
    assert_eq!(missing.status(), 404);
    sandbox.running.stop().await;
}
