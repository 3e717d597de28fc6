//! Erasing content from stored payloads.

use earmark_intercom::webhook::{Erase, Event, parse, peek, scrub};
use serde_json::{Value, json};

use crate::fixtures::{all, body};

const PART: &str = "55190001207";
const SOURCE: &str = "4471900813";

fn messages(ids: &[&str]) -> Erase {
    Erase {
        whole: false,
        messages: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Erase::default()
    }
}

fn whole() -> Erase {
    Erase {
        whole: true,
        ..Erase::default()
    }
}

fn lacks(body: &[u8], words: &[&str], name: &str) {
    let text = String::from_utf8(body.to_vec()).unwrap();
    for word in words {
        assert!(!text.contains(word), "{name}: {word:?} survives in {text}");
    }
}

#[test]
fn an_erased_part_leaves_its_ids_only() {
    for name in [
        "conversation_part.tag.created",
        "conversation_part.tag.created.several-parts",
        "conversation_part.tag.created.plain-text",
        "conversation_part.tag.created.legacy",
        "conversation.user.replied",
    ] {
        let after = scrub(&body(name), &messages(&[PART])).unwrap_or_else(|| panic!("{name}"));
        lacks(&after, &["let us choose", "for each invoice by hand"], name);
        let read = parse(&after).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let conversation = match read.event {
            Event::Tagged(tagged) => tagged.conversation,
            Event::ConversationChanged { conversation, .. } => *conversation,
            other => panic!("{other:?}"),
        };
        let part = conversation.message(PART).unwrap();
        assert!(
            part.redacted && part.body.is_none() && part.author.name.is_none(),
            "{name}"
        );
        assert!(
            part.author.email.is_none() && part.author.id.is_some(),
            "{name}"
        );
        let source = conversation.source.unwrap();
        assert!(
            source.body.unwrap().contains("currency since Tuesday"),
            "{name}: others stay"
        );
        assert_eq!(
            peek(&after).unwrap().subject,
            peek(&body(name)).unwrap().subject
        );
    }
}

#[test]
fn an_erased_opening_message_leaves_nothing_derived_from_it() {
    for name in [
        "conversation_part.tag.created",
        "conversation_part.tag.created.on-opening-message",
        "conversation_part.tag.created.plain-text",
        "conversation_part.tag.created.legacy",
        "conversation_part.tag.created.legacy-on-opening-message",
        "conversation.user.created",
        "conversation.admin.noted",
    ] {
        let after = scrub(&body(name), &messages(&[SOURCE])).unwrap_or_else(|| panic!("{name}"));
        let words = [
            "currency since Tuesday",
            "invoice-0917",
            "files.intercom.example",
            "billing/invoices",
            "Wrong currency on invoices",
        ];
        lacks(&after, &words, name);
        assert!(parse(&after).is_ok(), "{name}");
    }
}

#[test]
fn copies_and_previews_outside_messages_go_too() {
    let mut value: Value = serde_json::from_slice(&body("conversation.user.created")).unwrap();
    let item = &mut value["data"]["item"];
    item["some_future_preview"] = json!("Our invoices come out with the wrong…");
    item["deep"] =
        json!([{"quote": ["> Our invoices come out with the wrong currency since Tuesday."]}]);
    item["source"]["url"] = json!("https://app.birchworks.example/u/6a01b2c3d4e5f60718293a4b");
    item["linked_objects"]["data"] =
        json!([{"type": "ticket", "id": "5", "title": "wrong currency"}]);
    let after = scrub(value.to_string().as_bytes(), &messages(&[SOURCE])).unwrap();
    lacks(
        &after,
        &[
            "invoices come out",
            "since Tuesday",
            "wrong currency",
            "/u/6a01",
        ],
        "copies",
    );
    let Event::ConversationChanged { conversation, .. } = parse(&after).unwrap().event else {
        panic!()
    };
    assert_eq!(
        conversation.contacts[0].id, "6a01b2c3d4e5f60718293a4b",
        "ids stay"
    );
}

#[test]
fn another_message_keeps_its_words_even_when_it_repeats_the_erased_ones() {
    let name = "conversation_part.tag.created.several-parts";
    let mut value: Value = serde_json::from_slice(&body(name)).unwrap();
    let parts = "/data/item/conversation/conversation_parts/conversation_parts";
    let words = value.pointer(&format!("{parts}/0/body")).unwrap().clone();
    *value.pointer_mut(&format!("{parts}/1/body")).unwrap() = words.clone();
    let after = scrub(value.to_string().as_bytes(), &messages(&[PART])).unwrap();
    let after: Value = serde_json::from_slice(&after).unwrap();
    assert_eq!(
        after.pointer(&format!("{parts}/0/body")),
        Some(&Value::Null)
    );
    assert_eq!(after.pointer(&format!("{parts}/1/body")), Some(&words));
}

#[test]
fn messages_stay_when_another_one_is_erased_and_what_is_derived_from_all_goes() {
    let name = "conversation.user.replied";
    let mut value: Value = serde_json::from_slice(&body(name)).unwrap();
    let item = &mut value["data"]["item"];
    item["title"] = json!("derived words");
    item["custom_attributes"] = json!({"AI Title": "derived words"});
    item["ai_agent"] = json!({"last_answer": "derived words", "rating": 3});
    item["conversation_rating"] = json!({"remark": "derived words"});
    let parts = item["conversation_parts"].clone();
    let after = scrub(value.to_string().as_bytes(), &messages(&["1"])).unwrap();
    lacks(&after, &["derived words"], name);
    let after: Value = serde_json::from_slice(&after).unwrap();
    assert_eq!(after["data"]["item"]["conversation_parts"], parts);
    for (name, body) in all() {
        assert_eq!(scrub(&body, &Erase::default()), None, "{name}");
    }
}

#[test]
fn an_erased_contact_leaves_ids_and_words() {
    let erase = Erase {
        contacts: ["6a01b2c3d4e5f60718293a4b".to_owned()].into(),
        ..Erase::default()
    };
    for name in ["conversation.user.replied", "conversation_part.tag.created"] {
        let after = scrub(&body(name), &erase).unwrap_or_else(|| panic!("{name}"));
        lacks(&after, &["Tomas Hale", "tomas@birchworks.example"], name);
        let text = String::from_utf8(after.clone()).unwrap();
        assert!(text.contains("6a01b2c3d4e5f60718293a4b") && text.contains("currency"));
        assert_eq!(scrub(&after, &erase), None, "{name}");
    }
}

#[test]
fn erasing_again_changes_nothing() {
    for (name, body) in all() {
        for erase in [messages(&[PART]), messages(&[SOURCE, PART]), whole()] {
            let Some(once) = scrub(&body, &erase) else {
                continue;
            };
            assert_eq!(scrub(&once, &erase), None, "{name} {erase:?}");
        }
    }
}

#[test]
fn a_wholly_erased_payload_keeps_ids_types_and_times() {
    let words = [
        "urrency",
        "invoice",
        "Tomas",
        "birchworks",
        "Birchworks",
        "bw-77",
        "Mina",
        "help.example",
        "applied_by",
        "product feedback",
        "Third customer",
        "usually answer",
        "Moss",
        "Norway",
        "hello from",
        "silver",
        "Fin",
    ];
    for (name, body) in all() {
        let after = scrub(&body, &whole()).unwrap_or_else(|| body.clone());
        lacks(&after, &words, &name);
        let (before, outline) = (peek(&body).unwrap(), peek(&after).unwrap());
        assert_eq!(outline, before, "{name}: ids, topic, time and subject stay");
    }
    let after = scrub(&body("conversation_part.tag.created"), &whole()).unwrap();
    let Event::Tagged(tagged) = parse(&after).unwrap().event else {
        panic!()
    };
    assert!(tagged.anchor.message().unwrap().redacted);
    assert!(tagged.conversation.source.unwrap().redacted);
}

#[test]
fn what_cannot_be_read_goes_as_a_whole() {
    let broken = format!("{{\"id\": \"{PART}\", \"body\": \"words");
    let marker = scrub(broken.as_bytes(), &whole()).unwrap();
    assert_eq!(marker, br#"{"redacted":true}"#);
    assert_eq!(scrub(broken.as_bytes(), &messages(&[PART])), Some(marker));
    assert_eq!(scrub(broken.as_bytes(), &messages(&["other"])), None);
    assert_eq!(scrub(b"", &whole()), None);
    assert_eq!(scrub(br#"{"redacted":true}"#, &messages(&[PART])), None);
}
