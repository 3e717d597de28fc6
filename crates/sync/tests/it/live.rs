//! Webhooks about contacts and companies: whatever the order, and however often they come.

use crate::same::assert_told;
use crate::support::{Engine, OTHER_TAG};
use earmark_db::tenant::Links;
use earmark_sync::Ask;
use earmark_testkit::both_databases;
use serde_json::{Value, json};

/// An order to the sandbox; `{c}` is the contact, `{d}` another one, `{f}` the company.
type Act = (&'static str, &'static str);

const ACTS: &[Act] = &[
    (
        "contacts/update",
        r#"{"contact": "{c}", "fields": {"name": "Renamed"}}"#,
    ),
    (
        "contacts/update",
        r#"{"contact": "{c}", "fields": {"email": "other@x.example", "custom_attributes": {"tier": "gold"}}}"#,
    ),
    ("contacts/tag", r#"{"contact": "{c}", "tag": "830007"}"#),
    ("contacts/untag", r#"{"contact": "{c}", "tag": "830007"}"#),
    ("contacts/attach", r#"{"contact": "{c}", "company": "{f}"}"#),
    ("contacts/detach", r#"{"contact": "{c}", "company": "{f}"}"#),
    (
        "companies/update",
        r#"{"company": "{f}", "fields": {"name": "Firm & Sons", "plan": "Scale"}}"#,
    ),
    ("contacts/archive", r#"{"contact": "{c}"}"#),
    ("contacts/unarchive", r#"{"contact": "{c}"}"#),
    ("contacts/merge", r#"{"contact": "{d}", "into": "{c}"}"#),
    ("companies/delete", r#"{"company": "{f}"}"#),
    ("contacts/delete", r#"{"contact": "{c}"}"#),
];

struct Cast {
    contact: String,
    other: String,
    company: String,
}

async fn cast(engine: &Engine) -> Cast {
    let contact = engine
        .contact(json!({"role": "user", "name": "Ada", "email": "ada@x.example"}))
        .await;
    let other = engine
        .contact(json!({"role": "lead", "name": "Bo", "email": "bo@x.example"}))
        .await;
    let company = engine.company("Firm").await;
    engine
        .order(
            "contacts/tag",
            json!({"contact": other, "tag": OTHER_TAG.0}),
        )
        .await;
    engine
        .order(
            "contacts/attach",
            json!({"contact": other, "company": company}),
        )
        .await;
    Cast {
        contact,
        other,
        company,
    }
}

async fn act(engine: &Engine, cast: &Cast, (path, body): Act) {
    let body = body
        .replace("{c}", &cast.contact)
        .replace("{d}", &cast.other)
        .replace("{f}", &cast.company);
    engine
        .order(path, serde_json::from_str::<Value>(&body).unwrap())
        .await;
}

both_databases! {
    async fn every_topic_keeps_our_copy_the_same(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        engine.deliver().await;
        assert_told(&engine, "after the first webhooks").await;
        for one in ACTS {
            engine.pass(7);
            act(&engine, &cast, *one).await;
            engine.deliver().await;
            assert_told(&engine, one.0).await;
        }
        let notes = engine.notes().await;
        assert!(notes.iter().any(|note| note == "contact was tagged"), "{notes:#?}");
        assert!(notes.iter().any(|note| note == "contact left a company"), "{notes:#?}");
        assert!(notes.iter().any(|note| note.starts_with("contact deleted")), "{notes:#?}");
        assert!(!notes.iter().any(|note| note.starts_with("failed") || note.starts_with("unreadable")), "{notes:#?}");
    }

    async fn neither_order_nor_repetition_matters(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        for one in ACTS {
            engine.pass(7);
            act(&engine, &cast, *one).await;
        }
        let letters = engine.letters().await;
        // Backwards, then all again in order.
        for letter in letters.iter().rev().chain(&letters) {
            engine.receive(letter).await;
        }
        engine.drain().await;
        assert!(engine.tenant().contact(engine.connection, &cast.contact).await.unwrap().is_none());
        assert_told(&engine, "backwards and twice").await;
    }

    async fn a_detachment_wins_over_the_payloads_list(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        engine.deliver().await;
        engine.pass(7);
        engine.order("contacts/detach", json!({"contact": cast.other, "company": cast.company})).await;
        for letter in engine.letters().await {
            engine.receive(&letter).await;
        }
        // Without asking Intercom: the lane alone.
        engine.drain().await;
        let links = engine.tenant().links(Links::Companies, engine.connection, &[&cast.other]).await.unwrap();
        assert!(links.is_empty(), "{links:?}");
    }

    async fn nothing_is_copied_while_the_switch_is_off_but_erasure_goes_on(t: TestDb) {
        let engine = Engine::start(t).await;
        engine.copy_contacts().await;
        let cast = cast(&engine).await;
        engine.deliver().await;
        engine.switch(false).await;
        engine.pass(7);
        act(&engine, &cast, ACTS[0]).await;
        engine.deliver().await;
        let ours = engine.tenant().contact(engine.connection, &cast.contact).await.unwrap().unwrap();
        assert_eq!(ours.contact.name.as_deref(), Some("Ada"));
        let notes = engine.notes().await;
        assert!(notes[0].contains("not copied"), "{notes:#?}");
        engine.order("contacts/merge", json!({"contact": cast.other, "into": cast.contact})).await;
        engine.order("contacts/delete", json!({"contact": cast.contact})).await;
        engine.deliver().await;
        let gone = engine.tenant().contact(engine.connection, &cast.contact).await.unwrap();
        assert!(gone.is_none(), "{gone:?}");
        let merged = engine.tenant().contact(engine.connection, &cast.other).await.unwrap();
        assert!(merged.is_none_or(|copy| copy.contact.name.is_none()));
    }

    async fn a_deleted_contact_leaves_nothing_in_reports_and_does_not_come_back(t: TestDb) {
        let engine = Engine::start(t).await;
        let cast = cast(&engine).await;
        let letters = engine.letters().await;
        engine.copy_contacts().await;
        engine.pass(7);
        act(&engine, &cast, ACTS[0]).await;
        engine.letters().await;
        let run = engine.go(Ask::CatchUp).await;
        assert!(engine.lines(&run).await.iter().any(|line| line.subject_id == cast.contact));
        engine.order("contacts/delete", json!({"contact": cast.contact})).await;
        engine.deliver().await;
        let lines = engine.lines(&run).await;
        let about = lines.iter().filter(|line| line.subject_id == cast.contact);
        assert!(about.clone().count() > 0 && about.clone().all(|line| line.note.as_deref() == Some("erased")), "{lines:#?}");
        // What was sent before comes late.
        for letter in &letters {
            engine.receive(letter).await;
        }
        engine.drain().await;
        assert!(engine.tenant().contact(engine.connection, &cast.contact).await.unwrap().is_none());
    }
}
