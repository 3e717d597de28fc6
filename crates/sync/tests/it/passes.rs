//! Passes over all contacts and companies: who is seen, who is missed, and what the numbers say.

use crate::same::assert_same;
use crate::support::{Engine, Plan, assert_done};
use chrono::{TimeDelta, Utc};
use earmark_db::tenant::{Contact, ContactFilter, CopyTime, RunLine};
use earmark_sandbox::Generate;
use earmark_sync::{Ask, skip_reasons};
use earmark_testkit::both_databases;
use serde_json::{Value, json};
use std::time::Duration;

/// More than the plain list is used for.
const MANY: Generate = Generate {
    contacts: 2_300,
    companies: 8,
    conversations: 0,
};

fn report(run: &earmark_db::tenant::Run) -> String {
    run.report.clone().unwrap()
}

async fn live(engine: &Engine, id: &str) -> bool {
    let copy = engine
        .tenant()
        .contact(engine.connection, id)
        .await
        .unwrap();
    copy.unwrap().archived_at.is_none()
}

fn invented(n: usize) -> String {
    format!("6000{n:020}")
}

/// Contacts of which Intercom knows nothing.
async fn invent(engine: &Engine, many: usize) {
    let at = engine.t.sources.now() - TimeDelta::days(2);
    let rows: Vec<Contact> = (0..many)
        .map(|n| Contact {
            id: invented(n),
            role: None,
            external_id: None,
            email: None,
            phone: None,
            name: None,
            owner_id: None,
            content: "{}".to_owned(),
            digest: n.to_string(),
            created_at: None,
            last_seen_at: None,
            lists_cut: false,
            time: CopyTime {
                updated_at: at,
                observed_at: at,
            },
        })
        .collect();
    for rows in rows.chunks(500) {
        let tx = engine.t.db.begin().await.unwrap();
        tx.workspace(engine.workspace())
            .put_contacts(engine.connection, rows, true)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
}

both_databases! {
    async fn what_is_newer_with_us_counts_as_seen(t: TestDb) {
        let engine = Engine::start(t).await;
        let id = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.copy_contacts().await;
        engine.letters().await;
        engine.pass(10);
        engine.order("contacts/update", json!({"contact": id, "fields": {"name": "Ada Lindqvist"}})).await;
        // Its webhook tells of a change that the list does not show yet.
        let letter = engine.letters().await.remove(0);
        let mut letter: Value = serde_json::from_slice(&letter).unwrap();
        let later = engine.t.sources.now() + TimeDelta::minutes(20);
        letter["data"]["item"]["updated_at"] = json!(later.with_timezone(&Utc).to_rfc3339());
        engine.receive(letter.to_string().as_bytes()).await;
        engine.drain().await;
        engine.pass(60);
        let run = engine.go(Ask::Proof { full: true }).await;
        assert_done(&run);
        assert!(live(&engine, &id).await, "{:#?}", engine.lines(&run).await);
    }

    async fn what_came_out_of_the_archive_lately_stays(t: TestDb) {
        let plan = Plan { generate: MANY, search_delay: Duration::from_secs(600) };
        let engine = Engine::with(t, plan).await;
        let id = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        engine.pass(3_600);
        engine.copy_contacts().await;
        engine.order("contacts/archive", json!({"contact": id})).await;
        engine.deliver().await;
        engine.pass(3_600);
        engine.order("contacts/unarchive", json!({"contact": id})).await;
        engine.deliver().await;
        assert!(live(&engine, &id).await);
        engine.pass(30);
        let run = engine.go(Ask::Proof { full: true }).await;
        assert_done(&run);
        assert!(live(&engine, &id).await, "{:#?}", engine.lines(&run).await);
    }

    async fn what_days_of_creation_miss_is_in_the_list(t: TestDb) {
        let engine = Engine::with(t, Plan { generate: MANY, ..Plan::default() }).await;
        // A day of which search knows nothing.
        let nothing = json!({"type": "list", "data": [], "total_count": 0, "pages": {"type": "pages"}}).to_string();
        let fault = json!({"kind": "status", "status": 200, "match": "POST /contacts/search", "body": nothing});
        engine.sandbox.order("faults", &fault).await;
        let run = engine.copy_contacts().await;
        assert_done(&run);
        let all = ContactFilter::default();
        assert_eq!(engine.tenant().contact_count(&all).await.unwrap(), 2_300, "{run:#?}");
    }

    async fn one_that_was_deleted_and_is_listed_all_the_same_is_no_reason_to_look_again(t: TestDb) {
        let engine = Engine::with(t, Plan { generate: MANY, ..Plan::default() }).await;
        engine.copy_contacts().await;
        let listed = engine.client().await.contacts().page().await.unwrap().items;
        let tx = engine.t.db.begin().await.unwrap();
        let tenant = tx.workspace(engine.workspace());
        assert!(tenant.bury_contact(engine.connection, &listed[0].id).await.unwrap());
        tenant.remove_contact(engine.connection, &listed[0].id).await.unwrap();
        tx.commit().await.unwrap();
        engine.pass(3_600);
        let run = engine.go(Ask::Backfill).await;
        assert_done(&run);
        assert_eq!(run.counts.skipped, 1, "the list was not gone through after the days: {run:#?}");
        assert_eq!(skip_reasons(&run), [("it was deleted at Intercom, which shows it all the same".to_owned(), 1)]);
        assert!(report(&run).contains("deleted at Intercom"), "{run:#?}");
    }

    async fn a_sample_looks_everywhere(t: TestDb) {
        let engine = Engine::start(t).await;
        let company = engine.company("Firm").await;
        engine.copy_contacts().await;
        invent(&engine, 20_001).await;
        engine.pass(60);
        engine.order("companies/update", json!({"company": company, "fields": {"name": "Firm & Sons"}})).await;
        engine.letters().await;
        let run = engine.go(Ask::Proof { full: false }).await;
        assert_done(&run);
        let firm = engine.tenant().company(engine.connection, &company).await.unwrap().unwrap();
        assert_eq!(firm.company.name.as_deref(), Some("Firm & Sons"), "companies are all compared");
        assert_eq!(run.counts.deleted, 500, "{run:#?}");
        assert!(report(&run).contains("500 contacts were looked at"), "{run:#?}");
        let lines: Vec<RunLine> = engine.lines(&run).await;
        for tenth in 0..10 {
            let (first, last) = (invented(tenth * 2_000), invented((tenth + 1) * 2_000));
            let looked = lines.iter().any(|line| (&first..&last).contains(&&line.subject_id));
            assert!(looked, "each tenth has its look: {tenth}");
        }
        // One that waits is asked for everything when a member wants that.
        let sample = engine.ask(Ask::Proof { full: false }).await;
        let full = engine.ask(Ask::Proof { full: true }).await;
        assert_eq!(sample, full);
        assert!(engine.run(full).await.position.unwrap().contains("\"full\":true"));
    }

    async fn every_archived_contact_has_its_turn(t: TestDb) {
        let generate = Generate { contacts: 405, companies: 0, conversations: 0 };
        let engine = Engine::with(t, Plan { generate, ..Plan::default() }).await;
        engine.copy_contacts().await;
        engine.pass(3_600);
        let everybody = engine.client().await.contacts().pages().collect().await.unwrap();
        let mut ids: Vec<String> = everybody.into_iter().map(|one| one.id).collect();
        ids.sort_unstable();
        for id in &ids {
            engine.order("contacts/archive", json!({"contact": id})).await;
        }
        engine.letters().await;
        assert_done(&engine.go(Ask::CatchUp).await);
        engine.order("contacts/delete", json!({"contact": ids[404]})).await;
        engine.letters().await;
        engine.pass(3_600);
        let run = engine.go(Ask::CatchUp).await;
        assert_eq!(run.counts.deleted, 1, "the pass before asked for the first 400: {run:#?}");
        engine.order("contacts/delete", json!({"contact": ids[0]})).await;
        engine.letters().await;
        engine.pass(3_600);
        assert_eq!(engine.go(Ask::CatchUp).await.counts.deleted, 1, "from the start again");
    }

    async fn a_scroll_that_was_left_open_is_waited_for(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.company("Nobody works here").await;
        let client = engine.client().await;
        // As a worker that was killed leaves it.
        client.scroll_companies().page().await.unwrap();
        let run = engine.copy_contacts().await;
        assert_done(&run);
        assert!(!report(&run).contains("another scroll"), "{run:#?}");
        assert_same(&engine, "after waiting for the scroll").await;
    }
}
