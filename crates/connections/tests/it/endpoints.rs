//! What the letterbox is told about an endpoint token. The clock stands still, so only the change signal renews an answer.

use crate::support::{Bench, PATIENCE, SECRET, hosts, store};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_connections::{Audience, Endpoints, Mirrored, Receiver, Resolved};
use earmark_db::tenant::SecretKind;
use earmark_model::ConnectionId;
use earmark_testkit::{both_databases, build, eventually};
use std::sync::Arc;

async fn resolve(endpoints: &Endpoints, token: &str) -> Arc<Resolved> {
    endpoints
        .resolve(token)
        .await
        .unwrap()
        .expect("a known token")
}

/// Waits until this secret is the newest one to verify with.
async fn secret_is(endpoints: &Endpoints, token: &str, wanted: &str) {
    eventually(PATIENCE, wanted, async || {
        let resolved = resolve(endpoints, token).await;
        let secrets: Vec<_> = resolved
            .secrets
            .iter()
            .map(|one| one.secret.expose())
            .collect();
        (secrets.first() == Some(&wanted.as_bytes())).then_some(())
    })
    .await;
}

/// Endpoints as another process has them; on SQLite there is no other.
async fn elsewhere(bench: &Bench) -> Endpoints {
    let db = if bench.t.db.is_shared() {
        bench.t.another().await
    } else {
        bench.t.db.clone()
    };
    let urls = bench.regions.each_ref().map(|one| one.url());
    Endpoints::new(store(&bench.t, &db, &bench.ring, hosts(urls)))
}

async fn set(bench: &Bench, id: ConnectionId, secret: &str) {
    let (workspace, actor) = (bench.workspace(), bench.actor());
    bench
        .store
        .set_client_secret(workspace, &actor, id, secret)
        .await
        .unwrap();
}

async fn verified_at(bench: &Bench, id: ConnectionId) -> Option<DateTime<Utc>> {
    bench.secrets(id, SecretKind::ClientSecret).await[0].verified_at
}

async fn verified_becomes(bench: &Bench, id: ConnectionId, at: DateTime<Utc>) {
    eventually(PATIENCE, "the time is written", async || {
        (verified_at(bench, id).await == Some(at)).then_some(())
    })
    .await;
}

both_databases! {
    async fn a_token_leads_to_its_connection_and_an_unknown_one_nowhere(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let endpoints = Endpoints::new(bench.store.clone());
        let row = bench.connection(id).await;
        let resolved = resolve(&endpoints, &row.endpoint_token).await;
        let to = Receiver { workspace: bench.workspace(), connection: id };
        assert_eq!(resolved.audience, Audience::Connection { to, app_id: row.app_id });
        assert_eq!(resolved.closed_at, None);
        assert_eq!(resolved.secrets.len(), 0, "no client secret yet");
        for unknown in ["", "nothing", &row.endpoint_token[1..], &row.endpoint_token.to_uppercase()] {
            assert!(endpoints.resolve(unknown).await.unwrap().is_none(), "{unknown}");
        }
    }

    async fn a_new_secret_is_used_at_once_in_every_process(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let token = bench.connection(id).await.endpoint_token;
        let here = Endpoints::new(bench.store.clone());
        let there = elsewhere(&bench).await;
        for secret in [SECRET, "regenerated-client-secret", "and-once-more-a-secret"] {
            // Both know the one before by now, and would go on with it.
            resolve(&here, &token).await;
            resolve(&there, &token).await;
            set(&bench, id, secret).await;
            secret_is(&here, &token, secret).await;
            secret_is(&there, &token, secret).await;
        }
    }

    async fn a_disconnect_closes_the_endpoint_at_once(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let token = bench.connection(id).await.endpoint_token;
        set(&bench, id, SECRET).await;
        let (here, there) = (Endpoints::new(bench.store.clone()), elsewhere(&bench).await);
        for endpoints in [&here, &there] {
            secret_is(endpoints, &token, SECRET).await;
        }
        bench.store.disconnect(bench.workspace(), &bench.actor(), id, Mirrored::Keep).await.unwrap();
        for endpoints in [&here, &there] {
            let closed = eventually(PATIENCE, "the endpoint is closed", async || {
                Some(resolve(endpoints, &token).await).filter(|one| one.closed_at.is_some())
            })
            .await;
            assert_eq!(closed.closed_at, Some(bench.t.sources.now()));
            assert_eq!(closed.secrets.len(), 0);
        }
    }

    async fn an_answer_is_kept_for_seconds_and_then_asked_for_again(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        set(&bench, id, SECRET).await;
        let token = bench.connection(id).await.endpoint_token;
        let endpoints = Endpoints::new(bench.store.clone());
        let first = eventually(PATIENCE, "an answer is kept", async || {
            let first = resolve(&endpoints, &token).await;
            Arc::ptr_eq(&first, &resolve(&endpoints, &token).await).then_some(first)
        })
        .await;
        bench.t.clock.advance(TimeDelta::seconds(5));
        assert!(!Arc::ptr_eq(&first, &resolve(&endpoints, &token).await));
    }

    async fn the_former_secret_verifies_until_the_new_one_does(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let token = bench.connection(id).await.endpoint_token;
        set(&bench, id, SECRET).await;
        set(&bench, id, "the-rotated-client-secret").await;
        let endpoints = Endpoints::new(bench.store.clone());
        let both = resolve(&endpoints, &token).await;
        let live: Vec<_> = both.secrets.iter().map(|one| one.secret.expose()).collect();
        assert_eq!(live, [b"the-rotated-client-secret".as_slice(), SECRET.as_bytes()]);
        endpoints.verified(&both, 1);
        eventually(PATIENCE, "the former one has verified", async || {
            bench.secrets(id, SecretKind::ClientSecret).await[1].verified_at
        })
        .await;
        assert_eq!(bench.secrets(id, SecretKind::ClientSecret).await.len(), 2);
        endpoints.verified(&both, 0);
        eventually(PATIENCE, "the former one is dropped", async || {
            let left = bench.secrets(id, SecretKind::ClientSecret).await;
            (left.len() == 1 && left[0].last4 == "cret").then_some(())
        })
        .await;
        eventually(PATIENCE, "nobody verifies with it any more", async || {
            (resolve(&endpoints, &token).await.secrets.len() == 1).then_some(())
        })
        .await;
    }

    async fn a_secret_that_does_not_open_is_left_out(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let token = bench.connection(id).await.endpoint_token;
        let row = (bench.t.sources.id(), SecretKind::ClientSecret, "v1.00000000.AAAA", "");
        build::secret(&bench.t.db, bench.workspace(), id, row).await;
        let resolved = resolve(&Endpoints::new(bench.store.clone()), &token).await;
        assert_eq!(resolved.secrets.len(), 0);
    }

    async fn the_time_of_verifying_is_written_once_a_minute_at_most(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        set(&bench, id, SECRET).await;
        let token = bench.connection(id).await.endpoint_token;
        // A fence: what is written for it was asked for later.
        let other = build::connection(&bench.t.db, bench.workspace(), "fence").await;
        set(&bench, other.id, SECRET).await;
        let endpoints = Endpoints::new(bench.store.clone());
        let first = eventually(PATIENCE, "an answer is kept", async || {
            let first = resolve(&endpoints, &token).await;
            Arc::ptr_eq(&first, &resolve(&endpoints, &token).await).then_some(first)
        })
        .await;
        let start = bench.t.sources.now();
        endpoints.verified(&first, 0);
        endpoints.verified(&first, 7);
        verified_becomes(&bench, id, start).await;

        bench.t.clock.advance(TimeDelta::seconds(3));
        for _ in 0..5 {
            // The kept answer does not know yet what was written.
            endpoints.verified(&first, 0);
        }
        bench.t.clock.advance(TimeDelta::seconds(56));
        endpoints.verified(&*resolve(&endpoints, &token).await, 0);
        let fence = resolve(&endpoints, &other.endpoint_token).await;
        endpoints.verified(&fence, 0);
        verified_becomes(&bench, other.id, bench.t.sources.now()).await;
        assert_eq!(verified_at(&bench, id).await, Some(start), "a minute is not over");

        bench.t.clock.advance(TimeDelta::seconds(1));
        endpoints.verified(&*resolve(&endpoints, &token).await, 0);
        verified_becomes(&bench, id, bench.t.sources.now()).await;
    }
}
