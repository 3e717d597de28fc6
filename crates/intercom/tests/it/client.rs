//! Calls and their answers.

use earmark_intercom::{Error, Lane, Position, Probe, ProbeOutcome, Region, conversation_link};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

use crate::support::{Fixed, TOKEN, client, quick};

async fn serving(at: &str, answer: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(at))
        .and(header("authorization", format!("Bearer {TOKEN}")))
        .and(header("accept", "application/json"))
        .and(header("intercom-version", "2.14"))
        .and(header(
            "user-agent",
            concat!("Earmark/", env!("CARGO_PKG_VERSION")),
        ))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn me_tells_the_workspace_and_its_region() {
    let server = serving(
        "/me",
        json!({"type": "admin", "id": 5_520_117, "name": "Mina Okafor",
        "email": "mina@help.example", "email_verified": true, "team_ids": [4, "5"],
        "app": {"type": "app", "id_code": "hb7r2mk9", "name": "Birch Help", "region": "EU",
            "timezone": "Europe/Oslo", "created_at": 1_700_000_000}}),
    )
    .await;
    let me = client(&server, quick(), &Fixed::new()).me().await.unwrap();
    assert_eq!(me.admin.id, "5520117");
    assert_eq!(me.admin.team_ids, ["4", "5"]);
    assert_eq!(me.email_verified, Some(true));
    assert_eq!(me.app.id_code, "hb7r2mk9");
    assert_eq!(me.app.region, Some(Region::Eu));
    assert_eq!(me.app.timezone.as_deref(), Some("Europe/Oslo"));
}

#[tokio::test]
async fn me_without_a_workspace_is_unreadable() {
    let server = serving("/me", json!({"id": "1", "app": null})).await;
    let fault = client(&server, quick(), &Fixed::new())
        .me()
        .await
        .unwrap_err();
    assert!(matches!(fault, Error::Unreadable { .. }), "{fault:?}");
}

#[tokio::test]
async fn teammates_and_tags_come_in_one_list() {
    let server = serving(
        "/admins",
        json!({"type": "admin.list",
        "admins": [{"id": "1", "name": "A"}, {"id": "2", "email": ""}]}),
    )
    .await;
    let admins = client(&server, quick(), &Fixed::new())
        .admins()
        .await
        .unwrap();
    assert_eq!(admins.len(), 2);
    assert_eq!(admins[1].email, None);

    let server = serving(
        "/tags",
        json!({"type": "list", "data": [{"id": "830041", "name": "product feedback"}]}),
    )
    .await;
    let tags = client(&server, quick(), &Fixed::new())
        .tags()
        .await
        .unwrap();
    assert_eq!(
        (tags[0].id.as_str(), tags[0].name.as_str()),
        ("830041", "product feedback")
    );

    let server = serving("/admins/7", json!({"id": "7", "has_inbox_seat": true})).await;
    let admin = client(&server, quick(), &Fixed::new())
        .admin("7")
        .await
        .unwrap();
    assert_eq!(admin.has_inbox_seat, Some(true));
}

#[tokio::test]
async fn a_conversation_tells_which_messages_carry_a_tag() {
    let parts = json!([
        {"id": "11", "part_type": "comment", "body": "<p>a</p>", "tags": [{"id": "t1", "name": "x"}]},
        {"id": "12", "part_type": "comment", "body": "<p>b</p>", "tags": null},
        {"id": "13", "part_type": "note", "body": "<p>c</p>", "tags": [{"id": "t1"}]},
    ]);
    let server = serving("/conversations/42", json!({"type": "conversation", "id": "42",
        "created_at": 1_795_000_000, "teammates": null, "source": {"id": "9", "body": "<p>o</p>"},
        "tags": {"type": "tag.list", "tags": [{"id": "t1", "applied_at": 1_795_000_100}, {"id": "t2"}]},
        "conversation_parts": {"conversation_parts": parts, "total_count": 3},
        "statistics": {"type": "conversation_statistics", "count_conversation_parts": 4}})).await;
    let conversation = client(&server, quick(), &Fixed::new())
        .conversation("42")
        .await
        .unwrap();
    let ids = |tag| -> Vec<String> {
        let tagged = conversation.tagged_messages(tag);
        tagged
            .into_iter()
            .map(|message| message.id.clone())
            .collect()
    };
    assert_eq!(ids("t1"), ["11", "13"]);
    assert_eq!(
        ids("t2"),
        ["9"],
        "no part carries it, so the opening message does"
    );
    assert!(ids("t3").is_empty());
    assert_eq!(conversation.parts_total, Some(3));
    assert_eq!(conversation.parts_counted(), Some(4));
    assert_eq!(
        conversation
            .tag("t1")
            .unwrap()
            .applied_at
            .unwrap()
            .timestamp(),
        1_795_000_100
    );
}

#[tokio::test]
async fn contacts_are_paged_by_cursor() {
    let server = MockServer::start().await;
    let first = json!({"type": "list", "data": [{"id": "c1", "role": "user"}, {"id": "c2"}], "total_count": 3,
        "pages": {"type": "pages", "next": {"page": 2, "starting_after": "a+b/c="}}});
    let second = json!({"data": [{"id": "c3"}], "total_count": 3, "pages": {"next": null}});
    Mock::given(path("/contacts"))
        .and(query_param("starting_after", "a+b/c="))
        .and(query_param("per_page", "150"))
        .respond_with(ResponseTemplate::new(200).set_body_json(second))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(path("/contacts"))
        .respond_with(ResponseTemplate::new(200).set_body_json(first))
        .mount(&server)
        .await;
    let client = client(&server, quick(), &Fixed::new());
    let page = client.contacts().page().await.unwrap();
    assert_eq!((page.items.len(), page.total), (2, Some(3)));
    assert_eq!(page.next, Some(Position::Cursor("a+b/c=".into())));
    let page = client.contacts().resume(page.next).page().await.unwrap();
    assert_eq!((page.items[0].id.as_str(), page.next), ("c3", None));
}

#[tokio::test]
async fn a_contacts_companies_come_under_either_key() {
    for (key, next) in [
        ("data", json!(null)),
        ("companies", json!("https://x.test/?page=2")),
    ] {
        let server = serving(
            "/contacts/c1/companies",
            json!({key: [{"id": "k1", "plan": {}}], "pages": {"next": next}}),
        )
        .await;
        let page = client(&server, quick(), &Fixed::new())
            .contact_companies("c1")
            .page()
            .await
            .unwrap();
        assert_eq!(page.items[0].id, "k1", "{key}");
        assert_eq!(page.next.is_some(), key == "companies");
    }
}

#[tokio::test]
async fn one_contact_and_one_company() {
    let server = serving(
        "/contacts/c1",
        json!({"id": "c1", "role": "lead", "created_at": 1_795_000_000,
        "owner_id": "7", "companies": {"data": [{"id": "k1"}], "has_more": false}}),
    )
    .await;
    let contact = client(&server, quick(), &Fixed::new())
        .contact("c1")
        .await
        .unwrap();
    assert_eq!(
        (contact.owner_id.as_deref(), contact.companies.len()),
        (Some("7"), 1)
    );
    let server = serving(
        "/companies/k1",
        json!({"id": "k1", "plan": {"id": "1", "name": "Pro"},
        "tags": {"tags": [{"id": "t1"}]}}),
    )
    .await;
    let company = client(&server, quick(), &Fixed::new())
        .company("k1")
        .await
        .unwrap();
    assert_eq!(
        (company.plan.as_deref(), company.tags[0].id.as_str()),
        (Some("Pro"), "t1")
    );
}

#[tokio::test]
async fn an_id_cannot_leave_its_place_in_the_path() {
    let server = serving("/conversations/..%2Fme%3Fa", json!({"id": "1"})).await;
    let client = client(&server, quick(), &Fixed::new());
    assert!(
        client.conversation("../me?a").await.is_ok(),
        "encoded, it is one segment"
    );
    for id in ["..", ".", ""] {
        assert!(
            matches!(client.conversation(id).await, Err(Error::NotFound { .. })),
            "{id}"
        );
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn probes_tell_permissions() {
    let server = MockServer::start().await;
    let missing = json!({"type": "error.list", "request_id": "r", "errors": [{"code": "forbidden",
        "message": "You do not have the required scope (read_conversations)"}]});
    for (at, status, body) in [
        ("/contacts", 200, json!({"data": []})),
        (
            "/contacts/000000000000000000000000",
            404,
            json!({"errors": [{"code": "not_found"}]}),
        ),
        (
            "/companies",
            401,
            json!({"errors": [{"code": "token_unauthorized"}]}),
        ),
        ("/conversations", 403, missing),
        ("/tags", 401, json!({"errors": [{"code": "token_revoked"}]})),
    ] {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&server)
            .await;
    }
    let client = client(&server, quick(), &Fixed::new());
    assert_eq!(
        client.probe(Probe::ListContacts).await,
        ProbeOutcome::Granted
    );
    assert_eq!(client.probe(Probe::OneContact).await, ProbeOutcome::Granted);
    assert_eq!(
        client.probe(Probe::ListCompanies).await,
        ProbeOutcome::Missing { message: None }
    );
    let ProbeOutcome::Missing {
        message: Some(message),
    } = client.probe(Probe::Conversations).await
    else {
        panic!()
    };
    assert!(message.contains("read_conversations"));
    assert!(matches!(
        client.probe(Probe::Tags).await,
        ProbeOutcome::Failed(Error::Reconnect { .. })
    ));
    assert_eq!(Probe::Conversations.permission(), "Read conversations");
}

#[tokio::test]
async fn outputs_never_show_the_token() {
    let server = MockServer::start().await;
    let echo = json!({"request_id": TOKEN, "errors": [{"code": TOKEN, "message": format!("bad {TOKEN}"), "field": TOKEN}]});
    Mock::given(path("/me"))
        .respond_with(ResponseTemplate::new(400).set_body_json(echo))
        .mount(&server)
        .await;
    let client = client(&server, quick(), &Fixed::new()).in_lane(Lane::Webhook);
    let fault = client.me().await.unwrap_err();
    for text in [
        format!("{fault}"),
        format!("{fault:?}"),
        format!("{client:?}"),
        format!("{:?}", client.budget().1),
    ] {
        assert!(!text.contains(TOKEN), "{text}");
    }
    let token = earmark_intercom::Token::new(format!("  {TOKEN}\n"));
    assert_eq!(format!("{token:?}"), "Token(hidden)");
    assert_eq!(token.expose(), TOKEN);
    assert!(!TOKEN.contains(&token.fingerprint()) && token.fingerprint().len() == 16);
}

#[tokio::test]
async fn links_use_the_clients_web_host() {
    let server = MockServer::start().await;
    let client = client(&server, quick(), &Fixed::new());
    let link = conversation_link(&client.hosts().web, "hb7r2mk9", "42");
    assert_eq!(
        link.as_str(),
        format!("{}/a/inbox/hb7r2mk9/inbox/conversation/42", server.uri())
    );
}
