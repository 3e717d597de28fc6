//! Tags put on messages, in every serialisation.

use earmark_intercom::{
    AuthorKind, ContactRole, MessageKind,
    webhook::{Anchor, Event, Tagged, parse},
};
use serde_json::{Value, json};

use crate::fixtures::{changed_body, event};

const OPENED: i64 = 1_795_000_000;
const COMPANY: &str = "6a0fd1e2c3b4a59687706152";
const PART: &str = "55190001207";
const SOURCE: &str = "4471900813";
const FEEDBACK: &str = "830041";

fn tagged(name: &str) -> Tagged {
    match event(name) {
        Event::Tagged(tagged) => *tagged,
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn a_tag_on_a_part() {
    let tagged = tagged("conversation_part.tag.created");
    assert_eq!(tagged.tags.len(), 1);
    assert_eq!(tagged.tags[0].id, FEEDBACK);
    assert_eq!(tagged.tags[0].name.as_deref(), Some("product feedback"));
    assert_eq!(
        tagged.tagged_at.timestamp(),
        OPENED + 600,
        "the item's time, not the envelope's"
    );
    let by = tagged.tagged_by.unwrap();
    assert_eq!(
        (by.kind, by.id.as_deref()),
        (AuthorKind::Admin, Some("5520117"))
    );
    let Anchor::Part(part) = tagged.anchor else {
        panic!("not a part")
    };
    assert_eq!(part.id, PART);
    assert_eq!(part.author.kind, AuthorKind::User);
    assert!(part.is_text_bearing());
    assert!(part.has_tag(FEEDBACK));

    let conversation = tagged.conversation;
    assert_eq!(conversation.teammate_ids, ["5520117"]);
    assert_eq!(conversation.admin_assignee_id.as_deref(), Some("5520117"));
    assert_eq!(
        conversation.contacts[0].external_id.as_deref(),
        Some("bw-77")
    );
    assert_eq!(conversation.contacts[0].name.as_deref(), Some("Tomas Hale"));
    assert_eq!(conversation.contacts[0].role, Some(ContactRole::User));
    assert_eq!(conversation.tags.len(), 2);
    let source = conversation.source.unwrap();
    assert_eq!(source.kind, MessageKind::Opening);
    assert_eq!(source.created_at.unwrap().timestamp(), OPENED);
    assert_eq!(
        source.attachments[0].name.as_deref(),
        Some("invoice-0917.pdf")
    );
    assert_eq!(source.attachments[0].filesize, Some(20_481));
}

#[test]
fn a_tag_on_the_opening_message() {
    let tagged = tagged("conversation_part.tag.created.on-opening-message");
    let Anchor::Source(source) = tagged.anchor else {
        panic!("not the source")
    };
    assert_eq!(source.id, SOURCE);
    assert!(tagged.conversation.parts.is_empty());
}

#[test]
fn of_several_parts_the_tagged_one_is_meant() {
    let name = "conversation_part.tag.created.several-parts";
    let anchor = tagged(name).anchor;
    assert!(
        matches!(&anchor, Anchor::Part(part) if part.id == PART),
        "{anchor:?}"
    );

    let parts = "/data/item/conversation/conversation_parts/conversation_parts";
    let untagged = changed_body(name, |body| {
        for part in body.pointer_mut(parts).unwrap().as_array_mut().unwrap() {
            part["tags"] = json!([]);
        }
    });
    let Event::Tagged(read) = parse(&untagged).unwrap().event else {
        panic!()
    };
    assert!(
        matches!(read.anchor, Anchor::Source(_)),
        "parts tell their tags and none has it"
    );

    let silent = changed_body(name, |body| {
        for part in body.pointer_mut(parts).unwrap().as_array_mut().unwrap() {
            part.as_object_mut().unwrap().remove("tags");
        }
    });
    let Event::Tagged(read) = parse(&silent).unwrap().event else {
        panic!()
    };
    assert_eq!(read.anchor, Anchor::Unknown);
}

#[test]
fn a_tag_on_a_note() {
    let tagged = tagged("conversation_part.tag.created.on-note");
    let note = tagged.anchor.message().unwrap();
    assert!(note.kind == MessageKind::Note && note.is_text_bearing());
    assert_eq!(note.author.kind, AuthorKind::Admin);
}

#[test]
fn the_plain_text_form_of_newer_versions() {
    let tagged = tagged("conversation_part.tag.created.plain-text");
    let part = tagged.anchor.message().unwrap();
    assert!(part.is_text_bearing());
    assert_eq!(tagged.conversation.team_assignee_id, None, "0 means nobody");
    assert_eq!(tagged.conversation.company.unwrap().id, COMPANY);
}

#[test]
fn the_legacy_form_names_several_tags_and_no_time_of_its_own() {
    let tagged = tagged("conversation_part.tag.created.legacy");
    let ids: Vec<_> = tagged.tags.iter().map(|tag| tag.id.as_str()).collect();
    assert_eq!(ids, [FEEDBACK, "830052"]);
    assert_eq!(
        tagged.tagged_at.timestamp(),
        OPENED + 604,
        "the envelope's time"
    );
    assert_eq!(tagged.tagged_by, None);
    assert!(matches!(&tagged.anchor, Anchor::Part(part) if part.id == PART));
    assert_eq!(tagged.conversation.source.unwrap().id, SOURCE);
    assert_eq!(
        tagged.conversation.admin_assignee_id.as_deref(),
        Some("5520117")
    );
    assert_eq!(
        tagged.conversation.contacts[0].external_id.as_deref(),
        Some("bw-77")
    );
}

#[test]
fn the_legacy_form_repeats_a_tagged_opening_message_as_a_part() {
    let tagged = tagged("conversation_part.tag.created.legacy-on-opening-message");
    let Anchor::Source(source) = tagged.anchor else {
        panic!("not the source")
    };
    assert_eq!(source.id, SOURCE);
    assert_eq!(
        source.author.name.as_deref(),
        Some("Tomas Hale"),
        "the part knows the name"
    );
    assert_eq!(source.created_at.unwrap().timestamp(), OPENED);
    assert!(
        tagged.conversation.parts.is_empty(),
        "the repetition is no second message"
    );
}

#[test]
fn a_tagging_without_tag_or_time_is_unreadable() {
    let body = changed_body("conversation_part.tag.created", |body| {
        body["data"]["item"]["tag"] = Value::Null;
    });
    assert!(parse(&body).unwrap_err().reason.contains("tag"));
    let body = changed_body("conversation_part.tag.created.legacy", |body| {
        body["created_at"] = Value::Null;
    });
    assert!(parse(&body).unwrap_err().reason.contains("time"));
}
