//! The inbox over HTTP.

use crate::support::{Browser, Server};
use chrono::DateTime;
use earmark_db::tenant::{Conversation, Product, Ticket, TicketChange, TicketTag};
use earmark_model::ConnectionId;
use earmark_testkit::build::{self, People};
use earmark_testkit::{TestDb, both_databases};

const HOSTILE: &str = "<script>alert(1)</script>";

struct Ground {
    server: Server,
    people: People,
    mobile: Product,
    connection: ConnectionId,
    browser: Browser,
}

impl Ground {
    async fn lay(db: TestDb) -> Self {
        let server = Server::start(db).await;
        let db = &server.db.db;
        let people = build::people(db, "Quillwater").await;
        let mobile = build::product(db, people.workspace.id, "Mobile").await;
        let connection = build::connection(db, people.workspace.id, "abc123")
            .await
            .id;
        let browser = server.browser_of(people.agent.id).await;
        Self {
            people,
            mobile,
            connection,
            browser,
            server,
        }
    }

    async fn ticket(&self, product: &Product, message: &str) -> Ticket {
        let db = &self.server.db.db;
        let ids = ("7", message);
        build::ticket(
            db,
            self.people.workspace.id,
            product.id,
            self.connection,
            ids,
        )
        .await
    }

    /// The keys that the inbox shows for a query.
    async fn keys(&mut self, query: &str) -> Vec<String> {
        let page = self
            .browser
            .get(&format!("/w/quillwater/inbox?{query}"))
            .await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        let ids = page.body.split(" id=\"row-").skip(1);
        ids.map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    }
}

both_databases! {
    async fn filters_find_what_they_say(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let workspace = ground.people.workspace.id;
        let ledger = build::product(&ground.server.db.db, workspace, "Ledger").await;
        let first = ground.ticket(&ground.mobile, "1").await;
        let second = ground.ticket(&ground.mobile, "2").await;
        ground.ticket(&ledger, "3").await;
        let tx = build::begin(&ground.server.db.db).await;
        let tenant = tx.workspace(workspace);
        let done = tenant.statuses(ground.mobile.id).await.unwrap();
        let done = done.iter().find(|status| status.key == "done").unwrap();
        let change = TicketChange {
            status: Some(done.id),
            assignee: Some(Some(ground.people.agent.id)),
            title: Some(format!("Dark mode {HOSTILE}")),
            ..TicketChange::default()
        };
        tenant.change_ticket(&first, &change).await.unwrap();
        let tag = TicketTag {
            tag: "9".to_owned(),
            name: "dark & light".to_owned(),
            tagged_at: DateTime::UNIX_EPOCH,
            tagged_by: None,
        };
        tenant.add_ticket_tag(second.id, &tag).await.unwrap();
        let named = Conversation {
            contact_name: Some("Ines".to_owned()),
            ..Conversation::new("7".to_owned())
        };
        tenant.put_conversation(ground.connection, &named).await.unwrap();
        tx.commit().await.unwrap();

        let agent = ground.people.agent.id;
        let by_id = format!("status=all&assignee={agent}");
        for (query, keys) in [
            ("", vec!["QU-3", "QU-2"]),
            ("status=all", vec!["QU-3", "QU-2", "QU-1"]),
            ("status=done", vec!["QU-1"]),
            ("product=ledger", vec!["QU-3"]),
            ("product=mobile&status=", vec!["QU-2"]),
            ("tag=dark+%26+light", vec!["QU-2"]),
            ("assignee=me", vec![]),
            ("assignee=me&status=all", vec!["QU-1"]),
            ("assignee=none", vec!["QU-3", "QU-2"]),
            (by_id.as_str(), vec!["QU-1"]),
            ("status=all&q=DARK", vec!["QU-1"]),
            ("q=ines", vec!["QU-3", "QU-2"]),
            ("q=nobody", vec![]),
        ] {
            assert_eq!(ground.keys(query).await, keys, "{query}");
        }
        let page = ground.browser.get("/w/quillwater/inbox?status=all&ticket=QU-1").await;
        assert!(page.body.contains("Dark mode &#60;script&#62;") && !page.body.contains(HOSTILE));
        assert!(page.body.contains("<span class=\"count\">2<span class=\"vh\"> new"), "the sidebar counts");
        let rows = ground.browser.get("/w/quillwater/inbox/rows?product=mobile").await;
        assert!(!rows.body.contains("<html"));
        assert!(rows.body.contains("row-QU-2") && !rows.body.contains("row-QU-3"));
        assert!(rows.body.contains("id=\"nav\"") && rows.body.contains("1 new</h2>"));
    }

    async fn pages_follow_by_key(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        for n in 1..=27 {
            ground.ticket(&ground.mobile, &n.to_string()).await;
        }
        let first = ground.keys("").await;
        assert_eq!(first.len(), 25);
        assert_eq!((first[0].as_str(), first[24].as_str()), ("QU-27", "QU-3"));
        let page = ground.browser.get("/w/quillwater/inbox").await;
        assert!(page.body.contains("/w/quillwater/inbox?before=QU-3\""));
        assert_eq!(ground.keys("before=QU-3").await, ["QU-2", "QU-1"]);
        let last = ground.browser.get("/w/quillwater/inbox?before=QU-3").await;
        assert!(!last.body.contains(">Older<") && last.body.contains(">Newest<"));
    }
}
