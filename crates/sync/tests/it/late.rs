//! Notifications of which the order is not known: late ones, repeated ones, and several of one second.

use crate::support::{APP, Engine, TAG, assert_done};
use earmark_db::tenant::{Incomplete, Links, MirroredCompany, MirroredContact, NewScrub};
use earmark_jobs::{Recurring, Verdict};
use earmark_model::{Job, Permission, PermissionState};
use earmark_sync::{Ask, StrandedRuns};
use earmark_testkit::both_databases;
use serde_json::{Value, json};

/// A notification of so many seconds ago.
fn told(engine: &Engine, topic: &str, item: Value, ago: i64) -> Vec<u8> {
    let at = engine.t.sources.now().timestamp() - ago;
    let body = json!({
        "type": "notification_event", "topic": topic, "id": format!("notif_{topic}_{at}"), "app_id": APP,
        "created_at": at, "first_sent_at": at, "data": {"type": "notification_event_data", "item": item},
    });
    body.to_string().into_bytes()
}

fn company_deleted(engine: &Engine, id: &str, ago: i64) -> Vec<u8> {
    let item = json!({"type": "company", "id": id, "deleted": true});
    told(engine, "company.deleted", item, ago)
}

async fn contact(engine: &Engine, id: &str) -> MirroredContact {
    let tenant = engine.tenant();
    let found = tenant.contact(engine.connection, id).await;
    found.unwrap().expect("the contact")
}

async fn company(engine: &Engine, id: &str) -> MirroredCompany {
    let found = engine.tenant().company(engine.connection, id).await;
    found.unwrap().expect("the company")
}

async fn members(engine: &Engine, contact: &str) -> usize {
    let links = engine
        .tenant()
        .links(Links::Companies, engine.connection, &[contact])
        .await;
    links.unwrap().get(contact).map_or(0, |ids| ids.len())
}

/// A contact of a company, both copied.
async fn pair(engine: &Engine) -> (String, String) {
    let id = engine.contact(json!({"role": "user", "name": "Ada"})).await;
    let firm = engine.company("Firm").await;
    engine
        .order("contacts/attach", json!({"contact": id, "company": firm}))
        .await;
    engine.letters().await;
    // Old enough for search.
    engine.pass(3_600);
    engine.copy_contacts().await;
    assert_eq!(members(engine, &id).await, 1);
    (id, firm)
}

/// Notes that Intercom is to be asked, without a job.
async fn ask(engine: &Engine, wanted: &[(Incomplete, &str)]) {
    let tx = engine.t.db.begin().await.unwrap();
    let tenant = tx.workspace(engine.workspace());
    for (kind, id) in wanted {
        let noted = tenant.await_person(engine.connection, *kind, id).await;
        noted.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Runs the job that asks.
async fn complete(engine: &Engine) -> Verdict {
    let job = Job::People {
        connection: engine.connection,
    };
    let handlers = engine.handlers().into_iter();
    let mut handlers = handlers.filter(|(kind, _)| *kind == job.kind());
    handlers.next().unwrap().1.run(&engine.claimed(job)).await
}

async fn update(engine: &Engine, contact: &str, name: &str) {
    let update = json!({"contact": contact, "fields": {"name": name}});
    engine.order("contacts/update", update).await;
}

both_databases! {
    async fn a_late_deletion_of_a_company_that_was_seen_since_is_asked_about(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, firm) = pair(&engine).await;
        engine.receive(&company_deleted(&engine, &firm, 600)).await;
        engine.drain().await;
        assert_eq!(company(&engine, &firm).await.archived_at, None);
        assert_eq!(members(&engine, &id).await, 1);
        // The same words when they are true.
        engine.order("companies/delete", json!({"company": firm})).await;
        engine.letters().await;
        engine.receive(&company_deleted(&engine, &firm, 600)).await;
        engine.drain().await;
        assert!(company(&engine, &firm).await.archived_at.is_some());
        assert_eq!(members(&engine, &id).await, 0);
    }

    async fn a_company_that_is_told_of_after_its_deletion_is_asked_about(t: TestDb) {
        let engine = Engine::start(t).await;
        let (_, firm) = pair(&engine).await;
        engine.pass(60);
        engine.receive(&company_deleted(&engine, &firm, 0)).await;
        engine.drain().await;
        assert!(company(&engine, &firm).await.archived_at.is_some());
        engine.pass(60);
        let fields = json!({"name": "Firm & Sons"});
        engine.order("companies/update", json!({"company": firm, "fields": fields})).await;
        engine.deliver().await;
        let ours = company(&engine, &firm).await;
        assert_eq!((ours.archived_at, ours.company.name.as_deref()), (None, Some("Firm & Sons")));
    }

    async fn a_late_archiving_of_a_contact_that_was_seen_since_is_asked_about(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, _) = pair(&engine).await;
        let late = |engine: &Engine| {
            let item = json!({"type": "contact", "id": id, "archived": true});
            told(engine, "contact.archived", item, 600)
        };
        engine.receive(&late(&engine)).await;
        engine.drain().await;
        assert_eq!(contact(&engine, &id).await.archived_at, None);
        // The same words when they are true.
        engine.order("contacts/archive", json!({"contact": id})).await;
        engine.letters().await;
        engine.pass(1);
        engine.receive(&late(&engine)).await;
        engine.drain().await;
        assert!(contact(&engine, &id).await.archived_at.is_some());
    }

    async fn of_two_changes_within_a_second_the_present_one_stands(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, firm) = pair(&engine).await;
        engine.pass(60);
        update(&engine, &id, "First").await;
        update(&engine, &id, "Second").await;
        for name in ["First & Sons", "Second & Sons"] {
            let change = json!({"company": firm, "fields": {"name": name}});
            engine.order("companies/update", change).await;
        }
        let letters = engine.letters().await;
        engine.pass(1);
        for letter in letters.iter().rev() {
            engine.receive(letter).await;
        }
        engine.drain().await;
        assert_eq!(contact(&engine, &id).await.contact.name.as_deref(), Some("Second"));
        assert_eq!(company(&engine, &firm).await.company.name.as_deref(), Some("Second & Sons"));
    }

    async fn a_contact_that_was_archived_and_back_within_a_second_is_back(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, _) = pair(&engine).await;
        for backwards in [false, true] {
            engine.pass(60);
            for what in ["contacts/archive", "contacts/unarchive"] {
                engine.order(what, json!({"contact": id})).await;
            }
            let mut letters = engine.letters().await;
            if backwards {
                letters.reverse();
            }
            engine.pass(1);
            for letter in &letters {
                engine.receive(letter).await;
            }
            engine.drain().await;
            assert_eq!(contact(&engine, &id).await.archived_at, None, "backwards: {backwards}");
        }
    }

    async fn what_the_token_may_not_ask_by_id_is_noted_and_keeps_nothing_else_waiting(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, firm) = pair(&engine).await;
        engine.order("contacts/archive", json!({"contact": id})).await;
        engine.letters().await;
        engine.pass(60);
        let refuse = json!({
            "kind": "status", "status": 403, "code": "forbidden", "match": format!("GET /contacts/{id}"), "count": 50,
        });
        engine.sandbox.order("faults", &refuse).await;
        let item = json!({"type": "contact", "id": id, "archived": true});
        engine.receive(&told(&engine, "contact.archived", item, 600)).await;
        engine.order("companies/update", json!({"company": firm, "fields": {"name": "Renamed"}})).await;
        engine.letters().await;
        engine.receive(&company_deleted(&engine, &firm, 600)).await;
        engine.drain().await;
        assert_eq!(contact(&engine, &id).await.archived_at, None, "nothing is known of it");
        assert_eq!(company(&engine, &firm).await.company.name.as_deref(), Some("Renamed"));
        let checks = engine.tenant().permission_checks(engine.connection).await.unwrap();
        let missing: Vec<Permission> = checks.iter().filter(|one| one.state == PermissionState::Missing).map(|one| one.permission).collect();
        assert_eq!(missing, [Permission::ReadOneUserCompany]);
    }

    async fn who_came_and_went_untold_is_not_believed_later(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        engine.pass(60);
        let id = engine.contact(json!({"role": "user", "name": "Ghost"})).await;
        let firm = engine.company("Ghosts").await;
        let born = engine.letters().await;
        engine.order("contacts/delete", json!({"contact": id})).await;
        engine.order("companies/delete", json!({"company": firm})).await;
        engine.letters().await;
        engine.pass(60);
        assert_done(&engine.go(Ask::CatchUp).await);
        for letter in &born {
            engine.receive(letter).await;
        }
        engine.drain().await;
        let tenant = engine.tenant();
        assert!(tenant.contact(engine.connection, &id).await.unwrap().is_none());
        assert!(company(&engine, &firm).await.archived_at.is_some());
        // Whom nobody missed is asked about by nobody.
        engine.pass(60);
        let id = engine.contact(json!({"role": "user", "name": "Bo"})).await;
        for letter in engine.letters().await {
            engine.receive(&letter).await;
        }
        while tenant.contact(engine.connection, &id).await.unwrap().is_none() {
            engine.work_once().await.expect("its notification");
        }
        let waiting = tenant.waiting_people(engine.connection, Incomplete::Contact, 10).await.unwrap();
        assert!(waiting.is_empty(), "{waiting:?}");
    }

    async fn a_conversation_that_went_untold_is_erased_by_its_late_tagging(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        let id = engine.contact(json!({"role": "user", "name": "Ada"})).await;
        let made = engine.order("start", json!({"contact": id, "body": "Words-of-a-ghost"})).await;
        let conversation = made["conversation"].as_str().unwrap();
        engine.order("tag", json!({"conversation": conversation, "tag": TAG.0})).await;
        let tagged = engine.letters().await;
        engine.order("delete", json!({"conversation": conversation})).await;
        engine.letters().await;
        engine.pass(60);
        assert_done(&engine.go(Ask::CatchUp).await);
        for letter in &tagged {
            engine.receive(letter).await;
        }
        engine.drain().await;
        let ours = engine.tenant().conversation(engine.connection, conversation).await.unwrap().unwrap();
        assert!(ours.gone_at.is_some(), "{ours:#?}");
        let messages = engine.tenant().messages(engine.connection, conversation).await.unwrap();
        assert!(messages.iter().all(|one| one.html.is_none()), "{messages:#?}");
    }

    async fn one_that_search_does_not_show_again_yet_is_not_archived(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, _) = pair(&engine).await;
        ask(&engine, &[(Incomplete::Contact, &id)]).await;
        let nobody = json!({"type": "list", "data": [], "total_count": 0, "pages": {"type": "pages", "page": 1, "per_page": 50, "total_pages": 0}});
        let late = json!({"kind": "status", "status": 200, "match": "/contacts/search", "count": 1, "body": nobody.to_string()});
        engine.sandbox.order("faults", &late).await;
        assert_eq!(complete(&engine).await, Verdict::Yield);
        assert_eq!(contact(&engine, &id).await.archived_at, None);
        let Verdict::Snooze(until) = complete(&engine).await else { panic!("it waits") };
        assert!(until > engine.t.sources.now());
        engine.pass(16 * 60);
        assert_eq!(complete(&engine).await, Verdict::Yield);
        assert_eq!(contact(&engine, &id).await.archived_at, None);
        assert_eq!(complete(&engine).await, Verdict::Done);
    }

    async fn one_that_gets_no_answer_keeps_nobody_waiting(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, firm) = pair(&engine).await;
        engine.drain().await;
        ask(&engine, &[(Incomplete::Contact, "no-answer")]).await;
        engine.pass(1);
        update(&engine, &id, "Renamed").await;
        engine.order("companies/update", json!({"company": firm, "fields": {"name": "Renamed"}})).await;
        engine.letters().await;
        engine.pass(3_600);
        ask(&engine, &[(Incomplete::Contact, &id), (Incomplete::Company, &firm)]).await;
        let trouble = json!({"kind": "status", "status": 500, "match": "GET /contacts/no-answer", "count": 100});
        engine.sandbox.order("faults", &trouble).await;
        assert_eq!(complete(&engine).await, Verdict::Yield);
        assert_eq!(contact(&engine, &id).await.contact.name.as_deref(), Some("Renamed"));
        assert_eq!(company(&engine, &firm).await.company.name.as_deref(), Some("Renamed"));
        assert!(matches!(complete(&engine).await, Verdict::Snooze(_)), "it is put off");
        engine.pass(61);
        assert!(matches!(complete(&engine).await, Verdict::Retry(_)), "nothing else is to be asked for");
    }

    async fn what_lost_its_job_is_found(t: TestDb) {
        let engine = Engine::start(t).await;
        let (id, _) = pair(&engine).await;
        let finds = async || StrandedRuns.enqueue_due(&engine.t.db).await.unwrap();
        assert_eq!(finds().await, 0);
        ask(&engine, &[(Incomplete::Contact, &id)]).await;
        let tx = engine.t.db.begin().await.unwrap();
        let rest = NewScrub { subject: "somebody".to_owned(), is_contact: true, ..NewScrub::default() };
        tx.workspace(engine.workspace()).add_scrub(engine.connection, &rest).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((finds().await, finds().await), (2, 0));
        engine.drain().await;
        assert_eq!(finds().await, 0);
        assert_eq!(engine.tenant().next_waiting_person(engine.connection).await.unwrap(), None);
        // Nobody asks for people who are copied no more.
        ask(&engine, &[(Incomplete::Contact, &id)]).await;
        engine.switch(false).await;
        assert_eq!(finds().await, 0);
    }
}
