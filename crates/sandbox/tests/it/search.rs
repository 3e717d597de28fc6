//! Search grammar over HTTP: fields, operators, limits, days, delay, sorting.

use crate::common::{BUG, CONTACT, NOW, Sandbox, sandbox, sandbox_with};
use earmark_sandbox::DEMO_APP_ID;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

async fn search(sandbox: &Sandbox, path: &str, query: &Value) -> Result<i64, u16> {
    let (status, value) = sandbox
        .call(Method::POST, path, "2.14", &json!({"query": query}))
        .await;
    match status {
        200 => Ok(value["total_count"].as_i64().expect("a count")),
        other => Err(other),
    }
}

fn is(field: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({"field": field, "operator": operator, "value": value.into()})
}

async fn prepared() -> Sandbox {
    let sandbox = sandbox().await;
    let seed = json!({"workspaces": [{"app_id": DEMO_APP_ID,
        "contacts": [{"id": "c1", "email": "c1@x.example", "role": "lead", "tags": [BUG],
            "companies": ["66e9d0c1b2a3948576605101"], "created_at": NOW - 500_000,
            "custom_attributes": {"seats": 12, "plan": "Gold", "beta": true},
            "profile": {"city": "Dublin"}, "owner_id": 7_310_044}],
        "segments": [{"id": "s1", "name": "Gold", "query":
            {"field": "custom_attributes.plan", "operator": "=", "value": "gold"}}]}]});
    sandbox.control("seed", seed).await;
    sandbox
}

#[tokio::test]
async fn each_kind_of_field_knows_its_operators() {
    let sandbox = prepared().await;
    for (query, found) in [
        (is("role", "=", "lead"), Ok(2)),
        (is("role", "!=", "lead"), Ok(5)),
        (is("email", "~", "x.EXAMPLE"), Ok(1)),
        (is("email", "!~", "x.example"), Ok(6)),
        (is("email", "^", "c1@"), Ok(1)),
        (is("email", "$", "x.example"), Ok(1)),
        (is("email", "IN", json!(["c1@x.example", "y"])), Ok(1)),
        (is("email", "NIN", json!(["c1@x.example"])), Ok(6)),
        (is("email", ">", "a"), Err(400)),
        (is("email", "=", json!(["a"])), Err(400)),
        (is("owner_id", "=", 7_310_044), Ok(1)),
        (is("owner_id", ">=", 7_310_044), Ok(1)),
        (is("owner_id", "~", 7), Err(400)),
        (is("tag_id", "=", BUG), Ok(1)),
        (is("tag_id", "!=", BUG), Ok(6)),
        (is("tag_id", "IN", json!([BUG])), Err(400)),
        (is("company_id", "=", "66e9d0c1b2a3948576605101"), Ok(3)),
        (is("segment_id", "=", "s1"), Ok(1)),
        (is("segment_id", "!=", "s1"), Ok(6)),
        (is("location.city", "=", "dublin"), Ok(1)),
        (is("custom_attributes.seats", ">", 11), Ok(1)),
        (is("custom_attributes.seats", "<=", 11), Ok(0)),
        (is("custom_attributes.seats", "=", "many"), Err(400)),
        (is("custom_attributes.beta", "=", true), Ok(1)),
        (is("custom_attributes.unknown", "=", 1), Err(400)),
        (is("unsubscribed_from_emails", "=", false), Ok(7)),
        (is("created_at", "=", NOW - 500_000), Ok(1)),
        (is("created_at", "!=", NOW), Err(400)),
        (is("created_at", ">=", NOW), Err(400)),
        (is("created_at", "IN", json!([NOW])), Err(400)),
        (is("created_at", ">", "foobar"), Err(400)),
        (json!({"operator": "AND", "value": []}), Err(400)),
        (json!([]), Err(400)),
    ] {
        assert_eq!(
            search(&sandbox, "/contacts/search", &query).await,
            found,
            "{query}"
        );
    }
    sandbox.running.stop().await;
}

#[tokio::test]
async fn conversations_are_searched_to_the_second_and_by_word() {
    let sandbox = sandbox().await;
    sandbox.tag(None).await;
    let path = "/conversations/search";
    let all = search(&sandbox, path, &is("created_at", "<=", NOW)).await;
    assert_eq!(all, Ok(8));
    for (query, found) in [
        (is("tag_ids", "IN", json!([BUG])), Ok(1)),
        (is("tag_ids", "NIN", json!([BUG])), Ok(7)),
        (is("tag_ids", "!=", Value::Null), Ok(1)),
        (is("updated_at", "=", NOW), Ok(1)),
        (is("updated_at", ">=", NOW), Ok(1)),
        (is("updated_at", "IN", json!([NOW, 5])), Ok(1)),
        (is("contact_ids", "=", CONTACT), Ok(2)),
        (is("state", "=", "open"), Ok(8)),
        (is("source.body", "~", "Mailbox"), Ok(1)),
        (is("source.body", "~", "a mailbox"), Ok(0)),
        (is("statistics.count_conversation_parts", ">", 1), Ok(8)),
        (is("source.author.type", "=", "user"), Ok(7)),
        (is("nothing", "=", 1), Err(400)),
    ] {
        assert_eq!(search(&sandbox, path, &query).await, found, "{query}");
    }
    sandbox.running.stop().await;
}

#[tokio::test]
async fn an_interval_of_days_is_the_union_of_after_and_on_the_day() {
    let sandbox = prepared().await;
    let day = NOW - 500_000;
    let query = json!({"operator": "OR", "value": [
        is("created_at", ">", day), is("created_at", "=", day)]});
    assert_eq!(search(&sandbox, "/contacts/search", &query).await, Ok(2));
    let both = json!({"operator": "AND", "value": [query, is("role", "=", "lead")]});
    assert_eq!(search(&sandbox, "/contacts/search", &both).await, Ok(2));
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_new_contact_is_searchable_after_the_delay_and_listed_at_once() {
    let sandbox = sandbox_with(|options| options.search_delay = Duration::from_secs(120)).await;
    let query = is("email", "=", "new@x.example");
    sandbox
        .post("/contacts", json!({"email": "new@x.example"}))
        .await;
    for (later, found) in [(0, 0), (119, 0), (120, 1)] {
        sandbox.clock.store(NOW + later, Ordering::SeqCst);
        assert_eq!(
            search(&sandbox, "/contacts/search", &query).await,
            Ok(found),
            "{later}"
        );
    }
    assert_eq!(sandbox.get("/contacts").await["total_count"], 7);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn results_are_sorted_both_ways_and_paged_while_things_change() {
    let sandbox = sandbox().await;
    let body = |order: &str, after: &Value| {
        json!({"query": is("role", "=", "user"), "sort": {"field": "created_at", "order": order},
            "pagination": {"per_page": 2, "starting_after": after}})
    };
    let mut orders = Vec::new();
    for order in ["ascending", "descending"] {
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = sandbox.post("/contacts/search", body(order, &after)).await;
            for one in page["data"].as_array().expect("a list") {
                seen.push(one["created_at"].as_i64().expect("a time"));
            }
            // A change between pages must not shift them.
            let path = format!("/contacts/{CONTACT}");
            let change = json!({"phone": seen.len().to_string()});
            sandbox.call(Method::PUT, &path, "2.14", &change).await;
            after = page["pages"]["next"]["starting_after"].clone();
            if after.is_null() {
                break;
            }
        }
        orders.push(seen);
    }
    assert_eq!(orders[0].len(), 5);
    assert!(orders[0].is_sorted());
    orders[1].reverse();
    assert_eq!(orders[0], orders[1]);
    let bad = json!({"query": is("role", "=", "user"), "sort": {"field": "id", "order": "up"}});
    let refused = sandbox
        .refused(Method::POST, "/contacts/search", "2.14", bad)
        .await;
    assert_eq!(refused, (400, "invalid_sort_order".to_owned()));
    sandbox.running.stop().await;
}
