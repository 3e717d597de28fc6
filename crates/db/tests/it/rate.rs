//! The shared rate budget, and that one writer's read holds until it has written.

use crate::support::in_tx;
use earmark_db::Db;
use earmark_db::across::RateRow;
use earmark_testkit::{TestDb, both_databases};

/// Reads the budget under its lock and takes one call from it.
async fn lease_one(db: Db) {
    let tx = db.begin().await.unwrap();
    let row = tx.across().lock_rate_budget("app", 1000).await.unwrap();
    let taken = RateRow {
        leased: row.leased + 1,
        ..row
    };
    tx.across().put_rate_budget("app", &taken).await.unwrap();
    tx.commit().await.unwrap();
}

async fn lease_at_once(dbs: &[Db], times: usize) -> i64 {
    let tasks: Vec<_> = (0..times)
        .map(|n| tokio::spawn(lease_one(dbs[n % dbs.len()].clone())))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    dbs[0]
        .across()
        .rate_budget("app")
        .await
        .unwrap()
        .unwrap()
        .leased
}

both_databases! {
    async fn a_budget_is_made_locked_and_stored(t: TestDb) {
        assert_eq!(t.db.across().rate_budget("app").await.unwrap(), None);
        let made = in_tx!(t, |tx| tx.across().lock_rate_budget("app", 1000).await.unwrap());
        let fresh = RateRow {
            window_at: 0,
            leased: 0,
            interactive: 0,
            webhook: 0,
            backfill: 0,
            limit_seen: 1000,
            remaining_seen: None,
            refused_until: None,
        };
        assert_eq!(made, fresh);
        let row = RateRow {
            window_at: 1_790_000_000,
            leased: 40,
            interactive: 9,
            webhook: 10,
            backfill: 11,
            limit_seen: 500,
            remaining_seen: Some(12),
            refused_until: Some(t.sources.now()),
        };
        in_tx!(t, |tx| {
            assert_eq!(tx.across().lock_rate_budget("app", 7).await.unwrap(), fresh, "the limit is for a new one");
            tx.across().put_rate_budget("app", &row).await.unwrap();
        });
        assert_eq!(t.db.across().rate_budget("app").await.unwrap(), Some(row));
        assert_eq!(t.db.across().rate_budget("other").await.unwrap(), None);
    }

    async fn no_lease_is_lost_when_many_take_at_once(t: TestDb) {
        let dbs = if t.db.is_shared() { vec![t.db.clone(), t.another().await] } else { vec![t.db.clone()] };
        assert_eq!(lease_at_once(&dbs, 40).await, 40);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_transactions_that_read_then_write_all_succeed_on_sqlite() {
    let t = TestDb::sqlite().await;
    assert_eq!(lease_at_once(std::slice::from_ref(&t.db), 200).await, 200);
}
