//! Conversations that were tagged before the tag counted: only after a member asked, and after saying what it costs.

use crate::support::{Engine, OTHER_TAG, TAG, assert_done};
use earmark_db::tenant::Actor;
use earmark_sync::{Ask, AskError, ask_run_with_lines, preview, skip_reasons};
use earmark_testkit::both_databases;
use serde_json::json;

async fn tagged(engine: &Engine, body: &str, tag: &str) -> String {
    let contact = engine.contact(json!({"role": "lead"})).await;
    let made = engine
        .order("start", json!({"contact": contact, "body": body}))
        .await;
    let id = made["conversation"].as_str().unwrap().to_owned();
    engine
        .order("tag", json!({"conversation": id, "tag": tag}))
        .await;
    id
}

both_databases! {
    async fn a_dry_run_says_what_the_run_then_makes(t: TestDb) {
        let engine = Engine::start(t).await;
        let mut old = Vec::new();
        for n in 0..3 {
            old.push(tagged(&engine, &format!("wish {n}"), TAG.0).await);
        }
        tagged(&engine, "no wish", OTHER_TAG.0).await;
        engine.letters().await;
        engine.pass(3_600);
        engine.take_feedback().await;
        engine.drain().await;
        let dry = engine.go(Ask::TaggedPreview).await;
        assert_done(&dry);
        assert_eq!(dry.counts.added, 3, "{dry:#?}");
        let lines = engine.lines(&dry).await;
        assert!(lines.iter().all(|line| line.outcome == "would_make" && old.contains(&line.subject_id)), "{lines:#?}");
        assert!(dry.report.as_deref().unwrap().contains("3 ticket(s) from 3 conversation(s)"), "{dry:#?}");
        let tickets = async || {
            let mut count = 0;
            for id in &old {
                count += engine.tenant().tickets_of_conversation(engine.connection, id).await.unwrap().len();
            }
            count
        };
        assert_eq!(tickets().await, 0, "a dry run makes none");
        let run = engine.go(Ask::Tagged).await;
        assert_done(&run);
        assert_eq!((run.counts.added, tickets().await), (3, 3), "{run:#?}");
        let again = engine.go(Ask::Tagged).await;
        assert_eq!((again.counts.added, tickets().await), (0, 3), "{again:#?}");
    }

    async fn a_rule_is_previewed_before_it_is_chosen(t: TestDb) {
        let engine = Engine::start(t).await;
        tagged(&engine, "long ago", TAG.0).await;
        engine.pass(40 * 86_400);
        let recent = tagged(&engine, "lately", TAG.0).await;
        let actor = Actor::default();
        let ask = async |tags: &[String]| {
            preview(&engine.t.db, engine.workspace(), &actor, engine.connection, (engine.product, tags)).await
        };
        assert!(matches!(ask(&[]).await, Err(AskError::NoTag)));
        let run = ask(&[TAG.0.to_owned()]).await.unwrap();
        engine.drain().await;
        let run = engine.run(run).await;
        assert_done(&run);
        assert_eq!(run.counts.added, 1, "{run:#?}");
        assert_eq!(engine.lines(&run).await[0].subject_id, recent);
    }

    async fn what_is_left_out_is_counted_by_its_reason(t: TestDb) {
        let engine = Engine::start(t).await;
        for n in 0..3 {
            tagged(&engine, &format!("wish {n}"), TAG.0).await;
        }
        tagged(&engine, "no wish", OTHER_TAG.0).await;
        engine.letters().await;
        engine.pass(3_600);
        engine.take_feedback().await;
        engine.drain().await;
        let actor = Actor::default();
        let listing = ask_run_with_lines(&engine.t.db, engine.workspace(), &actor, engine.connection, &Ask::CatchUp, true);
        let listed = listing.await.unwrap();
        engine.drain().await;
        let listed = engine.run(listed).await;
        assert_done(&listed);
        let early = ("it was tagged before the tag counted for Mobile".to_owned(), 3);
        let untagged = ("it has no ticket here and carries no trigger tag".to_owned(), 1);
        assert_eq!(skip_reasons(&listed), [early, untagged], "{listed:#?}");
        assert_eq!((listed.counts.skipped, listed.counts.done), (4, 4), "{listed:#?}");
        let lines = engine.lines(&listed).await;
        assert!(lines.len() == 4 && lines.iter().all(|line| line.outcome == "skipped" && line.note.is_some()), "{lines:#?}");
        // Nobody asked for a line of each.
        let tx = engine.t.db.begin().await.unwrap();
        tx.workspace(engine.workspace()).set_product_feedback(engine.product, false).await.unwrap();
        tx.commit().await.unwrap();
        for ask in [Ask::TaggedPreview, Ask::Tagged] {
            let run = engine.go(ask).await;
            assert_done(&run);
            let off = ("feedback is switched off for Mobile".to_owned(), 3);
            assert_eq!(skip_reasons(&run), [off], "{run:#?}");
            assert_eq!((run.counts.skipped, run.counts.added, run.counts.unchanged), (3, 0, 0), "{run:#?}");
            assert_eq!(engine.lines(&run).await, []);
        }
    }
}
