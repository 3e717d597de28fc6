//! Backfills: complete whatever breaks in between, and the same whether a step runs once or twice.

use crate::same::assert_same;
use crate::support::{Breach, Engine, Plan, assert_done};
use earmark_db::tenant::{Actor, ContactFilter, RunCounts};
use earmark_jobs::Verdict;
use earmark_model::RunState;
use earmark_sandbox::Generate;
use earmark_sync::{Ask, AskError, cancel_run, pause_run, resume_run};
use earmark_testkit::both_databases;
use serde_json::json;
use std::collections::BTreeSet;
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

/// Copies all contacts and companies while somebody writes all the time and the worker is killed again and again, each time later; gives
/// what was counted each time.
async fn copy_beside_others(engine: &Engine, all: i64, first_ms: u64) -> BTreeSet<i64> {
    let db = engine.t.db.clone();
    let writer = tokio::spawn(async move {
        loop {
            drop(db.begin_redoable().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let id = engine.switch(true).await.unwrap();
    let mut counted = BTreeSet::new();
    for n in 0..20 {
        let life = Duration::from_millis(first_ms + n * 7);
        let killed = tokio::time::timeout(life, engine.run_job()).await;
        counted.insert(engine.run(id).await.counts.done);
        if killed.is_ok_and(|verdict| verdict == Verdict::Done) {
            break;
        }
        engine.pass(61);
    }
    engine.drain().await;
    writer.abort();
    let run = engine.run(id).await;
    assert_done(&run);
    assert_eq!(run.counts.added, all, "{run:#?}");
    assert_eq!(run.counts.unchanged, 0, "counted twice: {run:#?}");
    assert_same(engine, "after a copy in parts").await;
    counted
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
            for n in 0..=calls {
                engine.forget_people().await;
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

    async fn beside_other_writers_a_page_is_stored_in_parts_and_counted_once(t: TestDb) {
        let engine = Engine::with(t, plan(SMALL)).await;
        let counted = copy_beside_others(&engine, 450, 40).await;
        let pages = [100, 130, 280, 430, 450];
        assert!(counted.iter().any(|done| !pages.contains(done)), "never within a page: {counted:?}");
    }

    async fn beside_other_writers_days_are_stored_in_parts(t: TestDb) {
        // Enough to be divided into days.
        let generate = Generate { contacts: 2_010, companies: 10, conversations: 0 };
        copy_beside_others(&Engine::with(t, plan(generate)).await, 2_020, 300).await;
    }

    async fn work_that_is_dropped_at_any_step_ends_in_the_same_state(t: TestDb) {
        let engine = Engine::start(t).await;
        let company = engine.company("Firm").await;
        for n in 0..3 {
            let id = engine.contact(json!({"role": "user", "email": format!("p{n}@x.example")})).await;
            engine.order("contacts/attach", json!({"contact": id, "company": company})).await;
        }
        engine.letters().await;
        assert_done(&engine.copy_contacts().await);
        for n in 0.. {
            engine.forget_people().await;
            engine.pass(70);
            let id = engine.ask(Ask::Backfill).await;
            let broken = engine.break_off(Breach::Dropped, n).await;
            engine.drain().await;
            let run = engine.run(id).await;
            assert_done(&run);
            assert_eq!(run.counts.added, 4, "dropped at step {n}: {run:#?}");
            if !broken {
                // How many there are depends on how fast others answer.
                assert!(n > 10, "it had {n} steps alone");
                break;
            }
        }
        assert_same(&engine, "after every drop").await;
    }

    async fn every_step_may_run_twice(t: TestDb) {
        // Without companies: their scroll begins anew whenever it is left.
        let generate = Generate { companies: 0, ..SMALL };
        let engine = Engine::with(t, plan(generate)).await;
        let id = engine.switch(true).await.unwrap();
        let mut steps = 0;
        loop {
            let before = engine.run(id).await;
            let more = engine.keep_once().await;
            let after = engine.run(id).await;
            if after.state.is_over() {
                break;
            }
            assert!(more, "{after:#?}");
            // Once more from the place before it, as if nobody had said that it is done.
            if let Some(place) = before.position.filter(|place| before.state == RunState::Running && after.position.as_ref() != Some(place)) {
                steps += 1;
                let tx = engine.t.db.begin().await.unwrap();
                let tenant = tx.workspace(engine.workspace());
                assert!(tenant.advance_run(id, &place, RunCounts::default(), None).await.unwrap());
                tx.commit().await.unwrap();
                engine.keep_once().await;
            }
            engine.pass(61);
        }
        assert!(steps > 5, "{steps} steps");
        let run = engine.run(id).await;
        assert_done(&run);
        assert_eq!(run.counts.added, 320, "{run:#?}");
        assert_same(&engine, "after every step ran twice").await;
        // Nor does it matter that the job runs again after its end.
        assert_eq!(engine.run_job().await, Verdict::Done);
        assert_eq!(engine.run(id).await.counts, run.counts);
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
