//! Workspaces made up from a number, and large ones.

use crate::common::{NOW, Sandbox, sandbox_with};
use earmark_sandbox::Generate;
use serde_json::{Value, json};
use std::collections::HashSet;

async fn generated(contacts: u32, conversations: u32) -> Sandbox {
    sandbox_with(|options| {
        options.rate = 1_000_000;
        options.generate = Generate {
            contacts,
            companies: contacts / 10,
            conversations,
        };
    })
    .await
}

#[tokio::test]
async fn the_same_numbers_make_the_same_workspace() {
    let (one, two) = (generated(1200, 30).await, generated(1200, 30).await);
    assert!(one.look("state").await == two.look("state").await);
    let count = |query: Value| {
        let body = json!({"query": query});
        async { one.post("/contacts/search", body).await["total_count"].as_i64() }
    };
    let busy = json!({"field": "created_at", "operator": "=", "value": NOW - 400 * 86_400});
    let busy = count(busy).await.expect("a count");
    assert!((150..=300).contains(&busy), "{busy}");
    let leads = json!({"field": "role", "operator": "=", "value": "lead"});
    assert!(count(leads).await.expect("a count") > 60);
    let old = json!({"field": "created_at", "operator": "<", "value": NOW - 2 * 365 * 86_400});
    assert!(count(old).await.expect("a count") > 200);
    let segments = one.get("/segments").await;
    let active = json!({"field": "segment_id", "operator": "=",
        "value": segments["segments"][0]["id"]});
    assert!(count(active).await.expect("a count") > 10);
    one.running.stop().await;
    two.running.stop().await;
}

#[tokio::test]
async fn every_contact_is_listed_and_searched_once() {
    let sandbox = generated(2000, 0).await;
    let (mut listed, mut searched) = (HashSet::new(), HashSet::new());
    let take = |to: &mut HashSet<String>, page: &Value| {
        for one in page["data"].as_array().expect("a list") {
            assert!(to.insert(one["id"].as_str().expect("an id").to_owned()));
        }
        page["pages"]["next"]["starting_after"].clone()
    };
    let mut after = String::new();
    loop {
        let page = sandbox
            .get(&format!("/contacts?per_page=150&starting_after={after}"))
            .await;
        match take(&mut listed, &page).as_str() {
            Some(next) => after = next.replace('+', "%2B").replace('=', "%3D"),
            None => break,
        }
    }
    let mut after = Value::Null;
    loop {
        let page = sandbox
            .post(
                "/contacts/search",
                json!({"query": {"field": "created_at", "operator": ">", "value": 0},
                    "sort": {"field": "created_at", "order": "descending"},
                    "pagination": {"per_page": 150, "starting_after": after}}),
            )
            .await;
        after = take(&mut searched, &page);
        if after.is_null() {
            break;
        }
    }
    assert_eq!(listed.len(), 2006);
    assert_eq!(listed, searched);
    sandbox.running.stop().await;
}
