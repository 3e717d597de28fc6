//! The lines that our own tables and our own address answer.

use super::{Ward, answer, ill, line, topic};
use crate::support::nobody;
use CheckVerdict::{Bad, Good, NotChecked, Warn};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_connections::{Doctor, HostMap};
use earmark_db::across::Stored;
use earmark_model::{AnswerBucket, Check, CheckVerdict, DeliveryId, Outcome};
use earmark_testkit::{both_databases, build};
use std::path::PathBuf;
use std::time::Duration;

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/webhooks");
    std::fs::read(folder.join(format!("{name}.json"))).unwrap()
}

/// A delivery that its lane has not come to yet.
async fn deliver(ward: &Ward, key: &str, body: Vec<u8>) -> DeliveryId {
    let owner = (ward.bench.workspace(), ward.id);
    let mut new = build::delivery(owner, key, "1", ward.bench.t.sources.now());
    new.body = Some(body);
    let tx = build::begin(&ward.bench.t.db).await;
    let stored = tx
        .across()
        .store_deliveries(&[new])
        .await
        .unwrap()
        .remove(0);
    tx.commit().await.unwrap();
    match stored {
        Stored::New(id) => id,
        Stored::Repeat(id) => panic!("{id:?} is a repeat"),
    }
}

async fn finish(ward: &Ward, id: DeliveryId) {
    let tx = build::begin(&ward.bench.t.db).await;
    let tenant = tx.workspace(ward.bench.workspace());
    tenant
        .finish_delivery(id, Outcome::Processed, "", None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn answered(ward: &Ward, at: DateTime<Utc>, ms: u64, count: u32) {
    let bucket = AnswerBucket::of(Duration::from_millis(ms));
    let tx = build::begin(&ward.bench.t.db).await;
    let tenant = tx.workspace(ward.bench.workspace());
    tenant
        .add_answer_times(ward.id, at, &[(bucket, count)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn payloads_of_an_old_version(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let old = deliver(&ward, "old", fixture("conversation_part.tag.created.legacy")).await;
        finish(&ward, old).await;
        assert_eq!(ward.ill().await, [(Check::ApiVersion, Warn)]);
        assert!(ward.line(Check::ApiVersion).await.cure.unwrap().contains("API version"));

        ward.wait(TimeDelta::seconds(5));
        let new = deliver(&ward, "new", fixture("conversation_part.tag.created")).await;
        finish(&ward, new).await;
        assert_eq!(ward.ill().await, []);
        let found = ward.line(Check::ApiVersion).await;
        assert!(found.evidence.contains("Requests ask for 2.14.") && found.evidence.contains("version 2.14."), "{found:?}");
    }

    async fn a_public_address_that_does_not_answer(t: TestDb) {
        let ward = Ward::bare(t).await;
        let silent = Doctor::new(ward.bench.store.clone(), nobody().parse().unwrap()).unwrap();
        let look = async |doctor| ward.look_by(doctor, Some(&Check::PublicUrl)).await;
        assert_eq!(ill(&look(&silent).await), [(Check::PublicUrl, Bad)]);
        assert_eq!(ill(&look(&ward.doctor).await), []);
        answer(&ward.own, 302).await;
        assert_eq!(ill(&look(&ward.doctor).await), [(Check::PublicUrl, Bad)], "redirects are not followed");
        // Something came in from Intercom: then it is reached, even if not from here.
        let tx = build::begin(&ward.bench.t.db).await;
        let tenant = tx.workspace(ward.bench.workspace());
        tenant.saw_head(ward.id, tenant.now()).await.unwrap();
        tx.commit().await.unwrap();
        let found = look(&ward.doctor).await;
        assert_eq!(ill(&found), [(Check::PublicUrl, Warn)]);
        assert!(found[0].evidence.contains("Last from Intercom: a HEAD request"), "{found:?}");
        ward.wait(TimeDelta::seconds(1));
        ward.receive("ping").await;
        let found = look(&ward.doctor).await;
        assert_eq!(ill(&found), [(Check::PublicUrl, Warn)]);
        assert!(found[0].evidence.contains("status 302") && found[0].evidence.contains("Last from Intercom: ping"), "{found:?}");
        answer(&ward.own, 200).await;
        assert_eq!(ill(&look(&ward.doctor).await), []);
    }

    async fn plain_http_reaches_nobody_but_the_sandbox(t: TestDb) {
        let ward = Ward::bare(t).await;
        let line = ward.line(Check::PublicUrl).await;
        assert_eq!(line.verdict, Good);
        assert!(line.evidence.contains("on this machine"), "{line:?}");
        let real = crate::support::store(&ward.bench.t, &ward.bench.t.db, &ward.bench.ring, HostMap::intercom().unwrap());
        let doctor = Doctor::new(real, ward.own.uri().parse().unwrap()).unwrap();
        let found = ward.look_by(&doctor, Some(&Check::PublicUrl)).await;
        assert_eq!(ill(&found), [(Check::PublicUrl, Bad)]);
        assert!(found[0].evidence.contains("plain http"), "{found:?}");
    }

    async fn refused_signatures(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let cause = "the signature does not match the client secret";
        for _ in 0..2 {
            let tx = build::begin(&ward.bench.t.db).await;
            tx.workspace(ward.bench.workspace()).record_refusal(ward.id, cause, None, 100).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(ward.ill().await, [(Check::Signatures, Bad)]);
        let found = ward.line(Check::Signatures).await;
        assert!(found.evidence.contains(&format!("2 times: {cause}")), "{found:?}");

        ward.wait(TimeDelta::seconds(5));
        let id = deliver(&ward, "proved", fixture("ping")).await;
        finish(&ward, id).await;
        assert_eq!(ward.ill().await, []);
        assert!(ward.line(Check::Signatures).await.evidence.contains("proved since"));
        ward.wait(TimeDelta::days(2));
        assert!(ward.line(Check::Signatures).await.evidence.starts_with("None was refused"));
    }

    async fn no_client_secret(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let tx = build::begin(&ward.bench.t.db).await;
        let kind = earmark_db::tenant::SecretKind::ClientSecret;
        tx.workspace(ward.bench.workspace()).keep_secrets(ward.id, kind, 0).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ward.ill().await, [(Check::Signatures, Bad)]);
        let (workspace, actor) = (ward.bench.workspace(), ward.bench.actor());
        ward.bench.store.set_client_secret(workspace, &actor, ward.id, crate::support::SECRET).await.unwrap();
        assert_eq!(ward.ill().await, []);
    }

    async fn slow_answers(t: TestDb) {
        let ward = Ward::healthy(t).await;
        assert_eq!(ward.line(Check::AnswerTimes).await.verdict, NotChecked);
        let now = ward.bench.t.sources.now();
        answered(&ward, now, 20, 90).await;
        answered(&ward, now, 800, 10).await;
        assert_eq!(ward.ill().await, [(Check::AnswerTimes, Warn)]);
        answered(&ward, now, 9_000, 10).await;
        assert_eq!(ward.ill().await, [(Check::AnswerTimes, Bad)]);
        ward.wait(TimeDelta::hours(26));
        answered(&ward, ward.bench.t.sources.now(), 20, 5).await;
        assert_eq!(ward.ill().await, []);
        let found = ward.line(Check::AnswerTimes).await;
        assert!(found.evidence.starts_with("5 answers in the last day: half within 25 ms"), "{found:?}");
    }

    async fn deliveries_that_wait(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let id = deliver(&ward, "waits", fixture("conversation_part.tag.created")).await;
        assert_eq!(ward.ill().await, []);
        ward.wait(TimeDelta::minutes(2));
        assert_eq!(ward.ill().await, [(Check::Backlog, Warn)]);
        ward.wait(TimeDelta::minutes(9));
        assert_eq!(ward.ill().await, [(Check::Backlog, Bad)]);
        assert_eq!(ward.line(Check::Backlog).await.evidence, "1 delivery waits, since 11 min 0 s.");
        finish(&ward, id).await;
        assert_eq!(ward.ill().await, []);
    }

    /// What waits was received: the topic is not missing.
    async fn a_waiting_delivery_counts_as_received(t: TestDb) {
        let ward = Ward::bare(t).await;
        let name = "conversation_part.tag.created";
        assert_eq!(line(&ward.look(None).await, &topic(name)).verdict, Warn);
        deliver(&ward, "waits", fixture(name)).await;
        assert_eq!(line(&ward.look(None).await, &topic(name)).verdict, Good);
    }
}
