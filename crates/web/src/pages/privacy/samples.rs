//! The states of the privacy page worth looking at.

use super::*;

fn row(cause: RemovalCause, seconds: i64, removed: Removed) -> RemovalRow {
    RemovalRow {
        id: format!("l{seconds}"),
        at: sample_ago(seconds),
        cause,
        subject: "65f0a1c9d24e".to_owned(),
        into: (cause == RemovalCause::ContactMerged).then(|| "65f0b7d3e88a".to_owned()),
        through: "Support EU".to_owned(),
        removed,
        under_way: false,
    }
}

fn page(rows: Vec<RemovalRow>) -> PrivacyPage {
    PrivacyPage {
        ws: "quillwater".to_owned(),
        days: 30,
        draft: "30".to_owned(),
        dropped_at: Some(sample_ago(30_000)),
        rows,
        older: None,
        query: PrivacyQuery::default(),
        may: true,
        errors: FormErrors::none(),
    }
}

pub(super) fn all() -> Vec<(&'static str, PrivacyPage)> {
    let contact = Removed {
        conversations: 3,
        payloads: 4,
        copies: 1,
        lines: 1,
        actions: 2,
        ..Removed::default()
    };
    let merged = Removed {
        conversations: 2,
        copies: 1,
        ..Removed::default()
    };
    let talk = Removed {
        conversations: 1,
        tickets: 2,
        payloads: 9,
        ..Removed::default()
    };
    let redacted = Removed {
        messages: 1,
        payloads: 2,
        ..Removed::default()
    };
    let mut list = page(vec![
        row(RemovalCause::ContactDeleted, 190, contact),
        row(RemovalCause::ContactMerged, 4_000, merged),
        row(RemovalCause::ConversationDeleted, 9_000, talk),
        row(RemovalCause::MessageRedacted, 90_000, redacted),
        row(RemovalCause::ContactDeleted, 500_000, Removed::default()),
    ]);
    for at in [0, 4] {
        let mut under_way = list.rows[at].clone();
        under_way.under_way = true;
        list.rows.insert(at, under_way);
    }
    list.older = Some("l500000".to_owned());
    let mut none = page(Vec::new());
    none.may = false;
    none.dropped_at = None;
    let wrong = PrivacyPage {
        draft: "ninety".to_owned(),
        errors: FormErrors::one("days", "Enter a whole number of days from 1 to 365."),
        ..page(Vec::new())
    };
    let mut hostile = page(vec![RemovalRow {
        subject: HOSTILE.to_owned(),
        into: Some(HOSTILE.to_owned()),
        through: HOSTILE.to_owned(),
        ..row(RemovalCause::ContactDeleted, 190, contact)
    }]);
    hostile.draft = HOSTILE.to_owned();
    vec![
        ("list", list),
        ("none", none),
        ("wrong", wrong),
        ("hostile", hostile),
    ]
}
