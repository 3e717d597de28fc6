//! Catch-ups over conversations: each is dealt with once whatever breaks, and no ticket is made of a guess.

use crate::support::{Engine, TAG, assert_done};
use earmark_db::tenant::Actor;
use earmark_model::RunState;
use earmark_sync::{Ask, cancel_run};
use earmark_testkit::both_databases;
use serde_json::json;

async fn start(engine: &Engine, body: &str) -> String {
    let contact = engine.contact(json!({"role": "lead"})).await;
    let made = engine
        .order("start", json!({"contact": contact, "body": body}))
        .await;
    made["conversation"].as_str().unwrap().to_owned()
}

async fn tickets(engine: &Engine, id: &str) -> usize {
    let tenant = engine.tenant();
    let tickets = tenant.tickets_of_conversation(engine.connection, id).await;
    tickets.unwrap().len()
}

both_databases! {
    async fn each_conversation_is_counted_once_whatever_breaks(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.drain().await;
        for n in 0..6 {
            // Those of the time before are looked at no more.
            engine.pass(3 * 86_400);
            let mut ids = Vec::new();
            for wish in 0..5 {
                let id = start(&engine, &format!("wish {wish}")).await;
                engine.order("tag", json!({"conversation": id, "tag": TAG.0})).await;
                ids.push(id);
            }
            engine.letters().await;
            // The search, then one conversation after the other.
            engine.fail_call("status", n).await;
            let run = engine.go(Ask::CatchUp).await;
            assert_done(&run);
            let lines = engine.lines(&run).await;
            for id in &ids {
                assert_eq!(tickets(&engine, id).await, 1);
                let healed = lines.iter().filter(|line| line.subject_id == *id && line.outcome == "healed");
                assert_eq!(healed.count(), 1, "failing after {n}: {lines:#?}");
            }
            assert_eq!(run.counts.changed, 5, "failing after {n}: {run:#?}");
            engine.burn_faults().await;
        }
    }

    async fn a_cancelled_run_makes_no_more_tickets(t: TestDb) {
        let engine = Engine::start(t).await;
        let mut ids = Vec::new();
        for n in 0..5 {
            let id = start(&engine, &format!("wish {n}")).await;
            engine.order("tag", json!({"conversation": id, "tag": TAG.0})).await;
            ids.push(id);
        }
        engine.letters().await;
        engine.pass(60);
        engine.take_feedback().await;
        engine.drain().await;
        engine.go(Ask::TaggedPreview).await;
        let run = engine.ask(Ask::Tagged).await;
        // The fourth conversation cannot be read now.
        engine.fail_call("status", 4).await;
        for _ in 0..100 {
            engine.work_once().await;
            if engine.run(run).await.counts.done > 0 {
                break;
            }
        }
        let count = async || {
            let mut count = 0;
            for id in &ids {
                count += tickets(&engine, id).await;
            }
            count
        };
        assert_eq!(count().await, 3);
        assert_eq!(engine.run(run).await.counts.added, 3, "what was made is counted with it");
        cancel_run(&engine.t.db, engine.workspace(), &Actor::default(), run).await.unwrap();
        engine.drain().await;
        assert_eq!((count().await, engine.run(run).await.state), (3, RunState::Cancelled));
    }

    async fn a_tag_on_a_part_that_is_not_given_makes_no_ticket_of_the_opening_message(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.drain().await;
        let id = start(&engine, "hello").await;
        let said = engine.order("reply", json!({"conversation": id, "body": "the wish"})).await;
        engine.letters().await;
        engine.order("tag", json!({"conversation": id, "part": said["part"], "tag": TAG.0})).await;
        let letters = engine.letters().await;
        for n in 0..500 {
            engine.order("reply", json!({"conversation": id, "body": format!("and {n}")})).await;
        }
        engine.letters().await;
        engine.pass(60);
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        let lines = engine.lines(&run).await;
        assert_eq!(tickets(&engine, &id).await, 0, "{lines:#?}");
        assert!(lines.iter().any(|line| line.outcome == "time_unknown" && line.subject_id == id), "{lines:#?}");
        engine.go(Ask::TaggedPreview).await;
        let asked = engine.go(Ask::Tagged).await;
        assert_eq!((asked.counts.added, tickets(&engine, &id).await), (0, 0), "{asked:#?}");
        // The webhook comes late and says which message it was.
        for letter in letters {
            engine.receive(&letter).await;
        }
        engine.drain().await;
        assert_eq!(tickets(&engine, &id).await, 1);
        engine.pass(60);
        let again = engine.go(Ask::CatchUp).await;
        assert_eq!(tickets(&engine, &id).await, 1);
        assert!(!engine.lines(&again).await.iter().any(|line| line.outcome == "time_unknown"));
    }

    async fn what_happened_while_feedback_was_off_is_found_later(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.copy_contacts().await;
        let id = start(&engine, "a wish").await;
        engine.order("tag", json!({"conversation": id, "tag": TAG.0})).await;
        engine.deliver().await;
        assert_done(&engine.go(Ask::CatchUp).await);
        engine.pass(3_600);
        let feedback = async |on| {
            let actor = Actor::default();
            engine.store.set_feedback(engine.workspace(), &actor, engine.connection, on).await.unwrap();
        };
        feedback(false).await;
        let said = engine.order("reply", json!({"conversation": id, "body": "<p>my number is secret</p>"})).await;
        engine.letters().await;
        engine.pass(3 * 86_400);
        assert_done(&engine.go(Ask::CatchUp).await);
        feedback(true).await;
        engine.drain().await;
        engine.pass(3_600);
        assert_done(&engine.go(Ask::CatchUp).await);
        let messages = engine.tenant().messages(engine.connection, &id).await.unwrap();
        assert!(messages.iter().any(|one| said["part"] == *one.id), "{messages:#?}");
    }

    async fn whoever_joins_a_conversation_makes_its_details_be_asked_for(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.drain().await;
        engine.pass(60);
        let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let start = async |body: &str| {
            let made = engine.order("start", json!({"contact": contact, "body": body})).await;
            made["conversation"].as_str().unwrap().to_owned()
        };
        let (ours, other) = (start("tagged").await, start("not tagged").await);
        engine.order("tag", json!({"conversation": ours, "tag": TAG.0})).await;
        engine.deliver().await;
        let fetched_at = async || {
            let ours = engine.tenant().conversation(engine.connection, &ours).await.unwrap().unwrap();
            ours.details_at.unwrap()
        };
        let before = fetched_at().await;
        engine.pass(60);
        for id in [&ours, &other] {
            let dump = json!({
                "type": "notification_event", "topic": "conversation.contact.attached", "id": format!("notif_{id}"),
                "app_id": crate::support::APP, "created_at": engine.t.sources.now().timestamp(),
                "data": {"item": {"conversation": {"model": {"id": id.parse::<u64>().unwrap()}}, "contact": {"id": contact, "name": "Ada"}}},
            });
            engine.receive(dump.to_string().as_bytes()).await;
        }
        engine.drain().await;
        assert!(fetched_at().await > before);
        let notes = engine.notes().await;
        for wanted in ["Intercom is asked for its contact, company and team", "no ticket came from this conversation"] {
            assert!(notes.iter().any(|note| note.contains(wanted)), "{wanted} in {notes:?}");
        }
    }
}
