//! What each verdict leaves behind.

use crate::support::{Count, claim, counts, does, enqueue, job, row, says, short_job};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_jobs::{Handlers, Settings, Verdict, Worker};
use earmark_model::JobKind;
use earmark_testkit::{TestDb, both_databases};
use std::time::Duration;

async fn next_job_at(t: &TestDb) -> Option<DateTime<Utc>> {
    let due = t.db.across().next_jobs_at(JobKind::ALL).await.unwrap();
    due.into_values().min()
}

/// The time until the next job is due.
async fn wait(t: &TestDb) -> TimeDelta {
    next_job_at(t).await.unwrap() - t.sources.now()
}

/// Moves the clock to the next job's time and runs what is due then.
async fn run_next(t: &TestDb, worker: &Worker) -> usize {
    t.clock.advance(wait(t).await);
    worker.run_until_idle().await.unwrap()
}

both_databases! {
    async fn done_leaves_nothing(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        enqueue(&t.db, &job("b")).await;
        let worker = says(&t.db, |_| Verdict::Done);
        assert_eq!(worker.run_until_idle().await.unwrap(), 2);
        assert_eq!(counts(&t).await, [0, 0, 0]);
        assert_eq!(worker.run_until_idle().await.unwrap(), 0);
    }

    async fn what_a_job_asks_for_runs_too(t: TestDb) {
        enqueue(&t.db, &job("first")).await;
        let db = t.db.clone();
        let handlers = does(move |claimed| {
            let db = db.clone();
            async move {
                if claimed.job == job("first") {
                    enqueue(&db, &job("second")).await;
                }
                Verdict::Done
            }
        });
        let worker = Worker::new(t.db.clone(), handlers, Settings::default());
        assert_eq!(worker.run_until_idle().await.unwrap(), 2);
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn a_retry_waits_longer_each_time_and_runs_no_earlier(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        let worker = says(&t.db, |attempt| Verdict::Retry(format!("failure {attempt}")));
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        for full in [2_000, 4_000, 8_000] {
            let wait = wait(&t).await;
            assert!(wait <= TimeDelta::milliseconds(full), "{wait}");
            assert!(wait >= TimeDelta::milliseconds(full * 3 / 4), "{wait}");
            t.clock.advance(wait - TimeDelta::milliseconds(1));
            assert_eq!(worker.run_until_idle().await.unwrap(), 0, "it is not due yet");
            t.clock.advance(TimeDelta::milliseconds(1));
            assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        }
        let row = row(&t).await;
        assert_eq!((row.state.as_str(), row.attempts), ("pending", 4));
        assert_eq!(row.errors(), ["failure 1", "failure 2", "failure 3", "failure 4"]);
    }

    async fn attempts_run_out_and_the_newest_errors_are_kept(t: TestDb) {
        enqueue(&t.db, &short_job()).await;
        let worker = says(&t.db, |attempt| Verdict::Retry(format!("failure {attempt}")));
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        for _ in 2..=5 {
            assert_eq!(counts(&t).await, [1, 0, 0]);
            assert_eq!(run_next(&t, &worker).await, 1);
        }
        assert_eq!(counts(&t).await, [0, 0, 1]);
        let failed = row(&t).await;
        assert_eq!(failed.attempts, 5);
        assert_eq!(failed.errors().len(), 5);
        assert_eq!(next_job_at(&t).await, None);
        t.clock.advance(TimeDelta::days(1));
        assert_eq!(worker.run_until_idle().await.unwrap(), 0, "it failed for good");
    }

    async fn five_errors_are_kept(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        let worker = says(&t.db, |attempt| Verdict::Retry(format!("failure {attempt}")));
        worker.run_until_idle().await.unwrap();
        for _ in 0..6 {
            run_next(&t, &worker).await;
        }
        let kept = row(&t).await.errors();
        assert_eq!(kept, ["failure 3", "failure 4", "failure 5", "failure 6", "failure 7"]);
    }

    async fn a_snooze_waits_until_its_time_and_does_not_count(t: TestDb) {
        enqueue(&t.db, &short_job()).await;
        let until = t.sources.now() + TimeDelta::minutes(3);
        let worker = says(&t.db, move |_| Verdict::Snooze(until));
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        assert_eq!(wait(&t).await, TimeDelta::minutes(3));
        let row = row(&t).await;
        assert_eq!((row.state.as_str(), row.attempts, row.errors().len()), ("pending", 0, 0));
        t.clock.advance(TimeDelta::minutes(3) - TimeDelta::milliseconds(1));
        assert_eq!(worker.run_until_idle().await.unwrap(), 0);
        t.clock.advance(TimeDelta::milliseconds(1));
        let attempts = Count::default();
        let seen = attempts.clone();
        let worker = says(&t.db, move |attempt| {
            (0..attempt).for_each(|_| seen.add());
            Verdict::Done
        });
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        assert_eq!(attempts.get(), 1, "it is the first attempt still");
    }

    async fn a_snooze_whose_time_is_past_does_not_spin(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        let past = t.sources.now() - TimeDelta::hours(1);
        let worker = says(&t.db, move |_| Verdict::Snooze(past));
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        assert_eq!(wait(&t).await, TimeDelta::seconds(1));
    }

    async fn a_failure_for_good_stays_with_its_words(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        let worker = says(&t.db, |attempt| match attempt {
            1 => Verdict::Retry("timeout".to_owned()),
            _ => Verdict::Fail("no such conversation".to_owned()),
        });
        worker.run_until_idle().await.unwrap();
        assert_eq!(run_next(&t, &worker).await, 1);
        assert_eq!(counts(&t).await, [0, 0, 1]);
        assert_eq!(row(&t).await.errors(), ["timeout", "no such conversation"]);
        enqueue(&t.db, &job("a")).await;
        let worker = says(&t.db, |_| Verdict::Done);
        assert_eq!(worker.run_until_idle().await.unwrap(), 1, "it may be asked for again");
        assert_eq!(counts(&t).await, [0, 0, 1]);
    }

    async fn a_panic_is_a_failed_attempt(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        let worker = says(&t.db, |attempt| match attempt {
            1 => panic!("the roof is on fire"),
            _ => Verdict::Done,
        });
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        let row = row(&t).await;
        assert_eq!((row.state.as_str(), row.attempts), ("pending", 1));
        assert!(row.errors()[0].contains("panicked"), "{row:?}");
        assert!(row.errors()[0].contains("the roof is on fire"), "{row:?}");
        assert_eq!(run_next(&t, &worker).await, 1);
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn a_job_without_a_handler_is_kept_for_a_process_that_has_one(t: TestDb) {
        enqueue(&t.db, &job("a")).await;
        let without = Worker::new(t.db.clone(), Handlers::new(), Settings::default());
        assert_eq!(without.run_until_idle().await.unwrap(), 0);
        assert_eq!(row(&t).await.state, "pending");
        assert_eq!(run_next(&t, &says(&t.db, |_| Verdict::Done)).await, 1);
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn a_job_that_loses_its_worker_each_time_is_given_up(t: TestDb) {
        let lease = Duration::from_secs(60);
        enqueue(&t.db, &short_job()).await;
        for attempt in 1..=5 {
            assert_eq!(claim(&t, lease).await[0].attempt, attempt);
            t.clock.advance(TimeDelta::seconds(61));
            let tx = t.db.begin().await.unwrap();
            assert_eq!(tx.across().rescue_jobs().await.unwrap(), 1);
            tx.commit().await.unwrap();
        }
        let ran = Count::default();
        let seen = ran.clone();
        let worker = says(&t.db, move |_| {
            seen.add();
            Verdict::Done
        });
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        assert_eq!(ran.get(), 0, "a sixth attempt could take this process down, too");
        assert_eq!(counts(&t).await, [0, 0, 1]);
        assert!(row(&t).await.errors()[4].contains("given up"));
    }
}

#[test]
fn a_row_that_contradicts_the_code_fails_for_good_and_other_database_errors_pass() {
    let contradiction = earmark_db::Error::Contradiction {
        table: "tickets",
        id: "7".to_owned(),
        why: "no such status".to_owned(),
    };
    assert!(matches!(Verdict::from(contradiction), Verdict::Fail(why) if why.contains("tickets")));
    let away = earmark_db::Error::Unavailable("refused".to_owned());
    assert!(matches!(Verdict::from(away), Verdict::Retry(_)));
    assert!(matches!(
        Verdict::from(earmark_db::Error::Stale),
        Verdict::Retry(_)
    ));
}
