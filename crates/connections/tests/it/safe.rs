//! The safe as a whole: keys are rotated, whatever happens meanwhile, and what does not open is named.

use crate::support::{APP, Bench, SECRET, TOKEN, hosts, store};
use earmark_connections::{Region, Store};
use earmark_db::tenant::{SecretKind, Via};
use earmark_intercom::Lane;
use earmark_model::{ConnectionId, WorkspaceId};
use earmark_seal::{KeyRing, MasterKey, OpenError};
use earmark_testkit::{both_databases, build, eventually};
use futures::poll;
use std::pin::pin;
use std::task::Poll;

/// A store with a new key before the bench's own.
fn rotating(bench: &Bench) -> (Store, KeyRing) {
    let new = MasterKey::generate(&bench.t.sources);
    let ring = KeyRing::new(new.clone(), [bench.key.clone()]);
    (with_ring(bench, &ring), KeyRing::new(new, []))
}

fn with_ring(bench: &Bench, ring: &KeyRing) -> Store {
    let urls = bench.regions.each_ref().map(|one| one.url());
    store(&bench.t, &bench.t.db, ring, hosts(urls))
}

/// Secrets of every kind and owner, in two workspaces. Gives how many.
async fn fill(bench: &Bench, id: ConnectionId) -> u64 {
    let (ours, actor) = (bench.workspace(), bench.actor());
    for secret in [SECRET, "another-client-secret"] {
        let set = bench.store.set_client_secret(ours, &actor, id, secret);
        set.await.unwrap();
    }
    let theirs = build::people(&bench.t.db, "Lumen").await.workspace.id;
    let via = Via::Installation {
        client_key: "a-key".to_owned(),
    };
    let other = bench.granted(theirs, via, "their-token").await;
    bench
        .seal(
            theirs,
            other,
            SecretKind::RefreshToken,
            "their-refresh-token",
        )
        .await;
    let tx = build::begin(&bench.t.db).await;
    let app = tx.workspace(ours).create_oauth_app("own").await.unwrap().id;
    tx.commit().await.unwrap();
    bench
        .seal(ours, app, SecretKind::ClientId, "own-client-id")
        .await;
    bench
        .seal(ours, app, SecretKind::ClientSecret, "own-client-secret")
        .await;
    7
}

async fn opens(store: &Store, workspace: WorkspaceId, id: ConnectionId) {
    let ready = store.client(workspace, id, Lane::Interactive).await;
    ready.unwrap().client.me().await.unwrap();
}

both_databases! {
    async fn everything_is_sealed_anew_and_opens_with_the_new_key_alone(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let count = fill(&bench, id).await;
        let (during, after) = rotating(&bench);
        let former = bench.ring.key_ids().next().unwrap().to_owned();
        let before = during.check_all().await.unwrap();
        assert_eq!((before.open.get(&former), before.shut.len()), (Some(&count), 0));

        let done = during.reseal_all().await.unwrap();
        assert_eq!((done.resealed, done.current, done.replaced), (count, 0, 0));
        assert!(done.complete && done.shut.is_empty(), "{done:?}");
        let after = with_ring(&bench, &after);
        let found = after.check_all().await.unwrap();
        assert_eq!(found.open, [(after.primary_key().to_owned(), count)].into());
        assert_eq!(found.shut, []);
        opens(&after, bench.workspace(), id).await;
        let again = during.reseal_all().await.unwrap();
        assert_eq!((again.resealed, again.current), (0, count));
    }

    async fn broken_off_anywhere_it_goes_on_and_nothing_is_lost(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let count = fill(&bench, id).await;
        let (during, after) = rotating(&bench);
        // Polled a little more often each time, and dropped there.
        for polls in 0..12 {
            let mut run = pin!(during.reseal_all());
            let mut polled = 0;
            eventually(crate::support::PATIENCE, "some polls", async || {
                polled += 1;
                let ended = matches!(poll!(run.as_mut()), Poll::Ready(_));
                (ended || polled > polls).then_some(())
            })
            .await;
            let found = during.check_all().await.unwrap();
            assert_eq!((found.open.values().sum::<u64>(), found.shut.len()), (count, 0));
        }
        let done = during.reseal_all().await.unwrap();
        assert!(done.complete, "{done:?}");
        assert_eq!(done.resealed + done.current, count);
        let after = with_ring(&bench, &after);
        assert_eq!(after.check_all().await.unwrap().shut, []);
        opens(&after, bench.workspace(), id).await;
    }

    async fn a_secret_that_is_replaced_meanwhile_stays_replaced(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let stored = bench.secrets(id, SecretKind::AccessToken).await.remove(0);
        bench.connect(Region::Us, TOKEN).await.unwrap();
        let tx = build::begin(&bench.t.db).await;
        let late = tx.across().reseal(bench.workspace(), stored.id, &stored.sealed, "late").await.unwrap();
        assert!(!late, "that row is gone");
        let now = bench.secrets(id, SecretKind::AccessToken).await.remove(0);
        let stale = tx.across().reseal(bench.workspace(), now.id, "something else", "late").await.unwrap();
        assert!(!stale, "it is not what was read");
        tx.commit().await.unwrap();
        opens(&bench.store, bench.workspace(), id).await;
    }

    async fn secrets_written_while_keys_rotate_are_all_under_the_new_key_at_the_end(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        fill(&bench, id).await;
        let (during, after) = rotating(&bench);
        let (workspace, actor) = (bench.workspace(), bench.actor());
        let writing = async {
            for n in 0..20 {
                let secret = format!("client-secret-number-{n}");
                during.set_client_secret(workspace, &actor, id, &secret).await.unwrap();
            }
        };
        let (done, ()) = tokio::join!(during.reseal_all(), writing);
        let done = done.unwrap();
        assert!(done.complete && done.shut.is_empty(), "{done:?}");
        let after = with_ring(&bench, &after);
        let found = after.check_all().await.unwrap();
        assert_eq!((found.open.len(), found.shut.len()), (1, 0), "{found:?}");
        opens(&after, workspace, id).await;
    }

    async fn what_does_not_open_is_named_and_left_alone(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        fill(&bench, id).await;
        let stored = bench.secrets(id, SecretKind::AccessToken).await.remove(0);
        let twin = build::connection(&bench.t.db, bench.workspace(), &format!("{APP}-twin")).await.id;
        let moved = bench.t.sources.id();
        let parts = (moved, SecretKind::AccessToken, stored.sealed.as_str(), "");
        build::secret(&bench.t.db, bench.workspace(), twin, parts).await;
        let mut changed = stored.sealed.clone();
        let last = if changed.ends_with('A') { "B" } else { "A" };
        changed.replace_range(20..21, last);
        let other = build::connection(&bench.t.db, bench.workspace(), &format!("{APP}-other")).await.id;
        let altered = bench.t.sources.id();
        let parts = (altered, SecretKind::AccessToken, changed.as_str(), "");
        build::secret(&bench.t.db, bench.workspace(), other, parts).await;

        let (during, _) = rotating(&bench);
        let done = during.reseal_all().await.unwrap();
        let named: Vec<_> = done.shut.iter().map(|shut| (shut.table, shut.id)).collect();
        assert_eq!(named, [("secrets", moved), ("secrets", altered)]);
        assert!(done.shut.iter().all(|shut| shut.why == OpenError::AlteredOrMoved));
        let kept = bench.secrets(twin, SecretKind::AccessToken).await.remove(0);
        assert_eq!(kept.sealed, stored.sealed);

        let wrong = with_ring(&bench, &KeyRing::new(MasterKey::generate(&bench.t.sources), []));
        let found = wrong.check_all().await.unwrap();
        assert!(found.open.is_empty());
        assert!(found.shut.iter().all(|shut| matches!(shut.why, OpenError::UnknownKey { .. })), "{found:?}");
        let told = format!("{found:?}");
        assert!(!told.contains(TOKEN) && !told.contains(&stored.sealed[12..]), "{told}");
    }
}
