//! Every shape of payload that Intercom is known to send is understood.

use crate::support::{Talk, fixture, houses, notification_id};
use earmark_model::Outcome;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// The names of all fixtures.
fn fixtures() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/webhooks");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".json")
            .expect("a fixture in JSON")
            .to_owned()
    };
    std::fs::read_dir(folder).unwrap().map(name).collect()
}

houses! {
    async fn every_fixture_is_understood(house: House) {
        let names = fixtures();
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            let payload = fixture(&name);
            let told = house.deliver(&payload).await;
            let understood = matches!(told.outcome, Outcome::Processed | Outcome::Ignored);
            assert!(understood, "{name}: {told:?}");
            assert_eq!(told.topic.as_deref(), payload["topic"].as_str(), "{name}");
            assert!(told.note.is_some() && told.finished_at.is_some(), "{name}: {told:?}");
        }
    }

    async fn a_ping_has_no_id_and_is_told_from_others_by_its_time(house: House) {
        let mut ping = fixture("ping");
        assert!(ping["id"].is_null());
        assert_eq!(house.deliver(&ping).await.outcome, Outcome::Processed);
        assert_eq!(house.deliver(&ping).await.outcome, Outcome::Repeat);
        ping["created_at"] = json!(1_795_000_060);
        assert_eq!(house.deliver(&ping).await.outcome, Outcome::Processed);
    }

    async fn the_sandboxs_test_request_is_understood(house: House) {
        house.subscribe().await;
        house.sandbox.order("ping", &json!({ "app": "earmark" })).await;
        house.settle().await;
        let all = house.company.deliveries(&house).await;
        assert_eq!(all.iter().map(|delivery| delivery.outcome).collect::<Vec<_>>(), [Outcome::Processed]);
    }

    async fn plain_text_of_version_2_16_gives_title_and_safe_paragraphs(house: House) {
        let company = &house.company;
        house.deliver(&fixture("conversation_part.tag.created.plain-text")).await;
        let ticket = company.ticket(&house).await;
        assert_eq!(ticket.title.as_deref(), Some("Please let us choose the currency for each invoice by hand."));
        let messages = company.tenant(&house).messages(company.connection, &ticket.conversation).await.unwrap();
        let anchor = messages.iter().find(|message| message.id == ticket.message).unwrap();
        assert!(anchor.html.as_deref().is_some_and(|html| html.starts_with("<p>")), "{anchor:?}");
    }

    async fn times_in_iso_form_count_like_whole_seconds(house: House) {
        let mut payload = fixture("conversation_part.tag.created");
        payload["data"]["item"]["created_at"] = json!("2026-11-18T11:16:40.000Z");
        assert_eq!(house.deliver(&payload).await.outcome, Outcome::Processed);
        let tagged_at = house.company.ticket(&house).await.tagged_at;
        assert_eq!(tagged_at.to_rfc3339(), "2026-11-18T11:16:40+00:00");
    }

    async fn a_deletion_is_understood_under_either_key(house: House) {
        for key in ["conversation.deleted", "conversation.deleted.id-key"] {
            let mut tagged = fixture("conversation_part.tag.created");
            let mut deleted = fixture(key);
            let conversation = Talk::open("", 0).id;
            tagged["id"] = json!(notification_id());
            tagged["data"]["item"]["conversation"]["id"] = json!(conversation);
            let item = &mut deleted["data"]["item"];
            let own = if key.ends_with("id-key") { "id" } else { "conversation_id" };
            item[own] = json!(conversation.parse::<u64>().unwrap());
            let ticket = house.deliver(&tagged).await.ticket.unwrap();
            assert_eq!(house.deliver(&deleted).await.outcome, Outcome::Processed);
            let ticket = house.company.tenant(&house).ticket_by_id(ticket).await.unwrap().unwrap();
            assert!(ticket.source_gone_at.is_some(), "{key}");
        }
    }

    async fn a_signed_body_that_lacks_what_its_topic_needs_is_unreadable_with_the_reason(house: House) {
        let mut payload = fixture("conversation_part.tag.created");
        payload["data"]["item"]["tag"] = json!(null);
        let told = house.deliver(&payload).await;
        assert_eq!(told.outcome, Outcome::Unreadable);
        assert_eq!(told.note.as_deref(), Some("unreadable: the notification names no tag that was added"));
    }
}
