//! What failed in a run is tried again: just those records, or the run when all of it failed.

use crate::support::{Engine, TAG, assert_done};
use earmark_db::tenant::{Actor, Run, RunCounts, RunLine};
use earmark_model::{RunId, RunKind, RunState};
use earmark_sync::{Ask, AskError, Failures, failures, retry_run};
use earmark_testkit::both_databases;
use serde_json::json;

async fn retry(engine: &Engine, run: RunId) -> Result<RunId, AskError> {
    retry_run(&engine.t.db, engine.workspace(), &Actor::default(), run).await
}

/// Tries a run's failures again and lets that come to its end.
async fn retried(engine: &Engine, run: RunId) -> Run {
    let made = retry(engine, run).await.unwrap();
    engine.drain().await;
    engine.run(made).await
}

async fn left(engine: &Engine, run: &Run) -> Failures {
    failures(engine.tenant(), run).await.unwrap()
}

/// A run that came to its end, in which these records failed.
async fn with_failures(engine: &Engine, kind: RunKind, failed: &[(&str, &str)]) -> RunId {
    with_failures_at(engine, kind, failed, "{}").await
}

async fn with_failures_at(
    engine: &Engine,
    kind: RunKind,
    failed: &[(&str, &str)],
    place: &str,
) -> RunId {
    let tx = engine.t.db.begin().await.unwrap();
    let tenant = tx.workspace(engine.workspace());
    let run = tenant.create_run(engine.connection, kind, None, None).await;
    let run = run.unwrap();
    assert!(tenant.move_run(run, RunState::Running, None).await.unwrap());
    for (kind, id) in failed {
        let line = RunLine {
            outcome: "failed".to_owned(),
            subject_kind: (*kind).to_owned(),
            subject_id: (*id).to_owned(),
            note: None,
        };
        tenant.add_run_line(run, &line).await.unwrap();
    }
    let counts = RunCounts {
        failed: 3,
        ..RunCounts::default()
    };
    let kept = tenant.advance_run(run, place, counts, None);
    assert!(kept.await.unwrap());
    assert!(tenant.move_run(run, RunState::Done, None).await.unwrap());
    tx.commit().await.unwrap();
    run
}

/// A run that failed as soon as it was asked for.
async fn fails(engine: &Engine, run: RunId) {
    let tx = engine.t.db.begin().await.unwrap();
    let tenant = tx.workspace(engine.workspace());
    let failed = tenant.move_run(run, RunState::Failed, Some("it could not go on"));
    assert!(failed.await.unwrap());
    tx.commit().await.unwrap();
}

async fn escalated(engine: &Engine) -> String {
    let contact = engine.contact(json!({"role": "lead"})).await;
    let made = json!({"contact": contact, "body": "a wish"});
    let made = engine.order("start", made).await;
    let id = made["conversation"].as_str().unwrap().to_owned();
    let tag = json!({"conversation": id, "tag": TAG.0});
    engine.order("tag", tag).await;
    id
}

async fn tickets(engine: &Engine, id: &str) -> usize {
    let tenant = engine.tenant();
    let found = tenant.tickets_of_conversation(engine.connection, id).await;
    found.unwrap().len()
}

both_databases! {
    async fn a_conversation_that_was_not_given_is_asked_for_again(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let (sick, well) = (escalated(&engine).await, escalated(&engine).await);
        engine.letters().await;
        engine.pass(60);
        let refused = json!({"kind": "status", "status": 400, "match": format!("GET /conversations/{sick}"), "count": 1});
        engine.sandbox.order("faults", &refused).await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert_eq!((tickets(&engine, &sick).await, tickets(&engine, &well).await), (0, 1));
        assert_eq!(left(&engine, &run).await, Failures::Records(1), "{run:#?}");
        let again = retried(&engine, run.id).await;
        assert_done(&again);
        assert_eq!((again.kind, again.counts.done, again.counts.changed), (RunKind::Retry, 1, 1), "{again:#?}");
        assert_eq!(tickets(&engine, &sick).await, 1);
        assert_eq!(left(&engine, &again).await, Failures::Nothing);
        assert!(matches!(retry(&engine, again.id).await, Err(AskError::NothingFailed)));
        // The clock goes on from the catch-up, not from this.
        engine.pass(3_600);
        assert_done(&engine.go(Ask::CatchUp).await);
    }

    async fn each_kind_of_record_is_tried_again(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let (gone, company) = (engine.contact(json!({"role": "user", "name": "Ada"})).await, engine.company("Firm").await);
        engine.copy_contacts().await;
        let conversation = escalated(&engine).await;
        engine.order("contacts/delete", json!({"contact": gone})).await;
        engine.letters().await;
        let failed = [("contact", gone.as_str()), ("company", company.as_str()), ("company", "0badc0de"), ("conversation", conversation.as_str()), ("segment", "7")];
        let run = with_failures(&engine, RunKind::CatchUp, &failed).await;
        assert_eq!(left(&engine, &engine.run(run).await).await, Failures::Records(4), "a segment is no record");
        let first = retry(&engine, run).await.unwrap();
        assert_eq!(retry(&engine, run).await.unwrap(), first, "one stands for both");
        engine.drain().await;
        let again = engine.run(first).await;
        assert_done(&again);
        let RunCounts { done, deleted, unchanged, changed, failed, .. } = again.counts;
        assert_eq!((done, deleted, unchanged, changed, failed), (4, 2, 1, 1, 0), "{again:#?}");
        assert!(engine.tenant().contact(engine.connection, &gone).await.unwrap().is_none());
        assert_eq!(tickets(&engine, &conversation).await, 1);
        // With contacts off only the names on conversations are followed.
        engine.switch(false).await;
        let again = retried(&engine, run).await;
        assert_done(&again);
        assert_eq!((again.counts.skipped, again.counts.failed), (2, 0), "{again:#?}");
    }

    async fn what_was_tagged_earlier_is_tried_again_as_it_was_asked_for(t: TestDb) {
        let engine = Engine::start(t).await;
        let early = escalated(&engine).await;
        engine.letters().await;
        engine.pass(3_600);
        engine.take_feedback().await;
        engine.drain().await;
        let lines = [("conversation", early.as_str())];
        let pass = with_failures(&engine, RunKind::CatchUp, &lines).await;
        let again = retried(&engine, pass).await;
        assert_eq!((again.counts.skipped, tickets(&engine, &early).await), (1, 0), "it did not count: {again:#?}");
        let other = with_failures_at(&engine, RunKind::Tagged, &lines, r#"{"tags": ["another"]}"#).await;
        let again = retried(&engine, other).await;
        assert_done(&again);
        assert_eq!((again.counts.added, tickets(&engine, &early).await), (0, 0), "its tag was not asked for: {again:#?}");
        let asked = with_failures(&engine, RunKind::Tagged, &lines).await;
        let again = retried(&engine, asked).await;
        assert_done(&again);
        assert_eq!((again.kind, again.counts.added, tickets(&engine, &early).await), (RunKind::Tagged, 1, 1), "{again:#?}");
    }

    async fn a_run_that_failed_begins_anew(t: TestDb) {
        let engine = Engine::start(t).await;
        let early = escalated(&engine).await;
        engine.letters().await;
        engine.pass(3_600);
        engine.take_feedback().await;
        engine.drain().await;
        for ask in [Ask::CatchUp, Ask::Proof { full: true }, Ask::TaggedPreview, Ask::Tagged] {
            let run = engine.ask(ask.clone()).await;
            fails(&engine, run).await;
            let failed = engine.run(run).await;
            assert_eq!(left(&engine, &failed).await, Failures::Whole);
            let again = retried(&engine, run).await;
            assert_done(&again);
            assert!(again.id != run && again.kind == failed.kind, "{again:#?}");
        }
        assert_eq!(tickets(&engine, &early).await, 1);
        // Nobody asks for a copy of contacts while that is off.
        let run = engine.switch(true).await.unwrap();
        fails(&engine, run).await;
        engine.switch(false).await;
        assert!(matches!(retry(&engine, run).await, Err(AskError::SwitchedOff)));
        assert!(matches!(retry(&engine, engine.t.sources.id()).await, Err(AskError::NoRun)));
        // What goes on has nothing to be tried again yet.
        let run = engine.ask(Ask::CatchUp).await;
        assert!(matches!(retry(&engine, run).await, Err(AskError::NothingFailed)));
    }
}
