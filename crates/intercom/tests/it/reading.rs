//! What is read from an answer: nothing known is lost, nothing unknown is an error.

use earmark_intercom::{Client, ContactRole, Order};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::{Fixed, client, quick};

async fn giving(answer: Value) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let client = client(&server, quick(), &Fixed::new());
    (server, client)
}

#[tokio::test]
async fn a_contact_in_either_date_form() {
    for date in [json!(1_795_000_000), json!("2026-11-18T11:06:40.000Z")] {
        let (_server, client) = giving(json!({
            "type": "contact", "id": "c1", "role": "user", "external_id": 77, "owner_id": 7, "avatar":
            {"type": "avatar", "image_url": "https://a.example/m.png"}, "last_seen_at": date, "updated_at": date,
            "location": {"country": "Norway", "city": null}, "custom_attributes": {"tier": "gold"},
            "tags": {"data": [{"id": 5}], "has_more": true, "total_count": 12},
            "companies": {"data": [{"id": "k1"}], "has_more": false, "total_count": 1},
            "os": "Linux", "social_profiles": {"data": []},
        }))
        .await;
        let contact = client.contact("c1").await.unwrap();
        assert_eq!(contact.role, Some(ContactRole::User));
        assert_eq!(contact.external_id.as_deref(), Some("77"));
        assert_eq!(contact.owner_id.as_deref(), Some("7"));
        assert_eq!(contact.avatar.as_deref(), Some("https://a.example/m.png"));
        assert_eq!(contact.last_seen_at.unwrap().timestamp(), 1_795_000_000);
        assert_eq!((contact.tags_total, contact.more_tags), (Some(12), true));
        assert_eq!(
            (contact.companies_total, contact.more_companies),
            (Some(1), false)
        );
        assert_eq!(contact.location.unwrap().country.as_deref(), Some("Norway"));
        let kept: Vec<_> = contact.other.keys().map(String::as_str).collect();
        assert_eq!(kept, ["os", "social_profiles"]);
    }
    let (_server, client) = giving(json!({"id": "c1", "role": "partner"})).await;
    let contact = client.contact("c1").await.unwrap();
    assert_eq!(
        (contact.role, &contact.other["role"]),
        (None, &json!("partner"))
    );
}

#[tokio::test]
async fn a_company_with_all_it_has() {
    let (_server, client) = giving(json!({"data": [{
        "type": "company", "id": "k1", "company_id": "acme", "plan": {"id": 9, "name": "Pro"}, "size": 40,
        "monthly_spend": 12.5, "session_count": 3, "user_count": "4", "industry": "Tools",
        "segments": {"segments": [{"id": "s1"}]}, "tags": {"tags": [{"id": "t1", "name": "vip"}]},
        "custom_attributes": {"a": 1}, "app_id": "x",
    }, {"name": "no id"}], "pages": {"page": 1, "total_pages": 1}, "total_count": 2}))
    .await;
    let page = client.companies(Order::Descending).page().await.unwrap();
    assert_eq!((page.unreadable, page.total, page.next), (1, Some(2), None));
    let company = &page.items[0];
    assert_eq!(
        (company.plan.as_deref(), company.plan_id.as_deref()),
        (Some("Pro"), Some("9"))
    );
    assert_eq!(
        (
            company.monthly_spend,
            company.user_count,
            company.session_count
        ),
        (Some(12.5), Some(4), Some(3))
    );
    assert_eq!(
        (
            company.segments[0].id.as_str(),
            company.tags[0].name.as_deref()
        ),
        ("s1", Some("vip"))
    );
    assert_eq!(company.other.keys().collect::<Vec<_>>(), ["app_id"]);
    let one = json!({"id": "k2", "company_id": "b"});
    for answer in [one.clone(), json!({"type": "list", "data": [one]})] {
        let (_server, client) = giving(answer).await;
        assert_eq!(client.company_by_company_id("b").await.unwrap().id, "k2");
    }
}

#[tokio::test]
async fn a_ticket_of_every_version() {
    let old = json!({"id": "5", "ticket_id": "81", "ticket_state": "in_progress", "admin_assignee_id": "0",
        "contacts": {"contacts": [{"id": "c1"}]}, "ticket_attributes": {"_default_title_": "T"}});
    let new = json!({"id": 5, "ticket_id": 81, "ticket_state": {"id": "3", "category": "in_progress"},
        "admin_assignee_id": 0, "ticket_type": {"id": "12", "ticket_type_attributes": {"data": [{"name": "a"}]}},
        "contacts": {"contacts": [{"id": "c1"}]}, "ticket_attributes": {"_default_title_": "T"},
        "ticket_parts": {"ticket_parts": [{"id": 6, "part_type": "note", "body": "<p>x</p>"}]}, "odd": [1]});
    for (answer, state_id) in [(old, None), (new, Some("3"))] {
        let (_server, client) = giving(answer).await;
        let ticket = client.ticket("5").await.unwrap();
        assert_eq!(
            (ticket.id.as_str(), ticket.number.as_deref()),
            ("5", Some("81"))
        );
        let state = ticket.state.unwrap();
        assert_eq!(
            (state.category.as_deref(), state.id.as_deref()),
            (Some("in_progress"), state_id)
        );
        assert_eq!(
            (ticket.admin_assignee_id, ticket.contacts[0].id.as_str()),
            (None, "c1")
        );
        assert_eq!(ticket.attributes["_default_title_"], "T");
        if state_id.is_some() {
            assert_eq!(ticket.parts[0].id, "6");
            assert_eq!(ticket.ticket_type.unwrap().attributes[0].name, "a");
            assert_eq!(ticket.other["odd"], json!([1]));
        }
    }
}

#[tokio::test]
async fn lists_with_their_own_keys() {
    let (_server, client) = giving(json!({
        "teams": [{"id": 4, "name": "Help", "admin_ids": [7, "8"], "assignment_limit": 5}],
        "segments": [{"id": "s1", "person_type": "user", "count": 3, "created_at": 1_795_000_000}],
    }))
    .await;
    let teams = client.teams().await.unwrap();
    assert_eq!(teams[0].admin_ids, ["7", "8"]);
    assert_eq!(teams[0].other["assignment_limit"], 5);
    let segments = client.segments(true).await.unwrap();
    assert_eq!(
        (segments[0].count, segments[0].person_type.as_deref()),
        (Some(3), Some("user"))
    );
    let (_server, client) = giving(
        json!({"data": {"articles": [{"id": 9, "state": "hidden", "author_id": 7}]},
        "pages": {"next": null}}),
    )
    .await;
    let page = client.search_articles("x", None).page().await.unwrap();
    assert_eq!(
        (
            page.items[0].state.as_deref(),
            page.items[0].author_id.as_deref()
        ),
        (Some("hidden"), Some("7"))
    );
    let exchange = client.articles().page().exchange().await;
    assert!(exchange.is_err(), "an object is no list");
}

#[tokio::test]
async fn an_exchange_keeps_what_came() {
    let (_server, client) = giving(json!({"id": "t1", "name": "bug", "odd": true})).await;
    let exchange = client.create_tag("bug").exchange().await.unwrap();
    assert_eq!((exchange.value.id.as_str(), exchange.status), ("t1", 200));
    assert_eq!(exchange.answer.unwrap()["odd"], true);
}
