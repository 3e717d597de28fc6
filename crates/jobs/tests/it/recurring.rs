//! Work that comes round by the clock.

use crate::support::{Count, PATIENCE, counts, does, job, name_of};
use async_trait::async_trait;
use earmark_db::{Db, Error, Result};
use earmark_jobs::{Recurring, Rounds, Settings, Verdict, Worker};
use earmark_testkit::{both_databases, eventually};
use tokio_util::sync::CancellationToken;

/// Asks for a job of this name each time.
struct Asks(&'static str);

#[async_trait]
impl Recurring for Asks {
    fn name(&self) -> &'static str {
        self.0
    }

    async fn enqueue_due(&self, db: &Db) -> Result<usize> {
        crate::support::enqueue(db, &job(self.0)).await;
        Ok(1)
    }
}

/// Never finds its database.
struct Fails;

#[async_trait]
impl Recurring for Fails {
    fn name(&self) -> &'static str {
        "fails"
    }

    async fn enqueue_due(&self, _: &Db) -> Result<usize> {
        Err(Error::Contended)
    }
}

both_databases! {
    async fn a_worker_asks_for_what_is_due_as_soon_as_it_runs(t: TestDb) {
        let done = Count::default();
        let counted = done.clone();
        let handlers = does(move |claimed| {
            let done = counted.clone();
            async move {
                assert_eq!(name_of(&claimed), "nightly");
                done.add();
                Verdict::Done
            }
        });
        let worker = Worker::new(t.db.clone(), handlers, Settings::default()).with_rounds(Rounds::new().with(Asks("nightly")));
        let stop = CancellationToken::new();
        let told = stop.clone();
        let task = tokio::spawn(async move { worker.run(told).await });
        done.reaches(1, "the work that came round is done").await;
        eventually(PATIENCE, "the queue is empty", async || (counts(&t).await == [0, 0, 0]).then_some(())).await;
        stop.cancel();
        task.await.unwrap();
        assert_eq!(done.get(), 1, "it comes round once a minute, not all the time");
    }

    async fn what_fails_keeps_nothing_else_from_being_asked_for(t: TestDb) {
        let rounds = Rounds::new().with(Asks("one")).with(Fails).with(Asks("two"));
        assert_eq!(rounds.enqueue_due(&t.db).await, 2);
        assert_eq!(counts(&t).await, [2, 0, 0]);
        assert_eq!(rounds.enqueue_due(&t.db).await, 2);
        assert_eq!(counts(&t).await, [2, 0, 0], "asking twice asks once");
    }
}
