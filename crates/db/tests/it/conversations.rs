//! Conversations, messages and tombstones.

use crate::support::in_tx;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{Conversation, Message, Tombstones};
use earmark_model::{AuthorKind, ConnectionId, DetailsState, MessageKind, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};

struct Start {
    workspace: WorkspaceId,
    connection: ConnectionId,
}

async fn start(t: &TestDb) -> Start {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
    let start = Start {
        workspace,
        connection,
    };
    start.put_conversation(t, &full("c1")).await;
    start
}

fn full(id: &str) -> Conversation {
    Conversation {
        contact_id: Some("contact".to_owned()),
        contact_name: Some("Ines".to_owned()),
        contact_email: Some("ines@harrow.example".to_owned()),
        contact_role: Some("user".to_owned()),
        company_id: Some("company".to_owned()),
        company_name: Some("Harrow".to_owned()),
        ..Conversation::new(id.to_owned())
    }
}

fn message(id: &str, kind: MessageKind, at: DateTime<Utc>, text: &str) -> Message {
    Message {
        id: id.to_owned(),
        kind,
        author_kind: AuthorKind::Customer,
        author_id: Some("contact".to_owned()),
        author_name: Some("Ines".to_owned()),
        html: Some(format!("<p>{text}</p>")),
        plain: Some(text.to_owned()),
        attachments: r#"[{"name":"a.png"}]"#.to_owned(),
        created_at: Some(at),
        updated_at: Some(at),
        redacted_at: None,
    }
}

impl Start {
    async fn put_conversation(&self, t: &TestDb, conversation: &Conversation) {
        in_tx!(t, |tx| tx
            .workspace(self.workspace)
            .put_conversation(self.connection, conversation)
            .await
            .unwrap());
    }

    async fn put(&self, t: &TestDb, message: &Message) -> bool {
        in_tx!(t, |tx| tx
            .workspace(self.workspace)
            .put_message(self.connection, "c1", message)
            .await
            .unwrap())
    }

    async fn messages(&self, t: &TestDb) -> Vec<Message> {
        t.db.workspace(self.workspace)
            .messages(self.connection, "c1")
            .await
            .unwrap()
    }

    async fn bury(&self, t: &TestDb, message: Option<&str>) -> bool {
        in_tx!(t, |tx| {
            let tenant = tx.workspace(self.workspace);
            tenant
                .lock_conversations(self.connection, &["c1"])
                .await
                .unwrap();
            tenant.bury(self.connection, "c1", message).await.unwrap()
        })
    }
}

both_databases! {
    async fn a_conversation_is_stored_and_changed(t: TestDb) {
        let start = start(&t).await;
        let read = async |id: &str| t.db.workspace(start.workspace).conversation(start.connection, id).await.unwrap();
        assert_eq!(read("c1").await, Some(full("c1")));
        assert_eq!(read("c2").await, None);
        let complete = Conversation {
            details: DetailsState::Complete,
            details_note: Some("a note".to_owned()),
            details_at: Some(t.sources.now()),
            company_name: None,
            ..full("c1")
        };
        start.put_conversation(&t, &complete).await;
        assert_eq!(read("c1").await, Some(complete));
    }

    async fn messages_stand_in_order_the_opening_one_first(t: TestDb) {
        let start = start(&t).await;
        let at = t.sources.now();
        let later = at + TimeDelta::minutes(1);
        for one in [
            message("10", MessageKind::Note, at, "ten"),
            message("9", MessageKind::Reply, at, "nine"),
            message("11", MessageKind::Reply, at - TimeDelta::minutes(5), "eleven"),
            message("500", MessageKind::Source, later, "opening"),
        ] {
            assert!(start.put(&t, &one).await);
        }
        let ids: Vec<_> = start.messages(&t).await.into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["500", "11", "9", "10"]);
    }

    async fn of_two_versions_the_newer_wins(t: TestDb) {
        let start = start(&t).await;
        let at = t.sources.now();
        let version = |minutes, text| Message {
            updated_at: Some(at + TimeDelta::minutes(minutes)),
            ..message("1", MessageKind::Reply, at, text)
        };
        assert!(start.put(&t, &version(5, "five")).await);
        assert!(!start.put(&t, &version(4, "four")).await);
        assert_eq!(start.messages(&t).await, [version(5, "five")]);
        assert!(start.put(&t, &version(5, "five again")).await, "the same time may tell more");
        let nameless = Message { author_id: None, author_name: None, created_at: None, ..version(6, "six") };
        assert!(start.put(&t, &nameless).await);
        assert_eq!(start.messages(&t).await, [version(6, "six")], "who wrote it and when is not forgotten");
        let timeless = Message { updated_at: None, ..version(0, "timeless") };
        assert!(!start.put(&t, &timeless).await);
    }

    async fn a_redacted_message_stays_redacted(t: TestDb) {
        let start = start(&t).await;
        let at = t.sources.now();
        start.put(&t, &message("1", MessageKind::Reply, at, "secret")).await;
        let redacted_at = t.sources.now();
        let redact = async || in_tx!(t, |tx| tx.workspace(start.workspace).redact_message(start.connection, "c1", "1").await.unwrap());
        assert_eq!(redact().await, 1);
        assert_eq!(redact().await, 0);
        let newer = Message { updated_at: Some(at + TimeDelta::days(1)), ..message("1", MessageKind::Reply, at, "secret") };
        assert!(!start.put(&t, &newer).await);
        let found = start.messages(&t).await;
        assert_eq!((&found[0].html, &found[0].plain, found[0].attachments.as_str()), (&None, &None, "[]"));
        assert_eq!((found[0].redacted_at, found[0].author_name.as_deref()), (Some(redacted_at), Some("Ines")));
        assert_eq!(found[0].created_at, Some(at));
    }

    async fn a_redacted_version_wins_whatever_its_time(t: TestDb) {
        let start = start(&t).await;
        let at = t.sources.now();
        start.put(&t, &message("1", MessageKind::Reply, at, "secret")).await;
        let redacted = Message {
            html: None,
            plain: None,
            updated_at: Some(at - TimeDelta::days(1)),
            redacted_at: Some(at),
            ..message("1", MessageKind::Reply, at, "")
        };
        assert!(start.put(&t, &redacted).await);
        assert_eq!(start.messages(&t).await[0].plain, None);
    }

    async fn tombstones_are_news_once(t: TestDb) {
        let start = start(&t).await;
        let read = async || {
            let mut found = t.db.workspace(start.workspace).tombstones(start.connection, "c1").await.unwrap();
            found.messages.sort();
            assert!(!found.copy);
            (found.whole, found.messages)
        };
        assert_eq!(read().await, (false, vec![]));
        assert!(start.bury(&t, Some("1")).await);
        assert!(!start.bury(&t, Some("1")).await);
        assert!(start.bury(&t, Some("2")).await);
        assert_eq!(read().await, (false, vec!["1".to_owned(), "2".to_owned()]));
        assert!(start.bury(&t, None).await);
        assert!(!start.bury(&t, None).await);
        assert_eq!(read().await, (true, vec!["1".to_owned(), "2".to_owned()]));
        let other = t.db.workspace(start.workspace).tombstones(start.connection, "c2").await.unwrap();
        assert_eq!(other, Tombstones::default());
    }

    async fn an_erased_copy_is_lifted_and_what_intercom_erased_is_not(t: TestDb) {
        let start = start(&t).await;
        let product = build::product(&t.db, start.workspace, "Ledger").await.id;
        let mut tickets = Vec::new();
        for message in ["1", "2"] {
            tickets.push(build::ticket(&t.db, start.workspace, product, start.connection, ("c1", message)).await.id);
        }
        let elsewhere = build::ticket(&t.db, start.workspace, product, start.connection, ("c2", "1")).await.id;
        assert!(start.bury(&t, Some("2")).await);
        in_tx!(t, |tx| {
            let tenant = tx.workspace(start.workspace);
            assert!(!tenant.lift_copy(start.connection, "c1").await.unwrap(), "nothing was erased");
            for ticket in tickets.iter().chain([&elsewhere]) {
                tenant.mark_source_gone(*ticket).await.unwrap();
            }
            assert!(tenant.bury_copy(start.connection, "c1").await.unwrap());
            assert!(!tenant.bury_copy(start.connection, "c1").await.unwrap());
        });
        let tenant = t.db.workspace(start.workspace);
        let buried = tenant.tombstones(start.connection, "c1").await.unwrap();
        assert_eq!(buried, Tombstones { whole: false, copy: true, messages: vec!["2".to_owned()] });
        assert!(start.bury(&t, None).await, "a deletion at Intercom is news, and stays");
        in_tx!(t, |tx| {
            let tenant = tx.workspace(start.workspace);
            assert!(tenant.lift_copy(start.connection, "c1").await.unwrap());
            assert!(!tenant.lift_copy(start.connection, "c1").await.unwrap());
        });
        let buried = tenant.tombstones(start.connection, "c1").await.unwrap();
        assert_eq!(buried, Tombstones { whole: true, copy: false, messages: vec!["2".to_owned()] });
        let is_gone = async |conversation: &str| {
            let tickets = tenant.tickets_of_conversation(start.connection, conversation).await.unwrap();
            tickets.iter().map(|one| one.source_gone_at.is_some()).collect::<Vec<_>>()
        };
        assert_eq!((is_gone("c1").await, is_gone("c2").await), (vec![false, true], vec![true]));
    }

    async fn an_erased_conversation_keeps_nothing_of_intercoms(t: TestDb) {
        let start = start(&t).await;
        start.put_conversation(&t, &full("c2")).await;
        start.put(&t, &message("1", MessageKind::Source, t.sources.now(), "text")).await;
        let at = t.sources.now();
        in_tx!(t, |tx| {
            let tenant = tx.workspace(start.workspace);
            tenant.erase_conversation(start.connection, "c1", "erased").await.unwrap();
            tenant.erase_conversation(start.connection, "unknown", "erased").await.unwrap();
        });
        assert_eq!(start.messages(&t).await, []);
        let tenant = t.db.workspace(start.workspace);
        let gone = tenant.conversation(start.connection, "c1").await.unwrap().unwrap();
        assert_eq!((gone.details, gone.gone_at), (DetailsState::Unavailable, Some(at)));
        assert!(gone.details_note.is_some());
        let nothing = Conversation { details: gone.details, details_note: gone.details_note.clone(), gone_at: gone.gone_at, ..Conversation::new("c1".to_owned()) };
        assert_eq!(gone, nothing);
        assert_eq!(tenant.conversation(start.connection, "unknown").await.unwrap(), None);
        assert_eq!(tenant.conversation(start.connection, "c2").await.unwrap(), Some(full("c2")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_of_a_conversation_is_held_until_the_transaction_ends() {
    let t = TestDb::postgres().await;
    let start = start(&t).await;
    let (workspace, connection) = (start.workspace, start.connection);
    let first = t.db.begin().await.unwrap();
    first
        .workspace(workspace)
        .lock_conversations(connection, &["c1"])
        .await
        .unwrap();
    let other = t.db.begin().await.unwrap();
    other
        .workspace(workspace)
        .lock_conversations(connection, &["c2"])
        .await
        .unwrap();
    let db = t.db.clone();
    let second = tokio::spawn(async move {
        let tx = db.begin().await.unwrap();
        let tenant = tx.workspace(workspace);
        tenant
            .lock_conversations(connection, &["c1"])
            .await
            .unwrap();
        tenant.tombstones(connection, "c1").await.unwrap().whole
    });
    first
        .workspace(workspace)
        .bury(connection, "c1", None)
        .await
        .unwrap();
    first.commit().await.unwrap();
    assert!(second.await.unwrap(), "it waited, and sees the tombstone");
}
