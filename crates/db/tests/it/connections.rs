//! Connections, their secrets, endpoints, checks, topics and refusals.

use crate::support::{assert_error, in_tx};
use chrono::TimeDelta;
use earmark_db::Error;
use earmark_db::tenant::{Connection, PermissionCheck, SecretKind, Via};
use earmark_model::{
    ConnectionId, ConnectionStatus, Permission, PermissionState, SecretId, WorkspaceId,
};
use earmark_testkit::{TestDb, both_databases, build};
use uuid::Uuid;

const REFUSED: ConnectionStatus = ConnectionStatus::NeedsReconnecting;

async fn start(t: &TestDb) -> (WorkspaceId, Connection) {
    let workspace = build::people(&t.db, "Quillwater").await.workspace.id;
    let connection = build::connection(&t.db, workspace, "qw12ab34").await;
    (workspace, connection)
}

async fn read(t: &TestDb, workspace: WorkspaceId, id: ConnectionId) -> Connection {
    t.db.workspace(workspace)
        .connection(id)
        .await
        .unwrap()
        .unwrap()
}

both_databases! {
    async fn a_connection_is_made_with_an_open_endpoint(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        assert_eq!(read(&t, workspace, connection.id).await, connection);
        assert_eq!(connection.status, ConnectionStatus::Connected);
        assert_eq!(connection.via, Via::Token);
        assert_eq!(connection.timezone.as_deref(), Some("Europe/Dublin"));
        let endpoint = t.db.across().endpoint(&connection.endpoint_token).await.unwrap().unwrap();
        assert_eq!((endpoint.workspace, endpoint.connection), (workspace, connection.id));
        assert_eq!(endpoint.closed_at, None);
        assert_eq!(t.db.across().endpoint("no such token").await.unwrap(), None);
        assert_eq!(t.db.workspace(workspace).connection(ConnectionId(Uuid::nil())).await.unwrap(), None);
    }

    async fn connections_stand_oldest_first(t: TestDb) {
        let (workspace, first) = start(&t).await;
        let mut ids = vec![first.id];
        for app in ["b", "a"] {
            t.clock.advance(TimeDelta::milliseconds(1));
            ids.push(build::connection(&t.db, workspace, app).await.id);
        }
        let listed = t.db.workspace(workspace).connections().await.unwrap();
        assert_eq!(listed.iter().map(|c| c.id).collect::<Vec<_>>(), ids);
    }

    async fn refused_and_proved_again(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        t.clock.advance(TimeDelta::minutes(1));
        let since = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).move_connection(connection.id, REFUSED, Some("token revoked")).await.unwrap());
        let refused = read(&t, workspace, connection.id).await;
        assert_eq!(refused.status, REFUSED);
        assert_eq!(refused.status_note.as_deref(), Some("token revoked"));
        assert!(refused.checked_at > connection.checked_at);

        assert_eq!(refused.status_since, since);
        t.clock.advance(TimeDelta::minutes(1));
        in_tx!(t, |tx| tx.workspace(workspace).move_connection(connection.id, REFUSED, Some("still")).await.unwrap());
        assert_eq!(read(&t, workspace, connection.id).await.status_since, since, "since it became so");

        let at = t.sources.now();
        in_tx!(t, |tx| {
            let tenant = tx.workspace(workspace);
            tenant.prove_connection(connection.id, "New name", "EU").await.unwrap();
            tenant.move_connection(connection.id, ConnectionStatus::Connected, None).await.unwrap();
        });
        let proved = read(&t, workspace, connection.id).await;
        assert_eq!((proved.status, proved.status_note, proved.checked_at), (ConnectionStatus::Connected, None, Some(at)));
        assert_eq!(proved.status_since, at);
        assert_eq!((proved.app_name.as_str(), proved.region.as_str()), ("New name", "EU"));
    }

    async fn feedback_is_switched_on_from_now(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let set = async |on| in_tx!(t, |tx| tx.workspace(workspace).set_connection_feedback(connection.id, on).await.unwrap());
        let first = t.sources.now();
        set(true).await;
        set(true).await;
        assert_eq!(read(&t, workspace, connection.id).await.feedback_on_at, Some(first));
        set(false).await;
        assert_eq!(read(&t, workspace, connection.id).await.feedback_on_at, None);
        let second = t.sources.now();
        set(true).await;
        assert_eq!(read(&t, workspace, connection.id).await.feedback_on_at, Some(second));
    }

    async fn disconnecting_wipes_secrets_and_closes_the_endpoint(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let other = build::connection(&t.db, workspace, "other").await;
        for connection in [connection.id, other.id] {
            let secret = (t.sources.id(), SecretKind::AccessToken, "sealed", "last");
            build::secret(&t.db, workspace, connection, secret).await;
        }
        let at = t.sources.now();
        in_tx!(t, |tx| {
            let tenant = tx.workspace(workspace);
            tenant.set_connection_feedback(connection.id, true).await.unwrap();
            tenant.disconnect(connection.id).await.unwrap();
        });
        let gone = read(&t, workspace, connection.id).await;
        assert_eq!((gone.status, gone.disconnected_at, gone.feedback_on_at), (ConnectionStatus::Disconnected, Some(at), None));
        let tenant = t.db.workspace(workspace);
        assert_eq!(tenant.secrets(connection.id, SecretKind::AccessToken).await.unwrap().len(), 0);
        assert_eq!(tenant.secrets(other.id, SecretKind::AccessToken).await.unwrap().len(), 1);
        let closed = async |token: &str| t.db.across().endpoint(token).await.unwrap().unwrap().closed_at;
        assert_eq!(closed(&connection.endpoint_token).await, Some(at));
        assert_eq!(closed(&other.endpoint_token).await, None);

        let tx = t.db.begin().await.unwrap();
        let refused = tx.workspace(workspace).move_connection(connection.id, REFUSED, Some("late answer")).await;
        assert_error!(refused, Error::Missing);
        drop(tx);
        assert_eq!(read(&t, workspace, connection.id).await.status, ConnectionStatus::Disconnected);

        in_tx!(t, |tx| tx.workspace(workspace).grant_connection(connection.id, &Via::Token, "Quillwater", "US", None).await.unwrap());
        assert_eq!(closed(&connection.endpoint_token).await, None, "a new token opens it again");
        assert_eq!(read(&t, workspace, connection.id).await.disconnected_at, None);
    }

    async fn a_secret_takes_the_place_of_its_kind(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let (old, new, client): (SecretId, SecretId, SecretId) = (t.sources.id(), t.sources.id(), t.sources.id());
        for secret in [
            (old, SecretKind::AccessToken, "old sealed", "1111"),
            (client, SecretKind::ClientSecret, "client sealed", "2222"),
            (new, SecretKind::AccessToken, "new sealed", "3333"),
        ] {
            build::secret(&t.db, workspace, connection.id, secret).await;
        }
        let tenant = t.db.workspace(workspace);
        let tokens = tenant.secrets(connection.id, SecretKind::AccessToken).await.unwrap();
        assert_eq!(tokens.len(), 1);
        assert_eq!((tokens[0].id, tokens[0].owner, tokens[0].kind), (new, connection.id.into(), SecretKind::AccessToken));
        assert_eq!((tokens[0].sealed.as_str(), tokens[0].last4.as_str()), ("new sealed", "3333"));
        assert_eq!(tokens[0].verified_at, None);

        let at = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).secret_verified(client, at).await.unwrap());
        let clients = tenant.secrets(connection.id, SecretKind::ClientSecret).await.unwrap();
        assert_eq!(clients[0].verified_at, Some(at));
    }

    async fn permission_checks_keep_the_last_result_in_the_order_of_the_steps(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let check = |permission, state| PermissionCheck {
            permission,
            state,
            note: Some("a note".to_owned()),
            took_ms: Some(12),
        };
        in_tx!(t, |tx| {
            for one in [
                check(Permission::ReadAdmins, PermissionState::Granted),
                check(Permission::ReadTags, PermissionState::Missing),
                check(Permission::ReadListUsersCompanies, PermissionState::NotTested),
                check(Permission::ReadTags, PermissionState::Unknown),
            ] {
                tx.workspace(workspace).put_permission_check(connection.id, &one).await.unwrap();
            }
        });
        let found = t.db.workspace(workspace).permission_checks(connection.id).await.unwrap();
        assert_eq!(found, [
            check(Permission::ReadListUsersCompanies, PermissionState::NotTested),
            check(Permission::ReadTags, PermissionState::Unknown),
            check(Permission::ReadAdmins, PermissionState::Granted),
        ]);
    }

    async fn a_topic_keeps_the_latest_time(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let (early, late) = (t.sources.now(), t.sources.now() + TimeDelta::milliseconds(500));
        for at in [early, late, early] {
            in_tx!(t, |tx| tx.workspace(workspace).saw_topic(connection.id, "ping", at).await.unwrap());
        }
        let seen = t.db.workspace(workspace).topic_sightings(connection.id).await.unwrap();
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].topic.as_str(), seen[0].last_received_at), ("ping", late));
    }

    async fn refusals_are_bounded_for_each_connection(t: TestDb) {
        let (workspace, connection) = start(&t).await;
        let other = build::connection(&t.db, workspace, "other").await;
        in_tx!(t, |tx| tx.workspace(workspace).record_refusal(other.id, "theirs", None, 5).await.unwrap());
        for n in 0..8 {
            let cause = format!("cause {n}");
            in_tx!(t, |tx| {
                tx.workspace(workspace).record_refusal(connection.id, &cause, Some("192.0.2.1"), 5).await.unwrap();
                tx.across().record_refusal(&cause, Some("192.0.2.1"), 5).await.unwrap();
            });
        }
        let tenant = t.db.workspace(workspace);
        let kept = tenant.refusals(connection.id, 100).await.unwrap();
        let causes: Vec<_> = kept.iter().map(|refusal| refusal.cause.as_str()).collect();
        assert_eq!(causes, ["cause 7", "cause 6", "cause 5", "cause 4", "cause 3"]);
        assert_eq!(kept[0].address.as_deref(), Some("192.0.2.1"));
        assert_eq!(kept[0].at, t.sources.now() - TimeDelta::milliseconds(1));
        assert_eq!(tenant.refusals(connection.id, 2).await.unwrap().len(), 2);
        assert_eq!(tenant.refusals(other.id, 100).await.unwrap().len(), 1);
    }

    async fn an_unknown_connection_is_missing(t: TestDb) {
        let (workspace, _) = start(&t).await;
        let nothing = ConnectionId(Uuid::nil());
        let tx = t.db.begin().await.unwrap();
        let tenant = tx.workspace(workspace);
        assert_error!(tenant.prove_connection(nothing, "x", "US").await, Error::Missing);
        assert_error!(tenant.move_connection(nothing, REFUSED, None).await, Error::Missing);
        assert_error!(tenant.set_connection_feedback(nothing, true).await, Error::Missing);
        assert_error!(tenant.disconnect(nothing).await, Error::Missing);
        assert_error!(tenant.note_tags_failure(nothing, "x").await, Error::Missing);
    }
}
