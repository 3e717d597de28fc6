//! What a member had erased after disconnecting: gone for catch-ups, until it is tagged anew or a member asks.

use crate::support::{Engine, TAG, assert_done};
use earmark_connections::Mirrored;
use earmark_db::tenant::Actor;
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, Job};
use earmark_sync::{Ask, EraseHandler};
use earmark_testkit::both_databases;
use serde_json::json;

/// A conversation that made a ticket, erased since, with feedback on again after connecting again.
async fn erased(engine: &Engine) -> String {
    engine.take_feedback().await;
    engine.drain().await;
    engine.pass(60);
    let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
    let made = json!({"contact": contact, "body": "a wish that was erased"});
    let made = engine.order("start", made).await;
    let id = made["conversation"].as_str().unwrap().to_owned();
    engine
        .order("tag", json!({"conversation": id, "tag": TAG.0}))
        .await;
    engine.deliver().await;
    assert_kept(engine, &id).await;
    let (workspace, connection) = (engine.workspace(), engine.connection);
    let actor = Actor::default();
    let disconnected = engine
        .store
        .disconnect(workspace, &actor, connection, Mirrored::Erase);
    disconnected.await.unwrap();
    engine.pass(60);
    let job = ClaimedJob {
        id: engine.t.sources.id(),
        workspace,
        job: Job::Erase { connection },
        attempt: 1,
        claim: 1,
    };
    let done = EraseHandler(engine.t.db.clone()).run(&job).await;
    assert_eq!(done, Verdict::Done);
    engine.connect().await;
    engine.drain().await;
    engine.pass(60);
    engine.take_feedback().await;
    engine.drain().await;
    assert_gone(engine, &id).await;
    id
}

async fn assert_kept(engine: &Engine, id: &str) {
    let (tenant, connection) = (engine.tenant(), engine.connection);
    let conversation = tenant.conversation(connection, id).await.unwrap().unwrap();
    assert_eq!(conversation.gone_at, None);
    assert_eq!(conversation.contact_name.as_deref(), Some("Ada"));
    let tickets = tenant
        .tickets_of_conversation(connection, id)
        .await
        .unwrap();
    assert_eq!(tickets.len(), 1);
    let title = tickets[0].title.as_deref();
    assert_eq!(title, Some("a wish that was erased"));
    assert_eq!(tickets[0].source_gone_at, None);
}

async fn assert_gone(engine: &Engine, id: &str) {
    let (tenant, connection) = (engine.tenant(), engine.connection);
    let conversation = tenant.conversation(connection, id).await.unwrap().unwrap();
    assert!(conversation.gone_at.is_some() && conversation.contact_name.is_none());
    let messages = tenant.messages(connection, id).await.unwrap();
    assert!(messages.is_empty(), "{messages:?}");
}

both_databases! {
    async fn it_comes_back_when_a_member_asks_for_what_is_tagged(t: TestDb) {
        let engine = Engine::start(t).await;
        let id = erased(&engine).await;
        assert_done(&engine.go(Ask::CatchUp).await);
        assert_done(&engine.go(Ask::Proof { full: true }).await);
        assert_gone(&engine, &id).await;
        let dry = engine.go(Ask::TaggedPreview).await;
        assert_done(&dry);
        assert_eq!(dry.counts.added, 1, "{dry:#?}");
        assert_gone(&engine, &id).await;
        let run = engine.go(Ask::Tagged).await;
        assert_done(&run);
        assert_eq!(run.counts.added, 1, "{run:#?}");
        let lines = engine.lines(&run).await;
        let told = |line: &earmark_db::tenant::RunLine| line.note.as_deref().is_some_and(|note| note.contains("erased conversation"));
        assert!(lines.iter().any(told), "{lines:#?}");
        assert_kept(&engine, &id).await;
        let again = engine.go(Ask::Tagged).await;
        assert_eq!(again.counts.added, 0, "{again:#?}");
    }

    async fn it_comes_back_when_it_was_tagged_anew_and_nobody_told(t: TestDb) {
        let engine = Engine::start(t).await;
        let id = erased(&engine).await;
        engine.pass(60);
        for act in ["untag", "tag"] {
            engine.order(act, json!({"conversation": id, "tag": TAG.0})).await;
        }
        engine.letters().await;
        let run = engine.go(Ask::CatchUp).await;
        assert_done(&run);
        let lines = engine.lines(&run).await;
        assert!(lines.iter().any(|line| line.outcome == "healed" && line.subject_id == id), "{lines:#?}");
        assert_kept(&engine, &id).await;
    }
}
