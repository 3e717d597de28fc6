//! The in-memory rate budget.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use earmark_intercom::{BudgetKey, Lane, LocalBudget, Observation, RateBudget, Shares, WaitUntil};

use crate::support::Fixed;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_secs(seconds).unwrap()
}

fn key() -> BudgetKey {
    BudgetKey::new("app", "hb7r2mk9")
}

fn setup() -> (Arc<Fixed>, LocalBudget) {
    let clock = Fixed::new();
    (clock.clone(), LocalBudget::new(clock))
}

async fn told(budget: &LocalBudget, limit: u32, remaining: u32, reset: i64) {
    let seen = Observation {
        limit: Some(limit),
        remaining: Some(remaining),
        reset_at: Some(at(reset)),
        refused_until: None,
    };
    budget.observe(&key(), seen).await;
}

/// Takes calls until refused; says how many there were.
async fn drain(budget: &LocalBudget, lane: Lane) -> (u32, WaitUntil) {
    let mut taken = 0;
    loop {
        match budget.acquire(&key(), lane).await {
            Ok(()) => taken += 1,
            Err(until) => return (taken, until),
        }
    }
}

#[tokio::test]
async fn lanes_give_way_to_each_other() {
    let (clock, budget) = setup();
    told(&budget, 100, 100, clock.seconds() + 10).await;
    let until = WaitUntil(at(clock.seconds() + 10));
    assert_eq!(drain(&budget, Lane::Backfill).await.0, 70);
    assert_eq!(drain(&budget, Lane::Webhook).await.0, 10);
    assert_eq!(drain(&budget, Lane::Interactive).await, (10, until));
    assert_eq!(drain(&budget, Lane::Backfill).await, (0, until));
    assert_eq!(
        budget.snapshot(&key()).await.unwrap().left,
        Some(10),
        "headroom for others"
    );
}

#[tokio::test]
async fn what_nobody_asked_for_is_backfills_until_the_window_ends() {
    let (clock, budget) = setup();
    told(&budget, 100, 100, clock.seconds() + 10).await;
    let (taken, WaitUntil(opens)) = drain(&budget, Lane::Backfill).await;
    let half_a_second = at(clock.seconds()) + TimeDelta::milliseconds(500);
    assert_eq!((taken, opens), (70, half_a_second));
    for _ in 0..19 {
        clock.advance(Duration::from_millis(500));
        assert_eq!(drain(&budget, Lane::Backfill).await.0, 1);
    }
}

#[tokio::test]
async fn people_find_their_share_at_any_time_however_much_is_copied() {
    let (clock, budget) = setup();
    told(&budget, 1_000, 1_000, clock.seconds() + 10).await;
    for _ in 0..100 {
        drain(&budget, Lane::Backfill).await;
        // A tenth of the limit for each of the two lanes before it, evenly over the window.
        assert_eq!(budget.acquire(&key(), Lane::Webhook).await, Ok(()));
        assert_eq!(budget.acquire(&key(), Lane::Interactive).await, Ok(()));
        clock.advance(Duration::from_millis(100));
    }
}

#[tokio::test]
async fn a_new_window_gives_new_calls() {
    let (clock, budget) = setup();
    told(&budget, 50, 0, clock.seconds() + 10).await;
    assert_eq!(drain(&budget, Lane::Interactive).await.0, 0);
    clock.advance(Duration::from_secs(10));
    assert_eq!(drain(&budget, Lane::Interactive).await.0, 45);
}

#[tokio::test]
async fn calls_of_others_count() {
    let (clock, budget) = setup();
    told(&budget, 100, 30, clock.seconds() + 10).await;
    assert_eq!(drain(&budget, Lane::Interactive).await.0, 20);
    told(&budget, 100, 60, clock.seconds() + 10).await;
    assert_eq!(
        drain(&budget, Lane::Interactive).await.0,
        0,
        "an older answer frees nothing"
    );
}

#[tokio::test]
async fn before_the_first_answer_few_calls_are_made() {
    let (_, budget) = setup();
    assert_eq!(budget.snapshot(&key()).await, None);
    assert_eq!(
        drain(&budget, Lane::Backfill).await.0,
        Shares::default().before_known
    );
    let seen = budget.snapshot(&key()).await.unwrap();
    assert_eq!((seen.limit, seen.left), (None, None));
}

#[tokio::test]
async fn a_refusal_stops_every_lane_until_its_time() {
    let (clock, budget) = setup();
    let until = at(clock.seconds() + 3);
    let refused = Observation {
        refused_until: Some(until),
        ..Observation::default()
    };
    budget.observe(&key(), refused).await;
    assert_eq!(
        budget.acquire(&key(), Lane::Interactive).await,
        Err(WaitUntil(until))
    );
    assert_eq!(
        budget.snapshot(&key()).await.unwrap().refused_until,
        Some(until)
    );
    assert_eq!(
        budget
            .acquire(&BudgetKey::new("app", "other"), Lane::Backfill)
            .await,
        Ok(())
    );
    clock.advance(Duration::from_secs(3));
    assert_eq!(budget.acquire(&key(), Lane::Backfill).await, Ok(()));
}

#[tokio::test]
async fn a_late_answer_of_the_window_before_takes_nothing_from_this_one() {
    let (clock, budget) = setup();
    told(&budget, 100, 100, clock.seconds() + 10).await;
    clock.advance(Duration::from_secs(10));
    told(&budget, 100, 100, clock.seconds() + 10).await;
    told(&budget, 100, 0, clock.seconds()).await;
    told(&budget, 100, 0, clock.seconds() + 1).await;
    assert_eq!(drain(&budget, Lane::Interactive).await.0, 90);
}

#[tokio::test]
async fn a_reset_far_away_is_not_believed() {
    let (clock, budget) = setup();
    told(&budget, 10, 0, clock.seconds() + 3_600).await;
    let (_, WaitUntil(until)) = drain(&budget, Lane::Interactive).await;
    assert!(until <= at(clock.seconds() + 10), "{until}");
}
