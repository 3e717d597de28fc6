//! Contacts: create, change, archive, merge, delete, and the lists of one contact.

use crate::common::{CONTACT, NOW, Sandbox, endpoint, sandbox};
use earmark_sandbox::DEMO_APP_ID;
use reqwest::Method;
use serde_json::{Value, json};

/// What the orders of one test tell, sorted.
const TOLD: [&str; 18] = [
    "company.contact.attached",
    "company.contact.detached",
    "company.created",
    "company.deleted",
    "company.updated",
    "contact.archived",
    "contact.deleted",
    "contact.email.updated",
    "contact.lead.added_email",
    "contact.lead.created",
    "contact.lead.tag.created",
    "contact.lead.updated",
    "contact.merged",
    "contact.unarchived",
    "contact.user.tag.created",
    "contact.user.tag.deleted",
    "contact.user.updated",
    "contact.user.updated",
];
const VIP: &str = "9182734";

async fn id_of(sandbox: &Sandbox, body: Value) -> String {
    let contact = sandbox.post("/contacts", body).await;
    contact["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_contact_is_made_changed_and_deleted() {
    let sandbox = sandbox().await;
    let made = sandbox
        .post(
            "/contacts",
            json!({"email": "new@x.example", "external_id": "77", "name": "Nia", "owner_id": 7_310_044,
                "signed_up_at": NOW - 5, "unsubscribed_from_emails": true}),
        )
        .await;
    assert_eq!(
        (&made["role"], &made["owner_id"]),
        (&json!("user"), &json!(7_310_044))
    );
    assert_eq!(made["email_domain"], "x.example");
    let id = made["id"].as_str().expect("an id");
    let path = format!("/contacts/{id}");
    let (status, new) = sandbox.call(Method::GET, &path, "2.16", &Value::Null).await;
    assert_eq!((status, &new["owner_id"]), (200, &json!("7310044")));
    let change = json!({"name": null, "phone": "+353 1"});
    let (status, changed) = sandbox.call(Method::PUT, &path, "2.14", &change).await;
    assert_eq!(
        (status, &changed["name"], &changed["phone"]),
        (200, &Value::Null, &json!("+353 1"))
    );
    let found = sandbox.get("/contacts/find_by_external_id/77").await;
    assert_eq!(found["id"], id);
    let old = sandbox
        .refused(
            Method::GET,
            "/contacts/find_by_external_id/77",
            "2.10",
            Value::Null,
        )
        .await;
    assert_eq!(old.0, 404);
    let (_, gone) = sandbox
        .call(Method::DELETE, &path, "2.14", &Value::Null)
        .await;
    assert_eq!(
        gone,
        json!({"type": "contact", "id": id, "external_id": "77", "deleted": true})
    );
    for version in ["2.14", "2.16"] {
        let missing = sandbox
            .refused(Method::GET, &path, version, Value::Null)
            .await;
        assert_eq!(missing, (404, "not_found".to_owned()));
    }
    sandbox.running.stop().await;
}

#[tokio::test]
async fn what_does_not_do_is_refused_and_named() {
    let sandbox = sandbox().await;
    id_of(
        &sandbox,
        json!({"email": "one@x.example", "external_id": "1"}),
    )
    .await;
    for (body, status, code) in [
        (json!({"name": "nobody"}), 400, "parameter_not_found"),
        (json!({"role": "visitor"}), 400, "parameter_invalid"),
        (json!({"email": "no address"}), 400, "parameter_invalid"),
        (json!({"email": ["x@x.example"]}), 400, "parameter_invalid"),
        (
            json!({"role": "user", "signed_up_at": "soon"}),
            400,
            "parameter_invalid",
        ),
        (
            json!({"role": "user", "custom_attributes": {"unheard_of": 1}}),
            400,
            "parameter_invalid",
        ),
        (json!({"email": "ONE@x.example"}), 409, "conflict"),
        (json!({"external_id": "1"}), 409, "conflict"),
    ] {
        let refused = sandbox
            .refused(Method::POST, "/contacts", "2.14", body.clone())
            .await;
        assert_eq!(refused, (status, code.to_owned()), "{body}");
    }
    // Leads may share an address with anybody.
    id_of(&sandbox, json!({"role": "lead", "email": "one@x.example"})).await;
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_conflict_names_the_other_contact_in_its_text() {
    let sandbox = sandbox().await;
    let id = id_of(&sandbox, json!({"email": "one@x.example"})).await;
    let again = json!({"email": "one@x.example"});
    let message = |value: &Value| {
        value["errors"][0]["message"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let (_, error) = sandbox
        .call(Method::POST, "/contacts", "2.14", &again)
        .await;
    assert_eq!(
        message(&error),
        format!("A contact matching those details already exists with id={id}")
    );
    sandbox
        .post(&format!("/contacts/{id}/archive"), Value::Null)
        .await;
    let (_, error) = sandbox
        .call(Method::POST, "/contacts", "2.14", &again)
        .await;
    assert_eq!(
        message(&error),
        format!("An archived contact matching those details already exists with id={id}")
    );
    sandbox.running.stop().await;
}

#[tokio::test]
async fn an_archived_contact_is_neither_listed_nor_found_but_answers() {
    let sandbox = sandbox().await;
    let archived = sandbox
        .post(&format!("/contacts/{CONTACT}/archive"), Value::Null)
        .await;
    assert_eq!(archived["archived"], true);
    assert_eq!(sandbox.get("/contacts").await["total_count"], 5);
    let query = json!({"query": {"field": "id", "operator": "=", "value": CONTACT}});
    assert_eq!(
        sandbox.post("/contacts/search", query.clone()).await["total_count"],
        0
    );
    assert_eq!(
        sandbox.get(&format!("/contacts/{CONTACT}")).await["id"],
        CONTACT
    );
    let back = sandbox
        .post(&format!("/contacts/{CONTACT}/unarchive"), Value::Null)
        .await;
    assert_eq!(back["archived"], false);
    assert_eq!(
        sandbox.post("/contacts/search", query).await["total_count"],
        1
    );
    let blocked = sandbox
        .post(&format!("/contacts/{CONTACT}/block"), Value::Null)
        .await;
    assert_eq!(blocked["blocked"], true);
    assert_eq!(sandbox.get("/contacts").await["total_count"], 5);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn a_merged_contact_is_gone_with_a_link_from_2_16_on() {
    let sandbox = sandbox().await;
    let lead = id_of(&sandbox, json!({"role": "lead", "email": "l@x.example"})).await;
    let user = id_of(&sandbox, json!({"email": "u@x.example"})).await;
    sandbox
        .post(&format!("/contacts/{lead}/tags"), json!({"id": VIP}))
        .await;
    sandbox
        .post(&format!("/contacts/{lead}/notes"), json!({"body": "hello"}))
        .await;
    let begun = json!({"from": {"type": "lead", "id": lead}, "body": "Hi"});
    let begun = sandbox.post("/conversations", begun).await;
    let merge = json!({"from": lead, "into": user});
    let strangers = sandbox
        .refused(Method::POST, "/contacts/merge", "2.16", merge.clone())
        .await;
    assert_eq!(strangers, (400, "invalid_merge".to_owned()));
    let wrong_way = json!({"from": user, "into": lead});
    let wrong_way = sandbox
        .refused(Method::POST, "/contacts/merge", "2.14", wrong_way)
        .await;
    assert_eq!(wrong_way, (400, "parameter_invalid".to_owned()));
    let left = sandbox.post("/contacts/merge", merge).await;
    assert_eq!(left["id"], user.as_str());
    assert_eq!(left["tags"]["data"][0]["id"], VIP);
    assert_eq!(left["notes"]["total_count"], 1);
    let id = begun["conversation_id"].as_str().expect("an id");
    let conversation = sandbox.get(&format!("/conversations/{id}")).await;
    assert_eq!(conversation["contacts"]["contacts"][0]["id"], user.as_str());

    let path = format!("/contacts/{lead}");
    let old = sandbox
        .refused(Method::GET, &path, "2.14", Value::Null)
        .await;
    assert_eq!(old, (404, "not_found".to_owned()));
    let new = sandbox
        .api(Method::GET, &path)
        .header("Intercom-Version", "2.16");
    let new = new.send().await.expect("answered");
    assert_eq!(
        new.headers()["link"].to_str().expect("text"),
        format!("</contacts/{user}>; rel=\"canonical\"")
    );
    assert_eq!(
        crate::common::error_of(new).await,
        (410, "contact_merged".to_owned())
    );
    let history = format!("/contacts/{user}/merge_history");
    let (_, history) = sandbox
        .call(Method::GET, &history, "2.16", &Value::Null)
        .await;
    assert_eq!(history["data"][0]["source_contact_id"], lead.as_str());

    // A chain of merges leads to its end; a trail that ends at a deleted contact leads nowhere.
    let order = |body: Value| sandbox.control("contacts/merge", body);
    order(json!({"app_id": DEMO_APP_ID, "contact": user, "into": CONTACT})).await;
    let (status, _) = sandbox.call(Method::GET, &path, "2.16", &Value::Null).await;
    assert_eq!(status, 410);
    let body = json!({"app_id": DEMO_APP_ID, "contact": CONTACT});
    sandbox.control("contacts/delete", body).await;
    let (status, _) = sandbox.call(Method::GET, &path, "2.16", &Value::Null).await;
    assert_eq!(status, 404);
    sandbox.running.stop().await;
}

#[tokio::test]
async fn the_lists_of_a_contact_are_cut_at_ten_and_have_calls_of_their_own() {
    let sandbox = sandbox().await;
    for number in 0..12 {
        let tag = sandbox
            .post("/tags", json!({"name": format!("t{number}")}))
            .await;
        sandbox
            .post(
                &format!("/contacts/{CONTACT}/tags"),
                json!({"id": tag["id"]}),
            )
            .await;
        let own = format!("own-{number}");
        let company = sandbox
            .post("/companies", json!({"company_id": own, "name": own}))
            .await;
        let attach = json!({"id": company["id"]});
        sandbox
            .post(&format!("/contacts/{CONTACT}/companies"), attach)
            .await;
    }
    let contact = sandbox.get(&format!("/contacts/{CONTACT}")).await;
    for (list, total) in [("tags", 12), ("companies", 13)] {
        let shown = &contact[list];
        assert_eq!(shown["data"].as_array().map(Vec::len), Some(10));
        assert_eq!(
            (&shown["total_count"], &shown["has_more"]),
            (&json!(total), &json!(true))
        );
        let all = sandbox.get(shown["url"].as_str().expect("a url")).await;
        assert_eq!(all["data"].as_array().map(Vec::len), Some(total));
    }
    let small = sandbox
        .get(&format!("/contacts/{CONTACT}/companies?per_page=5&page=3"))
        .await;
    assert_eq!(small["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(small["companies"], small["data"], "what the SDKs read");
    sandbox.running.stop().await;
}

#[tokio::test]
async fn tags_companies_and_subscriptions_come_and_go() {
    let sandbox = sandbox().await;
    let seed = json!({"workspaces": [{"app_id": DEMO_APP_ID,
        "subscription_types": [{"id": "31", "name": "News", "opt_in": true}],
        "segments": [{"id": "s1", "name": "Users", "query":
            {"field": "role", "operator": "=", "value": "user"}}]}]});
    sandbox.control("seed", seed).await;
    let base = format!("/contacts/{CONTACT}");
    let unknown = |path: &'static str, body: Value| {
        let path = format!("{base}/{path}");
        let sandbox = &sandbox;
        async move { sandbox.refused(Method::POST, &path, "2.14", body).await }
    };
    assert_eq!(
        unknown("tags", json!({"id": "1"})).await,
        (404, "not_found".to_owned())
    );
    assert_eq!(
        unknown("companies", json!({"id": "1"})).await,
        (404, "company_not_found".to_owned())
    );
    assert_eq!(
        unknown("companies", json!({})).await,
        (400, "parameter_not_found".to_owned())
    );
    let choice = json!({"id": "31", "consent_type": "opt_in"});
    sandbox.post(&format!("{base}/subscriptions"), choice).await;
    let chosen = sandbox.get(&format!("{base}/subscriptions")).await;
    assert_eq!(chosen["data"][0]["consent_type"], "opt_in");
    let (status, _) = sandbox
        .call(
            Method::DELETE,
            &format!("{base}/subscriptions/31"),
            "2.14",
            &Value::Null,
        )
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        sandbox.get(&format!("{base}/subscriptions")).await["data"],
        json!([])
    );
    let segments = sandbox.get(&format!("{base}/segments")).await;
    assert_eq!(segments["data"][0]["id"], "s1");
    let counted = sandbox.get("/segments?include_count=true").await;
    assert_eq!(counted["segments"][0]["count"], 5);

    sandbox.running.stop().await;
}

#[tokio::test]
async fn what_was_attached_can_be_detached_once() {
    let sandbox = sandbox().await;
    let base = format!("/contacts/{CONTACT}");
    sandbox
        .post(&format!("{base}/tags"), json!({"id": VIP}))
        .await;
    let untag = format!("{base}/tags/{VIP}");
    let (status, _) = sandbox
        .call(Method::DELETE, &untag, "2.14", &Value::Null)
        .await;
    assert_eq!(status, 200);
    let again = sandbox
        .refused(Method::DELETE, &untag, "2.14", Value::Null)
        .await;
    assert_eq!(again.0, 404);
    let company = sandbox.get(&format!("{base}/companies")).await["data"][0]["id"].clone();
    let detach = format!("{base}/companies/{}", company.as_str().expect("an id"));
    let (status, _) = sandbox
        .call(Method::DELETE, &detach, "2.14", &Value::Null)
        .await;
    assert_eq!(status, 200);
    assert_eq!(
        sandbox.get(&format!("{base}/companies")).await["total_count"],
        0
    );
    let note = sandbox
        .post(
            &format!("{base}/notes"),
            json!({"body": "call back", "admin_id": "7310044"}),
        )
        .await;
    assert_eq!(note["author"]["id"], "7310044");
    let note = format!("/notes/{}", note["id"].as_str().expect("an id"));
    assert_eq!(sandbox.get(&note).await["body"], "<p>call back</p>");
    sandbox.running.stop().await;
}

#[tokio::test]
async fn each_change_tells_its_topics() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    let app = |more: Value| {
        let mut body = json!({"app_id": DEMO_APP_ID, "contact": CONTACT});
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        body
    };
    let lead = app(json!({"fields": {"role": "lead"}}));
    let lead = sandbox.control("contacts/create", lead).await["contact"].clone();
    let of_lead = |more: Value| {
        let mut body = app(more);
        body["contact"] = lead.clone();
        body
    };
    let company = app(json!({"fields": {"company_id": "acme", "name": "Acme"}}));
    let company = sandbox.control("companies/put", company).await["company"].clone();
    let orders = [
        (
            "contacts/update",
            app(json!({"fields": {"email": "other@x.example"}})),
        ),
        (
            "contacts/update",
            of_lead(json!({"fields": {"email": "l@x.example"}})),
        ),
        ("contacts/tag", app(json!({"tag": "vip"}))),
        ("contacts/untag", app(json!({"tag": "vip"}))),
        ("contacts/tag", of_lead(json!({"tag": "vip"}))),
        ("contacts/attach", app(json!({"company": company}))),
        ("contacts/detach", app(json!({"company": company}))),
        (
            "companies/update",
            app(json!({"company": company, "fields": {"size": 4}})),
        ),
        ("companies/delete", app(json!({"company": company}))),
        ("contacts/archive", app(json!({}))),
        ("contacts/unarchive", app(json!({}))),
        ("contacts/merge", of_lead(json!({"into": CONTACT}))),
        ("contacts/delete", app(json!({}))),
    ];
    for (order, body) in orders {
        sandbox.control(order, body).await;
        sandbox.settle().await;
    }
    let mut heard = endpoint.topics();
    heard.sort();
    assert_eq!(heard, TOLD);
    sandbox.running.stop().await;
    endpoint.stop().await;
}

#[tokio::test]
async fn webhooks_of_people_have_their_own_shapes() {
    let (sandbox, mut endpoint) = (sandbox().await, endpoint(&[]).await);
    sandbox.subscribe(&endpoint).await;
    let order = |path: &'static str, more: Value| {
        let mut body = json!({"app_id": DEMO_APP_ID, "contact": CONTACT});
        for (key, value) in more.as_object().expect("an object") {
            body[key] = value.clone();
        }
        sandbox.control(path, body)
    };
    order("contacts/tag", json!({"tag": "vip"})).await;
    let item = endpoint.next().await.body["data"]["item"].clone();
    assert_eq!(
        (&item["type"], &item["tag"]["id"]),
        (&json!("contact_tag"), &json!(VIP))
    );
    assert_eq!(item["created_at"], NOW);
    assert!(
        item["contact"]["created_at"]
            .as_str()
            .expect("ISO")
            .ends_with("+00:00")
    );

    let company =
        sandbox.get(&format!("/contacts/{CONTACT}/companies")).await["data"][0]["id"].clone();
    order("contacts/detach", json!({"company": company})).await;
    let item = endpoint.next().await.body["data"]["item"].clone();
    assert!(item.get("type").is_none() && item["company"].get("plan_id").is_some());
    for absent in ["plan", "size", "website", "industry"] {
        assert!(item["company"].get(absent).is_none(), "{absent}");
    }
    assert_eq!(item["contact"]["id"], CONTACT);

    order("contacts/archive", json!({})).await;
    let item = endpoint.next().await.body["data"]["item"].clone();
    assert_eq!(item.as_object().map(serde_json::Map::len), Some(4));
    assert_eq!(item["archived"], true);
    order("companies/delete", json!({"company": company})).await;
    let item = endpoint.next().await.body["data"]["item"].clone();
    assert_eq!(
        item,
        json!({"id": company, "type": "company", "deleted": true})
    );
    sandbox.running.stop().await;
    endpoint.stop().await;
}
