//! How long our answers took, when an address was tested, when Intercom was asked about an uninstall.

use crate::support::in_tx;
use chrono::{DateTime, TimeDelta, Timelike};
use earmark_model::{AnswerBucket, ConnectionId, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};
use std::time::Duration;

fn bucket(ms: u64) -> AnswerBucket {
    AnswerBucket::of(Duration::from_millis(ms))
}

async fn connected(t: &TestDb) -> (WorkspaceId, ConnectionId) {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw7tide3").await.id;
    (workspace, connection)
}

both_databases! {
    async fn answers_are_counted_by_hour_and_forgotten_after_eight_days(t: TestDb) {
        let (workspace, connection) = connected(&t).await;
        // Half past, so that neither neighbour of the hour is met by chance.
        let start = t.sources.now().with_minute(30).unwrap();
        t.clock.set(start);
        let add = async |answers: &[(AnswerBucket, u32)]| {
            let at = t.sources.now();
            in_tx!(t, |tx| tx.workspace(workspace).add_answer_times(connection, at, answers).await.unwrap());
        };
        let total = async |since| {
            let times = t.db.workspace(workspace).answer_times(connection, since).await.unwrap();
            (times.total(), times.percentile(99).and_then(AnswerBucket::bound_ms))
        };
        add(&[(bucket(3), 90), (bucket(400), 10)]).await;
        add(&[(bucket(3), 10)]).await;
        assert_eq!(total(start).await, (110, Some(500)));
        t.clock.advance(TimeDelta::hours(1));
        add(&[(bucket(3), 1)]).await;
        assert_eq!(total(start).await, (111, Some(500)));
        assert_eq!(total(start + TimeDelta::hours(1)).await, (1, Some(5)));

        t.clock.advance(TimeDelta::days(8) - TimeDelta::hours(1));
        add(&[(bucket(3), 5)]).await;
        assert_eq!(total(DateTime::UNIX_EPOCH).await.0, 116, "of exactly eight days ago");
        t.clock.advance(TimeDelta::hours(1));
        add(&[(bucket(3), 5)]).await;
        assert_eq!(total(DateTime::UNIX_EPOCH).await, (11, Some(5)));
    }

    async fn a_tested_address_is_noted_once_a_minute(t: TestDb) {
        let (workspace, id) = connected(&t).await;
        let last = async || t.db.workspace(workspace).connection(id).await.unwrap().unwrap().last_head_at;
        assert_eq!(last().await, None);
        let start = t.sources.now();
        for (after, wanted) in [(0, 0), (59, 0), (60, 60), (61, 60)] {
            let at = start + TimeDelta::seconds(after);
            in_tx!(t, |tx| tx.workspace(workspace).saw_head(id, at).await.unwrap());
            assert_eq!(last().await, Some(start + TimeDelta::seconds(wanted)), "after {after} s");
        }
    }

    async fn the_right_to_ask_about_an_uninstall_is_given_once_in_a_while(t: TestDb) {
        let (workspace, id) = connected(&t).await;
        let ask = async || {
            in_tx!(t, |tx| tx.workspace(workspace).ask_uninstall(id, TimeDelta::minutes(1)).await.unwrap())
        };
        assert!(ask().await);
        assert!(!ask().await);
        t.clock.advance(TimeDelta::minutes(1));
        assert!(ask().await);
    }
}
