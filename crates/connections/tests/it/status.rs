//! What calls show of the credentials moves the status, and back.

use crate::support::{Bench, TOKEN};
use chrono::TimeDelta;
use earmark_connections::Ready;
use earmark_db::tenant::{Connection, Via};
use earmark_intercom::{Error, Lane};
use earmark_model::{ConnectionId, ConnectionStatus, Permission, PermissionState};
use earmark_testkit::both_databases;

/// A token without the scope for what was asked.
fn forbidden(code: &str) -> Error {
    Error::PermissionMissing {
        status: 403,
        code: Some(code.to_owned()),
        message: Some("You do not have the required scope.".to_owned()),
        request_id: None,
    }
}

fn no_plan() -> Error {
    Error::PermissionMissing {
        status: 403,
        code: Some("api_plan_restricted".to_owned()),
        message: Some("Active subscription needed.".to_owned()),
        request_id: None,
    }
}

fn refused() -> Error {
    Error::Reconnect {
        code: Some("token_revoked".to_owned()),
        request_id: None,
    }
}

struct Calls {
    bench: Bench,
    id: ConnectionId,
    ready: Ready,
}

impl Calls {
    async fn by(bench: Bench, id: ConnectionId) -> Self {
        let ready = bench.store.client(bench.workspace(), id, Lane::Webhook);
        let ready = ready.await.unwrap();
        Self { bench, id, ready }
    }

    async fn feedback(&self, on: bool) -> Connection {
        let Self { bench, id, .. } = self;
        let actor = bench.actor();
        let set = bench.store.set_feedback(bench.workspace(), &actor, *id, on);
        set.await.unwrap();
        bench.connection(*id).await
    }

    async fn fails(&self, needed: Option<Permission>, error: &Error) -> Connection {
        let Self { bench, id, ready } = self;
        let noted = bench
            .store
            .note_failure(bench.workspace(), *id, ready.secret, needed, error);
        noted.await.unwrap();
        bench.connection(*id).await
    }

    async fn succeeds(&self, used: &[Permission], refused: &[(Permission, Error)]) -> Connection {
        let Self { bench, id, ready } = self;
        let noted = bench
            .store
            .note_success(bench.workspace(), *id, ready.secret, used, refused);
        noted.await.unwrap();
        bench.connection(*id).await
    }

    async fn state(&self, permission: Permission) -> Option<PermissionState> {
        let tenant = self.bench.t.db.workspace(self.bench.workspace());
        let checks = tenant.permission_checks(self.id).await.unwrap();
        let found = checks
            .into_iter()
            .find(|check| check.permission == permission);
        found.map(|check| check.state)
    }
}

both_databases! {
    async fn a_missing_permission_degrades_what_needs_it_until_a_good_answer(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let calls = Calls::by(bench, id).await;
        assert_eq!(calls.feedback(true).await.status, ConnectionStatus::Connected);
        for code in ["token_unauthorized", "forbidden", "payment_required"] {
            calls.bench.t.clock.advance(TimeDelta::minutes(1));
            let row = calls.fails(Some(Permission::ReadTags), &forbidden(code)).await;
            assert_eq!((row.status, row.status_since), (ConnectionStatus::Degraded, calls.bench.t.sources.now()));
            let note = row.status_note.unwrap();
            assert!(note.contains("Read tags is missing: threads, names and tags cannot be fetched"), "{note}");
            assert!(note.contains("Tick it under Authentication"), "{note}");
            let client = calls.bench.store.client(calls.bench.workspace(), id, Lane::Webhook).await;
            assert!(client.is_ok(), "it goes on asking");
            let row = calls.succeeds(&[Permission::ReadConversations], &[]).await;
            assert_eq!(row.status, ConnectionStatus::Degraded, "another permission says nothing of it");
            let row = calls.succeeds(&[Permission::ReadTags], &[]).await;
            assert_eq!((row.status, row.status_note), (ConnectionStatus::Connected, None));
            assert_eq!(calls.state(Permission::ReadTags).await, Some(PermissionState::Granted));
        }
    }

    async fn a_permission_that_nothing_needs_is_noted_and_degrades_nothing(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let calls = Calls::by(bench, id).await;
        calls.feedback(true).await;
        let row = calls.fails(Some(Permission::ReadOneUserCompany), &forbidden("forbidden")).await;
        assert_eq!(row.status, ConnectionStatus::Connected);
        assert_eq!(calls.state(Permission::ReadOneUserCompany).await, Some(PermissionState::Missing));
        let refused = [(Permission::ReadAdmins, forbidden("forbidden"))];
        let row = calls.succeeds(&[Permission::ReadConversations], &refused).await;
        assert_eq!(row.status, ConnectionStatus::Connected);
        assert_eq!(calls.state(Permission::ReadAdmins).await, Some(PermissionState::Missing));
        let row = calls.fails(None, &forbidden("forbidden")).await;
        assert_eq!(row.status, ConnectionStatus::Connected);
    }

    async fn switching_what_needs_it_on_and_off_moves_the_status(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let calls = Calls::by(bench, id).await;
        for permission in [Permission::ReadConversations, Permission::ReadTags] {
            let row = calls.fails(Some(permission), &forbidden("forbidden")).await;
            assert_eq!(row.status, ConnectionStatus::Connected, "nothing is switched on");
        }
        let row = calls.feedback(true).await;
        assert_eq!(row.status, ConnectionStatus::Degraded);
        let note = row.status_note.unwrap();
        assert!(note.contains("permissions Read conversations and Read tags are missing"), "{note}");
        assert_eq!(calls.feedback(false).await.status, ConnectionStatus::Connected);
    }

    async fn a_plan_without_the_api_degrades_with_its_own_words(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let calls = Calls::by(bench, id).await;
        let row = calls.fails(Some(Permission::ReadTags), &no_plan()).await;
        assert_eq!(row.status, ConnectionStatus::Degraded);
        let note = row.status_note.unwrap();
        assert!(note.contains("Active subscription needed") && note.contains("plan") && !note.contains("Tick"), "{note}");
        assert_eq!(calls.state(Permission::ReadTags).await, None, "no permission is missing");
        assert_eq!(calls.feedback(true).await.status, ConnectionStatus::Degraded, "the switch does not cure it");
        let row = calls.succeeds(&[Permission::ReadTags], &[]).await;
        assert_eq!((row.status, row.plan_note), (ConnectionStatus::Connected, None));
    }

    async fn a_refused_token_is_told_by_its_method_and_a_good_answer_moves_back(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let calls = Calls::by(bench, id).await;
        let row = calls.fails(Some(Permission::ReadTags), &refused()).await;
        assert_eq!(row.status, ConnectionStatus::NeedsReconnecting);
        let note = row.status_note.unwrap();
        assert!(note.contains("token_revoked") && note.contains("cannot be fetched") && note.ends_with("Paste a new one to go on."), "{note}");
        let row = calls.feedback(true).await;
        assert_eq!(row.status, ConnectionStatus::NeedsReconnecting, "a switch proves no token");
        assert_eq!(calls.succeeds(&[], &[]).await.status, ConnectionStatus::Connected);
        let passing = Error::ServerTrouble { status: 503, code: None, request_id: None };
        assert_eq!(calls.fails(Some(Permission::ReadTags), &passing).await.status, ConnectionStatus::Connected);
    }

    async fn an_authorization_that_is_refused_asks_to_reconnect(t: TestDb) {
        let bench = Bench::new(t).await;
        let via = Via::Installation { client_key: "a-key".to_owned() };
        let id = bench.granted(bench.workspace(), via, TOKEN).await;
        let calls = Calls::by(bench, id).await;
        let row = calls.fails(None, &refused()).await;
        let note = row.status_note.unwrap();
        assert!(note.ends_with("Reconnect to go on.") && !note.contains("Paste"), "{note}");
    }

    async fn what_a_replaced_token_shows_changes_nothing(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let calls = Calls::by(bench, id).await;
        calls.feedback(true).await;
        calls.bench.connect(earmark_connections::Region::Us, TOKEN).await.unwrap();
        let row = calls.fails(Some(Permission::ReadTags), &forbidden("forbidden")).await;
        assert_eq!(row.status, ConnectionStatus::Connected);
        assert_eq!(calls.state(Permission::ReadTags).await, None);
        assert_eq!(calls.fails(None, &refused()).await.status, ConnectionStatus::Connected);
    }
}
