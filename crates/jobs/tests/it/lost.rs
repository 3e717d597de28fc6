//! Leases: kept by a long job, given up by a lost worker; and a database that goes away.

use crate::support::{
    Count, OnDrop, PATIENCE, Running, claim, counts, does, enqueue, job, name_of, row, says,
};
use chrono::TimeDelta;
use earmark_jobs::{Handlers, Settings, Verdict};
use earmark_model::{Job, JobKind};
use earmark_testkit::{FaultProxy, TestDb, both_databases, build, eventually};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const LEASE: Duration = Duration::from_millis(300);

fn quick() -> Settings {
    Settings {
        lease: LEASE,
        poll: Duration::from_millis(20),
        ..Settings::default()
    }
}

/// Counts its beginning and its end, and runs until it is told to end.
fn until_told(begun: &Count, ended: &Count, go: &Arc<Notify>) -> Handlers {
    let (begun, ended, go) = (begun.clone(), ended.clone(), go.clone());
    does(move |_| {
        let (begun, guard, go) = (begun.clone(), OnDrop(ended.clone()), go.clone());
        async move {
            let _guard = guard;
            begun.add();
            go.notified().await;
            Verdict::Done
        }
    })
}

both_databases! {
    async fn a_long_job_keeps_its_lease(t: TestDb) {
        let (begun, ended, go) = (Count::default(), Count::default(), Arc::new(Notify::new()));
        let handlers = until_told(&begun, &ended, &go);
        let mut workers = vec![Running::start(&t.db, handlers.clone(), quick())];
        enqueue(&t.db, &job("a")).await;
        begun.reaches(1, "it runs").await;
        if t.db.is_shared() {
            workers.push(Running::start(&t.another().await, handlers, quick()));
        }
        let lease = TimeDelta::from_std(LEASE).unwrap();
        for _ in 0..6 {
            t.clock.advance(lease / 2);
            let until = t.sources.now() + lease;
            eventually(PATIENCE, "the lease is extended", async || {
                (row(&t).await.lease_until == Some(until)).then_some(())
            })
            .await;
        }
        assert_eq!((begun.get(), ended.get()), (1, 0), "three leases later it runs still, and once");
        go.notify_one();
        ended.reaches(1, "it ends").await;
        for worker in workers {
            worker.stop().await;
        }
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn deliveries_whose_job_failed_get_another(t: TestDb) {
        let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
        let connection = build::connection(&t.db, workspace, "qw12ab34").await.id;
        let tx = build::begin(&t.db).await;
        let one = build::delivery((workspace, connection), "a", "215473908114027", t.sources.now());
        tx.across().store_deliveries(&[one]).await.unwrap();
        tx.commit().await.unwrap();
        let claimed = claim(&t, LEASE).await.remove(0);
        let tx = build::begin(&t.db).await;
        tx.across().fail_job(&claimed, "given up").await.unwrap();
        tx.commit().await.unwrap();
        let lane = Job::Lane { connection };
        let ran = Count::default();
        let counted = ran.clone();
        let handlers = does(move |job| {
            assert_eq!(job.job, lane);
            counted.add();
            async { Verdict::Done }
        });
        let worker = Running::start(&t.db, handlers, quick());
        ran.reaches(1, "the lane runs again").await;
        worker.stop().await;
    }

    async fn a_job_whose_claim_is_lost_is_broken_off(t: TestDb) {
        let (begun, ended) = (Count::default(), Count::default());
        let worker = Running::start(&t.db, until_told(&begun, &ended, &Arc::default()), quick());
        enqueue(&t.db, &job("a")).await;
        begun.reaches(1, "it runs").await;
        // As if its lease had ended and another worker had done it since.
        eventually(PATIENCE, "the job is taken away", async || {
            let tx = t.db.begin().await.ok()?;
            tx.across().rescue_all_jobs().await.ok()?;
            for twin in tx.across().claim_jobs(JobKind::ALL, 1, TimeDelta::minutes(1)).await.ok()? {
                tx.across().finish_job(&twin).await.ok()?;
            }
            tx.commit().await.ok()
        })
        .await;
        ended.reaches(1, "the handler is broken off").await;
        worker.stop().await;
        assert_eq!(counts(&t).await, [0, 0, 0]);
        assert_eq!(begun.get(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_workers_job_runs_again_after_its_lease() {
    let t = TestDb::postgres().await;
    let (begun, ended) = (Count::default(), Count::default());
    let lost = Running::start(
        &t.db,
        until_told(&begun, &ended, &Arc::default()),
        Settings::default(),
    );
    enqueue(&t.db, &job("a")).await;
    begun.reaches(1, "it runs").await;
    lost.task.abort();
    ended.reaches(1, "the handler ends with its worker").await;

    let (again, others) = (Count::default(), Count::default());
    let (a, b) = (again.clone(), others.clone());
    let handlers = does(move |claimed| {
        if name_of(&claimed) == "a" {
            assert_eq!(claimed.attempt, 2);
            a.add();
        } else {
            b.add();
        }
        async { Verdict::Done }
    });
    let second = Running::start(
        &t.db,
        handlers,
        Settings {
            poll: Duration::from_millis(20),
            ..Settings::default()
        },
    );
    t.clock.advance(TimeDelta::seconds(59));
    enqueue(&t.db, &job("b")).await;
    others.reaches(1, "the second worker works").await;
    eventually(PATIENCE, "the lost job is left alone", async || {
        (counts(&t).await == [0, 1, 0]).then_some(())
    })
    .await;
    assert_eq!(again.get(), 0, "the lease holds");
    t.clock.advance(TimeDelta::seconds(2));
    again.reaches(1, "it runs again").await;
    second.stop().await;
    assert_eq!(counts(&t).await, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_is_always_busy_does_not_hide_a_lost_job() {
    let t = TestDb::postgres().await;
    enqueue(&t.db, &job("lost")).await;
    assert_eq!(claim(&t, Duration::from_secs(60)).await.len(), 1);
    let (found, turns) = (Count::default(), Count::default());
    let (lost, busy, db) = (found.clone(), turns.clone(), t.db.clone());
    let handlers = does(move |claimed| {
        let (lost, busy, db) = (lost.clone(), busy.clone(), db.clone());
        async move {
            match name_of(&claimed).as_str() {
                "lost" => lost.add(),
                name => {
                    enqueue(&db, &job(name)).await;
                    busy.add();
                }
            }
            Verdict::Done
        }
    });
    let settings = Settings {
        poll: Duration::from_millis(200),
        ..Settings::default()
    };
    let worker = Running::start(&t.db, handlers, settings);
    for name in ["x", "y", "z"] {
        enqueue(&t.db, &job(name)).await;
    }
    turns.reaches(20, "the queue is busy").await;
    t.clock.advance(TimeDelta::seconds(61));
    found.reaches(1, "the lost job is found").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_start_on_sqlite_puts_back_what_the_last_run_left() {
    let t = TestDb::sqlite().await;
    for name in ["a", "b"] {
        enqueue(&t.db, &job(name)).await;
    }
    assert_eq!(claim(&t, Duration::from_secs(3600)).await.len(), 2);
    assert_eq!(
        says(&t.db, |_| Verdict::Done)
            .run_until_idle()
            .await
            .unwrap(),
        0
    );
    let ran = Count::default();
    let counted = ran.clone();
    let handlers = does(move |_| {
        counted.add();
        async { Verdict::Done }
    });
    let worker = Running::start(&t.db, handlers, Settings::default());
    ran.reaches(2, "both run, long before their lease ends")
        .await;
    worker.stop().await;
    assert_eq!(counts(&t).await, [0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_start_on_postgresql_leaves_the_jobs_of_others_alone() {
    let t = TestDb::postgres().await;
    enqueue(&t.db, &job("theirs")).await;
    assert_eq!(claim(&t, Duration::from_secs(60)).await.len(), 1);
    let ran = Count::default();
    let counted = ran.clone();
    let handlers = does(move |claimed| {
        assert_eq!(name_of(&claimed), "ours");
        counted.add();
        async { Verdict::Done }
    });
    let worker = Running::start(&t.db, handlers, quick());
    enqueue(&t.db, &job("ours")).await;
    ran.reaches(1, "ours runs").await;
    worker.stop().await;
    let row = row(&t).await;
    assert_eq!((row.state.as_str(), row.attempts), ("running", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_goes_on_when_its_database_is_back() {
    let t = TestDb::postgres().await;
    let proxy = FaultProxy::start(t.server_addr()).await;
    let (begun, ended, go) = (Count::default(), Count::default(), Arc::new(Notify::new()));
    let settings = Settings {
        poll: Duration::from_millis(50),
        ..Settings::default()
    };
    let worker = Running::start(
        &t.through(proxy.addr()).await,
        until_told(&begun, &ended, &go),
        settings,
    );
    enqueue(&t.db, &job("a")).await;
    begun.reaches(1, "it runs").await;

    proxy.down();
    enqueue(&t.db, &job("b")).await;
    go.notify_one();
    ended.reaches(1, "the first ends").await;
    proxy.pass();
    begun.reaches(2, "the worker goes on").await;
    go.notify_one();
    ended.reaches(2, "the other ends").await;

    // The first was settled if a connection came back in time for it; else it runs again once its lease is over.
    t.clock.advance(TimeDelta::seconds(61));
    eventually(PATIENCE, "the queue is empty", async || {
        go.notify_one();
        (counts(&t).await == [0, 0, 0]).then_some(())
    })
    .await;
    worker.stop().await;
}
