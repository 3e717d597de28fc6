//! Payloads are kept as long as the workspace says, and runs for a while.

use crate::support::Engine;
use earmark_db::tenant::Delivery;
use earmark_jobs::Recurring;
use earmark_model::RunKind;
use earmark_sync::{Ask, DailyPayloads};
use earmark_testkit::both_databases;
use serde_json::json;

async fn kept(engine: &Engine) -> usize {
    let tenant = engine.tenant();
    let all: Vec<Delivery> = tenant
        .deliveries(engine.connection, &Default::default(), 100)
        .await
        .unwrap();
    let mut kept = 0;
    for one in all {
        kept += usize::from(tenant.delivery(one.id).await.unwrap().unwrap().1.is_some());
    }
    kept
}

both_databases! {
    async fn old_payloads_are_dropped_and_the_log_stays(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.contact(json!({"role": "lead"})).await;
        engine.deliver().await;
        assert_eq!(kept(&engine).await, 1);
        let round = async || {
            let due = DailyPayloads.enqueue_due(&engine.t.db).await.unwrap();
            engine.drain().await;
            due
        };
        assert_eq!(round().await, 1);
        assert_eq!(kept(&engine).await, 1, "it is young");
        assert_eq!(round().await, 0, "once a day");
        engine.pass(20 * 86_400);
        round().await;
        assert_eq!(kept(&engine).await, 1, "the default is 30 days");
        let tx = engine.t.db.begin().await.unwrap();
        let tenant = tx.workspace(engine.workspace());
        assert!(tenant.set_payload_days(0).await.is_err());
        tenant.set_payload_days(7).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(engine.tenant().payload_days().await.unwrap(), 7);
        assert_eq!(round().await, 1, "a new setting works at once");
        assert_eq!(kept(&engine).await, 0);
        assert_eq!(engine.notes().await.len(), 1, "the log stays");
    }

    async fn the_newest_run_of_a_kind_outlives_the_others(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let old = engine.go(Ask::CatchUp).await;
        engine.pass(3_600);
        let newest = engine.go(Ask::CatchUp).await;
        engine.pass(100 * 86_400);
        DailyPayloads.enqueue_due(&engine.t.db).await.unwrap();
        engine.drain().await;
        assert!(engine.tenant().run(old.id).await.unwrap().is_none());
        let last = engine.tenant().last_done_run(engine.connection, &[RunKind::CatchUp]).await.unwrap();
        assert_eq!(last.unwrap().id, newest.id);
    }
}
