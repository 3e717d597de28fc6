//! No delivery is left waiting without a pending job, whatever happens at the same time.

use crate::support::in_tx;
use chrono::TimeDelta;
use earmark_db::{Db, Error};
use earmark_model::{ClaimedJob, ConnectionId, Job, JobKind, Outcome, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::timeout;

const LEASE: TimeDelta = TimeDelta::seconds(60);
const CONVERSATION: &str = "215473908114027";

type Owner = (WorkspaceId, ConnectionId);

async fn start(t: &TestDb) -> Owner {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    (
        workspace,
        build::connection(&t.db, workspace, "qw12ab34").await.id,
    )
}

async fn store(db: &Db, owner: Owner, key: &str, conversation: &str) -> Result<(), Error> {
    let tx = db.begin().await?;
    let one = build::delivery(owner, key, conversation, db.sources().now());
    tx.across().store_deliveries(&[one]).await?;
    tx.commit().await
}

async fn claim(t: &TestDb) -> Vec<ClaimedJob> {
    in_tx!(t, |tx| tx
        .across()
        .claim_jobs(JobKind::ALL, 10, LEASE)
        .await
        .unwrap())
}

async fn finish(t: &TestDb, job: &ClaimedJob) {
    in_tx!(t, |tx| tx.across().finish_job(job).await.unwrap());
}

async fn jobs(t: &TestDb) -> (i64, i64) {
    let across = t.db.across();
    (
        across.jobs_in("pending").await.unwrap(),
        across.jobs_in("running").await.unwrap(),
    )
}

both_databases! {
    async fn stored_while_its_lane_runs_leads_to_another_job(t: TestDb) {
        let owner = start(&t).await;
        store(&t.db, owner, "a", CONVERSATION).await.unwrap();
        let running = claim(&t).await.remove(0);
        assert_eq!(running.job, Job::Lane { connection: owner.1 });
        store(&t.db, owner, "b", CONVERSATION).await.unwrap();
        assert_eq!(jobs(&t).await, (1, 1));
        finish(&t, &running).await;
        assert_eq!(jobs(&t).await, (1, 0));
        let next = claim(&t).await.remove(0);
        assert_eq!(next.job, running.job);
    }

    async fn stored_after_its_lane_ended_leads_to_a_job(t: TestDb) {
        let owner = start(&t).await;
        store(&t.db, owner, "a", CONVERSATION).await.unwrap();
        let running = claim(&t).await.remove(0);
        finish(&t, &running).await;
        store(&t.db, owner, "b", CONVERSATION).await.unwrap();
        assert_eq!(jobs(&t).await, (1, 0));
    }

    async fn a_repeat_asks_for_no_job(t: TestDb) {
        let owner = start(&t).await;
        store(&t.db, owner, "a", CONVERSATION).await.unwrap();
        let running = claim(&t).await.remove(0);
        finish(&t, &running).await;
        store(&t.db, owner, "a", CONVERSATION).await.unwrap();
        assert_eq!(jobs(&t).await, (0, 0));
    }

    async fn a_lane_whose_job_failed_is_found_again(t: TestDb) {
        let owner = start(&t).await;
        store(&t.db, owner, "a", CONVERSATION).await.unwrap();
        let stranded = async || t.db.across().stranded_lanes(10).await.unwrap();
        assert_eq!(stranded().await, [], "its job is pending");
        let running = claim(&t).await.remove(0);
        assert_eq!(stranded().await, [], "its job runs");
        in_tx!(t, |tx| tx.across().fail_job(&running, "given up").await.unwrap());
        assert_eq!(stranded().await, [owner]);
        assert_eq!(t.db.across().stranded_lanes(0).await.unwrap(), [], "no more than asked for");
        apply(&t.db, owner).await;
        assert_eq!(stranded().await, [], "nothing waits any more");
    }

    async fn nothing_is_left_waiting_when_many_store_and_many_drain(t: TestDb) {
        let owner = start(&t).await;
        let dbs = if t.db.is_shared() { vec![t.db.clone(), t.another().await] } else { vec![t.db.clone()] };
        let (writers, each) = (6, 30);
        let left = Arc::new(AtomicUsize::new(writers));
        let mut tasks = Vec::new();
        for writer in 0..writers {
            let (db, left) = (dbs[writer % dbs.len()].clone(), left.clone());
            tasks.push(tokio::spawn(async move {
                write(&db, owner, writer, each).await;
                left.fetch_sub(1, Ordering::SeqCst);
            }));
        }
        for worker in 0..4 {
            tasks.push(tokio::spawn(drain(dbs[worker % dbs.len()].clone(), left.clone())));
        }
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(jobs(&t).await, (0, 0));
        let waiting = t.db.workspace(owner.0).waiting_deliveries(owner.1, 1000).await.unwrap();
        assert_eq!(waiting.len(), 0, "some were left behind");
        let log = t.db.workspace(owner.0).deliveries(owner.1, &Default::default(), 1000).await.unwrap();
        assert_eq!(log.len(), writers * each);
    }
}

/// Stores deliveries about five conversations, one to five in a transaction.
async fn write(db: &Db, owner: Owner, writer: usize, each: usize) {
    let mut stored = 0;
    while stored < each {
        let size = (1 + (stored + writer) % 5).min(each - stored);
        let batch: Vec<_> = (stored..stored + size)
            .map(|n| {
                let conversation = format!("conversation {}", (n + writer) % 5);
                build::delivery(
                    owner,
                    &format!("{writer}-{n}"),
                    &conversation,
                    db.sources().now(),
                )
            })
            .collect();
        let tx = db.begin().await.unwrap();
        tx.across().store_deliveries(&batch).await.unwrap();
        tx.commit().await.unwrap();
        stored += size;
    }
}

/// Works as a worker does: claims, applies what waits until nothing does, finishes. Ends when the writers have ended
/// and nothing is pending or running.
async fn drain(db: Db, writers_left: Arc<AtomicUsize>) {
    loop {
        let ended = writers_left.load(Ordering::SeqCst) == 0;
        let tx = db.begin().await.unwrap();
        let claimed = match tx.across().claim_jobs(JobKind::ALL, 2, LEASE).await {
            Ok(claimed) => claimed,
            Err(Error::Conflict) => continue,
            Err(error) => panic!("{error}"),
        };
        tx.commit().await.unwrap();
        for one in &claimed {
            let Job::Lane { connection } = one.job else {
                panic!("{one:?}")
            };
            while apply(&db, (one.workspace, connection)).await > 0 {}
            let tx = db.begin().await.unwrap();
            tx.across().finish_job(one).await.unwrap();
            tx.commit().await.unwrap();
        }
        if ended && claimed.is_empty() {
            let across = db.across();
            if across.jobs_in("pending").await.unwrap() + across.jobs_in("running").await.unwrap()
                == 0
            {
                return;
            }
        }
        tokio::task::yield_now().await;
    }
}

async fn apply(db: &Db, (workspace, connection): Owner) -> usize {
    let tx = db.begin().await.unwrap();
    let tenant = tx.workspace(workspace);
    let waiting = tenant.waiting_deliveries(connection, 4).await.unwrap();
    for one in &waiting {
        tenant
            .finish_delivery(one.id, Outcome::Processed, "done", None)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    waiting.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_lane_is_not_claimed_while_a_delivery_is_being_stored() {
    let t = TestDb::postgres().await;
    let owner = start(&t).await;
    store(&t.db, owner, "a", CONVERSATION).await.unwrap();
    let storing = t.db.begin().await.unwrap();
    let one = build::delivery(owner, "b", CONVERSATION, t.sources.now());
    storing.across().store_deliveries(&[one]).await.unwrap();
    assert_eq!(claim(&t).await.len(), 0, "its row is held");
    storing.commit().await.unwrap();
    assert_eq!(claim(&t).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_stored_while_its_lane_ends_leads_to_a_job() {
    let t = TestDb::postgres().await;
    let owner = start(&t).await;
    store(&t.db, owner, "a", CONVERSATION).await.unwrap();
    let running = claim(&t).await.remove(0);
    let storing = t.db.begin().await.unwrap();
    let one = build::delivery(owner, "b", CONVERSATION, t.sources.now());
    storing.across().store_deliveries(&[one]).await.unwrap();
    finish(&t, &running).await;
    assert_eq!(jobs(&t).await, (0, 0), "not committed yet");
    storing.commit().await.unwrap();
    assert_eq!(jobs(&t).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_stored_while_its_lane_is_being_claimed_leads_to_another_job() {
    let t = TestDb::postgres().await;
    let owner = start(&t).await;
    store(&t.db, owner, "a", CONVERSATION).await.unwrap();
    let claiming = t.db.begin().await.unwrap();
    let claimed = claiming
        .across()
        .claim_jobs(JobKind::ALL, 10, LEASE)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    let db = t.db.clone();
    let mut storing = tokio::spawn(async move { store(&db, owner, "b", CONVERSATION).await });
    let waits = timeout(Duration::from_millis(100), &mut storing).await;
    assert!(
        waits.is_err(),
        "it does not know yet whether the job is still pending"
    );
    claiming.commit().await.unwrap();
    storing.await.unwrap().unwrap();
    assert_eq!(jobs(&t).await, (1, 1));
}
