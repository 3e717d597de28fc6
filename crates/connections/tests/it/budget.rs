//! The rate budget that two processes share.

use chrono::{DateTime, TimeDelta, Utc};
use earmark_connections::SharedBudget;
use earmark_db::Db;
use earmark_db::across::RateRow;
use earmark_intercom::{BudgetKey, Lane, Observation, RateBudget, WaitUntil};
use earmark_testkit::{TestDb, both_databases};
use std::sync::Arc;

fn key() -> BudgetKey {
    BudgetKey::new("app", "qw7tide3")
}

fn limit(limit: u32) -> Observation {
    Observation {
        limit: Some(limit),
        ..Observation::default()
    }
}

/// Two processes.
async fn two(t: &TestDb) -> [Arc<SharedBudget>; 2] {
    let other = if t.db.is_shared() {
        t.another().await
    } else {
        t.db.clone()
    };
    [&t.db, &other].map(|db: &Db| Arc::new(SharedBudget::new(db.clone())))
}

/// Two processes that know the limit.
async fn two_with(t: &TestDb, calls: u32) -> [Arc<SharedBudget>; 2] {
    let both = two(t).await;
    both[0].observe(&key(), limit(calls)).await;
    both
}

/// Calls until there are no more; gives their number and until when to wait.
async fn drain(budget: &SharedBudget, lane: Lane) -> (u32, DateTime<Utc>) {
    let mut calls = 0;
    loop {
        match budget.acquire(&key(), lane).await {
            Ok(()) => calls += 1,
            Err(WaitUntil(at)) => return (calls, at),
        }
    }
}

/// All that both processes may call, four tasks each.
async fn drain_all(both: &[Arc<SharedBudget>; 2], lane: Lane) -> u32 {
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let budget = both[n % 2].clone();
            tokio::spawn(async move { drain(&budget, lane).await.0 })
        })
        .collect();
    let mut calls = 0;
    for task in tasks {
        calls += task.await.unwrap();
    }
    calls
}

async fn row(t: &TestDb) -> RateRow {
    t.db.across()
        .rate_budget("app:qw7tide3")
        .await
        .unwrap()
        .unwrap()
}

fn seconds(t: &TestDb, seconds: i64) -> DateTime<Utc> {
    t.sources.now() + TimeDelta::seconds(seconds)
}

both_databases! {
    async fn two_processes_never_call_more_than_the_ceiling_and_use_it_up(t: TestDb) {
        let both = two_with(&t, 1000).await;
        assert_eq!(drain_all(&both, Lane::Interactive).await, 900);
        assert_eq!(row(&t).await.leased, 900);
        assert_eq!(drain_all(&both, Lane::Interactive).await, 0);
    }

    async fn the_first_lanes_go_on_when_backfill_has_to_stop(t: TestDb) {
        let both = two_with(&t, 1000).await;
        assert_eq!(drain_all(&both, Lane::Backfill).await, 700);
        assert_eq!(drain_all(&both, Lane::Webhook).await, 100);
        assert_eq!(drain_all(&both, Lane::Backfill).await, 0);
        assert_eq!(drain_all(&both, Lane::Interactive).await, 100);
        assert_eq!(drain_all(&both, Lane::Webhook).await, 0);
    }

    async fn what_nobody_asked_for_is_backfills_until_the_window_ends(t: TestDb) {
        let both = two_with(&t, 1000).await;
        assert_eq!(drain_all(&both, Lane::Backfill).await, 700);
        assert_eq!(drain(&both[0], Lane::Backfill).await, (0, seconds(&t, 0) + TimeDelta::milliseconds(50)));
        t.clock.advance(TimeDelta::seconds(5));
        assert_eq!(drain_all(&both, Lane::Backfill).await, 100, "half of what was kept");
        assert_eq!(drain_all(&both, Lane::Interactive).await, 100, "the other half");
        assert_eq!(drain(&both[1], Lane::Backfill).await, (0, seconds(&t, 5)));
    }

    async fn before_anything_is_known_few_calls_are_made(t: TestDb) {
        let both = two(&t).await;
        assert_eq!(drain_all(&both, Lane::Interactive).await, 18);
        assert!(both[0].snapshot(&BudgetKey::new("other", "app")).await.is_none());
    }

    async fn the_next_window_begins_after_ten_seconds(t: TestDb) {
        let both = two_with(&t, 100).await;
        let (calls, until) = drain(&both[0], Lane::Interactive).await;
        assert_eq!((calls, until), (90, seconds(&t, 10)));
        assert_eq!(drain(&both[1], Lane::Interactive).await, (0, until));
        t.clock.advance(TimeDelta::milliseconds(9_999));
        assert_eq!(drain_all(&both, Lane::Interactive).await, 0);
        t.clock.advance(TimeDelta::milliseconds(1));
        assert_eq!(drain_all(&both, Lane::Interactive).await, 90);
    }

    async fn a_lease_does_not_outlive_its_window(t: TestDb) {
        let both = two_with(&t, 1000).await;
        both[0].acquire(&key(), Lane::Backfill).await.unwrap();
        assert_eq!(row(&t).await.leased, 50, "a slice");
        t.clock.advance(TimeDelta::seconds(10));
        assert_eq!(drain_all(&both, Lane::Interactive).await, 900, "what was left of the slice is gone");
    }

    async fn the_row_tells_what_each_lane_took(t: TestDb) {
        let both = two_with(&t, 1000).await;
        for lane in [Lane::Interactive, Lane::Webhook, Lane::Backfill] {
            both[0].acquire(&key(), lane).await.unwrap();
        }
        let seen = row(&t).await;
        assert!(seen.interactive > 0 && seen.webhook > 0 && seen.backfill > 0, "{seen:?}");
        assert_eq!(seen.interactive + seen.webhook + seen.backfill, seen.leased);
        t.clock.advance(TimeDelta::seconds(10));
        both[0].acquire(&key(), Lane::Webhook).await.unwrap();
        let seen = row(&t).await;
        assert_eq!((seen.interactive, seen.backfill, seen.webhook), (0, 0, seen.leased));
    }

    async fn a_refusal_stops_both_until_its_time(t: TestDb) {
        let both = two_with(&t, 1000).await;
        both[0].acquire(&key(), Lane::Interactive).await.unwrap();
        let until = seconds(&t, 25);
        let refused = Observation { refused_until: Some(until), ..limit(1000) };
        both[0].observe(&key(), refused).await;
        for budget in &both {
            assert_eq!(drain(budget, Lane::Interactive).await, (0, until));
            assert_eq!(budget.snapshot(&key()).await.unwrap().refused_until, Some(until));
        }
        t.clock.advance(TimeDelta::seconds(24));
        assert_eq!(drain_all(&both, Lane::Interactive).await, 0);
        t.clock.advance(TimeDelta::seconds(1));
        assert_eq!(drain_all(&both, Lane::Interactive).await, 900);
        assert_eq!(both[1].snapshot(&key()).await.unwrap().refused_until, None);
    }

    async fn a_shorter_refusal_does_not_end_a_longer_one(t: TestDb) {
        let both = two_with(&t, 1000).await;
        let until = seconds(&t, 60);
        for at in [until, seconds(&t, 5)] {
            let refused = Observation { refused_until: Some(at), ..limit(1000) };
            both[0].observe(&key(), refused).await;
        }
        assert_eq!(drain(&both[1], Lane::Interactive).await, (0, until));
    }

    async fn a_smaller_limit_is_learned_by_both(t: TestDb) {
        let both = two_with(&t, 1000).await;
        for budget in &both {
            budget.acquire(&key(), Lane::Interactive).await.unwrap();
        }
        t.clock.advance(TimeDelta::seconds(10));
        both[1].observe(&key(), limit(100)).await;
        assert_eq!(drain_all(&both, Lane::Interactive).await, 90);
        let snapshot = both[0].snapshot(&key()).await.unwrap();
        assert_eq!((snapshot.limit, snapshot.left), (Some(100), Some(10)));
        both[0].observe(&key(), limit(0)).await;
        assert_eq!(row(&t).await.limit_seen, 100, "no limit at all is not believed");
    }

    async fn calls_by_others_count(t: TestDb) {
        let both = two_with(&t, 1000).await;
        both[0].acquire(&key(), Lane::Interactive).await.unwrap();
        let seen = Observation { remaining: Some(150), reset_at: Some(seconds(&t, 10)), ..limit(1000) };
        both[0].observe(&key(), seen).await;
        let slice_left = 9;
        assert_eq!(drain_all(&both, Lane::Interactive).await, 50 + slice_left);
        assert_eq!(drain_all(&both, Lane::Backfill).await, 0);
    }

    async fn an_answer_that_comes_in_late_says_nothing_of_the_new_window(t: TestDb) {
        let both = two_with(&t, 1000).await;
        drain_all(&both, Lane::Interactive).await;
        let ended = seconds(&t, 10);
        t.clock.advance(TimeDelta::milliseconds(10_200));
        both[0].acquire(&key(), Lane::Interactive).await.unwrap();
        let late = Observation { remaining: Some(100), reset_at: Some(ended), ..limit(1000) };
        both[0].observe(&key(), late).await;
        assert_eq!(drain_all(&both, Lane::Interactive).await, 899);
    }

    async fn windows_keep_step_with_the_resets_that_intercom_tells(t: TestDb) {
        let both = two_with(&t, 100).await;
        both[1].acquire(&key(), Lane::Interactive).await.unwrap();
        let reset = seconds(&t, 7);
        let told = Observation { remaining: Some(99), reset_at: Some(reset), ..limit(100) };
        both[1].observe(&key(), told).await;
        let (_, until) = drain(&both[0], Lane::Interactive).await;
        assert_eq!(until, reset);
        drain_all(&both, Lane::Interactive).await;
        t.clock.set(reset);
        assert_eq!(drain(&both[1], Lane::Interactive).await, (90, reset + TimeDelta::seconds(10)));
        t.clock.advance(TimeDelta::seconds(34));
        assert_eq!(drain(&both[0], Lane::Interactive).await, (90, reset + TimeDelta::seconds(40)), "also after a pause");
    }

    async fn a_reset_from_a_clock_that_disagrees_is_not_believed(t: TestDb) {
        let both = two_with(&t, 100).await;
        for wrong in [3_607, -3_607] {
            let told = Observation { remaining: Some(100), reset_at: Some(seconds(&t, wrong)), ..limit(100) };
            both[0].observe(&key(), told).await;
        }
        assert_eq!(drain(&both[0], Lane::Interactive).await, (90, seconds(&t, 10)));
    }

    async fn many_callers_at_once_lease_one_slice_between_them(t: TestDb) {
        let [budget, _] = two_with(&t, 1000).await;
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let budget = budget.clone();
                tokio::spawn(async move { budget.acquire(&key(), Lane::Backfill).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(row(&t).await.leased, 50);
    }

    async fn credentials_and_intercom_workspaces_do_not_share(t: TestDb) {
        let both = two_with(&t, 100).await;
        drain_all(&both, Lane::Interactive).await;
        for other in [BudgetKey::new("app", "other"), BudgetKey::new("other", "qw7tide3")] {
            both[0].acquire(&other, Lane::Backfill).await.unwrap();
        }
    }

    async fn without_the_database_nothing_is_called(t: TestDb) {
        let db = t.another().await;
        let budget = SharedBudget::new(db.clone());
        budget.observe(&key(), limit(1000)).await;
        db.close().await.unwrap();
        assert_eq!(drain(&budget, Lane::Interactive).await, (0, seconds(&t, 1)));
    }
}
