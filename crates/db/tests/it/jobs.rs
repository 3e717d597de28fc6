//! The queue table.

use crate::support::in_tx;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::across::NewDelivery;
use earmark_db::{Db, Error};
use earmark_model::{ClaimedJob, ConnectionId, Job, JobKind, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

const LEASE: TimeDelta = TimeDelta::seconds(60);
const WORKSPACE: WorkspaceId = WorkspaceId(Uuid::from_u128(1));

fn job(conversation: &str) -> Job {
    Job::Details {
        connection: ConnectionId(Uuid::from_u128(2)),
        conversation: conversation.to_owned(),
    }
}

async fn enqueue(t: &TestDb, job: &Job) {
    in_tx!(t, |tx| tx.workspace(WORKSPACE).enqueue(job).await.unwrap());
}

async fn claim(t: &TestDb, most: u32) -> Vec<ClaimedJob> {
    in_tx!(t, |tx| tx
        .across()
        .claim_jobs(JobKind::ALL, most, LEASE)
        .await
        .unwrap())
}

/// When the next job of any kind can be claimed.
async fn next_job_at(t: &TestDb) -> Option<DateTime<Utc>> {
    let due = t.db.across().next_jobs_at(JobKind::ALL).await.unwrap();
    due.into_values().min()
}

async fn claim_one(t: &TestDb) -> ClaimedJob {
    let mut claimed = claim(t, 10).await;
    assert_eq!(claimed.len(), 1);
    claimed.remove(0)
}

async fn finish(t: &TestDb, job: &ClaimedJob) {
    in_tx!(t, |tx| tx.across().finish_job(job).await.unwrap());
}

/// How many are pending, running, failed.
async fn counts(t: &TestDb) -> [i64; 3] {
    let mut counts = [0; 3];
    for (count, state) in counts.iter_mut().zip(["pending", "running", "failed"]) {
        *count = t.db.across().jobs_in(state).await.unwrap();
    }
    counts
}

both_databases! {
    async fn asking_twice_asks_once(t: TestDb) {
        enqueue(&t, &job("a")).await;
        enqueue(&t, &job("a")).await;
        enqueue(&t, &job("b")).await;
        assert_eq!(counts(&t).await, [2, 0, 0]);
        let tenant = t.db.workspace(WORKSPACE);
        assert!(tenant.is_queued(&job("a")).await.unwrap());
        assert!(!tenant.is_queued(&job("c")).await.unwrap());
        let claimed = claim(&t, 10).await;
        assert_eq!(claimed.len(), 2);
        assert!(claimed.iter().all(|one| one.workspace == WORKSPACE && one.attempt == 1));
        assert!(tenant.is_queued(&job("a")).await.unwrap(), "running counts too");
        finish(&t, &claimed[0]).await;
        finish(&t, &claimed[1]).await;
        assert_eq!(counts(&t).await, [0, 0, 0]);
        assert!(!tenant.is_queued(&job("a")).await.unwrap());
    }

    async fn the_oldest_are_claimed_first(t: TestDb) {
        for name in ["c", "a", "b"] {
            enqueue(&t, &job(name)).await;
        }
        assert_eq!(claim(&t, 1).await[0].job, job("c"));
        assert_eq!(claim(&t, 1).await[0].job, job("a"));
        assert_eq!(claim(&t, 5).await[0].job, job("b"));
        assert_eq!(claim(&t, 5).await.len(), 0);
    }

    async fn only_the_named_kinds_are_claimed(t: TestDb) {
        let lane = Job::Lane { connection: ConnectionId(Uuid::from_u128(2)) };
        enqueue(&t, &job("a")).await;
        enqueue(&t, &lane).await;
        let lanes = [JobKind::Lane];
        let claimed = in_tx!(t, |tx| tx.across().claim_jobs(&lanes, 10, LEASE).await.unwrap());
        assert_eq!(claimed.iter().map(|one| &one.job).collect::<Vec<_>>(), [&lane]);
        let due = t.db.across().next_jobs_at(JobKind::ALL).await.unwrap();
        assert_eq!(Vec::from_iter(due.into_keys()), [JobKind::Details]);
        assert_eq!(claim_one(&t).await.job, job("a"));
    }

    async fn a_lane_is_due_when_the_most_urgent_of_its_deliveries_is(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let connection = build::connection(&t.db, workspace, "app").await.id;
        let now = t.sources.now();
        let after = |millis| now + TimeDelta::milliseconds(millis);
        for (key, lane_at, due) in [("a", after(100), after(100)), ("b", after(50), after(50)), ("c", after(90), after(50))] {
            let one = NewDelivery { lane_at, ..build::delivery((workspace, connection), key, "1", now) };
            in_tx!(t, |tx| tx.across().store_deliveries(&[one]).await.unwrap());
            assert_eq!(next_job_at(&t).await, Some(due));
        }
        let one = |key, lane_at| NewDelivery { lane_at, ..build::delivery((workspace, connection), key, "1", now) };
        let batch = [one("d", after(70)), one("e", after(20)), one("f", after(80))];
        in_tx!(t, |tx| tx.across().store_deliveries(&batch).await.unwrap());
        assert_eq!(next_job_at(&t).await, Some(after(20)));
        assert_eq!(claim(&t, 1).await.len(), 0);
        t.clock.set(after(20));
        assert_eq!(claim(&t, 1).await.len(), 1);
    }

    async fn workspaces_take_turns(t: TestDb) {
        for name in ["a", "b", "c"] {
            enqueue(&t, &job(name)).await;
        }
        let other = WorkspaceId(Uuid::from_u128(9));
        in_tx!(t, |tx| tx.workspace(other).enqueue(&job("late")).await.unwrap());
        assert_eq!(claim(&t, 1).await[0].job, job("a"));
        assert_eq!(claim(&t, 1).await[0].workspace, other, "nothing of theirs runs yet");
        assert_eq!(claim(&t, 1).await[0].job, job("b"));
    }

    async fn one_of_a_key_runs_at_a_time(t: TestDb) {
        enqueue(&t, &job("a")).await;
        let running = claim_one(&t).await;
        enqueue(&t, &job("a")).await;
        enqueue(&t, &job("a")).await;
        assert_eq!(counts(&t).await, [1, 1, 0]);
        assert_eq!(claim(&t, 10).await.len(), 0, "its twin waits");
        assert_eq!(next_job_at(&t).await, None, "nobody is to try in vain");
        finish(&t, &running).await;
        let twin = claim_one(&t).await;
        assert_ne!(twin.id, running.id);
        assert_eq!((twin.job, twin.attempt), (job("a"), 1));
    }

    async fn a_job_put_back_waits_until_it_is_due(t: TestDb) {
        enqueue(&t, &job("a")).await;
        let first = claim_one(&t).await;
        let due = t.sources.now() + TimeDelta::minutes(5);
        in_tx!(t, |tx| tx.across().put_job_back(&first, due, Some("timeout")).await.unwrap());
        assert_eq!(next_job_at(&t).await, Some(due));
        assert_eq!(claim(&t, 10).await.len(), 0);
        t.clock.set(due);
        let second = claim_one(&t).await;
        assert_eq!((second.id, second.attempt), (first.id, 2));

        in_tx!(t, |tx| tx.across().put_job_back(&second, t.sources.now(), None).await.unwrap());
        let third = claim_one(&t).await;
        assert_eq!((third.attempt, third.claim), (1, second.claim), "what got on begins to count anew, not the claims");
        assert_eq!(next_job_at(&t).await, None);
    }

    async fn asking_again_makes_a_waiting_job_due(t: TestDb) {
        enqueue(&t, &job("a")).await;
        let first = claim_one(&t).await;
        let due = t.sources.now() + TimeDelta::minutes(5);
        in_tx!(t, |tx| tx.across().put_job_back(&first, due, Some("timeout")).await.unwrap());
        enqueue(&t, &job("a")).await;
        assert_eq!(claim_one(&t).await.id, first.id);
    }

    async fn a_job_put_back_beside_its_twin_becomes_one_with_it(t: TestDb) {
        enqueue(&t, &job("a")).await;
        let first = claim_one(&t).await;
        enqueue(&t, &job("a")).await;
        let due = t.sources.now() + TimeDelta::minutes(5);
        in_tx!(t, |tx| tx.across().put_job_back(&first, due, Some("timeout")).await.unwrap());
        assert_eq!(counts(&t).await, [1, 0, 0]);
        assert_eq!(next_job_at(&t).await, Some(due), "it is not tried before its time");
        t.clock.set(due);
        assert_eq!(claim_one(&t).await.attempt, 2, "the attempt counts");
    }

    async fn a_failed_job_stays_to_be_seen_and_can_be_asked_for_again(t: TestDb) {
        enqueue(&t, &job("a")).await;
        let first = claim_one(&t).await;
        in_tx!(t, |tx| tx.across().fail_job(&first, "no such conversation").await.unwrap());
        assert_eq!(counts(&t).await, [0, 0, 1]);
        assert!(!t.db.workspace(WORKSPACE).is_queued(&job("a")).await.unwrap());
        enqueue(&t, &job("a")).await;
        let second = claim_one(&t).await;
        assert_eq!(second.attempt, 1);
        in_tx!(t, |tx| tx.across().fail_job(&second, "again").await.unwrap());
        assert_eq!(counts(&t).await, [0, 0, 2]);
    }

    async fn a_lost_workers_job_is_put_back_when_its_lease_ends(t: TestDb) {
        enqueue(&t, &job("a")).await;
        let lost = claim_one(&t).await;
        let rescue = async || in_tx!(t, |tx| tx.across().rescue_jobs().await.unwrap());
        assert_eq!(rescue().await, 0);
        t.clock.advance(LEASE - TimeDelta::seconds(1));
        assert!(in_tx!(t, |tx| tx.across().extend_lease(&lost, LEASE).await.unwrap()));
        t.clock.advance(TimeDelta::seconds(2));
        assert_eq!(rescue().await, 0, "the lease was extended");
        t.clock.advance(LEASE);
        assert_eq!(rescue().await, 1);
        assert!(!in_tx!(t, |tx| tx.across().extend_lease(&lost, LEASE).await.unwrap()));
        finish(&t, &lost).await;
        in_tx!(t, |tx| tx.across().fail_job(&lost, "late").await.unwrap());
        in_tx!(t, |tx| tx.across().put_job_back(&lost, t.sources.now(), None).await.unwrap());
        assert_eq!(counts(&t).await, [1, 0, 0], "the lost worker has no say any more");
        let next = claim_one(&t).await;
        assert_eq!(next.attempt, 2);
        finish(&t, &lost).await;
        assert!(!in_tx!(t, |tx| tx.across().extend_lease(&lost, LEASE).await.unwrap()));
        assert_eq!(counts(&t).await, [0, 1, 0], "nor has it one in the next claim");
    }

    async fn after_a_restart_everything_running_is_put_back(t: TestDb) {
        for name in ["a", "b", "c"] {
            enqueue(&t, &job(name)).await;
        }
        claim(&t, 2).await;
        enqueue(&t, &job("a")).await;
        let rescued = in_tx!(t, |tx| tx.across().rescue_all_jobs().await.unwrap());
        assert_eq!(rescued, 2);
        assert_eq!(counts(&t).await, [3, 0, 0]);
    }

    async fn a_rolled_back_transaction_asks_for_nothing(t: TestDb) {
        let tx = t.db.begin().await.unwrap();
        tx.workspace(WORKSPACE).enqueue(&job("a")).await.unwrap();
        drop(tx);
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn many_claimers_never_claim_twice_and_lose_nothing(t: TestDb) {
        let jobs: BTreeSet<String> = (0..60).map(|n| format!("conversation {n}")).collect();
        for name in &jobs {
            enqueue(&t, &job(name)).await;
        }
        let dbs = if t.db.is_shared() { vec![t.db.clone(), t.another().await] } else { vec![t.db.clone()] };
        let done = Arc::new(Mutex::new(Vec::new()));
        let claimers: Vec<_> = (0..8)
            .map(|n| tokio::spawn(work(dbs[n % dbs.len()].clone(), done.clone())))
            .collect();
        for claimer in claimers {
            claimer.await.unwrap();
        }
        let done = done.lock().unwrap().clone();
        assert_eq!(done.len(), jobs.len(), "each once");
        assert_eq!(done.into_iter().collect::<BTreeSet<_>>(), jobs);
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn putting_back_while_others_ask_again_leaves_one_pending(t: TestDb) {
        for _ in 0..20 {
            enqueue(&t, &job("a")).await;
            let claimed = claim_one(&t).await;
            let (back, ask) = (t.db.clone(), t.db.clone());
            let now = t.sources.now();
            let put_back = tokio::spawn(async move {
                let tx = back.begin().await.unwrap();
                tx.across().put_job_back(&claimed, now, Some("timeout")).await.unwrap();
                tx.commit().await.unwrap();
            });
            let asked = tokio::spawn(async move {
                let tx = ask.begin().await.unwrap();
                tx.workspace(WORKSPACE).enqueue(&job("a")).await.unwrap();
                tx.commit().await.unwrap();
            });
            put_back.await.unwrap();
            asked.await.unwrap();
            assert_eq!(counts(&t).await, [1, 0, 0]);
            let last = claim_one(&t).await;
            finish(&t, &last).await;
        }
    }
}

/// Claims, notes and finishes until nothing is left.
async fn work(db: Db, done: Arc<Mutex<Vec<String>>>) {
    loop {
        let tx = db.begin().await.unwrap();
        let claimed = match tx.across().claim_jobs(JobKind::ALL, 3, LEASE).await {
            Ok(claimed) => claimed,
            Err(Error::Conflict) => continue,
            Err(error) => panic!("{error}"),
        };
        tx.commit().await.unwrap();
        for one in &claimed {
            let Job::Details { conversation, .. } = &one.job else {
                panic!("{one:?}");
            };
            done.lock().unwrap().push(conversation.clone());
            let tx = db.begin().await.unwrap();
            tx.across().finish_job(one).await.unwrap();
            tx.commit().await.unwrap();
        }
        if claimed.is_empty()
            && db
                .across()
                .next_jobs_at(JobKind::ALL)
                .await
                .unwrap()
                .is_empty()
        {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn putting_back_waits_for_an_open_request_and_joins_it() {
    let t = TestDb::postgres().await;
    enqueue(&t, &job("a")).await;
    let claimed = claim_one(&t).await;
    let asking = t.db.begin().await.unwrap();
    asking
        .workspace(WORKSPACE)
        .enqueue(&job("a"))
        .await
        .unwrap();
    let (db, now) = (t.db.clone(), t.sources.now());
    let mut put_back = tokio::spawn(async move {
        let tx = db.begin().await?;
        tx.across()
            .put_job_back(&claimed, now, Some("timeout"))
            .await?;
        tx.commit().await
    });
    let waits = timeout(Duration::from_millis(100), &mut put_back).await;
    assert!(
        waits.is_err(),
        "it does not know yet whether there is a twin"
    );
    asking.commit().await.unwrap();
    put_back.await.unwrap().unwrap();
    assert_eq!(counts(&t).await, [1, 0, 0]);
    assert_eq!(claim_one(&t).await.attempt, 2);
}
