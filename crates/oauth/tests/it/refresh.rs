//! Access tokens that expire.

use crate::support::{World, hosts, services};
use chrono::TimeDelta;
use earmark_connections::{NotReady, Ready, Store};
use earmark_db::tenant::SecretKind;
use earmark_intercom::Lane;
use earmark_model::{ConnectionId, ConnectionStatus};
use earmark_sandbox::{DEMO_APP_ID, DEMO_OAUTH_CLIENT_ID};
use earmark_testkit::both_databases;
use serde_json::json;

/// A connection whose tokens last an hour.
async fn expiring(world: &World) -> ConnectionId {
    let order = json!({"app": DEMO_OAUTH_CLIENT_ID, "refresh": {"expires_in": 3600}});
    world.sandbox.order("app", &order).await;
    let id = world.connect(DEMO_APP_ID, None).await.connection;
    let access = world.secrets(id, SecretKind::AccessToken).await;
    assert_eq!(
        access[0].expires_at,
        Some(world.t.sources.now() + TimeDelta::hours(1))
    );
    assert_eq!(world.secrets(id, SecretKind::RefreshToken).await.len(), 1);
    id
}

async fn client(world: &World, store: &Store, id: ConnectionId) -> Result<Ready, NotReady> {
    store.client(world.workspace(), id, Lane::Interactive).await
}

both_databases! {
    async fn a_token_is_renewed_in_time(t: TestDb) {
        let world = World::new(t).await;
        let id = expiring(&world).await;
        let first = client(&world, &world.store, id).await.unwrap();
        world.t.clock.advance(TimeDelta::minutes(54));
        let same = client(&world, &world.store, id).await.unwrap();
        assert_eq!(same.secret, first.secret, "it lasts");
        world.t.clock.advance(TimeDelta::minutes(2));
        let next = client(&world, &world.store, id).await.unwrap();
        assert_ne!(next.secret, first.secret);
        next.client.me().await.unwrap();
        world.t.clock.advance(TimeDelta::minutes(10));
        next.client.me().await.unwrap();
        let (access, refresh) = (
            world.secrets(id, SecretKind::AccessToken).await,
            world.secrets(id, SecretKind::RefreshToken).await,
        );
        assert_eq!((access.len(), refresh.len()), (1, 1));
        // Also long after it expired, and with the refresh token that came with the second.
        world.t.clock.advance(TimeDelta::days(3));
        client(&world, &world.store, id).await.unwrap().client.me().await.unwrap();
        assert_eq!(world.connection(id).await.status, ConnectionStatus::Connected);
    }

    async fn two_processes_that_renew_at_once_both_end_with_a_token_that_works(t: TestDb) {
        let world = World::new(t).await;
        let id = expiring(&world).await;
        let other = world.t.another().await;
        let (store, _) = services(&world.t, &other, &world.ring, hosts(&world.sandbox.url()));
        world.t.clock.advance(TimeDelta::hours(2));
        // Each refresh token is good for one time, so a second exchange would be refused.
        let slow = json!({"kind": "slow", "ms": 300, "match": "POST /auth/eagle/token"});
        world.sandbox.order("faults", &slow).await;
        let (a, b, c, d) = tokio::join!(
            client(&world, &world.store, id),
            client(&world, &store, id),
            client(&world, &world.store, id),
            client(&world, &store, id),
        );
        let all = [a, b, c, d].map(Result::unwrap);
        assert!(all.iter().all(|one| one.secret == all[0].secret), "{all:?}");
        for ready in &all {
            ready.client.me().await.unwrap();
        }
        assert_eq!(world.connection(id).await.status, ConnectionStatus::Connected);
        other.close().await.unwrap();
    }

    async fn a_claim_of_a_process_that_died_is_taken_over(t: TestDb) {
        let world = World::new(t).await;
        let id = expiring(&world).await;
        world.t.clock.advance(TimeDelta::hours(2));
        let refresh = world.secrets(id, SecretKind::RefreshToken).await[0].id;
        let tx = world.t.db.begin().await.unwrap();
        let until = world.t.sources.now() + TimeDelta::seconds(90);
        assert!(tx.workspace(world.workspace()).claim_secret(refresh, until).await.unwrap());
        tx.commit().await.unwrap();
        let (ready, ()) = tokio::join!(client(&world, &world.store, id), async {
            tokio::task::yield_now().await;
            world.t.clock.advance(TimeDelta::seconds(91));
        });
        ready.unwrap().client.me().await.unwrap();
    }

    async fn a_refused_renewal_needs_a_member(t: TestDb) {
        let world = World::new(t).await;
        let id = expiring(&world).await;
        world.sandbox.order("rotate", &json!({"app": DEMO_OAUTH_CLIENT_ID})).await;
        world.t.clock.advance(TimeDelta::minutes(57));
        let refused = client(&world, &world.store, id).await;
        assert!(matches!(refused, Err(NotReady::NeedsReconnecting)), "{refused:?}");
        let row = world.connection(id).await;
        assert_eq!(row.status, ConnectionStatus::NeedsReconnecting);
        assert!(row.status_note.unwrap().contains("refused to renew"));
        assert!(world.secrets(id, SecretKind::RefreshToken).await.is_empty());
    }

    async fn without_intercom_a_token_is_used_as_long_as_it_lasts(t: TestDb) {
        let world = World::new(t).await;
        let id = expiring(&world).await;
        let down = json!({"kind": "status", "status": 503, "match": "POST /auth/eagle/token"});
        world.t.clock.advance(TimeDelta::minutes(57));
        world.sandbox.order("faults", &down).await;
        client(&world, &world.store, id).await.unwrap().client.me().await.unwrap();
        world.t.clock.advance(TimeDelta::minutes(4));
        world.sandbox.order("faults", &down).await;
        let failed = client(&world, &world.store, id).await;
        assert!(matches!(failed, Err(NotReady::CannotRefresh(_))), "{failed:?}");
        client(&world, &world.store, id).await.unwrap().client.me().await.unwrap();
    }
}
