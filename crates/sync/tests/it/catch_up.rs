//! Catch-ups and proofs after webhooks were lost: what happened is found, healed and told.

use crate::same::{assert_same, threads};
use crate::support::{Engine, OTHER_TAG, Plan, TAG, assert_done};
use chrono::TimeDelta;
use earmark_jobs::Recurring;
use earmark_model::{JobKind, RunKind, RunState};
use earmark_sandbox::Generate;
use earmark_sync::{Ask, HourlyCatchUp, StrandedRuns, WeeklyProof};
use earmark_testkit::both_databases;
use serde_json::json;

async fn told(engine: &Engine, run: &earmark_db::tenant::Run) -> Vec<(String, String)> {
    let lines = engine.lines(run).await.into_iter();
    lines.map(|line| (line.outcome, line.subject_id)).collect()
}

both_databases! {
    async fn what_no_webhook_told_is_healed_and_said(t: TestDb) {
        let engine = Engine::start(t).await;
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(engine.contact(json!({"role": "lead", "name": format!("Lead {n}")})).await);
        }
        let company = engine.company("Firm").await;
        engine.copy_contacts().await;
        engine.pass(3_600);
        engine.order("contacts/update", json!({"contact": ids[0], "fields": {"name": "New name"}})).await;
        engine.order("contacts/delete", json!({"contact": ids[1]})).await;
        engine.order("contacts/merge", json!({"contact": ids[2], "into": ids[3]})).await;
        engine.order("contacts/archive", json!({"contact": ids[4]})).await;
        engine.order("contacts/attach", json!({"contact": ids[5], "company": company})).await;
        let fresh = engine.contact(json!({"role": "user", "email": "fresh@x.example"})).await;
        engine.letters().await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert_same(&engine, "after the catch-up").await;
        let told = told(&engine, &run).await;
        let line = |outcome: &str, id: &str| (outcome.to_owned(), id.to_owned());
        for wanted in [line("changed", &ids[0]), line("merged", &ids[2]), line("archived", &ids[4]), line("new", &fresh), line("changed", &ids[5])] {
            assert!(told.contains(&wanted), "{wanted:?} in {told:#?}");
        }
        assert_eq!((run.counts.deleted, run.counts.merged), (1, 1), "{run:#?}");
        // Archived ones are asked for, too: this one is deleted without a word.
        engine.pass(3_600);
        engine.order("contacts/delete", json!({"contact": ids[4]})).await;
        engine.letters().await;
        let run = engine.go(Ask::Proof { full: true }).await;
        assert_done(&run);
        assert_same(&engine, "after the proof").await;
        assert_eq!(run.counts.deleted, 1);
    }

    async fn an_unclear_answer_erases_nothing(t: TestDb) {
        let engine = Engine::start(t).await;
        let id = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.copy_contacts().await;
        engine.pass(3_600);
        engine.order("contacts/archive", json!({"contact": id})).await;
        engine.letters().await;
        // A proxy's page in place of Intercom's answer.
        let page = json!({"kind": "status", "status": 404, "match": format!("/contacts/{id}"), "body": "<html>nothing here</html>", "count": 3});
        engine.sandbox.order("faults", &page).await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert_eq!((run.counts.deleted, run.counts.failed), (0, 1), "{run:#?}");
        assert!(engine.tenant().contact(engine.connection, &id).await.unwrap().is_some());
    }

    async fn large_workspaces_are_walked_only_when_the_numbers_differ(t: TestDb) {
        let generate = Generate { contacts: 2_400, companies: 10, conversations: 0 };
        let engine = Engine::with(t, Plan { generate, ..Plan::default() }).await;
        engine.copy_contacts().await;
        engine.pass(3_600);
        let quiet = engine.go(Ask::CatchUp).await;
        assert!(quiet.counts.done < 1_000, "{quiet:#?}");
        let one = engine.client().await.contacts().page().await.unwrap().items[7].id.clone();
        engine.order("contacts/delete", json!({"contact": one})).await;
        engine.letters().await;
        engine.pass(3_600);
        let run = engine.go(Ask::CatchUp).await;
        assert_eq!(run.counts.deleted, 1, "{run:#?}");
        assert!(engine.tenant().contact(engine.connection, &one).await.unwrap().is_none());
    }

    async fn threads_and_taggings_are_healed(t: TestDb) {
        let engine = Engine::start(t).await;
        let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let start = async |body: &str| {
            let made = engine.order("start", json!({"contact": contact, "body": body})).await;
            made["conversation"].as_str().unwrap().to_owned()
        };
        let before = start("tagged before it counted").await;
        engine.order("tag", json!({"conversation": before, "tag": TAG.0})).await;
        engine.pass(60);
        engine.take_feedback().await;
        engine.drain().await;
        engine.pass(60);
        let (told_of, lost, deleted) = (start("told of").await, start("lost").await, start("deleted").await);
        let other = start("another tag").await;
        for one in [&told_of, &deleted] {
            engine.order("tag", json!({"conversation": one, "tag": TAG.0})).await;
        }
        engine.deliver().await;
        engine.pass(60);
        // From here on no webhook arrives.
        engine.order("tag", json!({"conversation": lost, "tag": TAG.0})).await;
        engine.order("tag", json!({"conversation": other, "tag": OTHER_TAG.0})).await;
        let said = engine.order("reply", json!({"conversation": told_of, "body": "<p>one more thing</p>"})).await;
        engine.order("reply", json!({"conversation": told_of, "body": "<p>to be redacted</p>"})).await;
        engine.order("redact", json!({"conversation": told_of, "part": said["part"]})).await;
        engine.order("delete", json!({"conversation": deleted})).await;
        engine.letters().await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        threads(&engine, "after the catch-up").await;
        let tickets = async |id: &str| engine.tenant().tickets_of_conversation(engine.connection, id).await.unwrap().len();
        assert_eq!(tickets(&lost).await, 1, "a tagging that counted makes its ticket");
        assert_eq!(tickets(&before).await, 0, "one from before it counted makes none");
        assert_eq!(tickets(&other).await, 0);
        let gone = engine.tenant().conversation(engine.connection, &deleted).await.unwrap().unwrap();
        assert!(gone.gone_at.is_some());
        let told = told(&engine, &run).await;
        for (outcome, id) in [("healed", &lost), ("redacted", &told_of), ("deleted", &deleted)] {
            assert!(told.contains(&(outcome.to_owned(), id.clone())), "{outcome} {id} in {told:#?}");
        }
        // All is well now, and a proof says so.
        engine.pass(60);
        let proof = engine.go(Ask::Proof { full: true }).await;
        assert_done(&proof);
        assert_eq!(proof.counts.changed, 0, "{:#?}", engine.lines(&proof).await);
    }

    async fn it_comes_every_hour_by_itself(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let asks = async || HourlyCatchUp.enqueue_due(&engine.t.db).await.unwrap();
        assert_eq!(asks().await, 0, "the backfill has just been");
        engine.t.clock.advance(TimeDelta::minutes(61));
        assert_eq!(asks().await, 1);
        assert_eq!(asks().await, 0, "one is under way");
        engine.drain().await;
        let last = engine.tenant().last_run(engine.connection, RunKind::CatchUp).await.unwrap().unwrap();
        assert_eq!((last.state, last.asked_by), (RunState::Done, None));
        assert_eq!(asks().await, 0);
        engine.t.clock.advance(TimeDelta::minutes(61));
        assert_eq!(asks().await, 1);
        engine.drain().await;
    }

    async fn a_proof_comes_every_week_by_itself(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let asks = async || WeeklyProof.enqueue_due(&engine.t.db).await.unwrap();
        engine.t.clock.advance(TimeDelta::days(6));
        assert_eq!(asks().await, 0);
        engine.t.clock.advance(TimeDelta::days(2));
        assert_eq!((asks().await, asks().await), (1, 0));
        engine.drain().await;
        let last = engine.tenant().last_run(engine.connection, RunKind::Proof).await.unwrap().unwrap();
        assert_eq!((last.state, last.asked_by), (RunState::Done, None));
        engine.t.clock.advance(TimeDelta::days(8));
        assert_eq!(asks().await, 1);
    }

    async fn a_run_whose_job_failed_is_asked_for_again(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let run = engine.ask(Ask::CatchUp).await;
        let finds = async || StrandedRuns.enqueue_due(&engine.t.db).await.unwrap();
        assert_eq!(finds().await, 0, "its job waits");
        let tx = engine.t.db.begin().await.unwrap();
        let claimed = tx.across().claim_jobs(&[JobKind::Run], 1, TimeDelta::minutes(10)).await.unwrap();
        tx.across().fail_job(&claimed[0], "given up").await.unwrap();
        tx.commit().await.unwrap();
        engine.drain().await;
        assert_eq!(engine.run(run).await.state, RunState::Waiting);
        assert_eq!((finds().await, finds().await), (1, 0));
        engine.drain().await;
        assert_done(&engine.run(run).await);
    }
}
