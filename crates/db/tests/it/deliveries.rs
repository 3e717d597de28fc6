//! The letterbox: storing in groups, repeats, the waiting ones, the log, and rewriting of bodies.

use crate::support::in_tx;
use earmark_db::across::{NewDelivery, Stored};
use earmark_db::tenant::{Delivery, DeliveryFilter};
use earmark_model::{ConnectionId, DeliveryId, Job, Outcome, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};
use uuid::Uuid;

const CONVERSATION: &str = "215473908114027";

struct Start {
    workspace: WorkspaceId,
    connection: ConnectionId,
}

async fn start(t: &TestDb) -> Start {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
    Start {
        workspace,
        connection,
    }
}

impl Start {
    fn delivery(&self, t: &TestDb, key: &str) -> NewDelivery {
        build::delivery(
            (self.workspace, self.connection),
            key,
            CONVERSATION,
            t.sources.now(),
        )
    }

    fn batch(&self, t: &TestDb, keys: impl IntoIterator<Item = String>) -> Vec<NewDelivery> {
        keys.into_iter().map(|key| self.delivery(t, &key)).collect()
    }

    async fn log(&self, t: &TestDb, filter: DeliveryFilter) -> Vec<Delivery> {
        t.db.workspace(self.workspace)
            .deliveries(self.connection, &filter, 1000)
            .await
            .unwrap()
    }

    /// The notification ids that a filter finds, newest first.
    async fn found(&self, t: &TestDb, filter: DeliveryFilter) -> Vec<String> {
        let log = self.log(t, filter).await;
        log.into_iter()
            .filter_map(|delivery| delivery.notification_id)
            .collect()
    }
}

async fn store(t: &TestDb, batch: &[NewDelivery]) -> Vec<Stored> {
    in_tx!(t, |tx| tx.across().store_deliveries(batch).await.unwrap())
}

fn id(stored: Stored) -> DeliveryId {
    match stored {
        Stored::New(id) | Stored::Repeat(id) => id,
    }
}

both_databases! {
    async fn batches_of_any_size_are_stored_in_order(t: TestDb) {
        let start = start(&t).await;
        let mut keys = Vec::new();
        for size in [0_usize, 1, 2, 3, 7, 64, 513] {
            let new: Vec<_> = (0..size).map(|n| format!("{size}-{n}")).collect();
            let stored = store(&t, &start.batch(&t, new.clone())).await;
            assert_eq!(stored.len(), size);
            assert!(stored.iter().all(|one| matches!(one, Stored::New(_))));
            keys.extend(new);
        }
        let waiting = t.db.workspace(start.workspace).waiting_deliveries(start.connection, 1000).await.unwrap();
        let bodies: Vec<_> = waiting.iter().map(|one| String::from_utf8(one.body.clone()).unwrap()).collect();
        let expected: Vec<_> = keys.iter().map(|key| format!(r#"{{"id":"{key}"}}"#)).collect();
        assert_eq!(bodies, expected, "the order in which they came");
        let some = t.db.workspace(start.workspace).waiting_deliveries(start.connection, 3).await.unwrap();
        assert_eq!(some.iter().map(|one| one.id).collect::<Vec<_>>(), waiting[..3].iter().map(|one| one.id).collect::<Vec<_>>());
    }

    async fn repeats_point_at_the_first_inside_a_batch_and_across(t: TestDb) {
        let start = start(&t).await;
        let keys = |list: &[&str]| list.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let first = store(&t, &start.batch(&t, keys(&["a", "b", "a", "a"]))).await;
        assert!(matches!(first[..], [Stored::New(_), Stored::New(_), Stored::Repeat(_), Stored::Repeat(_)]), "{first:?}");
        let second = store(&t, &start.batch(&t, keys(&["c", "b"]))).await;
        assert!(matches!(second[..], [Stored::New(_), Stored::Repeat(_)]), "{second:?}");

        let tenant = t.db.workspace(start.workspace);
        for (repeat, of) in [(first[2], first[0]), (first[3], first[0]), (second[1], first[1])] {
            let (row, body) = tenant.delivery(id(repeat)).await.unwrap().unwrap();
            assert_eq!((row.outcome, row.repeat_of), (Outcome::Repeat, Some(id(of))));
            assert_eq!(body, None, "a repeat keeps no body");
            assert_eq!(row.finished_at, Some(row.received_at));
            assert!(row.note.is_some());
        }
        assert_eq!(tenant.waiting_deliveries(start.connection, 100).await.unwrap().len(), 3);
    }

    async fn the_same_key_of_another_connection_is_no_repeat(t: TestDb) {
        let start = start(&t).await;
        let other = build::connection(&t.db, start.workspace, "other").await.id;
        let one = start.delivery(&t, "a");
        let two = NewDelivery { connection: other, ..one.clone() };
        let stored = store(&t, &[one, two]).await;
        assert!(stored.iter().all(|one| matches!(one, Stored::New(_))), "{stored:?}");
    }

    async fn a_finished_one_is_stored_finished_and_asks_for_no_job(t: TestDb) {
        let start = start(&t).await;
        let unreadable = NewDelivery {
            topic: None,
            subject: None,
            finished: Some((Outcome::Unreadable, "no JSON".to_owned())),
            ..start.delivery(&t, "a")
        };
        let foreign = NewDelivery {
            finished: Some((Outcome::Ignored, "another workspace".to_owned())),
            body: None,
            ..start.delivery(&t, "b")
        };
        let stored = store(&t, &[unreadable, foreign]).await;
        let tenant = t.db.workspace(start.workspace);
        let (row, body) = tenant.delivery(id(stored[0])).await.unwrap().unwrap();
        assert_eq!((row.outcome, row.note.as_deref(), row.topic.as_deref()), (Outcome::Unreadable, Some("no JSON"), None));
        assert_eq!(row.finished_at, Some(row.received_at));
        assert_eq!(body.as_deref(), Some(&br#"{"id":"a"}"#[..]));
        let (row, body) = tenant.delivery(id(stored[1])).await.unwrap().unwrap();
        assert_eq!((row.outcome, body), (Outcome::Ignored, None));
        assert!(!tenant.is_queued(&Job::Lane { connection: start.connection }).await.unwrap());
        assert_eq!(tenant.waiting_deliveries(start.connection, 10).await.unwrap().len(), 0);
    }

    async fn each_lane_with_something_new_has_one_job(t: TestDb) {
        let start = start(&t).await;
        let other = build::connection(&t.db, start.workspace, "other").await.id;
        let batch: Vec<_> = (0..40)
            .map(|n| (if n % 5 == 0 { other } else { start.connection }, n))
            .map(|(connection, n)| build::delivery((start.workspace, connection), &format!("{n}"), CONVERSATION, t.sources.now()))
            .collect();
        store(&t, &batch).await;
        assert_eq!(t.db.across().jobs_in("pending").await.unwrap(), 2);
        store(&t, &batch).await;
        assert_eq!(t.db.across().jobs_in("pending").await.unwrap(), 2);
    }

    async fn a_delivery_is_finished_once(t: TestDb) {
        let start = start(&t).await;
        let stored = store(&t, &[start.delivery(&t, "a")]).await;
        let ticket = t.sources.id();
        let at = t.sources.now();
        in_tx!(t, |tx| tx.workspace(start.workspace)
            .finish_delivery(id(stored[0]), Outcome::Processed, "made FB-1", Some(ticket)).await.unwrap());
        in_tx!(t, |tx| tx.workspace(start.workspace)
            .finish_delivery(id(stored[0]), Outcome::Failed, "late", None).await.unwrap());
        let (row, _) = t.db.workspace(start.workspace).delivery(id(stored[0])).await.unwrap().unwrap();
        assert_eq!((row.outcome, row.note.as_deref()), (Outcome::Processed, Some("made FB-1")));
        assert_eq!((row.ticket, row.finished_at), (Some(ticket), Some(at)));
        assert!(t.db.workspace(start.workspace).delivery(DeliveryId(Uuid::nil())).await.unwrap().is_none());
    }

    async fn the_log_filters_by_topic_outcome_and_words(t: TestDb) {
        let start = start(&t).await;
        let mut stored = Vec::new();
        for (key, topic, subject) in [
            ("notif_100%", "ping", "c1"),
            ("notif_1000", "conversation.deleted", "c2"),
            ("NOTIFX100", "ping", "back\\slash"),
        ] {
            let one = NewDelivery {
                topic: Some(topic.to_owned()),
                subject: Some(subject.to_owned()),
                ..start.delivery(&t, key)
            };
            stored.extend(store(&t, &[one]).await);
        }
        in_tx!(t, |tx| tx.workspace(start.workspace)
            .finish_delivery(id(stored[1]), Outcome::Ignored, "Nobody chose the tag Ärger", None).await.unwrap());
        let words = |text: &str| DeliveryFilter { words: Some(text.to_owned()), ..DeliveryFilter::default() };
        assert_eq!(start.found(&t, DeliveryFilter { topic: Some("ping".to_owned()), ..DeliveryFilter::default() }).await,
            ["NOTIFX100", "notif_100%"]);
        assert_eq!(start.found(&t, DeliveryFilter { outcome: Some(Outcome::Ignored), ..DeliveryFilter::default() }).await,
            ["notif_1000"]);
        for (text, expected) in [
            ("100%", &["notif_100%"][..]),
            ("_100", &["notif_1000", "notif_100%"]),
            ("notif", &["NOTIFX100", "notif_1000", "notif_100%"]),
            ("nobody CHOSE", &["notif_1000"]),
            ("ärger", &["notif_1000"]),
            ("c2", &["notif_1000"]),
            ("k\\s", &["NOTIFX100"]),
            ("absent", &[]),
        ] {
            assert_eq!(start.found(&t, words(text)).await, expected, "{text}");
        }
    }

    async fn the_log_goes_on_before_the_last_one_seen(t: TestDb) {
        let start = start(&t).await;
        let keys: Vec<_> = (0..10).map(|n| n.to_string()).collect();
        store(&t, &start.batch(&t, keys.clone())).await;
        let tenant = t.db.workspace(start.workspace);
        let (mut seen, mut before) = (Vec::new(), None);
        loop {
            let filter = DeliveryFilter { before, ..DeliveryFilter::default() };
            let page = tenant.deliveries(start.connection, &filter, 3).await.unwrap();
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            seen.extend(page.into_iter().filter_map(|one| one.notification_id));
        }
        seen.reverse();
        assert_eq!(seen, keys);
    }

    async fn every_kept_body_about_a_subject_is_rewritten(t: TestDb) {
        let start = start(&t).await;
        let keys = (0..120).map(|n| n.to_string());
        let stored = store(&t, &start.batch(&t, keys)).await;
        let other = NewDelivery { subject: Some("another".to_owned()), ..start.delivery(&t, "other") };
        let other = id(store(&t, &[other]).await[0]);
        store(&t, &[start.delivery(&t, "7")]).await;
        let kept = br#"{"id":"50"}"#;
        let rewritten = in_tx!(t, |tx| tx.workspace(start.workspace)
            .rewrite_bodies(start.connection, CONVERSATION, |body| (body != kept).then(|| b"gone".to_vec()))
            .await.unwrap());
        assert_eq!(rewritten, 119);
        let tenant = t.db.workspace(start.workspace);
        for (n, one) in stored.into_iter().enumerate() {
            let (_, body) = tenant.delivery(id(one)).await.unwrap().unwrap();
            let expected = if n == 50 { &kept[..] } else { b"gone" };
            assert_eq!(body.as_deref(), Some(expected), "{n}");
        }
        let (_, body) = tenant.delivery(other).await.unwrap().unwrap();
        assert_eq!(body.as_deref(), Some(&br#"{"id":"other"}"#[..]));
    }

    async fn two_who_rewrite_a_body_at_once_bring_nothing_back(t: TestDb) {
        let start = start(&t).await;
        let new = NewDelivery { body: Some(b"one two".to_vec()), ..start.delivery(&t, "a") };
        let stored = id(store(&t, &[new]).await[0]);
        let without = |word: &'static str| move |body: &[u8]| {
            Some(String::from_utf8(body.to_vec()).unwrap().replace(word, "x").into_bytes())
        };
        let first = t.db.begin().await.unwrap();
        let tenant = first.workspace(start.workspace);
        tenant.rewrite_bodies(start.connection, CONVERSATION, without("one")).await.unwrap();
        let (db, workspace, connection) = (t.db.clone(), start.workspace, start.connection);
        let mut second = tokio::spawn(async move {
            let tx = db.begin().await.unwrap();
            let tenant = tx.workspace(workspace);
            tenant.rewrite_body(connection, stored, without("two")).await.unwrap();
            tx.commit().await.unwrap();
        });
        // It waits, whether it has read by then or not.
        let ended = tokio::time::timeout(std::time::Duration::from_millis(300), &mut second).await;
        assert!(ended.is_err());
        first.commit().await.unwrap();
        second.await.unwrap();
        let (_, body) = t.db.workspace(workspace).delivery(stored).await.unwrap().unwrap();
        assert_eq!(body.as_deref(), Some(&b"x x"[..]));
    }

    async fn nothing_of_a_batch_with_a_broken_row_is_stored(t: TestDb) {
        let start = start(&t).await;
        let broken = NewDelivery { connection: ConnectionId(Uuid::nil()), ..start.delivery(&t, "b") };
        let tx = t.db.begin().await.unwrap();
        assert!(tx.across().store_deliveries(&[start.delivery(&t, "a"), broken]).await.is_err());
        drop(tx);
        assert_eq!(start.log(&t, DeliveryFilter::default()).await, []);
        assert_eq!(t.db.across().jobs_in("pending").await.unwrap(), 0);
        store(&t, &[start.delivery(&t, "a")]).await;
        assert_eq!(start.log(&t, DeliveryFilter::default()).await.len(), 1);
    }
}
