//! What the doctor found, its history, and the rounds.

use crate::support::in_tx;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_model::{Check, CheckVerdict, ConnectionId, Finding, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};

fn found(check: Check, verdict: CheckVerdict, evidence: &str) -> Finding {
    Finding {
        check,
        verdict,
        evidence: evidence.to_owned(),
        cure: (verdict == CheckVerdict::Bad).then(|| "Do this.".to_owned()),
    }
}

async fn connection(t: &TestDb) -> (WorkspaceId, ConnectionId) {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw7tide3").await;
    (workspace, connection.id)
}

async fn put(
    t: &TestDb,
    (workspace, connection): (WorkspaceId, ConnectionId),
    findings: &[Finding],
    keep: u32,
) {
    in_tx!(t, |tx| tx
        .workspace(workspace)
        .put_findings(connection, findings, keep)
        .await
        .unwrap());
}

async fn plan(
    t: &TestDb,
    (workspace, connection): (WorkspaceId, ConnectionId),
    was: Option<DateTime<Utc>>,
    next: DateTime<Utc>,
) -> bool {
    in_tx!(t, |tx| tx
        .workspace(workspace)
        .plan_doctor_round(connection, was, next)
        .await
        .unwrap())
}

both_databases! {
    async fn only_another_verdict_is_a_change(t: TestDb) {
        use CheckVerdict::{Bad, Good};
        let (at, tenant) = { let at = connection(&t).await; (at, t.db.workspace(at.0)) };
        let topic = Check::Topic("contact.deleted".to_owned());
        let start = t.sources.now();
        put(&t, at, &[found(topic.clone(), Good, "seen"), found(Check::Token, Good, "taken")], 10).await;
        let again = t.sources.now();
        put(&t, at, &[found(Check::Token, Good, "taken again")], 10).await;
        let lines = tenant.doctor_lines(at.1).await.unwrap();
        assert_eq!(lines.iter().map(|line| &line.finding.check).collect::<Vec<_>>(), [&Check::Token, &topic]);
        assert_eq!((lines[0].since, lines[0].checked_at), (start, again));
        assert_eq!(lines[0].finding.evidence, "taken again");
        assert_eq!(lines[1].checked_at, start);
        assert_eq!(tenant.doctor_changes(at.1, 10).await.unwrap(), []);

        let then = t.sources.now();
        put(&t, at, &[found(Check::Token, Bad, "refused")], 10).await;
        let lines = tenant.doctor_lines(at.1).await.unwrap();
        assert_eq!((lines[0].since, lines[0].finding.cure.as_deref()), (then, Some("Do this.")));
        let changes = tenant.doctor_changes(at.1, 10).await.unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!((&changes[0].check, changes[0].before, changes[0].after), (&Check::Token, Good, Bad));
        assert_eq!((changes[0].evidence.as_str(), changes[0].at), ("refused", then));
    }

    async fn the_history_is_bounded(t: TestDb) {
        let at = connection(&t).await;
        for round in 0..7 {
            let verdict = if round % 2 == 0 { CheckVerdict::Good } else { CheckVerdict::Bad };
            put(&t, at, &[found(Check::Token, verdict, &round.to_string())], 3).await;
        }
        let changes = t.db.workspace(at.0).doctor_changes(at.1, 10).await.unwrap();
        let evidence: Vec<&str> = changes.iter().map(|change| change.evidence.as_str()).collect();
        assert_eq!(evidence, ["6", "5", "4"]);
    }

    async fn a_whole_round_is_noted_and_drops_what_it_did_not_look_at(t: TestDb) {
        let at = connection(&t).await;
        let tenant = t.db.workspace(at.0);
        let old = found(Check::Topic("old.topic".to_owned()), CheckVerdict::Warn, "");
        let token = found(Check::Token, CheckVerdict::Good, "");
        put(&t, at, &[old, token.clone()], 3).await;
        assert_eq!(tenant.doctor_ran_at(at.1).await.unwrap(), None);
        let ran_at = t.sources.now();
        in_tx!(t, |tx| tx.workspace(at.0).end_doctor_round(at.1, &[token]).await.unwrap());
        assert_eq!(tenant.doctor_lines(at.1).await.unwrap().len(), 1);
        assert_eq!(tenant.doctor_ran_at(at.1).await.unwrap(), Some(ran_at));
    }

    async fn a_round_is_planned_by_one_process_only(t: TestDb) {
        let at = connection(&t).await;
        let now = t.sources.now();
        let due = async || t.db.across().doctor_rounds(10).await.unwrap();
        let round = due().await[0];
        assert_eq!((round.workspace, round.connection, round.created_at, round.next_at), (at.0, at.1, now, None));
        let (first, second) = (now + TimeDelta::hours(1), now + TimeDelta::hours(25));
        assert!(plan(&t, at, None, first).await);
        assert!(!plan(&t, at, None, first).await, "another process was quicker");
        assert_eq!(due().await, []);
        t.clock.set(first);
        assert_eq!(due().await[0].next_at, Some(first));
        assert!(plan(&t, at, Some(first), second).await);
        assert!(!plan(&t, at, Some(first), second).await);
        // What ran in between keeps the plan, and what is planned keeps what ran.
        let ran_at = t.sources.now();
        in_tx!(t, |tx| tx.workspace(at.0).end_doctor_round(at.1, &[]).await.unwrap());
        assert!(plan(&t, at, Some(second), second + TimeDelta::days(1)).await);
        assert_eq!(t.db.workspace(at.0).doctor_ran_at(at.1).await.unwrap(), Some(ran_at));
        t.clock.set(second + TimeDelta::days(2));
        in_tx!(t, |tx| tx.workspace(at.0).disconnect(at.1).await.unwrap());
        assert_eq!(due().await, [], "nothing is asked for a disconnected one");
    }

    async fn what_waits_is_counted_by_topic(t: TestDb) {
        let at = connection(&t).await;
        let tenant = t.db.workspace(at.0);
        assert_eq!(tenant.waiting(at.1).await.unwrap(), []);
        let start = t.sources.now();
        for key in ["a", "b"] {
            let new = build::delivery(at, key, "1", t.sources.now());
            in_tx!(t, |tx| tx.across().store_deliveries(&[new]).await.unwrap());
        }
        let waiting = tenant.waiting(at.1).await.unwrap();
        assert_eq!((waiting.len(), waiting[0].count, waiting[0].oldest), (1, 2, start));
        assert_eq!(waiting[0].topic.as_deref(), Some("conversation_part.tag.created"));
        assert!(waiting[0].newest > start);
        let bodies = tenant.newest_bodies(at.1, 10).await.unwrap();
        assert_eq!(bodies, [br#"{"id":"b"}"#.to_vec(), br#"{"id":"a"}"#.to_vec()]);
    }
}
