//! The full reading of every payload shape.

use earmark_intercom::{
    ContactRole,
    webhook::{CompanyChange, ContactChange, ConversationChange, Event, parse},
};
use serde_json::json;

use crate::fixtures::{all, changed_body, event, parsed};

const OPENED: i64 = 1_795_000_000;
const CONTACT: &str = "6a01b2c3d4e5f60718293a4b";
const COMPANY: &str = "6a0fd1e2c3b4a59687706152";
const PART: &str = "55190001207";
const SOURCE: &str = "4471900813";

#[test]
fn every_payload_is_understood() {
    for (name, body) in all() {
        let read = parse(&body).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_ne!(read.event, Event::Unknown, "{name}");
        assert_eq!(read.app_id.as_deref(), Some("hb7r2mk9"), "{name}");
        assert!(read.first_sent_at > read.created_at, "{name}");
    }
}

#[test]
fn a_ping_has_no_id() {
    let ping = parsed("ping");
    assert_eq!(ping.id, None);
    assert!(matches!(ping.event, Event::Ping { message: Some(text) } if text.starts_with("hello")));
}

#[test]
fn conversation_changes_tell_who_acted() {
    for (name, expected) in [
        ("conversation.user.created", ConversationChange::UserCreated),
        ("conversation.user.replied", ConversationChange::UserReplied),
        (
            "conversation.admin.replied",
            ConversationChange::AdminReplied,
        ),
        ("conversation.admin.noted", ConversationChange::AdminNoted),
        (
            "conversation.operator.replied",
            ConversationChange::OperatorReplied,
        ),
    ] {
        let Event::ConversationChanged {
            change,
            conversation,
        } = event(name)
        else {
            panic!("{name}")
        };
        assert_eq!(change, expected, "{name}");
        assert_eq!(
            conversation.parts.len(),
            usize::from(expected != ConversationChange::UserCreated)
        );
    }
    let body = changed_body("conversation.admin.replied", |body| {
        body["topic"] = json!("conversation.admin.snoozed");
    });
    let Event::ConversationChanged { change, .. } = parse(&body).unwrap().event else {
        panic!()
    };
    assert_eq!(change, ConversationChange::Other);
}

#[test]
fn who_takes_part_and_whose_it_is_has_to_be_asked_for() {
    for topic in [
        "conversation.contact.attached",
        "conversation.contact.detached",
    ] {
        let item =
            json!({"conversation": {"model": {"id": 215}}, "contact": {"id": "c1", "name": "Ada"}});
        let body = json!({"topic": topic, "data": {"item": item}}).to_string();
        let people = Event::ConversationPeople {
            conversation_id: "215".to_owned(),
            contact_id: Some("c1".to_owned()),
        };
        assert_eq!(parse(body.as_bytes()).unwrap().event, people, "{topic}");
    }
    for topic in [
        "conversation.company.updated",
        "conversation.admin.assigned",
        "conversation.admin.open.assigned",
    ] {
        let body = changed_body("conversation.admin.replied", |body| {
            body["topic"] = json!(topic);
        });
        let Event::ConversationChanged { change, .. } = parse(&body).unwrap().event else {
            panic!("{topic}")
        };
        assert_eq!(change, ConversationChange::Belonging, "{topic}");
    }
}

#[test]
fn bot_boilerplate_is_told_from_answers() {
    for (name, boilerplate) in [
        ("conversation.operator.replied.boilerplate", true),
        ("conversation.operator.replied", false),
        ("conversation.admin.noted", false),
        ("conversation.user.replied", false),
    ] {
        let Event::ConversationChanged { conversation, .. } = event(name) else {
            panic!("{name}")
        };
        let part = &conversation.parts[0];
        assert_eq!(part.is_bot_boilerplate(), boilerplate, "{name}");
        assert_eq!(part.is_text_bearing(), !boilerplate, "{name}");
    }
}

#[test]
fn redactions_name_the_messages() {
    for (name, id) in [
        ("conversation_part.redacted", PART),
        ("conversation_part.redacted.opening-message", SOURCE),
    ] {
        let Event::Redacted { messages, .. } = event(name) else {
            panic!("{name}")
        };
        let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids, [id], "{name}");
        assert!(!messages[0].is_text_bearing());
    }
    let unmarked = changed_body("conversation_part.redacted", |body| {
        *body
            .pointer_mut("/data/item/conversation_parts/conversation_parts/0/redacted")
            .unwrap() = json!(false);
    });
    let Event::Redacted { messages, .. } = parse(&unmarked).unwrap().event else {
        panic!()
    };
    assert_eq!(messages[0].id, PART, "the part that was sent is meant");
}

#[test]
fn a_deleted_conversation_is_named_by_either_key() {
    for name in ["conversation.deleted", "conversation.deleted.id-key"] {
        assert_eq!(
            event(name),
            Event::ConversationDeleted {
                conversation_id: "318600427719045".to_owned()
            }
        );
    }
}

#[test]
fn contacts_read_alike_with_either_kind_of_time() {
    let Event::ContactChanged { contact, change } = event("contact.user.updated") else {
        panic!()
    };
    let Event::ContactChanged { contact: other, .. } = event("contact.user.updated.integer-times")
    else {
        panic!()
    };
    assert_eq!(change, ContactChange::Updated);
    assert_eq!(contact.updated_at.unwrap().timestamp(), OPENED + 200);
    assert_eq!(
        contact.updated_at.map(|at| at.timestamp()),
        other.updated_at.map(|at| at.timestamp())
    );
    assert_eq!(contact.signed_up_at, other.signed_up_at);
    assert_eq!(contact.role, Some(ContactRole::User));
    assert_eq!(contact.companies[0].id, COMPANY);
    assert!(contact.more_companies && !contact.more_tags);
    assert_eq!(contact.tags[0].id, "830007");
    assert_eq!(contact.custom_attributes["seats"], json!(12));
    assert_eq!(contact.location.unwrap().city.as_deref(), Some("Moss"));
}

#[test]
fn contact_events() {
    assert!(matches!(
        event("contact.user.created"),
        Event::ContactChanged {
            change: ContactChange::Created,
            ..
        }
    ));
    assert!(matches!(
        event("contact.unarchived"),
        Event::ContactChanged {
            change: ContactChange::Unarchived,
            ..
        }
    ));
    let Event::ContactChanged { contact, .. } = event("contact.lead.created") else {
        panic!()
    };
    assert_eq!(
        (contact.role, contact.name),
        (Some(ContactRole::Lead), None)
    );
    assert!(contact.companies.is_empty());
    let Event::ContactChanged { contact, .. } = event("contact.unsubscribed") else {
        panic!()
    };
    assert_eq!(contact.unsubscribed_from_emails, Some(true));
    let Event::ContactMerged {
        contact,
        merged_from,
    } = event("contact.merged")
    else {
        panic!()
    };
    assert_eq!(contact.id, CONTACT);
    assert_eq!(merged_from.as_deref(), Some("6a02c3d4e5f60718293a4b5c"));
    let Event::ContactArchived { contact } = event("contact.archived") else {
        panic!()
    };
    assert_eq!(
        (contact.id.as_str(), contact.external_id.as_deref()),
        (CONTACT, Some("bw-77"))
    );
    let Event::ContactDeleted { contact } = event("contact.deleted") else {
        panic!()
    };
    assert_eq!(contact.id, CONTACT);
    let Event::ContactTag { tag, added, at, .. } = event("contact.user.tag.created") else {
        panic!()
    };
    assert_eq!((tag.id.as_str(), added), ("830007", true));
    assert_eq!(at.unwrap().timestamp(), OPENED + 120);
}

#[test]
fn names_from_before_version_2_5_are_understood() {
    let body = json!({"topic": "contact.created", "app_id": "hb7r2mk9", "created_at": OPENED,
        "data": {"item": {"type": "contact", "id": "c1", "user_id": "u1"}}});
    let Event::ContactChanged { contact, change } =
        parse(body.to_string().as_bytes()).unwrap().event
    else {
        panic!()
    };
    assert_eq!(change, ContactChange::Created);
    assert_eq!(contact.role, Some(ContactRole::Lead), "the topic tells");
    assert_eq!(contact.external_id.as_deref(), Some("u1"));
}

#[test]
fn company_events() {
    let Event::CompanyChanged { company, change } = event("company.updated") else {
        panic!()
    };
    assert_eq!(change, CompanyChange::Updated);
    assert_eq!(company.company_id.as_deref(), Some("birch"));
    assert_eq!(company.monthly_spend, Some(249.5));
    assert_eq!(company.updated_at.unwrap().timestamp(), OPENED + 100);
    let Event::CompanyChanged { change, .. } = event("company.created.documented-envelope") else {
        panic!()
    };
    assert_eq!(change, CompanyChange::Created);
    assert_eq!(
        event("company.deleted"),
        Event::CompanyDeleted {
            company_id: COMPANY.to_owned()
        }
    );
    for (name, expected) in [
        ("company.contact.attached", true),
        ("company.contact.detached", false),
    ] {
        let Event::CompanyContact {
            company,
            contact,
            attached,
        } = event(name)
        else {
            panic!()
        };
        assert_eq!(attached, expected);
        assert_eq!(
            (company.id.as_str(), contact.id.as_str()),
            (COMPANY, CONTACT)
        );
    }
}

#[test]
fn other_topics_are_unknown_and_no_fault() {
    for topic in [
        "ticket.created",
        "conversation.contact.attached",
        "contact.new.thing",
        "x",
    ] {
        let body = json!({"topic": topic, "data": {"item": {"id": 4}}});
        assert_eq!(
            parse(body.to_string().as_bytes()).unwrap().event,
            Event::Unknown,
            "{topic}"
        );
    }
}
