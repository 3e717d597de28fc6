//! The doctor's page in its states.

use super::super::super::prelude::*;
use super::{ChangeRow, DoctorPage, LineRow};
use earmark_model::{Check, CheckVerdict, Permission};

fn row(check: &Check, verdict: CheckVerdict, evidence: &str, cure: Option<&str>) -> LineRow {
    LineRow {
        name: check.to_string(),
        title: check.title().to_owned(),
        group: check.group(),
        verdict,
        evidence: evidence.to_owned(),
        cure: cure.map(ToOwned::to_owned),
        checked_at: sample_ago(240),
        since: sample_ago(3 * 86_400),
    }
}

fn topic(name: &str) -> Check {
    Check::Topic(name.to_owned())
}

fn good() -> Vec<LineRow> {
    use CheckVerdict::{Good, NotChecked};
    let line = |check: Check, evidence: &str| row(&check, Good, evidence, None);
    vec![
        line(Check::Token, "Intercom accepted it and said whose it is."),
        line(
            Check::SameWorkspace,
            "The token belongs to Quillwater Support (hb7r2mk9), as before.",
        ),
        line(Check::Region, "Intercom says EU, and calls go there."),
        line(
            Check::Permission(Permission::ReadConversations),
            "A harmless request that needs it was accepted.",
        ),
        row(
            &Check::Writing,
            NotChecked,
            "Not tested until an action used them: Earmark writes nothing just to test it.",
            None,
        ),
        line(
            Check::ApiVersion,
            "Requests ask for 2.14. The newest webhook payloads have the shape of version 2.15 or newer.",
        ),
        line(
            Check::RateBudget,
            "9 of 1666 calls used in this 10-second window.",
        ),
        line(
            Check::PublicUrl,
            "https://earmark.example/ is https and answers from here. Last from Intercom: conversation.user.replied on 12 \
             March 2026, 10:31 UTC.",
        ),
        line(
            Check::Signatures,
            "None was refused in the last day. The last one that was proved came on 12 March 2026, 10:31 UTC.",
        ),
        line(
            Check::AnswerTimes,
            "412 answers in the last day: half within 5 ms, 99 of 100 within 25 ms. Intercom wants 500 ms and gives up \
             after 5 s.",
        ),
        line(Check::Backlog, "No delivery waits."),
        line(
            topic("conversation_part.tag.created"),
            "Last received on 12 March 2026, 10:31 UTC.",
        ),
        row(
            &topic("company.contact.attached"),
            NotChecked,
            "Needed only while contacts is switched on.",
            None,
        ),
    ]
}

/// Every verdict.
fn mixed() -> Vec<LineRow> {
    use CheckVerdict::{Bad, Unknown, Warn};
    let mut lines = good();
    lines[2] = row(
        &Check::Region,
        Unknown,
        "Intercom could not be asked: it did not answer in time.",
        None,
    );
    lines[3] = row(
        &Check::Permission(Permission::ReadConversations),
        Bad,
        "Intercom refused a request: You do not have the required scope (read_conversations). Without it threads, names \
         and tags cannot be fetched.",
        Some(
            "Tick Read conversations under Configure, Authentication in your app in the Developer Hub, save, then check \
             again.",
        ),
    );
    lines[10] = row(
        &Check::Backlog,
        Warn,
        "14 deliveries wait, the oldest since 3 min 12 s.",
        Some(
            "The operator should see whether a process runs jobs (earmark serve), and its log. What waits is stored and \
             not lost.",
        ),
    );
    lines.push(row(
        &topic("conversation.admin.replied"),
        Bad,
        "Not received yet, but Intercom shows such a change of 12 March 2026, 09:58 UTC.",
        Some(
            "In the Developer Hub open your app, then Configure, Webhooks, and add the topic conversation.admin.replied.",
        ),
    ));
    lines
}

fn changes() -> Vec<ChangeRow> {
    vec![
        ChangeRow {
            title: "Read conversations".to_owned(),
            before: CheckVerdict::Good,
            after: CheckVerdict::Bad,
            evidence: "Intercom refused a request.".to_owned(),
            at: sample_ago(240),
        },
        ChangeRow {
            title: "Access token".to_owned(),
            before: CheckVerdict::Bad,
            after: CheckVerdict::Good,
            evidence: "Intercom accepted it and said whose it is.".to_owned(),
            at: sample_ago(3 * 86_400),
        },
    ]
}

fn page(lines: Vec<LineRow>, changes: Vec<ChangeRow>) -> DoctorPage {
    DoctorPage {
        ws: "quillwater".to_owned(),
        id: "c1".to_owned(),
        name: "Support EU".to_owned(),
        app_name: "Quillwater Support".to_owned(),
        ran_at: (!lines.is_empty()).then(|| sample_ago(240)),
        lines,
        asked: false,
        changes,
        may: true,
    }
}

pub(super) fn all() -> Vec<(&'static str, DoctorPage)> {
    let hostile = row(&Check::Token, CheckVerdict::Bad, HOSTILE, Some(HOSTILE));
    let hostile_change = ChangeRow {
        evidence: HOSTILE.to_owned(),
        ..changes().remove(0)
    };
    vec![
        ("good", page(good(), Vec::new())),
        ("every-verdict", page(mixed(), changes())),
        (
            "running",
            DoctorPage {
                asked: true,
                ..page(mixed(), changes())
            },
        ),
        ("never", page(Vec::new(), Vec::new())),
        (
            "first-run",
            DoctorPage {
                asked: true,
                ..page(Vec::new(), Vec::new())
            },
        ),
        (
            "viewer",
            DoctorPage {
                may: false,
                ..page(mixed(), Vec::new())
            },
        ),
        (
            "hostile",
            DoctorPage {
                name: HOSTILE.to_owned(),
                ..page(vec![hostile], vec![hostile_change])
            },
        ),
    ]
}
