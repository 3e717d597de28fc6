//! Workspaces' own OAuth apps, flows under way, and which connections were made through which app.

use crate::support::{assert_error, in_tx};
use chrono::TimeDelta;
use earmark_db::Error;
use earmark_db::across::Sighting;
use earmark_db::tenant::{Connection, NewConnection, SecretKind, Via};
use earmark_model::{Method, WorkspaceId};
use earmark_testkit::{TestDb, both_databases, build};

const APP: &str = "qw12ab34";

fn installation() -> Via {
    Via::Installation {
        client_key: "installation".to_owned(),
    }
}

async fn workspace(t: &TestDb, name: &str) -> WorkspaceId {
    build::people(&t.db, name).await.workspace.id
}

async fn connect(t: &TestDb, workspace: WorkspaceId, via: Via, app_id: &str) -> Connection {
    let new = NewConnection {
        name: app_id.to_owned(),
        via,
        app_id: app_id.to_owned(),
        app_name: "Quillwater".to_owned(),
        region: "EU".to_owned(),
        timezone: None,
    };
    in_tx!(t, |tx| tx
        .workspace(workspace)
        .create_connection(new)
        .await
        .unwrap())
}

both_databases! {
    async fn an_own_app_is_found_by_its_endpoint_until_it_is_removed(t: TestDb) {
        let workspace = workspace(&t, "Quillwater").await;
        assert_eq!(t.db.workspace(workspace).oauth_app().await.unwrap(), None);
        let app = in_tx!(t, |tx| tx.workspace(workspace).create_oauth_app("own").await.unwrap());
        let tenant = t.db.workspace(workspace);
        assert_eq!(tenant.oauth_app().await.unwrap(), Some(app.clone()));
        assert_eq!(tenant.oauth_app_by_id(app.id).await.unwrap(), Some(app.clone()));
        let found = t.db.across().app_endpoint(&app.endpoint_token).await.unwrap().unwrap();
        assert_eq!((found.workspace, found.app, found.closed_at), (workspace, app.id, None));
        assert_eq!(t.db.across().app_endpoint("another").await.unwrap(), None);

        build::secret(&t.db, workspace, app.id, (t.sources.id(), SecretKind::ClientSecret, "sealed", "")).await;
        let at = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).remove_oauth_app(app.id).await.unwrap());
        assert_eq!(tenant.oauth_app().await.unwrap(), None);
        assert!(tenant.secrets(app.id, SecretKind::ClientSecret).await.unwrap().is_empty());
        let found = t.db.across().app_endpoint(&app.endpoint_token).await.unwrap().unwrap();
        assert_eq!(found.closed_at, Some(at));
        let tx = t.db.begin().await.unwrap();
        assert_error!(tx.workspace(workspace).remove_oauth_app(app.id).await, Error::Missing);
    }

    async fn an_authorization_is_used_once_and_by_its_own_tenant(t: TestDb) {
        let (ours, theirs) = (workspace(&t, "Quillwater").await, workspace(&t, "Harrow Lane").await);
        let until = t.sources.now() + TimeDelta::minutes(10);
        in_tx!(t, |tx| tx.workspace(ours).begin_oauth("hash", until).await.unwrap());
        let used = async |workspace| in_tx!(t, |tx| tx.workspace(workspace).use_oauth("hash").await.unwrap());
        assert!(!used(theirs).await, "another tenant's");
        assert!(used(ours).await);
        assert!(!used(ours).await, "a second time");
        t.clock.advance(TimeDelta::minutes(11));
        let later = t.sources.now() + TimeDelta::minutes(10);
        in_tx!(t, |tx| tx.workspace(ours).begin_oauth("another", later).await.unwrap());
        // The first is forgotten, so that its hash is free again.
        in_tx!(t, |tx| tx.workspace(ours).begin_oauth("hash", later).await.unwrap());
    }

    async fn a_secret_is_claimed_by_one_at_a_time(t: TestDb) {
        let (ours, theirs) = (workspace(&t, "Quillwater").await, workspace(&t, "Harrow Lane").await);
        let connection = connect(&t, ours, installation(), APP).await;
        let id = t.sources.id();
        build::secret(&t.db, ours, connection.id, (id, SecretKind::RefreshToken, "sealed", "")).await;
        let claim = async |workspace| {
            let until = t.sources.now() + TimeDelta::minutes(1);
            in_tx!(t, |tx| tx.workspace(workspace).claim_secret(id, until).await.unwrap())
        };
        assert!(!claim(theirs).await, "it is not theirs");
        assert!(claim(ours).await);
        assert!(!claim(ours).await, "it is claimed");
        in_tx!(t, |tx| tx.workspace(theirs).release_secret(id).await.unwrap());
        assert!(!claim(ours).await, "others end no claim");
        in_tx!(t, |tx| tx.workspace(ours).release_secret(id).await.unwrap());
        assert!(claim(ours).await);
        t.clock.advance(TimeDelta::minutes(1));
        assert!(claim(ours).await, "whoever claimed it came to grief");
        in_tx!(t, |tx| tx.workspace(ours).wipe_secrets(connection.id).await.unwrap());
        assert!(!claim(ours).await, "it is gone");
    }

    async fn connections_are_found_by_the_app_they_were_made_through(t: TestDb) {
        let (ours, theirs) = (workspace(&t, "Quillwater").await, workspace(&t, "Harrow Lane").await);
        let first = connect(&t, ours, installation(), APP).await;
        let second = connect(&t, theirs, installation(), APP).await;
        connect(&t, ours, installation(), "another").await;
        let installs = async |key: &str| {
            let found = t.db.across().installs(key, APP).await.unwrap();
            found.iter().map(|one| (one.workspace, one.connection, one.own_app)).collect::<Vec<_>>()
        };
        assert_eq!(first.via.method(), Method::OAuth);
        assert_eq!(installs("installation").await, [(ours, first.id, None), (theirs, second.id, None)]);
        let own = in_tx!(t, |tx| tx.workspace(theirs).create_oauth_app("own").await.unwrap());
        let via = Via::OwnApp { app: own.id, client_key: own.client_key };
        in_tx!(t, |tx| tx.workspace(theirs).grant_connection(second.id, &via, "Q", "EU", None).await.unwrap());
        assert_eq!(installs("installation").await, [(ours, first.id, None)]);
        assert_eq!(installs("own").await, [(theirs, second.id, Some(own.id))]);
        assert_eq!(t.db.workspace(theirs).connection(second.id).await.unwrap().unwrap().via, via);
        in_tx!(t, |tx| tx.workspace(ours).disconnect(first.id).await.unwrap());
        assert!(installs("installation").await.is_empty());
    }

    async fn an_uninstall_is_begun_answered_and_begun_again(t: TestDb) {
        let told = async |key: &str, app: &str| t.db.across().uninstall(key, app).await.unwrap();
        assert_eq!(told("installation", APP).await, None);
        for answered in [false, true, false] {
            let tx = build::begin(&t.db).await;
            match answered {
                true => tx.across().end_uninstall("installation", APP).await.unwrap(),
                false => tx.across().begin_uninstall("installation", APP).await.unwrap(),
            }
            tx.commit().await.unwrap();
            let found = told("installation", APP).await.unwrap();
            assert_eq!(found.answered_at.is_some(), answered);
            assert_eq!(found.answered_at.unwrap_or(found.begun_at), t.sources.now());
            t.clock.advance(TimeDelta::seconds(1));
        }
        assert_eq!((told("own", APP).await, told("installation", "another").await), (None, None));
    }

    async fn only_a_private_app_has_an_endpoint_of_its_own(t: TestDb) {
        let workspace = workspace(&t, "Quillwater").await;
        let connection = connect(&t, workspace, installation(), APP).await;
        let closed = async || t.db.across().endpoint(&connection.endpoint_token).await.unwrap().unwrap().closed_at;
        assert_eq!(closed().await, Some(connection.created_at));
        in_tx!(t, |tx| tx.workspace(workspace).grant_connection(connection.id, &Via::Token, "Q", "EU", None).await.unwrap());
        assert_eq!(closed().await, None);
        let since = t.sources.now();
        in_tx!(t, |tx| tx.workspace(workspace).grant_connection(connection.id, &installation(), "Q", "EU", None).await.unwrap());
        assert_eq!(closed().await, Some(since));
    }

    async fn what_arrives_at_the_installation_is_counted(t: TestDb) {
        assert_eq!(t.db.across().sighted(Sighting::Head).await.unwrap(), None);
        in_tx!(t, |tx| tx.across().sight(Sighting::Head, 1).await.unwrap());
        let last = t.sources.now();
        in_tx!(t, |tx| tx.across().sight(Sighting::Head, 2).await.unwrap());
        let seen = t.db.across().sighted(Sighting::Head).await.unwrap().unwrap();
        assert_eq!((seen.seen, seen.last_at), (3, last));
        assert_eq!(t.db.across().sighted(Sighting::Verified).await.unwrap(), None);
    }
}
