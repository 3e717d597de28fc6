//! Topics and silence: what Intercom shows, held against what was received.

use super::{Ward, ill, line, topic};
use crate::support::APP;
use CheckVerdict::{Bad, Good, NotChecked, Unknown, Warn};
use chrono::TimeDelta;
use earmark_model::{Check, CheckVerdict};
use earmark_testkit::both_databases;
use serde_json::json;

/// Another topic about conversations arrives, so that it is not silent.
async fn not_silent(ward: &Ward) {
    ward.receive("conversation.deleted").await;
}

/// The line of a topic, and of nothing else, turns `verdict` after a change that no webhook reported, and good after
/// one that did.
async fn turns(ward: &Ward, name: &str, verdict: CheckVerdict) {
    assert_eq!(
        ward.ill().await,
        [],
        "a webhook may still be on its way: {name}"
    );
    ward.wait(TimeDelta::minutes(3));
    not_silent(ward).await;
    let found = ward.look(None).await;
    assert_eq!(ill(&found), [(topic(name), verdict)], "{found:?}");
    let finding = line(&found, &topic(name));
    assert!(
        finding.cure.unwrap().contains(name) && finding.evidence.contains("but Intercom shows")
    );
    ward.receive(name).await;
    assert_eq!(ward.ill().await, [], "{name}");
    ward.wait(TimeDelta::minutes(3));
}

both_databases! {
    async fn each_topic_that_conversations_show(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let conversation = ward.open().await;
        turns(&ward, "conversation.user.created", Warn).await;
        let act = |more: serde_json::Value| {
            let mut order = json!({"app_id": APP, "conversation": conversation, "body": "Still."});
            for (key, value) in more.as_object().unwrap() {
                order[key] = value.clone();
            }
            order
        };
        let replied = ward.order("reply", act(json!({}))).await;
        turns(&ward, "conversation.user.replied", Bad).await;
        ward.order("reply", act(json!({"admin": "7310044"}))).await;
        turns(&ward, "conversation.admin.replied", Bad).await;
        ward.order("note", act(json!({}))).await;
        turns(&ward, "conversation.admin.noted", Bad).await;
        ward.order("operator-reply", act(json!({}))).await;
        turns(&ward, "conversation.operator.replied", Bad).await;
        let on = |more: serde_json::Value| {
            let mut order = json!({"app_id": APP, "conversation": conversation, "part": replied["part"]});
            for (key, value) in more.as_object().unwrap() {
                order[key] = value.clone();
            }
            order
        };
        ward.order("tag", on(json!({"tag": "feature-request"}))).await;
        turns(&ward, "conversation_part.tag.created", Bad).await;
    }

    async fn a_redaction(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let conversation = ward.open().await;
        let note = json!({"app_id": APP, "conversation": conversation, "body": "A card number."});
        let noted = ward.order("note", note).await;
        for name in ["conversation.user.created", "conversation.admin.noted"] {
            ward.receive(name).await;
        }
        assert_eq!(ward.ill().await, []);
        ward.order("redact", json!({"app_id": APP, "conversation": conversation, "part": noted["part"]})).await;
        turns(&ward, "conversation_part.redacted", Bad).await;
    }

    async fn new_contacts_of_either_kind(t: TestDb) {
        let ward = Ward::healthy(t).await;
        let tx = ward.bench.t.db.begin().await.unwrap();
        tx.workspace(ward.bench.workspace()).set_connection_contacts(ward.id, true).await.unwrap();
        tx.commit().await.unwrap();
        for topic in earmark_intercom::webhook::TOPICS.iter() {
            ward.receive(topic.name).await;
        }
        ward.wait(TimeDelta::minutes(3));
        for (role, name) in [("user", "contact.user.created"), ("lead", "contact.lead.created")] {
            assert_eq!(ward.ill().await, [], "the contacts from before do not count");
            let fields = json!({"role": role, "email": format!("{role}@birch.example")});
            ward.order("contacts/create", json!({"app_id": APP, "fields": fields})).await;
            turns(&ward, name, Bad).await;
        }
        // Made as a lead and a user since: one of the topics reported it.
        let fields = json!({"role": "user", "email": "both@birch.example"});
        ward.order("contacts/create", json!({"app_id": APP, "fields": fields})).await;
        ward.receive("contact.lead.created").await;
        ward.wait(TimeDelta::minutes(3));
        assert_eq!(ward.ill().await, []);
    }

    async fn a_topic_that_was_never_needed_is_amber_until_it_comes(t: TestDb) {
        let ward = Ward::bare(t).await;
        let found = ward.look(None).await;
        assert!(ill(&found).iter().all(|(_, verdict)| *verdict == Warn), "{found:?}");
        let deleted = line(&found, &topic("contact.deleted"));
        assert!(deleted.evidence.starts_with("Not received yet"), "{deleted:?}");
        assert_eq!(line(&found, &topic("conversation.user.created")).verdict, NotChecked, "it is optional");
        assert_eq!(line(&found, &topic("company.created")).verdict, NotChecked, "contacts are not copied");
        ward.receive("user.deleted").await;
        assert_eq!(ward.line(topic("contact.deleted")).await.verdict, Good, "an old name counts");
    }

    async fn what_happened_before_feedback_was_on_does_not_count(t: TestDb) {
        let ward = Ward::bare(t).await;
        ward.open().await;
        ward.wait(TimeDelta::minutes(10));
        let (workspace, actor) = (ward.bench.workspace(), ward.bench.actor());
        for on in [false, true] {
            ward.bench.store.set_feedback(workspace, &actor, ward.id, on).await.unwrap();
        }
        ward.wait(TimeDelta::minutes(10));
        assert_eq!(ward.line(Check::Silence).await.verdict, Good);
    }

    async fn silence(t: TestDb) {
        let ward = Ward::healthy(t).await;
        ward.wait(TimeDelta::minutes(10));
        let conversation = ward.open().await;
        ward.wait(TimeDelta::minutes(1));
        assert_eq!(ward.ill().await, [], "the webhook may be on its way");
        ward.wait(TimeDelta::minutes(5));
        let found = ward.look(None).await;
        assert_eq!(ill(&found), [(Check::Silence, Bad)], "{found:?}");
        assert_eq!(line(&found, &topic("conversation.user.created")).verdict, Unknown);
        assert!(line(&found, &Check::Silence).cure.unwrap().contains("endpoint URL"), "{conversation}");
        ward.receive("conversation.user.created").await;
        assert_eq!(ward.ill().await, []);
        let both = ward.line(Check::Silence).await;
        assert!(both.evidence.contains("last webhook") && both.evidence.contains("newest message"), "{both:?}");
    }
}
