//! What Intercom refuses for good: it is left out and said, and keeps nothing behind it from being done.

use crate::support::{Engine, TAG, assert_done};
use earmark_db::tenant::Actor;
use earmark_model::RunState;
use earmark_sync::{Ask, AskError, pause_run, resume_run};
use earmark_testkit::both_databases;
use serde_json::json;

both_databases! {
    async fn a_step_that_is_refused_for_good_is_left_out(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.copy_contacts().await;
        engine.pass(100_000);
        let refusal = json!({"kind": "status", "status": 422, "match": "/segments", "count": 100});
        engine.sandbox.order("faults", &refusal).await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert!(run.report.as_deref().unwrap().contains("segments were left out"), "{run:#?}");
        assert!(run.counts.calls < 40, "{run:#?}");
    }

    async fn a_backfill_without_contacts_fails(t: TestDb) {
        let engine = Engine::start(t).await;
        let refusal = json!({"kind": "status", "status": 422, "match": "/contacts", "count": 100});
        engine.sandbox.order("faults", &refusal).await;
        let run = engine.copy_contacts().await;
        assert_eq!(run.state, RunState::Failed, "{run:#?}");
    }

    async fn a_lesser_permission_ends_its_step_alone(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.copy_contacts().await;
        engine.pass(3_600);
        engine.order("contacts/archive", json!({"contact": contact})).await;
        let other = engine.contact(json!({"role": "user", "name": "Bo"})).await;
        let made = engine.order("start", json!({"contact": other, "body": "a wish"})).await;
        engine.order("tag", json!({"conversation": made["conversation"], "tag": TAG.0})).await;
        engine.letters().await;
        let refusal = json!({"kind": "status", "status": 403, "match": format!("GET /contacts/{contact}"), "count": 100});
        engine.sandbox.order("faults", &refusal).await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert!(run.report.as_deref().unwrap().contains("shows no more were left out"), "{run:#?}");
        let id = made["conversation"].as_str().unwrap();
        let tickets = engine.tenant().tickets_of_conversation(engine.connection, id).await.unwrap();
        assert_eq!(tickets.len(), 1, "conversations have nothing to do with it");
        // What the sandbox says with a 403 of its own accord is about the plan.
        engine.pass(3_600);
        assert_done(&engine.go(Ask::Backfill).await);
        let row = engine.tenant().connection(engine.connection).await.unwrap().unwrap();
        assert!(row.plan_note.is_some(), "{row:#?}");
    }

    async fn switching_on_again_copies_anew(t: TestDb) {
        let engine = Engine::start(t).await;
        let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let actor = Actor::default();
        let first = engine.switch(true).await.unwrap();
        pause_run(&engine.t.db, engine.workspace(), &actor, first).await.unwrap();
        engine.switch(false).await;
        assert_eq!(engine.run(first).await.state, RunState::Cancelled);
        let second = engine.switch(true).await.unwrap();
        assert_ne!(first, second);
        engine.drain().await;
        assert_done(&engine.run(second).await);
        assert!(engine.tenant().contact(engine.connection, &contact).await.unwrap().is_some());
        // One that failed does not go on while the switch is off.
        engine.pass(10);
        let refusal = json!({"kind": "status", "status": 422, "match": "/contacts", "count": 100});
        engine.sandbox.order("faults", &refusal).await;
        let failed = engine.go(Ask::Backfill).await;
        assert_eq!(failed.state, RunState::Failed, "{failed:#?}");
        engine.switch(false).await;
        let resumed = resume_run(&engine.t.db, engine.workspace(), &actor, failed.id).await;
        assert!(matches!(resumed, Err(AskError::SwitchedOff)), "{resumed:?}");
    }
}
