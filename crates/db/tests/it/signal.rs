//! The change signal.

use crate::support::in_tx;
use earmark_db::{Change, ChangeKind, Changes};
use earmark_model::{ConnectionId, Job};
use earmark_testkit::{both_databases, build};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

async fn next(changes: &mut Changes) -> Option<Change> {
    timeout(Duration::from_secs(30), changes.next())
        .await
        .expect("a change is announced")
}

both_databases! {
    async fn a_change_is_announced_once_it_can_be_read(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let other = if t.db.is_shared() { t.another().await } else { t.db.clone() };
        let (mut own, mut others) = (t.db.changes(), other.changes());
        let product = build::product(&t.db, workspace, "App").await;
        let expected = Change { workspace, kind: ChangeKind::Tickets };
        assert_eq!(next(&mut own).await, Some(expected));
        assert_eq!(next(&mut others).await, Some(expected), "in another process too");
        assert_eq!(other.workspace(workspace).product(product.id).await.unwrap(), Some(product));
    }

    async fn what_is_rolled_back_is_never_announced(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let mut changes = t.db.changes();
        let tx = t.db.begin().await.unwrap();
        tx.workspace(workspace).create_product("App").await.unwrap();
        drop(tx);
        let job = Job::RefreshTags { connection: ConnectionId(Uuid::nil()) };
        in_tx!(t, |tx| tx.workspace(workspace).enqueue(&job).await.unwrap());
        assert_eq!(next(&mut changes).await, Some(Change { workspace, kind: ChangeKind::Jobs }), "the first is the committed one");
    }

    async fn a_transaction_announces_each_kind_once(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let mut changes = t.db.changes();
        let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
        assert_eq!(next(&mut changes).await.unwrap().kind, ChangeKind::Connections);
        let batch: Vec<_> = ["a", "b", "c"]
            .map(|key| build::delivery((workspace, connection), key, key, t.sources.now()))
            .into();
        in_tx!(t, |tx| tx.across().store_deliveries(&batch).await.unwrap());
        build::product(&t.db, workspace, "App").await;
        let mut kinds = Vec::new();
        while kinds.last() != Some(&ChangeKind::Tickets) {
            kinds.push(next(&mut changes).await.unwrap().kind);
        }
        kinds.sort();
        assert_eq!(kinds, [ChangeKind::Jobs, ChangeKind::Tickets, ChangeKind::Deliveries]);
    }

    async fn a_slow_reader_is_told_that_anything_may_have_changed(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
        let (mut slow, mut quick) = (t.db.changes(), t.db.changes());
        // More than the channel holds: each transaction announces three kinds of change.
        for n in 0..360 {
            let one = build::delivery((workspace, connection), &n.to_string(), "c1", t.sources.now());
            in_tx!(t, |tx| {
                tx.across().store_deliveries(&[one]).await.unwrap();
                tx.workspace(workspace).set_connection_feedback(connection, n % 2 == 0).await.unwrap();
            });
            for _ in 0..3 {
                next(&mut quick).await.unwrap();
            }
        }
        assert_eq!(next(&mut slow).await.unwrap().kind, ChangeKind::Everything);
    }

    async fn the_stream_ends_with_the_database(t: TestDb) {
        let db = t.another().await;
        let mut changes = db.changes();
        db.close().await.unwrap();
        drop(db);
        assert_eq!(next(&mut changes).await, None);
    }
}
