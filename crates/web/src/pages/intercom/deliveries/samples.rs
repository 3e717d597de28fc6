//! The states of the log worth looking at.

use super::*;
use chrono::TimeDelta;

const BODY: &str = r#"{"type":"notification_event","app_id":"q1w4ter0","id":"notif_8f31c2d0","topic":"conversation_part.tag.created","delivery_attempts":1,"created_at":1773311894,"data":{"item":{"type":"conversation","id":"215471600482193","tags_added":{"tags":[{"id":"7412020","name":"feature-request"}]},"read":false,"closed":null}}}"#;

fn row(id: &str, topic: &str, outcome: Outcome, note: &str, seconds: i64) -> DeliveryRow {
    let took = TimeDelta::milliseconds(seconds * 7 + 11);
    DeliveryRow {
        id: id.to_owned(),
        topic: (!topic.is_empty()).then(|| topic.to_owned()),
        outcome,
        note: (!note.is_empty()).then(|| note.to_owned()),
        received_at: sample_ago(seconds),
        finished_at: (outcome != Outcome::Waiting).then(|| sample_ago(seconds) + took),
    }
}

fn rows() -> Vec<DeliveryRow> {
    let tag = "conversation_part.tag.created";
    vec![
        row("d9", "conversation.user.replied", Outcome::Waiting, "", 1),
        row(
            "d8",
            "conversation.admin.noted",
            Outcome::Processed,
            "added a note to FB-41",
            40,
        ),
        row(
            "d7",
            tag,
            Outcome::Repeat,
            "the same notification as 10:38:14",
            80,
        ),
        row(
            "d6",
            tag,
            Outcome::Processed,
            "created ticket FB-41 in Mobile",
            82,
        ),
        row(
            "d5",
            tag,
            Outcome::Ignored,
            "tag 'vip' is not a trigger tag",
            300,
        ),
        row(
            "d4",
            "contact.user.updated",
            Outcome::Failed,
            "the database refused the row",
            1_900,
        ),
        row(
            "d3",
            "",
            Outcome::Unreadable,
            "the body is no JSON object",
            90_000,
        ),
    ]
}

fn open(row: &DeliveryRow, payload: PayloadView) -> DeliveryView {
    DeliveryView {
        row: row.clone(),
        notification: Some("notif_8f31c2d0-52aa".to_owned()),
        subject: Some("215471600482193".to_owned()),
        ticket: Some("FB-41".to_owned()),
        repeat_of: None,
        payload,
    }
}

fn page(rows: Vec<DeliveryRow>, open: Option<DeliveryView>) -> DeliveriesPage {
    let delivery = open
        .as_ref()
        .map(|open| open.row.id.clone())
        .unwrap_or_default();
    DeliveriesPage {
        ws: "quillwater".to_owned(),
        connection: "c1".to_owned(),
        name: "Support EU".to_owned(),
        query: DeliveryQuery {
            delivery,
            ..DeliveryQuery::default()
        },
        older: (rows.len() > 3).then(|| "d3".to_owned()),
        rows,
        open,
    }
}

pub(super) fn all() -> Vec<(&'static str, DeliveriesPage)> {
    let all = rows();
    let body = || PayloadView::Body(BODY.to_owned());
    let repeat = DeliveryView {
        repeat_of: Some("d6".to_owned()),
        ticket: None,
        ..open(&all[2], PayloadView::Repeat)
    };
    let unreadable = DeliveryView {
        notification: None,
        subject: None,
        ticket: None,
        ..open(&all[6], PayloadView::read(b"<oops \xff"))
    };
    let mut no_match = page(Vec::new(), None);
    no_match.query.outcome = "failed".to_owned();
    let bad = row("d1", HOSTILE, Outcome::Processed, HOSTILE, 3);
    let hostile_body = PayloadView::Body(format!("{{\"name\":\"{HOSTILE}\"}}"));
    let mut hostile = page(vec![bad.clone()], Some(open(&bad, hostile_body)));
    hostile.name = HOSTILE.to_owned();
    hostile.query.q = HOSTILE.to_owned();
    vec![
        ("log", page(rows(), None)),
        ("open", page(rows(), Some(open(&all[3], body())))),
        ("repeat", page(rows(), Some(repeat))),
        ("unreadable", page(rows(), Some(unreadable))),
        (
            "viewer",
            page(rows(), Some(open(&all[3], PayloadView::Hidden))),
        ),
        (
            "withheld",
            page(rows(), Some(open(&all[3], PayloadView::Withheld))),
        ),
        ("none", page(Vec::new(), None)),
        ("no-match", no_match),
        ("hostile", hostile),
    ]
}
