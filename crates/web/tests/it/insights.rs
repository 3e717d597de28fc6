//! The insights over HTTP.

use crate::support::Server;
use chrono::TimeDelta;
use earmark_db::tenant::{Message, TicketTag};
use earmark_model::{AuthorKind, MessageKind};
use earmark_testkit::{both_databases, build};

const HOSTILE: &str = "<script>alert(1)</script>";

both_databases! {
    async fn tickets_are_told_by_tag_team_and_reply_time(db: TestDb) {
        let server = Server::start(db).await;
        let (db, now) = (&server.db.db, server.db.sources.now());
        let people = build::people(db, "Quillwater").await;
        let workspace = people.workspace.id;
        let connection = build::connection(db, workspace, "abc123").await.id;
        let mut browser = server.browser_of(people.viewer.id).await;
        let none = browser.get("/w/quillwater/insights").await;
        assert!(none.body.contains("No ticket was made in this period"), "{}", none.body);

        let product = build::product(db, workspace, "Ledger").await;
        let other = build::product(db, workspace, "Mobile").await;
        let ticket = build::ticket(db, workspace, product.id, connection, ("70", "m1")).await;
        let tx = build::begin(db).await;
        let tenant = tx.workspace(workspace);
        for (id, author, minutes) in [("m1", AuthorKind::Customer, 0), ("m2", AuthorKind::Teammate, 47)] {
            let message = Message {
                id: id.to_owned(),
                kind: MessageKind::Reply,
                author_kind: author,
                author_id: None,
                author_name: None,
                html: None,
                plain: Some("words".to_owned()),
                attachments: "[]".to_owned(),
                created_at: Some(now + TimeDelta::minutes(minutes)),
                updated_at: None,
                redacted_at: None,
            };
            tenant.put_message(connection, "70", &message).await.unwrap();
        }
        let talk = tenant.conversation(connection, "70").await.unwrap().unwrap();
        let talk = earmark_db::tenant::Conversation { team_id: Some("814".to_owned()), ..talk };
        tenant.put_conversation(connection, &talk).await.unwrap();
        tenant.put_teams(connection, &[("814".to_owned(), HOSTILE.to_owned())]).await.unwrap();
        let tag = TicketTag { tag: "7".to_owned(), name: HOSTILE.to_owned(), tagged_at: now, tagged_by: None };
        tenant.add_ticket_tag(ticket.id, &tag).await.unwrap();
        tx.commit().await.unwrap();

        for path in ["/w/quillwater/insights", "/w/quillwater/insights?days=365", "/w/quillwater/insights?product=ledger&days=7"] {
            let page = browser.get(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            assert!(page.body.contains("1 ticket. Most: "), "{path}");
            assert!(page.body.contains("had it within 47 min."), "{path}");
            assert!(page.body.contains("&#60;script&#62;") && !page.body.contains(HOSTILE), "{path}");
        }
        let empty = browser.get(&format!("/w/quillwater/insights?product={}", other.slug)).await;
        assert!(empty.body.contains("No ticket was made in this period"));
        assert_eq!(browser.get("/w/quillwater/insights?product=nothing").await.status, 404);
    }
}
