//! Contacts that were deleted or merged, and words that were redacted: nothing of them stays, whatever the order.

use crate::support::{Engine, TAG};
use earmark_connections::Mirrored;
use earmark_db::tenant::{
    ActionEnd, Actor, CompanyFilter, ContactFilter, Incomplete, Links, NewActionRun, RemovalCause,
    Removed,
};
use earmark_model::{ActionRunId, ActionState, ActionVia, Job, JobKind};
use earmark_testkit::both_databases;
use serde_json::{Value, json};
use std::time::Duration;

const NAME: &str = "Mark-of-the-lead";
const EMAIL: &str = "mark-of-the-lead@x.example";

/// A lead of that name, a user, and a conversation of the lead that is a ticket.
struct Cast {
    lead: String,
    user: String,
    conversation: String,
    source: String,
}

async fn user(engine: &Engine, name: &str) -> String {
    engine.contact(json!({"role": "user", "name": name})).await
}

async fn cast(engine: &Engine) -> Cast {
    engine.take_feedback().await;
    engine.pass(5);
    let lead = json!({"role": "lead", "name": NAME, "email": EMAIL});
    let (lead, user) = (engine.contact(lead).await, user(engine, "Ada").await);
    let (conversation, source) = starts(engine, &lead).await;
    engine
        .order("tag", json!({"conversation": conversation, "tag": TAG.0}))
        .await;
    Cast {
        lead,
        user,
        conversation,
        source,
    }
}

async fn starts(engine: &Engine, contact: &str) -> (String, String) {
    let start = json!({"contact": contact, "body": "The words of a wish"});
    let made = engine.order("start", start).await;
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    (text("conversation"), text("source"))
}

async fn merge(engine: &Engine, from: &str, into: &str) {
    engine
        .order("contacts/merge", json!({"contact": from, "into": into}))
        .await;
}

async fn delete(engine: &Engine, contact: &str) {
    engine
        .order("contacts/delete", json!({"contact": contact}))
        .await;
}

/// How many kept payloads hold a contact.
async fn rewritten(engine: &Engine, contact: &str) -> u64 {
    let tenant = engine.tenant();
    let bodies = tenant.newest_bodies(engine.connection, 1_000);
    let bodies = bodies.await.unwrap();
    let holds = |body: &&Vec<u8>| String::from_utf8_lossy(body).contains(contact);
    // The word of the deletion, which says more than the id, is one of them.
    bodies.iter().filter(holds).count() as u64
}

/// All payloads that are kept.
async fn payloads(engine: &Engine) -> String {
    let tenant = engine.tenant();
    let bodies = tenant.newest_bodies(engine.connection, 1_000);
    let bodies = bodies.await.unwrap().concat();
    String::from_utf8_lossy(&bodies).into_owned()
}

/// The lead stands nowhere any more.
async fn assert_erased(engine: &Engine, cast: &Cast) {
    let kept = payloads(engine).await;
    assert!(!kept.contains(NAME) && !kept.contains(EMAIL), "{kept}");
    let (tenant, connection) = (engine.tenant(), engine.connection);
    let ours = tenant.conversation(connection, &cast.conversation).await;
    let ours = ours.unwrap().unwrap();
    assert_eq!((ours.contact_name, ours.contact_email), (None, None));
    let messages = tenant.messages(connection, &cast.conversation).await;
    let messages = messages.unwrap();
    assert!(!messages.is_empty(), "what they wrote stays");
    assert!(
        messages.iter().all(|one| one.author_name.is_none()),
        "{messages:#?}"
    );
    for id in [&cast.lead, &cast.user] {
        assert!(tenant.contact(connection, id).await.unwrap().is_none());
    }
    let ids = [cast.lead.as_str(), cast.user.as_str()];
    let buried = tenant.deleted_contacts(connection, &ids).await.unwrap();
    assert_eq!(buried.len(), 2, "{buried:?}");
}

/// An action that was run, with its answer and a page of a list.
async fn acted(engine: &Engine, inputs: Value, answer: Value) -> ActionRunId {
    let tx = engine.t.db.begin().await.unwrap();
    let tenant = tx.workspace(engine.workspace());
    let new = NewActionRun {
        connection: engine.connection,
        action: "conversations.get".to_owned(),
        actor: None,
        via: ActionVia::Page,
        inputs: inputs.to_string(),
        request: "{}".to_owned(),
    };
    let run = tenant.begin_action_run(&new).await.unwrap();
    let lines = [answer.to_string(), json!({"id": "0"}).to_string()];
    let kept = tenant.add_action_page(run, &lines, None, None).await;
    assert!(kept.unwrap());
    let end = ActionEnd {
        answer: Some(answer.to_string()),
        ..ActionEnd::default()
    };
    tenant
        .end_action_run(run, ActionState::Done, &end)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    run
}

/// What the log holds of a run: inputs, answer, and lines of its list.
async fn logged(engine: &Engine, run: ActionRunId) -> String {
    let tenant = engine.tenant();
    let page = tenant.action_page_after(run, 0).await.unwrap().unwrap();
    let run = tenant.action_run(run).await.unwrap().unwrap();
    [run.inputs, run.answer.unwrap_or_default(), page.1].join(" ")
}

both_databases! {
    async fn a_deleted_contact_is_in_no_payload_whatever_that_is_about(t: TestDb) {
        let engine = Engine::start(t).await;
        let cast = cast(&engine).await;
        let (other, _) = starts(&engine, &cast.lead).await;
        engine.order("reply", json!({"conversation": other, "body": "no ticket comes from this"})).await;
        engine.deliver().await;
        let run = acted(&engine, json!({"email": EMAIL}), json!({"count": 1})).await;
        assert!(payloads(&engine).await.contains(NAME));
        delete(&engine, &cast.lead).await;
        delete(&engine, &cast.user).await;
        engine.deliver().await;
        assert_erased(&engine, &cast).await;
        let logged = logged(&engine, run).await;
        assert!(!logged.contains(EMAIL), "{logged}");
        let kept = payloads(&engine).await;
        assert!(kept.contains("no ticket comes from this"), "what they wrote stays: {kept}");
    }

    async fn a_catch_up_does_not_bring_a_deleted_contacts_name_back(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.take_feedback().await;
        engine.pass(5);
        let lead = json!({"role": "lead", "name": NAME, "email": EMAIL});
        let lead = engine.contact(lead).await;
        let (conversation, _) = starts(&engine, &lead).await;
        engine.letters().await;
        let tx = engine.t.db.begin().await.unwrap();
        tx.workspace(engine.workspace()).bury_contact(engine.connection, &lead).await.unwrap();
        tx.commit().await.unwrap();
        engine.order("tag", json!({"conversation": conversation, "tag": TAG.0})).await;
        engine.letters().await;
        engine.pass(60);
        let run = engine.go(earmark_sync::Ask::CatchUp).await;
        assert_eq!(run.counts.changed, 1, "{run:#?}");
        let (tenant, connection) = (engine.tenant(), engine.connection);
        let ours = tenant.conversation(connection, &conversation).await.unwrap().unwrap();
        assert_eq!((ours.contact_name, ours.contact_email), (None, None));
        let messages = tenant.messages(connection, &conversation).await.unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!((messages[0].author_name.as_deref(), messages[0].plain.as_deref()), (None, Some("The words of a wish")));
    }

    async fn until_the_rest_is_gone_through_nobody_is_shown_it(t: TestDb) {
        let engine = Engine::start(t).await;
        let cast = cast(&engine).await;
        let (other, _) = starts(&engine, &cast.lead).await;
        engine.order("reply", json!({"conversation": other, "body": "no ticket comes from this"})).await;
        engine.deliver().await;
        let by_mail = acted(&engine, json!({"email": EMAIL}), json!({"count": 1})).await;
        let by_id = acted(&engine, json!({}), json!({"id": cast.lead, "name": NAME})).await;
        delete(&engine, &cast.lead).await;
        for letter in engine.letters().await {
            engine.receive(&letter).await;
        }
        engine.work_once().await.expect("the lane");
        assert!(payloads(&engine).await.contains(NAME), "the rest is a job's");
        let shown = async || {
            let tenant = engine.tenant();
            let mut shown = String::new();
            for one in tenant.deliveries(engine.connection, &Default::default(), 100).await.unwrap() {
                let body = tenant.delivery(one.id).await.unwrap().unwrap().1;
                shown.push_str(&String::from_utf8_lossy(&body.unwrap_or_default()));
            }
            for run in [by_mail, by_id] {
                shown.push_str(&logged(&engine, run).await);
            }
            let runs = tenant.action_runs(engine.connection, &Default::default(), 10).await.unwrap();
            shown + &runs.into_iter().map(|run| run.inputs).collect::<String>()
        };
        let before = shown().await;
        for gone in [NAME, EMAIL, cast.lead.as_str()] {
            assert!(!before.contains(gone), "{gone} in {before}");
        }
        engine.drain().await;
        let kept = payloads(&engine).await;
        assert!(!kept.contains(NAME) && !kept.contains(EMAIL), "{kept}");
        let after = shown().await;
        assert!(after.contains("no ticket comes from this"), "bodies are shown again: {after}");
        assert!(!after.contains(NAME) && !after.contains(EMAIL), "{after}");
        let told = engine.tenant().removals(None, 10).await.unwrap();
        assert_eq!((told.len(), told[0].cause), (1, RemovalCause::ContactDeleted));
        // The ticket's conversation; payloads about both conversations and about the contact; two runs.
        let Removed { conversations, payloads, actions, .. } = told[0].removed;
        assert_eq!((conversations, payloads, actions), (1, rewritten(&engine, &cast.lead).await, 2));
    }

    async fn what_is_said_of_a_redaction_is_what_was_erased(t: TestDb) {
        let engine = Engine::start(t).await;
        let cast = cast(&engine).await;
        let mut parts = Vec::new();
        for n in 0..4 {
            let reply = json!({"conversation": cast.conversation, "body": format!("Words-of-reply-{n}")});
            parts.push(engine.order("reply", reply).await["part"].as_str().unwrap().to_owned());
        }
        engine.deliver().await;
        engine.order("redact", json!({"conversation": cast.conversation, "part": parts[0]})).await;
        let letter = engine.letters().await.remove(0);
        let before = engine.tenant().newest_bodies(engine.connection, 1_000).await.unwrap();
        // Two messages at once.
        let mut letter: Value = serde_json::from_slice(&letter).unwrap();
        let list = &mut letter["data"]["item"]["conversation_parts"]["conversation_parts"];
        let mut second = list[0].clone();
        second["id"] = json!(parts[1]);
        list.as_array_mut().unwrap().push(second);
        engine.receive(letter.to_string().as_bytes()).await;
        engine.drain().await;
        let kept = payloads(&engine).await;
        for (n, gone) in [(0, true), (1, true), (2, false), (3, false)] {
            assert_eq!(!kept.contains(&format!("Words-of-reply-{n}")), gone, "{kept}");
        }
        let told = engine.tenant().removals(None, 10).await.unwrap();
        assert_eq!((told.len(), told[0].cause), (1, RemovalCause::MessageRedacted), "{told:?}");
        let Removed { messages, tickets, payloads, .. } = told[0].removed;
        assert_eq!((messages, tickets), (2, 0));
        let after = engine.tenant().newest_bodies(engine.connection, 1_000).await.unwrap();
        let changed = before.iter().filter(|one| !after.contains(one)).count() as u64;
        // The word of the redaction holds something of it, too.
        assert!(changed > 1 && (changed..=changed + 1).contains(&payloads), "{changed} {payloads}");
        // Of the tagged message the ticket shows something.
        engine.order("redact", json!({"conversation": cast.conversation})).await;
        engine.deliver().await;
        let told = engine.tenant().removals(None, 10).await.unwrap();
        assert_eq!((told.len(), told[0].removed.messages, told[0].removed.tickets), (2, 1, 1));
    }

    async fn a_merge_is_written_down_with_where_it_went(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        engine.deliver().await;
        engine.pass(7);
        merge(&engine, &cast.lead, &cast.user).await;
        let letters = engine.letters().await;
        for _ in 0..2 {
            for letter in &letters {
                engine.receive(letter).await;
            }
            engine.drain().await;
        }
        let told = engine.tenant().removals(None, 10).await.unwrap();
        assert_eq!(told.len(), 1, "once: {told:?}");
        assert_eq!((told[0].cause, told[0].subject.as_str()), (RemovalCause::ContactMerged, cast.lead.as_str()));
        assert_eq!(told[0].into.as_deref(), Some(cast.user.as_str()));
        assert_eq!((told[0].removed.copies, told[0].removed.conversations), (1, 1));
    }

    async fn what_went_while_its_lists_were_fetched_gets_no_links(t: TestDb) {
        let engine = Engine::start(t).await;
        let id = user(&engine, "Ada").await;
        for n in 0..11 {
            let company = engine.company(&format!("Firm {n}")).await;
            engine.order("contacts/attach", json!({"contact": id, "company": company})).await;
        }
        engine.letters().await;
        engine.pass(3_600);
        let slow = json!({"kind": "slow", "ms": 1_500, "match": format!("/contacts/{id}/companies")});
        engine.sandbox.order("faults", &slow).await;
        let run = engine.switch(true).await.unwrap();
        let goes = async {
            while !engine.sandbox.ask("faults").await["faults"].as_array().unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let tx = engine.t.db.begin().await.unwrap();
            let tenant = tx.workspace(engine.workspace());
            tenant.bury_contact(engine.connection, &id).await.unwrap();
            tenant.remove_contact(engine.connection, &id).await.unwrap();
            tx.commit().await.unwrap();
        };
        tokio::join!(engine.drain(), goes);
        let lines = engine.lines(&engine.run(run).await).await;
        assert!(lines.iter().any(|line| line.outcome == "failed" && line.subject_id == id), "{lines:#?}");
        let links = engine.tenant().links(Links::Companies, engine.connection, &[&id]).await.unwrap();
        assert!(links.is_empty(), "{links:?}");
    }

    async fn whoever_was_merged_into_a_deleted_contact_is_erased_too(t: TestDb) {
        let engine = Engine::start(t).await;
        // Twice removed, and whether contacts are copied or not.
        for copied in [false, true] {
            if copied {
                engine.copy_contacts().await;
            }
            let cast = cast(&engine).await;
            let between = user(&engine, "Between").await;
            let early = engine.letters().await;
            for letter in &early {
                engine.receive(letter).await;
            }
            engine.drain().await;
            let run = acted(&engine, json!({"contact": cast.lead}), json!({"name": NAME})).await;
            engine.pass(7);
            merge(&engine, &cast.lead, &between).await;
            engine.deliver().await;
            merge(&engine, &between, &cast.user).await;
            engine.deliver().await;
            engine.pass(7);
            delete(&engine, &cast.user).await;
            engine.deliver().await;
            assert_erased(&engine, &cast).await;
            assert!(!logged(&engine, run).await.contains(&cast.lead));
            // What was sent before comes late.
            for letter in &early {
                engine.receive(letter).await;
            }
            engine.drain().await;
            assert_erased(&engine, &cast).await;
        }
    }

    async fn a_merge_that_is_told_after_the_deletion_erases_too(t: TestDb) {
        let engine = Engine::start(t).await;
        for copied in [false, true] {
            if copied {
                engine.copy_contacts().await;
            }
            let cast = cast(&engine).await;
            engine.deliver().await;
            engine.pass(7);
            merge(&engine, &cast.lead, &cast.user).await;
            let merged = engine.letters().await;
            delete(&engine, &cast.user).await;
            engine.deliver().await;
            for letter in &merged {
                engine.receive(letter).await;
            }
            engine.drain().await;
            assert_erased(&engine, &cast).await;
        }
    }

    async fn merges_that_are_told_backwards_end_at_the_contact_that_is_left(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        let last = user(&engine, "Last").await;
        engine.deliver().await;
        engine.pass(7);
        merge(&engine, &cast.lead, &cast.user).await;
        engine.pass(7);
        merge(&engine, &cast.user, &last).await;
        for letter in engine.letters().await.iter().rev() {
            engine.receive(letter).await;
        }
        engine.drain().await;
        let ours = engine.tenant().conversation(engine.connection, &cast.conversation).await.unwrap().unwrap();
        assert_eq!((ours.contact_id, ours.contact_name.as_deref()), (Some(last), Some("Last")));
    }

    async fn what_is_redacted_leaves_the_log_of_actions(t: TestDb) {
        let engine = Engine::start(t).await;
        let cast = cast(&engine).await;
        let reply = json!({"conversation": cast.conversation, "body": "Words-of-a-reply"});
        let made = engine.order("reply", reply).await;
        let part = made["part"].as_str().unwrap();
        engine.deliver().await;
        let answer = json!({"id": cast.conversation, "source": {"id": cast.source}, "body": "Words-of-a-reply"});
        let whole = acted(&engine, json!({"conversation_id": cast.conversation}), answer).await;
        let answer = json!({"id": part, "body": "Words-of-a-reply"});
        let one = acted(&engine, json!({}), answer).await;
        let answer = json!({"id": format!("{part}7"), "body": "Words-of-another"});
        let other = acted(&engine, json!({}), answer).await;
        engine.order("redact", json!({"conversation": cast.conversation, "part": part})).await;
        engine.deliver().await;
        for run in [whole, one] {
            let logged = logged(&engine, run).await;
            assert!(!logged.contains("Words-of-a-reply"), "{logged}");
        }
        assert!(logged(&engine, other).await.contains("Words-of-another"));
        let answer = json!({"id": cast.conversation, "body": "The words of a wish"});
        let whole = acted(&engine, json!({}), answer).await;
        engine.order("delete", json!({"conversation": cast.conversation})).await;
        engine.deliver().await;
        assert!(!logged(&engine, whole).await.contains("words of a wish"));
    }

    async fn a_new_name_that_a_catch_up_finds_stands_on_tickets(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        engine.deliver().await;
        engine.pass(7);
        let fields = json!({"name": "Renamed", "email": "renamed@x.example"});
        engine.order("contacts/update", json!({"contact": cast.lead, "fields": fields})).await;
        engine.letters().await;
        engine.go(earmark_sync::Ask::CatchUp).await;
        let ours = engine.tenant().conversation(engine.connection, &cast.conversation).await.unwrap().unwrap();
        assert_eq!(ours.contact_name.as_deref(), Some("Renamed"));
        assert_eq!(ours.contact_email.as_deref(), Some("renamed@x.example"));
    }

    async fn disconnecting_with_erasure_leaves_nobody_whatever_is_under_way(t: TestDb) {
        let engine = Engine::start(t).await;
        let company = engine.company("Firm").await;
        let mut last = String::new();
        for n in 0..400 {
            last = user(&engine, &format!("Person {n}")).await;
        }
        engine.order("contacts/attach", json!({"contact": last, "company": company})).await;
        engine.letters().await;
        engine.switch(true).await;
        let filter = ContactFilter::default();
        let copied = async || engine.tenant().contact_count(&filter).await.unwrap();
        while copied().await == 0 {
            engine.work_once().await.expect("the backfill");
        }
        let tx = engine.t.db.begin().await.unwrap();
        let tenant = tx.workspace(engine.workspace());
        tenant.await_person(engine.connection, Incomplete::Contact, &last).await.unwrap();
        tenant.await_person(engine.connection, Incomplete::Company, &company).await.unwrap();
        tx.commit().await.unwrap();
        // Intercom answers late: after everything was erased.
        engine.sandbox.order("faults", &json!({"kind": "slow", "ms": 1_500, "match": "/contacts/search"})).await;
        let job = engine.claimed(Job::People { connection: engine.connection });
        let people = engine.handlers().into_iter().find(|(kind, _)| *kind == JobKind::People).unwrap().1;
        let under_way = tokio::spawn(async move { people.run(&job).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        let actor = Actor::default();
        engine.store.disconnect(engine.workspace(), &actor, engine.connection, Mirrored::Erase).await.unwrap();
        engine.drain().await;
        under_way.await.unwrap();
        engine.drain().await;
        assert_eq!(copied().await, 0);
        let tenant = engine.tenant();
        assert_eq!(tenant.company_count(&CompanyFilter::default()).await.unwrap(), 0);
        for kind in [Incomplete::Contact, Incomplete::Company] {
            assert!(tenant.waiting_people(engine.connection, kind, 10).await.unwrap().is_empty());
        }
        assert!(tenant.links(Links::Companies, engine.connection, &[&last]).await.unwrap().is_empty());
    }
}
