//! What is followed with a switch off, and what a run that a member holds keeps from being done.

use crate::support::{Engine, TAG, assert_done};
use chrono::TimeDelta;
use earmark_db::tenant::{Actor, Conversation, Run};
use earmark_jobs::Recurring;
use earmark_model::{RunKind, RunState};
use earmark_sync::{Ask, HourlyCatchUp, WeeklyProof, ask_run_with_lines, pause_run};
use earmark_testkit::both_databases;
use serde_json::{Value, json};

/// A conversation with a ticket: its id, and that of a reply in it.
async fn escalated(engine: &Engine) -> (String, String) {
    let contact = engine.contact(json!({"role": "lead"})).await;
    let start = json!({"contact": contact, "body": "a wish"});
    let made = engine.order("start", start).await;
    let id = made["conversation"].as_str().unwrap().to_owned();
    let said = json!({"conversation": id, "body": "<p>more</p>"});
    let said = engine.order("reply", said).await;
    engine
        .order("tag", json!({"conversation": id, "tag": TAG.0}))
        .await;
    (id, said["part"].as_str().unwrap().to_owned())
}

async fn ours(engine: &Engine, id: &str) -> Conversation {
    let ours = engine.tenant().conversation(engine.connection, id).await;
    ours.unwrap().unwrap()
}

async fn last(engine: &Engine, kind: RunKind) -> Run {
    let last = engine.tenant().last_run(engine.connection, kind).await;
    last.unwrap().unwrap()
}

async fn hold(engine: &Engine, run: &Run) {
    let actor = Actor::default();
    pause_run(&engine.t.db, engine.workspace(), &actor, run.id)
        .await
        .unwrap();
}

async fn remarks(run: &Run) -> String {
    let report: Value = serde_json::from_str(run.report.as_deref().unwrap()).unwrap();
    report["remarks"].to_string()
}

both_databases! {
    async fn deletions_and_redactions_are_caught_up_with_feedback_off(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let ((deleted, _), (redacted, part)) = (escalated(&engine).await, escalated(&engine).await);
        engine.deliver().await;
        engine.pass(60);
        assert_done(&engine.go(Ask::CatchUp).await);
        let actor = Actor::default();
        engine.store.set_feedback(engine.workspace(), &actor, engine.connection, false).await.unwrap();
        engine.pass(3_600);
        engine.order("delete", json!({"conversation": deleted})).await;
        engine.order("redact", json!({"conversation": redacted, "part": part})).await;
        engine.letters().await;
        engine.pass(3_600);
        assert_eq!(HourlyCatchUp.enqueue_due(&engine.t.db).await.unwrap(), 1);
        engine.drain().await;
        assert_done(&last(&engine, RunKind::CatchUp).await);
        assert!(ours(&engine, &deleted).await.gone_at.is_some());
        let messages = engine.tenant().messages(engine.connection, &redacted).await.unwrap();
        assert!(messages.iter().any(|one| one.id == part && one.redacted_at.is_some()), "{messages:#?}");
        // The proof looks at the rest, and when nothing stands, nothing is looked at.
        engine.order("delete", json!({"conversation": redacted})).await;
        engine.letters().await;
        engine.t.clock.advance(TimeDelta::days(8));
        assert_eq!(WeeklyProof.enqueue_due(&engine.t.db).await.unwrap(), 1);
        engine.drain().await;
        assert!(ours(&engine, &redacted).await.gone_at.is_some());
        engine.t.clock.advance(TimeDelta::days(8));
        assert_eq!(HourlyCatchUp.enqueue_due(&engine.t.db).await.unwrap(), 0);
    }

    async fn a_run_that_is_held_goes_on_when_it_is_asked_for(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.copy_contacts().await;
        engine.pass(60);
        let run = engine.ask(Ask::CatchUp).await;
        hold(&engine, &engine.run(run).await).await;
        engine.drain().await;
        assert_eq!(engine.run(run).await.state, RunState::Paused);
        assert_eq!(engine.go(Ask::CatchUp).await.id, run);
        assert_done(&engine.run(run).await);
        // One that began goes on from its place.
        let run = engine.ask(Ask::CatchUp).await;
        while engine.run(run).await.state == RunState::Waiting {
            engine.keep_once().await;
        }
        hold(&engine, &engine.run(run).await).await;
        assert_eq!(engine.ask(Ask::CatchUp).await, run);
        assert_eq!(engine.run(run).await.state, RunState::Running);
        engine.drain().await;
        assert_done(&engine.run(run).await);
    }

    async fn a_catch_up_that_is_held_keeps_no_other_back(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        engine.pass(3_660);
        let held = engine.ask(Ask::CatchUp).await;
        hold(&engine, &engine.run(held).await).await;
        let asks = async || HourlyCatchUp.enqueue_due(&engine.t.db).await.unwrap();
        assert_eq!(asks().await, 0, "it has just been asked for");
        engine.pass(3_660);
        assert_eq!((asks().await, asks().await), (1, 0));
        engine.drain().await;
        assert_eq!(engine.run(held).await.state, RunState::Cancelled);
        assert_done(&last(&engine, RunKind::CatchUp).await);
    }

    async fn nobody_makes_a_first_copy_that_is_held(t: TestDb) {
        let engine = Engine::start(t).await;
        let old = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.pass(86_400 * 4);
        let first = engine.switch(true).await.unwrap();
        hold(&engine, &engine.run(first).await).await;
        engine.pass(86_400 * 2);
        let new = engine.contact(json!({"role": "user", "name": "Bo"})).await;
        engine.letters().await;
        let is_copied = async |id: &str| engine.tenant().contact(engine.connection, id).await.unwrap().is_some();
        for ask in [Ask::CatchUp, Ask::Proof { full: false }] {
            let run = engine.go(ask).await;
            assert_done(&run);
            assert!(remarks(&run).await.contains("the first copy"), "{run:#?}");
            assert_eq!((is_copied(&old).await, is_copied(&new).await), (false, true));
        }
        assert_eq!(engine.go(Ask::Backfill).await.id, first);
        assert!(is_copied(&old).await);
    }

    async fn of_two_requests_for_a_proof_neither_is_lost(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let ask = async |full: bool, every: bool| {
            let (db, workspace, actor) = (&engine.t.db, engine.workspace(), Actor::default());
            ask_run_with_lines(db, workspace, &actor, engine.connection, &Ask::Proof { full }, every).await.unwrap()
        };
        for [one, other] in [[(true, false), (false, true)], [(false, true), (true, false)]] {
            let run = ask(one.0, one.1).await;
            assert_eq!(ask(other.0, other.1).await, run, "it did not begin, so it stands for both");
            let position: Value = serde_json::from_str(&engine.run(run).await.position.unwrap()).unwrap();
            assert_eq!((&position["full"], &position["every"]), (&json!(true), &json!(true)));
            engine.drain().await;
            assert_done(&engine.run(run).await);
        }
    }

    async fn every_record_has_its_line_where_asked(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let (conversation, _) = escalated(&engine).await;
        let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let company = engine.company("Firm").await;
        engine.deliver().await;
        let lines = async |ask: Ask, every: bool| {
            engine.pass(60);
            let (db, workspace, actor) = (&engine.t.db, engine.workspace(), Actor::default());
            let run = ask_run_with_lines(db, workspace, &actor, engine.connection, &ask, every).await.unwrap();
            engine.drain().await;
            let run = engine.run(run).await;
            assert_done(&run);
            let lines = engine.lines(&run).await.into_iter();
            lines.map(|line| (line.subject_id, line.outcome)).collect::<Vec<_>>()
        };
        engine.switch(true).await;
        hold(&engine, &last(&engine, RunKind::Backfill).await).await;
        let first = lines(Ask::Backfill, true).await;
        let line = |id: &String, outcome: &str| (id.clone(), outcome.to_owned());
        assert!(first.contains(&line(&contact, "new")) && first.contains(&line(&company, "new")), "{first:#?}");
        let proof = lines(Ask::Proof { full: true }, true).await;
        for id in [&contact, &company, &conversation] {
            assert!(proof.contains(&line(id, "unchanged")), "{proof:#?}");
        }
        assert_eq!(lines(Ask::Proof { full: true }, false).await, []);
    }

    async fn a_conversation_that_was_not_given_is_asked_for_again(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.drain().await;
        engine.pass(60);
        let (id, _) = escalated(&engine).await;
        let (quiet, _) = escalated(&engine).await;
        engine.letters().await;
        engine.pass(3_600);
        let fault = json!({"kind": "status", "status": 422, "match": format!("GET /conversations/{id}")});
        engine.sandbox.order("faults", &fault).await;
        let run = engine.go(Ask::CatchUp).await;
        assert_eq!(run.counts.failed, 1, "{run:#?}");
        let tickets = async |id: &str| engine.tenant().tickets_of_conversation(engine.connection, id).await.unwrap().len();
        assert_eq!((tickets(&id).await, tickets(&quiet).await), (0, 1));
        engine.pass(3_600);
        let run = engine.go(Ask::CatchUp).await;
        assert_eq!((run.counts.done, run.counts.failed), (1, 0), "the other is read no more: {run:#?}");
        assert_eq!(tickets(&id).await, 1);
        engine.pass(3_600);
        assert_eq!(engine.go(Ask::CatchUp).await.counts.done, 0);
    }

    async fn a_proof_tells_of_parts_that_only_one_side_has(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let (id, _) = escalated(&engine).await;
        engine.deliver().await;
        engine.pass(60);
        let run = engine.go(Ask::Proof { full: true }).await;
        assert_done(&run);
        assert!(engine.lines(&run).await.is_empty(), "{:#?}", engine.lines(&run).await);
        // A message of which Intercom knows nothing.
        let tx = engine.t.db.begin().await.unwrap();
        let tenant = tx.workspace(engine.workspace());
        let mut message = tenant.messages(engine.connection, &id).await.unwrap().pop().unwrap();
        message.id = "77000111".to_owned();
        tenant.put_message(engine.connection, &id, &message).await.unwrap();
        tx.commit().await.unwrap();
        let run = engine.go(Ask::Proof { full: true }).await;
        let lines = engine.lines(&run).await;
        assert_eq!((lines.len(), lines[0].outcome.as_str(), lines[0].subject_id.as_str()), (1, "parts", id.as_str()));
        assert!(lines[0].note.as_deref().unwrap().contains("1 of ours"), "{lines:#?}");
    }

    async fn a_proof_asks_again_for_a_conversation_that_counts_more_parts_than_it_lists(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let (id, _) = escalated(&engine).await;
        engine.deliver().await;
        engine.pass(60);
        let later = json!({"conversation": id, "body": "<p>which no webhook told</p>"});
        let later = engine.order("reply", later).await["part"].as_str().unwrap().to_owned();
        engine.letters().await;
        let behind = json!({"type": "conversation", "id": id, "statistics": {"count_conversation_parts": 9},
            "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [], "total_count": 0}});
        let answer = async |count: u32| {
            let fault = json!({"kind": "status", "status": 200, "match": format!("GET /conversations/{id}"),
                "body": behind.to_string(), "count": count});
            engine.sandbox.order("faults", &fault).await;
        };
        answer(1).await;
        let run = engine.go(Ask::Proof { full: true }).await;
        assert_done(&run);
        let held = engine.tenant().messages(engine.connection, &id).await.unwrap();
        assert!(held.iter().any(|one| one.id == later), "{held:#?}");
        let lines = engine.lines(&run).await;
        assert_eq!((lines.len(), lines[0].outcome.as_str()), (1, "changed"), "{lines:#?}");
        // It says so for good.
        answer(2).await;
        let run = engine.go(Ask::Proof { full: true }).await;
        let lines = engine.lines(&run).await;
        assert_eq!((lines.len(), lines[0].outcome.as_str(), lines[0].subject_id.as_str()), (1, "parts", id.as_str()));
        let note = lines[0].note.as_deref().unwrap();
        assert!(note.contains("counts 9 parts") && note.contains("statistics count 9 more than it lists"), "{note}");
    }

    async fn names_on_conversations_follow_deletions_and_merges_with_contacts_off(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let lead = async |name: &str| engine.contact(json!({"role": "lead", "name": name, "email": format!("{name}@x.example")})).await;
        let (gone, merged, stays) = (lead("gone").await, lead("merged").await, lead("stays").await);
        let left = engine.contact(json!({"role": "user", "name": "left"})).await;
        let mut ids = Vec::new();
        for contact in [&gone, &merged, &stays] {
            let made = engine.order("start", json!({"contact": contact, "body": "a wish"})).await;
            engine.order("tag", json!({"conversation": made["conversation"], "tag": TAG.0})).await;
            ids.push(made["conversation"].as_str().unwrap().to_owned());
        }
        engine.deliver().await;
        assert_eq!(ours(&engine, &ids[0]).await.contact_name.as_deref(), Some("gone"));
        engine.order("contacts/delete", json!({"contact": gone})).await;
        engine.order("contacts/merge", json!({"contact": merged, "into": left})).await;
        engine.letters().await;
        engine.pass(60);
        let run = engine.go(Ask::Proof { full: false }).await;
        assert_done(&run);
        assert_eq!((run.counts.deleted, run.counts.merged), (1, 1), "{run:#?}");
        let mut names = Vec::new();
        for id in &ids {
            names.push(ours(&engine, id).await.contact_name);
        }
        assert_eq!(names, [None, Some("left".to_owned()), Some("stays".to_owned())]);
        assert!(engine.tenant().contact(engine.connection, &stays).await.unwrap().is_none(), "none is copied");
    }
}
