//! A ticket's page and its forms.

use crate::support::{Browser, Server};
use chrono::DateTime;
use earmark_db::tenant::{Conversation, Message, Product, Ticket, TicketTag};
use earmark_model::{AuthorKind, ConnectionId, DetailsState, Job, MessageKind};
use earmark_testkit::build::{self, People};
use earmark_testkit::{TestDb, both_databases};

const HOSTILE: &str = "<script>alert(1)</script>";
const PATH: &str = "/w/quillwater/tickets/QU-1";

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
        let ids = ("7", "70");
        build::ticket(db, people.workspace.id, mobile.id, connection, ids).await;
        let browser = server.browser_of(people.agent.id).await;
        Self {
            people,
            mobile,
            connection,
            browser,
            server,
        }
    }

    async fn ticket(&self) -> Ticket {
        let tenant = self.server.db.db.workspace(self.people.workspace.id);
        tenant.ticket(1).await.unwrap().unwrap()
    }

    async fn audited(&self) -> Vec<String> {
        let tenant = self.server.db.db.workspace(self.people.workspace.id);
        let lines = tenant.audit_lines(10).await.unwrap();
        lines.into_iter().map(|line| line.action).collect()
    }
}

fn message(id: &str, author_kind: AuthorKind, html: &str) -> Message {
    Message {
        id: id.to_owned(),
        kind: MessageKind::Reply,
        author_kind,
        author_id: Some("31".to_owned()),
        author_name: None,
        html: Some(html.to_owned()),
        plain: Some(html.to_owned()),
        attachments: "[]".to_owned(),
        created_at: DateTime::from_timestamp(1_700_000_000, 0),
        updated_at: None,
        redacted_at: None,
    }
}

both_databases! {
    async fn a_ticket_shows_its_thread_and_what_surrounds_it(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let workspace = ground.people.workspace.id;
        build::tags(&ground.server.db.db, workspace, ground.connection, &[], &[("31", "Tomasz")]).await;
        let ledger = build::product(&ground.server.db.db, workspace, "Ledger").await;
        build::ticket(&ground.server.db.db, workspace, ledger.id, ground.connection, ("7", "71")).await;
        let ticket = ground.ticket().await;
        let tx = build::begin(&ground.server.db.db).await;
        let tenant = tx.workspace(workspace);
        let conversation = Conversation {
            contact_name: Some(HOSTILE.to_owned()),
            company_name: Some("Osprey".to_owned()),
            details: DetailsState::Complete,
            ..Conversation::new("7".to_owned())
        };
        tenant.put_conversation(ground.connection, &conversation).await.unwrap();
        let tagged = Message {
            attachments: r#"[{"name":"a.png","url":"https://files.example/a"},{"name":"b","url":"javascript:alert(1)"}]"#.to_owned(),
            ..message("70", AuthorKind::Customer, "<p>Please <b>add</b> it</p>")
        };
        for message in [tagged, message("71", AuthorKind::Teammate, "<p>We will</p>")] {
            tenant.put_message(ground.connection, "7", &message).await.unwrap();
        }
        let tag = TicketTag {
            tag: "9".to_owned(),
            name: "feature-request".to_owned(),
            tagged_at: DateTime::UNIX_EPOCH,
            tagged_by: Some("31".to_owned()),
        };
        tenant.add_ticket_tag(ticket.id, &tag).await.unwrap();
        tx.commit().await.unwrap();

        let page = ground.browser.get(PATH).await;
        assert_eq!(page.status, 200);
        for part in [
            "<p>Please <b>add</b> it</p>",
            "<p>We will</p>",
            "href=\"https://files.example/a\"",
            "Earmarked by Tomasz",
            "<b>Tomasz</b>",
            "Osprey",
            "https://app.intercom.com/a/inbox/abc123/inbox/conversation/7",
            "https://earmark.example/w/quillwater/tickets/QU-1",
            "/w/quillwater/tickets/QU-2",
        ] {
            assert!(page.body.contains(part), "{part} in {}", page.body);
        }
        assert_eq!(page.body.matches("msg-body eared").count(), 1);
        assert!(!page.body.contains("javascript:") && !page.body.contains(HOSTILE));
    }

    async fn a_change_is_kept_and_audited(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let agent = ground.people.agent.id;
        let version = ground.browser.get(PATH).await.field("version");
        let fields = [
            ("version", version.as_str()),
            ("back", "/w/quillwater/inbox?ticket=QU-1"),
            ("status", "planned"),
            ("assignee", &agent.to_string()),
            ("product", "mobile"),
            ("title", "Message 70"),
        ];
        let answer = ground.browser.post(PATH, &fields).await;
        assert_eq!(answer.location(), "/w/quillwater/inbox?ticket=QU-1");
        let ticket = ground.ticket().await;
        assert_eq!(ticket.assignee, Some(agent));
        assert!(!ticket.title_by_member, "the same title is nobody's");
        assert_eq!(ticket.version, 2);
        assert_eq!(ground.audited().await, ["ticket.changed"]);
        let page = ground.browser.get(PATH).await;
        assert!(page.body.contains("<option value=\"planned\" selected>Planned"), "{}", page.body);

        let same = [("version", "2"), ("status", "planned")];
        ground.browser.post(PATH, &same).await.location();
        assert_eq!(ground.ticket().await.version, 2, "nothing changed");
        for bad in [("status", "unknown"), ("product", "unknown"), ("assignee", "unknown")] {
            assert_eq!(ground.browser.post(PATH, &[("version", "2"), bad]).await.status, 404);
        }
        let long = "x".repeat(301);
        let answer = ground.browser.post(PATH, &[("version", "2"), ("title", &long)]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("id=\"title-error\"") && answer.body.contains(&long));
    }

    async fn an_open_page_does_not_write_back_a_title_that_was_erased(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let workspace = ground.people.workspace.id;
        let open = ground.browser.get(PATH).await;
        let was = open.field("title_was");
        assert_eq!(was, "Message 70");
        let ticket = ground.ticket().await;
        let tx = build::begin(&ground.server.db.db).await;
        tx.workspace(workspace).mark_source_gone(ticket.id).await.unwrap();
        tx.commit().await.unwrap();

        let version = open.field("version");
        let fields = [("version", version.as_str()), ("status", "planned"), ("title", &was), ("title_was", &was)];
        ground.browser.post(PATH, &fields).await.location();
        let changed = ground.ticket().await;
        assert_ne!(changed.status, ticket.status, "the change itself is kept");
        assert_eq!((changed.title, changed.title_by_member), (None, false));
        let lines = ground.server.db.db.workspace(workspace).audit_lines(10).await.unwrap();
        assert!(lines.iter().all(|line| !format!("{line:?}").contains(&was)));

        let answer = ground.browser.post(PATH, &fields).await;
        assert_eq!(answer.status, 409, "and the answer to a late form does not hold it either");
        assert!(!answer.body.contains(&was), "{}", answer.body);
        assert!(answer.body.contains("Redacted in Intercom"));
        let inbox = ground.browser.get("/w/quillwater/inbox?status=all").await;
        assert!(inbox.body.contains("Redacted in Intercom") && !inbox.body.contains(&was));
    }

    async fn a_ticket_without_a_title_says_why(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let workspace = ground.people.workspace.id;
        let ledger = build::product(&ground.server.db.db, workspace, "Ledger").await;
        build::ticket(&ground.server.db.db, workspace, ledger.id, ground.connection, ("7", "71")).await;
        let ticket = ground.ticket().await;
        for (nth, words) in ["No text", "Redacted in Intercom", "Conversation erased"].iter().enumerate() {
            let tx = build::begin(&ground.server.db.db).await;
            let tenant = tx.workspace(workspace);
            match nth {
                0 => tenant.set_derived_text(ticket.id, None, None).await.unwrap(),
                1 => tenant.mark_source_gone(ticket.id).await.unwrap(),
                _ => {
                    let gone = Conversation {
                        gone_at: Some(DateTime::UNIX_EPOCH),
                        ..Conversation::new("7".to_owned())
                    };
                    tenant.put_conversation(ground.connection, &gone).await.unwrap();
                }
            }
            tx.commit().await.unwrap();
            let sibling = "/w/quillwater/tickets/QU-2";
            for path in [PATH, sibling, "/w/quillwater/inbox"] {
                let page = ground.browser.get(path).await;
                let said = ["No text", "Redacted in Intercom", "Conversation erased"].map(|one| page.body.contains(one));
                assert_eq!(said.iter().filter(|said| **said).count(), 1, "{path}");
                assert!(page.body.contains(words), "{path}: {words}");
            }
        }
    }

    async fn a_title_is_not_emptied(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let fields = [("version", "1"), ("title", " "), ("title_was", "Message 70")];
        let answer = ground.browser.post(PATH, &fields).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("A ticket needs a title."));
        assert_eq!(ground.ticket().await.title.as_deref(), Some("Message 70"));
    }

    async fn details_that_failed_can_be_fetched_again(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        assert!(!ground.browser.get(PATH).await.body.contains("Fetch again"));
        let tx = build::begin(&ground.server.db.db).await;
        let failed = Conversation {
            details: DetailsState::Unavailable,
            details_note: Some("Intercom refuses the access token.".to_owned()),
            ..Conversation::new("7".to_owned())
        };
        let tenant = tx.workspace(ground.people.workspace.id);
        tenant.put_conversation(ground.connection, &failed).await.unwrap();
        tx.commit().await.unwrap();
        let page = ground.browser.get(PATH).await;
        assert!(page.body.contains("Fetch again"));
        assert!(page.body.contains("Intercom refuses the access token. The tagged"), "{}", page.body);
        let mut viewer = ground.server.browser_of(ground.people.viewer.id).await;
        assert!(!viewer.get(PATH).await.body.contains("Fetch again"));
    }

    async fn a_move_takes_the_status_along(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let workspace = ground.people.workspace.id;
        let ledger = build::product(&ground.server.db.db, workspace, "Ledger").await;
        let fields = [("version", "1"), ("product", "ledger"), ("status", "triaged"), ("title", " A title\nof our own ")];
        assert_eq!(ground.browser.post(PATH, &fields).await.location(), PATH);
        let ticket = ground.ticket().await;
        assert_eq!((ticket.product, ticket.origin_product), (ledger.id, ground.mobile.id));
        assert_eq!(ticket.title.as_deref(), Some("A title of our own"));
        assert!(ticket.title_by_member);
        let statuses = ground.server.db.db.workspace(workspace).statuses(ledger.id).await.unwrap();
        let status = statuses.iter().find(|status| status.id == ticket.status).unwrap();
        assert_eq!(status.key, "triaged");
    }

    async fn whoever_was_slower_is_told_and_keeps_what_they_typed(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let mut other = ground.server.browser_of(ground.people.admin.id).await;
        other.post(PATH, &[("version", "1"), ("status", "done")]).await.location();
        let fields = [("version", "1"), ("status", "declined"), ("title", HOSTILE)];
        let answer = ground.browser.post(PATH, &fields).await;
        assert_eq!(answer.status, 409);
        assert!(answer.body.contains("Somebody else changed this ticket meanwhile"));
        assert!(answer.body.contains("<option value=\"declined\" selected>"));
        assert!(answer.body.contains("&#60;script&#62;") && !answer.body.contains(HOSTILE));
        assert_eq!(answer.field("version"), "2");
        assert_eq!(ground.ticket().await.version, 2);
        let again = [("version", "2"), ("status", "declined")];
        ground.browser.post(PATH, &again).await.location();
        assert_eq!(ground.ticket().await.version, 3);
    }

    async fn comments_are_plain_text(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let path = format!("{PATH}/comments");
        let answer = ground.browser.post(&path, &[("body", HOSTILE), ("back", "//evil.example")]).await;
        assert_eq!(answer.location(), PATH);
        let page = ground.browser.get(PATH).await;
        assert!(page.body.contains("&#60;script&#62;") && !page.body.contains(HOSTILE));
        assert_eq!(ground.audited().await, ["ticket.commented"]);
        for (body, wrong) in [(" ".to_owned(), "Write something first."), ("x".repeat(20_001), "Use at most 20000")] {
            let answer = ground.browser.post(&path, &[("body", &body)]).await;
            assert_eq!(answer.status, 422);
            assert!(answer.body.contains(wrong));
        }
        let mut viewer = ground.server.browser_of(ground.people.viewer.id).await;
        assert_eq!(viewer.post(&path, &[("body", "x")]).await.status, 403);
        assert!(!viewer.get(PATH).await.body.contains("name=\"body\""));
    }

    async fn a_comment_with_a_nul_is_refused(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let path = format!("{PATH}/comments");
        assert_eq!(ground.browser.post(&path, &[("body", "a\0b")]).await.status, 400);
    }

    async fn files_are_asked_for_again_as_a_job(db: TestDb) {
        let mut ground = Ground::lay(db).await;
        let path = format!("{PATH}/attachments/refresh");
        ground.browser.post(&path, &[("back", PATH)]).await.location();
        let job = Job::Details {
            connection: ground.connection,
            conversation: "7".to_owned(),
        };
        let tenant = ground.server.db.db.workspace(ground.people.workspace.id);
        assert!(tenant.is_queued(&job).await.unwrap());
        assert!(ground.browser.get(PATH).await.body.contains("Asked Intercom for the conversation again"));
    }
}
