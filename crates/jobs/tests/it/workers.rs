//! Workers that run: side by side, woken, and stopped.

use crate::support::{
    Count, OnDrop, PATIENCE, Running, counts, does, enqueue, enqueue_for, job, lane, name_of, row,
};
use chrono::TimeDelta;
use earmark_jobs::{Settings, Verdict};
use earmark_model::{JobKind, WorkspaceId};
use earmark_testkit::{both_databases, eventually};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3600);

/// Looks at the queue only when it is woken.
fn woken() -> Settings {
    Settings {
        poll: NEVER,
        ..Settings::default()
    }
}

/// What is to be done, by key, and what was seen while it was being done.
#[derive(Default)]
struct Work {
    wanted: HashMap<String, u32>,
    done: HashMap<String, u32>,
    running: HashMap<String, u32>,
    overlaps: u32,
    most_at_once: u32,
}

impl Work {
    fn begin(&mut self, key: &str) -> u32 {
        let running = self.running.entry(key.to_owned()).or_default();
        *running += 1;
        if *running > 1 {
            self.overlaps += 1;
        }
        self.most_at_once = self.most_at_once.max(self.running.values().sum());
        self.wanted[key]
    }

    fn end(&mut self, key: &str, did: u32) {
        *self.running.get_mut(key).unwrap() -= 1;
        self.done.insert(key.to_owned(), did);
    }
}

both_databases! {
    /// An SQLite file belongs to one process; on PostgreSQL two work side by side.
    async fn one_of_a_key_runs_at_a_time_and_no_request_is_lost(t: TestDb) {
        let work = Arc::new(Mutex::new(Work::default()));
        let shared = work.clone();
        let handlers = does(move |claimed| {
            let work = shared.clone();
            async move {
                let key = name_of(&claimed);
                let did = work.lock().unwrap().begin(&key);
                tokio::time::sleep(Duration::from_millis(3)).await;
                work.lock().unwrap().end(&key, did);
                Verdict::Done
            }
        });
        let mut dbs = vec![t.db.clone()];
        if t.db.is_shared() {
            dbs.push(t.another().await);
        }
        let settings = Settings { concurrency: 6, poll: Duration::from_millis(100), ..Settings::default() };
        let workers: Vec<_> = dbs.iter().map(|db| Running::start(db, handlers.clone(), settings)).collect();
        for round in 1..=8 {
            for key in 0..10 {
                let key = format!("key {key}");
                work.lock().unwrap().wanted.insert(key.clone(), round);
                enqueue(&t.db, &job(&key)).await;
            }
        }
        eventually(PATIENCE, "all work is done", async || {
            let is_done = { let work = work.lock().unwrap(); work.done == work.wanted };
            (is_done && counts(&t).await == [0, 0, 0]).then_some(())
        })
        .await;
        for worker in workers {
            worker.stop().await;
        }
        let work = work.lock().unwrap();
        assert_eq!(work.overlaps, 0);
        assert!(work.most_at_once > 1, "different keys run at once");
    }

    async fn a_new_job_wakes_the_worker(t: TestDb) {
        let ran = Count::default();
        let counted = ran.clone();
        let handlers = does(move |_| {
            counted.add();
            async { Verdict::Done }
        });
        let worker = Running::start(&t.db, handlers, woken());
        let other = if t.db.is_shared() { t.another().await } else { t.db.clone() };
        for (n, db) in (1..).zip([&t.db, &other, &t.db, &other]) {
            enqueue(db, &job("a")).await;
            ran.reaches(n, "the job runs long before the poll time").await;
        }
        worker.stop().await;
    }

    async fn a_twin_runs_as_soon_as_the_first_has_ended(t: TestDb) {
        let (ran, go) = (Count::default(), Arc::new(Notify::new()));
        let (counted, told) = (ran.clone(), go.clone());
        let handlers = does(move |_| {
            let (ran, go) = (counted.clone(), told.clone());
            async move {
                ran.add();
                go.notified().await;
                Verdict::Done
            }
        });
        let worker = Running::start(&t.db, handlers, woken());
        enqueue(&t.db, &job("a")).await;
        ran.reaches(1, "the first runs").await;
        enqueue(&t.db, &job("a")).await;
        assert_eq!(counts(&t).await, [1, 1, 0]);
        go.notify_one();
        ran.reaches(2, "the second runs").await;
        go.notify_one();
        worker.stop().await;
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn a_job_that_gets_due_is_run_then(t: TestDb) {
        let t = t.with_system_clock().await;
        let ran = Count::default();
        let (counted, sources) = (ran.clone(), t.sources.clone());
        let handlers = does(move |_| {
            counted.add();
            let verdict = match counted.get() {
                1 => Verdict::Snooze(sources.now() + TimeDelta::seconds(1)),
                _ => Verdict::Done,
            };
            async { verdict }
        });
        let worker = Running::start(&t.db, handlers, woken());
        enqueue(&t.db, &job("a")).await;
        ran.reaches(2, "it runs again when it is due").await;
        worker.stop().await;
        assert_eq!(counts(&t).await, [0, 0, 0]);
    }

    async fn no_more_run_at_once_than_allowed(t: TestDb) {
        let (work, free) = (Arc::new(Mutex::new((0, 0))), Count::default());
        let (shared, done) = (work.clone(), free.clone());
        let handlers = does(move |_| {
            let (work, done) = (shared.clone(), done.clone());
            async move {
                {
                    let mut work = work.lock().unwrap();
                    work.0 += 1;
                    work.1 = work.0.max(work.1);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
                work.lock().unwrap().0 -= 1;
                done.add();
                Verdict::Done
            }
        });
        for n in 0..12 {
            enqueue(&t.db, &job(&n.to_string())).await;
        }
        let worker = Running::start(&t.db, handlers, Settings { concurrency: 6, ..woken() });
        free.reaches(12, "all ran").await;
        worker.stop().await;
        let most = work.lock().unwrap().1;
        assert!((2..=3).contains(&most), "half of them, as they ask Intercom: {most}");
    }

    async fn jobs_that_hang_at_intercom_keep_no_lane_from_running(t: TestDb) {
        let (hanging, lanes) = (Count::default(), Count::default());
        let (hang, ran) = (hanging.clone(), lanes.clone());
        let handlers = does(move |claimed| {
            let (hang, ran) = (hang.clone(), ran.clone());
            async move {
                if claimed.job.kind().calls_intercom() {
                    hang.add();
                    std::future::pending().await
                }
                ran.add();
                Verdict::Done
            }
        });
        for n in 0..12 {
            enqueue(&t.db, &job(&n.to_string())).await;
        }
        let settings = Settings { concurrency: 4, grace: Duration::ZERO, ..woken() };
        let worker = Running::start(&t.db, handlers, settings);
        hanging.reaches(2, "half of the places are taken").await;
        enqueue_for(&t.db, WorkspaceId(Uuid::from_u128(9)), &lane()).await;
        lanes.reaches(1, "another workspace's lane runs").await;
        assert_eq!(hanging.get(), 2, "never more than half");
        worker.stop().await;
    }

    async fn a_single_place_runs_both_kinds(t: TestDb) {
        let ran = Arc::new(Mutex::new(Vec::new()));
        let shared = ran.clone();
        let handlers = does(move |claimed| {
            shared.lock().unwrap().push(claimed.job.kind());
            async { Verdict::Done }
        });
        enqueue(&t.db, &job("a")).await;
        enqueue(&t.db, &lane()).await;
        let worker = Running::start(&t.db, handlers, Settings { concurrency: 1, ..woken() });
        eventually(PATIENCE, "both ran", async || (counts(&t).await == [0, 0, 0]).then_some(())).await;
        worker.stop().await;
        let mut ran = ran.lock().unwrap().clone();
        ran.sort();
        assert_eq!(ran, [JobKind::Lane, JobKind::Details]);
    }

    async fn a_stop_lets_running_jobs_end(t: TestDb) {
        let (begun, go) = (Count::default(), Arc::new(Notify::new()));
        let (counted, told) = (begun.clone(), go.clone());
        let handlers = does(move |_| {
            let (begun, go) = (counted.clone(), told.clone());
            async move {
                begun.add();
                go.notified().await;
                Verdict::Done
            }
        });
        let worker = Running::start(&t.db, handlers, Settings { grace: NEVER, ..woken() });
        enqueue(&t.db, &job("a")).await;
        begun.reaches(1, "it runs").await;
        worker.stop.cancel();
        enqueue(&t.db, &job("late")).await;
        go.notify_one();
        worker.ends().await;
        assert_eq!(counts(&t).await, [1, 0, 0], "the first ended, the late one was not begun");
        assert_eq!(begun.get(), 1);
    }

    async fn a_job_that_does_not_end_in_the_grace_time_is_broken_off_and_kept(t: TestDb) {
        let (begun, dropped) = (Count::default(), Count::default());
        let (counted, gone) = (begun.clone(), dropped.clone());
        let handlers = does(move |_| {
            let (begun, guard) = (counted.clone(), OnDrop(gone.clone()));
            async move {
                let _guard = guard;
                begun.add();
                std::future::pending().await
            }
        });
        let settings = Settings { grace: Duration::from_millis(50), ..woken() };
        let worker = Running::start(&t.db, handlers, settings);
        enqueue(&t.db, &job("a")).await;
        begun.reaches(1, "it runs").await;
        worker.stop().await;
        dropped.reaches(1, "the handler does not go on without its lease").await;
        assert_eq!(row(&t).await.state, "running", "until its lease ends");
    }
}
