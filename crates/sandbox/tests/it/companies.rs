//! Companies: list, scroll, find, change, delete, members, tags.

use crate::common::{CONTACT, NOW, Sandbox, sandbox, sandbox_with};
use earmark_sandbox::{DEMO_APP_ID, Generate};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

async fn many() -> Sandbox {
    sandbox_with(|options| {
        options.generate = Generate {
            contacts: 300,
            companies: 250,
            conversations: 0,
        };
        options.rate = 1_000_000;
    })
    .await
}

#[tokio::test]
async fn a_scroll_gives_every_company_once_and_ends_empty() {
    let sandbox = many().await;
    let mut seen = Vec::new();
    let mut path = "/companies/scroll".to_owned();
    loop {
        let page = sandbox.get(&path).await;
        assert_eq!(
            (&page["pages"], &page["total_count"]),
            (&Value::Null, &Value::Null)
        );
        let data = page["data"].as_array().expect("a list").clone();
        if data.is_empty() {
            break;
        }
        seen.extend(
            data.iter()
                .map(|one| one["id"].as_str().expect("an id").to_owned()),
        );
        let param = page["scroll_param"].as_str().expect("a parameter");
        path = format!("/companies/scroll?scroll_param={param}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 254);
    // The end closed it.
    let spent = sandbox
        .refused(Method::GET, &path, "2.14", Value::Null)
        .await;
    assert_eq!(spent, (404, "not_found".to_owned()));
    sandbox.get("/companies/scroll").await;
    sandbox.running.stop().await;
}

#[tokio::test]
async fn one_scroll_is_open_at_a_time_and_a_minute_ends_it() {
    let sandbox = many().await;
    let first = sandbox.get("/companies/scroll").await;
    let again = sandbox
        .refused(Method::GET, "/companies/scroll", "2.14", Value::Null)
        .await;
    assert_eq!(again, (400, "scroll_exists".to_owned()));
    // Another app of the workspace has a scroll of its own.
    let other = json!({"workspaces": [{"app_id": DEMO_APP_ID, "apps": [
        {"name": "other", "token": "other-token", "client_secret": "s"}]}]});
    sandbox.control("seed", other).await;
    let other = sandbox
        .request(Method::GET, "/companies/scroll")
        .bearer_auth("other-token")
        .header("Accept", "application/json");
    assert_eq!(other.send().await.expect("answered").status(), 200);
    let path = format!(
        "/companies/scroll?scroll_param={}",
        first["scroll_param"].as_str().expect("a parameter")
    );
    sandbox.clock.store(NOW + 60, Ordering::SeqCst);
    sandbox.get(&path).await;
    sandbox.clock.store(NOW + 121, Ordering::SeqCst);
    let late = sandbox
        .refused(Method::GET, &path, "2.14", Value::Null)
        .await;
    assert_eq!(late, (404, "not_found".to_owned()));
    assert_eq!(
        sandbox.get("/companies/scroll").await["data"]
            .as_array()
            .map(Vec::len),
        Some(100)
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn the_list_hides_companies_without_users_and_ends_with_an_empty_page() {
    let sandbox = many().await;
    sandbox
        .post(
            "/companies",
            json!({"company_id": "lonely", "name": "Lonely"}),
        )
        .await;
    let mut seen = 0;
    let mut last = i64::MAX;
    for page in 1.. {
        let path = format!("/companies/list?per_page=60&page={page}");
        let answer = sandbox.post(&path, Value::Null).await;
        let data = answer["data"].as_array().expect("a list");
        if data.is_empty() {
            assert_eq!(answer["pages"]["next"], Value::Null);
            break;
        }
        for one in data {
            let at = one["last_request_at"].as_i64().unwrap_or(0);
            assert!(at <= last && one["company_id"] != "lonely");
            last = at;
        }
        seen += data.len();
    }
    assert!(seen > 200, "{seen}");
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_company_is_made_found_changed_and_deleted() {
    let sandbox = sandbox().await;
    let body = json!({"company_id": "acme", "name": "Acme", "plan": "Gold", "size": 8,
        "custom_attributes": {"tier": "a"}});
    let made = sandbox.post("/companies", body).await;
    let id = made["id"].as_str().expect("an id");
    assert_eq!(made["plan"]["name"], "Gold");
    let again = sandbox
        .post("/companies", json!({"company_id": "acme", "size": 9}))
        .await;
    assert_eq!((&again["id"], &again["size"]), (&json!(id), &json!(9)));
    for query in ["company_id=acme", "name=Acme"] {
        assert_eq!(sandbox.get(&format!("/companies?{query}")).await["id"], id);
    }
    let path = format!("/companies/{id}");
    let change = json!({"company_id": "other", "website": "https://acme.example"});
    let (_, changed) = sandbox.call(Method::PUT, &path, "2.14", &change).await;
    assert_eq!(changed["company_id"], "acme");
    assert_eq!(changed["website"], "https://acme.example");
    sandbox
        .post(&format!("/contacts/{CONTACT}/companies"), json!({"id": id}))
        .await;
    let members = sandbox.get(&format!("{path}/contacts")).await;
    assert_eq!(
        (&members["total_count"], &members["data"][0]["id"]),
        (&json!(1), &json!(CONTACT))
    );
    assert_eq!(
        sandbox.get(&format!("{path}/segments")).await["data"],
        json!([])
    );

    let noted = json!({"body": "renews in May"});
    let notes = format!("{path}/notes");
    let early = sandbox
        .refused(Method::POST, &notes, "2.15", noted.clone())
        .await;
    assert_eq!(early.0, 404);
    let (status, _) = sandbox.call(Method::POST, &notes, "2.16", &noted).await;
    assert_eq!(status, 200);
    let (_, listed) = sandbox
        .call(Method::GET, &notes, "2.15", &Value::Null)
        .await;
    assert_eq!(listed["total_count"], 1);

    let (_, gone) = sandbox
        .call(Method::DELETE, &path, "2.14", &Value::Null)
        .await;
    assert_eq!(
        gone,
        json!({"id": id, "object": "company", "deleted": true})
    );
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let missing = sandbox.refused(method, &path, "2.14", json!({})).await;
        assert_eq!(missing, (404, "company_not_found".to_owned()));
    }
    sandbox.running.stop().await;
}

#[tokio::test]
async fn one_endpoint_makes_renames_and_applies_tags() {
    let sandbox = sandbox().await;
    let tag = sandbox.post("/tags", json!({"name": "Gold"})).await;
    assert_eq!(
        sandbox.post("/tags", json!({"name": "gold"})).await["id"],
        tag["id"]
    );
    let renamed = json!({"name": "Silver", "id": tag["id"]});
    assert_eq!(sandbox.post("/tags", renamed).await["name"], "Silver");
    let companies = json!([{"company_id": "lumen-dental"}]);
    sandbox
        .post("/tags", json!({"name": "silver", "companies": companies}))
        .await;
    let path = "/companies?company_id=lumen-dental";
    assert_eq!(sandbox.get(path).await["tags"]["tags"][0]["id"], tag["id"]);
    let tagged = format!("/companies?tag_id={}", tag["id"].as_str().expect("an id"));
    assert_eq!(sandbox.get(&tagged).await["total_count"], 1);
    let off = json!([{"company_id": "lumen-dental", "untag": true}]);
    sandbox
        .post("/tags", json!({"name": "silver", "companies": off}))
        .await;
    assert_eq!(sandbox.get(path).await["tags"]["tags"], json!([]));
    sandbox
        .post(
            "/tags",
            json!({"name": "silver", "users": [{"id": CONTACT}]}),
        )
        .await;
    let contact = sandbox.get(&format!("/contacts/{CONTACT}/tags")).await;
    assert_eq!(contact["data"][0]["id"], tag["id"]);
    for (body, status, code) in [
        (json!({}), 400, "parameter_invalid"),
        (
            json!({"name": "x", "companies": [{"id": "0"}]}),
            404,
            "company_not_found",
        ),
        (
            json!({"name": "x", "users": [{"id": "0"}]}),
            404,
            "not_found",
        ),
        (
            json!({"name": "VIP", "id": tag["id"]}),
            400,
            "parameter_invalid",
        ),
    ] {
        let refused = sandbox.refused(Method::POST, "/tags", "2.14", body).await;
        assert_eq!(refused, (status, code.to_owned()));
    }

    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_tag_that_a_segment_depends_on_stays() {
    let sandbox = sandbox().await;
    let tag = sandbox.post("/tags", json!({"name": "Silver"})).await;
    let segment = json!({"workspaces": [{"app_id": DEMO_APP_ID, "segments": [
        {"name": "Silver people", "query": {"field": "tag_id", "operator": "=", "value": tag["id"]}}]}]});
    let path = format!("/tags/{}", tag["id"].as_str().expect("an id"));
    sandbox.control("seed", segment).await;
    let kept = sandbox
        .refused(Method::DELETE, &path, "2.14", Value::Null)
        .await;
    assert_eq!(kept, (400, "tag_has_dependent_objects".to_owned()));
    let (status, _) = sandbox
        .call(Method::DELETE, "/tags/9182732", "2.14", &Value::Null)
        .await;
    assert_eq!(status, 200);
    sandbox.running.stop().await;
}
