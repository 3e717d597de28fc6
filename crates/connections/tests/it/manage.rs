//! Client secrets, the feedback switch, asking for jobs, disconnecting.

use crate::support::{Bench, SECRET};
use chrono::TimeDelta;
use earmark_connections::{ManageError, Mirrored};
use earmark_db::tenant::SecretKind;
use earmark_model::{ConnectionStatus, Job};
use earmark_testkit::{both_databases, build};

both_databases! {
    async fn a_client_secret_is_stored_beside_the_one_before(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let (workspace, actor) = (bench.workspace(), bench.actor());
        bench.store.set_client_secret(workspace, &actor, id, &format!(" {SECRET}\r\n")).await.unwrap();
        let first = bench.secrets(id, SecretKind::ClientSecret).await;
        assert_eq!((first.len(), first[0].last4.as_str()), (1, "ther"));
        assert!(!first[0].sealed.contains(SECRET));
        bench.store.set_client_secret(workspace, &actor, id, "another-client-secret").await.unwrap();
        let both = bench.secrets(id, SecretKind::ClientSecret).await;
        assert_eq!(both.iter().map(|one| one.last4.as_str()).collect::<Vec<_>>(), ["cret", "ther"], "until it verifies");
        bench.store.set_client_secret(workspace, &actor, id, "a-third-client-secret-0").await.unwrap();
        assert_eq!(bench.secrets(id, SecretKind::ClientSecret).await.len(), 2, "never more than two");
        let lines = bench.t.db.workspace(workspace).audit_lines(10).await.unwrap();
        assert_eq!(lines[0].action, "connection.client_secret_set");
        assert!(lines.iter().all(|line| !line.detail.contains("another")), "{lines:?}");
    }

    async fn what_cannot_be_a_client_secret_is_not_stored(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let long = "x".repeat(513);
        for text in ["", "  ", "1234567", "two words here", "with\0nul-in-it", "line\nline-line", "gehéimnis-12", &long] {
            let refused = bench.store.set_client_secret(bench.workspace(), &bench.actor(), id, text).await;
            assert!(matches!(refused, Err(ManageError::NotASecret)), "{text:?}: {refused:?}");
        }
        assert_eq!(bench.secrets(id, SecretKind::ClientSecret).await.len(), 0);
        bench.store.set_client_secret(bench.workspace(), &bench.actor(), id, "12345678").await.unwrap();
        let stored = bench.secrets(id, SecretKind::ClientSecret).await;
        assert_eq!(stored[0].last4, "", "a short one shows nothing");
    }

    async fn asking_is_written_down(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let (workspace, actor) = (bench.workspace(), bench.actor());
        let details = Job::Details { connection: id, conversation: "215473908114027".to_owned() };
        for (job, action) in [
            (Job::CheckConnection { connection: id }, "connection.check_asked"),
            (Job::RefreshTags { connection: id }, "connection.tags_asked"),
            (details, "ticket.details_asked"),
        ] {
            bench.store.ask(workspace, &actor, id, &job).await.unwrap();
            let tenant = bench.t.db.workspace(workspace);
            assert_eq!(tenant.audit_lines(1).await.unwrap()[0].action, action);
            assert!(tenant.is_queued(&job).await.unwrap());
            bench.t.clock.advance(TimeDelta::milliseconds(1));
        }
    }

    async fn what_waits_is_left_to_its_lane_when_disconnecting(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let one = build::delivery((bench.workspace(), id), "a", "215473908114027", bench.t.sources.now());
        let tx = build::begin(&bench.t.db).await;
        tx.across().store_deliveries(&[one]).await.unwrap();
        tx.commit().await.unwrap();
        bench.store.disconnect(bench.workspace(), &bench.actor(), id, Mirrored::Keep).await.unwrap();
        let tenant = bench.t.db.workspace(bench.workspace());
        assert_eq!(tenant.waiting_deliveries(id, 9).await.unwrap().len(), 1);
        assert!(tenant.is_queued(&Job::Lane { connection: id }).await.unwrap());
    }

    async fn disconnecting_wipes_closes_and_is_final(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let (workspace, actor, store) = (bench.workspace(), bench.actor(), &bench.store);
        store.set_client_secret(workspace, &actor, id, SECRET).await.unwrap();
        store.set_feedback(workspace, &actor, id, true).await.unwrap();
        assert!(bench.connection(id).await.feedback_on_at.is_some());
        store.disconnect(workspace, &actor, id, Mirrored::Keep).await.unwrap();

        let row = bench.connection(id).await;
        assert_eq!((row.status, row.feedback_on_at), (ConnectionStatus::Disconnected, None));
        for kind in [SecretKind::AccessToken, SecretKind::ClientSecret] {
            assert_eq!(bench.secrets(id, kind).await.len(), 0);
        }
        let check = Job::CheckConnection { connection: id };
        let refused = [
            store.disconnect(workspace, &actor, id, Mirrored::Keep).await.map(drop),
            store.set_client_secret(workspace, &actor, id, SECRET).await,
            store.set_feedback(workspace, &actor, id, true).await,
            store.ask(workspace, &actor, id, &check).await,
        ];
        for refused in refused {
            assert!(matches!(refused, Err(ManageError::Missing)), "{refused:?}");
        }
        assert_eq!(bench.secrets(id, SecretKind::ClientSecret).await.len(), 0);
        let lines = bench.t.db.workspace(workspace).audit_lines(1).await.unwrap();
        assert_eq!(lines[0].action, "connection.disconnected");
    }

    async fn another_workspaces_connection_is_not_there(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let other = build::people(&bench.t.db, "Lumen").await.workspace.id;
        let (store, actor) = (&bench.store, bench.actor());
        let refused = [
            store.disconnect(other, &actor, id, Mirrored::Keep).await.map(drop),
            store.erase(other, &actor, id).await,
            store.rename(other, &actor, id, "Taken").await,
            store.set_client_secret(other, &actor, id, SECRET).await,
            store.set_feedback(other, &actor, id, true).await,
            store.ask(other, &actor, id, &Job::RefreshTags { connection: id }).await,
        ];
        for refused in refused {
            assert!(matches!(refused, Err(ManageError::Missing)), "{refused:?}");
        }
        assert_eq!(bench.connection(id).await.status, ConnectionStatus::Connected);
        assert_eq!(bench.t.db.workspace(other).audit_lines(10).await.unwrap().len(), 0);
    }

    async fn a_name_is_changed_and_an_empty_one_is_intercoms(t: TestDb) {
        let (bench, id) = Bench::connected(t).await;
        let (workspace, actor, store) = (bench.workspace(), bench.actor(), &bench.store);
        store.rename(workspace, &actor, id, " Support EU ").await.unwrap();
        assert_eq!(bench.connection(id).await.name, "Support EU");
        let line = bench.t.db.workspace(workspace).audit_lines(1).await.unwrap().remove(0);
        assert_eq!(line.action, "connection.renamed");
        assert!(line.detail.contains("Support EU") && line.detail.contains("qw7tide3 Support"), "{line:?}");
        store.disconnect(workspace, &actor, id, Mirrored::Keep).await.unwrap();
        store.rename(workspace, &actor, id, "  ").await.unwrap();
        assert_eq!(bench.connection(id).await.name, "qw7tide3 Support");
        let lines = bench.t.db.workspace(workspace).audit_lines(99).await.unwrap().len();
        store.rename(workspace, &actor, id, "qw7tide3 Support").await.unwrap();
        let after = bench.t.db.workspace(workspace).audit_lines(99).await.unwrap().len();
        assert_eq!(after, lines, "nothing changed");
    }
}
