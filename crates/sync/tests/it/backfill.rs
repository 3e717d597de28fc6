//! Backfills: complete whatever breaks in between, and the same whether a step runs once or twice.

use crate::same::assert_same;
use crate::support::{Engine, Plan, assert_done};
use earmark_db::tenant::{Actor, ContactFilter};
use earmark_jobs::Verdict;
use earmark_model::RunState;
use earmark_sandbox::Generate;
use earmark_sync::{Ask, AskError, cancel_run, pause_run, resume_run};
use earmark_testkit::both_databases;
use serde_json::json;
use std::time::Duration;

const SMALL: Generate = Generate {
    contacts: 320,
    companies: 130,
    conversations: 0,
};
/// Enough to be divided into days.
const LARGE: Generate = Generate {
    contacts: 5_000,
    companies: 60,
    conversations: 0,
};

fn plan(generate: Generate) -> Plan {
    Plan {
        generate,
        ..Plan::default()
    }
}

both_databases! {
    async fn everything_is_copied_and_reported(t: TestDb) {
        let engine = Engine::with(t, plan(SMALL)).await;
        let run = engine.copy_contacts().await;
        assert_done(&run);
        assert_same(&engine, "after the backfill").await;
        let report: serde_json::Value = serde_json::from_str(run.report.as_deref().unwrap()).unwrap();
        assert_eq!(report["intercom"]["contacts"], 320);
        assert_eq!(report["earmark"]["contacts"], 320);
        assert_eq!(report["counts"]["new"], 450, "{report}");
        assert_eq!(report["intercom"]["users"], report["earmark"]["users"]);
        // Once more: nothing is new.
        engine.pass(10);
        let again = engine.go(Ask::Backfill).await;
        assert_done(&again);
        assert_eq!((again.counts.added, again.counts.changed), (0, 0), "{again:#?}");
        assert_eq!(again.counts.unchanged, 450);
    }

    async fn many_are_walked_by_days_side_by_side(t: TestDb) {
        let engine = Engine::with(t, plan(LARGE)).await;
        let run = engine.copy_contacts().await;
        assert_done(&run);
        let all = ContactFilter::default();
        assert_eq!(engine.tenant().contact_count(&all).await.unwrap(), 5_000);
        assert_eq!(run.counts.added, 5_060, "{run:#?}");
        // Pages of 150, and what it takes to find the days.
        assert!(run.counts.calls < 5_000 / 150 + 60, "{run:#?}");
        assert_eq!(run.total, Some(5_000 + i64::from(LARGE.companies)), "{run:#?}");
    }

    async fn new_ones_that_search_does_not_show_yet_are_in_the_list(t: TestDb) {
        let slow = Plan { search_delay: Duration::from_secs(300), ..Plan::default() };
        let engine = Engine::with(t, slow).await;
        engine.contact(json!({"role": "user", "email": "new@x.example"})).await;
        let run = engine.copy_contacts().await;
        assert_done(&run);
        assert_eq!(run.counts.added, 1);
        assert_same(&engine, "before search shows it").await;
    }

    async fn webhooks_that_come_meanwhile_win(t: TestDb) {
        let engine = Engine::start(t).await;
        let id = engine.contact(json!({"role": "user", "name": "Old"})).await;
        engine.letters().await;
        let run = engine.switch(true).await.unwrap();
        // The webhook of a later change is applied first.
        engine.pass(5);
        engine.order("contacts/update", json!({"contact": id, "fields": {"name": "New"}})).await;
        engine.deliver().await;
        assert_done(&engine.run(run).await);
        let ours = engine.tenant().contact(engine.connection, &id).await.unwrap().unwrap();
        assert_eq!(ours.contact.name.as_deref(), Some("New"));
        assert_same(&engine, "with a change meanwhile").await;
    }

    async fn it_is_paused_resumed_and_cancelled(t: TestDb) {
        let engine = Engine::with(t, plan(SMALL)).await;
        let run = engine.switch(true).await.unwrap();
        let (db, workspace, actor) = (&engine.t.db, engine.workspace(), Actor::default());
        pause_run(db, workspace, &actor, run).await.unwrap();
        engine.drain().await;
        assert_eq!(engine.run(run).await.counts.done, 0);
        let twice = pause_run(db, workspace, &actor, run).await;
        assert!(matches!(twice, Err(AskError::NotNow(RunState::Paused))), "{twice:?}");
        resume_run(db, workspace, &actor, run).await.unwrap();
        engine.drain().await;
        assert_done(&engine.run(run).await);
        engine.pass(10);
        let second = engine.ask(Ask::Backfill).await;
        cancel_run(db, workspace, &actor, second).await.unwrap();
        engine.drain().await;
        assert_eq!(engine.run(second).await.state, RunState::Cancelled);
        let third = engine.ask(Ask::Backfill).await;
        assert_eq!(engine.ask(Ask::Backfill).await, third, "asking twice asks once");
        engine.switch(false).await;
        engine.drain().await;
        assert_eq!(engine.run(third).await.state, RunState::Cancelled);
        let off = earmark_sync::ask_run(db, workspace, &actor, engine.connection, &Ask::Backfill).await;
        assert!(matches!(off, Err(AskError::SwitchedOff)), "{off:?}");
    }

    async fn a_failure_at_any_call_ends_in_the_same_state(t: TestDb) {
        let engine = Engine::with(t, plan(Generate { contacts: 310, companies: 20, conversations: 0 })).await;
        let first = engine.copy_contacts().await;
        assert_done(&first);
        let calls = usize::try_from(first.counts.calls).unwrap();
        for kind in ["status", "cut", "drop", "wrong_json"] {
            for n in (0..calls + 4).step_by(3) {
                // The run before left everything there; without it, it is all new again.
                let tx = engine.t.db.begin().await.unwrap();
                let tenant = tx.workspace(engine.workspace());
                while tenant.erase_people(engine.connection, 100_000).await.unwrap() > 0 {}
                tx.commit().await.unwrap();
                engine.pass(70);
                engine.fail_call(kind, n).await;
                let run = engine.go(Ask::Backfill).await;
                assert_done(&run);
                let all = ContactFilter::default();
                assert_eq!(engine.tenant().contact_count(&all).await.unwrap(), 310, "{kind} at {n}: {run:#?}");
                assert_eq!(run.counts.added, 330, "{kind} at {n}: {run:#?}");
                engine.burn_faults().await;
            }
        }
        assert_same(&engine, "after every failure").await;
    }

    async fn a_worker_that_is_killed_anywhere_loses_nothing(t: TestDb) {
        let engine = Engine::with(t, plan(LARGE)).await;
        let id = engine.switch(true).await.unwrap();
        for n in 0..40 {
            // Dropped in the middle of whatever it does.
            let killed = tokio::time::timeout(Duration::from_millis(5 + n * 7), engine.run_job()).await;
            if killed.is_ok_and(|verdict| verdict == Verdict::Done) {
                break;
            }
            engine.pass(61);
        }
        engine.drain().await;
        let run = engine.run(id).await;
        assert_done(&run);
        let all = ContactFilter::default();
        assert_eq!(engine.tenant().contact_count(&all).await.unwrap(), 5_000);
        // Each page is counted once, whatever was read twice.
        assert_eq!(run.counts.added, 5_060, "{run:#?}");
    }

    async fn a_step_that_runs_twice_changes_nothing(t: TestDb) {
        let engine = Engine::with(t, plan(SMALL)).await;
        let id = engine.switch(true).await.unwrap();
        engine.drain().await;
        let done = engine.run(id).await;
        assert_done(&done);
        // As if the worker had been killed after storing and before it said so: the place goes back.
        for _ in 0..3 {
            let verdict = engine.run_job().await;
            assert_eq!(verdict, Verdict::Done);
        }
        let again = engine.run(id).await;
        assert_eq!(again.counts, done.counts);
        assert_same(&engine, "after running what is done").await;
    }

    async fn refused_credentials_and_rate_limits_keep_the_place(t: TestDb) {
        let engine = Engine::with(t, plan(SMALL)).await;
        let run = engine.switch(true).await.unwrap();
        let storm = json!({"kind": "status", "match": "/contacts", "status": 429, "reset": 3, "count": 4});
        engine.sandbox.order("faults", &storm).await;
        engine.drain().await;
        assert_done(&engine.run(run).await);
        engine.pass(10);
        let second = engine.ask(Ask::Backfill).await;
        engine.sandbox.order("tokens/revoke", &json!({"app": "app"})).await;
        let verdict = engine.run_job().await;
        assert!(matches!(verdict, Verdict::Snooze(_)), "{verdict:?}");
        let waiting = engine.run(second).await;
        assert_eq!(waiting.state, RunState::Running);
        assert!(waiting.note.as_deref().unwrap().contains("reconnect"), "{waiting:#?}");
    }
}
