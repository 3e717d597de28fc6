//! Sealed values open in their own place alone, and only with the key that sealed them.

use crate::support::{APP, Bench, TOKEN, hosts, store};
use earmark_connections::{NotReady, Region, Store, TokenForm};
use earmark_db::tenant::{NewSecret, SecretKind};
use earmark_intercom::Lane;
use earmark_model::{ConnectionId, SecretId, WorkspaceId};
use earmark_seal::{KeyRing, MasterKey, OpenError};
use earmark_testkit::{both_databases, build};

/// Why a connection's token does not open.
async fn fault(store: &Store, workspace: WorkspaceId, connection: ConnectionId) -> OpenError {
    match store.client(workspace, connection, Lane::Interactive).await {
        Err(NotReady::Sealed(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn store_with(bench: &Bench, ring: &KeyRing) -> Store {
    let urls = bench.regions.each_ref().map(|one| one.url());
    store(&bench.t, &bench.t.db, ring, hosts(urls))
}

both_databases! {
    async fn a_value_moved_to_another_place_does_not_open(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let (db, ours) = (&bench.t.db, bench.workspace());
        let stored = bench.secrets(id, SecretKind::AccessToken).await.remove(0);
        let put = async |workspace, connection, id: SecretId, kind| {
            build::secret(db, workspace, connection, (id, kind, &stored.sealed, "")).await;
        };

        let twin = build::connection(db, ours, "another").await.id;
        put(ours, twin, bench.t.sources.id(), SecretKind::AccessToken).await;
        assert_eq!(fault(&bench.store, ours, twin).await, OpenError::AlteredOrMoved, "another connection");

        put(ours, id, bench.t.sources.id(), SecretKind::AccessToken).await;
        assert_eq!(fault(&bench.store, ours, id).await, OpenError::AlteredOrMoved, "another row");

        let other = build::people(db, "Lumen").await.workspace.id;
        let theirs = build::connection(db, other, APP).await.id;
        put(other, theirs, stored.id, SecretKind::AccessToken).await;
        assert_eq!(fault(&bench.store, other, theirs).await, OpenError::AlteredOrMoved, "another workspace");

        put(ours, id, stored.id, SecretKind::AccessToken).await;
        bench.store.client(ours, id, Lane::Interactive).await.expect("back in its place it opens");
    }

    async fn a_client_secret_does_not_open_as_a_token(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let workspace = bench.workspace();
        bench.store.set_client_secret(workspace, &bench.actor(), id, "shown-to-intercom-never").await.unwrap();
        let secret = bench.secrets(id, SecretKind::ClientSecret).await.remove(0);
        let tx = build::begin(&bench.t.db).await;
        let tenant = tx.workspace(workspace);
        // Takes the row's id, so that the kind alone differs.
        for kind in [SecretKind::ClientSecret, SecretKind::AccessToken] {
            tenant.keep_secrets(id, kind, 0).await.unwrap();
        }
        let new = NewSecret {
            id: secret.id,
            kind: SecretKind::AccessToken,
            sealed: &secret.sealed,
            last4: "",
            expires_at: None,
        };
        tenant.add_secret(id, new).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(fault(&bench.store, workspace, id).await, OpenError::AlteredOrMoved);
    }

    async fn a_former_key_still_opens_and_a_wrong_one_does_not(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let stored = bench.secrets(id, SecretKind::AccessToken).await.remove(0);
        let wrong = KeyRing::new(MasterKey::generate(&bench.t.sources), []);
        let error = fault(&store_with(&bench, &wrong), bench.workspace(), id).await;
        let key_id = bench.ring.key_ids().next().unwrap().to_owned();
        assert_eq!(error, OpenError::UnknownKey { key_id });

        let former = MasterKey::generate(&bench.t.sources);
        let old = KeyRing::new(former.clone(), []);
        let sealed_before = store_with(&bench, &old);
        let (workspace, actor) = (bench.workspace(), bench.actor());
        sealed_before.set_client_secret(workspace, &actor, id, "sealed-with-the-former").await.unwrap();
        let form = TokenForm {
            name: String::new(),
            region: Region::Us,
            token: TOKEN.to_owned(),
            reconnect: None,
        };
        sealed_before.connect_with_token(workspace, &actor, form).await.unwrap();
        let rotated = KeyRing::new(MasterKey::generate(&bench.t.sources), [former]);
        let ready = store_with(&bench, &rotated).client(workspace, id, Lane::Interactive).await.unwrap();
        ready.client.me().await.unwrap();
        assert_ne!(bench.secrets(id, SecretKind::AccessToken).await[0].sealed, stored.sealed);
    }

    async fn a_connection_without_secrets_is_disconnected(t: TestDb) {
        let bench = Bench::new(t).await;
        let id = build::connection(&bench.t.db, bench.workspace(), APP).await.id;
        let none = bench.store.client(bench.workspace(), id, Lane::Interactive).await;
        assert!(matches!(none, Err(NotReady::Disconnected)), "{none:?}");
    }
}
