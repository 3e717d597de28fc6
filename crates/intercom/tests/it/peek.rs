//! The cheap look at a payload.

use earmark_intercom::webhook::{Peek, SubjectKind, parse, peek};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{all, body};

const CONVERSATION: &str = "318600427719045";
const CONTACT: &str = "6a01b2c3d4e5f60718293a4b";
const COMPANY: &str = "6a0fd1e2c3b4a59687706152";

fn look(name: &str) -> Peek {
    peek(&body(name)).unwrap()
}

#[test]
fn agrees_with_the_full_reading_on_every_payload() {
    for (name, body) in all() {
        let outline = peek(&body).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let full = parse(&body).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(outline.id, full.id, "{name}");
        assert_eq!(
            outline.topic.as_deref(),
            Some(full.topic.as_str()),
            "{name}"
        );
        assert_eq!(outline.app_id, full.app_id, "{name}");
        assert_eq!(outline.created_at, full.created_at, "{name}");
        assert_eq!(outline.delivery_attempts, Some(1), "{name}");
        assert_eq!(
            outline.fallback_key().is_none(),
            full.id.is_some(),
            "{name}"
        );
    }
}

#[test]
fn names_the_subject_of_every_shape() {
    let expected = [
        (
            "conversation_part.tag.created",
            SubjectKind::Conversation,
            CONVERSATION,
        ),
        (
            "conversation_part.tag.created.legacy",
            SubjectKind::Conversation,
            CONVERSATION,
        ),
        (
            "conversation_part.redacted",
            SubjectKind::Conversation,
            CONVERSATION,
        ),
        (
            "conversation.user.replied",
            SubjectKind::Conversation,
            CONVERSATION,
        ),
        (
            "conversation.deleted",
            SubjectKind::Conversation,
            CONVERSATION,
        ),
        (
            "conversation.deleted.id-key",
            SubjectKind::Conversation,
            CONVERSATION,
        ),
        ("contact.user.updated", SubjectKind::Contact, CONTACT),
        ("contact.user.tag.created", SubjectKind::Contact, CONTACT),
        ("contact.unsubscribed", SubjectKind::Contact, CONTACT),
        ("contact.deleted", SubjectKind::Contact, CONTACT),
        ("company.contact.detached", SubjectKind::Contact, CONTACT),
        ("company.updated", SubjectKind::Company, COMPANY),
    ];
    for (name, kind, id) in expected {
        let subject = look(name).subject.unwrap_or_else(|| panic!("{name}"));
        assert_eq!((subject.kind, subject.id.as_str()), (kind, id), "{name}");
    }
    assert_eq!(look("ping").subject, None);
    assert_eq!(look("ping").item_type.as_deref(), Some("ping"));
}

#[test]
fn finds_the_conversation_in_an_internal_dump() {
    let body = json!({"topic": "conversation.contact.attached",
        "data": {"item": {"conversation": {"model": {"id": 99}}, "contact": {"id": CONTACT}}}});
    let subject = peek(body.to_string().as_bytes()).unwrap().subject.unwrap();
    assert_eq!(
        (subject.kind, subject.id.as_str()),
        (SubjectKind::Conversation, "99")
    );
}

#[test]
fn without_an_id_the_key_is_made_of_what_the_item_says() {
    assert_eq!(
        look("ping").fallback_key().unwrap(),
        "ping|hb7r2mk9||1795000000"
    );
    let mut body: Value = serde_json::from_slice(&body("conversation_part.tag.created")).unwrap();
    body["id"] = Value::Null;
    let key = |body: &Value| {
        peek(body.to_string().as_bytes())
            .unwrap()
            .fallback_key()
            .unwrap()
    };
    let first = key(&body);
    assert!(first.contains(CONVERSATION), "{first}");
    body["delivery_attempts"] = json!(2);
    assert_eq!(key(&body), first, "a repeat has the same key");
    body["data"]["item"]["tag"]["id"] = json!("830052");
    assert_ne!(
        key(&body),
        first,
        "another tag in the same second is not a repeat"
    );
}

#[test]
fn without_an_id_anywhere_there_is_no_key() {
    let body = json!({"topic": "t", "app_id": "a", "created_at": 5, "data": {"item": {}}});
    assert_eq!(
        peek(body.to_string().as_bytes()).unwrap().fallback_key(),
        None
    );
}

#[test]
fn says_why_a_body_cannot_be_read() {
    for (body, reason) in [
        (&b"\xf0\x28"[..], "UTF-8"),
        (b"", "empty"),
        (b"{\"topic\": secret", "not valid JSON"),
        (b"[{}]", "not a JSON object"),
        (b"\"secret\"", "not a JSON object"),
        (b"null", "not a JSON object"),
    ] {
        let said = [peek(body).unwrap_err(), parse(body).err().unwrap()];
        for fault in said {
            assert!(fault.reason.contains(reason), "{fault}");
            assert!(!fault.reason.contains("secret"), "{fault}");
        }
    }
}

/// Any JSON, with the keys of payloads more often than others.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~é✓\n]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "conversation_part_tag",
            "conversation",
            "conversation_part.tag.created",
            "conversation_part.redacted",
            "contact.merged",
            "company.contact.attached",
            "2026-11-18T11:10:00.735Z",
        ])
        .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "id",
        "type",
        "topic",
        "app_id",
        "created_at",
        "data",
        "item",
        "conversation",
        "tag",
        "tags",
        "tags_added",
        "source",
        "conversation_parts",
        "contact",
        "company",
        "author",
        "body",
        "attachments",
        "teammates",
        "admins",
        "other",
    ]);
    leaf.prop_recursive(7, 80, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..7)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_survived(value in any_json(), topic in prop::sample::select(vec![
        "conversation_part.tag.created", "conversation_part.redacted", "conversation.deleted",
        "conversation.user.replied", "contact.merged", "contact.user.tag.created",
        "company.contact.attached", "company.updated", "ping",
    ])) {
        let bare = value.to_string();
        let _ = (peek(bare.as_bytes()), parse(bare.as_bytes()));
        let wrapped = json!({"topic": topic, "created_at": 7, "data": {"item": value}}).to_string();
        let outline = peek(wrapped.as_bytes());
        prop_assert!(outline.is_ok(), "{outline:?}");
        let _ = parse(wrapped.as_bytes());
    }

    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(peek(&body).is_ok(), serde_json::from_slice::<serde_json::Map<String, Value>>(&body).is_ok());
        let _ = parse(&body);
    }
}
