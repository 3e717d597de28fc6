//! Checking a connection as a job.

use crate::support::{
    APP, Bench, PATIENCE, TOKEN, app, app_with, hosts, intercom_workspace, nobody, store,
};
use chrono::TimeDelta;
use earmark_connections::{CheckHandler, Mirrored, NotReady, Region, Store};
use earmark_intercom::Lane;
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, ConnectionStatus, Job, Permission, PermissionState};
use earmark_seal::{KeyRing, MasterKey};
use earmark_testkit::{both_databases, build, eventually};
use serde_json::json;

async fn check_by(bench: &Bench, store: &Store, connection: ConnectionId) -> Verdict {
    attempt(bench, store, connection, 1).await
}

async fn attempt(bench: &Bench, store: &Store, connection: ConnectionId, attempt: u32) -> Verdict {
    let claimed = ClaimedJob {
        id: bench.t.sources.id(),
        workspace: bench.workspace(),
        job: Job::CheckConnection { connection },
        attempt,
        claim: 1,
    };
    CheckHandler(store.clone()).run(&claimed).await
}

async fn check(bench: &Bench, connection: ConnectionId) -> Verdict {
    check_by(bench, &bench.store, connection).await
}

/// What the last check found, with the notes.
async fn found(
    bench: &Bench,
    id: ConnectionId,
) -> Vec<(Permission, PermissionState, Option<String>)> {
    let tenant = bench.t.db.workspace(bench.workspace());
    let checks = tenant.permission_checks(id).await.unwrap();
    checks
        .into_iter()
        .map(|check| (check.permission, check.state, check.note))
        .collect()
}

async fn fault(bench: &Bench, fault: serde_json::Value) {
    bench.region(Region::Us).order("faults", &fault).await;
}

async fn revoke(bench: &Bench) {
    bench
        .region(Region::Us)
        .order("tokens/revoke", &json!({"token": TOKEN}))
        .await;
}

/// Starts a check whose first call takes long, and disconnects while that is under way.
async fn check_while_disconnecting(bench: &Bench, id: ConnectionId) -> Verdict {
    fault(bench, json!({"kind": "slow", "match": "/me", "ms": 1500})).await;
    let disconnecting = async {
        eventually(PATIENCE, "Intercom is asked", async || {
            let waiting = bench.region(Region::Us).ask("faults").await;
            waiting["faults"]
                .as_array()
                .unwrap()
                .is_empty()
                .then_some(())
        })
        .await;
        bench
            .store
            .disconnect(bench.workspace(), &bench.actor(), id, Mirrored::Keep)
            .await
            .unwrap();
    };
    tokio::join!(check(bench, id), disconnecting).0
}

both_databases! {
    async fn each_permission_is_told_apart(t: TestDb) {
        use PermissionState::{Granted, Missing, NotTested, Unknown};
        let (bench, id) = Bench::connected(t).await;
        let some = ["read_list_users_and_companies", "read_tags", "read_admins", "write_conversations"];
        bench.seed(Region::Us, &app_with(TOKEN, &some)).await;
        fault(&bench, json!({"kind": "status", "match": "/tags", "status": 500, "count": 3})).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let checks = found(&bench, id).await;
        let states: Vec<_> = checks.iter().map(|(permission, state, _)| (*permission, *state)).collect();
        assert_eq!(states, [
            (Permission::ReadListUsersCompanies, Granted),
            (Permission::ReadWriteUsers, NotTested),
            (Permission::ReadOneUserCompany, Missing),
            (Permission::ReadConversations, Missing),
            (Permission::ReadTags, Unknown),
            (Permission::ReadAdmins, Granted),
        ]);
        let note = |at: usize| checks[at].2.as_deref().unwrap_or_default();
        assert!(note(3).contains("read_conversations"), "{checks:?}");
        assert!(note(4).contains("500"), "{checks:?}");
        assert_eq!(checks[0].2, None);

        bench.seed(Region::Us, &app(TOKEN)).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let again = found(&bench, id).await;
        assert_eq!(again.iter().filter(|(_, state, note)| *state == Granted && note.is_none()).count(), 5);
    }

    async fn a_token_that_may_not_ask_who_it_is_stays_and_the_missing_permission_shows(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        bench.seed(Region::Us, &app_with(TOKEN, &["read_tags"])).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::Connected);
        let checks = found(&bench, id).await;
        let (permission, state, _) = checks.last().unwrap();
        assert_eq!((*permission, *state), (Permission::ReadAdmins, PermissionState::Missing));
    }

    async fn a_revoked_token_is_refused_until_a_check_succeeds(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        revoke(&bench).await;
        bench.t.clock.advance(TimeDelta::minutes(1));
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.checked_at), (ConnectionStatus::NeedsReconnecting, Some(bench.t.sources.now())));
        let note = row.status_note.unwrap();
        assert!(note.contains("token_revoked") && note.contains("Paste a new one"), "{note}");
        let client = bench.store.client(bench.workspace(), id, Lane::Webhook).await;
        assert!(matches!(client, Err(NotReady::NeedsReconnecting)), "{client:?}");

        bench.seed(Region::Us, &app(TOKEN)).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.status_note), (ConnectionStatus::Connected, None));
        assert!(bench.store.client(bench.workspace(), id, Lane::Webhook).await.is_ok());
    }

    async fn a_token_of_another_intercom_workspace_is_refused(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let moved = json!({"workspaces": [intercom_workspace("zz9other", Region::Us, &app(TOKEN))]});
        bench.region(Region::Us).order("seed", &moved).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.app_id.as_str()), (ConnectionStatus::NeedsReconnecting, APP));
        let note = row.status_note.unwrap();
        assert!(note.contains("zz9other Support") && note.contains("qw7tide3 Support"), "{note}");
        assert_eq!(found(&bench, id).await, [], "its permissions say nothing of ours");
    }

    async fn what_intercom_calls_itself_is_kept_up_to_date(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let mut renamed = intercom_workspace(APP, Region::Us, &app(TOKEN));
        renamed["name"] = json!("Quillwater Care");
        bench.region(Region::Us).order("seed", &json!({"workspaces": [renamed]})).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let row = bench.connection(id).await;
        assert_eq!((row.app_name.as_str(), row.name.as_str()), ("Quillwater Care", "qw7tide3 Support"));
    }

    async fn a_connection_disconnected_meanwhile_stays_disconnected(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        assert_eq!(check_while_disconnecting(&bench, id).await, Verdict::Done);
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.status_note), (ConnectionStatus::Disconnected, None));
        let endpoint = bench.t.db.across().endpoint(&row.endpoint_token).await.unwrap().unwrap();
        assert!(endpoint.closed_at.is_some());
    }

    async fn a_refusal_after_the_disconnect_changes_nothing(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        revoke(&bench).await;
        assert_eq!(check_while_disconnecting(&bench, id).await, Verdict::Done);
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.status_note), (ConnectionStatus::Disconnected, None));
    }

    async fn a_check_without_a_connection_has_nothing_to_do(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        assert_eq!(check(&bench, bench.t.sources.id()).await, Verdict::Done);
        bench.store.disconnect(bench.workspace(), &bench.actor(), id, Mirrored::Keep).await.unwrap();
        assert_eq!(check(&bench, id).await, Verdict::Done);
        assert_eq!(found(&bench, id).await, []);
        let claimed = ClaimedJob {
            id: bench.t.sources.id(),
            workspace: build::people(&bench.t.db, "Lumen").await.workspace.id,
            job: Job::CheckConnection { connection: id },
            attempt: 1,
            claim: 1,
        };
        assert_eq!(CheckHandler(bench.store.clone()).run(&claimed).await, Verdict::Done);
    }

    async fn trouble_that_passes_is_tried_again_and_changes_no_status(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        fault(&bench, json!({"kind": "status", "match": "/me", "status": 429, "retry_after": 40, "count": 5})).await;
        let until = bench.t.sources.now() + TimeDelta::seconds(40);
        assert_eq!(check(&bench, id).await, Verdict::Snooze(until));
        bench.t.clock.advance(TimeDelta::seconds(41));
        bench.region(Region::Us).order("reset", &json!(null)).await;
        bench.seed(Region::Us, &app(TOKEN)).await;
        fault(&bench, json!({"kind": "status", "match": "/me", "status": 503, "count": 9})).await;
        assert!(matches!(check(&bench, id).await, Verdict::Retry(_)));
        let away = store(&bench.t, &bench.t.db, &bench.ring, hosts([nobody(), nobody(), nobody()]));
        assert!(matches!(check_by(&bench, &away, id).await, Verdict::Retry(_)));
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::Connected);
        assert_eq!(found(&bench, id).await, []);
    }

    async fn a_token_that_does_not_open_fails_for_good(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let wrong = KeyRing::new(MasterKey::generate(&bench.t.sources), []);
        let urls = bench.regions.each_ref().map(|one| one.url());
        let store = store(&bench.t, &bench.t.db, &wrong, hosts(urls));
        let verdict = check_by(&bench, &store, id).await;
        assert!(matches!(&verdict, Verdict::Fail(why) if why.contains("cannot be opened")), "{verdict:?}");
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::Connected);
        let checks = found(&bench, id).await;
        assert_eq!(checks.len(), Permission::ALL.len());
        assert!(checks.iter().all(|(_, state, note)| *state == PermissionState::Unknown
            && note.as_ref().is_some_and(|note| note.contains("cannot be opened"))), "{checks:?}");
    }

    async fn the_last_attempt_says_why_nothing_is_known(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        fault(&bench, json!({"kind": "status", "match": "/me", "status": 503, "count": 9})).await;
        let last = Job::CheckConnection { connection: id }.max_attempts();
        let verdict = attempt(&bench, &bench.store, id, last).await;
        let Verdict::Retry(why) = verdict else { panic!("{verdict:?}") };
        assert!(why.contains("503"), "{why}");
        let checks = found(&bench, id).await;
        assert!(checks.iter().all(|(_, state, note)| *state == PermissionState::Unknown && note.as_ref() == Some(&why)), "{checks:?}");
        assert_eq!(checks.len(), Permission::ALL.len());
    }

    async fn a_plan_without_the_api_is_no_missing_permission(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        fault(&bench, json!({"kind": "status", "match": "/tags", "status": 403, "count": 1})).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let checks = found(&bench, id).await;
        let (_, state, note) = checks.iter().find(|(permission, ..)| *permission == Permission::ReadTags).unwrap();
        assert_eq!(*state, PermissionState::Unknown);
        assert!(note.as_ref().is_some_and(|note| note.contains("subscription")), "{note:?}");
    }

    async fn lists_of_users_and_of_companies_make_one_permission(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        fault(&bench, json!({"kind": "status", "match": "/companies", "status": 500, "count": 3})).await;
        assert_eq!(check(&bench, id).await, Verdict::Done);
        let checks = found(&bench, id).await;
        assert_eq!((checks[0].0, checks[0].1), (Permission::ReadListUsersCompanies, PermissionState::Unknown));
        assert_eq!(check(&bench, id).await, Verdict::Done);
        assert_eq!(found(&bench, id).await[0].1, PermissionState::Granted);
    }

    async fn a_late_refusal_of_the_old_token_does_not_touch_the_new_one(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let old = bench.store.client(bench.workspace(), id, Lane::Webhook).await.unwrap();
        bench.seed(Region::Us, &app("a-regenerated-token")).await;
        let refused = old.client.me().await.unwrap_err();
        bench.connect(Region::Us, "a-regenerated-token").await.unwrap();
        bench.store.note_failure(bench.workspace(), id, old.secret, None, &refused).await.unwrap();
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::Connected);
        let new = bench.store.client(bench.workspace(), id, Lane::Webhook).await.unwrap();
        bench.store.note_failure(bench.workspace(), id, new.secret, None, &refused).await.unwrap();
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::NeedsReconnecting);
    }

    async fn details_that_were_not_fetched_are_asked_for_again(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let product = build::product(&bench.t.db, bench.workspace(), "Ledger").await;
        build::ticket(&bench.t.db, bench.workspace(), product.id, id, ("215473908114027", "1")).await;
        let job = Job::Details { connection: id, conversation: "215473908114027".to_owned() };
        let tenant = bench.t.db.workspace(bench.workspace());
        assert!(!tenant.is_queued(&job).await.unwrap());
        assert_eq!(check(&bench, id).await, Verdict::Done);
        assert!(tenant.is_queued(&job).await.unwrap());
    }
}
