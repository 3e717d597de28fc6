//! Which API versions a payload's shape allows.

use earmark_intercom::webhook::{PayloadVersions, implied_versions};
use serde_json::{Value, json};

use crate::fixtures::{all, body, changed_body};

fn said(body: &[u8]) -> String {
    implied_versions(body).map_or_else(|| "nothing".to_owned(), |versions| versions.to_string())
}

fn of(name: &str) -> String {
    said(&body(name))
}

/// The conversation in a tag notification, without what tells a version, and with what `change` adds.
fn bare(change: impl FnOnce(&mut Value)) -> String {
    let body = changed_body("conversation_part.tag.created", |payload| {
        let conversation = &mut payload["data"]["item"]["conversation"];
        *conversation = json!({
            "type": "conversation",
            "id": "1",
            "source": {"id": "2", "body": null},
            "conversation_parts": {"conversation_parts": [{"id": "3", "body": null}]},
        });
        change(conversation);
    });
    said(&body)
}

#[test]
fn the_payloads_of_each_version() {
    for (name, expected) in [
        ("conversation_part.tag.created", "2.14"),
        ("conversation_part.tag.created.on-note", "2.14"),
        (
            "conversation_part.tag.created.on-opening-message",
            "2.0 to 2.14",
        ),
        ("conversation_part.tag.created.legacy", "1.x"),
        (
            "conversation_part.tag.created.legacy-on-opening-message",
            "1.x",
        ),
        ("conversation_part.tag.created.plain-text", "2.16 or newer"),
        ("conversation.user.replied", "2.14"),
        ("conversation.operator.replied", "2.14"),
        ("conversation.deleted", "nothing"),
        ("company.contact.attached", "nothing"),
        ("contact.unarchived", "nothing"),
        ("ping", "nothing"),
    ] {
        assert_eq!(of(name), expected, "{name}");
    }
}

#[test]
fn each_sign_by_itself() {
    assert_eq!(bare(|_| {}), "2.0 or newer");
    let with = |key: &'static str, value: Value| bare(move |it| it[key] = value);
    let iso = json!({"time_to_assignment": 5, "last_close_at": null, "first_close_at": "2026-11-18T10:06:00.000Z"});
    assert_eq!(with("statistics", iso), "2.0 to 2.14");
    let unix = json!({"first_contact_reply_at": 1_795_000_000});
    assert_eq!(with("statistics", unix), "2.15 or newer");
    assert_eq!(with("priority", json!("priority")), "2.0 to 2.15");
    assert_eq!(with("priority", json!("urgent")), "2.16 or newer");
    assert_eq!(with("team_assignee_id", json!(0)), "2.16 or newer");
    assert_eq!(with("admin_assignee_id", Value::Null), "2.0 to 2.15");
    assert_eq!(with("company", Value::Null), "2.15 or newer");
    let agent = |state| json!({"resolution_state": state});
    assert_eq!(with("ai_agent", agent("abandoned")), "2.0 to 2.14");
    assert_eq!(with("ai_agent", agent("escalated")), "2.15 or newer");
    let part = |key: &'static str, value: Value| {
        bare(move |it| it["conversation_parts"]["conversation_parts"][0][key] = value)
    };
    assert_eq!(part("tags", json!([])), "2.14 or newer");
    assert_eq!(
        part("author", json!({"from_ai_agent": false})),
        "2.14 or newer"
    );
    assert_eq!(part("body", json!("<p>Hello</p>")), "2.0 to 2.14");
    assert_eq!(part("body", json!("Hello")), "2.15 or newer");
    let deleted = |it: &mut Value| {
        it["source"] = json!({"body": "<p><i>This message was deleted</i></p>", "redacted": true});
    };
    assert_eq!(bare(deleted), "2.0 or newer");
}

#[test]
fn markup_in_a_plain_text_does_not_outweigh_the_rest() {
    let body = changed_body("conversation_part.tag.created.plain-text", |payload| {
        payload["data"]["item"]["conversation"]["source"]["body"] =
            json!("The <b>button</b> is gone");
    });
    assert_eq!(said(&body), "2.16 or newer");
}

#[test]
fn names_from_before_2_5_are_1_x() {
    let body = changed_body("contact.user.created", |payload| {
        payload["topic"] = json!("user.created");
    });
    assert_eq!(said(&body), "1.x");
}

#[test]
fn nothing_that_comes_in_breaks_it() {
    for (name, body) in all() {
        for cut in [1, body.len() / 2, body.len() - 2] {
            assert_eq!(implied_versions(&body[..cut]), None, "{name}");
        }
    }
    assert_eq!(implied_versions(b"[]"), None);
}

#[test]
fn ranges_meet_or_do_not() {
    let of = |name: &str| -> PayloadVersions { implied_versions(&body(name)).unwrap() };
    let (old, new) = (
        of("conversation_part.tag.created.on-opening-message"),
        of("conversation_part.tag.created"),
    );
    assert_eq!(old.and(new), Some(new));
    assert_eq!(
        new.and(of("conversation_part.tag.created.plain-text")),
        None
    );
}
