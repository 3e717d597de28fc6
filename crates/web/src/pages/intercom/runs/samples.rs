//! The states of the runs' pages worth looking at.

use super::run::{LineRow, LinesQuery, Report, RunPage, Total};
use super::*;
use crate::page::sample_now;
use earmark_sync::Failures;

fn row(id: &str, kind: RunKind, state: RunState, started: i64, took: i64) -> RunRow {
    let over = state.is_over();
    RunRow {
        id: id.to_owned(),
        kind,
        state,
        counts: RunCounts {
            done: 11_312,
            added: 11_100,
            changed: 12,
            unchanged: 200,
            calls: 96,
            ..RunCounts::default()
        },
        total: Some(18_240),
        note: None,
        asked_by: (kind == RunKind::Backfill).then(|| "Priya Raman".to_owned()),
        asked_at: sample_ago(started + 2),
        started_at: (state != RunState::Waiting).then(|| sample_ago(started)),
        finished_at: over.then(|| sample_ago(started - took)),
    }
}

fn page(rows: Vec<RunRow>) -> RunsPage {
    RunsPage {
        ws: "quillwater".to_owned(),
        connection: "c1".to_owned(),
        name: "Support EU".to_owned(),
        rows,
        older: None,
        query: RunsQuery::default(),
        next: Next::At(sample_now() + TimeDelta::minutes(42)),
        proof: Next::At(sample_now() + TimeDelta::days(3)),
        offer: Offer::Runs {
            contacts: true,
            feedback: true,
        },
        now: sample_now(),
    }
}

fn failed(note: &str) -> RunRow {
    RunRow {
        note: Some(note.to_owned()),
        ..row("r3", RunKind::Proof, RunState::Failed, 90_000, 4)
    }
}

pub(super) fn all() -> Vec<(&'static str, RunsPage)> {
    let quiet = RunRow {
        counts: RunCounts {
            done: 31,
            unchanged: 31,
            calls: 3,
            ..RunCounts::default()
        },
        ..row("r2", RunKind::CatchUp, RunState::Done, 3_600, 4)
    };
    let rows = vec![
        row("r1", RunKind::Backfill, RunState::Running, 700, 0),
        quiet,
        failed("Read and list users and companies is missing. Tick it in your app, then resume."),
        row("r4", RunKind::Preview, RunState::Cancelled, 180_000, 4_000),
    ];
    let mut listed = page(rows);
    listed.older = Some("r4".to_owned());
    let mut none = page(Vec::new());
    none.next = Next::Never;
    none.proof = Next::Never;
    none.offer = Offer::Nothing;
    let next = |next| RunsPage {
        next,
        proof: next,
        ..page(vec![row("r1", RunKind::CatchUp, RunState::Paused, 60, 0)])
    };
    let hostile = RunRow {
        asked_by: Some(HOSTILE.to_owned()),
        ..failed(HOSTILE)
    };
    vec![
        ("list", listed),
        ("none", none),
        ("reconnect", next(Next::AfterReconnecting)),
        (
            "held",
            next(Next::Held(sample_now() + TimeDelta::minutes(9))),
        ),
        ("under-way", next(Next::UnderWay)),
        ("hostile", page(vec![hostile])),
    ]
}

fn one(row: RunRow, report: Option<Report>, words: &str) -> RunPage {
    let line = |outcome: &str, kind: &str, href: Option<&str>| LineRow {
        outcome: outcome.to_owned(),
        kind: kind.to_owned(),
        id: words.to_owned(),
        note: Some(words.to_owned()),
        href: href.map(str::to_owned),
        can_make: outcome == "time unknown",
    };
    let lines = match row.kind {
        RunKind::Backfill => Vec::new(),
        _ => vec![
            line("changed", "contact", Some("/w/quillwater/contacts/c1/65f0")),
            line("deleted", "company", None),
            line("time unknown", "conversation", None),
        ],
    };
    RunPage {
        leads_on: row.kind == RunKind::Preview,
        ws: "quillwater".to_owned(),
        connection: "c1".to_owned(),
        name: "Support EU".to_owned(),
        row,
        report,
        line_count: lines.len() as u64,
        lines,
        skips: Vec::new(),
        failures: Failures::Nothing,
        query: LinesQuery::default(),
        offer: Offer::Runs {
            contacts: true,
            feedback: true,
        },
        now: sample_now(),
    }
}

fn with_failures(words: &str, failures: Failures, state: RunState) -> RunPage {
    let mut row = row("r7", RunKind::CatchUp, state, 3_600, 70);
    row.counts.failed = 1_204;
    RunPage {
        failures,
        ..one(row, None, words)
    }
}

fn skipped(words: &str) -> RunPage {
    let mut row = row("r6", RunKind::Tagged, RunState::Done, 3_600, 70);
    row.counts.skipped = 1_412;
    RunPage {
        skips: vec![
            ("feedback is switched off for Mobile".to_owned(), 1_400),
            (HOSTILE.to_owned(), 2),
        ],
        ..one(row, None, words)
    }
}

fn report(words: &str) -> Report {
    Report {
        totals: vec![
            Total {
                what: "Contacts",
                intercom: Some(18_240),
                earmark: Some(18_239),
            },
            Total {
                what: "Companies with users",
                intercom: None,
                earmark: Some(412),
            },
        ],
        remarks: vec![words.to_owned()],
        left_out: 12,
    }
}

pub(super) fn run() -> Vec<(&'static str, RunPage)> {
    let done = row("r2", RunKind::Proof, RunState::Done, 3_600, 700);
    let paused = RunRow {
        note: Some("Paused by Priya Raman.".to_owned()),
        ..row("r1", RunKind::Backfill, RunState::Paused, 700, 0)
    };
    let words = "Its lists were cut, and Intercom did not answer in time.";
    let mut viewer = one(
        row("r1", RunKind::Backfill, RunState::Waiting, 3, 0),
        None,
        words,
    );
    viewer.offer = Offer::Nothing;
    vec![
        (
            "running",
            one(
                row("r1", RunKind::Backfill, RunState::Running, 700, 0),
                None,
                words,
            ),
        ),
        ("paused", one(paused, None, words)),
        ("done", one(done, Some(report(words)), words)),
        (
            "preview",
            one(
                row("r5", RunKind::Preview, RunState::Done, 60, 9),
                None,
                words,
            ),
        ),
        ("viewer", viewer),
        ("skipped", skipped(words)),
        (
            "retry",
            with_failures(words, Failures::Records(1_204), RunState::Done),
        ),
        (
            "failed",
            with_failures(words, Failures::Whole, RunState::Failed),
        ),
        (
            "hostile",
            one(failed(HOSTILE), Some(report(HOSTILE)), HOSTILE),
        ),
    ]
}
