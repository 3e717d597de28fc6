//! Deliveries that share a transaction: each has its own outcome, and none stores what another of them buries.

use crate::support::{Engine, TAG};
use chrono::TimeDelta;
use earmark_db::tenant::{Actor, Delivery, DeliveryFilter};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{DetailsState, Job, JobKind, Outcome};
use earmark_sync::{LaneHandler, set_contacts};
use earmark_testkit::{TestDb, both_databases};
use serde_json::{Value, json};

/// A conversation whose opening message is tagged.
async fn tagged(engine: &Engine, contact: &str, body: &str) -> String {
    let made = json!({"contact": contact, "body": body});
    let made = engine.order("start", made).await;
    let id = made["conversation"].as_str().unwrap().to_owned();
    engine
        .order("tag", json!({"conversation": id, "tag": TAG.0}))
        .await;
    id
}

/// What became of the deliveries so far, oldest first.
async fn log(engine: &Engine) -> Vec<Delivery> {
    let (tenant, all) = (engine.tenant(), DeliveryFilter::default());
    let log = tenant.deliveries(engine.connection, &all, 1_000).await;
    let mut log = log.unwrap();
    log.reverse();
    log
}

fn topic(letter: &[u8]) -> String {
    let letter: Value = serde_json::from_slice(letter).unwrap();
    letter["topic"].as_str().unwrap().to_owned()
}

async fn started(t: TestDb) -> Engine {
    let engine = Engine::start(t).await;
    engine.take_feedback().await;
    engine.drain().await;
    engine.pass(60);
    engine
}

both_databases! {
    async fn each_has_its_own_outcome_and_numbers_go_in_their_order(t: TestDb) {
        let engine = started(t).await;
        let contact = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let mut ids = Vec::new();
        for n in 0..40 {
            ids.push(tagged(&engine, &contact, &format!("wish {n}")).await);
        }
        // A second one about a conversation, and one that nobody can read, stand in between.
        engine.order("reply", json!({"conversation": ids[3], "body": "and soon"})).await;
        let letters = engine.letters().await;
        let tags = letters.iter().filter(|letter| topic(letter).contains(".tag.")).count();
        assert_eq!(tags, 40);
        for (n, letter) in letters.iter().enumerate() {
            engine.receive(letter).await;
            if n == 7 {
                engine.receive(br#"{"topic": "conversation_part.tag.created", "data": 7}"#).await;
            }
        }
        engine.drain().await;
        let log = log(&engine).await;
        assert!(log.iter().all(|one| one.outcome != Outcome::Waiting && one.outcome != Outcome::Failed), "{log:#?}");
        let unreadable = log.iter().filter(|one| one.outcome == Outcome::Unreadable).count();
        assert_eq!(unreadable, 1, "{log:#?}");
        let tenant = engine.tenant();
        for (n, id) in ids.iter().enumerate() {
            let tickets = tenant.tickets_of_conversation(engine.connection, id).await.unwrap();
            assert_eq!(tickets.len(), 1);
            assert_eq!(tickets[0].number, i64::try_from(n).unwrap() + 1);
            assert_eq!(tickets[0].title, Some(format!("wish {n}")));
            let told = log.iter().find(|one| one.subject.as_ref() == Some(id) && one.outcome == Outcome::Processed);
            assert_eq!(told.and_then(|one| one.ticket), Some(tickets[0].id));
        }
        let thread = tenant.messages(engine.connection, &ids[3]).await.unwrap();
        assert!(thread.iter().any(|one| one.plain.as_deref() == Some("and soon")), "{thread:#?}");
    }

    async fn a_contact_that_changes_after_a_tagging_has_the_later_name(t: TestDb) {
        let engine = started(t).await;
        let actor = Actor::default();
        let on = set_contacts(&engine.t.db, engine.workspace(), &actor, engine.connection, true);
        on.await.unwrap();
        engine.drain().await;
        let contact = engine.contact(json!({"role": "user", "name": "Ann"})).await;
        engine.deliver().await;
        let id = tagged(&engine, &contact, "a wish").await;
        engine.pass(1);
        engine.order("contacts/update", json!({"contact": contact, "fields": {"name": "Anna"}})).await;
        for letter in engine.letters().await {
            engine.receive(&letter).await;
        }
        // The lane alone, before Intercom is asked.
        let lane = LaneHandler(engine.t.db.clone());
        let job = engine.claimed(Job::Lane { connection: engine.connection });
        while lane.run(&job).await != Verdict::Done {}
        let log = log(&engine).await;
        assert!(log.iter().all(|one| one.outcome != Outcome::Waiting), "{log:#?}");
        let ours = engine.tenant().conversation(engine.connection, &id).await.unwrap().unwrap();
        assert_eq!((ours.contact_name.as_deref(), ours.details), (Some("Anna"), DetailsState::Following));
    }

    async fn the_last_of_the_deliveries_end_the_job(t: TestDb) {
        let engine = started(t).await;
        let contact = engine.contact(json!({"role": "user", "name": "Ann"})).await;
        tagged(&engine, &contact, "a wish").await;
        for letter in engine.letters().await {
            engine.receive(&letter).await;
        }
        let db = &engine.t.db;
        let tx = db.begin().await.unwrap();
        let claimed = tx.across().claim_jobs(&[JobKind::Lane], 1, TimeDelta::minutes(1)).await.unwrap();
        tx.commit().await.unwrap();
        let lane = LaneHandler(db.clone());
        let verdict = loop {
            match lane.run(&claimed[0]).await {
                Verdict::Yield => {}
                last => break last,
            }
        };
        assert_eq!(verdict, Verdict::Ended);
        assert!(!engine.tenant().has_waiting_deliveries(engine.connection).await.unwrap());
        assert!(!engine.tenant().is_queued(&claimed[0].job).await.unwrap());
    }

    async fn what_one_buries_no_later_one_stores(t: TestDb) {
        let engine = started(t).await;
        let gone = engine.contact(json!({"role": "user", "name": "Gone Girl", "email": "gone@example.com"})).await;
        let other = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let mut ids = Vec::new();
        for contact in [&gone, &other, &gone] {
            ids.push(tagged(&engine, contact, "a wish").await);
        }
        let tags = engine.letters().await;
        engine.order("contacts/delete", json!({"contact": gone})).await;
        let deleted = engine.letters().await;
        let tags: Vec<_> = tags.iter().filter(|letter| topic(letter).contains(".tag.")).collect();
        let deleted: Vec<_> = deleted.iter().filter(|letter| topic(letter) == "contact.deleted").collect();
        assert_eq!((tags.len(), deleted.len()), (3, 1));
        for letter in [tags[0], tags[1], deleted[0], tags[2]] {
            engine.receive(letter).await;
        }
        engine.drain().await;
        let tenant = engine.tenant();
        for (id, name) in ids.iter().zip([None, Some("Ada"), None]) {
            let ours = tenant.conversation(engine.connection, id).await.unwrap().unwrap();
            assert_eq!(ours.contact_name.as_deref(), name);
            let tickets = tenant.tickets_of_conversation(engine.connection, id).await.unwrap();
            assert_eq!(tickets.len(), 1);
        }
        for one in log(&engine).await {
            let (_, body) = tenant.delivery(one.id).await.unwrap().unwrap();
            let body = String::from_utf8(body.unwrap_or_default()).unwrap();
            assert!(!body.contains("Gone Girl") && !body.contains("gone@example.com"), "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_the_database_refuses_fails_alone() {
    let engine = started(TestDb::postgres().await).await;
    let contact = engine.contact(json!({"role": "user"})).await;
    for n in 0..5 {
        tagged(&engine, &contact, &format!("wish {n}")).await;
    }
    let letters = engine.letters().await;
    let mut tags: Vec<Value> = letters
        .iter()
        .filter(|letter| topic(letter).contains(".tag."))
        .map(|letter| serde_json::from_slice(letter).unwrap())
        .collect();
    // PostgreSQL stores no NUL in a text.
    let contact = tags[2].pointer_mut("/data/item/conversation/contacts/contacts/0/id");
    *contact.expect("a contact") = json!("2\u{0}2");
    for letter in &tags {
        engine.receive(&serde_json::to_vec(letter).unwrap()).await;
    }
    engine.drain().await;
    let log = log(&engine).await;
    let outcomes: Vec<Outcome> = log.iter().map(|one| one.outcome).collect();
    let (done, failed) = (Outcome::Processed, Outcome::Failed);
    assert_eq!(outcomes, [done, done, failed, done, done], "{log:#?}");
}
