//! What Intercom or our own database can never do: it keeps nothing behind it waiting, and is said.

use crate::support::{Breach, Engine, TAG, assert_done};
use earmark_db::tenant::{Run, RunCounts};
use earmark_jobs::Verdict;
use earmark_model::{RunId, RunKind, RunState};
use earmark_sync::{Ask, TIME_UNKNOWN};
use earmark_testkit::both_databases;
use serde_json::{Value, json};

const EVER: u32 = 1_000_000;

/// A conversation with a ticket.
async fn escalated(engine: &Engine, body: &str) -> String {
    let contact = engine.contact(json!({"role": "lead"})).await;
    let made = engine
        .order("start", json!({"contact": contact, "body": body}))
        .await;
    let id = made["conversation"].as_str().unwrap().to_owned();
    engine
        .order("tag", json!({"conversation": id, "tag": TAG.0}))
        .await;
    id
}

async fn fail_for_ever(engine: &Engine, matching: &str) {
    let fault = json!({"kind": "status", "status": 500, "match": matching, "count": EVER});
    engine.sandbox.order("faults", &fault).await;
}

async fn outcomes(engine: &Engine, run: &Run, id: &str) -> Vec<String> {
    let lines = engine.lines(run).await.into_iter();
    let of = lines.filter(|line| line.subject_id == id);
    of.map(|line| line.outcome).collect()
}

/// Begins a run and changes the place it goes on from.
async fn moved(engine: &Engine, id: RunId, change: impl Fn(&mut Value)) {
    while engine.run(id).await.state != RunState::Running {
        engine.keep_once().await;
    }
    let place = engine.run(id).await.position.unwrap();
    let mut place: Value = serde_json::from_str(&place).unwrap();
    change(&mut place);
    let tx = engine.t.db.begin().await.unwrap();
    let tenant = tx.workspace(engine.workspace());
    let place = place.to_string();
    let kept = tenant.advance_run(id, &place, RunCounts::default(), None);
    assert!(kept.await.unwrap());
    tx.commit().await.unwrap();
}

both_databases! {
    async fn a_conversation_that_is_never_answered_keeps_none_waiting(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let (sick, well) = (escalated(&engine, "sick").await, escalated(&engine, "well").await);
        engine.deliver().await;
        engine.pass(60);
        for id in [&sick, &well] {
            engine.order("reply", json!({"conversation": id, "body": "<p>more</p>"})).await;
        }
        engine.letters().await;
        fail_for_ever(&engine, &format!("GET /conversations/{sick}")).await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert_eq!(outcomes(&engine, &run, &sick).await, ["failed"]);
        assert_eq!(outcomes(&engine, &run, &well).await, ["changed"]);
        assert_eq!(run.counts.failed, 1, "{run:#?}");
    }

    async fn contacts_that_are_answered_are_kept_beside_one_that_never_is(t: TestDb) {
        let engine = Engine::start(t).await;
        let mut ids = Vec::new();
        for n in 0..20 {
            ids.push(engine.contact(json!({"role": "user", "name": format!("User {n}")})).await);
        }
        engine.copy_contacts().await;
        engine.pass(3_600);
        for id in &ids {
            engine.order("contacts/archive", json!({"contact": id})).await;
        }
        engine.letters().await;
        ids.sort_unstable();
        fail_for_ever(&engine, &format!("GET /contacts/{}", ids[15])).await;
        let id = engine.ask(Ask::CatchUp).await;
        while !matches!(engine.work_once().await, Some(Verdict::Snooze(_)) | None) {}
        assert!(engine.run(id).await.counts.changed >= 15, "{:#?}", engine.run(id).await);
        engine.drain().await;
        let run = engine.run(id).await;
        assert_done(&run);
        assert_eq!(outcomes(&engine, &run, &ids[15]).await, ["failed"]);
        assert_eq!((run.counts.changed, run.counts.failed), (19, 1), "{run:#?}");
    }

    async fn a_page_that_is_never_answered_is_left_out(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.copy_contacts().await;
        engine.pass(100_000);
        fail_for_ever(&engine, "/segments").await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert!(run.report.as_deref().unwrap().contains("segments were left out"), "{run:#?}");
        fail_for_ever(&engine, "/contacts").await;
        let run = engine.go(Ask::Backfill).await;
        assert_eq!(run.state, RunState::Failed, "{run:#?}");
    }

    async fn what_our_own_database_refuses_fails_in_words(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        engine.pass(60);
        let id = engine.ask(Ask::Backfill).await;
        // PostgreSQL takes no such text, SQLite does.
        let over = json!({"segment": ["a\u{0}b", "2026-01-01T00:00:00Z"]});
        moved(&engine, id, |place| {
            place["steps"] = json!([{"step": "walk", "over": over, "at": null, "restarts": 0}]);
        }).await;
        engine.drain().await;
        let run = engine.run(id).await;
        match engine.t.db.is_shared() {
            true => {
                assert_eq!(run.state, RunState::Failed, "{run:#?}");
                assert!(run.note.as_deref().unwrap().contains("our own database"), "{run:#?}");
            }
            false => assert_done(&run),
        }
    }

    async fn a_list_whose_stored_place_is_refused_is_begun_anew(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let id = escalated(&engine, "a wish").await;
        engine.letters().await;
        engine.pass(60);
        let run = engine.ask(Ask::CatchUp).await;
        let at = json!({"cursor": "of another time"});
        moved(&engine, run, |place| place["steps"][0]["at"] = at.clone()).await;
        engine.drain().await;
        let run = engine.run(run).await;
        assert_done(&run);
        assert_eq!(outcomes(&engine, &run, &id).await, ["healed"], "{run:#?}");
    }

    async fn a_scroll_of_ours_is_waited_for_however_often_we_are_stopped(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.company("Nobody works here").await;
        engine.letters().await;
        assert_done(&engine.copy_contacts().await);
        for n in 0.. {
            engine.forget_people().await;
            engine.pass(70);
            let id = engine.ask(Ask::Backfill).await;
            let broken = engine.break_off(Breach::Dropped, n).await;
            // It is waited for once, and is broken off again.
            engine.work_once().await;
            engine.break_off(Breach::Dropped, n).await;
            engine.drain().await;
            let run = engine.run(id).await;
            assert_done(&run);
            let report = run.report.unwrap();
            assert!(!report.contains("another scroll"), "dropped at step {n}: {report}");
            if !broken {
                // How many there are depends on how fast others answer.
                assert!(n > 10, "it had {n} steps alone");
                break;
            }
        }
    }

    async fn a_scroll_of_ours_is_waited_for_also_when_the_waiting_is_broken_off(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.company("Nobody works here").await;
        engine.letters().await;
        assert_done(&engine.copy_contacts().await);
        let mut were_open = 0;
        for n in 0..40 {
            for again in 0..8 {
                engine.forget_people().await;
                engine.pass(70);
                let id = engine.ask(Ask::Backfill).await;
                engine.break_off(Breach::Dropped, n).await;
                let is_open = engine.run(id).await.position.is_some_and(|at| at.contains("\"open\":true"));
                if is_open {
                    were_open += 1;
                    engine.break_off(Breach::Dropped, again).await;
                }
                engine.drain().await;
                let run = engine.run(id).await;
                assert_done(&run);
                let report = run.report.unwrap();
                assert!(!report.contains("another scroll"), "dropped at steps {n} and {again}: {report}");
                if !is_open {
                    break;
                }
            }
        }
        assert!(were_open > 0);
    }

    async fn a_preview_goes_before_tickets_of_tagged_conversations(t: TestDb) {
        let engine = Engine::start(t).await;
        escalated(&engine, "long ago").await;
        engine.letters().await;
        engine.pass(60);
        engine.take_feedback().await;
        engine.drain().await;
        engine.go(Ask::TaggedPreview).await;
        let long = engine.ask(Ask::Tagged).await;
        let looked = engine.ask(Ask::TaggedPreview).await;
        assert_ne!(long, looked);
        let next = engine.tenant().next_run(engine.connection, RunKind::TAGGED).await.unwrap();
        assert_eq!(next.map(|run| run.id), Some(looked));
    }

    async fn an_opening_that_must_have_been_tagged_is_listed(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.drain().await;
        engine.pass(60);
        let id = escalated(&engine, "the opening").await;
        engine.pass(60);
        let made = engine.order("reply", json!({"conversation": id, "body": "<p>more</p>"})).await;
        let tag = json!({"conversation": id, "part": made["part"], "tag": TAG.0});
        engine.order("tag", tag).await;
        engine.letters().await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        assert_eq!(outcomes(&engine, &run, &id).await.iter().filter(|one| *one == TIME_UNKNOWN).count(), 1);
        let tickets = async || engine.tenant().tickets_of_conversation(engine.connection, &id).await.unwrap().len();
        assert_eq!(tickets().await, 1, "that of the part");
        let actor = earmark_db::tenant::Actor::default();
        earmark_sync::escalate(&engine.t.db, engine.workspace(), &actor, engine.connection, &id).await.unwrap();
        engine.drain().await;
        assert_eq!(tickets().await, 2);
        engine.pass(60);
        let run = engine.go(Ask::CatchUp).await;
        assert!(!outcomes(&engine, &run, &id).await.iter().any(|one| one == TIME_UNKNOWN));
    }
}
