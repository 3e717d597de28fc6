//! Disconnecting OAuth connections: Intercom is told by the last one, and what was copied is kept or erased.

use crate::support::{APP, Bench, TOKEN, app, hosts, intercom_workspace, nobody, store};
use chrono::{DateTime, TimeDelta, Utc};
use earmark_connections::{
    ConnectError, Connected, Grant, ManageError, Mirrored, Region, Tokens, Uninstalled, client_key,
};
use earmark_db::tenant::{SecretKind, Via};
use earmark_intercom::{Lane, Token};
use earmark_model::{ConnectionId, ConnectionStatus, Job, Method, WorkspaceId};
use earmark_testkit::{both_databases, build};
use futures::future::join_all;
use serde_json::{Value, json};

/// The client id of the installation's OAuth app.
const CLIENT: &str = "installation-app";

/// An OAuth app that is installed in the Intercom workspace.
async fn installed(bench: &Bench, token: &str) {
    let mut workspace = intercom_workspace(APP, Region::Us, &app("of-a-private-app"));
    workspace["name"] = json!("Quillwater Support");
    let oauth = json!({
        "client_id": CLIENT, "name": "Earmark", "client_secret": "a-secret-of-the-app",
        "installations": [{"app_id": APP, "token": token}],
    });
    let seed = json!({"workspaces": [workspace], "oauth_apps": [oauth]});
    bench.region(Region::Us).order("seed", &seed).await;
}

fn installation() -> Via {
    Via::Installation {
        client_key: client_key(CLIENT),
    }
}

/// How often the sandbox was told to uninstall.
async fn told(bench: &Bench) -> usize {
    let requests: Value = bench.region(Region::Us).ask("requests").await;
    let requests = requests["requests"].as_array().unwrap().clone();
    let told = requests
        .iter()
        .filter(|one| one["path"] == "/auth/uninstall");
    told.count()
}

/// Another workspace of ours.
async fn other(bench: &Bench) -> WorkspaceId {
    build::people(&bench.t.db, "Lumen").await.workspace.id
}

async fn disconnect(
    bench: &Bench,
    workspace: WorkspaceId,
    id: ConnectionId,
) -> Result<Uninstalled, ManageError> {
    bench
        .store
        .disconnect(workspace, &bench.actor(), id, Mirrored::Keep)
        .await
}

/// What the OAuth flow does with credentials that it asked for at a time.
async fn connect(
    bench: &Bench,
    workspace: WorkspaceId,
    token: &str,
    asked_at: DateTime<Utc>,
) -> Result<Connected, ConnectError> {
    let grant = Grant {
        via: installation(),
        tokens: Tokens {
            access: Token::new(token),
            refresh: None,
            expires_at: None,
        },
        asked_at,
        region: Region::Us,
        name: String::new(),
        reconnect: None,
    };
    let actor = bench.actor();
    bench
        .store
        .connect_with_grant(workspace, &actor, grant)
        .await
}

async fn no_tokens(bench: &Bench) {
    let left = bench.t.db.across().sealed_secrets(None, 10).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

both_databases! {
    async fn only_the_last_of_two_workspaces_uninstalls_the_app(t: TestDb) {
        let bench = Bench::new(t).await;
        installed(&bench, TOKEN).await;
        let (ours, theirs) = (bench.workspace(), other(&bench).await);
        let first = bench.granted(ours, installation(), TOKEN).await;
        let second = bench.granted(theirs, installation(), TOKEN).await;
        let done = disconnect(&bench, ours, first).await.unwrap();
        assert_eq!((done.clone(), told(&bench).await), (Uninstalled::StillListed, 0));
        assert!(done.words(Method::OAuth).contains("still lists the app"));
        assert_eq!(disconnect(&bench, theirs, second).await.unwrap(), Uninstalled::Done);
        assert_eq!(told(&bench).await, 1);
        no_tokens(&bench).await;
    }

    async fn those_that_disconnect_at_once_uninstall_once_and_leave_no_token(t: TestDb) {
        let bench = Bench::new(t).await;
        installed(&bench, TOKEN).await;
        let mut all = Vec::new();
        for name in ["Lumen", "Birch", "Tide", "Harrow"] {
            let workspace = build::people(&bench.t.db, name).await.workspace.id;
            all.push((workspace, bench.granted(workspace, installation(), TOKEN).await));
        }
        let ends = join_all(all.iter().map(|(workspace, id)| disconnect(&bench, *workspace, *id))).await;
        let mut ends: Vec<_> = ends.into_iter().map(Result::unwrap).collect();
        ends.sort_by_key(|end| *end == Uninstalled::Done);
        let listed = Uninstalled::StillListed;
        assert_eq!(ends, [listed.clone(), listed.clone(), listed, Uninstalled::Done]);
        assert_eq!(told(&bench).await, 1);
        no_tokens(&bench).await;
    }

    async fn what_was_granted_before_the_uninstall_was_answered_is_void(t: TestDb) {
        let bench = Bench::new(t).await;
        installed(&bench, TOKEN).await;
        let (ours, theirs) = (bench.workspace(), other(&bench).await);
        let first = bench.granted(ours, installation(), TOKEN).await;
        let before = bench.t.sources.now();
        bench.t.clock.advance(TimeDelta::seconds(1));
        assert_eq!(disconnect(&bench, ours, first).await.unwrap(), Uninstalled::Done);
        // A token that works all the same: what is refused is its age.
        installed(&bench, "another-token").await;
        let refused = connect(&bench, theirs, "another-token", before).await;
        assert!(matches!(refused, Err(ConnectError::Uninstalled)), "{refused:?}");
        no_tokens(&bench).await;
        connect(&bench, theirs, "another-token", bench.t.sources.now()).await.unwrap();

        // An uninstall that is never answered, because its process died, ends by itself.
        let tx = build::begin(&bench.t.db).await;
        tx.across().begin_uninstall(&client_key(CLIENT), APP).await.unwrap();
        tx.commit().await.unwrap();
        let refused = connect(&bench, ours, "another-token", bench.t.sources.now()).await;
        assert!(matches!(refused, Err(ConnectError::Uninstalled)), "{refused:?}");
        bench.t.clock.advance(TimeDelta::minutes(2));
        connect(&bench, ours, "another-token", bench.t.sources.now()).await.unwrap();
    }

    async fn who_connects_while_the_last_disconnects_keeps_a_token_that_works_or_none(t: TestDb) {
        let bench = Bench::new(t).await;
        let (ours, theirs) = (bench.workspace(), other(&bench).await);
        for round in 0..8 {
            // Of the sandbox, both get the same token.
            let token = format!("token-of-round-{round}");
            installed(&bench, &token).await;
            let asked_at = bench.t.sources.now();
            let first = connect(&bench, ours, &token, asked_at).await.unwrap().connection;
            bench.t.clock.advance(TimeDelta::seconds(1));
            let (left, came) = tokio::join!(
                disconnect(&bench, ours, first),
                connect(&bench, theirs, &token, asked_at),
            );
            match (left.unwrap(), came) {
                (Uninstalled::StillListed, Ok(connected)) => {
                    let ready = bench.store.client(theirs, connected.connection, Lane::Interactive).await.unwrap();
                    ready.client.me().await.expect("the token works");
                    disconnect(&bench, theirs, connected.connection).await.unwrap();
                }
                (Uninstalled::Done, Err(_)) => no_tokens(&bench).await,
                other => panic!("{other:?}"),
            }
            bench.t.clock.advance(TimeDelta::seconds(1));
        }
    }

    async fn an_own_app_and_another_intercom_workspace_do_not_count(t: TestDb) {
        let bench = Bench::new(t).await;
        installed(&bench, TOKEN).await;
        let (ours, theirs) = (bench.workspace(), other(&bench).await);
        let first = bench.granted(ours, installation(), TOKEN).await;
        let via = Via::Installation { client_key: client_key("another-app") };
        bench.granted(theirs, via, "another-token").await;
        assert_eq!(disconnect(&bench, ours, first).await.unwrap(), Uninstalled::Done);
    }

    async fn a_private_app_is_never_uninstalled(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let done = disconnect(&bench, bench.workspace(), id).await.unwrap();
        assert_eq!((done.clone(), told(&bench).await), (Uninstalled::StillListed, 0));
        assert!(done.words(Method::AccessToken).contains("only its owner can remove it"));
    }

    async fn an_intercom_that_is_away_does_not_keep_the_connection(t: TestDb) {
        let bench = Bench::new(t).await;
        let id = bench.granted(bench.workspace(), installation(), TOKEN).await;
        let away = store(&bench.t, &bench.t.db, &bench.ring, hosts([nobody(), nobody(), nobody()]));
        let done = away.disconnect(bench.workspace(), &bench.actor(), id, Mirrored::Keep).await.unwrap();
        let Uninstalled::Untold(why) = &done else { panic!("{done:?}") };
        assert!(why.contains("could not be reached"), "{why}");
        let words = done.words(Method::OAuth);
        assert!(words.contains("Remove it there"), "{words}");
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::Disconnected);
        no_tokens(&bench).await;
    }

    async fn what_intercom_uninstalled_before_is_not_uninstalled_again(t: TestDb) {
        let bench = Bench::new(t).await;
        installed(&bench, TOKEN).await;
        let id = bench.granted(bench.workspace(), installation(), TOKEN).await;
        let tx = build::begin(&bench.t.db).await;
        let tenant = tx.workspace(bench.workspace());
        tenant.move_connection(id, ConnectionStatus::Uninstalled, None).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(disconnect(&bench, bench.workspace(), id).await.unwrap(), Uninstalled::Before);
        assert_eq!(told(&bench).await, 0);
        no_tokens(&bench).await;
    }

    async fn jobs_that_would_ask_intercom_go_and_those_of_others_stay(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let twin = bench.granted(other(&bench).await, installation(), TOKEN).await;
        let product = build::product(&bench.t.db, bench.workspace(), "Ledger").await;
        build::ticket(&bench.t.db, bench.workspace(), product.id, id, ("215473908114027", "1")).await;
        let tenant = bench.t.db.workspace(bench.workspace());
        let details = Job::Details { connection: id, conversation: "215473908114027".to_owned() };
        let jobs = [details.clone(), Job::CheckConnection { connection: id }, Job::RefreshTags { connection: id }];
        let tx = build::begin(&bench.t.db).await;
        for job in &jobs {
            tx.workspace(bench.workspace()).enqueue(job).await.unwrap();
        }
        let theirs = Job::RefreshTags { connection: twin };
        tx.workspace(bench.workspace()).enqueue(&theirs).await.unwrap();
        tx.commit().await.unwrap();
        disconnect(&bench, bench.workspace(), id).await.unwrap();
        for job in &jobs {
            assert!(!tenant.is_queued(job).await.unwrap(), "{job:?}");
        }
        assert!(tenant.is_queued(&theirs).await.unwrap());
        let conversation = tenant.conversation(id, "215473908114027").await.unwrap().unwrap();
        assert_eq!(conversation.details_note.as_deref(), Some("the connection is disconnected"), "nothing follows any more");
    }

    async fn erasing_is_begun_with_the_disconnect_and_keeps_the_connection_until_it_is_over(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let (workspace, actor, store) = (bench.workspace(), bench.actor(), &bench.store);
        build::tags(&bench.t.db, workspace, id, &[("7", "feature")], &[("9", "Ada")]).await;
        let early = store.erase(workspace, &actor, id).await;
        assert!(matches!(early, Err(ManageError::Missing)), "{early:?}");
        store.disconnect(workspace, &actor, id, Mirrored::Erase).await.unwrap();
        let tenant = bench.t.db.workspace(workspace);
        let erasure = tenant.erasure(id).await.unwrap().unwrap();
        assert_eq!((erasure.total, erasure.done, erasure.finished_at), (2, 0, None));
        assert!(tenant.is_queued(&Job::Erase { connection: id }).await.unwrap());
        let refused = bench.connect(Region::Us, TOKEN).await;
        assert!(matches!(refused, Err(ConnectError::Erasing)), "{refused:?}");
        let twice = store.erase(workspace, &actor, id).await;
        assert!(matches!(twice, Err(ManageError::Erasing)), "{twice:?}");

        let tx = build::begin(&bench.t.db).await;
        tx.workspace(workspace).finish_erasure(id).await.unwrap();
        tx.commit().await.unwrap();
        store.erase(workspace, &actor, id).await.expect("it can be asked for again");
        let tx = build::begin(&bench.t.db).await;
        tx.workspace(workspace).finish_erasure(id).await.unwrap();
        tx.commit().await.unwrap();
        let again = bench.connect(Region::Us, TOKEN).await.unwrap();
        assert_eq!((again.connection, again.replaced), (id, true));
        assert_eq!(bench.secrets(id, SecretKind::AccessToken).await.len(), 1);
    }
}
