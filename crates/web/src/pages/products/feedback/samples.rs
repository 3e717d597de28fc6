//! The states of the settings worth looking at.

use super::*;

fn tag(id: u32, name: &str, chosen: bool) -> TagOption {
    TagOption {
        id: id.to_string(),
        name: name.to_owned(),
        chosen,
        missing: false,
        also_in: Vec::new(),
    }
}

fn group(name: &str, tags: Vec<TagOption>) -> TagGroup {
    TagGroup {
        connection: format!("c{}", tags.len()),
        name: name.to_owned(),
        app_name: "Quillwater Support".to_owned(),
        feedback_on: true,
        connected: true,
        fetching: false,
        fetched_at: Some(sample_ago(120)),
        note: None,
        tags,
    }
}

fn tags(chosen: bool) -> Vec<TagOption> {
    let mut shared = tag(51, "product-feedback", chosen);
    shared.also_in.push("Mobile".to_owned());
    vec![
        tag(1, "bug", false),
        tag(14, "churn-risk", false),
        tag(20, "feature-request", chosen),
        tag(33, "ledger", chosen),
        shared,
    ]
}

fn page(on: bool, groups: Vec<TagGroup>) -> FeedbackPage {
    FeedbackPage {
        ws: "quillwater".to_owned(),
        slug: "ledger".to_owned(),
        name: "Ledger".to_owned(),
        on,
        on_since: on.then(|| sample_ago(1_800)),
        archived: false,
        groups,
        previews: Vec::new(),
        may: true,
        may_connect: true,
        errors: FormErrors::none(),
    }
}

/// Groups whose tags are not to be chosen now.
fn idle() -> [TagGroup; 2] {
    let fetching = TagGroup {
        fetched_at: None,
        fetching: true,
        ..group("Support EU", Vec::new())
    };
    let disconnected = TagGroup {
        connected: false,
        feedback_on: false,
        ..group("Support EU", tags(true)[2..4].to_vec())
    };
    [fetching, disconnected]
}

fn refused() -> [FeedbackPage; 2] {
    let archived = FeedbackPage {
        archived: true,
        may: false,
        ..page(false, vec![group("Support EU", tags(true))])
    };
    let unknown = FeedbackPage {
        errors: FormErrors::one(
            "tag",
            "One of these tags is not known. Fetch the tags again, then choose.",
        ),
        ..page(true, vec![group("Support EU", tags(true))])
    };
    [archived, unknown]
}

fn preview(state: RunState, made: i64, words: &str) -> PreviewView {
    let line = |n: i64| WouldMake {
        conversation: format!("21547390811402{n}"),
        note: format!("{words}, tagged at 2026-03-0{n} 10:38:14 UTC"),
        href: Some("https://app.eu.intercom.com/a/inbox/q1w4ter0/inbox/conversation/1".to_owned()),
    };
    PreviewView {
        connection: "c5".to_owned(),
        name: "Support EU".to_owned(),
        tags: vec!["feature-request".to_owned(), words.to_owned()],
        run: "r5".to_owned(),
        state,
        note: (state == RunState::Failed).then(|| words.to_owned()),
        asked_at: sample_ago(190),
        made,
        had: made / 2,
        lines: (1..=made.min(3)).map(line).collect(),
    }
}

/// The settings with an answer below them.
fn previewed(preview: PreviewView) -> FeedbackPage {
    FeedbackPage {
        previews: vec![preview],
        ..page(true, vec![group("Support EU", tags(true))])
    }
}

/// The states of a preview.
fn previews() -> Vec<(&'static str, FeedbackPage)> {
    vec![
        (
            "previewing",
            previewed(preview(RunState::Running, 0, "Ledger")),
        ),
        (
            "previewed",
            previewed(preview(RunState::Done, 14, "Ledger")),
        ),
        (
            "previewed-none",
            previewed(preview(RunState::Done, 0, "Ledger")),
        ),
        (
            "preview-failed",
            previewed(preview(
                RunState::Failed,
                0,
                "The permission Read conversations is missing",
            )),
        ),
    ]
}

pub(super) fn all() -> Vec<(&'static str, FeedbackPage)> {
    let [fetching, disconnected] = idle();
    let [archived, unknown] = refused();
    let mut deleted = group("Support EU", tags(true));
    deleted.tags.push(TagOption {
        missing: true,
        ..tag(66, "old-feedback", true)
    });
    let not_fetched = TagGroup {
        fetched_at: None,
        note: Some("Intercom refuses the access token".to_owned()),
        ..group("Support EU", Vec::new())
    };
    let switched_off = TagGroup {
        feedback_on: false,
        ..group("Support EU", tags(true))
    };
    let viewer = FeedbackPage {
        may: false,
        may_connect: false,
        ..page(true, vec![group("Support EU", tags(true))])
    };
    let mut hostile = tag(1, HOSTILE, true);
    hostile.also_in.push(HOSTILE.to_owned());
    let mut hostile = page(true, vec![group(HOSTILE, vec![hostile])]);
    hostile.previews = vec![preview(RunState::Done, 2, HOSTILE)];
    hostile.name = HOSTILE.to_owned();
    let two = vec![
        group("Support EU", tags(true)),
        group("Support US", tags(false)[..2].to_vec()),
    ];
    let mut all = vec![
        ("on", page(true, two)),
        ("off", page(false, vec![group("Support EU", tags(false))])),
        (
            "no-tags",
            page(true, vec![group("Support EU", tags(false))]),
        ),
        ("deleted-tag", page(true, vec![deleted])),
        ("not-fetched", page(true, vec![not_fetched])),
        ("connection-off", page(true, vec![switched_off])),
        ("fetching", page(true, vec![fetching])),
        ("disconnected", page(true, vec![disconnected])),
        ("archived", archived),
        ("unknown-tag", unknown),
        ("no-connection", page(true, Vec::new())),
        ("viewer", viewer),
        ("hostile", hostile),
    ];
    all.extend(previews());
    all
}
