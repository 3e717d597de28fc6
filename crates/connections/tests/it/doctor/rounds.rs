//! Rounds as jobs, by hand and at night, and the history of verdicts.

use super::Ward;
use crate::support::TOKEN;
use chrono::{DateTime, TimeDelta, Timelike, Utc};
use earmark_connections::{DoctorHandler, NightlyDoctor};
use earmark_jobs::{Handler, Handlers, Recurring, Settings, Verdict, Worker};
use earmark_model::{Check, CheckVerdict, ClaimedJob, Job, JobKind};
use earmark_testkit::{both_databases, build};
use serde_json::json;

fn job(ward: &Ward, only: Option<Check>) -> Job {
    Job::Doctor {
        connection: ward.id,
        only,
        nightly: false,
    }
}

async fn due(ward: &Ward) -> usize {
    NightlyDoctor.enqueue_due(&ward.bench.t.db).await.unwrap()
}

async fn ran_at(ward: &Ward) -> Option<DateTime<Utc>> {
    let tenant = ward.bench.t.db.workspace(ward.bench.workspace());
    tenant.doctor_ran_at(ward.id).await.unwrap()
}

both_databases! {
    async fn a_job_for_one_line_looks_at_that_one(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let tenant = ward.bench.t.db.workspace(ward.bench.workspace());
        let before = tenant.doctor_lines(ward.id).await.unwrap();
        let ran = ran_at(&ward).await;
        ward.order("tokens/revoke", json!({"token": TOKEN})).await;
        let claimed = ClaimedJob {
            id: ward.bench.t.sources.id(),
            workspace: ward.bench.workspace(),
            job: job(&ward, Some(Check::Token)),
            attempt: 1,
            claim: 1,
        };
        assert_eq!(DoctorHandler(ward.doctor.clone()).run(&claimed).await, Verdict::Done);
        let after = tenant.doctor_lines(ward.id).await.unwrap();
        for (old, new) in before.iter().zip(&after) {
            if new.finding.check == Check::Token {
                assert_eq!((new.finding.verdict, new.since), (CheckVerdict::Bad, tenant.now()));
            } else {
                assert_eq!(old, new);
            }
        }
        assert_eq!(ran_at(&ward).await, ran, "that was no whole round");
        let changes = tenant.doctor_changes(ward.id, 10).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((&changes[0].check, changes[0].before, changes[0].after), (&Check::Token, CheckVerdict::Good, CheckVerdict::Bad));
    }

    async fn a_request_for_one_line_is_not_lost_in_another(t: TestDb) {
        let ward = Ward::bare(t).await;
        let (workspace, actor) = (ward.bench.workspace(), ward.bench.actor());
        let asked = [None, Some(Check::Token), Some(Check::Region), Some(Check::Token)];
        for only in &asked {
            ward.bench.store.ask(workspace, &actor, ward.id, &job(&ward, only.clone())).await.unwrap();
        }
        let tenant = ward.bench.t.db.workspace(workspace);
        for only in asked {
            assert!(tenant.is_queued(&job(&ward, only)).await.unwrap());
        }
        assert!(!tenant.is_queued(&job(&ward, Some(Check::Silence))).await.unwrap());
    }

    async fn the_night_asks_once_and_catches_up_after_downtime(t: TestDb) {
        let ward = Ward::bare(t).await;
        assert_eq!((due(&ward).await, ran_at(&ward).await), (0, None), "the first night is still to come");
        let handlers = Handlers::new().with(JobKind::Doctor, DoctorHandler(ward.doctor.clone()));
        let worker = Worker::new(ward.bench.t.db.clone(), handlers, Settings::default());
        // What connecting asked for is no matter of this test.
        let tx = build::begin(&ward.bench.t.db).await;
        let others = tx.across().claim_jobs(JobKind::ALL, 100, TimeDelta::minutes(1)).await.unwrap();
        for one in &others {
            tx.across().finish_job(one).await.unwrap();
        }
        tx.commit().await.unwrap();

        let mut asked_at = None;
        for _ in 0..24 * 6 {
            ward.wait(TimeDelta::minutes(10));
            if due(&ward).await == 1 {
                asked_at = Some(ward.bench.t.sources.now());
                break;
            }
        }
        let asked_at = asked_at.expect("a round within a day");
        assert!((1..=5).contains(&asked_at.hour()), "{asked_at}");
        assert_eq!(due(&ward).await, 0, "another process does not ask again");
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
        assert_eq!(ran_at(&ward).await, Some(asked_at));

        ward.wait(TimeDelta::hours(20));
        assert_eq!(due(&ward).await, 0);
        // No process ran for three nights.
        ward.wait(TimeDelta::days(3));
        assert_eq!((due(&ward).await, due(&ward).await), (1, 0), "what was missed is made good once");
        assert_eq!(worker.run_until_idle().await.unwrap(), 1);
    }
}
