//! Connecting by access token: what is stored, and connecting again.

use crate::support::{APP, Bench, SECRET, TOKEN, app};
use earmark_connections::{ConnectError, Mirrored, Region, TokenForm};
use earmark_db::tenant::{AuditLine, SecretKind, Via};
use earmark_intercom::Lane;
use earmark_model::{ConnectionStatus, Job};
use earmark_testkit::{both_databases, build};

async fn audit(bench: &Bench) -> Vec<AuditLine> {
    let mut lines = bench
        .t
        .db
        .workspace(bench.workspace())
        .audit_lines(20)
        .await
        .unwrap();
    lines.reverse();
    lines
}

both_databases! {
    async fn a_token_is_proved_stored_and_used(t: TestDb) {
        let bench = Bench::known(t).await;
        let connected = bench.connect(Region::Us, &format!("  {TOKEN}\n")).await.unwrap();
        assert_eq!((connected.region, connected.replaced), (Region::Us, false));
        assert_eq!(connected.app_name, "qw7tide3 Support");
        let id = connected.connection;

        let row = bench.connection(id).await;
        assert_eq!((row.name.as_str(), row.app_id.as_str()), ("qw7tide3 Support", APP));
        assert_eq!((row.region.as_str(), row.timezone.as_deref()), ("US", Some("Europe/Dublin")));
        assert_eq!((row.status, row.via), (ConnectionStatus::Connected, Via::Token));
        assert_eq!(row.checked_at, Some(bench.t.sources.now()));

        let secrets = bench.secrets(id, SecretKind::AccessToken).await;
        assert_eq!((secrets.len(), secrets[0].last4.as_str()), (1, "bWU="));
        assert!(!secrets[0].sealed.contains(TOKEN));
        let ready = bench.store.client(bench.workspace(), id, Lane::Interactive).await.unwrap();
        assert_eq!(ready.client.me().await.unwrap().app.id_code, APP, "the stored token opens and works");

        let tenant = bench.t.db.workspace(bench.workspace());
        assert!(tenant.is_queued(&Job::CheckConnection { connection: id }).await.unwrap());
        assert!(tenant.is_queued(&Job::RefreshTags { connection: id }).await.unwrap());

        let lines = audit(&bench).await;
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].actor, lines[0].action.as_str()), (bench.actor().user, "connection.created"));
        assert_eq!((lines[0].subject_kind.as_str(), lines[0].subject_id.as_str()), ("connection", id.to_string().as_str()));
        assert!(lines[0].detail.contains(APP) && !lines[0].detail.contains(TOKEN), "{}", lines[0].detail);
    }

    async fn a_given_name_is_taken(t: TestDb) {
        let bench = Bench::known(t).await;
        let form = TokenForm { name: " Support EU ".to_owned(), region: Region::Us, token: TOKEN.to_owned(), reconnect: None };
        let connected = bench.store.connect_with_token(bench.workspace(), &bench.actor(), form).await.unwrap();
        assert_eq!(bench.connection(connected.connection).await.name, "Support EU");
    }

    async fn connecting_again_replaces_the_token_and_keeps_the_rest(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let before = bench.connection(id).await;
        bench.store.set_client_secret(bench.workspace(), &bench.actor(), id, SECRET).await.unwrap();
        bench.seed(Region::Us, &app("a-regenerated-token")).await;
        let again = bench.connect(Region::Us, "a-regenerated-token").await.unwrap();
        assert_eq!((again.connection, again.replaced), (id, true));

        let after = bench.connection(id).await;
        assert_eq!((after.name, after.endpoint_token), (before.name, before.endpoint_token));
        assert_eq!(bench.secrets(id, SecretKind::AccessToken).await.len(), 1);
        assert_eq!(bench.secrets(id, SecretKind::ClientSecret).await.len(), 1);
        let ready = bench.store.client(bench.workspace(), id, Lane::Interactive).await.unwrap();
        ready.client.me().await.unwrap();
        let actions: Vec<_> = audit(&bench).await.into_iter().map(|line| line.action).collect();
        assert_eq!(actions, ["connection.created", "connection.client_secret_set", "connection.token_replaced"]);
    }

    async fn connecting_again_opens_what_was_disconnected(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let token = bench.connection(id).await.endpoint_token;
        bench.store.disconnect(bench.workspace(), &bench.actor(), id, Mirrored::Keep).await.unwrap();
        assert_eq!(bench.secrets(id, SecretKind::AccessToken).await.len(), 0);
        let closed = bench.t.db.across().endpoint(&token).await.unwrap().unwrap();
        assert!(closed.closed_at.is_some());

        let again = bench.connect(Region::Us, TOKEN).await.unwrap();
        assert_eq!((again.connection, again.replaced), (id, true));
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.disconnected_at), (ConnectionStatus::Connected, None));
        assert_eq!(row.feedback_on_at, None, "feedback is switched on by a member alone");
        let open = bench.t.db.across().endpoint(&token).await.unwrap().unwrap();
        assert_eq!((open.connection, open.closed_at), (id, None));
    }

    async fn connecting_again_ends_a_refusal(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let tx = build::begin(&bench.t.db).await;
        tx.workspace(bench.workspace()).move_connection(id, ConnectionStatus::NeedsReconnecting, Some("revoked")).await.unwrap();
        tx.commit().await.unwrap();
        bench.connect(Region::Us, TOKEN).await.unwrap();
        let row = bench.connection(id).await;
        assert_eq!((row.status, row.status_note), (ConnectionStatus::Connected, None));
    }

    async fn two_workspaces_connect_one_intercom_workspace_separately(t: TestDb) {
        let (bench, ours) = Bench::connected(t).await;
        let other = build::people(&bench.t.db, "Lumen").await.workspace.id;
        let connected = bench.connect_to(other, Region::Us, TOKEN).await.unwrap();
        let theirs = connected.connection;
        assert!(!connected.replaced);
        assert_ne!(ours, theirs);
        let row = bench.t.db.workspace(other).connection(theirs).await.unwrap().unwrap();
        assert_ne!(row.endpoint_token, bench.connection(ours).await.endpoint_token);

        bench.store.disconnect(bench.workspace(), &bench.actor(), ours, Mirrored::Keep).await.unwrap();
        let ready = bench.store.client(other, theirs, Lane::Interactive).await.unwrap();
        ready.client.me().await.unwrap();
        assert!(bench.store.client(other, ours, Lane::Interactive).await.is_err(), "it is not theirs");
    }

    async fn connecting_several_times_at_once_makes_one_connection(t: TestDb) {
        let bench = Bench::known(t).await;
        let (a, b, c, d) = tokio::join!(
            bench.connect(Region::Us, TOKEN),
            bench.connect(Region::Us, TOKEN),
            bench.connect(Region::Us, TOKEN),
            bench.connect(Region::Us, TOKEN),
        );
        let all = [a, b, c, d].map(Result::unwrap);
        assert!(all.iter().all(|one| one.connection == all[0].connection), "{all:?}");
        assert_eq!(all.iter().filter(|one| !one.replaced).count(), 1);
        let tenant = bench.t.db.workspace(bench.workspace());
        assert_eq!(tenant.connections().await.unwrap().len(), 1);
        assert_eq!(bench.secrets(all[0].connection, SecretKind::AccessToken).await.len(), 1);
    }

    async fn what_cannot_be_a_token_is_not_sent(t: TestDb) {
        let bench = Bench::new(t).await;
        let long = "x".repeat(1025);
        let texts = ["", " \n ", "two words", "a\0b", "a\tb", "first\nsecond", "\u{7f}dG9r", "d\u{200b}G9r", "tökén", &long];
        for text in texts {
            let refused = bench.connect(Region::Us, text).await;
            assert!(matches!(refused, Err(ConnectError::NotAToken)), "{text:?}: {refused:?}");
        }
        assert_eq!(bench.asked().await, [0, 0, 0]);
        bench.assert_empty().await;
    }
}
